//! The look of all systems: style sheets, base templates, form state, dates and pictures.
//!
//! This crate knows no route, no database and no rule: it shows what it is given. It must never put a style or a
//! script into a page (the content security policy forbids both) and never load anything from the internet
//! (a municipality's network cannot). Every page must work without script, by keyboard, and at 400 % zoom.
//!
//! A page of another crate: `askama.toml` with `dirs = ["src", "../ui/templates"]`, a template that extends
//! `base.html` (its struct holds `shell: ui::Shell`), `{% import "macros.html" as m %}` for fields, parts such as
//! [`Pager`] simply as `{{ pager }}`, and `use ui::filters;` for dates. The gallery's pages are there to start from.
//!
//! Start reading at [`Shell`], then `templates/base.html` and `templates/macros.html`; to see everything:
//! `cargo run -p ui --example gallery`.

// Templates name this crate as `ui::…`, also the templates that are compiled here.
extern crate self as ui;

mod assets;
mod bars;
mod chart;
mod components;
pub mod dates;
pub mod filters;
mod form;
mod icon;
mod shell;
pub mod timeline;

pub use assets::{Asset, VERSION, asset, asset_url};
pub use bars::{Bar, Bars};
pub use chart::{Chart, ChartKind, ChartSeries};
pub use components::{
    Banner, BannerKind, Chip, DiffRow, DiffTable, Link, Pager, PersonHeader, Progress, ReasonLine, Reasons,
    Steps, Tone,
};
pub use form::{Choice, FieldState, FormError, FormErrors};
pub use icon::Icon;
pub use shell::{Crumb, HEALTH_NAV, NavItem, Shell, StaffBadge};
pub use timeline::Timeline;
