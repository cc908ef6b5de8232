//! 操作ログの控え: every entry a second time, in files that only grow and may lie on another disk.
//!
//! One folder a system, one file a day, one line an entry, in its one written form (docs/formats/audit.md). A thread
//! of its own writes; everything that waits goes into one write and one `fdatasync`, so that a busy hour costs no more
//! syncs than the disk can do. [`crate::audit::commit`] is the only caller: first the file, then the commit. A line whose
//! transaction did not come to its end is marked (`void`); so the files hold at least what the table holds, and
//! [`compare`] names what is in one of the two only.
//!
//! Nothing is answered from what cannot be stored: a full disk, a lost folder or a disk that does not answer ends
//! each request as a page that says so. Every request tries anew, so work goes on by itself once the cause is gone.

mod compare;

pub use compare::{Comparison, Difference, compare};

use crate::Clock;
use domain::Date;
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// A disk that does not answer for this long is broken: requests end instead of piling up.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Deeds that wait for one sync at the most: far more than there are connections to wait on.
const WAITING_MAX: usize = 4_096;
/// Marks (`void`) that nothing else carries to the file are written after this long.
const MARKS_EVERY: Duration = Duration::from_secs(1);

/// Why an entry could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    #[error("the audit log's folder {folder} cannot be written")]
    Unwritable { folder: PathBuf, source: io::Error },
    #[error("the audit log's folder {folder} does not answer")]
    Blocked { folder: PathBuf },
}

/// What is to be stored before its transaction may be committed.
struct Note {
    day: Date,
    ids: Vec<Uuid>,
    lines: String,
    reply: oneshot::Sender<Result<(), SinkError>>,
}

/// A line's day and entry, to be marked: its transaction is not known to have been committed.
type Mark = (Date, Uuid);

struct Shared {
    folder: PathBuf,
    begun: Instant,
    /// Milliseconds since `begun` at which the present write began; 0 while nothing is being written.
    busy_since: AtomicU64,
    marks: Mutex<Vec<Mark>>,
}

impl Shared {
    fn new(folder: &Path) -> Self {
        Shared {
            folder: folder.to_owned(),
            begun: Instant::now(),
            busy_since: AtomicU64::new(0),
            marks: Mutex::new(Vec::new()),
        }
    }

    fn mark(&self, day: Date, ids: &[Uuid]) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks.extend(ids.iter().map(|id| (day, *id)));
    }

    fn is_stuck(&self) -> bool {
        let since = self.busy_since.load(Ordering::Acquire);
        since != 0 && self.begun.elapsed() > Duration::from_millis(since) + WAIT_MAX
    }
}

/// The door to the thread that writes. Cheap to clone; the thread ends with the last clone.
#[derive(Clone)]
pub struct Sink {
    queue: SyncSender<Note>,
    shared: Arc<Shared>,
}

impl Sink {
    /// Opens the folder of one system, made where it is missing; its parent must be there (a disk that is not
    /// mounted is noticed).
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(folder: &Path, clock: Clock) -> Result<Sink, SinkError> {
        Sink::start(folder, clock, true)
    }

    /// A sink that loses what it holds with the machine: for tests.
    pub(crate) fn throwaway(folder: &Path, clock: Clock) -> Result<Sink, SinkError> {
        Sink::start(folder, clock, false)
    }

    /// A sink behind which nobody writes: for tests that need none.
    pub(crate) fn nowhere() -> Sink {
        let (queue, _) = sync_channel(0);
        Sink { queue, shared: Arc::new(Shared::new(Path::new("nowhere"))) }
    }

    fn start(folder: &Path, clock: Clock, is_durable: bool) -> Result<Sink, SinkError> {
        let broken = |source| SinkError::Unwritable { folder: folder.to_owned(), source };
        match std::fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(broken)?,
        }
        let shared = Arc::new(Shared::new(folder));
        let (queue, waiting) = sync_channel(WAITING_MAX);
        let mut writer = Writer {
            shared: Arc::clone(&shared),
            clock,
            is_durable,
            open: None,
            is_begun: false,
            is_well: true,
        };
        // The first line of a run; it also proves that the folder can be written.
        let today = writer.clock.today();
        writer.append(today, "").map_err(broken)?;
        std::thread::Builder::new()
            .name("audit-sink".to_owned())
            .spawn(move || writer.run(&waiting))
            .map_err(broken)?;
        Ok(Sink { queue, shared })
    }

    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Stores the lines of one transaction. What comes back is kept until the commit: dropped before, it has the
    /// lines marked.
    pub(crate) async fn store(&self, day: Date, ids: Vec<Uuid>, lines: String) -> Result<Stored, SinkError> {
        let blocked = || SinkError::Blocked { folder: self.shared.folder.clone() };
        if self.shared.is_stuck() {
            return Err(blocked());
        }
        let (reply, stored) = oneshot::channel();
        let note = Note { day, ids: ids.clone(), lines, reply };
        self.queue.try_send(note).map_err(|_| blocked())?;
        match tokio::time::timeout(WAIT_MAX, stored).await {
            Ok(Ok(result)) => result?,
            Ok(Err(_)) | Err(_) => return Err(blocked()),
        }
        Ok(Stored { shared: Arc::clone(&self.shared), day, ids })
    }
}

