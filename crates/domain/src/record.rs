//! 接種記録 before it is kept: what cannot be true, what is true but irregular, what is only to be looked at.
//!
//! Screen, import and review ask [`weigh`], so that the same dose is judged alike wherever it comes in. What cannot be
//! true is refused. What is irregular is kept with an explanation: the ledger says what happened, not what should have.

use crate::Date;
use crate::schedule::japan::{programme_of, rule::ProductRule};
use crate::schedule::{
    DoseVerdict, GivenDose, Japan, Person, Reason, Series, Severity, Vaccine,
    interpreter::{LegalCalendar, Subject},
};

/// 特別の事情・経緯 shorter than this explains nothing.
pub const EXPLANATION_CHARS_MIN: usize = 5;
/// Two lines of the record's page; what is longer belongs into the report of the incident.
pub const EXPLANATION_CHARS_MAX: usize = 500;

/// Whether the text explains an irregular dose.
pub fn explains(text: &str) -> bool {
    text.trim().chars().count() >= EXPLANATION_CHARS_MIN
}

/// 実施区分: what came of the visit.
#[doc(alias = "実施区分")]
#[doc(alias = "接種判定")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// 接種した.
    Given,
    /// 予診のみ: the doctor decided against it; billed, but no dose.
    ScreeningOnly,
}

impl Judgement {
    pub const ALL: [Judgement; 2] = [Judgement::Given, Judgement::ScreeningOnly];

    pub const fn code(self) -> &'static str {
        match self {
            Judgement::Given => "given",
            Judgement::ScreeningOnly => "screening_only",
        }
    }

    pub const fn ja(self) -> &'static str {
        match self {
            Judgement::Given => "接種した",
            Judgement::ScreeningOnly => "予診のみ",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Judgement::ALL.into_iter().find(|judgement| judgement.code() == code)
    }
}

/// 法定区分: under the law (定期) or of one's own accord (任意). Decides fee and relief (法15条, PMDA).
#[doc(alias = "法定区分")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    Routine,
    Voluntary,
}

impl Basis {
    pub const ALL: [Basis; 2] = [Basis::Routine, Basis::Voluntary];

    pub const fn code(self) -> i16 {
        match self {
            Basis::Routine => 1,
            Basis::Voluntary => 2,
        }
    }

    pub const fn ja(self) -> &'static str {
        match self {
            Basis::Routine => "定期",
            Basis::Voluntary => "任意",
        }
    }

    pub fn from_code(code: i16) -> Option<Self> {
        Basis::ALL.into_iter().find(|basis| basis.code() == code)
    }
}

/// The person as the register and the ledger know them.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub person: &'a Person,
    /// The register has a whole birth date; else `person` carries the deemed one and no birth can be held against a dose.
    pub birth_is_exact: bool,
    /// 死亡日.
    pub died_on: Option<Date>,
    /// The doses that hold, without the one in question.
    pub doses: &'a [GivenDose],
    pub today: Date,
}

/// 予診票 the record is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    pub series: Series,
    pub dose: u8,
    pub valid_until: Option<Date>,
}

/// What the register of clinics says of the clinic on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClinicStanding {
    UnderContract,
    /// Registered, but its contract had not begun or had ended.
    NoContract,
    /// Not one of ours (海外, 他自治体の医療機関), known by name only.
    ByName,
}

/// What is about to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub content: Content,
    pub basis: Basis,
    pub sheet: Option<Sheet>,
    pub clinic: ClinicStanding,
    pub has_lot: bool,
}

/// 接種, or a visit without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Given(GivenDose),
    ScreeningOnly { on: Date },
}

impl Content {
    pub const fn on(&self) -> Date {
        match self {
            Content::Given(dose) => dose.on,
            Content::ScreeningOnly { on } => *on,
        }
    }
}

