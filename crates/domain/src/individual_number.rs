//! 個人番号 (My Number) and what it may be used for (利用目的).
//!
//! The number is a value that can be carried and compared by the vault, and by nobody printed, stored or copied: it
//! has no `Display`, no `Clone`, no serialization, a blank `Debug`, and its memory is wiped when it is dropped.

use crate::{coded, ids::IdError, ids::half_width};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// 個人番号: eleven digits and a check digit (番号法2条5項).
#[doc(alias = "個人番号")]
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct IndividualNumber([u8; Self::WIDTH]);

impl IndividualNumber {
    const WHAT: &str = "個人番号";
    /// 番号法総務省令 (平成26年総務省令第85号) 5条.
    pub const WIDTH: usize = 12;

    /// Reads what was typed or read from a card: full-width digits, spaces and hyphens between groups are taken.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        // Digits go straight into the place that is wiped; an early return wipes it as well.
        let mut number = IndividualNumber([0; Self::WIDTH]);
        let mut count = 0;
        for c in text.chars().map(half_width) {
            match c {
                '0'..='9' => {
                    if let Some(place) = number.0.get_mut(count) {
                        *place = c as u8;
                    }
                    count += 1;
                }
                '-' => {}
                other if other.is_whitespace() => {}
                _ => return Err(IdError::NotDigits { what: Self::WHAT }),
            }
        }
        if count == 0 {
            return Err(IdError::Empty { what: Self::WHAT });
        }
        if count != Self::WIDTH {
            return Err(IdError::WrongLength { what: Self::WHAT, digits: Self::WIDTH as u8 });
        }
        let eleven =
            number.0[..Self::WIDTH - 1].iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        if Self::check_digit(eleven) == u64::from(number.0[Self::WIDTH - 1] - b'0') {
            Ok(number)
        } else {
            Err(IdError::CheckDigit { what: Self::WHAT })
        }
    }

    /// Whether both are one number: for a number that was typed twice.
    pub fn is_same_as(&self, other: &Self) -> bool {
        // No early end: the time tells nothing about how many digits agree.
        self.0.iter().zip(&other.0).fold(0, |differing, (one, two)| differing | (one ^ two)) == 0
    }

    /// 検査用数字 of the eleven digits before it.
    ///
    /// Weights from the right are 2 to 7, then 2 to 6; a remainder of 0 or 1 gives 0
    /// (平成26年総務省令第85号5条の算式).
    pub const fn check_digit(eleven: u64) -> u64 {
        let (mut rest, mut sum, mut place) = (eleven, 0, 1);
        while place < Self::WIDTH as u64 {
            let weight = if place <= 6 { place + 1 } else { place - 5 };
            sum += rest % 10 * weight;
            rest /= 10;
            place += 1;
        }
        match sum % 11 {
            0 | 1 => 0,
            remainder => 11 - remainder,
        }
    }

    /// The twelve digits, for sealing, for looking up, and for the one answer that shows them.
    ///
    /// `clippy.toml` forbids this everywhere but in `kit::vault`.
    pub fn for_vault(&self) -> &[u8; Self::WIDTH] {
        &self.0
    }
}

/// Blank: a number that is logged by accident is not in the log.
impl fmt::Debug for IndividualNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndividualNumber")
    }
}

coded! {
    /// 利用目的: the closed list of what an individual number may be used for. What is not here is not a purpose.
    Purpose {
        Vaccination = "vaccination", "予防接種の実施";
        ReliefClaim = "relief_claim", "健康被害救済の給付の請求の受理・審査";
        ReliefNotice = "relief_notice", "健康被害救済の給付を受ける権利に係る届出の受理・審査";
        FeeCollection = "fee_collection", "予防接種の実費の徴収";
        PandemicVaccination = "pandemic_vaccination", "新型インフルエンザ等対策特別措置法による予防接種の実施";
        CovidMoveIn = "covid_move_in", "転入者の新型コロナ接種記録の転出元への照会";
        CovidMoveOut = "covid_move_out", "転出者の新型コロナ接種記録の転出先への提供";
        CovidCertificate = "covid_certificate", "新型コロナ接種証明書の交付申請に係る接種記録の照会";
    }
}

impl Purpose {
    /// 根拠法令, as the privacy assessment (評価書 I-1, I-5, III-3) names it.
    ///
    /// The items are those of 別表第一 before the reform in force since 2024-05-27 (令和5年法律第48号), which moved
    /// them to other numbers of one 別表; the assessment has not been renewed since, so neither has this.
    pub const fn legal_basis(self) -> &'static str {
        match self {
            Purpose::Vaccination | Purpose::ReliefClaim | Purpose::ReliefNotice | Purpose::FeeCollection => {
                "番号法9条1項、令和6年改正前の別表第一の10の項"
            }
            Purpose::PandemicVaccination => "番号法9条1項、令和6年改正前の別表第一の93の2の項",
            // 特措法による予防接種 (VRS): the assessment limits the use to exactly these three scenes.
            Purpose::CovidMoveIn | Purpose::CovidMoveOut => {
                "番号法9条1項、令和6年改正前の別表第一の93の2の項、19条16号（本人の同意がある場合に限る）"
            }
            Purpose::CovidCertificate => {
                "番号法9条1項、令和6年改正前の別表第一の93の2の項（交付申請がある場合に限る）"
            }
        }
    }
}
