use domain::kana::key;

#[test]
fn every_way_of_writing_a_sound_has_one_key() {
    for (writings, want) in [
        (
            &["タカハシ　ケンイチ", "たかはし けんいち", "ﾀｶﾊｼ ｹﾝｲﾁ", "タカハシケンイチ"][..],
            "タカハシケンイチ",
        ),
        (&["キョウコ", "きょうこ", "ｷｮｳｺ", "キヨウコ"], "キヨウコ"),
        (&["ガク", "ｶﾞｸ", "カ\u{3099}ク", "がく"], "ガク"),
        (&["パク", "ﾊﾟｸ", "ハ\u{309A}ク"], "パク"),
        (&["オータ", "ｵｰﾀ", "おーた"], "オタ"),
        (&["チヅル", "チズル", "ちづる", "ﾁﾂﾞﾙ"], "チズル"),
        (&["ヴィクトル", "ｳﾞｨｸﾄﾙ"], "ブイクトル"),
        (&["マリア・ルイーザ", "マリアルイザ"], "マリアルイザ"),
        (&["ＮＧＵＹＥＮ　Van", "nguyen van"], "NGUYENVAN"),
        (&["葛\u{E0100}城", "葛城"], "葛城"),
    ] {
        for writing in writings {
            assert_eq!(key(writing), want, "{writing}");
        }
    }
}

#[test]
fn a_beginning_of_the_name_is_a_beginning_of_the_key() {
    let whole = key("たかはし　きょうこ");
    for typed in ["タカ", "ﾀｶﾊｼ", "たかはし き", "タカハシ　キョ"] {
        assert!(whole.starts_with(&key(typed)), "{typed}");
    }
}

#[test]
fn different_names_keep_different_keys() {
    assert_ne!(key("ハタ"), key("バタ"));
    assert_ne!(key("髙橋"), key("高橋"));
}
