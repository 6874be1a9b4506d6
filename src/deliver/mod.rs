//! Deliver: an invoice's documents become one finished `.eml`, signed where there is a key, and the `.eml` is carried
//! by file or SMTP.
//!
//! Invariants: the bytes that are sent are the bytes that were stored; one [`Carrier::carry`] is one attempt for one
//! recipient; when it cannot be known whether a server took a mail, the outcome says so.

mod clock;
mod dkim;
mod dsn;
mod eml;
mod field;
mod login;
mod outbox;
mod password;
mod reply;
mod row;
#[cfg(test)]
mod script;
mod secret_file;
mod session;
mod smtp;
mod tls;
mod wire;

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::settings::{PasswordFrom, Transport};

pub use dkim::Signer;
pub use eml::{Attachment, Letter, Others, eml, message_id};
pub use password::{Password, password, secret};

/// What became of one attempt for one recipient. Texts are at most 200 characters, none of them a control character or one
/// that nobody sees.
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
    /// Larger than the server, or the configuration, takes. Nothing of it was sent.
    TooBig { reason: String },
}

impl Outcome {
    /// What was said.
    pub fn words(&self) -> &str {
        match self {
            Self::Sent { reply: words }
            | Self::Deferred { reason: words }
            | Self::Refused { reason: words }
            | Self::Unknown { reason: words }
            | Self::TooBig { reason: words } => words,
        }
    }
}

/// An attempt, and whether others may follow in this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    pub outcome: Outcome,
    pub road: Road,
}

/// Whether more mail can go the same way now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Road {
    Open,
    /// The server takes no more for now, does not answer in time, or cannot be reached. Mails that are left stay as they
    /// are, without an attempt.
    Busy {
        reason: String,
    },
    /// The server fails one mail after the other: as [`Road::Busy`], and somebody is to be told.
    Broken {
        reason: String,
    },
}

/// A finished mail on its way to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    /// What a report of a server names it by, in the form of a Message-ID without angle brackets.
    pub id: &'a str,
    /// File name in an outbox folder, such as `LR-2018-000001_1.eml`.
    pub name: &'a str,
    /// Address of the envelope: where bounces go.
    pub from: &'a str,
    /// Address of the envelope.
    pub to: &'a str,
    /// The bytes that were frozen.
    pub eml: &'a [u8],
}

/// Why a mail could not be made or not even be tried: what is wrong lies on this side.
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
    /// Whoever can put another folder in the place of one on the way gets the mails, and can take them away.
    #[error("the outbox {path} is not safe: {way} can be written by every user of this machine")]
    OutboxWay { path: PathBuf, way: PathBuf },
    #[error("{path} exists and is another mail than the one to be written")]
    OutboxTaken { path: PathBuf },
    #[error("cannot write {path}")]
    OutboxFile { path: PathBuf, source: io::Error },
    #[error("cannot read the password file {path}")]
    PasswordFile { path: PathBuf, source: io::Error },
    #[error("the password file {path} is open to others than its owner (mode {mode:04o}; 0600 is needed)")]
    PasswordOpen { path: PathBuf, mode: u32 },
    #[error("the password file {path} belongs to the user {owner}, who neither runs this nor is root")]
    PasswordForeign { path: PathBuf, owner: u32 },
    #[error("the environment variable `{name}`, which should hold a password, is not set or not text")]
    PasswordVariable { name: String },
    #[error("there is no credential `{name}`: CREDENTIALS_DIRECTORY, which systemd sets, is not set")]
    PasswordCredential { name: String },
    #[error("the password is empty, longer than 1024 bytes, or holds a control character")]
    PasswordForm,
    #[error("cannot read the certificates in {path}")]
    Certificates { path: PathBuf, source: io::Error },
    #[error("the certificates in {path} can be written by every user of this machine (mode {mode:04o})")]
    CertificatesOpen { path: PathBuf, mode: u32 },
    #[error("{path} holds no certificate in PEM form")]
    NoCertificate { path: PathBuf },
    #[error("a certificate in {path} cannot be used: {why}")]
    Certificate { path: PathBuf, why: String },
    #[error("the settings of TLS cannot be used: {why}")]
    Tls { why: String },
    #[error("mail to `{host}` would travel as plain text: only a loopback address may do without TLS")]
    PlainText { host: String },
    #[error("the password for `{host}` would travel as plain text: a login needs TLS")]
    PlainLogin { host: String },
    /// Stops all mail of the run: every further attempt with this login would fail too, and may lock it.
    #[error("`{host}` does not accept the login: {reply}")]
    Login { host: String, reply: String },
    /// Stops all mail of the run, and tells of no mail: it was said before the server knew of one.
    #[error("`{host}` does not serve this program: {reply}")]
    Unserved { host: String, reply: String },
    /// Stops all mail of the run: the server asked for a login, or for another one, when a mail came.
    #[error("`{host}` takes no mail without another login: {reply}")]
    LoginWanted { host: String, reply: String },
    #[error("`{host}` offers no login that is known here, which are PLAIN and LOGIN")]
    LoginForm { host: String },
    /// Stops all mail of the run: what the server says is hardly about these mails.
    #[error("`{host}` refuses one mail after the other with the same words: {words}")]
    RefusedAlike { host: String, words: String },
    #[error("cannot read the key file {path}")]
    KeyFile { path: PathBuf, source: io::Error },
    #[error("the key file {path} is open to others than its owner (mode {mode:04o}; 0600 is needed)")]
    KeyOpen { path: PathBuf, mode: u32 },
    #[error("the key file {path} belongs to the user {owner}, who neither runs this nor is root")]
    KeyForeign { path: PathBuf, owner: u32 },
    #[error("the key in {path} cannot sign mails: {why}")]
    Key { path: PathBuf, why: &'static str },
}

