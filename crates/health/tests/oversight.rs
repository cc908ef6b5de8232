//! The auditor's screens: looks that call for a question, months that are signed, notices that are acknowledged.

use crate::{
    support::{ITABASHI, KITA, Stage, stage},
    walls::town::{Answer, Session, encode},
    ward::Someone,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use domain::{intrusion::Intrusion, schedule::Vaccine};
use jiff::SignedDuration;
use kit::{Acting, Instant, Municipality, Role, testing::staff};
use tower::ServiceExt as _;
use uuid::Uuid;

struct Office {
    stage: Stage,
    router: Router,
}

async fn office() -> Office {
    let stage = stage().await;
    let router = health::router(stage.app.clone());
    Office { stage, router }
}

impl Office {
    /// Somebody with this name, signed in now.
    async fn person(&self, login: &str, name: &str, role: Role) -> (Acting, Session) {
        self.person_of(KITA, login, name, role).await
    }

    async fn person_of(
        &self,
        municipality: Municipality,
        login: &str,
        name: &str,
        role: Role,
    ) -> (Acting, Session) {
        let kit = &self.stage.app.kit;
        let acting = staff::acting(kit, municipality, login, name, &[role]).await;
        let (cookie, csrf) = staff::sign_in(kit, municipality, acting.staff_id).await;
        let session = Session { cookie, csrf, staff_id: acting.staff_id };
        (acting, session)
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap().to_vec();
        Answer { status, headers, bytes }
    }

    async fn get(&self, session: &Session, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, &session.cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, session: &Session, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = [("csrf", session.csrf.as_str())];
        let form = token.iter().chain(fields);
        let form = form.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request::post(path)
            .header(header::COOKIE, &session.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(encode(&form))).unwrap()).await
    }

    async fn resident(&self, name: &'static str, address: &str) -> Uuid {
        let someone = Someone { name, address: address.to_owned(), ..Someone::born("2025-08-10") };
        self.stage.add(KITA, someone).await
    }

    async fn look(&self, session: &Session, person: Uuid) {
        let seen = self.get(session, &format!("/residents/{person}")).await;
        assert_eq!(seen.status, StatusCode::OK);
    }

    fn wait(&self, hours: i64) {
        self.stage.app.kit.clock.advance(SignedDuration::from_hours(hours));
    }

    /// Runs what the watch would order at night.
    async fn look_for_findings(&self, auditor: &Session) {
        let asked = self.post(auditor, "/audit/findings/look", &[]).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
        health::worker(&self.stage.app).run_all().await.unwrap();
    }

    /// Who and whom, of all findings.
    async fn found(&self) -> Vec<(Uuid, Uuid, String)> {
        sqlx::query_as(
            "select staff_id, person_id, array_to_string(signs, ' ') from findings where state <> 'settled'
             order by on_day, finding_id",
        )
        .fetch_all(&self.stage.db.superuser_pool())
        .await
        .unwrap()
    }

    async fn checkpoint(&self, municipality: Municipality) {
        let kit = &self.stage.app.kit;
        kit::audit::place_all(kit).await.unwrap();
        let mut tx = kit::db::begin(&kit.pool, municipality).await.unwrap();
        let size = kit::audit::root::size(&mut tx, municipality).await.unwrap();
        let root = kit::audit::root::root(&mut tx, municipality, size).await.unwrap();
        sqlx::query(
            "insert into audit_checkpoints (municipality_code, size, root, note, public_key, signed_at)
             values ($1, $2, $3, '', sha256(''), $4)",
        )
        .bind(municipality.0)
        .bind(size)
        .bind(&root[..])
        .bind(Instant(kit.clock.now()))
        .execute(&self.stage.db.superuser_pool())
        .await
        .unwrap();
    }
}

