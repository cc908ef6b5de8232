//! The people whose sheets the tests print: the typical ones and the hard ones.

use domain::Date;
use domain::ids::{AddresseeNumber, PostalCode, SheetNumber};
use domain::schedule::{Series, Sex};
use paper::questionnaire::{Birth, QuestionnaireFacts};
use paper::{Delivery, FontSet, Issuer, MailTo};

pub fn fonts() -> FontSet {
    use std::sync::OnceLock;
    static FONTS: OnceLock<FontSet> = OnceLock::new();
    FONTS.get_or_init(|| FontSet::load_standard().expect("bin/setup installs the fonts")).clone()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn issuer() -> Issuer {
    Issuer {
        municipality: "東京都北区".into(),
        kind: '区',
        section: "健康部 保健予防課 予防接種係".into(),
        postal_code: PostalCode::parse("114-8508").unwrap(),
        address: "北区王子本町一丁目15番22号".into(),
        telephone: "03-0000-0000".into(),
        hours: "平日 午前8時30分から午後5時まで".into(),
    }
}

/// A child of the ward, 麻しん風しん第1期.
pub fn typical(serial: u64) -> QuestionnaireFacts {
    let name = format!("北野 {}", ["花子", "太郎", "さくら", "陽翔", "結衣"][(serial % 5) as usize]);
    let address = format!("北区王子本町一丁目{}番{}号", 1 + serial % 30, 1 + serial % 17);
    QuestionnaireFacts {
        sheet: SheetNumber::from_serial(10_000 + serial).unwrap(),
        addressee: AddresseeNumber::new(200_000 + serial).unwrap(),
        name: name.clone(),
        kana: "キタノ ハナコ".into(),
        birth: Birth::On(day("2025-10-10")),
        sex: Sex::Female,
        address: Some(address.clone()),
        delivery: Delivery::Mail(MailTo {
            postal_code: PostalCode::parse("114-0022").unwrap(),
            address: format!("東京都{address}"),
            building: "".into(),
            name,
        }),
        series: Series::Mr1,
        dose: 1,
        base_date: day("2026-11-23"),
        valid_until: day("2027-10-09"),
        with_care: false,
    }
}

/// The longest name and address that a register of two million lines holds.
pub fn longest() -> QuestionnaireFacts {
    let name = "WIJAYAKUSUMANINGRAT RADEN MAS BAMBANG SOERJOHADIKOESOEMO ALEXANDER CHRISTOPHER";
    let address = "東京都北区赤羽台三丁目二十三番地の百二十五号";
    let building = "アーバンネオフロンティアガーデンプレミアムレジデンス赤羽台ノースタワー１２０５号室";
    let mut facts = typical(2);
    facts.name = name.into();
    facts.kana =
        "ウィジャヤクスマニングラット ラデン マス バンバン スルヨハディクスモ アレクサンダー クリストファー"
            .into();
    facts.address = Some(format!("{address} {building}"));
    facts.delivery = Delivery::Mail(MailTo {
        postal_code: PostalCode::parse("115-0053").unwrap(),
        address: address.into(),
        building: building.into(),
        name: name.into(),
    });
    facts.series = Series::Dpt;
    facts.dose = 4;
    facts
}

/// 支援措置: no address anywhere.
pub fn protected() -> QuestionnaireFacts {
    QuestionnaireFacts {
        address: None,
        delivery: Delivery::AtCounter,
        series: Series::Bcg,
        with_care: true,
        ..typical(3)
    }
}

pub fn foreigner() -> QuestionnaireFacts {
    let mut facts = typical(4);
    facts.name = "NGUYEN THI MINH ANH".into();
    facts.kana = "グエン ティ ミン アイン".into();
    if let Delivery::Mail(mail) = &mut facts.delivery {
        mail.name = facts.name.clone();
        mail.building = "コーポ王子２０３号室".into();
    }
    QuestionnaireFacts { series: Series::Hpv, birth: Birth::On(day("2014-05-01")), ..facts }
}

/// 葛 with the Moji_Joho selector of the form with ヒ, and 𠮷 (the one with 土).
pub fn variants() -> QuestionnaireFacts {
    let mut facts = typical(5);
    facts.name = "葛\u{e0102}城 邉\u{e0110}𠮷".into();
    facts.kana = "カツラギ ワタナベヨシ".into();
    if let Delivery::Mail(mail) = &mut facts.delivery {
        mail.name = facts.name.clone();
    }
    facts
}

/// 高齢者肺炎球菌, with a birth date that is known only in part.
pub fn elder() -> QuestionnaireFacts {
    QuestionnaireFacts {
        birth: Birth::Partly("昭和36年(月日不詳)".into()),
        series: Series::Ppv,
        sex: Sex::Male,
        ..typical(6)
    }
}

pub fn all() -> Vec<QuestionnaireFacts> {
    vec![typical(1), longest(), protected(), foreigner(), variants(), elder()]
}

pub fn card(facts: QuestionnaireFacts) -> Option<paper::postcard::ReminderFacts> {
    let Delivery::Mail(mail) = facts.delivery else { return None };
    Some(paper::postcard::ReminderFacts {
        sheet: facts.sheet,
        addressee: facts.addressee,
        name: facts.name,
        mail,
        series: facts.series,
        dose: facts.dose,
        valid_until: facts.valid_until,
        records_until: day("2026-10-31"),
    })
}

pub fn cards() -> Vec<paper::postcard::ReminderFacts> {
    all().into_iter().filter_map(card).collect()
}
