//! What leaves the building on paper: facts → document → PDF, and the checks on finished PDFs.
//!
//! The only crate with a PDF engine. It reads no database and no clock: facts come in, a file goes out, and the
//! campaign decides who gets one. It must never cut a name, draw an empty box for a character it does not have,
//! or let anything but the address stand where an envelope's window may show it. What cannot be printed
//! faithfully is *withheld*, with a sentence saying why, for a person to look at.
//!
//! Start reading at [`questionnaire`] (予診票), then [`check`], which reads finished files with another library.

mod canvas;
pub mod check;
mod codes;
mod fonts;
mod geometry;
mod pdf;
pub mod postcard;
pub mod provision;
pub mod questionnaire;
mod sheet;
pub mod table;
mod typeset;

pub use fonts::{FontError, FontSet, STANDARD_FONT_DIRS};
pub use geometry::{A4, POSTCARD, Paper, Rect, window};
pub use pdf::PdfError;
pub use sheet::{Delivery, Issuer, MailTo, PAGES_MAX, PageFacts, RenderedFile, Withheld, WithheldReason};
