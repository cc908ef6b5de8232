//! 侵入・異常の通知: from how many signs on somebody is told, and what the notice says.
//!
//! One wrong password is a slip, twenty in ten minutes are not. What never happens in good order (a changed log, a
//! certificate nobody gave out) is told at once.

use crate::coded;

coded! {
    /// 侵入・異常の種類.
    Intrusion {
        SignInBurst = "sign_in_burst", "ログインの失敗が続いています";
        AccountLocked = "account_locked", "ログインの失敗により個人IDを止めました";
        TurnedAway = "turned_away", "システムまたは端末からの接続を拒否しました";
        UnknownCertificate = "unknown_certificate", "登録のない、または失効した証明書で接続されました";
        CopiedSession = "copied_session", "ログイン中の情報が別の端末で使われました";
        RefusalBurst = "refusal_burst", "一人の職員の操作が続けて拒否されました";
        LogAlarm = "log_alarm", "操作ログの署名係が警報を出しました";
        CopyBroken = "copy_broken", "操作ログの控えに書き込めませんでした";
        CopyDiffers = "copy_differs", "操作ログと控えが一致しません";
        BackupFailed = "backup_failed", "バックアップが滞っています";
    }
}

/// So many signs of one origin within so many minutes make a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    pub signs: i64,
    pub minutes: i64,
}

impl Intrusion {
    pub const fn threshold(self) -> Threshold {
        let (signs, minutes) = match self {
            // Whoever has forgotten a password gives up or asks sooner; a machine does not.
            Intrusion::SignInBurst => (20, 10),
            // Wrong forms are refused, too: a bad afternoon is ten.
            Intrusion::RefusalBurst => (20, 10),
            // A scanner of the office's own network knocks once or twice.
            Intrusion::TurnedAway => (5, 60),
            Intrusion::AccountLocked
            | Intrusion::UnknownCertificate
            | Intrusion::CopiedSession
            | Intrusion::LogAlarm
            | Intrusion::CopyBroken
            | Intrusion::CopyDiffers
            | Intrusion::BackupFailed => (1, 60),
        };
        Threshold { signs, minutes }
    }

    /// What to do about it, in a sentence.
    pub const fn advice_ja(self) -> &'static str {
        match self {
            Intrusion::SignInBurst => {
                "操作ログで拒否されたログインの時刻と端末を確かめ、心当たりがなければ情報セキュリティ担当に連絡してください。"
            }
            Intrusion::AccountLocked => {
                "本人に心当たりを確かめ、本人の打ち間違いなら「職員」の画面で解除してください。"
            }
            Intrusion::TurnedAway => {
                "サーバーの記録で相手のアドレスと理由を確かめ、心当たりがなければ情報セキュリティ担当に連絡してください。"
            }
            Intrusion::UnknownCertificate => {
                "サーバーの記録で証明書の指紋を確かめ、端末と連携先の台帳にないものなら情報セキュリティ担当に連絡してください。"
            }
            Intrusion::CopiedSession => {
                "そのログインは終了しました。操作ログで職員と二つの端末を確かめ、情報セキュリティ担当に連絡してください。"
            }
            Intrusion::RefusalBurst => {
                "操作ログで何を拒否されたかを確かめ、所属長を通じて本人に事情を尋ねてください。"
            }
            Intrusion::LogAlarm => "何も操作せず、情報セキュリティ担当に連絡してください。",
            Intrusion::CopyBroken => {
                "控えのディスクの空きと接続を確かめてください。書き込めない間は、画面の表示も登録も止まります。"
            }
            Intrusion::CopyDiffers => {
                "情報セキュリティ担当に連絡し、sesshu doctor で一致しない記録を確かめてください。"
            }
            Intrusion::BackupFailed => "バックアップの置き場所の空きと接続を確かめてください。",
        }
    }
}

/// How the signs of one origin stand after one look at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Signs since the window began.
    pub signs: i64,
    /// The window began so many minutes ago.
    pub minutes: i64,
    /// Somebody is to be told, now or already.
    pub is_told: bool,
}

/// Adds `more` signs. What was told is only counted on; what was not begins anew when its window is over.
pub fn add(kind: Intrusion, before: Option<Tally>, more: i64) -> Tally {
    let Threshold { signs, minutes } = kind.threshold();
    let before = before.filter(|tally| tally.is_told || tally.minutes < minutes);
    let before = before.unwrap_or(Tally { signs: 0, minutes: 0, is_told: false });
    let sum = before.signs + more;
    Tally { signs: sum, minutes: before.minutes, is_told: before.is_told || sum >= signs }
}
