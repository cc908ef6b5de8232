//! 勧奨はがき: a postcard that reminds someone of a dose not yet given.
//!
//! Two pages for each person, to be printed on both sides: the address, then the message. An open card, not a
//! folded one: any post office printer makes it, and the message tells no more than that a vaccination is due.
//! The address side names no vaccine. Both sides carry the 用紙番号, so that a slipped stack is seen at once.

use domain::Date;
use domain::ids::{AddresseeNumber, SheetNumber};
use domain::schedule::Series;
use domain::wareki;

use crate::canvas::{Canvas, Style};
use crate::fonts::FontSet;
use crate::geometry::{POSTCARD, Rect};
use crate::pdf::{FileBuilder, PdfError};
use crate::questionnaire::{Audience, audience, title};
use crate::sheet::{Issuer, MailTo, PAGES_MAX, PageFacts, RenderedFile, Withheld, WithheldReason};
use crate::typeset::{Fit, Typesetter};

/// What a 勧奨はがき says. Nobody gets one without an address: people under 支援措置 are told at the counter.
#[doc(alias = "勧奨はがき")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderFacts {
    pub sheet: SheetNumber,
    pub addressee: AddresseeNumber,
    /// The person who lacks the dose. The message side does not name them, the address side only where they are not
    /// the addressee.
    pub name: String,
    pub mail: MailTo,
    pub series: Series,
    pub dose: u8,
    /// The last day on which the dose is free of charge.
    pub valid_until: Date,
    /// 接種記録の反映日: records are complete up to this day, so a later dose may be missing.
    pub records_until: Date,
}

const HAIR: f32 = 0.35;
const THICK: f32 = 1.2;
const LEFT: f32 = 9.0;
const WIDE: f32 = POSTCARD.width - 2.0 * LEFT;

/// 郵便番号枠 of the Japanese postcard: three and four boxes, measured from the left edge.
const POSTAL_BOXES: [f32; 7] = [44.3, 51.3, 58.3, 65.9, 72.7, 79.5, 86.3];
const POSTAL_TOP: f32 = 12.0;
const POSTAL_BOX: (f32, f32) = (5.7, 8.0);

/// Where the address and the name stand on the address side.
pub(crate) const ADDRESS_BLOCK: Rect = Rect::new(14.0, 34.0, 76.0, 50.0);

/// Where on the address side the checks look for text about the addressee.
pub(crate) const ADDRESS_AREA: Rect = Rect::new(0.0, 30.0, POSTCARD.width, 76.0);

/// Draws the cards of one file: the address side of the first person, its message side, the next person.
pub fn render(fonts: &FontSet, issuer: &Issuer, cards: &[ReminderFacts]) -> Result<RenderedFile, PdfError> {
    if cards.len() * 2 > PAGES_MAX {
        return Err(PdfError::TooManyPages { wanted: cards.len() * 2, max: PAGES_MAX });
    }
    let mut type_ = Typesetter::new(fonts);
    let mut file = FileBuilder::new(POSTCARD);
    let address_form = file.form(&draw_address_form(&mut type_, issuer)?);
    let mut message_forms: Vec<(Series, usize)> = Vec::new();
    let (mut pages, mut withheld) = (Vec::with_capacity(cards.len()), Vec::new());
    for facts in cards {
        let message_form = match message_forms.iter().find(|(series, _)| *series == facts.series) {
            Some((_, index)) => *index,
            None => {
                let index = file.form(&draw_message_form(&mut type_, issuer, facts.series)?);
                message_forms.push((facts.series, index));
                index
            }
        };
        match draw_sides(&mut type_, address_form, message_form, facts) {
            Ok([address, message]) => {
                file.page(&address);
                pages.push(page_facts(file.page_count(), facts));
                file.page(&message);
            }
            Err(reason) => withheld.push(Withheld { sheet: facts.sheet, addressee: facts.addressee, reason }),
        }
    }
    let pdf =
        file.finish(&type_, &format!("{} 予防接種のお知らせ {}枚", issuer.municipality, pages.len()))?;
    Ok(RenderedFile { pdf, pages, withheld })
}

fn draw_sides(
    type_: &mut Typesetter<'_>,
    address_form: usize,
    message_form: usize,
    facts: &ReminderFacts,
) -> Result<[Vec<u8>; 2], WithheldReason> {
    if facts.mail.name.trim().is_empty() || facts.name.trim().is_empty() {
        return Err(WithheldReason::NoName);
    }
    let mut canvas = Canvas::new(type_, POSTCARD);
    canvas.form(address_form);
    address_side(&mut canvas, facts);
    let address = canvas.finish().map_err(WithheldReason::from_unset)?;
    let mut canvas = Canvas::new(type_, POSTCARD);
    canvas.form(message_form);
    message_side(&mut canvas, facts);
    let message = canvas.finish().map_err(WithheldReason::from_unset)?;
    Ok([address, message])
}

