//! A list in the hands of its chiefs: decided, shared, signed.

use super::{Begun, begun, office};
use crate::support::{ITABASHI, KITA, PASSWORD};
use axum::http::{StatusCode, header};
use kit::Role;
use uuid::Uuid;

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
    let Begun { office, chief, director, part, .. } = begun().await;
    let stage = &office.stage;
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
    let Begun { office, chief, director, part, .. } = begun().await;
    let stage = &office.stage;
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
    let Begun { office, chief, director, part, .. } = begun().await;
    let stage = &office.stage;
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
    let Begun { office, chief, part, .. } = begun().await;
    let stage = &office.stage;
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
