//! Samples: empty, typical, full, the longest name, a protected address. All persons are invented.

use domain::Date;
use domain::schedule::{Facts, GivenDose, Japan, Settings, Severity, Sex, Status, Vaccine};
use ui::timeline::{DoseKind, TimelineDose, TimelineDue, TimelineRow};
use ui::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    Newborn,
    Typical,
    Full,
    Adult,
    YoungAdult,
    LongName,
    Protected,
    Deceased,
}

pub struct Person {
    pub number: String,
    pub name: String,
    pub kana: String,
    pub birth: Date,
    pub sex: &'static str,
    pub address: String,
    pub flag: Option<Chip>,
}

pub struct Card {
    pub title: &'static str,
    pub count: i64,
    pub note: &'static str,
}

pub fn day(text: &str) -> Date {
    text.parse().expect("a date in a sample")
}

pub fn shell(title: &str, current: &str) -> Shell {
    Shell {
        title: title.to_owned(),
        system_name: "健康管理システム".to_owned(),
        municipality_name: "北区（見本）".to_owned(),
        staff: Some(StaffBadge {
            name: "北 花子".to_owned(),
            role_ja: "予防接種担当".to_owned(),
            id: "0190".to_owned(),
        }),
        nav: NavItem::list(HEALTH_NAV, current),
        breadcrumbs: vec![Crumb::link("/", "ホーム"), Crumb::here(title)],
        csrf: "sample".to_owned(),
        request_id: "01JD-7K2M-93QX".to_owned(),
        ..Shell::default()
    }
}

pub fn banners() -> Vec<Banner> {
    vec![
        Banner::new(BannerKind::Success, "接種記録を登録しました。").link("/resident", "登録した記録を見る"),
        Banner::new(BannerKind::Info, "今週の住民異動ファイルを取り込みました。")
            .line("転入 42人、転出 37人、出生 11人、死亡 8人です。"),
        Banner::new(BannerKind::Warning, "標準的な接種期間を過ぎています。")
            .line("理由がわかれば備考に入力してください。"),
        Banner::new(BannerKind::Error, "ファイルを取り込めませんでした。")
            .line("3行目の生年月日を直して、もう一度取り込んでください。"),
        Banner::new(BannerKind::AddressProtection, "住所・電話番号を本人以外に伝えないでください。")
            .line("郵送は送付先を確認してから行ってください。"),
        Banner::new(BannerKind::Deceased, "2026年3月4日（令和8年3月4日）に亡くなりました。")
            .line("通知・予診票は送られません。"),
        Banner::new(BannerKind::MovedOut, "2026年10月1日（令和8年10月1日）に転出しました。")
            .line("接種の前に住民票のある自治体に確認してください。"),
        Banner::new(BannerKind::Memo, "電話は午後に希望。").line("記入 2026-11-02 北 花子"),
    ]
}

pub fn chips() -> Vec<Chip> {
    let mut chips: Vec<_> =
        [Status::Due, Status::NotYet, Status::Complete, Status::Expired, Status::Excluded, Status::NotTarget]
            .map(Chip::status)
            .into();
    chips.push(Chip::new(Tone::Waiting, "承認待ち"));
    chips
}

pub fn steps(current: usize) -> Steps {
    Steps { names: vec!["予診票の読取り", "内容の入力", "確認", "登録"], current }
}

pub fn jobs() -> Vec<Progress> {
    let job = |id: &str, label: &str, done, total, note: &str| Progress {
        id: id.to_owned(),
        label: label.to_owned(),
        done,
        total,
        unit: "枚".to_owned(),
        note: note.to_owned(),
        poll: None,
    };
    vec![
        job("job-1", "麻しん風しん第2期 予診票の印刷", 1_342, Some(2_861), "印刷しています。残り約2分です。"),
        job("job-2", "接種記録の取込み", 0, None, "ファイルを調べています。"),
    ]
}

pub fn pager(page: u64, total: u64, label: &str) -> Pager {
    Pager { page, per_page: 50, total, href: "/search?page=".to_owned(), label: label.to_owned() }
}

pub fn cards() -> Vec<Card> {
    vec![
        Card { title: "承認待ちの発送", count: 2, note: "麻しん風しん第2期ほか" },
        Card { title: "取込みの確認", count: 18, note: "同姓同名・生年月日の不一致" },
        Card { title: "誤りの疑いがある記録", count: 1_204, note: "接種間隔・期間外" },
    ]
}

