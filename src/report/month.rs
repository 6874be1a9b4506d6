//! The page of a month: who is invoiced, what is late, what is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::{ChannelCoverage, Days};
use super::facts::{BusinessMonth, MonthFacts, State};
use super::number::Amounts;
use super::page::{CoveragePart, Figure, MonthPage};
use super::portrait::Portrait;
use super::sums::{Asked, CurrencyTotal, Totals};
use super::tally::Tally;
use super::{held, insight, issued, lanes, pricing, rows};
use crate::domain::{Currency, Decimal, Tongue};

/// So many channels have a picture and a row on a page.
const CHANNELS: usize = 24;

/// So many parts all pictures of a page have, those of one channel apart: a page of logs full of holes stays below 1 MB.
const PARTS: usize = 2_000;

/// The page of the month. The same facts give the same page. It has every row; [`super::paged`] parts long tables.
pub fn month_page(facts: &MonthFacts) -> MonthPage {
    month_of(facts, &joined(facts))
}

/// The waits of all businesses together.
pub fn joined(facts: &MonthFacts) -> Portrait {
    let mut all = Portrait::default();
    for business in &facts.businesses {
        let portrait = Portrait::of(facts.month, business.zone, business.weighed());
        let is_added = business.currency == facts.currency;
        all.join(&if is_added { portrait } else { portrait.without_amounts() });
    }
    all
}

/// How the amounts of the month are printed.
pub fn amounts(facts: &MonthFacts, tongue: Tongue) -> Amounts {
    Amounts::fitting(facts.currency, charges(facts)).spoken(tongue)
}

/// The same page, where the waits of all businesses are put together already.
pub fn month_of(facts: &MonthFacts, portrait: &Portrait) -> MonthPage {
    let all = portrait.tally;
    let totals = Totals::of(facts);
    let amounts = amounts(facts, facts.tongue);
    let month = amounts.month(facts.month);
    let (coverage, more_channels) = coverage(amounts, facts);
    MonthPage {
        title: amounts.tongue.fill("Late replies, {month}", &[("month", &month)]),
        lang: facts.tongue.code(),
        for_business: false,
        nav: facts.nav.clone(),
        summary: summary(amounts, facts, &all, &totals),
        figures: figures(amounts, facts, &all, &totals),
        businesses: facts.businesses.iter().map(|business| rows::business(amounts, business)).collect(),
        total: rows::total(amounts, facts, &all, &totals),
        other_totals: totals.others().map(|sums| sums.cells(amounts)).collect(),
        documents: issued::part(amounts, facts, &totals),
        after: facts.businesses.iter().flat_map(issued::after).collect(),
        verdicts: rows::verdicts(amounts, &portrait.verdicts, &all),
        held: held::rows(amounts, &facts.businesses),
        entry_points: rows::entry_points(amounts, portrait),
        entry_points_total: rows::entry_point(amounts, "Total", &all),
        pricing: pricing::part(amounts, facts),
        stacks: insight::stacks(amounts, facts.month, portrait),
        insight: insight::part(amounts, facts.month, portrait, pricing::is_one_by_one(facts)),
        open: facts.businesses.iter().filter_map(|business| rows::open(amounts, business)).collect(),
        more_businesses: Vec::new(),
        part_of_businesses: String::new(),
        part_of_documents: String::new(),
        more_alarms: String::new(),
        more_after: String::new(),
        more_open: String::new(),
        more_adjustments: String::new(),
        more_files: String::new(),
        more_documents: Vec::new(),
        more_channels,
        alarms: facts.alarms.clone(),
        coverage,
        rejected_rows: amounts.count(facts.rejected.iter().map(|of| of.rows).sum()),
        rejected: facts.rejected.iter().map(|of| rows::rejected(amounts, of)).collect(),
        more_rejected: String::new(),
        quarantined_files: facts.quarantined_files.iter().map(rows::file).collect(),
        tariffs: facts.tariffs.clone(),
        chain_head: facts.chain_head.to_owned(),
        zones: zones(facts),
        issuer: facts.issuer.to_owned(),
        currency: facts.currency.to_string(),
        month,
    }
}

/// Pictures and rows of the channels, and what is said where not all of them are shown: those with gaps come first then.
fn coverage(amounts: Amounts, facts: &MonthFacts) -> (CoveragePart, String) {
    let parts = |channels: &[ChannelCoverage]| channels.iter().map(ChannelCoverage::parts).sum::<usize>();
    if facts.coverage.len() <= CHANNELS && parts(&facts.coverage) <= PARTS {
        return (coverage_of(amounts, facts, &facts.coverage), String::new());
    }
    let is_sound = |channel: &&ChannelCoverage| channel.gaps() == 0 && channel.held == 0;
    let (sound, others): (Vec<_>, Vec<_>) = facts.coverage.iter().partition(is_sound);
    let mut sum = 0;
    let fits = |channel: &&ChannelCoverage| {
        let is_first = sum == 0;
        sum += channel.parts();
        is_first || sum <= PARTS
    };
    let shown: Vec<ChannelCoverage> =
        others.into_iter().chain(sound).take(CHANNELS).take_while(fits).cloned().collect();
    let values = [amounts.count(shown.len() as u64), amounts.count(facts.coverage.len() as u64)];
    let [some, all] = &values;
    let said = amounts.tongue.fill("{some} of {all} channels, those with gaps first.", &[("some", some), ("all", all)]);
    (coverage_of(amounts, facts, &shown), said)
}

