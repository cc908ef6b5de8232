use super::builder::Residents;
use crate::support::{KITA, Stage, stage};
use health::imports::{
    FeedState, FeedSummary, Kind, Options,
    case::{take, take_residents},
};
use kit::Role;

const EXAMPLE: &str = include_str!("../../../../docs/formats/example-records.csv");
const CLINICS: &str = include_str!("../../../../docs/formats/example-clinics.csv");

/// A register with the example's eight people and its clinics.
async fn register() -> Stage {
    let stage = stage().await;
    let acting = stage.staff(KITA, Role::Clerk).await;
    let people = stage.file(Residents::example().text());
    take_residents(&stage.app, &acting, &people, Options::default()).await.unwrap();
    let clinics = stage.file(CLINICS);
    let feed = take(&stage.app, &acting, Kind::Clinics, &clinics, Options::default()).await.unwrap();
    assert_eq!((feed.state, feed.counts.added), (FeedState::Applied, 4), "{feed:?}");
    stage
}

async fn take_rows(stage: &Stage, rows: &[&str]) -> FeedSummary {
    let header = EXAMPLE.lines().nth(1).unwrap();
    let text = format!(
        "予防接種記録,1,131172,追加,2026-11-21,{}\r\n{header}\r\n{}\r\n",
        rows.len(),
        rows.join("\r\n")
    );
    let acting = stage.staff(KITA, Role::Clerk).await;
    take(&stage.app, &acting, Kind::Records, &stage.file(text), Options::default()).await.unwrap()
}

fn counts(feed: &FeedSummary) -> (u64, u64, u64) {
    assert!(feed.counts.add_up());
    (feed.counts.added, feed.counts.unchanged, feed.counts.to_review)
}

async fn reviews(stage: &Stage) -> Vec<(String, String, i32)> {
    sqlx::query_as("select kind, sentence, cardinality(candidates) from review_items order by line")
        .fetch_all(&stage.db.superuser_pool())
        .await
        .unwrap()
}

const DPT5: &str = "R1,1311700012,000000000100003,髙橋　陽翔,タカハシ　ハルト,2025-06-02,1,DPT5,1,2025-08-02,1,ゴービック,5K03B,2026-10-31,0.50,1311700012,佐藤　一郎,1,";

#[tokio::test]
async fn clear_rows_are_recorded_with_the_laws_verdict_and_a_twin_waits() {
    let stage = register().await;
    let acting = stage.staff(KITA, Role::Clerk).await;
    let file = stage.file(EXAMPLE);
    let feed = take(&stage.app, &acting, Kind::Records, &file, Options::default()).await.unwrap();
    assert_eq!(feed.state, FeedState::Applied, "{feed:?}");
    assert_eq!(counts(&feed), (4, 0, 1), "{:?}", reviews(&stage).await);
    let [(kind, sentence, candidates)] = &reviews(&stage).await[..] else { panic!("one item waits") };
    assert_eq!((kind.as_str(), *candidates), ("several_matches", 1));
    assert_eq!(sentence, "同じ世帯に同じ生年月日の人（双子など）がいます。どちらの記録か確かめてください。");
    let dose: String = stage
        .value("select series || '/' || dose_number || '/' || is_teiki || '/' || valid_for_series || '/' || source_row from vaccination_records where vaccine = 'DPT5'")
        .await;
    assert_eq!(dose, "DPT/1/true/true/1311700012/R000002");
    assert_eq!(
        stage
            .value::<String>(
                "select judgement || '/' || explanation from vaccination_records where vaccine = 'COVID'"
            )
            .await,
        "screening_only/発熱のため予診のみ"
    );
    let arrived: String = stage
        .value("select string_agg(source || ' ' || month || ' ' || rows_taken, ', ' order by source, month) from record_arrivals")
        .await;
    assert_eq!(arrived, "1311700012 2025-08-01 3, 1311700020 2026-10-01 2");
}

#[tokio::test]
async fn a_dose_that_is_known_is_not_recorded_twice() {
    let stage = register().await;
    assert_eq!(counts(&take_rows(&stage, &[DPT5]).await), (1, 0, 0));
    let again = DPT5.replace("R1,", "R7,");
    let within = DPT5.replace("R1,", "R8,");
    assert_eq!(counts(&take_rows(&stage, &[&again, &within]).await), (0, 2, 0));
    let other_lot = DPT5.replace("5K03B", "9Z99Z");
    assert_eq!(counts(&take_rows(&stage, &[&other_lot]).await), (0, 0, 1));
    assert_eq!(reviews(&stage).await[0].0, "conflict");
    assert_eq!(stage.value::<i64>("select count(*) from vaccination_records").await, 1);
}

