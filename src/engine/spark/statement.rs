//! The statements with their parameters filled in: numbers, truths, and quoted text, never a name of a table.

use std::collections::BTreeMap;

use super::{Task, Wanted};
use crate::domain::message::Counts;
use crate::domain::reading::{AnsweredBy, Boundary, ChargeFor, ChargePer, DateOf, RunClock};
use crate::domain::{Elapsed, Kind};
use crate::rate::Tariff;
use crate::rate::tariff::TierMode;

/// No wait is so long, in microseconds.
pub(super) const NEVER: i64 = 100_000_000_000_000_000;

/// Asks whether the logs can be judged.
pub(super) const CHECK: &str = include_str!("check.sql");
/// Asks whether conversations can be mistaken for customers.
pub(super) const NAMES: &str = include_str!("names.sql");
/// Makes the waits with their charges.
pub(super) const RATED: &str = include_str!("rated.sql");
/// Counts what was written.
pub(super) const DIGESTS: &str = include_str!("digests.sql");
/// Names the first charge without a rate.
pub(super) const UNPRICED: &str = "select business, message_id, market from rated where verdict = 'unpriced' \
     order by business, received_at, message_id, channel limit 1";

/// The conversation of a row; where the log names none, that of its customer, who is one with and without a plus.
const CONVERSATION: &str = "(case when conversation <> '' then conversation \
     when customer rlike '^[1-9][0-9]{7,14}$' then concat('+', customer) else customer end)";

/// The first digits of a number, as far as a market hangs on them; of one that the archive keyed, those that it kept.
pub(super) const DIGITS: &str = "(case \
     when customer rlike '^[+][0-9]*$' then substr(customer, 2, cast(least(7, greatest( \
         length(customer) - 1 - 5, least(length(customer) - 1, 3))) as int)) \
     when customer rlike '^[+][0-9]*~' then substr(regexp_extract(customer, '^[+]([0-9]*)~', 1), 1, 7) \
     else '' end)";

/// What both statements say of a message.
const ROW: &str = include_str!("row.sql");
const FINEST: &str = include_str!("finest.sql");
const DIFFER: &str = include_str!("differ.sql");
/// How questions and answers become waits, by the reading.
const PAIRED: &str = include_str!("paired.sql");
const EACH: &str = include_str!("each.sql");
const RUNS: &str = include_str!("runs.sql");
const OUTBOUND: &str = include_str!("outbound.sql");
/// Whether charges have places.
const COUNTED: &str = include_str!("counted.sql");
const UNCOUNTED: &str = include_str!("uncounted.sql");

/// A statement, without its comments.
pub(super) fn filled(statement: &str, task: &Task) -> String {
    let mut parameters = parameters(task);
    let waits = match (task.tariff.reading.charge_for, task.tariff.reading.clock) {
        (ChargeFor::LateOutbound, _) => OUTBOUND,
        (_, RunClock::EachInbound) => EACH,
        (_, RunClock::FirstUnanswered | RunClock::LastInbound) => RUNS,
    };
    let counted = if task.tariff.counts() { COUNTED } else { UNCOUNTED };
    // Whichever stands in another is filled in before it.
    for (name, part) in parts(kinds(|_| true)) {
        parameters.insert(name, part);
    }
    let paired = replaced(PAIRED, &parameters);
    parameters.insert("paired", paired);
    let (waits, counted) = (replaced(waits, &parameters), replaced(counted, &parameters));
    parameters.extend([("waits", waits), ("counted", counted)]);
    replaced(statement, &parameters)
}

