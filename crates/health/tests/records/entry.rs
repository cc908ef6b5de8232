//! From a returned 予診票 to a record, and everything that may be scanned by mistake.

use super::paper::{CLINIC, Typed};
use crate::{
    support::{ITABASHI, KITA, stage},
    ward::Someone,
};
use domain::schedule::Series;
use kit::Role;

#[tokio::test]
async fn a_returned_sheet_is_scanned_confirmed_and_kept_and_the_next_can_follow() {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    stage.clinics(KITA).await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let paper = stage.paper(KITA, child, (Series::Mr1, 1)).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;

    let number = paper.number.to_string();
    let found = clerk.post("/records", "/records/find", &[("number", &number)]).await;
    assert_eq!(found.location, format!("/records/new?sheet={}", paper.id));
    let form = clerk.get(&found.location).await.text();
    for shown in ["北野　花子", "2025年8月10日", "麻しん風しん第1期", "この予診票の接種に使うワクチン"]
    {
        assert!(form.contains(shown), "{shown} on the form");
    }

    let typed = Typed::from_sheet(paper, "MR", "R8.11.20").with("doctor", "王子　一郎");
    let confirm = clerk.confirm(&typed).await;
    let text = confirm.text();
    for shown in [
        "定期接種として有効です",
        "2026年11月20日（令和8年11月20日）",
        "AB123",
        "0.5 mL（標準の量）",
        "王子こどもクリニック",
    ] {
        assert!(text.contains(shown), "{shown} on the confirm page: {text}");
    }
    assert!(!text.contains("確認が必要な点"), "nothing is wrong: {text}");
    let kept = clerk.keep(&typed, &confirm).await;
    assert!(kept.location.starts_with("/records?done="), "{}", kept.text());
    let desk = clerk.get(&kept.location).await.text();
    assert!(desk.contains("麻しん風しん混合 1回目を登録しました"), "{desk}");
    assert!(desk.contains("autofocus"));

    let row: String = stage
        .value(
            "select concat_ws(' ', series, dose_number, vaccinated_on, lot_number, volume_centi_ml, clinic_code, doctor_name, is_teiki,
                 valid_for_series, findings, source, state, version) from vaccination_records",
        )
        .await;
    assert_eq!(row, format!("MR1 1 2026-11-20 AB123 50 {CLINIC} 王子　一郎 t t [] screen current 1"));
    assert_eq!(stage.value::<String>("select state from sheets").await, "used");
    let done: i64 = stage
        .value("select count(*) from audit_entries where action = 'register_record' and outcome = 'done' and target_kind = 'resident'")
        .await;
    assert_eq!(done, 1);

    // The next sheet of the bundle begins with the clinic, the day and the lot of this one.
    let sibling = stage.add(KITA, Someone::born("2025-08-10")).await;
    let next = stage.paper(KITA, sibling, (Series::Mr1, 1)).await;
    let form = clerk.get(&format!("/records/new?sheet={}", next.id)).await.text();
    for kept in ["value=\"R8.11.20\"", "value=\"AB123\"", &format!("value=\"{CLINIC}\""), "value=\"0.5\""] {
        assert!(form.contains(kept), "{kept} is filled in");
    }
}

#[tokio::test]
async fn each_number_that_cannot_be_used_is_answered_with_what_to_do() {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let find = async |number: &str| {
        let page = clerk.post("/records", "/records/find", &[("number", number)]).await;
        assert_eq!(page.status, 422);
        page.text()
    };
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let paper = stage.paper(KITA, child, (Series::Mr1, 1)).await;
    let theirs = stage.add(ITABASHI, Someone::born("2025-08-10")).await;
    let other = stage.paper(ITABASHI, theirs, (Series::Mr1, 1)).await;

    assert!(find("").await.contains("用紙番号を入力してください"));
    assert!(find("000000000019").await.contains("検査数字が合いません"));
    assert!(find("12345").await.contains("12桁で入力してください"));
    let unknown = find(&domain::ids::SheetNumber::from_serial(777).unwrap().digits()).await;
    assert!(unknown.contains("この番号の予診票はありません"));
    // Another municipality's is unknown, in the same words.
    let said = |text: &str| text.split("この番号の予診票はありません").count();
    assert_eq!(said(&find(&other.number.digits()).await), said(&unknown));

    for (state, sentence) in [
        ("used", "この予診票は接種記録に登録済みです"),
        ("cancelled", "この予診票は取り消されています"),
        ("withheld", "印刷を見合わせたものです"),
    ] {
        let set = format!("update sheets set state = '{state}' where sheet_id = $1");
        let pool = stage.db.superuser_pool();
        sqlx::query(sqlx::AssertSqlSafe(set)).bind(paper.id).execute(&pool).await.unwrap();
        assert!(find(&paper.number.digits()).await.contains(sentence), "{state}");
        let form = clerk.get(&format!("/records/new?sheet={}", paper.id)).await;
        assert_eq!(form.status, 409, "{state}");
    }
    let stored: String = stage
        .value("select string_agg(detail::text, ' ') from audit_entries where action = 'find_sheet'")
        .await;
    assert!(!stored.contains(&paper.number.digits()), "the log names the sheet, not its number");
}

