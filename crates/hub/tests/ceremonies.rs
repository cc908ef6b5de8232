//! Key ceremonies and disposals: asked for by one, approved by another, refused to each of them alone.

use crate::support::{Answer, ITABASHI, KITA, PASSWORD, Stage, stage};
use axum::http::{StatusCode, header};
use hub::ceremonies::{
    case::ready,
    rules::{Mismatch, may_rotate, rotation_digest, to_use},
};
use jiff::Timestamp;
use kit::{
    Role,
    approvals::{Approval, Kind, State},
    vault::disposal_digest,
};
use town::planted_number;
use uuid::Uuid;

const YES: [(&str, &str); 2] = [("answer", "approve"), ("reason", "鍵ファイルの写しを確かめた")];
const WHY: [(&str, &str); 1] = [("reason", "保存期間の終わり")];
const HANDLER: Uuid = Uuid::from_u128(1);
const COLLEAGUE: Uuid = Uuid::from_u128(2);
const CHIEF: Uuid = Uuid::from_u128(3);
const PERSON: Uuid = Uuid::from_u128(9);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Asked on 23 November at noon, for what this digest covers.
fn approval(kind: Kind, number: i64, asked_by: Uuid, state: State, digest: [u8; 32]) -> Approval {
    let asked_at = at("2026-11-23T03:00:00Z");
    Approval {
        approval_id: Uuid::from_u128(100 + number as u128),
        number,
        kind,
        target_kind: "addressee".to_owned(),
        target_id: PERSON,
        reason: "保存期間の終わり".to_owned(),
        basis: String::new(),
        plan: Vec::new(),
        digest: digest.to_vec(),
        uses: 0,
        uses_max: 1,
        state,
        asked_by,
        asked_by_name: "取扱 花子".to_owned(),
        asked_at,
        decide_until: at("2026-12-07T03:00:00Z"),
        decided_by_name: String::new(),
        decision_reason: String::new(),
    }
}

fn approved() -> State {
    State::Approved { by: CHIEF, at: at("2026-11-23T04:00:00Z"), valid_until: at("2026-11-30T04:00:00Z") }
}

#[test]
fn a_rotation_is_carried_out_with_another_key_file_or_without_as_it_was_approved() {
    let of = |digest| approval(Kind::KeyRotation, 1, HANDLER, approved(), digest);
    let [with, without] = [true, false].map(|with_file| of(rotation_digest(KITA, with_file)));
    for (what, approval, with_file, want) in [
        ("with, with", &with, true, Ok(())),
        ("without, without", &without, false, Ok(())),
        ("with, without", &with, false, Err(Mismatch::FileMissing)),
        ("without, with", &without, true, Err(Mismatch::FileNotApproved)),
        ("something else", &of([7; 32]), true, Err(Mismatch::Unknown)),
        ("something else", &of([7; 32]), false, Err(Mismatch::Unknown)),
        ("the neighbour's", &of(rotation_digest(ITABASHI, true)), true, Err(Mismatch::Unknown)),
    ] {
        assert_eq!(may_rotate(approval, KITA, with_file), want, "{what}");
    }
}

#[test]
fn a_deed_uses_the_newest_application_that_its_person_may_use() {
    let now = at("2026-11-24T03:00:00Z");
    let digest = disposal_digest(PERSON, 1);
    let of = |number, by, state| approval(Kind::NumberDisposal, number, by, state, digest);
    let withdrawn = State::Withdrawn { at: now };
    for (what, asked, want) in [
        ("nothing", vec![], None),
        ("the own", vec![of(1, HANDLER, approved())], Some(1)),
        ("a colleague asks again", vec![of(2, COLLEAGUE, State::Asked), of(1, HANDLER, approved())], Some(1)),
        (
            "a colleague's is approved, too",
            vec![of(2, COLLEAGUE, approved()), of(1, HANDLER, approved())],
            Some(1),
        ),
        ("two of the own", vec![of(2, HANDLER, approved()), of(1, HANDLER, approved())], Some(2)),
        ("asked alone", vec![of(2, HANDLER, State::Asked), of(1, HANDLER, withdrawn)], Some(2)),
        ("a colleague's alone", vec![of(1, COLLEAGUE, approved())], Some(1)),
    ] {
        assert_eq!(to_use(&asked, HANDLER, now).map(|one| one.number), want, "{what}");
    }
}

