//! 出力検査: reads a finished file as a stranger would and says everything that is wrong with it.
//!
//! Sheets in other people's envelopes are the accident this work is known for (入間市 2025, 港区 2020, 鎌倉市 2024).
//! So no file leaves before each page has been found to be about the person the manifest says, with that person's
//! address and nothing else in the window. A finding names page and 用紙番号, never a person: findings are logged.

mod read;

use std::collections::HashMap;

use domain::ids::SheetNumber;
use lopdf::ObjectId;
use thiserror::Error;

use self::read::{Drawn, Reader, Run};
use crate::geometry::{A4, POSTCARD, Paper, Rect, window};
use crate::sheet::PageFacts;
use crate::{codes, postcard, questionnaire};

/// One thing wrong with a file. While a file has any, it is not handed out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Finding {
    #[error("PDF を読み取れません（{0}）。もう一度作成してください。")]
    Unreadable(&'static str),
    #[error(
        "ページ数が合いません。台帳では{expected}ページ、PDF は{found}ページです。もう一度作成してください。"
    )]
    PageCount { expected: usize, found: usize },
    #[error("{page}ページを読み取れません（{what}）。もう一度作成してください。")]
    PageUnreadable { page: u32, what: &'static str },
    #[error("{page}ページの用紙の大きさが違います。")]
    PaperSize { page: u32 },
    #[error(
        "{page}ページの用紙番号が台帳の {expected} と違います。別の人の用紙かもしれないので、渡さないでください。"
    )]
    Sheet { page: u32, expected: SheetNumber },
    #[error("{page}ページ（用紙番号 {sheet}）の QR コードが用紙番号と違います。渡さないでください。")]
    Code { page: u32, sheet: SheetNumber },
    #[error("{page}ページ（用紙番号 {sheet}）の宛名番号が台帳と違います。渡さないでください。")]
    Addressee { page: u32, sheet: SheetNumber },
    #[error("{page}ページ（用紙番号 {sheet}）の氏名が台帳と違います。渡さないでください。")]
    Name { page: u32, sheet: SheetNumber },
    #[error("{page}ページ（用紙番号 {sheet}）の宛先が台帳と違います。発送しないでください。")]
    Address { page: u32, sheet: SheetNumber },
    #[error(
        "{page}ページ（用紙番号 {sheet}）の宛先が、封筒の窓に収まる位置にありません。発送しないでください。"
    )]
    OutsideWindow { page: u32, sheet: SheetNumber },
    #[error("{page}ページの様式の文字が封筒の窓から見えます。発送しないでください。")]
    FormInWindow { page: u32 },
    #[error("フォント {name} が PDF に埋め込まれていません。もう一度作成してください。")]
    FontNotEmbedded { name: String },
    #[error("{page}ページに、文字を読み取れないグリフがあります。")]
    UnknownText { page: u32 },
}

/// Checks a file of 予診票 against its manifest. An empty answer means: may be handed out.
pub fn questionnaires(pdf: &[u8], expected: &[PageFacts]) -> Vec<Finding> {
    let mut check = match Check::open(pdf, A4) {
        Ok(check) => check,
        Err(finding) => return vec![finding],
    };
    check.page_count(expected.len());
    for (page, facts) in check.numbered_pages().into_iter().zip(expected) {
        check.questionnaire(page, facts);
    }
    check.finish()
}

/// Checks a file of 勧奨はがき: two pages for each entry of the manifest, its address and its message.
pub fn reminders(pdf: &[u8], expected: &[PageFacts]) -> Vec<Finding> {
    let mut check = match Check::open(pdf, POSTCARD) {
        Ok(check) => check,
        Err(finding) => return vec![finding],
    };
    check.page_count(expected.len() * 2);
    for (sides, facts) in check.numbered_pages().chunks(2).zip(expected) {
        if let [address, message] = sides {
            check.reminder(*address, *message, facts);
        }
    }
    check.finish()
}

type NumberedPage = (u32, ObjectId);

struct Check {
    reader: Reader,
    paper: Paper,
    /// Whether a shared form keeps out of the window; forms are read once for all their pages.
    forms: HashMap<ObjectId, bool>,
    findings: Vec<Finding>,
}

impl Check {
    fn open(pdf: &[u8], paper: Paper) -> Result<Check, Finding> {
        let reader = Reader::open(pdf).map_err(Finding::Unreadable)?;
        Ok(Check { reader, paper, forms: HashMap::new(), findings: Vec::new() })
    }

    fn numbered_pages(&self) -> Vec<NumberedPage> {
        (1..).zip(self.reader.pages()).collect()
    }

