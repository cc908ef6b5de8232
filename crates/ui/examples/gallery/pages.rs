//! The pages of the gallery: one template each, filled from `samples`.

use crate::samples::*;
use askama::Template;
use std::sync::atomic::{AtomicU64, Ordering};
use ui::{
    Banner, Chart, Chip, Choice, DiffTable, FieldState, Pager, PersonHeader, Progress, Reasons, Shell, Steps,
    Timeline, filters,
};

pub struct Page {
    pub path: &'static str,
    pub label: &'static str,
    pub render: fn() -> String,
}

const fn page(path: &'static str, label: &'static str, render: fn() -> String) -> Page {
    Page { path, label, render }
}

pub const ALL: &[Page] = &[
    page("/", "見本の一覧", index),
    page("/parts", "部品", parts),
    page("/sign-in", "ログイン", || sign_in(false)),
    page("/sign-in-error", "ログイン（エラー）", || sign_in(true)),
    page("/dashboard", "ホーム", || dashboard(true)),
    page("/dashboard-empty", "ホーム（空）", || dashboard(false)),
    page("/progress", "進み具合（自動で更新）", progress),
    page("/search", "住民検索", || search(50)),
    page("/search-empty", "住民検索（該当なし）", || search(0)),
    page("/resident", "住民（1歳）", || resident(Sample::Typical)),
    page("/resident-newborn", "住民（新生児）", || resident(Sample::Newborn)),
    page("/resident-full", "住民（接種歴が多い小学生）", || resident(Sample::Full)),
    page("/resident-adult", "住民（高齢者）", || resident(Sample::Adult)),
    page("/resident-young-adult", "住民（22歳、小児期の記録あり）", || {
        resident(Sample::YoungAdult)
    }),
    page("/resident-long", "住民（長い氏名）", || resident(Sample::LongName)),
    page("/resident-protected", "住民（支援措置・メモ）", || resident(Sample::Protected)),
    page("/resident-deceased", "住民（死亡、接種歴なし）", || resident(Sample::Deceased)),
    page("/resident-judged", "住民（エンジンの判定）", judged),
    page("/entry", "接種記録の登録", || entry(false)),
    page("/entry-error", "接種記録の登録（エラー）", || entry(true)),
    page("/confirm", "訂正の確認", confirm),
    page("/campaign", "対象者抽出", campaign),
    page("/explain", "説明のページ", not_found),
];

#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    shell: Shell,
    links: Vec<(&'static str, &'static str)>,
}

fn index() -> String {
    let links = ALL.iter().map(|page| (page.path, page.label)).collect();
    show(Index { shell: shell("画面の見本", "/"), links })
}

#[derive(Template)]
#[template(path = "parts.html")]
struct Parts {
    shell: Shell,
    banners: Vec<Banner>,
    chips: Vec<Chip>,
    steps: Steps,
    jobs: Vec<Progress>,
    pagers: Vec<Pager>,
}

fn parts() -> String {
    show(Parts {
        shell: shell("部品", "/"),
        banners: banners(),
        chips: chips(),
        steps: steps(1),
        jobs: jobs(),
        pagers: vec![pager(1, 0, "空の一覧"), pager(1, 30, "短い一覧"), pager(37, 350_000, "長い一覧")],
    })
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    shell: Shell,
    login: FieldState,
    password: FieldState,
}

fn sign_in(with_errors: bool) -> String {
    let mut shell = Shell { staff: None, ..shell("ログイン", "") };
    if with_errors {
        shell.errors.add("login", "職員IDを入力してください");
        shell.errors.add("password", "パスワードを入力してください");
    }
    show(SignIn {
        login: shell.errors.field("login", ""),
        password: shell.errors.field("password", ""),
        shell,
    })
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    shell: Shell,
    cards: Vec<Card>,
    jobs: Vec<Progress>,
    charts: Vec<Chart>,
}

/// A job that asks for itself again and ends at the second answer.
fn polled(done: u64) -> Progress {
    let poll = (done < 100).then(|| "/progress-part".to_owned());
    let note = if done < 100 { "取り込んでいます。" } else { "取り込みました。" };
    Progress {
        id: "job".to_owned(),
        label: "住民異動ファイルの取込み".to_owned(),
        done,
        total: Some(100),
        unit: "行".to_owned(),
        note: note.to_owned(),
        poll,
    }
}

pub fn progress_part() -> String {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    polled(50 + 50 * (ASKED.fetch_add(1, Ordering::Relaxed) % 2)).to_string()
}

fn progress() -> String {
    let shell = shell("進み具合", "/imports");
    show(Dashboard { shell, cards: Vec::new(), jobs: vec![polled(0)], charts: Vec::new() })
}

