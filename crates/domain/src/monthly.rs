//! 月次点検: the auditor looks at a month's log and signs what was seen.
//!
//! 番号法12条 and its guidelines (特定個人情報の適正な取扱いに関するガイドライン 行政機関等編 別添1) want logs to be looked
//! at regularly; how often, the office's own rules say. Here it is every month.

use crate::{Date, coded};
use jiff::ToSpan;

/// A month is signed until this day of the next: a week's cases have then followed the last looks
/// (see [`crate::oversight::LOOK_AGAIN_DAYS`]), and the monthly meeting of most offices is still to come.
const DUE_DAY: i8 = 10;

coded! {
    /// 点検項目: what has to be looked at before a month is signed.
    Check {
        SignIns = "sign_ins", "ログインの拒否の件数と、その理由を確かめた";
        OffHours = "off_hours", "執務時間外・閉庁日の操作の理由を確かめた";
        TakenOut = "taken_out", "印刷、取得、書出しの件数が、業務の記録と合うことを確かめた";
        Numbers = "numbers", "個人番号の利用の件数が、利用目的ごとの業務と合うことを確かめた";
        Findings = "findings", "気になる閲覧を一件ずつ判断した";
        Intrusions = "intrusions", "侵入・異常の通知への対応を確かめた";
        Log = "log", "操作ログの署名と、控えとの照合の結果を確かめた";
    }
}

coded! {
    /// 点検結果.
    Answer {
        Fine = "fine", "問題なし";
        Issue = "issue", "問題あり";
        None = "none", "該当なし";
    }
}

/// What stands against a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The month is not over.
    NotOver,
    /// It has its signature.
    Signed,
    Unanswered(Check),
    /// 問題あり needs words.
    RemarkMissing,
    /// Findings wait for a decision: why it is signed all the same.
    ReasonMissing,
    /// The keeper has not signed the log: nothing says what was there.
    NoCheckpoint,
}

/// What is known of a month when somebody wants to sign it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its first day.
    pub month: Date,
    pub today: Date,
    pub is_signed: bool,
    pub has_checkpoint: bool,
    pub open_findings: i64,
    pub answers: &'a [(Check, Answer)],
    pub has_remark: bool,
    pub has_reason: bool,
}

/// All that stands against signing, at once.
pub fn faults(asked: &Asked<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let answer = |check: Check| asked.answers.iter().find(|(of, _)| *of == check).map(|(_, answer)| *answer);
    if asked.today < next(asked.month) {
        faults.push(Fault::NotOver);
    }
    if asked.is_signed {
        faults.push(Fault::Signed);
    }
    if !asked.has_checkpoint {
        faults.push(Fault::NoCheckpoint);
    }
    faults.extend(
        Check::ALL.iter().filter(|check| answer(**check).is_none()).map(|check| Fault::Unanswered(*check)),
    );
    if asked.answers.iter().any(|(_, answer)| *answer == Answer::Issue) && !asked.has_remark {
        faults.push(Fault::RemarkMissing);
    }
    if asked.open_findings > 0 && !asked.has_reason {
        faults.push(Fault::ReasonMissing);
    }
    faults
}

/// The first day of a date's month.
pub fn month_of(on: Date) -> Date {
    on.first_of_month()
}

/// The first day of the month after.
pub fn next(month: Date) -> Date {
    month.first_of_month().saturating_add(1.month())
}

/// The last day on which a month's signature is in time.
pub fn due_on(month: Date) -> Date {
    let next = next(month);
    next.saturating_add(i64::from(DUE_DAY - next.day()).days())
}

/// The months that are over, from the one that the log begins in, newest first.
pub fn months_over(first: Date, today: Date) -> Vec<Date> {
    let mut months = Vec::new();
    let mut month = month_of(first);
    while next(month) <= today {
        months.push(month);
        month = next(month);
    }
    months.reverse();
    months
}
