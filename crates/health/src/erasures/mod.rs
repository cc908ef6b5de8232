//! 印刷ファイルの消去: the PDFs of a finished sending, with names and addresses of everybody on it, disappear when they have done
//! their work: asked for by one person, approved by another.
//!
//! From the order on nobody gets a file; a job then takes it from the disk and says so, and goes on after a crash where it
//! was. It must never erase a file that the approval did not name, nor forget what was sent to whom: rows of sheets stay.

pub mod case;
pub mod sql;
pub mod web;
