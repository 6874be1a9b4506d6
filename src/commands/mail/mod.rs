//! `ritardo mail`: what became of the mails, and what a person does about them. Nothing is ever undone: what a person does
//! is one more entry of the ledger.

mod act;
mod list;
mod resend;
mod rows;
mod show;

use std::path::Path;
use std::sync::Arc;

use super::reissue::one_line;
use super::state::{State, ledger_failure};
use super::{Outcome, World, files};
use crate::cli::{MailAction, MailCommand};
use crate::config::parse_config;
use crate::domain::MailRules;
use crate::error::{Failure, Kind};
use crate::ledger::{History, Outgoing};

pub use rows::{Row, counts, rows, table};

pub fn mail(args: &MailCommand, world: &mut World) -> Result<Outcome, Failure> {
    match &args.action {
        MailAction::List(args) => list::list(args, world),
        MailAction::Show(args) => show::show(args, world),
        MailAction::Send(args) => act::send(args, world),
        MailAction::Resend(args) => resend::resend(args, world),
        MailAction::Cancel(args) => act::cancel(args, world),
        MailAction::Retry(args) => act::retry(args, world),
    }
}

/// What is read to look at mails.
struct Shelf {
    rules: MailRules,
    state: State,
    history: Arc<History>,
}

impl Shelf {
    fn open(config: &Path) -> Result<Self, Failure> {
        let text = files::text(config)
            .map_err(|failure| failure.hint("--config names the configuration file, whose state folder is read"))?;
        let config = parse_config(config, &text).map_err(Failure::of_mistakes)?;
        let state = State::new(&config);
        let ledger = state.read_ledger()?;
        let history = ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))?;
        Ok(Self { rules: config.mail, state, history })
    }
}

/// What a person says, in one line.
fn reason(text: &str) -> Result<&str, Failure> {
    one_line(text).map_err(|failure| failure.hint("say in a sentence why; it is recorded in the ledger"))
}

/// The mail of a name, which may be written without its ending.
fn named<'h>(history: &'h History, name: &str) -> Result<Outgoing<'h>, Failure> {
    let found = history.mail_named(name).or_else(|| history.mail_named(&format!("{name}.eml")));
    found.ok_or_else(|| {
        let failure = Failure::new(Kind::CommandLine, format!("the ledger has no mail `{}`", name.escape_debug()));
        failure.hint("`ritardo mail list` shows the names that it has")
    })
}
