//! Print files on disk: written whole or not at all, never overwritten, read back only as they were checked.

use super::sql::{ManifestRow, PrintFile};
use crate::{App, campaigns::table};
use anyhow::Context as _;
use kit::Municipality;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Where a campaign's files lie.
pub fn folder(app: &App, municipality: Municipality, campaign_id: Uuid) -> PathBuf {
    folder_in(&app.files, municipality, campaign_id)
}

/// The same below another root: where a backup is being put back.
pub fn folder_in(root: &Path, municipality: Municipality, campaign_id: Uuid) -> PathBuf {
    root.join(municipality.to_string()).join(campaign_id.to_string())
}

pub fn digest(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// Writes a file so that after a power cut it is there whole, or not at all.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    const FULL: &str = "印刷ファイルを保存できません。空き容量と保存先を確認してください。";
    fs::create_dir_all(folder).context(FULL)?;
    let draft = folder.join(format!("{name}.part"));
    let mut file = File::create_new(&draft).context(FULL)?;
    file.write_all(bytes).context(FULL)?;
    file.sync_all().context(FULL)?;
    fs::rename(&draft, folder.join(name)).context(FULL)?;
    File::open(folder).and_then(|folder| folder.sync_all()).context(FULL)
}

/// Takes files from the disk for good. One that is gone already is none of a hindrance: the run before was cut off.
pub fn remove(folder: &Path, names: &[String]) -> anyhow::Result<()> {
    const STAYS: &str = "印刷ファイルを消去できません。保存先の権限を確かめてから、消去を続けてください。";
    for name in names {
        match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).context(STAYS),
            Ok(()) | Err(_) => {}
        }
    }
    match File::open(folder) {
        Ok(folder) => folder.sync_all().context(STAYS),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).context(STAYS),
    }
}

/// Removes what a run that was cut off left behind: files that no row names, or whose row says that they are erased.
pub fn clear_strays(folder: &Path, known: &[PrintFile]) -> anyhow::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if !known.iter().any(|file| file.erased.is_none() && name == file.file_name.as_str()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Reads a finished file; one that is not as it was checked is not handed out.
pub fn get(folder: &Path, file: &PrintFile) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(folder.join(&file.file_name)).context("a finished print file is missing")?;
    anyhow::ensure!(digest(&bytes) == file.file_digest, "a finished print file has been changed on disk");
    Ok(bytes)
}

/// 発送明細: which sheet lies where. No names: the file may go to a mailing house.
pub fn manifest_csv(rows: &[ManifestRow]) -> anyhow::Result<Vec<u8>> {
    let mut csv = table::writer();
    csv.write_record(["ファイル", "ページ", "用紙番号", "宛名番号", "郵便番号"])?;
    for row in rows {
        let page = row.page.to_string();
        csv.write_record([
            &row.file_name,
            &page,
            &table::safe(&row.sheet_number),
            &table::safe(&row.addressee_number),
            &table::safe(&row.postal_code),
        ])?;
    }
    Ok(csv.into_inner()?)
}
