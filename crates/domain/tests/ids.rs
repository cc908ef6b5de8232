use domain::ids::*;

#[test]
fn municipality_codes_carry_their_check_digit() {
    // 札幌市, 千代田区, 北区, 大阪市, 那覇市, 青森市, 横浜市
    for code in ["011002", "131016", "131172", "271004", "472018", "022012", "141003"] {
        assert_eq!(MunicipalityCode::parse(code).unwrap().to_string(), code);
    }
    for wrong in ["131171", "131127", "131173", "000000"] {
        assert!(matches!(MunicipalityCode::parse(wrong), Err(IdError::CheckDigit { .. })), "{wrong}");
    }
    assert_eq!(
        MunicipalityCode::parse("13117").unwrap_err().to_string(),
        "団体コードは6桁で入力してください"
    );
    assert_eq!(MunicipalityCode::parse("１３１１７２").unwrap().as_u32(), 131_172);
}

#[test]
fn addressee_numbers_are_padded_again() {
    assert_eq!(AddresseeNumber::parse("100001").unwrap().to_string(), "000000000100001");
    assert_eq!(AddresseeNumber::parse("999999999999999").unwrap().as_u64(), 999_999_999_999_999);
    assert_eq!(HouseholdNumber::parse(" 5 ").unwrap().to_string(), "000000000000005");
    for (text, want) in [
        ("1000000000000000", "宛名番号は15桁以内で入力してください"),
        ("", "宛名番号を入力してください"),
        ("000000000000000", "宛名番号を入力してください"),
        ("12a4", "宛名番号は数字だけで入力してください"),
        ("1.0E+14", "宛名番号は数字だけで入力してください"),
    ] {
        assert_eq!(AddresseeNumber::parse(text).unwrap_err().to_string(), want, "{text}");
    }
}

#[test]
fn clinic_codes_carry_their_check_digit() {
    assert_eq!(ClinicCode::parse("1311700012").unwrap().to_string(), "1311700012");
    assert_eq!(ClinicCode::parse("9131170001").unwrap().as_u64(), 9_131_170_001);
    assert_eq!(ClinicCode::parse("0111900018").unwrap().to_string(), "0111900018");
    assert_eq!(
        ClinicCode::parse("1311700013").unwrap_err().to_string(),
        "医療機関コードの検査数字が合いません。打ち間違いがないか、もう一度見て入力してください"
    );
    assert!(matches!(ClinicCode::parse("131170001"), Err(IdError::WrongLength { digits: 10, .. })));
}

#[test]
fn postal_codes_are_read_as_written_on_envelopes() {
    for text in ["114-0002", "1140002", "〒114-0002", "１１４－０００２", "〒 114 0002"] {
        let code = PostalCode::parse(text).unwrap();
        assert_eq!((code.to_string(), code.digits()), ("114-0002".into(), "1140002".into()), "{text}");
    }
    assert_eq!(PostalCode::parse("0600001").unwrap().to_string(), "060-0001");
    assert!(PostalCode::parse("114-002").is_err());
}

#[test]
fn lot_numbers_are_capitals_of_twenty_characters_at_most() {
    assert_eq!(LotNumber::parse("ｙ１２５ａ").unwrap().as_str(), "Y125A");
    assert_eq!(LotNumber::parse(" fb-031a ").unwrap().to_string(), "FB-031A");
    assert!(LotNumber::parse("A2345678901234567890").is_ok());
    for wrong in ["A23456789012345678901", "ロット", "=1", ""] {
        assert!(LotNumber::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_mistyped_sheet_number_never_brings_up_another_sheet() {
    for serial in [0, 1, 42, 12_345_678_901, 90_909_090_909, SheetNumber::SERIAL_MAX] {
        let sheet = SheetNumber::from_serial(serial).unwrap();
        let digits: Vec<u8> = sheet.digits().into_bytes();
        assert_eq!(digits.len(), 12);
        assert_eq!(SheetNumber::parse(&sheet.to_string()), Ok(sheet));
        for at in 0..12 {
            for other in b'0'..=b'9' {
                let mut typed = digits.clone();
                typed[at] = other;
                let refused = SheetNumber::parse(std::str::from_utf8(&typed).unwrap()).is_err();
                assert_eq!(refused, other != digits[at], "{typed:?}");
            }
            if at < 11 && digits[at] != digits[at + 1] {
                let mut typed = digits.clone();
                typed.swap(at, at + 1);
                assert!(SheetNumber::parse(std::str::from_utf8(&typed).unwrap()).is_err(), "{typed:?}");
            }
        }
    }
    assert_eq!(SheetNumber::from_serial(SheetNumber::SERIAL_MAX + 1), None);
    assert_eq!(SheetNumber::parse("12345").unwrap_err().to_string(), "用紙番号は12桁で入力してください");
}
