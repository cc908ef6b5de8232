//! Systems ask each other over real mutual TLS; who may not is turned away with a reason and changes nothing.

mod callers;
mod door;
mod envelopes;
mod servers;

use door::{Hub, ask};
use wire::v1::System;

#[tokio::test]
async fn a_system_of_the_table_is_answered() {
    let hub = Hub::open().await;
    let health = hub.health();
    for _ in 0..3 {
        assert_eq!(ask(&health).await.unwrap().system, System::Hub);
    }
    assert_eq!(hub.answered(), 3);
    assert_eq!(hub.reasons(), []);
}
