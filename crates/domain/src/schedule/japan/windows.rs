//! The periods in which one dose of one product may be given, and what is known of the doses before it.

use super::case::{Case, Chance, Chances};
use super::rule::{DoseRule, ProductRule, Programme};
use crate::Date;
use crate::age::{self, Days};
use crate::schedule::interpreter::{Edge, LegalCalendar, PastDose, ProductSet, Window};
use crate::schedule::types::Vaccine;

pub const MAX: usize = Chances::MAX;

/// Windows of one dose: the chances, narrowed by the dose's own ages and the product's.
pub struct Windows {
    windows: [Window; MAX],
    len: usize,
}

impl Windows {
    /// `own`: the ages of the dose; `product`: those of the product, which 長期療養特例 passes over in favour of its
    /// own caps.
    pub fn new(chances: &[Chance], own: Days, product: Days) -> Windows {
        const EMPTY: Window = Window { absolute_from: Date::MIN, days: Days::ALWAYS, standard: Days::ALWAYS };
        let mut windows = Windows { windows: [EMPTY; MAX], len: 0 };
        for chance in chances {
            let is_special = chance.ground == Chances::LONG_ILLNESS;
            let days = chance.days.and(own).and(if is_special { Days::ALWAYS } else { product });
            if !days.is_empty() {
                windows.windows[windows.len] = Window { absolute_from: days.from, days, ..EMPTY };
                windows.len += 1;
            }
        }
        windows
    }

    pub fn as_slice(&self) -> &[Window] {
        &self.windows[..self.len]
    }

    /// Joins periods that follow each other without a gap, as a person experiences them.
    #[must_use]
    pub fn joined(mut self) -> Windows {
        if self.len < 2 {
            return self;
        }
        self.windows[..self.len].sort_unstable_by_key(|window| window.days.from);
        let mut last = 0;
        for at in 1..self.len {
            let next = self.windows[at];
            let kept = &mut self.windows[last];
            if kept.days.until == Date::MAX || next.days.from <= age::plus_days(kept.days.until, 1) {
                kept.days.until = kept.days.until.max(next.days.until);
            } else {
                last += 1;
                self.windows[last] = next;
            }
        }
        self.len = last + 1;
        self
    }
}

/// How many doses of the line counted.
pub fn counted(past: &[PastDose]) -> usize {
    past.iter().filter(|dose| dose.target.is_some()).count()
}

pub fn vaccine_of(dose: &PastDose) -> Vaccine {
    Vaccine::ALL[usize::from(dose.product)]
}

/// The first dose that counted.
pub fn first(past: &[PastDose]) -> Option<&PastDose> {
    past.iter().find(|dose| dose.target.is_some())
}

/// The ages a dose of the course is limited to.
pub fn own_ages(case: &Case<'_>, rule: &DoseRule) -> Days {
    if matches!((rule.from, rule.until), (Edge::Open, Edge::Open)) {
        return Days::ALWAYS;
    }
    Days::new(
        rule.from.opens(LegalCalendar, &case.subject).unwrap_or(Date::MIN),
        rule.until.closes(LegalCalendar, &case.subject).unwrap_or(Date::MAX),
    )
}

pub fn ages_of(case: &Case<'_>, product: &ProductRule) -> Days {
    if matches!((product.from, product.until), (Edge::Open, Edge::Open)) {
        return Days::ALWAYS;
    }
    Days::new(
        product.from.opens(LegalCalendar, &case.subject).unwrap_or(Date::MIN),
        product.until.closes(LegalCalendar, &case.subject).unwrap_or(Date::MAX),
    )
}

/// From the youngest to the oldest age at which one of the products may be used.
pub fn ages_of_products(case: &Case<'_>, programme: &Programme, offered: &ProductSet) -> Days {
    let mut all: Option<Days> = None;
    for product in programme.products {
        if offered.contains(product.vaccine as u16) {
            let ages = ages_of(case, product);
            if ages == Days::ALWAYS {
                return ages;
            }
            all = Some(
                all.map_or(ages, |known| Days::new(known.from.min(ages.from), known.until.max(ages.until))),
            );
        }
    }
    all.unwrap_or(Days::ALWAYS)
}

pub fn product_rule(programme: &Programme, vaccine: Vaccine) -> Option<&ProductRule> {
    programme.products.iter().find(|product| product.vaccine == vaccine)
}
