//! 予防接種記録 as clinics and other municipalities send them: mostly right, sometimes as people write.

use std::io::{self, Write};

use domain::Date;
use domain::age::plus_days;
use domain::schedule::Vaccine;

use crate::clinics::Clinic;
use crate::files::{Encoding, Rows, addressee, sex_code};
use crate::history::Dose;
use crate::places::OUTSIDE;
use crate::random::Chance;
use crate::resident::{Class, Reason, Resident};
use crate::ward::Ward;

pub(crate) const RECORD_HEADER: [&str; 19] = [
    "送付元行番号",
    "送付元",
    "宛名番号",
    "漢字氏名",
    "カナ氏名",
    "生年月日",
    "性別",
    "接種コード",
    "接種回数",
    "接種日",
    "接種判定",
    "製品名",
    "ロット番号",
    "有効期限",
    "接種量",
    "医療機関コード",
    "医師名",
    "法定区分",
    "備考",
];

/// How a row differs from what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    None,
    /// 予診のみ some days before.
    ScreeningOnly,
    /// Sent again, under another row number.
    Repeated,
    /// 宛名番号 left out: to be matched on four items.
    NumberMissing,
    /// Another person's 宛名番号: the kana does not agree.
    NumberOfAnother,
    /// One kana wrong.
    KanaWrong,
    /// Month and day of birth swapped, where that is a date.
    BirthSwapped,
}

struct Row<'a> {
    person: &'a Resident,
    dose: Dose,
    slip: Slip,
}

impl Ward {
    /// 予防接種記録, everything known up to [`Ward::complete_until`].
    pub fn write_records(&self, out: impl Write, encoding: Encoding) -> io::Result<()> {
        // The control line counts the rows, and a ward's rows do not fit in memory: they are drawn twice.
        let mut count = 0;
        self.each_row(|_| {
            count += 1;
            Ok(())
        })?;
        let mut number = 0;
        let mut rows =
            Rows::begin(out, encoding, ("予防接種記録", "追加"), self.as_of, count, &RECORD_HEADER)?;
        self.each_row(|row| {
            number += 1;
            rows.row(self.record_row(number, &row).iter().map(String::as_str))
        })?;
        rows.end()
    }

    fn each_row(&self, mut write: impl FnMut(Row<'_>) -> io::Result<()>) -> io::Result<()> {
        for person in self.residents.iter().filter(|person| person.class != Class::Outside) {
            let mut chance = Chance::stream(self.seed, "records", u64::from(person.number));
            for dose in self.doses(person) {
                let slip = slip(&mut chance);
                match slip {
                    Slip::ScreeningOnly => {
                        let screened = Dose { on: plus_days(dose.on, -chance.between(3, 10)), ..dose };
                        if screened.on >= person.birth {
                            write(Row { person, dose: screened, slip })?;
                        }
                        write(Row { person, dose, slip: Slip::None })?;
                    }
                    Slip::Repeated => {
                        write(Row { person, dose, slip: Slip::None })?;
                        write(Row { person, dose, slip })?;
                    }
                    Slip::None
                    | Slip::NumberMissing
                    | Slip::NumberOfAnother
                    | Slip::KanaWrong
                    | Slip::BirthSwapped => write(Row { person, dose, slip })?,
                }
            }
        }
        Ok(())
    }

    fn record_row(&self, number: u64, row: &Row<'_>) -> [String; 19] {
        let Row { person, dose, slip } = row;
        let clinic = self.clinic_of(person, dose);
        let elsewhere = person.since_reason != Reason::Birth && dose.on < person.since;
        let screened = *slip == Slip::ScreeningOnly;
        let name = person.name();
        let written = |text: String| if screened { String::new() } else { text };
        [
            format!("R{number:08}"),
            if elsewhere { outside_code(self.home(person).outside).into() } else { clinic.code.to_string() },
            self.number_on_form(person, *slip),
            usual_characters(&name.written()),
            if *slip == Slip::KanaWrong { wrong_kana(&name.kana()) } else { name.kana() },
            if *slip == Slip::BirthSwapped { swapped(person.birth) } else { person.birth }.to_string(),
            sex_code(person.sex).into(),
            dose.vaccine.code().into(),
            dose.number.to_string(),
            dose.on.to_string(),
            if screened { "2" } else { "1" }.into(),
            written(product(dose.vaccine).into()),
            written(dose.lot_number()),
            written(dose.lot_expires_on().to_string()),
            written(volume(dose, person.birth)),
            if elsewhere { String::new() } else { clinic.code.to_string() },
            if elsewhere {
                String::new()
            } else {
                clinic.doctors[dose.lot as usize % clinic.doctors.len()].clone()
            },
            if dose.is_voluntary() { "2" } else { "1" }.into(),
            remark(*slip, elsewhere, domain::age::reach_years(person.birth, 60) > dose.on).into(),
        ]
    }

    fn number_on_form(&self, person: &Resident, slip: Slip) -> String {
        match slip {
            Slip::NumberMissing => String::new(),
            Slip::NumberOfAnother => {
                let neighbour =
                    (person.number - crate::ward::FIRST_NUMBER + 7) as usize % self.residents.len();
                addressee(self.residents[neighbour].number)
            }
            Slip::None | Slip::ScreeningOnly | Slip::Repeated | Slip::KanaWrong | Slip::BirthSwapped => {
                addressee(person.number)
            }
        }
    }

    /// Families keep to one clinic, with exceptions; children go where children are seen.
    fn clinic_of(&self, person: &Resident, dose: &Dose) -> &Clinic {
        let child = domain::age::reach_years(person.birth, 15) > dose.on;
        let key = if dose.lot == 0 { u64::from(person.number) } else { u64::from(person.household) << 32 };
        let mut chance = Chance::stream(self.seed, "clinic of", key);
        for _ in 0..40 {
            let clinic = chance.pick(&self.clinics);
            if clinic.children == child {
                return clinic;
            }
        }
        &self.clinics[0]
    }
}

/// About five in a thousand rows are wrong, and ten in a thousand come without number.
fn slip(chance: &mut Chance) -> Slip {
    match chance.below(10_000) {
        0..10 => Slip::Repeated,
        10..110 => Slip::NumberMissing,
        110..116 => Slip::NumberOfAnother,
        116..128 => Slip::KanaWrong,
        128..133 => Slip::BirthSwapped,
        133..163 => Slip::ScreeningOnly,
        _ => Slip::None,
    }
}

/// 団体コード of the places outside, in the order of [`OUTSIDE`].
fn outside_code(index: u8) -> &'static str {
    const CODES: [&str; OUTSIDE.len()] = [
        "131199", "131199", "131164", "131181", "131181", "131211", "131059", "131202", "131121", "131156",
        "111074", "112038", "112241", "011029", "041017", "151033",
    ];
    CODES[usize::from(index)]
}

