//! 住所検索キー: what is typed finds what is registered.

use domain::address::key;

#[test]
fn every_way_of_writing_an_address_has_the_same_key() {
    let written = [
        "東京都北区王子１丁目１５番２２号",
        "東京都北区王子1丁目15-22",
        "北区王子一丁目１５－２２",
        "王子1-15-22",
        "王子 １ー１５ー２２",
    ];
    for text in written {
        assert_eq!(key(text), "王子1-15-22", "{text}");
    }
}

#[test]
fn towns_that_are_called_town_or_market_keep_their_name() {
    assert_eq!(key("東京都北区岩淵町３８番"), "岩淵町38");
    assert_eq!(key("岩淵町38"), "岩淵町38");
    assert_eq!(key("東京都北区西ケ原２丁目"), key("西ヶ原2"));
    assert_eq!(key("赤羽十二丁目"), "赤羽12");
    assert_eq!(key(""), "");
}

#[test]
fn a_typed_beginning_is_the_beginning_of_the_key() {
    let registered = key("東京都北区滝野川５丁目１０番３号");
    for typed in ["滝野川", "北区滝野川", "東京都北区滝野川５", "滝野川５丁目", "滝野川5-10"]
    {
        assert!(registered.starts_with(&key(typed)), "{typed}");
    }
}