#[tokio::test]
async fn all_fields_in_error_are_named_at_once_and_nothing_typed_is_lost() {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    stage.clinics(KITA).await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let paper = stage.paper(KITA, child, (Series::Mr1, 1)).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let typed = Typed::from_sheet(paper, "", "R8.2.30")
        .with("lot", "あいう")
        .with("volume", "たくさん")
        .with("clinic", "1234")
        .with("expires", "いつか")
        .with("basis", "");
    let page = clerk.confirm(&typed).await;
    assert_eq!(page.status, 422);
    let text = page.text();
    for sentence in [
        "2月に30日はありません",
        "ワクチンを選択してください",
        "ロット番号は英字・数字・ハイフン",
        "接種量は「0.5」のように",
        "医療機関コードは10桁で",
        "有効期限：",
        "法定区分を選択してください",
        "エラー：",
    ] {
        assert!(text.contains(sentence), "{sentence} in {text}");
    }
    for kept in ["R8.2.30", "あいう", "たくさん", "1234", "いつか"] {
        assert!(text.contains(&format!("value=\"{kept}\"")), "{kept} is kept");
    }
    let unknown =
        clerk.confirm(&Typed::from_sheet(paper, "MR", "R8.11.20").with("clinic", "9000000009")).await;
    assert!(unknown.text().contains("この医療機関コードは登録されていません"));
}

#[tokio::test]
async fn the_same_form_sent_twice_is_kept_once_with_the_same_answer() {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    stage.clinics(KITA).await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let paper = stage.paper(KITA, child, (Series::Mr1, 1)).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let typed = Typed::from_sheet(paper, "MR", "2026-11-20");
    let confirm = clerk.confirm(&typed).await;
    let (one, two) = tokio::join!(clerk.keep(&typed, &confirm), clerk.keep(&typed, &confirm));
    let three = clerk.keep(&typed, &confirm).await;
    assert_eq!(one.status, 303);
    assert_eq!([&two.location, &three.location], [&one.location; 2]);
    assert_eq!(stage.value::<i64>("select count(*) from vaccination_records").await, 1);
    // Another form for the same sheet is refused.
    let other = clerk.confirm(&typed).await;
    assert_eq!(other.status, 409);
    assert!(other.text().contains("登録済みです"));
}

#[tokio::test]
async fn two_clerks_with_the_same_sheet_make_one_record() {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    stage.clinics(KITA).await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let paper = stage.paper(KITA, child, (Series::Mr1, 1)).await;
    let (one, two) = (stage.browser(KITA, Role::Clerk).await, stage.browser(KITA, Role::Clerk).await);
    let typed = Typed::from_sheet(paper, "MR", "2026-11-20");
    let (seen_one, seen_two) = (one.confirm(&typed).await, two.confirm(&typed).await);
    let (first, second) = tokio::join!(one.keep(&typed, &seen_one), two.keep(&typed, &seen_two));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    assert_eq!(stage.value::<i64>("select count(*) from vaccination_records").await, 1);
}

