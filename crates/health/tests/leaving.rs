//! What leaves the office: lists, records, and the sheets of protected people. Never by one person alone.

use crate::{
    browser::Browser,
    support::{ITABASHI, KITA, Stage, stage},
    ward::Someone,
};
use axum::http::StatusCode;
use domain::{
    campaign::NoticeKind,
    leaving::{Basis, ExportList, Item, Means, Place, RecipientKind},
    schedule::{Series, Vaccine},
};
use health::{
    campaigns::{sql::Campaign, table::Field},
    exports, provisions,
};
use jiff::SignedDuration;
use kit::{
    Acting, Municipality, Role,
    approvals::{Kind, Step},
};
use std::io::Read as _;
use uuid::Uuid;

impl Stage {
    /// Asks for a list of people for use in the office. Says which application it is.
    pub async fn ask_for_list(&self, clerk: &Acting, campaign: &Campaign) -> Uuid {
        let draft = exports::case::Draft {
            campaign_id: campaign.campaign_id,
            list: ExportList::People,
            place: Some(Place::Office),
            recipient: "封入の担当".to_owned(),
            recipient_key: String::new(),
            fields: vec![Field::Number, Field::Name, Field::Address],
            due_on: Some("2026-12-01".parse().unwrap()),
            purpose: "委託先での封入".to_owned(),
        };
        exports::case::apply(&self.app, clerk, &draft, true).await.unwrap().unwrap()
    }

