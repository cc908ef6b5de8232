//! Small pictures that stand beside words, never instead of them.

use std::fmt;

/// An icon of 24 × 24 units, hidden from screen readers: the word beside it says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Check,
    Warning,
    Error,
    Info,
    Shield,
    Ribbon,
    MovedOut,
    Memo,
    Clock,
    Dash,
    Calendar,
    Arrow,
    Search,
    Empty,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Icon::Check => {
                "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm-1.6 14.6-4.5-4.5 1.6-1.6 2.9 2.9 6.1-6.1 1.6 1.6-7.7 7.7Z"
            }
            Icon::Warning => "M12 2 .8 21.5h22.4L12 2Zm1.2 16.5h-2.4v-2.4h2.4v2.4Zm0-4.2h-2.4V8.8h2.4v5.5Z",
            Icon::Error => {
                "M7.9 2 2 7.9v8.2L7.9 22h8.2l5.9-5.9V7.9L16.1 2H7.9Zm5.3 15.5h-2.4v-2.4h2.4v2.4Zm0-4.5h-2.4V6.5h2.4V13Z"
            }
            Icon::Info => {
                "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm1.2 15.5h-2.4v-7h2.4v7Zm0-9.2h-2.4V6h2.4v2.3Z"
            }
            Icon::Shield => {
                "M12 1.5 3.5 5v6.2c0 5.2 3.6 9.9 8.5 11.3 4.9-1.4 8.5-6.1 8.5-11.3V5L12 1.5Zm-1.2 14.9-3.9-3.9 1.6-1.6 2.3 2.3 4.7-4.7 1.6 1.6-6.3 6.3Z"
            }
            Icon::Ribbon => {
                "M12 3.2c-1.9 0-3.2 1.4-3.2 3.4 0 1.8 1 3.9 2 5.7L5.9 20.5h3l3.1-5.6 3.1 5.6h3l-4.9-8.2c1-1.8 2-3.9 2-5.7 0-2-1.3-3.4-3.2-3.4Zm0 6.9c-.6-1.2-1.1-2.5-1.1-3.4 0-.8.4-1.3 1.1-1.3s1.1.5 1.1 1.3c0 .9-.5 2.2-1.1 3.4Z"
            }
            Icon::MovedOut => {
                "M4 3h9v2.2H6.2v13.6H13V21H4V3Zm11.4 4.4L20 12l-4.6 4.6-1.6-1.6 1.9-1.9H9.2v-2.2h6.5l-1.9-1.9 1.6-1.6Z"
            }
            Icon::Memo => {
                "M5 2.5h9.5l4.5 4.5v14.5H5V2.5Zm8.6 1.9v3.5h3.5l-3.5-3.5ZM8 11v1.8h8V11H8Zm0 4v1.8h6V15H8Z"
            }
            Icon::Clock => {
                "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm4 14.4-5.1-3.7V6.5h2.2v5l4.2 3.1-1.3 1.8Z"
            }
            Icon::Dash => "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20ZM7 10.8h10v2.4H7v-2.4Z",
            Icon::Calendar => "M7 2v2H3.5v17.5h17V4H17V2h-2.2v2H9.2V2H7Zm11.3 7.5v9.8H5.7V9.5h12.6Z",
            Icon::Arrow => "m13.2 5.2 6.8 6.8-6.8 6.8-1.6-1.6 4.1-4.1H4v-2.2h11.7l-4.1-4.1 1.6-1.6Z",
            Icon::Search => {
                "M10.5 3a7.5 7.5 0 1 0 4.5 13.5l4.8 4.8 1.6-1.6-4.8-4.8A7.5 7.5 0 0 0 10.5 3Zm0 2.2a5.3 5.3 0 1 1 0 10.6 5.3 5.3 0 0 1 0-10.6Z"
            }
            Icon::Empty => "M4 4h16l1.5 9v7h-19v-7L4 4Zm1.9 2.2L4.8 13H9l1 2.5h4l1-2.5h4.2l-1.1-6.8H5.9Z",
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<svg class="s-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>"#,
            self.path()
        )
    }
}

impl askama::filters::HtmlSafe for Icon {}
