//! 住所検索キー: one key for every way an address is written.
//!
//! For searching only; the stored address is never changed.

/// The search key of an address as registered or as typed: without prefecture and municipality, digits half-width,
/// 丁目・番地・番・号 and dashes as one hyphen.
///
/// A typed beginning (王子1丁目, 北区王子１－２) has a key that the registered address's key begins with.
pub fn key(text: &str) -> String {
    let folded: String = text.chars().filter(|c| !c.is_whitespace()).map(fold).collect();
    let local = without_municipality(&folded);
    let mut key = String::with_capacity(local.len());
    let mut rest = local;
    while let Some(c) = rest.chars().next() {
        let (taken, number) = match (word(rest), kanji_number(rest)) {
            (Some(bytes), _) => {
                hyphen(&mut key);
                (bytes, None)
            }
            (None, Some((bytes, number))) => (bytes, Some(number)),
            (None, None) if c == '-' => {
                hyphen(&mut key);
                (1, None)
            }
            (None, None) => {
                key.push(c);
                (c.len_utf8(), None)
            }
        };
        if let Some(number) = number {
            key.push_str(&number.to_string());
        }
        rest = &rest[taken..];
    }
    key.trim_end_matches('-').to_owned()
}

/// Never two hyphens in a row.
fn hyphen(key: &mut String) {
    if !key.ends_with('-') {
        key.push('-');
    }
}

fn fold(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(c as u32 - 0xFEE0).expect("full-width digits have ASCII twins"),
        '－' | '−' | '‐' | '―' | '–' | 'ー' => '-',
        'ヶ' | 'ケ' | 'ｹ' | 'ヵ' => 'ケ',
        _ => c,
    }
}

/// Cuts 東京都北区 from the beginning: the prefecture, then up to the first 区・市・町・村.
fn without_municipality(text: &str) -> &str {
    const PREFECTURE_CHARS_MAX: usize = 4;
    let end = text
        .char_indices()
        .take(PREFECTURE_CHARS_MAX)
        .find(|(_, c)| matches!(c, '都' | '道' | '府' | '県'))
        .map(|(at, c)| at + c.len_utf8());
    let after = end.map_or(text, |end| &text[end..]);
    // Without a prefecture only 区 and 市 are sure to be a municipality's: 岩淵町 is a part of the ward.
    let is_end = |c: char| matches!(c, '区' | '市') || (end.is_some() && matches!(c, '町' | '村'));
    match after.char_indices().skip(1).take(6).find(|(_, c)| is_end(*c)) {
        Some((at, c)) => &after[at + c.len_utf8()..],
        None => after,
    }
}

/// How many bytes of a block word (丁目, 番地, 番, 号) stand here.
fn word(rest: &str) -> Option<usize> {
    const WORDS: [&str; 4] = ["丁目", "番地", "番", "号"];
    WORDS.iter().find(|word| rest.starts_with(**word)).map(|word| word.len())
}

/// A kanji number before 丁目: its bytes and its value.
fn kanji_number(rest: &str) -> Option<(usize, u32)> {
    let digits: Vec<char> = rest.chars().take_while(|c| "一二三四五六七八九十".contains(*c)).collect();
    let bytes: usize = digits.iter().map(|c| c.len_utf8()).sum();
    (!digits.is_empty() && rest[bytes..].starts_with("丁目")).then(|| (bytes, number(&digits)))
}

/// 十二 → 12. Chōme go no further than two digits.
fn number(kanji: &[char]) -> u32 {
    kanji.iter().fold(0, |sum, c| match "一二三四五六七八九".chars().position(|digit| digit == *c) {
        Some(index) => sum + index as u32 + 1,
        None => sum.max(1) * 10,
    })
}
