//! Request lanes: what kinds of requests there are, and how much of each is answered at once.
//!
//! Every lane has places of its own, so that a flood in one (attempts to sign in, uploads that trickle) leaves the
//! others at work. Whoever finds no place hears so at once, with the time to come back. See ADR 19.

use super::{
    FailureNote, Peer, cookie,
    rates::{Rate, Rates, Whose},
};
use crate::{Acting, Kit, Zone, session};
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// A kind of request with places of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Pages and forms of people at work.
    Staff,
    /// Attempts to sign in: dear (Argon2id) and open to everybody.
    SignIn,
    /// Files that come in pieces, for minutes.
    Upload,
    /// Other systems of ours.
    Machine,
    /// Style sheets and pictures: the same for everybody, out of memory.
    Static,
}

/// What a lane takes.
#[derive(Clone, Copy)]
struct Width {
    /// Answered at once.
    running: usize,
    /// Waiting for that.
    waiting: usize,
    /// Waiting for so long at the most.
    wait: Duration,
    /// Told to come back after so many seconds when there is no place.
    back_after_s: u64,
    per_address: Rate,
    per_session: Rate,
}

const fn rate(burst: u32, every_ms: u64) -> Rate {
    Rate { burst, every: Duration::from_millis(every_ms) }
}

/// At the doors of other zones than the office's own a few dozen people sit at the most: a quarter of the places. So a
/// flood from a venue leaves the office at work, and all doors together fit into one database server.
const BESIDE: usize = 4;

impl Width {
    const fn beside(self) -> Width {
        Width { running: self.running.div_ceil(BESIDE), ..self }
    }

    const fn at(self, zone: Zone) -> Width {
        match zone {
            Zone::Business => self,
            Zone::Lgwan | Zone::Venue | Zone::Internet | Zone::Server => self.beside(),
        }
    }
}

impl Lane {
    pub const ALL: [Lane; 5] = [Lane::Staff, Lane::SignIn, Lane::Upload, Lane::Machine, Lane::Static];

    const fn width(self) -> Width {
        match self {
            // Fifty people who click once a second need one or two places at 20 ms a page. Two hundred waiting are
            // answered within a second. A person with a scanner sends three requests in a second, a page that is
            // opened anew a dozen; an address of which no session is known only sees the way to the door.
            Lane::Staff => Width {
                running: 16,
                waiting: 200,
                wait: Duration::from_secs(5),
                back_after_s: 2,
                per_address: rate(200, 50),
                per_session: rate(200, 50),
            },
            // Two passwords are checked at a time, some 30 ms each: the last of those waiting is answered after a
            // second. A ward of three hundred signs in at half past eight behind one address.
            Lane::SignIn => Width {
                running: 4,
                waiting: 64,
                wait: Duration::from_secs(5),
                back_after_s: 5,
                per_address: rate(300, 200),
                per_session: rate(60, 1_000),
            },
            // Each fills the disk at the network's speed; the weekly feeds are three files.
            Lane::Upload => Width {
                running: 4,
                waiting: 8,
                wait: Duration::from_secs(2),
                back_after_s: 30,
                per_address: rate(20, 3_000),
                per_session: rate(20, 3_000),
            },
            // A system asks for each page of its staff (is this session alive?) and for each sign-in.
            Lane::Machine => Width {
                running: 8,
                waiting: 64,
                wait: Duration::from_secs(1),
                back_after_s: 1,
                per_address: rate(1_000, 5),
                per_session: rate(1_000, 5),
            },
            // A page has some ten; browsers keep them.
            Lane::Static => Width {
                running: 64,
                waiting: 256,
                wait: Duration::from_secs(2),
                back_after_s: 1,
                per_address: rate(2_000, 2),
                per_session: rate(2_000, 2),
            },
        }
    }

    /// Whether its requests ask the database.
    const fn asks_database(self) -> bool {
        !matches!(self, Lane::Static)
    }
}

/// Connections to the database that requests need so that no lane ever waits for another's: one for each place.
pub const CONNECTIONS_NEEDED: usize = connections_needed(Zone::Business);
/// The same at the door of another zone.
pub const CONNECTIONS_NEEDED_BESIDE: usize = connections_needed(Zone::Venue);