pub fn charts(full: bool) -> Vec<Chart> {
    let programmes = [
        "五種混合 第1期初回",
        "麻しん風しん第1期",
        "麻しん風しん第2期",
        "日本脳炎第1期",
        "HPV",
        "高齢者肺炎球菌",
    ];
    let rates = [96.8, 94.1, 88.7, 81.2, 47.9, 32.5];
    let months = ["4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月"];
    vec![
        Chart {
            id: "coverage".to_owned(),
            title: "予防接種ごとの接種率（令和8年度）".to_owned(),
            summary: "麻しん風しん第2期は88.7%で、目標の95%に届いていません。".to_owned(),
            kind: ChartKind::Bar,
            axis: "予防接種".to_owned(),
            categories: programmes.map(str::to_owned).into(),
            series: vec![ChartSeries {
                name: "接種率".to_owned(),
                values: rates.iter().map(|rate| full.then_some(*rate)).collect(),
            }],
            unit: "%".to_owned(),
            max: Some(100.0),
        },
        Chart {
            id: "records".to_owned(),
            title: "登録した接種記録（月別）".to_owned(),
            summary: "10月からインフルエンザで増えています。".to_owned(),
            kind: ChartKind::Stack,
            axis: "月".to_owned(),
            categories: months.map(str::to_owned).into(),
            series: [
                ("A類", [2100., 1980., 2050., 2210., 1890., 2020., 2300., 2150.]),
                ("B類", [310., 280., 260., 300., 250., 320., 9800., 8100.]),
            ]
            .map(|(name, values)| ChartSeries {
                name: name.to_owned(),
                values: values.iter().map(|v| full.then_some(*v)).collect(),
            })
            .into(),
            unit: "件".to_owned(),
            max: None,
        },
    ]
}

pub fn people(count: usize) -> Vec<Person> {
    let names = [
        ("佐藤 葵", "サトウ アオイ"),
        ("佐藤 陽翔", "サトウ ハルト"),
        ("齋藤 邉子", "サイトウ アタリコ"),
        ("𠮷田 髙﨑", "ヨシダ タカサキ"),
    ];
    (0..count)
        .map(|at| {
            let (name, kana) = names[at % names.len()];
            let flag = match at % 9 {
                3 => Some(Chip::protected()),
                5 => Some(Chip::new(Tone::Off, "死亡")),
                7 => Some(Chip::new(Tone::Warning, "転出")),
                _ => None,
            };
            Person {
                number: format!("{:010}", 1_000_000 + at * 7919),
                name: name.to_owned(),
                kana: kana.to_owned(),
                birth: day("2024-04-01"),
                sex: if at % 2 == 0 { "女" } else { "男" },
                address: if at % 9 == 3 {
                    "（支援措置のため表示しません）".to_owned()
                } else {
                    format!("王子本町{}丁目{}番{}号", at % 3 + 1, at % 20 + 1, at % 9 + 1)
                },
                flag,
            }
        })
        .collect()
}

pub fn reasons() -> Reasons {
    let line = |severity, text: &str, source: &str| ReasonLine {
        severity,
        text: text.to_owned(),
        source: source.to_owned(),
    };
    Reasons {
        lines: vec![
            line(
                Severity::Error,
                "2回目の接種は、1回目から27日以上あけてください。最も早い日は2026年8月7日です。",
                "予防接種実施規則 第9条",
            ),
            line(
                Severity::Warning,
                "標準的な接種期間を過ぎています。理由がわかれば備考に入力してください。",
                "定期接種実施要領 第2",
            ),
            line(Severity::Note, "この接種は2回目として数えます。", ""),
        ],
    }
}

pub fn diff() -> DiffTable {
    let row = |label: &str, before: &str, after: &str| DiffRow {
        label: label.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
    };
    DiffTable {
        caption: "訂正する項目".to_owned(),
        rows: vec![
            row("接種日", "2026年11月2日（令和8年11月2日）", "2026年11月12日（令和8年11月12日）"),
            row("ワクチン", "五種混合", "五種混合"),
            row("ロット番号", "", "AB123"),
            row("接種量", "0.5mL", "0.5mL"),
        ],
    }
}

