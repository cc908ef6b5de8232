//! Pages of imports: files and what came of them, uploads, arrivals.

use super::{
    Counts, FeedState, Kind, Weight,
    desk::{self, FAULTS_PER_PAGE, FEEDS_PER_PAGE, Upload},
    fault::Fault,
    sql::FeedRow,
    {case, review_web},
};
use crate::{App, campaigns::table, home, page};
use askama::Template;
use axum::{
    extract::{DefaultBodyLimit, Multipart, Path, Query, State, multipart::Field},
    handler::Handler,
    http::header,
    response::{Html, IntoResponse, Redirect, Response},
};
use kit::{
    Acting, Action, Failure, Posted,
    web::{Lane, Routes},
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tokio::io::AsyncWriteExt;
use ui::{
    Banner, BannerKind, Chip, Choice, Crumb, FieldState, FormErrors, Pager, Progress, Shell, Tone, filters,
};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("feed")
        .get("/imports", Action::ViewImports, list)
        // Files are streamed to the disk and counted there; the kind decides the right once more.
        .post("/imports", Action::ImportResidents, upload.layer(DefaultBodyLimit::disable()))
        .in_lane(Lane::Upload)
        .get("/imports/arrivals", Action::ViewImports, arrivals)
        .get("/imports/{id}", Action::ViewImports, feed)
        .get("/imports/{id}/progress", Action::ViewImports, progress)
        .post("/imports/{id}/take", Action::ImportResidents, take)
        .get("/imports/{id}/faults.csv", Action::ViewImports, faults)
        .merge(review_web::routes())
}

pub(super) const NAV: &str = "/imports";
/// A lifetime's records of a ward; larger files are taken in by the command.
const UPLOAD_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

pub(super) fn page_number(asked: &HashMap<String, String>) -> u64 {
    asked.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 1_000_000)
}

pub(super) fn minute(at: jiff::Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M").to_string()
}

#[derive(Template)]
#[template(path = "imports/feeds.html")]
struct FeedsPage {
    shell: Shell,
    rows: Vec<Row>,
    pager: Pager,
    waiting: i64,
    may_import: bool,
    kind: FieldState,
    kinds: Vec<Choice>,
    mode: FieldState,
    modes: Vec<Choice>,
    file: FieldState,
}

struct Row {
    id: Uuid,
    at: String,
    kind: &'static str,
    extent: String,
    as_of: String,
    file_name: String,
    chip: Chip,
    is_applied: bool,
    counts: Counts,
    errors: u64,
    warnings: u64,
    who: String,
}

fn row(feed: &FeedRow) -> Row {
    let tone = match feed.state {
        FeedState::Checking => Tone::Active,
        FeedState::Applied => Tone::Good,
        FeedState::Refused => Tone::Stop,
        FeedState::DryRun => Tone::Off,
    };
    Row {
        id: feed.feed_id,
        at: minute(feed.taken_at),
        kind: feed.kind.ja(),
        extent: feed.extent.clone(),
        as_of: feed.as_of.map_or_else(|| "―".to_owned(), |day| day.to_string()),
        file_name: feed.file_name.clone(),
        chip: Chip::new(tone, feed.state.ja()),
        is_applied: feed.state == FeedState::Applied,
        counts: feed.counts,
        errors: feed.errors,
        warnings: feed.warnings,
        who: feed.taken_by.clone().unwrap_or_default(),
    }
}

fn may_import(acting: &Acting) -> bool {
    Kind::ALL.into_iter().any(|kind| acting.may(case::action(kind)))
}

async fn feeds_page(
    app: &App,
    acting: &Acting,
    page: u64,
    typed: &Typed,
    errors: FormErrors,
) -> Result<FeedsPage, Failure> {
    let (rows, total, waiting) = desk::feeds(app, acting, page).await?;
    Ok(FeedsPage {
        rows: rows.iter().map(row).collect(),
        pager: Pager {
            page,
            per_page: FEEDS_PER_PAGE.cast_unsigned(),
            total: total.cast_unsigned(),
            href: "/imports?page=".to_owned(),
            label: "取り込んだファイル".to_owned(),
        },
        waiting,
        may_import: may_import(acting),
        kind: errors.field("kind", &*typed.kind),
        kinds: Kind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.ja())).collect(),
        mode: errors.field("mode", &*typed.mode),
        modes: vec![
            Choice::new("trial", "試し取込み").hint("すべて確かめて結果だけを示します。何も変更しません"),
            Choice::new("take", "取込み").hint("確かめて誤りがなければ、そのまま取り込みます"),
        ],
        file: errors.field("file", ""),
        shell: Shell { errors, ..page::shell(acting, "取込み", NAV, vec![Crumb::here("取込み")]) },
    })
}

