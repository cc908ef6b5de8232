//! 姓の照合: whether a member of staff and a person of the register may be relatives by their name.
//!
//! A wrong yes costs the auditor one line among a day's; a wrong no hides a relative. So spelling does not matter:
//! variants of a character count as the same, and the kana reading may agree where the characters do not.

use crate::kana;

/// Variants that registers keep apart and families do not (異体字). Used for comparing only; see [`kana`].
const VARIANTS: &[(char, char)] = &[
    ('髙', '高'),
    ('﨑', '崎'),
    ('嵜', '崎'),
    ('邊', '辺'),
    ('邉', '辺'),
    ('澤', '沢'),
    ('齋', '斉'),
    ('齊', '斉'),
    ('斎', '斉'),
    ('廣', '広'),
    ('濱', '浜'),
    ('濵', '浜'),
    ('嶋', '島'),
    ('嶌', '島'),
    ('櫻', '桜'),
    ('德', '徳'),
    ('國', '国'),
    ('眞', '真'),
    ('壽', '寿'),
    ('榮', '栄'),
    ('瀨', '瀬'),
    ('舘', '館'),
    ('藏', '蔵'),
    ('冨', '富'),
    ('惠', '恵'),
    ('曾', '曽'),
    ('淵', '渕'),
    ('𠮷', '吉'),
    ('假', '仮'),
    ('條', '条'),
    ('龍', '竜'),
    ('瀧', '滝'),
    ('関', '關'),
    ('學', '学'),
    ('豐', '豊'),
    ('黑', '黒'),
    ('萬', '万'),
    ('橫', '横'),
    ('與', '与'),
    ('佛', '仏'),
];

fn fold(text: &str) -> String {
    let plain = |c: char| VARIANTS.iter().find(|(variant, _)| *variant == c).map_or(c, |(_, plain)| *plain);
    kana::key(text).chars().map(plain).collect()
}

/// The surname as the register or the directory writes it: what stands before the first space. Where there is no space,
/// nobody knows where it ends.
fn before_space(name: &str) -> Option<String> {
    let (surname, rest) = name.trim().split_once(char::is_whitespace)?;
    (!rest.trim().is_empty()).then(|| fold(surname)).filter(|surname| !surname.is_empty())
}

/// Without a space, a surname of two characters or more that the name begins with is taken for it.
const GUESSED_CHARS_MIN: usize = 2;

fn agrees(staff: &str, person: &str) -> bool {
    let Some(person) = before_space(person) else { return false };
    match before_space(staff) {
        Some(staff) => staff == person,
        None => {
            let staff = fold(staff);
            person.chars().count() >= GUESSED_CHARS_MIN
                && staff.starts_with(&person)
                && staff.chars().count() > person.chars().count()
        }
    }
}

/// Whether the surnames agree: in characters, in kana, or as the name the person goes by (通称).
pub fn is_same_surname(staff: &str, kanji: &str, kana: &str, alias: &str) -> bool {
    [kanji, kana, alias].into_iter().any(|name| agrees(staff, name))
}
