//! Use cases of 持出し: ask, take the file, report that it is gone; and the ledger.

use super::{
    seal,
    sql::{self, Export, NewExport},
};
use crate::{
    App,
    campaigns::{
        extract::hex,
        sql::{self as campaigns, Campaign, Part},
        table::{self, Field},
    },
    sheets,
};
use domain::{
    Date,
    leaving::{self, Closing, ExportAsk, ExportList, Place},
};
use jiff::{SignedDuration, Timestamp};
use kit::{
    Acting, Action, Case, Failure, Municipality, Target,
    approvals::{self, Approval, Asked, Bar, Kind},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// A download that broke off is taken up again within this time without counting as another taking.
pub const TAKING: SignedDuration = SignedDuration::from_mins(10);

fn target(export_id: Uuid) -> Target {
    Target::of("export", export_id)
}

/// A form as it was read; what could not be read is missing.
pub struct Draft {
    pub campaign_id: Uuid,
    pub list: ExportList,
    pub place: Option<Place>,
    pub recipient: String,
    pub recipient_key: String,
    pub fields: Vec<Field>,
    pub due_on: Option<Date>,
    pub purpose: String,
}

/// How much a file would hold, counted without reading it.
#[derive(Clone, Copy)]
pub struct Size {
    pub rows: usize,
    /// People under 支援措置 on the list: left out, or there without their address.
    pub protected: usize,
}

impl Size {
    /// What is left where the file leaves the office: already 「支援措置」 tells on people, and so does a blank address.
    fn at(self, place: Place) -> Size {
        let rows = match place {
            Place::Office => self.rows,
            Place::Outside => self.rows - self.protected,
        };
        Size { rows, ..self }
    }
}

async fn size(
    conn: &mut PgConnection,
    municipality: Municipality,
    (campaign_id, list): (Uuid, ExportList),
) -> sqlx::Result<Size> {
    let (rows, protected) = match list {
        ExportList::People => sql::people_size(conn, municipality, campaign_id).await?,
        ExportList::Manifest => sheets::sql::manifest_size(conn, municipality, campaign_id).await?,
    };
    Ok(Size { rows: rows as usize, protected: protected as usize })
}

/// A file as it is now.
struct Content {
    bytes: Vec<u8>,
    rows: usize,
}

impl Content {
    fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }
}

/// Makes the file as it is now. Of people who are protected today no address is in it, and outside the office nothing at
/// all ([`Size::at`]).
async fn content(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign: &Campaign,
    (list, place, fields): (ExportList, Place, &[Field]),
) -> Result<Content, Failure> {
    let (bytes, rows) = match list {
        ExportList::People => {
            let (mut rows, _) =
                campaigns::targets(conn, municipality, campaign, &Part::Included, i64::MAX, 0).await?;
            let (excluded, _) =
                campaigns::targets(conn, municipality, campaign, &Part::Excluded(None), i64::MAX, 0).await?;
            rows.extend(excluded);
            let ids: Vec<Uuid> = rows.iter().map(|row| row.resident_id).collect();
            let protected = sql::protected(conn, municipality, &ids).await?;
            if place == Place::Outside {
                rows.retain(|row| !protected.contains(&row.resident_id));
            }
            for row in rows.iter_mut().filter(|row| protected.contains(&row.resident_id)) {
                row.mailing_postal_code.clear();
                row.mailing_address.clear();
                row.mailing_building.clear();
            }
            (table::targets_csv(campaign.programme, campaign.base_date, &rows, fields)?, rows.len())
        }
        ExportList::Manifest => {
            let mut rows = sheets::sql::manifest(conn, municipality, campaign.campaign_id).await?;
            if place == Place::Outside {
                rows.retain(|row| !row.is_protected);
            }
            (sheets::files::manifest_csv(&rows)?, rows.len())
        }
    };
    Ok(Content { bytes, rows })
}

async fn find(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
) -> Result<Campaign, Failure> {
    campaigns::get(conn, municipality, campaign_id).await?.ok_or(Failure::NotFound)
}

/// What the form says of the list that is asked for.
pub async fn begin(
    app: &App,
    acting: &Acting,
    (campaign_id, list): (Uuid, ExportList),
) -> Result<(Campaign, Size), Failure> {
    let mut case =
        Case::open(&app.kit, acting, Action::ApplyExport, Target::of("campaign", campaign_id)).await?;
    let municipality = case.municipality();
    let campaign = find(case.conn(), municipality, campaign_id).await?;
    let size = size(case.conn(), municipality, (campaign_id, list)).await?;
    case.viewed(json!({"page": "form", "list": list.code(), "rows": size.rows})).await?;
    Ok((campaign, size))
}

