//! Why (理由): a code, one Japanese sentence for staff, one legal source.

use crate::Date;

/// How a check weighs at the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Explains; nothing is wrong (a window, a badge, a next day).
    Note,
    /// Legal but to be looked at (W_… codes).
    Warning,
    /// Against the rules; may still be true and then be recorded with an explanation (E_… codes).
    Error,
}

/// One reason of a verdict or a finding. Small and copyable: the sentence is made only when someone reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable code (`E_AGE_EARLY`, `W_STD`, `WINDOW`, …).
    pub code: &'static str,
    pub severity: Severity,
    /// Law, order or notice with its article.
    pub source: &'static str,
    pub args: ReasonArgs,
}

/// What fills the sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReasonArgs {
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub number: Option<i32>,
    pub text: &'static str,
}

/// A day as staff read it: `2026年11月23日`.
pub fn day_ja(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// A period with open ends left open.
pub fn period_ja(from: Option<Date>, until: Option<Date>) -> String {
    match (from, until) {
        (Some(from), Some(until)) => format!("{}から{}まで", day_ja(from), day_ja(until)),
        (Some(from), None) => format!("{}から", day_ja(from)),
        (None, Some(until)) => format!("{}まで", day_ja(until)),
        (None, None) => String::from("期限なし"),
    }
}

impl Reason {
    /// The sentence for staff.
    pub fn ja(&self) -> String {
        let args = &self.args;
        let text = args.text;
        let period = || period_ja(args.from, args.until);
        let from = || args.from.map(day_ja).unwrap_or_default();
        let until = || args.until.map(day_ja).unwrap_or_default();
        match self.code {
            "E_AGE_EARLY" => format!("対象年齢に達していません。{}以後に接種してください。", from()),
            "E_AGE_LATE" => {
                format!("対象期間は{}で終わっています。任意接種として扱うか確認してください。", until())
            }
            "E_NOT_STARTED" => {
                format!("定期接種の開始（{}）より前の接種です。任意接種として記録してください。", from())
            }
            "E_COHORT" => match args.from {
                Some(from) => {
                    format!("{}以後に生まれた方だけが対象です。生年月日を確認してください。", day_ja(from))
                }
                None => format!("生年月日が{text}の対象に当たりません。生年月日を確認してください。"),
            },
            "E_SEX" => format!("{text}の定期接種の対象となる性別ではありません。登録を確認してください。"),
            "E_CONDITION" => format!("対象者の要件を満たしていません。{text}。"),
            "E_NOT_RESIDENT" => {
                format!("{}を最後に住民ではありません。接種日の住所地の市区町村を確認してください。", until())
            }
            "W_OTHER_MUNICIPALITY" => {
                format!(
                    "住民となった日（{}）より前の接種です。前の市区町村の記録として扱ってください。",
                    from()
                )
            }
            "E_SEASON" => format!("接種期間（{}）の外の接種です。接種日を確認してください。", period()),
            "E_INTERVAL" => {
                format!("前の接種（{}）からの間隔が足りません。{}以後に接種してください。", until(), from())
            }
            "E_LIVE_INTERVAL" => {
                format!("{text}（{}）との間隔が足りません。{}以後に接種してください。", until(), from())
            }
            "E_EXCESS" => format!("{text}は必要な回数を終えています。接種記録の重複を確認してください。"),
            "E_DUP_DAY" => {
                format!("{text}が同じ日に二重に記録されています。誤入力でないか確認してください。")
            }
            "E_NO_DOSE" => format!("{text}は行わない回です。次の回の時期を確認してください。"),
            "NO_DOSE" => format!("{text}は行いません。"),
            "E_PRODUCT_NOT_IN_FORCE" => {
                format!("{text}を定期接種に使えるのは{}です。ワクチンの種類を確認してください。", period())
            }
            "E_WRONG_PRODUCT" => format!("{text}はこの接種に使えません。ワクチンの種類を確認してください。"),
            "E_MIXED_PRODUCT" => {
                format!("前の回と異なる製剤（{text}）です。原則として同じ製剤で接種してください。")
            }
            "E_VOLUME" => format!(
                "接種量が違います。この年齢の接種量は{}mLです。",
                f64::from(args.number.unwrap_or_default()) / 100.0
            ),
            "E_LOT_EXPIRED" => {
                format!("ロットの有効期限（{}）を過ぎています。ロット番号と期限を確認してください。", until())
            }
            "E_EXCLUDED" if args.number.is_some() => {
                format!("{text}にかかったことがあるため対象から除かれます。罹患歴を確認してください。")
            }
            "E_EXCLUDED" => format!("{text}、対象から除かれます。"),
            "W_STD" => format!("標準的な接種期間（{}）の外です。定期接種としては有効です。", period()),
            "W_ROTA_15W" => {
                format!("初回接種は{}（14週6日）までが勧められています。医師に確認してください。", until())
            }
            "W_RSV_14D" => String::from(
                "接種後14日以内に出産の予定がある場合は、効果が十分でないことがあります。医師に確認してください。",
            ),
            "W_INTERVAL" => {
                format!("{text}は標準より短い間隔です。医師が必要と認めたことを確認してください。")
            }
            "W_HPV_THIRD" => String::from("1回目から5か月以上たっていないため、3回目の接種が必要です。"),
            "W_DUE_DATE" => String::from(
                "この接種のときの分娩予定日が分かりません。妊娠週数を母子健康手帳で確認してください。",
            ),
            "W_PRIORITY" => {
                format!(
                    "{text}の対象は主に高齢者と基礎疾患のある方です。対象であったことを確認してください。"
                )
            }
            "RINJI" => String::from("臨時接種（特例臨時接種）として有効です。"),
            "NO_SERIES" => format!("{text}は定期接種ではありません。間隔の確認のために記録します。"),
            // Where there is but one dose, counting it would only puzzle.
            "WINDOW" if text == "1回" => format!("接種期間は{}です。", period()),
            "WINDOW" => format!("{text}の接種期間は{}です。", period()),
            "PRODUCT_WINDOW" => format!("{text}の場合の接種期間は{}です。", period()),
            "NEXT_FROM" => format!("前の接種からの間隔により、{}以後に接種できます。", from()),
            "SERIES_FIT" => format!("{text}、{}までに始めてください。", until()),
            "SERIES_NO_FIT" => {
                format!("今から始めると、必要な回数を対象期間（{}まで）に終えられません。", until())
            }
            "COMPLETE" => format!("{text}は必要な接種を終えています。"),
            "SEASON_DONE" => {
                format!("今期（{}）の{text}の接種を終えています。", period())
            }
            "EXPIRED" => format!("対象期間は{}で終わりました。", until()),
            "TOO_LATE_TO_FIT" => {
                format!("次の接種は{}以後になり、対象期間（{}まで）に間に合いません。", from(), until())
            }
            "HIB_BY_DPT5" => String::from("五種混合にヒブが含まれるため、ヒブ単独の接種は要りません。"),
            "HIB_IN_DPT5" => String::from("五種混合を接種する場合、ヒブ単独の接種は要りません。"),
            "JE1_FIRST" => String::from("第1期の残りの接種を先に受けてください。"),
            "LONG_ILLNESS" => format!("長期療養の特例により、{}接種できます。", period()),
            "HIGH_DOSE" => String::from("75歳以上の方は、標準の製剤と高用量の製剤から選べます。"),
            other => other.to_string(),
        }
    }
}
