//! What the person who gets a sheet, and the scanner that gets it back, can read on it.

use domain::wareki;
use paper::questionnaire::{self, QuestionnaireFacts};
use paper::{Delivery, FontError, FontSet, WithheldReason, check, postcard};

use crate::files::{OnDisk, without_spaces};
use crate::samples;

fn render(sheets: &[QuestionnaireFacts]) -> paper::RenderedFile {
    questionnaire::render(&samples::fonts(), &samples::issuer(), sheets).unwrap()
}

#[test]
fn every_sample_is_printed_and_passes_the_checks() {
    let file = render(&samples::all());
    assert_eq!(file.withheld, []);
    assert_eq!(file.pages.len(), samples::all().len());
    assert_eq!(check::questionnaires(&file.pdf, &file.pages), []);
}

#[test]
fn a_viewer_reads_every_fact_of_the_person() {
    let sheets = samples::all();
    let file = OnDisk::new("facts", &render(&sheets).pdf);
    for (index, facts) in sheets.iter().enumerate() {
        let text = file.text(index + 1);
        let mut wanted = vec![
            facts.name.clone(),
            facts.kana.clone(),
            facts.sheet.to_string(),
            facts.addressee.to_string(),
            questionnaire::title(facts.series).to_owned(),
            format!("{}回目", facts.dose),
            format!("{}まで", wareki::long(facts.valid_until)),
            samples::issuer().telephone,
        ];
        wanted.extend(facts.address.clone());
        if let Delivery::Mail(mail) = &facts.delivery {
            wanted.extend([format!("〒{}", mail.postal_code), mail.address.clone(), mail.building.clone()]);
            wanted.push(format!("{} 様", mail.name));
        }
        for fact in wanted {
            assert!(text.contains(&without_spaces(&fact)), "page {}: {fact}\n{text}", index + 1);
        }
    }
}

#[test]
fn the_birth_date_is_given_in_both_calendars_with_the_age_on_the_base_date() {
    let text = OnDisk::new("birth", &render(&[samples::typical(1), samples::elder()]).pdf);
    assert!(text.text(1).contains("令和7年10月10日（2025年）生まれ"));
    assert!(text.text(1).contains("令和8年11月23日現在1歳1か月"));
    assert!(text.text(2).contains("昭和36年(月日不詳)"));
}

#[test]
fn the_age_changes_on_the_eve_of_the_birthday() {
    // 年齢計算ニ関する法律: two years old at the end of 9 October.
    for (base, age) in [("2027-10-08", "1歳11か月"), ("2027-10-09", "2歳0か月"), ("2027-10-10", "2歳0か月")]
    {
        let facts = QuestionnaireFacts { base_date: samples::day(base), ..samples::typical(1) };
        let text = OnDisk::new("age", &render(&[facts]).pdf).text(1);
        assert!(text.contains(age), "{base}: {age}");
    }
}

#[test]
fn a_protected_person_s_sheet_shows_no_address() {
    let facts = samples::protected();
    let text = OnDisk::new("protected", &render(&[facts]).pdf).text(1);
    assert!(text.contains("窓口でお渡しします") && text.contains("（記載を省略しています）"));
    assert!(!text.contains("一丁目4番"), "the address of the sample");
    assert!(text.matches('〒').count() == 1, "only the ward's own");
}

#[test]
fn all_fonts_are_embedded_as_subsets_and_can_be_searched() {
    let fonts = OnDisk::new("fonts", &render(&samples::all()).pdf).fonts();
    assert!(fonts.len() >= 2, "{fonts:?}");
    for (name, is_embedded, is_subset, has_text) in fonts {
        assert!(is_embedded && is_subset && has_text, "{name}");
    }
}

#[test]
fn both_codes_of_a_sheet_and_the_code_of_a_card_scan_as_the_sheet_number() {
    let sheets = [samples::typical(1), samples::longest(), samples::elder()];
    let file = OnDisk::new("codes", &render(&sheets).pdf);
    for (index, facts) in sheets.iter().enumerate() {
        let digits = facts.sheet.digits();
        assert_eq!(file.codes(index + 1), [format!("CODE-128:{digits}"), format!("QR-Code:{digits}")]);
    }
    let cards = samples::cards();
    let card = postcard::render(&samples::fonts(), &samples::issuer(), &cards).unwrap();
    let file = OnDisk::new("card-codes", &card.pdf);
    assert_eq!(file.codes(1), [format!("QR-Code:{}", cards[0].sheet.digits())]);
}

