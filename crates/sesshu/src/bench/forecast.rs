//! How many persons a core can judge and forecast: the engine alone, and the whole way from JSON to JSON.

use super::table::{Measured, measure, print};
use crate::Outcome;
use crate::forecast::{Answers, BATCH_BYTES, CdcDoor, JapanDoor, answer_all, read_cdc};
use anyhow::{Context, ensure};
use domain::Date;
use domain::schedule::cdc::{self, Cdc, Scratch};
use domain::schedule::{GivenDose, Japan, Person, Settings, Sex};
use serde_json::json;
use std::hint::black_box;
use std::io::{self, BufReader};
use std::path::PathBuf;
use std::time::Duration;

/// 判定エンジン: 1人の全種類を判定する速さ (予防接種法、--data と --cases があれば CDC の規則も)
#[derive(clap::Args)]
pub struct Args {
    /// 架空の住民の数
    #[arg(long, default_value_t = 50_000)]
    residents: u32,
    /// 住民を作る種 (同じ数なら同じ住民)
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 1項目あたりの測定時間 (秒)
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// CDC の supporting data (XML) のあるフォルダー
    #[arg(long, value_name = "DIR", requires = "cases")]
    data: Option<PathBuf>,
    /// CDC の公開事例 (TSV)
    #[arg(long, value_name = "FILE", requires = "data")]
    cases: Option<PathBuf>,
}

/// The ward is asked about on this day; a fixed one, so that runs can be compared.
const AS_OF: Date = Date::constant(2026, 11, 23);

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    ensure!(args.residents > 0, "--residents は 1 以上にしてください");
    let seconds = Duration::from_secs(args.seconds);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut lines = japan(args, seconds, cores);
    if let (Some(data), Some(cases)) = (&args.data, &args.cases) {
        let cdc = read_cdc(data)?;
        let cases = std::fs::read_to_string(cases).with_context(|| cases.display().to_string())?;
        lines.extend(cdc_lines(&cdc, &patients(&cases)?, seconds, cores)?);
    }
    print(&lines, "persons");
    Ok(Outcome::Done)
}

fn japan(args: &Args, seconds: Duration, cores: usize) -> Vec<Measured> {
    let ward = town::Ward::generate(args.seed, args.residents, AS_OF);
    let people: Vec<(Person, Vec<GivenDose>)> = ward.histories().collect();
    let japan = Japan::new(Settings::default());
    let doses: usize = people.iter().map(|(_, doses)| doses.len()).sum();
    eprintln!("{} persons, {:.1} doses each", people.len(), doses as f64 / people.len() as f64);
    let text: String =
        people.iter().enumerate().map(|(index, (person, doses))| japan_line(index, person, doses)).collect();
    let engine = measure("jp, engine, one core", seconds, || {
        for (person, doses) in &people {
            black_box(japan.forecast(black_box(person), doses, AS_OF));
        }
        people.len() as u64
    });
    let mut doors: Vec<JapanDoor> = (0..cores).map(|_| JapanDoor::new(&japan, Some(AS_OF), false)).collect();
    vec![
        engine,
        measure("jp, JSON to JSON, one core", seconds, || answered(&text, &mut doors[..1])),
        measure("jp, JSON to JSON, all cores", seconds, || answered(&text, &mut doors)),
    ]
}

/// The facts that matter for speed: the history. The rest is as the register has it.
fn japan_line(index: usize, person: &Person, doses: &[GivenDose]) -> String {
    let doses: Vec<_> = doses
        .iter()
        .map(|dose| json!({"date": dose.on.to_string(), "vaccine": dose.vaccine.code()}))
        .collect();
    let sex = match person.sex {
        Sex::Female => "F",
        Sex::Male => "M",
        Sex::Unknown => "U",
    };
    json!({"id": index, "birth_date": person.birth_date.to_string(), "sex": sex, "doses": doses}).to_string()
        + "\n"
}

/// One of CDC's public cases as a patient.
struct Patient {
    birth_date: Date,
    sex: Sex,
    as_of: Date,
    doses: Vec<(Date, String)>,
}

fn patients(cases: &str) -> anyhow::Result<Vec<Patient>> {
    let day = |digits: &str| Date::strptime("%Y%m%d", digits).with_context(|| digits.to_owned());
    let mut patients = Vec::new();
    for line in cases.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, birth, sex, as_of, _, _, _, _, _, _, doses] = columns[..] else {
            anyhow::bail!("事例の列の数が違います: {line}");
        };
        let doses = doses.split(';').filter(|dose| !dose.is_empty()).map(|dose| {
            let (on, rest) = dose.split_once('|').context("事例の接種が読めません")?;
            Ok((day(on)?, rest.split('|').next().unwrap_or_default().to_owned()))
        });
        patients.push(Patient {
            birth_date: day(birth)?,
            sex: if sex == "F" { Sex::Female } else { Sex::Male },
            as_of: day(as_of)?,
            doses: doses.collect::<anyhow::Result<_>>()?,
        });
    }
    ensure!(!patients.is_empty(), "事例が1件もありません");
    Ok(patients)
}

fn cdc_lines(
    cdc: &Cdc,
    patients: &[Patient],
    seconds: Duration,
    cores: usize,
) -> anyhow::Result<Vec<Measured>> {
    let mut histories = Vec::new();
    for patient in patients {
        let doses = patient.doses.iter().map(|(on, cvx)| {
            let vaccine = cdc.vaccine(cvx).with_context(|| format!("知らない CVX です: {cvx}"))?;
            Ok(cdc::Dose { on: *on, vaccine, maker: None, substandard: false })
        });
        histories.push(doses.collect::<anyhow::Result<Vec<_>>>()?);
    }
    let mut scratch = Scratch::default();
    let engine = measure("cdc, engine, one core", seconds, || {
        for (patient, doses) in patients.iter().zip(&histories) {
            let asked = cdc::Patient {
                birth_date: patient.birth_date,
                sex: patient.sex,
                birth_country: None,
                observations: &[],
                doses,
            };
            cdc.forecast(black_box(&asked), patient.as_of, &mut scratch);
            black_box(&scratch.groups);
        }
        patients.len() as u64
    });
    let line = |(index, patient): (usize, &Patient)| {
        let doses: Vec<_> =
            patient.doses.iter().map(|(on, cvx)| json!({"date": on.to_string(), "vaccine": cvx})).collect();
        let sex = if patient.sex == Sex::Female { "F" } else { "M" };
        json!({"id": index, "birth_date": patient.birth_date.to_string(), "sex": sex, "as_of": patient.as_of.to_string(), "doses": doses})
            .to_string()
            + "\n"
    };
    // Enough lines that all cores have work.
    let text: String = patients.iter().enumerate().map(line).collect::<String>().repeat(20);
    let mut doors: Vec<CdcDoor> = (0..cores).map(|_| CdcDoor::new(cdc, None, false)).collect();
    Ok(vec![
        engine,
        measure("cdc, JSON to JSON, one core", seconds, || answered(&text, &mut doors[..1])),
        measure("cdc, JSON to JSON, all cores", seconds, || answered(&text, &mut doors)),
    ])
}

/// Sends the lines through the door that `sesshu forecast` uses.
fn answered<A: Answers + Send>(text: &str, doors: &mut [A]) -> u64 {
    let mut input = BufReader::with_capacity(BATCH_BYTES, text.as_bytes());
    let counts = answer_all(&mut input, &mut io::sink(), doors, &mut |_| {}).expect("memory can be read");
    assert_eq!(counts.refused, 0, "the benchmark's own lines are good");
    counts.answered
}
