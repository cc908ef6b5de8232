use crate::samples::{Sample, charts, day, timeline};
use domain::schedule::*;
use ui::timeline::Timeline;

const TODAY: &str = "2026-11-23";

fn finding(series: Series, status: Status) -> SeriesFinding {
    SeriesFinding {
        series,
        status,
        dose: None,
        legal_from: None,
        legal_until: None,
        standard_from: None,
        standard_until: None,
        earliest: None,
        latest: None,
        reasons: vec![],
    }
}

fn child(series: Vec<SeriesFinding>, doses: Vec<DoseVerdict>, given: &[GivenDose]) -> Timeline {
    let person = Person { birth_date: day("2025-05-10"), sex: Sex::Female, facts: Facts::default() };
    Timeline::of(&person, given, &Forecast { as_of: day(TODAY), doses, series })
}

#[test]
fn series_that_never_concern_the_person_are_left_out_unless_a_dose_was_given() {
    let given = [GivenDose::new(day("2026-11-01"), Vaccine::Flu)];
    let verdict = DoseVerdict {
        given: 0,
        series: Some(Series::Flu),
        dose: 0,
        is_teiki: false,
        valid_for_series: false,
        reasons: vec![],
    };
    let all = vec![
        finding(Series::Bcg, Status::Expired),
        finding(Series::Flu, Status::NotTarget),
        finding(Series::Ppv, Status::NotTarget),
    ];
    let html = child(all, vec![verdict], &given).to_string();
    assert!(html.contains("BCG") && html.contains("高齢者インフルエンザ"));
    assert!(!html.contains("高齢者肺炎球菌"));
    assert!(html.contains("s-tl__dose--void"), "a dose that counts for nothing is marked so");
}

#[test]
fn a_dose_that_was_due_long_ago_is_due_today() {
    let mut mr1 = finding(Series::Mr1, Status::Due);
    mr1.dose = Some(1);
    mr1.legal_from = Some(day("2026-05-09"));
    mr1.legal_until = Some(day("2027-05-09"));
    mr1.earliest = mr1.legal_from;
    mr1.latest = mr1.legal_until;
    let html = child(vec![mr1], vec![], &[]).to_string();
    let today = html
        .split("s-tl__today\"><path d=\"M")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .expect("today's line");
    let due = html.split("s-tl__due--now\"><title>").nth(1).and_then(|rest| rest.split("d=\"M").nth(1));
    assert_eq!(due.and_then(|rest| rest.split(' ').next()), Some(today));
    assert!(html.contains("いま接種できる予防接種は麻しん風しん第1期です。"));
}

#[test]
fn the_picture_and_the_table_say_the_same() {
    for sample in [Sample::Newborn, Sample::Typical, Sample::Full, Sample::Adult, Sample::YoungAdult] {
        let timeline = timeline(sample);
        let html = timeline.to_string();
        let doses: usize = timeline.rows.iter().map(|row| row.doses.len()).sum();
        assert_eq!(
            html.matches("<g class=\"s-tl__dose").count(),
            doses + 3,
            "{sample:?}: three stand in the legend"
        );
        for row in &timeline.rows {
            assert!(html.matches(row.label.as_str()).count() >= 2, "{} is drawn and listed", row.label);
            for dose in &row.doses {
                assert!(html.contains(&format!("{} {}（", dose.on, dose.vaccine)), "{} is listed", dose.on);
            }
        }
        assert!(!html.contains("NaN") && !html.contains("inf"), "{sample:?}");
    }
}

/// The places are within the picture, whatever the dates.
#[test]
fn nothing_is_drawn_outside() {
    for sample in [Sample::Newborn, Sample::Typical, Sample::Full, Sample::Adult, Sample::YoungAdult] {
        let html = timeline(sample).to_string();
        for rest in html.split(" cx=\"").skip(1) {
            let x: f32 = rest.split('"').next().and_then(|x| x.parse().ok()).expect("a number");
            assert!((0.0..=1010.0).contains(&x), "{sample:?}: {x}");
        }
    }
}

#[test]
fn a_person_without_any_series_gets_a_sentence() {
    assert!(timeline(Sample::Deceased).to_string().contains("この方に表示する予防接種はありません。"));
}

#[test]
fn no_name_can_end_the_data_block_of_a_chart() {
    let mut chart = charts(true).remove(0);
    chart.categories[0] = "</script><b>".to_owned();
    let html = chart.to_string();
    let block = html
        .split("application/json")
        .nth(1)
        .and_then(|rest| rest.split("</script>").next())
        .expect("a block");
    assert!(block.contains("\\u003c/script>\\u003cb>"));
    assert_eq!(html.matches("</script>").count(), 1);
}

#[test]
fn the_table_behind_a_chart_has_every_value_and_a_dash_for_none() {
    let html = charts(true).remove(1).to_string();
    assert!(html.contains("9,800件") && html.contains("2,100件"));
    assert!(charts(false).remove(0).to_string().contains("―"));
}

/// Influenza begins at dose 1 every season: three winters are not three doses of a series.
#[test]
fn a_seasonal_vaccine_is_complete_with_its_one_dose() {
    let days = ["2024-10-28", "2025-11-10", "2026-11-02"];
    let given = days.map(|on| GivenDose::new(day(on), Vaccine::Flu));
    let verdicts = (0..3)
        .map(|given| DoseVerdict {
            given,
            series: Some(Series::Flu),
            dose: 1,
            is_teiki: true,
            valid_for_series: true,
            reasons: vec![],
        })
        .collect();
    let html = child(vec![finding(Series::Flu, Status::Complete)], verdicts, &given).to_string();
    assert!(html.contains(">完了 1回<"));
}

/// A window at 65 is no sliver at the edge of a toddler's picture, and does not stretch that of a 30-year-old.
#[test]
fn what_lies_far_ahead_is_said_in_words_only() {
    let mut ppv = finding(Series::Ppv, Status::NotYet);
    ppv.dose = Some(1);
    ppv.earliest = Some(day("2061-05-09"));
    ppv.latest = Some(day("2062-05-09"));
    (ppv.legal_from, ppv.legal_until) = (ppv.earliest, ppv.latest);
    let person = Person { birth_date: day("1996-05-10"), sex: Sex::Male, facts: Facts::default() };
    let forecast = Forecast { as_of: day(TODAY), doses: vec![], series: vec![ppv] };
    let html = Timeline::of(&person, &[], &forecast).to_string();
    let picture = html.split("</svg>").next().expect("the picture");
    assert!(!picture.contains("class=\"s-tl__legal\"") && !picture.contains("s-tl__due--later\""));
    assert!(picture.contains("2061-05-09～2062-05-09"));
    assert!(!picture.contains("65歳"));
}
