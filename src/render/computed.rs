//! How an invoice was computed: what an auditor needs, in prose, numbers and digests.

use super::terms::{self, Terms};
use super::texts::{Texts, fill};
use super::view::{Fact, fact, length, line_file};
use super::{corrections, numbers, rule};
use crate::domain::Invoice;
use crate::domain::correction::Earlier;

pub(super) fn computation(invoice: &Invoice, words: &'static Texts) -> Vec<Fact> {
    let (computation, terms) = (&invoice.computation, terms::of(invoice.language));
    let window = length(computation.window, invoice);
    let tariff = [("id", computation.tariff_id.as_str()), ("version", computation.tariff_version.as_str())];
    let rule = match computation.reading.as_str() {
        "" => fill(words.rule_text, &[("window", &window)]),
        _ => rule::rule(invoice),
    };
    let mut facts = vec![
        fact(words.rule, rule),
        fact(terms.reading, &computation.reading),
        fact(words.window, window),
        fact(words.tariff, fill(words.tariff_version, &tariff)),
        fact(words.tariff_source, &computation.tariff_source),
        fact(terms.free, free(invoice, terms)),
        fact(terms.tiers, tiers(invoice, terms)),
        fact(words.zone, computation.zone.to_string()),
        fact(counted(invoice, words), counts(invoice, words)),
        fact(words.cut, computation.cut.to_string()),
    ];
    facts.extend(files(invoice, words));
    facts.retain(|fact| !fact.value.is_empty());
    facts
}

/// What is counted. A credit note counts again.
fn counted(invoice: &Invoice, words: &'static Texts) -> &'static str {
    let (terms, ours) = (terms::of(invoice.language), corrections::of(invoice.language));
    match (invoice.is_credit_note(), rule::is_by_run(invoice)) {
        (false, false) => words.counted,
        (false, true) => terms.counted_runs,
        (true, false) => ours.counted,
        (true, true) => ours.counted_runs,
    }
}

/// The file that goes with the document: every charge, or every message that a credit note is about.
fn files(invoice: &Invoice, words: &'static Texts) -> Vec<Fact> {
    if !invoice.is_credit_note() {
        return vec![fact(words.line_file, line_file(invoice))];
    }
    let ours = corrections::of(invoice.language);
    let messages = invoice.corrects.as_ref().map_or(0, |correction| correction.messages);
    let mut facts = vec![fact(ours.changed, numbers::count(messages, invoice.language))];
    facts.extend((messages > 0).then(|| fact(ours.changed_file, line_file(invoice))));
    facts
}

fn free(invoice: &Invoice, terms: &Terms) -> String {
    match invoice.computation.free {
        0 => String::new(),
        free => fill(terms.free_text, &[("count", &numbers::count(free, invoice.language))]),
    }
}

fn tiers(invoice: &Invoice, terms: &Terms) -> &'static str {
    match invoice.computation.tiers.as_str() {
        "" => "",
        terms::ALL_UNITS => terms.tiers_all_units,
        _ => terms.tiers_graduated,
    }
}

fn counts(invoice: &Invoice, words: &Texts) -> String {
    let counts = &invoice.computation.counts;
    let count = |value| numbers::count(value, invoice.language);
    let terms = terms::of(invoice.language);
    let mut text = fill(
        if rule::is_outbound(invoice) { terms.counts_outbound } else { words.counts },
        &[
            ("waits", &count(counts.waits)),
            ("on_time", &count(counts.on_time)),
            ("late", &count(counts.late)),
            ("unanswered", &count(counts.unanswered)),
        ],
    );
    if counts.pending > 0 || counts.held > 0 {
        let (pending, held) = (count(counts.pending), count(counts.held));
        text.push_str(&fill(words.counts_open, &[("pending", &pending), ("held", &held)]));
    }
    text
}

/// Whether the tariff has nothing but rates and steps, under the default reading, and the document nothing but
/// charges of its month.
pub(super) fn is_plain(invoice: &Invoice) -> bool {
    let computation = &invoice.computation;
    let counts = computation.free > 0 || !computation.tiers.is_empty();
    let corrects = invoice.corrects.is_some() || !invoice.earlier.is_empty();
    !counts && !corrects && computation.reading.is_empty() && invoice.adjustments.is_empty()
}

pub(super) fn digests(invoice: &Invoice, head: &str, words: &'static Texts) -> Vec<Fact> {
    let ours = corrections::of(invoice.language);
    let mut facts = vec![fact(words.tariff_sha256, &invoice.computation.tariff_sha256)];
    if let Some(correction) = invoice.corrects.as_ref().filter(|_| invoice.is_credit_note()) {
        facts.push(fact(ours.was_sha256, &correction.was_sha256));
        facts.push(fact(ours.now_sha256, &invoice.computation.data_sha256));
    } else {
        facts.push(fact(words.data_sha256, &invoice.computation.data_sha256));
    }
    let earlier = |month: &Earlier| fact(ours.earlier_sha256, format!("{}: {}", month.month, month.data_sha256));
    facts.extend(invoice.earlier.iter().map(earlier));
    facts.push(fact(words.chain_head, head));
    facts
}