/// What cannot be true, and therefore is not kept. `Display` is the sentence for the clerk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrue {
    #[error("接種日は今日以前の日付を入力してください")]
    Future,
    #[error("接種日は生年月日以後の日付を入力してください")]
    BeforeBirth,
    #[error("接種日は死亡日（{}）以前の日付を入力してください。予診票の氏名も確かめてください", crate::wareki::both(*.died_on))]
    AfterDeath { died_on: Date },
    #[error("同じ日の{}は登録済みです。接種日とワクチンを確かめ、登録済みの記録が誤りならその記録を訂正してください", .vaccine.ja())]
    SameDay { vaccine: Vaccine },
}

impl Untrue {
    pub const fn code(self) -> &'static str {
        match self {
            Untrue::Future => "future",
            Untrue::BeforeBirth => "before_birth",
            Untrue::AfterDeath { .. } => "after_death",
            Untrue::SameDay { .. } => "same_day",
        }
    }
}

/// 確認が必要な点: one broken rule or one thing to know, as it is shown and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: String,
    pub severity: Severity,
    pub ja: String,
    /// Law, order or notice with its article; empty where the check is the office's own.
    pub source: String,
}

impl Finding {
    fn own(code: &str, severity: Severity, ja: impl Into<String>, source: &str) -> Finding {
        Finding { code: code.to_owned(), severity, ja: ja.into(), source: source.to_owned() }
    }

    /// Whether the finding comes from the paper and the clinic, not from the engine: a rebuild keeps it.
    pub fn is_of_entry(&self) -> bool {
        ENTRY_CODES.contains(&self.code.as_str())
    }
}

const ENTRY_CODES: [&str; 7] = [
    "E_SHEET_PROGRAMME",
    "E_ELSEWHERE",
    "W_SHEET_SERIES",
    "W_SHEET_DOSE",
    "W_SHEET_EXPIRED",
    "W_CLINIC_CONTRACT",
    "W_NO_LOT",
];

/// The answer to a candidate.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// Not empty: refused.
    pub untrue: Vec<Untrue>,
    /// Every rule broken, the gravest first.
    pub findings: Vec<Finding>,
    /// `None` for 予診のみ, which is no dose.
    pub verdict: Option<Verdict>,
}

