//! 鍵の更新 without closing a window: new data keys, every number sealed anew in small batches, keys under a new KEK.
//!
//! The tables say how far it is: more than one key version in use is a rotation that goes on, no number left under the
//! old version is its end. So whatever is killed, wherever, the next run goes on. Readers take number and key in one
//! statement, so they never see a half; writers and the two ends of a rotation wait for each other.

use super::keys::DataKey;
use super::pass::Pass;
use super::sql::{self, ReadError};
use super::{Vault, VaultError};
use crate::approvals::{self, Kind};
use crate::audit::Outcome;
use crate::jobs::{self, Handler, NewJob, Run};
use crate::{Acting, Action, Instant, Municipality, Target, Zone, db};
use serde_json::json;
use sqlx::{PgConnection, Row};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The job that seals a municipality's numbers anew.
pub const ROTATE_JOB: &str = "vault_rotate";
/// Numbers sealed anew in one transaction: some milliseconds in which their rows are held.
const BATCH: i64 = 200;

const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Where a municipality's rotation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The newest key version.
    pub key_version: i32,
    /// Keys put under the newest KEK.
    pub rewrapped: usize,
}

impl Vault {
    /// Begins a rotation for one municipality under an approved ceremony (the number of its application): puts its keys
    /// under the newest KEK, adds a key version, and orders the job that seals its numbers anew. One that was broken off
    /// goes on without another ceremony. `None` where it has no numbers.
    ///
    /// # Errors
    /// [`VaultError::NotShown`] for anybody but the operator at the machine itself, [`VaultError::NoCeremony`] and
    /// [`VaultError::NotApproved`] where two persons have not decided it.
    pub async fn begin_rotation(
        &self,
        operator: &Acting,
        ceremony: Option<i64>,
    ) -> Result<Option<Begun>, VaultError> {
        let municipality = operator.municipality;
        let mut pass = self.begin(operator, Action::RotateKeys, Target::NONE).await?;
        if operator.terminal.zone != Zone::Server {
            return pass.refuse("zone", VaultError::NotShown).await;
        }
        sql::lock_writers(pass.conn(), municipality).await?;
        let keys = sql::keys(pass.conn(), &self.ring, municipality).await;
        let (mut pass, mut keys) = pass.read(keys).await?;
        if keys.is_empty() {
            return Ok(None);
        }
        let is_going_on = keys.len() > 1;
        if ceremony.is_some() || !is_going_on {
            pass = use_ceremony(pass, operator, ceremony).await?;
        }
        let rewrapped = match ceremony {
            Some(_) => self.rewrap(pass.conn(), &keys).await?,
            None => 0,
        };
        if !is_going_on {
            let at = pass.entry.at;
            keys.insert(0, sql::add_key(pass.conn(), &self.ring, municipality, at).await?);
        }
        let begun = Begun { key_version: keys[0].version, rewrapped };
        pass.note("key_version", begun.key_version);
        pass.note("rewrapped", begun.rewrapped);
        pass.note("kek", self.ring.newest().map_err(ReadError::from)?.id());
        pass.done(Outcome::Done).await?;
        self.order_job(operator).await?;
        Ok(Some(begun))
    }

    /// Seals the municipality's keys under the newest KEK; those that are already are left alone.
    async fn rewrap(&self, conn: &mut PgConnection, keys: &[DataKey]) -> Result<usize, ReadError> {
        let kek = self.ring.newest()?;
        let mut count = 0;
        for key in keys {
            let done = sqlx::query(
                "update vault.keys set kek_id = $3, wrapped = $4
                 where municipality_code = $1 and key_version = $2 and kek_id <> $3",
            )
            .bind(key.municipality.0)
            .bind(key.version)
            .bind(kek.id())
            .bind(kek.wrap(key))
            .execute(&mut *conn)
            .await?;
            count += done.rows_affected() as usize;
        }
        Ok(count)
    }

