//! The rule against the SQL that a user would write, over a synthetic ward: the same people, except where the SQL does
//! not know the law. Each such person is explained here.

use domain::{
    Date,
    campaign::{Exclusion, NoticeKind, Request},
    schedule::{Japan, Series, Settings},
};
use health::{
    App,
    campaigns::extract::{self, Narrowing},
    imports::{FeedState, Kind, Options, case},
};
use kit::{Clock, Day, Municipality, testing::TestDb};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use uuid::Uuid;

const WARD: Municipality = Municipality(131_172);
const AS_OF: Date = Date::constant(2026, 11, 23);

async fn ward() -> (TestDb, App) {
    let db = TestDb::new(&[kit::MIGRATIONS, health::MIGRATIONS]).await;
    kit::db::put_municipality(&db.owner_pool(), WARD, "北区", "").await.unwrap();
    let kit = kit::testing::staff::kit("health", &db, Clock::frozen(AS_OF));
    let folder = std::env::temp_dir().join(format!("sesshu-ward-{}", kit.ids.next()));
    let app = App { kit, engine: Arc::new(Japan::new(Settings::default())), files: folder.clone().into() };
    let order = town::Order {
        residents: 15_000,
        seed: 7,
        as_of: AS_OF,
        folder: folder.clone(),
        encoding: town::Encoding::Utf8,
        weeks: 0,
    };
    order.write(|_| ()).unwrap();
    let operator = kit::staff::operator(&app.kit, WARD).await.unwrap();
    for (kind, file) in
        [(Kind::Clinics, "clinics.csv"), (Kind::Residents, "residents.csv"), (Kind::Records, "records.csv")]
    {
        let taken = case::take(&app, &operator, kind, &folder.join(file), Options::default()).await.unwrap();
        assert_eq!(taken.state, FeedState::Applied, "{}", taken.sentence());
    }
    std::fs::remove_dir_all(&folder).unwrap();
    (db, app)
}

#[tokio::test]
async fn the_rule_and_plain_sql_list_the_same_people() {
    let (_db, app) = ward().await;
    let questions = [
        (Series::Mr1, include_str!("../src/bench/extract_sql/mr1.sql")),
        (Series::Mr2, include_str!("../src/bench/extract_sql/mr2.sql")),
        (Series::Ppv, include_str!("../src/bench/extract_sql/ppv.sql")),
        (Series::Flu, include_str!("../src/bench/extract_sql/flu.sql")),
    ];
    for (series, sql) in questions {
        let request = Request {
            series,
            kind: NoticeKind::Questionnaire,
            base_date: AS_OF,
            dose: None,
            valid_until: None,
        };
        let mut tx = kit::db::begin(&app.kit.pool, WARD).await.unwrap();
        let found =
            extract::run(&mut tx, app.engine.clone(), WARD, request, 12, Narrowing::default()).await.unwrap();
        let theirs: Vec<Uuid> =
            sqlx::query_scalar(sql).bind(WARD.0).bind(Day(AS_OF)).fetch_all(&mut *tx).await.unwrap();
        let theirs: BTreeSet<Uuid> = theirs.into_iter().collect();
        // The SQL asks for people to whom something can be sent; an address is not its question.
        let ours: BTreeSet<Uuid> = found
            .rows
            .iter()
            .filter(|row| row.included || row.exclusion == Some(Exclusion::NoAddress))
            .map(|row| row.resident_id)
            .collect();
        let rows: HashMap<Uuid, _> = found.rows.iter().map(|row| (row.resident_id, row)).collect();
        let mut explained = BTreeSet::new();
        for id in ours.symmetric_difference(&theirs) {
            let row = rows.get(id);
            // The SQL knows no interval: a child who had another live vaccine less than 27 days ago waits.
            if row
                .is_some_and(|row| row.exclusion == Some(Exclusion::NotYet) && row.legal_from <= Some(AS_OF))
            {
                explained.insert(*id);
                continue;
            }
            let history: Vec<(String, Day)> = sqlx::query_as(
                "select vaccine, vaccinated_on from vaccination_records where resident_id = $1 and state = 'current' order by 2",
            )
            .bind(id)
            .fetch_all(&mut *tx)
            .await
            .unwrap();
            eprintln!(
                "{series:?}: rule {} SQL {} {row:?} {history:?}",
                ours.contains(id),
                theirs.contains(id)
            );
        }
        assert!(explained.len() * 20 <= ours.len(), "{series:?}: {} of {} wait", explained.len(), ours.len());
        let theirs: BTreeSet<Uuid> = theirs.difference(&explained).copied().collect();
        assert!(ours.len() > 20, "{series:?} has {} people: too few to prove anything", ours.len());
        assert!(
            ours == theirs,
            "{series:?}: {} people of {}",
            ours.symmetric_difference(&theirs).count(),
            ours.len()
        );
        eprintln!(
            "{series:?}: {} people by the rule and by SQL, {} wait for an interval",
            ours.len(),
            explained.len()
        );
    }
}
