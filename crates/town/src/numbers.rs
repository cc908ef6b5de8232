//! Invented individual numbers (個人番号), to be planted in a vault and looked for everywhere else.

use domain::individual_number::IndividualNumber;

/// The eleven digits before the check digit, without leading zeros: what is looked for must not look like a small
/// number with zeros before it.
const FIRST: u64 = 10_000_000_000;
const SPAN: u64 = 90_000_000_000;
/// Shares no factor with [`SPAN`], so that no two indexes below it give the same number.
const STEP: u64 = 61_803_398_879;

/// The twelve digits of the planted number with this index: well formed, each index another, the same on every machine.
///
/// They are drawn without looking at anybody. Any twelve digits with a fitting check digit may be a living person's: they are
/// for synthetic people in databases made for trying, and never to be sent to another office.
pub fn planted_number(index: u64) -> String {
    let step = u128::from(index) * u128::from(STEP) % u128::from(SPAN);
    let eleven = FIRST + step as u64;
    format!("{eleven:011}{}", IndividualNumber::check_digit(eleven))
}