impl Weighed {
    /// True but against the rules: kept only with an explanation.
    pub fn is_irregular(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// What is kept of the engine's verdict beside a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub series: Option<Series>,
    pub dose: u8,
    pub is_teiki: bool,
    pub valid_for_series: bool,
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// 任意 is never 定期, whatever the engine says of the day.
    pub fn of(verdict: &DoseVerdict, basis: Basis) -> Verdict {
        Verdict {
            series: verdict.series,
            dose: verdict.dose,
            is_teiki: verdict.is_teiki && basis == Basis::Routine,
            valid_for_series: verdict.valid_for_series,
            findings: verdict.reasons.iter().map(|reason| finding(reason, basis)).collect(),
        }
    }
}

/// The findings that stay beside a record, the gravest first: what only explains is not kept.
pub fn kept(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|finding| finding.severity != Severity::Note);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// Rules that say who is a target and when: they decide whether a dose is 定期, and say nothing against a voluntary one.
const OF_ROUTINE_ONLY: [&str; 9] = [
    "E_AGE_EARLY",
    "E_AGE_LATE",
    "E_NOT_STARTED",
    "E_COHORT",
    "E_SEX",
    "E_CONDITION",
    "E_NOT_RESIDENT",
    "E_SEASON",
    "E_PRODUCT_NOT_IN_FORCE",
];

fn finding(reason: &Reason, basis: Basis) -> Finding {
    let weakened = basis == Basis::Voluntary && OF_ROUTINE_ONLY.contains(&reason.code);
    let severity = if weakened { reason.severity.min(Severity::Warning) } else { reason.severity };
    Finding::own(reason.code, severity, reason.ja(), reason.source)
}

/// Judges what is about to be recorded: every rule at once.
pub fn weigh(engine: &Japan, about: &About<'_>, candidate: &Candidate) -> Weighed {
    let untrue = untrue(about, candidate);
    let mut findings = Vec::new();
    let mut kept = None;
    let facts = &about.person.facts;
    match candidate.content {
        Content::Given(dose) => {
            let verdict = Verdict::of(&engine.check(about.person, about.doses, &dose), candidate.basis);
            findings.extend(verdict.findings.iter().cloned());
            against_sheet(candidate, dose, &verdict, &mut findings);
            // The engine leaves doses from before moving in as they were there; but our own sheet cannot be as old.
            if candidate.sheet.is_some() && facts.resident_from.is_some_and(|from| dose.on < from) {
                findings.push(elsewhere());
            }
            if !candidate.has_lot {
                findings.push(Finding::own(
                    "W_NO_LOT",
                    Severity::Warning,
                    "ロット番号がありません。予診票か母子健康手帳で確かめられるときは入力してください。",
                    "予防接種法施行規則3条(製造番号)",
                ));
            }
            kept = Some(verdict);
        }
        Content::ScreeningOnly { on } => {
            let is_resident = facts.resident_from.is_none_or(|from| from <= on)
                && facts.resident_until.is_none_or(|last| on <= last);
            if !is_resident {
                findings.push(elsewhere());
            }
        }
    }
    of_paper(candidate, &mut findings);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Weighed { untrue, findings, verdict: kept }
}

fn elsewhere() -> Finding {
    Finding::own(
        "E_ELSEWHERE",
        Severity::Error,
        "接種日（予診日）に住民ではありません。その日の住所地の市区町村を確認してください。",
        "予防接種法5条1項(区域内に居住する者)",
    )
}

fn untrue(about: &About<'_>, candidate: &Candidate) -> Vec<Untrue> {
    let on = candidate.content.on();
    let mut untrue = Vec::new();
    if on > about.today {
        untrue.push(Untrue::Future);
    }
    if about.birth_is_exact && on < about.person.birth_date {
        untrue.push(Untrue::BeforeBirth);
    }
    if let Some(died_on) = about.died_on.filter(|died_on| on > *died_on) {
        untrue.push(Untrue::AfterDeath { died_on });
    }
    if let Content::Given(dose) = candidate.content
        && about.doses.iter().any(|other| other.on == on && other.vaccine == dose.vaccine)
    {
        untrue.push(Untrue::SameDay { vaccine: dose.vaccine });
    }
    untrue
}

/// The paper says what it was sent for; another vaccine on it is a slip of the clinic or of the keyboard.
fn against_sheet(candidate: &Candidate, dose: GivenDose, verdict: &Verdict, findings: &mut Vec<Finding>) {
    let Some(sheet) = candidate.sheet else { return };
    if !products(sheet.series).any(|product| product.vaccine == dose.vaccine) {
        let ja = format!(
            "予診票は{}のものですが、ワクチンは{}です。ワクチンの種類と予診票を見比べてください。",
            sheet.series.ja(),
            dose.vaccine.ja()
        );
        findings.push(Finding::own("E_SHEET_PROGRAMME", Severity::Error, ja, ""));
    } else if let Some(series) = verdict.series.filter(|series| *series != sheet.series) {
        let ja = format!(
            "予診票は{}のものですが、接種日から{}の接種として数えます。接種日を確かめてください。",
            sheet.series.ja(),
            series.ja()
        );
        findings.push(Finding::own("W_SHEET_SERIES", Severity::Warning, ja, ""));
    } else if verdict.dose != 0 && sheet.dose != 0 && verdict.dose != sheet.dose {
        let ja = format!(
            "予診票は{}回目のものですが、記録の上では{}回目です。接種歴に漏れがないか確かめてください。",
            sheet.dose, verdict.dose
        );
        findings.push(Finding::own("W_SHEET_DOSE", Severity::Warning, ja, ""));
    }
}

fn of_paper(candidate: &Candidate, findings: &mut Vec<Finding>) {
    let on = candidate.content.on();
    let expired = candidate.sheet.and_then(|sheet| sheet.valid_until).filter(|until| on > *until);
    if let Some(until) = expired {
        let ja = format!("予診票の有効期限（{}）を過ぎています。", crate::wareki::both(until));
        findings.push(Finding::own("W_SHEET_EXPIRED", Severity::Warning, ja, ""));
    }
    match candidate.clinic {
        ClinicStanding::NoContract => findings.push(Finding::own(
            "W_CLINIC_CONTRACT",
            Severity::Warning,
            "接種日に契約のある医療機関ではありません。医療機関コードと契約の期間を確かめてください。",
            "",
        )),
        ClinicStanding::UnderContract | ClinicStanding::ByName => {}
    }
}

fn products(series: Series) -> impl Iterator<Item = &'static ProductRule> {
    programme_of(series).products.iter()
}

