//! 対象者抽出と発送: who gets a sheet of paper, who does not, and why.
//!
//! Whether someone is due is the engine's answer ([`crate::schedule`]) and nobody else's: every list, first sending,
//! reminder or movers-in, asks the same rule. What is decided here is only whether a due person can be *sent* the
//! sheet, and who is near enough to be listed with a reason.

use crate::{
    Date,
    age::{Days, fiscal_year, fiscal_year_days, gap_months, plus_days},
    schedule::{Series, SeriesFinding, Status},
    wareki,
};

/// 送付物の種類.
#[doc(alias = "送付物")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeKind {
    /// 予診票: the first sending.
    Questionnaire,
    /// 勧奨はがき: to those who are still not vaccinated.
    Reminder,
}

impl NoticeKind {
    pub const ALL: [NoticeKind; 2] = [NoticeKind::Questionnaire, NoticeKind::Reminder];

    pub const fn code(self) -> &'static str {
        match self {
            NoticeKind::Questionnaire => "questionnaire",
            NoticeKind::Reminder => "reminder",
        }
    }

    pub const fn ja(self) -> &'static str {
        match self {
            NoticeKind::Questionnaire => "予診票",
            NoticeKind::Reminder => "勧奨はがき",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// 住民区分 as it bears on a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Resident,
    MovedOut,
    Dead,
    /// 職権消除: whereabouts unknown.
    Struck,
    /// 住登外.
    Unregistered,
}

/// What the register says of a person to whom something might be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addressee {
    pub standing: Standing,
    pub resident_from: Option<Date>,
    pub resident_until: Option<Date>,
    /// False where day, month or year of birth are unknown: then the birth date is a deemed one.
    pub birth_date_is_exact: bool,
    /// 支援措置.
    pub address_protected: bool,
    /// A postal code and an address are known.
    pub has_address: bool,
    /// The same sheet has been sent for the same dose and still holds.
    pub already_sent: bool,
}

/// What is asked of an extraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub series: Series,
    pub kind: NoticeKind,
    /// 基準日.
    pub base_date: Date,
    /// Only this dose; `None` for whichever is next.
    pub dose: Option<u8>,
    /// The office's own last day (end of a season), never later than the law's.
    pub valid_until: Option<Date>,
}

/// 除外の理由: why somebody who is due, or nearly, is not sent anything.
#[doc(alias = "除外理由")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exclusion {
    Dead,
    MovedOut,
    Struck,
    Unregistered,
    NotYetResident,
    UnknownBirthDate,
    Protected,
    NoAddress,
    AlreadySent,
    Vaccinated,
    OtherDose,
    NotYet,
    Expired,
    /// By the engine: had the disease, had the treatment.
    ByRule,
    /// Since the list was frozen the name, the birth date or the letter's address has changed.
    AddressChanged,
    /// The sheet cannot be printed faithfully (a character no font has).
    Unprintable,
}