pub fn person(sample: Sample) -> PersonHeader {
    let (name, kana, birth, age, sex) = match sample {
        Sample::Newborn => ("王子 新", "オウジ アラタ", "2026-10-30", "0歳0か月", "男"),
        Sample::Typical | Sample::Protected => ("佐藤 葵", "サトウ アオイ", "2025-05-10", "1歳6か月", "女"),
        Sample::Full => ("田端 蓮", "タバタ レン", "2016-06-02", "10歳5か月", "男"),
        Sample::Adult => ("飛鳥山 昭", "アスカヤマ アキラ", "1961-02-11", "65歳9か月", "男"),
        Sample::YoungAdult => ("滝野川 彩", "タキノガワ アヤ", "2004-09-21", "22歳2か月", "女"),
        Sample::LongName => (
            "マリア・フェルナンダ・デ・ロス・アンヘレス・ゴンサレス・エチェバリア・サンチェス・モンテネグロ",
            "マリア フェルナンダ デ ロス アンヘレス ゴンサレス エチェバリア サンチェス モンテネグロ",
            "2025-05-10",
            "1歳6か月",
            "女",
        ),
        Sample::Deceased => ("赤羽 トメ", "アカバネ トメ", "1930-01-01", "", "女"),
    };
    let warnings = match sample {
        Sample::Protected => vec![banners()[4].clone(), banners()[7].clone()],
        Sample::Deceased => vec![banners()[5].clone()],
        Sample::Newborn
        | Sample::Typical
        | Sample::Full
        | Sample::Adult
        | Sample::YoungAdult
        | Sample::LongName => vec![],
    };
    PersonHeader {
        name: name.to_owned(),
        kana: kana.to_owned(),
        alias: (sample == Sample::LongName).then(|| "山本 マリア".to_owned()),
        addressee_number: "0001234567".to_owned(),
        birth_date: Some(day(birth)),
        birth_text: String::new(),
        age: age.to_owned(),
        sex_ja: sex.to_owned(),
        address: (sample != Sample::Protected)
            .then(|| "東京都北区王子本町一丁目15番22号 王子スカイレジデンス1203号室".to_owned()),
        warnings,
        href: Some("/resident".to_owned()),
        is_heading: false,
    }
}

/// `doses`: day, number, kind letter (r, i, v), product. `days`: legal from/until, standard from/until.
fn row(
    label: &str,
    status: Status,
    doses: &[(&str, u8, char, &str)],
    days: &[&str],
    due: Option<(u8, &str, &str)>,
) -> TimelineRow {
    let pair = |at: usize| days.get(at).zip(days.get(at + 1)).map(|(from, until)| (day(from), day(until)));
    TimelineRow {
        label: label.to_owned(),
        status,
        legal: pair(0),
        standard: pair(2),
        doses: doses
            .iter()
            .map(|&(on, number, kind, vaccine)| TimelineDose {
                on: day(on),
                number,
                kind: match kind {
                    'i' => DoseKind::Irregular,
                    'v' => DoseKind::NotCounted,
                    _ => DoseKind::Regular,
                },
                vaccine: vaccine.to_owned(),
            })
            .collect(),
        due: due.map(|(dose, from, until)| TimelineDue { dose, from: day(from), until: Some(day(until)) }),
        reasons: vec![],
    }
}

pub fn timeline(sample: Sample) -> Timeline {
    let birth_date = person(sample).birth_date.expect("samples have one");
    let rows = match sample {
        Sample::Newborn => newborn(),
        Sample::Typical | Sample::LongName | Sample::Protected => toddler(),
        Sample::Full => schoolchild(),
        Sample::Adult => adult(),
        Sample::YoungAdult => young_adult(),
        Sample::Deceased => vec![],
    };
    Timeline {
        id: "timeline".to_owned(),
        birth_date,
        today: day("2026-11-23"),
        rows,
        data_until: Some("2026年11月20日までに届いた記録です。".to_owned()),
    }
}

pub fn judged_timeline() -> Timeline {
    let person =
        domain::schedule::Person { birth_date: day("2025-05-10"), sex: Sex::Female, facts: Facts::default() };
    let given: Vec<_> = [
        ("2025-07-12", Vaccine::HepB),
        ("2025-08-09", Vaccine::HepB),
        ("2025-12-20", Vaccine::HepB),
        ("2025-07-12", Vaccine::Rota1),
        ("2025-08-09", Vaccine::Rota1),
        ("2025-07-12", Vaccine::Dpt5),
        ("2025-08-02", Vaccine::Dpt5),
        ("2025-09-13", Vaccine::Dpt5),
        ("2025-07-12", Vaccine::Pcv20),
        ("2026-05-08", Vaccine::Mr),
        ("2026-05-20", Vaccine::Varicella),
        ("2026-11-01", Vaccine::Flu),
    ]
    .map(|(on, vaccine)| GivenDose::new(day(on), vaccine))
    .into();
    let forecast = Japan::new(Settings::default()).forecast(&person, &given, day("2026-11-23"));
    Timeline::of(&person, &given, &forecast)
}