/// Where individual numbers are handled: a handler who has just proved a second factor, and the chief.
async fn numbers_office() -> (Stage, String, String) {
    let stage = stage().await;
    for role in [Role::Chief, Role::NumberHandler] {
        stage.account(KITA, role).await;
    }
    let handler = stage.browser(KITA, Role::NumberHandler).await;
    let chief = stage.browser(KITA, Role::Chief).await;
    stage.step_up().await;
    (stage, handler, chief)
}

#[tokio::test]
async fn an_id_manager_asks_for_a_ceremony_and_a_chief_approves_it() {
    let stage = stage().await;
    for role in [Role::IdManager, Role::Chief, Role::Clerk, Role::NumberHandler] {
        stage.account(KITA, role).await;
    }
    stage.account(ITABASHI, Role::Chief).await;
    let manager = stage.browser(KITA, Role::IdManager).await;
    let chief = stage.browser(KITA, Role::Chief).await;
    let empty = stage.post(&manager, "/keys", "/keys", &[("reason", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let asked =
        stage.post(&manager, "/keys", "/keys", &[("reason", "年1回の更新"), ("with_file", "on")]).await;
    let place = asked.header(header::LOCATION).to_owned();
    assert!(place.starts_with("/approvals/"), "{}", asked.text);
    let page = stage.get(&manager, &place).await.text;
    assert!(page.contains("新しい鍵ファイルに取り替える") && !page.contains("承認する</button>"), "{page}");
    let decide = format!("{place}/key-rotation");
    // Neither whoever asked, nor a neighbour's chief, nor another role.
    assert_eq!(stage.post(&manager, &place, &decide, &YES).await.status, StatusCode::FORBIDDEN);
    let neighbour = stage.browser(ITABASHI, Role::Chief).await;
    assert_eq!(stage.get(&neighbour, &place).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.post(&neighbour, "/approvals", &decide, &YES).await.status, StatusCode::NOT_FOUND);
    let clerk = stage.browser(KITA, Role::Clerk).await;
    assert_eq!(stage.get(&clerk, &place).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.get(&clerk, "/keys").await.status, StatusCode::FORBIDDEN);
    assert!(stage.get(&chief, "/").await.text.contains("二人承認の申請が1件"));
    assert_eq!(stage.post(&chief, &place, &decide, &YES).await.status, StatusCode::SEE_OTHER);
    assert!(stage.get(&manager, "/keys").await.text.contains("承認済み"));
    assert!(stage.get(&manager, "/keys").await.text.contains("-1</a>"), "the number that the command takes");
    let state: String = stage.value("select state from approvals").await;
    assert_eq!(state, "approved");
}

#[tokio::test]
async fn a_disposal_is_asked_for_one_person_and_needs_the_chief_and_a_fresh_second_factor() {
    let (stage, handler, chief) = numbers_office().await;
    let opened = stage.post(&handler, "/numbers", "/numbers/open", &[("addressee", "1001")]).await;
    let person = opened.header(header::LOCATION).to_owned();
    let form = format!("{person}/disposal");
    let nothing = stage.post(&handler, &form, &form, &[("reason", "保存期間の終わり")]).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT, "{}", nothing.text);
    let number = [
        ("number", "123456789018"),
        ("number_again", "123456789018"),
        ("valid_from", "R8.4.1"),
        ("purpose", "vaccination"),
    ];
    let register = format!("{person}/register");
    let registered = stage.post(&handler, &register, &register, &number).await;
    assert_eq!(registered.status, StatusCode::SEE_OTHER, "{}", registered.text);
    let asked = stage.post(&handler, &form, &form, &[("reason", "保存期間の終わり")]).await;
    let place = asked.header(header::LOCATION).to_owned();
    assert!(place.starts_with("/approvals/"), "{}", asked.text);
    let dispose = format!("{person}/dispose");
    let alone = stage.post(&handler, &form, &dispose, &[]).await;
    assert_eq!(alone.status, StatusCode::CONFLICT);
    assert!(alone.text.contains("まだ承認されていません"), "{}", alone.text);
    assert!(stage.get(&chief, &place).await.text.contains("バックアップ"));
    let decide = format!("{place}/number-disposal");
    assert_eq!(stage.post(&chief, &place, &decide, &YES).await.status, StatusCode::SEE_OTHER);
    let done = stage.post(&handler, &form, &dispose, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(stage.value::<i64>("select count(*) from vault.numbers").await, 0);
    let page = stage.get(&handler, &form).await.text;
    assert!(page.contains("1件の版を消去しました") && page.contains("登録されていません"), "{page}");
    let refused: i64 = stage
        .value("select count(*) from audit_entries where action = 'dispose_number' and outcome = 'refused'")
        .await;
    assert_eq!(refused, 1);
}

#[tokio::test]
async fn the_machine_rotates_with_another_key_file_only_where_that_was_approved_and_the_other_way_round() {
    let stage = stage().await;
    for role in [Role::IdManager, Role::Chief] {
        stage.account(KITA, role).await;
    }
    let (manager, chief) =
        (stage.browser(KITA, Role::IdManager).await, stage.browser(KITA, Role::Chief).await);
    let without: &[(&str, &str)] = &[("reason", "年1回の更新")];
    let with: &[(&str, &str)] = &[("reason", "鍵ファイルが読まれたおそれ"), ("with_file", "on")];
    for (number, fields, is_approved_with, says) in [
        (1, without, false, "「鍵ファイルは取り替えない」として承認されています"),
        (2, with, true, "--kek に新しい鍵ファイルを指定してください"),
    ] {
        let early = ready(&stage.app, KITA, number, is_approved_with).await.unwrap_err().to_string();
        assert!(early.contains("承認された申請の番号が必要です"), "{early}");
        let asked = stage.post(&manager, "/keys", "/keys", fields).await;
        let place = asked.header(header::LOCATION).to_owned();
        let early = ready(&stage.app, KITA, number, is_approved_with).await.unwrap_err().to_string();
        assert!(early.contains("まだ承認されていません"), "{early}");
        let decided = stage.post(&chief, &place, &format!("{place}/key-rotation"), &YES).await;
        assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.text);
        let refused = ready(&stage.app, KITA, number, !is_approved_with).await.unwrap_err().to_string();
        assert!(refused.contains(says) && refused.lines().count() == 1, "{refused}");
        let approval = ready(&stage.app, KITA, number, is_approved_with).await.unwrap();
        assert_eq!((approval.number, approval.uses), (number, 0), "looking uses nothing up");
    }
    assert!(ready(&stage.app, ITABASHI, 1, false).await.is_err(), "another municipality's number");
}

impl Stage {
    /// The page of a person with a registered number, as a 個人番号取扱者 who has just proved a second factor.
    async fn numbered(&self, handler: &str) -> String {
        let opened = self.post(handler, "/numbers", "/numbers/open", &[("addressee", "1001")]).await;
        let person = opened.header(header::LOCATION).to_owned();
        let registered = self.number(handler, &person, 1, &[]).await;
        assert_eq!(registered.status, StatusCode::SEE_OTHER, "{}", registered.text);
        person
    }

    async fn number(&self, handler: &str, person: &str, nth: u64, more: &[(&str, &str)]) -> Answer {
        let (path, number) = (format!("{person}/register"), planted_number(nth));
        let mut form = vec![
            ("number", number.as_str()),
            ("number_again", number.as_str()),
            ("valid_from", "R8.4.1"),
            ("purpose", "vaccination"),
        ];
        form.extend_from_slice(more);
        self.post(handler, &path, &path, &form).await
    }

    /// Asks for the disposal, and gives the page of the application.
    async fn disposal(&self, handler: &str, person: &str) -> String {
        let form = format!("{person}/disposal");
        let asked = self.post(handler, &form, &form, &WHY).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
        asked.header(header::LOCATION).to_owned()
    }

    async fn approve(&self, chief: &str, place: &str) {
        let decided = self.post(chief, place, &format!("{place}/number-disposal"), &YES).await;
        assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.text);
    }
}

#[tokio::test]
async fn a_number_that_was_changed_after_the_approval_is_not_deleted_until_it_is_asked_for_again() {
    let (stage, handler, chief) = numbers_office().await;
    let person = stage.numbered(&handler).await;
    let (form, dispose) = (format!("{person}/disposal"), format!("{person}/dispose"));
    let place = stage.disposal(&handler, &person).await;
    stage.approve(&chief, &place).await;
    assert!(stage.get(&handler, &form).await.text.contains("個人番号を消去する"));
    let changed = stage.number(&handler, &person, 2, &[("reason", "request")]).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);

    let stale = stage.post(&handler, &form, &dispose, &[]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text);
    assert!(stale.text.contains("申請の後に個人番号の登録が変わりました"), "{}", stale.text);
    assert_eq!(stage.value::<i64>("select count(*) from vault.numbers").await, 2);
    assert_eq!(stage.value::<i64>("select count(*) from approval_uses").await, 0);
    let why =
        "select detail ->> 'why' from audit_entries where action = 'dispose_number' and outcome = 'refused'";
    assert_eq!(stage.value::<String>(why).await, "changed");

    // What can never be carried out is in nobody's way.
    let page = stage.get(&handler, &form).await.text;
    assert!(page.contains("承認を申請する") && !page.contains("個人番号を消去する"), "{page}");
    let again = stage.disposal(&handler, &person).await;
    assert!(stage.get(&chief, &again).await.text.contains("2件"));
    stage.approve(&chief, &again).await;
    let done = stage.post(&handler, &form, &dispose, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(stage.value::<i64>("select count(*) from vault.numbers").await, 0);
}

#[tokio::test]
async fn while_a_disposal_is_open_nobody_asks_again_and_it_stays_its_applicants() {
    let stage = stage().await;
    for role in [Role::Chief, Role::NumberHandler] {
        stage.account(KITA, role).await;
    }
    stage.member(KITA, ("colleague", "保健予防課"), &[Role::NumberHandler]).await;
    let handler = stage.browser(KITA, Role::NumberHandler).await;
    let chief = stage.browser(KITA, Role::Chief).await;
    let colleague = stage.sign_in(KITA, "colleague", PASSWORD).await.cookie();
    stage.step_up().await;
    let person = stage.numbered(&handler).await;
    let (form, dispose) = (format!("{person}/disposal"), format!("{person}/dispose"));
    assert!(stage.get(&colleague, &form).await.text.contains("承認を申請する"));
    let place = stage.disposal(&handler, &person).await;
    let sentence = "さんが申請しています（第1号）";
    for what in ["asked", "approved"] {
        for browser in [&handler, &colleague] {
            let page = stage.get(browser, &form).await.text;
            assert!(!page.contains("承認を申請する"), "{what}: {page}");
            let again = stage.post(browser, &form, &form, &WHY).await;
            assert_eq!(again.status, StatusCode::CONFLICT, "{what}: {}", again.text);
            assert!(again.text.contains(sentence), "{what}: {}", again.text);
        }
        let page = stage.get(&colleague, &form).await.text;
        assert!(page.contains(sentence), "{what}: {page}");
        if what == "asked" {
            stage.approve(&chief, &place).await;
        }
    }
    assert_eq!(stage.value::<i64>("select count(*) from approvals").await, 1);
    let others = stage.post(&colleague, &form, &dispose, &[]).await;
    assert_eq!(others.status, StatusCode::CONFLICT);
    assert!(others.text.contains("申請した人だけが実行できます"), "{}", others.text);
    let done = stage.post(&handler, &form, &dispose, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
}
