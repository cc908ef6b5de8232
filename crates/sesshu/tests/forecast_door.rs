//! The JSON Lines door: what is answered, what is refused, and that it never gives up.

use crate::run::{sesshu, shared};
use serde_json::Value;

fn cdc(input: &[u8]) -> Option<(Vec<Value>, bool)> {
    let data = shared("cdsi/supporting-data")?;
    let output =
        sesshu(&["forecast", "--pack", "cdc", "--data", data.to_str().expect("a path in UTF-8")], input);
    let text = String::from_utf8(output.stdout).expect("answers in UTF-8");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("answers in JSON")).collect();
    Some((lines, output.status.success()))
}

#[test]
fn a_bad_line_gets_its_own_answer_and_the_others_go_on() {
    let good = |id: &str| {
        format!(r#"{{"id":"{id}","birth_date":"2024-02-29","sex":"F","as_of":"2026-11-23","doses":[]}}"#)
    };
    let dose = |dose: &str| {
        format!(r#"{{"id":"d","birth_date":"2024-02-29","as_of":"2026-11-23","doses":[{dose}]}}"#)
    };
    let deep = format!(r#"{{"id":"n","birth_date":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!(r#"{{"id":"{}"}}"#, "x".repeat(3 << 20));
    let cases: Vec<(Vec<u8>, Value, &str)> = vec![
        (br#"{"id":"b","birth_date":"#.to_vec(), Value::Null, "JSON"),
        (dose(r#"{"date":"2025-01-01","vaccine":"BCGX"}"#).into(), "d".into(), "BCGX"),
        (dose(r#"{"date":"2026-02-30","vaccine":"20"}"#).into(), "d".into(), "2026-02-30"),
        (dose(r#"{"date":"2024-02-28","vaccine":"20"}"#).into(), "d".into(), "生年月日"),
        (dose(r#"{"date":"2025-01-01","vaccine":"20","doze":1}"#).into(), "d".into(), "doze"),
        (
            br#"{"id":"x","id":"y","birth_date":"2024-02-29","as_of":"2026-11-23"}"#.to_vec(),
            Value::Null,
            "duplicate",
        ),
        (br#"{"id":"x","birth_date":"2024-02-29","as_of":"2024-02-28"}"#.to_vec(), "x".into(), "as_of"),
        (br#"{"id":"x","birth_date":"1024-02-29","as_of":"2024-02-28"}"#.to_vec(), "x".into(), "1024"),
        (
            br#"{"id":"x","birth_date":"2024-02-29","sex":"W","as_of":"2026-11-23"}"#.to_vec(),
            "x".into(),
            "sex",
        ),
        (b"{\"id\":\"\xff\",\"birth_date\":\"2024-02-29\"}".to_vec(), Value::Null, "UTF-8"),
        (deep.into(), "n".into(), "日付"),
        (huge.into(), Value::Null, "1行が長すぎます"),
        (Vec::new(), Value::Null, "空の行"),
        (b"[]".to_vec(), Value::Null, "内容"),
        (b"null".to_vec(), Value::Null, "内容"),
    ];
    let mut input = Vec::new();
    for (index, (bad, ..)) in cases.iter().enumerate() {
        input.extend_from_slice(good(&index.to_string()).as_bytes());
        input.push(b'\n');
        input.extend_from_slice(bad);
        input.push(b'\n');
    }
    let Some((answers, success)) = cdc(&input) else { return };
    assert!(!success, "a refused line makes the exit code 1");
    assert_eq!(answers.len(), cases.len() * 2);
    for (index, (_, id, word)) in cases.iter().enumerate() {
        assert_eq!(answers[index * 2]["id"], index.to_string());
        assert!(answers[index * 2]["series"].is_array());
        let refused = &answers[index * 2 + 1];
        assert_eq!(&refused["id"], id, "{refused}");
        assert!(refused["error"].as_str().unwrap().contains(word), "{refused} does not say {word}");
    }
}

#[test]
fn a_dose_after_the_assessment_date_is_no_mistake() {
    let line = br#"{"id":1,"birth_date":"2024-02-29","sex":"F","as_of":"2025-03-01","doses":[{"date":"2025-03-02","vaccine":94},{"date":"2025-03-01","vaccine":"21"}]}"#;
    let Some((answers, success)) = cdc(line) else { return };
    assert!(success);
    assert_eq!(answers[0]["id"], 1);
    assert_eq!(answers[0]["doses"][0]["status"], Value::Null);
    assert_eq!(answers[0]["doses"][1]["status"], "Valid");
}

#[test]
fn wrong_usage_exits_with_two_and_says_how() {
    let output = sesshu(&["forecast", "--pack", "cdc"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--data"));
    assert_eq!(sesshu(&["forecast", "--as-of", "2026-02-30"], b"").status.code(), Some(2));
}

#[test]
fn a_folder_without_the_data_is_refused_in_one_sentence() {
    let output = sesshu(&["forecast", "--pack", "cdc", "--data", env!("CARGO_MANIFEST_DIR")], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
}

fn jp(args: &[&str], input: &[u8]) -> (Vec<Value>, bool) {
    let output = sesshu(&[&["forecast"], args].concat(), input);
    let text = String::from_utf8(output.stdout).expect("answers in UTF-8");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("answers in JSON")).collect();
    (lines, output.status.success())
}

#[test]
fn a_line_of_the_contract_is_answered_as_the_contract_says() {
    let line = br#"{"id":"a1","birth_date":"2026-05-10","sex":"F","as_of":"2026-11-23","doses":[{"date":"2026-07-10","vaccine":"HEPB"}],"facts":{}}"#;
    let (answers, success) = jp(&[], line);
    assert!(success);
    let answer = &answers[0];
    assert_eq!((&answer["id"], &answer["as_of"]), (&"a1".into(), &"2026-11-23".into()));
    let dose = serde_json::json!({"date": "2026-07-10", "vaccine": "HEPB", "series": "HEPB", "dose": 1, "is_teiki": true,
        "valid_for_series": true, "reasons": []});
    assert_eq!(answer["doses"], serde_json::json!([dose]));
    let series = answer["series"].as_array().expect("series");
    assert_eq!(series.len(), 19, "one finding for each series of the law");
    let hepatitis = &series[0];
    for (key, value) in [
        ("series", "HEPB"),
        ("status", "due"),
        ("legal_from", "2026-05-10"),
        ("legal_until", "2027-05-09"),
        ("standard_from", "2026-07-09"),
        ("standard_until", "2027-02-09"),
        ("earliest", "2026-08-07"),
        ("latest", "2027-05-09"),
    ] {
        assert_eq!(hepatitis[key], value, "{key}");
    }
    assert_eq!(hepatitis["dose"], 2);
    for reason in hepatitis["reasons"].as_array().expect("reasons") {
        assert!(reason["ja"].as_str().is_some_and(|ja| ja.ends_with('。')), "{reason}");
        assert!(reason["source"].as_str().is_some_and(|source| !source.is_empty()), "{reason}");
    }
}

#[test]
fn verdicts_come_in_the_order_of_the_line_not_of_the_days() {
    let line = br#"{"id":"a1","birth_date":"2026-05-10","as_of":"2026-11-23","doses":[{"date":"2026-09-10","vaccine":"HEPB"},{"date":"2026-07-10","vaccine":"HEPB"}]}"#;
    let (answers, _) = jp(&[], line);
    let dates: Vec<&Value> =
        answers[0]["doses"].as_array().expect("doses").iter().map(|dose| &dose["date"]).collect();
    assert_eq!(dates, ["2026-09-10", "2026-07-10"]);
    assert_eq!((&answers[0]["doses"][0]["dose"], &answers[0]["doses"][1]["dose"]), (&2.into(), &1.into()));
}

#[test]
fn unknown_words_are_refused_with_the_words_that_would_do() {
    let with =
        |facts: &str| format!(r#"{{"id":1,"birth_date":"1960-05-10","as_of":"2026-11-23","facts":{facts}}}"#);
    let cases = [
        (with(r#"{"disability":"eye"}"#), "heart kidney lung hiv_immune"),
        (with(r#"{"had_disease":["flu"]}"#), "measles"),
        (with(r#"{"welfair":true}"#), "welfair"),
        (with(r#"{"due_date":"2026-13-01"}"#), "2026-13-01"),
        (
            r#"{"id":1,"birth_date":"2026-05-10","as_of":"2026-11-23","doses":[{"date":"2026-07-10","vaccine":"hepb"}]}"#.to_owned(),
            "HEPB",
        ),
    ];
    let input: String = cases.iter().map(|(line, _)| format!("{line}\n")).collect();
    let (answers, success) = jp(&[], input.as_bytes());
    assert!(!success);
    for ((_, word), answer) in cases.iter().zip(&answers) {
        assert_eq!(answer["id"], 1);
        assert!(
            answer["error"].as_str().is_some_and(|error| error.contains(word)),
            "{answer} does not say {word}"
        );
    }
}

#[test]
fn the_day_comes_from_the_line_or_else_from_the_command() {
    let lines = b"{\"id\":1,\"birth_date\":\"2020-05-10\"}\n{\"id\":2,\"birth_date\":\"2020-05-10\",\"as_of\":\"2021-01-01\"}\n";
    let (answers, success) = jp(&["--as-of", "2025-04-01"], lines);
    assert!(success);
    assert_eq!((&answers[0]["as_of"], &answers[1]["as_of"]), (&"2025-04-01".into(), &"2021-01-01".into()));
}

#[test]
fn an_explanation_gives_each_rule_with_its_source() {
    let line = br#"{"id":"a1","birth_date":"2026-05-10","as_of":"2026-11-23"}"#;
    let (answers, _) = jp(&["--explain"], line);
    let steps = answers[0]["explain"].as_array().expect("steps");
    assert!(steps.len() > 19);
    assert!(steps.iter().all(|step| step["source"].as_str().is_some_and(|source| !source.is_empty())));
}

#[test]
fn the_rules_in_force_are_printed_for_the_day_asked() {
    let rules = |day: &str| {
        let output = sesshu(&["forecast", "--rules", "--as-of", day], b"");
        String::from_utf8(output.stdout).expect("text in UTF-8")
    };
    let (before, after) = (rules("2025-03-31"), rules("2025-04-01"));
    assert!(!before.contains("帯状疱疹\t"), "帯状疱疹 is 定期 from 2025-04-01");
    assert!(after.contains("帯状疱疹\t"));
    assert!(after.lines().all(|line| line.split('\t').count() == 6));
}

#[test]
fn the_documented_example_is_answered_line_by_line() {
    let (answers, success) = jp(&[], include_bytes!("../../../docs/formats/example-forecast.jsonl"));
    assert!(success, "{answers:?}");
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&Value::from("a1"), &Value::from("a2"), &Value::from(3)]);
}
