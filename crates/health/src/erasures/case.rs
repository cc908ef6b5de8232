//! Use cases of 印刷ファイルの消去: ask, order, and take the files from the disk.

use super::sql;
use crate::{
    App,
    campaigns::{
        extract::hex,
        sql::{self as campaigns, Campaign, State},
        web::find,
    },
    exports::case::{CHANGED, refuse},
    sheets::{
        files,
        sql::{self as sheets, PrintFile},
    },
};
use anyhow::Context as _;
use domain::leaving::{self, ErasureAsk};
use jiff::Timestamp;
use kit::{
    Acting, Action, Case, Failure, Role, Target,
    approvals::{self, Approval, Asked, Bar, Kind},
    clock::in_japan,
    jobs,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use std::path::Path;
use uuid::Uuid;

pub const JOB: &str = "erase_print_files";

fn target(campaign_id: Uuid) -> Target {
    Target::of("campaign", campaign_id)
}

/// A campaign with what lies there of it.
pub struct Stock {
    pub campaign: Campaign,
    pub files: Vec<PrintFile>,
    /// 予診票 that somebody may still come with.
    pub usable_sheets: i64,
    pub asked: Vec<Approval>,
    pub now: Timestamp,
}

impl Stock {
    /// What can still be erased.
    pub fn left(&self) -> impl Iterator<Item = &PrintFile> {
        self.files.iter().filter(|file| file.erased.is_none())
    }

    /// What was ordered to be erased and lies there yet.
    pub fn unfinished(&self) -> usize {
        self.files.iter().filter(|file| file.erased.is_some_and(|erased| !erased.is_removed)).count()
    }

    pub fn pages(&self) -> i64 {
        self.left().map(|file| i64::from(file.pages)).sum()
    }

    pub fn printed_on(&self) -> Option<domain::Date> {
        self.left().map(|file| file.checked_at).max().map(|at| in_japan(at).date())
    }

    /// The application that waits for its decision or for being carried out, if it is for the files that lie there now.
    pub fn open(&self) -> Option<&Approval> {
        approvals::steps::open(&self.asked, &self.digest(), self.now)
    }

    /// Approved once, but for other files than lie there now.
    fn is_outdated(&self) -> bool {
        self.open().is_none() && self.asked.iter().any(|one| one.is_open(self.now))
    }

    pub fn fault(&self) -> Option<&'static str> {
        leaving::erasure_fault(ErasureAsk {
            is_printed: self.campaign.state == State::Printed,
            files: self.left().count(),
            is_asked: self.open().is_some(),
        })
    }

    /// Over exactly the files that would disappear.
    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for file in self.left() {
            digest.update(file.file_number.to_be_bytes());
            digest.update(&file.file_digest);
        }
        digest.finalize().into()
    }
}

async fn gather(app: &App, case: &mut Case, campaign_id: Uuid) -> Result<Stock, Failure> {
    let (municipality, now) = (case.municipality(), case.at());
    let campaign = find(case, campaign_id).await?;
    let files = sheets::files(case.conn(), municipality, campaign_id).await?;
    let today = app.kit.clock.today();
    let usable_sheets = sql::usable_sheets(case.conn(), municipality, campaign_id, today).await?;
    let asked = approvals::sql::about(case.conn(), municipality, Kind::PrintErasure, campaign_id).await?;
    Ok(Stock { campaign, files, usable_sheets, asked, now })
}

pub async fn show(app: &App, acting: &Acting, campaign_id: Uuid) -> Result<Stock, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ApplyErasure, target(campaign_id)).await?;
    let stock = gather(app, &mut case, campaign_id).await?;
    case.viewed(json!({"page": "form", "files": stock.left().count()})).await?;
    Ok(stock)
}

/// Asks for the files to be erased.
pub async fn apply(app: &App, acting: &Acting, campaign_id: Uuid, reason: &str) -> Result<Uuid, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ApplyErasure, target(campaign_id)).await?;
    let municipality = case.municipality();
    // Locked: two applications at once would both be the first.
    campaigns::lock(case.conn(), municipality, campaign_id).await?.ok_or(Failure::NotFound)?;
    let stock = gather(app, &mut case, campaign_id).await?;
    if let Some(sentence) = stock.fault() {
        return refuse(app, case, "not_erasable", &format!("{sentence}。")).await;
    }
    let approval_id = app.kit.ids.next();
    let digest = stock.digest();
    let asked = Asked {
        approval_id,
        kind: Kind::PrintErasure,
        target: ("campaign", campaign_id),
        reason,
        basis: "",
        plan: plan(&stock, app.kit.clock.today(), &digest),
        digest,
    };
    approvals::ask(&mut case, acting, &asked).await?;
    case.done(json!({"approval": approval_id, "files": stock.left().count(), "pages": stock.pages(),
        "digest": hex(&digest)}))
        .await?;
    Ok(approval_id)
}

