//! The Japanese pack at the door: a line of JSON becomes a person with a history, and the engine's answer a line.

use super::door::{Answers, Refusal};
use super::line::{self, Code, Day, DoseLine, Id, Iso, Line};
use domain::Date;
use domain::schedule::japan::Step;
use domain::schedule::{
    Disability, Disease, DiseaseSet, DoseVerdict, Facts, GivenDose, Japan, LongIllness, Person, Reason,
    RubellaTest, SeriesFinding, Vaccine,
};
use serde::{Serialize, Serializer};

/// What the register and the counter know (design §5); everything may be left out.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FactsLine<'a> {
    due_date: Option<Day>,
    #[serde(borrow)]
    disability: Option<Code<'a>>,
    #[serde(borrow)]
    had_disease: Vec<Code<'a>>,
    hbv_prophylaxis: bool,
    immunocompromised: bool,
    long_illness: Option<LongIllnessLine>,
    mr_shortage: bool,
    rubella_test: Option<RubellaTestLine>,
    welfare: bool,
    resident_from: Option<Day>,
    resident_until: Option<Day>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LongIllnessLine {
    #[serde(default)]
    ended_on: Option<Day>,
    #[serde(default)]
    since: Option<Day>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RubellaTestLine {
    on: Day,
    insufficient: bool,
}

impl FactsLine<'_> {
    fn facts(&self) -> Result<Facts, String> {
        let disability = self.disability.as_ref().map(|code| {
            Disability::from_code(&code.0)
                .ok_or_else(|| unknown("障害の種別", &code.0, &names(Disability::ALL)))
        });
        let diseases = self.had_disease.iter().map(|code| {
            Disease::from_code(&code.0).ok_or_else(|| unknown("疾病", &code.0, &names(Disease::ALL)))
        });
        Ok(Facts {
            due_date: self.due_date.map(|day| day.0),
            disability: disability.transpose()?,
            had_disease: diseases.collect::<Result<DiseaseSet, _>>()?,
            hbv_prophylaxis: self.hbv_prophylaxis,
            immunocompromised: self.immunocompromised,
            long_illness: self.long_illness.as_ref().map(|illness| LongIllness {
                ended_on: illness.ended_on.map(|day| day.0),
                since: illness.since.map(|day| day.0),
            }),
            mr_shortage: self.mr_shortage,
            rubella_test: self
                .rubella_test
                .as_ref()
                .map(|test| RubellaTest { on: test.on.0, insufficient: test.insufficient }),
            welfare: self.welfare,
            resident_from: self.resident_from.map(|day| day.0),
            resident_until: self.resident_until.map(|day| day.0),
        })
    }
}

/// A vocabulary whose codes can be listed in a message.
trait Coded: Copy {
    fn code(self) -> &'static str;
}

impl Coded for Disability {
    fn code(self) -> &'static str {
        Disability::code(self)
    }
}

impl Coded for Disease {
    fn code(self) -> &'static str {
        Disease::code(self)
    }
}

impl Coded for Vaccine {
    fn code(self) -> &'static str {
        Vaccine::code(self)
    }
}

fn names<T: Coded>(all: &[T]) -> String {
    all.iter().map(|one| one.code()).collect::<Vec<_>>().join(" ")
}

fn unknown(what: &str, code: &str, known: &str) -> String {
    let shown: String = code.chars().take(20).collect();
    format!("{what}「{shown}」を知りません。次のどれかで書いてください: {known}")
}

/// One core's room to answer in.
pub struct JapanDoor<'p> {
    japan: &'p Japan,
    as_of: Option<Date>,
    explain: bool,
    doses: Vec<GivenDose>,
}

impl<'p> JapanDoor<'p> {
    pub fn new(japan: &'p Japan, as_of: Option<Date>, explain: bool) -> Self {
        JapanDoor { japan, as_of, explain, doses: Vec::new() }
    }

    fn take_in(&mut self, line: &Line<FactsLine>) -> Result<(Person, Date), String> {
        let as_of = line::check(line, self.as_of)?;
        self.doses.clear();
        for dose in &line.doses {
            self.doses.push(given(dose)?);
        }
        let facts = line.facts.as_ref().map_or(Ok(Facts::default()), FactsLine::facts)?;
        Ok((Person { birth_date: line.birth_date.0, sex: line.sex.0, facts }, as_of))
    }
}

