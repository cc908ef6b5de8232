//! 権限の点検: who confirms whose rights, what is frozen and signed, and what a signature brings about.

use crate::support::{Answer, ITABASHI, KITA, PASSWORD, Stage, stage};
use axum::http::{StatusCode, header};
use domain::Date;
use hub::reviews::{
    plan::{self, Holder, Known, Plan, groups},
    rules::{self, Asked, Bar, Change, Chief, Decided, Decision, Item, Kind, Part},
};
use jiff::SignedDuration;
use kit::Role;
use uuid::Uuid;

const SECTION: Uuid = Uuid::from_u128(100);
const ABOVE: Uuid = Uuid::from_u128(101);
const ELSEWHERE: Uuid = Uuid::from_u128(102);
const CLERK: Uuid = Uuid::from_u128(1);
const CHIEF: Uuid = Uuid::from_u128(2);
const DIRECTOR: Uuid = Uuid::from_u128(3);
const OTHER: Uuid = Uuid::from_u128(4);

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn part(chief: Option<Uuid>) -> Part {
    Part {
        part_id: Uuid::from_u128(9),
        section_id: Some(SECTION),
        above_id: Some(ABOVE),
        chief_id: chief,
        people: vec![chief.unwrap_or(CLERK)],
        is_signed: false,
        is_closed: false,
    }
}

#[test]
fn a_list_goes_to_the_sections_chief_or_the_one_above_and_never_to_whoever_is_on_it() {
    let chief = Chief { staff_id: CHIEF, section_id: SECTION };
    let second = Chief { staff_id: Uuid::from_u128(5), section_id: SECTION };
    let director = Chief { staff_id: DIRECTOR, section_id: ABOVE };
    let other = Chief { staff_id: OTHER, section_id: ELSEWHERE };
    let become_chief = Chief { staff_id: CLERK, section_id: SECTION };
    let top = |part: Part| Part { above_id: None, ..part };
    for (what, part, chiefs, want) in [
        ("the chief", part(None), vec![chief, director, other], Asked::Section(vec![CHIEF])),
        ("no chief", part(None), vec![director, other], Asked::Above(vec![DIRECTOR])),
        ("no chief, nobody above", part(None), vec![other], Asked::Nobody),
        ("a chief's own", part(Some(CHIEF)), vec![chief, director], Asked::Above(vec![DIRECTOR])),
        (
            "a chief's own, a second chief",
            part(Some(CHIEF)),
            vec![chief, second, director],
            Asked::Section(vec![second.staff_id]),
        ),
        ("a chief's own at the top", top(part(Some(CHIEF))), vec![chief, other], Asked::Other(vec![OTHER])),
        ("the only chief's own", top(part(Some(CHIEF))), vec![chief], Asked::Nobody),
        ("chief since", top(part(None)), vec![become_chief, other], Asked::Other(vec![OTHER])),
        (
            "no section",
            Part { section_id: None, above_id: None, ..part(None) },
            vec![chief, other],
            Asked::Nobody,
        ),
    ] {
        let asked = rules::asked(&part, &chiefs);
        assert_eq!(asked, want, "{what}");
        for id in asked.ids() {
            assert_eq!(rules::may_decide(&part, &chiefs, *id), Ok(()), "{what}");
        }
    }
    let chiefs = [chief, director, other];
    assert_eq!(rules::may_decide(&part(None), &chiefs, DIRECTOR), Ok(()), "the one above stands in");
    assert_eq!(rules::may_decide(&part(None), &chiefs, OTHER), Err(Bar::NotYours));
    assert_eq!(rules::may_decide(&part(Some(CHIEF)), &chiefs, CHIEF), Err(Bar::OwnRights));
    let signed = Part { is_signed: true, ..part(None) };
    assert_eq!(rules::may_decide(&signed, &chiefs, CHIEF), Err(Bar::Signed));
    let closed = Part { is_closed: true, ..part(None) };
    assert_eq!(rules::may_decide(&closed, &chiefs, CHIEF), Err(Bar::Closed));
    assert!(rules::may_see(&closed, &chiefs, CHIEF) && !rules::may_see(&closed, &chiefs, OTHER));
}

