//! The world outside the system, for development, tests and the demo. Today: the synthetic Kita ward.
//!
//! Everything is invented and follows from a seed; nothing here may be fed with data of real people, and nothing of
//! the product may depend on this crate. The ward reaches the product only as files (`docs/formats`) through the
//! ordinary import.
//!
//! Start reading at [`Ward::generate`]; [`Order`] is the command behind it.

pub mod ca;
mod clinics;
mod files;
mod history;
mod hunt;
mod names;
mod nations;
mod numbers;
mod order;
mod places;
mod random;
mod records;
mod resident;
mod ward;
mod weekly;

pub use clinics::Clinic;
pub use files::{Encoding, MUNICIPALITY};
pub use history::{Dose, Planted};
pub use hunt::{Catch, Hunt, Leak};
pub use numbers::planted_number;
pub use order::Order;
pub use resident::{
    Building, Class, Flags, Household, Name, Origin, Reason, Relation, Resident, UnknownBirth,
};
pub use ward::Ward;
pub use weekly::{Change, WEEKS};
