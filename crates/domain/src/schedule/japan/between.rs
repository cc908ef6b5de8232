//! 異なる種類のワクチンの接種間隔: what one injection asks of the next, of whatever series.

use super::rule::day;
use crate::Date;
use crate::age;
use crate::schedule::types::Vaccine;

/// From this day only injected live vaccines keep a distance (令和2年1月27日改正 定期接種実施要領).
pub const ONLY_LIVE_SINCE: Date = day(2020, 10, 1);
pub const SOURCE_NOW: &str = "定期接種実施要領(令和2年10月1日改正) 異なるワクチンの接種間隔";
pub const SOURCE_THEN: &str = "予防接種実施規則(令和2年9月30日まで) 異なるワクチンの接種間隔";

/// How a vaccine is made and given, as far as the distance to others goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    InjectedLive,
    OralLive,
    Inactivated,
}

pub const fn kind(vaccine: Vaccine) -> Kind {
    match vaccine {
        Vaccine::Bcg
        | Vaccine::Mr
        | Vaccine::Measles
        | Vaccine::Rubella
        | Vaccine::Varicella
        | Vaccine::ZosterLive
        | Vaccine::Mumps
        | Vaccine::YellowFever => Kind::InjectedLive,
        Vaccine::Rota1 | Vaccine::Rota5 => Kind::OralLive,
        Vaccine::HepB
        | Vaccine::Dpt5
        | Vaccine::Dpt4
        | Vaccine::Dpt3
        | Vaccine::Ipv
        | Vaccine::Dt
        | Vaccine::Hib
        | Vaccine::Pcv7
        | Vaccine::Pcv13
        | Vaccine::Pcv15
        | Vaccine::Pcv20
        | Vaccine::Je
        | Vaccine::Hpv2
        | Vaccine::Hpv4
        | Vaccine::Hpv9
        | Vaccine::Rsv
        | Vaccine::Flu
        | Vaccine::FluHighDose
        | Vaccine::Covid
        | Vaccine::Ppsv23
        | Vaccine::Pcv20Adult
        | Vaccine::ZosterRecombinant => Kind::Inactivated,
    }
}

/// 令和2年10月1日から: 注射生ワクチン同士だけ、27日以上.
fn first_day_now(earlier: Kind, later: Kind, on: Date) -> Option<Date> {
    (earlier == Kind::InjectedLive && later == Kind::InjectedLive).then(|| age::gap_days(on, 27))
}

/// 令和2年9月30日まで: 生ワクチンの後は27日以上、不活化ワクチンの後は6日以上.
fn first_day_then(earlier: Kind, on: Date) -> Date {
    match earlier {
        Kind::InjectedLive | Kind::OralLive => age::gap_days(on, 27),
        Kind::Inactivated => age::gap_days(on, 6),
    }
}

/// Whether the vaccine has to keep a distance to others at all on a day.
pub fn keeps_distance(vaccine: Vaccine, on: Date) -> bool {
    on < ONLY_LIVE_SINCE || kind(vaccine) == Kind::InjectedLive
}

/// The first day on which `later` may be given after `earlier` was given on `on`, where the rule asks for a
/// distance; judged by the rule of the day `asked`. Same-day vaccination is free in both rules.
pub fn first_day(earlier: Vaccine, on: Date, later: Vaccine, asked: Date) -> Option<(Date, &'static str)> {
    if asked >= ONLY_LIVE_SINCE {
        first_day_now(kind(earlier), kind(later), on).map(|day| (day, SOURCE_NOW))
    } else {
        Some((first_day_then(kind(earlier), on), SOURCE_THEN))
    }
}