#[test]
fn the_yearly_review_is_missing_from_the_first_of_april_and_late_after_its_day() {
    for (today, started, want) in [
        ("2027-03-31", Some(2026), false),
        ("2027-04-01", Some(2026), true),
        ("2027-04-02", Some(2026), true),
        ("2027-04-01", Some(2027), false),
        ("2027-03-31", None, true),
    ] {
        assert_eq!(rules::is_missing(started, day(today)), want, "{today} {started:?}");
    }
    for (today, want) in [("2027-04-29", false), ("2027-04-30", false), ("2027-05-01", true)] {
        assert_eq!(rules::is_overdue(day("2027-04-30"), day(today)), want, "{today}");
    }
}

#[test]
fn a_review_is_proposed_and_checked_by_its_days() {
    let proposed = |today, yearly| {
        let plan = plan::proposal(Known { is_one_open: false, yearly }, day(today));
        (plan.kind, plan.name, plan.base_on.to_string(), plan.due_on.to_string())
    };
    let yearly = |base: &str, due: &str| {
        (Kind::Yearly, "令和9年度の権限点検".to_owned(), base.to_owned(), due.to_owned())
    };
    assert_eq!(proposed("2027-04-01", Some(2026)), yearly("2027-04-01", "2027-05-01"));
    assert_eq!(proposed("2027-05-01", Some(2026)), yearly("2027-04-01", "2027-05-31"));
    assert_eq!(proposed("2027-05-02", Some(2026)), yearly("2027-05-02", "2027-06-01"));
    assert_eq!(proposed("2027-04-02", Some(2027)).0, Kind::AsNeeded);

    let today = day("2027-04-10");
    let plan = |kind, base, due| Plan { name: "x".to_owned(), kind, base_on: day(base), due_on: day(due) };
    let open = Known { is_one_open: true, yearly: Some(2026) };
    let last = Known { is_one_open: false, yearly: Some(2026) };
    let this = Known { is_one_open: false, yearly: Some(2027) };
    for (what, known, want) in [
        (plan(Kind::Yearly, "2027-04-01", "2027-04-30"), last, vec![]),
        (plan(Kind::Yearly, "2027-03-31", "2027-04-30"), last, vec!["base_on"]),
        (plan(Kind::AsNeeded, "2027-03-31", "2027-04-30"), last, vec![]),
        (plan(Kind::AsNeeded, "2027-03-11", "2027-04-30"), last, vec![]),
        (plan(Kind::AsNeeded, "2027-03-10", "2027-04-30"), last, vec!["base_on"]),
        (plan(Kind::AsNeeded, "2027-04-10", "2027-04-10"), last, vec![]),
        (plan(Kind::AsNeeded, "2027-04-11", "2027-04-30"), last, vec!["base_on"]),
        (plan(Kind::AsNeeded, "2027-04-09", "2027-04-09"), last, vec!["due_on"]),
        (plan(Kind::AsNeeded, "2027-04-10", "2027-07-09"), last, vec![]),
        (plan(Kind::AsNeeded, "2027-04-10", "2027-07-10"), last, vec!["due_on"]),
        (plan(Kind::Yearly, "2027-04-10", "2027-04-30"), this, vec!["kind"]),
        (plan(Kind::Yearly, "2027-04-10", "2027-04-30"), open, vec!["name"]),
    ] {
        let found: Vec<_> = plan::faults(&what, known, today).into_iter().map(|(field, _)| field).collect();
        assert_eq!(found, want, "{what:?} {known:?}");
    }
}