    /// Asks for records of these people for the police, on paper.
    pub async fn ask_for_provision(&self, clerk: &Acting, people: &[Uuid]) -> Uuid {
        let numbers: Vec<String> = sqlx::query_scalar(
            "select addressee_number from residents where resident_id = any($1) order by addressee_number",
        )
        .bind(people)
        .fetch_all(&self.db.superuser_pool())
        .await
        .unwrap();
        let draft = provisions::case::Draft {
            recipient_kind: Some(RecipientKind::Police),
            recipient: "北署の担当".to_owned(),
            letter: "第1号".to_owned(),
            basis: Some(Basis::Investigation),
            means: Some(Means::Paper),
            recipient_key: String::new(),
            items: Item::ALL.to_vec(),
            people: numbers.iter().map(|one| domain::ids::AddresseeNumber::parse(one).unwrap()).collect(),
            purpose: "照会への回答".to_owned(),
        };
        provisions::case::apply(&self.app, clerk, &draft, true).await.unwrap().unwrap()
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

    async fn refusals(&self, action: &str) -> Vec<String> {
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

struct Office {
    stage: Stage,
    clerk: Browser,
    approver: Browser,
    campaign: Campaign,
}

/// Three children with letters and one who is protected; the list is frozen and printed.
async fn office() -> Office {
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

const YES: [(&str, &str); 2] = [("answer", "approve"), ("reason", "項目と行数を確かめた")];

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
    let mut text = String::new();
    let opened = age::Decryptor::new(&file.bytes[..]).unwrap();
    opened
        .decrypt(std::iter::once(&identity as &dyn age::Identity))
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
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
async fn records_are_provided_once_on_a_ground_that_fits_and_stand_in_the_persons_history() {
    let Office { stage, clerk, approver, .. } = office().await;
    let ids: Vec<Uuid> = sqlx::query_scalar("select resident_id from residents order by addressee_number")
        .fetch_all(&stage.db.superuser_pool())
        .await
        .unwrap();
    stage.vaccinate(KITA, ids[0], Vaccine::Bcg, "2026-02-10").await;
    stage.vaccinate(KITA, ids[3], Vaccine::Bcg, "2026-02-11").await;
    let numbers: Vec<String> = sqlx::query_scalar("select addressee_number from residents order by 1")
        .fetch_all(&stage.db.superuser_pool())
        .await
        .unwrap();
    let (both, unknown) = (format!("{}\n{}", numbers[0], numbers[3]), format!("{}\n999999", numbers[0]));
    let form = |people: &str, kind: &str| {
        [
            ("recipient_kind", kind),
            ("recipient", "北署 担当"),
            ("letter", "北警捜第123号"),
            ("basis", "investigation"),
            ("purpose", "捜査関係事項照会への回答"),
            ("people", people),
            ("item-name", "on"),
            ("item-address", "on"),
            ("item-records", "on"),
            ("means", "paper"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let send = async |people: &str, kind: &str| {
        let form = form(people, kind);
        let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
        clerk.post("/provisions/new", "/provisions/new", &fields).await
    };
    let wrong = send(&unknown, "section").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in ["この根拠では", "宛名番号000000000999999の方は見つかりません"] {
        assert!(wrong.text().contains(text), "{text}: {}", wrong.text());
    }
    let asked = send(&both, "police").await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    let approval = asked.location.clone();
    let seen = approver.get(&approval).await.text();
    assert!(seen.contains("支援措置対象者1人が含まれます") && seen.contains("刑事訴訟法197条2項"), "{seen}");
    let provision = format!(
        "/provisions/{}",
        stage.about(KITA, approval.rsplit('/').next().unwrap().parse().unwrap()).await
    );
    let early = clerk.post("/approvals", &format!("{provision}/hand"), &[]).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    let of_person = format!("/residents/{}/provisions", ids[0]);
    assert!(clerk.get(&of_person).await.text().contains("提供した記録はありません"));
    approver.post(&approval, &format!("{approval}/provision"), &YES).await;
    let handed = clerk.post(&provision, &format!("{provision}/hand"), &[]).await;
    assert_eq!(handed.status, StatusCode::SEE_OTHER, "{}", handed.text());
    let paper = clerk.get(&handed.location).await;
    assert!(paper.bytes.starts_with(b"%PDF"), "{}", paper.text());
    let text = words(&paper.bytes);
    for there in ["北署担当様", "取扱注意", "北野　花子", "隠　花子", "2026-02-10", "2026-02-11", "王子"]
    {
        assert!(text.contains(&there.replace('　', "")), "{there}: {text}");
    }
    for hidden in ["隠町", "支援措置"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let again = clerk.post("/approvals", &format!("{provision}/hand"), &[]).await;
    assert!(again.text().contains("使い終わりました"), "{}", again.text());
    assert_eq!(stage.refusals("hand_provision").await, ["not_approved", "used_up"]);
    assert!(clerk.get(&of_person).await.text().contains("北署 担当"));
    // Who is asked about finds the handing out in the log as well.
    let viewed: i64 = stage
        .value(
            "select count(*) from audit_entries where action = 'hand_provision' and target_kind = 'resident'",
        )
        .await;
    assert_eq!(viewed, 2);
}

/// The words of a PDF, without white space, as another program reads them.
fn words(pdf: &[u8]) -> String {
    let file = std::env::temp_dir().join(format!("sesshu-test-{}.pdf", kit::Ids::default().next()));
    std::fs::write(&file, pdf).unwrap();
    // In the order in which it was drawn: a wide space is no gap between columns.
    let read =
        std::process::Command::new("pdftotext").arg("-raw").arg(&file).args(["-enc", "UTF-8", "-"]).output();
    std::fs::remove_file(&file).unwrap();
    String::from_utf8(read.unwrap().stdout).unwrap().split_whitespace().collect()
}

#[tokio::test]
async fn a_protected_persons_sheet_is_printed_alone_without_the_registered_address() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let room = format!("/campaigns/{}/protected", campaign.campaign_id);
    let hidden: Uuid = stage.value("select resident_id from residents where address_protected").await;
    let form = format!("{room}/{hidden}");
    // Everybody else is none of this page's people.
    let other: Uuid =
        stage.value("select resident_id from residents where not address_protected limit 1").await;
    assert_eq!(clerk.get(&format!("{room}/{other}")).await.status, StatusCode::NOT_FOUND);
    let nowhere = [("hand_over", "mailing"), ("reason", "本人の希望")];
    let answer = clerk.post(&form, &form, &nowhere).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("登録された送付先がありません"), "{}", answer.text());
    let early = clerk.post("/approvals", &format!("{form}/print"), &[]).await;
    assert!(early.text().contains("まだ申請されていません"), "{}", early.text());
    stage
        .change(hidden, "mailing_address = '大阪府大阪市北区中之島1-1', mailing_postal_code = '530-0005'")
        .await;
    let asked = clerk.post(&form, &form, &nowhere).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    assert_eq!(clerk.post("/approvals", &format!("{form}/print"), &[]).await.status, StatusCode::CONFLICT);
    let approval = asked.location.clone();
    approver.post(&approval, &format!("{approval}/protected-print"), &YES).await;
    let printed = clerk.post(&room, &format!("{form}/print"), &[]).await;
    assert_eq!(printed.status, StatusCode::SEE_OTHER, "{}", printed.text());
    let file = clerk.get(&format!("/campaigns/{}/files/2", campaign.campaign_id)).await;
    let text = words(&file.bytes);
    for there in ["取扱注意", "隠", "中之島", "530-0005"] {
        assert!(text.contains(there), "{there}: {text}");
    }
    assert!(!text.contains("隠町"), "{text}");
    // In no manifest, for no colleague, and not twice.
    let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await.unwrap();
    let manifest = health::sheets::sql::manifest(&mut tx, KITA, campaign.campaign_id).await.unwrap();
    assert_eq!(manifest.len(), 3);
    drop(tx);
    let again = clerk.post("/approvals", &format!("{form}/print"), &[]).await;
    assert!(again.text().contains("使い終わりました"), "{}", again.text());
    assert_eq!(stage.refusals("print_campaign").await, ["not_asked", "not_approved", "used_up"]);
    let state: String = stage.value("select state from sheets where file_number = 2").await;
    assert_eq!(state, "printed");
    let colleague = kit::testing::staff::acting(&stage.app.kit, KITA, "clerk", "同僚", &[Role::Clerk]).await;
    assert_eq!(colleague.roles, [Role::Clerk]);
    sqlx::query("update protected_prints p set file_number = null")
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    let nobodys = clerk.get(&format!("/campaigns/{}/files/2", campaign.campaign_id)).await;
    assert_eq!(nobodys.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn whoever_comes_to_the_counter_gets_a_sheet_with_no_address_at_all_and_nobody_who_is_vaccinated() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let hidden: Uuid = stage.value("select resident_id from residents where address_protected").await;
    let form = format!("/campaigns/{}/protected/{hidden}", campaign.campaign_id);
    let asked = clerk.post(&form, &form, &[("hand_over", "counter"), ("reason", "本人が来庁する")]).await;
    approver.post(&asked.location, &format!("{}/protected-print", asked.location), &YES).await;
    stage.vaccinate(KITA, hidden, Vaccine::Mr, "2026-11-20").await;
    let late = clerk.post("/approvals", &format!("{form}/print"), &[]).await;
    assert!(late.text().contains("接種済みです"), "{}", late.text());
    sqlx::query("delete from vaccination_records").execute(&stage.db.superuser_pool()).await.unwrap();
    let printed = clerk.post("/approvals", &format!("{form}/print"), &[]).await;
    assert_eq!(printed.status, StatusCode::SEE_OTHER, "{}", printed.text());
    let text = words(&clerk.get(&format!("/campaigns/{}/files/2", campaign.campaign_id)).await.bytes);
    assert!(text.contains("窓口でお渡しします") && text.contains("記載を省略しています"), "{text}");
    assert!(!text.contains("隠町") && !text.contains("114-0022"), "{text}");
}
