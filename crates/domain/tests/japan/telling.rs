//! What staff read: explanations, the printed rules, sentences.

use super::cases::{all, date, dose, facts};
use domain::schedule::*;
use std::collections::BTreeSet;

fn japan() -> Japan {
    Japan::new(Settings::default())
}

fn series_on(day: &str) -> BTreeSet<Series> {
    japan().rules_table(date(day)).into_iter().map(|row| row.series).collect()
}

#[test]
fn the_printed_rules_are_those_of_the_day() {
    for (last_without, first_with, series) in [
        ("2013-03-31", "2013-04-01", Series::Hib),
        ("2013-03-31", "2013-04-01", Series::Pcv),
        ("2013-03-31", "2013-04-01", Series::Hpv),
        ("2014-09-30", "2014-10-01", Series::Var),
        ("2014-09-30", "2014-10-01", Series::Ppv),
        ("2016-09-30", "2016-10-01", Series::HepB),
        ("2019-01-31", "2019-02-01", Series::Rubella5),
        ("2020-09-30", "2020-10-01", Series::Rota),
        ("2021-02-16", "2021-02-17", Series::Covid),
        ("2025-03-31", "2025-04-01", Series::Zoster),
        ("2026-03-31", "2026-04-01", Series::Rsv),
    ] {
        assert!(!series_on(last_without).contains(&series), "{series:?} on {last_without}");
        assert!(series_on(first_with).contains(&series), "{series:?} on {first_with}");
    }
    assert!(!series_on("2024-04-01").contains(&Series::Covid), "between the programmes");
    assert!(!series_on("2027-04-01").contains(&Series::Rubella5));
}

#[test]
fn every_printed_rule_has_a_sentence_and_an_article() {
    for day in ["2013-04-01", "2019-06-01", "2022-05-01", "2024-10-01", "2026-11-23", "2027-03-31"] {
        for row in japan().rules_table(date(day)) {
            assert!(row.in_force.contains(date(day)), "{day} {row:?}");
            let is_name = row.kind == "製品";
            assert!(is_name || row.text.chars().any(|letter| letter > '\u{3000}'), "{row:?}");
            assert!(
                row.source.contains("条")
                    || row.source.contains("要領")
                    || row.source.contains("令")
                    || row.source.contains("規則"),
                "{row:?}"
            );
        }
    }
    let products = |day: &str| -> Vec<String> {
        let rows = japan().rules_table(date(day)).into_iter();
        rows.filter(|row| row.kind == "製品").map(|row| row.text).collect()
    };
    assert!(products("2026-03-31").iter().any(|text| text.contains("HPV4価")));
    assert!(!products("2026-04-01").iter().any(|text| text.contains("HPV4価")));
}

#[test]
fn an_explanation_tells_every_rule_that_was_tried() {
    let person = Person { birth_date: date("2025-01-15"), sex: Sex::Female, facts: facts("-") };
    let doses = [dose("2025-03-20:PCV20"), dose("2026-01-20:PCV20"), dose("2026-02-20:PCV20")];
    let steps = japan().explain(&person, &doses, date("2026-02-20"));
    let told: BTreeSet<Series> = steps.iter().map(|step| step.series).collect();
    assert_eq!(told.len(), Series::ALL.len());
    let of_pcv: Vec<String> = steps
        .iter()
        .filter(|step| step.series == Series::Pcv)
        .map(|step| format!("{} → {} 〔{}〕", step.rule, step.outcome, step.source))
        .collect();
    let text = of_pcv.join("\n");
    for part in ["対象者：定期", "接種：2026年2月20日", "初回3回目は行わない回です", "60日以上", "結果："]
    {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
}

/// Every reason that any case brings about can be read aloud: Japanese, a full stop, nothing left unfilled.
#[test]
fn every_reason_is_a_sentence_in_japanese() {
    for case in all() {
        let forecast = japan().forecast(&case.person, &case.doses, case.as_of);
        let of_doses = forecast.doses.iter().flat_map(|verdict| &verdict.reasons);
        let of_series = forecast.series.iter().flat_map(|finding| &finding.reasons);
        for reason in of_doses.chain(of_series) {
            let sentence = reason.ja();
            assert!(sentence.ends_with('。'), "{} {sentence}", reason.code);
            for hole in [
                "（）",
                "、、",
                "。。",
                "最後に住民ではありません。接種日の住所地の市区町村を確認してください。は",
            ] {
                assert!(!sentence.contains(hole), "{} {sentence}", reason.code);
            }
            assert!(!sentence.starts_with(['、', 'は', 'を', 'に']), "{} {sentence}", reason.code);
        }
    }
}

#[test]
fn programmes_are_found_by_the_names_offices_use() {
    for series in Series::ALL {
        assert_eq!(Series::from_programme(series.code()), Some(*series));
        assert_eq!(Series::from_programme(series.ja()), Some(*series));
    }
    for (name, series) in [
        ("DPT5", Series::Dpt),
        ("五種混合", Series::Dpt),
        ("dt", Series::Dt2),
        ("MR", Series::Mr1),
        ("PPSV23", Series::Ppv),
        (" 子宮頸がん ", Series::Hpv),
    ] {
        assert_eq!(Series::from_programme(name), Some(series), "{name}");
    }
    assert_eq!(Series::from_programme("おたふくかぜ"), None);
    assert_eq!(Series::Flu.legal_class(), LegalClass::B);
    assert_eq!(Series::Rsv.legal_class(), LegalClass::A);
}

/// For the eye: `cargo test -p domain --test main -- --nocapture the_rules_of_today`.
#[test]
fn the_rules_of_today_can_be_read() {
    let rows = japan().rules_table(date("2026-11-23"));
    assert!(rows.len() > 90, "{}", rows.len());
    for row in rows {
        println!("{}\t{}\t{}\t{}\t{}", row.series.ja(), row.class.ja(), row.kind, row.text, row.source);
    }
}
