use super::builder::Residents;
use crate::support::{ITABASHI, KITA, Stage, stage};
use health::imports::{FeedState, FeedSummary, Options, Weight, case::take_residents};
use kit::Role;

async fn take(stage: &Stage, content: impl AsRef<[u8]>) -> FeedSummary {
    let acting = stage.staff(KITA, Role::Clerk).await;
    take_residents(&stage.app, &acting, &stage.file(content), Options::default()).await.unwrap()
}

fn errors(feed: &FeedSummary) -> Vec<String> {
    feed.faults.iter().filter(|fault| fault.weight == Weight::Error).map(ToString::to_string).collect()
}

/// A file that is refused with exactly these faults, and of which nothing remains but its refusal.
async fn refused(content: impl AsRef<[u8]>, expected: &[&str]) {
    let stage = stage().await;
    let feed = take(&stage, content).await;
    assert_eq!(errors(&feed), expected);
    assert_eq!(feed.state, FeedState::Refused);
    assert_eq!(stage.value::<i64>("select count(*) from residents").await, 0);
    assert_eq!(stage.value::<String>("select state from feeds").await, "refused");
    assert_eq!(stage.value::<i64>("select count(*) from feed_errors").await, feed.faults.len() as i64);
}

#[tokio::test]
async fn a_complete_file_is_taken_and_counted() {
    let stage = stage().await;
    let feed = take(&stage, Residents::example().text()).await;
    assert_eq!(feed.state, FeedState::Applied, "{feed:?}");
    assert_eq!((feed.counts.read, feed.counts.added, feed.errors, feed.warnings), (8, 8, 0, 0));
    assert!(feed.counts.add_up());
    let name: String = stage
        .value("select name_kanji || '/' || kana_key || '/' || address_key from residents where addressee_number = '000000000100001'")
        .await;
    assert_eq!(name, "髙橋　健一/タカハシケンイチ/王子1-5-12");
    assert_eq!(
        stage
            .value::<String>("select detail->>'added' from audit_entries where action = 'import_residents'")
            .await,
        "8"
    );
}
