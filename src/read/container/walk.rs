//! Archives of logs: every member is one, and all are of one form.

use std::collections::BTreeMap;
use std::path::Path;

use super::member::{Budget, Member};
use super::names::{is_of_mac, shown};
use super::{Builder, HEAD, LogFormat, Options, ReadError, Refused, kind, log_of, of_member};
use crate::read::{bytes, chat, check_text, form, ndjson, rows};

/// Reads the members in the order in which they are given.
pub(super) fn read(
    members: &[Member],
    options: &Options,
    budget: &mut Budget,
    builder: &mut Builder,
) -> Result<(LogFormat, BTreeMap<String, u64>), ReadError> {
    let are_bodies = first_of(members, options) == Some(LogFormat::Webhook);
    let (others, base) = (BTreeMap::new(), 0);
    let mut walk = Walk { options, are_bodies, builder, form: None, quiet: None, problem: None, others, base };
    // Each is let go before the next is unpacked.
    for member in members {
        let name = shown(&member.name);
        let plain = member.open().whole(budget).map_err(|error| of_member(&name, error))?;
        walk.take(&plain, member, &name)?;
    }
    let Walk { form, quiet, problem, others, .. } = walk;
    match (problem, form.map(|(form, _)| form).or(quiet)) {
        (Some(problem), _) => Err(problem),
        (None, Some(form)) => Ok((form, others)),
        (None, None) => Err(Refused::NoLog.into()),
    }
}

/// The form of the first member that says by itself what it is; `None` where the source says it of all.
fn first_of(members: &[Member], options: &Options) -> Option<LogFormat> {
    if options.format.is_some() || options.mapping.is_some() {
        return None;
    }
    members.iter().find_map(|member| {
        let mut budget = Budget::new(member.packed.len(), options.limits);
        // What is damaged is found where it is read.
        member.open().head(HEAD, &mut budget).ok().and_then(log_of)
    })
}

/// The members so far.
struct Walk<'w> {
    options: &'w Options,
    /// A member says by itself that it is of webhooks.
    are_bodies: bool,
    builder: &'w mut Builder,
    /// What they are, and the first of them.
    form: Option<(LogFormat, String)>,
    /// What an empty one would have been.
    quiet: Option<LogFormat>,
    /// Why they are not used. The others are looked at still: a chat among them tells more than the picture before it.
    problem: Option<ReadError>,
    others: BTreeMap<String, u64>,
    /// Rows of members before: a row is counted through the archive.
    base: u64,
}

impl Walk<'_> {
    fn take(&mut self, plain: &[u8], member: &Member, name: &str) -> Result<(), ReadError> {
        // A name is asked for its ending, and nothing else.
        let text = String::from_utf8_lossy(&member.name);
        let path = Path::new(&*text);
        if plain.is_empty() {
            self.quiet = self.quiet.or_else(|| form(plain, path, self.options).ok());
            return Ok(());
        }
        if is_of_mac(&member.name, plain) {
            return Ok(());
        }
        if bytes::is_packed(plain) || kind(plain).is_some() {
            self.note(Refused::Nested(name.to_owned()));
            return Ok(());
        }
        check_text(plain).map_err(|error| of_member(name, error))?;
        let found = match self.form_of(plain, path) {
            Ok(LogFormat::Parquet) => {
                self.note(Refused::Parquet(name.to_owned()));
                return Ok(());
            }
            Ok(LogFormat::Chat) => return Err(chat::Refused::Undeclared.into()),
            Ok(found) => found,
            Err(ReadError::UnknownFormat) => {
                self.note(Refused::Unclaimed(name.to_owned()));
                return Ok(());
            }
            Err(error) => return Err(of_member(name, error)),
        };
        let (first, of) = self.form.get_or_insert_with(|| (found, name.to_owned()));
        if *first != found {
            let mixed = Refused::Mixed(format!("{of} ({first})"), format!("{name} ({found})"));
            self.note(mixed);
        }
        if self.problem.is_some() { Ok(()) } else { self.rows(plain, found, name) }
    }

    /// The form of a member. Among bodies, JSON that is nothing else is one that was cut off, or an empty list of them:
    /// it is rejected by itself.
    fn form_of(&self, plain: &[u8], path: &Path) -> Result<LogFormat, ReadError> {
        let is_json = matches!(plain.trim_ascii_start().first(), Some(b'{' | b'['));
        match form(plain, path, self.options) {
            Ok(LogFormat::Ndjson) | Err(ReadError::UnknownFormat)
                if self.are_bodies && is_json && !ndjson::looks_like(plain, self.options.limits.line) =>
            {
                Ok(LogFormat::Webhook)
            }
            found => found,
        }
    }

    /// Keeps the first reason.
    fn note(&mut self, refused: Refused) {
        self.problem.get_or_insert(refused.into());
    }

    /// Reads the rows of a member. What is rejected of them tells where it stands.
    fn rows(&mut self, plain: &[u8], form: LogFormat, name: &str) -> Result<(), ReadError> {
        let before = self.builder.rejects.len();
        let others = rows(plain, form, self.options, self.builder).map_err(|error| of_member(name, error))?;
        for (what, count) in others {
            *self.others.entry(what).or_default() += count;
        }
        let mut last = memchr::memchr_iter(b'\n', plain).count() as u64 + 1;
        for reject in self.builder.rejects.iter_mut().skip(before) {
            last = last.max(reject.row);
            reject.reason = format!("{} (row {} of its member {name})", reject.reason, reject.row);
            reject.row = reject.row.saturating_add(self.base);
        }
        self.base = self.base.saturating_add(last);
        Ok(())
    }
}
