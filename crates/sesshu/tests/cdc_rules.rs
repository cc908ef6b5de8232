//! What CDC's public cases do not ask: observations, immunity, contraindications, and patients with several answers.

use crate::run::{sesshu, shared};
use serde_json::{Value, json};

/// The answers to some patients; `None` where the data is not there.
fn ask(patients: &[Value]) -> Option<Vec<Value>> {
    let data = shared("cdsi/supporting-data")?;
    let input: String = patients.iter().map(|patient| format!("{patient}\n")).collect();
    let data = data.to_str().expect("a path in UTF-8");
    let output = sesshu(&["forecast", "--pack", "cdc", "--data", data], input.as_bytes());
    let text = String::from_utf8(output.stdout).expect("answers in UTF-8");
    Some(text.lines().map(|line| serde_json::from_str(line).expect("answers in JSON")).collect())
}

fn patient(birth: &str, facts: Value, doses: Value) -> Value {
    json!({"id": birth, "birth_date": birth, "sex": "F", "as_of": "2025-11-10", "facts": facts, "doses": doses})
}

/// The answers for one group, the first being the one that applies at this age.
fn group<'a>(answer: &'a Value, name: &str) -> Vec<&'a Value> {
    let all = answer["series"].as_array().unwrap_or_else(|| panic!("{answer}"));
    all.iter().filter(|series| series["group"] == name).collect()
}

fn status(answer: &Value, name: &str) -> String {
    group(answer, name)
        .first()
        .map_or(String::new(), |found| found["status"].as_str().expect("a status").to_owned())
}

#[test]
fn birth_before_a_date_is_immunity_unless_something_excludes_it() {
    let observed = |code: &str| json!({"observations": [{"code": code}]});
    let Some(answers) = ask(&[
        patient("1956-12-31", json!({}), json!([])),
        patient("1957-01-01", json!({}), json!([])),
        patient("1956-12-31", observed("055"), json!([])),
        patient("1979-12-31", json!({"birth_country": "U.S."}), json!([])),
        patient("1979-12-31", json!({"birth_country": "Japan"}), json!([])),
        patient("1980-01-01", json!({"birth_country": "U.S."}), json!([])),
    ]) else {
        return;
    };
    assert_eq!(status(&answers[0], "MMR"), "Immune");
    assert_eq!(status(&answers[1], "MMR"), "Not Complete");
    assert_eq!(status(&answers[2], "MMR"), "Not Complete", "health care personnel");
    assert_eq!(status(&answers[3], "Varicella"), "Immune");
    assert_eq!(status(&answers[4], "Varicella"), "Not Complete", "born elsewhere");
    assert_eq!(status(&answers[5], "Varicella"), "Not Complete");
}

#[test]
fn evidence_of_immunity_against_one_antigen_leaves_the_others_of_the_group() {
    let observed = |codes: &[&str]| json!({"observations": codes.iter().map(|code| json!({"code": code})).collect::<Vec<_>>()});
    let Some(answers) = ask(&[
        patient("2020-01-01", observed(&["020"]), json!([])),
        patient("2020-01-01", observed(&["020", "021", "022"]), json!([])),
    ]) else {
        return;
    };
    assert_eq!(status(&answers[0], "MMR"), "Not Complete");
    assert_eq!(status(&answers[1], "MMR"), "Immune");
}

#[test]
fn a_contraindication_of_the_antigen_stops_every_series() {
    let Some(answers) = ask(&[
        patient("1995-01-01", json!({"observations": [{"code": "007"}]}), json!([])),
        patient("1995-01-01", json!({}), json!([])),
    ]) else {
        return;
    };
    assert_eq!(status(&answers[0], "MMR"), "Contraindicated", "pregnant");
    assert_eq!(status(&answers[1], "MMR"), "Not Complete");
}

#[test]
fn an_indication_opens_a_risk_series_and_an_observation_starts_its_interval() {
    let Some(answers) = ask(&[
        patient("1995-01-01", json!({"observations": [{"code": "160"}]}), json!([])),
        patient("1995-01-01", json!({}), json!([])),
        patient(
            "1995-01-01",
            json!({"observations": [{"code": "007"}, {"code": "170", "on": "2025-09-01"}]}),
            json!([{"date": "2020-01-01", "vaccine": "115"}]),
        ),
    ]) else {
        return;
    };
    assert!(
        group(&answers[0], "Meningococcal").iter().any(|found| found["series_group"] == "Increased Risk")
    );
    assert!(
        !group(&answers[1], "Meningococcal").iter().any(|found| found["series_group"] == "Increased Risk")
    );
    let tdap = group(&answers[2], "DTaP/Tdap/Td");
    let risk =
        tdap.iter().find(|found| found["series_group"] == "Increased Risk").expect("Tdap in pregnancy");
    // 27 weeks from the onset of pregnancy.
    assert_eq!(risk["recommended"], "2026-03-09");
}

