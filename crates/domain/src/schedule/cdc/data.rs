//! CDC's supporting data, prepared: codes are small indices, code lists are bit sets, ages are looked up by index.
//!
//! Whoever reads the XML fills these; the logic never sees a string.

use crate::Date;
use crate::age::Days;
use crate::schedule::Sex;
use crate::schedule::interpreter::{IntervalRule, ProductSet, Span};

/// Index of a CVX code in [`Pack::vaccines`].
pub type VaccineIndex = u16;
/// Index of an antigen in [`Pack::antigens`].
pub type AntigenIndex = u8;
/// Index of an age in [`Pack::ages`]: every person's age dates are worked out once, then looked up.
pub type AgeIndex = u8;
/// Index of a manufacturer in [`Pack::makers`].
pub type MakerIndex = u8;
/// A manufacturer that no rule names.
pub const OTHER_MAKER: MakerIndex = MakerIndex::MAX;
/// Index of an observation in [`Pack::observations`].
pub type ObservationIndex = u16;

/// Vaccines a [`ProductSet`] can hold; the published data has 219.
pub const VACCINES_MAX: usize = 512;
/// Target doses of one series; the published data has 11.
pub const TARGETS_MAX: usize = 16;
/// Antigens, as one bit each of a `u64`; the published data has 30.
pub const ANTIGENS_MAX: usize = 64;

/// The whole of the supporting data.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    pub vaccines: Vec<Vaccine>,
    pub antigens: Vec<Antigen>,
    pub groups: Vec<Group>,
    /// Distinct ages, by [`AgeIndex`].
    pub ages: Vec<Span>,
    /// Manufacturers (MVX) that a rule names, by [`MakerIndex`].
    pub makers: Vec<String>,
    /// Observation codes with their titles, by [`ObservationIndex`].
    pub observations: Vec<(String, String)>,
}

/// One CVX code.
#[derive(Clone, Debug)]
pub struct Vaccine {
    pub cvx: String,
    pub name: String,
    /// Which antigens it counts for, by age at administration (§4.2).
    pub associations: Vec<Association>,
    /// Earlier vaccines that impair this one (§6.7).
    pub conflicts: Vec<Conflict>,
    /// All of [`conflicts`](Self::conflicts)' vaccines, to pass quickly over what does not conflict.
    pub conflicting: ProductSet,
}

