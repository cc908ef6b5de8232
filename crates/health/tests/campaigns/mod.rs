//! Lists of people: who is on them and why, two persons, nothing changes afterwards.

mod incidents;
mod lists;
mod pages;
