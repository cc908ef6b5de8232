//! The keeper as a child of `serve`: started with it, restarted when it ends, told to stop by the end of its input.
//!
//! The doors to the databases go through the pipe, neither through arguments nor through the environment, where
//! others could read them. When we die, however we die, the pipe closes and the child ends.

use anyhow::Context;
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};
use tokio::{sync::watch, task::JoinHandle};

/// After the keeper has ended by itself, how long until the next try.
const PAUSE: Duration = Duration::from_secs(5);
/// How long its last signatures may take.
const STOP_WAIT_MAX: Duration = Duration::from_secs(10);

/// The running keeper.
pub struct KeeperChild {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl KeeperChild {
    pub fn start(dir: &Path, doors: &[(&'static str, PgConnectOptions)]) -> anyhow::Result<KeeperChild> {
        let (stop, mut stopped) = watch::channel(false);
        let (dir, doors) = (dir.to_owned(), written(doors));
        let task = tokio::spawn(async move {
            while !*stopped.borrow() {
                match keep_once(&dir, &doors, &mut stopped).await {
                    Ok(()) => return,
                    Err(error) => {
                        tracing::error!(error = %format!("{error:#}"), "the keeper of the operation log has ended")
                    }
                }
                tokio::select! { () = tokio::time::sleep(PAUSE) => {}, _ = stopped.changed() => {} }
            }
        });
        Ok(KeeperChild { stop, task })
    }

    /// Lets the keeper sign what has come last, and waits for its end.
    pub async fn stop(self) {
        self.stop.send(true).ok();
        self.task.await.ok();
    }
}

/// One life of the child. `Ok` when it was told to stop.
async fn keep_once(dir: &Path, doors: &str, stopped: &mut watch::Receiver<bool>) -> anyhow::Result<()> {
    let (mut child, pipe) = spawn(dir, doors, false).await?;
    tokio::select! {
        ended = child.wait() => anyhow::bail!("ended with {}", ended?),
        _ = stopped.changed() => {}
    }
    drop(pipe);
    // Killed when dropped, where it does not end by itself.
    tokio::time::timeout(STOP_WAIT_MAX, child.wait()).await.context("did not stop in time")??;
    Ok(())
}

/// Runs the keeper once over everything and waits for its end.
pub async fn run_once(dir: &Path, doors: &[(&'static str, PgConnectOptions)]) -> anyhow::Result<ExitStatus> {
    let (mut child, _pipe) = spawn(dir, &written(doors), true).await?;
    Ok(child.wait().await?)
}

async fn spawn(dir: &Path, doors: &str, once: bool) -> anyhow::Result<(Child, ChildStdin)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["audit", "keeper", "--doors-on-stdin", "--dir"]).arg(dir);
    if once {
        command.arg("--once");
    }
    // A group of its own: Ctrl-C at the terminal reaches it only through us, after the last entries.
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("操作ログの署名係を起動できません")?;
    let mut pipe = child.stdin.take().context("the child has an input")?;
    pipe.write_all(doors.as_bytes()).await?;
    pipe.flush().await?;
    Ok((child, pipe))
}

/// A line for each system, then an empty one.
fn written(doors: &[(&'static str, PgConnectOptions)]) -> String {
    let lines: String =
        doors.iter().map(|(system, options)| format!("{system} {}\n", options.to_url_lossy())).collect();
    lines + "\n"
}
