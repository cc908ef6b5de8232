//! From how many signs on somebody is told.

use domain::intrusion::{Intrusion, Tally, add};

#[test]
fn a_burst_is_told_at_its_threshold_and_not_one_sign_sooner() {
    for kind in Intrusion::ALL {
        let threshold = kind.threshold();
        let told = |signs| add(*kind, None, signs).is_told;
        assert!(told(threshold.signs) && (threshold.signs == 1 || !told(threshold.signs - 1)), "{kind:?}");
        assert!(!kind.advice_ja().is_empty());
    }
}

#[test]
fn signs_add_up_within_the_window_only() {
    let kind = Intrusion::SignInBurst;
    let minutes = kind.threshold().minutes;
    let before = |minutes| Some(Tally { signs: 19, minutes, is_told: false });
    assert!(add(kind, before(minutes - 1), 1).is_told);
    assert_eq!(add(kind, before(minutes), 1), Tally { signs: 1, minutes: 0, is_told: false });
    assert_eq!(add(kind, before(minutes + 1), 1).signs, 1);
}

#[test]
fn what_was_told_is_counted_on_however_late() {
    let told = Some(Tally { signs: 20, minutes: 6_000, is_told: true });
    let tally = add(Intrusion::SignInBurst, told, 1_000_000);
    assert_eq!((tally.signs, tally.is_told), (1_000_020, true));
}
