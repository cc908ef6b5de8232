//! 持出し: lists as files.

use super::{Office, YES, office};
use crate::support::{ITABASHI, KITA};
use axum::http::StatusCode;
use health::exports;
use jiff::SignedDuration;
use kit::{
    Acting, Role,
    approvals::{Kind, Step},
};
use std::io::Read as _;
use uuid::Uuid;

fn fields<'a>(campaign: &'a str, place: &'a str, key: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("campaign", campaign),
        ("list", "people"),
        ("purpose", "封入の委託"),
        ("place", place),
        ("recipient", "○○印刷 担当"),
        ("recipient_key", key),
        ("field-number", "on"),
        ("field-name", "on"),
        ("field-exclusion", "on"),
        ("field-address", "on"),
        ("due_on", "R8.12.25"),
    ]
}

/// What the recipient reads.
fn unsealed(file: &[u8], identity: &age::x25519::Identity) -> String {
    let opened = age::Decryptor::new(file).unwrap();
    let mut text = String::new();
    let mut plain = opened.decrypt(std::iter::once(identity as &dyn age::Identity)).unwrap();
    plain.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn a_list_leaves_sealed_for_its_recipient_after_a_second_person_and_never_for_protected_people() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let id = campaign.campaign_id.to_string();
    let form = format!("/exports/new?campaign={id}&list=people");
    // Outside without a key is refused, with everything else that is wrong, and nothing typed is lost.
    let mut wrong = fields(&id, "outside", "");
    wrong.retain(|(name, _)| *name != "purpose");
    wrong.push(("due_on", ""));
    let answer = clerk.post(&form, "/exports/new", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in ["受取人の公開鍵", "利用目的を入力してください", "○○印刷 担当"] {
        assert!(answer.text().contains(text), "{text}: {}", answer.text());
    }
    let identity = age::x25519::Identity::generate();
    let key = identity.to_public().to_string();
    let asked = clerk.post(&form, "/exports/new", &fields(&id, "outside", &key)).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    let approval = asked.location.clone();
    let page = clerk.get(&approval).await.text();
    assert!(page.contains("支援措置対象者1人は、庁外に出すファイルから除きます"), "{page}");
    assert!(page.contains("3行") && !page.contains("承認する</button>"), "{page}");
    // One person alone gets nothing.
    let approval_id: Uuid = approval.rsplit('/').next().unwrap().parse().unwrap();
    let export = format!("/exports/{}", stage.about(KITA, approval_id).await);
    let early = clerk.post(&approval, &format!("{export}/take"), &[]).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.text().contains("まだ承認されていません"), "{}", early.text());
    assert_eq!(clerk.get(&format!("{export}/file")).await.status, StatusCode::CONFLICT);
    assert_eq!(
        clerk.post(&approval, &format!("{approval}/export"), &YES).await.status,
        StatusCode::FORBIDDEN
    );
    // The second person sees it on the first page, says why, and decides.
    assert!(approver.get("/").await.text().contains("二人承認"));
    let unsaid = approver.post(&approval, &format!("{approval}/export"), &[("answer", "approve")]).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    let decided = approver.post(&approval, &format!("{approval}/export"), &YES).await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.text());
    let again = approver.post("/approvals", &format!("{approval}/export"), &YES).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    // Taken: sealed, and only the recipient reads it.
    let taken = clerk.post(&export, &format!("{export}/take"), &[]).await;
    assert_eq!(taken.location, format!("{export}/file"), "{}", taken.text());
    let file = clerk.get(&taken.location).await;
    assert!(file.disposition.contains(".csv.age"), "{}", file.disposition);
    assert!(!file.text().contains("北野"));
    let text = unsealed(&file.bytes, &identity);
    assert!(text.contains("北野　花子") && text.lines().count() == 4, "{text}");
    assert!(!text.contains("隠") && !text.contains("支援措置"), "{text}");
    let stranger = age::x25519::Identity::generate();
    let closed = age::Decryptor::new(&file.bytes[..]).unwrap();
    assert!(closed.decrypt(std::iter::once(&stranger as &dyn age::Identity)).is_err());
    // Three takings, then none; and each leaves its entry.
    for _ in 0..2 {
        assert_eq!(clerk.post(&export, &format!("{export}/take"), &[]).await.status, StatusCode::SEE_OTHER);
    }
    let fourth = clerk.post("/approvals", &format!("{export}/take"), &[]).await;
    assert_eq!(fourth.status, StatusCode::CONFLICT);
    assert_eq!(stage.refusals("take_export").await, ["not_approved", "taking_over", "used_up"]);
    // The taking is over after ten minutes, and the ledger waits for the report.
    stage.app.kit.clock.advance(SignedDuration::from_secs(601));
    assert_eq!(clerk.get(&format!("{export}/file")).await.status, StatusCode::CONFLICT);
    assert!(clerk.get("/exports").await.text().contains("持出し中"));
}

