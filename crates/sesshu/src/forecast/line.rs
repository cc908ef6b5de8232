//! One line as JSON: what both packs read in common, and how its mistakes are said.

use super::door::Refusal;
use domain::Date;
use domain::schedule::Sex;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Nobody alive was born earlier, and no record is older (種痘 of the Meiji era).
const FIRST_YEAR: i16 = 1868;
/// Far beyond any forecast; keeps date arithmetic within the calendar.
const LAST_YEAR: i16 = 2200;
/// More doses than any life holds; keeps one line from taking a core for long.
pub const DOSES_MAX: usize = 500;

/// One person as written, with the facts of the pack.
#[derive(serde::Deserialize)]
pub struct Line<'a, F> {
    #[serde(borrow, default)]
    pub id: Id<'a>,
    pub birth_date: Day,
    #[serde(default)]
    pub sex: SexCode,
    #[serde(default)]
    pub as_of: Option<Day>,
    #[serde(borrow, default = "Vec::new")]
    pub doses: Vec<DoseLine<'a>>,
    #[serde(default = "Option::default")]
    pub facts: Option<F>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoseLine<'a> {
    pub date: Day,
    #[serde(borrow)]
    pub vaccine: Code<'a>,
    /// MVX code of the manufacturer (cdc).
    #[serde(borrow, default)]
    pub mvx: Option<Cow<'a, str>>,
    /// 接種量 (jp).
    #[serde(default)]
    pub volume_ml: Option<f64>,
    #[serde(default)]
    pub lot_expires_on: Option<Day>,
    /// The dose condition flag: recalled, broken cold chain… (cdc).
    #[serde(default)]
    pub substandard: bool,
}

/// Reads a line; a mistake comes back with the id, if that much can be read.
pub fn parse<'a, F: Deserialize<'a>>(line: &'a [u8]) -> Result<Line<'a, F>, Refusal> {
    let parsed: Result<Line<F>, _> = serde_json::from_slice(line);
    parsed.map_err(|error| Refusal { id: id_of(line), error: sentence(line, &error) })
}

/// What must hold for any pack: days in their order, and not too many doses.
pub fn check<F>(line: &Line<F>, as_of: Option<Date>) -> Result<Date, String> {
    let as_of = line
        .as_of
        .map(|day| day.0)
        .or(as_of)
        .ok_or("判定する日がありません。as_of を書くか --as-of で指定してください")?;
    let birth = line.birth_date.0;
    if as_of < birth {
        return Err(format!("as_of ({as_of}) は生年月日 ({birth}) 以後の日付にしてください"));
    }
    if line.doses.len() > DOSES_MAX {
        return Err(format!("接種歴は {DOSES_MAX} 件以内にしてください ({} 件あります)", line.doses.len()));
    }
    match line.doses.iter().find(|dose| dose.date.0 < birth) {
        Some(dose) => Err(format!("接種日 ({}) は生年月日 ({birth}) 以後の日付にしてください", dose.date.0)),
        None => Ok(as_of),
    }
}

#[derive(serde::Deserialize)]
struct OnlyId<'a> {
    #[serde(borrow, default)]
    id: Id<'a>,
}

fn id_of(line: &[u8]) -> String {
    let id = serde_json::from_slice::<OnlyId>(line).map(|only| only.id).unwrap_or_default();
    serde_json::to_string(&id).expect("writing to memory does not fail")
}

fn sentence(line: &[u8], error: &serde_json::Error) -> String {
    if line.iter().all(u8::is_ascii_whitespace) {
        return "空の行です。1人を1行で書いてください".to_owned();
    }
    if std::str::from_utf8(line).is_err() {
        return "UTF-8 ではありません。文字コードを UTF-8 にしてください".to_owned();
    }
    match error.classify() {
        serde_json::error::Category::Data => format!("内容を読めません: {error}"),
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => {
            format!("JSON として読めません。1人を1行で書いてください: {error}")
        }
        serde_json::error::Category::Io => format!("読めません: {error}"),
    }
}