#[tokio::test]
async fn only_clerks_record_and_nobody_reaches_another_municipality() {
    let stage = stage().await;
    for role in Role::ALL {
        stage.staff(KITA, *role).await;
    }
    stage.staff(ITABASHI, Role::Clerk).await;
    stage.clinics(KITA).await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let paper = stage.paper(KITA, child, (Series::Mr1, 1)).await;
    let used = stage.paper(KITA, child, (Series::HepB, 1)).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let record = clerk.record(&Typed::from_sheet(used, "HEPB", "2025-11-20")).await;

    let pages = [
        ("/records".to_owned(), [200, 200, 403, 403]),
        (format!("/records/new?sheet={}", paper.id), [200, 403, 403, 403]),
        (format!("/records/new?resident={child}"), [200, 403, 403, 403]),
        (format!("/records/{record}"), [200, 200, 403, 403]),
        (format!("/records/{record}/correct"), [200, 403, 403, 403]),
        (format!("/records/{record}/withdraw"), [200, 403, 403, 403]),
        ("/records/echo/clinic?text=9000000001".to_owned(), [200, 403, 403, 403]),
    ];
    let sent = [
        ("/records/find".to_owned(), vec![("number", "1")], [422, 403, 403, 403]),
        ("/records/new".to_owned(), vec![("resident", "x")], [404, 403, 403, 403]),
        (format!("/records/{record}/withdraw"), vec![("reason", "")], [422, 403, 403, 403]),
    ];
    // A clerk, an approver, everyone else; whoever records for a contractor is told of in a test of its own.
    for role in Role::ALL.iter().filter(|role| **role != Role::Contractor) {
        let at = Role::ALL.iter().position(|other| other == role).unwrap().min(2);
        let browser = stage.browser(KITA, *role).await;
        for (path, expected) in &pages {
            assert_eq!(browser.get(path).await.status, expected[at], "{} {path}", role.code());
        }
        for (path, fields, expected) in &sent {
            if (path.as_str(), *role) != ("/records/find", Role::Clerk) && path == "/records/find" {
                let number = paper.number.digits();
                let page = browser.post("/", path, &[("number", number.as_str())]).await;
                assert_eq!(page.status, expected[at], "{} {path}", role.code());
            } else {
                let page = browser.post("/", path, fields).await;
                assert_eq!(page.status, expected[at], "{} {path}", role.code());
            }
        }
        let typed = Typed::from_sheet(paper, "MR", "2026-11-20");
        let status = if *role == Role::Clerk { 200 } else { 403 };
        let page = browser.post("/", "/records/confirm", &typed.fields()).await;
        assert_eq!(page.status, status, "{} confirm", role.code());
        if *role != Role::Clerk {
            let key = stage.app.kit.ids.next().to_string();
            let typed = typed.with("key", &key);
            let page = browser.post("/", "/records", &typed.fields()).await;
            assert_eq!(page.status, 403, "{} keep", role.code());
        }
    }
    assert_eq!(stage.value::<i64>("select count(*) from vaccination_records").await, 1);

    let neighbour = stage.browser(ITABASHI, Role::Clerk).await;
    let nowhere = stage.app.kit.ids.next();
    for path in [
        format!("/records/{record}"),
        format!("/records/{nowhere}"),
        format!("/records/{record}/correct"),
        format!("/records/{record}/withdraw"),
        format!("/records/new?sheet={}", paper.id),
        format!("/records/new?resident={child}"),
    ] {
        assert_eq!(neighbour.get(&path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_contractor_sees_the_sheets_person_and_nobody_and_nothing_else() {
    let stage = stage().await;
    stage.staff(KITA, Role::Contractor).await;
    stage.clinics(KITA).await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let paper = stage.paper(KITA, child, (Series::Mr1, 1)).await;
    let contractor = stage.browser(KITA, Role::Contractor).await;
    let desk = contractor.get("/records").await.text();
    assert!(desk.contains("用紙番号") && !desk.contains("/residents"), "{desk}");
    let number = paper.number.to_string();
    let found = contractor.post("/records", "/records/find", &[("number", &number)]).await;
    assert_eq!(found.location, format!("/records/new?sheet={}", paper.id));
    assert!(contractor.get(&found.location).await.text().contains("北野　花子"));
    // The same person by id, not by a sheet in the hand.
    for path in [
        format!("/records/new?resident={child}"),
        format!("/residents/{child}"),
        "/residents".to_owned(),
        "/campaigns".to_owned(),
        "/imports".to_owned(),
    ] {
        assert_eq!(contractor.get(&path).await.status, 403, "{path}");
    }
    let typed = Typed::from_sheet(paper, "MR", "R8.11.20").with("doctor", "王子　一郎");
    let named: Vec<(&str, &str)> = vec![("resident", "x")];
    assert!(contractor.post("/records", "/records/confirm", &named).await.status.is_client_error());
    let confirm = contractor.confirm(&typed).await;
    let kept = contractor.keep(&typed, &confirm).await;
    let after = contractor.get(&kept.location).await.text();
    assert!(after.contains("接種記録を登録しました") && !after.contains("北野"), "{after}");
    let record: uuid::Uuid = stage.value("select record_id from vaccination_records").await;
    assert_eq!(contractor.get(&format!("/records/{record}")).await.status, 403);
}
