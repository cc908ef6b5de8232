//! The frame of every page of this system.

use crate::{App, staff_residents};
pub use desk::page::{show, show_errors};
use desk::{Frame, Room, System};
use kit::{Acting, Action, Kit, approvals::Kind};
use ui::{Crumb, Shell};

impl System for App {
    const FRAME: &'static Frame = &Frame {
        name: "健康管理システム",
        rooms: &[
            Room { href: "/", label: "ホーム", needs: None },
            Room { href: "/residents", label: "住民検索", needs: Some(Action::SearchResidents) },
            Room { href: "/records", label: "接種記録", needs: Some(Action::FindSheet) },
            Room {
                href: "/campaigns", label: "対象者抽出・発送", needs: Some(Action::ViewCampaigns)
            },
            Room { href: "/imports", label: "取込み", needs: Some(Action::ViewImports) },
            Room { href: "/approvals", label: "二人承認", needs: Some(Action::ViewExports) },
            Room { href: "/audit", label: "操作ログ", needs: Some(Action::ViewAudit) },
            Room {
                href: desk::findings::web::NAV, label: "気になる閲覧", needs: Some(Action::ViewFindings)
            },
            Room { href: desk::months::web::NAV, label: "月次点検", needs: Some(Action::ViewMonths) },
            Room {
                href: desk::intrusions::web::NAV,
                label: "侵入・異常",
                needs: Some(Action::ViewIntrusions),
            },
            Room {
                href: staff_residents::web::NAV,
                label: "職員の住民登録",
                needs: Some(Action::ViewStaffResidents),
            },
        ],
    };
    const APPROVALS: &'static [Kind] =
        &[Kind::Export, Kind::Provision, Kind::ProtectedPrint, Kind::PrintErasure];
    const LEDGERS: &'static [Room] = &[
        Room { href: "/exports", label: "持出し台帳", needs: Some(Action::ViewExports) },
        Room { href: "/provisions", label: "提供記録", needs: Some(Action::ViewProvisions) },
    ];

    fn kit(&self) -> &Kit {
        &self.kit
    }
}

/// The frame for a signed-in person. `nav` is the address of the room the page is in.
pub fn shell(acting: &Acting, title: &str, nav: &str, crumbs: Vec<Crumb>) -> Shell {
    desk::page::shell::<App>(acting, title, nav, crumbs)
}
