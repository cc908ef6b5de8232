//! Who may do what: the one table of duties and rights (事務 × 権限), one row an operation.
//!
//! Call sites say what is done; only this table says who may. It is printed to `docs/reference/roles.txt` and, at the
//! hub, as PDF in Japanese, which the office signs.

use domain::coded;
use sha2::{Digest, Sha256};

coded! {
    /// 役割 of a member of staff. One person may have several, but never carries out two steps of one approval.
    Role {
        Clerk = "clerk", "事務担当者";
        Approver = "approver", "承認者";
        IdManager = "id_manager", "ID管理者";
        Auditor = "auditor", "監査者";
        NumberHandler = "number_handler", "個人番号取扱者";
        Chief = "chief", "所属長";
        // Sees a sheet's person while recording from that sheet, and nobody else.
        Contractor = "contractor", "委託先入力担当者";
    }
}

coded! {
    /// 事務 for which rights are given. Whoever applies for a role names the duty it is needed for.
    Duty {
        Common = "common", "共通";
        Residents = "residents", "住民の照会・事項の管理";
        Records = "records", "接種記録の管理";
        Mailing = "mailing", "対象者の抽出・発送";
        Release = "release", "外部への持出し・提供";
        Imports = "imports", "データの取込み";
        Oversight = "oversight", "運用・統計";
        AuditLog = "audit_log", "操作ログの点検";
        Access = "access", "職員認証・権限の管理";
        Numbers = "numbers", "個人番号の管理";
    }
}

coded! {
    /// 区画 of the network that a terminal stands in (三層の対策). What may be asked for depends on it: an individual
    /// number is reachable from [`Zone::Business`] alone.
    Zone {
        Business = "business", "個人番号利用事務系";
        Lgwan = "lgwan", "LGWAN接続系";
        Venue = "venue", "接種会場";
        Internet = "internet", "インターネット接続系";
        // Jobs and commands at the machine itself: no person's terminal.
        Server = "server", "サーバー";
    }
}

