//! Who may do what: the one table of duties and rights (事務 × 権限).
//!
//! Call sites say what is done; only this file says who may. Its matrix is printed to `docs/reference/roles.txt`
//! in Japanese, which the office can sign.

use domain::coded;

coded! {
    /// 役割 of a member of staff. One person may have several, but never carries out two steps of one approval.
    Role {
        Clerk = "clerk", "事務担当者";
        Approver = "approver", "承認者";
        IdManager = "id_manager", "ID管理者";
        Auditor = "auditor", "監査者";
        NumberHandler = "number_handler", "個人番号取扱者";
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
        SearchResidents = "search_residents", "住民の検索";
        ViewResident = "view_resident", "住民の閲覧";
        NoteFact = "note_fact", "住民に関する事項の登録";
        WithdrawFact = "withdraw_fact", "住民に関する事項の取消し";
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
        ViewImports = "view_imports", "取込みの閲覧";
        ImportResidents = "import_residents", "住民情報の取込み";
        ImportRecords = "import_records", "接種記録の取込み";
        ImportClinics = "import_clinics", "医療機関の取込み";
        DecideReview = "decide_review", "確認待ちの判断";
        ViewJobs = "view_jobs", "処理状況の閲覧";
        ViewStatistics = "view_statistics", "接種率の閲覧";
        ViewAudit = "view_audit", "操作ログの閲覧";
        ViewStaff = "view_staff", "職員の閲覧";
        ManageStaff = "manage_staff", "職員IDの管理";
        RegisterNumber = "register_number", "個人番号の登録・変更";
        RevealNumber = "reveal_number", "個人番号の表示";
        FindByNumber = "find_by_number", "個人番号による検索";
        ViewNumberHistory = "view_number_history", "個人番号の登録履歴の閲覧";
        RotateKeys = "rotate_keys", "個人番号の暗号鍵の更新";
    }
}

/// Whether a role carries a right. The whole policy of the installation.
pub const fn carries(role: Role, action: Action) -> bool {
    use Action::*;
    match action {
        SignIn | SignOut | ViewHome => true,
        SearchResidents | ViewResident | ViewRecord | ViewCampaigns | ViewImports | ViewJobs
        | ViewStatistics => {
            matches!(role, Role::Clerk | Role::Approver)
        }
        NoteFact | WithdrawFact | FindSheet | RegisterRecord | CorrectRecord | WithdrawRecord
        | RebuildVerdicts | ExtractTargets | PrintCampaign | DownloadPrint | ImportResidents
        | ImportRecords | ImportClinics | DecideReview => {
            matches!(role, Role::Clerk)
        }
        ReleaseCampaign => matches!(role, Role::Approver),
        CancelCampaign => matches!(role, Role::Clerk | Role::Approver),
        ViewAudit => matches!(role, Role::Auditor),
        ViewStaff => matches!(role, Role::IdManager | Role::Auditor),
        ManageStaff => matches!(role, Role::IdManager),
        RegisterNumber | RevealNumber | FindByNumber => matches!(role, Role::NumberHandler),
        ViewNumberHistory => matches!(role, Role::NumberHandler | Role::Auditor),
        // Nobody's from a screen: a command at the machine itself.
        RotateKeys => false,
    }
}

/// Whether someone with these roles may do this.
pub fn may(roles: &[Role], action: Action) -> bool {
    roles.iter().any(|role| carries(*role, action))
}

/// The matrix as the office signs it.
pub fn matrix_ja() -> String {
    let mut text = String::from("アクセス権限と事務の対応表\n\n操作");
    for role in Role::ALL {
        text.push('\t');
        text.push_str(role.ja());
    }
    text.push('\n');
    for action in Action::ALL {
        text.push_str(action.ja());
        for role in Role::ALL {
            text.push_str(if carries(*role, *action) { "\t○" } else { "\t－" });
        }
        text.push('\n');
    }
    text
}
