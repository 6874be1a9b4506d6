//! Alarms: what a person should look into though no rule holds it up. They name no customer and no message.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::coverage::local;
use super::number::counted;
pub use super::silence::{Past, Silence, Traffic, silence};
use crate::domain::charge::RatedWait;
use crate::domain::{BusinessId, Date, Elapsed, Instant, Month, Span, TimeOfDay, Verdict, Zone};

/// How many days back a missing file is still told of, and how many of them are named.
const DAYS_BACK: usize = 31;
const DAYS_NAMED: usize = 5;

/// An alarm. Its JSON form has the sentence beside the facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alarm {
    #[serde(flatten)]
    pub cause: Cause,
    /// The open months that it is about.
    pub months: BTreeSet<Month>,
    pub text: String,
}

/// What gives an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// Files of a source are not there though their hour has passed.
    Files {
        source: String,
        /// Sorted.
        days: Vec<Date>,
    },
    /// Many ask on a channel, and nobody answers any of them for unusually long.
    Silence { business: BusinessId, channel: String, from: Instant, to: Instant, inbound: u64 },
    /// Waits that the logs could not prove for long.
    Held { business: BusinessId, channel: String, waits: u64, oldest: Instant, reason: String },
}

/// A source whose files are expected by an hour.
pub struct Expected<'e> {
    pub source: &'e str,
    pub zone: Zone,
    pub by: TimeOfDay,
    /// What its own files prove, for each channel and direction that it carries. Sorted and disjoint.
    pub lanes: Vec<(&'e str, &'e [Span])>,
    /// The first day that is expected of a lane of which no file has ever come.
    pub since: Date,
}

/// The days of a source whose files should be there and are not: those after the first that is, or where none ever
/// came from `since` on, and of these the last ones. `is_open` says whether a month of an owner of the channel that has the day is open.
pub fn missing_files(expected: &Expected, as_of: Instant, is_open: &dyn Fn(&str, Date) -> bool) -> Option<Alarm> {
    let Expected { source, zone, by, lanes, since } = expected;
    // The newest day whose morning after has passed.
    let today = zone.date_of(as_of);
    let last = if zone.at(today, *by) <= as_of { today.previous() } else { today.previous().previous() };
    let newest_first = std::iter::successors(Some(last), |day| Some(day.previous())).take(DAYS_BACK);
    let lacks = |day: &Date| {
        let end = day.plus_days(1).start(*zone).minus(Elapsed::from_micros(1));
        lanes.iter().any(|(channel, proven)| {
            let began = proven.first().map_or(*since <= *day, |first| zone.date_of(first.from) < *day);
            began && !proven.iter().any(|span| span.contains(end)) && is_open(channel, *day)
        })
    };
    let mut days: Vec<Date> = newest_first.filter(lacks).collect();
    days.reverse();
    let newest = days.last()?;
    let hour = by.to_string();
    let text = match days.len() {
        1 => {
            let morning = newest.plus_days(1);
            format!("source {source}: the file of {newest} was expected by {morning} {hour} {zone} and is missing")
        }
        count => {
            let named: Vec<String> = days.iter().rev().take(DAYS_NAMED).map(ToString::to_string).collect();
            let (named, more) = (named.join(", "), if count > DAYS_NAMED { ", …" } else { "" });
            let hour = format!("{hour} {zone} of the next day");
            format!("source {source}: the files of {count} days were expected by {hour} and are missing: {named}{more}")
        }
    };
    let months = days.iter().filter_map(|day| Month::new(day.year(), day.month())).collect();
    Some(Alarm { cause: Cause::Files { source: (*source).to_owned(), days }, months, text })
}

/// The alarm of a silence; `None` when all its months are closed.
pub fn silent(
    (business, channel, zone): (&BusinessId, &str, Zone),
    silence: Silence,
    is_open: &dyn Fn(Month) -> bool,
) -> Option<Alarm> {
    let Silence { span: Span { from, to }, inbound } = silence;
    let last = Month::of(to.minus(Elapsed::from_micros(1)), zone);
    let months = std::iter::successors(Some(Month::of(from, zone)), |month| Some(month.next()));
    let months: BTreeSet<Month> = months.take_while(|month| *month <= last).filter(|month| is_open(*month)).collect();
    if months.is_empty() {
        return None;
    }
    let (from_text, to_text) = (local(zone, from), local(zone, to));
    let asked = counted(inbound, "inbound message", "inbound messages");
    let text = format!(
        "channel {channel} of {business}: no outbound message from {from_text} to {to_text} {zone}, while {asked} \
         asked for an answer; logs may be missing"
    );
    let cause = Cause::Silence { business: business.clone(), channel: channel.to_owned(), from, to, inbound };
    Some(Alarm { cause, months, text })
}