coded! {
    /// 操作: everything the system can be asked to do. Each is allowed or refused here and logged under this name.
    Action {
        SignIn = "sign_in", "ログイン";
        SignOut = "sign_out", "ログアウト";
        ViewHome = "view_home", "ホームの閲覧";
        Unlock = "unlock", "画面ロックの解除";
        ResumeDraft = "resume_draft", "送信されなかった入力の再開";
        SearchResidents = "search_residents", "住民の検索";
        ViewResident = "view_resident", "住民の閲覧";
        NoteFact = "note_fact", "住民に関する事項の登録";
        WithdrawFact = "withdraw_fact", "住民に関する事項の取消し";
        OpenEntry = "open_entry", "接種記録の登録画面の閲覧";
        FindSheet = "find_sheet", "用紙番号の照会";
        RegisterRecord = "register_record", "接種記録の登録";
        ViewRecord = "view_record", "接種記録の閲覧";
        CorrectRecord = "correct_record", "接種記録の訂正";
        WithdrawRecord = "withdraw_record", "接種記録の取消し";
        RebuildVerdicts = "rebuild_verdicts", "接種判定の再計算";
        ViewCampaigns = "view_campaigns", "抽出・発送の閲覧";
        ExtractTargets = "extract_targets", "対象者の抽出";
        ReleaseCampaign = "release_campaign", "発送の承認";
        CancelCampaign = "cancel_campaign", "抽出の取消し";
        PrintCampaign = "print_campaign", "予診票・はがきの印刷";
        DownloadPrint = "download_print", "印刷ファイルの取得";
        ViewApprovals = "view_approvals", "二人承認の閲覧";
        ApplyExport = "apply_export", "一覧の持出しの申請";
        ApproveExport = "approve_export", "一覧の持出しの承認";
        TakeExport = "take_export", "持出しファイルの取得";
        CloseExport = "close_export", "持出しファイルの消去・返却の報告";
        ViewExports = "view_exports", "持出し台帳の閲覧";
        ApplyProvision = "apply_provision", "ネットワーク外の提供の申請";
        ApproveProvision = "approve_provision", "ネットワーク外の提供の承認";
        HandProvision = "hand_provision", "ネットワーク外の提供の実施";
        ViewProvisions = "view_provisions", "提供記録の閲覧";
        ApplyProtectedPrint = "apply_protected_print", "支援措置対象者の印刷の申請";
        ApproveProtectedPrint = "approve_protected_print", "支援措置対象者の印刷の承認";
        ApplyErasure = "apply_erasure", "印刷ファイルの消去の申請";
        ApproveErasure = "approve_erasure", "印刷ファイルの消去の承認";
        ErasePrint = "erase_print", "印刷ファイルの消去";
        ViewImports = "view_imports", "取込みの閲覧";
        ImportResidents = "import_residents", "住民情報の取込み";
        ImportRecords = "import_records", "接種記録の取込み";
        ImportClinics = "import_clinics", "医療機関の取込み";
        DecideReview = "decide_review", "確認待ちの判断";
        ViewJobs = "view_jobs", "処理状況の閲覧";
        ViewStatistics = "view_statistics", "接種率の閲覧";
        ViewAudit = "view_audit", "操作ログの閲覧";
        ViewFindings = "view_findings", "気になる閲覧の閲覧";
        LookForFindings = "look_for_findings", "気になる閲覧の点検の開始";
        DecideFinding = "decide_finding", "気になる閲覧の判断";
        ViewStaffResidents = "view_staff_residents", "職員の住民登録の閲覧";
        NoteStaffResident = "note_staff_resident", "職員の住民登録の変更";
        ViewMonths = "view_months", "月次点検の閲覧";
        CompareLog = "compare_log", "操作ログと控えの照合の開始";
        SignMonth = "sign_month", "月次点検への署名";
        ViewIntrusions = "view_intrusions", "侵入・異常の通知の閲覧";
        AcknowledgeIntrusion = "acknowledge_intrusion", "侵入・異常の通知の確認";
        ViewStaff = "view_staff", "職員の閲覧";
        ManageStaff = "manage_staff", "職員IDの管理";
        MoveStaff = "move_staff", "異動・退職の登録";
        ManageSections = "manage_sections", "所属の管理";
        ViewTerminals = "view_terminals", "端末の閲覧";
        ManageTerminals = "manage_terminals", "端末の登録・使用終了";
        ViewRights = "view_rights", "権限申請の閲覧";
        ApplyRights = "apply_rights", "権限の申請";
        RemoveRights = "remove_rights", "異動・退職による権限の削除の申請";
        ApproveRights = "approve_rights", "権限申請の承認";
        GrantRights = "grant_rights", "権限の付与";
        ViewTable = "view_table", "対応表の閲覧";
        SignTable = "sign_table", "対応表への署名";
        ViewReviews = "view_reviews", "権限の点検の閲覧";
        StartReview = "start_review", "権限の点検の開始";
        ConfirmReview = "confirm_review", "権限の点検の確認・署名";
        ViewOwnAccount = "view_own_account", "自分の認証手段の閲覧";
        ManageOwnAccount = "manage_own_account", "自分の認証手段の変更";
        StepUp = "step_up", "本人の再確認";
        RegisterNumber = "register_number", "個人番号の登録・変更";
        RevealNumber = "reveal_number", "個人番号の表示";
        FindByNumber = "find_by_number", "個人番号による検索";
        ViewNumberHistory = "view_number_history", "個人番号の登録履歴の閲覧";
        RotateKeys = "rotate_keys", "個人番号の暗号鍵の更新";
        ApplyKeys = "apply_keys", "個人番号の暗号鍵の更新の申請";
        ApproveKeys = "approve_keys", "個人番号の暗号鍵の更新の承認";
        ApplyDisposal = "apply_disposal", "個人番号の廃棄の申請";
        ApproveDisposal = "approve_disposal", "個人番号の廃棄の承認";
        DisposeNumber = "dispose_number", "個人番号の廃棄";
    }
}

