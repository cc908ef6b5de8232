//! One person and one household of the synthetic register, as small as they can be: 350,000 of them stay in memory.

use domain::Date;
use domain::schedule::Sex;

use crate::names::{self, SURNAMES};
use crate::nations::NATIONS;

/// 住民区分.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Resident,
    MovedOut,
    Died,
    Removed,
    /// 住登外: known to the ward, registered elsewhere.
    Outside,
}

impl Class {
    pub const fn code(self) -> &'static str {
        match self {
            Class::Resident => "1",
            Class::MovedOut => "2",
            Class::Died => "3",
            Class::Removed => "4",
            Class::Outside => "9",
        }
    }
}

/// 異動事由.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    MoveIn,
    Birth,
    MoveWithin,
    MoveOut,
    Death,
    Removal,
    NameChange,
    HouseholdChange,
    Correction,
    Return,
    Protection,
    Welfare,
}

impl Reason {
    pub const fn code(self) -> &'static str {
        match self {
            Reason::MoveIn => "01",
            Reason::Birth => "02",
            Reason::MoveWithin => "03",
            Reason::MoveOut => "04",
            Reason::Death => "05",
            Reason::Removal => "07",
            Reason::NameChange => "08",
            Reason::HouseholdChange => "09",
            Reason::Correction => "10",
            Reason::Return => "11",
            Reason::Protection => "13",
            Reason::Welfare => "14",
        }
    }
}

/// 続柄, chained: 子の妻 is two codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Head,
    Husband,
    Wife,
    Child,
    ChildsWife,
    Grandchild,
    Father,
    Mother,
    Lodger,
}

impl Relation {
    pub const fn codes(self) -> [&'static str; 2] {
        match self {
            Relation::Head => ["01", ""],
            Relation::Husband => ["02", ""],
            Relation::Wife => ["03", ""],
            Relation::Child => ["04", ""],
            Relation::ChildsWife => ["04", "03"],
            Relation::Grandchild => ["04", "04"],
            Relation::Father => ["05", ""],
            Relation::Mother => ["06", ""],
            Relation::Lodger => ["14", ""],
        }
    }
}

/// 生年月日不詳区分.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownBirth {
    Nothing,
    Day,
    MonthAndDay,
    All,
}

impl UnknownBirth {
    pub const fn text(self) -> &'static str {
        match self {
            UnknownBirth::Nothing => "",
            UnknownBirth::Day => "日",
            UnknownBirth::MonthAndDay => "月日",
            UnknownBirth::All => "年月日",
        }
    }
}

/// Whose name it is; indices into the tables of [`names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Japanese,
    Foreign {
        nation: u8,
        /// 在留資格; `None` for 特別永住者.
        status: Option<u8>,
        alias: bool,
    },
}

/// A person of the register.
#[derive(Clone, Copy, Debug)]
pub struct Resident {
    pub number: u32,
    /// Index of the household.
    pub household: u32,
    pub birth: Date,
    pub unknown: UnknownBirth,
    pub sex: Sex,
    pub origin: Origin,
    pub family_name: u16,
    pub given_name: u16,
    pub relation: Relation,
    pub class: Class,
    pub since: Date,
    pub since_reason: Reason,
    /// The last day, for who has left or died.
    pub until: Option<Date>,
    pub change: Reason,
    pub changed_on: Date,
    /// The day the row was written: when it was notified.
    pub written_on: Date,
    pub flags: Flags,
}

/// What the ward has noted about a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// 支援措置 (DV区分).
    pub protected: bool,
    /// 生活保護 since.
    pub welfare_since: Option<Date>,
    pub welfare_until: Option<Date>,
    /// 送付先: mail goes to a child elsewhere.
    pub mail_elsewhere: bool,
    pub memo: bool,
    pub national_insurance: bool,
    pub survey: bool,
    pub disaster_victim: bool,
}

/// Where a household lives.
#[derive(Clone, Copy, Debug)]
pub struct Household {
    pub number: u32,
    /// Who stands for the household; index into the residents.
    pub head: u32,
    pub town: u8,
    pub chome: u8,
    pub ban: u8,
    pub go: u8,
    pub building: Building,
    pub room: u16,
    /// Where it came from and goes to: index into the places outside.
    pub outside: u8,
}

/// 方書.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Building {
    House,
    Flats(u8),
    Facility(u8),
}

impl Resident {
    pub fn woman(&self) -> bool {
        self.sex == Sex::Female
    }

    /// 漢字氏名 (foreigners: roman) and カナ氏名, family and given name apart.
    pub fn name(&self) -> Name {
        let woman = self.woman();
        match self.origin {
            Origin::Japanese => {
                let (kanji, kana, _) = SURNAMES[usize::from(self.family_name)];
                let given = names::given(woman, self.birth.year(), self.given_name);
                Name { family: (kanji, kana), given, separator: '　' }
            }
            Origin::Foreign { nation, .. } => {
                let nation = &NATIONS[usize::from(nation)];
                let givens = if woman { nation.women } else { nation.men };
                let family = nation.families[usize::from(self.family_name) % nation.families.len()];
                Name { family, given: givens[usize::from(self.given_name) % givens.len()], separator: ' ' }
            }
        }
    }

    /// 通称, in the Japanese manner.
    pub fn alias(&self) -> Option<(String, String)> {
        match self.origin {
            Origin::Foreign { alias: true, .. } => {
                let (kanji, kana, _) = SURNAMES[usize::from(self.family_name) % SURNAMES.len()];
                let given = names::given(self.woman(), self.birth.year(), self.given_name);
                Some((format!("{kanji}　{}", given.0), format!("{kana}　{}", given.1)))
            }
            Origin::Foreign { alias: false, .. } | Origin::Japanese => None,
        }
    }
}

/// Family and given name with their kana.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    pub family: (&'static str, &'static str),
    pub given: (&'static str, &'static str),
    pub separator: char,
}

impl Name {
    pub fn written(&self) -> String {
        format!("{}{}{}", self.family.0, self.separator, self.given.0)
    }

    pub fn kana(&self) -> String {
        format!("{}　{}", self.family.1, self.given.1)
    }
}
