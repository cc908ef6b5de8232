//! What an application covers, which one counts, and whether another may be made. Pure: facts in, answer out.

use jiff::Timestamp;
use kit::{
    Municipality,
    approvals::{Approval, steps},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What the application of a rotation covers: the keys of this municipality, with another key file or without.
pub fn rotation_digest(municipality: Municipality, with_file: bool) -> [u8; 32] {
    let file = if with_file { "another" } else { "the same" };
    Sha256::digest(format!("keys of {municipality}, key file: {file}")).into()
}

/// Why a rotation at the machine is not the one that was approved. `Display` is the sentence for whoever stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error(
        "この申請は「鍵ファイルは取り替えない」として承認されています。--kek を付けずに実行するか、鍵ファイルの取替えを申請し直してください。"
    )]
    FileNotApproved,
    #[error(
        "この申請は「新しい鍵ファイルに取り替える」として承認されています。--kek に新しい鍵ファイルを指定してください。"
    )]
    FileMissing,
    #[error("この申請は、今の版では内容を照合できません。申請し直してください。")]
    Unknown,
}

/// Whether a rotation with or without another key file is what was approved.
///
/// # Errors
/// What differs.
pub fn may_rotate(approval: &Approval, municipality: Municipality, with_file: bool) -> Result<(), Mismatch> {
    let covers = |with_file| approval.digest == rotation_digest(municipality, with_file);
    match (covers(with_file), covers(!with_file)) {
        (true, _) => Ok(()),
        (false, true) if with_file => Err(Mismatch::FileNotApproved),
        (false, true) => Err(Mismatch::FileMissing),
        (false, false) => Err(Mismatch::Unknown),
    }
}

/// Of the applications about one thing, newest first, the one that this person's deed uses: the newest that they may use
/// now. Where there is none, the newest, whose bar is the answer.
pub fn to_use(asked: &[Approval], staff_id: Uuid, now: Timestamp) -> Option<&Approval> {
    asked.iter().find(|one| steps::may_use(one, staff_id, now).is_ok()).or(asked.first())
}

/// Why nobody asks for a disposal while another application is open.
pub fn already_asked(open: &Approval) -> String {
    format!(
        "この方の個人番号の廃棄は、{}さんが申請しています（第{}号）。その申請が却下されるか、取り下げられるか、期限を過ぎるまで、新しい申請はできません。",
        open.asked_by_name, open.number
    )
}
