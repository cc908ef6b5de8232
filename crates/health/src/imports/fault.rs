//! 取込みエラー: what is wrong with a row, in words the sender and the clerk both understand.

/// How many errors, and how many warnings, of one file are kept: more help nobody, and a wrong column faults every row.
pub const FAULTS_KEPT_MAX: usize = 10_000;

/// Whether the row can be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Cannot be true or cannot be read: the file is refused.
    Error,
    /// Odd: taken in and shown.
    Warning,
}

impl Weight {
    pub const fn code(self) -> &'static str {
        match self {
            Weight::Error => "error",
            Weight::Warning => "warning",
        }
    }

    pub const fn ja(self) -> &'static str {
        match self {
            Weight::Error => "エラー",
            Weight::Warning => "注意",
        }
    }

    pub fn from_code(code: &str) -> Weight {
        if code == "warning" { Weight::Warning } else { Weight::Error }
    }
}

/// One fault: where it is and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line in the sender's file, 1-based; 0 where the whole file is meant.
    pub line: u64,
    /// The column's name; empty where the whole row is meant.
    pub field: String,
    pub sentence: String,
    pub weight: Weight,
}

impl Fault {
    /// The whole file cannot be taken.
    pub fn file(sentence: &str) -> Self {
        Fault::at(0, "", sentence.to_owned())
    }

    pub fn at(line: u64, field: &str, sentence: String) -> Self {
        Fault { line, field: field.to_owned(), sentence, weight: Weight::Error }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.field.as_str()) {
            (0, _) => f.write_str(&self.sentence),
            (line, "") => write!(f, "{line}行目：{}", self.sentence),
            (line, field) => write!(f, "{line}行目「{field}」：{}", self.sentence),
        }
    }
}

/// All faults of a file: the first ones in full, the others counted.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    kept: Vec<Fault>,
    pub errors: u64,
    pub warnings: u64,
}

impl Faults {
    pub fn push(&mut self, fault: Fault) {
        let count = match fault.weight {
            Weight::Error => &mut self.errors,
            Weight::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= FAULTS_KEPT_MAX as u64 {
            self.kept.push(fault);
        }
    }

    pub fn error(&mut self, line: u64, field: &str, sentence: impl Into<String>) {
        self.push(Fault::at(line, field, sentence.into()));
    }

    pub fn warn(&mut self, line: u64, field: &str, sentence: impl Into<String>) {
        self.push(Fault { weight: Weight::Warning, ..Fault::at(line, field, sentence.into()) });
    }

    /// The kept faults in the order of the file, errors of a line before its warnings.
    pub fn into_kept(mut self) -> Vec<Fault> {
        self.kept.sort_by_key(|fault| (fault.line, fault.weight));
        self.kept
    }
}