async fn list(
    State(app): State<App>,
    acting: Acting,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Html<String>, Failure> {
    let typed = Typed { mode: "trial".to_owned(), ..Typed::default() };
    page::show(&feeds_page(&app, &acting, page_number(&asked), &typed, FormErrors::default()).await?)
}

/// What was typed beside the file.
#[derive(Default)]
struct Typed {
    csrf: String,
    kind: String,
    mode: String,
}

/// The file as it lies on the disk, not yet announced.
struct Stored {
    path: std::path::PathBuf,
    file_name: String,
    digest: [u8; 32],
}

fn unreadable(error: impl Into<anyhow::Error>) -> Failure {
    tracing::warn!(error = format!("{:#}", error.into()), "an upload ended early");
    Failure::BadRequest("ファイルの受信が途中で切れました。もう一度送信してください。".to_owned())
}

async fn upload(State(app): State<App>, acting: Acting, form: Multipart) -> Result<Response, Failure> {
    let (mut typed, mut stored) = (Typed::default(), None);
    if let Err(failure) = read_parts(&app, &acting, form, (&mut typed, &mut stored)).await {
        if let Some(stored) = stored {
            desk::discard(&stored.path).await;
        }
        return Err(failure);
    }
    finish(&app, &acting, &typed, stored).await
}

async fn read_parts(
    app: &App,
    acting: &Acting,
    mut form: Multipart,
    (typed, stored): (&mut Typed, &mut Option<Stored>),
) -> Result<(), Failure> {
    let mut parts = 0;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        parts += 1;
        if parts > PARTS_MAX {
            return Err(Failure::BadRequest("画面の送信ボタンから送ってください。".to_owned()));
        }
        match field.name() {
            Some("csrf") => typed.csrf = short(field).await?,
            Some("kind") => typed.kind = short(field).await?,
            Some("mode") => typed.mode = short(field).await?,
            Some("file") if stored.is_none() && field.file_name().is_some_and(|name| !name.is_empty()) => {
                // The token stands before the file in the form: nothing is stored for another site.
                kit::web::check_token(&acting.csrf_token, &typed.csrf)?;
                *stored = Some(store(app, acting, field).await?);
            }
            Some(_) | None => {}
        }
    }
    kit::web::check_token(&acting.csrf_token, &typed.csrf)
}

/// The form has four parts.
const PARTS_MAX: u32 = 16;
/// The longest of the small parts is the token.
const PART_BYTES_MAX: usize = 200;

