use crate::samples::{day, pager};
use ui::{FormErrors, dates};

#[test]
fn dates_stand_in_both_calendars() {
    for (text, expected) in [
        ("2024-04-01", "2024年4月1日（令和6年4月1日）"),
        ("2019-05-01", "2019年5月1日（令和元年5月1日）"),
        ("2019-04-30", "2019年4月30日（平成31年4月30日）"),
        ("1989-01-08", "1989年1月8日（平成元年1月8日）"),
        ("1989-01-07", "1989年1月7日（昭和64年1月7日）"),
    ] {
        assert_eq!(dates::both(day(text)), expected);
    }
}

#[test]
fn a_typed_date_is_echoed_only_when_it_is_one() {
    assert_eq!(dates::echo(" R6.4.1 "), "2024年4月1日（令和6年4月1日）");
    assert_eq!(dates::echo("2024-02-30"), "");
    assert_eq!(dates::echo(""), "");
}

#[test]
fn large_numbers_have_separators() {
    for (number, text) in
        [(0, "0"), (999, "999"), (1_000, "1,000"), (-350_000, "-350,000"), (20_000_000, "20,000,000")]
    {
        assert_eq!(dates::thousands(number), text);
    }
}

#[test]
fn all_errors_of_a_field_stand_beside_it_and_what_was_typed_stays() {
    let mut errors = FormErrors::default();
    errors.add("on", "接種日を入力してください。");
    errors.add("lot", "ロット番号を入力してください。");
    errors.add("on", "未来の日付は登録できません。");
    let field = errors.field("on", "R99");
    assert_eq!(field.value, "R99");
    assert_eq!(field.error.as_deref(), Some("接種日を入力してください。 未来の日付は登録できません。"));
    assert_eq!(errors.field("note", "").error, None);
    assert_eq!(errors.len(), 3);
}

#[test]
fn a_long_list_offers_its_ends_and_the_pages_around() {
    let html = pager(37, 350_000, "検索結果").to_string();
    for number in ["1", "35", "39", "7000"] {
        assert!(html.contains(&format!("page={number}\"")), "page {number} is offered");
    }
    assert!(!html.contains("page=34\""));
    assert!(html.contains("<b>350,000</b>件中 1,801–1,850件目"));
}

#[test]
fn the_ends_of_a_list_offer_no_page_beyond() {
    assert!(!pager(1, 350_000, "x").to_string().contains("前へ"));
    assert!(!pager(7_000, 350_000, "x").to_string().contains("次へ"));
    let short = pager(1, 50, "x").to_string();
    assert!(!short.contains("<ul>") && short.contains("1–50件目"));
    assert!(pager(1, 0, "x").to_string().contains("0件"));
}
