//! What may leave the office: 持出し (lists as files) and ネットワーク外の提供 (records for somebody else); and what is erased
//! when it has done its work (印刷ファイル).
//!
//! That two persons decide is not the business of this module; what may be asked for at all is. Addresses of people under
//! 支援措置 never leave: there is no item, field or means that would carry them.

use crate::{Date, coded, ids::PostalCode};

coded! {
    /// 持ち出す一覧.
    ExportList {
        People = "people", "対象者と除外者の一覧";
        Manifest = "manifest", "発送明細（用紙番号の一覧）";
    }
}

impl ExportList {
    /// Rows of one application at most. Names of 10,000 people are the largest yearly sending to children of a city of
    /// half a million; whoever needs more asks again, and that is seen. A manifest has no names, and flu is sent to
    /// everybody over 65 at once.
    pub const fn rows_max(self) -> usize {
        match self {
            ExportList::People => 10_000,
            ExportList::Manifest => 100_000,
        }
    }
}

coded! {
    /// 使う場所: decides whether the file is sealed.
    Place {
        Office = "office", "庁内";
        Outside = "outside", "庁外";
    }
}

/// What stands in the field for the recipient's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypedKey {
    None,
    Readable,
    Unreadable,
}

/// A list must be erased or given back within this many days: a longer use is another application.
pub const KEPT_DAYS_MAX: i32 = 90;

/// 持出しの申請, as far as rules look at it.
#[derive(Clone, Copy, Debug)]
pub struct ExportAsk {
    pub list: ExportList,
    pub place: Option<Place>,
    pub key: TypedKey,
    pub fields: usize,
    pub rows: usize,
    /// 消去・返却の期限.
    pub due_on: Option<Date>,
}

type Fault = (&'static str, String);

/// What stands against an application: field and sentence, all at once.
pub fn export_faults(ask: &ExportAsk, today: Date) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut add = |field, sentence: &str| faults.push((field, sentence.to_owned()));
    match (ask.place, ask.key) {
        (None, _) => add("place", "使う場所を選択してください"),
        // A passphrase would travel with the file, and be chosen by whoever is in a hurry (尼崎市 2022).
        (Some(Place::Outside), TypedKey::None) => add(
            "recipient_key",
            "庁外に出すファイルは受取人の公開鍵（age1で始まる文字）で暗号化します。受取人に作ってもらい、入力してください。パスワードでの暗号化はできません",
        ),
        (Some(_), TypedKey::Unreadable) => {
            add("recipient_key", "公開鍵を読み取れません。age1で始まる文字をすべて写して入力してください");
        }
        (Some(Place::Outside), TypedKey::Readable)
        | (Some(Place::Office), TypedKey::Readable | TypedKey::None) => {}
    }
    if ask.fields == 0 {
        add("fields", "持ち出す項目を1つ以上選択してください");
    }
    if ask.rows == 0 {
        add("list", "持ち出す行がありません。一覧を確かめてください");
    }
    if ask.rows > ask.list.rows_max() {
        faults.push((
            "list",
            format!(
                "{}行あります。1回の申請で持ち出せるのは{}行までです。条件を分けて抽出してください",
                ask.rows,
                ask.list.rows_max()
            ),
        ));
    }
    if let Some(fault) = due_fault(ask.due_on, today) {
        faults.push(("due_on", fault));
    }
    faults
}

fn due_fault(due_on: Option<Date>, today: Date) -> Option<String> {
    // What cannot be read has its own sentence beside the field.
    let due_on = due_on?;
    let last = crate::age::plus_days(today, KEPT_DAYS_MAX);
    if due_on < today {
        return Some("消去・返却の期限は今日以後の日付を入力してください".to_owned());
    }
    (due_on > last).then(|| format!("消去・返却の期限は{KEPT_DAYS_MAX}日以内の日付を入力してください"))
}

coded! {
    /// 消去・返却の報告.
    Closing {
        Erased = "erased", "消去した";
        Returned = "returned", "返却を受けて消去した";
    }
}

/// Why a file that was approved is not taken (again): what was reported gone stays gone, and after its last day it would leave
/// only to be late.
pub fn taking_fault(due_on: Date, is_closed: bool, today: Date) -> Option<&'static str> {
    if is_closed {
        return Some(
            "この持出しは、消去・返却が報告されています。もう一度必要なときは、申請し直してください。",
        );
    }
    (due_on < today)
        .then_some("消去・返却の期限を過ぎたため、受け取れません。必要な場合は、申請し直してください。")
}

