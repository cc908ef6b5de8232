//! What can go wrong with the private server, said so that the operator knows what to do.

use std::path::{Path, PathBuf};

/// Why the private server, or a database on it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "PostgreSQL 15〜18 のサーバーが見つかりません。postgresql を導入するか、環境変数 SESSHU_POSTGRES_BIN に initdb と postgres のあるフォルダーを指定してください。"
    )]
    NoServer,
    #[error(
        "このデータは PostgreSQL {major} で作られています。PostgreSQL {major} のサーバーを導入するか、SESSHU_POSTGRES_BIN で指定してください。"
    )]
    NoServerOfVersion { major: u32 },
    #[error("{} は別の sesshu(プロセス {pid})が使用中です。先にそちらを終了してください。", dir.display())]
    InUse { dir: PathBuf, pid: String },
    #[error(
        "root では PostgreSQL を動かせず、代わりの利用者 postgres も nobody もありません。useradd --system postgres を実行してください。"
    )]
    NoServerUser,
    #[error(
        "PostgreSQL を動かす利用者 {user} が {} に入れません。/var/lib/sesshu など誰でも通れる場所をデータの置き場所に指定してください。", at.display()
    )]
    NotReachable { user: String, at: PathBuf },
    #[error("{} は別の利用者(uid {owner})のものです。その利用者か root で実行してください。", dir.display())]
    OtherOwner { dir: PathBuf, owner: u32 },
    #[error("setpriv が動きません({reason})。util-linux を導入してください。")]
    NoSetpriv { reason: String },
    #[error("{} が安全ではありません(所有者か権限が違います)。削除してからやり直してください。", dir.display())]
    UnsafeSocketDir { dir: PathBuf },
    #[error("データベースを作成できませんでした。原因を取り除いてやり直してください。\n{log}")]
    CannotCreate { log: String },
    #[error("PostgreSQL が起動しませんでした。記録の最後の行を確認してください。\n{log}")]
    DoesNotStart { log: String },
    #[error("PostgreSQL(プロセス {pid})が終了しません。ディスクの状態を確認し、終了するまでお待ちください。")]
    DoesNotStop { pid: u32 },
    #[error(
        "PostgreSQL の設定 {setting} が {value} です。停電で登録済みの記録が失われるため開始しません。on にして再起動してください。"
    )]
    NotDurable { setting: String, value: String },
    #[error(
        "データのチェックサムが無効です。壊れたデータに気付けないため開始しません。pg_checksums --enable を実行してください。"
    )]
    NoChecksums,
    #[error("PostgreSQL {version} は古すぎます。15 以上のサーバーを指定してください。")]
    TooOld { version: String },
    #[error(
        "データベースの接続先が正しくありません。postgres://利用者@サーバー/データベース の形で指定してください。"
    )]
    BadUrl(#[source] sqlx::Error),
    #[error("データベースの準備ができませんでした: {0}")]
    Database(#[from] sqlx::Error),
    #[error("{} を処理できませんでした({doing}): {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
}

impl ClusterError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> ClusterError {
        ClusterError::Io { doing, path: path.to_owned(), source }
    }
}
