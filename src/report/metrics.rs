//! The numbers of a run as Prometheus reads them from a file (its text format, version 0.0.4).
//!
//! Counters go on from the file that the run before left. Where a run failed, what it did not find out stays as it was:
//! `ritardo_run_exit_code` and the times say how old it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::domain::{Elapsed, Instant};

/// The exit code of a run that found another one at work, among others.
const TRY_LATER: u8 = 75;

/// What is known of every run, however it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFacts<'r> {
    pub exit_code: u8,
    /// By the clock, whatever instant it judged as of.
    pub started_at: Instant,
    pub took: Elapsed,
    pub version: &'r str,
    /// `None`: it failed.
    pub night: Option<&'r NightFacts>,
}

/// What a run that did its work knows beside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NightFacts {
    /// Microseconds since 1970 of the instant that it judged as of.
    pub as_of: i64,
    pub stages: Vec<(&'static str, Elapsed)>,
    pub files: u64,
    pub rows: u64,
    pub rejected: u64,
    pub set_aside: u64,
    pub held: u64,
    pub pending: u64,
    pub alarms: u64,
    /// Months of businesses, by state.
    pub months: BTreeMap<String, u64>,
    pub mails: BTreeMap<&'static str, u64>,
    /// By source: how long before the instant of the run its logs end; `None` where none came.
    pub sources: Vec<(String, Option<Elapsed>)>,
}

/// How a series is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Counter,
    Gauge,
}

/// Families in the order of the file: name, type, help, and whether a failed run leaves them as they were.
const FAMILIES: [(&str, Type, &str, bool); 22] = [
    ("ritardo_info", Type::Gauge, "The version of the program that ran last.", false),
    ("ritardo_runs_total", Type::Counter, "Runs by their exit code.", false),
    ("ritardo_rows_read_total", Type::Counter, "Rows of logs that were read.", false),
    ("ritardo_rows_rejected_total", Type::Counter, "Rows of logs that could not be read.", false),
    ("ritardo_run_exit_code", Type::Gauge, "How the last run ended; see ritardo --help.", false),
    ("ritardo_run_start_time_seconds", Type::Gauge, "When the last run began, by the clock.", false),
    ("ritardo_run_duration_seconds", Type::Gauge, "How long the last run took.", false),
    ("ritardo_run_completed_time_seconds", Type::Gauge, "When the last run began that did its work (0, 65).", true),
    ("ritardo_run_as_of_time_seconds", Type::Gauge, "The instant that the last completed run judged as of.", true),
    ("ritardo_run_stage_seconds", Type::Gauge, "How long each stage of it took.", true),
    ("ritardo_run_files_read", Type::Gauge, "Files of the inbox that it read.", true),
    ("ritardo_run_rows_read", Type::Gauge, "Rows that it read.", true),
    ("ritardo_run_rows_rejected", Type::Gauge, "Rows that it could not read.", true),
    ("ritardo_files_set_aside", Type::Gauge, "Files that stand aside as a whole.", true),
    ("ritardo_waits_held", Type::Gauge, "Waits of open months that the logs cannot prove.", true),
    ("ritardo_waits_pending", Type::Gauge, "Waits of open months that the logs do not decide yet.", true),
    ("ritardo_alarms", Type::Gauge, "Alarms.", true),
    ("ritardo_months", Type::Gauge, "Months of businesses by state.", true),
    ("ritardo_mails", Type::Gauge, "Mails by state.", true),
    ("ritardo_source_known", Type::Gauge, "Whether any log of a source says how far it is known.", true),
    (
        "ritardo_source_watermark_age_seconds",
        Type::Gauge,
        "How long before that instant the logs of a source end.",
        true,
    ),
    ("ritardo_source_watermark_time_seconds", Type::Gauge, "When the logs of a source end.", true),
];

/// By family: values by their labels, as they are written.
type Samples = BTreeMap<&'static str, BTreeMap<String, String>>;

