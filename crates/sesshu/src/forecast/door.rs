//! The door for JSON Lines: many lines in, as many out, in the same order, on all cores, with bounded memory.
//!
//! A line that cannot be answered never stops the others: it gets its own line that says why.

use std::io::{self, BufRead, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A person of 500 doses takes about 40 kB; a longer line is no person, and must not fill the memory.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// How much is read before the cores share it: enough that starting threads costs little beside the work, and little
/// enough that the answers, which are thirty times as long, stay within some megabytes.
pub const BATCH_BYTES: usize = 1 << 18;
/// The byte order mark that some editors put at the start of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Below this many lines, one core answers sooner than several.
const LINES_PER_CORE_MIN: usize = 32;

/// Answers lines one after the other, with room of its own to work in.
pub trait Answers {
    /// Writes the answer without a line end; or nothing, and says why not.
    fn answer(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal>;
}

/// Why a line has no answer, and whose line it was (as JSON, `null` where that cannot be read).
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub id: String,
    pub error: String,
}

/// How many lines were answered and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub answered: u64,
    pub refused: u64,
}

/// Answers every line of `input`. `workers` are the cores' own rooms; one is enough. `progress` hears of each batch.
pub fn answer_all<A: Answers + Send>(
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    workers: &mut [A],
    progress: &mut dyn FnMut(Counts),
) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let mut batch = Batch::default();
    let mut outs: Vec<Vec<u8>> = workers.iter().map(|_| Vec::new()).collect();
    loop {
        let more = batch.fill(input)?;
        let cores = (batch.lines.len() / LINES_PER_CORE_MIN).clamp(1, workers.len());
        let share = batch.lines.len().div_ceil(cores).max(1);
        let batch_ref = &batch;
        std::thread::scope(|scope| {
            let jobs = batch.lines.chunks(share).zip(workers.iter_mut().zip(outs.iter_mut()));
            let mut handles = Vec::new();
            for (index, (lines, (worker, out))) in jobs.enumerate() {
                let mut job = move || answer_lines(batch_ref, lines, worker, out);
                if index + 1 == cores {
                    // The last share is this thread's own.
                    add(&mut counts, job());
                } else {
                    handles.push(scope.spawn(job));
                }
            }
            for handle in handles {
                add(&mut counts, handle.join().expect("answering a line does not panic"));
            }
        });
        for out in &mut outs {
            output.write_all(out)?;
            out.clear();
        }
        output.flush()?;
        progress(counts);
        if !more {
            return Ok(counts);
        }
    }
}

fn add(counts: &mut Counts, more: Counts) {
    counts.answered += more.answered;
    counts.refused += more.refused;
}

fn answer_lines<A: Answers>(batch: &Batch, lines: &[Line], worker: &mut A, out: &mut Vec<u8>) -> Counts {
    let mut counts = Counts::default();
    for line in lines {
        let start = out.len();
        let answer = if line.too_long {
            Err(Refusal {
                id: "null".to_owned(),
                error: format!("1行が長すぎます。1人を1行、{LINE_BYTES_MAX} バイト以内で書いてください"),
            })
        } else {
            answer_line(worker, &batch.bytes[line.from..line.until], out)
        };
        match answer {
            Ok(()) => counts.answered += 1,
            Err(refusal) => {
                counts.refused += 1;
                out.truncate(start);
                write_refusal(&refusal, line.number, out);
            }
        }
        out.push(b'\n');
    }
    counts
}

/// A fault of ours in one line must not take the answers of all others along: it is said in that line (and its trace
/// on stderr), and the run goes on.
fn answer_line<A: Answers>(worker: &mut A, line: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    // A worker clears its rooms before each line, so a broken-off one leaves nothing behind.
    let answer = catch_unwind(AssertUnwindSafe(|| worker.answer(line, out)));
    answer.unwrap_or_else(|_| {
        Err(Refusal {
            id: "null".to_owned(),
            error: "判定中に不具合が起きました。この行を添えて開発元に知らせてください".to_owned(),
        })
    })
}

fn write_refusal(refusal: &Refusal, number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    out.extend_from_slice(refusal.id.as_bytes());
    out.extend_from_slice(b",\"error\":");
    let error = format!("{number}行目: {}", refusal.error);
    serde_json::to_writer(&mut *out, &error).expect("writing to memory does not fail");
    out.push(b'}');
}

/// Where a line lies in its batch, without its line end.
#[derive(Clone, Copy)]
struct Line {
    from: usize,
    until: usize,
    /// Counted from 1 over the whole input.
    number: u64,
    too_long: bool,
}

/// Whole lines that are answered together.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    lines: Vec<Line>,
    /// Start of a line that has no end yet.
    rest: usize,
    /// The line under way is already known to be too long; what follows of it is dropped.
    overlong: bool,
    begun: bool,
    /// Lines seen so far.
    seen: u64,
}