impl Exclusion {
    pub const ALL: [Exclusion; 16] = [
        Exclusion::Dead,
        Exclusion::MovedOut,
        Exclusion::Struck,
        Exclusion::Unregistered,
        Exclusion::NotYetResident,
        Exclusion::UnknownBirthDate,
        Exclusion::Protected,
        Exclusion::NoAddress,
        Exclusion::AlreadySent,
        Exclusion::Vaccinated,
        Exclusion::OtherDose,
        Exclusion::NotYet,
        Exclusion::Expired,
        Exclusion::ByRule,
        Exclusion::AddressChanged,
        Exclusion::Unprintable,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Exclusion::Dead => "dead",
            Exclusion::MovedOut => "moved_out",
            Exclusion::Struck => "struck",
            Exclusion::Unregistered => "unregistered",
            Exclusion::NotYetResident => "not_resident",
            Exclusion::UnknownBirthDate => "unknown_birth_date",
            Exclusion::Protected => "protected",
            Exclusion::NoAddress => "no_address",
            Exclusion::AlreadySent => "already_sent",
            Exclusion::Vaccinated => "vaccinated",
            Exclusion::OtherDose => "other_dose",
            Exclusion::NotYet => "not_yet",
            Exclusion::Expired => "expired",
            Exclusion::ByRule => "excluded",
            Exclusion::AddressChanged => "address_changed",
            Exclusion::Unprintable => "unprintable",
        }
    }

    /// The reason in a word or two, for tables.
    pub const fn ja(self) -> &'static str {
        match self {
            Exclusion::Dead => "死亡",
            Exclusion::MovedOut => "転出",
            Exclusion::Struck => "職権消除",
            Exclusion::Unregistered => "住登外",
            Exclusion::NotYetResident => "基準日に住民でない",
            Exclusion::UnknownBirthDate => "生年月日不詳",
            Exclusion::Protected => "支援措置",
            Exclusion::NoAddress => "送付先なし",
            Exclusion::AlreadySent => "送付済み",
            Exclusion::Vaccinated => "接種済み",
            Exclusion::OtherDose => "指定と違う接種回",
            Exclusion::NotYet => "まもなく対象",
            Exclusion::Expired => "対象期間を過ぎた",
            Exclusion::ByRule => "対象から除かれる者",
            Exclusion::AddressChanged => "抽出後に登録が変更",
            Exclusion::Unprintable => "印刷できない文字",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.code() == code)
    }

    /// What it is about and what to do, for the clerk.
    pub const fn sentence(self) -> &'static str {
        match self {
            Exclusion::Dead => "死亡しています。",
            Exclusion::MovedOut => "転出しています。転出先の自治体が対象とします。",
            Exclusion::Struck => {
                "住民票が職権で消除されています。居所が分かったときに個別に交付してください。"
            }
            Exclusion::Unregistered => "住民登録がありません。希望があれば窓口で個別に交付してください。",
            Exclusion::NotYetResident => "基準日より後に住民となります。次回の抽出で対象になります。",
            Exclusion::UnknownBirthDate => {
                "生年月日に不詳の部分があります。住民担当に確かめ、個別に交付してください。"
            }
            Exclusion::Protected => {
                "支援措置の対象者です。郵送せず、本人の居所を確かめて個別に交付してください。"
            }
            Exclusion::NoAddress => "郵便番号か住所がありません。住民担当に確かめてください。",
            Exclusion::AlreadySent => {
                "同じ接種回の同じ用紙を送付済みです。紛失したときは再交付してください。"
            }
            Exclusion::Vaccinated => "接種済みです。",
            Exclusion::OtherDose => "次の接種が、指定した接種回と違います。",
            Exclusion::NotYet => "前の接種からの間隔または年齢により、まだ接種できません。",
            Exclusion::Expired => "接種できる期間を過ぎています。",
            Exclusion::ByRule => "法令により対象から除かれます。",
            Exclusion::AddressChanged => {
                "抽出の後に氏名、生年月日または宛先が変わりました。次回の抽出で対象になります。"
            }
            Exclusion::Unprintable => "印刷できない文字があります。用紙は手書きで作ってください。",
        }
    }

    /// The law, order or notice behind it; empty where it is only a fact.
    pub const fn source(self) -> &'static str {
        match self {
            Exclusion::Dead
            | Exclusion::NoAddress
            | Exclusion::AlreadySent
            | Exclusion::OtherDose
            | Exclusion::AddressChanged
            | Exclusion::Unprintable => "",
            Exclusion::MovedOut | Exclusion::Struck | Exclusion::Unregistered | Exclusion::NotYetResident => {
                "予防接種法5条1項"
            }
            Exclusion::UnknownBirthDate | Exclusion::NotYet | Exclusion::Expired => "予防接種法施行令3条1項",
            Exclusion::Protected => "住民基本台帳事務処理要領第5の10",
            Exclusion::Vaccinated => "予防接種法施行規則2条1号",
            Exclusion::ByRule => "予防接種法施行規則2条",
        }
    }
}

/// What comes of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// The sheet goes out.
    Include { dose: u8, legal_from: Option<Date>, legal_until: Option<Date>, valid_until: Date },
    /// Due, or nearly: listed with the reason.
    Exclude { why: Exclusion, dose: u8, legal_from: Option<Date>, legal_until: Option<Date> },
    /// Far from the programme: not listed.
    NotConcerned,
}

/// Who will be or was due within so many days is listed, so that the edges of a list can be seen.
pub const NEAR_DAYS: i32 = 31;

