//! Nights that go on from what earlier ones have counted say the same as nights that judge everything from the archive.
//!
//! Shops are drawn at random, with traps, and their logs come in random order over random nights, some late. Beside each
//! lives one that runs `--from-scratch` every night, one that loses what was counted, or finds it damaged, and two for whose
//! messages there is hardly any memory.
//! `RITARDO_SEEDS=1000` takes more shops than usual; a failure names its seed.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "how many shops are taken is told by the environment")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Dice, copy, daily_shop, files, give_key, in_parallel, ledger, ritardo, root, scratch, tree};

/// Businesses with their channels and zones.
const BUSINESSES: [(&str, &str, &str); 2] =
    [("bologna-bakery", "+390510000417", "Europe/Rome"), ("lisbon-hotel", "+351210000417", "UTC")];
const HEADER: &str = "message_id,business,channel,customer,direction,sent_at,kind,status\n";
/// With what the twins run that are compared.
const OTHERS: [&[&str]; 4] = [&["--from-scratch"], &[], &["--memory", "0"], &["--memory", "0", "--from-scratch"]];
/// Days from 31 July 2018 on.
const DAYS: usize = 58;

fn seeds() -> u64 {
    std::env::var("RITARDO_SEEDS").ok().map_or(6, |seeds| seeds.parse().expect("RITARDO_SEEDS is a number"))
}

fn chance(dice: &mut Dice, percent: usize) -> bool {
    dice.roll(100) < percent
}

fn date(day: usize) -> String {
    match day {
        0 => "2018-07-31".to_owned(),
        1..=31 => format!("2018-08-{day:02}"),
        32..=61 => format!("2018-09-{:02}", day - 31),
        _ => format!("2018-10-{:02}", day - 61),
    }
}

/// A row of a log, and the day that it is of.
type Row = (usize, String);

/// What is said in a month and a half: questions, and what became of each.
fn said(dice: &mut Dice) -> Vec<Row> {
    let mut rows = Vec::new();
    let traps = [0, 1, 4][dice.roll(3)];
    for (business, channel, _) in BUSINESSES {
        for customer in 0..2 + dice.roll(4) {
            for question in 0..3 + dice.roll(25) {
                let (day, minute) = (1 + dice.roll(DAYS - 4), dice.roll(24 * 60));
                let kind = if chance(dice, traps) { "hologram" } else { ["", "text", "reaction"][dice.roll(3)] };
                let mut row = |id: &str, direction: &str, minutes: usize, kind: &str, status: &str| {
                    let (day, minute) = (day + minutes / 1440, minutes % 1440);
                    let at = format!("{}T{:02}:{:02}:00Z", date(day), minute / 60, minute % 60);
                    let party = format!("+39333000{customer:04}");
                    rows.push((day, format!("{id},{business},{channel},{party},{direction},{at},{kind},{status}\n")));
                };
                let id = format!("{business}-{customer}-{question}");
                row(&format!("q-{id}"), "inbound", minute, kind, "");
                let hours = [0, 1 + dice.roll(20), 24, 25 + dice.roll(40)][dice.roll(4)];
                let kind = if chance(dice, traps) { "hologram" } else { ["", "text", "automatic"][dice.roll(3)] };
                let status = if chance(dice, 5) { "failed" } else { "" };
                if hours > 0 && day + (minute + hours * 60) / 1440 < DAYS {
                    row(&format!("a-{id}"), "outbound", minute + hours * 60, kind, status);
                }
                if chance(dice, traps) {
                    // The same message at another time of the same day: exports disagree.
                    row(&format!("q-{id}"), "inbound", (minute + 7) % 1440, kind, "");
                }
            }
        }
    }
    rows
}

