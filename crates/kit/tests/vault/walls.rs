//! Other roles, other rows, and what lies in the tables.

use super::{DUTY, ONE, OTHER, person, room};
use crate::support::{ITABASHI, KITA};
use kit::vault::VaultError;

#[tokio::test]
async fn the_application_reaches_nothing_in_the_vault_and_the_vault_nothing_outside() {
    let room = room("walls").await;
    room.put(person(1), ONE).await;
    assert_eq!(kit::schema_rules(&room.stage.db.owner_pool()).await.unwrap(), Vec::<String>::new());
    for table in ["vault.numbers", "vault.keys"] {
        let mut tx = kit::db::begin(&room.stage.kit.pool, KITA).await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let denied = sqlx::query(sql).execute(&mut *tx).await.unwrap_err();
        assert!(denied.to_string().contains("permission denied for schema vault"), "{denied}");
    }
    let vault = room.stage.db.vault_pool();
    for forbidden in [
        "select login from staff",
        "select count(*) from sessions",
        "select entry_hash from audit_entries",
        "update audit_entries set outcome = 'done'",
        "delete from audit_entries",
        "delete from vault.disposals",
        "update vault.disposals set versions = versions",
        "delete from vault.keys",
        "update vault.numbers set person_id = person_id",
        "update vault.numbers set valid_from = valid_from",
        "create table vault.copy (id int)",
        "create table copy (id int)",
    ] {
        let mut tx = kit::db::begin(&vault, KITA).await.unwrap();
        let denied = sqlx::query(forbidden).execute(&mut *tx).await.unwrap_err();
        assert!(denied.to_string().contains("permission denied"), "{forbidden}: {denied}");
    }
    let mut tx = kit::db::begin(&vault, ITABASHI).await.unwrap();
    let seen: i64 =
        sqlx::query_scalar("select count(*) from vault.numbers").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(seen, 0, "another municipality's numbers");
    let unnamed = sqlx::query("select count(*) from vault.numbers").execute(&vault).await;
    assert!(unnamed.is_err(), "without a municipality the query fails");
}

#[tokio::test]
async fn a_door_into_the_vault_is_found_by_the_schemas_rules() {
    let room = room("doors").await;
    let superuser = room.stage.db.superuser_pool();
    for (open, shut, who) in [
        (
            "grant usage on schema vault to sesshu_test_app",
            "revoke usage on schema vault from sesshu_test_app",
            "schema vault: sesshu_test_app may reach individual numbers",
        ),
        (
            "grant select on vault.numbers to public",
            "revoke select on vault.numbers from public",
            "vault.numbers: everybody may reach individual numbers",
        ),
        (
            "grant select (sealed) on vault.numbers to sesshu_test_app",
            "revoke select (sealed) on vault.numbers from sesshu_test_app",
            "vault.numbers.sealed: sesshu_test_app may reach individual numbers",
        ),
        (
            "alter table vault.numbers no force row level security",
            "alter table vault.numbers force row level security",
            "numbers: row level security is not forced",
        ),
    ] {
        sqlx::query(open).execute(&superuser).await.unwrap();
        assert_eq!(kit::schema_rules(&superuser).await.unwrap(), [who]);
        sqlx::query(shut).execute(&superuser).await.unwrap();
    }
}

#[tokio::test]
async fn a_number_moved_to_another_persons_row_or_bent_is_not_shown() {
    let room = room("bent").await;
    room.put(person(1), ONE).await;
    room.put(person(2), OTHER).await;
    let superuser = room.stage.db.superuser_pool();
    for fault in [
        "update vault.numbers n set sealed = (select sealed from vault.numbers m where m.person_id <> n.person_id)",
        "update vault.numbers set sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)",
        "update vault.keys set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
    ] {
        let before = room.entries().await.len();
        sqlx::query(fault).execute(&superuser).await.unwrap();
        let answer = room.vault.reveal(&room.handler, DUTY, person(1)).await;
        assert!(matches!(answer, Err(VaultError::Failed(_))), "{fault}");
        let entries = room.entries().await;
        assert_eq!(entries[before..], ["reveal_number refused vaccination does_not_open 1"], "{fault}");
    }
}

#[tokio::test]
async fn no_digit_of_a_number_lies_in_the_tables() {
    let room = room("tables").await;
    room.put(person(1), ONE).await;
    room.reveal(person(1)).await.unwrap();
    let superuser = room.stage.db.superuser_pool();
    for table in ["vault.numbers", "vault.keys", "audit_entries"] {
        let sql = sqlx::AssertSqlSafe(format!("select t::text from {table} t"));
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&superuser).await.unwrap();
        let text = rows.join("\n");
        assert!(!rows.is_empty());
        let hex = ONE.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert!(!text.contains(ONE) && !text.contains(&hex), "{table}");
    }
}
