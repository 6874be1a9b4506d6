//! How long the stages of a command took, for `--timings`: told on standard error, so that all else stays as it is.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::say;
use super::summary::grouped;
use super::table::Table;
use crate::error::Failure;

/// What is shorter tells no speed.
const SHORTEST: Duration = Duration::from_millis(1);

/// The stages of a command so far. Behind a shared reference, and from several threads.
pub struct Timings {
    clock: fn() -> Duration,
    wanted: bool,
    told: bool,
    begun: Duration,
    so_far: Mutex<SoFar>,
}

struct SoFar {
    /// Where the last stage ended.
    mark: Duration,
    stages: Vec<Stage>,
}

#[derive(Clone, Debug)]
struct Stage {
    name: &'static str,
    /// It lies inside another one, and is shown below it.
    is_part: bool,
    begun: Duration,
    elapsed: Duration,
    rows: Option<u64>,
    bytes: Option<u64>,
    /// The most memory that the process ever held, at the end of the stage, in KiB.
    peak: Option<u64>,
}

impl Timings {
    /// The first stage begins now. Where nobody wants to know, nothing is measured and nothing is said.
    pub fn new(clock: fn() -> Duration, wanted: bool) -> Self {
        let begun = clock();
        let so_far = Mutex::new(SoFar { mark: begun, stages: Vec::new() });
        Self { clock, wanted, told: wanted, begun, so_far }
    }

    /// The same for a command that wants the stages itself, and tells them only where a person wants to know.
    pub fn measuring(clock: fn() -> Duration, told: bool) -> Self {
        Self { told, ..Self::new(clock, true) }
    }

    /// The stages so far, without their parts, in their order.
    pub fn stages(&self) -> Vec<(&'static str, Duration)> {
        let so_far = self.so_far();
        so_far.stages.iter().filter(|stage| !stage.is_part).map(|stage| (stage.name, stage.elapsed)).collect()
    }

    /// The time, as [`Self::part`] takes it.
    pub fn now(&self) -> Duration {
        (self.clock)()
    }

    /// A stage has ended, and the next one begins: what lies between two laps is of the second.
    pub fn lap(&self, name: &'static str, rows: Option<u64>, bytes: Option<u64>) {
        if !self.wanted {
            return;
        }
        let (now, peak) = (self.now(), peak());
        let mut so_far = self.so_far();
        let begun = std::mem::replace(&mut so_far.mark, now);
        let elapsed = now.saturating_sub(begun);
        so_far.stages.push(Stage { name, is_part: false, begun, elapsed, rows, bytes, peak });
    }

    /// A part of the stage that is going on has ended; it began at `since`. Parts of one name are added up, so that
    /// those of several threads may come to more than their stage.
    pub fn part(&self, name: &'static str, since: Duration, rows: Option<u64>) {
        if !self.wanted {
            return;
        }
        let (elapsed, peak) = (self.now().saturating_sub(since), peak());
        let mut so_far = self.so_far();
        match so_far.stages.iter().position(|stage| stage.is_part && stage.name == name) {
            Some(place) => {
                if let Some(known) = so_far.stages.get_mut(place) {
                    known.begun = known.begun.min(since);
                    known.elapsed = known.elapsed.saturating_add(elapsed);
                    known.rows = sum(known.rows, rows);
                    known.peak = known.peak.max(peak);
                }
            }
            None => {
                so_far.stages.push(Stage { name, is_part: true, begun: since, elapsed, rows, bytes: None, peak });
            }
        }
    }

    /// The table of all stages, where it is wanted.
    pub fn say(&self, err: &mut dyn Write) -> Result<(), Failure> {
        if !self.told {
            return Ok(());
        }
        let elapsed = self.now().saturating_sub(self.begun);
        let mut stages = self.so_far().stages.clone();
        // A part is told before its stage, which ends later.
        stages.sort_by_key(|stage| (stage.begun, stage.is_part));
        let (begun, peak) = (self.begun, peak());
        stages.push(Stage { name: "total", is_part: false, begun, elapsed, rows: None, bytes: None, peak });
        say(err, &table(&stages))
    }

    /// A thread that broke down leaves whole stages behind.
    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.map_or(other, |one| Some(one.saturating_add(other.unwrap_or_default())))
}

/// One line a stage, without an end of line after the last.
fn table(stages: &[Stage]) -> String {
    let mut table = Table::new(&["stage", ">rows", ">bytes", ">seconds", ">rows/s", ">peak MiB"]);
    let cell = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), grouped);
    for stage in stages {
        let Stage { name, elapsed, rows, bytes, peak, .. } = stage;
        let name = if stage.is_part { format!("  {name}") } else { (*name).to_owned() };
        let seconds = format!("{}.{:03}", elapsed.as_secs(), elapsed.subsec_millis());
        let speed = rows.and_then(|rows| speed(rows, *elapsed));
        table.add(vec![name, cell(*rows), cell(*bytes), seconds, cell(speed), cell(peak.map(|kib| kib / 1024))]);
    }
    table.lines().join("\n")
}

