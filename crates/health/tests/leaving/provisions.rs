//! ネットワーク外の提供: records for somebody else.

use super::{Office, YES, office, words};
use crate::support::KITA;
use axum::http::StatusCode;
use domain::schedule::Vaccine;
use uuid::Uuid;

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

#[tokio::test]
async fn what_cannot_be_drawn_was_not_handed_out() {
    let Office { stage, clerk, approver, .. } = office().await;
    let acting = stage.staff(KITA, kit::Role::Clerk).await;
    let odd = stage
        .add(
            KITA,
            crate::ward::Someone {
                name: "北野　\u{10FFFD}子", ..crate::ward::Someone::born("2025-08-10")
            },
        )
        .await;
    let approval = stage.ask_for_provision(&acting, &[odd]).await;
    let page = format!("/approvals/{approval}");
    approver.post(&page, &format!("{page}/provision"), &YES).await;
    let provision = format!("/provisions/{}", stage.about(KITA, approval).await);
    let answer = clerk.post(&provision, &format!("{provision}/hand"), &[]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
    assert!(answer.text().contains("を印刷できません"), "{}", answer.text());
    assert!(clerk.get(&provision).await.text().contains("提供していません"));
    let of_person = clerk.get(&format!("/residents/{odd}/provisions")).await.text();
    assert!(of_person.contains("提供した記録はありません"), "{of_person}");
    assert_eq!(stage.refusals("hand_provision").await, ["unprintable"]);
}

#[tokio::test]
async fn of_many_numbers_typed_nobody_is_left_out_in_silence() {
    let Office { stage, clerk, .. } = office().await;
    stage.children(KITA, 205).await;
    let numbers: Vec<String> = sqlx::query_scalar("select addressee_number from residents order by 1")
        .fetch_all(&stage.db.superuser_pool())
        .await
        .unwrap();
    let send = async |people: &[&str]| {
        let people = people.join("\n");
        let form = [
            ("recipient_kind", "police"),
            ("recipient", "北署 担当"),
            ("letter", ""),
            ("basis", "investigation"),
            ("purpose", "回答"),
            ("people", &people),
            ("item-name", "on"),
            ("means", "paper"),
            ("recipient_key", ""),
        ];
        clerk.post("/provisions/new", "/provisions/new", &form).await
    };
    // Ten typed twice, then the other 190: two hundred people.
    let mut typed: Vec<&str> = numbers[..10].iter().map(String::as_str).collect();
    typed.extend(numbers[..200].iter().map(String::as_str));
    assert_eq!(send(&typed).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stage.value::<i64>("select count(*) from provision_people").await, 200);
    typed.push(&numbers[200]);
    let answer = send(&typed).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("200人まで"), "{}", answer.text());
}
