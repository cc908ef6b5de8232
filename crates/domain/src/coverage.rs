//! 接種率: of the people whose last legal day for a programme falls in a fiscal year, how many are complete.
//!
//! One definition for every programme, taken from the engine's own windows: nobody types a cohort.

use crate::{
    Date, age,
    schedule::{GivenDose, Japan, Person, Series, Status},
};

/// Numerator and denominator of one programme in one fiscal year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// 対象者: residents whose legal window closes in the year.
    pub targets: u32,
    /// 完了: those who need no further dose.
    pub complete: u32,
}

impl Coverage {
    /// 接種率 in percent; `None` without targets.
    pub fn percent(self) -> Option<f64> {
        (self.targets > 0).then(|| f64::from(self.complete) * 100.0 / f64::from(self.targets))
    }
}

/// Coverage of all programmes, in the order of [`Series::ALL`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally([Coverage; Series::ALL.len()]);

impl Tally {
    /// Counts one person on the day `today` of the fiscal year.
    pub fn add(&mut self, engine: &Japan, person: &Person, doses: &[GivenDose], today: Date) {
        let year = age::fiscal_year_days(age::fiscal_year(today));
        // Which windows close this year is asked as of its first day, as if nothing had been given.
        let cohort = engine.forecast(person, &[], year.from);
        if !cohort.series.iter().any(|finding| closes_in(finding.legal_until, year)) {
            return;
        }
        let standing = engine.forecast(person, doses, today);
        for (index, (target, now)) in cohort.series.iter().zip(&standing.series).enumerate() {
            let is_target = matches!(target.status, Status::Due | Status::NotYet);
            if is_target && closes_in(target.legal_until, year) && now.status != Status::Excluded {
                self.0[index].targets += 1;
                self.0[index].complete += u32::from(now.status == Status::Complete);
            }
        }
    }

    /// Adds what another thread has counted.
    pub fn merge(&mut self, other: &Tally) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            mine.targets += theirs.targets;
            mine.complete += theirs.complete;
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (Series, Coverage)> {
        Series::ALL.iter().copied().zip(self.0.iter().copied())
    }
}

fn closes_in(until: Option<Date>, year: age::Days) -> bool {
    until.is_some_and(|until| year.contains(until))
}
