//! Charts: a figure with a table that says the same, drawn by echarts where script runs.

use askama::Template;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChartKind {
    /// Horizontal bars: names of programmes are long.
    Bar,
    /// Vertical columns, stacked.
    Stack,
    Line,
}

#[derive(Clone, Debug, Serialize)]
pub struct ChartSeries {
    pub name: String,
    /// One value for each category; `None` where there is none (shown as a dash).
    pub values: Vec<Option<f64>>,
}

/// What to draw. The look is in `static/js/sesshu.js`, in one place.
#[derive(Clone, Debug, Serialize, Template)]
#[template(path = "components/chart.html")]
pub struct Chart {
    /// Unique on the page.
    #[serde(skip)]
    pub id: String,
    pub title: String,
    /// The message of the chart in a sentence, for those who do not see it and for those in a hurry.
    pub summary: String,
    pub kind: ChartKind,
    /// What the categories are: 予防接種, 年度.
    pub axis: String,
    pub categories: Vec<String>,
    pub series: Vec<ChartSeries>,
    /// `%`, `件`.
    pub unit: String,
    /// The upper end of the value axis (100 for %); `None` lets the values decide.
    pub max: Option<f64>,
}

impl Chart {
    /// The data block. `<` is escaped so that no text can end the block.
    fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers").replace('<', "\\u003c")
    }

    fn echarts(&self) -> String {
        crate::asset_url("vendor/echarts-6.1.0/echarts.min.js")
    }

    fn cell(&self, series: &ChartSeries, category: &usize) -> String {
        match series.values.get(*category).copied().flatten() {
            Some(value) if value.fract() == 0.0 => {
                format!("{}{}", crate::dates::thousands(value as i64), self.unit)
            }
            Some(value) => format!("{value:.1}{}", self.unit),
            None => "―".to_owned(),
        }
    }
}

impl askama::filters::HtmlSafe for Chart {}
