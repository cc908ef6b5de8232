//! `--rules`: the table in force on a day, as tab-separated text that a lawyer can check and a spreadsheet opens.

use domain::Date;
use domain::schedule::Japan;
use domain::schedule::cdc::Cdc;
use domain::schedule::cdc::data::{AgeIndex, Interval, Reference, SeriesDose, SeriesKind};
use domain::schedule::interpreter::{Since, Span};
use domain::schedule::reason::period_ja;
use std::io::{self, Write};

/// The Japanese rules in force on `on`, each with its article.
pub fn print_japan(japan: &Japan, on: Date, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "接種種類\t類型\t項目\t規則\t適用期間\t根拠")?;
    for row in japan.rules_table(on) {
        let bound = |day: Date, open: Date| (day != open).then_some(day);
        let period = period_ja(bound(row.in_force.from, Date::MIN), bound(row.in_force.until, Date::MAX));
        let (series, class) = (row.series.ja(), row.class.ja());
        writeln!(out, "{series}\t{class}\t{}\t{}\t{period}\t{}", row.kind, row.text, row.source)?;
    }
    Ok(())
}

/// CDC's series doses in force on `on`.
pub fn print_cdc(cdc: &Cdc, on: Date, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "group\tseries\ttype\tdose\tages (min / recommended / max)\tintervals\tvaccines (CVX)")?;
    for group in &cdc.pack().groups {
        let antigens = group.antigens.iter().map(|antigen| &cdc.pack().antigens[usize::from(*antigen)]);
        for series in antigens.flat_map(|antigen| &antigen.series) {
            let kind = match series.kind {
                SeriesKind::Standard => "Standard",
                SeriesKind::Risk => "Risk",
                SeriesKind::EvaluationOnly => "Evaluation Only",
            };
            for (index, dose) in series.doses.iter().enumerate() {
                let recurs = if dose.recurring { " (recurs)" } else { "" };
                write!(out, "{}\t{}\t{kind}\t{}{recurs}\t", group.name, series.name, index + 1)?;
                writeln!(
                    out,
                    "{}\t{}\t{}",
                    ages(cdc, dose, on),
                    intervals(cdc, dose, on),
                    vaccines(cdc, dose)
                )?;
            }
        }
    }
    Ok(())
}

fn ages(cdc: &Cdc, dose: &SeriesDose, on: Date) -> String {
    let age =
        |age: Option<AgeIndex>| age.map_or("-".to_owned(), |age| span(cdc.pack().ages[usize::from(age)]));
    let in_force = dose.ages.iter().find(|ages| ages.in_force.contains(on));
    in_force.map_or(String::new(), |ages| {
        format!("{} / {} / {}", age(ages.min), age(ages.recommended_from), age(ages.max))
    })
}

fn intervals(cdc: &Cdc, dose: &SeriesDose, on: Date) -> String {
    let in_force = dose.intervals.iter().filter(|interval| interval.rule.in_force.contains(on));
    let said: Vec<String> = in_force
        .map(|interval| {
            let min = interval.rule.min.map_or("-".to_owned(), span);
            format!("{min} after {}", reference(cdc, interval))
        })
        .collect();
    said.join("; ")
}

fn reference(cdc: &Cdc, interval: &Interval) -> String {
    match (interval.reference, interval.rule.since) {
        (Reference::Observation(observation), _) => {
            cdc.pack().observations[usize::from(observation)].1.clone()
        }
        (_, Since::PreviousDose | Since::Day(_)) => "the previous dose".to_owned(),
        (_, Since::Target(target)) => format!("target dose {}", target + 1),
        (_, Since::MostRecent(vaccines)) => {
            let named = cdc.pack().vaccines.iter().enumerate();
            let named = named.filter(|(index, _)| vaccines.contains(*index as u16));
            let codes: Vec<&str> = named.map(|(_, vaccine)| vaccine.cvx.as_str()).collect();
            format!("the latest of CVX {}", codes.join(" "))
        }
    }
}

fn vaccines(cdc: &Cdc, dose: &SeriesDose) -> String {
    let listed = dose.preferable.iter().map(|listed| &cdc.pack().vaccines[usize::from(listed.vaccine)]);
    let codes: Vec<&str> = listed.map(|vaccine| vaccine.cvx.as_str()).collect();
    codes.join(" ")
}

/// A length of time in CDSi's own words.
fn span(span: Span) -> String {
    let parts = [(span.years, "years"), (span.months, "months"), (span.weeks, "weeks"), (span.days, "days")];
    let mut said = String::new();
    for (number, unit) in parts.into_iter().filter(|(number, _)| *number != 0) {
        let sign = match (said.is_empty(), number < 0) {
            (true, false) => "",
            (true, true) => "-",
            (false, false) => " + ",
            (false, true) => " - ",
        };
        said += &format!("{sign}{} {unit}", number.unsigned_abs());
    }
    if said.is_empty() { "0 days".to_owned() } else { said }
}