#[tokio::test]
async fn an_approval_lapses_and_a_list_that_has_changed_since_is_not_the_one_approved() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let acting = stage.staff(KITA, Role::Clerk).await;
    let second = stage.staff(KITA, Role::Approver).await;
    let [late, changed] =
        [stage.ask_for_list(&acting, &campaign).await, stage.ask_for_list(&acting, &campaign).await];
    for id in [late, changed] {
        stage.approve(&second, Kind::Export, id).await;
    }
    let [late, changed] = [stage.about(KITA, late).await, stage.about(KITA, changed).await];
    // Somebody comes under 支援措置 after the approval: their address was in what was approved.
    let protect = "update residents set address_protected = true where resident_id = (
         select resident_id from campaign_targets where included limit 1)";
    sqlx::query(protect).execute(&stage.db.superuser_pool()).await.unwrap();
    let answer = clerk.post("/approvals", &format!("/exports/{changed}/take"), &[]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text().contains("内容が変わりました"), "{}", answer.text());
    let back = "update residents set address_protected = false where name_kanji <> '隠　花子'";
    sqlx::query(back).execute(&stage.db.superuser_pool()).await.unwrap();
    stage.app.kit.clock.advance(Kind::Export.terms().valid_for + SignedDuration::from_secs(1));
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let answer = clerk.post("/approvals", &format!("/exports/{late}/take"), &[]).await;
    assert!(answer.text().contains("有効期限を過ぎました"), "{}", answer.text());
    assert_eq!(stage.refusals("take_export").await, ["changed", "lapsed"]);
    drop(approver);
}

