//! Version 1: the envelope around every request, what can be asked, and who may ask whom.
//!
//! To add an operation: a unit struct that implements [`Operation`] beside its two message types, a row in
//! [`LINKS`], and its samples in `tests/messages.rs`.

mod envelope;
mod links;
mod operation;
mod staff;

pub use envelope::{Envelope, Fault, FaultCode};
pub use links::{Basis, LINKS, Link, System, link, links_ja};
pub use operation::{CheckLink, LinkCheck, LinkState, Operation};
pub use staff::{
    CheckSignIn, EndSignIn, RedeemTicket, SignInCheck, SignInEnd, SignInEnded, SignInState, Standing,
    Terminal, Ticket, TicketAnswer, TicketArrival,
};
