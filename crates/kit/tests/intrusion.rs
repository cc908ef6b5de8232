//! What the system notices by itself, from the first sign to the notice that somebody acknowledges.

use crate::support::{ITABASHI, KITA, Stage, stage};
use domain::intrusion::Intrusion;
use jiff::{SignedDuration, civil::date};
use kit::{
    Action, Case, Failure, Ids, Instant, Municipality, PeerIdentity, Role, Target,
    intrusion::{Daily, Noted, Round, Which, acknowledge, list},
    jobs,
    link::{LinkClient, LinkServer, Operations, PeerList, tls_name},
};
use serde_json::json;
use tokio::{net::TcpListener, sync::watch};
use town::ca::{Authority, Issued, Validity, write_roots};
use uuid::Uuid;
use wire::v1::{CheckLink, LinkCheck, System};

const DAILY: Daily = Daily { kind: "daily", title: "毎日の点検" };

async fn open(stage: &Stage, municipality: Municipality) -> Vec<Noted> {
    stage.kit.watch.settle(&stage.kit).await.unwrap();
    let mut tx = kit::db::begin(&stage.kit.pool, municipality).await.unwrap();
    list(&mut tx, municipality, Which::Open, 100).await.unwrap()
}

fn see(stage: &Stage, login: &str, times: i64) {
    for _ in 0..times {
        stage.kit.watch.see(KITA, Intrusion::SignInBurst, login.as_bytes());
    }
}

#[tokio::test]
async fn a_flood_makes_one_notice_with_a_growing_count_in_its_own_municipality() {
    let stage = stage().await;
    let auditor = stage.staff(KITA, Role::Auditor).await;
    see(&stage, "clerk", 19);
    assert!(open(&stage, KITA).await.is_empty(), "nineteen are not told");
    see(&stage, "clerk", 1);
    see(&stage, "other", 5);
    let told = open(&stage, KITA).await;
    assert_eq!((told.len(), told[0].signs, told[0].kind), (1, 20, Some(Intrusion::SignInBurst)));
    stage.kit.clock.advance(SignedDuration::from_hours(30));
    see(&stage, "clerk", 5_000);
    let told = open(&stage, KITA).await;
    assert_eq!((told.len(), told[0].signs), (1, 5_020));
    assert!(told[0].first_at < told[0].last_at);
    assert!(open(&stage, ITABASHI).await.is_empty());

    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let by = (told[0].intrusion_id, auditor.staff_id);
    let at = stage.kit.clock.now();
    assert!(acknowledge(&mut tx, KITA, by, "本人の打ち間違い", at).await.unwrap());
    assert!(!acknowledge(&mut tx, KITA, by, "二度目", at).await.unwrap());
    tx.commit().await.unwrap();
    assert!(open(&stage, KITA).await.is_empty());
    // After that it begins anew, from nothing.
    see(&stage, "clerk", 19);
    assert!(open(&stage, KITA).await.is_empty());
    see(&stage, "clerk", 1);
    assert_eq!(open(&stage, KITA).await[0].signs, 20);
}

#[tokio::test]
async fn signs_of_another_hour_are_not_added_up() {
    let stage = stage().await;
    for _ in 0..5 {
        see(&stage, "clerk", 19);
        assert!(open(&stage, KITA).await.is_empty());
        stage.kit.clock.advance(SignedDuration::from_mins(10));
    }
    see(&stage, "clerk", 19);
    open(&stage, KITA).await;
    stage.kit.clock.advance(SignedDuration::from_mins(9));
    see(&stage, "clerk", 1);
    assert_eq!(open(&stage, KITA).await.len(), 1);
}