/// The same of some channels.
pub fn coverage_of(amounts: Amounts, facts: &MonthFacts, channels: &[ChannelCoverage]) -> CoveragePart {
    let days = Days::of(facts.month, channels);
    let legend = lanes::legend().into_iter();
    CoveragePart {
        pictures: lanes::pictures(channels, &days),
        legend: legend
            .map(|mut entry| {
                entry.name = amounts.say(entry.name);
                entry
            })
            .collect(),
        rows: channels.iter().map(|channel| rows::channel(amounts, channel)).collect(),
    }
}

/// `3 of 5 businesses are invoiced for USD 1,234.56 in all; 97.3 % of 10,512 decided waits …; 2 businesses …`
fn summary(amounts: Amounts, facts: &MonthFacts, all: &Tally, totals: &Totals) -> String {
    let tongue = amounts.tongue;
    let open = facts.businesses.iter().filter(|business| !business.state.is_closed()).count() as u64;
    let still = |open: u64| {
        let of = amounts.counted(open, "business", "businesses");
        tongue.fill(if open == 1 { "; {of} is still open" } else { "; {of} are still open" }, &[("of", &of)])
    };
    let open = if open == 0 { String::new() } else { still(open) };
    format!("{}; {}{open}.", invoiced(amounts, facts, totals), answered(amounts, all))
}

fn invoiced(amounts: Amounts, facts: &MonthFacts, totals: &Totals) -> String {
    let tongue = amounts.tongue;
    let all = amounts.counted(facts.businesses.len() as u64, "business", "businesses");
    let has_invoice = |business: &&BusinessMonth| {
        let documents = business.state.documents().iter();
        documents.filter(|document| document.kind.is_invoice()).any(|document| document.month == facts.month)
    };
    let back = totals.given_back(amounts);
    let back = match back.as_str() {
        "" => String::new(),
        back => tongue.fill(", of which {back} is given back", &[("back", back)]),
    };
    let some = facts.businesses.iter().filter(has_invoice).count() as u64;
    let words = match some {
        _ if facts.businesses.is_empty() => "No business is billed in this month",
        0 => "None of {all} is invoiced",
        1 => "1 of {all} is invoiced for {payable} in all{back}",
        _ => "{some} of {all} are invoiced for {payable} in all{back}",
    };
    let (some, payable) = (amounts.count(some), totals.payable(amounts));
    tongue.fill(words, &[("some", &some), ("all", &all), ("payable", &payable), ("back", &back)])
}

fn answered(amounts: Amounts, all: &Tally) -> String {
    let tongue = amounts.tongue;
    match (all.counts.waits, all.decided()) {
        (0, _) => tongue.say("no customer waited for an answer").to_owned(),
        (waits, 0) => {
            let of = amounts.counted(waits, "wait", "waits");
            tongue.fill(if waits == 1 { "{of} is not decided yet" } else { "{of} are not decided yet" }, &[("of", &of)])
        }
        (_, decided) => {
            let of = amounts.counted(decided, "decided wait", "decided waits");
            let share = amounts.share(all.counts.on_time, decided);
            tongue.fill("{share} of {of} ended within the window", &[("share", &share), ("of", &of)])
        }
    }
}

fn figures(amounts: Amounts, facts: &MonthFacts, all: &Tally, totals: &Totals) -> Vec<Figure> {
    let tongue = amounts.tongue;
    let businesses = amounts.counted(facts.businesses.len() as u64, "business", "businesses");
    let (open, on_time, decided) =
        (amounts.count(all.open()), amounts.count(all.counts.on_time), amounts.count(all.decided()));
    let undecided = tongue.fill("{businesses}, {open} not decided", &[("businesses", &businesses), ("open", &open)]);
    let answered = tongue.fill("{some} of {all} decided", &[("some", &on_time), ("all", &decided)]);
    let charges = format!("{}\u{a0}{}", facts.currency, amounts.exact(all.amount));
    let mut figures = vec![
        figure(amounts, "Waits", amounts.count(all.counts.waits), undecided),
        figure(amounts, "Answered within the window", amounts.share(all.counts.on_time, all.decided()), answered),
        figure(amounts, "Charged waits", amounts.count(all.charged), charged(amounts, facts, all)),
        figure(amounts, "Charges, exact", charges, still_open(amounts, facts)),
    ];
    let others = elsewhere(facts).into_iter();
    figures.extend(others.map(|(currency, amount)| {
        let value = format!("{currency}\u{a0}{}", amounts.exact(amount));
        figure(amounts, "Charges, exact", value, amounts.say("of businesses priced in it").to_owned())
    }));
    figures.extend(totals.all().flat_map(|sums| asked(amounts, sums)));
    figures
}

