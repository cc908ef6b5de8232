//! The world outside the system, for development, tests and the demo. Today: the synthetic Kita ward.
//!
//! Everything is invented and follows from a seed; nothing here may be fed with data of real people, and nothing of
//! the product may depend on this crate. The ward reaches the product only as files (`docs/formats`) through the
//! ordinary import.
//!
//! Start reading at [`Ward::generate`].
//!

mod clinics;
mod files;
mod names;
mod places;
mod random;
mod resident;
mod ward;

pub use clinics::Clinic;
pub use files::{Encoding, MUNICIPALITY};
pub use resident::{Class, Resident};
pub use ward::Ward;
