//! Another municipality's ids, in paths and forms: answered like ids that nobody has.

use super::{
    examples::{form, path, staff_routes},
    town::{Answer, Form, MARKS, Things, Walls, walls},
};
use axum::http::{Method, header};
use kit::Role;
use std::time::{Duration, Instant};

/// An answer without what differs from request to request: ids, tokens and the number of a sheet that was typed.
fn plain(answer: &Answer) -> String {
    let mut plain = format!("{} {}\n", answer.status, answer.header(header::LOCATION));
    plain.push_str(&answer.text());
    let is_word = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut kept = String::new();
    let mut word = String::new();
    for c in plain.chars().chain(['\n']) {
        if is_word(c) {
            word.push(c);
            continue;
        }
        kept.push_str(if matches!(word.len(), 12 | 32 | 36 | 64) { "#" } else { &word });
        word.clear();
        kept.push(c);
    }
    kept
}

/// Routes with an id somewhere, with that id taken from `things`.
fn probes(ours: &Things, things: &Things) -> Vec<(Method, String, Form)> {
    let mut probes = Vec::new();
    for route in staff_routes() {
        let is_get = route.method == Method::GET;
        let form_of = |things: &Things| if is_get { Vec::new() } else { form(&route, things) };
        if path(&route, things) != path(&route, ours) {
            probes.push((route.method.clone(), path(&route, things), form_of(things)));
            // One id of ours, one of theirs.
            let mixed =
                Things { resident: ours.resident, campaign: ours.campaign, printed: ours.printed, ..*things };
            let mixed_path = path(&route, &mixed);
            if mixed_path.contains(&things.fact.to_string()) {
                probes.push((route.method.clone(), mixed_path, form_of(&mixed)));
            }
        } else if form_of(things) != form_of(ours) {
            probes.push((route.method.clone(), route.path.to_owned(), form_of(things)));
        }
    }
    for query in [
        format!("/audit?from=2026-01-01&staff={}", things.clerk),
        format!("/campaigns/new?kind=reminder&programme=MR1&follows={}", things.printed),
    ] {
        probes.push((Method::GET, query, Vec::new()));
    }
    probes
}

async fn probe(walls: &Walls, role: Role, (method, path, form): &(Method, String, Form)) -> Answer {
    let session = walls.session(&walls.ours, role).await;
    walls.ask(method, Some(&session), path, form).await
}

#[tokio::test]
async fn another_municipalitys_ids_are_answered_like_ids_that_nobody_has() {
    let walls = walls(MARKS).await;
    let unknown = probes(&walls.ours.things, &Things::unknown());
    let foreign = probes(&walls.ours.things, &walls.theirs.things);
    assert_eq!(unknown.len(), foreign.len());
    let before = walls.digest(walls.theirs.municipality).await;
    for (unknown, foreign) in unknown.iter().zip(&foreign) {
        for role in Role::ALL {
            let here = format!("{} {} as {}", foreign.0, foreign.1, role.code());
            let (nobody, theirs) = (probe(&walls, *role, unknown).await, probe(&walls, *role, foreign).await);
            assert!(!theirs.status.is_server_error(), "{here}: {}", theirs.text());
            assert!(
                !theirs.text().contains(MARKS[1]),
                "{here} shows the neighbour's text: {}",
                theirs.text()
            );
            assert_eq!(plain(&nobody), plain(&theirs), "{here}");
        }
    }
    println!("{} probes × {} roles, twice", foreign.len(), Role::ALL.len());
    assert_eq!(before, walls.digest(walls.theirs.municipality).await);
}

#[tokio::test]
async fn lists_and_searches_show_nothing_of_the_neighbour() {
    let walls = walls(MARKS).await;
    for role in Role::ALL {
        for route in staff_routes().into_iter().filter(|route| route.door.admits(*role)) {
            let path = path(&route, &walls.ours.things);
            let form =
                if route.method == Method::GET { Vec::new() } else { form(&route, &walls.ours.things) };
            let session = walls.session(&walls.ours, *role).await;
            let answer = walls.ask(&route.method, Some(&session), &path, &form).await;
            assert!(!answer.text().contains(MARKS[1]), "{} {path} as {}", route.method, role.code());
        }
    }
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let by_name: Form = vec![("name".to_owned(), MARKS[1].to_owned()), ("former".to_owned(), "1".to_owned())];
    let found = walls.post(Some(&clerk), "/residents", &by_name).await;
    assert!(!found.text().contains(&walls.theirs.things.resident.to_string()));
}

/// How often each of the two is asked before their medians are compared.
const ASKED: usize = 21;
/// A difference by chance does not come back; one that can be measured does.
const ATTEMPTS: usize = 5;

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

/// Among 1,741 municipalities.
#[tokio::test]
async fn another_municipalitys_ids_take_as_long_as_ids_that_nobody_has() {
    let walls = walls(MARKS).await;
    sqlx::query(
        "insert into municipalities (municipality_code, name)
         select code, 'n' from generate_series(200000, 201738) as t (code)",
    )
    .execute(&walls.stage.db.owner_pool())
    .await
    .unwrap();
    let unknown = probes(&walls.ours.things, &Things::unknown());
    let foreign = probes(&walls.ours.things, &walls.theirs.things);
    let session = walls.session(&walls.ours, Role::Clerk).await;
    let timed = async |(method, path, form): &(Method, String, Form)| {
        let asked = Instant::now();
        walls.ask(method, Some(&session), path, form).await;
        asked.elapsed()
    };
    let mut compared = 0;
    for (unknown, foreign) in unknown.iter().zip(&foreign).filter(|(unknown, _)| unknown.0 == Method::GET) {
        let mut ratios = Vec::new();
        while ratios.len() < ATTEMPTS && ratios.last().is_none_or(|ratio| !(0.9..1.1).contains(ratio)) {
            let (mut nobodys, mut theirs) = (Vec::new(), Vec::new());
            // In turn, so that what else the machine does meets both.
            for turn in 0..ASKED {
                if turn % 2 == 0 {
                    nobodys.push(timed(unknown).await);
                    theirs.push(timed(foreign).await);
                } else {
                    theirs.push(timed(foreign).await);
                    nobodys.push(timed(unknown).await);
                }
            }
            ratios.push(median(&mut theirs) / median(&mut nobodys));
        }
        compared += 1;
        assert!((0.9..1.1).contains(ratios.last().unwrap()), "{}: {ratios:?}", foreign.1);
    }
    assert!(compared > 15, "{compared}");
}
