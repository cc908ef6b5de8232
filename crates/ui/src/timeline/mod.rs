//! The vaccine timeline (接種歴と接種期間の図): what was given, what may be given when, and what is next.
//!
//! Drawn on the server as SVG, so that it is there without script and on paper; a table beside it says the same.

mod axis;
mod picture;

use crate::{Chip, dates, filters};
use askama::Template;
use domain::Date;
use domain::schedule::{DoseVerdict, Forecast, GivenDose, Person, SeriesFinding, Status};
use picture::Picture;

/// What the engine made of a dose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoseKind {
    /// 定期として有効.
    Regular,
    /// Counts toward the series, but was not 定期 (期間外, 間隔, 任意).
    Irregular,
    /// Counts for nothing.
    NotCounted,
}

impl DoseKind {
    const fn ja(self) -> &'static str {
        match self {
            DoseKind::Regular => "定期",
            DoseKind::Irregular => "定期外・有効",
            DoseKind::NotCounted => "無効",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            DoseKind::Regular => "regular",
            DoseKind::Irregular => "irregular",
            DoseKind::NotCounted => "void",
        }
    }
}

/// A dose in a row of the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineDose {
    pub on: Date,
    /// 接種回; 0 where it counts for nothing.
    pub number: u8,
    pub kind: DoseKind,
    /// The product: 五種混合.
    pub vaccine: String,
}

/// The next dose and the days on which it may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineDue {
    pub dose: u8,
    pub from: Date,
    pub until: Option<Date>,
}

/// One series of the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    pub label: String,
    pub status: Status,
    /// 法定の接種期間 of the next dose, both ends included.
    pub legal: Option<(Date, Date)>,
    /// 標準的な接種期間, both ends included.
    pub standard: Option<(Date, Date)>,
    pub doses: Vec<TimelineDose>,
    pub due: Option<TimelineDue>,
    /// Why, in sentences for staff.
    pub reasons: Vec<String>,
}

impl TimelineRow {
    fn chip(&self) -> Chip {
        Chip::status(self.status)
    }

    fn legal_text(&self) -> String {
        span(self.legal)
    }

    fn standard_text(&self) -> String {
        span(self.standard)
    }

    fn due_text(&self) -> String {
        self.due.map_or_else(String::new, |due| {
            let until = due.until.map(dates::digits).unwrap_or_default();
            format!("{}回目 {}～{until}", due.dose, dates::digits(due.from))
        })
    }
}

fn span(days: Option<(Date, Date)>) -> String {
    days.map_or_else(
        || "―".to_owned(),
        |(from, until)| format!("{}～{}", dates::digits(from), dates::digits(until)),
    )
}

/// The picture of one person on one day.
#[derive(Clone, Debug, Template)]
#[template(path = "components/timeline.html")]
pub struct Timeline {
    /// Unique on the page.
    pub id: String,
    pub birth_date: Date,
    pub today: Date,
    pub rows: Vec<TimelineRow>,
    /// Up to when the records are complete, in words.
    pub data_until: Option<String>,
}

impl Timeline {
    /// From the engine's answer. Series that never concern the person and have no dose are left out.
    pub fn of(person: &Person, given: &[GivenDose], forecast: &Forecast) -> Self {
        let rows = forecast
            .series
            .iter()
            .map(|finding| row(finding, &forecast.doses, given))
            .filter(|row| row.status != Status::NotTarget || !row.doses.is_empty())
            .collect();
        Timeline {
            id: "timeline".to_owned(),
            birth_date: person.birth_date,
            today: forecast.as_of,
            rows,
            data_until: None,
        }
    }

    fn picture(&self) -> Picture {
        Picture::draw(self)
    }

    /// The picture in words.
    fn description(&self) -> String {
        let names = |status: Status| -> Vec<&str> {
            self.rows.iter().filter(|row| row.status == status).map(|row| row.label.as_str()).collect()
        };
        let due = names(Status::Due);
        let late = names(Status::Expired);
        let mut text = format!("{}現在。", dates::seireki(self.today));
        match due.is_empty() {
            true => text += "いま接種できる予防接種はありません。",
            false => text += &format!("いま接種できる予防接種は{}です。", due.join("、")),
        }
        if !late.is_empty() {
            text += &format!("期間を過ぎた予防接種は{}です。", late.join("、"));
        }
        text + "同じ内容を下の表で読めます。"
    }
}

impl askama::filters::HtmlSafe for Timeline {}

fn row(finding: &SeriesFinding, verdicts: &[DoseVerdict], given: &[GivenDose]) -> TimelineRow {
    let doses = verdicts
        .iter()
        .filter(|verdict| verdict.series == Some(finding.series))
        .filter_map(|verdict| given.get(verdict.given).map(|dose| (verdict, dose)))
        .map(|(verdict, dose)| TimelineDose {
            on: dose.on,
            number: verdict.dose,
            kind: match (verdict.is_teiki, verdict.valid_for_series) {
                (true, _) => DoseKind::Regular,
                (false, true) => DoseKind::Irregular,
                (false, false) => DoseKind::NotCounted,
            },
            vaccine: dose.vaccine.ja().to_owned(),
        })
        .collect();
    let due = match finding.status {
        Status::Due | Status::NotYet => finding
            .dose
            .zip(finding.earliest.or(finding.legal_from))
            .map(|(dose, from)| TimelineDue { dose, from, until: finding.latest }),
        Status::Complete | Status::Expired | Status::Excluded | Status::NotTarget => None,
    };
    TimelineRow {
        label: finding.series.ja().to_owned(),
        status: finding.status,
        legal: finding.legal_from.zip(finding.legal_until),
        standard: finding.standard_from.zip(finding.standard_until),
        doses,
        due,
        reasons: finding
            .reasons
            .iter()
            .map(|reason| format!("{}（{}）", reason.ja(), reason.source))
            .collect(),
    }
}