/// The caller's name for a person: text or a number, handed back as it came.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Id<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    Number(i64),
}

impl Serialize for Id<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Id::None => to.serialize_none(),
            Id::Text(text) => to.serialize_str(text),
            Id::Number(number) => to.serialize_i64(*number),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl<'de> Visitor<'de> for IdVisitor {
    type Value = Id<'de>;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("id (文字列か整数)")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Id<'de>, E> {
        Ok(Id::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Id<'de>, E> {
        Ok(Id::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Id<'de>, E> {
        Ok(Id::Number(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id<'de>, E> {
        i64::try_from(number).map(Id::Number).map_err(|_| E::custom("id の数が大きすぎます"))
    }

    fn visit_unit<E>(self) -> Result<Id<'de>, E> {
        Ok(Id::None)
    }
}

/// A vaccine code; a CVX code may also be written as a number.
pub struct Code<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Code<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Id::deserialize(from)? {
            Id::Text(text) => Ok(Code(text)),
            Id::Number(number) => Ok(Code(Cow::Owned(number.to_string()))),
            Id::None => Err(de::Error::custom("vaccine がありません")),
        }
    }
}

/// A day written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(pub Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(DayVisitor)
    }
}

struct DayVisitor;

impl Visitor<'_> for DayVisitor {
    type Value = Day;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("日付 (YYYY-MM-DD)")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Day, E> {
        read_day(text).map(Day).map_err(E::custom)
    }
}

/// Reads a day exactly as the contract writes it, and says what is wrong otherwise.
pub fn read_day(text: &str) -> Result<Date, String> {
    let shown = || text.chars().take(20).collect::<String>();
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| {
        bytes.get(range)?.iter().try_fold(0i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let parts = (number(0..4), number(5..7), number(8..10));
    let (Some(year), Some(month), Some(day)) = parts else {
        return Err(format!("「{}」は日付ではありません。YYYY-MM-DD で書いてください", shown()));
    };
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(format!("「{}」は日付ではありません。YYYY-MM-DD で書いてください", shown()));
    }
    if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
        return Err(format!(
            "「{}」は扱えない年です。{FIRST_YEAR} から {LAST_YEAR} 年で書いてください",
            shown()
        ));
    }
    Date::new(year, month as i8, day as i8)
        .map_err(|_| format!("「{}」は暦にない日付です。正しい日付を書いてください", shown()))
}

/// 性別; not written means not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SexCode(pub Sex);

impl Default for SexCode {
    fn default() -> Self {
        SexCode(Sex::Unknown)
    }
}

impl<'de> Deserialize<'de> for SexCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Option::<Cow<str>>::deserialize(from)?.as_deref() {
            Some("F") => Ok(SexCode(Sex::Female)),
            Some("M") => Ok(SexCode(Sex::Male)),
            Some("U") | None => Ok(SexCode(Sex::Unknown)),
            Some(other) => {
                let shown: String = other.chars().take(20).collect();
                Err(de::Error::custom(format!("sex 「{shown}」は F・M・U のどれかで書いてください")))
            }
        }
    }
}

/// Writes a day as `YYYY-MM-DD`, without going through a formatter.
pub struct Iso(pub Date);

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut text = *b"0000-00-00";
        let (year, month, day) = (self.0.year().unsigned_abs(), self.0.month() as u8, self.0.day() as u8);
        for (place, digit) in
            [year / 1000, year / 100 % 10, year / 10 % 10, year % 10].into_iter().enumerate()
        {
            text[place] += digit as u8;
        }
        text[5] += month / 10;
        text[6] += month % 10;
        text[8] += day / 10;
        text[9] += day % 10;
        to.serialize_str(std::str::from_utf8(&text).expect("digits and hyphens"))
    }
}
