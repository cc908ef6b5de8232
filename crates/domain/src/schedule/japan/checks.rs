//! The checks that do not depend on the dose's place in its course: person, product, volume, lot, other vaccines.

use super::between;
use super::case::{Case, Dose, Mismatch};
use super::judgement::{Judgement, dates, from, until, words};
use super::rule::{Line, ProductRule, Programme};
use crate::Date;
use crate::age::{self, Days};
use crate::schedule::interpreter::LegalCalendar;
use crate::schedule::reason::ReasonArgs;
use crate::schedule::types::{DiseaseSet, Series, Vaccine};

pub fn judge_residence(
    case: &Case<'_>,
    programme: &Programme,
    dose: &Dose,
    judgement: &mut Judgement<'_, '_>,
) {
    let source = "予防接種法5条1項(区域内に居住する者)";
    let facts = &case.person.facts;
    if facts.resident_until.is_some_and(|last| dose.on > last) {
        let args = facts.resident_until.map_or(ReasonArgs::default(), until);
        judgement.breaks("E_NOT_RESIDENT", source, args);
    } else if let Some(since) = facts.resident_from.filter(|since| dose.on < *since) {
        // Given elsewhere before moving in: it stays what it was there.
        let args = ReasonArgs { text: programme.series.ja(), ..from(since) };
        judgement.notes("W_OTHER_MUNICIPALITY", source, args);
    }
}

/// Resident, target at all, excluded.
pub fn judge_person(
    case: &Case<'_>,
    programme: &Programme,
    line: &Line,
    dose: &Dose,
    judgement: &mut Judgement<'_, '_>,
) {
    if !case.is_resident(dose.on) {
        judge_residence(case, programme, dose, judgement);
    }
    if let Some((source, args)) = excluded(case, programme, line) {
        judgement.breaks("E_EXCLUDED", source, args);
    }
}

/// Who is taken out of the target though age and cohort fit (施行令3条1項, 施行規則2条).
pub fn excluded(case: &Case<'_>, programme: &Programme, line: &Line) -> Option<(&'static str, ReasonArgs)> {
    let facts = &case.person.facts;
    if facts.had_disease == DiseaseSet::NONE && !facts.hbv_prophylaxis {
        return None;
    }
    if programme.series == Series::HepB && facts.hbv_prophylaxis {
        return Some(("予防接種法施行規則2条(母子感染予防)", words("B型肝炎母子感染予防を受けているため")));
    }
    if line.excluded_by.is_disjoint(facts.had_disease) {
        return None;
    }
    let had = facts.had_disease.iter().find(|disease| line.excluded_by.contains(*disease))?;
    Some((
        "予防接種法施行令3条1項(かかったことのある者を除く)",
        ReasonArgs { text: had.ja(), number: Some(1), ..ReasonArgs::default() },
    ))
}

/// Product in force, its dose volume, the lot.
pub fn judge_product(
    case: &Case<'_>,
    product: Option<&ProductRule>,
    dose: &Dose,
    judgement: &mut Judgement<'_, '_>,
) {
    if let Some(product) = product {
        if !product.in_force.contains(dose.on) {
            let args = ReasonArgs {
                text: dose.vaccine.ja(),
                ..dates(product.in_force.from, product.in_force.until)
            };
            judgement.breaks("E_PRODUCT_NOT_IN_FORCE", product.source, args);
        }
        if let Some(volume) = dose.volume_centi_ml {
            judge_volume(case, product, dose, volume, judgement);
        }
    }
    if let Some(last) = dose.lot_expires_on.filter(|last| *last < dose.on) {
        judgement.breaks("E_LOT_EXPIRED", "定期接種実施要領 第1(有効期限の確認)", until(last));
    }
}

/// On the eve of a birthday both ages apply, so both volumes are right.
fn judge_volume(
    case: &Case<'_>,
    product: &ProductRule,
    dose: &Dose,
    volume: u16,
    judgement: &mut Judgement<'_, '_>,
) {
    let mut right = None;
    for rule in product.volumes {
        let from = rule.from.opens(LegalCalendar, &case.subject).unwrap_or(Date::MIN);
        let until = rule.until.closes(LegalCalendar, &case.subject).unwrap_or(Date::MAX);
        if Days::new(from, until).contains(dose.on) {
            if rule.centi_ml == volume {
                return;
            }
            right = Some(rule.centi_ml);
        }
    }
    if let Some(right) = right {
        let args = ReasonArgs { number: Some(i32::from(right)), ..ReasonArgs::default() };
        judgement.breaks("E_VOLUME", product.source, args);
    }
}