fn page_facts(page: usize, facts: &ReminderFacts) -> PageFacts {
    let MailTo { address, building, .. } = &facts.mail;
    PageFacts {
        page: page as u32,
        sheet: facts.sheet,
        addressee: facts.addressee,
        name: facts.name.clone(),
        window: format!("{address}{building}{}{}", addressed(facts), note(facts)),
    }
}

fn addressed(facts: &ReminderFacts) -> String {
    format!("{} 様", facts.mail.name)
}

/// Who is meant, where that is not the addressee. It says 予防接種 and no more: the postman reads it.
fn note(facts: &ReminderFacts) -> String {
    if facts.name != facts.mail.name {
        return format!("（{} 様の予防接種について）", facts.name);
    }
    match audience(facts.series) {
        Audience::Guardian | Audience::Youth => "（保護者の方）".to_owned(),
        Audience::Adult => String::new(),
    }
}

fn draw_address_form(type_: &mut Typesetter<'_>, issuer: &Issuer) -> Result<Vec<u8>, PdfError> {
    let mut canvas = Canvas::new(type_, POSTCARD);
    // 郵便約款: a card of one's own making says that it is one.
    canvas.text(Style::gothic(7.5).centre(), POSTCARD.width / 2.0, 6.5, "郵便はがき");
    for left in POSTAL_BOXES {
        canvas.frame(Rect::new(left, POSTAL_TOP, POSTAL_BOX.0, POSTAL_BOX.1), THICK * 0.6);
    }
    canvas.line((64.0, POSTAL_TOP + 4.0), (65.9, POSTAL_TOP + 4.0), THICK * 0.6);
    let mark = Rect::new(LEFT, 9.0, 20.0, 20.0);
    canvas.frame(mark, HAIR);
    canvas.text(Style::gothic(7.5).centre(), LEFT + 10.0, 17.5, "料金後納");
    canvas.text(Style::gothic(7.5).centre(), LEFT + 10.0, 23.0, "郵便");
    canvas.line((LEFT, 106.0), (POSTCARD.width - LEFT, 106.0), HAIR);
    canvas.text(Style::gothic(7.0), LEFT, 111.0, "差出人（届かないときは、こちらへお返しください）");
    let row = |top: f32| Rect::new(LEFT, top, WIDE, 5.0);
    let small = Fit::single(9.0, 6.0);
    canvas.fitted(
        Style::gothic(9.0),
        row(112.5),
        small,
        &format!("〒{} {}", issuer.postal_code, issuer.address),
    );
    canvas.fitted(Style::gothic(11.0), row(118.0), Fit::single(11.0, 6.0), &issuer.municipality);
    canvas.fitted(Style::gothic(9.0), row(123.0), small, &issuer.section);
    canvas.fitted(Style::gothic(9.0), row(128.0), small, &format!("電話 {}", issuer.telephone));
    canvas.finish().map_err(|(text, _)| PdfError::Form { text })
}

fn address_side(canvas: &mut Canvas<'_, '_>, facts: &ReminderFacts) {
    for (left, digit) in POSTAL_BOXES.into_iter().zip(facts.mail.postal_code.digits().chars()) {
        let style = Style::gothic(14.0).centre();
        canvas.text(style, left + POSTAL_BOX.0 / 2.0, POSTAL_TOP + 5.9, digit.encode_utf8(&mut [0; 4]));
    }
    let area = ADDRESS_BLOCK.inset(0.5, 0.5);
    let row = |top: f32, height: f32| Rect::new(area.left, area.top + top, area.width, height);
    let lines = Fit { size_max: 11.0, single_min: 9.0, size_min: 6.5, lines_max: 2 };
    canvas.fitted(Style::names(11.0), row(0.0, 10.0), lines, &facts.mail.address);
    canvas.fitted(Style::names(11.0), row(10.5, 10.0), lines, &facts.mail.building);
    let name = Fit { size_max: 18.0, single_min: 12.0, size_min: 8.0, lines_max: 3 };
    canvas.fitted(Style::names(18.0), row(24.0, 17.0), name, &addressed(facts));
    let how = Fit { size_max: 9.0, single_min: 9.0, size_min: 6.0, lines_max: 2 };
    canvas.fitted(Style::names(9.0), row(41.5, 7.0), how, &note(facts));
    canvas.text(Style::gothic(7.5), LEFT, 140.0, &facts.sheet.to_string());
    canvas.qr(Rect::new(80.0, 128.5, 11.0, 11.0), &facts.sheet.digits());
}

