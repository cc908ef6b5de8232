//! The keeper signs what grows and nothing else, whoever owns the database.

use super::entries::viewed;
use crate::support::{ITABASHI, KITA, Stage, stage};
use kit::audit::keeper::{Alarm, AlarmKind, Depth, Folder, Keeper, Seen, load_or_make_key};
use kit::audit::note::{Checkpoint, origin};
use kit::audit::{self, TILE_LEAVES};
use kit::{Ids, Municipality};
use std::path::{Path, PathBuf};

const SYSTEM: &str = "health";

struct Office {
    stage: Stage,
    dir: PathBuf,
    keeper: Keeper,
}

impl Drop for Office {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.dir).ok();
    }
}

fn keeper(stage: &Stage, dir: &Path) -> anyhow::Result<Keeper> {
    let folder = Folder::open(dir)?;
    Ok(Keeper::new(load_or_make_key(&folder)?, folder, stage.kit.clock.clone(), Ids::default()))
}

async fn office(entries: u32) -> Office {
    let stage = stage().await;
    viewed(&stage, entries).await;
    let dir = std::env::temp_dir().join(format!("sesshu-keeper-{}", stage.kit.ids.next()));
    let keeper = keeper(&stage, &dir).unwrap();
    Office { stage, dir, keeper }
}

impl Office {
    async fn look(&mut self, municipality: Municipality, depth: Depth) -> Seen {
        let mut conn = self.stage.db.keeper_pool().acquire().await.unwrap();
        self.keeper.look(&mut conn, SYSTEM, municipality, depth).await.unwrap()
    }

    async fn signed(&mut self) -> Checkpoint {
        match self.look(KITA, Depth::New).await {
            Seen::Signed(checkpoint) => checkpoint,
            other => panic!("signs a sound log, not {other:?}"),
        }
    }

    async fn tamper(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.stage.db.superuser_pool()).await.unwrap();
    }

    async fn alarms(&self) -> Vec<(String, i64, i64)> {
        let mut tx = kit::db::begin(&self.stage.kit.pool, KITA).await.unwrap();
        sqlx::query_as("select kind, first_place, last_place from audit_alarms order by alarm_id")
            .fetch_all(&mut *tx)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn each_checkpoint_extends_the_one_before_and_can_be_opened_with_the_public_key() {
    let mut office = office(3).await;
    let first = office.signed().await;
    assert_eq!((first.size, first.origin.as_str()), (3, "sesshu/131172/health"));
    assert_eq!(office.look(KITA, Depth::New).await, Seen::Same);
    viewed(&office.stage, 2).await;
    let second = office.signed().await;
    assert_eq!(second.size, 5);

    let mut tx = kit::db::begin(&office.stage.kit.pool, KITA).await.unwrap();
    let notes: Vec<String> = sqlx::query_scalar("select note from audit_checkpoints order by size")
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    let opened: Vec<Checkpoint> =
        notes.iter().map(|note| Checkpoint::open(note, &office.keeper.public_key()).unwrap()).collect();
    assert_eq!(opened, [first, second]);
}

/// An entry that is whole in itself and stands in place 2 instead of the one that was signed.
async fn forge(stage: &Stage) {
    let clerk = stage.staff(KITA, kit::Role::Clerk).await;
    let case = kit::Case::open(&stage.kit, &clerk, kit::Action::ViewHome, kit::Target::NONE).await.unwrap();
    case.viewed(serde_json::json!({"n": "forged"})).await.unwrap();
    sqlx::query(
        "update audit_places set entry_id = (select entry_id from audit_entries where detail->>'n' = 'forged')
         where place = 2",
    )
    .execute(&stage.db.superuser_pool())
    .await
    .unwrap();
}

const CHANGED: &str = "update audit_entries set request_id = entry_id where entry_id = (select entry_id from audit_places where place = 2)";
const SWAPPED: &str = "alter table audit_places drop constraint audit_places_entry_key;
    update audit_places p set entry_id = q.entry_id from audit_places q where q.place = 4 - p.place and p.place in (1, 3)";

#[tokio::test]
async fn what_was_signed_and_then_changed_raises_an_alarm_and_is_not_signed_again() {
    use AlarmKind::*;
    for (fault, kind, first, last) in [
        (CHANGED, EntryChanged, 2, 2),
        ("delete from audit_places where place = 2", EntryMissing, 2, 2),
        (
            "alter table audit_places drop constraint audit_chain_municipality_code_entry_id_fkey;
          delete from audit_entries where entry_id = (select entry_id from audit_places where place = 3)",
            EntryMissing,
            3,
            3,
        ),
        ("delete from audit_places where place > 2", LogShortened, 3, 4),
        ("truncate audit_places, audit_entries", LogShortened, 1, 4),
        (SWAPPED, EntriesChanged, 1, 4),
        ("", EntriesChanged, 1, 4),
    ] {
        let mut office = office(4).await;
        office.signed().await;
        if fault.is_empty() {
            forge(&office.stage).await
        } else {
            office.tamper(fault).await
        }
        for depth in [Depth::New, Depth::Whole, Depth::New] {
            let seen = office.look(KITA, depth).await;
            assert_eq!(seen, Seen::Alarm(Alarm { kind, first, last }), "{fault}");
        }
        assert_eq!(office.alarms().await.len(), 1, "{fault}: told once a day");
        let signed: i64 = sqlx::query_scalar("select count(*) from audit_checkpoints")
            .fetch_one(&office.stage.db.superuser_pool())
            .await
            .unwrap();
        assert_eq!(signed, 1);
    }
}

#[tokio::test]
async fn new_entries_in_the_places_of_lost_ones_are_not_signed() {
    let mut office = office(4).await;
    office.signed().await;
    office
        .tamper(
            "delete from audit_places where place > 2; delete from audit_entries e where not exists (
        select from audit_places p where p.entry_id = e.entry_id)",
        )
        .await;
    viewed(&office.stage, 3).await;
    let changed = Alarm { kind: AlarmKind::EntriesChanged, first: 1, last: 4 };
    assert_eq!(office.look(KITA, Depth::New).await, Seen::Alarm(changed));
}