#[tokio::test]
async fn whoever_changes_the_login_id_each_time_fills_neither_memory_nor_table() {
    let stage = stage().await;
    for n in 0..3_000 {
        see(&stage, &format!("someone-{n}"), 1);
    }
    let told = open(&stage, KITA).await;
    assert_eq!(told.len(), 1, "those beyond the limit are told as one");
    let rows: i64 = sqlx::query_scalar("select count(*) from intrusions")
        .fetch_one(&stage.db.superuser_pool())
        .await
        .unwrap();
    assert!(rows <= 1_001, "{rows}");
    let typed: i64 = sqlx::query_scalar("select count(*) from intrusions i where i::text like '%someone%'")
        .fetch_one(&stage.db.superuser_pool())
        .await
        .unwrap();
    assert_eq!(typed, 0, "what was typed is nowhere");
}

#[tokio::test]
async fn twenty_refusals_of_one_person_are_told_with_whom_the_log_names() {
    let stage = stage().await;
    let (clerk, other) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    for turn in 0..20 {
        assert!(open(&stage, KITA).await.is_empty(), "{turn}");
        let refused = Case::open(&stage.kit, &clerk, Action::ManageStaff, Target::NONE).await;
        assert!(matches!(refused, Err(Failure::Refused(_))));
        let viewed = Case::open(&stage.kit, &other, Action::ViewHome, Target::NONE).await.unwrap();
        viewed.viewed(json!({})).await.unwrap();
    }
    let told = open(&stage, KITA).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].kind, told[0].staff_id), (Some(Intrusion::RefusalBurst), Some(clerk.staff_id)));
    // Nobody acknowledges what they did themselves: the table keeps it, too.
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let own = (told[0].intrusion_id, clerk.staff_id);
    assert!(acknowledge(&mut tx, KITA, own, "", stage.kit.clock.now()).await.is_err());
}

