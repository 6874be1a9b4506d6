//! The configuration: what a person writes, parsed once into types that cannot be wrong afterwards.
//!
//! All mistakes of a file are listed together, each with its line and what to do.

mod alarms;
mod bank;
mod brand;
mod businesses;
mod channels;
mod chats;
mod check_digits;
mod cluster;
mod endpoint;
mod exchange;
mod guards;
mod invoice;
mod issuer;
mod limits;
mod mail;
mod mailing;
mod mapping;
mod metrics;
mod objects;
mod page;
mod party;
mod payments;
mod report;
mod secrets;
mod sources;
mod spelling;
mod starter;
mod statement;
mod table;
mod vat;
mod vat_id;
mod words;

use std::path::{Path, PathBuf};

pub use businesses::{parse_businesses, parse_recorded_businesses};
pub use exchange::parse_rates;
pub use mapping::{VENDORS, parse_mapping, vendor};
pub use starter::STARTER;

use crate::domain::business::Issuer;
use crate::domain::cluster::ClusterRules;
use crate::domain::objects::{ObjectPlace, ObjectStorage};
use crate::domain::receivable::PaymentRules;
use crate::domain::settings::{AlarmLimits, Dkim, GuardLimits, IssueRules, Limits, ReportRules, Source, Transport};
use crate::domain::{Business, DigestRules, MailRules, Mistake, StatementMapping};
use page::Page;
use table::{Form, Table};

/// What `ritardo.toml` settles. Its relative paths are joined to the folder of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Sorted by id; at least one.
    pub issuers: Vec<Issuer>,
    /// Folder of the ledger, the archive and the documents.
    pub state: PathBuf,
    /// Folder that receives the exports; neither inside `state` nor around it. Where they come from a bucket, the folder
    /// inside `state` to which a run brings them.
    pub inbox: PathBuf,
    /// Where the exports come from, when that is a bucket.
    pub inbox_objects: Option<ObjectPlace>,
    /// Where the archive lies, when that is a bucket: the folder inside `state` is then a copy of what was needed.
    pub archive_objects: Option<ObjectPlace>,
    pub object_storage: ObjectStorage,
    /// File of the tariff.
    pub tariff: PathBuf,
    /// File of the book of businesses.
    pub businesses: PathBuf,
    /// File of the exchange rates, where businesses are billed in another currency than the tariff's.
    pub rates: Option<PathBuf>,
    /// Folder with templates of one's own, which stand in place of those of the program.
    pub templates: Option<PathBuf>,
    /// File of the key under which ids and numbers are archived; `None`: inside the state folder.
    pub key_file: Option<PathBuf>,
    /// At least one; the first whose pattern fits claims a file.
    pub sources: Vec<Source>,
    pub limits: Limits,
    pub transport: Transport,
    /// The key that mails are signed with, where they are.
    pub dkim: Option<Dkim>,
    pub mail: MailRules,
    pub digest: DigestRules,
    pub report: ReportRules,
    pub alarms: AlarmLimits,
    pub issue: IssueRules,
    pub guards: GuardLimits,
    pub payments: PaymentRules,
    /// How statements of partners are read; each has a name of its own.
    pub statements: Vec<StatementMapping>,
    /// The file in which each run leaves its numbers for Prometheus, where there is one: it ends with `.prom`.
    pub metrics: Option<PathBuf>,
    /// The cluster that `run` and `audit` use, where there is one.
    pub cluster: Option<ClusterRules>,
}

impl Config {
    /// Who bills a business: the issuer that it names, or the first one.
    pub fn issuer_of(&self, business: &Business) -> &Issuer {
        let is_named = |issuer: &&Issuer| business.issuer.as_ref() == Some(&issuer.id);
        // Invariant: there is at least one issuer, and a named one exists; `Setup` refuses the rest.
        self.issuers.iter().find(is_named).unwrap_or(&self.issuers[0])
    }
}

const CONFIG: Form = Form {
    name: "the file",
    needs: &["[issuer]"],
    allows: &[
        "state = \"state\"",
        "inbox = \"inbox\"",
        "archive = \"s3://bucket/archive\"",
        "tariff = \"tariff.toml\"",
        "businesses = \"businesses.toml\"",
        "key_file = \"names.key\"",
        "templates = \"templates\"",
        "[invoice]",
        "[exchange]",
        "[guards]",
        "[[source]]",
        "[limits]",
        "[mail]",
        "[digest]",
        "[report]",
        "[alarms]",
        "[payments]",
        "[object_storage]",
        "[[reconcile]]",
        "[metrics]",
        "[engine]",
    ],
};