/// The held waits of open months whose deadline passed more than `days` days before `as_of`, by channel.
pub fn held_long<'w>(
    (business, zone): (&BusinessId, Zone),
    waits: impl Iterator<Item = (Month, &'w RatedWait)>,
    as_of: Instant,
    days: u32,
) -> Vec<Alarm> {
    let limit = Elapsed::from_seconds(i64::from(days) * 86_400);
    let is_held = |wait: &crate::domain::Wait| wait.verdict == Verdict::Held && !wait.excluded;
    let is_old = |rated: &RatedWait| is_held(&rated.wait) && rated.wait.deadline.plus(limit) < as_of;
    let mut channels: BTreeMap<&str, Vec<(Month, &RatedWait)>> = BTreeMap::new();
    for (month, rated) in waits.filter(|(_, rated)| is_old(rated)) {
        channels.entry(&rated.wait.channel).or_default().push((month, rated));
    }
    let alarm = |(channel, mut waits): (&str, Vec<(Month, &RatedWait)>)| {
        waits.sort_by(|(_, a), (_, b)| a.wait.order().cmp(&b.wait.order()));
        let first = &waits.first()?.1.wait;
        let (oldest, reason) = (first.received_at, first.held_for.map(|why| why.to_string()).unwrap_or_default());
        let months = waits.iter().map(|(month, _)| *month).collect();
        let are = if waits.len() == 1 { "is" } else { "are" };
        let waits = waits.len() as u64;
        let text = format!(
            "channel {channel} of {business}: {} {are} held more than {} after the deadline, the oldest of {} {zone}: \
             {reason}",
            counted(waits, "wait", "waits"),
            counted(u64::from(days), "day", "days"),
            local(zone, oldest)
        );
        let cause = Cause::Held { business: business.clone(), channel: channel.to_owned(), waits, oldest, reason };
        Some(Alarm { cause, months, text })
    };
    channels.into_iter().filter_map(alarm).collect()
}

#[cfg(test)]
mod tests {
    use super::super::coverage::tests::{at, spans};
    use super::*;
    use crate::domain::wait::HeldFor;
    use crate::domain::{EntryPoint, Market, Wait};

    fn days(alarm: Option<Alarm>) -> (String, String) {
        let Some(Alarm { cause: Cause::Files { days, .. }, text, .. }) = alarm else { return Default::default() };
        let days: Vec<String> = days.iter().map(|day| day.to_string()[5..].to_owned()).collect();
        (days.join(" "), text)
    }

    #[test]
    fn a_file_that_is_late_is_told_of() {
        let rome: Zone = "Europe/Rome".parse().unwrap();
        // Proven spans in UTC (Rome is two hours ahead), the instant of the run, the missing days.
        for (proven, as_of, missing) in [
            ("08-31T22 09-03T22", "2018-09-04T03:59:59Z", ""),
            ("08-31T22 09-03T22", "2018-09-04T04:00:00Z", ""),
            ("08-31T22 09-03T22", "2018-09-05T03:59:59Z", ""),
            ("08-31T22 09-03T22", "2018-09-05T04:00:00Z", "09-04"),
            ("08-31T22 09-03T22", "2018-09-07T12:00:00Z", "09-04 09-05 09-06"),
            ("08-31T22 09-03T22 09-04T22 09-06T22", "2018-09-07T12:00:00Z", "09-04"),
            // A file that ends before its day does proves no end of the day.
            ("08-31T22 09-03T21", "2018-09-04T12:00:00Z", "09-03"),
            // What lies before the first file was never expected.
            ("09-05T22 09-06T22", "2018-09-07T12:00:00Z", ""),
            ("", "2018-09-07T12:00:00Z", ""),
            // Open until the fifth of the month: what is closed is not told again.
            ("05-31T22 06-01T22", "2018-06-05T12:00:00Z", "06-02 06-03 06-04"),
            ("05-31T22 06-01T22", "2018-06-20T12:00:00Z", "06-02 06-03 06-04 06-05"),
        ] {
            let proven = spans(proven);
            let lanes = vec![("+1", proven.as_slice())];
            let (by, since) = ("06:00".parse().unwrap(), "2018-10-01".parse().unwrap());
            let expected = Expected { source: "till", zone: rome, by, lanes, since };
            let open = |_: &str, day: Date| day.month() != 6 || day.day() <= 5;
            assert_eq!(days(missing_files(&expected, at(as_of), &open)).0, missing, "{proven:?} {as_of}");
        }
    }

