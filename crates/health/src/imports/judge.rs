//! Which arrived rows are recorded, which are known already, and which a person has to decide. Pure.

use super::{
    copy::Row,
    records_sql::{Arrived, ForReview, Gathered},
};
use crate::records::sql::findings_json;
use domain::{
    Date,
    record::{Basis, Verdict},
    schedule::{DoseVerdict, GivenDose, Japan, Severity, Vaccine},
};
use kit::Ids;
use std::collections::HashMap;
use uuid::Uuid;

/// What became of a batch of persons.
#[derive(Default)]
pub struct Judged {
    /// Rows for COPY into `record_out`.
    pub recorded: Vec<u8>,
    pub known: u64,
    pub reviews: Vec<ForReview>,
    /// People of whom a dose was recorded before, or waits now: the verdicts beside their records are made anew.
    pub to_rebuild: Vec<Uuid>,
}

/// Judges all rows of some persons.
pub fn judge(engine: &Japan, persons: &[Gathered], today: Date, ids: &Ids) -> Judged {
    let mut judged = Judged::default();
    for person in persons {
        one(engine, person, today, ids, &mut judged);
    }
    judged
}

fn one(engine: &Japan, gathered: &Gathered, today: Date, ids: &Ids, judged: &mut Judged) {
    let mut doses: Vec<GivenDose> = gathered.doses.iter().map(|(dose, _)| *dose).collect();
    let mut lots: HashMap<(Vaccine, Date), &str> =
        gathered.doses.iter().map(|(dose, lot)| ((dose.vaccine, dose.on), lot.as_str())).collect();
    let mut screenings = gathered.screenings.clone();
    let mut new: Vec<(&Arrived, usize)> = Vec::new();
    for row in &gathered.arrived {
        let dose = row.given;
        if dose.on < gathered.person.birth_date {
            judged.review(
                row,
                "irregular",
                "接種日が生年月日より前です。接種日と、だれの記録かを確かめてください。",
            );
        } else if row.is_screening_only {
            if screenings.contains(&(dose.vaccine, dose.on)) {
                judged.known += 1;
            } else {
                screenings.push((dose.vaccine, dose.on));
                write(judged, gathered, row, None, ids);
            }
        } else if let Some(lot) = lots.get(&(dose.vaccine, dose.on)) {
            if lot.is_empty() || row.lot_number.is_empty() || *lot == row.lot_number {
                judged.known += 1;
            } else {
                let sentence = format!(
                    "同じ日の同じワクチンの記録があり、ロット番号が違います（登録済み：{lot}）。どちらが正しいか確かめてください。"
                );
                judged.review(row, "conflict", &sentence);
            }
        } else {
            lots.insert((dose.vaccine, dose.on), &row.lot_number);
            new.push((row, doses.len()));
            doses.push(dose);
        }
    }
    if new.is_empty() {
        return;
    }
    // One pass judges every dose by the rules of its day: the same as `check` for each of them among the others.
    let forecast = engine.forecast(&gathered.person, &doses, today);
    let waiting = judged.reviews.len();
    let had_doses = !gathered.doses.is_empty();
    for (row, given) in new {
        let verdict =
            forecast.doses.iter().find(|verdict| verdict.given == given).expect("every dose has a verdict");
        match irregular(row, verdict) {
            Some(sentence) => judged.review(row, "irregular", &sentence),
            None => write(judged, gathered, row, Some(verdict), ids),
        }
    }
    if had_doses || judged.reviews.len() > waiting {
        judged.to_rebuild.push(gathered.resident_id);
    }
}

impl Judged {
    fn review(&mut self, row: &Arrived, kind: &'static str, sentence: &str) {
        self.reviews.push(ForReview { line: row.line, kind, sentence: sentence.to_owned() });
    }
}

/// Errors that no vaccination may have, also one that was never meant to be 定期.
const EVEN_VOLUNTARY: [&str; 2] = ["E_DUP_DAY", "E_LOT_EXPIRED"];

/// Why a row may not be recorded without someone's word.
fn irregular(row: &Arrived, verdict: &DoseVerdict) -> Option<String> {
    let told: Vec<String> = verdict
        .reasons
        .iter()
        .filter(|reason| reason.severity == Severity::Error)
        .filter(|reason| !row.is_voluntary || EVEN_VOLUNTARY.contains(&reason.code))
        .map(domain::schedule::Reason::ja)
        .collect();
    if !told.is_empty() {
        return Some(told.concat());
    }
    let claims_too_much = !row.is_voluntary && !verdict.is_teiki;
    claims_too_much.then(|| {
        let reason = verdict.reasons.first().map(domain::schedule::Reason::ja).unwrap_or_default();
        format!(
            "定期接種として送られましたが、定期接種と認められません。{reason}法定区分を確かめてください。"
        )
    })
}

fn write(judged: &mut Judged, gathered: &Gathered, row: &Arrived, verdict: Option<&DoseVerdict>, ids: &Ids) {
    let mut out = Row::new(&mut judged.recorded);
    out.id(ids.next()).plain(row.line).id(gathered.resident_id);
    match verdict {
        Some(verdict) => {
            let basis = if row.is_voluntary { Basis::Voluntary } else { Basis::Routine };
            let kept = domain::record::kept(Verdict::of(verdict, basis).findings);
            out.text(verdict.series.map_or("", |series| series.code()))
                .plain(verdict.dose)
                .flag(verdict.is_teiki && !row.is_voluntary)
                .flag(verdict.valid_for_series)
                .text(&findings_json(&kept).to_string());
        }
        None => {
            out.text("").plain(0).flag(false).flag(false).text("[]");
        }
    }
    out.end();
}