#[tokio::test]
async fn a_number_that_belongs_to_someone_else_waits_for_a_person() {
    let stage = register().await;
    let other = DPT5.replace("000000000100003", "000000000100005");
    let nobody = DPT5.replace("000000000100003", "000000000999999").replace("R1,", "R2,");
    assert_eq!(counts(&take_rows(&stage, &[&other, &nobody]).await), (0, 0, 2));
    let waiting = reviews(&stage).await;
    assert_eq!(
        waiting[0].1,
        "宛名番号の人と生年月日・性別・カナ氏名が一致しません。だれの記録か確かめてください。"
    );
    assert_eq!(waiting[1].1, "宛名番号の人が台帳にいません。だれの記録か確かめてください。");
}

#[tokio::test]
async fn without_number_four_items_find_one_person() {
    let stage = register().await;
    let row = "R1,1311700020,,山崎　昇,ﾔﾏｻﾞｷ ﾉﾎﾞﾙ,昭和25年1月1日,1,PPSV23,1,2015-03-01,1,ニューモバックスNP,A1,,0.50,1311700020,,1,";
    let feed = take_rows(&stage, &[row]).await;
    assert_eq!(counts(&feed), (1, 0, 0), "{:?}", reviews(&stage).await);
    let stranger =
        row.replace("山崎　昇", "岡本　登").replace("R1,", "R2,").replace("2015-03-01", "2015-03-02");
    assert_eq!(counts(&take_rows(&stage, &[&stranger]).await), (0, 0, 1));
    assert_eq!(
        reviews(&stage).await[0].1,
        "カナ氏名・生年月日・性別が同じ人の漢字氏名が違います。本人か確かめてください。"
    );
}

#[tokio::test]
async fn a_dose_against_the_rules_waits_with_its_reason_and_a_voluntary_one_does_not() {
    let stage = register().await;
    // 生後2月に至る前: 2025-08-01 is the first day for one born on 2025-06-02.
    let early = DPT5.replace("2025-08-02,1,ゴ", "2025-07-31,1,ゴ");
    assert_eq!(counts(&take_rows(&stage, &[&early]).await), (0, 0, 1));
    let (kind, sentence, _) = &reviews(&stage).await[0];
    assert_eq!(kind, "irregular");
    assert!(sentence.contains("対象年齢に達していません"), "{sentence}");
    let on_the_day = DPT5.replace("2025-08-02,1,ゴ", "2025-08-01,1,ゴ");
    assert_eq!(counts(&take_rows(&stage, &[&on_the_day]).await), (1, 0, 0));
    let voluntary = "R9,1311700012,000000000100003,,タカハシ　ハルト,2025-06-02,1,MUMPS,1,2026-06-10,1,,M1,,0.50,1311700012,,2,";
    assert_eq!(counts(&take_rows(&stage, &[voluntary]).await), (1, 0, 0));
    assert!(!stage.value::<bool>("select is_teiki from vaccination_records where vaccine = 'MUMPS'").await);
}

#[tokio::test]
async fn rows_that_cannot_be_read_refuse_the_file_with_all_faults() {
    let stage = register().await;
    let bad = "R1,131170001,,,,2025-06-02,9,XYZ,30,2026-11-22,3,,ロット,,5ml,1311700013,,1,";
    let feed = take_rows(&stage, &[bad, DPT5]).await;
    let told: Vec<String> =
        feed.faults.iter().filter(|fault| fault.line == 3).map(|fault| fault.field.clone()).collect();
    assert_eq!(
        told,
        [
            "送付元",
            "カナ氏名",
            "性別",
            "接種コード",
            "接種回数",
            "接種日",
            "接種判定",
            "ロット番号",
            "接種量",
            "医療機関コード"
        ]
    );
    assert_eq!(feed.state, FeedState::Refused, "{feed:?}");
    assert_eq!(stage.value::<i64>("select count(*) from vaccination_records").await, 0);
}