/// The value of a hidden field.
fn field(answer: &Answer, name: &str) -> String {
    let text = answer.text();
    let begin = format!("name=\"{name}\" value=\"");
    text.split_once(&begin)
        .unwrap_or_else(|| panic!("no {name} in {text}"))
        .1
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn snoops_who_look_through_the_ordinary_pages_are_found_and_nobody_else() {
    let office = office().await;
    // 2026-11-24, ten in the morning: the first day after a holiday.
    office.wait(22);
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    let (relative, relative_at) = office.person("sato", "佐藤 花子", Role::Clerk).await;
    let (neighbour, neighbour_at) = office.person("yamada", "山田 一郎", Role::Clerk).await;
    let (curious, curious_at) = office.person("tanaka", "田中 次郎", Role::Clerk).await;
    let (diligent, diligent_at) = office.person("sato2", "佐藤 三郎", Role::Clerk).await;
    let (_, ordinary_at) = office.person("suzuki", "鈴木 四郎", Role::Clerk).await;
    let sato = office.resident("佐藤　太郎", "豊島一丁目1番1号").await;
    let own = office.resident("山田　一郎", "王子二丁目2番2号").await;
    let next_door = office.resident("高橋　五郎", "王子二丁目2番2号").await;
    let hidden = office.resident("伊藤　六郎", "王子二丁目2番2号").await;
    office.stage.change(hidden, "address_protected = true").await;
    for person in [own, next_door, hidden] {
        office.stage.change(person, "address_key = '王子2-2-2'").await;
    }
    let noted = office.resident("渡辺　七郎", "豊島五丁目5番5号").await;
    let famous = office.resident("小林　八郎", "豊島三丁目3番3号").await;
    let number: String =
        office.stage.value("select addressee_number from residents where name_kanji like '山田%'").await;
    let registered = [("staff", neighbour.staff_id.to_string()), ("number", number)];
    let registered: Vec<_> = registered.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = office.post(&auditor, "/audit/staff-residents", &registered).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());

    office.look(&relative_at, sato).await;
    office.look(&neighbour_at, next_door).await;
    office.look(&neighbour_at, hidden).await;
    // The same surname with a case, and looks that nothing speaks against.
    office.look(&diligent_at, sato).await;
    let memo = [("kind", "memo"), ("memo_value", "接種の相談"), ("from_on", ""), ("until_on", "")];
    assert!(
        office.post(&diligent_at, &format!("/residents/{sato}/facts"), &memo).await.status.is_redirection()
    );
    office.look(&ordinary_at, noted).await;
    office.look(&curious_at, famous).await;
    for _ in 0..2 {
        office.wait(24);
        let (_, again) = office.person("tanaka", "田中 次郎", Role::Clerk).await;
        office.look(&again, famous).await;
    }
    office.wait(24);
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    office.look_for_findings(&auditor).await;
    let found = office.found().await;
    let whole: Vec<_> = found.iter().map(|(who, whom, signs)| (*who, *whom, signs.as_str())).collect();
    assert_eq!(
        whole.iter().map(|one| (one.0, one.1)).collect::<std::collections::BTreeSet<_>>(),
        [(relative.staff_id, sato), (neighbour.staff_id, next_door), (curious.staff_id, famous)].into(),
        "{whole:?}"
    );
    assert!(whole.contains(&(neighbour.staff_id, next_door, "same_address")), "{whole:?}");
    assert!(whole.contains(&(relative.staff_id, sato, "same_surname no_case")), "{whole:?}");
    assert!(!whole.iter().any(|one| one.0 == diligent.staff_id));

    let page = office.get(&auditor, "/audit/findings").await.text();
    for name in ["佐藤 花子", "山田 一郎", "田中 次郎", "職員と同じ姓の方"] {
        assert!(page.contains(name), "{name}: {page}");
    }
    // Of those looked at, ids alone.
    for name in ["太郎", "高橋", "伊藤", "小林", "王子二丁目", "豊島"] {
        assert!(!page.contains(name), "{name}");
    }
}