type Faults = Vec<(&'static str, String)>;

/// Asks for a list. `is_readable` is false where the form has errors of its own: then it is only judged.
pub async fn apply(
    app: &App,
    acting: &Acting,
    draft: &Draft,
    is_readable: bool,
) -> Result<Result<Uuid, Faults>, Failure> {
    let export_id = app.kit.ids.next();
    let mut case = Case::open(&app.kit, acting, Action::ApplyExport, target(export_id)).await?;
    let municipality = case.municipality();
    let campaign = find(case.conn(), municipality, draft.campaign_id).await?;
    let place = draft.place.unwrap_or(Place::Outside);
    let size = size(case.conn(), municipality, (draft.campaign_id, draft.list)).await?.at(place);
    let ask = ExportAsk {
        list: draft.list,
        place: draft.place,
        key: seal::typed(&draft.recipient_key),
        fields: draft.fields.len(),
        rows: size.rows,
        due_on: draft.due_on,
    };
    let faults = leaving::export_faults(&ask, app.kit.clock.today());
    let (Some(due_on), true, true) = (draft.due_on, is_readable, faults.is_empty()) else {
        let detail = json!({"cause": "faults", "campaign": draft.campaign_id, "count": faults.len()});
        case.refused(&app.kit, detail).await?;
        return Ok(Err(faults));
    };
    // Only now is the list read: a list beyond its cap never is.
    let content = content(case.conn(), municipality, &campaign, (draft.list, place, &draft.fields)).await?;
    let (approval_id, digest) = (app.kit.ids.next(), content.digest());
    let size = Size { rows: content.rows, ..size };
    let asked = Asked {
        approval_id,
        kind: Kind::Export,
        target: ("export", export_id),
        reason: &draft.purpose,
        basis: "",
        plan: plan(draft, &campaign, (place, due_on), (size, &digest)),
        digest,
    };
    approvals::ask(&mut case, acting, &asked).await?;
    let new = NewExport {
        export_id,
        approval_id,
        list: draft.list,
        campaign_id: draft.campaign_id,
        place,
        recipient: &draft.recipient,
        recipient_key: draft.recipient_key.trim(),
        fields: draft.fields.iter().map(|field| field.code()).collect(),
        rows: size.rows as i64,
        due_on,
    };
    sql::insert(case.conn(), municipality, &new).await?;
    case.done(json!({"approval": approval_id, "campaign": draft.campaign_id, "list": draft.list.code(),
        "place": place.code(), "rows": size.rows, "digest": hex(&digest)}))
        .await?;
    Ok(Ok(approval_id))
}

/// What exactly will happen, for whoever decides.
fn plan(
    draft: &Draft,
    campaign: &Campaign,
    (place, due_on): (Place, Date),
    (size, digest): (Size, &[u8]),
) -> Vec<(&'static str, String)> {
    let fields = match draft.list {
        ExportList::People => draft.fields.iter().map(|field| field.ja()).collect::<Vec<_>>().join("、"),
        ExportList::Manifest => {
            "ファイル、ページ、用紙番号、宛名番号、郵便番号（氏名と住所はありません）".to_owned()
        }
    };
    let sealing = match draft.recipient_key.trim() {
        "" => "しない（庁内で使う）".to_owned(),
        key => format!("受取人の公開鍵 {}", seal::short(key)),
    };
    let terms = Kind::Export.terms();
    let mut plan = vec![
        ("一覧", draft.list.ja().to_owned()),
        ("抽出", campaign.title.clone()),
        ("行数", format!("{}行", size.rows)),
        ("項目", fields),
        ("使う場所", place.ja().to_owned()),
        ("受取人", draft.recipient.clone()),
        ("暗号化", sealing),
        ("消去・返却の期限", ui::dates::both(due_on)),
        (
            "受取り",
            format!(
                "申請した人だけが、承認から{}日以内に{}回まで",
                terms.valid_for.as_hours() / 24,
                terms.uses_max
            ),
        ),
        ("ファイルの照合値", hex(digest)),
    ];
    if size.protected > 0 {
        let people = size.protected;
        let what = match place {
            Place::Outside => format!("支援措置対象者{people}人は、庁外に出すファイルから除きます。"),
            Place::Office => format!("支援措置対象者{people}人が含まれます。郵便番号と宛先は出力しません。"),
        };
        plan.push((desk::approvals::web::WARNING, what));
    }
    plan
}

/// One line of the ledger with its application.
pub struct Shown {
    pub export: Export,
    pub approval: Approval,
    pub now: Timestamp,
}

async fn gather(case: &mut Case, export_id: Uuid) -> Result<(Export, Approval), Failure> {
    let municipality = case.municipality();
    let export = sql::get(case.conn(), municipality, export_id).await?.ok_or(Failure::NotFound)?;
    let approval = approvals::sql::get(case.conn(), municipality, export.approval_id, false).await?;
    Ok((export, approval.ok_or(Failure::NotFound)?))
}

pub async fn show(app: &App, acting: &Acting, export_id: Uuid) -> Result<Shown, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewExports, target(export_id)).await?;
    let now = case.at();
    let (export, approval) = gather(&mut case, export_id).await?;
    case.viewed(json!({})).await?;
    Ok(Shown { export, approval, now })
}

pub async fn ledger(
    app: &App,
    acting: &Acting,
    (limit, offset): (i64, i64),
) -> Result<(Vec<Export>, i64), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewExports, Target::NONE).await?;
    let municipality = case.municipality();
    let listed = sql::list(case.conn(), municipality, limit, offset).await?;
    case.viewed(json!({"shown": listed.0.len()})).await?;
    Ok(listed)
}

