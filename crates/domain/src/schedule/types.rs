//! The vocabulary of the engine's contract: persons, doses, verdicts. No rule lives here.

use super::reason::Reason;
use crate::{Date, coded};

/// 性別 as registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sex {
    Male,
    Female,
    /// 不詳: neither is registered; rules that ask for a sex are not met.
    Unknown,
}

coded! {
    /// 接種種類・期: one line of a person's forecast.
    Series {
        HepB = "HEPB", "B型肝炎";
        Rota = "ROTA", "ロタウイルス";
        Dpt = "DPT", "五種混合・四種混合";
        Hib = "HIB", "ヒブ";
        Pcv = "PCV", "小児用肺炎球菌";
        Bcg = "BCG", "BCG";
        Mr1 = "MR1", "麻しん風しん第1期";
        Mr2 = "MR2", "麻しん風しん第2期";
        Var = "VAR", "水痘";
        Je1 = "JE1", "日本脳炎第1期";
        Je2 = "JE2", "日本脳炎第2期";
        Dt2 = "DT2", "二種混合第2期";
        Hpv = "HPV", "HPV";
        Rsv = "RSV", "RSウイルス(妊婦)";
        Flu = "FLU", "高齢者インフルエンザ";
        Covid = "COVID", "新型コロナウイルス感染症";
        Ppv = "PPV", "高齢者肺炎球菌";
        Zoster = "ZOSTER", "帯状疱疹";
        Rubella5 = "RUBELLA5", "風しん第5期";
    }
}

coded! {
    /// ワクチン (製品の系統) as recorded. Also what was given voluntarily, since it can stand in a rule's way.
    Vaccine {
        HepB = "HEPB", "B型肝炎ワクチン";
        Rota1 = "ROTA1", "ロタウイルス1価";
        Rota5 = "ROTA5", "ロタウイルス5価";
        Dpt5 = "DPT5", "五種混合";
        Dpt4 = "DPT4", "四種混合";
        Dpt3 = "DPT3", "三種混合";
        Ipv = "IPV", "不活化ポリオ";
        Dt = "DT", "二種混合";
        Hib = "HIB", "ヒブ";
        Pcv7 = "PCV", "小児用肺炎球菌(7価・価数不明)";
        Pcv13 = "PCV13", "小児用肺炎球菌13価";
        Pcv15 = "PCV15", "小児用肺炎球菌15価";
        Pcv20 = "PCV20", "小児用肺炎球菌20価";
        Bcg = "BCG", "BCG";
        Mr = "MR", "麻しん風しん混合";
        Measles = "M", "麻しん";
        Rubella = "R", "風しん";
        Varicella = "VAR", "水痘";
        Je = "JE", "日本脳炎";
        Hpv2 = "HPV2", "HPV2価";
        Hpv4 = "HPV4", "HPV4価";
        Hpv9 = "HPV9", "HPV9価";
        Rsv = "RSV", "RSウイルス(妊婦用)";
        Flu = "FLU", "インフルエンザ";
        FluHighDose = "FLUHD", "インフルエンザ高用量";
        Covid = "COVID", "新型コロナウイルス";
        Ppsv23 = "PPSV23", "肺炎球菌23価";
        Pcv20Adult = "PCV20A", "肺炎球菌20価(成人)";
        ZosterLive = "ZOSTERLIVE", "帯状疱疹生ワクチン";
        ZosterRecombinant = "ZOSTERREC", "帯状疱疹組換えワクチン";
        Mumps = "MUMPS", "おたふくかぜ";
        YellowFever = "YF", "黄熱";
    }
}

coded! {
    /// 障害の種別: 60–64歳 become B類 targets only by these (身体障害者手帳1級相当).
    Disability {
        Heart = "heart", "心臓機能障害1級";
        Kidney = "kidney", "腎臓機能障害1級";
        Lung = "lung", "呼吸器機能障害1級";
        HivImmune = "hiv_immune", "HIVによる免疫機能障害1級";
    }
}

coded! {
    /// 罹患した疾病: having had the disease takes a person out of the target (施行令3条1項).
    Disease {
        Measles = "measles", "麻しん";
        Rubella = "rubella", "風しん";
        Varicella = "varicella", "水痘";
        Mumps = "mumps", "おたふくかぜ";
        HepB = "hepb", "B型肝炎";
        Diphtheria = "diphtheria", "ジフテリア";
        Pertussis = "pertussis", "百日せき";
        Tetanus = "tetanus", "破傷風";
        Polio = "polio", "急性灰白髄炎";
        JapaneseEncephalitis = "je", "日本脳炎";
        Tuberculosis = "tuberculosis", "結核";
        Hib = "hib", "Hib感染症";
        Pneumococcal = "pneumococcal", "肺炎球菌感染症";
        Rotavirus = "rotavirus", "ロタウイルス感染症";
        Intussusception = "intussusception", "腸重積症";
        Hpv = "hpv", "ヒトパピローマウイルス感染症";
        Zoster = "zoster", "帯状疱疹";
    }
}

