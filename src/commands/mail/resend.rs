//! `ritardo mail resend`: a mail once more, of the same frozen documents, with a Message-ID of its own and a subject that
//! says that it is a copy.

use std::collections::BTreeSet;

use super::super::closing::stored_invoice;
use super::super::held::Held;
use super::super::issue::{Files, add};
use super::super::letters::{Post, max_size, signer};
use super::super::outbox::Outbox;
use super::super::patience::too_big;
use super::super::run::renderer;
use super::super::setup::Setup;
use super::super::state::{State, keep};
use super::super::{Outcome, World, correct, recorded, say};
use super::act::{carry, standing};
use super::reason;
use crate::cli::MailResend;
use crate::config::address;
use crate::deliver::Signer;
use crate::domain::Instant;
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, Issued, Mail, MailCopy, Trying};
use crate::ledger::{History, Ledger};
use crate::read::sha256;

pub fn resend(args: &MailResend, world: &mut World) -> Result<Outcome, Failure> {
    let reason = reason(&args.reason)?;
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let now = args.as_of.unwrap_or(world.now);
    let Held { _lock, mut ledger, history } = Held::of(&setup, &state, now)?;
    let to = args.to.as_deref().map(checked).transpose()?;
    let (mail, standing) = standing(&history, &args.name, &setup.config.mail, now)?;
    if standing.waits() {
        let failure = Failure::new(Kind::CommandLine, format!("{} still waits to be sent", mail.name));
        return Err(failure.hint("`ritardo mail send` sends it; where it goes to the wrong address, cancel it first"));
    }
    let original = history.mails.iter().find(|known| known.name == mail.name);
    let original = original.ok_or_else(|| {
        let failure = Failure::new(Kind::CommandLine, format!("{} is a digest, which is sent once", mail.name));
        failure.hint("`write = true` in [digest] keeps each one as a file")
    })?;
    let copy = next_copy(&history, original, reason, now);
    let signer = signer(&setup.config)?;
    let max_size = max_size(&setup.config);
    let make = Make { state: &state, ledger: &ledger, history: &history, signer: signer.as_ref(), max_size };
    let (mail, bytes) = make.copy(original, copy, to.as_deref())?;
    // On disk and synced before the ledger names it.
    keep(&state.documents(&mail.number).join(&mail.name), &bytes)?;
    let name = mail.name.clone();
    say(world.out, &format!("made      {name} to {}, a copy of {}", mail.to, original.name))?;
    if let Some(size) = mail.too_big {
        say(world.err, &too_big(&name, &mail.to, size))?;
    }
    add(&mut ledger, vec![Entry::Mail(mail)])?;
    carry(
        &Outbox { setup: &setup, state: &state, now, by: Trying::Mail },
        &mut ledger,
        Some(&BTreeSet::from([name])),
        world,
    )
}

fn checked(text: &str) -> Result<String, Failure> {
    address(text).map_err(|why| {
        let failure = Failure::new(Kind::CommandLine, why);
        failure.hint("--to takes one address, such as accounts@bakery.example")
    })
}

/// A copy of a copy is one more of the mail that the run made.
fn next_copy(history: &History, original: &Mail, reason: &str, at: Instant) -> MailCopy {
    let of = original.copy.as_ref().map_or(&original.name, |copy| &copy.of);
    let copies = history.mails.iter().filter_map(|mail| mail.copy.as_ref()).filter(|copy| copy.of == *of);
    let copy = copies.map(|copy| copy.copy).max().unwrap_or_default().saturating_add(1);
    MailCopy { of: of.clone(), copy, at, reason: reason.to_owned() }
}

/// What a copy is made of.
struct Make<'m> {
    state: &'m State,
    ledger: &'m Ledger,
    history: &'m History,
    signer: Option<&'m Signer>,
    max_size: Option<u64>,
}

impl Make<'_> {
    fn copy(&self, original: &Mail, copy: MailCopy, to: Option<&str>) -> Result<(Mail, Vec<u8>), Failure> {
        let Self { state, ledger, history, signer, max_size } = *self;
        let missing = || Failure::new(Kind::Differences, format!("the ledger has no document {}", original.number));
        let issued = history.document(&original.number).ok_or_else(missing)?;
        let setup = recorded::setup_of(ledger, &correct::texts_of(ledger, history, issued)?)?;
        let (invoice, files) = (stored_invoice(ledger, issued)?, frozen(state, history, issued)?);
        let (setup, invoice, renderer) = (&setup, &invoice, &renderer()?);
        let post = Post { setup, renderer, invoice, issued, files: &files, history, signer, max_size };
        post.copy(copy, to.unwrap_or(&original.to))
    }
}

/// The documents as they were issued; where a customer was forgotten since, without them.
fn frozen(state: &State, history: &History, issued: &Issued) -> Result<Files, Failure> {
    let documents = history.documents.get(&issued.number).into_iter().flat_map(|documents| &documents.files);
    let read = documents.map(|file| {
        let path = state.documents(&issued.number).join(&file.name);
        let bytes = std::fs::read(&path).map_err(|error| {
            Failure::io("read the document", &path, error).hint("the next `ritardo run` makes it again")
        })?;
        if sha256(&bytes) != history.sha256_now(&file.sha256) {
            let failure = Failure::new(Kind::Differences, "the document is not the one that was issued").at(&path);
            return Err(failure.hint("restore it from a backup; `ritardo verify` compares all of them"));
        }
        Ok((file.name.clone(), bytes))
    });
    read.collect()
}
