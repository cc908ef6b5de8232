//! From the tables to a file, and from the file to the auditor's desk.

use super::entries::viewed;
use crate::support::{ITABASHI, KITA, Stage, stage};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use jiff::{SignedDuration, ToSpan};
use kit::audit::TILE_LEAVES;
use kit::audit::export::file::Writer;
use kit::audit::export::verify::{Verified, verify};
use kit::audit::export::{Days, Exported, export};
use kit::audit::keeper::{Depth, Folder, Keeper, load_or_make_key};
use kit::audit::note::PublicKey;
use kit::audit::proof::{Proof, ProofError, prove};
use kit::{Ids, Municipality};
use std::path::PathBuf;
use std::process::Command;

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

async fn office() -> Office {
    let stage = stage().await;
    let dir = std::env::temp_dir().join(format!("sesshu-export-{}", stage.kit.ids.next()));
    let folder = Folder::open(&dir).unwrap();
    let key = load_or_make_key(&folder).unwrap();
    let keeper = Keeper::new(key, folder, stage.kit.clock.clone(), Ids::default());
    Office { stage, dir, keeper }
}

impl Office {
    async fn view_and_sign(&mut self, entries: u32) {
        viewed(&self.stage, entries).await;
        self.sign().await;
    }

    async fn sign(&mut self) {
        let mut conn = self.stage.db.keeper_pool().acquire().await.unwrap();
        assert_eq!(self.keeper.round(&mut conn, "health", Depth::New).await.unwrap(), []);
    }

    fn key(&self) -> PublicKey {
        self.keeper.public_key()
    }

    async fn export(&self, municipality: Municipality, days: Days) -> (Option<Exported>, Vec<u8>) {
        let mut out = Writer::new(Vec::new()).unwrap();
        let done = export(&self.stage.kit, "health", municipality, days, &mut out).await.unwrap();
        (done, out.finish().unwrap())
    }

    async fn verified(&self, days: Days) -> (Exported, Verified) {
        let (done, file) = self.export(KITA, days).await;
        (done.unwrap(), verify(&file[..], &self.key(), None).unwrap_or_else(|fault| panic!("{fault}")))
    }
}

#[tokio::test]
async fn what_is_signed_is_exported_and_verifies_and_what_is_not_is_said() {
    let mut office = office().await;
    assert_eq!(office.export(KITA, Days::default()).await.0, None);
    office.view_and_sign(3).await;
    office.view_and_sign(4).await;
    viewed(&office.stage, 2).await;
    let (done, verified) = office.verified(Days::default()).await;
    assert_eq!(done, Exported { first: 1, last: 7, unsigned: 2 });
    assert_eq!((verified.rows(), verified.logs[0].checkpoints), (7, 2));
    assert_eq!(office.export(ITABASHI, Days::default()).await.0, None, "the neighbour's log is another");
}

#[tokio::test]
async fn some_days_of_a_long_log_verify_alone() {
    let mut office = office().await;
    let tile = TILE_LEAVES as u32;
    let day = office.stage.kit.clock.today();
    for entries in [tile + 7, 30, 20] {
        office.view_and_sign(entries).await;
        office.stage.kit.clock.advance(SignedDuration::from_hours(24));
    }
    let from = Some(day.checked_add(1.days()).unwrap());
    let long = u64::from(tile);
    for (days, first, last) in [
        (Days { from, until: None }, long + 8, long + 57),
        (Days { from, until: from }, long + 8, long + 37),
        (Days { from: None, until: Some(day) }, 1, long + 7),
    ] {
        let (done, verified) = office.verified(days).await;
        assert_eq!((done.first, done.last), (first, last), "{days:?}");
        assert_eq!(verified.rows(), last - first + 1);
    }
    let (_, mut file) = office.export(KITA, Days { from, until: None }).await;
    let left = file.windows(5).position(|part| part == b"left\t").unwrap();
    file[left + 9] ^= 1;
    assert!(verify(&file[..], &office.key(), None).is_err(), "what lies before is covered, too");
}