const fn connections_needed(zone: Zone) -> usize {
    let (mut sum, mut at) = (0, 0);
    while at < Lane::ALL.len() {
        if Lane::ALL[at].asks_database() {
            sum += Lane::ALL[at].width().at(zone).running;
        }
        at += 1;
    }
    sum
}

/// The places of one lane.
pub(crate) struct Places {
    /// Being answered or waiting.
    present: Semaphore,
    running: Semaphore,
}

impl Places {
    /// For what asks without being a page: other systems.
    pub fn of(lane: Lane) -> Self {
        Places::new(&lane.width())
    }

    fn new(width: &Width) -> Self {
        Places {
            present: Semaphore::new(width.running + width.waiting),
            running: Semaphore::new(width.running),
        }
    }

    /// A place, or `None`: at once where the queue is full.
    pub async fn take(&self, wait: Duration) -> Option<(SemaphorePermit<'_>, SemaphorePermit<'_>)> {
        let present = self.present.try_acquire().ok()?;
        let running = tokio::time::timeout(wait, self.running.acquire()).await.ok()?.ok()?;
        Some((present, running))
    }
}

/// The lanes of a running system.
pub(super) struct Lanes {
    kit: Kit,
    of_route: HashMap<&'static str, Vec<(Method, Lane)>>,
    places: [Places; Lane::ALL.len()],
    rates: Rates,
}

