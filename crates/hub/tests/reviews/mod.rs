//! 権限の点検: who confirms whose rights, what is frozen and signed, and what a signature brings about.

mod lists;
mod rules;
mod whole;

use crate::support::{Answer, KITA, PASSWORD, Stage, stage};
use axum::http::StatusCode;
use kit::Role;
use uuid::Uuid;

/// A department with a section below it, and the ID manager's section without a chief.
struct Office {
    stage: Stage,
    approver: Uuid,
}

async fn office() -> Office {
    let stage = stage().await;
    stage.member(KITA, ("director", "健康部"), &[Role::Chief]).await;
    stage.member(KITA, ("chief", "保健予防課"), &[Role::Chief]).await;
    stage.member(KITA, ("chief2", "戸籍住民課"), &[Role::Chief]).await;
    stage.member(KITA, ("manager", "情報政策課"), &[Role::IdManager]).await;
    stage.member(KITA, ("auditor", "監査事務局"), &[Role::Auditor]).await;
    stage.member(KITA, ("clerk", "保健予防課"), &[Role::Clerk]).await;
    let approver = stage.member(KITA, ("approver", "保健予防課"), &[Role::Clerk, Role::Approver]).await;
    let below = "update sections set above_id = (select section_id from sections where name = '健康部')
        where name = '保健予防課'";
    sqlx::query(below).execute(&stage.db.superuser_pool()).await.unwrap();
    Office { stage, approver }
}

/// A review under way, with the list of the section that its chief and the director above may both decide about.
struct Begun {
    office: Office,
    manager: String,
    chief: String,
    director: String,
    part: String,
}

async fn begun() -> Begun {
    let office = office().await;
    let [manager, chief, director] =
        [office.browser("manager").await, office.browser("chief").await, office.browser("director").await];
    office.start(&manager).await;
    let part = office.part("保健予防課", "").await;
    Begun { office, manager, chief, director, part }
}

impl Office {
    async fn browser(&self, login: &str) -> String {
        let answer = self.stage.sign_in(KITA, login, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login}: {}", answer.text);
        answer.cookie()
    }

    async fn start(&self, manager: &str) -> Answer {
        let fields = [
            ("name", "令和8年度の権限点検"),
            ("kind", "yearly"),
            ("base_on", "令和8年11月23日"),
            ("due_on", "2026-12-23"),
        ];
        self.stage.post(manager, "/reviews/new", "/reviews/new", &fields).await
    }

    /// The address of a list, by its section and whose own it is.
    async fn part(&self, section: &'static str, chief: &'static str) -> String {
        let sql = format!(
            "select '/reviews/parts/' || p.part_id from review_parts p
             join sections c using (municipality_code, section_id)
             left join staff s on s.municipality_code = p.municipality_code and s.staff_id = p.chief_id
             where c.name = '{section}' and coalesce(s.login, '') = '{chief}'"
        );
        let pool = self.stage.db.superuser_pool();
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.unwrap()
    }

    /// Sends a decision for each choice of the list's page, and goes on to the signature or not.
    async fn decide(&self, cookie: &str, part: &str, remove: Option<Uuid>, next: &str) -> Answer {
        let page = self.stage.get(cookie, part).await.text;
        let shown =
            page.split_once("name=\"shown\" value=\"").map(|(_, rest)| rest.split('"').next().unwrap());
        let mut fields: Vec<(String, String)> = vec![
            ("next".to_owned(), next.to_owned()),
            ("shown".to_owned(), shown.unwrap_or_default().to_owned()),
        ];
        for piece in page.split("name=\"d-").skip(1) {
            let name = piece.split('"').next().unwrap();
            let removed = remove.is_some_and(|id| name.starts_with(&id.to_string()));
            let (decision, reason) =
                if removed { ("remove", "担当を外れたため") } else { ("keep", "") };
            fields.push((format!("d-{name}"), decision.to_owned()));
            fields.push((format!("r-{name}"), reason.to_owned()));
        }
        fields.dedup();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.stage.post(cookie, part, part, &fields).await
    }

    async fn sign(&self, cookie: &str, part: &str) -> Answer {
        let page = format!("{part}/sign");
        let form = self.stage.get(cookie, &page).await;
        assert_eq!(form.status, StatusCode::OK, "{}", form.text);
        let (version, items) = (form.field("version"), form.field("items"));
        let fields = [("version", version.as_str()), ("items", &items), ("count", &items)];
        self.stage.post(cookie, &page, &page, &fields).await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.stage.value(sql).await
    }
}
