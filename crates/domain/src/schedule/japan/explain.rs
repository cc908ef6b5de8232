//! 説明: each rule that was tried for a person, step by step, in Japanese and with its source.

use super::case::{Case, Mismatch};
use super::checks;
use super::rule::{Asked, Programme, Season};
use super::{Japan, Scratch, ledger, programme_of, unjudged, walk_line, wording};
use crate::Date;
use crate::age::Days;
use crate::schedule::interpreter::LegalCalendar;
use crate::schedule::reason::{day_ja, period_ja};
use crate::schedule::types::{DoseVerdict, Forecast, GivenDose, Person, Series, SeriesFinding};

/// One rule that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub series: Series,
    /// The rule, as the law says it.
    pub rule: String,
    /// What it means for this person.
    pub outcome: String,
    /// Whether the rule holds; `None` where the step only informs.
    pub holds: Option<bool>,
    pub source: &'static str,
}

impl Japan {
    /// Every rule tried for the person, series by series: grounds, exclusions, doses, intervals, result.
    pub fn explain(&self, person: &Person, doses: &[GivenDose], as_of: Date) -> Vec<Step> {
        let forecast = self.forecast(person, doses, as_of);
        let known: Vec<GivenDose> = doses.iter().copied().filter(|dose| dose.on <= as_of).collect();
        let ledger = ledger::open(person, &known);
        let case = Case::new(person, self.settings(), &ledger);
        let mut steps = Vec::new();
        for finding in &forecast.series {
            let programme = programme_of(finding.series);
            grounds(&case, programme, &mut steps);
            exclusions(&case, programme, &mut steps);
            given(doses, &forecast, finding.series, &mut steps);
            if programme.season == Season::None {
                next_dose(&case, programme, as_of, &mut steps);
            }
            result(programme, finding, as_of, &mut steps);
        }
        steps
    }
}

fn mismatch(mismatch: Mismatch) -> &'static str {
    match mismatch {
        Mismatch::Sex => "性別が当たりません",
        Mismatch::Birth => "生年月日が当たりません",
        Mismatch::Condition => "要件を満たしていません",
    }
}

fn grounds(case: &Case<'_>, programme: &'static Programme, steps: &mut Vec<Step>) {
    let series = programme.series;
    if let Some(from) = programme.born_from {
        let holds = case.birth() >= from;
        steps.push(Step {
            series,
            rule: format!("{}に限る", wording::born(Days::new(from, Date::MAX))),
            outcome: if holds { "当たります".into() } else { "当たりません".into() },
            holds: Some(holds),
            source: programme.source,
        });
    }
    for ground in programme.grounds {
        let (outcome, holds) = match case.concerns(ground) {
            Err(why) => (mismatch(why).to_owned(), false),
            Ok(()) => match case.days_of(programme, ground).filter(|days| !days.is_empty()) {
                Some(days) => (format!("対象となる期間は{}です", wording::days(days)), true),
                None => (String::from("対象となる期間がありません"), false),
            },
        };
        let rule = format!("対象者：{}", wording::ground(ground));
        steps.push(Step { series, rule, outcome, holds: Some(holds), source: ground.source });
    }
}

fn exclusions(case: &Case<'_>, programme: &'static Programme, steps: &mut Vec<Step>) {
    for line in programme.lines {
        if let Some((source, args)) = checks::excluded(case, programme, line) {
            steps.push(Step {
                series: programme.series,
                rule: String::from("対象から除かれる者"),
                outcome: format!("{}に当たります", args.text),
                holds: Some(false),
                source,
            });
        }
    }
}

