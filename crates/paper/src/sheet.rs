//! What every kind of sheet has in common: who sends it, where it goes, what came of printing it.

use domain::ids::{AddresseeNumber, PostalCode, SheetNumber};
use thiserror::Error;

use crate::canvas::Unset;

/// The municipality as it signs its letters (発行者).
#[doc(alias = "発行者")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// 東京都北区.
    pub municipality: String,
    /// 区, 市, 町 or 村: how the letter calls the municipality in its sentences.
    pub kind: char,
    /// 健康部 保健予防課.
    pub section: String,
    pub postal_code: PostalCode,
    pub address: String,
    pub telephone: String,
    /// When someone answers: 平日 午前8時30分から午後5時まで.
    pub hours: String,
}

/// Where a sheet goes (交付方法).
#[doc(alias = "交付方法")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Mail(MailTo),
    /// 窓口交付: no address stands anywhere on the sheet. For people under 支援措置, whose address no printed matter
    /// may carry (住民基本台帳事務における支援措置).
    AtCounter,
}

/// The addressee as the post needs it: the registered address, or the special one (送付先).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailTo {
    pub postal_code: PostalCode,
    pub address: String,
    /// 方書; empty where there is none.
    pub building: String,
    /// 送付先名, without 様. For a child's sheet the child's own name, unless another addressee is registered.
    pub name: String,
}

/// One page of a finished file, as the manifest lists it and as [`check`](crate::check) expects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFacts {
    /// Counted from 1.
    pub page: u32,
    pub sheet: SheetNumber,
    pub addressee: AddresseeNumber,
    /// The name of the person the sheet is about.
    pub name: String,
    /// What must be readable in the window, line after line; the checks compare it without spaces.
    pub window: String,
}

/// A sheet that was not printed, and the sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    pub sheet: SheetNumber,
    pub addressee: AddresseeNumber,
    pub reason: WithheldReason,
}

/// Why a sheet is withheld for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WithheldReason {
    #[error(
        "「{text}」の文字「{character}」({}) が印刷用フォントにありません。この方の用紙は手書きで作るか、字形を確かめて登録を直してください。",
        code_points(character)
    )]
    MissingGlyph { text: String, character: String },
    #[error("「{text}」が長すぎて枠に入りません。この方の用紙は手書きで作ってください。")]
    TooLong { text: String },
    #[error("氏名が空です。住民情報を確かめてください。")]
    NoName,
}

impl WithheldReason {
    pub(crate) fn from_unset((text, unset): (String, Unset)) -> WithheldReason {
        match unset {
            Unset::MissingGlyph { character } => WithheldReason::MissingGlyph { text, character },
            Unset::TooLong => WithheldReason::TooLong { text },
        }
    }
}

/// `U+845B U+E0102`: tells the person which variant is asked for, where the screen cannot show it either.
fn code_points(text: &str) -> String {
    let points: Vec<String> = text.chars().map(|c| format!("U+{:04X}", c as u32)).collect();
    points.join(" ")
}

/// A finished file with its manifest.
#[derive(Clone, Debug)]
pub struct RenderedFile {
    pub pdf: Vec<u8>,
    /// One entry for each page that is about a person, in page order.
    pub pages: Vec<PageFacts>,
    /// The sheets that are not in the file.
    pub withheld: Vec<Withheld>,
}

/// Memory and the time to write again after a crash grow with a file; printers' queues like small ones too.
pub const PAGES_MAX: usize = 1_000;
