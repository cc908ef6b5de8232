//! The leak hunt: more than a thousand planted numbers go through a vault on a real cluster, with every statement and every event logged.
//! Then everything that is left on the disk is searched for any of them in clear.

use super::{DUTY, Keys, day, number, person};
use domain::{Date, individual_number::IndividualNumber};
use kit::cluster::{self, Cluster};
use kit::vault::{KeyRing, NewNumber, ROTATE_JOB, Reason};
use kit::{Acting, Clock, Ids, Kit, Municipality, Role, Terminal, Vault, Zone, jobs};
use sqlx::{AssertSqlSafe, PgPool};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use town::{Catch, Hunt, planted_number};
use uuid::Uuid;

const TOWNS: [i32; 8] = [131_016, 131_024, 131_032, 131_041, 131_172, 131_199, 141_003, 271_004];
const PERSONS: u64 = 160;

/// What the program itself logs, kept in memory: every event, every statement.
#[derive(Clone, Default)]
struct Loud(Arc<Mutex<Vec<u8>>>);

impl Write for Loud {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct House {
    dir: Keys,
    cluster: Cluster,
    kit: Kit,
    vault: Vault,
}

/// A cluster of this test alone, its server logging every statement.
async fn house(name: &str) -> House {
    let dir = Keys::new(name);
    let cluster = Cluster::start(&dir.path().join("postgresql-data")).unwrap();
    let roles = cluster::ensure_database(&cluster.admin(), "hub").await.unwrap();
    let superuser = PgPool::connect_with(cluster.connect_options("postgres", "sesshu_admin")).await.unwrap();
    sqlx::query("alter database sesshu_hub set log_statement = 'all'").execute(&superuser).await.unwrap();
    let owner = PgPool::connect_with(roles.owner).await.unwrap();
    cluster::migrate(&owner, &[kit::MIGRATIONS, kit::vault::MIGRATIONS]).await.unwrap();
    let clock = Clock::frozen(Date::constant(2026, 11, 23));
    for code in TOWNS {
        kit::db::put_municipality(&owner, Municipality(code), "町", "").await.unwrap();
    }
    let app = PgPool::connect_with(roles.app).await.unwrap();
    let kit = Kit {
        pool: app.clone(),
        sink: kit::Sink::open(&dir.path().join("log"), clock.clone()).unwrap(),
        clock,
        ids: Ids::default(),
        waiting: Default::default(),
        watch: Default::default(),
        over_tls: false,
        desk: kit::testing::staff::desk("hub", app),
    };
    let ring = KeyRing::open_or_create(&dir.path().join("keys")).unwrap();
    let vault_pool = PgPool::connect_with(roles.vault).await.unwrap();
    let vault = Vault::new(kit.clone(), vault_pool, ring).with_looks_per_hour_max(u32::MAX);
    House { dir, cluster, kit, vault }
}

fn handler(house: &House, municipality: i32) -> Acting {
    Acting {
        municipality: Municipality(municipality),
        municipality_name: String::new(),
        staff_id: person(77),
        staff_name: String::new(),
        roles: vec![Role::NumberHandler],
        terminal: Terminal { zone: Zone::Business, id: None },
        stepped_up_at: Some(house.kit.clock.now()),
        csrf_token: String::new(),
        request_id: Uuid::nil(),
    }
}

/// Everything the vault can be asked, well and badly, in one municipality.
async fn drive(house: &House, nth: u64) {
    let acting = handler(house, TOWNS[nth as usize]);
    let planted = |n: u64| planted_number(nth * 10_000 + n);
    for n in 1..=PERSONS {
        let (who, text) = (person(u128::from(n)), number(&planted(n)));
        house.vault.register(&acting, DUTY, who, new(&text, Reason::First)).await.unwrap();
        if n % 10 == 0 {
            // Again: refused with the fault.
            house.vault.register(&acting, DUTY, who, new(&text, Reason::Request)).await.unwrap_err();
            let changed = number(&planted(5_000 + n));
            house.vault.register(&acting, DUTY, who, new(&changed, Reason::Request)).await.unwrap();
            house.vault.reveal(&acting, DUTY, who).await.unwrap();
            house.vault.find_by_number(&acting, DUTY, &text).await.unwrap();
            let stranger = number(&planted(9_000 + n));
            house.vault.find_by_number(&acting, DUTY, &stranger).await.unwrap_err();
        }
    }
}

fn new(number: &IndividualNumber, reason: Reason) -> NewNumber<'_> {
    NewNumber { number, valid_from: day(), reason }
}