#[tokio::test]
async fn old_tiles_are_looked_at_again_and_a_change_among_them_is_named() {
    let tile = TILE_LEAVES as u32;
    let mut office = office(2 * tile + 10).await;
    assert_eq!(office.signed().await.size, u64::from(2 * tile + 10));
    // A keeper that starts anew believes its folder, not the database.
    office.keeper = keeper(&office.stage, &office.dir).unwrap();
    let mut conn = office.stage.db.keeper_pool().acquire().await.unwrap();
    assert_eq!(office.keeper.round(&mut conn, SYSTEM, Depth::New).await.unwrap(), []);
    forge(&office.stage).await;
    assert_eq!(office.look(KITA, Depth::New).await, Seen::Same, "the newest entries are as they were");
    let changed = Alarm { kind: AlarmKind::EntriesChanged, first: 1, last: u64::from(tile) };
    assert_eq!(office.keeper.round(&mut conn, SYSTEM, Depth::New).await.unwrap(), [(KITA, changed)]);
    assert_eq!(office.keeper.round(&mut conn, SYSTEM, Depth::Whole).await.unwrap(), [(KITA, changed)]);
}

#[tokio::test]
async fn a_damaged_memory_of_tiles_is_mended_and_a_forged_checkpoint_stops_the_keeper() {
    let mut office = office(TILE_LEAVES as u32 + 5).await;
    let signed = office.signed().await;
    let file = |ending: &str| office.dir.join(format!("{}.{ending}", origin(SYSTEM, KITA).replace('/', "-")));
    let (tiles, checkpoint) = (file("tiles"), file("checkpoint"));
    for damage in [&b"0123456789abcdef0123456789abcdef"[..], b"", b"short"] {
        std::fs::write(&tiles, damage).unwrap();
        office.keeper = keeper(&office.stage, &office.dir).unwrap();
        assert!(matches!(office.look(KITA, Depth::New).await, Seen::Signed(again) if again == signed));
        assert_eq!(std::fs::read(&tiles).unwrap().len(), 32);
        assert_eq!(office.look(KITA, Depth::New).await, Seen::Same);
    }
    let note = std::fs::read_to_string(&checkpoint).unwrap();
    std::fs::write(&checkpoint, note.replace("1029", "1028")).unwrap();
    office.keeper = keeper(&office.stage, &office.dir).unwrap();
    let mut conn = office.stage.db.keeper_pool().acquire().await.unwrap();
    let refused = office.keeper.look(&mut conn, SYSTEM, KITA, Depth::New).await.unwrap_err();
    assert!(format!("{refused:#}").contains("書き換えられています"), "{refused:#}");
    std::fs::remove_file(office.dir.join("keeper.key")).unwrap();
    assert!(keeper(&office.stage, &office.dir).is_err(), "no second key beside what the first has signed");
}

