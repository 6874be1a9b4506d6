//! `ritardo tariff import`: a tariff from the official rate card, whose markets are countries and regions.
//!
//! A card has one to three lines before its header, a line break inside a cell of the header, currencies as `$US`,
//! and `n/a` where a price is missing. Countries become calling codes; regions are told by `--map`, never guessed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::diff::put;
use crate::cli::TariffImport;
use crate::commands::files;
use crate::commands::{Outcome, World, say};
use crate::domain::{Currency, Decimal, Market};
use crate::error::{Failure, Kind};
use crate::rate::Tariff;
use crate::render::calling_codes;

/// A row of the card that has a price.
struct Row {
    market: String,
    price: Decimal,
}

struct Card {
    currency: Currency,
    rows: Vec<Row>,
    /// Markets without a price in the column.
    without: Vec<String>,
}

pub fn import(args: &TariffImport, world: &mut World) -> Result<Outcome, Failure> {
    let text = files::text(&args.card)?;
    let card = card(&text, &args.column).map_err(|(message, hint)| wrong(&args.card, message, hint))?;
    let maps = maps(&args.map)?;
    let markets = markets(&card, &maps).map_err(|(message, hint)| wrong(&args.card, message, hint))?;
    let toml = written(args, &card, &markets);
    let path = args.out.as_deref().unwrap_or(Path::new("tariff.toml"));
    // What is written is read back before anybody relies on it.
    Tariff::parse(path, &toml).map_err(Failure::of_mistakes)?;
    put(args.out.as_deref(), &toml, world)?;
    if !card.without.is_empty() {
        let (column, without) = (&args.column, card.without.join(", "));
        say(
            world.err,
            &format!("warning: the card has no price in `{column}` for {without}: market `other` holds there"),
        )?;
    }
    Ok(Outcome::Done)
}

