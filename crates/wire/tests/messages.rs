//! A golden file for each message: `golden/v1/{operation}.request.json` and `.answer.json`.

use domain::ids::MunicipalityCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;
use wire::v1::{
    Basis, CheckLink, CheckSignIn, EndSignIn, Envelope, Fault, FaultCode, LINKS, LinkCheck, LinkState,
    Operation, RedeemTicket, SignInCheck, SignInEnd, SignInEnded, SignInState, Standing, System, Terminal,
    Ticket, TicketAnswer, TicketArrival,
};

/// Every operation with one sample of each message and of each variant its answer can take.
fn samples() -> Vec<Sample> {
    let sign_in_id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0004);
    let ended = SignInState { standing: None };
    let arrival = TicketArrival { standing: standing(sign_in_id), state: "00ff".repeat(16) };
    vec![
        sample::<CheckLink>(
            LinkCheck {},
            &[LinkState { system: System::Hub, program_version: "0.1.0".to_owned() }],
        ),
        sample::<RedeemTicket>(
            Ticket { ticket: format!("131172.{}", "0f".repeat(32)) },
            &[TicketAnswer { arrival: None }, TicketAnswer { arrival: Some(arrival) }],
        ),
        sample::<CheckSignIn>(
            SignInCheck { sign_in_id, in_use: true },
            &[ended, SignInState { standing: Some(standing(sign_in_id)) }],
        ),
        sample::<EndSignIn>(SignInEnd { sign_in_id }, &[SignInEnded {}]),
    ]
}

fn standing(sign_in_id: Uuid) -> Standing {
    Standing {
        sign_in_id,
        staff_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0003),
        login: "clerk".to_owned(),
        name: "窓口　花子".to_owned(),
        section: "保健予防課".to_owned(),
        roles: vec!["clerk".to_owned()],
        zone: "business".to_owned(),
        terminal: Some(Terminal {
            terminal_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0005),
            name: "窓口1番".to_owned(),
            fingerprint: "0f".repeat(32),
        }),
        stepped_up_at: Some("2026-04-01T00:00:00Z".parse().expect("a time")),
    }
}

struct Sample {
    operation: &'static str,
    request: Value,
    answers: Vec<Value>,
    /// Reads a request and an answer strictly and writes them again.
    again: Again,
}

type Again = fn(&Value, &[Value]) -> serde_json::Result<(Value, Vec<Value>)>;

fn sample<Op: Operation>(request: Op::Request, answers: &[Op::Answer]) -> Sample {
    Sample {
        operation: Op::NAME,
        request: serde_json::to_value(envelope(request)).expect("a message is JSON"),
        answers: answers.iter().map(|a| serde_json::to_value(a).expect("a message is JSON")).collect(),
        again: |request, answers| {
            let envelope: Envelope<Op::Request> = serde_json::from_value(request.clone())?;
            let answers = answers
                .iter()
                .map(|answer| serde_json::to_value(serde_json::from_value::<Op::Answer>(answer.clone())?))
                .collect::<Result<_, _>>()?;
            Ok((serde_json::to_value(envelope)?, answers))
        },
    }
}

fn envelope<T>(request: T) -> Envelope<T> {
    Envelope {
        request_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
        idempotency_key: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002),
        from: System::Health,
        to: System::Hub,
        sent_at: "2026-04-01T00:00:00Z".parse().expect("a time"),
        municipality: MunicipalityCode::parse("131172").expect("北区's code"),
        staff_id: Some(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0003)),
        basis: Basis::SafetyControl,
        request,
    }
}

#[test]
fn golden_of_every_message_is_kept() {
    let folder = crate::root().join("crates/wire/tests/golden/v1");
    for Sample { operation, request, answers, again } in samples() {
        let text = |value: &Value| serde_json::to_string_pretty(value).expect("JSON") + "\n";
        crate::check_golden(&folder.join(format!("{operation}.request.json")), &text(&request));
        crate::check_golden(&folder.join(format!("{operation}.answer.json")), &text(&json!(answers)));
        assert_eq!(again(&request, &answers).expect("own messages are read"), (request, answers));
    }
    let fault = Fault { request_id: None, code: FaultCode::NotLinked };
    let text = serde_json::to_string_pretty(&fault).expect("JSON") + "\n";
    crate::check_golden(&folder.join("fault.json"), &text);
}

#[test]
fn every_operation_of_the_links_has_its_sample_and_the_other_way_round() {
    let linked: BTreeSet<_> = LINKS.iter().map(|link| link.operation).collect();
    let sampled: BTreeSet<_> = samples().iter().map(|sample| sample.operation).collect();
    assert_eq!(linked, sampled);
}

#[test]
fn an_unknown_field_is_refused_at_every_depth() {
    for Sample { operation, request, answers, again } in samples() {
        let mut in_envelope = request.clone();
        in_envelope["surprise"] = json!(1);
        assert!(again(&in_envelope, &answers).is_err(), "{operation}: envelope");
        let mut in_request = request.clone();
        in_request["request"]["surprise"] = json!(1);
        assert!(again(&in_request, &answers).is_err(), "{operation}: request");
        for answer in &answers {
            let mut answer = answer.clone();
            answer["surprise"] = json!(1);
            assert!(again(&request, &[answer]).is_err(), "{operation}: answer");
        }
    }
}

#[test]
fn a_field_that_is_missing_or_wrong_is_refused() {
    let good = serde_json::to_value(envelope(LinkCheck {})).expect("JSON");
    let read = |value: Value| serde_json::from_value::<Envelope<LinkCheck>>(value);
    assert!(read(good.clone()).is_ok());
    for field in
        ["request_id", "idempotency_key", "from", "to", "sent_at", "municipality", "basis", "request"]
    {
        let mut without = good.clone();
        without.as_object_mut().expect("an object").remove(field);
        assert!(read(without).is_err(), "without {field}");
    }
    for (field, wrong) in [
        ("municipality", json!("131173")),
        ("municipality", json!("１３１１７２")),
        ("municipality", json!(131172)),
        ("from", json!("nobody")),
        ("basis", json!("")),
        ("sent_at", json!("2026-04-01")),
    ] {
        let mut bad = good.clone();
        bad[field] = wrong.clone();
        assert!(read(bad).is_err(), "{field}: {wrong}");
    }
}
