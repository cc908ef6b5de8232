//! What the approver must see of a list: counts by reason, ages, samples at the edges, the difference from last time.
//! Made once, at the freeze, from the rows that are frozen. Pure.

use super::sql::TargetRow;
use domain::{
    Date,
    age::{age_years, plus_days, reach_months},
    campaign::{Exclusion, MissingMonth},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Why someone is not on a list any more who is not even among the excluded.
pub const NO_LONGER_LISTED: &str = "対象の年齢・条件から外れました";

/// Codes of the edges of a list, with what they mean.
pub const EDGES: [(&str, &str); 4] = [
    ("youngest", "最も若い"),
    ("oldest", "最も年長"),
    ("april", "4月1日・2日生まれの境"),
    ("window", "期間の初日・末日の前後"),
];

/// How many people are shown at each edge.
const EDGE_SAMPLES: usize = 5;

/// A count under a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub code: String,
    pub count: u64,
}

/// A bar of the age chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgeBar {
    pub label: String,
    pub included: u64,
    pub excluded: u64,
}

/// 前回との差.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub title: String,
    pub base_date: String,
    pub before: u64,
    pub stayed: u64,
    pub added: u64,
    /// By today's reason; the empty code is [`NO_LONGER_LISTED`].
    pub gone: Vec<Count>,
}

impl Difference {
    pub fn gone_total(&self) -> u64 {
        self.gone.iter().map(|count| count.count).sum()
    }

    /// More than half of the list has changed: a mistyped base date looks like this.
    pub fn is_large(&self) -> bool {
        self.before > 0 && (self.added + self.gone_total()) * 2 > self.before
    }
}

/// 抽出結果の要約.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// People whose ledger was evaluated.
    pub looked_at: u64,
    pub included: u64,
    pub excluded: Vec<Count>,
    pub by_dose: Vec<Count>,
    pub ages: Vec<AgeBar>,
    pub previous: Option<Difference>,
    /// Source and month (`2026-10`) of records that had not arrived.
    pub missing: Vec<(String, String)>,
    /// Up to when records are complete, in words.
    pub data_until: String,
}

impl Summary {
    pub fn excluded_total(&self) -> u64 {
        self.excluded.iter().map(|count| count.count).sum()
    }
}

/// The frozen rows of a run, looked at from outside.
pub fn summarize(rows: &[TargetRow], base: Date, looked_at: u64, missing: &[MissingMonth]) -> Summary {
    let mut excluded: BTreeMap<Exclusion, u64> = BTreeMap::new();
    let mut by_dose: BTreeMap<u8, u64> = BTreeMap::new();
    let mut included = 0;
    for row in rows {
        match row.exclusion {
            Some(why) => *excluded.entry(why).or_default() += 1,
            None => {
                included += 1;
                *by_dose.entry(row.dose).or_default() += 1;
            }
        }
    }
    Summary {
        looked_at,
        included,
        excluded: excluded
            .into_iter()
            .map(|(why, count)| Count { code: why.code().to_owned(), count })
            .collect(),
        by_dose: by_dose.into_iter().map(|(dose, count)| Count { code: dose.to_string(), count }).collect(),
        ages: ages(rows, base),
        previous: None,
        missing: missing
            .iter()
            .map(|one| (one.source.clone(), one.month.strftime("%Y-%m").to_string()))
            .collect(),
        data_until: String::new(),
    }
}

/// 前回 against this time. `before` are the people of the previous list.
pub fn difference(rows: &[TargetRow], before: &HashSet<Uuid>, title: &str, base_date: Date) -> Difference {
    let now: HashMap<Uuid, Option<Exclusion>> =
        rows.iter().map(|row| (row.resident_id, row.exclusion)).collect();
    let mut gone: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut stayed = 0;
    for id in before {
        match now.get(id) {
            Some(None) => stayed += 1,
            Some(Some(why)) => *gone.entry(why.code()).or_default() += 1,
            None => *gone.entry("").or_default() += 1,
        }
    }
    let included = rows.iter().filter(|row| row.included).count() as u64;
    Difference {
        title: title.to_owned(),
        base_date: base_date.to_string(),
        before: before.len() as u64,
        stayed,
        added: included - stayed,
        gone: gone.into_iter().map(|(code, count)| Count { code: code.to_owned(), count }).collect(),
    }
}

/// 満年齢 in the words of the office: months below three years.
pub fn age_ja(birth: Date, on: Date) -> String {
    let months = age_months(birth, on);
    if months < 0 {
        return "出生前".to_owned();
    }
    if months < 36 {
        format!("{}歳{}か月", months / 12, months % 12)
    } else {
        format!("{}歳", age_years(birth, on))
    }
}

