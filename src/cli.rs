//! The command line as typed values; every word of `--help`.

mod audit;
mod bounces;
mod bundle;
mod closing;
mod convert;
mod correct;
mod engine;
mod gap;
mod generate;
mod history;
mod invoice;
mod mail;
mod months;
mod outlook;
mod payments;
mod reconcile;
mod report;
mod run;
mod tariff;
mod workbook;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::settings::Stamps;
use crate::domain::{Instant, Month, Zone};
use crate::error::exit_codes;

pub use audit::{Audit, Digest, Months, Replayable, Verify, When};
pub use bounces::Bounces;
pub use bundle::{BUNDLE_SUFFIX, ExportMonth};
pub use closing::{Approve, MonthState, ParkedList, Status, Unpark};
pub use convert::Convert;
pub use correct::{Dispute, DisputeAction, DisputeList, DisputeOpen, DisputeSettle, Reissue};
pub use engine::{ConfiguredEngine, Engine, EngineName};
pub use gap::{Gap, GapAccept, GapAction, GapList};
pub use generate::{By, Generate, LogForm, TrapName};
pub use history::History;
pub use invoice::{DocumentForm, InvoiceAction, InvoiceCommand, InvoiceList, InvoiceRender, InvoiceShow, InvoiceState};
pub use mail::{
    MailAction, MailCancel, MailCommand, MailFilter, MailList, MailResend, MailRetry, MailSend, MailShow, MailStateName,
};
pub use months::{Journal, JournalBy, JournalForm};
pub use outlook::{Due, Readings, TableForm, WhatIf};
pub use payments::{
    MatchAdvance, MatchPart, PaymentState, PaymentsAction, PaymentsCommand, PaymentsImport, PaymentsList,
    PaymentsMatch, PaymentsOpen, PaymentsRemind, PaymentsReverse, PaymentsStatement,
};
pub use reconcile::Reconcile;
pub use report::Report;
pub use run::Run;
pub use tariff::{DiffForm, Tariff, TariffAction, TariffDiff, TariffImport, TariffShow};
pub use workbook::{Period, Workbook};

/// Late-reply billing for WhatsApp message logs: exports in, invoices mailed, every month auditable.
#[derive(Parser, Debug)]
#[command(name = "ritardo", version, after_help = exit_codes(), arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Write a commented starter set: ritardo.toml, businesses.toml, tariff.toml
    Init(Init),
    /// Validate configuration, businesses and tariff without touching any state
    Check(Configured),
    /// Rate logs without state or configuration: one row a wait
    Rate(Rate),
    /// Write any logs as one canonical log
    Convert(Convert),
    /// Make a synthetic month with known answers: to test with, to show, to measure by
    Generate(Generate),
    /// The nightly run: read, pair, rate, close what can be closed, issue, mail, report
    Run(Run),
    /// Show where every month of every business stands, and what is missing
    Status(Status),
    /// Let a month be issued whose preview was looked at
    Approve(Approve),
    /// List the months that a guard keeps from being closed
    Parked(ParkedList),
    /// Let a parked month be closed in spite of what a guard found
    Unpark(Unpark),
    /// List, show, open or write issued invoices and credit notes
    Invoice(InvoiceCommand),
    /// List, show, send, repeat or take back mails
    Mail(MailCommand),
    /// Give an invoice with wrong words back, and issue it again with those of today
    Reissue(Reissue),
    /// Judge the messages that a business disputes, and credit those it rightly does
    Dispute(Dispute),
    /// Show what the logs prove, channel by channel, and the alarms; nothing is written
    Coverage(Coverage),
    /// Read delivery status reports, and mark the mails that came back
    Bounces(Bounces),
    /// Check the ledger's chain, every artefact and every total
    Verify(Verify),
    /// Do closed months again from the archive, or from a bundle, and compare
    Audit(Audit),
    /// Write a closed month as one file that can be audited anywhere
    ExportMonth(ExportMonth),
    /// Say why one message was or was not charged
    Explain(Explain),
    /// Write issued documents and payments as bookkeeping: hledger, Beancount or CSV
    Journal(Journal),
    /// Draw the pages: of the months, of each business in them, over all months
    Report(Report),
    /// Record payments from statements of banks; open items, accounts, reminders
    Payments(PaymentsCommand),
    /// Write what finance adds up of a month or a year: XLSX, CSV, Parquet
    Workbook(Workbook),
    /// Compare a partner's invoice with what is billed, and explain each difference
    Reconcile(Reconcile),
    /// Show what runs and commands did, from the ledger
    History(History),
    /// Say what a file is, and what a run would do with it
    Inspect(Inspect),
    /// Show rejected rows with their reasons
    Rejects(Rejects),
    /// Show messages of which exports disagree, with every version
    Conflicts(Conflicts),
    /// List, show, or read again files that were set aside as a whole
    Quarantine(Quarantine),
    /// Destroy what identifies one customer
    Forget(Forget),
    /// Remove raw files that were kept long enough
    Purge(Purge),
    /// Answer jobs on standard input: what a run starts to read untrusted files
    #[command(hide = true)]
    ReadFiles,
    /// Draw the samples that standard input asks for: what `check` starts to prove templates
    #[command(hide = true)]
    ProveTemplates,
    /// Check, show, compare and import tariffs
    Tariff(Tariff),
    /// Show the same messages under every reading of the rule, side by side
    Readings(Readings),
    /// Show what a month would have cost under another tariff, or answered sooner
    WhatIf(WhatIf),
    /// Show messages that are not answered yet, and what each will cost once it is late
    Due(Due),
    /// List what keeps open months waiting, or accept that it will never be proven
    Gap(Gap),
}

