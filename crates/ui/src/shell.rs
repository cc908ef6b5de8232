//! What every page has around its content.

use crate::{Banner, FormErrors};

/// Who is signed in, as shown in the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffBadge {
    pub name: String,
    pub role_ja: String,
    /// Who it is to a page that was locked: only the same person may see it again.
    pub id: String,
}

/// One entry of the main navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavItem {
    pub href: &'static str,
    pub label: &'static str,
    pub current: bool,
}

impl NavItem {
    /// The navigation with the entry of `current` (its address) marked.
    pub fn list(entries: &[(&'static str, &'static str)], current: &str) -> Vec<NavItem> {
        entries.iter().map(|&(href, label)| NavItem { href, label, current: href == current }).collect()
    }
}

/// The rooms of 健康管理システム.
pub const HEALTH_NAV: &[(&str, &str)] = &[
    ("/", "ホーム"),
    ("/residents", "住民検索"),
    ("/records", "接種記録"),
    ("/campaigns", "対象者抽出・発送"),
    ("/imports", "取込み"),
    ("/audit", "操作ログ"),
];

/// One step of the breadcrumbs; without an address it is the page itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    pub href: Option<String>,
    pub label: String,
}

impl Crumb {
    pub fn link(href: impl Into<String>, label: impl Into<String>) -> Self {
        Crumb { href: Some(href.into()), label: label.into() }
    }

    pub fn here(label: impl Into<String>) -> Self {
        Crumb { href: None, label: label.into() }
    }
}

/// The frame of a page. Templates hold it as `shell` and extend `base.html`.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    pub title: String,
    pub system_name: String,
    pub municipality_name: String,
    /// `None` before sign-in.
    pub staff: Option<StaffBadge>,
    pub nav: Vec<NavItem>,
    pub breadcrumbs: Vec<Crumb>,
    /// What has just happened (shown once after a redirect).
    pub notice: Option<Banner>,
    /// Up to when the records on the page are complete, in words; `None` where the page shows none.
    pub data_until: Option<String>,
    pub csrf: String,
    pub request_id: String,
    /// The errors of the page's form: shown on top, and marked in the page title.
    pub errors: FormErrors,
}

impl Shell {
    /// The address of a static file.
    pub fn asset(&self, name: &str) -> String {
        crate::asset_url(name)
    }
}