#[tokio::test]
async fn a_finding_settles_when_its_case_comes_and_a_decision_stays() {
    let office = office().await;
    office.wait(22);
    let (clerk, at_desk) = office.person("sato", "佐藤 花子", Role::Clerk).await;
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    let [one, two] = [office.resident("佐藤　一", "").await, office.resident("佐藤　二", "").await];
    office.look(&at_desk, one).await;
    office.look(&at_desk, two).await;
    office.look_for_findings(&auditor).await;
    office.look_for_findings(&auditor).await;
    assert_eq!(office.found().await.len(), 2, "found again, kept once");
    let finding: Uuid = sqlx::query_scalar("select finding_id from findings where person_id = $1")
        .bind(two)
        .fetch_one(&office.stage.db.superuser_pool())
        .await
        .unwrap();
    let path = format!("/audit/findings/{finding}/decide");
    let decide = async |fields: &[(&str, &str)]| office.post(&auditor, &path, fields).await;
    let nothing = decide(&[("note", "忘れずに残る")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = nothing.text();
    assert!(text.contains("判断を選択してください") && text.contains("判断の理由を選択してください"));
    assert!(text.contains("忘れずに残る"));
    let report = decide(&[("decision", "reported"), ("ground", "unexplained"), ("note", "")]).await;
    assert!(report.text().contains("報告した相手と日付を補足に入力してください"));
    let asked = [("decision", "asking"), ("ground", "asked_staff"), ("note", "面談は水曜")];
    assert_eq!(decide(&asked).await.status, StatusCode::SEE_OTHER);
    // The note is in its table and not in the log, which nobody can take back.
    let logged: i64 =
        office.stage.value("select count(*) from audit_entries e where e::text like '%面談%'").await;
    assert_eq!(logged, 0);

    office.stage.vaccinate(KITA, one, Vaccine::Bcg, "2026-11-20").await;
    for person in [one, two] {
        let memo = [("kind", "memo"), ("memo_value", "電話あり"), ("from_on", ""), ("until_on", "")];
        assert!(
            office.post(&at_desk, &format!("/residents/{person}/facts"), &memo).await.status.is_redirection()
        );
    }
    office.look_for_findings(&auditor).await;
    let states: Vec<(Uuid, String)> =
        sqlx::query_as("select person_id, state from findings order by finding_id")
            .fetch_all(&office.stage.db.superuser_pool())
            .await
            .unwrap();
    assert!(states.contains(&(one, "settled".to_owned())) && states.contains(&(two, "asking".to_owned())));

    // Nobody decides on themselves, whatever roles they have got since.
    let (_, own) = office.person("sato", "佐藤 花子", Role::Auditor).await;
    assert_eq!(own.staff_id, clerk.staff_id);
    let fine = [("decision", "fine"), ("ground", "desk_work"), ("note", "")];
    let refused = office.post(&own, &path, &fine).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, stranger) = office.person_of(ITABASHI, "auditor", "監査 隣", Role::Auditor).await;
    assert_eq!(
        office.get(&stranger, &format!("/audit/findings/{finding}")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(office.post(&stranger, &path, &fine).await.status, StatusCode::NOT_FOUND);
    assert!(!office.get(&stranger, "/audit/findings").await.text().contains("佐藤"));
    assert_eq!(office.stage.value::<i64>("select count(*) from finding_decisions").await, 1);
}

const ANSWERS: [(&str, &str); 7] = [
    ("sign_ins", "fine"),
    ("off_hours", "fine"),
    ("taken_out", "none"),
    ("numbers", "none"),
    ("findings", "fine"),
    ("intrusions", "fine"),
    ("log", "fine"),
];

#[tokio::test]
async fn a_month_is_signed_once_as_it_was_seen_and_stays_so() {
    let office = office().await;
    office.wait(22);
    let (_, clerk) = office.person("sato", "佐藤 花子", Role::Clerk).await;
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    let person = office.resident("佐藤　一", "").await;
    office.look(&clerk, person).await;
    office.get(&clerk, "/audit").await;
    office.look_for_findings(&auditor).await;
    assert_eq!(office.get(&auditor, "/audit/months/2026-10").await.status, StatusCode::NOT_FOUND);
    for wrong in ["2026-13", "none", "2026-1", "../x"] {
        let path = format!("/audit/months/{wrong}");
        assert_eq!(office.get(&auditor, &path).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let path = "/audit/months/2026-11";
    assert!(office.get(&auditor, path).await.text().contains("この月が終わると署名できます"));
    // 2026-12-10: the last day in time; 2026-12-11: the home page says so.
    office.wait(24 * 16);
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    assert!(!office.get(&auditor, "/").await.text().contains("署名していない月次点検"));
    office.wait(24);
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    assert!(office.get(&auditor, "/").await.text().contains("署名していない月次点検"));

    let shown = office.get(&auditor, path).await;
    assert!(shown.text().contains("判断待ち"), "{}", shown.text());
    let (seen, sign) = (field(&shown, "seen"), format!("{path}/sign"));
    let send = async |fields: &[(&str, &str)]| {
        let fields: Vec<_> = [("seen", seen.as_str())].iter().chain(fields).copied().collect();
        office.post(&auditor, &sign, &fields).await
    };
    let empty = send(&[("remark", "打った所見")]).await;
    let text = empty.text();
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text.contains("署名係の署名がありません") && text.contains("判断待ちの気になる閲覧があります"));
    assert!(text.matches("の結果を選択してください").count() >= ANSWERS.len() && text.contains("打った所見"));
    // A signature of the keeper from the month itself does not cover all of it.
    office.checkpoint(KITA).await;
    sqlx::query("update audit_checkpoints set signed_at = '2026-11-30T14:59:59Z'")
        .execute(&office.stage.db.superuser_pool())
        .await
        .unwrap();
    assert!(send(&[]).await.text().contains("署名係の署名がありません"));
    sqlx::query("update audit_checkpoints set signed_at = '2026-11-30T15:00:00Z'")
        .execute(&office.stage.db.superuser_pool())
        .await
        .unwrap();
    let reason = [&ANSWERS[..], &[("open_reason", "本人の休暇中のため"), ("remark", "")]].concat();
    let stale = [&[("seen", "00")], &reason[..]].concat();
    let changed = office.post(&auditor, &sign, &stale).await;
    assert_eq!(changed.status, StatusCode::UNPROCESSABLE_ENTITY, "what was typed is kept");
    assert!(changed.text().contains("内容が変わりました") && changed.text().contains("本人の休暇中のため"));
    let open = send(&ANSWERS).await;
    assert_eq!(open.status, StatusCode::UNPROCESSABLE_ENTITY, "a reason is asked for");
    let done = send(&reason).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let twice = send(&reason).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text().contains("署名済み"));

    let signed = office.get(&auditor, path).await.text();
    assert!(signed.contains(&seen) && signed.contains("本人の休暇中のため"), "{signed}");
    assert!(signed.contains("署名したときの内容を、そのまま含んでいます"));
    // What is found or decided later does not change what was signed.
    sqlx::query("update findings set state = 'fine'")
        .execute(&office.stage.db.superuser_pool())
        .await
        .unwrap();
    let later = office.get(&auditor, path).await.text();
    assert!(later.contains("判断待ち") && later.contains(&seen));
    assert!(!office.get(&auditor, "/").await.text().contains("署名していない月次点検"));
    // And whoever changes the log is found out from the signed month alone.
    sqlx::query(
        "update audit_entries set action = 'view_jobs' where entry_id = (select min(entry_id::text)::uuid from audit_entries)",
    )
    .execute(&office.stage.db.superuser_pool())
    .await
    .unwrap();
    assert!(office.get(&auditor, path).await.text().contains("署名したときの内容と合いません"));

    let mut tx = kit::db::begin(&office.stage.app.kit.pool, KITA).await.unwrap();
    let changed = sqlx::query("update monthly_reviews set remark = ''").execute(&mut *tx).await;
    assert!(changed.is_err(), "the application cannot change it either");
    let (_, stranger) = office.person_of(ITABASHI, "auditor", "監査 隣", Role::Auditor).await;
    assert!(!office.get(&stranger, "/audit/months").await.text().contains("監査 さくら"));
}

#[tokio::test]
async fn a_months_figures_count_each_taking_once_and_no_provision_as_a_number() {
    let office = office().await;
    let (stage, clerk) = (&office.stage, office.stage.staff(KITA, Role::Clerk).await);
    let second = stage.staff(KITA, Role::Approver).await;
    let people = stage.children(KITA, 2).await;
    stage.letterhead(KITA).await;
    let order = stage.order(domain::schedule::Series::Mr1, domain::campaign::NoticeKind::Questionnaire);
    let campaign = stage.extract(&clerk, &order).await;
    let approval = stage.ask_for_list(&clerk, &campaign).await;
    stage.approve(&second, kit::approvals::Kind::Export, approval).await;
    let export = stage.about(KITA, approval).await;
    for _ in 0..2 {
        health::exports::case::take(&stage.app, &clerk, export).await.unwrap();
        health::exports::case::file(&stage.app, &clerk, export).await.unwrap();
    }
    let approval = stage.ask_for_provision(&clerk, &people).await;
    stage.approve(&second, kit::approvals::Kind::Provision, approval).await;
    let provision = stage.about(KITA, approval).await;
    health::provisions::case::hand(&stage.app, &clerk, provision).await.unwrap();
    health::provisions::case::document(&stage.app, &clerk, provision).await.unwrap();
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    let page = office.get(&auditor, "/audit/months/2026-11").await.text();
    let table =
        |id: &str| page.split(&format!("id=\"{id}\"")).nth(1).unwrap().split("</section>").next().unwrap();
    let taken = table("taken-out");
    for (what, count) in [("持出しファイルの取得", 2), ("ネットワーク外の提供の実施", 1)]
    {
        let row =
            taken.split("<tr>").find(|row| row.contains(what)).unwrap_or_else(|| panic!("{what}: {taken}"));
        assert!(row.contains(&format!(">{count}<")) || row.contains(&format!(">{count}件<")), "{row}");
    }
    assert!(!page.contains("investigation"), "a ground is not a purpose of numbers");
}

#[tokio::test]
async fn a_look_at_to_whom_records_went_is_a_look_at_the_person_and_more_looks_are_another_question() {
    let office = office().await;
    office.wait(22);
    let (_, at_desk) = office.person("sato", "佐藤 花子", Role::Clerk).await;
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    let person = office.resident("佐藤　一", "").await;
    let page = format!("/residents/{person}/provisions");
    assert_eq!(office.get(&at_desk, &page).await.status, StatusCode::OK);
    office.look_for_findings(&auditor).await;
    let found: Vec<(Uuid, String)> = sqlx::query_as("select finding_id, state from findings")
        .fetch_all(&office.stage.db.superuser_pool())
        .await
        .unwrap();
    let [(finding, _)] = &found[..] else { panic!("{found:?}") };
    let fine = [("decision", "fine"), ("ground", "desk_work"), ("note", "")];
    office.post(&auditor, &format!("/audit/findings/{finding}/decide"), &fine).await;
    office.look_for_findings(&auditor).await;
    assert_eq!(office.stage.value::<String>("select state from findings").await, "fine");
    office.look(&at_desk, person).await;
    office.look_for_findings(&auditor).await;
    assert_eq!(office.stage.value::<String>("select state from findings").await, "open");
    // What was decided before is still there to be read.
    let text = office.get(&auditor, &format!("/audit/findings/{finding}")).await.text();
    assert!(text.contains("問題なし"), "{text}");
}

#[tokio::test]
async fn the_auditor_holds_a_month_against_its_second_copy() {
    let office = office().await;
    let (_, clerk) = office.person("sato", "佐藤 花子", Role::Clerk).await;
    office.get(&clerk, "/").await;
    office.wait(24 * 9);
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    let path = "/audit/months/2026-11";
    assert!(office.get(&auditor, path).await.text().contains("照合していない日 30日"));
    assert_eq!(office.post(&auditor, &format!("{path}/compare"), &[]).await.status, StatusCode::SEE_OTHER);
    assert!(office.get(&auditor, path).await.text().contains("/audit/months/2026-11/progress"));
    // Another month's comparison is another one.
    let before = "select count(*) from jobs where kind = 'compare_log'";
    office.post(&auditor, "/audit/months/2026-10/compare", &[]).await;
    office.post(&auditor, &format!("{path}/compare"), &[]).await;
    assert_eq!(office.stage.value::<i64>(before).await, 2);
    health::worker(&office.stage.app).run_all().await.unwrap();
    let text = office.get(&auditor, path).await.text();
    assert!(text.contains("照合した日 30日、一致しない日 0日、照合していない日 0日"), "{text}");
}

#[tokio::test]
async fn a_notice_stands_on_the_home_pages_of_auditor_and_id_manager_until_it_is_acknowledged() {
    let office = office().await;
    let kit = &office.stage.app.kit;
    let (_, auditor) = office.person("auditor", "監査 さくら", Role::Auditor).await;
    let (_, manager) = office.person("manager", "管理 じろう", Role::IdManager).await;
    let (clerk, at_desk) = office.person("sato", "佐藤 花子", Role::Clerk).await;
    for _ in 0..20 {
        assert_eq!(office.get(&at_desk, "/audit").await.status, StatusCode::FORBIDDEN);
    }
    kit.watch.settle(kit).await.unwrap();
    let title = Intrusion::RefusalBurst.ja();
    for (session, is_told) in [(&auditor, true), (&manager, true), (&at_desk, false)] {
        assert_eq!(office.get(session, "/").await.text().contains(title), is_told);
    }
    let list = office.get(&manager, "/audit/intrusions").await.text();
    let id = list.split("/audit/intrusions/").nth(1).unwrap()[..36].to_owned();
    let path = format!("/audit/intrusions/{id}");
    // The auditor is led to the log, the ID manager may not go there.
    let link = format!("staff={}", clerk.staff_id);
    assert!(office.get(&auditor, &path).await.text().contains(&link));
    assert!(!office.get(&manager, &path).await.text().contains(&link));
    let sent = format!("{path}/acknowledge");
    let empty = office.post(&manager, &sent, &[("note", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, stranger) = office.person_of(ITABASHI, "manager", "管理 隣", Role::IdManager).await;
    assert_eq!(office.post(&stranger, &sent, &[("note", "x")]).await.status, StatusCode::NOT_FOUND);
    assert!(!office.get(&stranger, "/").await.text().contains(title));
    let (_, own) = office.person("sato", "佐藤 花子", Role::IdManager).await;
    assert_eq!(
        office.post(&own, &sent, &[("note", "自分で")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert!(office.post(&manager, &sent, &[("note", "異動直後の操作")]).await.status.is_redirection());
    assert_eq!(office.post(&auditor, &sent, &[("note", "遅れて")]).await.status, StatusCode::CONFLICT);
    assert!(!office.get(&auditor, "/").await.text().contains(title));
    let all = office.get(&auditor, "/audit/intrusions?which=all").await.text();
    assert!(all.contains(title) && all.contains("管理 じろう"), "{all}");
}