/// Clinics write the usual characters, not the registered ones.
fn usual_characters(name: &str) -> String {
    name.chars()
        .filter(|c| !('\u{E0100}'..='\u{E01EF}').contains(c))
        .map(|c| match c {
            '髙' => '高',
            '﨑' => '崎',
            '𠮷' => '吉',
            '德' => '徳',
            '瀨' => '瀬',
            other => other,
        })
        .collect()
}

fn wrong_kana(kana: &str) -> String {
    let last = if kana.ends_with('コ') { 'ミ' } else { 'コ' };
    let mut wrong: String = kana.chars().take(kana.chars().count() - 1).collect();
    wrong.push(last);
    wrong
}

fn swapped(birth: Date) -> Date {
    Date::new(birth.year(), birth.day(), birth.month()).unwrap_or(birth)
}

fn volume(dose: &Dose, birth: Date) -> String {
    dose.volume_centi_ml(birth)
        .map(|volume| format!("{}.{:02}", volume / 100, volume % 100))
        .unwrap_or_default()
}

fn remark(slip: Slip, elsewhere: bool, young: bool) -> &'static str {
    match (slip, elsewhere, young) {
        (Slip::ScreeningOnly, ..) => "発熱のため予診のみ",
        (_, true, true) => "転入前の接種（母子健康手帳による）",
        (_, true, false) => "転入前の接種（本人の申出による）",
        (_, false, _) => "",
    }
}

/// 製品名 as on the sticker.
fn product(vaccine: Vaccine) -> &'static str {
    match vaccine {
        Vaccine::HepB => "ビームゲン",
        Vaccine::Rota1 => "ロタリックス",
        Vaccine::Rota5 => "ロタテック",
        Vaccine::Dpt5 => "ゴービック",
        Vaccine::Dpt4 => "テトラビック",
        Vaccine::Dpt3 => "トリビック",
        Vaccine::Ipv => "イモバックスポリオ",
        Vaccine::Dt => "DTビック",
        Vaccine::Hib => "アクトヒブ",
        Vaccine::Pcv7 => "プレベナー",
        Vaccine::Pcv13 => "プレベナー13",
        Vaccine::Pcv15 => "バクニュバンス",
        Vaccine::Pcv20 | Vaccine::Pcv20Adult => "プレベナー20",
        Vaccine::Bcg => "乾燥BCGワクチン",
        Vaccine::Mr => "ミールビック",
        Vaccine::Measles => "乾燥弱毒生麻しんワクチン",
        Vaccine::Rubella => "乾燥弱毒生風しんワクチン",
        Vaccine::Varicella | Vaccine::ZosterLive => "乾燥弱毒生水痘ワクチン",
        Vaccine::Je => "ジェービックV",
        Vaccine::Hpv2 => "サーバリックス",
        Vaccine::Hpv4 => "ガーダシル",
        Vaccine::Hpv9 => "シルガード9",
        Vaccine::Rsv => "アブリスボ",
        Vaccine::Flu => "インフルエンザHAワクチン",
        Vaccine::FluHighDose => "エフルエルダ",
        Vaccine::Covid => "コミナティ",
        Vaccine::Ppsv23 => "ニューモバックスNP",
        Vaccine::ZosterRecombinant => "シングリックス",
        Vaccine::Mumps => "乾燥弱毒生おたふくかぜワクチン",
        Vaccine::YellowFever => "黄熱ワクチン",
    }
}
