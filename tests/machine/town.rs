//! Who writes to whom: businesses, their customers, what was said, and the files that tell of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::common::{Dice, copy, give_key, root, scratch};

/// Id, channel, rate of tax in percent.
pub const BUSINESSES: [(&str, &str, i64); 3] =
    [("bologna-bakery", "+390510000417", 0), ("milano-cafe", "+390510000419", 10), ("tram-depot", "+390510000418", 22)];
pub const MONTHS: [&str; 3] = ["2018-08", "2018-09", "2018-10"];
/// The day after the last one that has a log; day 0 is 31 July 2018.
pub const DAYS: i64 = 96;
const DAY: i64 = 1440;
const HEADER: &str = "message_id,business,channel,customer,direction,sent_at\n";
const FIRST_DAYS: [i64; 5] = [0, 1, 32, 62, 93];
const MONTHS_OF_DAYS: [&str; 5] = ["2018-07", "2018-08", "2018-09", "2018-10", "2018-11"];

/// Which month of [`MONTHS`] a day lies in.
pub fn month_of(day: i64) -> Option<usize> {
    let place = FIRST_DAYS.iter().rposition(|first| *first <= day)?;
    place.checked_sub(1).filter(|month| *month < MONTHS.len())
}

/// The first day after a month of [`MONTHS`].
pub fn end_of(month: usize) -> i64 {
    FIRST_DAYS[month + 2]
}

/// `2018-08-01`, and so on into December and the next year.
pub fn date(day: i64) -> String {
    let place = FIRST_DAYS.iter().rposition(|first| *first <= day).unwrap();
    match day - FIRST_DAYS[place] {
        of_july if place == 0 => format!("2018-07-{:02}", of_july + 31),
        of_november if place == 4 && of_november >= 30 => format!("2018-12-{:02}", of_november - 29),
        of_month => format!("{}-{:02}", MONTHS_OF_DAYS[place], of_month + 1),
    }
}

/// An instant in minutes since the first day.
pub fn instant(minutes: i64) -> String {
    let of_day = minutes.rem_euclid(DAY);
    format!("{}T{:02}:{:02}:00.000Z", date(minutes.div_euclid(DAY)), of_day / 60, of_day % 60)
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    pub id: String,
    pub business: usize,
    pub customer: usize,
    pub inbound: bool,
    /// In minutes.
    pub at: i64,
}

impl Message {
    pub fn day(&self) -> i64 {
        self.at.div_euclid(DAY)
    }

    fn row(&self) -> String {
        let (id, channel, _) = BUSINESSES[self.business];
        let direction = if self.inbound { "inbound" } else { "outbound" };
        format!("{},{id},{channel},{},{direction},{}\n", self.id, customer(self.customer), instant(self.at))
    }
}

/// Every other customer is of the market of Italy.
pub fn customer(place: usize) -> String {
    if is_of_italy(place) { format!("+3900000000{place:02}") } else { format!("+4420000000{place:02}") }
}

pub const fn is_of_italy(place: usize) -> bool {
    place.is_multiple_of(2)
}

/// A log as it lies in the inbox, or is about to.
#[derive(Clone, Debug)]
pub struct Log {
    pub name: String,
    pub day: i64,
    pub rows: Vec<Message>,
    pub was_read: bool,
}

/// The rules of one shop.
#[derive(Clone, Debug)]
pub struct Rules {
    pub businesses: usize,
    pub approval: bool,
    pub debit: bool,
    /// In cents.
    pub smallest: i64,
    pub smallest_correction: i64,
    /// Charges a day beyond which a month is parked.
    pub charges_per_day: Option<usize>,
    pub two_issuers: bool,
    /// Prices of Italy and of other markets, in tenths of a cent.
    pub prices: [i64; 2],
}

fn chance(dice: &mut Dice, percent: usize) -> bool {
    dice.roll(100) < percent
}

impl Rules {
    fn drawn(dice: &mut Dice) -> Self {
        Self {
            businesses: 2 + dice.roll(2),
            approval: chance(dice, 25),
            debit: chance(dice, 50),
            smallest: [0, 0, 0, 20][dice.roll(4)],
            smallest_correction: [0, 0, 0, 10][dice.roll(4)],
            charges_per_day: chance(dice, 25).then_some(1),
            two_issuers: chance(dice, 50),
            prices: [[50, 90], [50, 90], [35, 90]][dice.roll(3)],
        }
    }

    /// Whether every sum of charges is a whole number of cents.
    pub fn is_in_cents(&self) -> bool {
        self.prices.iter().all(|price| price % 10 == 0)
    }
}

pub struct Town {
    pub folder: PathBuf,
    pub rules: Rules,
    pub logs: Vec<Log>,
    /// Said, and in no log yet.
    pub withheld: Vec<Message>,
    /// Days whose log is not there yet.
    pub missing: Vec<Log>,
    pub dice: Dice,
    count: usize,
}

impl Town {
    pub fn new(name: &str, seed: u64) -> Self {
        let mut dice = Dice::new(seed + 77);
        let _ = [(); 8].map(|()| dice.roll(2));
        let rules = Rules::drawn(&mut dice);
        let folder = scratch(name);
        copy(&root().join("tests/refusals/base"), &folder);
        give_key(&folder.join("state"), '5');
        fs::remove_file(folder.join("inbox/desk/2018-08.csv")).unwrap();
        let mut town =
            Self { folder, rules, logs: Vec::new(), withheld: Vec::new(), missing: Vec::new(), dice, count: 0 };
        town.configure();
        let (mut said, withheld): (Vec<_>, Vec<_>) =
            town.said().into_iter().map(|message| (chance(&mut town.dice, 12), message)).partition(|(late, _)| !late);
        town.withheld = withheld.into_iter().map(|(_, message)| message).collect();
        let gone: BTreeSet<i64> = (0..town.dice.roll(3)).map(|_| 1 + town.dice.roll(90) as i64).collect();
        for day in 0..DAYS {
            let rows = said.extract_if(.., |(_, message)| message.day() == day).map(|(_, message)| message).collect();
            let log = Log { name: date(day), day, rows, was_read: false };
            if gone.contains(&day) { town.missing.push(log) } else { town.put(log) }
        }
        town
    }

