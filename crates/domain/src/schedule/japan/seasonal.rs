//! Programmes that come again every year (インフルエンザ, 新型コロナ), and the COVID-19 programme of 2021–2024.

use super::case::{Case, Chances, Dose};
use super::checks;
use super::covid::{self, PHASES, Phase};
use super::finding::blank;
use super::judgement::{Judgement, dates, from, until, words};
use super::rule::{Programme, Season, day};
use super::windows;
use crate::Date;
use crate::age::{self, Days};
use crate::schedule::interpreter::{Calendar, LegalCalendar};
use crate::schedule::reason::{Reason, ReasonArgs, Severity};
use crate::schedule::types::{DoseVerdict, LegalClass, SeasonDays, Series, SeriesFinding, Status, Vaccine};

/// 実施規則24条: 10月1日から翌年3月31日まで.
const COVID_SEASON: SeasonDays = SeasonDays { from: (10, 1), until: (3, 31) };

/// The season of a fiscal year.
fn season_of(case: &Case<'_>, programme: &Programme, fiscal_year: i16) -> Days {
    let season = match programme.season {
        Season::None => return age::fiscal_year_days(fiscal_year),
        Season::Influenza => case.settings.influenza,
        Season::Covid => COVID_SEASON,
    };
    let on = |(month, last): (i8, i8)| {
        let year = if month >= 4 { fiscal_year } else { fiscal_year + 1 };
        Date::constant(year, month, 1).with().day(last).build().unwrap_or(Date::constant(year, month, 1))
    };
    Days::new(on(season.from), on(season.until))
}

/// The season that a day lies in, or the next one.
fn season_from(case: &Case<'_>, programme: &Programme, on: Date) -> Days {
    let year = age::fiscal_year(on);
    let this = season_of(case, programme, year);
    if on <= this.until { this } else { season_of(case, programme, year + 1) }
}

/// Judges one dose of a seasonal programme; `so_far` are the doses of the series before it.
pub fn judge(
    case: &Case<'_>,
    programme: &'static Programme,
    chances: &Chances,
    dose: &Dose,
    so_far: &[Dose],
) -> DoseVerdict {
    let mut judgement = Judgement::new(case);
    let line = &programme.lines[0];
    checks::judge_person(case, programme, line, dose, &mut judgement);
    checks::judge_product(case, windows::product_rule(programme, dose.vaccine), dose, &mut judgement);
    let number = if programme.season == Season::Covid && dose.on < day(2024, 10, 1) {
        judge_special(case, dose, so_far, &mut judgement)
    } else {
        judge_season(case, programme, chances, dose, so_far, &mut judgement)
    };
    checks::judge_other_vaccines(case, dose, &mut judgement);
    DoseVerdict {
        given: dose.given,
        series: Some(programme.series),
        dose: number,
        is_teiki: judgement.is_teiki,
        valid_for_series: number > 0,
        reasons: judgement.reasons,
    }
}

fn judge_season(
    case: &Case<'_>,
    programme: &'static Programme,
    chances: &Chances,
    dose: &Dose,
    so_far: &[Dose],
    judgement: &mut Judgement<'_, '_>,
) -> u8 {
    let ages = windows::Windows::new(chances.as_slice(), Days::ALWAYS, Days::ALWAYS).joined();
    let is_target = ages.as_slice().iter().any(|window| window.days.contains(dose.on));
    if !is_target {
        match ages.as_slice().iter().map(|window| window.days.from).filter(|day| *day > dose.on).min() {
            Some(first) => judgement.breaks("E_AGE_EARLY", programme.source, from(first)),
            None => {
                let (code, args) = checks::why_no_target(case, programme);
                judgement.breaks(code, programme.source, args);
            }
        }
    }
    let season = season_of(case, programme, age::fiscal_year(dose.on));
    if !season.contains(dose.on) {
        judgement.breaks("E_SEASON", programme.source, dates(season.from, season.until));
    }
    if dose.vaccine == Vaccine::FluHighDose
        && let Some(rule) = windows::product_rule(programme, dose.vaccine)
        && let Some(first) = rule.from.opens(LegalCalendar, &case.subject).filter(|first| dose.on < *first)
    {
        judgement.breaks(
            "E_WRONG_PRODUCT",
            rule.source,
            ReasonArgs { text: dose.vaccine.ja(), ..from(first) },
        );
    }
    let year = age::fiscal_year(dose.on);
    let again = so_far.iter().any(|other| age::fiscal_year(other.on) == year);
    if so_far.last().is_some_and(|other| other.on == dose.on) {
        judgement.breaks("E_DUP_DAY", programme.source, words(programme.series.ja()));
        return 0;
    }
    // Children's second influenza dose of a year is a matter of their own accord, not of this programme.
    if again && is_target {
        judgement.breaks("E_EXCESS", programme.source, words(programme.series.ja()));
        return 0;
    }
    1
}

