//! Residents, doses and lists for tests, set straight into the tables.

use crate::support::Stage;
use domain::{
    Date,
    campaign::NoticeKind,
    schedule::{Series, Vaccine},
};
use health::{
    campaigns::{
        case::{self, Order, Release},
        sql::{Campaign, Part, TargetRow},
    },
    sheets,
};
use kit::{Acting, Day, Instant, Municipality};
use uuid::Uuid;

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A resident to be; the rest is ordinary.
#[derive(Clone)]
pub struct Someone {
    pub born: Date,
    pub name: &'static str,
    pub class: i16,
    pub protected: bool,
    pub birth_date_unknown: i16,
    pub resident_from: Option<Date>,
    pub resident_until: Option<Date>,
    pub postal_code: String,
    pub address: String,
    pub sex: i16,
}

impl Someone {
    pub fn born(date: &str) -> Self {
        Someone {
            born: day(date),
            name: "北野　花子",
            class: 1,
            protected: false,
            birth_date_unknown: 0,
            resident_from: None,
            resident_until: None,
            postal_code: "114-0022".to_owned(),
            address: "王子本町一丁目1番1号".to_owned(),
            sex: 2,
        }
    }
}

impl Stage {
    /// Adds a resident and says who it is.
    pub async fn add(&self, municipality: Municipality, someone: Someone) -> Uuid {
        self.add_all(municipality, vec![someone]).await[0]
    }

