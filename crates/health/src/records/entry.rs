//! The entry form: what was typed becomes an [`Entry`], or a list of sentences that say what to do.

use super::{case::Scene, sql::Clinic};
use domain::{
    Date,
    ids::{ClinicCode, LotNumber},
    record::{
        self, Basis, Candidate, ClinicStanding, Content, EXPLANATION_CHARS_MAX, Judgement, Sheet, Untrue,
        parse_volume,
    },
    schedule::{GivenDose, Vaccine},
    wareki,
};
use kit::Posted;
use ui::FormErrors;
use uuid::Uuid;

/// Names are as long as the register allows.
const NAME_CHARS_MAX: usize = 60;

/// Where an entry begins: a scanned sheet, a person's page, or a record to be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Sheet(Uuid),
    Resident(Uuid),
    /// The version that was on the screen: another one by now means that someone was faster.
    Record {
        record_id: Uuid,
        version: i32,
    },
}

impl Origin {
    /// Reads the hidden fields of the form.
    pub fn read(posted: &Posted) -> Option<Origin> {
        let id = |name: &str| posted.text(name).parse::<Uuid>().ok();
        if let Some(record_id) = id("record") {
            return Some(Origin::Record { record_id, version: posted.text("version").parse().ok()? });
        }
        id("sheet").map(Origin::Sheet).or_else(|| id("resident").map(Origin::Resident))
    }

    /// The hidden fields.
    pub fn fields(self) -> Vec<(&'static str, String)> {
        match self {
            Origin::Sheet(id) => vec![("sheet", id.to_string())],
            Origin::Resident(id) => vec![("resident", id.to_string())],
            Origin::Record { record_id, version } => {
                vec![("record", record_id.to_string()), ("version", version.to_string())]
            }
        }
    }
}

/// The fields of the form, in the order of the paper. Also what a confirm page carries on.
pub const FIELDS: [&str; 13] = [
    "judgement",
    "on",
    "vaccine",
    "lot",
    "expires",
    "volume",
    "clinic",
    "clinic_name",
    "doctor",
    "basis",
    "explanation",
    "change_reason",
    "key",
];

/// What was typed, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub judgement: Judgement,
    pub on: Date,
    /// What was given, or would have been.
    pub vaccine: Vaccine,
    pub lot: Option<LotNumber>,
    pub lot_expires_on: Option<Date>,
    pub volume_centi_ml: Option<u16>,
    /// The amount was not typed: it is the usual one for the vaccine and the age.
    pub volume_is_usual: bool,
    pub clinic: Option<Clinic>,
    /// Only where the clinic has no code of ours.
    pub clinic_name: String,
    pub doctor_name: String,
    pub basis: Basis,
    pub explanation: String,
    /// 訂正の理由; empty for a first version.
    pub change_reason: String,
}

impl Entry {
    pub fn candidate(&self, sheet: Option<Sheet>) -> Candidate {
        let content = match self.judgement {
            Judgement::Given => Content::Given(GivenDose {
                on: self.on,
                vaccine: self.vaccine,
                volume_centi_ml: self.volume_centi_ml,
                lot_expires_on: self.lot_expires_on,
            }),
            Judgement::ScreeningOnly => Content::ScreeningOnly { on: self.on },
        };
        let clinic = match &self.clinic {
            Some(clinic) if clinic.is_under_contract(self.on) => ClinicStanding::UnderContract,
            Some(_) => ClinicStanding::NoContract,
            None => ClinicStanding::ByName,
        };
        Candidate { content, basis: self.basis, sheet, clinic, has_lot: self.lot.is_some() }
    }

    pub fn clinic_label(&self) -> &str {
        self.clinic.as_ref().map_or(&self.clinic_name, |clinic| &clinic.name)
    }
}

/// The field an untrue statement belongs to.
pub const fn field_of(untrue: Untrue) -> &'static str {
    match untrue {
        Untrue::Future | Untrue::BeforeBirth | Untrue::AfterDeath { .. } => "on",
        Untrue::SameDay { .. } => "vaccine",
    }
}

/// The clinic code that was typed, if it is one: to be looked up before [`read`].
pub fn typed_clinic(posted: &Posted) -> Option<ClinicCode> {
    ClinicCode::parse(code_part(posted.trimmed("clinic"))).ok()
}

/// A choice of the list may carry the name behind the code.
fn code_part(text: &str) -> &str {
    text.split([' ', '　']).next().unwrap_or_default()
}

