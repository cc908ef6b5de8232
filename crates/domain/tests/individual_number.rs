use domain::individual_number::{IndividualNumber, Purpose};

/// Compiles only while the type does not implement the trait: with it, `_` has two answers.
macro_rules! lacks {
    ($type:ty, $($bound:tt)+) => {{
        trait EitherWay<A> {
            fn is_there() {}
        }
        impl<T: ?Sized> EitherWay<()> for T {}
        struct Forbidden;
        impl<T: ?Sized + $($bound)+> EitherWay<Forbidden> for T {}
        <$type as EitherWay<_>>::is_there();
    }};
}

#[test]
fn numbers_with_a_fitting_check_digit_are_taken_in_every_way_they_are_written() {
    for text in [
        "614106526000",
        "765895492872",
        "983205673214",
        "123456789018",
        "111222333446",
        "999999999996",
        "1234 5678 9018",
        "1234-5678-9018",
        "１２３４　５６７８　９０１８",
        " 123456789018\n",
    ] {
        assert!(IndividualNumber::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn what_cannot_be_a_number_is_refused_in_a_sentence_without_the_digits() {
    let check = "個人番号の検査数字が合いません。打ち間違いがないか、もう一度見て入力してください";
    for (text, want) in [
        ("123456789012", check),
        ("983205673210", check),
        ("12345678901", "個人番号は12桁で入力してください"),
        ("1234567890180", "個人番号は12桁で入力してください"),
        ("", "個人番号を入力してください"),
        ("--", "個人番号を入力してください"),
        ("12345678901X", "個人番号は数字だけで入力してください"),
        ("1234_5678_9018", "個人番号は数字だけで入力してください"),
    ] {
        assert_eq!(IndividualNumber::parse(text).unwrap_err().to_string(), want, "{text}");
    }
}

/// The formula once more, from the left as the notice of J-LIS writes it.
fn slow_check_digit(eleven: &str) -> u32 {
    let weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let sum: u32 = eleven.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = 11 - sum % 11;
    if check >= 10 { 0 } else { check }
}

#[test]
fn of_ten_endings_exactly_one_fits() {
    for eleven in (0..100_000_000_000_u64).step_by(98_765_431) {
        let text = format!("{eleven:011}");
        let fitting: Vec<u32> =
            (0..10).filter(|last| IndividualNumber::parse(&format!("{text}{last}")).is_ok()).collect();
        assert_eq!(fitting, [slow_check_digit(&text)], "{text}");
        assert_eq!(IndividualNumber::check_digit(eleven), u64::from(slow_check_digit(&text)));
    }
}

#[test]
fn a_number_typed_twice_is_compared_as_a_number() {
    let number = |text| IndividualNumber::parse(text).unwrap();
    assert!(number("123456789018").is_same_as(&number("１２３４-５６７８-９０１８")));
    assert!(!number("123456789018").is_same_as(&number("111222333446")));
    assert!(!number("614106526000").is_same_as(&number("765895492872")));
}

#[test]
fn a_number_cannot_be_shown_copied_or_logged() {
    lacks!(IndividualNumber, Clone);
    lacks!(IndividualNumber, std::fmt::Display);
    lacks!(IndividualNumber, PartialEq);
    lacks!(IndividualNumber, AsRef<[u8]>);
    let number = IndividualNumber::parse("123456789018").unwrap();
    assert_eq!(format!("{number:?} {number:#?}"), "IndividualNumber IndividualNumber");
}

#[test]
fn the_purposes_are_the_assessments_and_three_of_them_are_for_covid() {
    let covid: Vec<&str> =
        Purpose::ALL.iter().map(|p| p.code()).filter(|code| code.starts_with("covid_")).collect();
    assert_eq!(covid, ["covid_move_in", "covid_move_out", "covid_certificate"]);
    assert_eq!(Purpose::ALL.len(), 8, "five duties of 評価書 I-1 and the three scenes of III-3");
    for purpose in Purpose::ALL {
        assert!(purpose.legal_basis().starts_with("番号法9条1項"), "{}", purpose.ja());
        assert_eq!(Purpose::from_code(purpose.code()), Some(*purpose));
    }
    assert_eq!(Purpose::from_code("curiosity"), None);
}