/// 接種回 of a dose after these; more than anyone had stays at the end of the scale.
fn number_after(so_far: &[Dose]) -> u8 {
    u8::try_from(so_far.len()).unwrap_or(u8::MAX).saturating_add(1)
}

fn applies(case: &Case<'_>, phase: &Phase, number: u8) -> bool {
    (phase.first_dose..=phase.last_dose).contains(&number) && !days_of(case, phase).is_empty()
}

fn days_of(case: &Case<'_>, phase: &Phase) -> Days {
    let from = phase.from.opens(LegalCalendar, &case.subject).unwrap_or(Date::MAX);
    let until = phase.until.closes(LegalCalendar, &case.subject).unwrap_or(Date::MIN);
    Days::new(from, until).and(phase.days)
}

/// 特例臨時接種: not 定期, but given under the Act at public expense; the verdict says so.
fn judge_special(case: &Case<'_>, dose: &Dose, so_far: &[Dose], judgement: &mut Judgement<'_, '_>) -> u8 {
    if dose.on < covid::SPECIAL.from {
        judgement.breaks("E_NOT_STARTED", covid::SPECIAL_LAW, from(covid::SPECIAL.from));
        return 1;
    }
    if dose.on > covid::SPECIAL.until {
        // Between the end of the special programme and the first season.
        judgement.breaks("E_SEASON", covid::SPECIAL_LAW, dates(day(2024, 10, 1), day(2025, 3, 31)));
        return number_after(so_far);
    }
    if so_far.last().is_some_and(|other| other.on == dose.on) {
        judgement.breaks("E_DUP_DAY", covid::SPECIAL_LAW, words(Series::Covid.ja()));
        return 0;
    }
    let number = number_after(so_far);
    let mut open = PHASES.iter().filter(|phase| applies(case, phase, number)).peekable();
    if open.peek().is_none() {
        judgement.breaks("E_COHORT", covid::SPECIAL_LAW, words(Series::Covid.ja()));
        return number;
    }
    let Some(phase) = open.clone().find(|phase| days_of(case, phase).contains(dose.on)) else {
        match open.map(|phase| days_of(case, phase).from).filter(|first| *first > dose.on).min() {
            Some(first) => judgement.breaks("E_AGE_EARLY", covid::SPECIAL_LAW, from(first)),
            None => judgement.breaks("E_AGE_LATE", covid::SPECIAL_LAW, until(covid::SPECIAL.until)),
        }
        return number;
    };
    if let Some(previous) = so_far.last().filter(|_| number > 1) {
        let first = LegalCalendar.interval_from(previous.on, phase.interval);
        if dose.on < first {
            let args = ReasonArgs { until: Some(previous.on), ..from(first) };
            judgement.breaks("E_INTERVAL", covid::SPECIAL_LAW, args);
            return number;
        }
    }
    judgement.notes("RINJI", covid::SPECIAL_LAW, words(phase.name));
    number
}

fn note(code: &'static str, source: &'static str, args: ReasonArgs) -> Reason {
    Reason { code, severity: Severity::Note, source, args }
}