    fn page_count(&mut self, expected: usize) {
        let found = self.reader.pages().len();
        if found != expected {
            self.findings.push(Finding::PageCount { expected, found });
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        let missing = self.reader.fonts().filter(|font| !font.is_embedded);
        let mut missing: Vec<Finding> =
            missing.map(|font| Finding::FontNotEmbedded { name: font.name.clone() }).collect();
        self.findings.append(&mut missing);
        self.findings
    }

    /// The page's own text, or a finding.
    fn read(&mut self, (page, id): NumberedPage) -> Option<Drawn> {
        let is_size = |(width, height): (f32, f32)| {
            (width - self.paper.width).abs() < 0.1 && (height - self.paper.height).abs() < 0.1
        };
        if !self.reader.page_size(id).is_ok_and(is_size) {
            self.findings.push(Finding::PaperSize { page });
        }
        match self.reader.page(id, self.paper.height) {
            Ok(drawn) => {
                if drawn.runs.iter().any(|run| run.text.contains('\u{fffd}')) {
                    self.findings.push(Finding::UnknownText { page });
                }
                Some(drawn)
            }
            Err(what) => {
                self.findings.push(Finding::PageUnreadable { page, what });
                None
            }
        }
    }

    fn questionnaire(&mut self, page: NumberedPage, facts: &PageFacts) {
        let Some(drawn) = self.read(page) else { return };
        let number = page.0;
        for form in &drawn.forms {
            if !self.keeps_out_of_window(*form) {
                self.findings.push(Finding::FormInWindow { page: number });
            }
        }
        let sheet = facts.sheet;
        if !is_only(&drawn.runs, is_sheet_number, &sheet.to_string()) {
            self.findings.push(Finding::Sheet { page: number, expected: sheet });
        }
        self.code(number, sheet, &drawn);
        if !is_only(&drawn.runs, is_addressee_number, &facts.addressee.to_string()) {
            self.findings.push(Finding::Addressee { page: number, sheet });
        }
        let in_cell = |run: &&Run| questionnaire::NAME_CELL.touches(&run.area);
        if joined(drawn.runs.iter().filter(in_cell)) != without_spaces(&facts.name) {
            self.findings.push(Finding::Name { page: number, sheet });
        }
        self.block(number, facts, &drawn, &window::MAY_SHOW, &window::ADDRESS_BLOCK);
    }

    fn reminder(&mut self, address: NumberedPage, message: NumberedPage, facts: &PageFacts) {
        let sheet = facts.sheet;
        if let Some(drawn) = self.read(address) {
            if !is_only(&drawn.runs, is_sheet_number, &sheet.to_string()) {
                self.findings.push(Finding::Sheet { page: address.0, expected: sheet });
            }
            self.code(address.0, sheet, &drawn);
            self.block(address.0, facts, &drawn, &postcard::ADDRESS_AREA, &postcard::ADDRESS_BLOCK);
        }
        if let Some(drawn) = self.read(message)
            && !is_only(&drawn.runs, is_sheet_number, &sheet.to_string())
        {
            self.findings.push(Finding::Sheet { page: message.0, expected: sheet });
        }
    }

    /// The scanner is led to this very sheet.
    fn code(&mut self, page: u32, sheet: SheetNumber, drawn: &Drawn) {
        let expected = codes::qr(&sheet.digits()).map(|code| code.mask());
        if drawn.images.as_slice() != expected.as_slice() {
            self.findings.push(Finding::Code { page, sheet });
        }
    }

    /// What stands in `area` is the address, all of it, nothing else, and inside `block`.
    fn block(&mut self, page: u32, facts: &PageFacts, drawn: &Drawn, area: &Rect, block: &Rect) {
        let sheet = facts.sheet;
        let runs: Vec<&Run> = drawn.runs.iter().filter(|run| area.touches(&run.area)).collect();
        if joined(runs.iter().copied()) != without_spaces(&facts.window) {
            self.findings.push(Finding::Address { page, sheet });
        }
        if runs.iter().any(|run| !block.contains(&run.area)) {
            self.findings.push(Finding::OutsideWindow { page, sheet });
        }
    }

    fn keeps_out_of_window(&mut self, form: ObjectId) -> bool {
        if let Some(known) = self.forms.get(&form) {
            return *known;
        }
        let drawn = self.reader.form(form, self.paper.height);
        let keeps_out =
            drawn.is_ok_and(|drawn| !drawn.runs.iter().any(|run| window::MAY_SHOW.touches(&run.area)));
        self.forms.insert(form, keeps_out);
        keeps_out
    }
}

/// Whether the runs of this shape are all the expected one, and there is one.
fn is_only(runs: &[Run], has_shape: fn(&str) -> bool, expected: &str) -> bool {
    let mut alike = runs.iter().filter(|run| has_shape(&run.text)).peekable();
    alike.peek().is_some() && alike.all(|run| run.text == expected)
}

/// `123456-789012`.
fn is_sheet_number(text: &str) -> bool {
    text.len() == 13
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 6 { byte == b'-' } else { byte.is_ascii_digit() })
}

fn is_addressee_number(text: &str) -> bool {
    text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Lines and fonts change within a name; what is compared is its characters.
fn joined<'a>(runs: impl Iterator<Item = &'a Run>) -> String {
    runs.flat_map(|run| run.text.chars()).filter(|c| !c.is_whitespace()).collect()
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