fn dashboard(full: bool) -> String {
    let mut shell = shell("ホーム", "/");
    shell.breadcrumbs.clear();
    shell.notice = full.then(|| Banner::new(ui::BannerKind::Success, "予診票2,861枚の印刷を始めました。"));
    let (cards, jobs) = if full { (cards(), jobs()) } else { (Vec::new(), Vec::new()) };
    show(Dashboard { shell, cards, jobs, charts: charts(full) })
}

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    shell: Shell,
    number: FieldState,
    kana: FieldState,
    birth: FieldState,
    address: FieldState,
    people: Vec<Person>,
    pager: Pager,
    pager_below: Pager,
}

fn search(count: usize) -> String {
    show(Search {
        shell: shell("住民検索", "/residents"),
        number: FieldState::default(),
        kana: FieldState::of("サトウ"),
        birth: FieldState::of("2024-04-01"),
        address: FieldState::default(),
        people: people(count),
        pager: pager(2, 1_284, "検索結果"),
        pager_below: pager(2, 1_284, "検索結果（下）"),
    })
}

#[derive(Template)]
#[template(path = "resident.html")]
struct Resident {
    shell: Shell,
    person: PersonHeader,
    timeline: Timeline,
}

fn resident(sample: Sample) -> String {
    let mut shell = shell("住民", "/residents");
    shell.data_until = Some("2026年11月20日（令和8年11月20日）までに届いた記録です。".to_owned());
    show(Resident {
        shell,
        person: PersonHeader { is_heading: true, ..person(sample) },
        timeline: timeline(sample),
    })
}

/// The picture of what the engine says, for a child with an early dose.
fn judged() -> String {
    let shell = shell("住民", "/residents");
    show(Resident {
        shell,
        person: PersonHeader { is_heading: true, ..person(Sample::Typical) },
        timeline: judged_timeline(),
    })
}

#[derive(Template)]
#[template(path = "entry.html")]
struct Entry {
    shell: Shell,
    steps: Steps,
    person: PersonHeader,
    reasons: Option<Reasons>,
    on: FieldState,
    product: FieldState,
    products: Vec<Choice>,
    lot: FieldState,
    volume: FieldState,
    clinic: FieldState,
    result: FieldState,
    results: Vec<Choice>,
    abroad: FieldState,
    note: FieldState,
    scan: FieldState,
}

fn entry(with_errors: bool) -> String {
    let mut shell = shell("接種記録の登録", "/records");
    if with_errors {
        shell.errors.add("on", "接種日は生年月日以後の日付を入力してください");
        shell.errors.add("product", "ワクチンを選んでください");
        shell.errors.add("result", "実施の区分を選んでください");
        shell.errors.add("abroad", "海外での接種は、確認した書類を備考に入力してください");
        shell.errors.add("note", "備考に理由を入力してください");
    }
    let state = |name: &str, value: &str| shell.errors.field(name, value);
    show(Entry {
        steps: steps(1),
        person: person(Sample::Typical),
        reasons: with_errors.then(reasons),
        on: state("on", if with_errors { "R8.2.30" } else { "2026-11-20" }),
        product: state("product", if with_errors { "" } else { "DPT5" }),
        products: vec![Choice::new("DPT5", "五種混合"), Choice::new("DPT4", "四種混合")],
        lot: state("lot", "AB123"),
        volume: state("volume", "0.5"),
        clinic: state("clinic", "王子こどもクリニック"),
        result: state("result", if with_errors { "" } else { "given" }),
        results: vec![
            Choice::new("given", "接種した"),
            Choice::new("only", "予診のみ").hint("医師が接種を見合わせた場合"),
        ],
        abroad: state("abroad", ""),
        note: state("note", ""),
        scan: state("scan", ""),
        shell,
    })
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    shell: Shell,
    steps: Steps,
    person: PersonHeader,
    diff: DiffTable,
}

fn confirm() -> String {
    show(Confirm {
        shell: shell("訂正内容の確認", "/records"),
        steps: steps(2),
        person: person(Sample::Typical),
        diff: diff(),
    })
}

#[derive(Template)]
#[template(path = "campaign.html")]
struct Campaign {
    shell: Shell,
    steps: Steps,
    chip: Chip,
}

fn campaign() -> String {
    let chip = Chip::new(ui::Tone::Waiting, "承認待ち");
    let steps = Steps { names: vec!["抽出", "確認", "承認", "印刷", "発送"], current: 2 };
    show(Campaign { shell: shell("対象者抽出", "/campaigns"), steps, chip })
}

#[derive(Template)]
#[template(path = "explain.html")]
struct Explain {
    shell: Shell,
}

pub fn not_found() -> String {
    show(Explain { shell: shell("このページは見つかりません", "") })
}

fn show(page: impl Template) -> String {
    page.render().expect("writing to memory")
}