#[tokio::test]
async fn two_municipalities_have_two_logs() {
    let mut office = office(3).await;
    let neighbour = office.stage.staff(ITABASHI, kit::Role::Clerk).await;
    let case = kit::Case::open(&office.stage.kit, &neighbour, kit::Action::ViewHome, kit::Target::NONE)
        .await
        .unwrap();
    case.viewed(serde_json::json!({})).await.unwrap();
    audit::place_all(&office.stage.kit).await.unwrap();
    let mut conn = office.stage.db.keeper_pool().acquire().await.unwrap();
    assert_eq!(office.keeper.round(&mut conn, SYSTEM, Depth::New).await.unwrap(), []);
    let sizes: Vec<(i32, i64)> =
        sqlx::query_as("select municipality_code, size from audit_checkpoints order by municipality_code")
            .fetch_all(&office.stage.db.superuser_pool())
            .await
            .unwrap();
    assert_eq!(sizes, [(KITA.0, 3), (ITABASHI.0, 1)]);
    office.tamper("update audit_entries set outcome = 'done' where municipality_code = 131199").await;
    let alarms = office.keeper.round(&mut conn, SYSTEM, Depth::Whole).await.unwrap();
    assert_eq!(alarms, [(ITABASHI, Alarm { kind: AlarmKind::EntryChanged, first: 1, last: 1 })]);
    viewed(&office.stage, 1).await;
    assert_eq!(office.signed().await.size, 4, "the neighbour's trouble stops nobody else");
}

#[tokio::test]
async fn the_keepers_role_reads_the_log_and_nothing_else() {
    let stage = stage().await;
    viewed(&stage, 1).await;
    let pool = stage.db.keeper_pool();
    for (sql, may) in [
        ("select entry_id from audit_entries", true),
        ("select note from audit_checkpoints", true),
        ("select login from staff", false),
        ("select token_hash from sessions", false),
        (
            "insert into audit_places (municipality_code, place, entry_id) values (131172, 9, gen_random_uuid())",
            false,
        ),
        ("update audit_entries set outcome = 'done'", false),
        ("update audit_heads set size = 0", false),
        ("delete from audit_checkpoints", false),
        ("update audit_checkpoints set size = 9", false),
        ("delete from audit_alarms", false),
        ("create table mine (id int primary key)", false),
    ] {
        let mut tx = pool.begin().await.unwrap();
        sqlx::query("set local app.municipality = '131172'").execute(&mut *tx).await.unwrap();
        assert_eq!(sqlx::query(sql).execute(&mut *tx).await.is_ok(), may, "{sql}");
    }
    let without_wall = sqlx::query("select entry_id from audit_entries").fetch_all(&pool).await;
    assert!(without_wall.is_err(), "the municipality's wall holds for the keeper, too");
}

#[test]
fn the_key_is_the_keepers_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = std::env::temp_dir().join(format!("sesshu-key-{}", std::process::id()));
    let folder = Folder::open(&dir).unwrap();
    let public = load_or_make_key(&folder).unwrap().public();
    let path = dir.join("keeper.key");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(load_or_make_key(&folder).unwrap().public(), public);
    let laid_out = std::fs::read_to_string(dir.join("keeper.pub")).unwrap();
    assert_eq!(kit::audit::note::PublicKey::read(&laid_out), Some(public));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(load_or_make_key(&folder).is_err(), "a key that others may read is no key");
    std::fs::remove_dir_all(&dir).ok();
}