fn stamps(name: &str) -> Result<Stamps, String> {
    let found = Stamps::ALL.into_iter().find(|stamps| stamps.name() == name);
    found.ok_or_else(|| "one of text, seconds, milliseconds, microseconds".to_owned())
}

#[derive(Args, Debug)]
pub struct Init {
    /// Folder to write into; made if it is missing
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}

#[derive(Args, Debug)]
pub struct Configured {
    /// Configuration file
    #[arg(long, default_value = "ritardo.toml", value_name = "FILE")]
    pub config: PathBuf,
}

#[derive(Args, Debug)]
pub struct Rate {
    /// Message logs (CSV, NDJSON, Parquet, webhook bodies; .gz and .zst too), or folders of them
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Tariff (TOML)
    #[arg(long, value_name = "FILE")]
    pub tariff: PathBuf,
    /// Judge as of this instant; later messages are rejects
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Instant,
    /// The logs are complete up to here [default: --as-of]
    #[arg(long, value_name = "INSTANT")]
    pub complete_through: Option<Instant>,
    /// File of waits to write: .csv or .parquet; on a cluster a folder, which must not be there
    #[arg(long, value_name = "FILE", required_unless_present = "summary")]
    pub out: Option<PathBuf>,
    /// Write only these waits
    #[arg(long, value_name = "WHICH")]
    pub only: Option<Only>,
    /// Summary to write (JSON)
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// Zone of local times, which are refused without it
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<Zone>,
    /// How the logs write `sent_at` [default: text] [possible values: text, seconds, milliseconds, microseconds]
    #[arg(long, value_name = "UNIT", value_parser = stamps)]
    pub stamps: Option<Stamps>,
    /// Read the logs through the mapping of a vendor, or one in a file
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "stamps")]
    pub mapping: Option<PathBuf>,
    /// Judge row by row, also where the logs could be judged as columns: slower, with the same result
    #[arg(long)]
    pub by_rows: bool,
    /// Memory for the messages that are judged as columns, in MiB; what is more lies in scratch files
    #[arg(long, value_name = "MIB", default_value_t = 768)]
    pub memory: u32,
    #[command(flatten)]
    pub engine: Engine,
    /// Say on standard error how long each stage took, and how much memory
    #[arg(long)]
    pub timings: bool,
    /// This is the child that the command works in
    #[arg(long, hide = true)]
    pub in_child: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    Charges,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Args, Debug)]
pub struct Coverage {
    #[command(flatten)]
    pub configured: Configured,
    /// Month, such as 2018-08 [default: the open months of which anything is known, else the last closed one]
    #[arg(long, value_name = "MONTH")]
    pub month: Option<Month>,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form on standard output; svg is a picture of one month
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: CoverageForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CoverageForm {
    Text,
    Json,
    Svg,
}

#[derive(Args, Debug)]
pub struct Explain {
    /// Id of an inbound message
    #[arg(allow_hyphen_values = true)]
    pub message_id: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Judge a message that is in no closed month as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct Inspect {
    /// Log files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Configuration file: says which source claims the files, and what is known of them
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Without a configuration: zone of local times, which are refused without it
    #[arg(long, value_name = "ZONE", conflicts_with = "config")]
    pub zone: Option<Zone>,
    /// Without a configuration: how the logs write `sent_at` [possible values: text, seconds, milliseconds, microseconds]
    #[arg(long, value_name = "UNIT", value_parser = stamps, conflicts_with = "config")]
    pub stamps: Option<Stamps>,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form of the result on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}

#[derive(Args, Debug)]
pub struct Rejects {
    #[command(flatten)]
    pub configured: Configured,
    /// Only this file: its name inside the inbox, or the beginning of its SHA-256
    #[arg(long, value_name = "NAME")]
    pub file: Option<String>,
    /// Form of the result on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}

#[derive(Args, Debug)]
pub struct Conflicts {
    #[command(flatten)]
    pub configured: Configured,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form of the result on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}

#[derive(Args, Debug)]
pub struct Quarantine {
    #[command(subcommand)]
    pub action: QuarantineAction,
}

#[derive(Subcommand, Debug)]
pub enum QuarantineAction {
    /// The files that stand aside, with their reasons
    List {
        #[command(flatten)]
        configured: Configured,
        /// Form of the result on standard output
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: Format,
    },
    /// One of them, and what to do
    Show {
        /// Beginning of its SHA-256, or its name inside the inbox
        id: String,
        #[command(flatten)]
        configured: Configured,
    },
    /// Read them again
    Retry {
        /// Which ones [default: all]
        ids: Vec<String>,
        #[command(flatten)]
        configured: Configured,
        /// Read as of this instant [default: now]
        #[arg(long, value_name = "INSTANT")]
        as_of: Option<Instant>,
    },
}

#[derive(Args, Debug)]
pub struct Forget {
    /// The customer, as the logs write it
    #[arg(allow_hyphen_values = true)]
    pub customer: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Messages before this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct Purge {
    #[command(flatten)]
    pub configured: Configured,
    /// Remove every raw file that was read before this instant, whatever its source says
    #[arg(long, value_name = "INSTANT")]
    pub before: Option<Instant>,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}
