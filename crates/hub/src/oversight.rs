//! 気になる閲覧 at the hub: looks at 個人番号 and refusals. Names and addresses of people are not known here.

use desk::findings::{self, Looks};
use kit::{Action, jobs::Run};

const LOOKS: Looks = Looks {
    kind: "addressee",
    actions: &[Action::RevealNumber, Action::ViewNumberHistory],
    search: Action::FindByNumber,
};

/// The day's job.
pub async fn look_for_findings(run: Run) -> anyhow::Result<String> {
    let facts = findings::gather(&run, LOOKS).await?;
    findings::keep(&run, facts).await
}