/// A set of [`Disease`], small enough to copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiseaseSet(u32);

impl DiseaseSet {
    pub const NONE: DiseaseSet = DiseaseSet(0);

    #[must_use]
    pub const fn with(self, disease: Disease) -> DiseaseSet {
        DiseaseSet(self.0 | 1 << disease as u32)
    }

    pub const fn contains(self, disease: Disease) -> bool {
        self.0 & (1 << disease as u32) != 0
    }

    pub const fn is_disjoint(self, other: DiseaseSet) -> bool {
        self.0 & other.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Disease> {
        Disease::ALL.iter().copied().filter(move |disease| self.contains(*disease))
    }
}

impl FromIterator<Disease> for DiseaseSet {
    fn from_iter<T: IntoIterator<Item = Disease>>(diseases: T) -> Self {
        diseases.into_iter().fold(DiseaseSet::NONE, DiseaseSet::with)
    }
}

/// 長期療養特例 (施行令3条2項): an illness that kept the person from a dose while they were a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongIllness {
    /// The day the ground ended (事由がなくなった日); `None` while it lasts.
    pub ended_on: Option<Date>,
    /// The day the ground began, where known.
    pub since: Option<Date>,
}

/// 風しん抗体検査 of the 5期 cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RubellaTest {
    pub on: Date,
    /// 抗体価が不十分.
    pub insufficient: bool,
}

/// What the register and the counter know of a person beyond birth date and sex. All unknown by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// 分娩予定日 of the present pregnancy.
    pub due_date: Option<Date>,
    pub disability: Option<Disability>,
    pub had_disease: DiseaseSet,
    /// B型肝炎母子感染予防 was given (HBIG and vaccine, under insurance).
    pub hbv_prophylaxis: bool,
    pub immunocompromised: bool,
    pub long_illness: Option<LongIllness>,
    /// The mayor recognised that MR was missed because of the shortage of FY2024.
    pub mr_shortage: bool,
    pub rubella_test: Option<RubellaTest>,
    /// 生活保護受給 on the day asked: changes the fee, never the eligibility.
    pub welfare: bool,
    /// 住民となった日; `None` means "long before".
    pub resident_from: Option<Date>,
    /// The last day as a resident (転出・死亡); `None` while resident.
    pub resident_until: Option<Date>,
}

/// The person a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    pub birth_date: Date,
    pub sex: Sex,
    pub facts: Facts,
}

/// 接種 of one vaccine on one day, as recorded anywhere (also voluntary or abroad).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenDose {
    pub on: Date,
    pub vaccine: Vaccine,
    /// 接種量 in hundredths of a millilitre (0.25 mL = 25); `None` when not recorded.
    pub volume_centi_ml: Option<u16>,
    /// 有効期限 of the lot; `None` when not recorded.
    pub lot_expires_on: Option<Date>,
}

impl GivenDose {
    pub const fn new(on: Date, vaccine: Vaccine) -> Self {
        GivenDose { on, vaccine, volume_centi_ml: None, lot_expires_on: None }
    }
}

/// What the engine says of one dose that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoseVerdict {
    /// Index into the doses as they were handed in.
    pub given: usize,
    /// `None` where the vaccine belongs to no series of the law (おたふくかぜ, 黄熱).
    pub series: Option<Series>,
    /// 接種回: counted within the series, 1-based; 0 where the dose counts for nothing.
    pub dose: u8,
    /// 定期として有効.
    pub is_teiki: bool,
    /// Counts toward the series even where it was not 定期.
    pub valid_for_series: bool,
    pub reasons: Vec<Reason>,
}

/// Where a person stands in a series on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// May be given as 定期 on the day asked.
    Due,
    /// Will be possible; `earliest` says when.
    NotYet,
    Complete,
    Expired,
    Excluded,
    NotTarget,
}

impl Status {
    pub const fn code(self) -> &'static str {
        match self {
            Status::Due => "due",
            Status::NotYet => "not_yet",
            Status::Complete => "complete",
            Status::Expired => "expired",
            Status::Excluded => "excluded",
            Status::NotTarget => "not_target",
        }
    }

    pub const fn ja(self) -> &'static str {
        match self {
            Status::Due => "接種できます",
            Status::NotYet => "まだ接種できません",
            Status::Complete => "完了",
            Status::Expired => "対象期間を過ぎました",
            Status::Excluded => "対象から除かれます",
            Status::NotTarget => "対象者ではありません",
        }
    }
}

