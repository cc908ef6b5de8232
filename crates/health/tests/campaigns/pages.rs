use crate::{
    support::{ITABASHI, KITA, stage},
    ward::Someone,
};
use axum::http::StatusCode;
use domain::{campaign::NoticeKind, schedule::Series};
use health::campaigns::sql::State;
use kit::Role;

#[tokio::test]
async fn a_clerk_orders_and_an_approver_releases_on_the_screen() {
    let stage = stage().await;
    stage.children(KITA, 3).await;
    stage.add(KITA, Someone { name: "=1+1　花子", ..Someone::born("2025-08-10") }).await;
    stage.staff(KITA, Role::Clerk).await;
    stage.staff(KITA, Role::Approver).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let empty = clerk.get("/campaigns").await;
    assert!(empty.text().contains("抽出はまだありません"));
    // Every error at once, nothing typed is lost.
    let wrong = [("programme", ""), ("kind", "questionnaire"), ("base_date", "R8.2.30"), ("dose", "十")];
    let answer = clerk.post("/campaigns/new", "/campaigns/new", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in
        ["3件の入力を確認してください", "R8.2.30", "2月に30日はありません", "予防接種を選択してください"]
    {
        assert!(answer.text().contains(text), "{text}");
    }
    // The base date is said aloud with its year, then the list is made.
    let fields = [
        ("programme", "MR1"),
        ("kind", "questionnaire"),
        ("base_date", "令和8年11月23日"),
        ("quiet_months", "12"),
    ];
    let confirm = clerk.post("/campaigns/new", "/campaigns/new", &fields).await;
    assert_eq!(confirm.status, StatusCode::OK);
    assert!(confirm.text().contains("令和8年度（2026年度）"), "{}", confirm.text());
    let (campaign_id, confirmed) = (confirm.field("campaign_id"), confirm.field("confirmed"));
    let mut again = fields.to_vec();
    again.extend([("campaign_id", campaign_id.as_str()), ("confirmed", confirmed.as_str())]);
    let made = clerk.post("/campaigns/new", "/campaigns/new", &again).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    let room = made.location.clone();
    // While the job waits the page says so, with a way to look again that needs no script.
    let waiting = clerk.get(&room).await.text();
    assert!(waiting.contains("待機中") && waiting.contains("最新の状況を表示する"), "{waiting}");
    assert!(clerk.get(&format!("{room}/progress")).await.text().contains("hx-get"));
    health::worker(&stage.app).run_all().await.unwrap();
    assert!(clerk.get(&format!("{room}/progress")).await.text().contains("結果を表示する"));
    let shown = clerk.get(&room).await.text();
    assert!(shown.contains("承認待ち") && shown.contains("作成した本人は承認できません"));
    for part in ["", "?part=included", "?part=excluded&reason=dead", "?part=edges"] {
        assert_eq!(clerk.get(&format!("{room}/people{part}")).await.status, StatusCode::OK, "{part}");
    }
    // The list as a file is asked for, not taken.
    assert!(clerk.get(&format!("{room}/people")).await.text().contains("持出しを申請する"));
    // The clerk may not release; the approver types the count.
    assert_eq!(clerk.get(&format!("{room}/release")).await.status, StatusCode::FORBIDDEN);
    let approver = stage.browser(KITA, Role::Approver).await;
    let release = format!("{room}/release");
    let page = approver.get(&release).await.text();
    assert!(page.contains("境にいる方") && page.contains("北野　花子"));
    let wrong = approver.post(&release, &release, &[("count", "3")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("人数が違います"));
    let done = approver.post(&release, &release, &[("count", "４人")]).await;
    assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, room.as_str()));
    assert!(approver.get(&room).await.text().contains("承認済み"));
}

#[tokio::test]
async fn whoever_made_a_list_is_told_why_they_may_not_release_it() {
    let stage = stage().await;
    stage.children(KITA, 1).await;
    let mut clerk = stage.staff(KITA, Role::Approver).await;
    clerk.roles = vec![Role::Clerk];
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    let browser = stage.browser(KITA, Role::Approver).await;
    let room = format!("/campaigns/{}", campaign.campaign_id);
    for page in [
        browser.get(&format!("{room}/release")).await,
        browser.post(&format!("{room}/cancel"), &format!("{room}/release"), &[("count", "1")]).await,
    ] {
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.text().contains("作成した本人は承認できません"), "{}", page.text());
    }
    let answer = browser.post(&format!("{room}/cancel"), &format!("{room}/cancel"), &[("reason", " ")]).await;
    assert!(answer.text().contains("取り消す理由を入力してください"), "{}", answer.text());
    browser.post(&format!("{room}/cancel"), &format!("{room}/cancel"), &[("reason", "誤り")]).await;
    assert_eq!(stage.campaign(KITA, campaign.campaign_id).await.state, State::Cancelled);
    assert!(browser.get(&room).await.text().contains("誤り"));
}

#[tokio::test]
async fn another_municipalitys_pages_look_like_unknown_ones() {
    let stage = stage().await;
    stage.children(KITA, 1).await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    stage.staff(ITABASHI, Role::Clerk).await;
    let stranger = stage.browser(ITABASHI, Role::Clerk).await;
    let known = format!("/campaigns/{}", campaign.campaign_id);
    let unknown = format!("/campaigns/{}", stage.app.kit.ids.next());
    for path in ["", "/progress", "/people", "/cancel", "/files", "/files/1", "/protected"] {
        let (theirs, nobodys) =
            (stranger.get(&format!("{known}{path}")).await, stranger.get(&format!("{unknown}{path}")).await);
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{path}");
        let without_number =
            |page: &str| page.lines().filter(|line| !line.contains("受付番号")).collect::<String>();
        assert_eq!(without_number(&theirs.text()), without_number(&nobodys.text()), "{path}");
    }
}
