//! 提供書: the records of certain people for somebody who has a legal ground to see them. A4, a block for each person.

use domain::{Date, wareki};

use crate::canvas::{Canvas, Style};
use crate::fonts::FontSet;
use crate::geometry::{A4, Rect};
use crate::pdf::{FileBuilder, PdfError};
use crate::typeset::{Fit, Typesetter};

/// One person of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvidedPerson {
    /// Label and value, as far as they are provided.
    pub lines: Vec<(&'static str, String)>,
    /// 接種日, 予防接種, 接種回, ワクチン, ロット, 医療機関; `None` where records are not provided.
    pub records: Option<Vec<[String; 6]>>,
}

/// What the document says.
#[doc(alias = "提供書")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionFacts {
    pub municipality: String,
    pub section: String,
    pub recipient: String,
    /// The recipient's letter; empty where there is none.
    pub letter: String,
    /// The ground with its article.
    pub basis: String,
    /// 第12号.
    pub number: String,
    pub printed_on: Date,
    pub people: Vec<ProvidedPerson>,
}

const COLUMNS: [(&str, f32); 6] = [
    ("接種日", 26.0),
    ("予防接種", 44.0),
    ("回", 10.0),
    ("ワクチン", 40.0),
    ("ロット", 24.0),
    ("医療機関", 42.0),
];
const LEFT: f32 = 12.0;
const WIDE: f32 = 186.0;
const ROW: f32 = 6.4;
const FIRST_TOP: f32 = 78.0;
const NEXT_TOP: f32 = 20.0;
const BOTTOM: f32 = 280.0;
const HAIR: f32 = 0.35;
const THICK: f32 = 0.9;
const CELL: Fit = Fit { size_max: 9.0, single_min: 7.0, size_min: 4.5, lines_max: 2 };

/// One row of the page.
enum Line<'a> {
    Person(usize),
    Field(&'a str, &'a str),
    Head,
    Record(&'a [String; 6]),
    NoRecords,
    Gap,
}

fn lines(people: &[ProvidedPerson]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (n, person) in people.iter().enumerate() {
        lines.push(Line::Person(n + 1));
        lines.extend(person.lines.iter().map(|(label, value)| Line::Field(label, value)));
        match person.records.as_deref() {
            None => {}
            Some([]) => lines.push(Line::NoRecords),
            Some(records) => {
                lines.push(Line::Head);
                lines.extend(records.iter().map(Line::Record));
            }
        }
        lines.push(Line::Gap);
    }
    lines
}

