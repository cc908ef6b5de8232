//! Migrations and the schema's rules, each seen to catch what it is for.

use kit::testing::TestDb;
use kit::{MigrationSet, migrate, schema_rules};
use sqlx::Row;

const KEPT: MigrationSet = MigrationSet {
    name: "sample",
    files: &[
        ("0001_person.sql", PERSON),
        (
            "0002_entry.sql",
            "create table note (id int primary key); comment on table note is 'national: notes'",
        ),
    ],
};

const PERSON: &str = "
-- 住民: a semicolon; in a comment
create table person (
    municipality_code text not null,
    id int not null,
    name text not null default 'a;b',
    primary key (municipality_code, id)
);
alter table person enable row level security;
alter table person force row level security;
create policy own_rows on person
    using (municipality_code = current_setting('app.tenant'));
create table visit (
    municipality_code text not null,
    person_id int not null,
    id int not null,
    primary key (municipality_code, id),
    foreign key (municipality_code, person_id) references person (municipality_code, id)
);
alter table visit enable row level security;
alter table visit force row level security;
create policy own_rows on visit using (municipality_code = current_setting('app.tenant'));
create function refuse() returns trigger language plpgsql as $$ begin raise exception 'append only;'; end; $$;
create trigger append_only before update or delete on visit for each row execute function refuse();
revoke update, delete on visit from @app_role@;
";

#[tokio::test]
async fn a_test_database_is_fresh_migrated_and_walled() {
    let db = TestDb::new(&[KEPT]).await;
    let owner = db.owner_pool();
    assert_eq!(schema_rules(&owner).await.unwrap(), Vec::<String>::new());

    let app = db.app_pool();
    let error = sqlx::query("select id from person").fetch_all(&app).await.unwrap_err();
    assert!(error.to_string().contains("app.tenant"), "without a municipality nothing is answered: {error}");

    let mut tx = app.begin().await.unwrap();
    sqlx::query("set local app.tenant = '131172'").execute(&mut *tx).await.unwrap();
    sqlx::query("insert into person values ('131172', 1)").execute(&mut *tx).await.unwrap();
    let stranger =
        sqlx::query("insert into person values ('131016', 1)").execute(&mut *tx).await.unwrap_err();
    assert!(stranger.to_string().contains("row-level security"), "{stranger}");
    drop(tx);

    let mut tx = app.begin().await.unwrap();
    sqlx::query("set local app.tenant = '131172'").execute(&mut *tx).await.unwrap();
    let refused = sqlx::query("delete from visit").execute(&mut *tx).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    drop(tx);
    let error = sqlx::query("create table mine (id int)").execute(&app).await.unwrap_err();
    assert!(error.to_string().contains("permission denied"), "{error}");
}

#[tokio::test]
async fn databases_of_two_tests_share_nothing() {
    let (one, other) = (TestDb::new(&[KEPT]).await, TestDb::new(&[KEPT]).await);
    sqlx::query("insert into note values (1)").execute(&one.app_pool()).await.unwrap();
    let seen: i64 =
        sqlx::query_scalar("select count(*) from note").fetch_one(&other.app_pool()).await.unwrap();
    assert_eq!(seen, 0);
    let by_url = sqlx::PgPool::connect(&one.url).await.unwrap();
    let row = sqlx::query("select current_user::text, count(*) from note").fetch_one(&by_url).await.unwrap();
    assert_eq!((row.get::<String, _>(0).as_str(), row.get::<i64, _>(1)), ("sesshu_test_app", 1));
}

#[tokio::test]
async fn a_dropped_test_database_is_gone() {
    let (kept, gone) = (TestDb::new(&[KEPT]).await, TestDb::new(&[KEPT]).await);
    let name: String =
        sqlx::query_scalar("select current_database()::text").fetch_one(&gone.app_pool()).await.unwrap();
    drop(gone);
    let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(&kept.superuser_pool())
        .await
        .unwrap();
    assert!(!there);
}