    #[test]
    fn many_missing_files_are_one_alarm() {
        let (proven, none) = (spans("01-01T00 01-02T00"), Vec::new());
        let lanes = vec![("+2", none.as_slice()), ("+1", proven.as_slice())];
        let (by, since) = ("07:00".parse().unwrap(), "2018-10-01".parse().unwrap());
        let mut expected = Expected { source: "till", zone: Zone::UTC, by, lanes, since };
        let (missing, text) = days(missing_files(&expected, at("2018-06-15T07:00:00Z"), &|_, _| true));
        assert_eq!(missing.split(' ').count(), DAYS_BACK);
        assert!(missing.starts_with("05-15 ") && missing.ends_with(" 06-14"), "{missing}");
        let wanted = "source till: the files of 31 days were expected by 07:00 UTC of the next day and are missing: \
                      2018-06-14, 2018-06-13, 2018-06-12, 2018-06-11, 2018-06-10, …";
        assert_eq!(text, wanted);
        expected.zone = "Europe/Rome".parse().unwrap();
        let proven = spans("09-01T22 09-03T22");
        expected.lanes = vec![("+1", proven.as_slice())];
        let alarm = missing_files(&expected, at("2018-09-05T12:00:00Z"), &|_, _| true).unwrap();
        let wanted = "source till: the file of 2018-09-04 was expected by 2018-09-05 07:00 Europe/Rome and is missing";
        assert_eq!(alarm.text, wanted);
        let never = Expected { lanes: vec![("+1", &[])], since: "2018-09-03".parse().unwrap(), ..expected };
        assert_eq!(days(missing_files(&never, at("2018-09-05T12:00:00Z"), &|_, _| true)).0, "09-03 09-04");
        let json = serde_json::to_value(&alarm).unwrap();
        assert_eq!(json["kind"], "files");
        assert_eq!(json["months"][0], "2018-09");
    }

    /// Hours of August 2018.
    fn hours(of: impl IntoIterator<Item = i64>) -> Vec<Instant> {
        of.into_iter().map(|hour| at("2018-08-01T00:00:00Z").plus(Elapsed::from_seconds(hour * 3600))).collect()
    }

    #[test]
    fn an_unusual_silence_is_found() {
        // Outbound hours, hours in which ten asked, the watermark, the silence.
        type Case = (&'static [i64], &'static [i64], i64, Option<(i64, i64)>);
        let cases: [Case; 12] = [
            (&[0, 8, 16, 24], &[1, 9, 17], 30, None),
            (&[0, 8, 16, 80], &[1, 9, 17], 90, Some((16, 80))),
            (&[0, 8, 16, 80], &[1, 9], 90, None),
            (&[0, 8, 16, 80], &[], 90, None),
            // Three times the longest other: not yet, and just.
            (&[0, 10, 40], &[1, 11], 41, None),
            (&[0, 10, 41], &[1, 11], 42, Some((10, 41))),
            (&[0, 30, 60], &[1, 31], 61, None),
            // Up to the watermark, and no farther.
            (&[0, 8], &[1, 9], 33, Some((8, 33))),
            (&[0, 8], &[1, 9], 32, None),
            (&[0, 8, 50], &[1, 9], 33, Some((8, 33))),
            // Never any outbound message.
            (&[], &[5, 20], 30, Some((5, 30))),
            (&[], &[5, 20], 29, None),
        ];
        for (outbound, asked, watermark, found) in cases {
            let asking = hours(asked.iter().flat_map(|hour| [*hour; 10]));
            let traffic = Traffic { inbound: asking.clone(), asking, outbound: hours(outbound.iter().copied()) };
            let watermark = hours([watermark])[0];
            let silent = silence(&traffic, watermark, 10);
            let wanted = found.map(|(from, to)| (hours([from])[0], hours([to])[0]));
            assert_eq!(silent.map(|silence| (silence.span.from, silence.span.to)), wanted, "{outbound:?} {asked:?}");
            assert_eq!(silence(&traffic, watermark, 0), None, "switched off");
            assert_eq!(silence(&traffic, watermark, 21), None, "too few asked");
        }
    }

