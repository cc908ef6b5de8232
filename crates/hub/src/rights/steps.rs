//! Who may take which step of an application, and what may be applied for. Pure: facts in, answer out.

use domain::{Date, coded};
use kit::{
    Duty, Role,
    rights::{conflicts, serves},
};
use uuid::Uuid;

coded! {
    /// 申請の種類.
    Kind {
        Grant = "grant", "権限の付与";
        Removal = "removal", "権限の削除";
    }
}

/// 申請の状態, with what is true then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Applied,
    Approved {
        by: Uuid,
    },
    /// Of a removal: carried out. Nobody needs to approve that rights end.
    Granted {
        approved_by: Option<Uuid>,
        by: Uuid,
    },
    Rejected {
        approved_by: Option<Uuid>,
        by: Uuid,
        reason: String,
    },
    Withdrawn {
        reason: String,
    },
}

impl State {
    pub const fn code(&self) -> &'static str {
        match self {
            State::Applied => "applied",
            State::Approved { .. } => "approved",
            State::Granted { .. } => "granted",
            State::Rejected { .. } => "rejected",
            State::Withdrawn { .. } => "withdrawn",
        }
    }

    pub const fn is_open(&self) -> bool {
        matches!(self, State::Applied | State::Approved { .. })
    }
}

/// 権限の申請.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    pub application_id: Uuid,
    pub kind: Kind,
    /// Whose rights they are.
    pub staff_id: Uuid,
    pub section_id: Uuid,
    pub duty: Duty,
    pub roles: Vec<Role>,
    pub reason: String,
    pub from_on: Date,
    pub until_on: Option<Date>,
    pub applied_by: Uuid,
    pub state: State,
}

/// The person who wants to take a step.
#[derive(Clone, Debug)]
pub struct Hand {
    pub staff_id: Uuid,
    pub roles: Vec<Role>,
    /// The sections that this person's section leads: its own, and those directly below it.
    pub leads: Vec<Uuid>,
}

impl Hand {
    fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether this person is the 所属長 of the section, or the one above.
    pub fn is_chief_of(&self, section_id: Uuid) -> bool {
        self.is(Role::Chief) && self.leads.contains(&section_id)
    }

    /// Whether this person may know of the application at all.
    pub fn may_see(&self, application: &Application) -> bool {
        [application.staff_id, application.applied_by].contains(&self.staff_id)
            || self.is(Role::IdManager)
            || self.is(Role::Auditor)
            || self.is_chief_of(application.section_id)
    }
}

/// A step of an application that has been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Approve,
    Grant,
    Reject,
    Withdraw,
}

/// Why somebody may not take a step. `Display` is the sentence for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bar {
    #[error("この申請はすでに次の段階に進んだか、終わっています。申請を開き直して確かめてください。")]
    Passed,
    #[error("自分が申請したものは、承認も付与もできません。別の担当者に依頼してください。")]
    OwnApplication,
    #[error("自分の権限は、承認も付与もできません。別の担当者に依頼してください。")]
    OwnRights,
    #[error("自分が承認した申請には、権限を付与できません。別のID管理者に依頼してください。")]
    OwnApproval,
    #[error("この段階は、その申請の所属長またはID管理者が行います。")]
    NotYours,
}

/// Whether this person may take this step: the three steps are three people's.
pub fn may_take(step: Step, application: &Application, hand: &Hand) -> Result<(), Bar> {
    let in_turn = match (step, application.kind, &application.state) {
        (Step::Approve | Step::Reject, Kind::Grant, State::Applied) => {
            hand.is_chief_of(application.section_id)
        }
        (Step::Grant | Step::Reject, Kind::Grant, State::Approved { .. })
        | (Step::Grant, Kind::Removal, State::Applied) => hand.is(Role::IdManager),
        (Step::Withdraw, Kind::Grant, State::Applied | State::Approved { .. }) => {
            return if hand.staff_id == application.applied_by { Ok(()) } else { Err(Bar::NotYours) };
        }
        (Step::Approve | Step::Grant | Step::Reject | Step::Withdraw, Kind::Grant | Kind::Removal, _) => {
            return Err(Bar::Passed);
        }
    };
    if !in_turn {
        return Err(Bar::NotYours);
    }
    if hand.staff_id == application.applied_by {
        return Err(Bar::OwnApplication);
    }
    if hand.staff_id == application.staff_id {
        return Err(Bar::OwnRights);
    }
    match application.state {
        State::Approved { by } if by == hand.staff_id => Err(Bar::OwnApproval),
        State::Applied
        | State::Approved { .. }
        | State::Granted { .. }
        | State::Rejected { .. }
        | State::Withdrawn { .. } => Ok(()),
    }
}