/// A part that is not the file. Only the file may be large: this is kept in memory.
async fn short(mut field: Field<'_>) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(unreadable)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > PART_BYTES_MAX {
            return Err(Failure::BadRequest("画面の送信ボタンから送ってください。".to_owned()));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn finish(
    app: &App,
    acting: &Acting,
    typed: &Typed,
    stored: Option<Stored>,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let kind = Kind::from_code(&typed.kind);
    if kind.is_none() {
        errors.add("kind", "ファイルの種類を選択してください");
    }
    if !matches!(typed.mode.as_str(), "trial" | "take") {
        errors.add("mode", "取込み方を選択してください");
    }
    if stored.is_none() {
        errors.add("file", "取り込むファイルを選択してください");
    }
    match (kind, stored) {
        (Some(kind), Some(stored)) if errors.is_empty() => {
            let sent = Sha256::new().chain_update(&typed.kind).chain_update([0]).chain_update(&typed.mode);
            let sent = sent.chain_update([0]).chain_update(stored.digest).finalize();
            kit::web::check_parts(acting, "/imports", &typed.csrf, &sent)?;
            let place = desk::place(app, acting.municipality, &stored.digest);
            tokio::fs::rename(&stored.path, &place)
                .await
                .map_err(|error| Failure::Internal(anyhow::Error::new(error).context("keeping an upload")))?;
            let upload = Upload {
                kind,
                file_name: stored.file_name,
                digest: stored.digest,
                dry_run: typed.mode == "trial",
            };
            let id = desk::announce(app, acting, upload).await?;
            Ok(Redirect::to(&format!("/imports/{id}")).into_response())
        }
        (_, stored) => {
            if let Some(stored) = stored {
                desk::discard(&stored.path).await;
                errors.add("file", "ファイルをもう一度選択してください");
            }
            page::show_errors(&feeds_page(app, acting, 1, typed, errors).await?)
        }
    }
}

/// The sender's name for a file: shown to people and used for nothing else. Folders before it, and characters that
/// would turn the line around or cannot be seen, are left away.
fn shown_name(sent: &str) -> String {
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars().filter(|c| !c.is_control() && !is_invisible(*c)).take(FILE_NAME_CHARS_MAX).collect()
}

const FILE_NAME_CHARS_MAX: usize = 200;

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Writes an upload to the disk as it comes.
async fn store(app: &App, acting: &Acting, mut field: Field<'_>) -> Result<Stored, Failure> {
    let trouble =
        |error: std::io::Error| Failure::Internal(anyhow::Error::new(error).context("keeping an upload"));
    let folder = desk::folder(app, acting.municipality);
    tokio::fs::create_dir_all(&folder).await.map_err(trouble)?;
    let path = folder.join(format!("{}.part", app.kit.ids.next()));
    let file_name = shown_name(field.file_name().unwrap_or_default());
    let mut file = tokio::fs::File::create(&path).await.map_err(trouble)?;
    let (mut sha, mut bytes) = (Sha256::new(), 0);
    loop {
        let piece = match field.chunk().await {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(error) => {
                desk::discard(&path).await;
                return Err(unreadable(error));
            }
        };
        bytes += piece.len() as u64;
        if bytes > UPLOAD_BYTES_MAX {
            desk::discard(&path).await;
            return Err(Failure::BadRequest(
                "ファイルが大きすぎます（4GBまで）。システム担当者に sesshu import での取込みを依頼してください。".to_owned(),
            ));
        }
        sha.update(&piece);
        file.write_all(&piece).await.map_err(trouble)?;
    }
    file.sync_all().await.map_err(trouble)?;
    Ok(Stored { path, file_name, digest: sha.finalize().into() })
}

#[derive(Template)]
#[template(path = "imports/feed.html")]
struct FeedPage {
    shell: Shell,
    id: Uuid,
    title: String,
    row: Row,
    outcome: Banner,
    progress: Option<Progress>,
    is_kept: bool,
    faults: Vec<FaultRow>,
    kept: i64,
    /// Faults that are counted but not kept.
    beyond: u64,
    pager: Pager,
}

struct FaultRow {
    line: u64,
    chip: Chip,
    field: String,
    sentence: String,
}

fn fault_row(fault: Fault) -> FaultRow {
    let tone = match fault.weight {
        Weight::Error => Tone::Stop,
        Weight::Warning => Tone::Warning,
    };
    FaultRow {
        line: fault.line,
        chip: Chip::new(tone, fault.weight.ja()),
        field: fault.field,
        sentence: fault.sentence,
    }
}

fn outcome(opened: &desk::Feed) -> Banner {
    let failed = opened.job.as_ref().filter(|job| job.state == "failed");
    let feed = &opened.feed;
    match (feed.state, failed) {
        (FeedState::Checking, Some(job)) => {
            Banner::new(BannerKind::Error, "取り込めませんでした").line(job.message.clone())
        }
        (FeedState::Checking, None) => {
            Banner::new(BannerKind::Info, "確認しています").line("終わるまで、ほかの画面に移っても続きます。")
        }
        (FeedState::Applied, _) => Banner::new(BannerKind::Success, "取り込みました"),
        (FeedState::DryRun, _) => {
            Banner::new(BannerKind::Info, "試し取込みが終わりました").line("何も変更していません。")
        }
        (FeedState::Refused, _) => {
            let banner = Banner::new(BannerKind::Error, "取り込みませんでした");
            match opened.faults.first() {
                Some(fault) if feed.counts.read == 0 => banner.line(fault.to_string()),
                Some(_) | None => banner.line(format!(
                    "エラーが{}件あるため、1件も取り込んでいません。下の一覧を送付元に伝え、直したファイルを取り込んでください。",
                    feed.errors
                )),
            }
        }
    }
}

/// The bar of a feed that is at work; it asks for itself until the job has ended.
fn bar(opened: &desk::Feed) -> Option<Progress> {
    let job = opened.job.as_ref().filter(|job| job.is_open())?;
    let poll = Some(format!("/imports/{}/progress", opened.feed.feed_id));
    Some(Progress { poll, ..home::web::progress(job) })
}

async fn feed(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Html<String>, Failure> {
    let page = page_number(&asked);
    let opened = desk::feed(&app, &acting, id, page).await?;
    let title = format!("{}の取込み", opened.feed.kind.ja());
    let crumbs = vec![Crumb::link("/imports", "取込み"), Crumb::here(title.clone())];
    let total = opened.feed.errors + opened.feed.warnings;
    page::show(&FeedPage {
        shell: page::shell(&acting, &title, NAV, crumbs),
        id,
        title,
        row: row(&opened.feed),
        outcome: outcome(&opened),
        progress: bar(&opened),
        is_kept: opened.is_kept,
        kept: opened.faults_kept,
        beyond: total.saturating_sub(opened.faults_kept.cast_unsigned()),
        pager: Pager {
            page,
            per_page: FAULTS_PER_PAGE.cast_unsigned(),
            total: opened.faults_kept.cast_unsigned(),
            href: format!("/imports/{id}?page="),
            label: "エラーと注意".to_owned(),
        },
        faults: opened.faults.into_iter().map(fault_row).collect(),
    })
}

async fn progress(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Response, Failure> {
    let opened = desk::feed(&app, &acting, id, 1).await?;
    match bar(&opened) {
        Some(bar) => Ok(page::show(&bar)?.into_response()),
        // The job has ended: the whole page says how.
        None => Ok(([("HX-Refresh", "true")], Html("")).into_response()),
    }
}

async fn take(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    let id = desk::take_tried(&app, &acting, id).await?;
    Ok(Redirect::to(&format!("/imports/{id}")))
}

async fn faults(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Response, Failure> {
    let faults = desk::faults(&app, &acting, id).await?;
    let internal = |error: anyhow::Error| Failure::Internal(error);
    let mut writer = table::writer();
    writer.write_record(["行", "重さ", "項目", "内容"]).map_err(|error| internal(error.into()))?;
    for fault in faults {
        let line = if fault.line > 0 { fault.line.to_string() } else { "全体".to_owned() };
        writer
            .write_record([
                &line,
                fault.weight.ja(),
                &table::safe(&fault.field),
                &table::safe(&fault.sentence),
            ])
            .map_err(|error| internal(error.into()))?;
    }
    let bytes = writer.into_inner().map_err(|error| internal(anyhow::anyhow!("{error}")))?;
    let name = format!("attachment; filename=\"faults-{id}.csv\"");
    Ok((
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)],
        bytes,
    )
        .into_response())
}

#[derive(Template)]
#[template(path = "imports/arrivals.html")]
struct ArrivalsPage {
    shell: Shell,
    months: Vec<String>,
    rows: Vec<ArrivalRow>,
}

struct ArrivalRow {
    source: String,
    name: String,
    counts: Vec<i64>,
}

async fn arrivals(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let (months, arrivals) = desk::arrivals(&app, &acting).await?;
    let mut rows: Vec<ArrivalRow> = Vec::new();
    for arrival in arrivals {
        if rows.last().is_none_or(|row| row.source != arrival.source) {
            let name = match (arrival.name.as_str(), arrival.source.len()) {
                ("", 6) => "ほかの自治体".to_owned(),
                ("", _) => "契約のない医療機関".to_owned(),
                (name, _) => name.to_owned(),
            };
            rows.push(ArrivalRow { source: arrival.source, name, counts: vec![0; months.len()] });
        }
        if let (Some(row), Some(month)) = (rows.last_mut(), arrival.month)
            && let Some(at) = months.iter().position(|known| *known == month)
        {
            row.counts[at] += arrival.rows;
        }
    }
    let crumbs = vec![Crumb::link("/imports", "取込み"), Crumb::here("記録の到着状況")];
    page::show(&ArrivalsPage {
        shell: page::shell(&acting, "記録の到着状況", NAV, crumbs),
        months: months.iter().map(|month| format!("{}年{}月", month.year(), month.month())).collect(),
        rows,
    })
}