#[test]
fn the_file_has_a_title_and_the_size_of_its_paper() {
    let about = OnDisk::new("title", &render(&[samples::typical(1)]).pdf).information();
    assert!(about.contains("東京都北区 予防接種予診票 1枚"), "{about}");
    assert!(about.contains("(A4)"), "{about}");
}

#[test]
fn variant_glyphs_are_drawn_and_copied_as_registered() {
    let with = |name: &str| {
        let mut facts = samples::typical(1);
        facts.name = name.into();
        facts.delivery = Delivery::AtCounter;
        OnDisk::new("variant", &render(&[facts]).pdf)
    };
    let (plain, variant) = (with("葛城"), with("葛\u{e0102}城"));
    assert!(variant.text(1).contains("葛\u{e0102}城"));
    assert_ne!(plain.picture(), variant.picture(), "the selector changes what is drawn");
    assert!(with("𠮷田").text(1).contains("𠮷田"));
}

#[test]
fn a_character_without_a_glyph_withholds_the_sheet_and_names_the_character() {
    let mut odd = samples::typical(2);
    odd.name = "北野 葛\u{e01ee}".into();
    let file = render(&[samples::typical(1), odd, samples::typical(3)]);
    assert_eq!(file.pages.len(), 2, "the others are printed");
    assert_eq!(check::questionnaires(&file.pdf, &file.pages), []);
    let [withheld] = file.withheld.as_slice() else { panic!("{:?}", file.withheld) };
    assert_eq!(withheld.sheet, samples::typical(2).sheet);
    assert!(withheld.reason.to_string().contains("U+845B U+E01EE"), "{}", withheld.reason);
}

#[test]
fn a_mark_that_would_stand_beside_its_letter_withholds_the_sheet() {
    let mut odd = samples::typical(2);
    odd.kana = "か\u{3099}".into();
    let [withheld] = render(&[odd]).withheld.try_into().unwrap();
    assert!(matches!(withheld.reason, WithheldReason::MissingGlyph { .. }));
}

#[test]
fn a_name_too_long_for_its_box_is_withheld_and_not_cut() {
    let mut long = samples::typical(2);
    long.name = "長".repeat(300);
    let [withheld] = render(&[long]).withheld.try_into().unwrap();
    assert!(matches!(withheld.reason, WithheldReason::TooLong { .. }));
}

#[test]
fn every_series_has_a_form_whose_texts_fit() {
    let sheets: Vec<_> = domain::schedule::Series::ALL
        .iter()
        .map(|series| QuestionnaireFacts { series: *series, ..samples::typical(1) })
        .collect();
    let file = render(&sheets);
    assert_eq!(file.withheld, []);
    assert_eq!(check::questionnaires(&file.pdf, &file.pages), []);
}

#[test]
fn a_postcard_s_address_side_names_no_vaccine() {
    let cards = samples::cards();
    let card = postcard::render(&samples::fonts(), &samples::issuer(), &cards).unwrap();
    assert_eq!(check::reminders(&card.pdf, &card.pages), []);
    let file = OnDisk::new("card", &card.pdf);
    for (index, facts) in cards.iter().enumerate() {
        let (address, message) = (file.text(index * 2 + 1), file.text(index * 2 + 2));
        assert!(address.contains(&without_spaces(&format!("{} 様", facts.mail.name))));
        assert!(address.contains(&facts.mail.postal_code.digits()));
        assert!(
            !address.contains(&without_spaces(questionnaire::title(facts.series)))
                && !address.contains("接種はお")
        );
        assert!(message.contains(&without_spaces(questionnaire::title(facts.series))));
        assert!(message.contains(&without_spaces(&wareki::long(facts.valid_until))));
        assert!(
            !message.contains(&without_spaces(&facts.name)),
            "an open card names nobody beside a vaccine"
        );
    }
}

#[test]
fn a_card_to_another_addressee_says_whom_it_is_about() {
    let mut facts = samples::cards().remove(0);
    facts.mail.name = "北野 一郎".into();
    let card = postcard::render(&samples::fonts(), &samples::issuer(), &[facts]).unwrap();
    assert_eq!(check::reminders(&card.pdf, &card.pages), []);
    let text = OnDisk::new("other", &card.pdf).text(1);
    assert!(text.contains("北野一郎様（北野太郎様の予防接種について）"), "{text}");
}

#[test]
fn the_same_facts_make_the_same_file() {
    assert_eq!(render(&samples::all()).pdf, render(&samples::all()).pdf);
}

#[test]
fn a_missing_font_names_the_package_to_install() {
    let error = FontSet::load(&["/nonexistent"]).unwrap_err();
    assert!(matches!(error, FontError::Missing { .. }));
    assert!(error.to_string().contains("fonts-ipaexfont"));
}
