//! Poppler and zbar as witnesses: what a viewer reads and a scanner decodes.

use std::path::PathBuf;
use std::process::Command;

/// A PDF on disk for the time of a test.
pub struct OnDisk {
    folder: PathBuf,
}

impl OnDisk {
    pub fn new(test: &str, pdf: &[u8]) -> OnDisk {
        let folder = std::env::temp_dir().join(format!("paper-{test}-{}-{}", std::process::id(), pdf.len()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("sheet.pdf"), pdf).unwrap();
        OnDisk { folder }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .output()
            .unwrap_or_else(|error| panic!("{program} (poppler-utils, zbar-tools): {error}"));
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{program} warns: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The text of a page as a viewer copies it, without spaces and line ends.
    pub fn text(&self, page: usize) -> String {
        let page = page.to_string();
        let text = self.run("pdftotext", &["-raw", "-f", &page, "-l", &page, "sheet.pdf", "-"]);
        without_spaces(&text)
    }

    /// (name, is embedded, is a subset, has a ToUnicode map) of each font.
    pub fn fonts(&self) -> Vec<(String, bool, bool, bool)> {
        let listing = self.run("pdffonts", &["sheet.pdf"]);
        let rows = listing.lines().skip(2).map(|line| line.split_whitespace().collect::<Vec<_>>());
        rows.map(|row| {
            let flags = &row[row.len() - 5..];
            (row[0].to_owned(), flags[0] == "yes", flags[1] == "yes", flags[2] == "yes")
        })
        .collect()
    }

    /// What a scanner finds on a page scanned at 200 dpi.
    pub fn codes(&self, page: usize) -> Vec<String> {
        let number = page.to_string();
        self.run(
            "pdftoppm",
            &["-r", "200", "-png", "-singlefile", "-f", &number, "-l", &number, "sheet.pdf", "page"],
        );
        let output =
            Command::new("zbarimg").args(["-q", "page.png"]).current_dir(&self.folder).output().unwrap();
        let mut codes: Vec<String> =
            String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        codes.sort();
        codes
    }

    /// The first page as pixels.
    pub fn picture(&self) -> Vec<u8> {
        self.run(
            "pdftoppm",
            &["-r", "100", "-png", "-singlefile", "-f", "1", "-l", "1", "sheet.pdf", "page"],
        );
        std::fs::read(self.folder.join("page.png")).unwrap()
    }

    pub fn information(&self) -> String {
        self.run("pdfinfo", &["sheet.pdf"])
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn without_spaces(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
