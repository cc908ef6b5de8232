//! The client's side: whom it believes, how long it waits, what it sends again.

use super::door::{Hub, TODAY, VALID, ask, here, question};
use jiff::civil::date;
use kit::{
    Clock, Ids, PeerIdentity, RefusalReason,
    link::{LinkClient, LinkError, TRIES_MAX, Unanswered, tls_name},
};
use std::{
    os::unix::fs::PermissionsExt,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;
use town::ca::{Authority, Validity, write_roots};
use uuid::Uuid;
use wire::v1::{CheckLink, FaultCode, LinkCheck, LinkState, Operation, System};

#[tokio::test]
async fn a_server_that_is_not_the_one_meant_is_refused() {
    let name = tls_name(System::Hub);
    let past = Validity { from: date(2026, 1, 1), until: date(2026, 4, 1) };
    let own = || Authority::new("試験認証局", VALID).unwrap();
    let (a, b, c, d) = (own(), own(), own(), own());
    let wrong = [
        ("another system", a.system(&tls_name(System::Portal)).unwrap(), a),
        ("expired", b.system_valid(&name, past).unwrap(), b),
        ("another authority", Authority::new("別の認証局", VALID).unwrap().system(&name).unwrap(), c),
        ("a terminal", d.terminal(&name).unwrap(), d),
    ];
    for (what, issued, authority) in wrong {
        let hub = Hub::open_as::<CheckLink>(authority, issued, |_| Ok(here())).await;
        let error = ask(&hub.health()).await.unwrap_err();
        assert!(matches!(error, LinkError::WrongServer(System::Hub, _)), "{what}: {error:?}");
        assert_eq!(hub.reasons_soon().await, [RefusalReason::NotBelieved], "{what}: asked once");
        assert_eq!(hub.answered(), 0, "{what}");
    }
}

/// A hub that fails twice, and the keys it has seen.
async fn failing<Op: Operation<Answer = LinkState>>() -> (Hub, Arc<Mutex<Vec<Uuid>>>) {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = keys.clone();
    let hub = Hub::open_for::<Op>(move |asked| {
        let mut seen = seen.lock().unwrap();
        seen.push(asked.envelope.idempotency_key);
        if seen.len() < 3 { Err(Unanswered::Fault(FaultCode::Busy)) } else { Ok(here()) }
    })
    .await;
    (hub, keys)
}

#[tokio::test]
async fn what_may_be_repeated_is_sent_again_with_the_same_key() {
    let (hub, keys) = failing::<CheckLink>().await;
    let health = hub.health();
    let question = question(&health);
    health.call::<CheckLink>(&question).await.unwrap();
    assert_eq!(*keys.lock().unwrap(), [question.idempotency_key; TRIES_MAX as usize]);
}

/// The same operation, said to be one that must not be repeated.
struct CheckOnce;

impl Operation for CheckOnce {
    const NAME: &'static str = CheckLink::NAME;
    const IS_REPEATABLE: bool = false;
    type Request = LinkCheck;
    type Answer = LinkState;
}

#[tokio::test]
async fn what_may_not_be_repeated_is_sent_once() {
    let (hub, keys) = failing::<CheckOnce>().await;
    let health = hub.health();
    let error = health.call::<CheckOnce>(&question(&health)).await.unwrap_err();
    assert!(matches!(error, LinkError::Fault(System::Hub, FaultCode::Busy)), "{error:?}");
    assert_eq!(keys.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_not_asked_again_and_a_failure_says_nothing_of_its_cause() {
    let hub = Hub::open_for::<CheckLink>(|_| Err(Unanswered::Fault(FaultCode::Refused))).await;
    let error = ask(&hub.health()).await.unwrap_err();
    assert!(matches!(error, LinkError::Fault(System::Hub, FaultCode::Refused)), "{error:?}");
    assert_eq!(hub.answered(), 1);

    let secret = || Err(Unanswered::Failed(anyhow::anyhow!("the password is swordfish")));
    let hub = Hub::open_for::<CheckLink>(move |_| secret()).await;
    let error = ask(&hub.health()).await.unwrap_err();
    assert!(matches!(error, LinkError::Fault(System::Hub, FaultCode::Failed)), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("swordfish"));
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let hub = Hub::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let identity = hub.identity(&hub.health_certificate());
    let clock = Clock::frozen(TODAY);
    let client = LinkClient::new(System::Health, System::Hub, &address, &identity, &clock, &Ids::default());
    let error = ask(&client.unwrap()).await.unwrap_err();
    assert!(matches!(error, LinkError::Unreachable(System::Hub)), "{error:?}");
}

/// Time stands still and jumps to the next time-out whenever everybody waits.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up_after_three_tries() {
    let hub = Hub::open().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let identity = hub.identity(&hub.health_certificate());
    let ids = Ids::default();
    let client = LinkClient::new(System::Health, System::Hub, &address, &identity, &hub.clock, &ids).unwrap();
    let began = tokio::time::Instant::now();
    let error = ask(&client).await.unwrap_err();
    assert!(matches!(error, LinkError::TooSlow(System::Hub)), "{error:?}");
    let waited = began.elapsed().as_secs();
    assert!((9..=11).contains(&waited), "three tries of three seconds: {waited}");
}

#[tokio::test]
async fn a_key_that_others_can_read_and_files_that_are_none_are_refused() {
    let folder = std::env::temp_dir().join(format!("sesshu-identity-{}", std::process::id()));
    let authority = Authority::new("試験認証局", VALID).unwrap();
    let roots = write_roots(&folder, "roots", &[&authority]).unwrap();
    let issued = authority.system(&tls_name(System::Hub)).unwrap();
    let (certificate, key) = issued.write(&folder, "hub").unwrap();
    let read = |certificate, key, roots| PeerIdentity::from_files(certificate, key, roots).map(drop);
    let mode = |mode| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();

    read(&certificate, &key, &roots).unwrap();
    for open in [0o640, 0o604, 0o644] {
        mode(open);
        let error = read(&certificate, &key, &roots).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
    mode(0o600);
    // A key where certificates should be, a certificate where the key should be, nothing at all.
    for (certificate, key, roots) in [
        (&key, &key, &roots),
        (&certificate, &certificate, &roots),
        (&certificate, &key, &key),
        (&certificate, &folder.join("nothing.pem"), &roots),
    ] {
        assert!(read(certificate, key, roots).is_err(), "{certificate:?} {key:?} {roots:?}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