#[test]
fn a_person_can_have_several_answers_and_the_one_for_this_age_stands_first() {
    let Some(answers) =
        ask(&[patient("2025-10-01", json!({}), json!([])), patient("1949-01-01", json!({}), json!([]))])
    else {
        return;
    };
    let named = |answer: &Value| {
        let found = group(answer, "RSV");
        found
            .iter()
            .map(|found| found["series_group"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(named(&answers[0]), ["Standard", "Standard 75+"]);
    assert_eq!(named(&answers[1]), ["Standard 75+", "Standard"]);
}

#[test]
fn a_dose_after_its_lot_expired_is_substandard_and_has_to_be_repeated() {
    let dose = |expires: &str| json!([{"date": "2025-09-10", "vaccine": "94", "lot_expires_on": expires}]);
    let Some(answers) = ask(&[
        patient("2024-01-01", json!({}), dose("2025-09-09")),
        patient("2024-01-01", json!({}), dose("2025-09-10")),
        patient(
            "2024-01-01",
            json!({}),
            json!([{"date": "2025-09-10", "vaccine": "94", "substandard": true}]),
        ),
    ]) else {
        return;
    };
    let words = |answer: &Value| answer["doses"][0]["status"].as_str().expect("a status").to_owned();
    assert_eq!(words(&answers[0]), "Sub-standard");
    assert_eq!(group(&answers[0], "MMR")[0]["dose"], 1);
    assert_eq!(words(&answers[1]), "Valid");
    assert_eq!(group(&answers[1], "MMR")[0]["dose"], 2);
    assert_eq!(words(&answers[2]), "Sub-standard");
}

#[test]
fn a_recurring_dose_keeps_its_target_and_comes_again_after_ten_years() {
    let tdap = |last: &str| json!([{"date": "2010-01-01", "vaccine": "115"}, {"date": "2010-02-01", "vaccine": "09"}, {"date": "2010-08-01", "vaccine": "09"}, {"date": last, "vaccine": "09"}]);
    let Some(answers) = ask(&[patient("1990-01-01", json!({}), tdap("2020-08-01"))]) else { return };
    let found = group(&answers[0], "DTaP/Tdap/Td")[0];
    assert_eq!(found["status"], "Not Complete");
    assert_eq!(found["recommended"], "2030-08-01");
}

#[test]
fn the_order_in_which_doses_are_written_does_not_matter() {
    let mut doses = vec![
        json!({"date": "2024-03-01", "vaccine": "110"}),
        json!({"date": "2024-05-01", "vaccine": "110"}),
        json!({"date": "2024-07-01", "vaccine": "110"}),
        json!({"date": "2025-03-01", "vaccine": "94"}),
    ];
    let forward = patient("2024-01-01", json!({}), json!(doses));
    doses.reverse();
    let Some(answers) = ask(&[forward, patient("2024-01-01", json!({}), json!(doses))]) else { return };
    assert_eq!(answers[0]["series"], answers[1]["series"]);
    let mut backward = answers[1]["doses"].as_array().expect("doses").clone();
    backward.reverse();
    assert_eq!(answers[0]["doses"], json!(backward));
}

#[test]
fn an_explanation_names_the_section_that_decides() {
    let Some(data) = shared("cdsi/supporting-data") else { return };
    let line =
        patient("2025-09-05", json!({}), json!([{"date": "2025-10-10", "vaccine": "107"}])).to_string();
    let data = data.to_str().expect("a path in UTF-8");
    let output = sesshu(&["forecast", "--pack", "cdc", "--data", data, "--explain"], line.as_bytes());
    let answer: Value = serde_json::from_slice(&output.stdout).expect("one answer");
    let steps = answer["explain"].as_array().expect("steps");
    let young = steps.iter().find(|step| step["outcome"].as_str().expect("words").contains("Too Young"));
    assert_eq!(young.expect("a dose at five weeks is too early")["section"], "6.4");
}

#[test]
fn the_rules_in_force_print_one_line_for_each_series_dose() {
    let Some(data) = shared("cdsi/supporting-data") else { return };
    let data = data.to_str().expect("a path in UTF-8");
    let output =
        sesshu(&["forecast", "--pack", "cdc", "--data", data, "--rules", "--as-of", "2025-11-10"], b"");
    let text = String::from_utf8(output.stdout).expect("text in UTF-8");
    assert_eq!(text.lines().count(), 1 + 484);
    assert!(text.lines().all(|line| line.split('\t').count() == 7));
}