impl Vaccine {
    /// A code that counts for nothing yet.
    pub fn new(cvx: &str, name: &str) -> Vaccine {
        Vaccine {
            cvx: cvx.to_owned(),
            name: name.to_owned(),
            associations: Vec::new(),
            conflicts: Vec::new(),
            conflicting: ProductSet::NONE,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Association {
    pub antigen: AntigenIndex,
    pub age: AgeRange,
}

/// From an age (included) until an age (excluded); an end that is not stated does not limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgeRange {
    pub from: Option<AgeIndex>,
    pub until: Option<AgeIndex>,
}

/// "Live virus conflict": intervals from the earlier dose.
#[derive(Clone, Copy, Debug)]
pub struct Conflict {
    pub previous: VaccineIndex,
    pub begin: Span,
    /// End where the earlier dose was valid or not evaluated.
    pub end_min: Span,
    pub end: Span,
}

#[derive(Clone, Debug, Default)]
pub struct Antigen {
    pub name: String,
    /// In an order in which a series stands after those whose completion its skip conditions ask about.
    pub series: Vec<Series>,
    pub immunity: Immunity,
    /// Observations that rule out every series of the antigen (Table 7-5).
    pub contraindications: Vec<Indication>,
    /// Observations that rule out some vaccines (Table 7-6).
    pub vaccine_contraindications: Vec<VaccineContraindication>,
}

/// Evidence of immunity (§7.2).
#[derive(Clone, Debug, Default)]
pub struct Immunity {
    pub history: Vec<ObservationIndex>,
    pub births: Vec<BirthImmunity>,
}

/// Birth before a date counts as immunity.
#[derive(Clone, Debug)]
pub struct BirthImmunity {
    pub before: Date,
    /// `None` means any country.
    pub country: Option<String>,
    pub exclusions: Vec<ObservationIndex>,
}

/// An observation that matters between two ages.
#[derive(Clone, Copy, Debug)]
pub struct Indication {
    pub observation: ObservationIndex,
    pub age: AgeRange,
}

#[derive(Clone, Debug)]
pub struct VaccineContraindication {
    pub observation: ObservationIndex,
    pub vaccines: Vec<(VaccineIndex, AgeRange)>,
}

/// A vaccine group: what a person is told about.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub name: String,
    pub antigens: Vec<AntigenIndex>,
    /// "Administer full vaccine group": all antigens are given together.
    pub full: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeriesKind {
    Standard,
    Risk,
    EvaluationOnly,
}

/// One path to immunity against one antigen.
#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    pub kind: SeriesKind,
    /// Empty means any.
    pub sexes: Vec<Sex>,
    pub indications: Vec<Indication>,
    pub is_default: bool,
    pub is_product: bool,
    pub group_name: String,
    /// Series group number, below 32.
    pub group: u8,
    /// Series groups that may stand in for this one, a bit each.
    pub equivalents: u32,
    /// `A` is 0 and goes before `B`.
    pub priority: u8,
    /// Rank among equals; the lowest wins.
    pub preference: u8,
    /// Minimum age to start.
    pub start_from: Option<AgeIndex>,
    /// Maximum age to start.
    pub start_until: Option<AgeIndex>,
    pub doses: Vec<SeriesDose>,
}

/// One target dose of a series.
#[derive(Clone, Debug)]
pub struct SeriesDose {
    pub ages: Vec<Ages>,
    pub intervals: Vec<Interval>,
    pub allowable_intervals: Vec<Interval>,
    pub preferable: Vec<DoseVaccine>,
    /// The same as a set, to pass quickly over what is not listed.
    pub preferable_set: ProductSet,
    pub allowable: Vec<DoseVaccine>,
    pub allowable_set: ProductSet,
    pub inadvertent: ProductSet,
    pub skips: Vec<Skip>,
    pub recurring: bool,
    /// Seasonal recommendation, both days included.
    pub season: Option<Days>,
    /// Given vaccines that delay this dose, with the conflict's full end (CALCDTCONFLICT-3), one entry per length.
    pub delays: Vec<(ProductSet, Span)>,
}

impl SeriesDose {
    /// A target dose that asks for nothing yet.
    pub fn new(recurring: bool) -> SeriesDose {
        SeriesDose {
            ages: Vec::new(),
            intervals: Vec::new(),
            allowable_intervals: Vec::new(),
            preferable: Vec::new(),
            preferable_set: ProductSet::NONE,
            allowable: Vec::new(),
            allowable_set: ProductSet::NONE,
            inadvertent: ProductSet::NONE,
            skips: Vec::new(),
            recurring,
            season: None,
            delays: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Ages {
    pub absolute_min: Option<AgeIndex>,
    pub min: Option<AgeIndex>,
    pub recommended_from: Option<AgeIndex>,
    pub recommended_until: Option<AgeIndex>,
    pub max: Option<AgeIndex>,
    pub in_force: Days,
}

/// What an interval is measured from: which list of past doses the interpreter is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A dose of this series (the one before, or the one that satisfied a target).
    Series,
    /// The latest dose of some vaccines, in any series.
    History,
    /// An observation; its date is filled into the rule for each patient.
    Observation(ObservationIndex),
}

#[derive(Clone, Copy, Debug)]
pub struct Interval {
    pub reference: Reference,
    pub rule: IntervalRule,
    /// Interval priority flag: the group's earliest date is not held back by its other antigens.
    pub overrides: bool,
}

#[derive(Clone, Debug)]
pub struct DoseVaccine {
    pub vaccine: VaccineIndex,
    pub age: AgeRange,
    /// Manufacturer (MVX) where only its product is meant.
    pub maker: Option<MakerIndex>,
    /// To be named in a recommendation.
    pub recommended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipContext {
    Evaluation,
    Forecast,
    Both,
}

/// Conditional skip (§6.2).
#[derive(Clone, Debug)]
pub struct Skip {
    pub context: SkipContext,
    /// All sets are needed, not only one.
    pub all_sets: bool,
    pub sets: Vec<SkipSet>,
}

#[derive(Clone, Debug)]
pub struct SkipSet {
    pub in_force: Days,
    /// All conditions are needed, not only one.
    pub all_conditions: bool,
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
pub enum Condition {
    Age(AgeRange),
    /// A series of this series group is complete.
    CompletedSeries(u8),
    /// This long after the dose before.
    Interval(Span),
    Count(Count),
}

/// "Vaccine count by age and/or date".
#[derive(Clone, Debug)]
pub struct Count {
    pub age: AgeRange,
    /// First day counted.
    pub from: Date,
    /// First day no more counted.
    pub until: Date,
    /// `None` means any vaccine of the antigen.
    pub vaccines: Option<ProductSet>,
    pub valid_only: bool,
    pub compare: std::cmp::Ordering,
    pub than: u16,
}