/// Lines that are in the file while their transaction is still open.
pub(crate) struct Stored {
    shared: Arc<Shared>,
    day: Date,
    ids: Vec<Uuid>,
}

impl Stored {
    /// The transaction has been committed.
    pub(crate) fn keep(mut self) {
        self.ids.clear();
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.shared.mark(self.day, &self.ids);
    }
}

struct Writer {
    shared: Arc<Shared>,
    clock: Clock,
    is_durable: bool,
    open: Option<(Date, File)>,
    /// Whether this run's first line has been written.
    is_begun: bool,
    is_well: bool,
}

impl Writer {
    fn run(mut self, waiting: &Receiver<Note>) {
        loop {
            let first = match waiting.recv_timeout(MARKS_EVERY) {
                Ok(note) => Some(note),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut by_day: BTreeMap<Date, Vec<Note>> = BTreeMap::new();
            // Whoever has stopped waiting needs no line.
            for note in first.into_iter().chain(waiting.try_iter()).filter(|note| !note.reply.is_closed()) {
                by_day.entry(note.day).or_default().push(note);
            }
            for (day, notes) in by_day {
                self.write(day, notes);
            }
            self.write_marks();
        }
        self.write_marks();
    }

    fn write(&mut self, day: Date, notes: Vec<Note>) {
        let lines: String = notes.iter().map(|note| note.lines.as_str()).collect();
        let result = self.timed(day, &lines);
        self.tell(&result);
        for note in notes {
            let answer = match &result {
                Ok(()) => Ok(()),
                Err(error) => Err(SinkError::Unwritable {
                    folder: self.shared.folder.clone(),
                    source: io::Error::new(error.kind(), error.to_string()),
                }),
            };
            let is_stored = answer.is_ok();
            // Part of a failed write may have reached the file all the same.
            if note.reply.send(answer).is_err() || !is_stored {
                self.shared.mark(note.day, &note.ids);
            }
        }
    }

    fn write_marks(&mut self) {
        let marks = std::mem::take(&mut *self.shared.marks.lock().unwrap_or_else(PoisonError::into_inner));
        let mut by_day: BTreeMap<Date, Vec<Uuid>> = BTreeMap::new();
        for (day, id) in marks {
            by_day.entry(day).or_default().push(id);
        }
        for (day, ids) in by_day {
            let line = format!("{}\n", json!({ "void": ids, "at": self.clock.now().to_string() }));
            if self.timed(day, &line).is_err() {
                self.shared.mark(day, &ids);
            }
        }
    }

    fn timed(&mut self, day: Date, lines: &str) -> io::Result<()> {
        let since = u64::try_from(self.shared.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        self.shared.busy_since.store(since, Ordering::Release);
        let result = self.append(day, lines);
        self.shared.busy_since.store(0, Ordering::Release);
        if result.is_err() {
            // After a failed sync nobody knows what the file holds: begin anew.
            self.open = None;
        }
        result
    }

    /// Appends whole lines and syncs them.
    fn append(&mut self, day: Date, lines: &str) -> io::Result<()> {
        let is_durable = self.is_durable;
        let mut text = String::new();
        if !self.is_begun {
            text = format!("{}\n", json!({ "start": self.clock.now().to_string() }));
        }
        text.push_str(lines);
        let file = self.file_of(day)?;
        // Commands write beside the server: one at a time looks at the end and adds to it.
        file.lock()?;
        let written = add_lines(file, &text);
        file.unlock()?;
        written?;
        if is_durable {
            file.sync_data()?;
        }
        self.is_begun = true;
        Ok(())
    }

    /// The day's file, opened again where the path no longer leads to the open one.
    fn file_of(&mut self, day: Date) -> io::Result<&File> {
        let path = self.shared.folder.join(file_name(day));
        let is_same = |file: &File| -> io::Result<bool> {
            let (open, there) = (file.metadata()?, std::fs::metadata(&path)?);
            Ok((open.dev(), open.ino()) == (there.dev(), there.ino()))
        };
        let is_open =
            self.open.as_ref().is_some_and(|(opened, file)| *opened == day && is_same(file).unwrap_or(false));
        if !is_open {
            let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path)?;
            // The file's name must survive a power cut like its lines.
            if self.is_durable {
                File::open(&self.shared.folder)?.sync_all()?;
            }
            self.open = Some((day, file));
        }
        Ok(&self.open.as_ref().expect("opened above").1)
    }

    /// Says once that it broke and once that it works again.
    fn tell(&mut self, result: &io::Result<()>) {
        let folder = self.shared.folder.display();
        match result {
            Ok(()) if !self.is_well => tracing::warn!(%folder, "the audit log can be written again"),
            Err(error) if self.is_well => {
                tracing::error!(%folder, %error, "the audit log cannot be written: nothing is answered until it can");
            }
            Ok(()) | Err(_) => {}
        }
        self.is_well = result.is_ok();
    }
}

/// A line that was cut off (a full disk, a power cut) is closed first, so that it stays the only damaged one.
fn add_lines(mut file: &File, text: &str) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    file.write_all(text.as_bytes())
}

fn file_name(day: Date) -> String {
    format!("{day}.jsonl")
}