/// The file after a run; `before` is what it held.
pub fn textfile(run: &RunFacts, before: &str) -> String {
    let before = read(before);
    let mut now = Samples::new();
    let mut set = |family: &'static str, labels: String, value: String| {
        now.entry(family).or_default().insert(labels, value);
    };
    // One that did nothing because another is at work is counted, and says nothing in place of that one.
    let is_idle = run.night.is_none() && run.exit_code == TRY_LATER;
    for (family, _, _, stays) in FAMILIES {
        let is_counter = family.ends_with("_total");
        if is_counter || is_idle || (stays && run.night.is_none()) {
            for (labels, value) in before.get(family).into_iter().flatten() {
                set(family, labels.clone(), value.clone());
            }
        }
    }
    let counted = |family: &str, labels: &str, more: u64| {
        let was = before.get(family).and_then(|values| values.get(labels)).and_then(|value| value.parse::<u64>().ok());
        was.unwrap_or_default().saturating_add(more).to_string()
    };
    let code = label("exit_code", &run.exit_code.to_string());
    set("ritardo_runs_total", code.clone(), counted("ritardo_runs_total", &code, 1));
    let (rows, rejected) = run.night.map_or((0, 0), |night| (night.rows, night.rejected));
    for (family, more) in [("ritardo_rows_read_total", rows), ("ritardo_rows_rejected_total", rejected)] {
        set(family, String::new(), counted(family, "", more));
    }
    if is_idle {
        return written(&now);
    }
    set("ritardo_info", label("version", run.version), "1".to_owned());
    set("ritardo_run_exit_code", String::new(), run.exit_code.to_string());
    set("ritardo_run_start_time_seconds", String::new(), seconds(run.started_at.micros()));
    set("ritardo_run_duration_seconds", String::new(), seconds(run.took.micros()));
    if let Some(night) = run.night {
        set("ritardo_run_completed_time_seconds", String::new(), seconds(run.started_at.micros()));
        of_night(night, &mut set);
    }
    written(&now)
}

fn of_night(night: &NightFacts, set: &mut dyn FnMut(&'static str, String, String)) {
    set("ritardo_run_as_of_time_seconds", String::new(), seconds(night.as_of));
    for (family, count) in [
        ("ritardo_run_files_read", night.files),
        ("ritardo_run_rows_read", night.rows),
        ("ritardo_run_rows_rejected", night.rejected),
        ("ritardo_files_set_aside", night.set_aside),
        ("ritardo_waits_held", night.held),
        ("ritardo_waits_pending", night.pending),
        ("ritardo_alarms", night.alarms),
    ] {
        set(family, String::new(), count.to_string());
    }
    for (stage, took) in &night.stages {
        set("ritardo_run_stage_seconds", label("stage", stage), seconds(took.micros()));
    }
    for (state, count) in &night.months {
        set("ritardo_months", label("state", state), count.to_string());
    }
    for (state, count) in &night.mails {
        set("ritardo_mails", label("state", state), count.to_string());
    }
    for (source, age) in &night.sources {
        set("ritardo_source_known", label("source", source), u8::from(age.is_some()).to_string());
        let Some(age) = age else { continue };
        set("ritardo_source_watermark_age_seconds", label("source", source), seconds(age.micros()));
        let end = night.as_of.saturating_sub(age.micros());
        set("ritardo_source_watermark_time_seconds", label("source", source), seconds(end));
    }
}

fn written(samples: &Samples) -> String {
    let mut text = String::new();
    for (family, of_type, help, _) in FAMILIES {
        let Some(values) = samples.get(family) else { continue };
        let name = if of_type == Type::Counter { "counter" } else { "gauge" };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "# HELP {family} {help}\n# TYPE {family} {name}");
        for (labels, value) in values {
            let _ = writeln!(text, "{family}{labels} {value}");
        }
    }
    text
}

/// The samples of families that are known here; what cannot be read begins anew.
fn read(text: &str) -> Samples {
    let mut samples = Samples::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let (name, labels) = series.split_at(series.find('{').unwrap_or(series.len()));
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte)) && !value.is_empty();
        let is_whole = labels.is_empty() || (labels.ends_with('}') && !labels.chars().any(char::is_control));
        if let Some((family, ..)) = FAMILIES.iter().find(|(family, ..)| *family == name && is_number && is_whole) {
            samples.entry(*family).or_default().insert(labels.to_owned(), value.to_owned());
        }
    }
    samples
}

