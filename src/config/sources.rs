//! `[[source]]`: the streams of exports, and what their files prove.

use super::table::{Form, Table, refuse_shared};
use super::{chats, mapping, words};
use crate::domain::settings::{Coverage, LogFormat, Source, Stamps};
use crate::domain::{ChannelId, Direction, Elapsed, Instant};

const SOURCE: Form = Form {
    name: "[[source]]",
    needs: &["name = \"cloud-api\"", "files = \"webhooks/**\""],
    allows: &[
        "format = \"auto\"",
        "mapping = \"twilio\"",
        "coverage = \"daily\"",
        "zone = \"Europe/Rome\"",
        "channels = [\"+390510000001\"]",
        "directions = [\"inbound\", \"outbound\"]",
        "tolerance = \"60s\"",
        "stamps = \"milliseconds\"",
        "from = \"2018-08-01T00:00:00Z\"",
        "to = \"2019-01-01T00:00:00Z\"",
        "expected_by = \"06:00\"",
        "keep_raw = \"90d\"",
        "business = \"bologna-bakery\"",
        "channel = \"+390510000417\"",
        "sender = \"Forno Esempio\"",
        "date_order = \"day-first\"",
        "weak_ids = \"hold\"",
        "without_sender = \"refuse\"",
        "conversation = \"orders\"",
    ],
};

/// A tolerance beyond this would forgive what the rule charges.
const LONGEST_TOLERANCE: Elapsed = Elapsed::from_seconds(3600);

/// Raw files are kept for a day at least and ten years at most.
const KEEP_RAW_DAYS: std::ops::RangeInclusive<i64> = 1..=3650;

/// The sources of the file at `root`; without any, one that takes every file of the inbox and proves little.
pub(super) fn sources(root: &Table<'_>) -> Vec<Source> {
    if !root.has("source") {
        return vec![whole_inbox()];
    }
    let tables = root.tables("source", &SOURCE);
    refuse_shared(&tables, "name");
    // The first pattern that fits claims a file: a second equal one would never see any.
    refuse_shared(&tables, "files");
    tables.iter().filter_map(source).collect()
}

fn whole_inbox() -> Source {
    Source {
        name: "inbox".to_owned(),
        files: "**".to_owned(),
        format: None,
        mapping: None,
        zone: None,
        stamps: Stamps::Text,
        from: None,
        to: None,
        expected_by: None,
        keep_raw: None,
        channels: None,
        directions: Direction::BOTH.to_vec(),
        coverage: Coverage::Span,
        tolerance: Elapsed::ZERO,
        chat: None,
    }
}

fn source(table: &Table<'_>) -> Option<Source> {
    let name = table.parsed("name", words::source_name);
    let files = table.parsed("files", words::pattern);
    let format = format(table);
    let mapping = mapping::of_source(table).map(Box::new);
    refuse_idle(table, format);
    let coverage = table.choice("coverage", &Coverage::ALL.map(|coverage| (coverage.name(), coverage)));
    let zone = table.parsed("zone", str::parse);
    let channels = table.parsed_set("channels", str::parse);
    let directions = table.parsed_set("directions", str::parse);
    let tolerance = table.parsed("tolerance", tolerance).unwrap_or_else(|| chats::usual_tolerance(format));
    let stamps = table.choice("stamps", &Stamps::ALL.map(|stamps| (stamps.name(), stamps)));
    let (from, to) = window(table);
    let expected_by = table.parsed("expected_by", str::parse);
    if table.has("expected_by") && !table.has("zone") {
        let hint = "add the zone of that time of day, such as zone = \"Europe/Rome\"";
        table.wrong("expected_by", "`expected_by` needs a zone", hint);
    }
    if coverage == Some(Coverage::Daily) && !table.has("zone") {
        let hint = "add the zone in which the export cuts its days, such as zone = \"Europe/Rome\"";
        table.wrong("coverage", "coverage = \"daily\" needs a zone", hint);
    }
    let chat = chats::chat(table, format, coverage);
    let of_chat = || chat.as_ref().and_then(|chat| Some(vec![chat.channel.parse::<ChannelId>().ok()?]));
    Some(Source {
        name: name?,
        files: files?,
        format,
        mapping,
        zone,
        stamps: stamps.unwrap_or_default(),
        from,
        to,
        expected_by,
        keep_raw: table.parsed("keep_raw", keep_raw),
        channels: channels.or_else(of_chat),
        directions: directions.unwrap_or_else(|| Direction::BOTH.to_vec()),
        coverage: coverage.unwrap_or(Coverage::Span),
        tolerance,
        chat,
    })
}

fn format(table: &Table<'_>) -> Option<LogFormat> {
    let named = LogFormat::ALL.map(|format| (format.name(), Some(format)));
    let choices: Vec<_> = named.into_iter().chain([("auto", None)]).collect();
    table.choice("format", &choices).flatten()
}

/// A mapping says how times are written, and is of texts.
fn refuse_idle(table: &Table<'_>, format: Option<LogFormat>) {
    if !table.has("mapping") {
        return;
    }
    if let Some(format @ (LogFormat::Parquet | LogFormat::Webhook | LogFormat::Chat)) = format {
        let message = format!("a log of the form \"{format}\" is not read through a mapping");
        table.wrong("mapping", message, "a mapping is of csv or ndjson; take one of the two keys out");
    }
    if table.has("stamps") {
        let hint = "take it out, and say as `time` of [source.mapping] how the times are written";
        table.wrong("stamps", "`stamps` means nothing beside a mapping", hint);
    }
}

/// Start and end of the source.
fn window(table: &Table<'_>) -> (Option<Instant>, Option<Instant>) {
    let (from, to) = (table.instant("from"), table.instant("to"));
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        table.wrong("to", "the source ends before it begins", "`to` is the instant after its last message");
    }
    (from, to)
}

fn keep_raw(text: &str) -> Result<Elapsed, String> {
    let kept: Elapsed = text.parse()?;
    let (day, wrong) = (Elapsed::DAY.micros(), format!("`keep_raw` lies between 1d and 3650d, not at {text}"));
    let range = KEEP_RAW_DAYS.start() * day..=KEEP_RAW_DAYS.end() * day;
    if range.contains(&kept.micros()) { Ok(kept) } else { Err(wrong) }
}

fn tolerance(text: &str) -> Result<Elapsed, String> {
    let tolerance: Elapsed = text.parse()?;
    if tolerance <= LONGEST_TOLERANCE { Ok(tolerance) } else { Err(format!("a tolerance of {tolerance} exceeds 1h")) }
}