fn newborn() -> Vec<TimelineRow> {
    use Status::*;
    vec![
        row(
            "B型肝炎",
            NotYet,
            &[],
            &["2026-10-30", "2027-10-29", "2026-12-29", "2027-07-29"],
            Some((1, "2026-12-29", "2027-10-29")),
        ),
        row(
            "ロタウイルス",
            NotYet,
            &[],
            &["2026-12-11", "2027-04-16", "2026-12-29", "2027-02-11"],
            Some((1, "2026-12-11", "2027-04-16")),
        ),
        row(
            "五種混合・四種混合",
            NotYet,
            &[],
            &["2026-12-29", "2034-04-29", "2026-12-29", "2027-05-29"],
            Some((1, "2026-12-29", "2034-04-29")),
        ),
        row(
            "小児用肺炎球菌",
            NotYet,
            &[],
            &["2026-12-29", "2031-10-29", "2026-12-29", "2027-05-29"],
            Some((1, "2026-12-29", "2031-10-29")),
        ),
        row(
            "BCG",
            NotYet,
            &[],
            &["2026-10-30", "2027-10-29", "2027-03-29", "2027-06-29"],
            Some((1, "2027-03-29", "2027-10-29")),
        ),
        row(
            "麻しん風しん第1期",
            NotYet,
            &[],
            &["2027-10-29", "2028-10-29"],
            Some((1, "2027-10-29", "2028-10-29")),
        ),
    ]
}

fn toddler() -> Vec<TimelineRow> {
    use Status::*;
    let mut rows = vec![
        row(
            "B型肝炎",
            Complete,
            &[
                ("2025-07-10", 1, 'r', "B型肝炎"),
                ("2025-08-07", 2, 'r', "B型肝炎"),
                ("2025-12-20", 3, 'r', "B型肝炎"),
            ],
            &[],
            None,
        ),
        row(
            "ロタウイルス",
            Complete,
            &[("2025-07-10", 1, 'r', "ロタウイルス1価"), ("2025-08-07", 2, 'r', "ロタウイルス1価")],
            &[],
            None,
        ),
        row(
            "五種混合・四種混合",
            Due,
            &[
                ("2025-07-10", 1, 'r', "五種混合"),
                ("2025-08-07", 2, 'r', "五種混合"),
                ("2025-08-25", 0, 'v', "五種混合"),
                ("2025-09-04", 3, 'i', "五種混合"),
            ],
            &["2025-07-09", "2032-11-09", "2026-03-04", "2027-03-04"],
            Some((4, "2026-03-04", "2032-11-09")),
        ),
        row(
            "小児用肺炎球菌",
            Due,
            &[
                ("2025-07-10", 1, 'r', "肺炎球菌20価"),
                ("2025-08-07", 2, 'r', "肺炎球菌20価"),
                ("2025-09-04", 3, 'r', "肺炎球菌20価"),
            ],
            &["2026-05-09", "2030-05-09", "2026-05-09", "2026-08-09"],
            Some((4, "2026-05-09", "2030-05-09")),
        ),
        row("BCG", Expired, &[], &["2025-05-10", "2026-05-09", "2025-10-09", "2026-01-09"], None),
        row(
            "麻しん風しん第1期",
            Due,
            &[],
            &["2026-05-09", "2027-05-09"],
            Some((1, "2026-05-09", "2027-05-09")),
        ),
        row(
            "麻しん風しん第2期",
            NotYet,
            &[],
            &["2031-04-01", "2032-03-31"],
            Some((1, "2031-04-01", "2032-03-31")),
        ),
        row(
            "水痘",
            Due,
            &[("2026-05-20", 1, 'r', "水痘")],
            &["2026-05-09", "2028-05-09", "2026-11-20", "2027-05-20"],
            Some((2, "2026-08-20", "2028-05-09")),
        ),
        row(
            "日本脳炎第1期",
            Due,
            &[],
            &["2025-11-09", "2032-11-09", "2028-05-09", "2029-05-09"],
            Some((1, "2025-11-09", "2032-11-09")),
        ),
        row(
            "日本脳炎第2期",
            NotYet,
            &[],
            &["2034-05-09", "2038-05-09", "2034-05-09", "2035-05-09"],
            Some((1, "2034-05-09", "2038-05-09")),
        ),
        row(
            "二種混合第2期",
            NotYet,
            &[],
            &["2036-05-09", "2038-05-09", "2036-05-09", "2037-05-09"],
            Some((1, "2036-05-09", "2038-05-09")),
        ),
        row(
            "HPV",
            NotYet,
            &[],
            &["2037-04-01", "2042-03-31", "2038-04-01", "2039-03-31"],
            Some((1, "2037-04-01", "2042-03-31")),
        ),
    ];
    for row in &mut rows {
        if row.status == Due {
            row.reasons.push("法定の接種期間の中です（予防接種法施行令 第3条）".to_owned());
        }
    }
    rows
}

