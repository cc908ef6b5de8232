//! What stands in the places of a path, and what the forms of our pages send. A new route needs its example here.

use super::town::Things;
use crate::support::PASSWORD;
use kit::{testing::walls::Form, web::Route};
use town::planted_number;

const HERE: &str = "crates/hub/tests/walls/examples.rs";

/// What pages read from the query of their address.
pub const QUERY_NAMES: &[&str] = &[
    "page", "from", "until", "staff", "action", "target", "terminal", "purpose", "outcome", "to", "state",
    "unsent", "back", "person", "which", "done", "next",
];

/// The path with ids in its places.
pub fn path(route: &Route, things: &Things) -> String {
    let path = route.path;
    let parts: Vec<&str> = path.split('/').collect();
    let id = match parts[1..] {
        ["account", "passkey", ..] => things.passkey,
        ["account", "sign-in", ..] => things.sign_in,
        ["approvals", _, "number-disposal", ..] => things.disposal,
        ["approvals", ..] => things.ceremony,
        ["audit", "findings", ..] => things.finding,
        ["audit", "intrusions", ..] => things.intrusion,
        ["audit", ..] => things.entry,
        ["drafts", ..] => things.draft,
        ["numbers", ..] => things.addressee,
        ["reviews", "parts", ..] => things.part,
        ["reviews", ..] => things.review,
        ["rights", "removal", ..] => things.newcomer,
        ["rights", _, "grant"] => things.approved,
        ["rights", _, "withdraw"] => things.own,
        ["rights", ..] => things.applied,
        ["staff", _, "disable"] => things.leaver,
        ["staff", _, "moves", ..] => things.mover,
        ["terminals", ..] => things.terminal,
        ["staff", ..] => things.newcomer,
        _ if path.contains("{id}") => panic!("say in {HERE} what stands in the places of {path}"),
        _ => things.draft,
    };
    let filled = path.replace("{id}", &id.to_string());
    let filled = filled.replace("{month}", "2026-10").replace("{*path}", "icon.svg");
    kit::testing::walls::assert_filled(&filled, HERE);
    filled
}

