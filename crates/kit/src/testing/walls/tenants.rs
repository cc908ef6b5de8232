//! Another municipality's ids, in paths and forms: answered like ids that nobody has.

use super::{Answer, Form, Ground, MARKS};
use crate::Role;
use axum::http::{Method, header};

/// A request with an id in it that is not ours.
pub type Probe = (Method, String, Form);

/// An answer without what differs from request to request: ids, tokens and the number of a sheet that was typed.
pub fn plain(answer: &Answer) -> String {
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

/// Every route with an id somewhere, with the ids of `things` instead of ours: all of them, and each field's alone.
pub fn probes<G: Ground>(ground: &G, things: &G::Things) -> Vec<Probe> {
    let (_, ours) = ground.ours();
    let mut probes = Vec::new();
    for route in ground.staff_routes() {
        let (our_path, path) = (ground.path(&route, &ours), ground.path(&route, things));
        let (our_form, form) = (ground.sent(&route, &ours), ground.sent(&route, things));
        if (&path, &form) == (&our_path, &our_form) {
            continue;
        }
        probes.push((route.method.clone(), path.clone(), form.clone()));
        // What differs each time a page is opened (the key of a form) is nobody's id.
        let anew = ground.sent(&route, &ours);
        let is_id = |at: &usize| form[*at] != our_form[*at] && our_form[*at] == anew[*at];
        let differing: Vec<usize> = (0..form.len()).filter(is_id).collect();
        if path != our_path && !differing.is_empty() {
            probes.push((route.method.clone(), path.clone(), our_form.clone()));
        }
        for at in differing {
            let mut mixed = our_form.clone();
            mixed[at] = form[at].clone();
            probes.push((route.method.clone(), our_path.clone(), mixed));
        }
        // One id of ours, one of theirs.
        probes.extend(mixed_paths(&our_path, &path).map(|mixed| (route.method.clone(), mixed, form.clone())));
    }
    probes
}

/// A path with two differing parts, each time with one of them ours.
fn mixed_paths(ours: &str, other: &str) -> impl Iterator<Item = String> {
    let (ours, other): (Vec<&str>, Vec<&str>) = (ours.split('/').collect(), other.split('/').collect());
    let differing: Vec<usize> = (0..ours.len()).filter(|at| ours[*at] != other[*at]).collect();
    let many = if differing.len() > 1 { differing } else { Vec::new() };
    let mixed = many.into_iter().map(|at| {
        let parts = (0..ours.len()).map(|part| if part == at { other[part] } else { ours[part] });
        parts.collect::<Vec<_>>().join("/")
    });
    mixed.collect::<Vec<_>>().into_iter()
}

/// Asks each probe in each role, once with ids that nobody has and once with the neighbour's: the same status and the
/// same page. Gives the number of comparisons.
pub async fn alike(ground: &impl Ground, unknown: &[Probe], foreign: &[Probe]) -> usize {
    assert_eq!(unknown.len(), foreign.len());
    let (neighbour, _) = ground.theirs();
    let before = ground.digest(neighbour).await;
    let ask = async |role, (method, path, form): &Probe| {
        let session = ground.session(role).await;
        ground.ask(method, Some(&session), path, form).await
    };
    for (unknown, foreign) in unknown.iter().zip(foreign) {
        for role in Role::ALL {
            let here = format!("{} {} {:?} as {}", foreign.0, foreign.1, foreign.2, role.code());
            let (nobody, theirs) = (ask(*role, unknown).await, ask(*role, foreign).await);
            let text = theirs.text();
            assert!(!theirs.status.is_server_error(), "{here}: {text}");
            assert!(!text.contains(MARKS[1]), "{here} shows the neighbour's text: {text}");
            assert_eq!(plain(&nobody), plain(&theirs), "{here}");
        }
    }
    assert_eq!(before, ground.digest(neighbour).await);
    foreign.len() * Role::ALL.len()
}

/// No page of ours shows the neighbour's mark.
pub async fn nothing_of_the_neighbour(ground: &impl Ground) {
    let (_, ours) = ground.ours();
    for role in Role::ALL {
        for route in ground.staff_routes().into_iter().filter(|route| route.door.admits(*role)) {
            let path = ground.path(&route, &ours);
            let session = ground.session(*role).await;
            let answer = ground.ask(&route.method, Some(&session), &path, &ground.sent(&route, &ours)).await;
            assert!(!answer.text().contains(MARKS[1]), "{} {path} as {}", route.method, role.code());
        }
    }
}
