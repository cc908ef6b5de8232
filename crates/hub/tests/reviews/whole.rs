//! A review from its start to its report.

use super::{Begun, begun, office};
use crate::support::KITA;
use axum::http::{StatusCode, header};
use jiff::SignedDuration;
use kit::Role;

#[tokio::test]
async fn what_changed_since_the_freeze_is_shown_and_needs_no_decision() {
    let Begun { office, manager, chief, part, .. } = begun().await;
    let stage = &office.stage;
    stage.member(KITA, ("later", "保健予防課"), &[Role::Clerk]).await;
    let moves = format!("/staff/{}/moves", office.approver);
    let fields = [("last_on", "2026-11-22"), ("leaving_reason", "退職のため")];
    let left = stage.post(&manager, &moves, &format!("{moves}/leave"), &fields).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.text);
    let page = stage.get(&chief, &part).await.text;
    for shown in
        ["点検の開始後に停止・退職", "この権限は終わっています", "基準日より後に始まる権限と", "later"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    office.decide(&chief, &part, None, "sign").await;
    assert_eq!(office.sign(&chief, &part).await.status, StatusCode::SEE_OTHER);
    let kept = "select string_agg(decision, ' ' order by decision) from review_decisions";
    assert_eq!(stage.value::<String>(kept).await, "ended ended keep");
}

#[tokio::test]
async fn a_review_is_closed_when_all_is_signed_or_explained_and_the_report_tells_all() {
    let office = office().await;
    let stage = &office.stage;
    let (manager, chief) = (office.browser("manager").await, office.browser("chief").await);
    let review = office.start(&manager).await.header(header::LOCATION).to_owned();
    // One at a time, and the year's own once.
    let second = office.start(&manager).await;
    assert_eq!(second.status, StatusCode::UNPROCESSABLE_ENTITY);
    for shown in ["進行中の点検があります", "今年度の年度当初の点検は始まっています"]
    {
        assert!(second.text.contains(shown), "{shown}: {}", second.text);
    }
    let part = office.part("保健予防課", "").await;
    office.decide(&chief, &part, Some(office.approver), "sign").await;
    office.sign(&chief, &part).await;
    let close = format!("{review}/close");
    let missing = stage.post(&manager, &review, &close, &[]).await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(missing.text.contains("署名のないまま終了する理由を入力するか"), "{}", missing.text);
    assert_eq!(stage.post(&chief, &review, &close, &[]).await.status, StatusCode::FORBIDDEN);
    let unsigned: String = stage
        .value(
            "select string_agg('reason-' || part_id, ' ') from review_parts p where not exists (
            select 1 from review_signatures g where g.part_id = p.part_id)",
        )
        .await;
    let fields: Vec<_> = unsigned.split(' ').map(|name| (name, "所属長の交代のため")).collect();
    let closed = stage.post(&manager, &review, &close, &fields).await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.text);
    let auditor = office.browser("auditor").await;
    let report = stage.get(&auditor, closed.header(header::LOCATION)).await.text;
    for shown in
        ["担当を外れたため", "所属長の交代のため", "署名した版", "固定した名簿・署名した内容と一致", "終了"]
    {
        assert!(report.contains(shown), "{shown}: {report}");
    }
    assert!(!report.contains("一致しません"), "{report}");
    // Of the chief's report only the own lists; nothing changes any more.
    let own = stage.get(&chief, closed.header(header::LOCATION)).await.text;
    assert!(own.contains("approver") && !own.contains("監査事務局"), "{own}");
    assert_eq!(stage.post(&manager, &review, &close, &fields).await.status, StatusCode::CONFLICT);
    let director = office.browser("director").await;
    let late = office.part("保健予防課", "chief").await;
    let sent = stage.post(&director, "/rights", &late, &[("next", "save")]).await;
    assert_eq!(sent.status, StatusCode::CONFLICT, "{}", sent.text);
    // A row changed past the program is seen.
    let pool = stage.db.superuser_pool();
    let forge = "alter table review_decisions disable trigger all;
        update review_decisions set decision = 'keep' where decision = 'remove'";
    sqlx::raw_sql(forge).execute(&pool).await.unwrap();
    let report = stage.get(&auditor, closed.header(header::LOCATION)).await.text;
    assert!(report.contains("一致しません"), "{report}");
}

#[tokio::test]
async fn past_its_day_a_review_stands_on_the_home_pages_of_chief_and_id_manager() {
    let office = office().await;
    let stage = &office.stage;
    office.start(&office.browser("manager").await).await;
    let late = "権限の点検の期限を過ぎています";
    // 23 November, noon; due on 23 December.
    for (days, want) in [(29, false), (1, false), (1, true)] {
        stage.app.kit.clock.advance(SignedDuration::from_hours(24 * days));
        for login in ["manager", "chief"] {
            let cookie = office.browser(login).await;
            let home = stage.get(&cookie, "/").await.text;
            let today = stage.app.kit.clock.today();
            assert_eq!(home.contains(late), want, "{login} on {today}: {home}");
        }
    }
    let clerk = office.browser("clerk").await;
    assert!(!stage.get(&clerk, "/").await.text.contains(late));
}

/// The last wall: the database itself keeps what is frozen and signed, whatever the program does.

#[tokio::test]
async fn the_database_refuses_a_change_after_the_signature_and_a_signature_by_oneself() {
    let Begun { office, chief, part, .. } = begun().await;
    let stage = &office.stage;
    office.decide(&chief, &part, None, "sign").await;
    assert_eq!(office.sign(&chief, &part).await.status, StatusCode::SEE_OTHER);
    let pool = stage.db.superuser_pool();
    for (what, sql) in [
        ("changes a decision", "update review_decisions set decision = 'ended'"),
        ("takes a decision away", "delete from review_decisions"),
        (
            "signs the own list",
            "insert into review_signatures select municipality_code, part_id, chief_id, version, now()
             from review_parts where chief_id is not null",
        ),
        (
            "decides about the own rights",
            "insert into review_decisions select i.municipality_code, i.part_id, i.staff_id, i.role, 'keep', '',
                 i.staff_id, now() from review_items i join review_parts p using (municipality_code, part_id)
             where p.chief_id is not null",
        ),
        ("signs twice", "insert into review_signatures select * from review_signatures"),
        (
            "starts a second one",
            "insert into reviews select municipality_code, gen_random_uuid(), name, 'as_needed', fiscal_year, base_on,
                 due_on, started_by, started_at from reviews",
        ),
    ] {
        let refused = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await;
        assert!(refused.is_err(), "somebody {what}");
    }
    // What only grows is not the application's to change.
    let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await.unwrap();
    for table in ["moves", "review_parts", "review_people", "review_items", "review_signatures"] {
        let sql = format!("select has_table_privilege(current_user, '{table}', 'update, delete, truncate')");
        let may: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *tx).await.unwrap();
        assert!(!may, "{table}");
    }
}