#[tokio::test]
async fn the_keepers_alarm_is_told_once_and_stays_told() {
    let stage = stage().await;
    let auditor = stage.staff(KITA, Role::Auditor).await;
    sqlx::query(
        "insert into audit_alarms (municipality_code, alarm_id, raised_at, kind, first_place, last_place)
         values ($1, $2, $3, 'entry_changed', 3, 3)",
    )
    .bind(KITA.0)
    .bind(Uuid::from_u128(5))
    .bind(Instant(stage.kit.clock.now()))
    .execute(&stage.db.superuser_pool())
    .await
    .unwrap();
    let mut round = Round::new(DAILY);
    round.go(&stage.kit).await.unwrap();
    round.go(&stage.kit).await.unwrap();
    let told = open(&stage, KITA).await;
    assert_eq!((told.len(), told[0].kind, told[0].signs), (1, Some(Intrusion::LogAlarm), 1));
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let by = (told[0].intrusion_id, auditor.staff_id);
    assert!(acknowledge(&mut tx, KITA, by, "連絡した", stage.kit.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
    Round::new(DAILY).go(&stage.kit).await.unwrap();
    assert!(open(&stage, KITA).await.is_empty(), "an acknowledged alarm does not come back");
}

#[tokio::test]
async fn each_municipality_has_its_daily_job_once_a_day() {
    let stage = stage().await;
    let count = async || {
        sqlx::query_scalar::<_, i64>("select count(*) from jobs where kind = 'daily'")
            .fetch_one(&stage.db.superuser_pool())
            .await
            .unwrap()
    };
    for days in 1..=3 {
        // Another process, or the same after a restart, orders nothing more.
        let mut round = Round::new(DAILY);
        round.go(&stage.kit).await.unwrap();
        round.go(&stage.kit).await.unwrap();
        Round::new(DAILY).go(&stage.kit).await.unwrap();
        assert_eq!(count().await, 2 * days);
        stage.kit.clock.advance(SignedDuration::from_hours(24));
    }
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    assert!(jobs::newest(&mut tx, KITA, "daily", jobs::Of::default()).await.unwrap().unwrap().is_open());
    assert!(
        jobs::newest(&mut tx, KITA, "daily", jobs::Of { is_done: true, ..jobs::Of::default() })
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn yesterdays_log_is_held_against_its_second_copy_and_a_difference_is_told() {
    let stage = stage().await;
    for municipality in [KITA, ITABASHI] {
        let clerk = stage.staff(municipality, Role::Clerk).await;
        for _ in 0..3 {
            let case = Case::open(&stage.kit, &clerk, Action::ViewHome, Target::NONE).await.unwrap();
            case.viewed(json!({})).await.unwrap();
        }
    }
    sqlx::query("update audit_entries set action = 'view_jobs' where entry_id = (select entry_id from audit_entries where municipality_code = $1 limit 1)")
        .bind(KITA.0)
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    stage.kit.clock.advance(SignedDuration::from_hours(24));
    Round::new(DAILY).go(&stage.kit).await.unwrap();
    Round::new(DAILY).go(&stage.kit).await.unwrap();
    let kept: Vec<(i32, i64, i64)> = sqlx::query_as(
        "select municipality_code, same, differences from audit_comparisons order by municipality_code",
    )
    .fetch_all(&stage.db.superuser_pool())
    .await
    .unwrap();
    assert_eq!(kept, [(KITA.0, 2, 1), (ITABASHI.0, 3, 0)], "once, each with its own");
    assert_eq!(open(&stage, KITA).await[0].kind, Some(Intrusion::CopyDiffers));
    assert!(open(&stage, ITABASHI).await.is_empty());
}

#[tokio::test]
async fn what_befalls_the_installation_is_told_to_each_municipality() {
    let stage = stage().await;
    stage.kit.watch.see_everywhere(Intrusion::CopyBroken, b"");
    for municipality in [KITA, ITABASHI] {
        assert_eq!(open(&stage, municipality).await[0].kind, Some(Intrusion::CopyBroken));
    }
}

#[tokio::test]
async fn a_certificate_of_a_strange_authority_is_told_at_once() {
    let stage = stage().await;
    let (clock, ids) = (&stage.kit.clock, Ids::default());
    let validity = Validity { from: date(2026, 1, 1), until: date(2028, 1, 1) };
    let folder = std::env::temp_dir().join(format!("sesshu-strange-{}", stage.kit.ids.next()));
    let own = Authority::new("試験認証局", validity).unwrap();
    let roots = write_roots(&folder, "roots", &[&own]).unwrap();
    let identity = |issued: Issued, name: &str| {
        let (certificate, key) = issued.write(&folder, name).unwrap();
        PeerIdentity::from_files(&certificate, &key, &roots).unwrap()
    };
    let hub = identity(own.system(&tls_name(System::Hub)).unwrap(), "hub");
    let strange = Authority::new("別の認証局", validity).unwrap();
    let strange = identity(strange.system(&tls_name(System::Health)).unwrap(), "strange");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let ((_peers, peers), (_stop, stop)) = (watch::channel(PeerList::default()), watch::channel(false));
    let refusals = kit::intrusion::refusals(&stage.kit, "hub");
    let server = LinkServer { system: System::Hub, identity: &hub, peers, clock: clock.clone(), refusals };
    let door = tokio::spawn(server.serve(listener, Operations::new(), stop).unwrap());
    let client = LinkClient::new(System::Health, System::Hub, &address, &strange, clock, &ids).unwrap();
    let question = client.envelope::<CheckLink>(KITA, None, Uuid::nil(), LinkCheck {}).unwrap();
    assert!(client.call::<CheckLink>(&question).await.is_err());
    // The client may hear of it before the door has said so.
    let mut told = Vec::new();
    while told.is_empty() {
        tokio::task::yield_now().await;
        told = open(&stage, KITA).await;
    }
    assert_eq!(told[0].kind, Some(Intrusion::UnknownCertificate));
    assert_eq!(open(&stage, ITABASHI).await.len(), 1, "the door is everybody's");
    door.abort();
    std::fs::remove_dir_all(folder).unwrap();
}
