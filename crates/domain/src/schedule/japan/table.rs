//! The rules in force on a day, as a table in Japanese that a lawyer can check.

use super::rule::{LongIllnessRule, ProductRule, Programme};
use super::{Japan, between, covid, programme_of, wording};
use crate::Date;
use crate::age::Days;
use crate::schedule::types::{LegalClass, Series};

/// One line of the printed table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRow {
    pub series: Series,
    pub class: LegalClass,
    /// 対象者, 接種, 製品, 除外, 特例.
    pub kind: &'static str,
    pub text: String,
    pub source: &'static str,
    /// Days of vaccination this line applies to.
    pub in_force: Days,
}

impl Japan {
    /// Every rule in force on a day, with its article.
    pub fn rules_table(&self, on: Date) -> Vec<RuleRow> {
        let mut rows = Vec::new();
        for series in Series::ALL {
            rows_of(programme_of(*series), on, &mut rows);
        }
        // Lines of one programme share courses.
        let mut told: Vec<(Series, String)> = Vec::new();
        rows.retain(|row| {
            let line = (row.series, format!("{}{}", row.kind, row.text));
            let is_new = !told.contains(&line);
            if is_new {
                told.push(line);
            }
            is_new
        });
        rows
    }

    /// The programmes that take anyone in on a day.
    pub fn rules_in_force(&self, on: Date) -> impl Iterator<Item = &'static Programme> {
        Series::ALL.iter().map(|series| programme_of(*series)).filter(move |programme| {
            programme.grounds.iter().any(|ground| ground.window.in_force.contains(on))
        })
    }
}

fn rows_of(programme: &'static Programme, on: Date, rows: &mut Vec<RuleRow>) {
    let mut row = |kind, text, source, in_force: Days| {
        rows.push(RuleRow { series: programme.series, class: programme.class, kind, text, source, in_force });
    };
    let grounds = || programme.grounds.iter().filter(|ground| ground.window.in_force.contains(on));
    if programme.series == Series::Covid && covid::SPECIAL.contains(on) {
        for phase in covid::PHASES.iter().filter(|phase| phase.days.contains(on)) {
            let text = format!("{}、{}", phase.name, wording::ages(phase.from, phase.until));
            row("臨時接種", text, covid::SPECIAL_LAW, phase.days);
        }
        return;
    }
    if grounds().next().is_none() {
        return;
    }
    for ground in grounds() {
        row("対象者", wording::ground(ground), ground.source, ground.window.in_force);
    }
    if let Some(from) = programme.born_from {
        let text = format!("{}に限る", wording::born(Days::new(from, Date::MAX)));
        row("対象者", text, programme.source, Days::ALWAYS);
    }
    for line in programme.lines {
        for course in line.courses {
            for dose in course.doses {
                let text = format!("{} {}", course.name, wording::dose(dose));
                row("接種", text, dose.source, Days::ALWAYS);
            }
        }
        for disease in line.excluded_by.iter() {
            let text = format!("{}にかかったことのある者を除く", disease.ja());
            row("除外", text, "予防接種法施行令3条1項", Days::ALWAYS);
        }
    }
    let used = |product: &&ProductRule| {
        let is_of_a_line = programme.lines.iter().any(|line| line.products.contains(product.vaccine as u16));
        product.in_force.contains(on) && is_of_a_line
    };
    for product in programme.products.iter().filter(used) {
        let ages = wording::ages(product.from, product.until);
        let volumes: Vec<String> = product
            .volumes
            .iter()
            .map(|volume| {
                let ages = wording::ages(volume.from, volume.until);
                format!("{ages}{}mL", f64::from(volume.centi_ml) / 100.0)
            })
            .collect();
        let mut text = product.vaccine.ja().to_owned();
        for part in std::iter::once(ages).chain(volumes).filter(|part| !part.is_empty()) {
            text.push('、');
            text.push_str(&part);
        }
        row("製品", text, product.source, product.in_force);
    }
    for remark in programme.remarks {
        row("定め", remark.text.to_owned(), remark.source, Days::ALWAYS);
    }
    match programme.long_illness {
        LongIllnessRule::NotCovered => {}
        LongIllnessRule::Until(cap) => {
            let years = if programme.class == LegalClass::A { 2 } else { 1 };
            let cap = wording::ages(crate::schedule::interpreter::Edge::Open, cap);
            let text = format!(
                "長期療養等の事由がなくなった日から{years}年を経過する日まで{}",
                if cap.is_empty() { cap } else { format!("（{cap}）") }
            );
            row("特例", text, "予防接種法施行令3条2項、施行規則2条の9", Days::ALWAYS);
        }
    }
    if between::kind(first_product(programme)) == between::Kind::InjectedLive
        && on >= between::ONLY_LIVE_SINCE
    {
        let text = String::from("他の注射生ワクチンから27日以上");
        row("間隔", text, between::SOURCE_NOW, Days::new(between::ONLY_LIVE_SINCE, Date::MAX));
    } else if on < between::ONLY_LIVE_SINCE {
        let text = String::from("他の生ワクチンから27日以上、他の不活化ワクチンから6日以上");
        row("間隔", text, between::SOURCE_THEN, Days::new(Date::MIN, between::ONLY_LIVE_SINCE));
    }
}

fn first_product(programme: &Programme) -> crate::schedule::types::Vaccine {
    programme.products.first().expect("every programme has a product").vaccine
}