/// Rows a second.
fn speed(rows: u64, elapsed: Duration) -> Option<u64> {
    let a_second = u128::from(rows).saturating_mul(1_000_000).checked_div(elapsed.as_micros())?;
    (elapsed >= SHORTEST).then(|| u64::try_from(a_second).unwrap_or(u64::MAX))
}

/// The most memory that this process ever held, in KiB; unknown where the system does not tell.
fn peak() -> Option<u64> {
    std::fs::read_to_string("/proc/self/status").ok().as_deref().and_then(peak_of)
}

fn peak_of(status: &str) -> Option<u64> {
    let told = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    told.trim().strip_suffix("kB")?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn numbers_stand_below_each_other_and_what_is_not_known_is_a_dash() {
        let stage = |name, is_part, micros, rows, bytes, peak| {
            let (begun, elapsed) = (Duration::ZERO, Duration::from_micros(micros));
            Stage { name, is_part, begun, elapsed, rows, bytes, peak }
        };
        let stages = [
            stage("reading", false, 1_234_000, Some(20_100_000), Some(519_000_000), Some(573_440)),
            stage("months", false, 5_678_901, None, None, Some(1_126_400)),
            stage("replays", true, 999, Some(3), None, None),
            stage("total", false, 61_005_000, None, None, Some(1_126_400)),
        ];
        let expected = "\
stage            rows        bytes  seconds      rows/s  peak MiB
reading    20,100,000  519,000,000    1.234  16,288,492       560
months              -            -    5.678           -     1,100
  replays           3            -    0.000           -         -
total               -            -   61.005           -     1,100";
        assert_eq!(table(&stages), expected);
    }

    #[test]
    fn a_speed_is_exact_and_needs_a_millisecond() {
        let of = |rows, micros| speed(rows, Duration::from_micros(micros));
        assert_eq!([of(1, 1000), of(2, 3_000_000), of(0, 1000)], [Some(1000), Some(0), Some(0)]);
        assert_eq!([of(1, 999), of(1, 0)], [None, None]);
        assert_eq!(of(u64::MAX, 1000), Some(u64::MAX));
    }

    #[test]
    fn the_peak_is_read_as_the_system_writes_it() {
        let status = "Name:\tritardo\nVmPeak:\t  999999 kB\nVmHWM:\t   5740 kB\nVmRSS:\t    5000 kB\n";
        assert_eq!(peak_of(status), Some(5740));
        assert_eq!([peak_of("Name:\tritardo\n"), peak_of("VmHWM:\t5740 MB\n"), peak_of("VmHWM:\tx kB\n")], [None; 3]);
    }

    /// A second later each time that it is asked; of one test only.
    fn ticking() -> Duration {
        static SECONDS: AtomicU64 = AtomicU64::new(0);
        Duration::from_secs(SECONDS.fetch_add(1, Ordering::Relaxed))
    }

    #[test]
    fn stages_follow_each_other_and_parts_are_added_up() {
        let timings = Timings::new(ticking, true);
        timings.lap("reading", Some(7), Some(70));
        for rows in [2, 3] {
            let since = timings.now();
            timings.part("replays", since, Some(rows));
        }
        timings.lap("months", None, None);
        let mut said = Vec::new();
        timings.say(&mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        // But for the memory, which is that of the tests.
        let cells = |line: &str| line.split_whitespace().take(5).collect::<Vec<_>>().join(" ");
        let expected = [
            "stage rows bytes seconds rows/s",
            "reading 7 70 1.000 7",
            "months - - 5.000 -",
            "replays 5 - 2.000 2",
            "total - - 7.000 -",
        ];
        assert_eq!(said.lines().map(cells).collect::<Vec<_>>(), expected);
        assert!(said.ends_with('\n') && said.contains("\n  replays "), "{said}");
    }

    #[test]
    fn nothing_is_said_that_nobody_wants_to_know() {
        let timings = Timings::new(|| Duration::ZERO, false);
        timings.lap("reading", Some(1), None);
        timings.part("replays", timings.now(), None);
        let mut said = Vec::new();
        timings.say(&mut said).unwrap();
        assert!(said.is_empty() && timings.so_far().stages.is_empty());
        let timings = Timings::measuring(|| Duration::ZERO, false);
        timings.lap("reading", None, None);
        timings.part("replays", timings.now(), None);
        timings.say(&mut said).unwrap();
        assert!(said.is_empty());
        assert_eq!(timings.stages(), [("reading", Duration::ZERO)]);
    }
}
