//! What the configuration settles for the stages: sources of logs, and the road that mails take.

use std::path::PathBuf;

use super::chat::ChatSource;
use super::{ChannelId, Decimal, Direction, Elapsed, Instant, Mapping, TimeOfDay, Tongue, Zone};

/// What a file of a source proves about time: which spans its channels' logs are known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// What the sidecar `FILE.manifest.json` says.
    Manifest,
    /// The civil day in the file's name, in the source's zone; an empty file proves a quiet day.
    Daily,
    /// With the source's other files, everything from their first to their last message.
    Continuous,
    /// Only its own first to last message.
    Span,
}

impl Coverage {
    pub const ALL: [Coverage; 4] = [Coverage::Manifest, Coverage::Daily, Coverage::Continuous, Coverage::Span];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Daily => "daily",
            Self::Continuous => "continuous",
            Self::Span => "span",
        }
    }
}

/// The form of a log file. `None` in a [`Source`] means: seen from the file's name and first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogFormat {
    Csv,
    Ndjson,
    Parquet,
    /// WhatsApp Cloud API webhook bodies: one JSON a file, or one a line.
    Webhook,
    /// A chat as the app on a phone exports it.
    Chat,
}

impl LogFormat {
    pub const ALL: [LogFormat; 5] =
        [LogFormat::Csv, LogFormat::Ndjson, LogFormat::Parquet, LogFormat::Webhook, LogFormat::Chat];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Webhook => "webhook",
            Self::Chat => "chat",
        }
    }
}

/// Before the form of a file that was read through a mapping, where it is recorded.
pub const MAPPED: &str = "mapped-";
/// Behind it, where the messages are of the owners of their channels.
pub const OF_OWNERS: &str = "-of-owners";

/// A recorded form in the words of a summary: `csv`, or `csv through a mapping`.
pub fn form_told(recorded: &str) -> String {
    match recorded.strip_prefix(MAPPED) {
        Some(mapped) => format!("{} through a mapping", mapped.strip_suffix(OF_OWNERS).unwrap_or(mapped)),
        None => recorded.to_owned(),
    }
}

/// Whether a recorded form says that its messages are of the owners of their channels.
pub fn is_of_owners(recorded: &str) -> bool {
    recorded == LogFormat::Webhook.name() || recorded.ends_with(OF_OWNERS)
}

impl std::fmt::Display for LogFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for LogFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| format!("`{name}` is not a form of log"))
    }
}

crate::written_as_text!(LogFormat);

/// How a canonical log writes `sent_at`. It is declared and never guessed: a unit that is guessed row by row is
/// wrong without anyone noticing. Webhooks have seconds, Parquet timestamps their own unit, whatever is declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stamps {
    /// RFC 3339, or a local time of the source's zone.
    #[default]
    Text,
    /// Whole seconds since 1970 in UTC.
    Seconds,
    Milliseconds,
    Microseconds,
}

impl Stamps {
    pub const ALL: [Stamps; 4] = [Stamps::Text, Stamps::Seconds, Stamps::Milliseconds, Stamps::Microseconds];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
        }
    }
}

/// One stream of exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Unique, `[a-z0-9-]{1,40}`.
    pub name: String,
    /// Pattern over the path of a file inside the inbox, `/` between folders; `*` stands for any text
    /// within one folder name, `**` for any folders. The first source whose pattern fits claims the file.
    pub files: String,
    pub format: Option<LogFormat>,
    /// How the log of a vendor is read as a canonical one; only of CSV and NDJSON.
    pub mapping: Option<Box<Mapping>>,
    /// Required by `daily`, and by logs of local times.
    pub zone: Option<Zone>,
    pub stamps: Stamps,
    /// Messages before this instant are none of this source.
    pub from: Option<Instant>,
    /// Messages at or after this instant are none of this source.
    pub to: Option<Instant>,
    /// The time of day, in `zone`, by which the next file is expected.
    pub expected_by: Option<TimeOfDay>,
    /// How long the raw files are kept, compressed; `None`: not at all.
    pub keep_raw: Option<Elapsed>,
    /// `None`: all channels that any of its files carried.
    pub channels: Option<Vec<ChannelId>>,
    /// One or both.
    pub directions: Vec<Direction>,
    pub coverage: Coverage,
    pub tolerance: Elapsed,
    /// Whose its chats are; only where the form is [`LogFormat::Chat`].
    pub chat: Option<ChatSource>,
}

/// When a person is told, beyond what holds a month up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmLimits {
    /// Inbound messages without an outbound one that make a silence unusual; 0 switches the alarm off.
    pub silence_messages: u32,
    /// Days after its deadline from which on a held wait is told of.
    pub held_days: u32,
}

impl Default for AlarmLimits {
    fn default() -> Self {
        Self { silence_messages: 10, held_days: 7 }
    }
}

