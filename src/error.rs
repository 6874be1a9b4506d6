//! What a user meets when something goes wrong: kind, message, where, hint, exit code.

use std::fmt;
use std::path::Path;

use crate::domain::Mistake;

/// The kinds of outcome. Each has one exit code, and this is the only table of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Differences,
    /// What was asked for does not exist, or the arguments contradict each other.
    CommandLine,
    SetAside,
    SelfCheck,
    CannotCreate,
    InputOutput,
    TryLater,
    Permission,
    Configuration,
    /// A signal came while mails were sent.
    Stopped,
}

/// Exit codes with what they mean, as `--help` and the README show them.
pub const EXIT_CODES: [(u8, &str); 11] = [
    (0, "done; also: nothing to do, months still waiting, rejected rows (with a warning)"),
    (1, "an audit or verification found differences"),
    (2, "bad command line"),
    (65, "files, businesses or mails were set aside, the rest is done"),
    (70, "a self-check failed, nothing written"),
    (73, "an output cannot be created"),
    (74, "input or output error"),
    (75, "another run holds the lock, a server asks to try later, or a mail waits for about a day"),
    (77, "permission denied"),
    (78, "configuration or tariff"),
    (143, "stopped by a signal while mails were sent, after the mail in hand"),
];

impl Kind {
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Differences => 1,
            Self::CommandLine => 2,
            Self::SetAside => 65,
            Self::SelfCheck => 70,
            Self::CannotCreate => 73,
            Self::InputOutput => 74,
            Self::TryLater => 75,
            Self::Permission => 77,
            Self::Configuration => 78,
            Self::Stopped => 143,
        }
    }
}

/// The table of exit codes as text, for `--help`.
pub fn exit_codes() -> String {
    let rows = EXIT_CODES.iter().map(|(code, meaning)| format!("  {code:>2}  {meaning}"));
    format!("Exit codes:\n{}", rows.collect::<Vec<_>>().join("\n"))
}

/// Why a command stopped.
#[derive(Debug)]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
    /// File, and line where there is one.
    pub place: Option<String>,
    pub hint: Option<String>,
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// For mistakes in files that people write: all of them, in place of the message.
    pub mistakes: Vec<Mistake>,
}

impl Failure {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None, hint: None, source: None, mistakes: Vec::new() }
    }

    /// The mistakes of a configuration or tariff.
    pub fn of_mistakes(mistakes: Vec<Mistake>) -> Self {
        Self { mistakes, ..Self::new(Kind::Configuration, "the configuration has mistakes") }
    }

    /// An error of the operating system about a file: its kind follows from the error.
    pub fn io(what: &str, path: &Path, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let kind = match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Kind::Permission,
            ErrorKind::AlreadyExists | ErrorKind::IsADirectory | ErrorKind::NotADirectory => Kind::CannotCreate,
            _ => Kind::InputOutput,
        };
        let is_missing_folder = what.starts_with("create") && error.kind() == ErrorKind::NotFound;
        let kind = if is_missing_folder { Kind::CannotCreate } else { kind };
        Self::new(kind, format!("cannot {what}")).at(path).because(error)
    }

    pub fn at(self, path: &Path) -> Self {
        Self { place: Some(path.display().to_string()), ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same in one line: where, what, why, and what to do.
    pub fn in_a_line(&self) -> String {
        let place = self.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        let mut causes = String::new();
        let mut cause: Option<&dyn std::error::Error> = self.source.as_ref().map(|source| source.as_ref() as _);
        while let Some(error) = cause {
            causes.push_str(&format!(": {error}"));
            cause = error.source();
        }
        let hint = self.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{place}{}{causes}{hint}", self.message).replace('\n', " ")
    }

    pub fn because(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Box::new(source)), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.mistakes.is_empty() {
            let texts: Vec<String> = self.mistakes.iter().map(|mistake| format!("error: {mistake}")).collect();
            return f.write_str(&texts.join("\n\n"));
        }
        write!(f, "error: {}", self.message)?;
        let mut cause: Option<&dyn std::error::Error> = self.source.as_ref().map(|source| source.as_ref() as _);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        if let Some(place) = &self.place {
            write!(f, "\n  --> {place}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row_in_the_table() {
        let kinds = [
            Kind::Differences,
            Kind::CommandLine,
            Kind::SetAside,
            Kind::SelfCheck,
            Kind::CannotCreate,
            Kind::InputOutput,
            Kind::TryLater,
            Kind::Permission,
            Kind::Configuration,
            Kind::Stopped,
        ];
        for kind in kinds {
            assert!(EXIT_CODES.iter().any(|(code, _)| *code == kind.exit_code()), "{kind:?}");
        }
    }
}