    #[test]
    fn the_silence_of_a_closed_month_is_not_told_again() {
        let id: BusinessId = "a".parse().unwrap();
        let span = spans("08-30T00 09-02T00")[0];
        let of =
            |is_open: &dyn Fn(Month) -> bool| silent((&id, "+1", Zone::UTC), Silence { span, inbound: 12 }, is_open);
        assert_eq!(of(&|_| false), None);
        let alarm = of(&|month| month.number() == 9).unwrap();
        assert_eq!(alarm.months.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2018-09"]);
        let wanted = "channel +1 of a: no outbound message from 2018-08-30 00:00 to 2018-09-02 00:00 UTC, while 12 \
                      inbound messages asked for an answer; logs may be missing";
        assert_eq!(alarm.text, wanted);
    }

    fn wait(channel: &str, received: &str, verdict: Verdict, held_for: Option<HeldFor>) -> RatedWait {
        let received_at = at(received);
        let wait = Wait {
            business: "a".into(),
            channel: channel.into(),
            conversation: "secret".into(),
            customer: "+393331234567".into(),
            message_id: "secret".into(),
            run: Vec::new(),
            entry_point: EntryPoint::Unknown,
            received_at,
            answered_at: None,
            deadline: received_at.plus(Elapsed::DAY),
            verdict,
            held_for,
            doubt_at: held_for,
            watermark: received_at,
            accepted_at: None,
            excluded: false,
            tolerance: Elapsed::ZERO,
        };
        RatedWait { wait, market: Market::other(), charge: None }
    }

    #[test]
    fn old_held_waits_are_told_of_by_channel() {
        let gap = Some(HeldFor::Gap(at("2018-08-05T00:00:00Z")));
        let mut accepted = wait("+4", "2018-08-04T00:00:00Z", Verdict::Held, gap);
        accepted.wait.excluded = true;
        let waits = [
            accepted,
            wait("+1", "2018-08-05T00:00:00Z", Verdict::Held, Some(HeldFor::Conflict)),
            wait("+1", "2018-08-04T00:00:00Z", Verdict::Held, gap),
            wait("+2", "2018-08-04T00:00:00Z", Verdict::Pending, gap),
            wait("+3", "2018-08-04T00:00:00Z", Verdict::Held, gap),
        ];
        let (id, month): (BusinessId, Month) = ("a".parse().unwrap(), "2018-08".parse().unwrap());
        // The instant of the run, the limit in days, channels with their waits.
        for (as_of, days, told) in [
            ("2018-08-12T00:00:00Z", 7, ""),
            ("2018-08-12T00:00:00.001Z", 7, "+1:1 +3:1"),
            ("2018-08-13T00:00:00.001Z", 7, "+1:2 +3:1"),
            ("2018-08-05T00:00:00.001Z", 0, "+1:1 +3:1"),
            ("2018-09-04T00:00:00Z", 30, ""),
        ] {
            let alarms = held_long((&id, Zone::UTC), waits.iter().map(|rated| (month, rated)), at(as_of), days);
            let counts = alarms.iter().filter_map(|alarm| match &alarm.cause {
                Cause::Held { channel, waits, .. } => Some(format!("{channel}:{waits}")),
                _ => None,
            });
            assert_eq!(counts.collect::<Vec<_>>().join(" "), told, "{as_of}");
            for alarm in alarms {
                assert!(
                    alarm.text.contains("the oldest of 2018-08-04 00:00 UTC: outbound logs are missing"),
                    "{alarm:?}"
                );
                let json = serde_json::to_string(&alarm).unwrap();
                assert!(!json.contains("secret") && !json.contains("333123"), "{json}");
            }
        }
    }
}
