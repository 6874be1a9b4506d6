//! The summary for a program, and as the page of the run: the same facts as the text, without what it is no place for.

use super::{Reader, Summary};
use crate::commands::pages::of_run;
use crate::commands::pages::site::RUN;
use crate::commands::run::Night;
use crate::error::{Failure, Kind};
use crate::report::page::RunRow;

impl Summary {
    pub fn json(&self) -> Result<String, Failure> {
        serde_json::to_string_pretty(self)
            .map_err(|error| Failure::new(Kind::SelfCheck, "the summary cannot be written").because(error))
    }

    /// Writes the page of the run, unless nothing was done and there is one. It names no message and no folder.
    pub fn leave_page(&self, night: &Night) -> Result<(), Failure> {
        let Some((site, head)) = &night.derived.site else { return Ok(()) };
        if self.nothing_to_do && site.has(RUN) {
            return Ok(());
        }
        let is_told =
            |(what, _): &(String, String)| !["report", "preview", "documents", "run"].contains(&what.as_str());
        let row = |(what, text): (String, String)| RunRow { what, text };
        let rows = self.lines(Reader::Page).into_iter().filter(is_told).map(row).collect();
        of_run(night.setup, head, site, self.as_of, rows)
    }
}