/// The distance to every other vaccine given before, by the rule of the day.
pub fn judge_other_vaccines(case: &Case<'_>, dose: &Dose, judgement: &mut Judgement<'_, '_>) {
    if !between::keeps_distance(dose.vaccine, dose.on) {
        return;
    }
    for other in given_shortly_before(case, dose.on) {
        if keeps_own_interval(other, dose.series, dose.vaccine) {
            continue;
        }
        if let Some((first, source)) = between::first_day(other.vaccine, other.on, dose.vaccine, dose.on)
            && dose.on < first
        {
            let args = ReasonArgs { text: other.vaccine.ja(), until: Some(other.on), ..from(first) };
            judgement.breaks("E_LIVE_INTERVAL", source, args);
        }
    }
}

/// Doses of the four weeks before a day, the latest first: older ones are out of every distance's reach.
pub fn given_shortly_before<'c>(case: &Case<'c>, on: Date) -> impl Iterator<Item = &'c Dose> + use<'c> {
    let reach = age::plus_days(on, -28);
    let before = case.doses.partition_point(|other| other.on < on);
    case.doses[..before].iter().rev().take_while(move |other| other.on >= reach)
}

/// The first day on or after `earliest`, and not before the day asked, that keeps the distance to what was given by
/// then; `earliest` itself where nothing stands in the way.
pub fn free_of_others(
    case: &Case<'_>,
    series: Series,
    vaccine: Vaccine,
    earliest: Date,
    as_of: Date,
) -> Date {
    let asked = earliest.max(as_of);
    if !between::keeps_distance(vaccine, asked) {
        return earliest;
    }
    let mut day = asked;
    loop {
        let before = day;
        // Same-day vaccination is free; once the day moves on, today's doses count too.
        for other in given_shortly_before(case, day) {
            if keeps_own_interval(other, Some(series), vaccine) || other.on > as_of {
                continue;
            }
            if let Some((first, _)) = between::first_day(other.vaccine, other.on, vaccine, day) {
                // The old rule ends with its last day in force.
                let rule_ends = between::ONLY_LIVE_SINCE;
                let then = between::first_day(other.vaccine, other.on, vaccine, rule_ends)
                    .map_or(rule_ends, |(first, _)| first.max(rule_ends));
                day = day.max(if day < rule_ends { first.min(then) } else { first });
            }
        }
        if day == before {
            return if day == asked { earliest } else { day };
        }
    }
}

/// Doses of one series keep that series' interval, not the one between different vaccines; 麻しん and 風しん given
/// apart are different vaccines all the same.
fn keeps_own_interval(other: &Dose, series: Option<Series>, vaccine: Vaccine) -> bool {
    let apart = between::kind(vaccine) == between::Kind::InjectedLive && other.vaccine != vaccine;
    series.is_some() && other.series == series && !apart
}

/// Why no ground fits the person at all.
pub fn why_no_target(case: &Case<'_>, programme: &Programme) -> (&'static str, ReasonArgs) {
    if let Some(born) = programme.born_from.filter(|from| case.birth() < *from) {
        return ("E_COHORT", from(born));
    }
    // The ground that comes nearest says most.
    let nearest = programme.grounds.iter().filter_map(|ground| case.concerns(ground).err()).max();
    match nearest {
        Some(Mismatch::Sex) => ("E_SEX", words(programme.series.ja())),
        Some(Mismatch::Condition) => ("E_CONDITION", words(condition_words(programme.series))),
        Some(Mismatch::Birth) | None => match programme.series {
            Series::Rsv => ("E_CONDITION", words(condition_words(Series::Rsv))),
            _ => ("E_COHORT", words(programme.series.ja())),
        },
    }
}

fn condition_words(series: Series) -> &'static str {
    match series {
        Series::Rsv => "分娩予定日を登録してください",
        Series::Rubella5 => "令和7年3月31日までの抗体検査で抗体価が不十分であることを確認してください",
        Series::Zoster => "60歳から64歳までは、HIVによる免疫機能障害1級の方だけが対象です",
        Series::Flu | Series::Covid | Series::Ppv => {
            "60歳から64歳までは、心臓・腎臓・呼吸器・HIV免疫の機能障害1級の方だけが対象です"
        }
        Series::Mr1 | Series::Mr2 => "ワクチンの偏在により受けられなかったことの認定を確認してください",
        Series::Hpv => "令和4年4月1日から令和7年3月31日までに1回以上接種した方だけが対象です",
        Series::HepB
        | Series::Rota
        | Series::Dpt
        | Series::Hib
        | Series::Pcv
        | Series::Bcg
        | Series::Var
        | Series::Je1
        | Series::Je2
        | Series::Dt2 => "特例の要件を確認してください",
    }
}
