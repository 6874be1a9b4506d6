//! Deliver: an invoice's documents become one finished `.eml`, and the `.eml` is carried by file or SMTP.
//!
//! Invariants: the bytes that are sent are the bytes that were stored; one call is one attempt for one
//! recipient; when it cannot be known whether a server took a mail, the outcome says so.

mod attempt;
mod carrier;
mod eml;
mod field;
mod outbox;
mod password;
#[cfg(test)]
mod script;
mod smtp;

use std::io;
use std::path::PathBuf;

use crate::domain::settings::{PasswordFrom, Transport};

pub use carrier::{Carried, Carrier, Parcel, Road};
pub use eml::{Attachment, Letter, Others, eml, message_id};
pub use password::{Password, password};

/// What became of one attempt for one recipient. Texts are at most 200 characters, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The outbox holds it, or the server answered 250 to the whole mail.
    Sent { reply: String },
    /// Not taken, and a later attempt may succeed.
    Deferred { reason: String },
    /// Not taken, and the server will not take it later either.
    Refused { reason: String },
    /// The end of the mail may have reached the server, and no whole answer came back: it may be there.
    Unknown { reason: String },
    /// Not offered: it is larger than the server takes.
    TooBig { reason: String },
}

/// Why a mail could not be made or not even be tried: what is wrong lies on this side, and stays so for every mail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliverError {
    #[error("the {field} of a mail cannot be `{text}`: {why}")]
    Field { field: &'static str, text: String, why: &'static str },
    #[error("the date of a mail is before 1970 or after 9999")]
    Date,
    #[error("this is not a mail that can travel: {why}")]
    Form { why: &'static str },
    #[error("cannot use the outbox {path}")]
    Outbox { path: PathBuf, source: io::Error },
    #[error("the outbox {path} can be written by every user of this machine")]
    OutboxOpen { path: PathBuf },
    #[error("{path} exists and is another mail than the one to be written")]
    OutboxTaken { path: PathBuf },
    #[error("cannot write {path}")]
    OutboxFile { path: PathBuf, source: io::Error },
    #[error("cannot read the password file {path}")]
    PasswordFile { path: PathBuf, source: io::Error },
    #[error("the password file {path} is open to others than its owner (mode {mode:04o}; 0600 is needed)")]
    PasswordOpen { path: PathBuf, mode: u32 },
    #[error("the environment variable `{name}`, which should hold a password, is not set or not text")]
    PasswordVariable { name: String },
    #[error("the password is empty, longer than 1024 bytes, or holds a control character")]
    PasswordForm,
    #[error("cannot read the certificates in {path}")]
    Certificates { path: PathBuf, source: io::Error },
    #[error("{path} holds no certificate in PEM form")]
    NoCertificate { path: PathBuf },
    #[error("the settings of TLS cannot be used")]
    Tls { source: lettre::transport::smtp::Error },
    #[error("mail to `{host}` would travel as plain text: only a loopback address may do without TLS")]
    PlainText { host: String },
    #[error("the password for `{host}` would travel as plain text: a login needs TLS")]
    PlainLogin { host: String },
    /// Stops all mail of the run: every further attempt with this login would fail too, and may lock it.
    #[error("`{host}` does not accept the login: {reply}")]
    Login { host: String, reply: String },
    #[error("cannot start the thread that speaks to the mail server")]
    Thread { source: io::Error },
}

/// Carries a finished mail to one recipient: one attempt.
///
/// `name` is the file name in an outbox, such as `LR-2018-000001_1.eml`; `from` and `to` are the addresses of
/// the envelope. `secrets` gives the password, and is asked only where a login is configured; see [`password()`].
///
/// # Errors
/// What lies on this side: a mail that cannot travel, settings that cannot be used, an outbox that cannot be
/// written, a login that the server refuses. Everything else that a server does is an [`Outcome`].
pub fn deliver(
    transport: &Transport,
    eml: &[u8],
    name: &str,
    from: &str,
    to: &str,
    secrets: &dyn Fn(&PasswordFrom) -> Result<Password, DeliverError>,
) -> Result<Outcome, DeliverError> {
    field::travels(eml)?;
    match transport {
        Transport::File { outbox } => outbox::put(outbox, field::file_name(name)?, eml),
        Transport::Smtp(server) => {
            let (from, to) = (field::address("sender", from)?, field::address("recipient", to)?);
            attempt::run(smtp::Job::new(server, eml, from, to, secrets)?)
        }
    }
}