    /// Questions, and what became of each.
    fn said(&mut self) -> Vec<Message> {
        let mut said = Vec::new();
        for business in 0..self.rules.businesses {
            for customer in 0..2 + self.dice.roll(3) {
                for _ in 0..2 + self.dice.roll(4) {
                    let at = (1 + self.dice.roll(91)) as i64 * DAY + 480 + self.dice.roll(600) as i64;
                    said.push(self.message(business, customer, true, at));
                    let hours = [0, 0, 1 + self.dice.roll(22), 25 + self.dice.roll(20)][self.dice.roll(4)];
                    if hours > 0 {
                        let answer = self.message(business, customer, false, at + 60 * hours as i64);
                        said.push(answer);
                    }
                }
            }
        }
        said
    }

    pub fn message(&mut self, business: usize, customer: usize, inbound: bool, at: i64) -> Message {
        self.count += 1;
        let id = format!("{}{}-{business}-{customer}", if inbound { "q" } else { "a" }, self.count);
        Message { id, business, customer, inbound, at }
    }

    /// Puts a log into the inbox.
    pub fn put(&mut self, log: Log) {
        let text = HEADER.to_owned() + &log.rows.iter().map(Message::row).collect::<String>();
        fs::write(self.folder.join(format!("inbox/desk/{}.csv", log.name)), text).unwrap();
        self.logs.push(log);
    }

    /// A log that comes late, of messages of one day.
    pub fn put_late(&mut self, rows: Vec<Message>) {
        self.count += 1;
        let day = rows[0].day();
        self.put(Log { name: format!("{}-late{}", date(day), self.count), day, rows, was_read: false });
    }

    fn configure(&self) {
        let rules = &self.rules;
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap();
        let cents = |amount: i64| format!("{}.{:02}", amount / 100, amount % 100);
        let channels: Vec<String> = BUSINESSES.iter().map(|(_, channel, _)| format!("\"{channel}\"")).collect();
        let daily = format!("coverage = \"daily\"\nzone = \"UTC\"\nchannels = [{}]", channels.join(", "));
        let mut issue =
            format!("[invoice]\nissue = \"{}\"\n", if rules.approval { "after-approval" } else { "automatic" });
        if rules.debit {
            issue += "late_logs = \"credit-and-debit\"\n";
        }
        for (name, amount) in [("smallest", rules.smallest), ("smallest_correction", rules.smallest_correction)] {
            if amount > 0 {
                writeln!(issue, "{name} = \"{}\"", cents(amount)).unwrap();
            }
        }
        let mut config =
            read("ritardo.toml").replace("coverage = \"continuous\"", &daily).replace("[invoice]\n", &issue);
        if let Some(limit) = rules.charges_per_day {
            writeln!(config, "\n[guards]\ncharges_per_day = {limit}").unwrap();
        }
        if rules.two_issuers {
            let (head, rest) = config.split_once("[issuer]").unwrap();
            let (own, rest) = rest.split_once("[invoice]").unwrap();
            config = format!(
                "{head}[[issuer]]\nid = \"dublin\"{own}[[issuer]]\nid = \"roma\"\nseries = \"RM\"{own}[invoice]{rest}"
            );
        }
        fs::write(self.folder.join("ritardo.toml"), config).unwrap();
        self.write_book(0);
        let price = |mills: i64| format!("price = \"0.{mills:03}\"");
        let tariff = read("tariff.toml").replace("price = \"0.05\"", &price(rules.prices[0]));
        fs::write(self.folder.join("tariff.toml"), tariff.replace("price = \"0.09\"", &price(rules.prices[1])))
            .unwrap();
    }

    /// The book of businesses, whose streets are renumbered each time.
    pub fn write_book(&self, version: usize) {
        let mut book = String::new();
        for (place, (id, channel, tax)) in BUSINESSES.iter().enumerate().take(self.rules.businesses) {
            let vat = match tax {
                0 => "{ treatment = \"reverse-charge\" }".to_owned(),
                rate => format!("{{ treatment = \"standard\", rate = \"{rate}\" }}"),
            };
            let issuer = if place % 2 == 0 { "dublin" } else { "roma" };
            let issuer = if self.rules.two_issuers { format!("issuer = \"{issuer}\"\n") } else { String::new() };
            write!(
                book,
                "[[business]]\nid = \"{id}\"\nlegal_name = \"Esempio {place} S.n.c.\"\naddress = [\"Via {version}\"]\n\
                 country = \"IT\"\nvat_id = \"IT99999990379\"\nemails = [\"accounts@esempio.example\"]\nlanguage = \"en\"\n\
                 zone = \"UTC\"\nfirst_month = \"2018-08\"\nvat = {vat}\n{issuer}\n\
                 [[business.channel]]\nid = \"{channel}\"\n\n"
            )
            .unwrap();
        }
        fs::write(self.folder.join("businesses.toml"), book).unwrap();
    }

    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }
}
