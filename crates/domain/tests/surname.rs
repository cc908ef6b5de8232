//! Who may be a relative by name.

use domain::surname::is_same_surname;

#[test]
fn surnames_agree_however_they_are_written() {
    for (staff, kanji, kana, alias, is_same) in [
        ("佐藤 花子", "佐藤　太郎", "サトウ　タロウ", "", true),
        ("佐藤　花子", "佐藤　太郎", "サトウ　タロウ", "", true),
        ("髙橋 花子", "高橋　太郎", "タカハシ　タロウ", "", true),
        ("渡邊 花子", "渡辺　太郎", "ワタナベ　タロウ", "", true),
        ("斎藤 花子", "齋藤　太郎", "サイトウ　タロウ", "", true),
        // Another way of writing the same sound is found where the directory has kana.
        ("ワタナベ ハナコ", "渡部　太郎", "ワタナベ　タロウ", "", true),
        ("わたなべ はなこ", "渡部　太郎", "ﾜﾀﾅﾍﾞ ﾀﾛｳ", "", true),
        ("金田 花子", "KIM TARO", "キム　タロウ", "金田　太郎", true),
        ("佐藤 花子", "斉藤　太郎", "サイトウ　タロウ", "", false),
        ("佐藤 花子", "佐々木　太郎", "ササキ　タロウ", "", false),
        // The given name is not the surname.
        ("太郎 花子", "佐藤　太郎", "サトウ　タロウ", "", false),
        // Without a space the beginning decides, from two characters on.
        ("佐藤花子", "佐藤　太郎", "サトウ　タロウ", "", true),
        ("森田花子", "森　太郎", "モリ　タロウ", "", false),
        ("佐藤", "佐藤　太郎", "サトウ　タロウ", "", false),
        ("", "佐藤　太郎", "サトウ　タロウ", "", false),
        ("佐藤 花子", "", "", "", false),
    ] {
        assert_eq!(is_same_surname(staff, kanji, kana, alias), is_same, "{staff} / {kanji}");
    }
}
