use std::collections::BTreeMap;

use domain::schedule::{GivenDose, Japan, Settings, Severity};
use town::{Dose, Planted, Resident, Ward};

use crate::day;

fn given(dose: &Dose, resident: &Resident) -> GivenDose {
    GivenDose {
        on: dose.on,
        vaccine: dose.vaccine,
        volume_centi_ml: dose.volume_centi_ml(resident.birth),
        lot_expires_on: Some(dose.lot_expires_on()),
    }
}

/// The generator and the engine were written apart from each other: where they disagree, one of them is wrong.
#[test]
fn the_engine_finds_the_histories_right_but_for_the_planted_errors() {
    let ward = Ward::generate(11, 12_000, day("2026-11-21"));
    let japan = Japan::new(Settings::default());
    let (mut judged, mut right) = (0, 0);
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for resident in &ward.residents {
        let doses = ward.doses(resident);
        let history: Vec<GivenDose> = doses.iter().map(|dose| given(dose, resident)).collect();
        let forecast = japan.forecast(&ward.person(resident), &history, ward.as_of);
        assert_eq!(forecast.doses.len(), doses.len(), "one verdict a dose");
        let planted = doses.iter().any(|dose| dose.planted.is_some());
        for verdict in forecast.doses.iter().filter(|verdict| verdict.series.is_some() && !planted) {
            judged += 1;
            if verdict.is_teiki {
                right += 1;
                continue;
            }
            let dose = &doses[verdict.given];
            let errors = verdict.reasons.iter().filter(|reason| reason.severity == Severity::Error);
            let codes: Vec<_> = errors.map(|reason| reason.code).collect();
            let example = format!(
                "{:?} {:?} of {:?}",
                resident.birth,
                dose,
                doses.iter().map(|d| (d.on, d.vaccine)).collect::<Vec<_>>()
            );
            let kind = format!("{} {} {codes:?}", dose.vaccine.code(), dose.number);
            wrong.entry(kind).or_insert((0, example)).0 += 1;
        }
    }
    assert!(judged > 20_000, "{judged}");
    assert!(right * 1000 >= judged * 999, "{right} of {judged}: {wrong:#?}");
}

#[test]
fn the_engine_finds_the_planted_errors() {
    let ward = Ward::generate(11, 60_000, day("2026-11-21"));
    let japan = Japan::new(Settings::default());
    let mut planted: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut all = 0;
    for resident in &ward.residents {
        let doses = ward.doses(resident);
        all += doses.len();
        if doses.iter().all(|dose| dose.planted.is_none()) {
            continue;
        }
        let history: Vec<GivenDose> = doses.iter().map(|dose| given(dose, resident)).collect();
        let forecast = japan.forecast(&ward.person(resident), &history, ward.as_of);
        for verdict in &forecast.doses {
            if let Some(kind) = doses[verdict.given].planted {
                let count = planted.entry(format!("{kind:?}")).or_default();
                count.0 += 1;
                count.1 += usize::from(!verdict.is_teiki);
            }
        }
    }
    let total: usize = planted.values().map(|(total, _)| total).sum();
    let per_mille = total as f64 * 1000.0 / all as f64;
    assert!((1.0..8.0).contains(&per_mille), "{per_mille} per mille of {all}");
    for kind in [Planted::TooEarly, Planted::ShortInterval, Planted::WrongProduct, Planted::Unnecessary] {
        let (total, found) = planted[&format!("{kind:?}")];
        assert!(found * 10 >= total * 9, "{kind:?}: {found} of {total} found");
    }
}
