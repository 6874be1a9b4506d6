//! The text of a tariff, read once more, as far as prices hang on it. What is wrong with a tariff is told elsewhere:
//! this text was accepted, so a mistake found here is a finding.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::domain::{Date, Instant, Zone};

/// A row of the rate table.
pub(super) struct RateRow {
    /// Digits without blanks, or `other`.
    pub market: String,
    /// Empty: every entry point without a row of its own.
    pub entry_point: String,
    pub from: Instant,
    pub to: Instant,
    /// Sorted by the number of charges below.
    pub tiers: Vec<(u64, Prices)>,
}

/// Prices in billionths by the length of the wait in microseconds, sorted; a flat price has no length.
pub(super) type Prices = Vec<(Option<i64>, i128)>;

/// What the text says.
pub(super) struct Text {
    pub rows: Vec<RateRow>,
    /// `None`: no row has tiers.
    pub all_units: Option<bool>,
    pub free: u64,
    pub reading: Table,
}

/// `market`, `from`, `to` and `entry_point` of a rate, as written.
type Name = [String; 4];

/// Prices as written, by the number of charges below them.
type Cells = BTreeMap<u64, Vec<(String, String)>>;

pub(super) fn read(text: &str) -> Result<Text, String> {
    let (mut head, mut table) = (String::new(), None);
    for line in text.split_inclusive('\n') {
        match &mut table {
            None if line.starts_with("# ---- rates: ") && line.trim_end().ends_with(" ----") => {
                table = Some(String::new());
            }
            None => head += line,
            Some(table) => *table += line,
        }
    }
    let file: Table = toml::from_str(&head).map_err(|error| error.message().to_owned())?;
    let zone: Zone = word(&file, "zone").parse()?;
    let rates = match table {
        Some(table) => of_csv(&table)?,
        None => of_toml(&file)?,
    };
    let rows: Result<Vec<RateRow>, String> = rates.into_iter().map(|(name, cells)| row(name, cells, zone)).collect();
    let all_units = match word(&file, "tiers").as_str() {
        "" => None,
        mode => Some(mode == "all_units"),
    };
    let free = file.get("free").and_then(Value::as_integer).and_then(|free| u64::try_from(free).ok());
    let reading = file.get("reading").and_then(Value::as_table).cloned();
    Ok(Text { rows: rows?, all_units, free: free.unwrap_or(0), reading: reading.unwrap_or_default() })
}

/// The text under a name; empty where there is none.
pub(super) fn word(table: &Table, name: &str) -> String {
    table.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn tables<'v>(table: &'v Table, name: &str) -> impl Iterator<Item = &'v Table> {
    table.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn of_toml(file: &Table) -> Result<Vec<(Name, Cells)>, String> {
    let mut rates = Vec::new();
    for rate in tables(file, "rate") {
        let mut cells = Cells::new();
        if rate.contains_key("tiers") {
            for tier in tables(rate, "tiers") {
                let above = tier.get("above").and_then(Value::as_integer).and_then(|above| u64::try_from(above).ok());
                cells.insert(above.ok_or("a tier has no beginning")?, prices(tier));
            }
        } else {
            cells.insert(0, prices(rate));
        }
        rates.push((["market", "from", "to", "entry_point"].map(|name| word(rate, name)), cells));
    }
    Ok(rates)
}

fn prices(table: &Table) -> Vec<(String, String)> {
    if !table.contains_key("steps") {
        return vec![(String::new(), word(table, "price"))];
    }
    tables(table, "steps").map(|step| (word(step, "after"), word(step, "price"))).collect()
}

/// Lines that are alike but for tier and step make one rate.
fn of_csv(table: &str) -> Result<Vec<(Name, Cells)>, String> {
    let table = table.trim_start_matches('\u{feff}');
    let head = table.lines().next().unwrap_or_default();
    let mut separator = b',';
    for other in [b'\t', b';'] {
        let times = |byte: u8| head.bytes().filter(|found| *found == byte).count();
        if times(other) > times(separator) {
            separator = other;
        }
    }
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.delimiter(separator).flexible(true).trim(csv::Trim::All);
    let mut reader = reader.from_reader(table.as_bytes());
    let heads: Vec<String> =
        reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_lowercase).collect();
    let mut rates: BTreeMap<Name, Cells> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |name: &str| {
            let place = heads.iter().position(|head| head == name);
            place.and_then(|place| record.get(place)).unwrap_or_default().to_owned()
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        let above = cell("above");
        let above = if above.is_empty() { 0 } else { above.parse().map_err(|_| "a tier has no beginning")? };
        let cells = rates.entry(["market", "from", "to", "entry_point"].map(cell)).or_default();
        cells.entry(above).or_default().push((cell("after"), cell("price")));
    }
    Ok(rates.into_iter().collect())
}

fn row([market, from, to, entry_point]: Name, cells: Cells, zone: Zone) -> Result<RateRow, String> {
    let day = |text: &str, absent| if text.is_empty() { Ok(absent) } else { text.parse().map(|d: Date| d.start(zone)) };
    let mut tiers = Vec::new();
    for (above, cells) in cells {
        let mut prices: Prices = Vec::new();
        for (after, price) in cells {
            let after = if after.is_empty() { None } else { Some(length(&after)?) };
            prices.push((after, billionths(&price)?));
        }
        prices.sort_unstable();
        tiers.push((above, prices));
    }
    let (from, to) = (day(&from, Instant::MIN)?, day(&to, Instant::MAX)?);
    Ok(RateRow { market: market.replace(' ', ""), entry_point, from, to, tiers })
}

/// A length of time in microseconds.
pub(super) fn length(text: &str) -> Result<i64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => 0,
    };
    let length = number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit)).filter(|_| unit > 0);
    length.ok_or_else(|| format!("`{text}` is no length of time"))
}

fn billionths(text: &str) -> Result<i128, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let price = format!("{whole}{fraction:0<9}").parse().ok().filter(|_| !whole.is_empty() && fraction.len() <= 9);
    price.ok_or_else(|| format!("`{text}` is no price"))
}
