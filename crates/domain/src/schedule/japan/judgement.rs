//! Reasons as they gather for one dose.

use super::case::Case;
use crate::Date;
use crate::schedule::reason::{Reason, ReasonArgs, Severity};

/// Reasons of one dose, and whether one of them takes its 定期 away.
pub struct Judgement<'a, 'p> {
    case: &'a Case<'p>,
    pub reasons: Vec<Reason>,
    pub is_teiki: bool,
}

impl<'a, 'p> Judgement<'a, 'p> {
    pub fn new(case: &'a Case<'p>) -> Judgement<'a, 'p> {
        Judgement { case, reasons: Vec::new(), is_teiki: true }
    }

    /// A rule of law is broken: whatever severity the municipality shows it in, the dose is not 定期.
    pub fn breaks(&mut self, code: &'static str, source: &'static str, args: ReasonArgs) {
        self.is_teiki = false;
        self.says(code, Severity::Error, source, args);
    }

    pub fn warns(&mut self, code: &'static str, source: &'static str, args: ReasonArgs) {
        self.says(code, Severity::Warning, source, args);
    }

    pub fn notes(&mut self, code: &'static str, source: &'static str, args: ReasonArgs) {
        self.says(code, Severity::Note, source, args);
    }

    fn says(&mut self, code: &'static str, severity: Severity, source: &'static str, args: ReasonArgs) {
        if let Some(reason) = self.case.reason(code, severity, source, args) {
            // Most doses have one reason at most.
            self.reasons.reserve_exact(1);
            self.reasons.push(reason);
        }
    }
}

pub fn dates(from: Date, until: Date) -> ReasonArgs {
    ReasonArgs { from: bounded(from), until: bounded(until), ..ReasonArgs::default() }
}

pub fn from(day: Date) -> ReasonArgs {
    ReasonArgs { from: bounded(day), ..ReasonArgs::default() }
}

pub fn until(day: Date) -> ReasonArgs {
    ReasonArgs { until: bounded(day), ..ReasonArgs::default() }
}

pub fn words(text: &'static str) -> ReasonArgs {
    ReasonArgs { text, ..ReasonArgs::default() }
}

fn bounded(day: Date) -> Option<Date> {
    (day > Date::MIN && day < Date::MAX).then_some(day)
}