/// The logs of all days with the day on which each comes: most in the night after, some days later.
fn logs(dice: &mut Dice) -> Vec<(usize, String, String)> {
    let rows = said(dice);
    let (slow, parted) = (dice.roll(12), dice.roll(12));
    let mut logs = Vec::new();
    for day in 0..DAYS {
        let of_day: Vec<&String> = rows.iter().filter(|(of, _)| *of == day).map(|(_, row)| row).collect();
        let delay = |dice: &mut Dice| if chance(dice, slow) { 1 + dice.roll(9) } else { 0 };
        let text = |rows: &[&String]| HEADER.to_owned() + &rows.iter().map(|row| row.as_str()).collect::<String>();
        let split = if chance(dice, parted) { dice.roll(of_day.len() + 1) } else { 0 };
        let (late, own) = of_day.split_at(split);
        logs.push((day + 1 + delay(dice), date(day), text(own)));
        if split > 0 {
            logs.push((day + 1 + delay(dice), format!("{}-more", date(day)), text(late)));
        }
        if chance(dice, parted) {
            // Some of it once more: equal copies.
            logs.push((day + 1 + delay(dice), format!("{}-again", date(day)), text(&own[..own.len() / 2])));
        }
    }
    logs
}

fn shop(name: &str) -> PathBuf {
    let folder = scratch(name);
    copy(&root().join("tests/refusals/base"), &folder);
    give_key(&folder.join("state"), '5');
    fs::remove_file(folder.join("inbox/desk/2018-08.csv")).unwrap();
    let channels = BUSINESSES.map(|(_, channel, _)| format!("\"{channel}\"")).join(", ");
    let daily = format!("coverage = \"daily\"\nzone = \"UTC\"\nchannels = [{channels}]");
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let config = config.replace("coverage = \"continuous\"", &daily);
    let alarms = "\n[alarms]\nsilence_messages = 2\nheld_days = 2\n";
    fs::write(folder.join("ritardo.toml"), config + alarms).unwrap();
    let mut book = String::new();
    for (id, channel, zone) in BUSINESSES {
        write!(
            book,
            "[[business]]\nid = \"{id}\"\nlegal_name = \"Esempio S.n.c.\"\naddress = [\"Via degli Esempi 12\"]\n\
             country = \"IT\"\nvat_id = \"IT99999990379\"\nemails = [\"accounts@esempio.example\"]\nlanguage = \"en\"\n\
             zone = \"{zone}\"\nfirst_month = \"2018-08\"\nvat = {{ treatment = \"reverse-charge\" }}\n\n\
             [[business.channel]]\nid = \"{channel}\"\n\n"
        )
        .unwrap();
    }
    fs::write(folder.join("businesses.toml"), book).unwrap();
    folder
}

/// Hash of the last entry: it is of all entries.
fn head(folder: &Path) -> String {
    let last = "SELECT hash FROM entry ORDER BY seq DESC LIMIT 1";
    ledger(&folder.join("state")).query_row(last, [], |row| row.get(0)).unwrap()
}

fn reports(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let reports = folder.join("state/reports");
    if reports.exists() { tree(&reports) } else { BTreeMap::new() }
}

/// Takes away what was counted, or turns a bit of it.
fn damage(folder: &Path, dice: &mut Dice) {
    let settled = folder.join("state/settled");
    let names = if settled.exists() { files(&settled) } else { Vec::new() };
    match dice.roll(4) {
        0 if !names.is_empty() => fs::remove_dir_all(&settled).unwrap(),
        1 if !names.is_empty() => {
            let path = settled.join(&names[dice.roll(names.len())]);
            let mut bytes = fs::read(&path).unwrap();
            let place = dice.roll(bytes.len());
            bytes[place] ^= 1 << dice.roll(8);
            fs::write(&path, bytes).unwrap();
        }
        2 if !names.is_empty() => fs::remove_file(settled.join(&names[dice.roll(names.len())])).unwrap(),
        _ => {}
    }
}