#[test]
fn people_fall_into_lists_by_section_and_chiefs_into_lists_of_their_own() {
    let holder = |id: u128, section, roles: &[Role]| Holder {
        staff_id: Uuid::from_u128(id),
        section_id: section,
        roles: roles.to_vec(),
    };
    let found = groups(&[
        holder(1, Some(SECTION), &[Role::Clerk]),
        holder(2, Some(SECTION), &[Role::Chief, Role::Approver]),
        holder(3, None, &[Role::Clerk]),
        holder(4, Some(SECTION), &[]),
        holder(5, Some(SECTION), &[Role::Approver]),
    ]);
    let shape: Vec<_> = found
        .iter()
        .map(|group| {
            let people: Vec<u128> = group.people.iter().map(|id| id.as_u128()).collect();
            (group.section_id, group.chief_id.is_some(), people)
        })
        .collect();
    assert_eq!(
        shape,
        [(Some(SECTION), false, vec![1, 5]), (Some(SECTION), true, vec![2]), (None, false, vec![3]),]
    );
    // What would not fit into one form becomes two lists.
    for (people, lists) in [(399, 1), (400, 1), (401, 2)] {
        let many: Vec<_> = (0..people).map(|id| holder(id, Some(SECTION), &[Role::Clerk])).collect();
        assert_eq!(groups(&many).len(), lists, "{people}");
    }
}

#[test]
fn a_signature_is_for_the_list_and_every_decision() {
    let item = |role, decided: Option<(Decision, &str)>| Item {
        staff_id: CLERK,
        role,
        duties: vec!["records".to_owned()],
        from_on: day("2026-04-01"),
        until_on: None,
        decided: decided.map(|(decision, reason)| (decision, reason.to_owned())),
        is_held: true,
    };
    let keep = || item(Role::Clerk, Some((Decision::Keep, "")));
    let open = item(Role::Approver, None);
    assert_eq!(rules::settle(&[keep(), open.clone()]), Err(Bar::Undecided(1)));
    let ended = Item { is_held: false, ..open };
    let settled = rules::settle(&[keep(), ended]).unwrap();
    assert_eq!(settled[1].decided, Some((Decision::Ended, String::new())));

    let list = rules::version_of_list(CHIEF, &settled);
    let version = rules::version_to_sign(&list, &settled);
    let turned: Vec<_> = settled.iter().rev().cloned().collect();
    assert_eq!(rules::version_of_list(CHIEF, &turned), list);
    assert_eq!(rules::version_to_sign(&list, &turned), version);
    let changed: [fn(&mut Item); 2] = [
        |item| item.decided = Some((Decision::Remove, String::new())),
        |item| item.decided = Some((Decision::Keep, "x".to_owned())),
    ];
    for change in changed {
        let mut other = settled.clone();
        change(&mut other[0]);
        assert_eq!(rules::version_of_list(CHIEF, &other), list);
        assert_ne!(rules::version_to_sign(&list, &other), version);
    }
    let mut other = settled.clone();
    other[0].until_on = Some(day("2027-03-31"));
    assert_ne!(rules::version_of_list(CHIEF, &other), list);
    assert_ne!(rules::version_of_list(OTHER, &settled), list);
}

#[test]
fn a_line_is_written_only_where_the_page_changes_it_and_nobody_else_has_since() {
    let decided = |decision, reason: &str| -> Option<Decided> { Some((decision, reason.to_owned())) };
    let (open, keep) = (|| None, || decided(Decision::Keep, ""));
    let remove = || decided(Decision::Remove, "担当を外れたため");
    let other = || decided(Decision::Remove, "休職のため");
    for (what, shown, chosen, kept, want) in [
        ("left open", open(), open(), open(), Change::Nothing),
        ("left as it was", keep(), keep(), keep(), Change::Nothing),
        ("decided", open(), keep(), open(), Change::Write),
        ("decided otherwise", keep(), remove(), keep(), Change::Write),
        ("another reason", remove(), other(), remove(), Change::Write),
        ("opened again", keep(), open(), keep(), Change::Write),
        ("left open, decided by another", open(), open(), keep(), Change::Nothing),
        ("left as it was, changed by another", keep(), keep(), remove(), Change::Nothing),
        ("left as it was, opened by another", keep(), keep(), open(), Change::Nothing),
        ("both the same", open(), remove(), remove(), Change::Nothing),
        ("both, otherwise", open(), remove(), keep(), Change::Overtaken),
        ("both, for another reason", open(), remove(), other(), Change::Overtaken),
        ("changed, and opened by another", keep(), remove(), open(), Change::Overtaken),
        ("opened again, and changed by another", keep(), open(), remove(), Change::Overtaken),
    ] {
        let found = rules::change(&rules::mark(shown.as_ref()), chosen.as_ref(), kept.as_ref());
        assert_eq!(found, want, "{what}");
    }
    let marks = [open(), keep(), remove(), other()].map(|one| rules::mark(one.as_ref()));
    for (nth, mark) in marks.iter().enumerate() {
        assert!(!marks[..nth].contains(mark) && !mark.contains([' ', '=']), "{mark}");
    }
}

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

