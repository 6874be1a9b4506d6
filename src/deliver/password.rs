//! The password of a login: read at the moment of sending, shown by nothing.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use super::DeliverError;
use super::secret_file::{self, OWNER_ALONE, SERVICE_ALONE, Unread};
use crate::domain::settings::PasswordFrom;

const LONGEST: u64 = 1024;
/// A token that names a user with all groups has some thousand bytes.
const LONGEST_TOKEN: u64 = 16 << 10;

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

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Where systemd says that it put the credentials of a service.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Reads a password from its file, without the line break at its end, from its environment variable, or from the
/// credential that systemd gave to the service.
///
/// # Errors
/// The file cannot be read, is not a regular file, is another user's, or is open to group or others; the variable is not set; there is no
/// such credential; the password cannot be one.
#[expect(clippy::disallowed_methods, reason = "the configuration names the variable of the password")]
pub fn password(from: &PasswordFrom) -> Result<Password, DeliverError> {
    match from {
        PasswordFrom::File(path) => Password::new(&read(path, OWNER_ALONE)?),
        PasswordFrom::Environment(name) => {
            let value = std::env::var(name).map_err(|_| DeliverError::PasswordVariable { name: name.clone() })?;
            Password::new(&value)
        }
        PasswordFrom::Credential(name) => {
            let folder = std::env::var_os(CREDENTIALS).map(PathBuf::from).filter(|folder| folder.is_absolute());
            let folder = folder.ok_or_else(|| DeliverError::PasswordCredential { name: name.clone() })?;
            Password::new(&read(&folder.join(name), SERVICE_ALONE)?)
        }
    }
}

/// Reads a secret that is no password of a mail server, as the file of one is read.
///
/// # Errors
/// Why it cannot be read, in a sentence.
pub fn secret(path: &Path) -> Result<String, String> {
    let bytes = secret_file::read(path, OWNER_ALONE, LONGEST_TOKEN + 3).map_err(|unread| match unread {
        Unread::Failed(source) => format!("the secret cannot be read: {source}"),
        Unread::Open(mode) => format!("others may read the secret: its mode is {mode:04o}, and should be 0600"),
        Unread::Foreign(owner) => format!("the secret belongs to user {owner}"),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| "the secret is no text".to_owned())?;
    let line = text.trim_end_matches(['\n', '\r']);
    // What was cut off would be refused by the server, with nothing that says why.
    let fits = line.len() as u64 <= LONGEST_TOKEN;
    if fits { Ok(line.to_owned()) } else { Err(format!("the secret is longer than {LONGEST_TOKEN} bytes")) }
}

fn read(path: &Path, refused: u32) -> Result<String, DeliverError> {
    let failed = |source| DeliverError::PasswordFile { path: path.to_owned(), source };
    let bytes = secret_file::read(path, refused, LONGEST + 3).map_err(|unread| match unread {
        Unread::Failed(source) => failed(source),
        Unread::Open(mode) => DeliverError::PasswordOpen { path: path.to_owned(), mode },
        Unread::Foreign(owner) => DeliverError::PasswordForeign { path: path.to_owned(), owner },
    })?;
    let text = String::from_utf8(bytes).map_err(|_| failed(io::ErrorKind::InvalidData.into()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

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
    fn a_token_is_whole_or_none() {
        let path = super::super::script::folder("token").join("token");
        for (length, fits) in [(5_000, true), (16_384, true), (16_385, false), (20_000, false)] {
            let _ = fs::remove_file(&path);
            fs::write(&path, format!("{}\n", "a".repeat(length))).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert_eq!(secret(&path).map(|read| read.len()).ok(), fits.then_some(length));
        }
    }

    #[test]
    fn a_credential_may_be_read_by_its_service() {
        let path = super::super::script::folder("credential").join("smtp");
        for (mode, fits) in [(0o400, true), (0o440, true), (0o460, false), (0o444, false)] {
            let _ = fs::remove_file(&path);
            fs::write(&path, "canary").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&path, SERVICE_ALONE).is_ok(), fits, "{mode:o}");
        }
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let from = PasswordFrom::Environment("RITARDO_TEST_NO_SUCH_VARIABLE".to_owned());
        let error = password(&from).unwrap_err().to_string();
        assert!(error.contains("RITARDO_TEST_NO_SUCH_VARIABLE"), "{error}");
    }
}
