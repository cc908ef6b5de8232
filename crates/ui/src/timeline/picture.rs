//! Where everything stands in the SVG. No colour here: that is the style sheet's.

use super::axis::{Axis, Tick, tenth};
use super::{DoseKind, Timeline, TimelineRow};
use crate::dates;
use domain::schedule::Status;

const LEFT: f32 = 206.0;
const RIGHT: f32 = 986.0;
const TOP: f32 = 62.0;
pub(super) const ROW: f32 = 40.0;
/// Closer than this, markers would cover each other.
const APART: f32 = 17.0;
/// A marker moved by less than this is where its day is, to the eye.
const MOVED: f32 = 8.0;

pub(super) struct Band {
    pub x: f32,
    pub width: f32,
}

pub(super) struct Marker {
    /// Where it is drawn, and where the day is: they differ where doses are close.
    pub x: f32,
    pub day_x: f32,
    pub class: &'static str,
    pub text: String,
    pub title: String,
    pub is_irregular: bool,
}

impl Marker {
    pub(super) fn is_moved(&self) -> bool {
        (self.x - self.day_x).abs() > MOVED
    }
}

pub(super) struct Line {
    pub y: f32,
    pub middle: f32,
    pub is_even: bool,
    pub label: String,
    pub legal: Option<Band>,
    pub standard: Option<Band>,
    /// From the first to the last dose.
    pub thread: Option<(f32, f32)>,
    pub markers: Vec<Marker>,
    pub due: Option<Marker>,
    pub status_class: &'static str,
    pub status: String,
    pub detail: String,
}

pub(super) struct Picture {
    pub height: f32,
    pub bottom: f32,
    pub ticks: Vec<Tick>,
    pub lines: Vec<Line>,
    pub today_x: f32,
    pub today_label_x: f32,
    pub today: String,
}

impl Picture {
    pub(super) fn draw(timeline: &Timeline) -> Picture {
        let axis = Axis::of(timeline, LEFT, RIGHT);
        let lines: Vec<Line> =
            timeline.rows.iter().enumerate().map(|(at, row)| line(at, row, timeline, &axis)).collect();
        let bottom = TOP + ROW * lines.len() as f32;
        let today_x = axis.x(timeline.today);
        Picture {
            height: bottom + 30.0,
            bottom,
            ticks: axis.ticks(),
            lines,
            today_x,
            today_label_x: today_x.clamp(LEFT + 66.0, RIGHT - 66.0),
            today: format!("今日 {}", dates::digits(timeline.today)),
        }
    }

    pub(super) fn left(&self) -> f32 {
        LEFT
    }

    pub(super) fn plot(&self) -> f32 {
        RIGHT - LEFT
    }
}

fn line(at: usize, row: &TimelineRow, timeline: &Timeline, axis: &Axis) -> Line {
    let y = TOP + ROW * at as f32;
    let band = |days: Option<(domain::Date, domain::Date)>| {
        days.filter(|&(from, until)| axis.shows(from, until)).map(|(from, until)| {
            let x = axis.x(from);
            Band { x, width: tenth((axis.x(until) - x).max(3.0)) }
        })
    };
    let mut markers: Vec<Marker> = row.doses.iter().map(|dose| dose_marker(dose, axis)).collect();
    markers.sort_by(|a, b| a.day_x.total_cmp(&b.day_x));
    let due = row.due.filter(|due| axis.shows(due.from, due.from)).map(|due| {
        // A dose that could have been given long ago is due today, not in the past.
        let x = axis.x(due.from.max(timeline.today));
        Marker {
            x,
            day_x: x,
            class: if row.status == Status::Due { "now" } else { "later" },
            text: due.dose.to_string(),
            title: format!("次回 {}", row.due_text()),
            is_irregular: false,
        }
    });
    let mut all: Vec<&mut f32> = markers.iter_mut().map(|marker| &mut marker.x).collect();
    let mut due = due;
    if let Some(due) = &mut due {
        all.push(&mut due.x);
    }
    spread(&mut all);
    Line {
        y,
        middle: y + ROW / 2.0,
        is_even: at.is_multiple_of(2),
        label: row.label.clone(),
        legal: band(row.legal),
        standard: band(row.standard),
        thread: markers.first().zip(markers.last()).map(|(first, last)| (first.x, last.x)),
        markers,
        due,
        status_class: status_class(row.status),
        status: status_text(row),
        detail: row.due.map_or_else(String::new, |due| match due.until {
            Some(until) => format!("{}～{}", dates::digits(due.from), dates::digits(until)),
            None => format!("{}～", dates::digits(due.from)),
        }),
    }
}

fn dose_marker(dose: &super::TimelineDose, axis: &Axis) -> Marker {
    let x = axis.x(dose.on);
    let number = if dose.number == 0 { "×".to_owned() } else { dose.number.to_string() };
    let count = if dose.number == 0 { String::new() } else { format!("{}回目 ", dose.number) };
    Marker {
        x,
        day_x: x,
        class: dose.kind.class(),
        text: if dose.kind == DoseKind::NotCounted { "×".to_owned() } else { number },
        title: format!("{count}{} {}（{}）", dates::digits(dose.on), dose.vaccine, dose.kind.ja()),
        is_irregular: dose.kind == DoseKind::Irregular,
    }
}

/// Moves markers apart: to the right as far as needed, and back from the right end.
fn spread(places: &mut [&mut f32]) {
    for at in 1..places.len() {
        let least = *places[at - 1] + APART;
        if *places[at] < least {
            *places[at] = tenth(least);
        }
    }
    let mut most = RIGHT + 10.0;
    for place in places.iter_mut().rev() {
        if **place > most {
            **place = tenth(most);
        }
        most = **place - APART;
    }
}

fn status_class(status: Status) -> &'static str {
    match status {
        Status::Due => "due",
        Status::NotYet => "wait",
        Status::Complete => "done",
        Status::Expired => "late",
        Status::Excluded | Status::NotTarget => "off",
    }
}

fn status_text(row: &TimelineRow) -> String {
    let next = row.due.map_or_else(String::new, |due| format!(" {}回目", due.dose));
    match row.status {
        Status::Due => format!("接種できます{next}"),
        Status::NotYet => format!("これから{next}"),
        // The highest number, not the count: what is given every season begins at 1 again.
        Status::Complete => match row.doses.iter().map(|dose| dose.number).max() {
            Some(number) if number > 0 => format!("完了 {number}回"),
            Some(_) | None => "完了".to_owned(),
        },
        Status::Expired => "期間を過ぎました".to_owned(),
        Status::Excluded => "対象から除外".to_owned(),
        Status::NotTarget => "対象外".to_owned(),
    }
}