fn draw_message_form(
    type_: &mut Typesetter<'_>,
    issuer: &Issuer,
    series: Series,
) -> Result<Vec<u8>, PdfError> {
    let mut canvas = Canvas::new(type_, POSTCARD);
    let head = Rect::new(LEFT, 9.0, WIDE, 11.0);
    canvas.tint(head, 0.92);
    canvas.fitted(
        Style::gothic(15.0).bold().centre(),
        head,
        Fit::single(15.0, 10.0),
        "予防接種はお済みですか",
    );
    let who = match audience(series) {
        Audience::Guardian => "お子さん",
        Audience::Youth => "ご本人",
        Audience::Adult => "あなた",
    };
    let intro = format!(
        "{who}の次の予防接種について、{}に接種の記録がまだ届いていません。期限を過ぎると、定期の予防接種としては受けられません。",
        issuer.kind
    );
    let text = Fit { size_max: 9.5, single_min: 9.5, size_min: 7.5, lines_max: 3 };
    canvas.fitted(Style::gothic(9.5), Rect::new(LEFT, 22.0, WIDE, 14.0), text, &intro);
    canvas.frame(Rect::new(LEFT, 39.0, WIDE, 30.0), THICK);
    canvas.text(Style::gothic(8.0), LEFT + 3.0, 44.5, "予防接種の種類");
    canvas.line((LEFT, 54.0), (LEFT + WIDE, 54.0), HAIR);
    canvas.text(Style::gothic(8.0), LEFT + 3.0, 59.5, "期限");
    let steps = [
        "1  かかりつけの医療機関に、早めに予約してください。",
        "2  当日は、予診票と、マイナ保険証などの本人確認書類をお持ちください。",
        "3  予診票が見当たらないときは、下の問い合わせ先で再発行します。",
        "すでに受けた方や、体調などの理由で受けられない方は、このはがきの内容に応じる必要はありません。",
    ];
    let how = Fit { size_max: 9.0, single_min: 8.5, size_min: 7.5, lines_max: 2 };
    for (index, step) in steps.into_iter().enumerate() {
        canvas.fitted(
            Style::gothic(9.0),
            Rect::new(LEFT, 8.6_f32.mul_add(index as f32, 72.0), WIDE, 8.0),
            how,
            step,
        );
    }
    canvas.line((LEFT, 114.0), (LEFT + WIDE, 114.0), HAIR);
    canvas.text(Style::gothic(8.0), LEFT, 119.0, "問い合わせ先");
    let contact = format!("{} {}", issuer.municipality, issuer.section);
    canvas.fitted(Style::gothic(9.0), Rect::new(LEFT, 120.5, WIDE, 4.5), Fit::single(9.0, 6.0), &contact);
    let telephone = format!("電話 {}（{}）", issuer.telephone, issuer.hours);
    canvas.fitted(Style::gothic(9.0), Rect::new(LEFT, 125.0, WIDE, 4.5), Fit::single(9.0, 6.0), &telephone);
    canvas.finish().map_err(|(text, _)| PdfError::Form { text })
}

fn message_side(canvas: &mut Canvas<'_, '_>, facts: &ReminderFacts) {
    let dose = format!("{}  {}回目", title(facts.series), facts.dose);
    let area = Rect::new(LEFT + 3.0, 45.5, WIDE - 6.0, 8.0);
    canvas.fitted(Style::gothic(14.0).bold(), area, Fit::single(14.0, 8.0), &dose);
    let until = format!("{}まで", wareki::long(facts.valid_until));
    let area = Rect::new(LEFT + 3.0, 60.5, WIDE - 6.0, 8.0);
    canvas.fitted(Style::gothic(14.0).bold(), area, Fit::single(14.0, 8.0), &until);
    let known =
        format!("{}までに届いた接種記録をもとにお送りしています。", wareki::long(facts.records_until));
    canvas.fitted(Style::gothic(8.0), Rect::new(LEFT, 107.5, WIDE, 4.5), Fit::single(8.0, 6.0), &known);
    canvas.text(Style::gothic(7.5), LEFT, 140.0, &facts.sheet.to_string());
}