/// `{name="value"}`.
fn label(name: &str, value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{{{name}=\"{escaped}\"}}")
}

/// Microseconds as seconds with three decimals, the part below dropped.
fn seconds(micros: i64) -> String {
    let millis = micros / 1000;
    let sign = if millis < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn night() -> NightFacts {
        NightFacts {
            as_of: 1_536_105_600_000_000,
            stages: vec![("reading", Elapsed::from_micros(1_234_567))],
            files: 3,
            rows: 120,
            rejected: 2,
            held: 4,
            months: [("closed".to_owned(), 2), ("waiting".to_owned(), 1)].into(),
            mails: [("sent", 2)].into(),
            sources: vec![("desk".to_owned(), Some(Elapsed::from_seconds(7200))), ("phone".to_owned(), None)],
            ..NightFacts::default()
        }
    }

    fn run(exit_code: u8, night: Option<&NightFacts>) -> RunFacts<'_> {
        let started_at = Instant::from_micros(1_536_111_111_000_000);
        RunFacts { exit_code, started_at, took: Elapsed::from_micros(61_005_999), version: "0.1.0", night }
    }

    /// The samples without the lines about them.
    fn samples(text: &str) -> Vec<&str> {
        text.lines().filter(|line| !line.starts_with('#')).collect()
    }

    #[test]
    fn a_run_is_told_with_its_types() {
        let text = textfile(&run(0, Some(&night())), "");
        assert!(text.starts_with("# HELP ritardo_info "), "{text}");
        for line in [
            "# TYPE ritardo_runs_total counter",
            "# TYPE ritardo_waits_held gauge",
            "ritardo_info{version=\"0.1.0\"} 1",
            "ritardo_runs_total{exit_code=\"0\"} 1",
            "ritardo_rows_read_total 120",
            "ritardo_run_start_time_seconds 1536111111.000",
            "ritardo_run_duration_seconds 61.005",
            "ritardo_run_stage_seconds{stage=\"reading\"} 1.234",
            "ritardo_months{state=\"waiting\"} 1",
            "ritardo_mails{state=\"sent\"} 2",
            "ritardo_source_watermark_age_seconds{source=\"desk\"} 7200.000",
            "ritardo_source_watermark_time_seconds{source=\"desk\"} 1536098400.000",
            "ritardo_source_known{source=\"desk\"} 1",
            "ritardo_source_known{source=\"phone\"} 0",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn counters_go_on_and_a_failed_run_leaves_what_it_did_not_find_out() {
        let first = textfile(&run(0, Some(&night())), "");
        let failed = textfile(&run(78, None), &first);
        for line in [
            "ritardo_runs_total{exit_code=\"0\"} 1",
            "ritardo_runs_total{exit_code=\"78\"} 1",
            "ritardo_run_exit_code 78",
            "ritardo_rows_read_total 120",
            "ritardo_waits_held 4",
            "ritardo_run_completed_time_seconds 1536111111.000",
        ] {
            assert!(samples(&failed).contains(&line), "{line}\n{failed}");
        }
        let third = textfile(&run(0, Some(&NightFacts { mails: [("bounced", 1)].into(), ..night() })), &failed);
        assert!(samples(&third).contains(&"ritardo_runs_total{exit_code=\"0\"} 2"), "{third}");
        assert!(samples(&third).contains(&"ritardo_rows_read_total 240"), "{third}");
        assert!(!third.contains("state=\"sent\""), "a state without mails is gone: {third}");
        // One that found another at work is counted, and the other's numbers stand.
        let idle = textfile(&run(75, None), &first);
        assert!(samples(&idle).contains(&"ritardo_runs_total{exit_code=\"75\"} 1"), "{idle}");
        let without = |text: &str| -> Vec<String> {
            let others = samples(text).into_iter().filter(|sample| !sample.starts_with("ritardo_runs_total"));
            others.map(str::to_owned).collect()
        };
        assert_eq!(without(&idle), without(&first));
    }

    #[test]
    fn what_a_stranger_wrote_into_the_file_is_not_kept() {
        let before = "ritardo_runs_total{exit_code=\"0\"} x\nother_total 3\nritardo_runs_total{exit_code=\"1\" 7\n\n";
        let text = textfile(&run(1, None), before);
        assert!(samples(&text).contains(&"ritardo_runs_total{exit_code=\"1\"} 1"), "{text}");
        assert!(!text.contains("other_total") && !text.contains(" x"), "{text}");
        assert_eq!(label("a", "b\"\\\n"), "{a=\"b\\\"\\\\\\n\"}");
        assert_eq!([seconds(-1_500_000), seconds(999)], ["-1.500", "0.000"]);
    }
}
