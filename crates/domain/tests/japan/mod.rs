//! Proof of the Japanese pack: executable cases, properties, and slow independent twins.

mod cases;
mod dates;
mod edges;
mod properties;
mod telling;
mod twins;
