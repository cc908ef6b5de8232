//! The executable cases: `cases/*.tsv`, each line a question and what must come out.

use domain::Date;
use domain::age;
use domain::schedule::*;
use std::collections::BTreeSet;

const TABLES: &[&str] = &[include_str!("../cases/japan.tsv")];

pub struct Case {
    pub id: &'static str,
    pub person: Person,
    pub doses: Vec<GivenDose>,
    pub as_of: Date,
    pub expected: Vec<&'static str>,
    pub line: &'static str,
}

pub fn date(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn fact(facts: &mut Facts, text: &str) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    match name {
        "mr_shortage" => facts.mr_shortage = true,
        "immunocompromised" => facts.immunocompromised = true,
        "hbv_prophylaxis" => facts.hbv_prophylaxis = true,
        "due_date" => facts.due_date = Some(date(value)),
        "disability" => facts.disability = Some(Disability::from_code(value).unwrap()),
        "rubella_test" => facts.rubella_test = Some(RubellaTest { on: date(value), insufficient: true }),
        "rubella_immune" => facts.rubella_test = Some(RubellaTest { on: date(value), insufficient: false }),
        "had" => facts.had_disease = facts.had_disease.with(Disease::from_code(value).unwrap()),
        "ill_until" => facts.long_illness = Some(LongIllness { ended_on: Some(date(value)), since: None }),
        "ill" => {
            let (since, ended) = value.split_once('~').unwrap();
            facts.long_illness = Some(LongIllness { since: Some(date(since)), ended_on: Some(date(ended)) });
        }
        "resident_from" => facts.resident_from = Some(date(value)),
        "resident_until" => facts.resident_until = Some(date(value)),
        other => panic!("unknown fact {other}"),
    }
}

pub fn facts(text: &str) -> Facts {
    let mut known = Facts::default();
    text.split_whitespace().filter(|text| *text != "-").for_each(|text| fact(&mut known, text));
    known
}

pub fn dose(text: &str) -> GivenDose {
    let (text, expiry) = text.split_once('!').map_or((text, None), |(rest, day)| (rest, Some(date(day))));
    let (text, volume) =
        text.split_once('@').map_or((text, None), |(rest, volume)| (rest, Some(volume.parse().unwrap())));
    let (on, vaccine) = text.split_once(':').unwrap();
    let vaccine = Vaccine::from_code(vaccine).unwrap_or_else(|| panic!("unknown vaccine {vaccine}"));
    GivenDose { volume_centi_ml: volume, lot_expires_on: expiry, ..GivenDose::new(date(on), vaccine) }
}

pub fn all() -> Vec<Case> {
    let lines = TABLES.iter().flat_map(|table| table.lines());
    lines
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [id, birth, sex, known, doses, as_of, expected] = fields[..] else {
                panic!("fields: {line}")
            };
            let sex = match sex {
                "F" => Sex::Female,
                "M" => Sex::Male,
                _ => Sex::Unknown,
            };
            Case {
                id,
                person: Person { birth_date: date(birth), sex, facts: facts(known) },
                doses: doses.split_whitespace().filter(|dose| *dose != "-").map(dose).collect(),
                as_of: date(as_of),
                expected: expected.split_whitespace().collect(),
                line,
            }
        })
        .collect()
}

fn period(from: Option<Date>, until: Option<Date>) -> String {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    format!("{}~{}", day(from), day(until))
}

/// What the engine says to the left side of an expectation.
fn answer(case: &Case, forecast: &Forecast, asked: &str, wanted: &str) -> String {
    let days = |date: Option<Date>| date.map(|day| day.to_string()).unwrap_or_default();
    if let Some(months) = asked.strip_prefix('m').and_then(|number| number.parse().ok()) {
        return age::reach_months(case.person.birth_date, months).to_string();
    }
    if let Some(years) = asked.strip_prefix('y').and_then(|number| number.parse().ok()) {
        return age::reach_years(case.person.birth_date, years).to_string();
    }
    if let Some((what, day)) = asked.split_once(':') {
        let on = date(day);
        // The last dose of the day is the one asked about.
        let verdict = forecast
            .doses
            .iter()
            .rev()
            .find(|verdict| case.doses[verdict.given].on == on)
            .expect("a dose of that day");
        return match what {
            "valid" => verdict.valid_for_series.to_string(),
            "number" => verdict.dose.to_string(),
            _ if wanted == "ok" => {
                if verdict.is_teiki {
                    "ok".into()
                } else {
                    format!("{:?}", verdict.reasons)
                }
            }
            _ => verdict
                .reasons
                .iter()
                .find(|reason| reason.code == wanted)
                .map_or_else(|| format!("{:?}", verdict.reasons), |reason| reason.code.into()),
        };
    }
    let (series, field) = asked.split_once('.').unwrap_or((asked, "status"));
    let series = Series::from_code(series).unwrap_or_else(|| panic!("unknown series {series}"));
    let finding = &forecast.series[series as usize];
    assert_eq!(finding.series, series);
    match field {
        "status" => finding.status.code().into(),
        "dose" => finding.dose.map(|dose| dose.to_string()).unwrap_or_default(),
        "legal" => period(finding.legal_from, finding.legal_until),
        "standard" => period(finding.standard_from, finding.standard_until),
        "earliest" => days(finding.earliest),
        "latest" => days(finding.latest),
        "fit" => {
            let fit = finding.reasons.iter().find(|reason| reason.code == "SERIES_FIT");
            days(fit.and_then(|reason| reason.args.until))
        }
        "note" => finding
            .reasons
            .iter()
            .find(|reason| reason.code == wanted)
            .map_or_else(|| format!("{:?}", finding.reasons), |reason| reason.code.into()),
        other => panic!("unknown field {other}"),
    }
}

#[test]
fn every_case_of_the_tables_holds() {
    let japan = Japan::new(Settings::default());
    let mut broken = Vec::new();
    for case in all() {
        let forecast = japan.forecast(&case.person, &case.doses, case.as_of);
        for expectation in &case.expected {
            let (asked, wanted) = expectation.split_once('=').unwrap();
            let said = answer(&case, &forecast, asked, wanted);
            if said != wanted {
                broken.push(format!(
                    "{} {asked}: expected {wanted}, the engine says {said}\n    {}",
                    case.id, case.line
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
}

/// The shared file lists cases that others wrote; each must have an executable twin here.
#[test]
fn every_shared_case_has_an_executable_twin() {
    let root = std::env::var_os("SESSHU_SHARED").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        std::path::PathBuf::from,
    );
    let path = root.join("cases/japan-schedule.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!(
            "SKIPPED: {} is not there; set SESSHU_SHARED to check that no shared case is missing",
            path.display()
        );
        return;
    };
    let wanted: BTreeSet<&str> =
        text.split("\"id\":").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect();
    assert!(wanted.len() >= 84, "the shared file is read wrongly: {} ids", wanted.len());
    let cases = all();
    let have: BTreeSet<&str> = cases.iter().map(|case| case.id).collect();
    let missing: Vec<_> = wanted.difference(&have).collect();
    assert!(missing.is_empty(), "no executable case for {missing:?}");
}
