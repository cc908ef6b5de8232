//! New keys while the windows are open: nobody notices, nothing is lost, the old key is of no use afterwards.

use super::{DUTY, Keys, Room, day, number, person, room};
use crate::support::{KITA, approved, stage_of};
use domain::individual_number::IndividualNumber;
use jiff::SignedDuration;
use kit::{
    Acting, Case, Kit, Role, Target, Terminal, Vault,
    approvals::{self, Asked, Bar, Kind, State},
    jobs,
    vault::{Begun, KeyRing, ROTATE_JOB, Reason, VaultError, create_key_file, disposal_digest},
};
use serde_json::json;
use sqlx::PgPool;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use uuid::Uuid;

/// The planted number of the n-th person.
fn planted(n: u128) -> String {
    let eleven = (n as u64 * 7_919_317 + 30_000_000_000) % 100_000_000_000;
    format!("{eleven:011}{}", IndividualNumber::check_digit(eleven))
}

fn shown(n: u128) -> String {
    let text = planted(n);
    format!("{} {} {}", &text[..4], &text[4..8], &text[8..])
}

async fn filled(name: &str, persons: u128) -> Room {
    let mut room = room(name).await;
    room.vault = room.vault.with_looks_per_hour_max(u32::MAX);
    for n in 1..=persons {
        room.put(person(n), &planted(n)).await;
    }
    room
}

impl Room {
    async fn operator(&self) -> Acting {
        kit::staff::operator(&self.stage.kit, KITA).await.unwrap()
    }

    /// Under a ceremony of its own.
    async fn begin(&self) -> Result<Option<Begun>, VaultError> {
        let (_, number) = approved(&self.stage.kit, KITA, Kind::KeyRotation, Uuid::from_u128(7)).await;
        self.vault.begin_rotation(&self.operator().await, Some(number)).await
    }

    /// A disposal of so many versions of somebody's number, asked for by the handler and approved by a chief.
    async fn approved_disposal(&self, whose: Uuid, versions: usize) -> Uuid {
        let (kit, kind) = (&self.stage.kit, Kind::NumberDisposal);
        let chief = self.stage.staff(KITA, Role::Chief).await;
        let approval_id = kit.ids.next();
        let target = Target::of("addressee", whose);
        let mut case = Case::open(kit, &self.handler, kind.terms().applies, target).await.unwrap();
        let asked = Asked {
            approval_id,
            kind,
            target: ("addressee", whose),
            reason: "保存期間の終わり",
            basis: "bangoho_20",
            plan: Vec::new(),
            digest: disposal_digest(whose, versions),
        };
        approvals::ask(&mut case, &self.handler, &asked).await.unwrap();
        let at = case.at();
        let state = State::Approved { by: chief.staff_id, at, valid_until: at + kind.terms().valid_for };
        approvals::sql::settle(case.conn(), KITA, approval_id, &state, "確かめた").await.unwrap();
        case.done(json!({})).await.unwrap();
        approval_id
    }

    fn ring(&self) -> KeyRing {
        KeyRing::open(self.keys.path()).unwrap()
    }

    fn worker(&self) -> jobs::Worker {
        jobs::Worker::new(self.stage.kit.clone()).with(ROTATE_JOB, self.vault.rotate_handler())
    }

    /// Numbers by key version, and the versions still in use.
    async fn state(&self) -> (Vec<(i32, i64)>, Vec<i32>) {
        let superuser = self.stage.db.superuser_pool();
        let numbers = "select key_version, count(*) from vault.numbers group by 1 order by 1";
        let keys = "select key_version from vault.keys where wrapped is not null order by 1";
        (
            sqlx::query_as(numbers).fetch_all(&superuser).await.unwrap(),
            sqlx::query_scalar(keys).fetch_all(&superuser).await.unwrap(),
        )
    }

    async fn job(&self) -> (String, String) {
        let sql = "select state, message from jobs order by created_at desc limit 1";
        sqlx::query_as(sql).fetch_one(&self.stage.db.superuser_pool()).await.unwrap()
    }

