//! 宛名管理情報: one row is the whole present state of one person. Columns: `docs/formats/residents.md`.

use super::{cell::Free, copy::Row, envelope::Cells};
use domain::{
    Date, address, age,
    ids::{AddresseeNumber, HouseholdNumber, IdError, PostalCode},
    kana,
};
use std::collections::HashMap;
use uuid::Uuid;

macro_rules! columns {
    ($($name:ident = $ja:literal,)+) => {
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the constants that follow")]
        enum Column { $($name),+ }
        /// The columns in the order of the format.
        pub const COLUMNS: &[&str] = &[$($ja),+];
        $(const $name: usize = Column::$name as usize;)+
    };
}

columns! {
    NUMBER = "宛名番号", HOUSEHOLD = "世帯番号", NAME = "漢字氏名", KANA = "カナ氏名", BIRTH = "生年月日",
    BIRTH_UNKNOWN = "生年月日不詳区分", SEX = "性別", RELATION_1 = "続柄1", RELATION_2 = "続柄2",
    RELATION_3 = "続柄3", RELATION_4 = "続柄4", CLASS = "住民区分", FOREIGN = "外国人判定",
    CARD = "在留カード等番号", BASIC_ACT = "第30条45規定区分", STATUS = "在留資格", EXPIRES = "在留期間の満了日",
    NATIONALITY = "国籍・地域", ALIAS = "通称", ADDRESS_CODE = "住所コード", ADDRESS = "住所", LOT_MAIN = "地番本番",
    LOT_BRANCH = "地番枝番", LOT_SUFFIX = "地番末番", BUILDING_CODE = "方書コード", BUILDING = "方書",
    POSTAL = "郵便番号", HEAD = "世帯主宛名番号", HEAD_KANA = "世帯主カナ氏名", FROM = "住民になった日",
    FROM_REASON = "住民になった事由", UNTIL = "住民でなくなった日", PREVIOUS = "前住所", PLANNED = "転出予定先住所",
    CONFIRMED = "転出確定住所", MOVE_REASON = "異動事由", MOVED = "異動年月日", NOTIFIED = "届出年月日",
    UPDATED = "更新年月日", UPDATED_TIME = "更新時刻", MAIL_NAME = "送付先名", MAIL_ADDRESS = "送付先住所",
    MAIL_POSTAL = "送付先郵便番号", CONTACT = "連絡先", DISASTER = "被災者区分", JUKKI = "住基宛名番号",
    SURVEY = "調査サイン", MEMO_FLAG = "メモサイン", MEMO = "メモ", PROTECTED = "DV区分",
    WELFARE = "生保開廃区分", WELFARE_FROM = "生保開始日", WELFARE_UNTIL = "生保廃止日", INSURANCE = "国保情報",
}

const RELATIONS: &[&str] =
    &["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17"];
const REASONS: &[&str] =
    &["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14"];

/// Older people are looked at: 年齢 121 has not been reached in Japan.
const AGE_YEARS_ODD: i32 = 121;

/// Reads the rows of one file, one after the other.
pub struct Reader {
    as_of: Date,
    /// 宛名番号 → the line that had it first.
    seen: HashMap<u64, u64>,
}

impl Reader {
    pub fn new(as_of: Date) -> Self {
        Reader { as_of, seen: HashMap::new() }
    }

    /// Checks a row and writes it for the stage, in the order of [`super::residents_sql::STAGE`].
    pub fn row(&mut self, cells: &mut Cells<'_>, resident_id: Uuid, out: &mut Vec<u8>) {
        if !cells.has_all() {
            return;
        }
        let mut row = Row::new(out);
        row.plain(cells.line).id(resident_id);
        let class = cells.required_code(CLASS, &["1", "2", "3", "4", "9"]);
        let foreign = cells.flag(FOREIGN);
        self.numbers(cells, &mut row, class);
        self.person(cells, &mut row, class, foreign);
        foreigner(cells, &mut row, foreign);
        place(cells, &mut row);
        residence(cells, &mut row, class);
        movement(cells, &mut row);
        mailing(cells, &mut row);
        welfare(cells, &mut row);
        row.end();
    }

    fn numbers(&mut self, cells: &mut Cells<'_>, row: &mut Row<'_>, class: &str) {
        let number = cells.addressee(NUMBER);
        if cells.raw(NUMBER).trim().is_empty() {
            cells.missing(NUMBER);
        }
        if let Some(number) = number
            && let Some(first) = self.seen.insert(number.as_u64(), cells.line)
        {
            self.seen.insert(number.as_u64(), first);
            cells.error(
                NUMBER,
                format!(
                    "同じ宛名番号が{first}行目にもあります。一人につき1行にして、送り直してもらってください。"
                ),
            );
        }
        let household = match HouseholdNumber::parse(cells.raw(HOUSEHOLD)) {
            Ok(household) => household.to_string(),
            Err(IdError::Empty { .. }) => {
                if class == "1" {
                    cells.missing(HOUSEHOLD);
                }
                String::new()
            }
            Err(error) => {
                cells.number_error(HOUSEHOLD, &error);
                String::new()
            }
        };
        row.text(&number.map(|number| number.to_string()).unwrap_or_default()).text(&household);
    }