#[tokio::test]
async fn the_chief_confirms_the_section_signs_it_and_what_was_removed_ends_with_the_day() {
    let office = office().await;
    let stage = &office.stage;
    let (manager, chief) = (office.browser("manager").await, office.browser("chief").await);
    assert!(stage.get(&manager, "/").await.text.contains("今年度の点検がまだ始まっていません"));
    assert!(!stage.get(&chief, "/").await.text.contains("権限の点検が届いています"));
    let started = office.start(&manager).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text);
    let review = started.header(header::LOCATION).to_owned();
    assert!(!stage.get(&manager, "/").await.text.contains("まだ始まっていません"));
    let home = stage.get(&chief, "/").await.text;
    assert!(home.contains("署名していない名簿が3件あります"), "{home}");

    let part = office.part("保健予防課", "").await;
    let page = stage.get(&chief, &part).await.text;
    for shown in ["approver", "clerk", "兼ねると", "2026-11-23から", "未決", "名簿の版"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // A removal without its reason; then one role left open, which is kept and pointed out.
    let field = format!("d-{}-approver", office.approver);
    let wrong = stage.post(&chief, &part, &part, &[(&field, "remove"), ("next", "save")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("approverさんの承認者を削除する理由を入力してください"), "{}", wrong.text);
    let some = stage.post(&chief, &part, &part, &[(&field, "keep"), ("next", "sign")]).await;
    let open = stage.get(&chief, some.header(header::LOCATION)).await.text;
    assert!(open.contains("clerkさんの事務担当者について「継続」か「削除」を選択してください"), "{open}");
    assert_eq!(office.count("select count(*) from review_decisions").await, 1);
    assert!(stage.get(&manager, &review).await.text.contains("1 / 3件"));
    let early = stage.get(&chief, &format!("{part}/sign")).await;
    assert_eq!(early.status, StatusCode::CONFLICT);

    let decided = office.decide(&chief, &part, Some(office.approver), "sign").await;
    assert_eq!(decided.header(header::LOCATION), format!("{part}/sign"), "{}", decided.text);
    let form = stage.get(&chief, &format!("{part}/sign")).await;
    let version = form.field("version");
    let fields = [("version", version.as_str()), ("items", "3"), ("count", "2")];
    let miscounted = stage.post(&chief, &format!("{part}/sign"), &format!("{part}/sign"), &fields).await;
    assert_eq!(miscounted.status, StatusCode::UNPROCESSABLE_ENTITY);
    let signed = office.sign(&chief, &part).await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.text);
    let ended = "select string_agg(h.role || ' ' || h.until_on, ',' order by h.role) from holdings h
        where until_on is not null";
    assert_eq!(stage.value::<String>(ended).await, "approver 2026-11-23,clerk 2026-11-23");
    let application = "select kind || ' ' || state || ' ' || reason from rights_applications";
    assert_eq!(
        stage.value::<String>(application).await,
        "removal applied 令和8年度の権限点検：担当を外れたため"
    );
    // Signed once, and nothing after it.
    let again = office.decide(&chief, &part, None, "save").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    // What still waits are the two chiefs at the top, whose own rights any other chief confirms.
    let home = stage.get(&chief, "/").await.text;
    assert!(home.contains("署名していない名簿が2件あります"), "{home}");
}

