//! 端末の登録: which machines staff may sign in from, by their certificates, and in which zone each stands.
//!
//! [`door`] stands before every page of a listener with TLS and asks the register at each request; [`web`] is the ID
//! manager's page. The other systems learn from the hub which certificate a sign-in belongs to ([`kit::session`]).

pub mod case;
pub mod certificate;
pub mod door;
pub mod sql;
pub mod web;