/// Who carries a right.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// Whoever is signed in, also without any role.
    Everyone,
    Roles(&'static [Role]),
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub action: Action,
    /// The duty that the operation belongs to.
    pub duty: Duty,
    pub who: Who,
}

const fn row(action: Action, duty: Duty, roles: &'static [Role]) -> Row {
    Row { action, duty, who: Who::Roles(roles) }
}

const fn common(action: Action) -> Row {
    Row { action, duty: Duty::Common, who: Who::Everyone }
}

const CLERK: &[Role] = &[Role::Clerk];
const APPROVER: &[Role] = &[Role::Approver];
const DESK: &[Role] = &[Role::Clerk, Role::Approver];
const ENTRY: &[Role] = &[Role::Clerk, Role::Contractor];
const AUDITOR: &[Role] = &[Role::Auditor];
const MANAGER: &[Role] = &[Role::IdManager];
const CHIEF: &[Role] = &[Role::Chief];
const ACCESS: &[Role] = &[Role::IdManager, Role::Chief, Role::Auditor];
const HANDLER: &[Role] = &[Role::NumberHandler];

/// アクセス権限と事務の対応表: the whole policy of the installation. One row for each [`Action`], in its order.
#[doc(alias = "アクセス権限と事務の対応表")]
pub const TABLE: &[Row] = &[
    common(Action::SignIn),
    common(Action::SignOut),
    common(Action::ViewHome),
    common(Action::Unlock),
    common(Action::ResumeDraft),
    row(Action::SearchResidents, Duty::Residents, DESK),
    row(Action::ViewResident, Duty::Residents, DESK),
    row(Action::NoteFact, Duty::Residents, CLERK),
    row(Action::WithdrawFact, Duty::Residents, CLERK),
    row(Action::OpenEntry, Duty::Records, &[Role::Clerk, Role::Approver, Role::Contractor]),
    row(Action::FindSheet, Duty::Records, ENTRY),
    row(Action::RegisterRecord, Duty::Records, ENTRY),
    row(Action::ViewRecord, Duty::Records, DESK),
    row(Action::CorrectRecord, Duty::Records, CLERK),
    row(Action::WithdrawRecord, Duty::Records, CLERK),
    row(Action::RebuildVerdicts, Duty::Records, CLERK),
    row(Action::ViewCampaigns, Duty::Mailing, DESK),
    row(Action::ExtractTargets, Duty::Mailing, CLERK),
    row(Action::ReleaseCampaign, Duty::Mailing, APPROVER),
    row(Action::CancelCampaign, Duty::Mailing, DESK),
    row(Action::PrintCampaign, Duty::Mailing, CLERK),
    row(Action::DownloadPrint, Duty::Mailing, CLERK),
    // Whoever may neither ask nor decide finds nothing there but their own.
    common(Action::ViewApprovals),
    row(Action::ApplyExport, Duty::Release, CLERK),
    row(Action::ApproveExport, Duty::Release, APPROVER),
    row(Action::TakeExport, Duty::Release, CLERK),
    row(Action::CloseExport, Duty::Release, CLERK),
    row(Action::ViewExports, Duty::Release, &[Role::Clerk, Role::Approver, Role::Auditor]),
    row(Action::ApplyProvision, Duty::Release, CLERK),
    row(Action::ApproveProvision, Duty::Release, APPROVER),
    row(Action::HandProvision, Duty::Release, CLERK),
    row(Action::ViewProvisions, Duty::Release, DESK),
    row(Action::ApplyProtectedPrint, Duty::Mailing, CLERK),
    row(Action::ApproveProtectedPrint, Duty::Mailing, APPROVER),
    row(Action::ApplyErasure, Duty::Mailing, CLERK),
    row(Action::ApproveErasure, Duty::Mailing, APPROVER),
    row(Action::ErasePrint, Duty::Mailing, CLERK),
    row(Action::ViewImports, Duty::Imports, DESK),
    row(Action::ImportResidents, Duty::Imports, CLERK),
    row(Action::ImportRecords, Duty::Imports, CLERK),
    row(Action::ImportClinics, Duty::Imports, CLERK),
    row(Action::DecideReview, Duty::Imports, CLERK),
    row(Action::ViewJobs, Duty::Oversight, DESK),
    row(Action::ViewStatistics, Duty::Oversight, DESK),
    row(Action::ViewAudit, Duty::AuditLog, AUDITOR),
    row(Action::ViewFindings, Duty::AuditLog, AUDITOR),
    row(Action::LookForFindings, Duty::AuditLog, AUDITOR),
    row(Action::DecideFinding, Duty::AuditLog, AUDITOR),
    row(Action::ViewStaffResidents, Duty::AuditLog, AUDITOR),
    row(Action::NoteStaffResident, Duty::AuditLog, AUDITOR),
    row(Action::ViewMonths, Duty::AuditLog, AUDITOR),
    row(Action::CompareLog, Duty::AuditLog, AUDITOR),
    row(Action::SignMonth, Duty::AuditLog, AUDITOR),
    row(Action::ViewIntrusions, Duty::AuditLog, &[Role::IdManager, Role::Auditor]),
    row(Action::AcknowledgeIntrusion, Duty::AuditLog, &[Role::IdManager, Role::Auditor]),
    row(Action::ViewStaff, Duty::Access, ACCESS),
    row(Action::ManageStaff, Duty::Access, MANAGER),
    row(Action::MoveStaff, Duty::Access, &[Role::IdManager, Role::Chief]),
    row(Action::ManageSections, Duty::Access, MANAGER),
    row(Action::ViewTerminals, Duty::Access, ACCESS),
    row(Action::ManageTerminals, Duty::Access, MANAGER),
    common(Action::ViewRights),
    common(Action::ApplyRights),
    row(Action::RemoveRights, Duty::Access, CHIEF),
    row(Action::ApproveRights, Duty::Access, CHIEF),
    row(Action::GrantRights, Duty::Access, MANAGER),
    row(Action::ViewTable, Duty::Access, ACCESS),
    row(Action::SignTable, Duty::Access, &[Role::IdManager, Role::Chief]),
    row(Action::ViewReviews, Duty::Access, ACCESS),
    row(Action::StartReview, Duty::Access, MANAGER),
    row(Action::ConfirmReview, Duty::Access, CHIEF),
    common(Action::ViewOwnAccount),
    common(Action::ManageOwnAccount),
    common(Action::StepUp),
    row(Action::RegisterNumber, Duty::Numbers, HANDLER),
    row(Action::RevealNumber, Duty::Numbers, HANDLER),
    row(Action::FindByNumber, Duty::Numbers, HANDLER),
    row(Action::ViewNumberHistory, Duty::Numbers, &[Role::NumberHandler, Role::Auditor]),
    // Nobody's from a screen: a command at the machine itself.
    row(Action::RotateKeys, Duty::Numbers, &[]),
    row(Action::ApplyKeys, Duty::Numbers, MANAGER),
    row(Action::ApproveKeys, Duty::Numbers, CHIEF),
    row(Action::ApplyDisposal, Duty::Numbers, HANDLER),
    row(Action::ApproveDisposal, Duty::Numbers, CHIEF),
    row(Action::DisposeNumber, Duty::Numbers, HANDLER),
];

