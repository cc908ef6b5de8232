//! Files taken in: what the clerk gets for good files and for every kind of bad one.

mod builder;
mod pages;
mod records;
mod residents;