/// Whether the report of a file that was taken is late on a day.
pub fn is_overdue(due_on: Date, is_taken: bool, is_closed: bool, today: Date) -> bool {
    is_taken && !is_closed && due_on < today
}

coded! {
    /// 提供先の種別.
    RecipientKind {
        Section = "section", "庁内の他部署";
        Municipality = "municipality", "他の自治体・国の機関";
        Welfare = "welfare", "児童相談所・福祉事務所";
        Police = "police", "警察・検察";
        Person = "person", "本人・法定代理人";
        Other = "other", "その他";
    }
}

coded! {
    /// 提供の根拠. Of data without an individual number, so 番号法19条 has no say here: 個人情報の保護に関する法律69条.
    Basis {
        Consent = "consent", "本人の同意があるとき、または本人への提供";
        OwnWork = "own_work", "内部で、法令の定める事務に必要な限度で利用するとき";
        PublicBody = "public_body", "他の行政機関などが、法令の定める事務に必要な限度で利用するとき";
        Interest = "interest", "提供が明らかに本人の利益になるとき、その他特別の理由があるとき";
        Investigation = "investigation", "捜査関係事項照会への回答";
        ChildAbuse = "child_abuse", "児童虐待の防止等のための資料・情報の提供";
        ChildCouncil = "child_council", "要保護児童対策地域協議会の求めによる資料・情報の提供";
    }
}

impl Basis {
    /// The article.
    pub const fn source(self) -> &'static str {
        match self {
            Basis::Consent => "個人情報の保護に関する法律69条2項1号",
            Basis::OwnWork => "個人情報の保護に関する法律69条2項2号",
            Basis::PublicBody => "個人情報の保護に関する法律69条2項3号",
            Basis::Interest => "個人情報の保護に関する法律69条2項4号",
            Basis::Investigation => "個人情報の保護に関する法律69条1項、刑事訴訟法197条2項",
            Basis::ChildAbuse => "個人情報の保護に関する法律69条1項、児童虐待の防止等に関する法律13条の4",
            Basis::ChildCouncil => "個人情報の保護に関する法律69条1項、児童福祉法25条の3",
        }
    }

    /// Whether this ground can carry a provision to such a recipient.
    pub const fn fits(self, recipient: RecipientKind) -> bool {
        match (self, recipient) {
            (Basis::Consent, _) => true,
            (Basis::OwnWork, kind) => matches!(kind, RecipientKind::Section),
            (Basis::PublicBody, kind) => {
                matches!(kind, RecipientKind::Municipality | RecipientKind::Welfare | RecipientKind::Police)
            }
            (Basis::Interest, kind) => !matches!(kind, RecipientKind::Section | RecipientKind::Person),
            (Basis::Investigation, kind) => matches!(kind, RecipientKind::Police),
            (Basis::ChildAbuse, kind) => {
                matches!(kind, RecipientKind::Municipality | RecipientKind::Welfare)
            }
            (Basis::ChildCouncil, kind) => {
                matches!(kind, RecipientKind::Section | RecipientKind::Municipality | RecipientKind::Welfare)
            }
        }
    }
}

coded! {
    /// 提供の方法.
    Means {
        Paper = "paper", "紙の文書";
        Media = "media", "電子媒体（暗号化）";
        Electronic = "electronic", "電子データの送信（暗号化）";
    }
}

coded! {
    /// 提供する項目.
    Item {
        Number = "number", "宛名番号";
        Name = "name", "氏名・カナ";
        Birth = "birth", "生年月日";
        Sex = "sex", "性別";
        Address = "address", "住所";
        Records = "records", "接種記録";
    }
}

/// People of one provision at most: what is more is a list, and a list is taken out as one.
pub const PROVIDED_PEOPLE_MAX: usize = 200;

/// 提供の申請, as far as rules look at it.
#[derive(Clone, Copy, Debug)]
pub struct ProvisionAsk {
    pub recipient: Option<RecipientKind>,
    pub basis: Option<Basis>,
    pub means: Option<Means>,
    pub key: TypedKey,
    pub items: usize,
    pub people: usize,
}

