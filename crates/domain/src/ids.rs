//! Numbers with a form of their own, parsed once at the edge.
//!
//! After `parse` nobody checks again. What people type (full-width digits, hyphens, spaces) is taken; what cannot be
//! right (a wrong check digit) is refused with a sentence that says what to do.

use std::fmt;

/// Why a typed number was not taken. `Display` is the sentence for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("{what}を入力してください")]
    Empty { what: &'static str },
    #[error("{what}は数字だけで入力してください")]
    NotDigits { what: &'static str },
    #[error("{what}は{digits}桁で入力してください")]
    WrongLength { what: &'static str, digits: u8 },
    #[error("{what}は{digits}桁以内で入力してください")]
    TooLong { what: &'static str, digits: u8 },
    #[error("{what}の検査数字が合いません。打ち間違いがないか、もう一度見て入力してください")]
    CheckDigit { what: &'static str },
    #[error("{what}は英字・数字・ハイフンで20文字以内で入力してください")]
    NotLot { what: &'static str },
}

/// Half-width, without the spaces and hyphens people put between groups of digits.
fn digits(text: &str, what: &'static str) -> Result<String, IdError> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().map(half_width) {
        match c {
            '0'..='9' => out.push(c),
            '-' | '〒' => {}
            other if other.is_whitespace() => {}
            _ => return Err(IdError::NotDigits { what }),
        }
    }
    if out.is_empty() { Err(IdError::Empty { what }) } else { Ok(out) }
}

pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(c as u32 - 0xFEE0).expect("full-width ASCII has an ASCII twin")
        }
        '−' | '‐' | '―' | '–' | 'ー' => '-',
        other => other,
    }
}

fn number(digits: &str) -> u64 {
    digits.bytes().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0'))
}

fn exactly(text: &str, what: &'static str, width: u8) -> Result<u64, IdError> {
    let digits = digits(text, what)?;
    if digits.len() == usize::from(width) {
        Ok(number(&digits))
    } else {
        Err(IdError::WrongLength { what, digits: width })
    }
}

fn at_most(text: &str, what: &'static str, width: u8) -> Result<u64, IdError> {
    let digits = digits(text, what)?;
    if digits.len() > usize::from(width) {
        return Err(IdError::TooLong { what, digits: width });
    }
    match number(&digits) {
        0 => Err(IdError::Empty { what }),
        number => Ok(number),
    }
}

/// 団体コード (全国地方公共団体コード): six digits, the last a check digit (JIS X 0402).
#[doc(alias = "団体コード")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MunicipalityCode(u32);

impl MunicipalityCode {
    const WHAT: &str = "団体コード";

    pub fn parse(text: &str) -> Result<Self, IdError> {
        let code = exactly(text, Self::WHAT, 6)? as u32;
        Self::new(code).ok_or(IdError::CheckDigit { what: Self::WHAT })
    }

    /// `None` where the check digit does not fit.
    pub const fn new(code: u32) -> Option<Self> {
        if code <= 999_999 && code % 10 == Self::check_digit(code / 10) { Some(Self(code)) } else { None }
    }

    const fn check_digit(five: u32) -> u32 {
        let sum = five / 10_000 % 10 * 6
            + five / 1_000 % 10 * 5
            + five / 100 % 10 * 4
            + five / 10 % 10 * 3
            + five % 10 * 2;
        (11 - sum % 11) % 10
    }

    pub const fn as_u32(self) -> u32 {
        self.0
    }
}

impl fmt::Display for MunicipalityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// 宛名番号 (also 受診番号): at most 15 digits, written with leading zeros.
#[doc(alias = "宛名番号")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddresseeNumber(u64);

impl AddresseeNumber {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        at_most(text, "宛名番号", 15).map(Self)
    }

    /// `None` for zero and for more than 15 digits.
    pub const fn new(number: u64) -> Option<Self> {
        if number == 0 || number > 999_999_999_999_999 { None } else { Some(Self(number)) }
    }

    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for AddresseeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:015}", self.0)
    }
}

/// 世帯番号: at most 15 digits, written with leading zeros.
#[doc(alias = "世帯番号")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HouseholdNumber(u64);

impl HouseholdNumber {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        at_most(text, "世帯番号", 15).map(Self)
    }

    /// `None` for zero and for more than 15 digits.
    pub const fn new(number: u64) -> Option<Self> {
        if number == 0 || number > 999_999_999_999_999 { None } else { Some(Self(number)) }
    }

    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for HouseholdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:015}", self.0)
    }
}