type Wrong = (String, &'static str);

fn wrong(card: &Path, message: String, hint: &str) -> Failure {
    Failure::new(Kind::Configuration, message).at(card).hint(hint)
}

/// A name without case, blanks and marks: cards break lines in cells, and write `&` or `and`.
fn plain(name: &str) -> String {
    let name = name.replace('&', "and");
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn card(text: &str, column: &str) -> Result<Card, Wrong> {
    let hint = "the card of Meta is a CSV with the columns Market, Currency and one for each category";
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let records: Vec<csv::StringRecord> = reader
        .records()
        .collect::<Result<_, _>>()
        .map_err(|error| (format!("the card cannot be read: {error}"), hint))?;
    let place = |record: &csv::StringRecord, name: &str| record.iter().position(|cell| plain(cell) == plain(name));
    let is_head = |record: &csv::StringRecord| place(record, "Market").is_some() && place(record, "Currency").is_some();
    let start =
        records.iter().position(is_head).ok_or(("the card has no header with Market and Currency".to_owned(), hint))?;
    let (head, rows) = (&records[start], &records[start + 1..]);
    let (market, money) = (place(head, "Market").unwrap_or(0), place(head, "Currency").unwrap_or(0));
    let Some(prices) = place(head, column) else {
        let names: Vec<String> =
            head.iter().map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let message = format!("the card has no column `{column}`: {}", names.join(", "));
        return Err((message, "name one of them with --column"));
    };
    let mut card: Option<Card> = None;
    for record in rows.iter().filter(|record| record.iter().any(|cell| !cell.trim().is_empty())) {
        let cell = |place: usize| record.get(place).unwrap_or_default().trim();
        let name = cell(market).to_owned();
        let currency: Currency = currency(cell(money)).map_err(|why| (format!("{name}: {why}"), hint))?;
        let card = card.get_or_insert(Card { currency, rows: Vec::new(), without: Vec::new() });
        if card.currency != currency {
            return Err((format!("{name} is in {currency}, others in {}", card.currency), "a tariff has one currency"));
        }
        if plain(cell(prices)) == "na" || cell(prices).is_empty() {
            card.without.push(name);
            continue;
        }
        let price = cell(prices).parse().map_err(|why: String| (format!("{name}: {why}"), hint))?;
        card.rows.push(Row { market: name, price });
    }
    card.filter(|card| !card.rows.is_empty()).ok_or(("the card has no price in that column".to_owned(), hint))
}

/// `$US` is the dollar; the other cards write codes.
fn currency(text: &str) -> Result<Currency, String> {
    let text = text.trim();
    if ["$US", "US$", "$"].contains(&text) { "USD".parse() } else { text.parse() }
}

fn maps(given: &[String]) -> Result<BTreeMap<String, Vec<Market>>, Failure> {
    let mut maps: BTreeMap<String, Vec<Market>> = BTreeMap::new();
    for map in given {
        let codes = map.rsplit_once('=').map(|(name, codes)| {
            let codes: Option<Vec<Market>> = codes.split(',').map(Market::parse).collect();
            (plain(name), codes)
        });
        let Some((name, Some(codes))) = codes else {
            let failure = Failure::new(Kind::CommandLine, format!("`{map}` maps no market to calling codes"));
            return Err(failure.hint("write it as --map \"Rest of Africa=234,27\""));
        };
        maps.entry(name).or_default().extend(codes);
    }
    Ok(maps)
}

/// Price and name by market. Two names of one calling code must agree.
fn markets(card: &Card, maps: &BTreeMap<String, Vec<Market>>) -> Result<BTreeMap<Market, (Decimal, String)>, Wrong> {
    let (mut markets, mut unknown): (BTreeMap<Market, (Decimal, String)>, Vec<&str>) = (BTreeMap::new(), Vec::new());
    for row in &card.rows {
        let codes = match maps.get(&plain(&row.market)) {
            Some(codes) => codes.clone(),
            None if plain(&row.market) == "other" => vec![Market::other()],
            None => calling_codes(&plain(&row.market), &plain),
        };
        if codes.is_empty() {
            unknown.push(&row.market);
        }
        for code in codes {
            let (price, name) = markets.entry(code.clone()).or_insert((row.price, row.market.clone()));
            if *price != row.price {
                let message = format!("+{code} costs {price} as {name} and {} as {}", row.price, row.market);
                return Err((message, "they share the code: tell them apart with --map NAME=PREFIXES"));
            }
        }
    }
    let is_of_card =
        |name: &&String| card.rows.iter().map(|row| &row.market).chain(&card.without).any(|row| plain(row) == **name);
    if let Some(idle) = maps.keys().find(|name| !is_of_card(name)) {
        return Err((format!("the card has no market `{idle}`"), "--map takes the name as the card has it"));
    }
    if !unknown.is_empty() {
        let message = format!("no calling code is known for {}", unknown.join(", "));
        return Err((message, "a region is a list of countries: say which with --map \"NAME=CODE,CODE\""));
    }
    if !markets.contains_key(&Market::other()) {
        return Err(("the card has no price for `Other`".to_owned(), "a tariff needs one for all other markets"));
    }
    Ok(markets)
}

fn written(args: &TariffImport, card: &Card, markets: &BTreeMap<Market, (Decimal, String)>) -> String {
    let prices = || markets.values().map(|(price, _)| *price);
    let (low, high) = (prices().min().unwrap_or_default(), prices().max().unwrap_or_default());
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let file = args.card.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source = format!("rate card {file}, column {}", args.column);
    // Writing to a text cannot fail.
    let mut toml = String::new();
    let _ = writeln!(toml, "# Made from a rate card: see `source`. Check it with `ritardo tariff check`.\n");
    for (key, value) in [("id", &args.id), ("version", &args.version), ("currency", &card.currency.to_string())] {
        let _ = writeln!(toml, "{key} = {}", quoted(value));
    }
    let _ = writeln!(toml, "zone = \"UTC\"\nsource = {}", quoted(&source));
    let _ = writeln!(toml, "bounds = [\"{low}\", \"{high}\"]");
    for (market, (price, name)) in markets {
        let _ = writeln!(toml, "\n# {}\n[[rate]]\nmarket = \"{market}\"", name.replace(char::is_control, " "));
        if let Some(from) = args.from {
            let _ = writeln!(toml, "from = \"{from}\"");
        }
        let _ = writeln!(toml, "price = \"{price}\"");
    }
    toml
}