/// What stands against an application: field and sentence, all at once.
pub fn provision_faults(ask: &ProvisionAsk) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut add = |field, sentence: &str| faults.push((field, sentence.to_owned()));
    match (ask.recipient, ask.basis) {
        (Some(recipient), Some(basis)) if !basis.fits(recipient) => {
            add("basis", "この根拠では、選んだ提供先に提供できません。提供先か根拠を選び直してください");
        }
        (Some(_), Some(_)) => {}
        (recipient, basis) => {
            if recipient.is_none() {
                add("recipient_kind", "提供先の種別を選択してください");
            }
            if basis.is_none() {
                add("basis", "提供の根拠を選択してください");
            }
        }
    }
    match (ask.means, ask.key) {
        (None, _) => add("means", "提供の方法を選択してください"),
        (Some(Means::Paper), TypedKey::None)
        | (Some(Means::Media | Means::Electronic), TypedKey::Readable) => {}
        (Some(Means::Paper), TypedKey::Readable | TypedKey::Unreadable) => {
            add("recipient_key", "紙の文書で提供するときは、公開鍵を空欄にしてください");
        }
        (Some(Means::Media | Means::Electronic), TypedKey::None) => add(
            "recipient_key",
            "電子媒体と送信は、受取人の公開鍵（age1で始まる文字）で暗号化します。公開鍵を入力するか、紙の文書を選択してください",
        ),
        (Some(Means::Media | Means::Electronic), TypedKey::Unreadable) => {
            add("recipient_key", "公開鍵を読み取れません。age1で始まる文字をすべて写して入力してください");
        }
    }
    if ask.items == 0 {
        add("items", "提供する項目を1つ以上選択してください");
    }
    if ask.people > PROVIDED_PEOPLE_MAX {
        faults.push((
            "people",
            format!("1回の申請で提供できるのは{PROVIDED_PEOPLE_MAX}人までです。申請を分けてください"),
        ));
    }
    faults
}

coded! {
    /// 支援措置対象者への渡し方.
    HandOver {
        Counter = "counter", "窓口で本人に渡す（用紙に住所を印刷しない）";
        Mailing = "mailing", "登録された送付先に送る（宛先欄だけに印刷する）";
    }
}

/// Whether a letter reaches what is registered as 送付先.
pub fn has_mailing_address(address: &str, postal_code: &str) -> bool {
    !address.is_empty() && PostalCode::parse(postal_code).is_ok()
}

/// Why the sheet of a protected person cannot be handed over like this; `None` lets it be asked for.
pub fn hand_over_fault(hand_over: HandOver, has_mailing_address: bool) -> Option<&'static str> {
    match hand_over {
        HandOver::Counter => None,
        HandOver::Mailing if has_mailing_address => None,
        HandOver::Mailing => Some(
            "郵便番号のある送付先が登録されていません。住民担当に送付先の登録を依頼するか、窓口で渡してください",
        ),
    }
}

/// Days after the last printing in which letters come back and spoilt sheets are replaced from the same file. No law has
/// this number; it is ours, and only warns.
pub const SPARE_DAYS: i32 = 30;

/// 印刷ファイルの消去の申請, as far as rules look at it.
#[derive(Clone, Copy, Debug)]
pub struct ErasureAsk {
    /// The campaign's printing is finished.
    pub is_printed: bool,
    /// Files that lie there.
    pub files: usize,
    /// An application waits for its decision, or for being carried out.
    pub is_asked: bool,
}

/// Why the print files of a campaign cannot be erased; `None` lets it be asked for.
pub fn erasure_fault(ask: ErasureAsk) -> Option<&'static str> {
    if !ask.is_printed {
        return Some("印刷がまだ終わっていません。印刷を終えてから申請してください");
    }
    if ask.files == 0 {
        return Some("消去できる印刷ファイルがありません。すでに消去されていないか、一覧で確かめてください");
    }
    ask.is_asked
        .then_some("消去はすでに申請されています。その申請を実行するか、取り下げてから申請してください")
}

/// Whether the files may still be needed on a day: whoever decides is warned.
pub fn is_early_to_erase(printed_on: Date, today: Date) -> bool {
    today < crate::age::plus_days(printed_on, SPARE_DAYS)
}
