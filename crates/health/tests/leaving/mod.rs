//! What leaves the office: lists, records, and the sheets of protected people. Never by one person alone.

mod erasures;
mod exports;
mod protected;
mod provisions;

use crate::{
    browser::Browser,
    support::{KITA, Stage, stage},
    ward::Someone,
};
use domain::{
    campaign::NoticeKind,
    leaving::{Basis, ExportList, Item, Means, Place, RecipientKind},
    schedule::Series,
};
use health::{
    campaigns::{sql::Campaign, table::Field},
    exports::case as export_case,
    provisions::case as provision_case,
};
use kit::{
    Acting, Municipality, Role,
    approvals::{Kind, Step},
};
use uuid::Uuid;

impl Stage {
    /// Asks for a list of people for use in the office. Says which application it is.
    pub async fn ask_for_list(&self, clerk: &Acting, campaign: &Campaign) -> Uuid {
        let draft = export_case::Draft {
            campaign_id: campaign.campaign_id,
            list: ExportList::People,
            place: Some(Place::Office),
            recipient: "封入の担当".to_owned(),
            recipient_key: String::new(),
            fields: vec![Field::Number, Field::Name, Field::Address],
            due_on: Some("2026-12-01".parse().unwrap()),
            purpose: "委託先での封入".to_owned(),
        };
        export_case::apply(&self.app, clerk, &draft, true).await.unwrap().unwrap()
    }

    /// Asks for records of these people for the police, on paper.
    pub async fn ask_for_provision(&self, clerk: &Acting, people: &[Uuid]) -> Uuid {
        self.ask_to_provide(clerk, people, (Means::Paper, "")).await
    }

    /// The same by some means, sealed for a key where it is not paper.
    pub async fn ask_to_provide(&self, clerk: &Acting, people: &[Uuid], (means, key): (Means, &str)) -> Uuid {
        let numbers: Vec<String> = sqlx::query_scalar(
            "select addressee_number from residents where resident_id = any($1) order by addressee_number",
        )
        .bind(people)
        .fetch_all(&self.db.superuser_pool())
        .await
        .unwrap();
        let draft = provision_case::Draft {
            recipient_kind: Some(RecipientKind::Police),
            recipient: "北署の担当".to_owned(),
            letter: "第1号".to_owned(),
            basis: Some(Basis::Investigation),
            means: Some(means),
            recipient_key: key.to_owned(),
            items: Item::ALL.to_vec(),
            people: numbers.iter().map(|one| domain::ids::AddresseeNumber::parse(one).unwrap()).collect(),
            purpose: "照会への回答".to_owned(),
        };
        provision_case::apply(&self.app, clerk, &draft, true).await.unwrap().unwrap()
    }

    pub async fn approve(&self, approver: &Acting, kind: Kind, approval: Uuid) {
        desk::approvals::case::take(&self.app, approver, (kind, approval), Step::Approve, "確かめた")
            .await
            .unwrap();
    }

    /// What an application is about.
    pub async fn about(&self, municipality: Municipality, approval: Uuid) -> Uuid {
        let mut tx = kit::db::begin(&self.app.kit.pool, municipality).await.unwrap();
        kit::approvals::sql::get(&mut tx, municipality, approval, false).await.unwrap().unwrap().target_id
    }

    pub async fn refusals(&self, action: &str) -> Vec<String> {
        sqlx::query_scalar(
            "select coalesce(detail ->> 'cause', 'right') from audit_entries where action = $1 and outcome = 'refused'
             order by entry_id",
        )
        .bind(action)
        .fetch_all(&self.db.superuser_pool())
        .await
        .unwrap()
    }
}

pub struct Office {
    pub stage: Stage,
    pub clerk: Browser,
    pub approver: Browser,
    pub campaign: Campaign,
}

/// Three children with letters and one who is protected; the list is frozen and printed.
pub async fn office() -> Office {
    let stage = stage().await;
    stage.children(KITA, 3).await;
    let hidden = Someone {
        protected: true,
        name: "隠　花子",
        address: "隠町9番".to_owned(),
        ..Someone::born("2025-08-10")
    };
    stage.add(KITA, hidden).await;
    stage.letterhead(KITA).await;
    let (clerk, approver) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    stage.release(&approver, &campaign).await;
    let campaign = stage.print(&clerk, &campaign).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let approver = stage.browser(KITA, Role::Approver).await;
    Office { stage, clerk, approver, campaign }
}

pub const YES: [(&str, &str); 2] = [("answer", "approve"), ("reason", "項目と行数を確かめた")];

/// The words of a PDF, without white space, as another program reads them.
pub fn words(pdf: &[u8]) -> String {
    let file = std::env::temp_dir().join(format!("sesshu-test-{}.pdf", kit::Ids::default().next()));
    std::fs::write(&file, pdf).unwrap();
    // In the order in which it was drawn: a wide space is no gap between columns.
    let read =
        std::process::Command::new("pdftotext").arg("-raw").arg(&file).args(["-enc", "UTF-8", "-"]).output();
    std::fs::remove_file(&file).unwrap();
    String::from_utf8(read.unwrap().stdout).unwrap().split_whitespace().collect()
}
