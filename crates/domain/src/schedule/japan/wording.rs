//! Rules in Japanese: ages, intervals and periods as the law writes them.

use super::rule::{Condition, DoseRule, Ground};
use crate::Date;
use crate::age::Days;
use crate::schedule::interpreter::{Edge, IntervalRule, Since, Span};
use crate::schedule::reason::{day_ja, period_ja};
use crate::schedule::types::Sex;

fn span_age(span: Span) -> String {
    if span.years != 0 {
        format!("{}歳", span.years)
    } else if span.months != 0 {
        format!("生後{}月", span.months)
    } else {
        format!("出生{}週{}日後", span.weeks, span.days)
    }
}

fn opens(edge: Edge) -> String {
    match edge {
        Edge::Open => String::new(),
        Edge::Age(span) if span == Span::ZERO => String::from("出生の日から"),
        Edge::Age(span) if span.weeks != 0 => format!("{}から", span_age(span)),
        Edge::Age(span) => format!("{}に達した日から", span_age(span)),
        Edge::On(day) => format!("{}から", day_ja(day)),
        Edge::FiscalYearOfAge(years) => format!("{years}歳となる日の属する年度の初日から"),
        Edge::YearBeforeSchool => String::from("小学校就学の始期の1年前の日から"),
        Edge::Gestation(weeks, days) => format!("妊娠{weeks}週{days}日から"),
    }
}

fn closes(edge: Edge) -> String {
    match edge {
        Edge::Open => String::new(),
        Edge::Age(span) if span.weeks != 0 => format!("{}まで", span_age(span)),
        Edge::Age(span) => format!("{}に至るまで", span_age(span)),
        Edge::On(day) => format!("{}まで", day_ja(day)),
        Edge::FiscalYearOfAge(years) => format!("{years}歳となる日の属する年度の末日まで"),
        Edge::YearBeforeSchool => String::from("就学の始期の前日まで"),
        Edge::Gestation(weeks, days) => format!("妊娠{weeks}週{days}日まで"),
    }
}

/// `生後2月に達した日から生後90月に至るまで`; empty where both ends are open.
pub fn ages(from: Edge, until: Edge) -> String {
    format!("{}{}", opens(from), closes(until))
}

fn length(span: Span) -> String {
    if span.half_month {
        format!("{}月半", span.months)
    } else if span.months != 0 {
        format!("{}月", span.months)
    } else {
        format!("{}日", span.days)
    }
}

pub fn days(days: Days) -> String {
    let shown = |day: Date| (day > Date::MIN && day < Date::MAX).then_some(day);
    period_ja(shown(days.from), shown(days.until))
}

/// `前の回から27日以上（医師が必要と認めた場合20日以上、標準56日まで）`.
pub fn interval(rule: &IntervalRule) -> String {
    let since = match rule.since {
        Since::PreviousDose => "前の回から",
        Since::Target(0) => "1回目から",
        Since::Target(_) => "定められた回から",
        Since::MostRecent(_) => "直近の接種から",
        Since::Day(_) => "定められた日から",
    };
    let mut text = match rule.min {
        Some(min) => format!("{since}{}以上", length(min)),
        None => format!("{since}の間隔"),
    };
    let mut more = Vec::new();
    match rule.absolute_min {
        Some(absolute) if Some(absolute) != rule.min => more.push(format!("{}以上で有効", length(absolute))),
        None if rule.min.is_some() => more.push(String::from("法定ではなく注意")),
        Some(_) | None => {}
    }
    match (rule.standard_min, rule.standard_max) {
        (Some(from), Some(until)) => more.push(format!("標準{}から{}まで", length(from), length(until))),
        (Some(from), None) => more.push(format!("標準{}以上", length(from))),
        (None, Some(until)) => more.push(format!("標準{}まで", length(until))),
        (None, None) => {}
    }
    if !more.is_empty() {
        text.push_str(&format!("（{}）", more.join("、")));
    }
    text
}

/// One dose of a course in one line.
pub fn dose(rule: &DoseRule) -> String {
    let mut parts: Vec<String> = rule.intervals.iter().map(interval).collect();
    let own = ages(rule.from, rule.until);
    if !own.is_empty() {
        parts.push(if rule.lapses { format!("{own}（その後は行わない）") } else { own });
    }
    let standard = ages(rule.standard_from, rule.standard_until);
    if !standard.is_empty() {
        parts.push(format!("標準は{standard}"));
    }
    if parts.is_empty() { rule.name.into() } else { format!("{}：{}", rule.name, parts.join("、")) }
}

pub fn condition(condition: Condition) -> String {
    match condition {
        Condition::None => String::new(),
        Condition::AnyDisability => "心臓・腎臓・呼吸器・HIV免疫の機能障害1級相当の者".into(),
        Condition::HivDisability => "HIVによる免疫機能障害1級相当の者".into(),
        Condition::MrShortage => "ワクチンの偏在により受けられなかったと市区町村長が認めた者".into(),
        Condition::RubellaTestedBy(Date::MAX) => "抗体検査で抗体価が不十分と判明した者".into(),
        Condition::RubellaTestedBy(day) => {
            format!("{}までの抗体検査で抗体価が不十分と判明した者", day_ja(day))
        }
        Condition::HpvDoseWithin(period) => format!("{}に1回以上接種した者", days(period)),
        Condition::NeverVaricella => "水痘ワクチンを受けたことのない者".into(),
        Condition::JeUnfinishedOn(day) => format!("{}に第1期を終えていない者", day_ja(day)),
        Condition::Pregnant => "妊婦（分娩予定日による）".into(),
    }
}

/// `2016年4月1日以後に生まれた者`.
pub fn born(born: Days) -> String {
    let shown = |day: Date| (day > Date::MIN && day < Date::MAX).then_some(day);
    match (shown(born.from), shown(born.until)) {
        (Some(from), None) => format!("{}以後に生まれた者", day_ja(from)),
        (None, Some(until)) => format!("{}以前に生まれた者", day_ja(until)),
        (Some(_), Some(_)) | (None, None) => format!("{}に生まれた者", days(born)),
    }
}

/// Who is a target by this ground.
pub fn ground(ground: &Ground) -> String {
    let mut parts = vec![ground.name.to_owned()];
    let own = ages(ground.window.from, ground.window.until);
    if !own.is_empty() {
        parts.push(own);
    }
    if ground.born != Days::ALWAYS {
        parts.push(born(ground.born));
    }
    match ground.sex {
        Some(Sex::Female) => parts.push("女性".into()),
        Some(Sex::Male) => parts.push("男性".into()),
        Some(Sex::Unknown) | None => {}
    }
    let asked = condition(ground.condition);
    if !asked.is_empty() {
        parts.push(asked);
    }
    parts.join("、")
}
