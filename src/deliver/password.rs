//! The password of a login: read at the moment of sending, shown by nothing.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::DeliverError;
use crate::domain::settings::PasswordFrom;

const LONGEST: u64 = 1024;

/// A password. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// # Errors
    /// [`DeliverError::PasswordForm`] when it is empty, longer than 1024 bytes or holds a control character.
    pub fn new(text: &str) -> Result<Self, DeliverError> {
        let fits = !text.is_empty() && text.len() as u64 <= LONGEST && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(DeliverError::PasswordForm) }
    }

    pub(super) fn reveal(self) -> String {
        self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Reads a password from its file, without the line break at its end, or from its environment variable.
///
/// # Errors
/// The file cannot be read, is not a regular file, or is open to group or others; the variable is not set; the
/// password cannot be one.
#[expect(clippy::disallowed_methods, reason = "the configuration names the variable of the password")]
pub fn password(from: &PasswordFrom) -> Result<Password, DeliverError> {
    match from {
        PasswordFrom::File(path) => Password::new(&read(path)?),
        PasswordFrom::Environment(name) => {
            let value = std::env::var(name).map_err(|_| DeliverError::PasswordVariable { name: name.clone() })?;
            Password::new(&value)
        }
    }
}

fn read(path: &Path) -> Result<String, DeliverError> {
    let failed = |source| DeliverError::PasswordFile { path: path.to_owned(), source };
    // Looked at before it is opened, because opening a pipe would wait; and again on the open file.
    let regular = |meta: fs::Metadata| if meta.is_file() { Ok(meta) } else { Err(io::ErrorKind::InvalidInput.into()) };
    fs::metadata(path).and_then(regular).map_err(failed)?;
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().and_then(regular).map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(DeliverError::PasswordOpen { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(LONGEST + 3).read_to_string(&mut text).map_err(failed)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_open_to_others_is_refused() {
        let folder = super::super::script::folder("password");
        let path = folder.join("password");
        for (mode, content, fits) in [
            (0o600, "canary\n", true),
            (0o400, "canary\r\n", true),
            (0o640, "canary\n", false),
            (0o604, "canary\n", false),
            (0o610, "canary\n", false),
            (0o600, "", false),
            (0o600, "\n", false),
            (0o600, "canary\nsecond line\n", false),
        ] {
            let _ = fs::remove_file(&path);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = password(&PasswordFrom::File(path.clone()));
            assert_eq!(read.is_ok(), fits, "{mode:o} {content:?}");
            assert!(!format!("{read:?}").contains("canary"));
            if let Ok(read) = read {
                assert_eq!(read.reveal(), "canary");
            }
        }
        assert!(matches!(password(&PasswordFrom::File(folder)), Err(DeliverError::PasswordFile { .. })));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let from = PasswordFrom::Environment("RITARDO_TEST_NO_SUCH_VARIABLE".to_owned());
        let error = password(&from).unwrap_err().to_string();
        assert!(error.contains("RITARDO_TEST_NO_SUCH_VARIABLE"), "{error}");
    }
}