/// Completed months, by the law's count.
fn age_months(birth: Date, on: Date) -> i32 {
    let estimate = (i32::from(on.year()) - i32::from(birth.year())) * 12 + i32::from(on.month())
        - i32::from(birth.month());
    (estimate - 1..=estimate + 1)
        .rev()
        .find(|months| reach_months(birth, *months) <= on)
        .unwrap_or(estimate - 2)
}

/// Months for babies, years for children, five years for adults: never more bars than can be read.
fn ages(rows: &[TargetRow], base: Date) -> Vec<AgeBar> {
    const BARS_MAX: i32 = 40;
    let months: Vec<i32> = rows.iter().map(|row| age_months(row.birth_date, base)).collect();
    let (Some(low), Some(high)) = (months.iter().min(), months.iter().max()) else { return Vec::new() };
    let width = [1, 12, 60].into_iter().find(|width| high / width - low / width < BARS_MAX).unwrap_or(120);
    let mut bars: BTreeMap<i32, (u64, u64)> =
        (low.div_euclid(width)..=high.div_euclid(width)).map(|bar| (bar, (0, 0))).collect();
    for (row, months) in rows.iter().zip(&months) {
        let bar = bars.entry(months.div_euclid(width)).or_default();
        if row.included { bar.0 += 1 } else { bar.1 += 1 }
    }
    let label = |bar: i32| match width {
        1 if bar < 12 => format!("{bar}か月"),
        1 => format!("{}歳{}か月", bar / 12, bar % 12),
        12 => format!("{bar}歳"),
        width => format!("{}–{}歳", bar * width / 12, (bar + 1) * width / 12 - 1),
    };
    bars.into_iter()
        .map(|(bar, (included, excluded))| AgeBar { label: label(bar), included, excluded })
        .collect()
}

/// Marks the people at the edges of the list, included and excluded alike, so that one look finds a shifted cohort
/// (青森市 2025: 4月1日–3月31日 for 4月2日–4月1日).
pub fn mark_edges(rows: &mut [TargetRow], base: Date) {
    let mut by_birth: Vec<usize> = (0..rows.len()).filter(|index| rows[*index].included).collect();
    by_birth.sort_by_key(|index| (rows[*index].birth_date, rows[*index].addressee_number.clone()));
    let near_window = |row: &TargetRow| {
        let around = |edge: Option<Date>| {
            edge.is_some_and(|day| plus_days(day, -1) <= base && base <= plus_days(day, 1))
        };
        around(row.legal_from) || around(row.legal_until)
    };
    mark(rows, "window", near_window);
    mark(rows, "april", |row| row.birth_date.month() == 4 && row.birth_date.day() <= 2);
    for index in by_birth.iter().take(EDGE_SAMPLES) {
        rows[*index].edge = "oldest";
    }
    for index in by_birth.iter().rev().take(EDGE_SAMPLES) {
        rows[*index].edge = "youngest";
    }
}

/// Marks some of those that fit: as many included as excluded ones.
fn mark(rows: &mut [TargetRow], edge: &'static str, fits: impl Fn(&TargetRow) -> bool) {
    for included in [true, false] {
        let fitting = rows.iter_mut().filter(|row| row.included == included && fits(row));
        for row in fitting.take(EDGE_SAMPLES) {
            row.edge = edge;
        }
    }
}

/// SHA-256 over the included people and what is printed of them, in order of 宛名番号. What was shown to the approver
/// is what is printed: the digest is computed again at both moments.
pub fn digest(included: &[TargetRow]) -> Vec<u8> {
    let mut sorted: Vec<&TargetRow> = included.iter().filter(|row| row.included).collect();
    sorted.sort_by(|a, b| a.addressee_number.cmp(&b.addressee_number));
    let mut sha = Sha256::new();
    let mut field = |bytes: &[u8]| {
        sha.update((bytes.len() as u64).to_be_bytes());
        sha.update(bytes);
    };
    for row in sorted {
        field(row.resident_id.as_bytes());
        field(&[row.dose]);
        field(row.valid_until.map(|day| day.to_string()).unwrap_or_default().as_bytes());
        field(row.birth_date.to_string().as_bytes());
        for text in [
            &row.addressee_number,
            &row.name,
            &row.name_kana,
            &row.address,
            &row.mailing_postal_code,
            &row.mailing_address,
            &row.mailing_building,
            &row.mailing_name,
        ] {
            field(text.as_bytes());
        }
    }
    sha.finalize().to_vec()
}