/// Where the person stands in the season of the day asked.
pub fn finding(
    case: &Case<'_>,
    programme: &'static Programme,
    chances: &Chances,
    so_far: &[Dose],
    as_of: Date,
) -> SeriesFinding {
    if programme.season == Season::Covid && covid::SPECIAL.contains(as_of) {
        return special_finding(case, so_far, as_of);
    }
    let mut finding = blank(programme.series, Status::NotTarget);
    let ages = windows::Windows::new(chances.as_slice(), Days::ALWAYS, Days::ALWAYS).joined();
    let Some(window) = ages.as_slice().iter().find(|window| window.days.until >= as_of) else {
        let (code, args) = checks::why_no_target(case, programme);
        finding.reasons.push(note(code, programme.source, args));
        return finding;
    };
    // The age may be reached only in a later season, and another vaccine may push a dose over the season's end.
    let mut season = season_from(case, programme, window.days.from.max(as_of));
    let mut earliest = free_in(case, programme.series, window.days.and(season), as_of);
    let has_had = |season: Days| {
        let year = age::fiscal_year(season.from);
        so_far.iter().any(|dose| age::fiscal_year(dose.on) == year)
    };
    if !has_had(season) && earliest > season.until {
        season = season_from(case, programme, earliest);
        earliest = free_in(case, programme.series, window.days.and(season), as_of);
    }
    let days = window.days.and(season);
    finding.legal_from = Some(days.from);
    finding.legal_until = Some(days.until);
    if has_had(season) {
        finding.status = Status::Complete;
        let args = ReasonArgs { text: programme.series.ja(), ..dates(season.from, season.until) };
        finding.reasons.push(note("SEASON_DONE", programme.source, args));
        return finding;
    }
    finding.dose = Some(1);
    finding.earliest = Some(earliest);
    finding.latest = Some(days.until);
    let horizon = age::fiscal_year_days(age::fiscal_year(as_of) + 1).until;
    finding.status = if earliest <= as_of {
        Status::Due
    } else if earliest > horizon && programme.class == LegalClass::B {
        Status::NotTarget
    } else {
        Status::NotYet
    };
    let args = ReasonArgs { text: programme.series.ja(), ..dates(days.from, days.until) };
    finding.reasons.push(note("WINDOW", programme.source, args));
    if programme.series == Series::Flu
        && finding.status == Status::Due
        && let Some(rule) = windows::product_rule(programme, Vaccine::FluHighDose)
        && as_of >= rule.in_force.from
        && rule.from.opens(LegalCalendar, &case.subject).is_some_and(|first| first <= as_of)
    {
        finding.reasons.push(note("HIGH_DOSE", rule.source, ReasonArgs::default()));
    }
    finding
}

/// The first day of a season that keeps the distance to other vaccines (until 2020-09-30 inactivated ones too).
fn free_in(case: &Case<'_>, series: Series, days: Days, as_of: Date) -> Date {
    checks::free_of_others(case, series, Vaccine::Flu, days.from, as_of)
}

/// 特例臨時接種 on a day between 2021-02-17 and 2024-03-31.
fn special_finding(case: &Case<'_>, so_far: &[Dose], as_of: Date) -> SeriesFinding {
    let mut finding = blank(Series::Covid, Status::Expired);
    let number = number_after(so_far);
    finding.dose = Some(number);
    let next = PHASES
        .iter()
        .filter(|phase| applies(case, phase, number))
        .filter_map(|phase| {
            let days = days_of(case, phase);
            let after = so_far.last().map_or(days.from, |previous| {
                LegalCalendar.interval_from(previous.on, phase.interval).max(days.from)
            });
            (after <= days.until && as_of <= days.until).then_some((after, days, phase))
        })
        .min_by_key(|(after, _, _)| *after);
    match next {
        Some((earliest, days, phase)) => {
            finding.status = if earliest <= as_of { Status::Due } else { Status::NotYet };
            finding.legal_from = Some(days.from);
            finding.legal_until = Some(days.until);
            finding.earliest = Some(earliest);
            finding.latest = Some(days.until);
            let args = ReasonArgs { text: phase.name, ..dates(days.from, days.until) };
            finding.reasons.push(note("WINDOW", covid::SPECIAL_LAW, args));
        }
        None => {
            finding.reasons.push(note("EXPIRED", covid::SPECIAL_LAW, until(covid::SPECIAL.until)));
        }
    }
    finding
}
