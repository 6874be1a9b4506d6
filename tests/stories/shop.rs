//! A bakery with one number, and what its nights say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::common::{NIGHT, Ran, bodies, charges, copy, give_key, ritardo, root, scratch, text};

pub const HEADER: &str = "message_id,business,channel,customer,direction,sent_at,kind";
/// What the desk vouches for: it has no gap from the first to the last message.
pub const DESK: &str = "[[source]]\nname = \"desk\"\nfiles = \"desk/**\"\ncoverage = \"continuous\"\n";
/// Files of doubtful worth, which prove nothing beyond themselves.
pub const LAB: &str = "[[source]]\nname = \"lab\"\nfiles = \"lab/**\"\n";
pub const DAILY: &str = "[[source]]\nname = \"desk\"\nfiles = \"desk/*\"\ncoverage = \"daily\"\nzone = \"Europe/Rome\"\n\
                         channels = [\"+390510000417\"]\n";

pub struct Shop {
    pub folder: PathBuf,
}

/// A row of the log: id, direction, instant; the customer is told by the letter before the first dash of the id.
pub fn row(id: &str, direction: &str, at: &str) -> String {
    let customer = id.bytes().next().unwrap();
    format!("{id},bologna-bakery,+390510000417,+390000000{customer:03},{direction},{at},text")
}

/// A log of such rows.
pub fn log(rows: &[(&str, &str, &str)]) -> String {
    let rows: Vec<String> = rows.iter().map(|(id, direction, at)| row(id, direction, at)).collect();
    sheet(&rows)
}

pub fn sheet(rows: &[String]) -> String {
    rows.iter().fold(format!("{HEADER}\n"), |sheet, row| sheet + row + "\n")
}

/// A whole August: `a-late` is charged, `b-prompt` has its answer in time.
pub const AUGUST: [(&str, &str, &str); 6] = [
    ("z-first", "outbound", "2018-07-31T10:00:00Z"),
    ("a-late", "inbound", "2018-08-10T10:00:00Z"),
    ("a-answer", "outbound", "2018-08-12T10:00:00Z"),
    ("b-prompt", "inbound", "2018-08-15T10:00:00Z"),
    ("b-answer", "outbound", "2018-08-15T12:00:00Z"),
    ("z-last", "outbound", "2018-09-04T10:00:00Z"),
];

impl Shop {
    /// With these sources and an empty inbox.
    pub fn new(name: &str, sources: &str) -> Self {
        let folder = scratch(&format!("stories-{name}"));
        copy(&root().join("tests/refusals/base"), &folder);
        fs::remove_file(folder.join("inbox/desk/2018-08.csv")).unwrap();
        give_key(&folder.join("state"), '5');
        let shop = Self { folder };
        let config = shop.text("ritardo.toml");
        let (before, after) = (config.find("[[source]]").unwrap(), config.find("[mail]").unwrap());
        shop.write("ritardo.toml", format!("{}{sources}\n{}", &config[..before], &config[after..]));
        shop
    }

    /// With the log of August at its desk, and a lab for what the story is about.
    pub fn with_lab(name: &str) -> Self {
        let shop = Self::new(name, &format!("{DESK}{LAB}"));
        shop.put("desk/august.csv", log(&AUGUST));
        shop
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Into the inbox.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.write(&format!("inbox/{name}"), bytes);
    }

    /// A file for each of those days of 2018, with the rows that `rows` has of it, by the day of their instant.
    pub fn put_days<'d>(&self, days: impl IntoIterator<Item = &'d str>, rows: &[(&str, &str, &str)]) {
        for day in days {
            let of_day: Vec<_> = rows.iter().filter(|(_, _, at)| at.starts_with(day)).copied().collect();
            self.put(&format!("desk/{day}.csv"), log(&of_day));
        }
    }

    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    pub fn ritardo(&self, arguments: &[&str]) -> Ran {
        let ran = ritardo(&self.folder, arguments);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }

    pub fn run(&self, as_of: &str) -> Ran {
        self.ritardo(&["run", "--as-of", as_of])
    }

    /// The night as of which August can be closed.
    #[track_caller]
    pub fn night(&self, code: i32) -> Ran {
        self.run(NIGHT).expect(code)
    }

    /// Messages that were charged.
    pub fn billed(&self) -> Vec<String> {
        charges(&self.state()).into_iter().map(|(_, _, message, _)| message).collect()
    }

    pub fn closed(&self) -> Vec<String> {
        bodies(&self.state(), "month_closed").iter().map(|body| text(body, "month")).collect()
    }

    /// Names of the files that were read.
    pub fn read(&self) -> BTreeSet<String> {
        bodies(&self.state(), "file").iter().map(|file| text(file, "name")).collect()
    }

    /// Names and reasons of the files that were set aside.
    pub fn aside(&self) -> BTreeMap<String, String> {
        bodies(&self.state(), "set_aside").iter().map(|file| (text(file, "name"), text(file, "reason"))).collect()
    }

    /// Reasons of the rejected rows of a file.
    pub fn rejects(&self, file: &str) -> Vec<String> {
        let told = self.ritardo(&["rejects", "--file", file, "--format", "json"]).expect(0).json();
        let rows = told.as_array().unwrap().iter().flat_map(|file| file["rows"].as_array().unwrap());
        rows.map(|row| text(row, "reason")).collect()
    }

    pub fn held(&self) -> Vec<Value> {
        let list = self.ritardo(&["gap", "list", "--as-of", NIGHT, "--format", "json"]).expect(0).json();
        list["held"].as_array().unwrap().clone()
    }
}

/// The days from 31 July to 3 September 2018.
pub fn days() -> Vec<String> {
    let mut days = vec!["2018-07-31".to_owned()];
    for (month, last) in [("2018-08", 31), ("2018-09", 3)] {
        days.extend((1..=last).map(|day| format!("{month}-{day:02}")));
    }
    days
}

/// So many rows of one length that reading them takes a while.
pub fn many(count: usize) -> String {
    let mut rows = String::new();
    for row in 0..count {
        let customer = row % 997;
        let row =
            format!("m{row:07},bologna-bakery,+390510000417,+391{customer:08},outbound,2018-08-20T12:00:00Z,text");
        writeln!(rows, "{row}").unwrap();
    }
    rows
}
