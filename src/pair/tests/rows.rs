//! However the rows of a frame lie, and however many threads read them, the result is the same.

use polars::prelude::{DataFrame, IntoColumn, NamedFrom, Series};

use super::{august, frame};
use crate::domain::reading::{ChargeFor, ChargePer, DateOf, RunClock};
use crate::domain::{Accepted, ChannelEvidence, Elapsed, Reading, columns};
use crate::pair::copies::merged;
use crate::pair::rows::Rows;
use crate::pair::{Paired, pair};

/// Numbers without a pattern, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, usize::try_from(self.below(end as u64 + 1)).unwrap());
        }
    }
}

/// Rows of all kinds: `copies` of ten have an id that others may have, and say mostly the same as those.
fn script(rows: usize, copies: u64, seed: u64) -> Vec<String> {
    let mut numbers = Numbers(seed);
    let line = |row: usize| {
        let is_copy = numbers.below(10) < copies;
        let id = if is_copy { numbers.below(rows as u64 / 4 + 1) } else { 1_000_000 + row as u64 };
        // What all copies of a message say, then what this one says.
        let mut own = Numbers(id);
        let odd = numbers.below(20) == 0;
        let mut of = |limit: u64| if odd { numbers.below(limit) } else { own.below(limit) };
        let (customer, named, far) = (of(rows as u64 / 20 + 2), of(3), of(2));
        let conversation = if named == 0 { format!("v{}", customer / 2) } else { format!("+39{customer}") };
        let (day, hour, minute, place) = (of(24), of(24), of(60), of(5));
        let direction = if id % 2 == 0 { "in" } else { "out" };
        let kind = ["", "text", "image", "note", "poll", "automatic"][usize::try_from(of(6)).unwrap()];
        let mut line = format!("{direction} m{id} +{day}d {hour:02}:{minute:02} business=b{} ", place / 2);
        line += &format!("channel=c{} customer=+39{customer} conversation={conversation}", place % 3);
        if !kind.is_empty() {
            line += &format!(" kind={kind}");
        }
        if id % 11 == 0 {
            line += " fold=3600";
        }
        if far == 0 && direction == "out" {
            let status = ["sent", "delivered", "read", "failed"][usize::try_from(numbers.below(4)).unwrap()];
            line += &format!(" status={status} sighting={status}");
        }
        line
    };
    (0..rows).map(line).collect()
}

fn evidence(_: &str, channel: &str) -> Option<ChannelEvidence> {
    let disputes = (0..200).map(|id| (format!("m{}", id * 3), august("10T00:00"))).collect();
    let accepted = Accepted { disputes, ..Accepted::default() };
    let tolerance = Elapsed::from_seconds(60);
    let known = ChannelEvidence::complete_through(august("20T00:00"));
    (channel != "c2").then_some(ChannelEvidence { accepted, tolerance, ..known })
}

fn readings() -> Vec<Reading> {
    let plain = Reading::default();
    let run = Reading { charge_per: ChargePer::WaitRun, clock: RunClock::FirstUnanswered, ..plain };
    let (give_up, month_of) = (Some(Elapsed::from_seconds(7 * 86_400)), DateOf::Deadline);
    let last = Reading { clock: RunClock::LastInbound, charge_for: ChargeFor::LateReply, give_up, month_of, ..plain };
    vec![plain, run, last, Reading::late_outbound()]
}

fn paired(frame: &DataFrame, reading: Reading) -> Paired {
    pair(frame, &evidence, reading).unwrap()
}

#[track_caller]
fn same(one: &Paired, other: &Paired) {
    assert_eq!((one.messages, one.after_watermark), (other.messages, other.after_watermark));
    assert!(one.conflicts == other.conflicts, "other conflicts");
    assert_eq!(one.waits.len(), other.waits.len());
    for (one, other) in one.waits.iter().zip(&other.waits) {
        assert_eq!(one, other);
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    // The longer ones are read by several threads, where there are processors for them.
    for (rows, copies, seed) in [(60, 9, 1), (60, 5, 2), (400, 3, 3), (3000, 9, 4), (40_000, 1, 5), (50_000, 9, 6)] {
        let mut lines = script(rows, copies, seed);
        let first = frame(&lines.join("\n"));
        Numbers(seed).shuffle(&mut lines);
        let second = frame(&lines.join("\n"));
        for reading in readings() {
            let paired_first = paired(&first, reading);
            assert!(paired_first.waits.is_sorted_by_key(crate::domain::Wait::order));
            assert!(paired_first.conflicts.is_sorted());
            assert!(rows < 3000 || !paired_first.waits.is_empty() && !paired_first.conflicts.is_empty());
            same(&paired_first, &paired(&second, reading));
        }
    }
}

#[test]
fn chunks_do_not_matter() {
    for (rows, size, seed) in [(200, 1, 7), (3000, 37, 8), (40_000, 999, 9)] {
        let mut whole = frame(&script(rows, 4, seed).join("\n"));
        let files = (0..).take(rows).map(|row: i64| row % 13).collect::<Vec<i64>>();
        whole.with_column(Series::new(columns::FILE.into(), files).into_column()).unwrap();
        let mut chunked = whole.slice(0, size);
        for start in (size..rows).step_by(size) {
            chunked.vstack_mut(&whole.slice(i64::try_from(start).unwrap(), size)).unwrap();
        }
        assert_eq!(chunked.height(), rows);
        assert!(chunked.column(columns::KIND).unwrap().str().unwrap().downcast_iter().count() > 1);
        for reading in readings() {
            same(&paired(&whole, reading), &paired(&chunked, reading));
        }
    }
}

#[test]
fn one_row_is_what_its_only_copy_says() {
    let frame = frame(&script(500, 0, 10).join("\n"));
    let rows = Rows::read(&frame).unwrap();
    assert_eq!(rows.repeated.len(), 0);
    for (number, row) in (0..).zip(&rows.all) {
        assert_eq!(rows.event(row), merged(row.message_id, &[rows.copy(number)]), "{}", row.message_id);
    }
}

#[test]
fn a_frame_without_rows_has_no_waits() {
    let frame = frame("in 1 00:00").slice(0, 0);
    let paired = paired(&frame, Reading::default());
    assert_eq!((paired.waits.len(), paired.conflicts.len(), paired.messages, paired.after_watermark), (0, 0, 0, 0));
}
