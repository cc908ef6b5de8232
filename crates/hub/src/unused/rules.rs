//! What is odd about an account. Pure: facts in, findings out.

use domain::Date;
use uuid::Uuid;

/// 90日: a quarter without signing in is longer than any absence that leaves the duty where it is.
pub const UNUSED_DAYS: i32 = 90;
/// 30日: whoever has not come in for the first time within a month does not need the account yet.
pub const NEVER_USED_DAYS: i32 = 30;
/// An enrolment code works for a day; after that it is waste that somebody has to be asked about.
pub const CODE_DAYS: i32 = 1;
/// 30日: time enough to register a passkey, or to ask for the exception again.
pub const PASSWORD_ENDING_DAYS: i32 = 30;
/// 14日: the three steps of an application take some days.
pub const NO_ROLE_DAYS: i32 = 14;
/// 30日: time enough to prolong a contract, or to hand over the work.
pub const CONTRACT_ENDING_DAYS: i32 = 30;

/// An account in use, as the rules need it. Days are days in Japan.
#[derive(Clone, Debug)]
pub struct Account {
    pub staff_id: Uuid,
    pub created_on: Date,
    pub last_seen_on: Option<Date>,
    /// When the enrolment code that nobody has used was issued.
    pub code_since: Option<Date>,
    /// パスワードの例外: the last day.
    pub password_until: Option<Date>,
    /// Whether any role is held today or from a later day on.
    pub has_role: bool,
    pub contract: Option<Contract>,
}

/// 委託契約 of an account.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    pub until_on: Date,
    /// Whether the supervisor's own account is still in use.
    pub has_supervisor: bool,
}

/// One thing that somebody should look at. In the order of their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    NoSupervisor,
    Unused { days: i32 },
    NeverUsed { days: i32 },
    CodeUnused { since: Date },
    NoRole,
    ContractEnding { until: Date },
    PasswordEnding { until: Date },
}

impl Finding {
    /// One sentence for whoever decides.
    pub fn ja(self) -> String {
        match self {
            Finding::NoSupervisor => "監督する職員の個人IDが使われていません".to_owned(),
            Finding::Unused { days } => format!("{days}日間ログインがありません"),
            Finding::NeverUsed { days } => format!("登録から{days}日間、一度もログインがありません"),
            Finding::CodeUnused { since } => format!("{since}の登録コードが使われていません"),
            Finding::NoRole => "役割がありません".to_owned(),
            Finding::ContractEnding { until } => format!("委託契約が{until}に終わります"),
            Finding::PasswordEnding { until } => format!("パスワードの例外が{until}に終わります"),
        }
    }
}

/// Whole days from one day to another.
fn days(from: Date, until: Date) -> i32 {
    from.until(until).map_or(0, |span| span.get_days())
}

/// Whether something that ends with `until` does so within `most` days, today among them.
pub fn is_ending(until: Date, most: i32, today: Date) -> bool {
    (0..most).contains(&days(today, until))
}

/// For how many days nobody has signed in, where that is too long: since the last time, or since the account was made.
pub fn idle_days(created_on: Date, last_seen_on: Option<Date>, today: Date) -> Option<i32> {
    let (since, most) = last_seen_on.map_or((created_on, NEVER_USED_DAYS), |seen| (seen, UNUSED_DAYS));
    Some(days(since, today)).filter(|idle| *idle >= most)
}

/// Everything that is odd about an account, the weightiest first.
pub fn findings(account: &Account, today: Date) -> Vec<Finding> {
    let mut found = Vec::new();
    let since_created = days(account.created_on, today);
    if let Some(days) = idle_days(account.created_on, account.last_seen_on, today) {
        found.push(match account.last_seen_on {
            Some(_) => Finding::Unused { days },
            None => Finding::NeverUsed { days },
        });
    }
    if let Some(since) = account.code_since.filter(|since| days(*since, today) > CODE_DAYS) {
        found.push(Finding::CodeUnused { since });
    }
    if let Some(until) = account.password_until.filter(|one| is_ending(*one, PASSWORD_ENDING_DAYS, today)) {
        found.push(Finding::PasswordEnding { until });
    }
    if !account.has_role && since_created >= NO_ROLE_DAYS {
        found.push(Finding::NoRole);
    }
    if let Some(contract) = account.contract {
        if is_ending(contract.until_on, CONTRACT_ENDING_DAYS, today) {
            found.push(Finding::ContractEnding { until: contract.until_on });
        }
        if !contract.has_supervisor {
            found.push(Finding::NoSupervisor);
        }
    }
    found.sort();
    found
}
