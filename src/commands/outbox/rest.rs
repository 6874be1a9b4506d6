//! A server that turned this side away is left alone for an hour by who sends every few minutes: a login that is tried over
//! and over may be locked, and each attempt leaves two entries.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::super::World;
use super::super::state::keep;
use super::Outbox;
use crate::domain::settings::{PasswordFrom, Transport};
use crate::domain::{Elapsed, Instant};
use crate::read::sha256;

/// For so long, unless the settings are changed.
const REST: Elapsed = Elapsed::from_seconds(3600);

impl Outbox<'_> {
    /// Notes that the server turned this side away, or that it did not.
    pub(super) fn turned_away(&self, is_away: bool, world: &World) {
        let path = self.state.turned_away();
        // Best effort: without it the server is asked again.
        let _ = if is_away {
            keep(&path, format!("{} {}\n", self.instant(world), self.way()).as_bytes()).is_ok()
        } else {
            fs::remove_file(&path).is_ok()
        };
    }

    /// Until when the server is left alone, where it is.
    pub fn rests(&self, world: &World) -> Option<Instant> {
        let text = fs::read_to_string(self.state.turned_away()).ok()?;
        let (at, way) = text.trim_end().split_once(' ')?;
        let (at, now) = (at.parse::<Instant>().ok()?, self.instant(world));
        let until = at.plus(REST);
        (way == self.way() && at <= now && now < until).then_some(until)
    }

    /// What tells one way to a server from another. No secret is in it: of a password file only when it was written.
    fn way(&self) -> String {
        let Transport::Smtp(server) = &self.setup.config.transport else { return String::new() };
        let file = server.login.as_ref().and_then(|login| match &login.password {
            PasswordFrom::File(path) => fs::metadata(path).ok(),
            _ => None,
        });
        let written = file.map(|file| (file.ino(), file.len(), file.mtime(), file.mtime_nsec()));
        sha256(format!("{server:?} {written:?}").as_bytes())
    }
}