/// Decides about one person. `finding` is the engine's answer by age and history; residence is judged here.
/// `is_of_age` tells whether somebody of that age without any dose or exclusion would be due.
pub fn decide_sending(
    request: &Request,
    addressee: &Addressee,
    finding: &SeriesFinding,
    is_of_age: impl FnOnce() -> bool,
) -> Sending {
    let exclude = |why| Sending::Exclude {
        why,
        dose: finding.dose.unwrap_or(0),
        legal_from: finding.legal_from,
        legal_until: finding.legal_until,
    };
    let lives_here = hindrance_of_residence(addressee, request.base_date).is_none();
    match finding.status {
        Status::Due => {}
        Status::NotTarget => return Sending::NotConcerned,
        Status::NotYet | Status::Expired | Status::Complete | Status::Excluded if !lives_here => {
            return Sending::NotConcerned;
        }
        Status::NotYet => {
            return if is_near(finding, request.base_date) {
                exclude(Exclusion::NotYet)
            } else {
                Sending::NotConcerned
            };
        }
        Status::Expired => {
            return if was_near(finding, request.base_date) {
                exclude(Exclusion::Expired)
            } else {
                Sending::NotConcerned
            };
        }
        Status::Complete => {
            return if is_of_age() { exclude(Exclusion::Vaccinated) } else { Sending::NotConcerned };
        }
        Status::Excluded => {
            return if is_of_age() { exclude(Exclusion::ByRule) } else { Sending::NotConcerned };
        }
    }
    let dose = finding.dose.unwrap_or(1);
    if request.dose.is_some_and(|wanted| wanted != dose) {
        return if lives_here { exclude(Exclusion::OtherDose) } else { Sending::NotConcerned };
    }
    if let Some(why) = hindrance(addressee, request.base_date) {
        return exclude(why);
    }
    Sending::Include {
        dose,
        legal_from: finding.legal_from,
        legal_until: finding.legal_until,
        valid_until: valid_until(request, finding.legal_until),
    }
}

/// 有効期限: the law's last day of the dose, or the office's own if that is earlier. A window without an end
/// (a ground that still lasts) is asked again every fiscal year.
#[doc(alias = "有効期限")]
pub fn valid_until(request: &Request, legal_until: Option<Date>) -> Date {
    let law = legal_until.unwrap_or_else(|| fiscal_year_days(fiscal_year(request.base_date)).until);
    request.valid_until.map_or(law, |office| office.min(law))
}

fn is_near(finding: &SeriesFinding, base: Date) -> bool {
    finding.earliest.is_some_and(|day| day <= plus_days(base, NEAR_DAYS))
}

fn was_near(finding: &SeriesFinding, base: Date) -> bool {
    finding.legal_until.is_some_and(|day| day >= plus_days(base, -NEAR_DAYS) && day < base)
}

fn hindrance_of_residence(addressee: &Addressee, on: Date) -> Option<Exclusion> {
    match addressee.standing {
        Standing::Dead => return Some(Exclusion::Dead),
        Standing::MovedOut => return Some(Exclusion::MovedOut),
        Standing::Struck => return Some(Exclusion::Struck),
        Standing::Unregistered => return Some(Exclusion::Unregistered),
        Standing::Resident => {}
    }
    if addressee.resident_until.is_some_and(|until| until < on) {
        return Some(Exclusion::MovedOut);
    }
    addressee.resident_from.is_some_and(|from| from > on).then_some(Exclusion::NotYetResident)
}

/// Why a due person cannot be sent a letter; the gravest first.
fn hindrance(addressee: &Addressee, on: Date) -> Option<Exclusion> {
    if let Some(why) = hindrance_of_residence(addressee, on) {
        return Some(why);
    }
    if addressee.address_protected {
        return Some(Exclusion::Protected);
    }
    if !addressee.birth_date_is_exact {
        return Some(Exclusion::UnknownBirthDate);
    }
    if !addressee.has_address {
        return Some(Exclusion::NoAddress);
    }
    addressee.already_sent.then_some(Exclusion::AlreadySent)
}