    /// A new key file from outside becomes the newest of this installation.
    fn new_kek(&self) {
        let offered = Keys::new("offered");
        std::fs::create_dir_all(offered.path()).unwrap();
        let file = offered.path().join("new.key");
        create_key_file(&file).unwrap();
        // By another ring, as the command beside a running server does it.
        self.ring().install(&file).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_while_the_windows_are_open() {
    const PERSONS: u128 = 1_000;
    let room = Arc::new(filled("load", PERSONS).await);
    room.new_kek();
    let (over, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let windows: Vec<_> = (0..4_u128)
        .map(|window| {
            let (room, over, answers) = (room.clone(), over.clone(), answers.clone());
            tokio::spawn(async move {
                let mut acting = room.handler.clone();
                acting.staff_id = person(9_000 + window);
                let mut n = window * 131;
                while !over.load(Ordering::SeqCst) {
                    n = n % PERSONS + 1;
                    let revealed = room.vault.reveal(&acting, DUTY, person(n)).await.unwrap();
                    assert_eq!(revealed.digits().as_str(), shown(n));
                    let found = room.vault.find_by_number(&acting, DUTY, &number(&planted(n))).await;
                    assert_eq!(found.unwrap().person, person(n));
                    let new = PERSONS + 1 + window * 10_000 + n;
                    if room.vault.history(&acting, person(new)).await.unwrap().is_empty() {
                        let text = planted(new);
                        let put = room.register_as(&acting, person(new), &text, day(), Reason::First);
                        put.await.unwrap();
                    }
                    answers.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();

    let begun = room.begin().await.unwrap();
    assert_eq!(begun, Some(Begun { key_version: 2, rewrapped: 1 }));
    assert_eq!(room.worker().run_all().await.unwrap(), 1);
    let during = answers.load(Ordering::SeqCst);
    over.store(true, Ordering::SeqCst);
    for window in windows {
        window.await.unwrap();
    }
    println!("{during} rounds of look, find and registration during the rotation, none failed");
    assert!(during > 0, "the windows were open");

    let (numbers, in_use) = room.state().await;
    assert_eq!((numbers.len(), numbers[0].0, in_use), (1, 2, vec![2]));
    assert!(numbers[0].1 >= PERSONS as i64);
    for n in 1..=PERSONS {
        assert_eq!(room.reveal(person(n)).await.unwrap(), shown(n));
    }
}

#[tokio::test]
async fn a_rotation_killed_in_the_middle_goes_on_where_it_stopped() {
    let room = filled("killed", 1_000).await;
    room.begin().await.unwrap();
    // A process of its own in small: with its runtime go all its tasks and connections, as after kill -9.
    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let apart = |pool: PgPool| PgPool::connect_lazy_with((*pool.connect_options()).clone());
    let (db, kit, ring) = (&room.stage.db, room.stage.kit.clone(), room.ring());
    let (app, vault) = (db.app_pool(), db.vault_pool());
    process.spawn(async move {
        let kit = Kit { pool: apart(app), ..kit };
        let vault = Vault::new(kit.clone(), apart(vault), ring);
        jobs::Worker::new(kit).with(ROTATE_JOB, vault.rotate_handler()).run_all().await
    });
    while room.state().await.0.len() < 2 {
        assert_eq!(room.state().await.1, [1, 2], "the rotation is over before it could be killed");
    }
    process.shutdown_background();
    let (numbers, in_use) = room.state().await;
    assert_eq!(in_use, [1, 2], "in the middle: {numbers:?}");
    for n in [1, 2, 500, 999, 1_000] {
        assert_eq!(room.reveal(person(n)).await.unwrap(), shown(n));
    }
    // Asked for again: the same rotation, not one more, and what was broken off needs no other ceremony.
    let again = room.vault.begin_rotation(&room.operator().await, None).await.unwrap();
    assert_eq!(again, Some(Begun { key_version: 2, rewrapped: 0 }));
    room.stage.kit.clock.advance(SignedDuration::from_secs(11));
    room.worker().run_all().await.unwrap();
    assert_eq!(room.state().await, (vec![(2, 1_000)], vec![2]));
    let (state, message) = room.job().await;
    assert_eq!(state, "done", "{message}");
}

#[tokio::test]
async fn the_old_key_opens_nothing_here_and_an_old_backup_still() {
    let mut room = filled("escrow", 20).await;
    let backup = stage_of(&[kit::MIGRATIONS, kit::vault::MIGRATIONS]).await;
    for table in ["keys", "numbers"] {
        let read = sqlx::AssertSqlSafe(format!("select json_agg(t) from vault.{table} t"));
        let rows: serde_json::Value =
            sqlx::query_scalar(read).fetch_one(&room.stage.db.superuser_pool()).await.unwrap();
        let write = format!(
            "insert into vault.{table} select * from jsonb_populate_recordset(null::vault.{table}, $1)"
        );
        let write = sqlx::query(sqlx::AssertSqlSafe(write)).bind(rows);
        write.execute(&backup.db.superuser_pool()).await.unwrap();
    }

    let old = room.ring().files().unwrap();
    room.new_kek();
    room.begin().await.unwrap();
    room.worker().run_all().await.unwrap();
    let (old_file, old_id) = old[0].clone();
    let in_use = room.vault.keks_in_use().await.unwrap();
    assert!(in_use.len() == 1 && in_use[0] != old_id);

    // Into the safe with the old file; the installation goes on without it, also after a restart.
    let escrow = Keys::new("escrow-safe");
    std::fs::create_dir_all(escrow.path()).unwrap();
    std::fs::rename(&old_file, escrow.path().join("kek-0001.key")).unwrap();
    room.vault = Vault::new(room.stage.kit.clone(), room.stage.db.vault_pool(), room.ring());
    assert_eq!(room.reveal(person(7)).await.unwrap(), shown(7));

    let restored = |ring| Vault::new(backup.kit.clone(), backup.db.vault_pool(), ring);
    let Err(VaultError::Failed(error)) = restored(room.ring()).reveal(&room.handler, DUTY, person(7)).await
    else {
        panic!("the new key opens the old backup")
    };
    assert!(format!("{error:#}").contains(&old_id), "the sentence names the key to fetch: {error:#}");
    let escrowed = restored(KeyRing::open(escrow.path()).unwrap());
    let revealed = escrowed.reveal(&room.handler, DUTY, person(7)).await.unwrap();
    assert_eq!(revealed.digits().as_str(), shown(7));
}

#[tokio::test]
async fn a_number_that_does_not_open_keeps_its_key_and_holds_up_nobody_else() {
    let room = filled("broken", 300).await;
    let superuser = room.stage.db.superuser_pool();
    let sql = "update vault.numbers set sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) where person_id = $1";
    sqlx::query(sql).bind(person(5)).execute(&superuser).await.unwrap();
    room.begin().await.unwrap();
    room.worker().run_all().await.unwrap();
    assert_eq!(room.state().await, (vec![(1, 1), (2, 299)], vec![1, 2]));
    let (state, message) = room.job().await;
    assert_eq!(state, "failed");
    assert!(message.starts_with("1件の個人番号を読み取れません"), "{message}");
    assert_eq!(room.reveal(person(6)).await.unwrap(), shown(6));
}

#[tokio::test]
async fn only_the_operator_at_the_machine_begins_a_rotation() {
    let room = filled("operator", 1).await;
    let answer = room.vault.begin_rotation(&room.handler, None).await;
    assert!(matches!(answer, Err(VaultError::NotShown)));
    let elsewhere = Acting { terminal: Terminal { ..room.handler.terminal }, ..room.operator().await };
    assert!(room.vault.begin_rotation(&elsewhere, None).await.is_err());
    assert_eq!(room.state().await, (vec![(1, 1)], vec![1]));
    let refused = room.entries().await.iter().filter(|e| *e == "rotate_keys refused - zone -").count();
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn a_rotation_needs_a_ceremony_of_two_persons_that_is_good_for_a_day_and_once() {
    let room = filled("ceremony", 3).await;
    let operator = room.operator().await;
    let begin = async |number| room.vault.begin_rotation(&operator, number).await;
    for number in [None, Some(77)] {
        assert!(matches!(begin(number).await, Err(VaultError::NoCeremony)), "{number:?}");
    }
    // The approval of something else is none.
    let (_, other) = approved(&room.stage.kit, KITA, Kind::NumberDisposal, person(1)).await;
    assert!(matches!(begin(Some(other)).await, Err(VaultError::NoCeremony)));
    let (_, late) = approved(&room.stage.kit, KITA, Kind::KeyRotation, person(1)).await;
    room.stage.kit.clock.advance(SignedDuration::from_hours(24) + SignedDuration::from_secs(1));
    assert!(matches!(begin(Some(late)).await, Err(VaultError::NotApproved(Bar::Lapsed))));
    assert_eq!(room.state().await, (vec![(1, 3)], vec![1]), "nothing has begun");
    let (_, good) = approved(&room.stage.kit, KITA, Kind::KeyRotation, person(1)).await;
    room.stage.kit.clock.advance(SignedDuration::from_hours(24));
    assert!(begin(Some(good)).await.unwrap().is_some());
    room.worker().run_all().await.unwrap();
    assert!(matches!(begin(Some(good)).await, Err(VaultError::NotApproved(Bar::Lapsed | Bar::UsedUp))));
    let logged: (i64, i64) = sqlx::query_as(
        "select count(*) filter (where outcome = 'refused'),
             count(*) filter (where detail ? 'asked_by' and detail ? 'approved_by') from audit_entries
         where action = 'rotate_keys'",
    )
    .fetch_one(&room.stage.db.superuser_pool())
    .await
    .unwrap();
    assert_eq!(logged, (5, 1));
}

#[tokio::test]
async fn a_number_that_is_no_longer_needed_is_deleted_by_two_persons_and_cannot_be_read_again() {
    let room = filled("disposal", 2).await;
    let dispose = async |whose, approval| room.vault.dispose(&room.handler, whose, approval).await;
    assert!(matches!(dispose(person(1), person(5)).await, Err(VaultError::NotShown)));
    let for_one = room.approved_disposal(person(1), 1).await;
    // Approved for one person, it deletes no other.
    assert!(matches!(dispose(person(2), for_one).await, Err(VaultError::NotShown)));
    dispose(person(1), for_one).await.unwrap();
    assert!(room.reveal(person(1)).await.is_err());
    assert!(room.vault.find_by_number(&room.handler, DUTY, &number(&planted(1))).await.is_err());
    assert_eq!(room.reveal(person(2)).await.unwrap(), shown(2));
    let left: i64 = sqlx::query_scalar("select count(*) from vault.numbers where person_id = $1")
        .bind(person(1))
        .fetch_one(&room.stage.db.superuser_pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
    let history = room.vault.disposals(&room.handler, person(1)).await.unwrap();
    assert_eq!((history.len(), history[0].versions, history[0].disposed_by), (1, 1, room.handler.staff_id));
    assert_ne!(history[0].approved_by, room.handler.staff_id);
    assert!(matches!(dispose(person(1), for_one).await, Err(VaultError::NotApproved(Bar::UsedUp))));
}

#[tokio::test]
async fn a_number_that_changed_after_it_was_asked_for_is_not_deleted_and_the_approval_is_not_used_up() {
    let room = filled("disposal-changed", 1).await;
    let asked = room.approved_disposal(person(1), 1).await;
    room.register_as(&room.handler, person(1), &planted(9), day(), Reason::Request).await.unwrap();
    let stale = room.vault.dispose(&room.handler, person(1), asked).await;
    assert!(matches!(stale, Err(VaultError::Changed)), "{stale:?}");
    assert_eq!(room.reveal(person(1)).await.unwrap(), shown(9));
    let (left, uses): (i64, i64) =
        sqlx::query_as("select (select count(*) from vault.numbers), (select count(*) from approval_uses)")
            .fetch_one(&room.stage.db.superuser_pool())
            .await
            .unwrap();
    assert_eq!((left, uses), (2, 0));
    let said = room.entries().await;
    assert!(said.contains(&"dispose_number refused - changed 1".to_owned()), "{said:?}");
    let again = room.approved_disposal(person(1), 2).await;
    room.vault.dispose(&room.handler, person(1), again).await.unwrap();
    assert!(room.reveal(person(1)).await.is_err());
}