// An operation without its row, or with two, does not compile.
const _: () = {
    assert!(TABLE.len() == Action::ALL.len(), "each Action has one row in TABLE");
    let mut at = 0;
    while at < TABLE.len() {
        assert!(TABLE[at].action as usize == at, "the rows of TABLE follow the order of Action");
        at += 1;
    }
};

/// The row of an operation.
pub const fn row_of(action: Action) -> &'static Row {
    &TABLE[action as usize]
}

/// Whether a role carries a right.
pub const fn carries(role: Role, action: Action) -> bool {
    match row_of(action).who {
        Who::Everyone => true,
        Who::Roles(roles) => {
            let mut at = 0;
            while at < roles.len() {
                if roles[at] as usize == role as usize {
                    return true;
                }
                at += 1;
            }
            false
        }
    }
}

/// Whether someone with these roles may do this.
pub fn may(roles: &[Role], action: Action) -> bool {
    matches!(row_of(action).who, Who::Everyone) || roles.iter().any(|role| carries(*role, action))
}

/// Whether the table has this role for this duty: what is not in the table cannot be applied for.
pub fn serves(role: Role, duty: Duty) -> bool {
    TABLE.iter().any(|row| row.duty == duty && matches!(row.who, Who::Roles(_)) && carries(role, row.action))
}