/// The parts that the sieve has, too: what a row says, which stamp of its message holds, and whether others contradict it.
pub(super) fn parts(known_kinds: String) -> [(&'static str, String); 3] {
    let known_kinds = BTreeMap::from([("known_kinds", known_kinds)]);
    let part = |text: &str| replaced(text, &known_kinds).trim().to_owned();
    [("row", part(ROW)), ("finest", part(FINEST)), ("stamps_differ", part(DIFFER))]
}

/// A text as a literal.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn parameters(task: &Task) -> BTreeMap<&'static str, String> {
    let Task { tariff, as_of, complete_through, wanted, .. } = task;
    let Tariff { reading, free, tiers, currency, .. } = tariff;
    let by_answer = reading.price_date == DateOf::Answered || reading.month_of == DateOf::Answered;
    [
        ("as_of", as_of.micros().to_string()),
        ("complete_through", complete_through.micros().to_string()),
        ("tolerance", Elapsed::ZERO.micros().to_string()),
        ("window", reading.window.micros().to_string()),
        ("give_up", reading.give_up.map_or(NEVER, Elapsed::micros).to_string()),
        ("exclusive", i64::from(reading.boundary == Boundary::Exclusive).to_string()),
        ("kinds_that_count", kinds(|kind| kind.counts() == Counts::Yes)),
        ("conversation", CONVERSATION.to_owned()),
        ("digits", DIGITS.to_owned()),
        ("sound_customer", sound("customer")),
        ("sound_conversation", sound("conversation")),
        ("human_only", (reading.answered_by == AnsweredBy::Human).to_string()),
        ("delivered_only", (reading.answered_by == AnsweredBy::Delivered).to_string()),
        ("dated_by_answer", by_answer.to_string()),
        ("free_if_never", (reading.charge_for == ChargeFor::LateReply).to_string()),
        ("last_inbound", (reading.clock == RunClock::LastInbound).to_string()),
        ("wait_run", (reading.charge_per == ChargePer::WaitRun).to_string()),
        ("late_outbound", (reading.charge_for == ChargeFor::LateOutbound).to_string()),
        ("price_date", quoted(reading.price_date.name())),
        ("month_of", quoted(reading.month_of.name())),
        ("tariff", quoted(&tariff.name())),
        ("currency", quoted(currency.code())),
        ("all_waits", (*wanted == Wanted::All).to_string()),
        ("free", free.to_string()),
        ("all_units", (*tiers == Some(TierMode::AllUnits)).to_string()),
    ]
    .into()
}

/// The names of some kinds, as literals.
pub(super) fn kinds(wanted: impl Fn(Kind) -> bool) -> String {
    let all = (0..=u8::MAX).map_while(Kind::of_code).filter(|kind| wanted(*kind));
    all.map(|kind| quoted(kind.name())).collect::<Vec<_>>().join(", ")
}

/// Whether the party in a column is one that every log may have: digits, with a plus or without; or ASCII that no phone
/// number is written in.
fn sound(column: &str) -> String {
    let digits = format!("({column} rlike '^[+]?[0-9]{{1,64}}$' and not {column} rlike '^[+]?00')");
    let text = format!("({column} rlike '^[!-~]([ -~]{{0,253}}[!-~])?$' and {column} rlike '[A-Za-z_~]')");
    format!("({digits} or {text})")
}

/// The text with a value in the place of each word with a colon before it. Values are never looked at again.
pub(super) fn replaced(statement: &str, parameters: &BTreeMap<&'static str, String>) -> String {
    let lines = statement.lines().filter(|line| !line.starts_with("--"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut parts = text.split(':');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|sign: char| sign != '_' && !sign.is_ascii_lowercase()).unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        match parameters.get(name) {
            Some(value) => filled.push_str(value),
            None => filled.extend([":", name]),
        }
        filled.push_str(rest);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::super::Remote;
    use super::*;

    fn tariff(reading: &str) -> Tariff {
        let head = "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"a test\"\nfree = 7\n";
        let rates = "rate = [{ market = \"other\", price = \"0.01\" }]\n";
        let text = format!("{head}{rates}[reading]\n{reading}\n");
        Tariff::parse(std::path::Path::new("t.toml"), &text).unwrap()
    }

    #[test]
    fn no_parameter_is_left_and_no_text_ends_early() {
        let at = "2018-09-05T00:00:00Z".parse().unwrap();
        for (reading, expected) in [
            ("", "at as received_at"),
            ("clock = \"first_unanswered\"", "of_run"),
            ("clock = \"last_inbound\"\ngive_up = \"72h\"", "of_run"),
            ("charge_for = \"late_outbound\"", "question.at as received_at"),
        ] {
            let task = Task {
                remote: Remote { url: "sc://h".parse().unwrap(), token: None },
                logs: vec!["l".to_owned()],
                folder: "f".to_owned(),
                tariff: tariff(reading),
                as_of: at,
                complete_through: at,
                wanted: Wanted::Charges,
            };
            for statement in [CHECK, NAMES, RATED, DIGESTS, UNPRICED] {
                let filled = filled(statement, &task);
                assert!(!filled.contains(':') && !filled.contains("--"), "{filled}");
            }
            let rated = filled(RATED, &task);
            assert!(rated.contains("number_of_all <= 7") && rated.contains("'t@1' as tariff"), "{rated}");
            assert!(rated.contains(expected), "{rated}");
        }
        assert_eq!(quoted(r"it's a \"), r"'it\'s a \\'");
    }

    #[test]
    fn a_value_is_no_parameter() {
        let parameters = [("a", ":b".to_owned()), ("b", "2".to_owned())].into();
        assert_eq!(replaced("-- :a\n:a, :b; :c", &parameters), ":b, 2; :c");
    }
}
