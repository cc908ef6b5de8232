//! The CDC pack (CDSi): the United States' public rules, run to prove the mechanics on cases nobody here wrote.
//!
//! [`Pack`] is the supporting data as read by whoever knows XML; [`Cdc`] is the engine over it. Names and section
//! numbers are those of the CDSi Logic Specification 4.6. Nothing here knows a test case.
//!
//! Start reading at [`Cdc::forecast`]; then one file per chapter: `evaluate` and `skip` (6), `forecast` (7),
//! `select` (8), `group` (9).

pub mod data;
mod engine;
mod evaluate;
mod explain;
mod forecast;
mod group;
mod patient;
mod select;
mod skip;
mod span;

pub use data::Pack;
pub use engine::{Cdc, Scratch};
pub use evaluate::{DoseStatus, Evaluation, Reason, Reasons};
pub use explain::Step;
pub use forecast::{Dates, SeriesStatus};
pub use group::{DoseAnswer, GroupForecast};
pub use patient::{Dose, Observation, Patient};
pub use span::{NotASpan, parse_span};
