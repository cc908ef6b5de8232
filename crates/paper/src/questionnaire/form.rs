//! The part of the 予診票 that is the same for everyone of a series: labels, questions, boxes, signatures.

use domain::schedule::Series;

use super::questions::{Answer, questions};
use super::{Audience, audience, title};
use crate::canvas::{Canvas, Style};
use crate::geometry::{A4, Rect, window};
use crate::pdf::PdfError;
use crate::sheet::Issuer;
use crate::typeset::{Fit, Typesetter};

const HAIR: f32 = 0.35;
const THIN: f32 = 0.6;
const THICK: f32 = 1.6;
const TINT: f32 = 0.92;

pub(super) const LEFT: f32 = 8.0;
pub(super) const RIGHT: f32 = A4.width - LEFT;
/// Right of everything a window may show.
pub(super) const HEAD_LEFT: f32 = window::MAY_SHOW.right() + 5.0;

/// The person's table: a row is (top, height); the columns are label, value, label, value.
pub(super) const ROWS: [(f32, f32); 5] = [(59.0, 5.5), (64.5, 11.0), (75.5, 8.0), (83.5, 8.0), (91.5, 6.5)];
pub(super) const COLUMNS: [f32; 5] = [LEFT, 30.0, 118.0, 138.0, RIGHT];

const QUESTIONS_TOP: f32 = 105.0;
const QUESTIONS_HEAD: f32 = 4.5;
const QUESTION_ROW: f32 = 6.1;
const ANSWER_LEFT: f32 = 150.0;
const DOCTOR_LEFT: f32 = 178.0;

const DOCTOR_BOX: Rect = Rect::new(LEFT, 197.0, RIGHT - LEFT, 22.0);
const CONSENT_BOX: Rect = Rect::new(LEFT, 220.5, RIGHT - LEFT, 26.0);
const VACCINE_BOX: Rect = Rect::new(LEFT, 248.5, RIGHT - LEFT, 28.0);
const OFFICE_BOX: Rect = Rect::new(LEFT, 278.5, RIGHT - LEFT, 8.0);

/// The value cell of a row: 0 the left one, 1 the right one.
pub(super) const fn value_cell(row: usize, side: usize) -> Rect {
    let (left, right) = (COLUMNS[side * 2 + 1], COLUMNS[side * 2 + 2]);
    Rect::new(left, ROWS[row].0, right - left, ROWS[row].1)
}

pub(super) fn draw(type_: &mut Typesetter<'_>, issuer: &Issuer, series: Series) -> Result<Vec<u8>, PdfError> {
    let mut canvas = Canvas::new(type_, A4);
    let reader = audience(series);
    head(&mut canvas, issuer, series);
    person_table(&mut canvas, reader);
    question_table(&mut canvas, series, reader);
    doctor(&mut canvas);
    consent(&mut canvas, issuer, reader);
    vaccine(&mut canvas, series);
    office(&mut canvas, issuer);
    creases(&mut canvas);
    canvas.finish().map_err(|(text, _)| PdfError::Form { text })
}

fn head(canvas: &mut Canvas<'_, '_>, issuer: &Issuer, series: Series) {
    let wide = RIGHT - HEAD_LEFT;
    let size = Fit::single(17.0, 10.0);
    canvas.fitted(
        Style::gothic(10.0),
        Rect::new(HEAD_LEFT, 7.5, wide, 4.5),
        Fit::single(10.0, 6.0),
        &issuer.municipality,
    );
    canvas.text(Style::gothic(7.0).right(), RIGHT, 11.0, "予防接種法による定期の予防接種");
    canvas.fitted(Style::gothic(17.0).bold(), Rect::new(HEAD_LEFT, 13.5, wide, 7.0), size, title(series));
    canvas.fitted(Style::gothic(17.0).bold(), Rect::new(HEAD_LEFT, 21.0, wide, 7.0), size, "予防接種予診票");
    canvas.line((HEAD_LEFT, 29.5), (RIGHT, 29.5), THICK);
    canvas.text(Style::gothic(7.0), HEAD_LEFT, 34.5, "用紙番号");
}

fn label(canvas: &mut Canvas<'_, '_>, area: Rect, text: &str) {
    canvas.tint(area, TINT);
    let how = Fit { size_max: 7.5, single_min: 6.5, size_min: 6.0, lines_max: 2 };
    canvas.fitted(Style::gothic(7.5).centre(), area.inset(0.8, 0.3), how, text);
}

