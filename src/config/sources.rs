//! `[[source]]`: the streams of exports, and what their files prove.

use super::table::{Form, Table, refuse_shared};
use super::words;
use crate::domain::settings::{Coverage, LogFormat, Source};
use crate::domain::{Direction, Elapsed};

const SOURCE: Form = Form {
    name: "[[source]]",
    needs: &["name = \"cloud-api\"", "files = \"webhooks/**\""],
    allows: &[
        "format = \"auto\"",
        "coverage = \"daily\"",
        "zone = \"Europe/Rome\"",
        "channels = [\"+390510000001\"]",
        "directions = [\"inbound\", \"outbound\"]",
        "tolerance = \"60s\"",
    ],
};

/// A tolerance beyond this would forgive what the rule charges.
const LONGEST_TOLERANCE: Elapsed = Elapsed::from_seconds(3600);

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
        zone: None,
        channels: None,
        directions: Direction::BOTH.to_vec(),
        coverage: Coverage::Span,
        tolerance: Elapsed::ZERO,
        keep_raw: None,
    }
}

fn source(table: &Table<'_>) -> Option<Source> {
    let name = table.parsed("name", words::source_name);
    let files = table.parsed("files", words::pattern);
    let format = format(table);
    let coverage = table.choice("coverage", &Coverage::ALL.map(|coverage| (coverage.name(), coverage)));
    let zone = table.parsed("zone", str::parse);
    let channels = table.parsed_set("channels", str::parse);
    let directions = table.parsed_set("directions", str::parse);
    let tolerance = table.parsed("tolerance", tolerance).unwrap_or(Elapsed::ZERO);
    if coverage == Some(Coverage::Daily) && !table.has("zone") {
        let hint = "add the zone in which the export cuts its days, such as zone = \"Europe/Rome\"";
        table.wrong("coverage", "coverage = \"daily\" needs a zone", hint);
    }
    Some(Source {
        name: name?,
        files: files?,
        format,
        zone,
        channels,
        directions: directions.unwrap_or_else(|| Direction::BOTH.to_vec()),
        coverage: coverage.unwrap_or(Coverage::Span),
        tolerance,
        keep_raw: None,
    })
}

fn format(table: &Table<'_>) -> Option<LogFormat> {
    let named = LogFormat::ALL.map(|format| (format.name(), Some(format)));
    let choices: Vec<_> = named.into_iter().chain([("auto", None)]).collect();
    table.choice("format", &choices).flatten()
}

fn tolerance(text: &str) -> Result<Elapsed, String> {
    let tolerance: Elapsed = text.parse()?;
    if tolerance <= LONGEST_TOLERANCE { Ok(tolerance) } else { Err(format!("a tolerance of {tolerance} exceeds 1h")) }
}