#[tokio::test]
async fn nobody_confirms_their_own_rights_nor_those_of_a_section_they_do_not_lead() {
    let office = office().await;
    let stage = &office.stage;
    stage.member(ITABASHI, ("neighbour", "保健予防課"), &[Role::Chief]).await;
    let neighbour = stage.sign_in(ITABASHI, "neighbour", PASSWORD).await.cookie();
    let (manager, chief) = (office.browser("manager").await, office.browser("chief").await);
    let review = office.start(&manager).await.header(header::LOCATION).to_owned();
    let (staff, own) = (office.part("保健予防課", "").await, office.part("保健予防課", "chief").await);
    let top = office.part("健康部", "director").await;
    let (director, chief2) = (office.browser("director").await, office.browser("chief2").await);
    let (auditor, clerk) = (office.browser("auditor").await, office.browser("clerk").await);
    for (who, cookie, path, want) in [
        ("the chief, of the section", &chief, &staff, StatusCode::OK),
        ("the chief, of the own", &chief, &own, StatusCode::NOT_FOUND),
        ("the director, of the section below", &director, &staff, StatusCode::OK),
        ("the director, of the chief below", &director, &own, StatusCode::OK),
        ("the director, of the own", &director, &top, StatusCode::NOT_FOUND),
        ("a chief elsewhere, of the section", &chief2, &staff, StatusCode::NOT_FOUND),
        ("a chief elsewhere, of the top", &chief2, &top, StatusCode::OK),
        ("the neighbour", &neighbour, &staff, StatusCode::NOT_FOUND),
        ("the neighbour, of the review", &neighbour, &review, StatusCode::NOT_FOUND),
        ("the auditor", &auditor, &own, StatusCode::OK),
        ("the ID manager", &manager, &top, StatusCode::OK),
        ("a clerk", &clerk, &staff, StatusCode::FORBIDDEN),
    ] {
        assert_eq!(stage.get(cookie, path).await.status, want, "{who}");
    }
    for (who, cookie, path, want) in [
        ("the chief, of the own", &chief, &own, StatusCode::NOT_FOUND),
        ("the auditor", &auditor, &staff, StatusCode::FORBIDDEN),
        ("the ID manager", &manager, &staff, StatusCode::FORBIDDEN),
        ("the neighbour", &neighbour, &staff, StatusCode::NOT_FOUND),
        ("a chief elsewhere", &chief2, &staff, StatusCode::NOT_FOUND),
    ] {
        for path in [path.clone(), format!("{path}/sign")] {
            let sent = stage.post(cookie, "/rights", &path, &[("items", "0"), ("count", "0")]).await;
            assert_eq!(sent.status, want, "{who} {path}: {}", sent.text);
        }
    }
    assert_eq!(office.count("select count(*) from review_decisions").await, 0);
    // The one above confirms the chief's own, another chief the director's.
    for (cookie, part) in [(&director, &own), (&chief2, &top)] {
        office.decide(cookie, part, None, "sign").await;
        assert_eq!(office.sign(cookie, part).await.status, StatusCode::SEE_OTHER);
    }
    // Whoever cannot be confirmed by anybody is named to the ID manager.
    let page = stage.get(&manager, &review).await.text;
    assert!(page.contains("点検できる所属長がいない名簿があります"), "{page}");
    assert!(page.contains("情報政策課、監査事務局") || page.contains("監査事務局、情報政策課"), "{page}");
}

#[tokio::test]
async fn a_list_that_changed_since_it_was_shown_is_not_signed_and_two_signatures_are_one() {
    let office = office().await;
    let stage = &office.stage;
    let (manager, chief) = (office.browser("manager").await, office.browser("chief").await);
    let director = office.browser("director").await;
    office.start(&manager).await;
    let part = office.part("保健予防課", "").await;
    office.decide(&chief, &part, None, "sign").await;
    let page = format!("{part}/sign");
    let version = stage.get(&chief, &page).await.field("version");
    office.decide(&director, &part, Some(office.approver), "save").await;
    let fields = [("version", version.as_str()), ("items", "3"), ("count", "3")];
    let stale = stage.post(&chief, "/rights", &page, &fields).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("名簿の判断が変わりました"), "{}", stale.text);

    let both = futures_util::future::join(office.sign(&chief, &part), office.sign(&director, &part)).await;
    let mut answers = [both.0.status, both.1.status];
    answers.sort();
    assert_eq!(answers, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    assert_eq!(office.count("select count(*) from review_signatures").await, 1);
    assert_eq!(office.count("select count(*) from rights_applications").await, 1);
}

