//! Parts of pages that carry data. Each renders itself: `{{ pager }}` in any template.

use crate::{Icon, dates};
use askama::Template;
use domain::Date;
use domain::schedule::{Reason, Severity, Status};

/// A link with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub href: String,
    pub label: String,
}

/// What a banner is about. Told by word and icon, not by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BannerKind {
    Success,
    Info,
    Warning,
    Error,
    /// 支援措置 (DV等): stands on every page about the person.
    AddressProtection,
    /// 死亡.
    Deceased,
    /// 転出.
    MovedOut,
    /// 職員のメモ.
    Memo,
}

impl BannerKind {
    const fn class(self) -> &'static str {
        match self {
            BannerKind::Success => "success",
            BannerKind::Info => "info",
            BannerKind::Warning => "warning",
            BannerKind::Error => "error",
            BannerKind::AddressProtection => "protection",
            BannerKind::Deceased => "deceased",
            BannerKind::MovedOut => "moved",
            BannerKind::Memo => "memo",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            BannerKind::Success => "完了",
            BannerKind::Info => "お知らせ",
            BannerKind::Warning => "注意",
            BannerKind::Error => "エラー",
            BannerKind::AddressProtection => "支援措置",
            BannerKind::Deceased => "死亡",
            BannerKind::MovedOut => "転出",
            BannerKind::Memo => "メモ",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            BannerKind::Success => Icon::Check,
            BannerKind::Info => Icon::Info,
            BannerKind::Warning => Icon::Warning,
            BannerKind::Error => Icon::Error,
            BannerKind::AddressProtection => Icon::Shield,
            BannerKind::Deceased => Icon::Ribbon,
            BannerKind::MovedOut => Icon::MovedOut,
            BannerKind::Memo => Icon::Memo,
        }
    }
}

/// A message across the page.
#[derive(Clone, Debug, Template)]
#[template(path = "components/banner.html")]
pub struct Banner {
    pub kind: BannerKind,
    pub title: String,
    /// Sentences below the title.
    pub lines: Vec<String>,
    pub links: Vec<Link>,
}

impl Banner {
    pub fn new(kind: BannerKind, title: impl Into<String>) -> Self {
        Banner { kind, title: title.into(), lines: Vec::new(), links: Vec::new() }
    }

    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    #[must_use]
    pub fn link(mut self, href: impl Into<String>, label: impl Into<String>) -> Self {
        self.links.push(Link { href: href.into(), label: label.into() });
        self
    }
}

/// How a chip sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Active,
    Waiting,
    Warning,
    Stop,
    Off,
    /// 支援措置.
    Protected,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Active => "active",
            Tone::Waiting => "waiting",
            Tone::Warning => "warning",
            Tone::Stop => "stop",
            Tone::Off => "off",
            Tone::Protected => "protected",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Tone::Good => Icon::Check,
            Tone::Active => Icon::Arrow,
            Tone::Waiting => Icon::Clock,
            Tone::Warning => Icon::Warning,
            Tone::Stop => Icon::Error,
            Tone::Off => Icon::Dash,
            Tone::Protected => Icon::Shield,
        }
    }
}

/// A state in one word, with its icon.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<span class="s-chip s-chip--{{ tone.class() }}">{{ tone.icon() }}{{ text }}</span>"#,
    ext = "html"
)]
pub struct Chip {
    pub tone: Tone,
    pub text: String,
}

impl Chip {
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Chip { tone, text: text.into() }
    }

    /// 支援措置, for lists: the banner's word and icon.
    pub fn protected() -> Self {
        Chip::new(Tone::Protected, BannerKind::AddressProtection.word())
    }

    /// Where a person stands in a series, short enough for a table cell.
    pub fn status(status: Status) -> Self {
        match status {
            Status::Due => Chip::new(Tone::Active, "接種可"),
            Status::NotYet => Chip::new(Tone::Waiting, "時期前"),
            Status::Complete => Chip::new(Tone::Good, "完了"),
            Status::Expired => Chip::new(Tone::Warning, "期間超過"),
            Status::Excluded => Chip::new(Tone::Stop, "対象除外"),
            Status::NotTarget => Chip::new(Tone::Off, "対象外"),
        }
    }
}

/// One page of a long list, and the way to the others.
#[derive(Clone, Debug, Template)]
#[template(path = "components/pager.html")]
pub struct Pager {
    /// 1-based.
    pub page: u64,
    pub per_page: u64,
    pub total: u64,
    /// The address up to the page number: `/residents?kana=ア&page=`.
    pub href: String,
    /// What is listed, for screen readers where a page has two lists: 検索結果.
    pub label: String,
}

impl Pager {
    pub fn pages(&self) -> u64 {
        self.total.div_ceil(self.per_page.max(1)).max(1)
    }

    fn first(&self) -> String {
        dates::thousands(((self.page - 1) * self.per_page + 1).min(self.total).cast_signed())
    }

    fn last(&self) -> String {
        dates::thousands((self.page * self.per_page).min(self.total).cast_signed())
    }

    fn total_text(&self) -> String {
        dates::thousands(self.total.cast_signed())
    }

