//! カナ検索キー: one key for every way a name's sound is written.
//!
//! Used for searching and matching only. The stored name is never changed: NFKC would take 髙 for 高 and drop variation
//! selectors, and a name is its owner's.

/// The search key of a name or of what was typed: full-width katakana without spaces, points and long-vowel marks,
/// small kana made large, half-width and hiragana folded, old kana as pronounced, Latin letters as half-width capitals.
///
/// Two texts with a common beginning have keys with a common beginning, so a prefix of the key finds by prefix.
pub fn key(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Voicing marks that follow their kana: half-width, combining and standing alone.
            'ﾞ' | '\u{3099}' | '゛' => voice(&mut out, voiced),
            'ﾟ' | '\u{309A}' | '゜' => voice(&mut out, half_voiced),
            _ => out.extend(fold(c)),
        }
    }
    out
}

fn voice(out: &mut String, table: fn(char) -> Option<char>) {
    if let Some(changed) = out.chars().next_back().and_then(table) {
        out.pop();
        out.push(changed);
    }
}

fn fold(c: char) -> Option<char> {
    let c = match c {
        'ぁ'..='ゖ' => char::from_u32(c as u32 + 0x60).expect("every hiragana has a katakana"),
        'ｦ'..='ﾝ' => half_to_full(c),
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(c as u32 - 0xFEE0).expect("full-width ASCII has an ASCII twin")
        }
        other => other,
    };
    match c {
        'ァ' => Some('ア'),
        'ィ' | 'ヰ' => Some('イ'),
        'ゥ' => Some('ウ'),
        'ェ' | 'ヱ' => Some('エ'),
        'ォ' | 'ヲ' => Some('オ'),
        'ヵ' => Some('カ'),
        'ヶ' => Some('ケ'),
        'ッ' => Some('ツ'),
        'ャ' => Some('ヤ'),
        'ュ' => Some('ユ'),
        'ョ' => Some('ヨ'),
        'ヮ' => Some('ワ'),
        'ヂ' => Some('ジ'),
        'ヅ' => Some('ズ'),
        'ヴ' => Some('ブ'),
        'ー' | 'ｰ' | '‐' | '−' | '―' | '–' | '・' | '･' | '．' | '，' | '、' | '。' => None,
        // Variation selectors: the typed kanji and the stored variant find each other.
        '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => None,
        other if other.is_whitespace() => None,
        other if other.is_ascii_punctuation() => None,
        other => Some(other.to_ascii_uppercase()),
    }
}

fn half_to_full(c: char) -> char {
    const FULL: [char; 56] = [
        'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー', 'ア', 'イ', 'ウ', 'エ', 'オ', 'カ',
        'キ', 'ク', 'ケ', 'コ', 'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ', 'テ', 'ト', 'ナ', 'ニ', 'ヌ',
        'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ', 'マ', 'ミ', 'ム', 'メ', 'モ', 'ヤ', 'ユ', 'ヨ', 'ラ', 'リ',
        'ル', 'レ', 'ロ', 'ワ', 'ン',
    ];
    FULL[(c as u32 - 'ｦ' as u32) as usize]
}

fn voiced(c: char) -> Option<char> {
    match c {
        'カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ' | 'タ' | 'テ' | 'ト' | 'ハ'
        | 'ヒ' | 'フ' | 'ヘ' | 'ホ' => char::from_u32(c as u32 + 1),
        'ウ' => Some('ブ'),
        'チ' => Some('ジ'),
        'ツ' => Some('ズ'),
        _ => None,
    }
}

fn half_voiced(c: char) -> Option<char> {
    matches!(c, 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ').then(|| char::from_u32(c as u32 + 2)).flatten()
}