/// Looks again before printing: `None` lets the sheet for `dose` go out. `finding` is of the day of printing (or of
/// the base date where that is still to come).
pub fn recheck(dose: u8, addressee: &Addressee, finding: &SeriesFinding, on: Date) -> Option<Exclusion> {
    if let Some(why) = hindrance(addressee, on) {
        return Some(why);
    }
    let other_dose = finding.dose.is_some_and(|next| next > dose);
    match finding.status {
        Status::Complete => Some(Exclusion::Vaccinated),
        Status::Due | Status::NotYet if other_dose => Some(Exclusion::Vaccinated),
        Status::Due => None,
        Status::NotYet => Some(Exclusion::NotYet),
        Status::Expired | Status::NotTarget => Some(Exclusion::Expired),
        Status::Excluded => Some(Exclusion::ByRule),
    }
}

/// Birth dates between which a programme can have anyone due on a day; wider than the law, never narrower. People
/// with special grounds (長期療養特例, 妊娠, 障害) are looked at whatever their age.
pub fn reach(series: Series, on: Date) -> Days {
    let (youngest, oldest) = match series {
        Series::Rota | Series::HepB | Series::Bcg => (0, 2),
        Series::Dpt | Series::Hib => (0, 9),
        Series::Pcv | Series::Mr1 => (0, 7),
        Series::Mr2 => (4, 11),
        Series::Var => (0, 4),
        // 日本脳炎の特例 reaches the eve of the 20th birthday.
        Series::Je1 => (0, 21),
        Series::Je2 => (8, 21),
        Series::Dt2 => (10, 14),
        // The catch-up cohorts of 1997 were still asked for until 2026-03-31.
        Series::Hpv => (10, 30),
        Series::Rsv => (10, 65),
        Series::Rubella5 => (38, 68),
        Series::Flu | Series::Covid | Series::Ppv | Series::Zoster => (59, 130),
    };
    Days::new(
        gap_months(on, -12 * (oldest + 1)),
        if youngest == 0 { on } else { gap_months(on, -12 * (youngest - 1)) },
    )
}

/// Why a base date is not taken. `Display` is the sentence for the clerk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseDateFault {
    #[error(
        "基準日{}は{}年度です。今年度（{}年度）か来年度の日付を入力してください",
        wareki::long(*given), fiscal_year_ja(*given), fiscal_year_ja(*today)
    )]
    OtherYear { given: Date, today: Date },
}

/// 基準日 must lie in this fiscal year or the next: in 2023 a city sent 45,999 forms with ages of the year before.
pub fn check_base_date(given: Date, today: Date) -> Result<(), BaseDateFault> {
    let ahead = fiscal_year(given) - fiscal_year(today);
    if (0..=1).contains(&ahead) { Ok(()) } else { Err(BaseDateFault::OtherYear { given, today }) }
}

/// 年度 as the office says it: 令和8.
pub fn fiscal_year_ja(day: Date) -> String {
    match wareki::era_year(Date::constant(fiscal_year(day), 4, 1)) {
        // The year in which an era begins is called by the new era (令和元年度).
        Some((era, _)) if era == wareki::Era::Heisei && fiscal_year(day) == 2019 => "令和元".to_owned(),
        Some((era, 1)) => format!("{}元", era.ja()),
        Some((era, year)) => format!("{}{year}", era.ja()),
        None => fiscal_year(day).to_string(),
    }
}

/// 未着の接種記録: a source whose records of a month have not arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingMonth {
    pub source: String,
    /// The first of the month.
    pub month: Date,
}

/// How far back a source must be complete before anyone is reminded.
const COMPLETE_MONTHS: i32 = 12;

/// Which months are missing on a day. Clinics report a month in the month after, so every source that has ever
/// reported owes each month from its first up to the one before `today`: in 2022 a city reminded 35 people who were
/// vaccinated, because one batch had not been loaded.
pub fn missing_months(arrivals: &[(String, Date)], today: Date) -> Vec<MissingMonth> {
    let this_month = today.first_of_month();
    let oldest = gap_months(this_month, -COMPLETE_MONTHS);
    let mut sources: Vec<&str> = arrivals.iter().map(|(source, _)| source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let mut missing = Vec::new();
    for source in sources {
        let arrived: Vec<Date> =
            arrivals.iter().filter(|(name, _)| name == source).map(|(_, month)| *month).collect();
        let first = arrived.iter().copied().min().unwrap_or(this_month).max(oldest);
        let mut month = first;
        while month < this_month {
            if !arrived.contains(&month) {
                missing.push(MissingMonth { source: source.to_owned(), month });
            }
            month = gap_months(month, 1);
        }
    }
    missing
}
