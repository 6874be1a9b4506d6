//! A shop whose months are followed from their first log to what corrects them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Ran, bodies, daily_shop, ritardo, text};

pub const HEADER: &str = "message_id,business,channel,customer,direction,sent_at\n";
pub const SHOP: &str = "bologna-bakery";

/// A shop with one log a day in UTC, from 31 July to 2 December 2018: three messages are never answered in August, one in
/// September, two in October, none in November. Each costs USD 0.05.
pub struct Shop {
    pub folder: PathBuf,
}

impl Shop {
    pub fn new(name: &str, invoice: &str) -> Self {
        let folder = daily_shop(name);
        edit(&folder, "businesses.toml", "zone = \"Europe/Rome\"", "zone = \"UTC\"");
        edit(&folder, "ritardo.toml", "[invoice]\n", &format!("[invoice]\n{invoice}\n"));
        let shop = Self { folder };
        let asked = [("2018-08-05", 3), ("2018-09-10", 1), ("2018-10-15", 2)];
        for (month, days) in
            [("07", 31..=31), ("08", 1..=31), ("09", 1..=30), ("10", 1..=31), ("11", 1..=30), ("12", 1..=2)]
        {
            for day in days {
                let day = format!("2018-{month}-{day:02}");
                let count = asked.iter().find(|(asked, _)| *asked == day).map_or(0, |(_, count)| *count);
                let rows: Vec<String> =
                    (1..=count).map(|n| format!("{day}-{n} inbound {day}T10:00:00Z {}{n}", &day[6..7])).collect();
                shop.log(&day, &rows.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
        shop
    }

    /// A log with rows of `id direction sent_at customer`.
    pub fn log(&self, name: &str, rows: &[&str]) {
        let row = |row: &&str| {
            let cells: Vec<&str> = row.split(' ').collect();
            format!("{},{SHOP},+390510000417,+3900000000{:0>2},{},{}\n", cells[0], cells[3], cells[1], cells[2])
        };
        let text = HEADER.to_owned() + &rows.iter().map(row).collect::<String>();
        fs::write(self.folder.join(format!("inbox/desk/{name}.csv")), text).unwrap();
    }

    pub fn run(&self, as_of: &str) -> Ran {
        self.ritardo(&["run", "--as-of", as_of])
    }

    pub fn ritardo(&self, arguments: &[&str]) -> Ran {
        ritardo(&self.folder, arguments)
    }

    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    pub fn setting(&self, old: &str, new: &str) {
        edit(&self.folder, "ritardo.toml", old, new);
    }

    /// Where a month stands, by `status`.
    pub fn status(&self, month: &str, as_of: &str) -> Value {
        let told = self.ritardo(&["status", "--month", month, "--as-of", as_of, "--format", "json"]).expect(0).json();
        told["months"][0].clone()
    }

    #[track_caller]
    pub fn stands(&self, month: &str, as_of: &str, state: &str, net: &str) {
        let row = self.status(month, as_of);
        let found = row["net"].as_str().unwrap_or("").to_owned();
        assert_eq!((row["state"].as_str().unwrap(), found.as_str()), (state, net), "{row:#}");
    }

    /// The ledger verifies, and every closed month is audited without a difference, here and from a bundle of its own.
    #[track_caller]
    pub fn holds(&self) {
        self.ritardo(&["verify"]).expect(0);
        self.ritardo(&["audit", "--all"]).expect(0);
        let closed: BTreeSet<String> = bodies(&self.state(), "month_closed").iter().map(|b| text(b, "month")).collect();
        for month in closed {
            let bundle = self.bundle(&month);
            self.ritardo(&["audit", &bundle]).expect(0);
            fs::remove_file(self.folder.join(bundle)).unwrap();
        }
    }

    /// Writes a closed month as a bundle, and gives its name.
    #[track_caller]
    pub fn bundle(&self, month: &str) -> String {
        let bundle = format!("{month}.tar.zst");
        self.ritardo(&["export-month", month, &bundle]).expect(0);
        bundle
    }

    /// Every document in the order of issue: number, what it corrects, net.
    pub fn documents(&self) -> Vec<(String, String, String)> {
        let documents = |kind: &str| {
            bodies(&self.state(), kind)
                .into_iter()
                .map(|body| {
                    (text(&body, "number"), body["corrects"].as_str().unwrap_or("").to_owned(), text(&body, "net"))
                })
                .collect::<Vec<_>>()
        };
        let mut all = [documents("invoice"), documents("credit_note"), documents("replacement")].concat();
        all.sort();
        all
    }
}

pub fn edit(folder: &Path, file: &str, old: &str, new: &str) {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(old), "{file} has no {old}");
    fs::write(folder.join(file), text.replacen(old, new, 1)).unwrap();
}
