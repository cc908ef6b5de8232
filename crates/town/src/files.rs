//! The files of `docs/formats`, written row by row.

use std::io::{self, Write};

use domain::Date;
use domain::ids::{AddresseeNumber, HouseholdNumber};
use encoding_rs::{EncoderResult, SHIFT_JIS};

use crate::names::{self, SURNAMES};
use crate::nations::{NATIONS, STATUSES};
use crate::places::{ABROAD, BUILDINGS, FACILITIES, OUTSIDE, TOWNS, chome};
use crate::random::Chance;
use crate::resident::*;
use crate::ward::Ward;

/// 東京都北区.
pub const MUNICIPALITY: &str = "131172";

/// How the characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// CP932; what it lacks becomes 〓.
    ShiftJis,
}

impl Encoding {
    pub fn from_name(name: &str) -> Option<Encoding> {
        match name {
            "utf8" => Some(Encoding::Utf8),
            "sjis" => Some(Encoding::ShiftJis),
            _ => None,
        }
    }
}

/// A file of one kind being written.
pub(crate) struct Rows<W: Write> {
    out: W,
    encoding: Encoding,
    line: String,
    bytes: Vec<u8>,
}

impl<W: Write> Rows<W> {
    /// Writes the control line and the header.
    pub fn begin(
        out: W,
        encoding: Encoding,
        (kind, extent): (&str, &str),
        as_of: Date,
        rows: usize,
        header: &[&str],
    ) -> io::Result<Self> {
        let mut file = Rows { out, encoding, line: String::new(), bytes: Vec::new() };
        file.row([kind, "1", MUNICIPALITY, extent, &as_of.to_string(), &rows.to_string()])?;
        file.row(header.iter().copied())?;
        Ok(file)
    }

    pub fn row<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        self.line.clear();
        for (index, field) in fields.into_iter().enumerate() {
            if index > 0 {
                self.line.push(',');
            }
            if field.contains(['"', ',', '\r', '\n']) {
                self.line.push('"');
                self.line.push_str(&field.replace('"', "\"\""));
                self.line.push('"');
            } else {
                self.line.push_str(field);
            }
        }
        self.line.push_str("\r\n");
        match self.encoding {
            Encoding::Utf8 => self.out.write_all(self.line.as_bytes()),
            Encoding::ShiftJis => {
                shift_jis(&self.line, &mut self.bytes);
                self.out.write_all(&self.bytes)
            }
        }
    }

    pub fn end(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn shift_jis(mut text: &str, bytes: &mut Vec<u8>) {
    bytes.clear();
    let mut encoder = SHIFT_JIS.new_encoder();
    while !text.is_empty() {
        bytes.reserve(text.len() * 2 + 16);
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(text, bytes, true);
        text = &text[read..];
        match result {
            EncoderResult::Unmappable('\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}') => {}
            // 〓 (geta): the sender's sign for "a character stood here".
            EncoderResult::Unmappable(_) => bytes.extend([0x81, 0xAC]),
            EncoderResult::InputEmpty | EncoderResult::OutputFull => {}
        }
    }
}

pub(crate) const RESIDENT_HEADER: [&str; 54] = [
    "宛名番号",
    "世帯番号",
    "漢字氏名",
    "カナ氏名",
    "生年月日",
    "生年月日不詳区分",
    "性別",
    "続柄1",
    "続柄2",
    "続柄3",
    "続柄4",
    "住民区分",
    "外国人判定",
    "在留カード等番号",
    "第30条45規定区分",
    "在留資格",
    "在留期間の満了日",
    "国籍・地域",
    "通称",
    "住所コード",
    "住所",
    "地番本番",
    "地番枝番",
    "地番末番",
    "方書コード",
    "方書",
    "郵便番号",
    "世帯主宛名番号",
    "世帯主カナ氏名",
    "住民になった日",
    "住民になった事由",
    "住民でなくなった日",
    "前住所",
    "転出予定先住所",
    "転出確定住所",
    "異動事由",
    "異動年月日",
    "届出年月日",
    "更新年月日",
    "更新時刻",
    "送付先名",
    "送付先住所",
    "送付先郵便番号",
    "連絡先",
    "被災者区分",
    "住基宛名番号",
    "調査サイン",
    "メモサイン",
    "メモ",
    "DV区分",
    "生保開廃区分",
    "生保開始日",
    "生保廃止日",
    "国保情報",
];

const CLINIC_HEADER: [&str; 9] =
    ["医療機関コード", "名称", "郵便番号", "住所", "電話", "区分", "医師名", "契約開始日", "契約終了日"];

impl Ward {
    /// 宛名管理情報, 全件.
    pub fn write_residents(&self, out: impl Write, encoding: Encoding) -> io::Result<()> {
        let kind = ("宛名管理情報", "全件");
        let mut rows = Rows::begin(out, encoding, kind, self.as_of, self.residents.len(), &RESIDENT_HEADER)?;
        for person in &self.residents {
            let home = self.home(person);
            let head = &self.residents[home.head as usize];
            rows.row(resident_row(person, home, head).iter().map(String::as_str))?;
        }
        rows.end()
    }

    /// 医療機関, 全件.
    pub fn write_clinics(&self, out: impl Write, encoding: Encoding) -> io::Result<()> {
        let kind = ("医療機関", "全件");
        let mut rows = Rows::begin(out, encoding, kind, self.as_of, self.clinics.len(), &CLINIC_HEADER)?;
        for clinic in &self.clinics {
            rows.row([
                clinic.code.to_string().as_str(),
                &clinic.name,
                &clinic.postal.digits(),
                &clinic.address,
                &clinic.phone,
                if clinic.inside { "区内" } else { "区外" },
                &clinic.doctors.join(";"),
                &clinic.contract_from.to_string(),
                &date(clinic.contract_until),
            ])?;
        }
        rows.end()
    }
}

pub(crate) fn addressee(number: u32) -> String {
    AddresseeNumber::new(u64::from(number)).expect("numbers of the ward begin at a million").to_string()
}

pub(crate) fn sex_code(sex: domain::schedule::Sex) -> &'static str {
    match sex {
        domain::schedule::Sex::Male => "1",
        domain::schedule::Sex::Female => "2",
        domain::schedule::Sex::Unknown => "3",
    }
}

