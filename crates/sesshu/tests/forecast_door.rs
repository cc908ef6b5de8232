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
