//! Who is turned away: by the certificate, the version or the name, before anything is asked.

use super::door::{Hub, VALID, ask};
use jiff::civil::date;
use kit::{
    Fingerprint, RefusalReason,
    link::{LinkError, PeerList, tls_name},
};
use rustls::version::{TLS12, TLS13};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use town::ca::{Authority, Validity};
use wire::v1::{FaultCode, System};

/// What health would send, without an envelope.
const KNOCK: &[u8] =
    b"POST /v1/check_link HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

#[tokio::test]
async fn a_caller_without_a_certificate_is_refused() {
    let hub = Hub::open().await;
    let answer = hub.knock(&[&TLS13], None, KNOCK).await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(hub.reasons_soon().await, [RefusalReason::NoCertificate]);
    assert_eq!(hub.answered(), 0);
}

#[tokio::test]
async fn an_expired_certificate_an_early_one_and_one_of_another_authority_are_refused() {
    let hub = Hub::open().await;
    let name = tls_name(System::Health);
    let yesterday = Validity { from: date(2026, 1, 1), until: date(2026, 4, 1) };
    let tomorrow = Validity { from: date(2026, 4, 2), until: date(2027, 1, 1) };
    let other = Authority::new("別の認証局", VALID).unwrap();
    for (issued, reason) in [
        (hub.authority.system_valid(&name, yesterday).unwrap(), RefusalReason::Expired),
        (hub.authority.system_valid(&name, tomorrow).unwrap(), RefusalReason::NotYetValid),
        (other.system(&name).unwrap(), RefusalReason::UnknownAuthority),
    ] {
        let error = ask(&hub.client(System::Health, &issued)).await.unwrap_err();
        assert!(matches!(error, LinkError::NotAdmitted(System::Hub, _)), "{reason:?}: {error:?}");
        assert_eq!(hub.reasons().last(), Some(&reason));
    }
    assert_eq!(hub.answered(), 0);
}

#[tokio::test]
async fn a_certificate_is_good_until_its_last_second() {
    let hub = Hub::open().await;
    let until = Validity { from: date(2026, 1, 1), until: date(2026, 4, 2) };
    let issued = hub.authority.system_valid(&tls_name(System::Health), until).unwrap();
    // It is noon in Japan; the certificate ends at midnight, UTC.
    hub.clock.advance(jiff::SignedDuration::from_hours(21));
    ask(&hub.client(System::Health, &issued)).await.unwrap();
    hub.clock.advance(jiff::SignedDuration::from_secs(1));
    ask(&hub.client(System::Health, &issued)).await.unwrap_err();
    assert_eq!(hub.reasons(), [RefusalReason::Expired]);
}

#[tokio::test]
async fn the_right_authority_with_another_systems_name_is_refused() {
    let hub = Hub::open().await;
    let issued = hub.authority.system(&tls_name(System::Portal)).unwrap();
    // The portal says that it is health: its certificate says otherwise.
    let error = ask(&hub.client(System::Health, &issued)).await.unwrap_err();
    assert!(matches!(error, LinkError::Fault(System::Hub, FaultCode::NotLinked)), "{error:?}");
    assert_eq!(hub.reasons(), [RefusalReason::NotLinked]);
    assert_eq!(hub.answered(), 0);
}

#[tokio::test]
async fn a_terminals_certificate_opens_no_door_for_systems() {
    let hub = Hub::open().await;
    let issued = hub.authority.terminal("窓口1").unwrap();
    let answer = hub.knock(&[&TLS13], Some(&issued), KNOCK).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(hub.reasons(), [RefusalReason::NotASystem]);
    assert_eq!(hub.answered(), 0);
}

#[tokio::test]
async fn a_doors_certificate_is_not_one_to_knock_with() {
    let hub = Hub::open().await;
    let issued = hub.authority.door().unwrap();
    assert!(hub.knock(&[&TLS13], Some(&issued), KNOCK).await.is_err());
    assert_eq!(hub.reasons_soon().await, [RefusalReason::BadCertificate]);
}

#[tokio::test]
async fn a_withdrawn_certificate_is_refused_in_the_middle_of_a_connection() {
    let hub = Hub::open().await;
    let issued = hub.health_certificate();
    let fingerprint = Fingerprint::of_pem(&issued.certificate).unwrap();
    let health = hub.client(System::Health, &issued);
    ask(&health).await.unwrap();
    hub.peers.send_modify(|list| list.withdrawn.extend([fingerprint]));
    let error = ask(&health).await.unwrap_err();
    assert!(matches!(error, LinkError::Fault(System::Hub, FaultCode::NotLinked)), "{error:?}");
    assert_eq!(hub.reasons(), [RefusalReason::Withdrawn]);
    assert_eq!(hub.refusals()[0].fingerprint, Some(fingerprint));
    assert_eq!(hub.answered(), 1);
}

#[tokio::test]
async fn where_certificates_are_registered_only_those_are_taken() {
    let hub = Hub::open().await;
    let known = hub.health_certificate();
    let registered = Fingerprint::of_pem(&known.certificate).into_iter().collect();
    hub.peers.send_replace(PeerList { registered: Some(registered), ..PeerList::default() });
    ask(&hub.client(System::Health, &known)).await.unwrap();
    ask(&hub.client(System::Health, &hub.health_certificate())).await.unwrap_err();
    assert_eq!(hub.reasons(), [RefusalReason::NotRegistered]);
    assert_eq!(hub.answered(), 1);
}

#[tokio::test]
async fn whoever_knows_only_tls_1_2_is_refused() {
    let hub = Hub::open().await;
    let issued = hub.health_certificate();
    let answer = hub.knock(&[&TLS12], Some(&issued), KNOCK).await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(hub.reasons_soon().await, [RefusalReason::OldTls]);
    // The same with 1.3 comes through to the envelope.
    let answer = hub.knock(&[&TLS13], Some(&issued), KNOCK).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(hub.answered(), 0);
}

#[tokio::test]
async fn plain_http_at_the_door_is_refused() {
    let hub = Hub::open().await;
    let mut tcp = TcpStream::connect(hub.address).await.unwrap();
    tcp.write_all(KNOCK).await.unwrap();
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).await.ok();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(hub.reasons_soon().await, [RefusalReason::NotTls]);
    assert_eq!(hub.answered(), 0);
}

#[tokio::test]
async fn whoever_leaves_in_the_middle_of_the_handshake_is_noted() {
    let hub = Hub::open().await;
    let mut tcp = TcpStream::connect(hub.address).await.unwrap();
    // The first bytes of a handshake, and no more.
    tcp.write_all(&[0x16, 3, 1, 2, 0, 1]).await.unwrap();
    drop(tcp);
    assert_eq!(hub.reasons_soon().await, [RefusalReason::Interrupted]);
}

/// Time stands still and jumps to the next time-out whenever everybody waits.
#[tokio::test(start_paused = true)]
async fn a_slow_handshake_is_given_up() {
    let hub = Hub::open().await;
    let mut tcp = TcpStream::connect(hub.address).await.unwrap();
    tcp.write_all(&[0x16, 3, 1, 2, 0, 1]).await.unwrap();
    let began = tokio::time::Instant::now();
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).await.ok();
    assert!(began.elapsed() <= std::time::Duration::from_secs(6), "{:?}", began.elapsed());
    assert_eq!(hub.reasons_soon().await, [RefusalReason::SlowHandshake]);
}
