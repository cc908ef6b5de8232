//! How often someone may ask: one bucket of permits for each session and, before a session is known, for each address.
//!
//! A bucket is one number, the moment at which it will be full again (GCRA): no timer runs, nothing is filled up.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::lanes::Lane;

/// So many at once, then one every so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub burst: u32,
    pub every: Duration,
}

impl Rate {
    const fn full_micros(self) -> i64 {
        self.every_micros() * self.burst as i64
    }

    const fn every_micros(self) -> i64 {
        self.every.as_micros() as i64
    }
}

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    /// A network address; of IPv6 the first 64 bits, which one subscriber holds whole.
    Address(IpAddr),
    /// The digest of a cookie that has been seen to open a session.
    Session([u8; 32]),
}

impl Whose {
    pub fn address(address: IpAddr) -> Self {
        Whose::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            four => four,
        })
    }
}

/// Buckets at the most: some megabytes. Sessions enter only when they are real, so chance cannot fill it with them.
const BUCKETS_MAX: usize = 20_000;
/// A session unused for so long has ended; an address has a full bucket long before.
const FORGOTTEN_AFTER_MICROS: i64 = 15 * 60 * 1_000_000;
/// Looking through all buckets is not worth more than this.
const SWEEP_EVERY_MICROS: i64 = 10 * 1_000_000;

struct Bucket {
    full_at: i64,
    used_at: i64,
}

#[derive(Default)]
struct Kept {
    buckets: HashMap<(Lane, Whose), Bucket>,
    swept_at: i64,
}

#[derive(Default)]
pub(super) struct Rates(Mutex<Kept>);

impl Rates {
    /// Takes a permit. `Err` says how long until there is one.
    ///
    /// With more askers than buckets whoever is new passes: the lane's own width still holds them back.
    pub fn take(&self, lane: Lane, whose: Whose, rate: Rate, now_micros: i64) -> Result<(), Duration> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.make_room(now_micros) && !kept.buckets.contains_key(&(lane, whose)) {
            return Ok(());
        }
        let full = Bucket { full_at: now_micros, used_at: now_micros };
        let bucket = kept.buckets.entry((lane, whose)).or_insert(full);
        bucket.used_at = now_micros;
        // A clock that was set back must not lock anybody out: no honest bucket is further from full than empty.
        let from = if bucket.full_at > now_micros + rate.full_micros() { now_micros } else { bucket.full_at };
        let full_at = from.max(now_micros) + rate.every_micros();
        let missing = full_at - now_micros - rate.full_micros();
        if missing > 0 {
            return Err(Duration::from_micros(missing.unsigned_abs()));
        }
        bucket.full_at = full_at;
        Ok(())
    }

    /// Whether this session has been seen in any lane not long ago.
    pub fn knows(&self, whose: Whose) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Lane::ALL.iter().any(|lane| kept.buckets.contains_key(&(*lane, whose)))
    }

    /// A cookie has opened a session: from now on its holder is counted apart from the address.
    pub fn remember(&self, lane: Lane, whose: Whose, now_micros: i64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.make_room(now_micros) {
            let full = Bucket { full_at: now_micros, used_at: now_micros };
            kept.buckets.entry((lane, whose)).or_insert(full);
        }
    }
}

impl Kept {
    fn make_room(&mut self, now_micros: i64) -> bool {
        if self.buckets.len() < BUCKETS_MAX {
            return true;
        }
        if (now_micros - self.swept_at).abs() >= SWEEP_EVERY_MICROS {
            self.swept_at = now_micros;
            self.buckets.retain(|(_, whose), bucket| match whose {
                Whose::Address(_) => bucket.full_at > now_micros,
                Whose::Session(_) => (now_micros - bucket.used_at).abs() < FORGOTTEN_AFTER_MICROS,
            });
        }
        self.buckets.len() < BUCKETS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, every: Duration::from_secs(2) };
    const SECOND: i64 = 1_000_000;

    fn someone(n: u32) -> Whose {
        Whose::address(IpAddr::from(n.to_be_bytes()))
    }

    #[test]
    fn a_burst_passes_then_one_at_a_time_and_the_answer_says_when() {
        let rates = Rates::default();
        let take = |at| rates.take(Lane::Staff, someone(1), RATE, at);
        assert!((0..3).all(|_| take(0).is_ok()));
        assert_eq!(take(0), Err(Duration::from_secs(2)));
        assert_eq!(take(SECOND), Err(Duration::from_secs(1)));
        assert_eq!(take(2 * SECOND), Ok(()));
        assert!(take(2 * SECOND).is_err(), "one only");
        assert!((0..3).all(|_| take(60 * SECOND).is_ok()), "unused, it is full again");
        assert!(take(60 * SECOND).is_err(), "and not fuller");
    }

    #[test]
    fn another_lane_another_address_and_a_clock_set_back_are_not_held_up() {
        let rates = Rates::default();
        while rates.take(Lane::Staff, someone(1), RATE, 1_000 * SECOND).is_ok() {}
        assert!(rates.take(Lane::Upload, someone(1), RATE, 1_000 * SECOND).is_ok());
        assert!(rates.take(Lane::Staff, someone(2), RATE, 1_000 * SECOND).is_ok());
        assert!(rates.take(Lane::Staff, someone(1), RATE, 0).is_ok(), "an hour back is no punishment");
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_asker() {
        let of = |text: &str| Whose::address(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn chance_addresses_never_take_more_than_the_buckets_there_are() {
        let rates = Rates::default();
        for n in 0..3 * BUCKETS_MAX as u32 {
            rates.take(Lane::Staff, someone(n), RATE, 0).unwrap();
        }
        assert_eq!(rates.0.lock().unwrap().buckets.len(), BUCKETS_MAX);
        // A minute later all of them are full again and forgotten.
        rates.take(Lane::Staff, someone(u32::MAX), RATE, 60 * SECOND).unwrap();
        assert_eq!(rates.0.lock().unwrap().buckets.len(), 1);
    }

    #[test]
    fn a_session_is_known_until_it_has_been_unused_for_a_quarter_of_an_hour() {
        let rates = Rates::default();
        let session = Whose::Session([7; 32]);
        assert!(!rates.knows(session));
        rates.remember(Lane::Staff, session, 0);
        for n in 0..2 * BUCKETS_MAX as u32 {
            rates.take(Lane::Staff, someone(n), RATE, 60 * SECOND).unwrap();
        }
        rates.take(Lane::Staff, someone(u32::MAX), RATE, 100 * SECOND).unwrap();
        assert!(rates.knows(session), "a flood of addresses does not push it out");
        for n in 0..2 * BUCKETS_MAX as u32 {
            rates.take(Lane::Staff, someone(n), RATE, FORGOTTEN_AFTER_MICROS).unwrap();
        }
        assert!(!rates.knows(session));
    }
}