/// The configuration in `text`.
///
/// Pure: `path` only names the file in messages and gives the folder of relative paths.
///
/// # Errors
/// Every mistake of the file, in order of lines; with mistakes there is no configuration.
pub fn parse_config(path: &Path, text: &str) -> Result<Config, Vec<Mistake>> {
    config_of(Page::new(path, text))
}

/// The same of a text that the ledger holds: what is checked since it was accepted is not asked of it.
///
/// # Errors
/// As of [`parse_config`].
pub fn parse_recorded_config(path: &Path, text: &str) -> Result<Config, Vec<Mistake>> {
    config_of(Page::recorded(path, text))
}

fn config_of(page: Page<'_>) -> Result<Config, Vec<Mistake>> {
    let tree = page.tree()?;
    let config = config(&Table::root(&page, &CONFIG, &tree));
    page.outcome(config)
}

fn config(root: &Table<'_>) -> Option<Config> {
    let path = |key: &str, usual: &str| root.path(key).unwrap_or_else(|| root.page.joined(usual));
    let state = path("state", "state");
    let (inbox_objects, archive_objects) = (objects::inbox(root), objects::archive(root));
    let object_storage = objects::storage(root);
    // What is brought from a bucket lies in the state folder, like all else that a run makes.
    let is_local = inbox_objects.is_none();
    let inbox = if is_local { path("inbox", "inbox") } else { state.join("inbox") };
    let (tariff, businesses) = (path("tariff", "tariff.toml"), path("businesses", "businesses.toml"));
    let (key_file, rates) = (root.path("key_file"), exchange::rates(root));
    let templates = root.path("templates");
    let transport = mail::transport(root, &state);
    let (mail, digest, report) = (mailing::rules(root), mailing::digest(root), report::report(root));
    let written = is_local.then_some(&state);
    refuse_mixed(root, &inbox, [written, transport.as_ref().and_then(mail::outbox)]);
    let (sources, limits) = (sources::sources(root), limits::limits(root));
    let issuers = issuer::issuers(root);
    let (statements, metrics) = (statement::statements(root), metrics::textfile(root, &state, &inbox));
    let (dkim, cluster) = (mail::dkim(root), cluster::rules(root, (&state, &inbox)));
    let (issue, guards, alarms) = (invoice::rules(root), guards::guards(root), alarms::alarms(root));
    let payments = payments::payments(root);
    Some(Config {
        issuers: issuers?,
        alarms,
        issue,
        guards,
        state,
        inbox,
        inbox_objects,
        archive_objects,
        object_storage,
        tariff,
        businesses,
        rates,
        templates,
        key_file,
        sources,
        limits,
        transport: transport?,
        dkim,
        mail,
        digest,
        report,
        payments,
        statements,
        metrics,
        cluster,
    })
}

/// What the program writes would be read back as logs if it lay in the inbox.
fn refuse_mixed(root: &Table<'_>, inbox: &Path, written: [Option<&PathBuf>; 2]) {
    let mixed = |folder: &&PathBuf| lies_in(folder, inbox) || lies_in(inbox, folder);
    if let Some(folder) = written.into_iter().flatten().find(mixed) {
        let message = format!("the inbox {} and the folder {} lie in one another", inbox.display(), folder.display());
        let key = ["inbox", "state", "mail"].into_iter().find(|key| root.has(key)).unwrap_or("inbox");
        root.wrong(key, message, "give each a folder of its own, such as \"inbox\" and \"state\"");
    }
}

/// An e-mail address as the configuration takes them, without a name.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn address(text: &str) -> Result<String, String> {
    words::email(text)
}

/// Whether `inner` is `outer` or lies below it, judged by the text of tidy paths.
fn lies_in(inner: &Path, outer: &Path) -> bool {
    let bare = |path: &Path| path.strip_prefix(".").unwrap_or(path).to_owned();
    bare(inner).strip_prefix(bare(outer)).is_ok_and(|below| !below.starts_with(".."))
}

#[cfg(test)]
mod tests;