/// What a form sends, without its token.
pub fn form(route: &Route, things: &Things) -> Form {
    let [newcomer, section, supervisor, own_key] =
        [things.newcomer, things.section, things.supervisor, things.key].map(|id| id.to_string());
    let (number, fresh) = (planted_number(things.number), planted_number(90));
    let (addressee, version) = (things.addressee_number.to_string(), kit::rights::version());
    let (elsewhere, print, renewed) = (things.elsewhere.to_string(), "ab".repeat(32), "cd".repeat(32));
    let frozen = "0".repeat(64);
    let fields: &[(&str, &str)] = match route.path {
        "/sign-in" => &[
            ("municipality", "131172"),
            ("login", "nobody"),
            ("password", "some other password"),
            ("to", "health"),
            ("state", "00"),
        ],
        "/sign-in/code" => &[("code", "000000")],
        "/sign-in/passkey/begin" => &[("municipality", "131172")],
        "/sign-in/passkey" => &[("municipality", "131172"), ("credential", "{}"), ("to", ""), ("state", "")],
        "/enrol" => &[("municipality", "131172"), ("login", "nobody"), ("code", "0000-0000-0000-0000")],
        "/enrol/passkey/begin" | "/account/passkey/begin" => &[("device", "窓口の端末")],
        "/enrol/passkey" | "/account/passkey" => &[("device", "窓口の端末"), ("credential", "{}")],
        "/enrol/password" => {
            &[("password", "a quiet morning"), ("again", "a quiet morning"), ("code", "000000")]
        }
        "/account/password" => &[("old", PASSWORD), ("new", "a quiet morning"), ("again", "a quiet morning")],
        "/step-up" => &[("code", "000000"), ("back", "/account")],
        "/step-up/passkey" => &[("credential", "{}"), ("back", "/account")],
        "/staff" => &[("login", "walker"), ("name", "新人"), ("section", &section)],
        "/staff/{id}/means/password" => &[("reason", "指紋を読めないため"), ("until", "2027-03-31")],
        "/sections" => &[("name", "新しい係"), ("above", &section)],
        "/contractors" => &[
            ("login", "walker"),
            ("name", "入力 一郎"),
            ("section", &section),
            ("company", "株式会社入力"),
            ("until_on", "令和9年3月31日"),
            ("supervisor", &supervisor),
            ("consent", "K-1"),
        ],
        "/rights/new" => &[
            ("key", &own_key),
            ("staff", &newcomer),
            ("duty", "records"),
            ("role-clerk", "on"),
            ("reason", "窓口の担当になるため"),
            ("from_on", "令和8年12月1日"),
            ("until_on", ""),
        ],
        "/rights/removal/{id}" => &[("key", &own_key), ("last_on", "R8.11.30"), ("reason", "異動のため")],
        "/rights/{id}/approve" => &[("answer", "yes"), ("state", "applied"), ("reason", "")],
        "/rights/{id}/grant" => &[("answer", "yes"), ("state", "approved"), ("reason", "")],
        "/rights/{id}/withdraw" => &[("state", "applied"), ("reason", "不要になったため")],
        "/rights/table/sign" => &[("version", &version)],
        "/numbers/open" => &[("addressee", &addressee)],
        "/numbers/find" => &[("number", &number), ("purpose", "vaccination")],
        "/numbers/{id}/register" => &[
            ("number", &fresh),
            ("number_again", &fresh),
            ("valid_from", "R8.11.20"),
            ("reason", "request"),
            ("purpose", "vaccination"),
        ],
        "/numbers/{id}/reveal" => &[("purpose", "vaccination")],
        "/numbers/{id}/disposal" => &[("reason", "保存期間が終わったため")],
        "/keys" => &[("reason", "年1回の更新のため"), ("with_file", "on")],
        "/approvals/{id}/key-rotation" | "/approvals/{id}/number-disposal" => {
            &[("answer", "approve"), ("reason", "写しを確かめた")]
        }
        "/reviews/new" => {
            &[("name", "随時の点検"), ("kind", "as_needed"), ("base_on", "R8.11.23"), ("due_on", "R8.12.10")]
        }
        "/reviews/parts/{id}" => &[("next", "save")],
        "/reviews/parts/{id}/sign" => &[("version", &frozen), ("items", "1"), ("count", "1")],
        "/staff/{id}/moves/transfer" => {
            &[("section", &elsewhere), ("from_on", "R8.12.1"), ("reason", "定期の異動")]
        }
        "/staff/{id}/moves/leave" => &[("last_on", "R9.3.31"), ("leaving_reason", "定年退職")],
        "/terminals" => &[
            ("name", "窓口2番"),
            ("place", "保健予防課"),
            ("zone", "business"),
            ("certificate", ""),
            ("fingerprint", &print),
            ("last_on", "R9.3.31"),
        ],
        "/terminals/{id}/change" => &[("name", "窓口3番"), ("place", "保健予防課")],
        "/terminals/{id}/renew" => &[("certificate", ""), ("fingerprint", &renewed), ("last_on", "R9.3.31")],
        "/terminals/{id}/withdraw" => &[("reason", "lost")],
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
        "/account/passkey/{id}/remove"
        | "/account/sign-in/{id}/end"
        | "/account/sign-ins/end-others"
        | "/approvals/{id}/key-rotation/withdraw"
        | "/approvals/{id}/number-disposal/withdraw"
        | "/audit/findings/look"
        | "/audit/months/{month}/compare"
        | "/audit/verify"
        | "/numbers/{id}/dispose"
        | "/reviews/{id}/close"
        | "/drafts/{id}/discard"
        | "/sign-out"
        | "/staff/{id}/disable"
        | "/staff/{id}/means/code"
        | "/staff/{id}/means/end-sign-ins"
        | "/staff/{id}/means/password/end"
        | "/staff/{id}/means/unlock"
        | "/step-up/passkey/begin" => &[],
        other => panic!("say in {HERE} what the form of {other} sends"),
    };
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