fn schoolchild() -> Vec<TimelineRow> {
    use Status::*;
    vec![
        row(
            "五種混合・四種混合",
            Complete,
            &[
                ("2016-09-02", 1, 'r', "四種混合"),
                ("2016-10-01", 2, 'r', "四種混合"),
                ("2016-10-31", 3, 'r', "四種混合"),
                ("2017-11-02", 4, 'r', "四種混合"),
            ],
            &[],
            None,
        ),
        row(
            "ヒブ",
            Complete,
            &[
                ("2016-08-02", 1, 'r', "ヒブ"),
                ("2016-09-02", 2, 'r', "ヒブ"),
                ("2016-10-01", 3, 'r', "ヒブ"),
                ("2017-06-10", 4, 'r', "ヒブ"),
            ],
            &[],
            None,
        ),
        row("BCG", Complete, &[("2016-11-15", 1, 'r', "BCG")], &[], None),
        row("麻しん風しん第1期", Complete, &[("2017-06-10", 1, 'r', "麻しん風しん混合")], &[], None),
        row("麻しん風しん第2期", Complete, &[("2022-05-07", 1, 'r', "麻しん風しん混合")], &[], None),
        row(
            "日本脳炎第1期",
            Complete,
            &[
                ("2019-07-01", 1, 'r', "日本脳炎"),
                ("2019-07-20", 2, 'r', "日本脳炎"),
                ("2020-08-01", 3, 'r', "日本脳炎"),
            ],
            &[],
            None,
        ),
        row(
            "日本脳炎第2期",
            Due,
            &[],
            &["2025-06-01", "2029-06-01", "2025-06-01", "2026-06-01"],
            Some((1, "2025-06-01", "2029-06-01")),
        ),
        row(
            "二種混合第2期",
            NotYet,
            &[],
            &["2027-06-01", "2029-06-01", "2027-06-01", "2028-06-01"],
            Some((1, "2027-06-01", "2029-06-01")),
        ),
        row("水痘", Complete, &[("2017-06-10", 1, 'r', "水痘"), ("2018-01-10", 2, 'r', "水痘")], &[], None),
    ]
}

fn adult() -> Vec<TimelineRow> {
    use Status::*;
    vec![
        row(
            "高齢者インフルエンザ",
            Due,
            &[
                ("2023-11-02", 1, 'i', "インフルエンザ"),
                ("2024-10-28", 1, 'i', "インフルエンザ"),
                ("2025-11-10", 1, 'i', "インフルエンザ"),
            ],
            &["2026-10-01", "2027-01-31"],
            Some((1, "2026-10-01", "2027-01-31")),
        ),
        row(
            "新型コロナウイルス感染症",
            Due,
            &[
                ("2021-07-01", 1, 'r', "新型コロナウイルス"),
                ("2021-07-22", 2, 'r', "新型コロナウイルス"),
                ("2022-02-20", 3, 'r', "新型コロナウイルス"),
            ],
            &["2026-10-01", "2027-03-31"],
            Some((1, "2026-10-01", "2027-03-31")),
        ),
        row("高齢者肺炎球菌", Due, &[], &["2026-02-10", "2027-02-10"], Some((1, "2026-02-10", "2027-02-10"))),
        row(
            "帯状疱疹",
            Due,
            &[("2026-06-01", 1, 'r', "帯状疱疹組換えワクチン")],
            &["2026-04-01", "2027-03-31"],
            Some((2, "2026-08-01", "2027-03-31")),
        ),
        row("風しん第5期", Expired, &[], &["2019-04-01", "2025-03-31"], None),
    ]
}

fn young_adult() -> Vec<TimelineRow> {
    use Status::*;
    vec![
        row(
            "五種混合・四種混合",
            Complete,
            &[
                ("2005-01-10", 1, 'r', "三種混合"),
                ("2005-02-10", 2, 'r', "三種混合"),
                ("2005-03-10", 3, 'r', "三種混合"),
                ("2006-04-01", 4, 'r', "三種混合"),
            ],
            &[],
            None,
        ),
        row("麻しん風しん第1期", Complete, &[("2006-04-10", 1, 'r', "麻しん風しん混合")], &[], None),
        row("麻しん風しん第2期", Complete, &[("2010-05-10", 1, 'r', "麻しん風しん混合")], &[], None),
        row(
            "HPV",
            Expired,
            &[("2024-08-01", 1, 'r', "HPV9価"), ("2024-10-05", 2, 'r', "HPV9価")],
            &["2016-04-01", "2026-03-31"],
            None,
        ),
    ]
}
