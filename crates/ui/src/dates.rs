//! Dates and numbers as staff read them. Reading what was typed is `domain::wareki`'s work.

use domain::Date;

/// 和暦: `令和6年4月1日`.
#[doc(alias = "和暦")]
pub fn wareki(date: Date) -> String {
    domain::wareki::long(date)
}

/// 西暦: `2024年4月1日`.
#[doc(alias = "西暦")]
pub fn seireki(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// Both, as on every screen where a date is confirmed: `2024年4月1日（令和6年4月1日）`.
pub fn both(date: Date) -> String {
    format!("{}（{}）", seireki(date), wareki(date))
}

/// The same for something typed; empty while it is not a date.
pub fn echo(text: &str) -> String {
    domain::wareki::parse(text.trim()).map(both).unwrap_or_default()
}

/// For columns of tables, where every digit has its place: `2024-04-01`.
pub fn digits(date: Date) -> String {
    date.to_string()
}

/// `350,000`.
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
