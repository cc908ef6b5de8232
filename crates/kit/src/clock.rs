//! The only doors to the present moment and to chance, so that tests can hold both still.

use jiff::{SignedDuration, Timestamp, civil::Date, tz};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use uuid::Uuid;

/// Japan has one time zone and no summer time (明治28年勅令第167号).
const JST: tz::Offset = tz::Offset::constant(9);

/// The clock of a system: the real one, or one that stands where a test has put it.
#[derive(Clone)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    pub fn real() -> Self {
        Clock(None)
    }

    /// A clock that stands still at noon (JST) of `day` until it is moved.
    pub fn frozen(day: Date) -> Self {
        let noon = JST.to_timestamp(day.at(12, 0, 0, 0)).expect("test days are ordinary days");
        Clock(Some(Arc::new(AtomicI64::new(noon.as_microsecond()))))
    }

    /// Moves a frozen clock; does nothing to the real one.
    pub fn advance(&self, by: SignedDuration) {
        if let Some(micros) = &self.0 {
            micros.fetch_add(by.as_micros() as i64, Ordering::SeqCst);
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the real clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            None => Timestamp::now(),
            Some(micros) => {
                Timestamp::from_microsecond(micros.load(Ordering::SeqCst)).expect("set from a timestamp")
            }
        }
    }

    /// The civil day in Japan.
    pub fn today(&self) -> Date {
        JST.to_datetime(self.now()).date()
    }
}

/// Shows an instant as people in Japan read it.
pub fn in_japan(at: Timestamp) -> jiff::civil::DateTime {
    JST.to_datetime(at)
}

/// The moment at which a civil day begins in Japan.
pub fn start_of_day(day: Date) -> Result<Timestamp, jiff::Error> {
    JST.to_timestamp(day.at(0, 0, 0, 0))
}

/// Ids for rows and requests: UUID v7, so that indexes grow at their end.
#[derive(Clone, Default)]
pub struct Ids(());

impl Ids {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    pub fn next(&self) -> Uuid {
        Uuid::now_v7()
    }

    /// 256 bits of chance for tokens, in hexadecimal.
    pub fn token(&self) -> String {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).expect("the system's random source works");
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