fn hunt() -> Hunt {
    let numbers: Vec<String> = (0..TOWNS.len() as u64)
        .flat_map(|nth| (1..10_000).map(move |n| planted_number(nth * 10_000 + n)))
        .collect();
    Hunt::for_numbers(numbers.iter().map(String::as_str))
}

fn dump(house: &House, form: &str, to: &Path) {
    let socket = house.cluster.connect_options("sesshu_hub", "sesshu_admin");
    let output = Command::new(house.cluster.programs().join("pg_dump"))
        .args(["--format", form, "--host"])
        .arg(socket.get_socket().unwrap())
        .args(["--port", &socket.get_port().to_string(), "--username", "sesshu_admin", "sesshu_hub"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(to, output.stdout).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_planted_number_lies_in_clear_in_anything_that_is_left() {
    let loud = Loud::default();
    let writer = loud.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let house = house("leaks").await;
    futures_util::future::join_all((0..TOWNS.len() as u64).map(|nth| drive(&house, nth))).await;
    for code in TOWNS {
        let operator = kit::staff::operator(&house.kit, Municipality(code)).await.unwrap();
        let (kind, about) = (kit::approvals::Kind::KeyRotation, uuid::Uuid::from_u128(7));
        let (_, number) = crate::support::approved(&house.kit, Municipality(code), kind, about).await;
        house.vault.begin_rotation(&operator, Some(number)).await.unwrap();
    }
    let worker = jobs::Worker::new(house.kit.clone()).with(ROTATE_JOB, house.vault.rotate_handler());
    assert_eq!(worker.run_all().await.unwrap(), TOWNS.len());
    dump(&house, "plain", &house.dir.path().join("backup.sql"));
    dump(&house, "custom", &house.dir.path().join("backup.dump"));

    let hunt = hunt();
    let superuser =
        PgPool::connect_with(house.cluster.connect_options("sesshu_hub", "sesshu_admin")).await.unwrap();
    sqlx::query("checkpoint").execute(&superuser).await.unwrap();
    let look = |house: &House| {
        let mut caught = Catch::default();
        hunt.path(house.dir.path(), &mut caught).unwrap();
        hunt.bytes(Path::new("the program's own log"), &loud.0.lock().unwrap(), &mut caught);
        caught
    };
    let caught = look(&house);
    println!("{} files, {} bytes", caught.files, caught.bytes);
    assert_eq!(caught.leaks, [], "in clear");
    let log = std::fs::read_to_string(house.cluster.log_path()).unwrap();
    assert!(log.contains("insert into vault.numbers"), "the server's log was loud");
    assert!(loud.0.lock().unwrap().len() > 100_000, "the program's log was loud");

    // The control: one number, carelessly stored, and one carelessly logged, are found where they lie.
    sqlx::query("create table careless (id int primary key, note text)").execute(&superuser).await.unwrap();
    let careless = planted_number(10_003);
    let insert = AssertSqlSafe(format!("insert into careless values (1, '{careless}')"));
    sqlx::query(insert).execute(&superuser).await.unwrap();
    sqlx::query("checkpoint").execute(&superuser).await.unwrap();
    tracing::info!(number = careless, "careless");
    dump(&house, "custom", &house.dir.path().join("careless.dump"));
    let caught = look(&house);
    let found: Vec<String> = caught.leaks.iter().map(ToString::to_string).collect();
    for place in ["/base/", "/pg_wal/", "postgres.log", "careless.dump", "the program's own log"] {
        assert!(found.iter().any(|leak| leak.contains(place)), "{place}: {found:#?}");
    }
    house.cluster.stop().unwrap();
}