/// Draws the document.
pub fn render(fonts: &FontSet, facts: &ProvisionFacts) -> Result<Vec<u8>, PdfError> {
    let mut type_ = Typesetter::new(fonts);
    let mut file = FileBuilder::new(A4);
    let all = lines(&facts.people);
    let rows = |top: f32| ((BOTTOM - top) / ROW) as usize;
    let (first, rest) = all.split_at(all.len().min(rows(FIRST_TOP)));
    let pages: Vec<&[Line<'_>]> = std::iter::once(first).chain(rest.chunks(rows(NEXT_TOP))).collect();
    let total = pages.len();
    for (index, lines) in pages.into_iter().enumerate() {
        let mut canvas = Canvas::new(&mut type_, A4);
        frame(&mut canvas, facts, (index + 1, total));
        let top = if index == 0 {
            head(&mut canvas, facts);
            FIRST_TOP
        } else {
            NEXT_TOP
        };
        for (n, line) in lines.iter().enumerate() {
            row(&mut canvas, (n as f32).mul_add(ROW, top), line);
        }
        file.page(&canvas.finish().map_err(|(text, _)| PdfError::Unset { text })?);
    }
    file.finish(&type_, &format!("{} 提供書 {}", facts.municipality, facts.number))
}

fn frame(canvas: &mut Canvas<'_, '_>, facts: &ProvisionFacts, (page, total): (usize, usize)) {
    let care = Rect::new(LEFT + WIDE - 26.0, 7.0, 26.0, 7.0);
    canvas.frame(care, THICK);
    canvas.fitted(Style::gothic(11.0).bold().centre(), care, Fit::single(11.0, 8.0), "取扱注意");
    canvas.text(Style::gothic(8.0), LEFT, 12.0, &format!("{} {}", facts.municipality, facts.number));
    let foot = format!("{page} / {total} ページ");
    canvas.text(Style::gothic(8.0).centre(), A4.width / 2.0, A4.height - 8.0, &foot);
}

fn head(canvas: &mut Canvas<'_, '_>, facts: &ProvisionFacts) {
    canvas.text(Style::gothic(9.0).right(), LEFT + WIDE, 22.0, &wareki::long(facts.printed_on));
    let recipient = Rect::new(LEFT, 24.0, 110.0, 9.0);
    canvas.fitted(Style::names(12.0), recipient, CELL_WIDE, &format!("{} 様", facts.recipient));
    let from = format!("{} {}", facts.municipality, facts.section);
    canvas.text(Style::gothic(9.0).right(), LEFT + WIDE, 36.0, &from);
    canvas.text(
        Style::gothic(14.0).bold().centre(),
        A4.width / 2.0,
        46.0,
        "予防接種に関する記録の提供について",
    );
    let people = format!("{}人", facts.people.len());
    let mut rows = vec![("根拠", facts.basis.as_str()), ("人数", people.as_str())];
    if !facts.letter.is_empty() {
        rows.insert(0, ("照会の文書", facts.letter.as_str()));
    }
    for (n, (label, value)) in rows.into_iter().enumerate() {
        let top = (n as f32).mul_add(ROW, 52.0);
        canvas.text(Style::gothic(9.0).bold(), LEFT, top + 4.4, label);
        canvas.fitted(Style::gothic(9.0), Rect::new(LEFT + 28.0, top, WIDE - 28.0, ROW), CELL, value);
    }
    let rule = "提供を受けた目的以外に利用したり、第三者に提供したりしないでください。";
    canvas.text(Style::gothic(8.0), LEFT, 75.5, rule);
}

const CELL_WIDE: Fit = Fit { size_max: 12.0, single_min: 9.0, size_min: 6.0, lines_max: 2 };

fn row(canvas: &mut Canvas<'_, '_>, top: f32, line: &Line<'_>) {
    let inside = |left: f32, width: f32| Rect::new(left, top, width, ROW).inset(1.0, 0.3);
    match line {
        Line::Person(number) => {
            canvas.tint(Rect::new(LEFT, top, WIDE, ROW), 0.92);
            let text = format!("{number}人目");
            canvas.fitted(Style::gothic(9.0).bold(), inside(LEFT, WIDE), CELL, &text);
            canvas.line((LEFT, top), (LEFT + WIDE, top), THICK);
        }
        Line::Field(label, value) => {
            canvas.fitted(Style::gothic(9.0).bold(), inside(LEFT, 28.0), CELL, label);
            canvas.fitted(Style::names(10.0), inside(LEFT + 28.0, WIDE - 28.0), CELL, value);
            canvas.line((LEFT, top + ROW), (LEFT + WIDE, top + ROW), HAIR);
        }
        Line::Head => cells(canvas, top, COLUMNS.map(|(title, _)| title), true),
        Line::Record(record) => cells(canvas, top, record.each_ref().map(String::as_str), false),
        Line::NoRecords => {
            canvas.fitted(Style::gothic(9.0), inside(LEFT, WIDE), CELL, "接種記録はありません");
        }
        Line::Gap => {}
    }
}

fn cells(canvas: &mut Canvas<'_, '_>, top: f32, texts: [&str; 6], is_head: bool) {
    let mut left = LEFT;
    for (text, (_, width)) in texts.into_iter().zip(COLUMNS) {
        let area = Rect::new(left, top, width, ROW);
        canvas.frame(area, HAIR);
        let style = if is_head { Style::gothic(8.0).bold() } else { Style::names(9.0) };
        canvas.fitted(style, area.inset(0.8, 0.3), CELL, text);
        left += width;
    }
}