#[tokio::test]
async fn migrating_again_changes_nothing_and_goes_on_where_it_stopped() {
    let begun = MigrationSet { name: "sample", files: &KEPT.files[..1] };
    let db = TestDb::new(&[begun]).await;
    let owner = db.owner_pool();
    migrate(&owner, &[begun]).await.unwrap();
    let (one, other) = tokio::join!(migrate(&owner, &[KEPT]), migrate(&owner, &[KEPT]));
    one.and(other).unwrap();
    let applied: Vec<String> = sqlx::query_scalar("select file_name from schema_migration order by position")
        .fetch_all(&owner)
        .await
        .unwrap();
    assert_eq!(applied, ["0001_person.sql", "0002_entry.sql"]);

    let older = migrate(&owner, &[begun]).await.unwrap_err().to_string();
    assert!(older.contains("新しい版"), "{older}");
}

#[tokio::test]
async fn an_edited_or_squeezed_in_migration_is_refused() {
    let db = TestDb::new(&[KEPT]).await;
    const EDITED: MigrationSet = MigrationSet {
        name: "sample",
        files: &[("0001_person.sql", "select 1"), ("0002_entry.sql", "select 2")],
    };
    const SQUEEZED: MigrationSet =
        MigrationSet { name: "sample", files: &[("0000_new.sql", "select 1"), ("0001_person.sql", PERSON)] };
    let edited = migrate(&db.owner_pool(), &[EDITED]).await.unwrap_err().to_string();
    assert!(edited.contains("書き換えられています"), "{edited}");
    let squeezed = migrate(&db.owner_pool(), &[SQUEEZED]).await.unwrap_err().to_string();
    assert!(squeezed.contains("0000_new.sql"), "{squeezed}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    const BROKEN: MigrationSet = MigrationSet {
        name: "broken",
        files: &[("0001.sql", "create table half (id int primary key); select nonsense")],
    };
    let db = TestDb::new(&[]).await;
    let error = migrate(&db.owner_pool(), &[BROKEN]).await.unwrap_err().to_string();
    assert!(error.contains("select nonsense"), "{error}");
    let half: bool = sqlx::query_scalar("select to_regclass('half') is not null")
        .fetch_one(&db.owner_pool())
        .await
        .unwrap();
    assert!(!half);
}

#[tokio::test]
async fn each_broken_schema_rule_is_named() {
    const BAD: MigrationSet = MigrationSet {
        name: "bad",
        files: &[(
            "0001.sql",
            "create table nobodys (id int primary key);
             create table bare (municipality_code text, id int primary key);
             create table parent (municipality_code text not null, id int not null, other int unique,
                                  primary key (municipality_code, id));
             create table child (municipality_code text not null, id int not null, other int references parent (other),
                                 primary key (municipality_code, id));
             create policy open_to_all on child using (true);
             create materialized view peek as select id from parent",
        )],
    };
    let db = TestDb::new(&[BAD]).await;
    let violations = schema_rules(&db.owner_pool()).await.unwrap();
    for expected in [
        "nobodys: has no municipality_code",
        "bare: municipality_code may be null",
        "bare: row level security is not enabled",
        "bare: row level security is not forced",
        "bare: has no policy on municipality_code",
        "bare: municipality_code does not come first in bare_pkey",
        "parent: municipality_code does not come first in parent_other_key",
        "child: foreign key child_other_fkey does not begin with municipality_code",
        "child: has a policy that does not ask for municipality_code",
        "peek: a materialized view escapes",
    ] {
        assert!(
            violations.iter().any(|v| v.starts_with(expected)),
            "{expected} is missing in {violations:#?}"
        );
    }
}

#[tokio::test]
async fn kits_own_tables_keep_the_rules() {
    let db = TestDb::new(&[kit::MIGRATIONS]).await;
    assert_eq!(schema_rules(&db.owner_pool()).await.unwrap(), Vec::<String>::new());
}