fn person_table(canvas: &mut Canvas<'_, '_>, reader: Audience) {
    let telephone = "電話（日中につながる番号）";
    let writer = match reader {
        Audience::Guardian => "保護者の氏名",
        Audience::Youth => "保護者の氏名（16歳未満）",
        Audience::Adult => "緊急時の連絡先",
    };
    let labels = [
        ["フリガナ", "性別"],
        ["接種を受ける人の氏名", "生年月日"],
        ["住所", telephone],
        ["予防接種の種類", "有効期限"],
        [writer, "宛名番号"],
    ];
    for ((top, height), pair) in ROWS.into_iter().zip(labels) {
        for (side, text) in pair.into_iter().enumerate() {
            let left = COLUMNS[side * 2];
            label(canvas, Rect::new(left, top, COLUMNS[side * 2 + 1] - left, height), text);
        }
    }
    let (top, bottom) = (ROWS[0].0, ROWS[4].0 + ROWS[4].1);
    for (top, _) in &ROWS[1..] {
        canvas.line((LEFT, *top), (RIGHT, *top), HAIR);
    }
    for x in &COLUMNS[1..4] {
        canvas.line((*x, top), (*x, bottom), HAIR);
    }
    canvas.frame(Rect::new(LEFT, top, RIGHT - LEFT, bottom - top), THIN);
    if reader != Audience::Adult {
        canvas.text(Style::gothic(7.0), 94.0, 95.8, "続柄（　　　　）");
    }
}

fn question_table(canvas: &mut Canvas<'_, '_>, series: Series, reader: Audience) {
    let rows = questions(series);
    let who = match reader {
        Audience::Guardian => "保護者の方が",
        Audience::Youth => "本人または保護者の方が",
        Audience::Adult => "ご本人が",
    };
    let guide = format!("太枠の中を、接種を受ける前に、{who}黒のボールペンで記入してください。");
    canvas.text(Style::gothic(8.0), LEFT, 103.4, &guide);
    canvas.text(Style::gothic(8.0), 158.0, 103.4, "接種前の体温");
    canvas.text(Style::gothic(8.0).right(), RIGHT, 103.4, "度　　　分");
    canvas.line((177.0, 104.2), (RIGHT, 104.2), HAIR);

    let head = QUESTIONS_TOP + QUESTIONS_HEAD;
    let bottom = QUESTION_ROW.mul_add(rows.len() as f32, head);
    canvas.tint(Rect::new(LEFT, QUESTIONS_TOP, RIGHT - LEFT, QUESTIONS_HEAD), TINT);
    for (left, right, text) in [
        (LEFT, ANSWER_LEFT, "質問事項"),
        (ANSWER_LEFT, DOCTOR_LEFT, "回答"),
        (DOCTOR_LEFT, RIGHT, "医師記入欄"),
    ] {
        canvas.text(Style::gothic(7.5).centre(), f32::midpoint(left, right), QUESTIONS_TOP + 3.3, text);
    }
    for (index, question) in rows.iter().enumerate() {
        let top = QUESTION_ROW.mul_add(index as f32, head);
        canvas.line((LEFT, top), (RIGHT, top), HAIR);
        canvas.text(Style::gothic(7.5).right(), LEFT + 5.5, top + 4.0, &(index + 1).to_string());
        let how = Fit::single(8.5, 8.0);
        let area = Rect::new(LEFT + 7.5, top, ANSWER_LEFT - LEFT - 9.0, QUESTION_ROW);
        canvas.fitted(Style::gothic(8.5), area, how, question.text);
        let answers = match question.answer {
            Answer::NoIsFine => ["はい", "いいえ"],
            Answer::YesIsFine => ["いいえ", "はい"],
        };
        for (side, text) in answers.into_iter().enumerate() {
            let left = 13.5_f32.mul_add(side as f32, ANSWER_LEFT + 1.5);
            canvas.frame(Rect::new(left, top + 1.7, 2.7, 2.7), HAIR);
            canvas.text(Style::gothic(8.0), left + 3.5, top + 4.1, text);
        }
    }
    for x in [ANSWER_LEFT, DOCTOR_LEFT] {
        canvas.line((x, QUESTIONS_TOP), (x, bottom), HAIR);
    }
    canvas.frame(Rect::new(LEFT, QUESTIONS_TOP, RIGHT - LEFT, bottom - QUESTIONS_TOP), THIN);
    canvas.frame(Rect::new(LEFT, head, DOCTOR_LEFT - LEFT, bottom - head), THICK);
}

