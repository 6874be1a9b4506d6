use std::path::Path;

use super::*;
use crate::domain::message::Facts;
use crate::domain::{Direction, EntryPoint, Kind, Status};

const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;
const START: i64 = 1_514_764_800_000_000;

fn facts(direction: Direction, kind: Kind) -> Facts {
    Facts::of(direction, Some(kind), Status::Unstated, EntryPoint::LiveSupport)
}

fn gathered(expected: usize) -> Gathered {
    let room = Room { folder: Path::new("/nonexistent"), name: "t", budget: 1 << 20 };
    Gathered::new(expected, Instant::MAX, Rows::Kept, room)
}

/// Questions (`q`), answers (`a`) and what is unknown (`?`) of one conversation, as hours since 2018 began, in the
/// order of the log.
fn logged(log: &[(char, i64)]) -> [Gathered; 1] {
    let mut gathered = gathered(log.len());
    for (id, (what, hours)) in (1..).zip(log) {
        let facts = match what {
            'a' => facts(Direction::Outbound, Kind::Text),
            'q' => facts(Direction::Inbound, Kind::Text),
            _ => facts(Direction::Outbound, Kind::Other),
        };
        gathered.take(Arrived { id, channel: 3, customer: 39_333, at: START + hours * HOUR, facts }).unwrap();
    }
    [gathered]
}

#[track_caller]
fn check(log: &[(char, i64)], expected: &str) {
    let all = logged(log);
    let (mut held, mut paired) = (Vec::new(), Paired::default());
    let place = bucket(conversation(3, 39_333));
    messages(&all, place, &Odd::of(&all, Vec::new()), &mut held).unwrap();
    // What was found in a bucket before leaves no trace.
    pair(
        &[(conversation(3, 1), stamped(START)), (conversation(9, 1), stamped(START))],
        &Reading::default(),
        &mut paired,
    );
    pair(&held, &Reading::default(), &mut paired);
    let places = Places::of(&all, place).unwrap();
    let late: Vec<String> = (paired.late.iter())
        .map(|late| {
            let hours = |at: Instant| (at.micros() - START) / HOUR;
            let answered = late.answered_at.map_or("-".to_owned(), |at| hours(at).to_string());
            assert_eq!(late.entry_point, EntryPoint::LiveSupport);
            format!("{}>{answered}@{}", hours(late.received_at), places.get(late.place).unwrap().1)
        })
        .collect();
    let on_time = paired.on_time.get(3).copied().unwrap_or(0);
    assert_eq!(format!("{on_time} {}", late.join(" ")).trim_end(), expected, "{log:?}");
}

#[test]
fn the_next_answer_of_the_conversation_counts() {
    check(&[('q', 0), ('q', 1), ('a', 24), ('q', 30), ('a', 55), ('q', 60)], "2 30>55@3 60>-@5");
    check(&[('q', 0), ('a', 25)], "0 0>25@0");
    // The same instant counts, in whatever order the log has the two.
    check(&[('q', 5), ('a', 5)], "1");
    check(&[('a', 5), ('q', 5)], "1");
    check(&[('a', 5), ('q', 5), ('q', 6), ('a', 40)], "1 6>40@2");
    // A log in no order.
    check(&[('a', 55), ('q', 30), ('q', 60), ('a', 24), ('q', 0)], "1 30>55@1 60>-@2");
}

/// Files of several businesses lie one behind the other; only the order within a conversation matters.
#[test]
fn conversations_one_behind_the_other_are_judged_as_in_the_order_of_time() {
    let at = |hours: i64, what| stamped(START + hours * HOUR) | what;
    let asks = entry(EntryPoint::Unknown);
    let (one, other) = (conversation(3, 1), conversation(4, 2));
    let of = |log: &[(u64, u64)]| {
        let mut paired = Paired::default();
        pair(log, &Reading::default(), &mut paired);
        let late = paired.late.iter().map(|late| (late.conversation, late.place, late.answered_at));
        (late.collect::<Vec<_>>(), paired.on_time.clone())
    };
    let answered = Some(Instant::from_micros(START + 90 * HOUR));
    let behind = [(one, at(50, asks)), (one, at(90, ANSWERS)), (other, at(1, asks)), (other, at(2, ANSWERS))];
    assert_eq!(of(&behind), (vec![(one, 0, answered)], vec![0, 0, 0, 0, 1]));
    // The answers of one conversation stand before its questions: both are told all the same.
    let before = [(one, at(90, ANSWERS)), (one, at(50, asks)), (other, at(1, asks)), (other, at(2, ANSWERS))];
    assert_eq!(of(&before), (vec![(one, 1, answered)], vec![0, 0, 0, 0, 1]));
}

#[test]
fn what_is_unclear_makes_its_conversation_odd_and_no_other() {
    let all = logged(&[('q', 0), ('?', 1), ('q', 2)]);
    let odd = Odd::of(&all, vec![7, 7]);
    assert_eq!((odd.len(), odd.has(conversation(3, 39_333)), odd.has(7), odd.has(8)), (2, true, true, false));
    check(&[('q', 0), ('?', 1), ('q', 2)], "0");
}

#[test]
fn equal_ids_are_seen_and_a_channel_parts_them() {
    let with = |rows: &[(u64, u32)]| {
        let mut gathered = gathered(8);
        let facts = facts(Direction::Inbound, Kind::Note);
        let one = |(id, channel): &(u64, u32)| Arrived { id: *id, channel: *channel, customer: 39, at: DAY, facts };
        rows.iter().for_each(|row| gathered.take(one(row)).unwrap());
        let (all, mut table) = ([gathered], ids::Table::default());
        (0..ids::PARTS).flat_map(|part| table.twice(&all, part).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(with(&[(1, 0), (2, 0), (1, 1)]), [0_u64; 0]);
    assert_eq!(with(&[(1, 0), (2, 0), (1, 0), (1, 0)]), [1]);
    assert_eq!(with(&[(0, 0), (0, 0)]), [0]);
    assert_eq!(with(&[(0, 0), (1, 0)]), [0_u64; 0]);
    assert_eq!(with(&[(5, 2), (5, 2)]), [ids::on_channel(5, 2)]);
}

#[test]
fn a_row_is_found_again_over_several_workers() {
    let of = |hours: &[i64]| logged(&hours.iter().map(|hours| ('q', *hours)).collect::<Vec<_>>());
    let ([one], [other]) = (of(&[0, 30]), of(&[60]));
    let all = [one, other];
    let places = Places::of(&all, bucket(conversation(3, 39_333))).unwrap();
    assert_eq!([0, 1, 2, 3].map(|place| places.get(place)), [Some((0, 0)), Some((0, 1)), Some((1, 0)), None]);
}

#[test]
fn a_conversation_is_exact() {
    let largest = (CHANNELS_MAX - 1, 999_999_999_999_999);
    let place = conversation(largest.0, largest.1);
    assert_eq!(parties(place), (usize::try_from(largest.0).unwrap(), largest.1));
    assert!(bucket(place) < BUCKETS);
    assert!(supports(&Reading::default()) && !supports(&Reading::late_outbound()));
}
