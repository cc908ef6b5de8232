//! Requests that the door turns away though the caller is known: the function behind it never hears of them.

use super::door::{Hub, KITA, question};
use jiff::SignedDuration;
use kit::{
    Municipality, RefusalReason,
    link::{LinkClient, LinkError},
};
use rustls::version::TLS13;
use serde_json::json;
use uuid::Uuid;
use wire::v1::{CheckLink, Envelope, FaultCode, LinkCheck, LinkState, Operation, System};

async fn fault(client: &LinkClient, envelope: &Envelope<LinkCheck>) -> FaultCode {
    match client.call::<CheckLink>(envelope).await {
        Err(LinkError::Fault(System::Hub, code)) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_for_another_system_or_from_another_is_misaddressed() {
    let hub = Hub::open().await;
    let health = hub.health();
    let envelope = question(&health);
    let elsewhere = Envelope { to: System::Gateway, ..envelope.clone() };
    assert_eq!(fault(&health, &elsewhere).await, FaultCode::Misaddressed);
    let in_anothers_name = Envelope { from: System::Portal, ..envelope };
    assert_eq!(fault(&health, &in_anothers_name).await, FaultCode::Misaddressed);
    assert_eq!(hub.reasons(), [RefusalReason::Misaddressed; 2]);
    assert_eq!(hub.answered(), 0);
}

#[tokio::test]
async fn a_request_may_be_under_way_for_sixty_seconds() {
    let hub = Hub::open().await;
    let health = hub.health();
    let envelope = question(&health);
    let moved = |seconds| {
        let sent_at = envelope.sent_at.saturating_add(SignedDuration::from_secs(seconds)).unwrap();
        Envelope { sent_at, ..envelope.clone() }
    };
    for seconds in [-61, 61] {
        assert_eq!(fault(&health, &moved(seconds)).await, FaultCode::Stale, "{seconds}");
    }
    for seconds in [-60, 0, 60] {
        assert!(health.call::<CheckLink>(&moved(seconds)).await.is_ok(), "{seconds}");
    }
    assert_eq!(hub.reasons(), [RefusalReason::Stale; 2]);
}

#[tokio::test]
async fn what_cannot_be_read_strictly_is_refused() {
    let hub = Hub::open().await;
    let issued = hub.health_certificate();
    let good = serde_json::to_value(question(&hub.client(System::Health, &issued))).unwrap();
    let changed = |change: fn(&mut serde_json::Value)| {
        let mut value = good.clone();
        change(&mut value);
        value.to_string()
    };
    let bodies = [
        ("nothing", String::new()),
        ("no JSON", "{".to_owned()),
        ("two values", format!("{good}{good}")),
        ("a surprise", changed(|value| value["surprise"] = json!(1))),
        ("a surprise inside", changed(|value| value["request"]["surprise"] = json!(1))),
        ("no key", changed(|value| drop(value.as_object_mut().unwrap().remove("idempotency_key")))),
        ("another law", changed(|value| value["basis"] = json!("because"))),
        ("another municipality's digit", changed(|value| value["municipality"] = json!("131173"))),
        ("too much", " ".repeat(1024 * 1024) + &good.to_string()),
        ("too deep", "[".repeat(100_000)),
    ];
    for (what, body) in &bodies {
        let length = body.len();
        let request = format!(
            "POST /v1/check_link HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        let answer = hub.knock(&[&TLS13], Some(&issued), request.as_bytes()).await.unwrap_or_default();
        // Of too large a body the rest is not read, and the answer may be lost with it.
        let is_cut = *what == "too much" && answer.is_empty();
        assert!(is_cut || answer.starts_with("HTTP/1.1 400 "), "{what}: {answer}");
        assert!(is_cut || answer.contains("unreadable"), "{what}: {answer}");
    }
    assert_eq!(hub.reasons(), vec![RefusalReason::Unreadable; bodies.len()]);
    assert_eq!(hub.answered(), 0);
}

#[tokio::test]
async fn an_operation_that_is_not_in_the_table_is_refused_before_it_is_read() {
    let hub = Hub::open().await;
    let issued = hub.health_certificate();
    for (method, path) in [
        ("POST", "/v1/something_else"),
        ("POST", "/v1/check_link/"),
        ("POST", "/v1/CHECK_LINK"),
        ("POST", "/v2/check_link"),
        ("GET", "/"),
        ("GET", "/v1/"),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n");
        let answer = hub.knock(&[&TLS13], Some(&issued), request.as_bytes()).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 "), "{path}: {answer}");
    }
    assert_eq!(hub.reasons(), vec![RefusalReason::NotLinked; 6]);
}

#[tokio::test]
async fn a_client_does_not_write_what_no_link_allows() {
    struct TellEverything;
    impl Operation for TellEverything {
        const NAME: &'static str = "tell_everything";
        const IS_REPEATABLE: bool = true;
        type Request = LinkCheck;
        type Answer = LinkState;
    }
    let hub = Hub::open().await;
    let health = hub.health();
    let error = health.envelope::<TellEverything>(KITA, None, Uuid::nil(), LinkCheck {}).unwrap_err();
    assert!(matches!(error, LinkError::NotLinked(System::Hub, "tell_everything")), "{error:?}");
    let nowhere = Municipality(131_173);
    let error = health.envelope::<CheckLink>(nowhere, None, Uuid::nil(), LinkCheck {}).unwrap_err();
    assert!(matches!(error, LinkError::NoMunicipality(_)), "{error:?}");
}
