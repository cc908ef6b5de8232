//! The Japanese pack (予防接種法に基づく定期接種): the law as tables, one file for each programme.
//!
//! Start reading at [`rule`] (the shape of a table), then any programme; [`course`] and [`checks`] judge doses,
//! [`finding`] says what is next.

pub mod bcg;
pub mod between;
pub mod case;
pub mod checks;
pub mod course;
pub mod covid;
pub mod dpt;
pub mod explain;
pub mod finding;
pub mod hepatitis_b;
pub mod hib;
pub mod hpv;
pub mod influenza;
pub mod japanese_encephalitis;
pub mod judgement;
pub mod ledger;
pub mod measles_rubella;
pub mod pneumococcal_adult;
pub mod pneumococcal_child;
pub mod rotavirus;
pub mod rsv;
pub mod rule;
pub mod seasonal;
pub mod table;
pub mod varicella;
pub mod windows;
pub mod wording;
pub mod zoster;

pub use self::explain::Step;
pub use self::table::RuleRow;

use self::case::{Case, Chances, Dose};
use self::course::LineWalk;
use self::finding::{Answer, Standing};
use self::judgement::{Judgement, dates, words};
use self::rule::{Asked, Line, Programme, Season};
use super::interpreter::{self, PastDose};
use super::reason::{Reason, ReasonArgs, Severity};
use super::types::*;
use crate::Date;
use crate::age;

/// The programme of a series.
pub fn programme_of(series: Series) -> &'static Programme {
    match series {
        Series::HepB => &hepatitis_b::PROGRAMME,
        Series::Rota => &rotavirus::PROGRAMME,
        Series::Dpt => &dpt::PROGRAMME,
        Series::Hib => &hib::PROGRAMME,
        Series::Pcv => &pneumococcal_child::PROGRAMME,
        Series::Bcg => &bcg::PROGRAMME,
        Series::Mr1 => &measles_rubella::FIRST,
        Series::Mr2 => &measles_rubella::SECOND,
        Series::Var => &varicella::PROGRAMME,
        Series::Je1 => &japanese_encephalitis::FIRST,
        Series::Je2 => &japanese_encephalitis::SECOND,
        Series::Dt2 => &dpt::SECOND_PERIOD,
        Series::Hpv => &hpv::PROGRAMME,
        Series::Rsv => &rsv::PROGRAMME,
        Series::Flu => &influenza::PROGRAMME,
        Series::Covid => &covid::PROGRAMME,
        Series::Ppv => &pneumococcal_adult::PROGRAMME,
        Series::Zoster => &zoster::PROGRAMME,
        Series::Rubella5 => &measles_rubella::FIFTH_PERIOD,
    }
}

/// The engine, prepared once for a municipality's settings and shared by all threads.
#[derive(Clone, Debug)]
pub struct Japan {
    settings: Settings,
}

/// Scratch lists, so that a person costs few allocations.
#[derive(Default)]
struct Scratch {
    past: Vec<PastDose>,
    of_line: Vec<u16>,
    seasonal: Vec<Dose>,
}