/// How the pages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportRules {
    /// Of the pages of all businesses; that of a business follows its own language.
    pub tongue: Tongue,
    /// Whether each business has pages of its own.
    pub each_business: bool,
}

impl Default for ReportRules {
    fn default() -> Self {
        Self { tongue: Tongue::English, each_business: true }
    }
}

/// What becomes of a month that can be closed, and of a closed one that would come to something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssueRules {
    pub mode: IssueMode,
    /// A month whose net amount, with what earlier months left, is smaller is carried over to the next one.
    pub smallest: Decimal,
    /// A credit note, or a debit line, of a smaller net amount is not issued.
    pub smallest_correction: Decimal,
    pub late_logs: LateLogs,
}

impl Default for IssueRules {
    fn default() -> Self {
        let (smallest, smallest_correction) = (Decimal::ZERO, Decimal::ZERO);
        Self { mode: IssueMode::Automatic, smallest, smallest_correction, late_logs: LateLogs::CreditOnly }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueMode {
    /// A month is closed and its invoice issued as soon as the rule allows.
    Automatic,
    /// A person looks at a preview first.
    AfterApproval,
}

impl IssueMode {
    pub const ALL: [(&'static str, IssueMode); 2] =
        [("automatic", IssueMode::Automatic), ("after-approval", IssueMode::AfterApproval)];
}

/// What logs that arrive after the closing of a month may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateLogs {
    /// Make it cheaper. What they would add is shown, and not billed.
    CreditOnly,
    /// Make it dearer too, as a line of the next invoice.
    CreditAndDebit,
}

impl LateLogs {
    pub const ALL: [(&'static str, LateLogs); 2] =
        [("credit-only", LateLogs::CreditOnly), ("credit-and-debit", LateLogs::CreditAndDebit)];
}

/// Beyond which a month that can be closed is parked until a person has looked at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardLimits {
    /// So many times the median of the business's own closed months; 0 switches the guard off.
    pub jump: u32,
    /// Net amounts below this one never jump.
    pub jump_from: Decimal,
    /// Charges of a business received on one day of its zone; 0 switches the guard off.
    pub charges_per_day: u32,
    /// The greatest net amount of a month; `None`: any.
    pub largest: Option<Decimal>,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self { jump: 10, jump_from: Decimal::whole(100), charges_per_day: 100_000, largest: None }
    }
}

/// What one file may ask of the machine that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of data memory of a reader.
    pub memory: u64,
    /// Processor time of a reader.
    pub cpu_seconds: u64,
    /// Time of a file by the clock.
    pub seconds: u64,
    /// How many readers work at once.
    pub readers: usize,
    /// Bytes to which a compressed file may unpack.
    pub unpacked: u64,
    /// How many times its own size it may unpack to, beyond 64 MiB.
    pub ratio: u64,
    pub rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 8 << 30,
            cpu_seconds: 600,
            seconds: 1800,
            readers: 2,
            unpacked: 8 << 30,
            ratio: 250,
            rows: 200_000_000,
        }
    }
}

/// Where finished mails go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A folder that receives the `.eml` files.
    File {
        outbox: PathBuf,
    },
    Smtp(Smtp),
}

/// An SMTP server. The connection is always verified; there is no setting that turns this off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// PEM file of a private certificate authority, trusted beside the public ones.
    pub ca_file: Option<PathBuf>,
    pub login: Option<Login>,
    /// How fast mails follow one another; `None`: as fast as the server takes them.
    pub rate: Option<MailRate>,
    /// Bytes of a finished mail, beyond which it is not even tried; `None`: only the server's own limit counts.
    pub max_size: Option<u64>,
}

/// At most so many mails in each period, evenly spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailRate {
    /// At least one.
    pub mails: u32,
    /// Longer than nothing.
    pub period: Elapsed,
}

/// The key that mails are signed with (DKIM, RFC 6376).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dkim {
    /// Who signs: the sender's domain, or one above it.
    pub domain: String,
    /// Where in the DNS the public key is: `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// PEM file of the private key, RSA or Ed25519, which only its owner can read (0600).
    pub key_file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte, usually port 465.
    Implicit,
    /// STARTTLS, required: without it no mail is sent.
    StartTls,
    /// Plain text: refused unless the host is a loopback address.
    Loopback,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: PasswordFrom,
}

/// Where the password is read, at the moment of sending; it is never part of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordFrom {
    /// A file that only its owner can read (0600).
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A credential of this name that systemd gives to the service.
    Credential(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_form_is_told_in_words() {
        for (recorded, told, of_owners) in [
            ("csv", "csv", false),
            ("chat", "chat", false),
            ("webhook", "webhook", true),
            ("mapped-csv", "csv through a mapping", false),
            ("mapped-ndjson-of-owners", "ndjson through a mapping", true),
        ] {
            assert_eq!((form_told(recorded).as_str(), is_of_owners(recorded)), (told, of_owners), "{recorded}");
        }
    }
}