/// What the engine says of one series on the day asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesFinding {
    pub series: Series,
    pub status: Status,
    /// The dose that is next (1-based); `None` when complete or never a target.
    pub dose: Option<u8>,
    /// 法定の接種期間 of that dose, both ends included.
    pub legal_from: Option<Date>,
    pub legal_until: Option<Date>,
    /// 標準的な接種期間, both ends included.
    pub standard_from: Option<Date>,
    pub standard_until: Option<Date>,
    /// First day on which the next dose may be given, all intervals counted.
    pub earliest: Option<Date>,
    /// Last useful day: given later, it would not be 定期 (or the rest of the series would not fit).
    pub latest: Option<Date>,
    pub reasons: Vec<Reason>,
}

/// The answer for one person on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    pub as_of: Date,
    /// One verdict for each dose that was handed in, in the order of the days they were given. A combined
    /// product that feeds several series has one verdict for the series it is counted in.
    pub doses: Vec<DoseVerdict>,
    /// One finding for each series of the pack, in the order of [`Series::ALL`].
    pub series: Vec<SeriesFinding>,
}

/// How a municipality treats a check that the law leaves to it to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdultStart {
    /// 誕生日の前日 (年齢計算ニ関する法律).
    #[default]
    Eve,
    Birthday,
}

/// 予防接種期間 of influenza that a municipality announces, as month and day within a fiscal year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeasonDays {
    pub from: (i8, i8),
    pub until: (i8, i8),
}

/// The settings of one municipality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub adult_start: AdultStart,
    pub influenza: SeasonDays,
    /// Deviations from the severity each check has by default.
    pub severities: Vec<(&'static str, Severity)>,
    /// Checks the municipality does not want to see. They never change what is 定期.
    pub switched_off: Vec<&'static str>,
}

use super::reason::Severity;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            adult_start: AdultStart::Eve,
            influenza: SeasonDays { from: (10, 1), until: (1, 31) },
            severities: Vec::new(),
            switched_off: Vec::new(),
        }
    }
}

/// A類疾病 or B類疾病 (予防接種法2条2項・3項).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LegalClass {
    /// A類: the person has a duty to make an effort (法9条), the municipality recommends (法8条).
    A,
    /// B類: no duty; a fee may be charged.
    B,
}

impl LegalClass {
    pub const fn ja(self) -> &'static str {
        match self {
            LegalClass::A => "A類",
            LegalClass::B => "B類",
        }
    }
}

impl Series {
    /// A類・B類の別 (予防接種法2条).
    pub const fn legal_class(self) -> LegalClass {
        match self {
            Series::HepB
            | Series::Rota
            | Series::Dpt
            | Series::Hib
            | Series::Pcv
            | Series::Bcg
            | Series::Mr1
            | Series::Mr2
            | Series::Var
            | Series::Je1
            | Series::Je2
            | Series::Dt2
            | Series::Hpv
            | Series::Rsv
            | Series::Rubella5 => LegalClass::A,
            Series::Flu | Series::Covid | Series::Ppv | Series::Zoster => LegalClass::B,
        }
    }

    /// Reads a programme as an office writes it: a series code, a product of it, or a Japanese name.
    pub fn from_programme(name: &str) -> Option<Series> {
        let name = name.trim();
        let upper = name.to_ascii_uppercase();
        if let Some(series) = Series::from_code(&upper) {
            return Some(series);
        }
        if let Some(series) = Series::ALL.iter().copied().find(|series| series.ja() == name) {
            return Some(series);
        }
        Some(match upper.as_str() {
            "DPT5" | "DPT4" | "DPT3" | "IPV" | "DT1" | "5種混合" | "4種混合" | "五種混合" | "四種混合" => {
                Series::Dpt
            }
            "DT" | "2種混合" | "二種混合" => Series::Dt2,
            "ROTA1" | "ROTA5" | "ロタ" => Series::Rota,
            "PCV7" | "PCV13" | "PCV15" | "PCV20" | "小児肺炎球菌" => Series::Pcv,
            "MR" | "MR1期" => Series::Mr1,
            "MR2期" => Series::Mr2,
            "JE" | "日本脳炎" | "日本脳炎1期" => Series::Je1,
            "日本脳炎2期" => Series::Je2,
            "HPV2" | "HPV4" | "HPV9" | "子宮頸がん" => Series::Hpv,
            "FLUHD" | "インフルエンザ" => Series::Flu,
            "コロナ" | "新型コロナ" => Series::Covid,
            "PPSV23" | "PCV20A" | "肺炎球菌" => Series::Ppv,
            "ZOSTERLIVE" | "ZOSTERREC" => Series::Zoster,
            "RUBELLA" | "風疹第5期" | "風しん5期" => Series::Rubella5,
            _ => return None,
        })
    }
}