#[test]
fn a_night_that_goes_on_says_what_one_from_scratch_says() {
    let seeds: Vec<u64> = (0..seeds()).collect();
    let closed = AtomicUsize::new(0);
    in_parallel(&seeds, |_, seed| {
        let mut dice = Dice::new(seed + 4_711);
        let _ = [(); 8].map(|()| dice.roll(2));
        let twins =
            ["on", "scratch", "damaged", "little", "little-scratch"].map(|twin| shop(&format!("nights-{seed}-{twin}")));
        let logs = logs(&mut dice);
        let (mut came, mut day) = (0, 2 + dice.roll(5));
        while came < DAYS + 12 {
            for (_, name, text) in logs.iter().filter(|(comes, ..)| (came + 1..=day).contains(comes)) {
                for twin in &twins {
                    fs::write(twin.join(format!("inbox/desk/{name}.csv")), text).unwrap();
                }
            }
            let as_of = format!("{}T{:02}:30:00Z", date(day), dice.roll(24));
            damage(&twins[2], &mut dice);
            let run = ["run", "--format", "json", "--as-of", &as_of];
            let told = ritardo(&twins[0], &run);
            for (twin, words) in twins[1..].iter().zip(OTHERS) {
                let words = [&run[..], words].concat();
                let other = ritardo(twin, &words);
                let which = format!("seed {seed}, {as_of}, {}", twin.display());
                assert_eq!((told.code, &told.out, &told.err), (other.code, &other.out, &other.err), "{which}");
                assert_eq!(head(&twins[0]), head(twin), "{which}");
                assert!(reports(&twins[0]) == reports(twin), "the pages differ: {which}");
            }
            (came, day) = (day, day + 1 + dice.roll(3));
        }
        ritardo(&twins[0], &["verify"]).expect(0);
        let audited = ritardo(&twins[0], &["audit", "--all"]);
        let has_closed = !audited.err.contains("no business has closed any month");
        assert!(audited.code == 0 || !has_closed, "{audited:?}");
        closed.fetch_add(usize::from(has_closed), Ordering::Relaxed);
    });
    assert!(closed.into_inner() > 0, "in no shop a month was closed");
}

/// Nothing of an earlier night is opened again, and what is shown of it is there all the same.
#[test]
fn a_night_opens_no_older_part_of_the_archive() {
    let folder = daily_shop("nights-used");
    let log = |day: usize, rows: &[&str]| {
        let row = |row: &&str| format!("{row},,\n").replace("SHOP", "bologna-bakery,+390510000417");
        let text = HEADER.to_owned() + &rows.iter().map(row).collect::<String>();
        fs::write(folder.join(format!("inbox/desk/{}.csv", date(day))), text).unwrap();
    };
    for day in 0..10 {
        let (asked, answered) = (format!("{}T10:00:00Z", date(day)), format!("{}T11:00:00Z", date(day)));
        let rows = [
            format!("q{day},SHOP,+393330000001,inbound,{asked}"),
            format!("a{day},SHOP,+393330000001,outbound,{answered}"),
            format!("n{day},SHOP,+393330000002,inbound,{asked}"),
        ];
        log(day, &rows.each_ref().map(String::as_str));
    }
    let night = |day: usize, words: &[&str]| {
        let as_of = format!("{}T06:00:00Z", date(day));
        ritardo(&folder, &[&["run", "--timings", "--as-of", &as_of][..], words].concat())
    };
    night(10, &[]).expect(0);
    let (archive, aside) = (folder.join("state/archive"), folder.join("aside"));
    fs::rename(&archive, &aside).unwrap();
    log(10, &["q10,SHOP,+393330000001,inbound,2018-08-10T10:00:00Z"]);
    let told = night(11, &[]).expect(0);
    let gathered = told.err.lines().find(|line| line.starts_with("gathering evidence")).unwrap().to_owned();
    // The nine questions of August without an answer, and the new one.
    assert_eq!(gathered.split_whitespace().nth(2), Some("10"), "{gathered}");
    let counted = reports(&folder);
    let missing = night(11, &["--from-scratch"]);
    assert!(missing.code != 0 && missing.err.contains("state/archive"), "{missing:?}");
    copy(&aside, &archive);
    night(11, &["--from-scratch"]).expect(0);
    assert!(counted == reports(&folder), "the page differs from scratch");
    assert!(counted.contains_key("2018-08.html"));
    // A log that comes late is judged with all others.
    log(11, &[]);
    let answer = "x,bologna-bakery,+390510000417,+393330000002,outbound,2018-08-05T12:00:00Z,,\n";
    fs::write(folder.join("inbox/desk/2018-08-05-more.csv"), format!("{HEADER}{answer}")).unwrap();
    let late = night(12, &[]).expect(0);
    let gathered = late.err.lines().find(|line| line.starts_with("gathering evidence")).unwrap().to_owned();
    assert_eq!(gathered.split_whitespace().nth(2), Some("32"), "{gathered}");
}
