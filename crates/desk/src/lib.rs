//! What all systems with a staff desk share on screen: the frame of a page, failures as pages, static files, coming in
//! with the hub's ticket, the operation log, and what two persons decide.
//!
//! Above `kit` and `ui`, below the systems: it knows pages and routes, but no vaccine, no resident and no system. It
//! must never decide who may do what (`kit` does) nor who somebody is (the hub does).
//!
//! Start reading at [`System`], then [`page`].

pub mod approvals;
pub mod audit;
pub mod draft;
pub mod duties;
pub mod enter;
pub mod findings;
pub mod intrusions;
pub mod months;
pub mod page;

use kit::{Action, Kit, approvals::Kind};

/// A room of a system: an entry of its main navigation.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub href: &'static str,
    pub label: &'static str,
    /// The right without which the room is not offered; `None` where everyone may enter.
    pub needs: Option<Action>,
}

/// What a system shows of itself around every page.
#[derive(Debug)]
pub struct Frame {
    pub name: &'static str,
    pub rooms: &'static [Room],
}

/// A system with a staff desk: ①, ②, ④ and so on.
pub trait System: Clone + Send + Sync + 'static {
    const FRAME: &'static Frame;
    /// What two persons decide about here.
    const APPROVALS: &'static [Kind];
    /// Where it is written down what came of it.
    const LEDGERS: &'static [Room];

    fn kit(&self) -> &Kit;
}