#[tokio::test]
async fn a_log_that_was_changed_in_the_database_does_not_verify() {
    let mut office = office().await;
    office.view_and_sign(5).await;
    sqlx::query("update audit_entries set outcome = 'done' where entry_id = (select entry_id from audit_places where place = 3)")
        .execute(&office.stage.db.superuser_pool())
        .await
        .unwrap();
    let (_, file) = office.export(KITA, Days::default()).await;
    let fault = verify(&file[..], &office.key(), None).unwrap_err();
    assert!(fault.to_string().contains("1番目から5番目まで"), "{fault}");
}

#[tokio::test]
async fn one_entry_is_shown_with_its_proof() {
    let mut office = office().await;
    office.view_and_sign(TILE_LEAVES as u32 * 2 + 5).await;
    for place in [1, 2, 1024, 1025, 2048, 2053] {
        let entry: uuid::Uuid = sqlx::query_scalar("select entry_id from audit_places where place = $1")
            .bind(place as i64)
            .fetch_one(&office.stage.db.superuser_pool())
            .await
            .unwrap();
        let proof = prove(&office.stage.kit, "health", KITA, entry).await.unwrap().expect("it is signed");
        let opened = Proof::open(&proof.text(), &office.key()).unwrap();
        assert_eq!(
            (opened.index + 1, opened.size, opened.line.contains(&entry.to_string())),
            (place, 2053, true)
        );
        let forged = proof
            .text()
            .replace(&BASE64.encode(&proof.line), &BASE64.encode(proof.line.replace("viewed", "done")));
        assert_eq!(Proof::open(&forged, &office.key()), Err(ProofError::NotIncluded));
        let text = proof.text();
        for at in (0..text.len()).step_by(7) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(Proof::open(&changed, &office.key()).is_err(), "byte {at}");
        }
        assert_eq!(prove(&office.stage.kit, "health", ITABASHI, entry).await.unwrap(), None);
    }
    viewed(&office.stage, 1).await;
    let newest: uuid::Uuid =
        sqlx::query_scalar("select entry_id from audit_places order by place desc limit 1")
            .fetch_one(&office.stage.db.superuser_pool())
            .await
            .unwrap();
    assert_eq!(prove(&office.stage.kit, "health", KITA, newest).await.unwrap(), None, "not signed yet");
}

/// The format's page has a verifier of its own, in another language and with other libraries.
#[tokio::test]
async fn an_independent_verifier_agrees_on_roots_and_signatures() {
    let mut office = office().await;
    office.view_and_sign(9).await;
    office.view_and_sign(1030).await;
    let (_, file) = office.export(KITA, Days::default()).await;
    let path = office.dir.join("export");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/verify-audit.py");
    let judge = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let output =
            Command::new("python3").arg(script).arg(&path).arg(office.dir.join("keeper.pub")).output();
        let output = output.unwrap_or_else(|error| panic!("python3 is needed for this test: {error}"));
        (
            output.status.success(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    let (is_right, said) = judge(&file);
    assert!(is_right && said.contains("1039"), "{said}");
    let text = String::from_utf8(file).unwrap();
    for (what, with) in [("\"viewed\"", "\"done\""), ("\\n9\\n", "\\n8\\n")] {
        let (is_right, said) = judge(text.replacen(what, with, 1).as_bytes());
        assert!(!is_right, "{what}: {said}");
    }
}

#[test]
fn the_example_of_the_format_verifies() {
    let read = |name: &str| {
        let path = format!("{}/../../docs/formats/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let key = PublicKey::read(&read("example-audit.pub")).unwrap();
    let verified = verify(read("example-audit.txt").as_bytes(), &key, None).unwrap();
    assert_eq!((verified.rows(), verified.logs[0].checkpoints), (5, 2));
}
