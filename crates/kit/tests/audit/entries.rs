use crate::support::{KITA, Stage, stage};
use kit::{Acting, Action, Case, Role, Target, Terminal, Zone, audit};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// `count` views by a clerk, in places 1 to `count`.
pub async fn viewed(stage: &Stage, count: u32) {
    let clerk = stage.staff(KITA, Role::Clerk).await;
    for number in 0..count {
        let case = Case::open(&stage.kit, &clerk, Action::ViewHome, Target::NONE).await.unwrap();
        case.viewed(json!({"n": number})).await.unwrap();
    }
    audit::place_all(&stage.kit).await.unwrap();
}

/// One change by a clerk at a known terminal, with everything an entry can say.
async fn full_entry(stage: &Stage) {
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let at_desk = Acting { terminal: Terminal { zone: Zone::Lgwan, id: Some(Uuid::from_u128(5)) }, ..clerk };
    let target = Target::resident(Uuid::from_u128(7));
    let mut case = Case::open(&stage.kit, &at_desk, Action::CorrectRecord, target).await.unwrap();
    case.because("basis_code");
    case.done_changing(json!({"record": 1}), json!({"version": 1}), json!({"version": 2})).await.unwrap();
    audit::place_all(&stage.kit).await.unwrap();
}

#[tokio::test]
async fn an_entry_says_from_where_on_what_ground_and_what_was_before_and_after() {
    let stage = stage().await;
    full_entry(&stage).await;
    let said: String = sqlx::query_scalar(
        "select concat_ws(' ', terminal_id, zone, purpose, before, after) from audit_entries",
    )
    .fetch_one(&stage.db.superuser_pool())
    .await
    .unwrap();
    assert_eq!(
        said,
        "00000000-0000-0000-0000-000000000005 lgwan basis_code {\"version\": 1} {\"version\": 2}"
    );
}

#[tokio::test]
async fn the_hash_of_an_entry_covers_each_of_its_columns() {
    for change in [
        "at = at + interval '1 microsecond'",
        "staff_id = null",
        "request_id = entry_id",
        "terminal_id = null",
        "zone = 'business'",
        "action = 'view_record'",
        "outcome = 'viewed'",
        "purpose = null",
        "target_kind = 'household'",
        "target_id = null",
        "detail = '{\"record\": 2}'",
        "before = null",
        "before = after, after = before",
        "after = '{\"version\": 3}'",
        "format = 1",
    ] {
        let stage = stage().await;
        full_entry(&stage).await;
        assert_eq!(audit::first_fault(&stage.kit, KITA).await.unwrap(), None);
        let sql = format!("update audit_entries set {change}");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&stage.db.superuser_pool()).await.unwrap();
        assert_eq!(audit::first_fault(&stage.kit, KITA).await.unwrap(), Some(1), "{change}");
    }
}

#[tokio::test]
async fn entries_from_before_the_tree_keep_verifying() {
    let stage = stage().await;
    let mut sha = Sha256::new();
    for field in [
        &KITA.0.to_be_bytes()[..],
        Uuid::from_u128(1).as_bytes(),
        &1_700_000_000_000_000_i64.to_be_bytes(),
        b"",
        Uuid::from_u128(2).as_bytes(),
        b"view_home",
        b"viewed",
        b"",
        b"",
        br#"{"n":1}"#,
    ] {
        sha.update((field.len() as u64).to_be_bytes());
        sha.update(field);
    }
    sqlx::query(
        "insert into audit_entries (municipality_code, entry_id, at, request_id, action, outcome, detail, entry_hash,
             format, zone)
         values ($1, $2, to_timestamp(1700000000), $3, 'view_home', 'viewed', '{\"n\": 1}', $4, 1, '')",
    )
    .bind(KITA.0)
    .bind(Uuid::from_u128(1))
    .bind(Uuid::from_u128(2))
    .bind(&sha.finalize()[..])
    .execute(&stage.db.superuser_pool())
    .await
    .unwrap();
    viewed(&stage, 2).await;
    assert_eq!(audit::first_fault(&stage.kit, KITA).await.unwrap(), None);
    sqlx::query("update audit_entries set detail = '{\"n\": 2}' where format = 1")
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    assert_eq!(audit::first_fault(&stage.kit, KITA).await.unwrap(), Some(1));
}

#[tokio::test]
async fn the_log_can_only_grow() {
    let stage = stage().await;
    viewed(&stage, 1).await;
    for forbidden in [
        "delete from audit_entries",
        "update audit_entries set outcome = 'done'",
        "delete from audit_places",
        "update audit_places set place = 9",
        "update audit_tiles set root = root",
        "insert into audit_checkpoints (municipality_code, size, root, note, public_key, signed_at)
             values (131172, 1, repeat('a', 32)::bytea, '', repeat('a', 32)::bytea, now())",
        "delete from audit_alarms",
    ] {
        let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
        let error = sqlx::query(forbidden).execute(&mut *tx).await.unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{forbidden}: {error}");
    }
}

#[tokio::test]
async fn a_changed_or_dropped_entry_is_found_at_its_place() {
    let faults = [
        (
            "update audit_entries set outcome = 'done' where entry_id = (select entry_id from audit_places where place = 2)",
            2,
        ),
        (
            "update audit_entries set entry_hash = decode(repeat('00', 32), 'hex')
          where entry_id = (select entry_id from audit_places where place = 3)",
            3,
        ),
        ("delete from audit_places where place = 2", 2),
    ];
    for (fault, place) in faults {
        let stage = stage().await;
        viewed(&stage, 4).await;
        assert_eq!(audit::first_fault(&stage.kit, KITA).await.unwrap(), None);
        sqlx::query(fault).execute(&stage.db.superuser_pool()).await.unwrap();
        assert_eq!(audit::first_fault(&stage.kit, KITA).await.unwrap(), Some(place), "{fault}");
    }
}

/// A statement is prepared once a connection: whoever reads the log again on it must not send other types.
#[tokio::test]
async fn on_one_connection_the_log_is_verified_given_places_and_its_root_is_made() {
    let stage = stage().await;
    viewed(&stage, 4).await;
    let options = (*stage.kit.pool.connect_options()).clone();
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    for _ in 0..2 {
        assert_eq!(audit::first_fault_in(&pool, KITA).await.unwrap(), None);
        let mut tx = kit::db::begin(&pool, KITA).await.unwrap();
        audit::root::root(&mut tx, KITA, 4).await.unwrap();
    }
}
