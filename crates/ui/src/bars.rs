//! 週ごとの件数: a small column chart drawn by the server, with a table that says the same. No script.

use askama::Template;

/// One column; its lower part stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub label: String,
    pub total: i64,
    /// How much of it waits.
    pub part: i64,
}

/// Columns side by side, twelve or so.
#[derive(Clone, Debug, Template)]
#[template(path = "components/bars.html")]
pub struct Bars {
    /// Unique on the page.
    pub id: String,
    pub title: String,
    /// What it says, in a sentence.
    pub summary: String,
    /// What a column stands for: 週.
    pub axis: String,
    pub total_name: String,
    pub part_name: String,
    pub bars: Vec<Bar>,
}

const WIDTH: i64 = 720;
const BOTTOM: i64 = 150;
const TOP: i64 = 24;

/// A column where it stands.
struct Column<'a> {
    x: i64,
    middle: i64,
    width: i64,
    rest_y: i64,
    rest_height: i64,
    part_y: i64,
    part_height: i64,
    bar: &'a Bar,
}

impl Bars {
    fn columns(&self) -> Vec<Column<'_>> {
        let most = self.bars.iter().map(|bar| bar.total).max().unwrap_or(0).max(1);
        let step = WIDTH / (self.bars.len() as i64).max(1);
        let height = |count: i64| count.max(0) * (BOTTOM - TOP) / most;
        self.bars
            .iter()
            .enumerate()
            .map(|(at, bar)| {
                let x = at as i64 * step + step / 6;
                let (whole, part) = (height(bar.total), height(bar.part.min(bar.total)));
                Column {
                    x,
                    middle: at as i64 * step + step / 2,
                    width: step - step / 3,
                    rest_y: BOTTOM - whole,
                    rest_height: whole - part,
                    part_y: BOTTOM - part,
                    part_height: part,
                    bar,
                }
            })
            .collect()
    }
}

impl askama::filters::HtmlSafe for Bars {}
