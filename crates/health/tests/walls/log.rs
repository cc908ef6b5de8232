//! What the auditor asks of the log: who saw this person, what did this member of staff do, what was changed.

use super::town::{Ground as _, MARKS, Walls, walls};
use desk::audit::words::{field_ja, kind_ja};
use kit::{Role, testing::walls::words};
use uuid::Uuid;

/// The ids of the entries on a page of the log.
fn listed(text: &str) -> Vec<Uuid> {
    text.split("href=\"/audit/").skip(1).filter_map(|rest| rest.get(..36)?.parse().ok()).collect()
}

async fn ids(walls: &Walls, sql: &'static str, of: Uuid) -> Vec<Uuid> {
    let pool = walls.stage.db.superuser_pool();
    sqlx::query_scalar(sql).bind(walls.ours.municipality.0).bind(of).fetch_all(&pool).await.unwrap()
}

#[tokio::test]
async fn who_saw_a_person_and_what_somebody_did_is_answered_in_full_and_with_nothing_else() {
    let walls = walls(MARKS).await;
    let person = walls.ours.things.resident;
    for role in [Role::Clerk, Role::Approver] {
        let session = walls.session(&walls.ours, role).await;
        walls.get(Some(&session), &format!("/residents/{person}")).await;
        walls.get(Some(&session), "/campaigns").await;
    }
    let auditor = walls.session(&walls.ours, Role::Auditor).await;
    let clerk = walls.ours.acting(Role::Clerk).staff_id;
    let of_person = ids(
        &walls,
        "select entry_id from audit_entries where municipality_code = $1 and target_id = $2 order by at desc, entry_id desc",
        person,
    )
    .await;
    let of_clerk = ids(
        &walls,
        "select entry_id from audit_entries where municipality_code = $1 and staff_id = $2 and at >= '2026-11-01' order by at desc, entry_id desc",
        clerk,
    )
    .await;
    assert!(of_person.len() >= 2 && of_clerk.len() >= 3);
    let asked = walls.get(Some(&auditor), &format!("/audit?target={person}&from=R8.11.1")).await;
    assert_eq!(listed(&asked.text()), of_person);
    let asked = walls.get(Some(&auditor), &format!("/audit?staff={clerk}&from=2026-11-01")).await;
    assert_eq!(listed(&asked.text()), of_clerk[..of_clerk.len().min(100)]);
    let both = format!("/audit?staff={clerk}&target={person}&outcome=viewed&action=view_resident");
    let asked = walls.get(Some(&auditor), &both).await;
    assert_eq!(listed(&asked.text()).len(), 1);
    // A slip in copying must not show the log of somebody else, or all of it.
    let asked = walls.get(Some(&auditor), "/audit?target=1234").await.text();
    assert!(asked.contains("行から写して入力してください") && listed(&asked).is_empty(), "{asked}");
}

#[tokio::test]
async fn one_entry_shows_what_was_before_and_after_and_leads_on() {
    let walls = walls(MARKS).await;
    let auditor = walls.session(&walls.ours, Role::Auditor).await;
    let entry = walls.ours.things.entry;
    sqlx::query(
        "update audit_entries set before = '{\"version\": 1, \"lot\": \"A1\"}', after = '{\"version\": 2, \"lot\": \"A1\"}',
             target_kind = 'resident', target_id = $2 where entry_id = $1",
    )
    .bind(entry)
    .bind(walls.ours.things.resident)
    .execute(&walls.stage.db.superuser_pool())
    .await
    .unwrap();
    let page = walls.get(Some(&auditor), &format!("/audit/{entry}")).await.text();
    assert!(page.contains("<del>1</del>") && page.contains("<ins>2</ins>"), "{page}");
    assert!(page.contains(&format!("/audit?target={}", walls.ours.things.resident)), "{page}");
    let log: i64 = sqlx::query_scalar(
        "select count(*) from audit_entries where action = 'view_audit' and target_kind = 'entry' and target_id = $1",
    )
    .bind(entry)
    .fetch_one(&walls.stage.db.superuser_pool())
    .await
    .unwrap();
    assert_eq!(log, 1, "also the auditor's look is in the log");
}

/// Every key that an entry of a full walk carries has its name, and so has whatever it is about.
#[tokio::test]
async fn the_auditor_reads_names_of_all_that_entries_say() {
    let walls = walls(MARKS).await;
    let unnamed = words::unnamed(&walls, field_ja, kind_ja).await;
    assert!(unnamed.is_empty(), "say in desk::audit::words what these are called: {unnamed:?}");
    let pool = walls.stage.db.superuser_pool();
    let entry: Uuid = sqlx::query_scalar(
        "select entry_id from audit_entries where municipality_code = $1 and detail ->> 'page' = 'household' limit 1",
    )
    .bind(walls.ours.municipality.0)
    .fetch_one(&pool)
    .await
    .unwrap();
    let auditor = walls.session(&walls.ours, Role::Auditor).await;
    let page = walls.get(Some(&auditor), &format!("/audit/{entry}")).await.text();
    assert!(page.contains("画面（page）") && page.contains("世帯（household）"), "{page}");
}
