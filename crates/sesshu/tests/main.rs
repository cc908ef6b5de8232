//! The executable and the house as a whole.

mod layering;
