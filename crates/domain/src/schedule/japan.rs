//! The Japanese pack (予防接種法に基づく定期接種).

use super::types::*;
use crate::Date;

/// The engine, prepared once for a municipality's settings and shared by all threads.
pub struct Japan {
    #[expect(dead_code, reason = "filled by the engine")]
    settings: Settings,
}

impl Japan {
    pub fn new(settings: Settings) -> Self {
        Japan { settings }
    }

    /// Judges every dose by the rules of its own day and says what is next in every series on `as_of`.
    /// `doses` may come in any order; doses after `as_of` are judged too but do not count as given yet.
    pub fn forecast(&self, person: &Person, doses: &[GivenDose], as_of: Date) -> Forecast {
        let _ = (person, doses);
        Forecast { as_of, doses: Vec::new(), series: Vec::new() }
    }

    /// Judges one dose that is about to be recorded, among the others. The verdict's reasons hold every rule
    /// that it breaks at once.
    pub fn check(&self, person: &Person, others: &[GivenDose], candidate: &GivenDose) -> DoseVerdict {
        let _ = (person, others, candidate);
        DoseVerdict {
            given: 0,
            series: None,
            dose: 0,
            is_teiki: false,
            valid_for_series: false,
            reasons: Vec::new(),
        }
    }
}
