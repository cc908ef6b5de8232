//! How values with a form of their own stand in JSON: as the code that files and addresses use, too.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::borrow::Cow;

/// Reads a code that must be on the closed list of `what`.
///
/// # Errors
/// When it is not text, or not on the list. The text itself is not repeated: it may be anything.
pub fn read<'de, D: Deserializer<'de>, T>(
    from: D,
    what: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = Cow::<str>::deserialize(from)?;
    parse(&text).ok_or_else(|| D::Error::custom(format_args!("no such {what}")))
}

/// 団体コード as six digits: `#[serde(with = "code::municipality")]`.
pub mod municipality {
    use super::{Deserializer, Serialize, Serializer};
    use domain::ids::MunicipalityCode;

    pub fn serialize<S: Serializer>(code: &MunicipalityCode, to: S) -> Result<S::Ok, S::Error> {
        code.to_string().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<MunicipalityCode, D::Error> {
        super::read(from, "municipality", |text| {
            // Exactly as written, not as a person might type it.
            let is_plain = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
            is_plain.then(|| MunicipalityCode::parse(text).ok()).flatten()
        })
    }
}