/// The person whose rights are applied for.
#[derive(Clone, Debug)]
pub struct Subject {
    pub staff_id: Uuid,
    pub section_id: Option<Uuid>,
    /// 異動 that is already recorded: the next section, and the first day there.
    pub coming: Option<(Uuid, Date)>,
    /// Held now or from a later day on.
    pub roles: Vec<Role>,
    pub is_contractor: bool,
    /// The last day of the account.
    pub until_on: Option<Date>,
}

impl Subject {
    /// The section whose chief decides about rights that begin on this day.
    pub fn section_on(&self, day: Date) -> Option<Uuid> {
        match self.coming {
            Some((section_id, from_on)) if day >= from_on => Some(section_id),
            _ => self.section_id,
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub duty: Duty,
    pub roles: Vec<Role>,
    pub from_on: Date,
    pub until_on: Option<Date>,
}

/// Whether this person may apply for that one's rights: everybody for themselves, a chief for the section, also for
/// those who are about to come into it.
pub fn may_apply(hand: &Hand, subject: &Subject) -> bool {
    let sections = [subject.section_id, subject.coming.map(|(section, _)| section)];
    hand.staff_id == subject.staff_id || sections.into_iter().flatten().any(|one| hand.is_chief_of(one))
}

/// What stands against an application: field and sentence, all at once.
pub fn faults(ask: &Ask, subject: &Subject, today: Date) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let mut add = |field, sentence: String| faults.push((field, sentence));
    if ask.roles.is_empty() {
        add("roles", "必要な役割を1つ以上選択してください".to_owned());
    }
    for role in ask.roles.iter().filter(|role| !serves(**role, ask.duty)) {
        add(
            "roles",
            format!("{}は「{}」の対応表にありません。別の役割を選択してください", role.ja(), ask.duty.ja()),
        );
    }
    for role in ask.roles.iter().filter(|role| subject.roles.contains(role)) {
        add("roles", format!("{}はすでに付与されています。選択を外してください", role.ja()));
    }
    let is_contractor_role = |role: &Role| *role == Role::Contractor;
    if subject.is_contractor && ask.roles.iter().any(|role| !is_contractor_role(role)) {
        add("roles", "委託先の方には、委託先入力担当者だけを申請できます".to_owned());
    }
    if !subject.is_contractor && ask.roles.iter().any(is_contractor_role) {
        add("roles", "委託先入力担当者は、委託先として登録された方だけに申請できます".to_owned());
    }
    faults.extend(barred(ask, subject).into_iter().map(|sentence| ("roles", sentence.to_owned())));
    if ask.from_on < today {
        faults.push(("from_on", "開始日は今日以後の日付を入力してください".to_owned()));
    }
    if ask.until_on.is_some_and(|until| until < ask.from_on) {
        faults.push(("until_on", "終了日は開始日以後の日付を入力してください".to_owned()));
    }
    if subject.is_contractor && ask.until_on.is_none() {
        faults.push(("until_on", "委託先の方の終了日を入力してください".to_owned()));
    }
    if let Some(last) = subject.until_on
        && ask.until_on.unwrap_or(last).max(ask.from_on) > last
    {
        faults.push((
            "until_on",
            "期間は、個人IDの有効期限（委託先は契約の終了日）までにしてください".to_owned(),
        ));
    }
    faults
}

/// Conflicts of duties that forbid it, with what the person already holds. Asked again when the rights are granted.
pub fn barred(ask: &Ask, subject: &Subject) -> Vec<&'static str> {
    together(ask, subject).into_iter().filter(|(is_barred, _)| *is_barred).map(|(_, ja)| ja).collect()
}

/// All conflicts of duties, for those who decide.
pub fn together(ask: &Ask, subject: &Subject) -> Vec<(bool, &'static str)> {
    let mut roles = subject.roles.clone();
    roles.extend(&ask.roles);
    conflicts(&roles)
}