/// Charges in other currencies than that of the page, each by itself.
fn elsewhere(facts: &MonthFacts) -> BTreeMap<Currency, Option<Decimal>> {
    let mut tallies: BTreeMap<Currency, Tally> = BTreeMap::new();
    for business in facts.businesses.iter().filter(|business| business.currency != facts.currency) {
        tallies.entry(business.currency).or_default().plus(&Tally::of(business.weighed()));
    }
    tallies.into_iter().map(|(currency, tally)| (currency, tally.amount)).collect()
}

/// `3 late, 1 unanswered; 2 free; 3 after corrections`
fn charged(amounts: Amounts, facts: &MonthFacts, all: &Tally) -> String {
    let corrected = facts.businesses.iter().filter_map(|business| {
        let State::Closed(closed) = &business.state else { return None };
        let now = closed.charged_now?;
        Some((Tally::of(business.weighed()).charged, now))
    });
    let (count, was, now) =
        corrected.fold((0_u64, 0_u64, 0_u64), |(count, was, now), of| (count + 1, was + of.0, now + of.1));
    if count == 0 {
        return missed(amounts, all);
    }
    let now = amounts.count((all.charged + now).saturating_sub(was));
    format!("{}; {}", missed(amounts, all), amounts.tongue.fill("{count} after corrections", &[("count", &now)]))
}

/// `3 late, 1 unanswered; 2 free`
pub fn missed(amounts: Amounts, all: &Tally) -> String {
    let (late, unanswered) = (amounts.count(all.counts.late), amounts.count(all.counts.unanswered));
    let missed =
        amounts.tongue.fill("{late} late, {unanswered} unanswered", &[("late", &late), ("unanswered", &unanswered)]);
    match all.free {
        0 => missed,
        free => format!("{missed}; {}", amounts.tongue.fill("{free} free", &[("free", &amounts.count(free))])),
    }
}

pub fn figure(amounts: Amounts, label: &'static str, value: String, note: String) -> Figure {
    Figure { label: amounts.say(label).to_owned(), value, note }
}

/// What the documents in one currency ask for, and what stands where something was given back.
fn asked(amounts: Amounts, sums: &CurrencyTotal) -> Vec<Figure> {
    let Asked { net, tax, total } = sums.billed;
    let coded = |amount| amounts.coded(amount);
    let mut figures = vec![figure(amounts, "Net invoiced", coded(net), issued::note(amounts, sums))];
    if !sums.has_credit() {
        let (stated, both) = (amounts.say("as stated on the invoices"), amounts.say("net and VAT"));
        figures.push(figure(amounts, "VAT", coded(tax), stated.to_owned()));
        figures.push(figure(amounts, "Total invoiced", coded(total), both.to_owned()));
        return figures;
    }
    let notes = amounts.counted(sums.notes, "credit note", "credit notes");
    let with_tax = amounts.tongue.fill("with VAT of {tax}", &[("tax", &coded(tax))]);
    let back = amounts.tongue.fill("{notes}; net {net}", &[("notes", &notes), ("net", &coded(sums.back.net))]);
    let (issued, credited) = (coded(sums.issued), coded(sums.credited));
    let parts = [("issued", issued.as_str()), ("credited", credited.as_str())];
    let standing = amounts.tongue.fill("{issued} issued, {credited} given back", &parts);
    figures.push(figure(amounts, "Total invoiced", coded(total), with_tax));
    figures.push(figure(amounts, "Total given back", coded(sums.back.total), back));
    figures.push(figure(amounts, "Net that stands of the month", coded(sums.standing()), standing));
    figures
}

/// How much of the charges stands in months that are not closed.
fn still_open(amounts: Amounts, facts: &MonthFacts) -> String {
    let open = facts.businesses.iter().filter(|business| !business.state.is_closed());
    let open = open.filter(|business| business.currency == facts.currency);
    let amount = Tally::of(open.flat_map(BusinessMonth::weighed)).amount;
    match amount {
        Some(Decimal::ZERO) => amounts.say("all of closed months").to_owned(),
        _ => amounts.tongue.fill("{amount} of it in open months", &[("amount", &amounts.exact(amount))]),
    }
}

/// Every charge of the page.
fn charges(facts: &MonthFacts) -> impl Iterator<Item = Decimal> {
    let waits = facts.businesses.iter().flat_map(BusinessMonth::weighed);
    waits.filter_map(|(rated, _)| rated.charge.as_ref().map(|charge| charge.amount))
}

fn zones(facts: &MonthFacts) -> String {
    let zones: BTreeSet<String> = facts.businesses.iter().map(|business| business.zone.to_string()).collect();
    zones.into_iter().collect::<Vec<_>>().join(", ")
}
