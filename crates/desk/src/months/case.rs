//! What the auditor does month by month.

use super::{
    figures::Figures,
    sql::{self, NewSignature, Signed},
};
use domain::{
    Date,
    monthly::{self, Answer, Asked, Check, Fault},
};
use jiff::ToSpan;
use kit::{
    Acting, Action, Case, Failure, Kit, Municipality, Posted, Target, audit, db, intrusion,
    jobs::{self, Job, NewJob, Run},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use ui::FormErrors;

/// The kind of job that holds a month of the log against its second copy.
pub const COMPARE: &str = "compare_log";
/// A remark is a few sentences.
const REMARK_CHARS_MAX: usize = 2_000;

/// A month as the list shows it.
pub struct Listed {
    pub month: Date,
    pub due_on: Date,
    pub signed: Option<Signed>,
}

/// The months that are over, newest first, with their signatures.
async fn months(
    conn: &mut PgConnection,
    municipality: Municipality,
    today: Date,
) -> sqlx::Result<Vec<Listed>> {
    let Some(first) = sql::first_day(conn, municipality).await? else { return Ok(Vec::new()) };
    let mut signed = sql::signed(conn, municipality, None).await?;
    Ok(monthly::months_over(first, today)
        .into_iter()
        .map(|month| {
            let at = signed.iter().position(|one| one.month == month);
            Listed { month, due_on: monthly::due_on(month), signed: at.map(|at| signed.swap_remove(at)) }
        })
        .collect())
}

/// Months whose day has passed without a signature. Asked by the home page, within its own case.
pub async fn overdue(
    conn: &mut PgConnection,
    municipality: Municipality,
    today: Date,
) -> sqlx::Result<Vec<Date>> {
    let months = months(conn, municipality, today).await?;
    let late = months.into_iter().filter(|one| one.signed.is_none() && one.due_on < today);
    Ok(late.map(|one| one.month).collect())
}

pub async fn list(kit: &Kit, acting: &Acting) -> Result<Vec<Listed>, Failure> {
    let mut case = Case::open(kit, acting, Action::ViewMonths, Target::NONE).await?;
    let municipality = case.municipality();
    let months = months(case.conn(), municipality, kit.clock.today()).await?;
    case.viewed(json!({"shown": months.len()})).await?;
    Ok(months)
}

/// A month with what can be said of it.
pub struct Month {
    pub month: Date,
    pub figures: Figures,
    pub signed: Option<Signed>,
    /// Of a signed one: the log still has the root it had at the signature.
    pub is_contained: bool,
    pub job: Option<Job>,
}

async fn gather(
    conn: &mut PgConnection,
    municipality: Municipality,
    month: Date,
    today: Date,
) -> Result<Month, Failure> {
    let signed = sql::signed(conn, municipality, Some(month)).await?.pop();
    let first = sql::first_day(conn, municipality).await?;
    let is_there = first.is_some_and(|first| month >= monthly::month_of(first)) && month <= today;
    if signed.is_none() && !is_there {
        return Err(Failure::NotFound);
    }
    let figures = match &signed {
        Some(signed) => serde_json::from_str(&signed.shown).map_err(anyhow::Error::from)?,
        None => sql::figures(conn, municipality, month, today).await?,
    };
    let is_contained = match &signed {
        Some(signed) => {
            let there = audit::root::size(conn, municipality).await? >= signed.tree_size;
            there && audit::root::root(conn, municipality, signed.tree_size).await?[..] == signed.tree_root
        }
        None => false,
    };
    let job = comparison(conn, municipality, month).await?;
    Ok(Month { month, figures, signed, is_contained, job })
}

pub async fn show(kit: &Kit, acting: &Acting, month: Date) -> Result<Month, Failure> {
    let mut case = Case::open(kit, acting, Action::ViewMonths, Target::NONE).await?;
    let municipality = case.municipality();
    let found = gather(case.conn(), municipality, month, kit.clock.today()).await?;
    case.viewed(json!({"month": found.figures.month})).await?;
    Ok(found)
}

fn payload(month: Date) -> Value {
    json!({"month": month.to_string()})
}

/// The newest comparison of this month.
async fn comparison(
    conn: &mut PgConnection,
    municipality: Municipality,
    month: Date,
) -> sqlx::Result<Option<Job>> {
    jobs::newest(
        conn,
        municipality,
        COMPARE,
        jobs::Of { payload: Some(&payload(month)), ..jobs::Of::default() },
    )
    .await
}

/// The newest comparison of a month, for the progress bar that asks again.
pub async fn job(kit: &Kit, acting: &Acting, month: Date) -> Result<Option<Job>, Failure> {
    let mut case = Case::open(kit, acting, Action::ViewMonths, Target::NONE).await?;
    let municipality = case.municipality();
    let job = comparison(case.conn(), municipality, month).await?;
    case.viewed(json!({"page": "progress"})).await?;
    Ok(job)
}

/// Asks to hold the month's days against the second copy; one that waits or runs serves.
pub async fn ask_to_compare(kit: &Kit, acting: &Acting, month: Date) -> Result<(), Failure> {
    let mut case = Case::open(kit, acting, Action::CompareLog, Target::NONE).await?;
    let municipality = case.municipality();
    let newest = comparison(case.conn(), municipality, month).await?;
    if !newest.is_some_and(|job| job.is_open()) {
        let job = NewJob {
            kind: COMPARE,
            title: "操作ログと控えの照合",
            subject_id: None,
            payload: payload(month),
        };
        jobs::enqueue(case.conn(), kit, municipality, Some(acting.staff_id), job).await?;
    }
    case.done(json!({"month": month.strftime("%Y-%m").to_string()})).await
}

/// The job: every day of the month that has not been held against the second copy yet.
pub async fn carry_out(run: Run) -> anyhow::Result<String> {
    let month: Date = run.job.payload["month"].as_str().unwrap_or_default().parse()?;
    let yesterday = run.kit.clock.today().yesterday()?;
    let until = monthly::next(month).saturating_sub(1.day()).min(yesterday);
    let mut tx = db::begin(&run.kit.pool, run.municipality).await?;
    let days = sql::days_missing(&mut tx, run.municipality, (month, until)).await?;
    tx.commit().await?;
    for (done, day) in days.iter().enumerate() {
        run.progress(done as i64, days.len() as i64, "控えと照合しています").await?;
        intrusion::compare_days(&run.kit, Some(run.municipality), *day, *day).await?;
    }
    run.progress(days.len() as i64, days.len() as i64, "照合しました").await?;
    Ok(format!("{}日分を照合しました", days.len()))
}

/// What was typed under a month.
pub struct Form {
    /// Digest of the figures that were on the page.
    pub seen: String,
    pub answers: Vec<(Check, Answer)>,
    pub remark: String,
    pub open_reason: String,
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest under which figures are signed.
pub fn digest(figures: &Figures) -> String {
    hex(&Sha256::digest(figures.text().as_bytes()))
}

pub fn read(posted: &Posted) -> Form {
    let answer = |check: &Check| Some((*check, Answer::from_code(posted.text(check.code()))?));
    Form {
        seen: posted.text("seen").to_owned(),
        answers: Check::ALL.iter().filter_map(answer).collect(),
        remark: posted.trimmed("remark").to_owned(),
        open_reason: posted.trimmed("open_reason").to_owned(),
    }
}

fn errors_of(faults: &[Fault], form: &Form) -> FormErrors {
    let mut errors = FormErrors::default();
    for fault in faults {
        match fault {
            Fault::NotOver => {
                errors.add("", "この月はまだ終わっていません。翌月になってから署名してください")
            }
            Fault::Signed => errors.add("", "この月は署名済みです"),
            Fault::NoCheckpoint => {
                errors.add("", "この月の終わりの後に、操作ログに署名係の署名がありません。1分ほど待ってからやり直してください");
            }
            Fault::Unanswered(check) => {
                errors.add(check.code(), format!("「{}」の結果を選択してください", check.ja()));
            }
            Fault::RemarkMissing => errors.add("remark", "「問題あり」の内容と対応を所見に入力してください"),
            Fault::ReasonMissing => {
                errors.add("open_reason", "判断待ちの気になる閲覧があります。署名する理由を入力してください");
            }
        }
    }
    for (name, text) in [("remark", &form.remark), ("open_reason", &form.open_reason)] {
        if text.chars().count() > REMARK_CHARS_MAX {
            errors.add(name, format!("{REMARK_CHARS_MAX}文字以内で入力してください"));
        }
    }
    errors
}

/// Signs a month as it was seen, or says all that stands against it.
pub async fn sign(
    kit: &Kit,
    acting: &Acting,
    month: Date,
    form: &Form,
) -> Result<Result<(), FormErrors>, Failure> {
    let today = kit.clock.today();
    let mut case = Case::open(kit, acting, Action::SignMonth, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let found = gather(case.conn(), municipality, month, today).await?;
    let checkpoint = sql::checkpoint(case.conn(), municipality, month).await?;
    let asked = Asked {
        month,
        today,
        is_signed: found.signed.is_some(),
        has_checkpoint: checkpoint.is_some(),
        open_findings: found.figures.open_findings(),
        answers: &form.answers,
        has_remark: !form.remark.is_empty(),
        has_reason: !form.open_reason.is_empty(),
    };
    let errors = errors_of(&monthly::faults(&asked), form);
    let text = found.figures.text();
    let digest = Sha256::digest(text.as_bytes());
    let Some((size, root)) = checkpoint.filter(|_| errors.is_empty()) else {
        case.refused(kit, json!({"cause": "faults", "count": errors.len(), "month": found.figures.month}))
            .await?;
        return Ok(Err(errors));
    };
    if form.seen != hex(&digest) {
        case.refused(kit, json!({"cause": "changed", "month": found.figures.month})).await?;
        let mut errors = FormErrors::default();
        errors.add(
            "",
            "表示した後に、この月の内容が変わりました。下の今の数字を確かめてから、もう一度署名してください",
        );
        return Ok(Err(errors));
    }
    let answers: Map<String, Value> =
        form.answers.iter().map(|(check, answer)| (check.code().to_owned(), json!(answer.code()))).collect();
    let new = NewSignature {
        month,
        shown: &text,
        digest: &digest,
        answers: &Value::Object(answers),
        remark: &form.remark,
        open_reason: &form.open_reason,
        checkpoint: (size, &root),
        by: acting.staff_id,
        at,
    };
    if !sql::sign(case.conn(), municipality, &new).await? {
        case.refused(kit, json!({"cause": "overtaken", "month": found.figures.month})).await?;
        return Err(Failure::Conflict("この月は、ほかの監査者が署名しました。".to_owned()));
    }
    let issues: Vec<&str> = form
        .answers
        .iter()
        .filter(|(_, answer)| *answer == Answer::Issue)
        .map(|(check, _)| check.code())
        .collect();
    let detail = json!({"month": found.figures.month, "digest": hex(&digest), "size": size, "issues": issues,
        "open_findings": found.figures.open_findings(), "has_remark": !form.remark.is_empty()});
    case.done(detail).await?;
    Ok(Ok(()))
}
