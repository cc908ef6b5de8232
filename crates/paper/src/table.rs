//! アクセス権限と事務の対応表 as the office signs it: A4 landscape, one row an operation, with room for signatures.

use domain::{Date, wareki};

use crate::canvas::{Canvas, Style};
use crate::fonts::FontSet;
use crate::geometry::{A4, Paper, Rect};
use crate::pdf::{FileBuilder, PdfError};
use crate::typeset::{Fit, Typesetter};

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    pub duty: String,
    pub operation: String,
    /// One for each role.
    pub allowed: Vec<bool>,
}

/// What the printed table says.
#[doc(alias = "対応表")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFacts {
    pub municipality: String,
    /// 対応表の版: the digest that a signature is given for.
    pub version: String,
    pub printed_on: Date,
    pub roles: Vec<String>,
    pub rows: Vec<TableRow>,
    /// Who has signed this version at the hub, one line each.
    pub signed: Vec<String>,
}

const SHEET: Paper = Paper { width: A4.height, height: A4.width };
const LEFT: f32 = 12.0;
const WIDE: f32 = SHEET.width - 2.0 * LEFT;
const TOP: f32 = 28.0;
const HEAD: f32 = 9.0;
const ROW: f32 = 5.4;
const DUTY: f32 = 44.0;
const OPERATION: f32 = 72.0;
/// Rows on one page; the last page has the signatures below its rows.
const ROWS_MAX: usize = 28;
const ROWS_ABOVE_SIGNATURES_MAX: usize = 18;
const SIGNATURE: f32 = 12.0;
const HAIR: f32 = 0.35;
const THICK: f32 = 0.9;

/// Draws the table.
pub fn render(fonts: &FontSet, facts: &TableFacts) -> Result<Vec<u8>, PdfError> {
    let mut type_ = Typesetter::new(fonts);
    let mut file = FileBuilder::new(SHEET);
    let mut pages: Vec<&[TableRow]> = facts.rows.chunks(ROWS_MAX).collect();
    if pages.last().is_none_or(|last| last.len() > ROWS_ABOVE_SIGNATURES_MAX) {
        pages.push(&[]);
    }
    let total = pages.len();
    for (index, rows) in pages.into_iter().enumerate() {
        let mut canvas = Canvas::new(&mut type_, SHEET);
        head(&mut canvas, facts, (index + 1, total));
        if !rows.is_empty() {
            table(&mut canvas, facts, rows);
        }
        if index + 1 == total {
            let below =
                if rows.is_empty() { TOP } else { (rows.len() as f32).mul_add(ROW, TOP + HEAD) + 6.0 };
            signatures(&mut canvas, facts, below);
        }
        file.page(&canvas.finish().map_err(|(text, _)| PdfError::Form { text })?);
    }
    file.finish(&type_, &format!("{} アクセス権限と事務の対応表", facts.municipality))
}

fn head(canvas: &mut Canvas<'_, '_>, facts: &TableFacts, (page, total): (usize, usize)) {
    let right = SHEET.width - LEFT;
    canvas.text(Style::gothic(14.0).bold(), LEFT, 16.0, "アクセス権限と事務の対応表");
    canvas.text(Style::gothic(9.0).right(), right, 13.0, &facts.municipality);
    let printed = format!("{} 印刷", wareki::long(facts.printed_on));
    canvas.text(Style::gothic(8.0).right(), right, 18.0, &printed);
    canvas.text(Style::gothic(7.5), LEFT, 23.0, &format!("対応表の版 {}", facts.version));
    let foot = format!("{page} / {total} ページ");
    canvas.text(Style::gothic(8.0).centre(), SHEET.width / 2.0, SHEET.height - 8.0, &foot);
}

fn table(canvas: &mut Canvas<'_, '_>, facts: &TableFacts, rows: &[TableRow]) {
    let column = (WIDE - DUTY - OPERATION) / facts.roles.len().max(1) as f32;
    let lefts: Vec<f32> =
        (0..facts.roles.len()).map(|n| (n as f32).mul_add(column, LEFT + DUTY + OPERATION)).collect();
    canvas.tint(Rect::new(LEFT, TOP, WIDE, HEAD), 0.92);
    let title = Style::gothic(8.0).bold().centre();
    let small = Fit { size_max: 8.0, single_min: 8.0, size_min: 5.5, lines_max: 2 };
    canvas.fitted(title, Rect::new(LEFT, TOP, DUTY, HEAD), small, "事務");
    canvas.fitted(title, Rect::new(LEFT + DUTY, TOP, OPERATION, HEAD), small, "操作");
    for (left, role) in lefts.iter().zip(&facts.roles) {
        canvas.fitted(title, Rect::new(*left, TOP, column, HEAD).inset(0.5, 0.0), small, role);
    }
    let line = Fit::single(8.0, 5.0);
    let mut before = "";
    for (n, row) in rows.iter().enumerate() {
        let top = (n as f32).mul_add(ROW, TOP + HEAD);
        // A duty is named once, and again where it goes on on the next page.
        if row.duty != before {
            canvas.fitted(
                Style::gothic(8.0),
                Rect::new(LEFT, top, DUTY, ROW).inset(1.0, 0.3),
                line,
                &row.duty,
            );
            canvas.line((LEFT, top), (LEFT + WIDE, top), THICK);
        } else {
            canvas.line((LEFT + DUTY, top), (LEFT + WIDE, top), HAIR);
        }
        before = &row.duty;
        let operation = Rect::new(LEFT + DUTY, top, OPERATION, ROW).inset(1.0, 0.3);
        canvas.fitted(Style::gothic(8.0), operation, line, &row.operation);
        for (left, allowed) in lefts.iter().zip(&row.allowed) {
            let mark = if *allowed { "○" } else { "－" };
            canvas.text(Style::gothic(8.0).centre(), left + column / 2.0, top + 3.9, mark);
        }
    }
    let bottom = (rows.len() as f32).mul_add(ROW, TOP + HEAD);
    canvas.frame(Rect::new(LEFT, TOP, WIDE, bottom - TOP), THICK);
    for x in [LEFT + DUTY].iter().chain(&lefts) {
        canvas.line((*x, TOP), (*x, bottom), HAIR);
    }
}

fn signatures(canvas: &mut Canvas<'_, '_>, facts: &TableFacts, top: f32) {
    let half = WIDE / 2.0 - 3.0;
    canvas.text(Style::gothic(9.0).bold(), LEFT, top + 3.0, "署名");
    for (n, who) in ["所属長", "ID管理者"].into_iter().enumerate() {
        let area = Rect::new((n as f32).mul_add(half + 6.0, LEFT), top + 5.0, half, SIGNATURE);
        canvas.frame(area, HAIR);
        canvas.text(Style::gothic(8.0), area.left + 2.0, area.top + 4.5, who);
        let date = "令和　　年　　月　　日";
        canvas.text(Style::gothic(8.0).right(), area.right() - 2.0, area.bottom() - 2.0, date);
    }
    let from = top + 5.0 + SIGNATURE + 5.0;
    let listed = "共通基盤での署名（この版に対するもの、新しい順に10件まで）";
    canvas.text(Style::gothic(8.0).bold(), LEFT, from, listed);
    if facts.signed.is_empty() {
        canvas.text(Style::gothic(8.0), LEFT, from + 5.0, "まだありません");
    }
    for (n, line) in facts.signed.iter().take(10).enumerate() {
        let area = Rect::new(LEFT, (n as f32).mul_add(3.8, from + 1.5), WIDE, 3.8);
        canvas.fitted(Style::names(7.5), area, Fit::single(7.5, 5.0), line);
    }
}