fn date(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

fn flag(set: bool) -> String {
    if set { "1".into() } else { String::new() }
}

/// One row in the order of [`RESIDENT_HEADER`]: the whole present state of a person.
pub(crate) fn resident_row(person: &Resident, home: &Household, head: &Resident) -> Vec<String> {
    let name = person.name();
    let [relation1, relation2] = person.relation.codes();
    let mut row = vec![
        addressee(person.number),
        HouseholdNumber::new(u64::from(home.number))
            .expect("household numbers begin at a million")
            .to_string(),
        name.written(),
        name.kana(),
        person.birth.to_string(),
        person.unknown.text().into(),
        sex_code(person.sex).into(),
        relation1.into(),
        relation2.into(),
        String::new(),
        String::new(),
        person.class.code().into(),
    ];
    row.extend(foreign_fields(person));
    row.extend(address_fields(person, home));
    row.extend([addressee(head.number), head.name().kana()]);
    row.extend(move_fields(person, home));
    row.extend(mailing_fields(person, home));
    row.extend(note_fields(person));
    debug_assert_eq!(row.len(), RESIDENT_HEADER.len());
    row
}

fn foreign_fields(person: &Resident) -> [String; 7] {
    let Origin::Foreign { nation, status, .. } = person.origin else { return Default::default() };
    let mut chance = Chance::stream(u64::from(person.number), "card", 0);
    let letter = |chance: &mut Chance| char::from(b'A' + chance.below(26) as u8);
    let card = format!(
        "{}{}{:08}{}{}",
        letter(&mut chance),
        letter(&mut chance),
        chance.below(100_000_000),
        letter(&mut chance),
        letter(&mut chance)
    );
    // 入管法22条の2: who is born here may stay sixty days before a status is granted, and has no card yet.
    if person.birth == person.since
        && person.written_on < domain::age::plus_days(person.birth, 60)
        && status.is_some()
    {
        let nation = NATIONS[usize::from(nation)].code.into();
        return ["1".into(), String::new(), "05".into(), String::new(), String::new(), nation, String::new()];
    }
    let (class, status, expiry) = match status.map(|index| STATUSES[usize::from(index)]) {
        None => ("02", "", None),
        Some(("永住者", ..)) => ("01", "永住者", None),
        Some(_) if person.relation == Relation::Child => ("01", "家族滞在", Some(chance.between(30, 1000))),
        Some((name, _, ends)) => ("01", name, ends.then(|| chance.between(30, 1500))),
    };
    let expiry = expiry.map(|days| domain::age::plus_days(person.written_on, days));
    let alias = person.alias().map(|(kanji, _)| kanji).unwrap_or_default();
    let nation = NATIONS[usize::from(nation)].code.into();
    ["1".into(), card, class.into(), status.into(), date(expiry), nation, alias]
}

/// 住所コード to 郵便番号.
fn address_fields(person: &Resident, home: &Household) -> [String; 8] {
    if person.class == Class::Outside {
        let (place, postal, _) = OUTSIDE[usize::from(home.outside)];
        let address = format!("{place}一丁目{}番{}号", home.ban, home.go);
        let (ban, go) = (home.ban.to_string(), home.go.to_string());
        let none = String::new;
        return [none(), address, ban, go, none(), none(), none(), format!("{postal:07}")];
    }
    let town = &TOWNS[usize::from(home.town)];
    let (building_code, building) = building(home, town.name);
    [
        format!("13117{:03}{:03}", home.town + 1, home.chome),
        format!("東京都北区{}{}{}番{}号", town.name, chome(home.chome), home.ban, home.go),
        home.ban.to_string(),
        home.go.to_string(),
        String::new(),
        building_code,
        building,
        format!("{:07}", town.postal),
    ]
}

fn building(home: &Household, town: &str) -> (String, String) {
    let (kind, name, room) = match home.building {
        Building::House => return Default::default(),
        Building::Flats(index) => (usize::from(index), BUILDINGS[usize::from(index)], home.room.to_string()),
        Building::Facility(index) => (90 + usize::from(index), FACILITIES[usize::from(index)], String::new()),
    };
    let code = format!("{:02}{:02}{:02}{:02}", home.town + 1, home.chome, home.ban, kind);
    let room = if room.is_empty() { room } else { format!("　{room}号室") };
    (code, format!("{}{room}", name.replace("{町}", town)))
}

/// 住民になった日 to 更新時刻.
fn move_fields(person: &Resident, home: &Household) -> [String; 11] {
    let mut chance = Chance::stream(u64::from(home.number), "places", 0);
    let outside = |index: u8, chance: &mut Chance| {
        let (place, ..) = OUTSIDE[usize::from(index) % OUTSIDE.len()];
        format!(
            "{place}{}{}番{}号",
            chome(chance.between(1, 5) as u8),
            chance.between(1, 30),
            chance.between(1, 20)
        )
    };
    let foreign = person.origin != Origin::Japanese;
    let previous = match person.since_reason {
        Reason::Birth => String::new(),
        _ if foreign && chance.hit(500) => "国外".into(),
        _ => outside(home.outside, &mut chance),
    };
    let (planned, confirmed) = match person.class {
        Class::MovedOut if chance.hit(if foreign { 500 } else { 30 }) => {
            ((*chance.pick(ABROAD)).into(), String::new())
        }
        Class::MovedOut => {
            let there = outside(home.outside.wrapping_add(5), &mut chance);
            // The new municipality's notice comes later (住民基本台帳法9条).
            let confirmed = if chance.hit(850) { there.clone() } else { String::new() };
            (there, confirmed)
        }
        Class::Resident | Class::Died | Class::Removed | Class::Outside => Default::default(),
    };
    let mut time = Chance::stream(u64::from(person.number), "time", 0);
    [
        person.since.to_string(),
        person.since_reason.code().into(),
        date(person.until),
        previous,
        planned,
        confirmed,
        person.change.code().into(),
        person.changed_on.to_string(),
        person.written_on.to_string(),
        person.written_on.to_string(),
        format!("{:02}:{:02}:{:02}", time.between(8, 18), time.below(60), time.below(60)),
    ]
}

/// 送付先名 to 連絡先.
fn mailing_fields(person: &Resident, home: &Household) -> [String; 4] {
    let mut chance = Chance::stream(u64::from(person.number), "mailing", 0);
    let phone = if chance.hit(350) { format!("090-0000-{:04}", chance.below(10_000)) } else { String::new() };
    if !person.flags.mail_elsewhere {
        return [String::new(), String::new(), String::new(), phone];
    }
    let (place, postal, _) = OUTSIDE[usize::from(home.outside)];
    let family = match person.origin {
        Origin::Japanese => person.name().family.0,
        Origin::Foreign { .. } => SURNAMES[usize::from(person.family_name)].0,
    };
    let given = names::given(chance.hit(500), 1968, chance.below(10_000) as u16).0;
    let address = format!("{place}二丁目{}番{}号", chance.between(1, 30), chance.between(1, 20));
    [format!("{family}　{given}"), address, format!("{postal:07}"), phone]
}

const MEMOS: [&str; 6] = [
    "耳が遠い。窓口では筆談",
    "電話は19時以後、長男へ",
    "点字の通知を希望",
    "日本語が不自由。やさしい日本語か英語で",
    "母子手帳を紛失(再交付済)",
    "里帰り中。\n予診票は実家へ送付、\"赤羽\"と混同しないこと",
];

/// 被災者区分 to 国保情報.
fn note_fields(person: &Resident) -> [String; 10] {
    let flags = &person.flags;
    let memo = if flags.memo { MEMOS[person.number as usize % MEMOS.len()] } else { "" };
    let welfare = match (flags.welfare_since, flags.welfare_until) {
        (None, _) => "",
        (Some(_), None) => "1",
        (Some(_), Some(_)) => "3",
    };
    let insurance = match (flags.national_insurance, person.class) {
        (false, _) => "",
        (true, Class::Resident | Class::Outside) => "1",
        (true, Class::MovedOut | Class::Died | Class::Removed) => "2",
    };
    [
        flag(flags.disaster_victim),
        addressee(700_000_000 + person.number),
        flag(flags.survey),
        flag(flags.memo),
        memo.into(),
        flag(flags.protected),
        welfare.into(),
        date(flags.welfare_since),
        date(flags.welfare_until),
        insurance.into(),
    ]
}