    /// The first, the last and those around the present one; 0 stands for a gap.
    fn window(&self) -> Vec<u64> {
        let pages = self.pages();
        let mut shown: Vec<u64> =
            (1..=pages).filter(|&p| p == 1 || p == pages || p.abs_diff(self.page) <= 2).collect();
        let mut at = 1;
        while at < shown.len() {
            if shown[at] != 0 && shown[at - 1] != 0 && shown[at] > shown[at - 1] + 1 {
                shown.insert(at, 0);
            }
            at += 1;
        }
        shown
    }
}

/// A job on its way. While `poll` is set, the part asks for itself again every two seconds.
#[derive(Clone, Debug, Template)]
#[template(path = "components/progress.html")]
pub struct Progress {
    /// An id that is unique on the page.
    pub id: String,
    pub label: String,
    pub done: u64,
    /// `None` while it is not known how much there is.
    pub total: Option<u64>,
    /// 件, 枚, 行.
    pub unit: String,
    /// What is going on, in words: 印刷しています。残り約2分です。
    pub note: String,
    /// Where this part alone can be had; `None` once the job has ended.
    pub poll: Option<String>,
}

impl Progress {
    fn amount(&self) -> String {
        let done = dates::thousands(self.done.cast_signed());
        match self.total {
            Some(total) => format!("{done} / {}{}", dates::thousands(total.cast_signed()), self.unit),
            None => format!("{done}{}", self.unit),
        }
    }

    fn percent(&self) -> Option<u64> {
        self.total.filter(|total| *total > 0).map(|total| self.done.min(total) * 100 / total)
    }
}

/// Where one is in a task of several pages.
#[derive(Clone, Debug, Template)]
#[template(path = "components/steps.html")]
pub struct Steps {
    pub names: Vec<&'static str>,
    /// 0-based.
    pub current: usize,
}

// Askama hands loop variables over by reference.
impl Steps {
    fn is_here(&self, index: &usize) -> bool {
        *index == self.current
    }

    fn is_done(&self, index: &usize) -> bool {
        *index < self.current
    }
}

/// One item before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffRow {
    pub label: String,
    pub before: String,
    pub after: String,
}

impl DiffRow {
    fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// What a correction changes.
#[derive(Clone, Debug, Template)]
#[template(path = "components/diff.html")]
pub struct DiffTable {
    pub caption: String,
    pub rows: Vec<DiffRow>,
}

/// One broken rule, or one thing to know, with its legal source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonLine {
    pub severity: Severity,
    /// One sentence that says what to do.
    pub text: String,
    /// 予防接種実施規則 第9条; empty where the check is not of the law.
    pub source: String,
}

impl ReasonLine {
    fn class(&self) -> &'static str {
        match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }

    fn icon(&self) -> Icon {
        match self.severity {
            Severity::Error => Icon::Error,
            Severity::Warning => Icon::Warning,
            Severity::Note => Icon::Info,
        }
    }

    fn word(&self) -> Option<&'static str> {
        match self.severity {
            Severity::Error => Some("エラー"),
            Severity::Warning => Some("注意"),
            Severity::Note => None,
        }
    }
}

/// Every rule that an entry breaks, at once.
#[derive(Clone, Debug, Template)]
#[template(path = "components/reasons.html")]
pub struct Reasons {
    pub lines: Vec<ReasonLine>,
}

impl Reasons {
    /// What the engine says, the gravest first.
    pub fn of(reasons: &[Reason]) -> Self {
        let mut lines: Vec<_> = reasons
            .iter()
            .map(|reason| ReasonLine {
                severity: reason.severity,
                text: reason.ja(),
                source: reason.source.to_owned(),
            })
            .collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.severity));
        Reasons { lines }
    }
}

/// The person a page is about: who, and every warning. The same on all pages about the person.
#[derive(Clone, Debug, Template)]
#[template(path = "components/person.html")]
pub struct PersonHeader {
    pub name: String,
    pub kana: String,
    /// 通称, where the person uses one.
    pub alias: Option<String>,
    /// 宛名番号.
    pub addressee_number: String,
    /// `None` where the register does not know it.
    pub birth_date: Option<Date>,
    /// 生年月日 as registered where it is not a whole date.
    pub birth_text: String,
    /// `3歳4か月`.
    pub age: String,
    pub sex_ja: String,
    /// `None` hides it: the page then says so.
    pub address: Option<String>,
    /// 支援措置, 死亡, 転出, メモ.
    pub warnings: Vec<Banner>,
    /// The way to the person's own page; `None` on that page.
    pub href: Option<String>,
    /// The heading of the page is the name (then `h1`), or stands elsewhere (then `p`).
    pub is_heading: bool,
}

impl PersonHeader {
    fn birth(&self) -> String {
        self.birth_date.map_or_else(|| self.birth_text.clone(), dates::both)
    }

    fn is_protected(&self) -> bool {
        self.warnings.iter().any(|banner| banner.kind == BannerKind::AddressProtection)
    }
}

macro_rules! safe {
    ($($part:ty),+) => { $(impl askama::filters::HtmlSafe for $part {})+ };
}
safe!(Banner, Chip, Pager, Progress, Steps, DiffTable, Reasons, PersonHeader);
