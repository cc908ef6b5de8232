//! Sheets, clinics and typing for tests of entry.

use crate::{
    browser::{Browser, Page},
    support::Stage,
};
use domain::{ids::SheetNumber, schedule::Series};
use kit::Municipality;
use uuid::Uuid;

/// A clinic of the municipality's own numbers, under contract.
pub const CLINIC: &str = "9000000001";
/// One whose contract ended on 2026-03-31.
pub const FORMER_CLINIC: &str = "9000000002";

/// A printed 予診票.
#[derive(Clone, Copy)]
pub struct Paper {
    pub id: Uuid,
    pub number: SheetNumber,
}

impl Stage {
    pub async fn clinics(&self, municipality: Municipality) {
        sqlx::query(
            "insert into clinics (municipality_code, clinic_code, name, doctors, contract_from, contract_until)
             values ($1, $2, '王子こどもクリニック', '{王子　一郎}', '2020-04-01', null),
                 ($1, $3, '旧滝野川医院', '{}', '2020-04-01', '2026-03-31')",
        )
        .bind(municipality.0)
        .bind(CLINIC)
        .bind(FORMER_CLINIC)
        .execute(&self.db.superuser_pool())
        .await
        .unwrap();
    }

    /// A 予診票 that has been printed for somebody.
    pub async fn paper(
        &self,
        municipality: Municipality,
        resident: Uuid,
        (series, dose): (Series, i16),
    ) -> Paper {
        let (campaign, id) = (self.app.kit.ids.next(), self.app.kit.ids.next());
        let serial: i64 = self.value("select count(*) + 1 from sheets").await;
        let number = SheetNumber::from_serial(serial as u64).unwrap();
        let pool = self.db.superuser_pool();
        let mut tx = pool.begin().await.unwrap();
        sqlx::query(
            "insert into campaigns (municipality_code, campaign_id, programme, kind, title, base_date, rule_version, state, created_by, created_at)
             values ($1, $2, $3, 'questionnaire', '予診票', '2026-11-01', 'jp', 'extracting', $2, now())",
        )
        .bind(municipality.0)
        .bind(campaign)
        .bind(series.code())
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query(
            "insert into campaign_targets (municipality_code, campaign_id, resident_id, included, addressee_number, name, name_kana,
                 birth_date, sex)
             select municipality_code, $3, resident_id, true, addressee_number, name_kanji, name_kana, birth_date, sex
             from residents where municipality_code = $1 and resident_id = $2",
        )
        .bind(municipality.0)
        .bind(resident)
        .bind(campaign)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query(
            "insert into sheets (municipality_code, sheet_id, sheet_number, campaign_id, resident_id, kind, programme, dose_number, state, printed_at)
             values ($1, $2, $3, $4, $5, 'questionnaire', $6, $7, 'printed', now())",
        )
        .bind(municipality.0)
        .bind(id)
        .bind(number.digits())
        .bind(campaign)
        .bind(resident)
        .bind(series.code())
        .bind(dose)
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        Paper { id, number }
    }
}

/// What a clerk has typed into the form.
#[derive(Clone)]
pub struct Typed(Vec<(String, String)>);

impl Typed {
    /// An ordinary dose from a sheet.
    pub fn from_sheet(paper: Paper, vaccine: &str, on: &str) -> Self {
        Typed(Vec::new()).with("sheet", &paper.id.to_string()).dose(vaccine, on)
    }

    /// The same from a person's page.
    pub fn of_person(resident: Uuid, vaccine: &str, on: &str) -> Self {
        Typed(Vec::new()).with("resident", &resident.to_string()).dose(vaccine, on)
    }

    /// A correction that begins with an ordinary dose.
    pub fn of_record(record: &str, version: &str, vaccine: &str, on: &str) -> Self {
        Typed(Vec::new())
            .with("record", record)
            .with("version", version)
            .with("change_reason", "接種日の読み違い")
            .dose(vaccine, on)
    }

    fn dose(self, vaccine: &str, on: &str) -> Self {
        self.with("judgement", "given")
            .with("on", on)
            .with("vaccine", vaccine)
            .with("lot", "ab123")
            .with("clinic", CLINIC)
            .with("basis", "1")
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where a step of the form is sent.
    fn path(&self, step: &str) -> String {
        match self.0.iter().find(|(name, _)| name == "record") {
            Some((_, record)) => format!("/records/{record}/correct{step}"),
            None => format!("/records{step}"),
        }
    }

    pub fn fields(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

impl Browser {
    pub async fn confirm(&self, typed: &Typed) -> Page {
        let path = typed.path("/confirm");
        self.post("/records", &path, &typed.fields()).await
    }

    /// Sends the confirm page's form, with its key.
    pub async fn keep(&self, typed: &Typed, confirm: &Page) -> Page {
        let typed = typed.clone().with("key", &confirm.field("key"));
        self.post("/records", &typed.path(""), &typed.fields()).await
    }

    /// Confirms and keeps; gives the id of the record.
    pub async fn record(&self, typed: &Typed) -> String {
        let confirm = self.confirm(typed).await;
        assert_eq!(confirm.status, 200, "{}", confirm.text());
        let kept = self.keep(typed, &confirm).await;
        assert_eq!(kept.status, 303, "{}", kept.text());
        kept.location.rsplit('=').next().unwrap().to_owned()
    }

    pub async fn withdraw(&self, record: &str, reason: &str) -> Page {
        let path = format!("/records/{record}/withdraw");
        let asked = self.get(&path).await;
        let (version, key) = (asked.field("version"), asked.field("key"));
        self.post(&path, &path, &[("version", &version), ("key", &key), ("reason", reason)]).await
    }
}