/// The file as it was approved, or why there is none.
async fn approved_content(
    case: &mut Case,
    export: &Export,
    approval: &Approval,
) -> Result<Option<Content>, Failure> {
    let municipality = case.municipality();
    let campaign = find(case.conn(), municipality, export.campaign_id).await?;
    let fields: Vec<Field> = export.fields.iter().filter_map(|code| Field::from_code(code)).collect();
    let asked = (export.list, export.place, fields.as_slice());
    let content = content(case.conn(), municipality, &campaign, asked).await?;
    Ok((content.digest()[..] == approval.digest).then_some(content))
}

/// Somebody on the list has come under 支援措置, or a sheet was printed since.
pub(crate) const CHANGED: &str = "申請の後に内容が変わりました（支援措置の登録、接種記録の登録など）。承認されたものと違うため渡せません。申請し直してください。";

/// Refuses by a rule: logged, undone, told.
pub(crate) async fn refuse<T>(app: &App, case: Case, cause: &str, sentence: &str) -> Result<T, Failure> {
    case.refused(&app.kit, json!({"cause": cause})).await?;
    Err(Failure::Conflict(sentence.to_owned()))
}

fn no_more(app: &App, export: &Export) -> Option<&'static str> {
    leaving::taking_fault(export.due_on, export.closed.is_some(), app.kit.clock.today())
}

/// One taking: counted, logged, and good for [`TAKING`].
pub async fn take(app: &App, acting: &Acting, export_id: Uuid) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::TakeExport, target(export_id)).await?;
    let (export, approval) = gather(&mut case, export_id).await?;
    if let Some(sentence) = no_more(app, &export) {
        return refuse(app, case, "over", sentence).await;
    }
    if approved_content(&mut case, &export, &approval).await?.is_none() {
        return refuse(app, case, "changed", CHANGED).await;
    }
    let approved = (Kind::Export, export.approval_id);
    let (case, approval) = approvals::use_in(case, acting, &app.kit, approved).await?;
    case.done(json!({"approval": export.approval_id, "rows": export.rows, "taking": approval.uses + 1})).await
}

/// A file that is handed out.
pub struct File {
    pub bytes: Vec<u8>,
    pub name: String,
    pub is_sealed: bool,
}

/// The file of a taking that is still good.
pub async fn file(app: &App, acting: &Acting, export_id: Uuid) -> Result<File, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::TakeExport, target(export_id)).await?;
    let now = case.at();
    let (export, approval) = gather(&mut case, export_id).await?;
    if approval.asked_by != acting.staff_id {
        return refuse(app, case, Bar::OthersApproval.code(), &Bar::OthersApproval.to_string()).await;
    }
    if let Some(sentence) = no_more(app, &export) {
        return refuse(app, case, "over", sentence).await;
    }
    if export.taken_at.is_none_or(|at| now.duration_since(at) > TAKING) {
        let sentence =
            "受取りの時間が過ぎました。持出しの画面の「ファイルを受け取る」からやり直してください。";
        return refuse(app, case, "taking_over", sentence).await;
    }
    let Some(content) = approved_content(&mut case, &export, &approval).await? else {
        return refuse(app, case, "changed", CHANGED).await;
    };
    let municipality = case.municipality();
    let campaign = find(case.conn(), municipality, export.campaign_id).await?;
    let is_sealed = !export.recipient_key.is_empty();
    let (digest, rows, key) = (content.digest(), content.rows, export.recipient_key.clone());
    let bytes = if is_sealed {
        tokio::task::spawn_blocking(move || seal::seal(&content.bytes, &key))
            .await
            .map_err(|error| Failure::Internal(error.into()))??
    } else {
        content.bytes
    };
    case.done(
        json!({"approval": export.approval_id, "rows": rows, "digest": hex(&digest), "sealed": is_sealed}),
    )
    .await?;
    let end = if is_sealed { ".age" } else { "" };
    let name =
        format!("{}-{}-{}.csv{end}", campaign.programme.code(), campaign.base_date, export.list.code());
    Ok(File { bytes, name, is_sealed })
}

/// 消去・返却の報告. Any clerk may: whoever asked may have left the section.
pub async fn close(
    app: &App,
    acting: &Acting,
    export_id: Uuid,
    (closing, note): (Closing, &str),
) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::CloseExport, target(export_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let (export, _) = gather(&mut case, export_id).await?;
    if export.takings == 0 {
        let sentence = "ファイルはまだ受け取られていません。受け取った後に報告してください。";
        return refuse(app, case, "not_taken", sentence).await;
    }
    let by = (acting.staff_id, at);
    if !sql::close(case.conn(), municipality, (export_id, closing, note), by).await? {
        let sentence = "この持出しはすでに報告されています。持出しの画面で内容を確かめてください。";
        return refuse(app, case, "closed", sentence).await;
    }
    let late = export.due_on < app.kit.clock.today();
    case.done(json!({"closing": closing.code(), "late": late})).await
}