/// 医療機関コード: ten digits — prefecture (2), table (1: `1` 医科, `3` 歯科), institution (6), check digit.
///
/// Codes that begin with `9` are the municipality's own (接種会場) and have no check digit.
#[doc(alias = "医療機関コード")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClinicCode(u64);

impl ClinicCode {
    const WHAT: &str = "医療機関コード";

    pub fn parse(text: &str) -> Result<Self, IdError> {
        Self::new(exactly(text, Self::WHAT, 10)?).ok_or(IdError::CheckDigit { what: Self::WHAT })
    }

    /// `None` where the check digit does not fit.
    pub const fn new(code: u64) -> Option<Self> {
        let own = code / 1_000_000_000 == 9;
        if code < 10_000_000_000 && (own || code % 10 == Self::check_digit(code / 10 % 1_000_000)) {
            Some(Self(code))
        } else {
            None
        }
    }

    /// モジュラス10 ウエイト2・1分割 over the six digits of the institution (保険医療機関等コード).
    pub const fn check_digit(six: u64) -> u64 {
        let (mut rest, mut sum, mut weight) = (six, 0, 2);
        while rest > 0 {
            let product = rest % 10 * weight;
            sum += product / 10 + product % 10;
            rest /= 10;
            weight = 3 - weight;
        }
        (10 - sum % 10) % 10
    }

    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ClinicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

/// 郵便番号: seven digits, shown as `114-0002`.
#[doc(alias = "郵便番号")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostalCode(u32);

impl PostalCode {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        exactly(text, "郵便番号", 7).map(|code| Self(code as u32))
    }

    /// `None` for more than seven digits.
    pub const fn new(code: u32) -> Option<Self> {
        if code > 9_999_999 { None } else { Some(Self(code)) }
    }

    pub const fn as_u32(self) -> u32 {
        self.0
    }

    /// The seven digits without hyphen, as in files and barcodes.
    pub fn digits(self) -> String {
        format!("{:07}", self.0)
    }
}

impl fmt::Display for PostalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}-{:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

/// ロット番号 (製造番号, 施行規則3条): at most 20 letters, digits and hyphens, in capitals.
#[doc(alias = "ロット番号")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LotNumber(String);

impl LotNumber {
    const WHAT: &str = "ロット番号";
    const CHARS_MAX: usize = 20;

    pub fn parse(text: &str) -> Result<Self, IdError> {
        let lot: String = text
            .chars()
            .map(half_width)
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if lot.is_empty() {
            return Err(IdError::Empty { what: Self::WHAT });
        }
        if lot.len() > Self::CHARS_MAX || !lot.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(IdError::NotLot { what: Self::WHAT });
        }
        Ok(Self(lot))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LotNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 用紙番号 printed on every sheet that leaves the building: eleven digits and a check digit.
///
/// The check digit is Damm's: it catches every single wrong digit and every swap of neighbours, the two slips that
/// would bring up another person's sheet.
#[doc(alias = "用紙番号")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SheetNumber(u64);

impl SheetNumber {
    const WHAT: &str = "用紙番号";
    /// The largest serial number that fits.
    pub const SERIAL_MAX: u64 = 99_999_999_999;

    pub fn parse(text: &str) -> Result<Self, IdError> {
        let whole = exactly(text, Self::WHAT, 12)?;
        if damm(whole / 10) == whole % 10 {
            Ok(Self(whole / 10))
        } else {
            Err(IdError::CheckDigit { what: Self::WHAT })
        }
    }

    /// `None` above [`SERIAL_MAX`](Self::SERIAL_MAX).
    pub const fn from_serial(serial: u64) -> Option<Self> {
        if serial > Self::SERIAL_MAX { None } else { Some(Self(serial)) }
    }

    /// The number without its check digit, as stored.
    pub const fn serial(self) -> u64 {
        self.0
    }

    /// The twelve digits in a row, as in the barcode.
    pub fn digits(self) -> String {
        format!("{:011}{}", self.0, damm(self.0))
    }
}

/// Six and six: not the four-four-four of a 個人番号, so that the two are not taken for each other.
impl fmt::Display for SheetNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}-{:05}{}", self.0 / 100_000, self.0 % 100_000, damm(self.0))
    }
}

/// H. M. Damm's totally anti-symmetric quasigroup of order ten; leading zeros change nothing.
const QUASIGROUP: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

fn damm(serial: u64) -> u64 {
    let mut power = 10_000_000_000;
    let mut interim = 0_u8;
    while power > 0 {
        interim = QUASIGROUP[usize::from(interim)][(serial / power % 10) as usize];
        power /= 10;
    }
    u64::from(interim)
}