fn given(doses: &[GivenDose], forecast: &Forecast, series: Series, steps: &mut Vec<Step>) {
    for verdict in forecast.doses.iter().filter(|verdict| verdict.series == Some(series)) {
        let dose = &doses[verdict.given];
        steps.push(Step {
            series,
            rule: format!("接種：{} {}", day_ja(dose.on), dose.vaccine.ja()),
            outcome: counted_as(verdict).into(),
            holds: Some(verdict.is_teiki),
            source: programme_of(series).source,
        });
        for reason in &verdict.reasons {
            steps.push(Step {
                series,
                rule: format!("　確認 {}", reason.code),
                outcome: reason.ja(),
                holds: None,
                source: reason.source,
            });
        }
    }
}

fn counted_as(verdict: &DoseVerdict) -> &'static str {
    match (verdict.is_teiki, verdict.valid_for_series) {
        (true, true) => "定期接種として有効で、回数に数えます",
        (true, false) => "定期接種として有効ですが、回数に数えません",
        (false, true) => "定期接種ではありませんが、回数に数えます",
        (false, false) => "定期接種ではなく、回数にも数えません",
    }
}

/// The rules of the dose that is next.
fn next_dose(case: &Case<'_>, programme: &'static Programme, as_of: Date, steps: &mut Vec<Step>) {
    let chances = case.chances(programme);
    if chances.as_slice().is_empty() {
        return;
    }
    let mut verdicts: Vec<DoseVerdict> = case.doses.iter().map(unjudged).collect();
    let mut scratch = Scratch::default();
    for line in programme.lines {
        let (_, target) = walk_line(case, programme, line, &chances, as_of, &mut verdicts, &mut scratch);
        let past = &scratch.past;
        let rules = (line.course)(case, past, Asked { on: as_of, product: None });
        for (number, rule) in rules.iter().enumerate().skip(usize::from(target)) {
            let mut step = |rule: String, outcome: String, holds, source| {
                steps.push(Step { series: programme.series, rule, outcome, holds, source });
            };
            if let Some(why) = (line.skips)(case, past, number as u8, as_of) {
                step(rule.name.to_owned(), format!("{why}は行いません"), None, rule.source);
                continue;
            }
            let own = wording::ages(rule.from, rule.until);
            if !own.is_empty() {
                let from = rule.from.opens(LegalCalendar, &case.subject).unwrap_or(Date::MIN);
                let until = rule.until.closes(LegalCalendar, &case.subject).unwrap_or(Date::MAX);
                let days = Days::new(from, until);
                step(
                    format!("{}：{own}", rule.name),
                    wording::days(days),
                    Some(days.contains(as_of)),
                    rule.source,
                );
                if rule.lapses && as_of > until {
                    continue;
                }
            }
            for interval in rule.intervals {
                if let Some(gap) = interval.resolve(LegalCalendar, past) {
                    let first = gap.from.or(gap.standard_from).unwrap_or(gap.since);
                    step(
                        format!("{}：{}", rule.name, wording::interval(interval)),
                        format!("{}の接種から数えて{}以後です", day_ja(gap.since), day_ja(first)),
                        Some(first <= as_of),
                        rule.source,
                    );
                }
            }
            break;
        }
    }
}

fn result(programme: &'static Programme, finding: &SeriesFinding, as_of: Date, steps: &mut Vec<Step>) {
    let mut outcome = finding.status.ja().to_owned();
    if finding.legal_from.is_some() || finding.legal_until.is_some() {
        outcome.push_str("。法定の期間は");
        outcome.push_str(&period_ja(finding.legal_from, finding.legal_until));
    }
    if let Some(earliest) = finding.earliest {
        outcome.push_str("、接種できる最初の日は");
        outcome.push_str(&day_ja(earliest));
    }
    steps.push(Step {
        series: programme.series,
        rule: format!("結果：{}（{}現在）", programme.series.ja(), day_ja(as_of)),
        outcome,
        holds: Some(finding.status == crate::schedule::types::Status::Due),
        source: programme.source,
    });
    for reason in &finding.reasons {
        steps.push(Step {
            series: programme.series,
            rule: format!("　理由 {}", reason.code),
            outcome: reason.ja(),
            holds: None,
            source: reason.source,
        });
    }
}