/// Two roles that do not go together in one person.
#[derive(Clone, Copy, Debug)]
pub struct Conflict {
    pub roles: [Role; 2],
    /// Refused, or left to the people who decide.
    pub is_barred: bool,
    /// One sentence for whoever decides.
    pub ja: &'static str,
}

/// 職務の分離: which roles do not go together.
#[doc(alias = "職務の分離")]
pub const CONFLICTS: &[Conflict] = &[
    Conflict {
        roles: [Role::IdManager, Role::Auditor],
        is_barred: true,
        ja: "ID管理者は、自分の操作を点検する監査者を兼ねられません。",
    },
    Conflict {
        roles: [Role::NumberHandler, Role::Auditor],
        is_barred: true,
        ja: "個人番号取扱者は、自分の操作を点検する監査者を兼ねられません。",
    },
    Conflict {
        roles: [Role::IdManager, Role::Chief],
        is_barred: true,
        ja: "権限を承認する所属長は、権限を付与するID管理者を兼ねられません。",
    },
    Conflict {
        roles: [Role::Clerk, Role::Approver],
        is_barred: false,
        ja: "事務担当者と承認者を兼ねると、同じ案件の作成と承認はできません。人手が足りるときは分けてください。",
    },
    Conflict {
        roles: [Role::IdManager, Role::NumberHandler],
        is_barred: false,
        ja: "ID管理者が個人番号も扱います。人手が足りるときは分けてください。",
    },
];

/// Whoever works for a contractor has no other role.
pub const CONTRACTOR_ALONE: &str = "委託先入力担当者は、ほかの役割を兼ねられません。";

/// What stands against these roles in one person: barred or not, and why.
pub fn conflicts(roles: &[Role]) -> Vec<(bool, &'static str)> {
    let mut found: Vec<_> = CONFLICTS
        .iter()
        .filter(|conflict| conflict.roles.iter().all(|role| roles.contains(role)))
        .map(|conflict| (conflict.is_barred, conflict.ja))
        .collect();
    if roles.contains(&Role::Contractor) && roles.iter().any(|role| *role != Role::Contractor) {
        found.push((true, CONTRACTOR_ALONE));
    }
    found
}

/// The rows as the office reads them: by duty.
pub fn by_duty() -> impl Iterator<Item = (Duty, Vec<&'static Row>)> {
    Duty::ALL.iter().map(|duty| (*duty, TABLE.iter().filter(|row| row.duty == *duty).collect()))
}

/// The table as the office signs it.
pub fn matrix_ja() -> String {
    let mut text = String::from("アクセス権限と事務の対応表\n\n事務\t操作");
    for role in Role::ALL {
        text.push('\t');
        text.push_str(role.ja());
    }
    text.push('\n');
    for (duty, rows) in by_duty() {
        for row in rows {
            text.push_str(&format!("{}\t{}", duty.ja(), row.action.ja()));
            for role in Role::ALL {
                text.push_str(if carries(*role, row.action) { "\t○" } else { "\t－" });
            }
            text.push('\n');
        }
    }
    text
}

/// 対応表の版: what a signature is given for. Any change of any cell changes it.
pub fn version() -> String {
    Sha256::digest(matrix_ja().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
