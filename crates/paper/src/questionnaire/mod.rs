//! 予診票: one A4 page for each person, folded in three into a window envelope.
//!
//! The page is drawn in two parts. What is the same for everyone (`form`) is drawn once per file and series;
//! what is about the person (`person`) is the page's own content. That is why a thousand pages take less than
//! half a second, and why the checks need to read only what differs.

mod form;
mod person;
mod questions;

use domain::Date;
use domain::ids::{AddresseeNumber, SheetNumber};
use domain::schedule::{Series, Sex};

use crate::canvas::Canvas;
use crate::fonts::FontSet;
use crate::geometry::{A4, Rect};
use crate::pdf::{FileBuilder, PdfError};
use crate::sheet::{Delivery, Issuer, PAGES_MAX, PageFacts, RenderedFile, Withheld, WithheldReason};
use crate::typeset::Typesetter;

/// Where the name of the person stands; the checks look for it here and for nothing else.
pub(crate) const NAME_CELL: Rect = form::value_cell(1, 0);

/// What a 予診票 says about its person.
#[doc(alias = "予診票")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionnaireFacts {
    pub sheet: SheetNumber,
    pub addressee: AddresseeNumber,
    /// 氏名 as registered, with its variation selectors.
    pub name: String,
    pub kana: String,
    pub birth: Birth,
    pub sex: Sex,
    /// 住所 in one line; `None` prints no address (支援措置).
    pub address: Option<String>,
    pub delivery: Delivery,
    pub series: Series,
    /// 接種回, counted from 1.
    pub dose: u8,
    /// 年齢の基準日 of the campaign.
    pub base_date: Date,
    /// 有効期限: the last day on which the sheet may be used.
    pub valid_until: Date,
    /// 取扱注意, for the sheet of a person under 支援措置.
    pub with_care: bool,
}

/// 生年月日, which for some people is not wholly known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Birth {
    On(Date),
    /// As registered, such as 昭和10年月日不詳. No age is computed from it.
    Partly(String),
}

/// Draws the sheets of one file in the given order. Sheets that cannot be printed faithfully are withheld, and
/// the others keep their order. At most [`PAGES_MAX`] sheets: split a campaign, one file per call, on plain threads.
pub fn render(
    fonts: &FontSet,
    issuer: &Issuer,
    sheets: &[QuestionnaireFacts],
) -> Result<RenderedFile, PdfError> {
    if sheets.len() > PAGES_MAX {
        return Err(PdfError::TooManyPages { wanted: sheets.len(), max: PAGES_MAX });
    }
    let mut type_ = Typesetter::new(fonts);
    let mut file = FileBuilder::new(A4);
    let mut forms: Vec<(Series, usize)> = Vec::new();
    let mut pages = Vec::with_capacity(sheets.len());
    let mut withheld = Vec::new();
    for facts in sheets {
        let form = match forms.iter().find(|(series, _)| *series == facts.series) {
            Some((_, index)) => *index,
            None => {
                let index = file.form(&form::draw(&mut type_, issuer, facts.series)?);
                forms.push((facts.series, index));
                index
            }
        };
        match draw_page(&mut type_, form, facts) {
            Ok(content) => {
                file.page(&content);
                pages.push(page_facts(file.page_count(), facts));
            }
            Err(reason) => withheld.push(Withheld { sheet: facts.sheet, addressee: facts.addressee, reason }),
        }
    }
    let title = format!("{} 予防接種予診票 {}枚", issuer.municipality, pages.len());
    let pdf = file.finish(&type_, &title)?;
    Ok(RenderedFile { pdf, pages, withheld })
}

fn draw_page(
    type_: &mut Typesetter<'_>,
    form: usize,
    facts: &QuestionnaireFacts,
) -> Result<Vec<u8>, WithheldReason> {
    if facts.name.trim().is_empty() {
        return Err(WithheldReason::NoName);
    }
    let mut canvas = Canvas::new(type_, A4);
    canvas.form(form);
    person::draw(&mut canvas, facts);
    canvas.finish().map_err(WithheldReason::from_unset)
}

fn page_facts(page: usize, facts: &QuestionnaireFacts) -> PageFacts {
    PageFacts {
        page: page as u32,
        sheet: facts.sheet,
        addressee: facts.addressee,
        name: facts.name.clone(),
        window: person::window_text(facts),
    }
}

/// The name of the vaccination as residents know it from the ward's letters; staff read [`Series::ja`].
pub const fn title(series: Series) -> &'static str {
    match series {
        Series::Bcg => "結核（BCG）",
        Series::Mr1 => "麻しん風しん（MR）第1期",
        Series::Mr2 => "麻しん風しん（MR）第2期",
        Series::Var => "水痘（水ぼうそう）",
        Series::Hpv => "ヒトパピローマウイルス感染症（HPV）",
        Series::Rsv => "RSウイルス感染症（妊婦）",
        Series::Flu => "高齢者のインフルエンザ",
        Series::Ppv => "高齢者の肺炎球菌感染症",
        Series::HepB
        | Series::Rota
        | Series::Dpt
        | Series::Hib
        | Series::Pcv
        | Series::Je1
        | Series::Je2
        | Series::Dt2
        | Series::Covid
        | Series::Zoster
        | Series::Rubella5 => series.ja(),
    }
}

/// Who answers the questions (記入者).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// 保護者 for a child.
    Guardian,
    /// 本人 (or, of age 16 and over, the girl herself) — HPV.
    Youth,
    Adult,
}

pub(crate) const fn audience(series: Series) -> Audience {
    match series {
        Series::HepB
        | Series::Rota
        | Series::Dpt
        | Series::Hib
        | Series::Pcv
        | Series::Bcg
        | Series::Mr1
        | Series::Mr2
        | Series::Var
        | Series::Je1
        | Series::Je2
        | Series::Dt2 => Audience::Guardian,
        Series::Hpv => Audience::Youth,
        Series::Rsv | Series::Flu | Series::Covid | Series::Ppv | Series::Zoster | Series::Rubella5 => {
            Audience::Adult
        }
    }
}