/// A box with a tinted label at its left; returns where its text begins.
fn labelled(canvas: &mut Canvas<'_, '_>, area: Rect, text: &str, weight: f32) -> f32 {
    let left = COLUMNS[1];
    label(canvas, Rect::new(area.left, area.top, left - area.left, area.height), text);
    canvas.line((left, area.top), (left, area.bottom()), HAIR);
    canvas.frame(area, weight);
    left + 2.5
}

fn signature(canvas: &mut Canvas<'_, '_>, label: &str, left: f32, right: f32, y: f32) {
    canvas.text(Style::gothic(8.0).right(), left - 2.0, y, label);
    canvas.line((left, y + 1.2), (right, y + 1.2), HAIR);
}

fn doctor(canvas: &mut Canvas<'_, '_>) {
    let area = DOCTOR_BOX;
    let x = labelled(canvas, area, "医師の判断", THIN);
    let style = Style::gothic(8.5);
    let judged =
        "問診と診察の結果、今日の予防接種は（ □ 実施できる ・ □ 見合わせた方がよい ）と判断しました。";
    let told = "本人または保護者に、効果と副反応、健康被害が起きたときの救済制度を説明しました。";
    canvas.text(style, x, area.top + 5.5, judged);
    canvas.text(style, x, area.top + 11.0, told);
    signature(canvas, "医師の署名または記名押印", 132.0, RIGHT - 3.0, area.bottom() - 3.2);
}

fn consent(canvas: &mut Canvas<'_, '_>, issuer: &Issuer, reader: Audience) {
    let area = CONSENT_BOX;
    let (heading, signer) = match reader {
        Audience::Guardian => ("保護者の同意", "保護者の署名"),
        Audience::Youth => ("本人・保護者の同意", "署名（16歳未満は保護者）"),
        Audience::Adult => ("本人の同意", "本人の署名（代筆者は続柄も）"),
    };
    let x = labelled(canvas, area, heading, THICK);
    let style = Style::gothic(8.5);
    let wish = "医師の診察と説明を受け、効果や目的、まれに重い副反応があること、救済制度を理解した上で、";
    let choice = "接種を（ □ 希望します ・ □ 希望しません ）。";
    let record = format!(
        "また、この予診票が接種の記録として{}に提出され、予防接種の安全のために使われることに同意します。",
        issuer.kind
    );
    canvas.text(style, x, area.top + 5.0, wish);
    canvas.text(style, x, area.top + 9.8, choice);
    canvas.fitted(style, Rect::new(x, area.top + 11.3, RIGHT - x - 2.0, 4.2), Fit::single(8.5, 6.5), &record);
    canvas.text(Style::gothic(8.0), x, area.bottom() - 3.2, "令和　　　年　　　月　　　日");
    signature(canvas, signer, 132.0, RIGHT - 3.0, area.bottom() - 3.2);
}

/// How the vaccine is given, where the law leaves a choice open as boxes (添付文書).
const fn routes(series: Series) -> &'static str {
    match series {
        Series::Rota => "経口",
        Series::Bcg => "経皮（管針法）",
        Series::Hpv | Series::Rsv | Series::Covid => "筋肉内",
        Series::HepB
        | Series::Dpt
        | Series::Hib
        | Series::Pcv
        | Series::Mr1
        | Series::Mr2
        | Series::Var
        | Series::Je1
        | Series::Je2
        | Series::Dt2
        | Series::Flu
        | Series::Ppv
        | Series::Zoster
        | Series::Rubella5 => "□ 皮下　□ 筋肉内",
    }
}

/// The volumes a dose of the series has (添付文書); others are written by hand.
const fn volumes(series: Series) -> &'static str {
    match series {
        Series::HepB => "□ 0.25 mL　□ その他",
        Series::Je1 => "□ 0.25 mL　□ 0.5 mL",
        Series::Dt2 => "□ 0.1 mL　□ その他",
        Series::Bcg => "規定のスポイトで滴下",
        Series::Rota | Series::Covid => "接種量",
        Series::Dpt
        | Series::Hib
        | Series::Pcv
        | Series::Mr1
        | Series::Mr2
        | Series::Var
        | Series::Je2
        | Series::Hpv
        | Series::Rsv
        | Series::Flu
        | Series::Ppv
        | Series::Zoster
        | Series::Rubella5 => "□ 0.5 mL　□ その他",
    }
}

