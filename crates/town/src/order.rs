//! `sesshu town generate`: a ward as files in a folder.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context;
use domain::Date;

use crate::files::Encoding;
use crate::ward::Ward;

/// What to generate and where to put it.
#[derive(Clone, Debug)]
pub struct Order {
    pub residents: u32,
    pub seed: u64,
    pub as_of: Date,
    pub folder: PathBuf,
    pub encoding: Encoding,
    /// How many weekly differential files to add.
    pub weeks: u32,
}

impl Order {
    /// Writes `residents.csv`, `clinics.csv`, `records.csv` and `residents-diff-DATE.csv` for each week. `wrote` is told of
    /// each finished file.
    pub fn write(&self, mut wrote: impl FnMut(&Path)) -> anyhow::Result<Vec<PathBuf>> {
        let folder = self.folder.display();
        fs::create_dir_all(&self.folder).with_context(|| format!("フォルダ {folder} を作れません"))?;
        let ward = Ward::generate(self.seed, self.residents, self.as_of);
        let mut files = Vec::new();
        let mut write = |name: &str, content: &dyn Fn(BufWriter<File>) -> std::io::Result<()>| {
            let path = self.folder.join(name);
            let file = File::create(&path).with_context(|| format!("{} を作れません", path.display()))?;
            content(BufWriter::new(file)).with_context(|| format!("{} に書き込めません", path.display()))?;
            wrote(&path);
            files.push(path);
            anyhow::Ok(())
        };
        write("residents.csv", &|out| ward.write_residents(out, self.encoding))?;
        write("clinics.csv", &|out| ward.write_clinics(out, self.encoding))?;
        write("records.csv", &|out| ward.write_records(out, self.encoding))?;
        for week in 1..=self.weeks {
            let name = format!("residents-diff-{}.csv", ward.week_ends_on(week));
            write(&name, &|out| ward.write_weekly(week, out, self.encoding))?;
        }
        Ok(files)
    }
}