impl Japan {
    pub fn new(settings: Settings) -> Self {
        Japan { settings }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Judges every dose by the rules of its own day and says what is next in every series on `as_of`.
    /// `doses` may come in any order; doses after `as_of` are judged too but do not count as given yet.
    pub fn forecast(&self, person: &Person, doses: &[GivenDose], as_of: Date) -> Forecast {
        let mut forecast = self.judge_all(person, doses, as_of);
        if doses.iter().any(|dose| dose.on > as_of) {
            // What has not happened yet must not decide what is next, by whatever rule.
            let known: Vec<GivenDose> = doses.iter().copied().filter(|dose| dose.on <= as_of).collect();
            forecast.series = self.judge_all(person, &known, as_of).series;
        }
        forecast
    }

    fn judge_all(&self, person: &Person, doses: &[GivenDose], as_of: Date) -> Forecast {
        let ledger = ledger::open(person, doses);
        let case = Case::new(person, &self.settings, &ledger);
        let mut verdicts: Vec<DoseVerdict> = ledger.iter().map(unjudged).collect();
        let mut scratch = Scratch::default();
        let mut findings = Vec::with_capacity(Series::ALL.len());
        for series in Series::ALL {
            let programme = programme_of(*series);
            let finding = match programme.season {
                Season::None => self.course(&case, programme, as_of, &mut verdicts, &mut scratch),
                Season::Influenza | Season::Covid => {
                    self.season(&case, programme, as_of, &mut verdicts, &mut scratch)
                }
            };
            findings.push(finding);
        }
        second_period_waits(&case, &mut findings, as_of);
        if !case.is_resident(as_of) {
            findings.iter_mut().for_each(|finding| not_resident(&case, finding));
        }
        for (verdict, dose) in verdicts.iter_mut().zip(&ledger) {
            if dose.series.is_none() {
                *verdict = of_no_series(&case, dose);
            }
        }
        Forecast { as_of, doses: verdicts, series: findings }
    }

    /// Judges one dose that is about to be recorded, among the others. The verdict's reasons hold every rule
    /// that it breaks at once.
    pub fn check(&self, person: &Person, others: &[GivenDose], candidate: &GivenDose) -> DoseVerdict {
        let mut doses = Vec::with_capacity(others.len() + 1);
        doses.extend_from_slice(others);
        doses.push(*candidate);
        let mut forecast = self.forecast(person, &doses, candidate.on);
        let at = forecast.doses.iter().position(|verdict| verdict.given == others.len());
        forecast.doses.swap_remove(at.expect("every dose has a verdict"))
    }

    fn course(
        &self,
        case: &Case<'_>,
        programme: &'static Programme,
        as_of: Date,
        verdicts: &mut [DoseVerdict],
        scratch: &mut Scratch,
    ) -> SeriesFinding {
        let chances = case.chances(programme);
        let all_excluded =
            programme.lines.iter().all(|line| checks::excluded(case, programme, line).is_some());
        let mut best: Option<SeriesFinding> = None;
        for line in programme.lines {
            // Who had one of two diseases is asked for the other only.
            if !all_excluded && checks::excluded(case, programme, line).is_some() {
                continue;
            }
            let (finding, _) = walk_line(case, programme, line, &chances, as_of, verdicts, scratch);
            best = Some(match best {
                Some(known) if urgency(known.status) <= urgency(finding.status) => known,
                Some(_) | None => finding,
            });
        }
        let mut finding = best.expect("every programme has a line");
        match programme.series {
            Series::Hib => hib_in_five(&mut finding, &scratch.past),
            Series::Rota => product_windows(case, programme, &chances, &mut finding, &scratch.past),
            Series::Rsv => earlier_pregnancies(case, programme, verdicts),
            Series::HepB
            | Series::Dpt
            | Series::Pcv
            | Series::Bcg
            | Series::Mr1
            | Series::Mr2
            | Series::Var
            | Series::Je1
            | Series::Je2
            | Series::Dt2
            | Series::Hpv
            | Series::Flu
            | Series::Covid
            | Series::Ppv
            | Series::Zoster
            | Series::Rubella5 => {}
        }
        note_long_illness(&chances, &mut finding, as_of);
        finding
    }

    fn season(
        &self,
        case: &Case<'_>,
        programme: &'static Programme,
        as_of: Date,
        verdicts: &mut [DoseVerdict],
        scratch: &mut Scratch,
    ) -> SeriesFinding {
        let chances = case.chances(programme);
        scratch.seasonal.clear();
        let mut given = 0;
        for (index, dose) in case.doses.iter().enumerate() {
            if dose.series == Some(programme.series) {
                verdicts[index] = seasonal::judge(case, programme, &chances, dose, &scratch.seasonal);
                scratch.seasonal.push(*dose);
                given += usize::from(dose.on <= as_of);
            }
        }
        seasonal::finding(case, programme, &chances, &scratch.seasonal[..given], as_of)
    }
}

/// Complete only when every line is; otherwise the line with most to do speaks.
fn urgency(status: Status) -> u8 {
    match status {
        Status::Due => 0,
        Status::NotYet => 1,
        Status::Expired => 2,
        Status::Excluded => 3,
        Status::NotTarget => 4,
        Status::Complete => 5,
    }
}

fn walk_line(
    case: &Case<'_>,
    programme: &'static Programme,
    line: &'static Line,
    chances: &Chances,
    as_of: Date,
    verdicts: &mut [DoseVerdict],
    scratch: &mut Scratch,
) -> (SeriesFinding, u8) {
    let Scratch { past, of_line, .. } = scratch;
    past.clear();
    of_line.clear();
    let mut given = 0;
    for (index, dose) in case.doses.iter().enumerate() {
        if belongs(case, programme, line, dose) {
            of_line.push(index as u16);
            given += usize::from(dose.on <= as_of);
        } else if programme.series == Series::Je2 && dose.series == Some(Series::Je1) && dose.on <= as_of {
            past.push(PastDose { on: dose.on, product: dose.vaccine as u16, target: None });
        }
    }
    let mut walk = LineWalk {
        case,
        programme,
        line,
        chances: chances.as_slice(),
        past,
        verdicts,
        asked: Asked { on: as_of, product: None },
        left_out: None,
    };
    let target = interpreter::walk(&mut walk, &of_line[..given]);
    let has_teiki = of_line[..given].iter().any(|index| walk.verdicts[usize::from(*index)].is_teiki);
    let finding =
        Answer { case, programme, chances, as_of }.of(&Standing { line, target, past: walk.past, has_teiki });
    interpreter::walk_from(&mut walk, target, &of_line[given..]);
    (finding, target)
}

/// Doses of the programme itself, and those of a combined product that contains it.
fn belongs(case: &Case<'_>, programme: &Programme, line: &Line, dose: &Dose) -> bool {
    if programme.series == Series::Hib {
        return line.products.contains(dose.vaccine as u16);
    }
    if dose.series != Some(programme.series) || !line.products.contains(dose.vaccine as u16) {
        return false;
    }
    // Each pregnancy begins anew.
    programme.series != Series::Rsv
        || case.person.facts.due_date.is_some_and(|due| is_of_pregnancy(dose.on, due))
}

fn is_of_pregnancy(on: Date, due: Date) -> bool {
    age::gestation_week(due, 0, 0) <= on
}

fn unjudged(dose: &Dose) -> DoseVerdict {
    DoseVerdict {
        given: dose.given,
        series: None,
        dose: 0,
        is_teiki: false,
        valid_for_series: false,
        reasons: Vec::new(),
    }
}

/// A vaccine outside the law: recorded because it stands in the way of others.
fn of_no_series(case: &Case<'_>, dose: &Dose) -> DoseVerdict {
    let mut judgement = Judgement::new(case);
    judgement.notes("NO_SERIES", "予防接種法2条", words(dose.vaccine.ja()));
    checks::judge_other_vaccines(case, dose, &mut judgement);
    DoseVerdict { reasons: judgement.reasons, ..unjudged(dose) }
}

/// 五種混合 contains Hib: who is on it needs none apart.
fn hib_in_five(finding: &mut SeriesFinding, past: &[PastDose]) {
    let source = "定期接種実施要領(五種混合)";
    let five = past.iter().any(|dose| windows::vaccine_of(dose) == Vaccine::Dpt5);
    let note = |code| Reason { code, severity: Severity::Note, source, args: ReasonArgs::default() };
    if five && finding.status != Status::Complete {
        finding.status = Status::NotTarget;
        finding.reasons.insert(0, note("HIB_BY_DPT5"));
    } else if past.is_empty() && matches!(finding.status, Status::Due | Status::NotYet) {
        finding.reasons.push(note("HIB_IN_DPT5"));
    }
}

/// Before the first dose each product has a window of its own.
fn product_windows(
    case: &Case<'_>,
    programme: &'static Programme,
    chances: &Chances,
    finding: &mut SeriesFinding,
    past: &[PastDose],
) {
    if !past.is_empty() || !matches!(finding.status, Status::Due | Status::NotYet) {
        return;
    }
    for product in programme.products {
        let offered = interpreter::ProductSet::NONE.with(product.vaccine as u16);
        let ages = windows::ages_of_products(case, programme, &offered);
        if let Some(chance) = chances.as_slice().first() {
            let days = chance.days.and(ages);
            finding.reasons.push(Reason {
                code: "PRODUCT_WINDOW",
                severity: Severity::Note,
                source: product.source,
                args: ReasonArgs { text: product.vaccine.ja(), ..dates(days.from, days.until) },
            });
        }
    }
}

/// 妊娠ごとに1回: doses of other pregnancies are judged without their due date, which is not known any more.
fn earlier_pregnancies(case: &Case<'_>, programme: &'static Programme, verdicts: &mut [DoseVerdict]) {
    for (index, dose) in case.doses.iter().enumerate() {
        if dose.series != Some(Series::Rsv) || verdicts[index].series.is_some() {
            continue;
        }
        let mut judgement = Judgement::new(case);
        checks::judge_person(case, programme, &programme.lines[0], dose, &mut judgement);
        checks::judge_product(case, windows::product_rule(programme, dose.vaccine), dose, &mut judgement);
        if case.person.sex != Sex::Female {
            judgement.breaks("E_SEX", programme.source, words(programme.series.ja()));
        }
        let is_double = index > 0
            && case.doses[index - 1].on == dose.on
            && case.doses[index - 1].series == Some(Series::Rsv);
        if is_double {
            judgement.breaks("E_DUP_DAY", programme.source, words(programme.series.ja()));
        }
        judgement.warns("W_DUE_DATE", programme.source, ReasonArgs::default());
        verdicts[index] = DoseVerdict {
            given: dose.given,
            series: Some(Series::Rsv),
            dose: u8::from(!is_double),
            is_teiki: judgement.is_teiki,
            valid_for_series: !is_double,
            reasons: judgement.reasons,
        };
    }
}

fn note_long_illness(chances: &Chances, finding: &mut SeriesFinding, as_of: Date) {
    let extra = chances.as_slice().iter().find(|chance| chance.ground == Chances::LONG_ILLNESS);
    if let Some(chance) = extra
        && matches!(finding.status, Status::Due | Status::NotYet)
        && as_of <= chance.days.until
    {
        finding.reasons.push(Reason {
            code: "LONG_ILLNESS",
            severity: Severity::Note,
            source: "予防接種法施行令3条2項、施行規則2条の9",
            args: dates(chance.days.from, chance.days.until),
        });
    }
}

/// 日本脳炎の特例: 第2期 comes after the rest of 第1期, each 6日以上 apart.
fn second_period_waits(case: &Case<'_>, findings: &mut [SeriesFinding], as_of: Date) {
    use japanese_encephalitis::{is_special_a, is_special_b};
    if !(is_special_a(case.birth()) || is_special_b(case.birth())) {
        return;
    }
    let of = |series: Series| findings.iter().position(|finding| finding.series == series);
    let (Some(first), Some(second)) = (of(Series::Je1), of(Series::Je2)) else { return };
    let (status, next, dose) = (findings[first].status, findings[first].earliest, findings[first].dose);
    if !matches!(status, Status::Due | Status::NotYet) {
        return;
    }
    let finding = &mut findings[second];
    if !matches!(finding.status, Status::Due | Status::NotYet) {
        return;
    }
    let rest = 4 - i32::from(dose.unwrap_or(1));
    let waits = next.map(|day| age::plus_days(day.max(as_of), 7 * rest)).max(finding.earliest);
    finding.earliest = waits;
    finding.status = if waits > finding.latest { Status::Expired } else { Status::NotYet };
    finding.reasons.push(Reason {
        code: "JE1_FIRST",
        severity: Severity::Note,
        source: "予防接種実施規則附則(日本脳炎の特例)",
        args: ReasonArgs::default(),
    });
}

/// 法5条1項: only who lives in the area. What was completed stays completed.
fn not_resident(case: &Case<'_>, finding: &mut SeriesFinding) {
    if finding.status == Status::Complete {
        return;
    }
    finding.status = Status::NotTarget;
    finding.reasons.insert(
        0,
        Reason {
            code: "E_NOT_RESIDENT",
            severity: Severity::Error,
            source: "予防接種法5条1項(区域内に居住する者)",
            args: ReasonArgs { until: case.person.facts.resident_until, ..ReasonArgs::default() },
        },
    );
}