#[tokio::test]
async fn a_file_that_was_taken_is_reported_gone_and_is_late_from_the_day_after() {
    let Office { stage, clerk, approver: _, campaign } = office().await;
    let (acting, second) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let approval = stage.ask_for_list(&acting, &campaign).await;
    stage.approve(&second, Kind::Export, approval).await;
    let export = stage.about(KITA, approval).await;
    let room = format!("/exports/{export}");
    let report = [("closing", "erased"), ("note", "担当者の端末で消えたことを確かめた")];
    assert_eq!(
        clerk.post("/approvals", &format!("{room}/close"), &report).await.status,
        StatusCode::CONFLICT
    );
    exports::case::take(&stage.app, &acting, export).await.unwrap();
    let overdue = async |day: &str| {
        let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await.unwrap();
        exports::sql::overdue(&mut tx, KITA, day.parse().unwrap()).await.unwrap()
    };
    assert_eq!((overdue("2026-12-01").await, overdue("2026-12-02").await), (0, 1));
    let empty = clerk.post(&room, &format!("{room}/close"), &[]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(clerk.post(&room, &format!("{room}/close"), &report).await.status, StatusCode::SEE_OTHER);
    assert_eq!(overdue("2026-12-02").await, 0);
    assert!(clerk.get("/exports").await.text().contains("消去を確認済み"));
    let twice = clerk.post("/approvals", &format!("{room}/close"), &report).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn neither_contractors_nor_neighbours_nor_colleagues_take_what_another_asked_for() {
    let Office { stage, campaign, .. } = office().await;
    let (acting, second) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let approval = stage.ask_for_list(&acting, &campaign).await;
    stage.approve(&second, Kind::Export, approval).await;
    let export = stage.about(KITA, approval).await;
    // A colleague with every right of the first.
    let colleague = kit::testing::staff::acting(&stage.app.kit, KITA, "other", "同僚", &[Role::Clerk]).await;
    let answer = exports::case::take(&stage.app, &colleague, export).await;
    assert!(answer.unwrap_err().to_string().contains("申請した人だけ"));
    exports::case::take(&stage.app, &acting, export).await.unwrap();
    let answer = exports::case::file(&stage.app, &colleague, export).await;
    assert!(answer.err().unwrap().to_string().contains("申請した人だけ"));
    // Somebody who is clerk and approver at once cannot approve what they asked for.
    let own = stage.ask_for_list(&acting, &campaign).await;
    let both = Acting { roles: vec![Role::Clerk, Role::Approver], ..acting.clone() };
    let answer =
        desk::approvals::case::take(&stage.app, &both, (Kind::Export, own), Step::Approve, "x").await;
    assert!(answer.unwrap_err().to_string().contains("自分が申請したもの"));
    assert_eq!(stage.refusals("approve_export").await, ["own_application"]);
    for role in [Role::Contractor, Role::Auditor, Role::IdManager] {
        stage.staff(KITA, role).await;
        let browser = stage.browser(KITA, role).await;
        for path in
            [format!("/exports/new?campaign={}", campaign.campaign_id), format!("/exports/{export}/file")]
        {
            assert_eq!(browser.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    let contractor = stage.browser(KITA, Role::Contractor).await;
    assert!(contractor.get("/approvals").await.text().contains("そのほかの申請はありません"));
    stage.staff(ITABASHI, Role::Clerk).await;
    let neighbour = stage.browser(ITABASHI, Role::Clerk).await;
    for path in
        [format!("/approvals/{approval}"), format!("/exports/{export}"), format!("/exports/{export}/file")]
    {
        assert_eq!(neighbour.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn what_was_reported_gone_or_is_past_its_last_day_is_not_taken_again() {
    let Office { stage, clerk, campaign, .. } = office().await;
    let (acting, second) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let mut exports = Vec::new();
    for _ in 0..2 {
        let approval = stage.ask_for_list(&acting, &campaign).await;
        stage.approve(&second, Kind::Export, approval).await;
        exports.push(format!("/exports/{}", stage.about(KITA, approval).await));
    }
    let [closed, late] = &exports[..] else { panic!("two") };
    assert_eq!(clerk.post(closed, &format!("{closed}/take"), &[]).await.status, StatusCode::SEE_OTHER);
    let report = [("closing", "erased"), ("note", "担当者の端末で消えたことを確かめた")];
    clerk.post(closed, &format!("{closed}/close"), &report).await;
    assert!(!clerk.get(closed).await.text().contains("ファイルを受け取る"));
    let again = clerk.post("/approvals", &format!("{closed}/take"), &[]).await;
    assert!(again.text().contains("消去・返却が報告されています"), "{}", again.text());
    assert_eq!(clerk.get(&format!("{closed}/file")).await.status, StatusCode::CONFLICT);
    // The list of ask_for_list is due on 2026-12-01, a day after the approval of a week has lapsed: shortened here.
    sqlx::query("update exports set due_on = '2026-11-23'")
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    assert_eq!(clerk.post(late, &format!("{late}/take"), &[]).await.status, StatusCode::SEE_OTHER);
    sqlx::query("update exports set due_on = '2026-11-22'")
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    let over = clerk.post("/approvals", &format!("{late}/take"), &[]).await;
    assert!(over.text().contains("期限を過ぎたため"), "{}", over.text());
    assert_eq!(clerk.get(&format!("{late}/file")).await.status, StatusCode::CONFLICT);
    assert_eq!(stage.refusals("take_export").await, ["over"; 4]);
}

#[tokio::test]
async fn a_manifest_for_outside_has_no_line_that_tells_who_is_protected() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let id = campaign.campaign_id.to_string();
    let child: Uuid = stage.value("select resident_id from sheets where state = 'printed' limit 1").await;
    stage.change(child, "address_protected = true").await;
    let form = format!("/exports/new?campaign={id}&list=manifest");
    let identity = age::x25519::Identity::generate();
    let key = identity.to_public().to_string();
    let mut fields = fields(&id, "outside", &key);
    fields[1].1 = "manifest";
    let asked = clerk.post(&form, "/exports/new", &fields).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    let read = approver.get(&asked.location).await.text();
    assert!(
        read.contains("支援措置対象者1人は、庁外に出すファイルから除きます") && read.contains("2行"),
        "{read}"
    );
    approver.post(&asked.location, &format!("{}/export", asked.location), &YES).await;
    let approval: Uuid = asked.location.rsplit('/').next().unwrap().parse().unwrap();
    let export = format!("/exports/{}", stage.about(KITA, approval).await);
    let taken = clerk.post(&export, &format!("{export}/take"), &[]).await;
    let file = clerk.get(&taken.location).await;
    let text = unsealed(&file.bytes, &identity);
    let number: String = stage
        .value(
            "select addressee_number from residents r join sheets using (resident_id)
        where r.address_protected and sheets.state = 'printed'",
        )
        .await;
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(!text.contains(&number) && !text.lines().any(|line| line.ends_with(',')), "{text}");
}

#[tokio::test]
async fn a_list_beyond_its_cap_is_counted_and_never_read() {
    let Office { stage, clerk, campaign, .. } = office().await;
    let id = campaign.campaign_id.to_string();
    // As many rows as a sending to everybody over 65 has, all of one invented person's kind.
    let copied =
        "insert into {table} select (jsonb_populate_record(null::{table}, to_jsonb(t) || jsonb_build_object(
             'resident_id', md5(n::text)::uuid, 'addressee_number', lpad((700000 + n)::text, 15, '0')))).*
         from (select * from {table} where {which} limit 1) as t, generate_series(1, 10000) as n";
    // Past the triggers that keep a frozen list frozen and count the people of a ward.
    let mut conn = stage.db.superuser_pool().acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *conn).await.unwrap();
    for (table, which) in [("residents", "not address_protected"), ("campaign_targets", "included")] {
        let sql = copied.replace("{table}", table).replace("{which}", which);
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *conn).await.unwrap();
    }
    drop(conn);
    let form = format!("/exports/new?campaign={id}&list=people");
    assert!(clerk.get(&form).await.text().contains("10,004行"));
    let answer = clerk.post(&form, "/exports/new", &fields(&id, "office", "")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("1回の申請で持ち出せるのは10000行まで"), "{}", answer.text());
}
