//! I11, I12 and I17 to I19: clocks that are wrong, zones that are not told, and days that are not 24 hours long.

use std::collections::BTreeMap;

use crate::common::{charges, text};
use crate::shop::{DESK, LAB, Shop, log, row, sheet};

/// Two clocks that differ by a minute and a half: within the tolerance no charge comes of it.
#[test]
fn i11_a_clock_that_is_off_by_less_than_the_tolerance_charges_nobody() {
    let source = |name: &str, direction: &str, tolerance: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nfiles = \"{name}/*\"\ncoverage = \"continuous\"\n\
                 directions = [\"{direction}\"]\nchannels = [\"+390510000417\"]\n{tolerance}"
        )
    };
    // In truth each answer comes a second after its question, or a second before the end of the window; the clock of
    // the answers goes wrong by 90 seconds.
    for (name, tolerance, expected) in [
        ("i11-tolerant", "tolerance = \"120s\"\n", &["d-beyond"][..]),
        ("i11-strict", "", &["a-at-once", "b-at-the-end", "d-beyond"]),
    ] {
        let shop = Shop::new(name, &(source("ask", "inbound", tolerance) + &source("say", "outbound", tolerance)));
        shop.put(
            "ask/q.csv",
            log(&[
                ("z-first", "inbound", "2018-07-31T10:00:00Z"),
                ("a-at-once", "inbound", "2018-08-10T10:00:00Z"),
                ("b-at-the-end", "inbound", "2018-08-11T10:00:00Z"),
                ("d-beyond", "inbound", "2018-08-12T10:00:00Z"),
                ("z-last", "inbound", "2018-09-04T10:00:00Z"),
            ]),
        );
        shop.put(
            "say/a.csv",
            log(&[
                ("z-first-said", "outbound", "2018-07-31T10:00:00Z"),
                ("a-said", "outbound", "2018-08-10T09:58:31Z"),
                ("b-said", "outbound", "2018-08-12T10:01:29Z"),
                ("d-said", "outbound", "2018-08-13T10:02:01Z"),
                ("z-last-said", "outbound", "2018-09-04T10:00:00Z"),
            ]),
        );
        shop.night(0);
        assert_eq!(shop.closed(), ["2018-08"]);
        assert_eq!(shop.billed(), expected, "{name}");
    }
}

/// Stamps of another unit, of 1970, of the year 9999 and of tomorrow are rejects, each with its reason.
#[test]
fn i12_stamps_out_of_range_and_of_another_unit_are_rejected() {
    let unit = |name: &str, lines: &str| format!("[[source]]\nname = \"{name}\"\nfiles = \"{name}/*\"\n{lines}");
    let daily = "coverage = \"daily\"\nzone = \"UTC\"\n";
    let sources = [
        DESK,
        &unit("text", ""),
        &unit("day", daily),
        &unit("s", "stamps = \"seconds\"\n"),
        &unit("ms", "stamps = \"milliseconds\"\n"),
        &unit("us", "stamps = \"microseconds\"\n"),
        &unit("term", "from = \"2018-08-01T00:00:00Z\"\nto = \"2018-09-01T00:00:00Z\"\n"),
    ]
    .concat();
    let shop = Shop::new("i12", &sources);
    let table: [(&str, &str, Option<&str>); 24] = [
        ("text/1.csv", "2009-01-01T00:00:00Z", None),
        ("text/2.csv", "2008-12-31T23:59:59.999Z", Some("before 2009")),
        ("text/3.csv", "1970-01-01T00:00:00Z", Some("before 2009")),
        ("text/4.csv", "9999-12-31T23:59:59Z", Some("after")),
        ("text/5.csv", "1533895200", Some("bare number")),
        ("text/6.csv", "1533895200000", Some("bare number")),
        ("text/7.csv", "0", Some("bare number")),
        ("day/2018-08-10.csv", "2018-08-10T10:00:00Z", None),
        ("day/2018-08-11.csv", "2018-08-13T00:00:00.001Z", Some("after the time that its file declares")),
        ("day/2018-08-12.csv", "2018-08-14T00:00:00Z", None),
        ("s/1.csv", "1533895200", None),
        ("s/2.csv", "1533895200000", Some("is the log in milliseconds?")),
        ("s/3.csv", "1533895200000000", Some("is the log in microseconds?")),
        ("s/4.csv", "0", Some("before 2009")),
        ("s/5.csv", "2018-08-10T10:00:00Z", Some("not a whole number")),
        ("s/6.csv", "-1533895200", Some("not a whole number")),
        ("ms/1.csv", "1533895200000", None),
        ("ms/2.csv", "1533895200", Some("is the log in seconds?")),
        ("us/1.csv", "1533895200000000", None),
        ("us/2.csv", "1533895200000", Some("is the log in milliseconds?")),
        ("us/3.csv", "9223372036854775807999", Some("after 2099")),
        ("term/1.csv", "2018-07-31T23:59:59.999Z", Some("before the start of its source")),
        ("term/2.csv", "2018-08-01T00:00:00Z", None),
        ("term/3.csv", "2018-09-01T00:00:00Z", Some("end of its source")),
    ];
    for (index, (file, at, _)) in table.iter().enumerate() {
        let mut rows = vec![row(&format!("f-{index}"), "inbound", at)];
        if *at == "2018-08-14T00:00:00Z" {
            // A file none of whose messages is of its day is refused as a whole.
            rows.push(row("f-own", "inbound", "2018-08-12T10:00:00Z"));
        }
        shop.put(file, sheet(&rows));
    }
    shop.night(0);
    assert_eq!(shop.read().len(), table.len());
    for (file, at, expected) in table {
        let reasons = shop.rejects(file);
        match expected {
            None => assert_eq!(reasons, Vec::<String>::new(), "{file} {at}"),
            Some(says) => assert!(reasons.len() == 1 && reasons[0].contains(says), "{file} {at}: {reasons:?}"),
        }
        assert!(at == "0" || !reasons.concat().contains(at), "a reason never quotes the row");
    }
    assert!(shop.billed().is_empty());
}