impl Batch {
    /// Takes in what is there (at least one whole line, unless the input ends); `false` at the end of the input.
    fn fill(&mut self, input: &mut dyn BufRead) -> io::Result<bool> {
        self.lines.clear();
        self.bytes.drain(..self.rest);
        self.rest = 0;
        loop {
            let mut scanned = self.bytes.len();
            let piece = match input.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if piece.is_empty() {
                if self.overlong || self.rest < self.bytes.len() {
                    self.end_line(self.bytes.len());
                    self.rest = self.bytes.len();
                }
                return Ok(false);
            }
            let length = piece.len();
            self.bytes.extend_from_slice(piece);
            input.consume(length);
            if !self.begun {
                if self.bytes.len() < MARK.len() && MARK.starts_with(&self.bytes) {
                    continue;
                }
                self.begun = true;
                // A byte order mark belongs to no line.
                if self.bytes.starts_with(MARK) {
                    self.bytes.drain(..MARK.len());
                }
                scanned = 0;
            }
            self.scan(scanned);
            if !self.lines.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Finds line ends in the bytes from `from` on, and drops the middle of a line that is too long.
    fn scan(&mut self, from: usize) {
        let mut at = from;
        while let Some(offset) = self.bytes[at..].iter().position(|byte| *byte == b'\n') {
            self.end_line(at + offset);
            at += offset + 1;
            self.rest = at;
        }
        if self.bytes.len() - self.rest > LINE_BYTES_MAX {
            self.overlong = true;
            self.bytes.truncate(self.rest);
        } else if self.overlong {
            self.bytes.truncate(self.rest);
        }
    }

    fn end_line(&mut self, until: usize) {
        let from = self.rest.min(until);
        let too_long = self.overlong || until - from > LINE_BYTES_MAX;
        self.overlong = false;
        self.seen += 1;
        self.lines.push(Line { from, until, number: self.seen, too_long });
    }
}

/// The input of a command: a file or standard input, read in pieces that suit [`answer_all`].
pub fn buffered(input: impl Read + 'static) -> io::BufReader<Box<dyn Read>> {
    io::BufReader::with_capacity(BATCH_BYTES, Box::new(input))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    impl Answers for Echo {
        fn answer(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
            assert!(line != b"panic", "a fault of ours");
            if line == b"bad" {
                return Err(Refusal { id: "7".to_owned(), error: "\"x\"".to_owned() });
            }
            out.extend_from_slice(line);
            Ok(())
        }
    }

    fn echoed(input: &[u8], piece: usize) -> (String, Counts) {
        let mut out = Vec::new();
        let mut input = io::BufReader::with_capacity(piece, input);
        let counts = answer_all(&mut input, &mut out, &mut [Echo, Echo, Echo], &mut |_| {}).unwrap();
        (String::from_utf8(out).unwrap(), counts)
    }

    #[test]
    fn the_order_is_kept_however_the_input_arrives() {
        let lines: String = (0..1000).map(|line| format!("{line}\n")).collect();
        for piece in [1, 7, 64, 4096, 1 << 20] {
            assert_eq!(
                echoed(lines.as_bytes(), piece),
                (lines.clone(), Counts { answered: 1000, refused: 0 })
            );
        }
    }

    #[test]
    fn a_last_line_without_line_end_and_a_byte_order_mark_are_understood() {
        for piece in [1, 2, 4096] {
            assert_eq!(echoed(b"\xef\xbb\xbfa\nb", piece).0, "a\nb\n");
        }
        assert_eq!(echoed(b"", 4096), (String::new(), Counts::default()));
    }

    #[test]
    fn a_refused_line_says_whose_it_was_and_the_others_go_on() {
        let (out, counts) = echoed(b"a\nbad\nc\n", 3);
        assert_eq!(out, "a\n{\"id\":7,\"error\":\"2行目: \\\"x\\\"\"}\nc\n");
        assert_eq!(counts, Counts { answered: 2, refused: 1 });
    }

    #[test]
    fn a_fault_in_one_line_leaves_the_others_answered() {
        let (out, counts) = echoed(b"a\npanic\nc\n", 4096);
        assert_eq!(counts, Counts { answered: 2, refused: 1 });
        assert!(
            out.starts_with("a\n{\"id\":null,\"error\":\"2行目: 判定中に不具合が起きました")
                && out.ends_with("}\nc\n")
        );
    }

    #[test]
    fn a_line_at_the_limit_passes_and_one_byte_more_is_refused_without_being_kept() {
        for (length, refused) in [(LINE_BYTES_MAX, 0), (LINE_BYTES_MAX + 1, 1), (5 * LINE_BYTES_MAX, 1)] {
            let mut input = vec![b'x'; length];
            input.extend_from_slice(b"\nend");
            for piece in [1 << 12, 1 << 20, 8 << 20] {
                let (out, counts) = echoed(&input, piece);
                assert_eq!(
                    counts,
                    Counts { answered: 2 - refused, refused },
                    "{length} in pieces of {piece}"
                );
                assert!(out.ends_with("\nend\n"));
            }
        }
    }
}