/// Reads the form; all errors at once. `clinic` is what the register has under the typed code.
pub fn read(posted: &Posted, scene: &Scene, clinic: Option<Clinic>) -> Result<Entry, FormErrors> {
    let mut errors = FormErrors::default();
    let judgement = Judgement::from_code(posted.text("judgement"));
    if judgement.is_none() {
        errors.add("judgement", "実施区分を選択してください");
    }
    let on = day(posted, "on", "接種日", &mut errors);
    if on.is_none() && posted.trimmed("on").is_empty() {
        errors.add("on", "接種日（予診のみのときは予診日）を入力してください");
    }
    let vaccine = Vaccine::from_code(posted.text("vaccine"));
    if vaccine.is_none() {
        errors.add("vaccine", "ワクチンを選択してください");
    }
    let is_given = judgement != Some(Judgement::ScreeningOnly);
    let dose = if is_given { read_dose(posted, scene, (on, vaccine), &mut errors) } else { Dose::default() };
    let clinic = read_clinic(posted, scene, clinic, &mut errors);
    let doctor_name = short_text(posted, "doctor", "医師名", &mut errors);
    let clinic_name = short_text(posted, "clinic_name", "医療機関名", &mut errors);
    let basis = posted.text("basis").parse().ok().and_then(Basis::from_code);
    if basis.is_none() {
        errors.add("basis", "法定区分を選択してください");
    }
    let explanation = long_text(posted, "explanation", "特別の事情・備考", &mut errors);
    let change_reason = long_text(posted, "change_reason", "訂正の理由", &mut errors);
    if scene.record.is_some() && change_reason.is_empty() {
        errors.add("change_reason", "訂正の理由を入力してください（例：ロット番号の読み違い）");
    }
    match (judgement, on, vaccine, basis) {
        (Some(judgement), Some(on), Some(vaccine), Some(basis)) if errors.is_empty() => Ok(Entry {
            judgement,
            on,
            vaccine,
            lot: dose.lot,
            lot_expires_on: dose.expires_on,
            volume_centi_ml: dose.volume,
            volume_is_usual: dose.volume_is_usual,
            clinic_name: if clinic.is_some() { String::new() } else { clinic_name },
            clinic,
            doctor_name,
            basis,
            explanation,
            change_reason,
        }),
        _ => Err(errors),
    }
}

/// A date field; empty is `None` without an error.
fn day(posted: &Posted, field: &str, name: &str, errors: &mut FormErrors) -> Option<Date> {
    let text = posted.trimmed(field);
    if text.is_empty() {
        return None;
    }
    wareki::parse(text).map_err(|error| errors.add(field, format!("{name}：{error}"))).ok()
}

#[derive(Default)]
struct Dose {
    lot: Option<LotNumber>,
    expires_on: Option<Date>,
    volume: Option<u16>,
    volume_is_usual: bool,
}

/// The sticker: lot, expiry, amount. A returned 予診票 carries it; what is copied from elsewhere may not.
fn read_dose(
    posted: &Posted,
    scene: &Scene,
    (on, vaccine): (Option<Date>, Option<Vaccine>),
    errors: &mut FormErrors,
) -> Dose {
    let lot_text = posted.trimmed("lot");
    let mut lot = None;
    if !lot_text.is_empty() {
        lot = LotNumber::parse(lot_text).map_err(|error| errors.add("lot", error.to_string())).ok();
    } else if scene.sheet.is_some() {
        errors.add("lot", "ロット番号をシールのとおりに入力してください");
    }
    let expires_on = day(posted, "expires", "有効期限", errors);
    let volume_text = posted.trimmed("volume");
    let (volume, volume_is_usual) = if volume_text.is_empty() {
        let usual =
            on.zip(vaccine).and_then(|(on, vaccine)| record::usual_volume(&scene.person, vaccine, on));
        (usual, usual.is_some())
    } else {
        (parse_volume(volume_text).map_err(|error| errors.add("volume", error.to_string())).ok(), false)
    };
    Dose { lot, expires_on, volume, volume_is_usual }
}

fn read_clinic(
    posted: &Posted,
    scene: &Scene,
    found: Option<Clinic>,
    errors: &mut FormErrors,
) -> Option<Clinic> {
    let text = code_part(posted.trimmed("clinic"));
    if text.is_empty() {
        if scene.sheet.is_some() {
            errors.add("clinic", "医療機関コードを入力してください");
        } else if posted.trimmed("clinic_name").is_empty() {
            errors.add("clinic", "医療機関コードか、下の医療機関名を入力してください");
        }
        return None;
    }
    match ClinicCode::parse(text) {
        Err(error) => errors.add("clinic", error.to_string()),
        Ok(_) if found.is_none() => {
            errors.add("clinic", "この医療機関コードは登録されていません。予診票のコードを確かめてください");
        }
        Ok(_) => {}
    }
    found
}

fn short_text(posted: &Posted, field: &str, name: &str, errors: &mut FormErrors) -> String {
    let text = posted.trimmed(field);
    if text.chars().count() > NAME_CHARS_MAX {
        errors.add(field, format!("{name}は{NAME_CHARS_MAX}文字以内で入力してください"));
    }
    text.to_owned()
}

fn long_text(posted: &Posted, field: &str, name: &str, errors: &mut FormErrors) -> String {
    let text = posted.trimmed(field);
    if text.chars().count() > EXPLANATION_CHARS_MAX {
        errors.add(field, format!("{name}は{EXPLANATION_CHARS_MAX}文字以内で入力してください"));
    }
    text.to_owned()
}
