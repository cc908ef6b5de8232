//! What stands in the places of a path, and what the forms of our pages send. A new route needs its example here.

use super::town::{CLINIC, Form, Things};
use kit::web::{Door, Route};

/// What pages read from the query of their address.
pub const QUERY_NAMES: &[&str] = &[
    "page",
    "from",
    "state",
    "person",
    "which",
    "until",
    "staff",
    "action",
    "outcome",
    "part",
    "reason",
    "programme",
    "kind",
    "follows",
    "done",
    "campaign",
    "list",
];

/// The path with ids in its places.
pub fn path(route: &Route, things: &Things) -> String {
    let path = route.path;
    let id = match path.split('/').nth(1).unwrap_or_default() {
        "residents" => things.resident,
        "campaigns"
            if path.contains("/files") || path.contains("/protected") || path.contains("/erasure") =>
        {
            things.printed
        }
        "campaigns" => things.campaign,
        "approvals" => things.approval,
        "exports" => things.export,
        "provisions" => things.provision,
        "jobs" => things.job,
        "records" => things.record,
        "audit" if path.starts_with("/audit/findings") => things.finding,
        "audit" if path.starts_with("/audit/intrusions") => things.intrusion,
        "audit" if path.starts_with("/audit/staff-residents") => things.clerk,
        "audit" => things.entry,
        "imports" if path.contains("/review/") => things.review,
        "imports" => things.feed,
        _ => things.resident,
    };
    let filled = path
        .replace("{id}", &id.to_string())
        .replace("{fact}", &things.fact.to_string())
        .replace("{resident}", &things.protected.to_string())
        .replace("{number}", "1")
        .replace("{month}", "2026-10")
        .replace("{*path}", "icon.svg");
    let filled = match path {
        "/exports/new" if route.method == axum::http::Method::GET => {
            format!("{filled}?campaign={}&list=people", things.printed)
        }
        "/records/new" => format!("{filled}?sheet={}", things.sheet),
        "/records/echo/date" => format!("{filled}?text=R8.11.23"),
        "/records/echo/clinic" => format!("{filled}?text={CLINIC}"),
        _ => filled,
    };
    assert!(!filled.contains('{'), "say in walls::examples what stands in the places of {path}");
    filled
}