impl Lanes {
    pub fn new(kit: Kit, routes: impl Iterator<Item = (&'static str, Method, Lane)>) -> Arc<Self> {
        let mut of_route: HashMap<_, Vec<_>> = HashMap::new();
        for (path, method, lane) in routes {
            of_route.entry(path).or_default().push((method, lane));
        }
        let places = Lane::ALL.map(|lane| Places::new(&lane.width().at(kit.desk.zone)));
        Arc::new(Lanes { kit, of_route, places, rates: Rates::default() })
    }

    /// A method that a path does not know goes with the others of the path, an unknown path with the staff's.
    fn of(&self, request: &Request) -> Lane {
        let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let known = path.and_then(|path| self.of_route.get(path)).map_or(&[][..], Vec::as_slice);
        let by_method = known.iter().find(|(method, _)| method == request.method());
        by_method.or_else(|| known.first()).map_or(Lane::Staff, |(_, lane)| *lane)
    }
}

/// The layer before the session is looked up: a place in the lane, and patience for the body.
pub(super) async fn gate(State(lanes): State<Arc<Lanes>>, mut request: Request, next: Next) -> Response {
    let lane = lanes.of(&request);
    let width = lane.width();
    let now = lanes.kit.clock.now().as_microsecond();
    let session = session_of(&lanes.kit, &request);
    if lane == Lane::Static {
        // Nobody is looked up for what is the same for everybody.
        request.headers_mut().remove(header::COOKIE);
    }
    let address = address_of(&request).map(Whose::address);
    let charged = match session.filter(|session| lanes.rates.knows(*session)) {
        Some(session) => lanes.rates.take(lane, session, width.per_session, now),
        None => address.map_or(Ok(()), |address| lanes.rates.take(lane, address, width.per_address, now)),
    };
    if let Err(wait) = charged {
        return too_often(lane, wait);
    }
    let Some(_place) = lanes.places[lane as usize].take(width.wait).await else { return full(lane) };
    let response = next.run(request.map(|body| patiently(body, BODY_PATIENCE))).await;
    if let (Some(session), Some(_)) = (session, response.extensions().get::<Acting>()) {
        lanes.rates.remember(lane, session, now);
    }
    response
}

/// The other end of the connection, plain or behind TLS. Requests made inside the process have none.
fn address_of(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<Peer>().map(|peer| peer.0.ip())
}

fn session_of(kit: &Kit, request: &Request) -> Option<Whose> {
    let cookie = cookie(request.headers(), &session::cookie_name(kit))?;
    Some(Whose::Session(Sha256::digest(cookie.as_bytes()).into()))
}

fn too_often(lane: Lane, wait: Duration) -> Response {
    tracing::warn!(?lane, "turned away: too many requests from one place");
    let seconds = wait.as_secs() + 1;
    let sentence = format!(
        "短い時間に続けて操作されたため、受け付けていません。入力した内容は登録されていません。{seconds}秒ほど待って、もう一度操作してください。"
    );
    turned_away(StatusCode::TOO_MANY_REQUESTS, "操作が続きすぎています", sentence, seconds)
}

fn full(lane: Lane) -> Response {
    tracing::warn!(?lane, "turned away: the lane is full");
    let what = match lane {
        Lane::Upload => "ほかのファイルを受信しているため、受け付けられません。ファイルは届いていません。",
        Lane::Staff | Lane::SignIn | Lane::Machine | Lane::Static => {
            "アクセスが集中しているため、受け付けられません。入力した内容は登録されていません。"
        }
    };
    let seconds = lane.width().back_after_s;
    let sentence = format!("{what}{seconds}秒ほど待って、もう一度操作してください。");
    turned_away(StatusCode::SERVICE_UNAVAILABLE, "混み合っています", sentence, seconds)
}

fn turned_away(status: StatusCode, title: &'static str, sentence: String, seconds: u64) -> Response {
    let mut response = (status, sentence.clone()).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response.extensions_mut().insert(FailureNote { status, title, sentence });
    response
}

/// A body has so long to begin…
const BODY_PATIENCE: Duration = Duration::from_secs(10);
/// …and then must come at least so fast. A modem of 1996 could.
const BODY_BYTES_PER_S_MIN: u64 = 2_048;

/// A body that comes too slowly ends with an error: a place is not held by a trickle of bytes.
fn patiently(body: Body, patience: Duration) -> Body {
    use http_body::Body as _;
    if body.is_end_stream() {
        return body;
    }
    let begun = Instant::now();
    let pieces = stream::unfold(Some((body.into_data_stream(), 0_u64)), move |state| async move {
        let (mut pieces, bytes) = state?;
        let until = begun + patience + Duration::from_millis(bytes * 1_000 / BODY_BYTES_PER_S_MIN);
        match tokio::time::timeout_at(until, pieces.next()).await {
            Ok(Some(Ok(piece))) => {
                let bytes = bytes + piece.len() as u64;
                Some((Ok(piece), Some((pieces, bytes))))
            }
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(axum::Error::new(std::io::Error::from(std::io::ErrorKind::TimedOut))), None)),
        }
    });
    Body::from_stream(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One piece of so many bytes every 20 ms, a hundred times.
    fn slow_body(bytes: usize) -> Body {
        Body::from_stream(stream::iter(0..100).then(move |_| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<_, std::io::Error>(vec![b'x'; bytes])
        }))
    }

    #[tokio::test]
    async fn a_trickle_is_given_up_and_a_slow_honest_body_is_not() {
        let taken = |bytes| async move {
            let began = Instant::now();
            let read =
                axum::body::to_bytes(patiently(slow_body(bytes), Duration::from_millis(200)), 1 << 20).await;
            (read.map(|bytes| bytes.len()).ok(), began.elapsed())
        };
        let (trickle, honest) = tokio::join!(taken(1), taken(60));
        assert_eq!(trickle.0, None, "a byte now and then held a place to its end");
        assert!(trickle.1 < Duration::from_millis(1_500), "{:?}", trickle.1);
        assert_eq!(honest.0, Some(6_000), "3,000 bytes a second are enough");
    }

    #[tokio::test]
    async fn whoever_waits_in_vain_leaves_the_place_to_others() {
        let places = Places { present: Semaphore::new(2), running: Semaphore::new(1) };
        let wait = Duration::from_millis(20);
        let held = places.take(wait).await;
        assert!(held.is_some());
        assert!(places.take(wait).await.is_none(), "waits in vain");
        drop(held);
        assert!(places.take(wait).await.is_some());
        assert_eq!((places.present.available_permits(), places.running.available_permits()), (2, 1));
    }

    #[test]
    fn every_lane_has_room_and_an_end() {
        for lane in Lane::ALL {
            let width = lane.width();
            assert!(
                width.running > 0 && width.waiting > 0 && width.wait <= Duration::from_secs(5),
                "{lane:?}"
            );
            assert!((1..=60).contains(&width.back_after_s), "{lane:?}");
            assert!(width.per_address.burst >= 20 && width.per_session.burst >= 20, "{lane:?}");
        }
        let doors = const { 2 * CONNECTIONS_NEEDED + 2 * CONNECTIONS_NEEDED_BESIDE };
        assert!(doors <= 85, "two systems with four doors each share a server of two hundred connections");
    }
}