    fn person(&self, cells: &mut Cells<'_>, row: &mut Row<'_>, class: &str, foreign: bool) {
        let name = cells.name(NAME);
        if name.trim().is_empty() {
            cells.missing(NAME);
        }
        let kana = cells.name(KANA);
        if kana.trim().is_empty() && !foreign {
            cells.missing(KANA);
        }
        // Foreigners without kana are found by their roman name.
        let key = kana::key(if kana.trim().is_empty() { name } else { kana });
        let unknown = match cells.code(BIRTH_UNKNOWN, &["日", "月日", "年月日"]) {
            "日" => 1,
            "月日" => 2,
            "年月日" => 3,
            _ => 0,
        };
        let birth = cells.required_date(BIRTH);
        if let Some(birth) = birth {
            self.check_birth(cells, birth, class, unknown);
        }
        let sex = cells.required_code(SEX, &["1", "2", "3"]);
        row.text(name).text(kana).text(&key).date(birth).plain(unknown).text(sex);
        for column in [RELATION_1, RELATION_2, RELATION_3, RELATION_4] {
            row.text(cells.code(column, RELATIONS));
        }
        row.text(class).flag(foreign);
    }

    fn check_birth(&self, cells: &mut Cells<'_>, birth: Date, class: &str, unknown: i32) {
        if birth > self.as_of {
            cells.error(
                BIRTH,
                format!(
                    "生年月日（{birth}）が基準日（{}）より後です。正しい生年月日を送付元に確かめてください。",
                    self.as_of
                ),
            );
        } else if class == "1" && age::reach_years(birth, AGE_YEARS_ODD) <= self.as_of {
            cells
                .warn(BIRTH, "120歳を超えています。死亡や職権消除の届出がないか、送付元に確かめてください。");
        }
        // A deemed birth date says nothing about the order of days.
        if unknown == 0
            && let (Some(from), true) = (cells.peek_date(FROM), class != "9")
            && from < birth
        {
            cells.error(FROM, format!("住民になった日（{from}）が生年月日（{birth}）より前です。正しい日を送付元に確かめてください。"));
        }
        if let Some(until) = cells.peek_date(UNTIL)
            && until < birth
            && unknown == 0
        {
            let what = if class == "3" { "死亡日" } else { "住民でなくなった日" };
            cells.error(
                UNTIL,
                format!(
                    "{what}（{until}）が生年月日（{birth}）より前です。正しい日を送付元に確かめてください。"
                ),
            );
        }
    }
}

fn foreigner(cells: &mut Cells<'_>, row: &mut Row<'_>, foreign: bool) {
    let card = cells.text(CARD, 12, Free::Line);
    if !card.is_empty() && !is_card(card) {
        cells.warn(CARD, "在留カード等番号は英字2桁・数字8桁・英字2桁です。送付元に確かめてください。");
    }
    let basic_act = cells.code(BASIC_ACT, &["01", "02", "03", "04", "05", "06"]);
    let status = cells.text(STATUS, 50, Free::Line);
    let expires = cells.date(EXPIRES);
    let nationality = cells.raw(NATIONALITY).trim();
    let is_code = nationality.len() == 3 && nationality.bytes().all(|byte| byte.is_ascii_uppercase());
    if !nationality.is_empty() && !is_code {
        cells.error(NATIONALITY, "国籍・地域は英大文字3桁（例：VNM）にしてください。");
    }
    let alias = cells.name(ALIAS);
    let has_details = !card.is_empty() || !basic_act.is_empty() || !alias.is_empty();
    if has_details && !foreign {
        cells.warn(FOREIGN, "外国人判定がないのに、外国人だけの項目があります。送付元に確かめてください。");
    }
    row.text(card).text(basic_act).text(status).date(expires).text(nationality).text(alias);
}

fn is_card(card: &str) -> bool {
    let bytes = card.as_bytes();
    bytes.len() == 12
        && bytes[..2].iter().chain(&bytes[10..]).all(u8::is_ascii_uppercase)
        && bytes[2..10].iter().all(u8::is_ascii_digit)
}

fn place(cells: &mut Cells<'_>, row: &mut Row<'_>) {
    let code = cells.digits(ADDRESS_CODE, 11);
    let address = cells.required(ADDRESS, 200);
    row.text(&code).text(address);
    for column in [LOT_MAIN, LOT_BRANCH, LOT_SUFFIX] {
        row.text(cells.short_digits(column, 5));
    }
    let building_code = cells.digits(BUILDING_CODE, 8);
    let building = cells.text(BUILDING, 100, Free::Line);
    let postal = cells.postal(POSTAL);
    row.text(&building_code).text(building).text(&postal).text(&address::key(address));
    let head = cells.addressee(HEAD).map(|number| number.to_string()).unwrap_or_default();
    let head_kana = cells.text(HEAD_KANA, 100, Free::Line);
    row.text(&head).text(head_kana);
}