    /// As the application: the job is an ordinary one. An order that was given already is not given twice.
    async fn order_job(&self, operator: &Acting) -> sqlx::Result<()> {
        let municipality = operator.municipality;
        let mut tx = db::begin(&self.kit.pool, municipality).await?;
        let open: bool = sqlx::query_scalar(
            "select exists (select from jobs where municipality_code = $1 and kind = $2
                 and state in ('waiting', 'running'))",
        )
        .bind(municipality.0)
        .bind(ROTATE_JOB)
        .fetch_one(&mut *tx)
        .await?;
        if !open {
            let job = NewJob {
                kind: ROTATE_JOB,
                title: "個人番号の暗号鍵の更新",
                subject_id: None,
                payload: json!({}),
            };
            jobs::enqueue(&mut tx, &self.kit, municipality, Some(operator.staff_id), job).await?;
        }
        tx.commit().await
    }

    /// Carries out [`ROTATE_JOB`]. For the worker of every system that holds a vault.
    pub fn rotate_handler(&self) -> Handler {
        let vault = self.clone();
        Arc::new(move |run| {
            let vault = vault.clone();
            Box::pin(async move { vault.seal_anew(&run).await })
        })
    }

    /// Seals every number under the newest key, then wipes the older keys. Begun again, it goes on with what is left.
    async fn seal_anew(&self, run: &Run) -> anyhow::Result<String> {
        let municipality = run.municipality;
        let total = self.left(municipality).await?;
        let mut done = 0;
        let unreadable = loop {
            let (mut unreadable, mut after) = (0, (Uuid::nil(), 0));
            while let Some(batch) = self.seal_batch(municipality, after).await? {
                (done, unreadable, after) = (done + batch.sealed, unreadable + batch.unreadable, batch.last);
                run.progress(done, total.max(done), "個人番号を新しい鍵で暗号化しています").await?;
            }
            if self.retire(run).await? || unreadable > 0 {
                break unreadable;
            }
            // Another worker holds the rest.
            tokio::time::sleep(LOOK_AGAIN).await;
        };
        anyhow::ensure!(
            unreadable == 0,
            "{unreadable}件の個人番号を読み取れません。古い鍵は残してあります。バックアップと突き合わせてください。"
        );
        Ok(format!("{done}件の個人番号を新しい鍵で暗号化しました。"))
    }

    /// How many numbers stand under an older key.
    async fn left(&self, municipality: Municipality) -> sqlx::Result<i64> {
        let mut tx = db::begin(&self.pool, municipality).await?;
        sqlx::query_scalar(
            "select count(*) from vault.numbers where municipality_code = $1 and key_version < (
                 select max(key_version) from vault.keys where municipality_code = $1)",
        )
        .bind(municipality.0)
        .fetch_one(&mut *tx)
        .await
    }

    /// The next batch after `after`; `None` where nothing is left.
    async fn seal_batch(
        &self,
        municipality: Municipality,
        after: (Uuid, i32),
    ) -> Result<Option<Batch>, ReadError> {
        let mut tx = db::begin(&self.pool, municipality).await?;
        let keys = sql::keys(&mut tx, &self.ring, municipality).await?;
        let Some(newest) = keys.first() else { return Ok(None) };
        let rows = sqlx::query(
            "select person_id, version, key_version, sealed from vault.numbers
             where municipality_code = $1 and key_version < $2 and (person_id, version) > ($3, $4)
             order by person_id, version limit $5 for update skip locked",
        )
        .bind(municipality.0)
        .bind(newest.version)
        .bind(after.0)
        .bind(after.1)
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        let Some(last) = rows.last() else { return Ok(None) };
        let mut batch = Batch { sealed: 0, unreadable: 0, last: (last.get(0), last.get(1)) };
        let (mut persons, mut versions, mut sealed, mut indexes) = (vec![], vec![], vec![], vec![]);
        for row in &rows {
            let (person, version, under): (Uuid, i32, i32) = (row.get(0), row.get(1), row.get(2));
            let old = keys.iter().find(|key| key.version == under);
            let Some(Ok(number)) = old.map(|key| key.open(person, version, row.get(3))) else {
                tracing::error!(%person, version, "a sealed number does not open");
                batch.unreadable += 1;
                continue;
            };
            persons.push(person);
            versions.push(version);
            sealed.push(newest.seal(person, version, &number));
            indexes.push(newest.blind_index(&number).to_vec());
        }
        batch.sealed = persons.len() as i64;
        sqlx::query(
            "update vault.numbers n set key_version = $2, sealed = a.sealed, blind_index = a.blind_index
             from unnest($3::uuid[], $4::integer[], $5::bytea[], $6::bytea[])
                 as a (person_id, version, sealed, blind_index)
             where n.municipality_code = $1 and n.person_id = a.person_id and n.version = a.version",
        )
        .bind(municipality.0)
        .bind(newest.version)
        .bind(persons)
        .bind(versions)
        .bind(sealed)
        .bind(indexes)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(batch))
    }

    /// Wipes the older keys where no number is left under them. False where something was left.
    async fn retire(&self, run: &Run) -> anyhow::Result<bool> {
        let acting = run.acting(Vec::new());
        let municipality = run.municipality;
        let mut pass = self.begin(&acting, Action::RotateKeys, Target::NONE).await?;
        // Whoever registers holds this lock from choosing the key to the commit.
        sql::lock_writers(pass.conn(), municipality).await?;
        let retired: Vec<i32> = sqlx::query_scalar(
            "update vault.keys k set retired_at = $2, wrapped = null
             where k.municipality_code = $1 and k.retired_at is null
                 and k.key_version < (select max(key_version) from vault.keys where municipality_code = $1)
                 and not exists (select from vault.numbers n
                     where n.municipality_code = $1 and n.key_version = k.key_version)
             returning k.key_version",
        )
        .bind(municipality.0)
        .bind(Instant(pass.entry.at))
        .fetch_all(pass.conn())
        .await?;
        let in_use: i64 = sqlx::query_scalar(
            "select count(*) from vault.keys where municipality_code = $1 and retired_at is null",
        )
        .bind(municipality.0)
        .fetch_one(pass.conn())
        .await?;
        if !retired.is_empty() {
            pass.note("retired", json!(retired));
            pass.done(Outcome::Done).await?;
        }
        Ok(in_use == 1)
    }

    /// The key versions in use under each KEK of all municipalities: which key files are still needed.
    pub async fn keks_in_use(&self) -> Result<Vec<String>, VaultError> {
        let mut ids = Vec::new();
        for (municipality, _) in db::municipalities(&self.pool).await? {
            let mut tx = db::begin(&self.pool, municipality).await?;
            let here: Vec<String> = sqlx::query_scalar(
                "select distinct kek_id from vault.keys where municipality_code = $1 and retired_at is null",
            )
            .bind(municipality.0)
            .fetch_all(&mut *tx)
            .await?;
            ids.extend(here);
        }
        ids.sort();
        ids.dedup();
        Ok(ids)
    }
}

/// Takes the one use of an approved ceremony, and puts both names into the entry; or refuses, which is logged.
async fn use_ceremony(mut pass: Pass, operator: &Acting, number: Option<i64>) -> Result<Pass, VaultError> {
    let municipality = operator.municipality;
    let Some(number) = number else { return pass.refuse("no_ceremony", VaultError::NoCeremony).await };
    let kind = Kind::KeyRotation;
    let Some(id) = approvals::sql::by_number(pass.conn(), municipality, kind, number).await? else {
        return pass.refuse("no_ceremony", VaultError::NoCeremony).await;
    };
    let by = (operator.staff_id, pass.entry.at);
    match approvals::make_use(pass.conn(), municipality, (kind, id), by).await? {
        None => pass.refuse("no_ceremony", VaultError::NoCeremony).await,
        Some(Err(bar)) => pass.refuse(bar.code(), bar.into()).await,
        Some(Ok(approval)) => {
            pass.note_approval(&approval);
            Ok(pass)
        }
    }
}

struct Batch {
    sealed: i64,
    unreadable: i64,
    last: (Uuid, i32),
}