    pub async fn add_all(&self, municipality: Municipality, people: Vec<Someone>) -> Vec<Uuid> {
        let kit = &self.app.kit;
        let mut tx = kit::db::begin(&kit.pool, municipality).await.unwrap();
        let feed = kit.ids.next();
        sqlx::query(
            "insert into feeds (municipality_code, feed_id, kind, file_name, file_digest, extent, content_as_of, rows_announced, state, taken_at)
             values ($1, $2, 'residents', 'test.csv', '\\x00', '全件', '2026-11-20', 1, 'dry_run', now())",
        )
        .bind(municipality.0)
        .bind(feed)
        .execute(&mut *tx)
        .await
        .unwrap();
        let mut ids = Vec::new();
        for one in people {
            let id = kit.ids.next();
            sqlx::query(
                "insert into residents (municipality_code, resident_id, addressee_number, name_kanji, name_kana, kana_key, birth_date,
                     birth_date_unknown, sex, resident_class, address, postal_code, address_protected, resident_from, resident_until,
                     feed_id, updated_at, source_updated_on, source_updated_at_time)
                 values ($1, $2, lpad((select count(*) + 1001 from residents)::text, 15, '0'), $3, 'キタノ　ハナコ', 'キタノハナコ', $4, $5, $6, $7, $8,
                     $9, $10, $11, $12, $13, $14, '2026-11-20', '09:00')",
            )
            .bind(municipality.0)
            .bind(id)
            .bind(one.name)
            .bind(Day(one.born))
            .bind(one.birth_date_unknown)
            .bind(one.sex)
            .bind(one.class)
            .bind(&one.address)
            .bind(&one.postal_code)
            .bind(one.protected)
            .bind(one.resident_from.map(Day))
            .bind(one.resident_until.map(Day))
            .bind(feed)
            .bind(Instant(kit.clock.now()))
            .execute(&mut *tx)
            .await
            .unwrap();
            ids.push(id);
        }
        tx.commit().await.unwrap();
        ids
    }

    /// `count` children due for MR1 on 2026-11-23, at different addresses.
    pub async fn children(&self, municipality: Municipality, count: usize) -> Vec<Uuid> {
        let people = (0..count)
            .map(|index| Someone {
                postal_code: format!("114-00{:02}", index * 7 % 90),
                address: format!("王子{}丁目{}番{}号", index % 5 + 1, index % 30 + 1, index % 17 + 1),
                ..Someone::born("2025-08-10")
            })
            .collect();
        self.add_all(municipality, people).await
    }

    pub async fn vaccinate(&self, municipality: Municipality, id: Uuid, vaccine: Vaccine, on: &str) {
        let kit = &self.app.kit;
        let mut tx = kit::db::begin(&kit.pool, municipality).await.unwrap();
        sqlx::query(
            "insert into vaccination_records (municipality_code, record_id, version, resident_id, vaccine, vaccinated_on, judgement,
                 is_teiki, valid_for_series, source, state, recorded_at)
             values ($1, $2, 1, $3, $4, $5, 'given', true, true, 'screen', 'current', now())",
        )
        .bind(municipality.0)
        .bind(kit.ids.next())
        .bind(id)
        .bind(vaccine.code())
        .bind(Day(day(on)))
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn had_disease(&self, municipality: Municipality, id: Uuid, disease: &str) {
        let kit = &self.app.kit;
        let mut tx = kit::db::begin(&kit.pool, municipality).await.unwrap();
        sqlx::query(
            "insert into resident_facts (municipality_code, resident_id, fact_id, kind, value, noted_by, noted_at)
             values ($1, $2, $3, 'had_disease', $4, $3, now())",
        )
        .bind(municipality.0)
        .bind(id)
        .bind(kit.ids.next())
        .bind(disease)
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// The records of a source have arrived for these months.
    pub async fn arrived(&self, municipality: Municipality, source: &str, months: &[&str]) {
        let kit = &self.app.kit;
        let mut tx = kit::db::begin(&kit.pool, municipality).await.unwrap();
        for month in months {
            sqlx::query(
                "insert into record_arrivals (municipality_code, source, month, rows_taken, feed_id, arrived_at)
                 values ($1, $2, $3, 1, $4, now())",
            )
            .bind(municipality.0)
            .bind(source)
            .bind(Day(day(month)))
            .bind(kit.ids.next())
            .execute(&mut *tx)
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Changes residents as the next weekly feed would.
    pub async fn change(&self, id: Uuid, set: &str) {
        let sql = format!("update residents set {set} where resident_id = $1");
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).execute(&self.db.superuser_pool()).await.unwrap();
    }

    pub async fn letterhead(&self, municipality: Municipality) {
        let head = sheets::sql::Letterhead {
            municipality: "東京都北区".to_owned(),
            kind: "区".to_owned(),
            section: "健康部 保健予防課".to_owned(),
            postal_code: "114-8508".to_owned(),
            address: "北区王子本町一丁目15番22号".to_owned(),
            telephone: "03-0000-0000".to_owned(),
            hours: "平日 午前8時30分から午後5時まで".to_owned(),
        };
        let mut tx = kit::db::begin(&self.app.kit.pool, municipality).await.unwrap();
        sheets::sql::set_letterhead(&mut tx, municipality, &head).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub fn order(&self, programme: Series, kind: NoticeKind) -> Order {
        Order {
            campaign_id: self.app.kit.ids.next(),
            programme,
            kind,
            base_date: day("2026-11-23"),
            birth_from: None,
            birth_until: None,
            dose: None,
            follows: None,
            quiet_months: 12,
            incomplete_reason: String::new(),
            valid_until: None,
        }
    }

    /// Orders a list and lets the job freeze it.
    pub async fn extract(&self, clerk: &Acting, order: &Order) -> Campaign {
        let id = case::order(&self.app, clerk, order).await.unwrap().unwrap();
        health::worker(&self.app).run_all().await.unwrap();
        self.campaign(clerk.municipality, id).await
    }

    pub async fn campaign(&self, municipality: Municipality, id: Uuid) -> Campaign {
        let mut tx = kit::db::begin(&self.app.kit.pool, municipality).await.unwrap();
        health::campaigns::sql::get(&mut tx, municipality, id).await.unwrap().unwrap()
    }

    pub async fn people(
        &self,
        municipality: Municipality,
        campaign: &Campaign,
        part: Part,
    ) -> Vec<TargetRow> {
        let mut tx = kit::db::begin(&self.app.kit.pool, municipality).await.unwrap();
        health::campaigns::sql::targets(&mut tx, municipality, campaign, &part, 10_000, 0).await.unwrap().0
    }

    pub async fn release(&self, approver: &Acting, campaign: &Campaign) {
        let count = Some(campaign.summary.included);
        let outcome = case::release(&self.app, approver, campaign.campaign_id, count, true).await.unwrap();
        assert_eq!(outcome, Release::Released);
    }

    /// Orders the printing and lets the job do it.
    pub async fn print(&self, clerk: &Acting, campaign: &Campaign) -> Campaign {
        case::start_print(&self.app, clerk, campaign.campaign_id).await.unwrap();
        health::worker(&self.app).run_all().await.unwrap();
        self.campaign(clerk.municipality, campaign.campaign_id).await
    }

    /// Lets the background worker do what was ordered.
    pub async fn work(&self) {
        health::worker(&self.app).run_all().await.unwrap();
    }

    /// The sentence with which the newest job about something ended.
    pub async fn job_message(&self, municipality: Municipality, subject: Uuid) -> (String, String) {
        let mut tx = kit::db::begin(&self.app.kit.pool, municipality).await.unwrap();
        let jobs = kit::jobs::list(&mut tx, municipality, Some(subject), 1).await.unwrap();
        (jobs[0].state.clone(), jobs[0].message.clone())
    }
}
