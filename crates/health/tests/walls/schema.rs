//! The second wall: what the database itself refuses.

use super::town::{MARKS, walls};
use crate::support::{ITABASHI, KITA, stage};
use sqlx::AssertSqlSafe;

#[tokio::test]
async fn the_whole_schema_keeps_the_rules_of_the_municipalities_wall() {
    let stage = stage().await;
    let violations = kit::schema_rules(&stage.db.superuser_pool()).await.unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[tokio::test]
async fn the_application_can_neither_change_the_log_nor_take_down_the_wall() {
    let stage = stage().await;
    let pool = stage.app.kit.pool.clone();
    for sql in [
        "update audit_entries set outcome = 'done'",
        "delete from audit_entries",
        "truncate audit_entries cascade",
        "update audit_places set place = 0",
        "delete from audit_places",
        "truncate audit_places",
        "insert into municipalities (municipality_code, name) values (1, '')",
        "update municipalities set name = ''",
        "delete from municipalities",
        "alter table residents disable row level security",
        "alter table residents no force row level security",
        "drop policy municipality on residents",
        "drop table audit_entries cascade",
        "create table stowaway (id integer)",
        "set row_security = off; select count(*) from residents",
        "select pg_read_file('/etc/passwd')",
        "copy residents to program 'true'",
    ] {
        let mut tx = kit::db::begin(&pool, KITA).await.unwrap();
        let refused = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *tx).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code()).unwrap_or_default();
        assert_eq!(code, "42501", "{sql}: {refused}");
    }
}

#[tokio::test]
async fn no_table_of_a_municipality_can_be_read_or_written_from_outside_it() {
    let walls = walls(MARKS).await;
    let pool = walls.stage.app.kit.pool.clone();
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'municipality_code'
         where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace = 'public'::regnamespace and c.relname <> 'municipalities'",
    )
    .fetch_all(&walls.stage.db.superuser_pool())
    .await
    .unwrap();
    assert!(tables.len() > 20);
    for table in tables {
        // Without a municipality a row is not even looked at: the query fails.
        let mut bare = pool.begin().await.unwrap();
        let asked =
            sqlx::query(AssertSqlSafe(format!("select 1 from {table} limit 1"))).fetch_all(&mut *bare).await;
        assert!(asked.map_or(true, |rows| rows.is_empty()), "{table} answers without a municipality");
        drop(bare);
        let mut tx = kit::db::begin(&pool, KITA).await.unwrap();
        let count = format!("select count(*) from {table} where municipality_code = {}", ITABASHI.0);
        let seen: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(seen, 0, "{table}");
        let moved = format!("update {table} set municipality_code = {}", ITABASHI.0);
        let moved = sqlx::query(AssertSqlSafe(moved)).execute(&mut *tx).await;
        assert!(
            moved.is_err() || moved.unwrap().rows_affected() == 0,
            "{table}: a row can be moved next door"
        );
    }
}
