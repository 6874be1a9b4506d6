//! `[[business.channel]]`: which numbers a business owns, and when. No moment of a channel has two owners.

use std::ops::Range;

use super::page::Page;
use super::table::{Form, Table};
use crate::domain::{Instant, Ownership, Span};

pub(super) const CHANNEL: Form = Form {
    name: "[[business.channel]]",
    needs: &["id = \"+390510000001\""],
    allows: &["from = \"2018-08-01T00:00:00+02:00\"", "to = \"2019-01-01T00:00:00+01:00\""],
};

/// An ownership as a business states it, and where.
pub(super) struct Claim {
    pub ownership: Ownership,
    place: Range<usize>,
}

/// The claims of the channel tables of one business.
pub(super) fn claims(tables: &[Table<'_>]) -> Vec<Claim> {
    tables.iter().filter_map(claim).collect()
}

fn claim(table: &Table<'_>) -> Option<Claim> {
    let channel = table.parsed("id", str::parse);
    let span = span(table);
    Some(Claim { ownership: Ownership { channel: channel?, span: span? }, place: table.place("id")? })
}

fn span(table: &Table<'_>) -> Option<Span> {
    let end = |key: &str, open: Instant| if table.has(key) { table.instant(key) } else { Some(open) };
    let (from, to) = (end("from", Instant::MIN), end("to", Instant::MAX));
    let span = Span { from: from?, to: to? };
    if span.from >= span.to {
        let hint = "`from` is the first moment of the ownership, `to` the first moment after it";
        table.wrong("to", "the channel is given back before it is taken", hint);
        return None;
    }
    Some(span)
}

/// Notes every claim that overlaps another claim of its channel, of the same business or of another.
pub(super) fn refuse_overlaps(page: &Page<'_>, claims: &[Claim]) {
    let mut sorted: Vec<&Claim> = claims.iter().collect();
    sorted.sort_by_key(|claim| (&claim.ownership.channel, claim.ownership.span, claim.place.start));
    // The claim that reaches furthest of those that began before.
    let mut furthest: Option<&Claim> = None;
    for claim in sorted {
        match furthest.filter(|before| before.ownership.channel == claim.ownership.channel) {
            Some(before) => {
                if before.ownership.span.overlaps(&claim.ownership.span) {
                    note_overlap(page, before, claim);
                }
                if claim.ownership.span.to > before.ownership.span.to {
                    furthest = Some(claim);
                }
            }
            None => furthest = Some(claim),
        }
    }
}

fn note_overlap(page: &Page<'_>, one: &Claim, other: &Claim) {
    let (upper, lower) = if one.place.start <= other.place.start { (one, other) } else { (other, one) };
    let (first, second) = (page.line(&upper.place), page.line(&lower.place));
    let channel = &one.ownership.channel;
    let message = format!("channel {channel} is owned twice at the same time, in line {first} and in line {second}");
    let hint = "remove one, or let the earlier end with `to` at the moment the later begins with `from`";
    page.note(Some(lower.place.clone()), message, hint);
}
