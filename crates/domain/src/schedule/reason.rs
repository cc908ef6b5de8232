//! Why (理由): a code, one Japanese sentence for staff, one legal source.

use crate::Date;

/// How a check weighs at the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Explains; nothing is wrong (a window, a badge, a next day).
    Note,
    /// Legal but to be looked at (W_… codes).
    Warning,
    /// Against the rules; may still be true and then be recorded with an explanation (E_… codes).
    Error,
}

/// One reason of a verdict or a finding. Small and copyable: the sentence is made only when someone reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable code (`E_AGE_EARLY`, `W_STD`, `WINDOW`, …).
    pub code: &'static str,
    pub severity: Severity,
    /// Law, order or notice with its article.
    pub source: &'static str,
    pub args: ReasonArgs,
}

/// What fills the sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReasonArgs {
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub number: Option<i32>,
    pub text: &'static str,
}