/// The vaccines a programme uses on a day, in the order of its table.
pub fn vaccines_in_force(series: Series, on: Date) -> Vec<Vaccine> {
    products(series).filter(|product| product.in_force.contains(on)).map(|product| product.vaccine).collect()
}

/// 標準の接種量 in hundredths of a millilitre; `None` where the law fixes none.
///
/// On the eve of a birthday two amounts are right: then none is the usual one.
pub fn usual_volume(person: &Person, vaccine: Vaccine, on: Date) -> Option<u16> {
    let subject = Subject { birth: person.birth_date, due_date: person.facts.due_date };
    let mut right = Series::ALL
        .iter()
        .flat_map(|series| products(*series))
        .filter(|product| product.vaccine == vaccine && product.in_force.contains(on))
        .flat_map(|product| product.volumes)
        .filter(|volume| {
            volume.from.opens(LegalCalendar, &subject).is_none_or(|from| from <= on)
                && volume.until.closes(LegalCalendar, &subject).is_none_or(|until| on <= until)
        })
        .map(|volume| volume.centi_ml);
    let first = right.next()?;
    right.all(|other| other == first).then_some(first)
}

/// Why a typed 接種量 was not taken. `Display` is the sentence for the clerk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VolumeError {
    #[error("接種量は「0.5」のように、小数第2位までの数字で入力してください")]
    NotANumber,
    #[error("接種量は0.01から9.99まで（mL）で入力してください")]
    OutOfRange,
}

/// Reads `0.5`, `０．２５`, `.5 mL` as hundredths of a millilitre.
pub fn parse_volume(text: &str) -> Result<u16, VolumeError> {
    let folded: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '０'..='９' => char::from_u32(c as u32 - 0xFEE0).expect("full-width digits have an ASCII twin"),
            '．' | '。' => '.',
            other => other.to_ascii_lowercase(),
        })
        .collect();
    let number = folded.strip_suffix("ml").unwrap_or(&folded);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || whole.len() + part.len() == 0 {
        return Err(VolumeError::NotANumber);
    }
    if part.len() > 2 && part[2..].bytes().any(|byte| byte != b'0') {
        return Err(VolumeError::NotANumber);
    }
    let centi = |digits: &str| digits.bytes().fold(0_u32, |sum, byte| sum * 10 + u32::from(byte - b'0'));
    if whole.len() > 4 {
        return Err(VolumeError::OutOfRange);
    }
    let hundredths = format!("{:0<2}", &part[..part.len().min(2)]);
    match centi(whole) * 100 + centi(&hundredths) {
        volume @ 1..=999 => Ok(volume as u16),
        _ => Err(VolumeError::OutOfRange),
    }
}

/// `0.5`, `0.25`: as on the label.
pub fn volume_text(centi_ml: u16) -> String {
    let text = format!("{}.{:02}", centi_ml / 100, centi_ml % 100);
    text.strip_suffix('0').map_or(text.clone(), str::to_owned)
}