/// What exactly will happen, for whoever decides.
fn plan(stock: &Stock, today: domain::Date, digest: &[u8]) -> Vec<(&'static str, String)> {
    let files: Vec<&PrintFile> = stock.left().collect();
    let with_care = files.iter().filter(|file| file.is_protected).count();
    let named = match (files.first(), files.last()) {
        (Some(first), Some(last)) if files.len() > 1 => {
            format!("{}個（{} から {} まで）", files.len(), first.file_name, last.file_name)
        }
        (Some(only), _) => format!("1個（{}）", only.file_name),
        (None, _) => "0個".to_owned(),
    };
    let mut plan = vec![
        ("抽出", stock.campaign.title.clone()),
        ("消去するファイル", named),
        ("ページ", format!("{}ページ", stock.pages())),
    ];
    if with_care > 0 {
        plan.push(("うち取扱注意", format!("{with_care}個（支援措置対象者の印刷）")));
    }
    if let Some(printed_on) = stock.printed_on() {
        plan.push(("最後の印刷", ui::dates::both(printed_on)));
    }
    plan.push(("使用前の予診票", format!("{}枚（用紙番号と発送の記録は残ります）", stock.usable_sheets)));
    plan.push(("ファイルの照合値", hex(digest)));
    if stock.printed_on().is_some_and(|day| leaving::is_early_to_erase(day, today)) {
        plan.push((
            desk::approvals::web::WARNING,
            format!(
                "最後の印刷から{}日たっていません。発送、返戻の再発送、破損した用紙の差替えが済んだか、確かめてください。",
                leaving::SPARE_DAYS
            ),
        ));
    }
    plan
}

async fn enqueue(app: &App, acting: &Acting, case: &mut Case, campaign: &Campaign) -> Result<(), Failure> {
    let municipality = case.municipality();
    let job = jobs::NewJob {
        kind: JOB,
        title: &format!("印刷ファイルの消去：{}", campaign.title),
        subject_id: Some(campaign.campaign_id),
        payload: json!({}),
    };
    jobs::enqueue(case.conn(), &app.kit, municipality, Some(acting.staff_id), job).await?;
    Ok(())
}

/// Has the approved files erased. Where an earlier order could not be finished, it is taken up again.
pub async fn erase(app: &App, acting: &Acting, campaign_id: Uuid) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ErasePrint, target(campaign_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    campaigns::lock(case.conn(), municipality, campaign_id).await?.ok_or(Failure::NotFound)?;
    let stock = gather(app, &mut case, campaign_id).await?;
    if stock.unfinished() > 0 {
        let newest = jobs::newest(
            case.conn(),
            municipality,
            JOB,
            jobs::Of { subject_id: Some(campaign_id), ..jobs::Of::default() },
        )
        .await?;
        if newest.is_some_and(|job| job.is_open()) {
            let sentence = "消去を進めています。しばらくしてから、この画面を開き直してください。";
            return refuse(app, case, "in_progress", sentence).await;
        }
        enqueue(app, acting, &mut case, &stock.campaign).await?;
        return case.done(json!({"files": stock.unfinished(), "resumed": true})).await;
    }
    if stock.is_outdated() {
        return refuse(app, case, "changed", CHANGED).await;
    }
    let Some(approval) = stock.open() else {
        return refuse(app, case, Bar::NotApproved.code(), &Bar::NotApproved.to_string()).await;
    };
    let approval_id = approval.approval_id;
    let (mut case, _) = approvals::use_in(case, acting, &app.kit, (Kind::PrintErasure, approval_id)).await?;
    let files: Vec<PrintFile> = stock.left().cloned().collect();
    sql::insert(case.conn(), municipality, (campaign_id, approval_id), &files, at).await?;
    enqueue(app, acting, &mut case, &stock.campaign).await?;
    case.done(json!({"approval": approval_id, "files": files.len(), "pages": stock.pages(),
        "digest": hex(&stock.digest())}))
        .await
}

/// Takes the ordered files from the disk. Cut off anywhere, the next run finds what is left.
pub async fn carry_out(app: App, run: jobs::Run) -> anyhow::Result<String> {
    let campaign_id = run.job.subject_id.context("the job names its campaign")?;
    let municipality = run.municipality;
    let acting = run.acting(vec![Role::Clerk]);
    let mut case = Case::open(&app.kit, &acting, Action::ErasePrint, target(campaign_id))
        .await
        .map_err(Failure::into_error)?;
    let at = case.at();
    let files = sheets::files(case.conn(), municipality, campaign_id).await?;
    let ordered: Vec<&PrintFile> =
        files.iter().filter(|file| file.erased.is_some_and(|erased| !erased.is_removed)).collect();
    let numbers: Vec<i32> = ordered.iter().map(|file| file.file_number).collect();
    let names: Vec<String> = ordered.iter().map(|file| file.file_name.clone()).collect();
    let folder = files::folder(&app, municipality, campaign_id);
    tokio::task::spawn_blocking(move || files::remove(&folder, &names)).await??;
    sql::removed(case.conn(), municipality, campaign_id, &numbers, at).await?;
    case.done(json!({"erased": numbers.len()})).await.map_err(Failure::into_error)?;
    let count = numbers.len() as i64;
    run.progress(count, count, "消去を終えました").await?;
    Ok(format!("印刷ファイル{count}個を消去しました。"))
}

/// Takes erased files from the disk once more, of all municipalities: a backup brings back what was erased after it was
/// taken. To be called at the machine, behind no municipality's wall. Answers how many had come back.
pub async fn remove_again(conn: &mut PgConnection, root: &Path) -> anyhow::Result<usize> {
    let mut back = 0;
    for (municipality, campaign_id, name) in sql::removed_of_all(conn).await? {
        let folder = files::folder_in(root, municipality, campaign_id);
        if folder.join(&name).exists() {
            files::remove(&folder, &[name])?;
            back += 1;
        }
    }
    Ok(back)
}