/// Local times of which nobody says the zone are refused, whatever the zone of the machine.
#[test]
fn i17_local_times_without_a_zone_are_refused() {
    let august = [
        ("z-first", "outbound", "2018-07-31 12:00:00"),
        ("a-late", "inbound", "2018-08-10 12:00:00"),
        ("a-answer", "outbound", "2018-08-11 12:00:01"),
        ("z-last", "outbound", "2018-09-04 12:00:00"),
    ];
    let zoned = DESK.replace("coverage", "zone = \"Europe/Rome\"\ncoverage");
    for (name, source, tz, billed) in [
        ("i17-none", DESK, "UTC", &[][..]),
        ("i17-machine", DESK, "Europe/Rome", &[]),
        ("i17-declared", &zoned, "Asia/Tokyo", &["a-late"]),
    ] {
        let shop = Shop::new(name, source);
        shop.put("desk/till.csv", log(&august));
        let output =
            crate::common::program(&shop.folder, &["run", "--as-of", crate::common::NIGHT]).env("TZ", tz).output();
        crate::common::Ran::of(&output.unwrap()).expect(0);
        assert_eq!(shop.billed(), billed, "{name}");
        let refused = "sent_at is a local time without an offset: declare the `zone` of the source";
        let expected = if billed.is_empty() { vec![refused; 4] } else { Vec::new() };
        assert_eq!(shop.rejects("desk/till.csv"), expected, "{name}");
    }
    let shop = Shop::new("i17-daily", &DESK.replace("continuous", "daily"));
    let refused = shop.ritardo(&["check"]).expect(78);
    assert!(refused.err.contains("coverage = \"daily\" needs a zone"), "{}", refused.err);
}

/// Local times that two instants have are read kinder to the payer; times that no instant has are refused.
#[test]
fn i18_clocks_that_are_put_forward_and_back_charge_nobody_an_hour() {
    let zones = [
        ("rome", "Europe/Rome"),
        ("york", "America/New_York"),
        ("howe", "Australia/Lord_Howe"),
        ("casa", "Africa/Casablanca"),
        ("apia", "Pacific/Apia"),
    ];
    let sources: String = zones
        .iter()
        .map(|(name, zone)| format!("[[source]]\nname = \"{name}\"\nfiles = \"{name}/*\"\nzone = \"{zone}\"\n"))
        .collect();
    let shop = Shop::new("i18", &sources);
    // Zone, local time, the reading of a question and of an answer.
    let table = [
        ("rome", "2018-10-28 02:30:00", Some(("2018-10-28T01:30:00.000Z", "2018-10-28T00:30:00.000Z"))),
        ("rome", "2018-10-28 03:00:00", Some(("2018-10-28T02:00:00.000Z", "2018-10-28T02:00:00.000Z"))),
        ("rome", "2018-03-25 02:30:00", None),
        ("york", "2018-11-04 01:30:00", Some(("2018-11-04T06:30:00.000Z", "2018-11-04T05:30:00.000Z"))),
        ("york", "2018-03-11 02:00:00", None),
        ("york", "2018-03-11 03:00:00", Some(("2018-03-11T07:00:00.000Z", "2018-03-11T07:00:00.000Z"))),
        ("howe", "2018-04-01 01:45:00", Some(("2018-03-31T15:15:00.000Z", "2018-03-31T14:45:00.000Z"))),
        ("howe", "2018-10-07 02:15:00", None),
        ("casa", "2018-05-13 02:30:00", Some(("2018-05-13T02:30:00.000Z", "2018-05-13T01:30:00.000Z"))),
        ("casa", "2018-06-17 02:30:00", None),
        ("apia", "2011-12-29 23:59:59", Some(("2011-12-30T09:59:59.000Z", "2011-12-30T09:59:59.000Z"))),
        ("apia", "2011-12-30 12:00:00", None),
        ("apia", "2011-12-31 00:00:00", Some(("2011-12-30T10:00:00.000Z", "2011-12-30T10:00:00.000Z"))),
    ];
    let mut arguments = vec!["inspect".to_owned()];
    let mut expected: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for (index, (zone, local, readings)) in table.iter().enumerate() {
        for (direction, reading) in
            [("inbound", readings.map(|both| both.0)), ("outbound", readings.map(|both| both.1))]
        {
            let name = format!("{zone}/{index}-{direction}.csv");
            shop.put(&name, sheet(&[row("d-1", direction, local)]));
            expected.insert(format!("inbox/{name}"), reading);
            arguments.push(format!("inbox/{name}"));
        }
    }
    arguments.extend(["--config", "ritardo.toml", "--format", "json"].map(str::to_owned));
    let told = shop.ritardo(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).expect(0).json();
    for file in told.as_array().unwrap() {
        let name = text(file, "file");
        assert_eq!(file["first"].as_str(), expected[&name], "{file}");
        assert_eq!(file["rejected"], u64::from(expected[&name].is_none()), "{file}");
    }
    i18_lateness_is_elapsed_time();
}