fn vaccine(canvas: &mut Canvas<'_, '_>, series: Series) {
    let area = VACCINE_BOX;
    let (volume_left, place_left) = (78.0, 112.0);
    let head = 5.0;
    for (left, right, text) in [
        (area.left, volume_left, "ワクチン名・製造番号（ロット番号）"),
        (volume_left, place_left, "接種量・方法"),
        (place_left, area.right(), "実施場所・医師名・接種年月日"),
    ] {
        label(canvas, Rect::new(left, area.top, right - left, head), text);
    }
    canvas.line((area.left, area.top + head), (area.right(), area.top + head), HAIR);
    for x in [volume_left, place_left] {
        canvas.line((x, area.top), (x, area.bottom()), HAIR);
    }
    canvas.frame(area, THIN);
    let grey = Style::gothic(7.0);
    canvas.text(
        grey.centre(),
        f32::midpoint(area.left, volume_left),
        area.top + 15.5,
        "ロット番号のシールを貼ってください",
    );
    canvas.text(
        grey,
        area.left + 2.0,
        area.bottom() - 2.0,
        "□ 有効期限を確かめました（　　　年　　　月　　　日）",
    );
    let middle = f32::midpoint(volume_left, place_left);
    canvas.text(Style::gothic(8.0).centre(), middle, area.top + 12.0, volumes(series));
    canvas.text(Style::gothic(8.0).centre(), middle, area.top + 17.5, "（　　　　　mL）");
    canvas.text(Style::gothic(8.0).centre(), middle, area.top + 24.0, routes(series));
    let row = (area.height - head) / 4.0;
    for (index, text) in ["実施場所", "医療機関コード", "医師名", "接種年月日"].into_iter().enumerate()
    {
        let top = row.mul_add(index as f32, area.top + head);
        if index > 0 {
            canvas.line((place_left, top), (area.right(), top), HAIR);
        }
        canvas.text(Style::gothic(7.5), place_left + 1.5, top + 3.9, text);
    }
    let digits_top = area.top + head + row;
    for index in 0..10 {
        canvas.frame(Rect::new(6.0_f32.mul_add(index as f32, 138.0), digits_top + 0.6, 5.2, row - 1.2), HAIR);
    }
    canvas.text(Style::gothic(8.0), 140.0, area.bottom() - 1.9, "令和　　　　年　　　　月　　　　日");
}

fn office(canvas: &mut Canvas<'_, '_>, issuer: &Issuer) {
    let area = OFFICE_BOX;
    let middle = 105.0;
    let ward = format!("{}使用欄", issuer.kind);
    for (left, text) in [(area.left, "医療機関使用欄"), (middle, ward.as_str())] {
        label(canvas, Rect::new(left, area.top, 22.0, area.height), text);
        canvas.line((left + 22.0, area.top), (left + 22.0, area.bottom()), HAIR);
    }
    canvas.line((middle, area.top), (middle, area.bottom()), HAIR);
    canvas.frame(area, THIN);
    let style = Style::gothic(7.5);
    canvas.text(style, area.left + 24.0, area.top + 5.0, "□ 接種した　□ 予診のみ");
    canvas.text(style, middle + 24.0, area.top + 5.0, "受付　　　　審査　　　　入力");
    let contact = format!(
        "問い合わせ先　{} {}　〒{} {}　電話 {}（{}）",
        issuer.municipality,
        issuer.section,
        issuer.postal_code,
        issuer.address,
        issuer.telephone,
        issuer.hours
    );
    let line = Rect::new(LEFT, area.bottom() + 1.0, RIGHT - LEFT, 4.0);
    let how = Fit::single(7.5, 5.0);
    canvas.fitted(style, line, how, &contact);
}

/// Marks for the folding machine and for folding by hand, at the edge where no text is.
fn creases(canvas: &mut Canvas<'_, '_>) {
    for y in [window::FOLD, window::FOLD * 2.0] {
        canvas.line((3.0, y), (6.0, y), HAIR);
        canvas.line((A4.width - 6.0, y), (A4.width - 3.0, y), HAIR);
    }
}
