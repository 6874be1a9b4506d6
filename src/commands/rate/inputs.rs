//! The logs that a command line names.

use std::path::{Path, PathBuf};

use super::NOTHING_WRITTEN;
use crate::error::{Failure, Kind};
use crate::read::{ReadError, inbox};

/// Refuses what would be an object of a bucket.
///
/// # Errors
/// When the input is a URL of object storage.
pub fn refuse_object(input: &Path) -> Result<(), Failure> {
    if !input.to_str().is_some_and(|text| text.starts_with("s3://")) {
        return Ok(());
    }
    let failure = Failure::new(Kind::CommandLine, "an input lies in object storage").at(input);
    Err(failure.hint("only `inbox` and `archive` of a configuration may lie there: bring the file here first"))
}

/// The files to read; and the links, pipes and devices in folders, which are not.
pub fn expanded(inputs: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>), Failure> {
    let (mut paths, mut passed_over) = (Vec::new(), Vec::new());
    for input in inputs {
        refuse_object(input)?;
        if input.is_dir() {
            let found = inbox::files(input)
                .map_err(|error| Failure::new(Kind::InputOutput, "cannot list the folder").at(input).because(error))?;
            passed_over.extend(found.passed_over.iter().map(|name| input.join(name).display().to_string()));
            paths.extend(found.files.into_iter().map(|found| found.path));
        } else {
            paths.push(input.clone());
        }
    }
    Ok((paths, passed_over))
}

/// The failure of a log that cannot be read: it stops the command.
pub fn unreadable(path: &Path, error: ReadError) -> Failure {
    let failure = match error {
        ReadError::Io(error) => return Failure::io("read the log", path, error),
        error => Failure::new(Kind::SetAside, "a log cannot be read").at(path).because(error),
    };
    failure.hint(NOTHING_WRITTEN)
}
