//! The part of the 予診票 that is about one person. Every sheet's own text is drawn here and nowhere else.

use domain::schedule::Sex;
use domain::{age, wareki};

use super::form::{HEAD_LEFT, value_cell};
use super::{Audience, Birth, QuestionnaireFacts, audience, title};
use crate::canvas::{Canvas, Style};
use crate::geometry::{Rect, window};
use crate::sheet::{Delivery, MailTo};
use crate::typeset::Fit;

const QR: Rect = Rect::new(181.0, 34.0, 18.0, 18.0);
/// Outside the window of the envelope.
const CARE: Rect = Rect::new(169.0, 6.0, 30.0, 8.0);
const BARCODE: Rect = Rect::new(121.5, 43.0, 43.5, 10.0);

const NAME: Fit = Fit { size_max: 16.0, single_min: 10.0, size_min: 7.0, lines_max: 3 };
const ADDRESS: Fit = Fit { size_max: 10.0, single_min: 8.5, size_min: 6.5, lines_max: 2 };

pub(super) fn draw(canvas: &mut Canvas<'_, '_>, facts: &QuestionnaireFacts) {
    window_block(canvas, facts);
    canvas.text(Style::gothic(14.0).bold(), HEAD_LEFT, 40.5, &facts.sheet.to_string());
    let digits = facts.sheet.digits();
    canvas.code128(BARCODE, &digits);
    canvas.qr(QR, &digits);
    if facts.with_care {
        canvas.frame(CARE, 0.9);
        canvas.fitted(Style::gothic(12.0).bold().centre(), CARE, Fit::single(12.0, 9.0), "取扱注意");
    }
    table(canvas, facts);
}

fn table(canvas: &mut Canvas<'_, '_>, facts: &QuestionnaireFacts) {
    let cell = |row, side| value_cell(row, side).inset(1.8, 0.3);
    let small = Fit { size_max: 9.0, single_min: 7.0, size_min: 5.0, lines_max: 2 };
    canvas.fitted(Style::gothic(9.0), cell(0, 0), small, &facts.kana);
    canvas.fitted(Style::gothic(9.0), cell(0, 1), small, sex(facts.sex));
    canvas.fitted(Style::names(16.0), cell(1, 0), NAME, &facts.name);
    birth(canvas, facts);
    canvas.fitted(
        Style::names(10.0),
        cell(2, 0),
        ADDRESS,
        facts.address.as_deref().unwrap_or("（記載を省略しています）"),
    );
    let dose = format!("{}  {}回目", title(facts.series), facts.dose);
    canvas.fitted(Style::gothic(11.0).bold(), cell(3, 0), Fit::single(11.0, 7.0), &dose);
    let until = format!("{}まで", wareki::long(facts.valid_until));
    canvas.fitted(Style::gothic(11.0).bold(), cell(3, 1), Fit::single(11.0, 7.0), &until);
    canvas.fitted(Style::gothic(10.0), cell(4, 1), Fit::single(10.0, 8.0), &facts.addressee.to_string());
}

fn birth(canvas: &mut Canvas<'_, '_>, facts: &QuestionnaireFacts) {
    let area = value_cell(1, 1).inset(1.8, 0.6);
    let half = area.height / 2.0;
    let upper = Rect { height: half, ..area };
    let lower = Rect { top: area.top + half, ..upper };
    match &facts.birth {
        Birth::On(day) => {
            let both = format!("{}（{}年）生まれ", wareki::long(*day), day.year());
            canvas.fitted(Style::gothic(10.0), upper, Fit::single(10.0, 7.0), &both);
            let age = format!("{}現在 {}", wareki::long(facts.base_date), age_text(*day, facts.base_date));
            canvas.fitted(Style::gothic(8.5), lower, Fit::single(8.5, 6.5), &age);
        }
        Birth::Partly(text) => {
            let how = Fit { size_max: 10.0, single_min: 8.0, size_min: 7.0, lines_max: 2 };
            canvas.fitted(Style::gothic(10.0), area, how, text);
        }
    }
}

/// Months matter below six, where the law counts in them.
fn age_text(birth: domain::Date, on: domain::Date) -> String {
    let years = age::age_years(birth, on).max(0);
    if years >= 6 {
        return format!("{years}歳");
    }
    let months = (0..12).rev().find(|month| age::reach_months(birth, years * 12 + month) <= on).unwrap_or(0);
    format!("{years}歳{months}か月")
}

const fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "男",
        Sex::Female => "女",
        Sex::Unknown => "（記載なし）",
    }
}

/// The lines of the address block from top to bottom.
struct Lines {
    postal_code: String,
    address: String,
    building: String,
    name: String,
    note: &'static str,
}

fn lines(mail: &MailTo, facts: &QuestionnaireFacts) -> Lines {
    let is_child = audience(facts.series) != Audience::Adult;
    Lines {
        postal_code: format!("〒{}", mail.postal_code),
        address: mail.address.clone(),
        building: mail.building.clone(),
        name: format!("{} 様", mail.name),
        // The child's own envelope, opened by whoever cares for it.
        note: if is_child { "（保護者の方）" } else { "" },
    }
}

const AT_COUNTER: &str = "窓口でお渡しします";

/// What the window shows, as the checks expect to read it.
pub(super) fn window_text(facts: &QuestionnaireFacts) -> String {
    match &facts.delivery {
        Delivery::Mail(mail) => {
            let Lines { postal_code, address, building, name, note } = lines(mail, facts);
            [postal_code, address, building, name, note.to_owned()].concat()
        }
        Delivery::AtCounter => format!("{AT_COUNTER}{} 様", facts.name),
    }
}

fn window_block(canvas: &mut Canvas<'_, '_>, facts: &QuestionnaireFacts) {
    let area = window::ADDRESS_BLOCK.inset(0.3, 0.3);
    let row = |top: f32, height: f32| Rect::new(area.left, area.top + top, area.width, height);
    let name_rule = Fit { size_max: 13.0, single_min: 9.0, size_min: 5.5, lines_max: 3 };
    match &facts.delivery {
        Delivery::Mail(mail) => {
            let Lines { postal_code, address, building, name, note } = lines(mail, facts);
            canvas.fitted(Style::gothic(9.5), row(0.0, 3.6), Fit::single(9.5, 9.5), &postal_code);
            let two = Fit { size_max: 10.0, single_min: 9.0, size_min: 6.0, lines_max: 2 };
            if building.is_empty() {
                canvas.fitted(Style::names(10.0), row(3.8, 9.2), two, &address);
            } else {
                canvas.fitted(Style::names(10.0), row(3.8, 4.9), two, &address);
                canvas.fitted(Style::names(10.0), row(8.7, 4.9), two, &building);
            }
            let name_height = if note.is_empty() { 9.6 } else { 6.4 };
            canvas.fitted(Style::names(13.0), row(13.8, name_height), name_rule, &name);
            canvas.fitted(Style::gothic(7.5), row(20.3, 2.9), Fit::single(7.5, 7.5), note);
        }
        Delivery::AtCounter => {
            canvas.fitted(Style::gothic(9.5), row(0.0, 4.0), Fit::single(9.5, 9.5), AT_COUNTER);
            canvas.fitted(Style::names(13.0), row(6.0, 9.6), name_rule, &format!("{} 様", facts.name));
        }
    }
}
