//! From days to places. Most of a childhood's vaccinations fall into its first two years, so those get half of
//! the width; the places are the same for every child, so that clerks come to know the picture.

use crate::timeline::Timeline;
use domain::Date;
use domain::age::reach_months;

/// A stretch of days on a stretch of the axis.
struct Zone {
    from: Date,
    until: Date,
    left: f32,
    right: f32,
}

/// A line across the picture with an age on top and a day below.
#[derive(Clone, Debug)]
pub(super) struct Tick {
    pub x: f32,
    /// Empty where labels would touch.
    pub age: String,
    pub day: String,
    /// The scale changes here.
    pub is_edge: bool,
}

pub(super) struct Axis {
    zones: Vec<Zone>,
    marks: Vec<(i32, bool)>,
    birth: Date,
}

/// Ages in months that get a line, for children.
const CHILD_MARKS: &[i32] = &[0, 3, 6, 9, 12, 18, 24, 36, 60, 90, 108, 132, 156, 192];
/// Where the scale of the axis changes: 2歳, 7歳6か月, 20歳.
const CHILD_EDGES: [i32; 3] = [24, 90, 240];
/// How far an adult's picture looks ahead.
const AHEAD_MONTHS: i32 = 10 * 12;
/// Room for a label like 2026年5月, and for an age.
const DAY_WIDTH: f32 = 70.0;
const AGE_WIDTH: f32 = 34.0;

impl Axis {
    pub(super) fn of(timeline: &Timeline, left: f32, right: f32) -> Axis {
        let birth = timeline.birth_date;
        let grown = reach_months(birth, 240);
        let days: Vec<Date> = timeline.rows.iter().flat_map(days_of).chain([timeline.today]).collect();
        let earliest = days.iter().copied().min().unwrap_or(birth);
        // What begins in ten years or more is said in words only: it would press the present together.
        let horizon = reach_months(birth, months_between(birth, timeline.today) + AHEAD_MONTHS);
        let latest = days.iter().copied().filter(|day| *day <= horizon).max().unwrap_or(birth);
        let width = right - left;

        // (from, until, share of the width) in months of age.
        let last_year = (months_between(birth, latest) / 12 + 2) * 12;
        let (spans, mut marks): (Vec<(i32, i32, f32)>, Vec<i32>) = if latest < grown || timeline.today < grown
        {
            (child_spans([0.50, 0.24, 0.26]), CHILD_MARKS.to_vec())
        } else if earliest < grown {
            let mut spans = child_spans([0.38, 0.17, 0.20]);
            spans.push((240, last_year.max(252), 0.25));
            (spans, CHILD_MARKS.to_vec())
        } else {
            let first = (months_between(birth, earliest) / 12 - 1).max(0) * 12;
            (vec![(first, last_year, 1.0)], vec![first])
        };
        if let Some(&(from, until, share)) = spans.last()
            && until > 240
        {
            marks.extend(year_marks(from, until, share * width));
        }
        marks.push(spans.last().map_or(240, |span| span.1));
        marks.sort_unstable();
        marks.dedup();

        let mut at = left;
        let zones = spans
            .iter()
            .map(|&(from, until, share)| {
                let zone = Zone {
                    from: reach_months(birth, from),
                    until: reach_months(birth, until),
                    left: at,
                    right: at + share * width,
                };
                at = zone.right;
                zone
            })
            .collect();
        let edges = &spans[..spans.len() - 1];
        let marks = marks.into_iter().map(|mark| (mark, edges.iter().any(|span| span.1 == mark))).collect();
        Axis { zones, marks, birth }
    }

    /// The place of a day; days beyond the ends stand at the ends.
    pub(super) fn x(&self, day: Date) -> f32 {
        let zone = self
            .zones
            .iter()
            .find(|zone| day < zone.until)
            .or(self.zones.last())
            .expect("an axis has a zone");
        let total = days_between(zone.from, zone.until).max(1.0);
        let part = (days_between(zone.from, day) / total).clamp(0.0, 1.0);
        tenth(zone.left + part * (zone.right - zone.left))
    }

    /// Whether any of these days is in the picture.
    pub(super) fn shows(&self, from: Date, until: Date) -> bool {
        let ends = self.zones.first().zip(self.zones.last());
        ends.is_some_and(|(first, last)| from <= last.until && until >= first.from)
    }

    pub(super) fn ticks(&self) -> Vec<Tick> {
        let (mut free_age, mut free_day) = (f32::MIN, f32::MIN);
        self.marks
            .iter()
            .map(|&(months, is_edge)| {
                let day = reach_months(self.birth, months);
                let x = self.x(day);
                let label = |text: String, width: f32, free: &mut f32| {
                    if x < *free {
                        return String::new();
                    }
                    *free = x + width;
                    text
                };
                Tick {
                    x,
                    age: label(age_text(months), AGE_WIDTH, &mut free_age),
                    day: label(format!("{}年{}月", day.year(), day.month()), DAY_WIDTH, &mut free_day),
                    is_edge,
                }
            })
            .collect()
    }
}

fn child_spans(shares: [f32; 3]) -> Vec<(i32, i32, f32)> {
    let mut from = 0;
    CHILD_EDGES
        .iter()
        .zip(shares)
        .map(|(&until, share)| {
            let span = (from, until, share);
            from = until;
            span
        })
        .collect()
}

/// Whole years, as many as can be told apart.
fn year_marks(from: i32, until: i32, width: f32) -> Vec<i32> {
    let years = (until - from) / 12;
    let step =
        [1, 2, 5, 10, 20].into_iter().find(|step| width / (years as f32) * (*step as f32) >= AGE_WIDTH + 6.0);
    (from / 12..=until / 12)
        .filter(|year| year % step.unwrap_or(20) == 0)
        .map(|year| year * 12)
        .filter(|m| *m >= from)
        .collect()
}

fn days_of(row: &crate::timeline::TimelineRow) -> Vec<Date> {
    let windows = [row.legal, row.standard].into_iter().flatten().flat_map(|(from, until)| [from, until]);
    let due = row.due.iter().map(|due| due.from);
    row.doses.iter().map(|dose| dose.on).chain(windows).chain(due).collect()
}

/// For the scale only: no rule asks this.
fn months_between(from: Date, until: Date) -> i32 {
    (i32::from(until.year()) - i32::from(from.year())) * 12 + i32::from(until.month())
        - i32::from(from.month())
}

fn days_between(from: Date, until: Date) -> f32 {
    (until - from).get_days() as f32
}

pub(super) fn tenth(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

fn age_text(months: i32) -> String {
    match (months / 12, months % 12) {
        (0, 0) => "出生".to_owned(),
        (0, months) => format!("{months}か月"),
        (years, 0) => format!("{years}歳"),
        (years, 6) => format!("{years}歳半"),
        (years, months) => format!("{years}歳{months}か月"),
    }
}