fn residence(cells: &mut Cells<'_>, row: &mut Row<'_>, class: &str) {
    let from = cells.date(FROM);
    if cells.raw(FROM).is_empty() && matches!(class, "1" | "2" | "3" | "4") {
        cells.missing(FROM);
    }
    let reason = cells.code(FROM_REASON, REASONS);
    let until = cells.date(UNTIL);
    if cells.raw(UNTIL).is_empty() && matches!(class, "2" | "3" | "4") {
        cells.missing(UNTIL);
    }
    if class == "1" && until.is_some() {
        cells.warn(
            UNTIL,
            "住民区分が「1」（住民）なのに住民でなくなった日があります。送付元に確かめてください。",
        );
    }
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        cells.error(
            UNTIL,
            format!("住民でなくなった日（{until}）が住民になった日（{from}）より前です。正しい日を送付元に確かめてください。"),
        );
    }
    row.date(from).text(reason).date(until);
    for column in [PREVIOUS, PLANNED, CONFIRMED] {
        row.text(cells.text(column, 200, Free::Line));
    }
}

fn movement(cells: &mut Cells<'_>, row: &mut Row<'_>) {
    let reason = cells.code(MOVE_REASON, REASONS);
    let moved = cells.date(MOVED);
    let notified = cells.date(NOTIFIED);
    let updated = cells.required_date(UPDATED);
    let time = cells.required_time(UPDATED_TIME);
    row.text(reason).date(moved).date(notified).date(updated).text(time);
}

fn mailing(cells: &mut Cells<'_>, row: &mut Row<'_>) {
    let name = cells.name(MAIL_NAME);
    let address = cells.text(MAIL_ADDRESS, 200, Free::Line);
    let postal = cells.postal(MAIL_POSTAL);
    if !name.is_empty() && address.is_empty() {
        cells.warn(MAIL_ADDRESS, "送付先名がありますが送付先住所がありません。郵便物は住所あてに送ります。");
    }
    let contact = cells.text(CONTACT, 50, Free::Phone);
    let disaster = cells.code(DISASTER, &["1"]);
    let jukki = cells.digits(JUKKI, 15);
    let survey = cells.flag(SURVEY);
    let memo_flag = cells.flag(MEMO_FLAG);
    let memo = cells.text(MEMO, 500, Free::Memo);
    let protected = cells.flag(PROTECTED);
    row.text(name).text(address).text(&postal).text(contact).text(disaster).text(&jukki);
    row.flag(survey).flag(memo_flag).text(memo).flag(protected);
}

fn welfare(cells: &mut Cells<'_>, row: &mut Row<'_>) {
    let status = cells.code(WELFARE, &["1", "2", "3"]);
    let from = cells.date(WELFARE_FROM);
    let until = cells.date(WELFARE_UNTIL);
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        cells.error(
            WELFARE_UNTIL,
            format!(
                "生保廃止日（{until}）が生保開始日（{from}）より前です。正しい日を送付元に確かめてください。"
            ),
        );
    }
    let insurance = cells.code(INSURANCE, &["1", "2"]);
    row.text(status).date(from).date(until).text(insurance);
}

impl Cells<'_> {
    /// 宛名番号, where there is one.
    pub fn addressee(&mut self, column: usize) -> Option<AddresseeNumber> {
        let text = self.raw(column);
        match AddresseeNumber::parse(text) {
            Ok(number) => {
                let digits = text.trim().len();
                if digits < 15 {
                    self.warn(
                        column,
                        format!("宛名番号が{digits}桁です。先頭に0を補って15桁で取り込みます。"),
                    );
                }
                Some(number)
            }
            Err(IdError::Empty { .. }) if text.trim().is_empty() => None,
            Err(error) => {
                self.number_error(column, &error);
                None
            }
        }
    }

    pub fn number_error(&mut self, column: usize, error: &IdError) {
        let text = self.raw(column).trim();
        match error {
            IdError::NotDigits { .. } => self.error(column, super::cell::not_digits(text, 15)),
            IdError::Empty { what } => {
                self.error(column, format!("{what}が0です。正しい番号を入れてください。"))
            }
            IdError::TooLong { .. }
            | IdError::WrongLength { .. }
            | IdError::CheckDigit { .. }
            | IdError::NotLot { .. } => self.error(column, format!("{error}。")),
        }
    }

    /// 郵便番号 as seven digits; empty where there is none.
    pub fn postal(&mut self, column: usize) -> String {
        let text = self.raw(column).trim();
        if text.is_empty() {
            return String::new();
        }
        // A spreadsheet takes the leading zeros of Hokkaido and Tohoku.
        let padded =
            if text.bytes().all(|b| b.is_ascii_digit()) { format!("{text:0>7}") } else { text.to_owned() };
        match PostalCode::parse(&padded) {
            Ok(code) => code.digits(),
            Err(error) => {
                self.number_error(column, &error);
                String::new()
            }
        }
    }

    /// A date for a check across cells; its own faults are told where it is read.
    pub fn peek_date(&self, column: usize) -> Option<Date> {
        domain::wareki::parse(self.raw(column)).ok()
    }
}