fn given(dose: &DoseLine) -> Result<GivenDose, String> {
    let vaccine = Vaccine::from_code(&dose.vaccine.0)
        .ok_or_else(|| unknown("ワクチン", &dose.vaccine.0, &names(Vaccine::ALL)))?;
    let volume = dose.volume_ml.map(|volume| {
        // No vaccine is given in more than a few millilitres.
        let centi = (volume * 100.0).round();
        if (1.0..=1000.0).contains(&centi) {
            Ok(centi as u16)
        } else {
            Err(format!("volume_ml ({volume}) は 0.01 から 10 までで書いてください"))
        }
    });
    Ok(GivenDose {
        on: dose.date.0,
        vaccine,
        volume_centi_ml: volume.transpose()?,
        lot_expires_on: dose.lot_expires_on.map(|day| day.0),
    })
}

impl Answers for JapanDoor<'_> {
    fn answer(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let line: Line<FactsLine> = line::parse(line)?;
        let (person, as_of) = self.take_in(&line).map_err(|error| Refusal {
            id: serde_json::to_string(&line.id).expect("writing to memory does not fail"),
            error,
        })?;
        let mut forecast = self.japan.forecast(&person, &self.doses, as_of);
        // The engine answers in the order of days; the caller counts in the order of the line.
        forecast.doses.sort_by_key(|verdict| verdict.given);
        let answer = Answer {
            id: &line.id,
            as_of: Iso(as_of),
            doses: Doses { given: &self.doses, verdicts: &forecast.doses },
            series: AllSeries(&forecast.series),
            explain: self.explain.then(|| {
                let steps = self.japan.explain(&person, &self.doses, as_of);
                steps.into_iter().map(StepLine::from).collect()
            }),
        };
        serde_json::to_writer(out, &answer).expect("writing to memory does not fail");
        Ok(())
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a Id<'a>,
    as_of: Iso,
    doses: Doses<'a>,
    series: AllSeries<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<Vec<StepLine>>,
}

/// A rule that was tried.
#[derive(Serialize)]
struct StepLine {
    series: &'static str,
    rule: String,
    outcome: String,
    /// `null` where the step only informs.
    holds: Option<bool>,
    source: &'static str,
}

impl From<Step> for StepLine {
    fn from(step: Step) -> Self {
        StepLine {
            series: step.series.code(),
            rule: step.rule,
            outcome: step.outcome,
            holds: step.holds,
            source: step.source,
        }
    }
}

struct Doses<'a> {
    given: &'a [GivenDose],
    verdicts: &'a [DoseVerdict],
}

#[derive(Serialize)]
struct VerdictLine<'a> {
    date: Iso,
    vaccine: &'static str,
    series: Option<&'static str>,
    dose: u8,
    is_teiki: bool,
    valid_for_series: bool,
    reasons: Reasons<'a>,
}

impl Serialize for Doses<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.verdicts.iter().map(|verdict| {
            let given = &self.given[verdict.given];
            VerdictLine {
                date: Iso(given.on),
                vaccine: given.vaccine.code(),
                series: verdict.series.map(domain::schedule::Series::code),
                dose: verdict.dose,
                is_teiki: verdict.is_teiki,
                valid_for_series: verdict.valid_for_series,
                reasons: Reasons(&verdict.reasons),
            }
        }))
    }
}

struct Reasons<'a>(&'a [Reason]);

#[derive(Serialize)]
struct ReasonLine {
    code: &'static str,
    ja: String,
    source: &'static str,
}

impl Serialize for Reasons<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|reason| ReasonLine {
            code: reason.code,
            ja: reason.ja(),
            source: reason.source,
        }))
    }
}

struct AllSeries<'a>(&'a [SeriesFinding]);

#[derive(Serialize)]
struct FindingLine<'a> {
    series: &'static str,
    status: &'static str,
    dose: Option<u8>,
    legal_from: Option<Iso>,
    legal_until: Option<Iso>,
    standard_from: Option<Iso>,
    standard_until: Option<Iso>,
    earliest: Option<Iso>,
    latest: Option<Iso>,
    reasons: Reasons<'a>,
}

impl Serialize for AllSeries<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|finding| FindingLine {
            series: finding.series.code(),
            status: finding.status.code(),
            dose: finding.dose,
            legal_from: finding.legal_from.map(Iso),
            legal_until: finding.legal_until.map(Iso),
            standard_from: finding.standard_from.map(Iso),
            standard_until: finding.standard_until.map(Iso),
            earliest: finding.earliest.map(Iso),
            latest: finding.latest.map(Iso),
            reasons: Reasons(&finding.reasons),
        }))
    }
}