#[tokio::test]
async fn of_two_who_decide_about_one_list_neither_undoes_what_the_other_has_done() {
    let office = office().await;
    let stage = &office.stage;
    let (manager, chief) = (office.browser("manager").await, office.browser("chief").await);
    let director = office.browser("director").await;
    office.start(&manager).await;
    let part = office.part("保健予防課", "").await;
    let clerk: Uuid = stage.value("select staff_id from staff where login = 'clerk'").await;
    let kept = "select string_agg(concat_ws(' ', s.login, d.role, d.decision, author.login), ',' order by s.login, d.role)
        from review_decisions d join staff s using (municipality_code, staff_id)
        join staff author on author.municipality_code = d.municipality_code and author.staff_id = d.decided_by";
    let [as_approver, as_clerk, of_clerk] = [
        format!("{}-approver", office.approver),
        format!("{}-clerk", office.approver),
        format!("{clerk}-clerk"),
    ];
    let names = |kind: &str| [&as_approver, &as_clerk, &of_clerk].map(|field| format!("{kind}-{field}"));
    let (choices, reasons) = (names("d"), names("r"));
    let send = async |cookie: &str, shown: &str, chosen: [(&str, &str); 3]| {
        let mut fields = vec![("next", "save"), ("shown", shown)];
        for (nth, (choice, reason)) in chosen.into_iter().enumerate() {
            fields.extend([(choices[nth].as_str(), choice), (reasons[nth].as_str(), reason)]);
        }
        stage.post(cookie, &part, &part, &fields).await
    };

    // Both have the list open. The chief decides about two lines; the director about the third, on the older page.
    let older = stage.get(&director, &part).await.field("shown");
    assert_eq!(older, "", "nothing is decided");
    let saved = send(&chief, &older, [("keep", ""), ("keep", ""), ("", "")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let saved = send(&director, &older, [("", ""), ("", ""), ("keep", "")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert_eq!(
        stage.value::<String>(kept).await,
        "approver approver keep chief,approver clerk keep chief,clerk clerk keep director"
    );

    // On the older page, too: a line that the chief has decided about. The director hears of it; nothing is written.
    let both = send(&director, &older, [("remove", "担当を外れたため"), ("", ""), ("remove", "")]).await;
    assert_eq!(both.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", both.text);
    let overtaken = "approverさんの承認者の判断は、この画面を開いた後に「継続」に変わりました";
    // All errors at once, what was typed stays, and what was not touched is shown as it is by now.
    for shown in
        [overtaken, "clerkさんの事務担当者を削除する理由を入力してください", "value=\"担当を外れたため\""]
    {
        assert!(both.text.contains(shown), "{shown}: {}", both.text);
    }
    assert!(
        both.text.contains(&format!("name=\"d-{as_approver}\" value=\"remove\" checked")),
        "{}",
        both.text
    );
    assert!(both.text.contains(&format!("name=\"d-{as_clerk}\" value=\"keep\" checked")), "{}", both.text);
    assert_eq!(stage.value::<i64>("select count(*) from review_decisions where decision = 'keep'").await, 3);

    // Sent once more, knowing of it: only what the director changes is the director's.
    let again =
        send(&director, &both.field("shown"), [("remove", "担当を外れたため"), ("keep", ""), ("keep", "")])
            .await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text);
    assert_eq!(
        stage.value::<String>(kept).await,
        "approver approver remove director,approver clerk keep chief,clerk clerk keep director"
    );
    // And the chief, whose page is older now, does not bring the own decision back.
    let newer = stage.get(&chief, &part).await.field("shown");
    office.decide(&director, &part, Some(clerk), "save").await;
    let stale = send(&chief, &newer, [("remove", "担当を外れたため"), ("keep", ""), ("", "")]).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", stale.text);
    assert!(
        stale.text.contains("この画面を開いた後に「削除：担当を外れたため」に変わりました"),
        "{}",
        stale.text
    );
}

#[tokio::test]
async fn of_two_who_save_at_once_one_hears_of_the_other() {
    let office = office().await;
    let stage = &office.stage;
    let (manager, chief) = (office.browser("manager").await, office.browser("chief").await);
    let director = office.browser("director").await;
    office.start(&manager).await;
    let part = office.part("保健予防課", "").await;
    let [choice, reason] = ["d", "r"].map(|kind| format!("{kind}-{}-approver", office.approver));
    let fields = |decision, why| [(choice.as_str(), decision), (reason.as_str(), why), ("shown", "")];
    let (keep, remove) = (fields("keep", ""), fields("remove", "担当を外れたため"));
    let both = futures_util::future::join(
        stage.post(&chief, &part, &part, &keep),
        stage.post(&director, &part, &part, &remove),
    )
    .await;
    let mut answers = [both.0.status, both.1.status];
    answers.sort();
    assert_eq!(answers, [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY]);
    assert_eq!(office.count("select count(*) from review_decisions").await, 1);
}

#[tokio::test]
async fn a_reason_beside_what_is_undecided_does_not_vanish() {
    let office = office().await;
    let stage = &office.stage;
    let (manager, chief) = (office.browser("manager").await, office.browser("chief").await);
    office.start(&manager).await;
    let part = office.part("保健予防課", "").await;
    let [choice, reason] = ["d", "r"].map(|kind| format!("{kind}-{}-approver", office.approver));
    for next in ["save", "sign"] {
        let fields = [(choice.as_str(), ""), (reason.as_str(), "異動の予定があるため"), ("next", next)];
        let asked = stage.post(&chief, &part, &part, &fields).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "{next}: {}", asked.text);
        for shown in ["approverさんの承認者に理由があります", "value=\"異動の予定があるため\""]
        {
            assert!(asked.text.contains(shown), "{next}: {shown}: {}", asked.text);
        }
    }
    assert_eq!(office.count("select count(*) from review_decisions").await, 0);
}

#[tokio::test]
async fn of_people_without_a_section_it_is_said_that_only_an_end_without_a_signature_is_left() {
    let office = office().await;
    let stage = &office.stage;
    let manager = office.browser("manager").await;
    let nowhere = "「所属の登録なし」の名簿には署名できません";
    stage.member(KITA, ("nowhere", ""), &[Role::Clerk]).await;
    let review = office.start(&manager).await.header(header::LOCATION).to_owned();
    let page = stage.get(&manager, &review).await.text;
    for shown in [nowhere, "署名のないまま終了してください", "点検できる所属長がいない名簿があります"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // What helps the other lists is not offered for this one.
    let others = page.split("点検できる所属長がいない名簿があります").nth(1).unwrap();
    let others = others.split("所属長の権限を付けるか").next().unwrap();
    assert!(others.contains("情報政策課") && !others.contains("所属の登録なし"), "{others}");
    let part: String =
        stage.value("select '/reviews/parts/' || part_id from review_parts where section_id is null").await;
    let chief = office.browser("chief").await;
    assert_eq!(stage.get(&chief, &part).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_changed_since_the_freeze_is_shown_and_needs_no_decision() {
    let office = office().await;
    let stage = &office.stage;
    let (manager, chief) = (office.browser("manager").await, office.browser("chief").await);
    office.start(&manager).await;
    let part = office.part("保健予防課", "").await;
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
    let office = office().await;
    let stage = &office.stage;
    let (manager, chief) = (office.browser("manager").await, office.browser("chief").await);
    office.start(&manager).await;
    let part = office.part("保健予防課", "").await;
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
