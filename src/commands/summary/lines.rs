//! The lines of a summary: for who works with the program, and for the page of the run, which names less.

use super::words::{self, counted, grouped, links};
use super::{Ahead, Closed, Late, Read, Summary, Unknown, Unseen, Waiting, facts};
use crate::domain::invoice::Counts;
use crate::report::alarms::Alarm;

/// Waiting months of one business that the text shows one by one; the JSON form has all.
const MONTHS_SHOWN: usize = 3;

/// Who reads the lines of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// Who works with the program, and is told messages by their ids.
    Person,
    /// The page of the run, which names no message, no other business of a finding, and no folder.
    Page,
}

impl Summary {
    /// Every fact with its kind, which comes first.
    pub(super) fn lines(&self, reader: Reader) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        let mut line = |label: &str, rest: String| lines.push((label.to_owned(), rest));
        let dry = if self.dry_run { ", dry run: nothing is written" } else { "" };
        line("run", format!("as of {}{dry}", self.as_of));
        self.say_files(&mut line);
        self.say_read(&mut line, reader);
        self.say_months(&mut line, reader);
        for Alarm { text, .. } in &self.alarms {
            line("alarm", text.clone());
        }
        if self.nothing_to_do {
            line("nothing", "to do: no new file, no month to close, no mail to send".to_owned());
        }
        words::mails(&self.mail, &mut line);
        for folder in &self.previews {
            line("preview", folder.clone());
        }
        for month in &self.reports {
            line("report", format!("{}/reports/{month}.html", self.state));
        }
        if self.documents > 0 {
            line("documents", format!("{}/issued", self.state));
        }
        lines
    }

    /// What was read, and in which forms.
    fn say_files(&self, line: &mut dyn FnMut(&str, String)) {
        let Read { files, messages, rejected, passed_over, formats, first_rejects, .. } = &self.read;
        if *files > 0 {
            let (files, messages) = (counted(*files, "file"), counted(*messages, "message"));
            let passed_over = match passed_over {
                0 => String::new(),
                rows => format!(", {} passed over", grouped(*rows)),
            };
            line("read", format!("{files}, {messages}, {} rejected{passed_over}", counted(*rejected, "row")));
            let formats: Vec<String> =
                formats.iter().map(|(form, count)| format!("{} {form}", grouped(*count))).collect();
            line("formats", formats.join(", "));
        }
        for reject in first_rejects.iter().take(3) {
            line("rejected", format!("{} row {}: {}", reject.file, reject.row, reject.reason));
        }
    }

    fn say_read(&self, line: &mut dyn FnMut(&str, String), reader: Reader) {
        for file in &self.set_aside {
            line("set aside", format!("{}: {}", file.file, file.reason));
        }
        let holding = || self.conflicts.iter().filter(|conflict| !conflict.accepted);
        if let Some(first) = holding().next() {
            let (messages, differs_in) = (counted(holding().count() as u64, "message"), first.differs_in.join(", "));
            let example = match reader {
                Reader::Person => format!("; the first: {} of {}, in {differs_in}", first.message_id, first.business),
                Reader::Page => String::new(),
            };
            line(
                "conflict",
                format!(
                    "exports disagree about {messages}, whose conversations are held (see `ritardo conflicts`){example}"
                ),
            );
        }
        for file in &self.still_set_aside {
            line("set aside", format!("{} (by an earlier run): {}", file.file, file.reason));
        }
        for file in &self.early {
            line("not yet", format!("{file}: the time that it speaks of is not over"));
        }
        for Ahead { file, last } in &self.ahead {
            line("not yet", format!("{file}: its last message is of {last}, after the instant of this run"));
        }
        for file in &self.changed {
            line("not yet", format!("{file}: it was written to while it was read; the next run reads it"));
        }
        if !self.passed_over.is_empty() {
            let (links, names) = links(&self.passed_over);
            line("warning", format!("the inbox has {links}, which are never opened: {names}"));
        }
        words::unfit(&self.unfit, line);
        for Unseen { month, business, missing } in &self.unseen {
            line("warning", format!("{month} of {business}: {missing}; what was never seen is not billed"));
        }
        for Late { month, business, rows } in &self.after_closing {
            let rows = counted(*rows, "row");
            line(
                "warning",
                format!("{rows} of {business} arrived after {month} was closed; the closed month does not change"),
            );
        }
        for late in &self.corrected {
            let (label, text) = facts::corrected(late, self.dry_run, reader);
            line(label, text);
        }
        for Unknown { business, channel, rows } in &self.not_in_the_book {
            let rows = counted(*rows, "row");
            line(
                "warning",
                format!("{rows} of `{business}` on channel {channel}: the book gives that business no such channel"),
            );
        }
    }

    fn say_months(&self, line: &mut dyn FnMut(&str, String), reader: Reader) {
        let width = self.closed.iter().map(|closed| closed.business.len()).max().unwrap_or_default();
        for Closed { month, business, verdicts, invoice, carried, .. } in &self.closed {
            let Counts { waits, late, unanswered, held, .. } = verdicts;
            let excluded = if *held > 0 { format!(", {held} excluded") } else { String::new() };
            let billed = match invoice {
                Some(invoiced) => invoiced.told(),
                None => match carried {
                    Some(amount) => format!("{amount} carried over to a later invoice"),
                    None => "no charges, no invoice".to_owned(),
                },
            };
            let label = if self.dry_run { "closable" } else { "closed" };
            let waits = format!("{waits:>5} waits, {late:>3} late, {unanswered:>3} unanswered{excluded}");
            line(label, format!("{month}  {business:<width$}  {waits}  {billed}"));
        }
        for (label, months) in [("parked", &self.parked), ("approve", &self.to_approve), ("waiting", &self.waiting)] {
            for of_business in months.chunk_by(|a, b| a.business == b.business) {
                let shown = of_business.iter().take(MONTHS_SHOWN);
                shown.for_each(|Waiting { month, business, reasons, on_page }| {
                    let reasons = if reader == Reader::Page { on_page } else { reasons };
                    line(label, format!("{month}  {business}: {}", reasons.join("; ")));
                });
                if let Some(last) = of_business.last().filter(|_| of_business.len() > MONTHS_SHOWN) {
                    let more = counted((of_business.len() - MONTHS_SHOWN) as u64, "more month");
                    line(label, format!("{}  {}: and {more} up to this one", last.month, last.business));
                }
            }
        }
    }
}