/// From Saturday noon to Sunday eleven o'clock there are 24 hours on the day on which the clocks are put back.
fn i18_lateness_is_elapsed_time() {
    let shop = Shop::new("i18-lateness", &DESK.replace("coverage", "zone = \"Europe/Rome\"\ncoverage"));
    shop.write("businesses.toml", shop.text("businesses.toml").replace("2018-08", "2018-10"));
    shop.put(
        "desk/october.csv",
        log(&[
            ("z-first", "outbound", "2018-09-30 12:00:00"),
            ("a-on-time", "inbound", "2018-10-27 12:00:00"),
            ("a-answer", "outbound", "2018-10-28 11:00:00"),
            ("b-late", "inbound", "2018-10-27 12:00:00"),
            ("b-answer", "outbound", "2018-10-28 11:00:00.001"),
            // Asked and answered in the hour that comes twice: the question in the later one.
            ("c-twice", "inbound", "2018-10-28 02:59:00"),
            ("c-answer", "outbound", "2018-10-29 02:58:59"),
            ("z-last", "outbound", "2018-11-03 12:00:00"),
        ]),
    );
    shop.run("2018-11-04T00:00:00Z").expect(0);
    assert_eq!(shop.closed(), ["2018-10"]);
    assert_eq!(shop.billed(), ["b-late"]);
}

/// A second of 61, the 29th of February, the end of a year, and a month that ends on a change of clocks.
#[test]
fn i19_leap_seconds_leap_days_and_ends_of_months() {
    let shop = Shop::new("i19", &format!("{DESK}{LAB}"));
    shop.put("lab/leap.csv", sheet(&[row("l-1", "inbound", "2016-12-31T23:59:60Z")]));
    shop.put("lab/never.csv", sheet(&[row("l-2", "inbound", "2019-02-29T12:00:00Z")]));
    let told =
        shop.ritardo(&["inspect", "inbox/lab/leap.csv", "inbox/lab/never.csv", "--format", "json"]).expect(0).json();
    assert_eq!(text(&told[0], "first"), "2016-12-31T23:59:59.000Z");
    assert_eq!((&told[1]["rows"], &told[1]["rejected"]), (&0.into(), &1.into()), "{}", told[1]);
    std::fs::remove_dir_all(shop.folder.join("inbox/lab")).unwrap();
    // Months of Bologna: winter is an hour before UTC, and March 2019 ends in summer.
    shop.write("businesses.toml", shop.text("businesses.toml").replace("2018-08", "2019-03"));
    let table = [
        ("a-1", "2019-03-31T21:59:59.999Z", "2019-03"),
        ("a-2", "2019-03-31T22:00:00Z", "2019-04"),
        ("b-1", "2019-12-31T22:59:59.999Z", "2019-12"),
        ("b-2", "2019-12-31T23:00:00Z", "2020-01"),
        ("c-1", "2020-01-31T22:59:59.999Z", "2020-01"),
        ("c-2", "2020-01-31T23:00:00Z", "2020-02"),
        ("d-1", "2020-02-29T22:59:59.999Z", "2020-02"),
        ("d-2", "2020-02-29T23:00:00Z", "2020-03"),
        ("e-1", "2020-03-31T21:59:59.999Z", "2020-03"),
    ];
    let mut rows =
        vec![row("z-first", "outbound", "2019-02-01T00:00:00Z"), row("z-last", "outbound", "2020-04-05T00:00:00Z")];
    rows.extend(table.map(|(id, at, _)| row(id, "inbound", at)));
    shop.put("desk/years.csv", sheet(&rows));
    shop.run("2020-04-06T00:00:00Z").expect(0);
    let found: Vec<(String, String)> =
        charges(&shop.state()).into_iter().map(|(_, month, message, _)| (message, month)).collect();
    let mut expected: Vec<(String, String)> = table.map(|(id, _, month)| (id.to_owned(), month.to_owned())).to_vec();
    expected.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    assert_eq!(found, expected);
}
