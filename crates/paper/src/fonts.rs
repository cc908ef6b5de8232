//! The fonts a ward prints with: IPAex for the form, IPAmj明朝 for names (人名外字, 文字情報基盤).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// Where Debian puts fonts.
pub const STANDARD_FONT_DIRS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];

/// Font folders are shallow; a deeper tree is not a font folder (or a loop of links).
const FOLDER_DEPTH_MAX: usize = 6;

/// A font file of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typeface {
    /// IPAexゴシック: labels, kana, numbers.
    Gothic,
    /// IPAmj明朝: names and addresses, with the variant glyphs of the Moji_Joho collection.
    Names,
    /// IPAex明朝: text, and names' characters that IPAmj明朝 does not hold.
    Mincho,
}

impl Typeface {
    pub(crate) const ALL: [Typeface; 3] = [Typeface::Gothic, Typeface::Names, Typeface::Mincho];

    const fn file(self) -> &'static str {
        match self {
            Typeface::Gothic => "ipaexg.ttf",
            Typeface::Names => "ipamjm.ttf",
            Typeface::Mincho => "ipaexm.ttf",
        }
    }

    /// The Debian package that brings the file.
    const fn package(self) -> &'static str {
        match self {
            Typeface::Gothic | Typeface::Mincho => "fonts-ipaexfont",
            Typeface::Names => "fonts-ipamj-mincho",
        }
    }

    pub(crate) const fn postscript_name(self) -> &'static str {
        match self {
            Typeface::Gothic => "IPAexGothic",
            Typeface::Names => "IPAmjMincho",
            Typeface::Mincho => "IPAexMincho",
        }
    }

    pub(crate) const fn is_serif(self) -> bool {
        match self {
            Typeface::Gothic => false,
            Typeface::Names | Typeface::Mincho => true,
        }
    }
}

/// Why printing cannot start: a font is missing or broken. The sentence is for the person who runs the machine.
#[derive(Debug, Error)]
pub enum FontError {
    #[error(
        "印刷用フォント {file} が見つかりません。`apt-get install {package}` でパッケージ {package} を入れてから、もう一度実行してください。"
    )]
    Missing { file: &'static str, package: &'static str },
    #[error(
        "印刷用フォント {} を読み込めません({reason})。パッケージ {package} を入れ直してください。",
        path.display()
    )]
    Unreadable { path: PathBuf, package: &'static str, reason: String },
}

/// The three fonts in memory (60 MB), read once and shared by all printing threads; cloning is free.
#[derive(Clone)]
pub struct FontSet {
    files: [Arc<Vec<u8>>; 3],
}

impl std::fmt::Debug for FontSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FontSet").finish_non_exhaustive()
    }
}

impl FontSet {
    /// Finds the fonts below `dirs`, at any depth, by their file names.
    pub fn load<P: AsRef<Path>>(dirs: &[P]) -> Result<FontSet, FontError> {
        let [gothic, names, mincho] = Typeface::ALL.map(|face| load_face(face, dirs));
        Ok(FontSet { files: [gothic?, names?, mincho?] })
    }

    /// [`load`](Self::load) from where Debian puts fonts.
    pub fn load_standard() -> Result<FontSet, FontError> {
        FontSet::load(&STANDARD_FONT_DIRS)
    }

    pub(crate) fn bytes(&self, face: Typeface) -> &[u8] {
        &self.files[face as usize]
    }
}

fn load_face<P: AsRef<Path>>(face: Typeface, dirs: &[P]) -> Result<Arc<Vec<u8>>, FontError> {
    let package = face.package();
    let path = dirs
        .iter()
        .find_map(|dir| find(dir.as_ref(), face.file(), FOLDER_DEPTH_MAX))
        .ok_or(FontError::Missing { file: face.file(), package })?;
    let unreadable = |reason: String| FontError::Unreadable { path: path.clone(), package, reason };
    let bytes = fs::read(&path).map_err(|error| unreadable(error.to_string()))?;
    let font = skrifa::FontRef::new(&bytes).map_err(|error| unreadable(error.to_string()))?;
    if !skrifa::charmap::Charmap::new(&font).has_map() {
        return Err(unreadable("文字表がありません".to_owned()));
    }
    Ok(Arc::new(bytes))
}

fn find(dir: &Path, file: &str, depth: usize) -> Option<PathBuf> {
    let direct = dir.join(file);
    if direct.is_file() {
        return Some(direct);
    }
    if depth == 0 {
        return None;
    }
    let mut folders: Vec<PathBuf> =
        fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().find_map(|folder| find(folder, file, depth - 1))
}
