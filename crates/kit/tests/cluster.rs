//! The private server: started, killed in every way, started again.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kit::cluster::{Admin, Cluster, ClusterError, ServerKind, assert_durable, ensure_database};
use sqlx::PgPool;

/// A data directory of this test alone, where the server's user may enter also if we are root; removed at the end.
struct DataDir(PathBuf);

impl DataDir {
    fn new(name: &str) -> DataDir {
        let dir = std::env::temp_dir().join(format!("sesshu-cluster-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&dir).ok();
        DataDir(dir)
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn start(dir: &Path) -> Cluster {
    Cluster::start(dir).unwrap_or_else(|e| panic!("{e}"))
}

async fn count(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from kept").fetch_one(pool).await.expect("the table is there")
}

fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z "))
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let asked = Instant::now();
    while !is_so() {
        assert!(asked.elapsed() < Duration::from_secs(60), "waited a minute until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn kill(pid: u32) {
    Command::new("sh").args(["-c", &format!("kill -KILL {pid}")]).status().expect("sh runs");
}

#[tokio::test]
async fn a_newcomers_server_is_private_durable_and_stops() {
    let dir = DataDir::new("first");
    let cluster = start(&dir.0);
    let roles = ensure_database(&cluster.admin(), "health").await.unwrap();
    let again = ensure_database(&cluster.admin(), "health").await.unwrap();
    let owner = PgPool::connect_with(roles.owner).await.unwrap();
    let app = PgPool::connect_with(again.app).await.unwrap();
    assert_durable(&app, ServerKind::Private).await.unwrap();

    let mode = std::fs::metadata(dir.0.join("run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "only the server's user may reach the socket");
    let listens: String = sqlx::query_scalar("show listen_addresses").fetch_one(&app).await.unwrap();
    assert_eq!(listens, "");
    let (superuser, bypass): (bool, bool) =
        sqlx::query_as("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
            .fetch_one(&app)
            .await
            .unwrap();
    assert!(!superuser && !bypass);
    sqlx::query("create table kept (id int primary key)").execute(&owner).await.unwrap();
    let denied = sqlx::query("select from kept").execute(&app).await;
    assert!(denied.is_err(), "rights come from migrate, not from being there");

    let pid = cluster.pid();
    cluster.stop().unwrap();
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn another_system_has_no_way_into_a_database() {
    let dir = DataDir::new("systems");
    let cluster = start(&dir.0);
    ensure_database(&cluster.admin(), "health").await.unwrap();
    let hub = ensure_database(&cluster.admin(), "hub").await.unwrap();
    let error = PgPool::connect_with(hub.app.database("sesshu_health")).await.unwrap_err();
    assert!(error.to_string().contains("permission denied"), "{error}");
}

#[tokio::test]
async fn a_session_that_gives_up_durability_is_refused_in_one_sentence() {
    let dir = DataDir::new("durable");
    let cluster = start(&dir.0);
    let roles = ensure_database(&cluster.admin(), "health").await.unwrap();
    for (setting, value) in [("fsync", "off"), ("full_page_writes", "off")] {
        let admin = PgPool::connect_with(cluster.connect_options("postgres", "sesshu_admin")).await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("alter system set {setting} = {value}"));
        sqlx::query(sql).execute(&admin).await.unwrap();
        sqlx::query("select pg_reload_conf()").execute(&admin).await.unwrap();
    }
    let app = PgPool::connect_with(roles.app.clone()).await.unwrap();
    assert_durable(&app, ServerKind::Private).await.expect("the command line outranks ALTER SYSTEM");

    let careless = PgPool::connect_with(roles.app.options([("synchronous_commit", "off")])).await.unwrap();
    let error = assert_durable(&careless, ServerKind::Managed).await.unwrap_err();
    assert!(
        matches!(&error, ClusterError::NotDurable { setting, .. } if setting == "synchronous_commit"),
        "{error}"
    );
}

#[tokio::test]
async fn a_second_sesshu_on_the_same_data_is_refused() {
    let dir = DataDir::new("second");
    let _first = start(&dir.0);
    let error = Cluster::start(&dir.0).err().expect("refused").to_string();
    assert!(error.contains("使用中") && error.contains(&std::process::id().to_string()), "{error}");
}

#[tokio::test]
async fn an_acknowledged_row_survives_the_death_of_every_process() {
    let dir = DataDir::new("killed");
    let cluster = start(&dir.0);
    let roles = ensure_database(&cluster.admin(), "health").await.unwrap();
    let owner = PgPool::connect_with(roles.owner.clone()).await.unwrap();
    sqlx::query("create table kept (id int primary key)").execute(&owner).await.unwrap();
    sqlx::query("insert into kept values (1)").execute(&owner).await.unwrap();

    // The postmaster is killed and its backends are orphans: nothing was shut down.
    kill(cluster.pid());
    wait_until("the keeper sees the death", || !cluster.is_running());
    drop(cluster);

    let cluster = start(&dir.0);
    let owner = PgPool::connect_with(roles.owner).await.unwrap();
    assert_eq!(count(&owner).await, 1);
    cluster.stop().unwrap();
}

#[tokio::test]
async fn a_stale_pid_file_of_a_reused_process_id_does_not_block_the_start() {
    let dir = DataDir::new("stale");
    start(&dir.0).stop().unwrap();
    // Our own id: alive, but no server.
    let stale =
        format!("{}\n{}\n1\n5432\n\n\n  1 1\nready\n", std::process::id(), dir.0.join("pgdata").display());
    std::fs::write(dir.0.join("pgdata/postmaster.pid"), &stale).unwrap();
    std::fs::write(dir.0.join("run/.s.PGSQL.5432.lock"), &stale).unwrap();
    start(&dir.0).stop().unwrap();
}

#[tokio::test]
async fn a_deep_directory_gets_a_short_socket_path() {
    let dir = DataDir::new("deep");
    let deep = dir.0.join("x".repeat(120));
    for _ in 0..2 {
        let cluster = start(&deep);
        ensure_database(&cluster.admin(), "health").await.unwrap();
        cluster.stop().unwrap();
    }
}

#[test]
fn a_directory_closed_to_the_servers_user_is_named() {
    let dir = DataDir::new("closed");
    std::fs::create_dir(&dir.0).unwrap();
    std::fs::set_permissions(&dir.0, std::fs::Permissions::from_mode(0o700)).unwrap();
    match Cluster::start(&dir.0.join("data")) {
        // Only root steps down to a user who is kept out.
        Ok(cluster) => assert_eq!(cluster.stop().map_err(|e| e.to_string()), Ok(())),
        Err(error) => assert!(error.to_string().contains(&*dir.0.to_string_lossy()), "{error}"),
    }
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_its_last_words() {
    let dir = DataDir::new("broken");
    start(&dir.0).stop().unwrap();
    let conf = dir.0.join("pgdata/postgresql.conf");
    let text = std::fs::read_to_string(&conf).unwrap();
    std::fs::write(&conf, text + "\nno_such_setting = 1\n").unwrap();
    let error = Cluster::start(&dir.0).err().expect("refused").to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}

/// Not a test by itself: the body of the process that `the_server_dies_with_its_parent` kills.
#[test]
fn a_parent_to_be_killed() {
    let Some(dir) = std::env::var_os("SESSHU_TEST_PARENT_DIR") else { return };
    let cluster = start(Path::new(&dir));
    std::fs::write(Path::new(&dir).join("started.part"), cluster.pid().to_string()).unwrap();
    std::fs::rename(Path::new(&dir).join("started.part"), Path::new(&dir).join("started")).unwrap();
    std::thread::sleep(Duration::from_secs(120));
}

/// Another process that has a server running in `dir`.
fn parent_to_be_killed(dir: &Path) -> Child {
    let parent = Command::new(std::env::current_exe().expect("a test has a program"))
        .args(["--exact", "cluster::a_parent_to_be_killed"])
        .env("SESSHU_TEST_PARENT_DIR", dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the test's own program runs");
    let started = dir.join("started");
    wait_until("the server is up", || started.exists());
    parent
}

#[test]
fn the_server_dies_with_its_parent() {
    let dir = DataDir::new("parent");
    let mut parent = parent_to_be_killed(&dir.0);
    let server: u32 = std::fs::read_to_string(dir.0.join("started")).unwrap().parse().unwrap();
    assert!(is_alive(server));
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("the server is gone", || !is_alive(server));
    start(&dir.0).stop().unwrap();
}

#[test]
fn a_restart_at_once_after_a_kill_waits_for_the_old_server() {
    let dir = DataDir::new("at-once");
    let mut parent = parent_to_be_killed(&dir.0);
    parent.kill().unwrap();
    parent.wait().unwrap();
    start(&dir.0).stop().unwrap();
}

/// What a kill -9 of everything at one moment leaves: the server's backends die after it, its pid file stays.
#[test]
fn a_server_that_outlived_its_parent_is_stopped_first() {
    let dir = DataDir::new("outlived");
    let cluster = start(&dir.0);
    let old = cluster.pid();
    // As after a kill in the instant before setpriv could act: nobody waits, nobody holds the lock.
    std::mem::forget(cluster);
    std::fs::remove_file(dir.0.join("sesshu.lock")).unwrap();
    let fresh = start(&dir.0);
    assert!(!is_alive(old) && is_alive(fresh.pid()));
}

#[test]
fn a_managed_server_is_named_by_its_url() {
    let admin = Admin::of_url("postgres://admin:secret@db.example.jp/postgres").unwrap();
    assert_eq!(admin.kind(), ServerKind::Managed);
    let error = Admin::of_url("db.example.jp").expect_err("no url").to_string();
    assert!(error.contains("postgres://"), "{error}");
}