/// What a form sends, without its token.
pub fn form(route: &Route, things: &Things) -> Form {
    let fact = format!("reason-{}", things.fact);
    let (printed, campaign) = (things.printed.to_string(), things.campaign.to_string());
    let (resident, sheet, record) =
        (things.resident.to_string(), things.sheet.to_string(), things.record.to_string());
    let clerk = things.clerk.to_string();
    let (number, key) = (things.sheet_number.digits(), kit::Ids::default().next().to_string());
    let of_record = route.path.starts_with("/records/{id}");
    let dose: Vec<(&str, &str)> = [
        if of_record { ("record", record.as_str()) } else { ("sheet", sheet.as_str()) },
        ("version", "1"),
        ("judgement", "given"),
        ("on", "R8.11.20"),
        ("vaccine", if of_record { "BCG" } else { "MR" }),
        ("lot", "ab123"),
        ("expires", "R9.11.20"),
        ("volume", ""),
        ("clinic", CLINIC),
        ("clinic_name", ""),
        ("doctor", "王子　一郎"),
        ("basis", "1"),
        ("explanation", ""),
        ("change_reason", if of_record { "接種日の読み違い" } else { "" }),
        ("key", key.as_str()),
    ]
    .to_vec();
    let fields: &[(&str, &str)] = match route.path {
        "/residents" => &[("kana", "キタノ"), ("name", ""), ("birth", ""), ("address", ""), ("number", "")],
        "/residents/{id}/facts" => {
            &[("kind", "memo"), ("memo_value", "咳が続く"), ("from_on", ""), ("until_on", "")]
        }
        "/residents/{id}/facts/{fact}/withdraw" => &[(&fact, "誤って登録したため")],
        "/campaigns/new" => &[
            ("programme", "MR1"),
            ("kind", "reminder"),
            ("base_date", "令和8年11月23日"),
            ("dose", ""),
            ("birth_from", ""),
            ("birth_until", ""),
            ("valid_until", ""),
            ("quiet_months", "12"),
            ("incomplete_reason", "急ぐため"),
            ("follows", &printed),
            ("campaign_id", &campaign),
            ("confirmed", "2026-11-23"),
        ],
        "/exports/new" => &[
            ("campaign", &printed),
            ("list", "people"),
            ("purpose", "委託先での封入"),
            ("place", "office"),
            ("recipient", "封入の担当"),
            ("recipient_key", ""),
            ("field-number", "on"),
            ("due_on", "R8.12.1"),
        ],
        "/exports/{id}/close" => &[("closing", "erased"), ("note", "画面で確かめた")],
        "/provisions/new" => &[
            ("recipient_kind", "police"),
            ("recipient", "北署の担当"),
            ("letter", "第1号"),
            ("basis", "investigation"),
            ("purpose", "照会への回答"),
            ("people", "000000000001001"),
            ("item-number", "on"),
            ("means", "paper"),
            ("recipient_key", ""),
        ],
        "/campaigns/{id}/erasure" => &[("reason", "発送が終わったため")],
        "/campaigns/{id}/protected/{resident}" => {
            &[("hand_over", "counter"), ("reason", "本人と電話で確かめた")]
        }
        "/approvals/{id}/export"
        | "/approvals/{id}/provision"
        | "/approvals/{id}/protected-print"
        | "/approvals/{id}/print-erasure" => &[("answer", "approve"), ("reason", "確かめた")],
        "/records/find" => &[("number", &number)],
        "/records"
        | "/records/new"
        | "/records/confirm"
        | "/records/{id}/correct"
        | "/records/{id}/correct/edit"
        | "/records/{id}/correct/confirm" => &dose,
        "/records/{id}/withdraw" => {
            &[("version", "1"), ("key", &key), ("reason", "別の方の予診票だったため")]
        }
        "/imports" => &[("kind", "residents"), ("mode", "trial"), ("file", "01,残念ながら空")],
        "/imports/review/{id}/record" => {
            &[("whose", &resident), ("number", ""), ("explanation", "母子健康手帳で確かめた")]
        }
        "/imports/review/{id}/reject" => &[("reason", "別の自治体の方のため")],
        "/campaigns/{id}/release" => &[("count", "3"), ("difference_seen", "yes")],
        "/audit/findings/{id}/decide" => {
            &[("decision", "fine"), ("ground", "desk_work"), ("note", "電話の応対")]
        }
        "/audit/intrusions/{id}/acknowledge" => &[("note", "本人に確かめた")],
        "/audit/months/{month}/sign" => &[
            ("seen", "0"),
            ("sign_ins", "fine"),
            ("off_hours", "issue"),
            ("taken_out", "none"),
            ("numbers", "none"),
            ("findings", "fine"),
            ("intrusions", "fine"),
            ("log", "fine"),
            ("open_reason", "確認中のため"),
            ("remark", "月末に時間外の操作が多い"),
        ],
        "/audit/staff-residents" => &[("staff", &clerk), ("number", "1001")],
        "/campaigns/{id}/cancel" => &[("reason", "条件を誤ったため")],
        "/exports/{id}/take"
        | "/provisions/{id}/hand"
        | "/campaigns/{id}/protected/{resident}/print"
        | "/approvals/{id}/export/withdraw"
        | "/approvals/{id}/provision/withdraw"
        | "/approvals/{id}/protected-print/withdraw"
        | "/approvals/{id}/print-erasure/withdraw"
        | "/campaigns/{id}/erasure/erase"
        | "/imports/{id}/take"
        | "/campaigns/{id}/print"
        | "/coverage"
        | "/sign-out"
        | "/audit/verify"
        | "/audit/findings/look"
        | "/audit/months/{month}/compare"
        | "/audit/staff-residents/{id}/withdraw"
        | "/drafts/{id}/discard" => &[],
        other => panic!("say in walls::examples what the form of {other} sends"),
    };
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The routes for staff, those that only show first: what is sent changes what the others show.
pub fn staff_routes() -> Vec<Route> {
    let mut routes: Vec<Route> =
        health::routes().list().filter(|route| route.door != Door::Open).cloned().collect();
    routes.sort_by_key(|route| route.method != axum::http::Method::GET);
    routes
}