impl DeliverError {
    /// Whether the server said it: it takes no mail from here, or not with this login or sender.
    pub const fn is_of_the_server(&self) -> bool {
        matches!(
            self,
            Self::Login { .. }
                | Self::LoginWanted { .. }
                | Self::LoginForm { .. }
                | Self::Unserved { .. }
                | Self::RefusedAlike { .. }
        )
    }

    /// Whether it concerns one mail, and others can be carried all the same.
    pub const fn is_of_one_mail(&self) -> bool {
        matches!(self, Self::OutboxTaken { .. } | Self::Field { .. } | Self::Form { .. } | Self::Date)
    }
}

/// Carries finished mails, one after the other. Over SMTP it holds at most one connection, which is opened by the first
/// mail and used for all that follow.
pub struct Carrier(By);

enum By {
    Folder {
        outbox: PathBuf,
        /// A folder whose own way is not looked at.
        door: Option<PathBuf>,
    },
    Server(Box<smtp::Agent>),
}

impl Carrier {
    /// `secrets` gives the password, and is asked only where a login is configured; see [`password()`].
    ///
    /// # Errors
    /// Settings that cannot be used: a password or an authority that cannot be read, a login in plain text. No connection
    /// is made.
    pub fn new(
        transport: &Transport,
        secrets: &dyn Fn(&PasswordFrom) -> Result<Password, DeliverError>,
    ) -> Result<Self, DeliverError> {
        Ok(Self(match transport {
            Transport::File { outbox } => By::Folder { outbox: outbox.clone(), door: None },
            Transport::Smtp(server) => By::Server(Box::new(smtp::Agent::new(server, secrets)?)),
        }))
    }

    /// Takes the way to this folder as it is, for an outbox inside it: whatever else the caller has lies there, too.
    pub fn trust(&mut self, folder: &Path) {
        if let By::Folder { door, .. } = &mut self.0 {
            *door = Some(folder.to_owned());
        }
    }

    /// Whether mails wait for one another, because a rate is configured.
    pub fn is_paced(&self) -> bool {
        matches!(&self.0, By::Server(agent) if agent.is_paced())
    }

    /// Waits until the next mail may go, where a rate is configured; its attempt then begins at once.
    pub fn wait(&mut self) {
        if let By::Server(agent) = &mut self.0 {
            agent.wait();
        }
    }

    /// What the last run said where something stopped it: where a server refuses with the same words again, that is soon known.
    pub fn was_stopped(&mut self, words: Vec<String>) {
        if let By::Server(agent) = &mut self.0 {
            agent.was_stopped(words);
        }
    }

    /// Whether a folder has this mail already, byte for byte, and will have it after a loss of power. Of a server nobody can
    /// ask that.
    pub fn holds(&self, parcel: &Parcel<'_>) -> bool {
        match &self.0 {
            By::Folder { outbox, .. } => {
                field::file_name(parcel.name).is_ok_and(|name| outbox::holds(outbox, name, parcel.eml))
            }
            By::Server(_) => false,
        }
    }

    /// One attempt for one recipient. Where a rate is configured, it waits until the mail may go, unless [`Carrier::wait`]
    /// has done so.
    ///
    /// # Errors
    /// What lies on this side: an outbox that cannot be written, a login or a sender that the server refuses, a server that
    /// serves nobody from here, which stop all mail; or a mail that cannot travel, or whose name another one has, see [`DeliverError::is_of_one_mail`]. Everything else that
    /// a server does is an [`Outcome`].
    pub fn carry(&mut self, parcel: &Parcel<'_>) -> Result<Carried, DeliverError> {
        field::travels(parcel.eml)?;
        match &mut self.0 {
            By::Folder { outbox, door } => {
                let name = field::file_name(parcel.name)?;
                let outcome = outbox::put(outbox, door.as_deref(), name, parcel.eml)?;
                Ok(Carried { outcome, road: Road::Open })
            }
            By::Server(agent) => {
                let (from, to) = (field::address("sender", parcel.from)?, field::address("recipient", parcel.to)?);
                agent.carry(&session::Mail { id: field::message_id(parcel.id)?, from, to, eml: parcel.eml })
            }
        }
    }

    /// Takes leave of the server, where a connection is open. Without it the connection is merely dropped.
    pub fn close(self) {
        match self.0 {
            By::Folder { .. } => {}
            By::Server(agent) => agent.close(),
        }
    }
}
