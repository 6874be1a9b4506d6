//! Tariffs as an accountant checks them: a question, its answer, what it costs; and the commands for rate tables.
#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{Ran, charges, copy, give_key, ritardo, root, rows, scratch, text};

const HEAD: &str = "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nsource = \"a test\"\n";

/// What each question costs: `id question answer [customer [entry_point]]`, `-` for no answer.
fn costs(name: &str, tariff: &str, talks: &[&str]) -> BTreeMap<String, String> {
    let folder = scratch(&format!("tariff-{name}"));
    let zone = if tariff.contains("zone =") { "" } else { "zone = \"UTC\"\n" };
    fs::write(folder.join("t.toml"), format!("{HEAD}{zone}{tariff}")).unwrap();
    let mut log = "message_id,business,channel,customer,direction,sent_at,conversation,entry_point\n".to_owned();
    for talk in talks {
        let cells: Vec<&str> = talk.split(' ').collect();
        let customer = cells.get(3).copied().unwrap_or("+393330000001");
        let entry = cells.get(4).copied().unwrap_or("unknown");
        log += &format!("{0},b,c,{customer},inbound,{1},{0},{entry}\n", cells[0], cells[1]);
        if cells[2] != "-" {
            log += &format!("{0}-answer,b,c,{customer},outbound,{1},{0},\n", cells[0], cells[2]);
        }
    }
    fs::write(folder.join("log.csv"), log).unwrap();
    let arguments = ["rate", "log.csv", "--tariff", "t.toml", "--as-of", "2020-06-01T00:00:00Z", "--out", "w.csv"];
    ritardo(&folder, &arguments).expect(0);
    let waits = rows(&fs::read(folder.join("w.csv")).unwrap());
    waits.into_iter().map(|row| (row["message_id"].clone(), row["amount"].clone())).collect()
}

#[track_caller]
fn check(name: &str, tariff: &str, table: &[(&str, &str)]) {
    let talks: Vec<&str> = table.iter().map(|(talk, _)| *talk).collect();
    let found = costs(name, tariff, &talks);
    for (talk, amount) in table {
        assert_eq!(found[talk.split(' ').next().unwrap()], *amount, "{talk}\n{tariff}");
    }
}

const FLAT: &str = "rate = [{ market = \"other\", price = \"0.05\" }]";

#[test]
fn exactly_the_window_is_on_time_or_late_as_the_boundary_says() {
    let (early, exact, late) = (
        "a 2018-08-01T10:00:00Z 2018-08-02T09:59:59.999Z",
        "b 2018-08-01T10:00:00Z 2018-08-02T10:00:00Z",
        "c 2018-08-01T10:00:00Z 2018-08-02T10:00:00.001Z",
    );
    check("window", FLAT, &[(early, ""), (exact, ""), (late, "0.05"), ("d 2018-08-01T10:00:00Z -", "0.05")]);
    let exclusive = format!("reading = {{ boundary = \"exclusive\" }}\n{FLAT}");
    check("exclusive", &exclusive, &[(early, ""), (exact, "0.05"), (late, "0.05")]);
    // Elapsed time, not wall clock: over the night in which Rome puts its clocks back, and over a leap day.
    check(
        "nights",
        FLAT,
        &[
            ("a 2018-10-27T12:00:00+02:00 2018-10-28T11:00:00+01:00", ""),
            ("b 2018-10-27T12:00:00+02:00 2018-10-28T11:00:00.001+01:00", "0.05"),
            ("c 2019-03-30T12:00:00+01:00 2019-03-31T13:00:00+02:00", ""),
            ("d 2019-03-30T12:00:00+01:00 2019-03-31T13:00:00.001+02:00", "0.05"),
            ("e 2020-02-28T23:00:00Z 2020-02-29T23:00:00Z", ""),
            ("f 2020-02-29T23:00:00Z 2020-03-01T23:00:00.001Z", "0.05"),
        ],
    );
}

#[test]
fn a_rate_holds_from_midnight_to_midnight_in_the_zone_of_the_tariff() {
    let rates = "zone = \"Europe/Rome\"\nrate = [{ market = \"other\", to = \"2018-08-15\", price = \"0.03\" }, \
        { market = \"other\", from = \"2018-08-15\", to = \"2018-10-29\", price = \"0.04\" }, \
        { market = \"other\", from = \"2018-10-29\", to = \"2020-02-29\", price = \"0.05\" }, \
        { market = \"other\", from = \"2020-02-29\", price = \"0.06\" }]";
    check(
        "effective",
        rates,
        &[
            ("a 2018-08-14T21:59:59.999Z -", "0.03"),
            ("b 2018-08-14T22:00:00Z -", "0.04"),
            // The 28th of October has 25 hours there.
            ("c 2018-10-28T22:59:59.999Z -", "0.04"),
            ("d 2018-10-28T23:00:00Z -", "0.05"),
            ("e 2020-02-28T22:59:59.999Z -", "0.05"),
            ("f 2020-02-28T23:00:00Z -", "0.06"),
        ],
    );
    // By the deadline, a day later.
    let by_deadline = rates.replacen("rate =", "reading = { price_date = \"deadline\" }\nrate =", 1);
    check(
        "by-deadline",
        &by_deadline,
        &[("a 2018-08-13T21:59:59.999Z -", "0.03"), ("b 2018-08-13T22:00:00Z -", "0.04")],
    );
    let by_answer = "reading = { charge_for = \"late_reply\", price_date = \"answered\", give_up = \"7d\" }\nrate =";
    check(
        "by-answer",
        &rates.replacen("rate =", by_answer, 1),
        &[
            ("a 2018-08-12T22:00:00Z 2018-08-14T21:59:59.999Z", "0.03"),
            ("b 2018-08-12T22:00:00Z 2018-08-14T22:00:00Z", "0.04"),
            ("c 2018-08-12T22:00:00Z -", ""),
        ],
    );
}

#[test]
fn steps_begin_after_their_length() {
    let steps = "rate = [{ market = \"other\", steps = [{ after = \"24h\", price = \"0.01\" }, \
        { after = \"48h\", price = \"0.02\" }, { after = \"72h\", price = \"0.03\" }] }]";
    check(
        "steps",
        steps,
        &[
            ("a 2018-08-01T00:00:00Z 2018-08-02T00:00:00.001Z", "0.01"),
            ("b 2018-08-01T00:00:00Z 2018-08-03T00:00:00Z", "0.01"),
            ("c 2018-08-01T00:00:00Z 2018-08-03T00:00:00.001Z", "0.02"),
            ("d 2018-08-01T00:00:00Z 2018-08-04T00:00:00.001Z", "0.03"),
            ("e 2018-08-01T00:00:00Z -", "0.03"),
        ],
    );
}

/// Questions of one market, in order, none of them answered; and one of another market in between.
const FIVE: [&str; 6] = [
    "a 2018-08-01T00:00:00Z -",
    "b 2018-08-02T00:00:00Z -",
    "x 2018-08-02T12:00:00Z - +12125550100",
    "c 2018-08-03T00:00:00Z -",
    "d 2018-08-04T00:00:00Z -",
    "e 2018-09-01T00:00:00Z -",
];

#[track_caller]
fn five(name: &str, tariff: &str, amounts: [&str; 6]) {
    let table: Vec<(&str, &str)> = FIVE.into_iter().zip(amounts).collect();
    check(name, tariff, &table);
}

#[test]
fn tiers_and_free_units_are_counted_by_market_and_month() {
    let tiers = "tiers = \"MODE\"\nrate = [{ market = \"39\", tiers = [{ above = 0, price = \"0.05\" }, \
        { above = 2, price = \"0.04\" }, { above = 3, price = \"0.03\" }] }, { market = \"other\", price = \"0.02\" }]";
    // The second is the last of its tier, the third the only one of the next. September counts anew.
    five("graduated", &tiers.replace("MODE", "graduated"), ["0.05", "0.05", "0.02", "0.04", "0.03", "0.05"]);
    // Four in August reach the third tier, one in September the first.
    five("all-units", &tiers.replace("MODE", "all_units"), ["0.03", "0.03", "0.02", "0.03", "0.03", "0.05"]);
    // Free units go over all markets and take no place in a tier.
    let free = |units: u32| format!("free = {units}\n{}", tiers.replace("MODE", "graduated"));
    five("free-1", &free(1), ["0.00", "0.05", "0.02", "0.05", "0.04", "0.00"]);
    five("free-2", &free(2), ["0.00", "0.00", "0.02", "0.05", "0.05", "0.00"]);
    five("free-3", &free(3), ["0.00", "0.00", "0.00", "0.05", "0.05", "0.00"]);
    five("free-9", &free(9), ["0.00", "0.00", "0.00", "0.00", "0.00", "0.00"]);
    // At one instant the id decides, as bytes.
    let tied = ["A 2018-08-01T00:00:00Z -", "a 2018-08-01T00:00:00Z -", "B 2018-08-01T00:00:00Z -"];
    let amounts = ["0.00", "0.05", "0.00"];
    check("tied", &free(2), &tied.into_iter().zip(amounts).collect::<Vec<_>>());
}

#[test]
fn the_longest_calling_code_and_the_own_entry_point_go_first() {
    let rates = "rate = [{ market = \"1\", price = \"0.02\" }, { market = \"1 809\", price = \"0.06\" }, \
        { market = \"1\", entry_point = \"live_support\", price = \"0.03\" }, { market = \"other\", price = \"0.01\" }]";
    check(
        "markets",
        rates,
        &[
            ("a 2018-08-01T00:00:00Z - +12125550100", "0.02"),
            ("b 2018-08-01T00:00:00Z - +18095550100", "0.06"),
            ("c 2018-08-01T00:00:00Z - +12125550100 live_support", "0.03"),
            ("d 2018-08-01T00:00:00Z - +18095550100 live_support", "0.06"),
            ("e 2018-08-01T00:00:00Z - someone", "0.01"),
        ],
    );
}

/// A shop with one late reply in August, and a tariff whose rates are a table.
fn shop(name: &str, table: &str) -> std::path::PathBuf {
    let folder = scratch(name);
    copy(&root().join("tests/refusals/base"), &folder);
    give_key(&folder.join("state"), '5');
    fs::write(folder.join("tariff.toml"), format!("{HEAD}zone = \"UTC\"\nrates = \"rates.csv\"\n")).unwrap();
    fs::write(folder.join("rates.csv"), table).unwrap();
    folder
}

const NIGHT: [&str; 3] = ["run", "--as-of", "2018-09-05T00:00:00Z"];

#[test]
fn a_table_of_rates_is_part_of_the_tariff_and_frozen_with_it() {
    let folder =
        shop("tariff-table", "\u{feff}market;price;after\r\n39;0.07;\r\nother;0.01;24h\r\nother;0.02;48h\r\n;;\r\n");
    ritardo(&folder, &NIGHT).expect(0);
    assert_eq!(charges(&folder.join("state")).len(), 1);
    let invoice = common::bodies(&folder.join("state"), "invoice");
    assert_eq!(text(&invoice[0], "net"), "USD 0.07");
    assert!(ritardo(&folder, &["audit", "2018-08"]).expect(0).out.contains("identical"));
    ritardo(&folder, &["verify"]).expect(0);
    // The digest is of both files with the line between them.
    let both = [fs::read(folder.join("tariff.toml")).unwrap(), fs::read(folder.join("rates.csv")).unwrap()];
    let one = [&both[0][..], b"# ---- rates: rates.csv ----\n", &both[1][..]].concat();
    let said = ritardo(&folder, &["tariff", "check", "tariff.toml"]).expect(0);
    assert!(said.out.contains(&common::sha256(&one)), "{}", said.out);
    let table = fs::read_to_string(folder.join("rates.csv")).unwrap();
    fs::write(folder.join("rates.csv"), table.replace("0.07", "0.08")).unwrap();
    let refused = ritardo(&folder, &NIGHT).expect(78);
    assert!(refused.err.contains("was changed after"), "{}", refused.err);
    fs::remove_file(folder.join("rates.csv")).unwrap();
    let missing = ritardo(&folder, &NIGHT).expect(78);
    assert!(missing.err.contains("rates.csv") && missing.err.contains("its table of `rates`"), "{}", missing.err);
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_its_line() {
    for (table, says) in [
        ("market,price\n39,\"0,07\"\nother,0.01\n", "write the decimal point as a dot"),
        ("market,price\n39,0,07\nother,0.01\n", "more cells than the table has columns"),
        ("market,price\n39,$0.07\nother,0.01\n", "have no sign"),
        ("market,price\nother,0.01\nItaly,0.07\n", "a market is a calling code: 39 for Italy"),
        ("market,price\n39,7\nother,0.01\n", "looks like cents"),
        ("market,price\n39,0.07\n39,0.07\nother,0.01\n", "the same rate stands twice"),
        ("market,price,from\n39,0.07,01/08/2018\nother,0.01,\n", "is not a date like"),
        ("market,price,above\n39,0.07,0\n39,0.06,\nother,0.01,\n", "this one has not"),
        ("markt,price\n39,0.07\n", "no columns `market` and `price`"),
        ("market,price,colour\n39,0.07,red\n", "a column `colour` that is not known"),
        ("market,price\n39,0.07\n", "no rate for customers of other markets"),
    ] {
        let folder = shop("tariff-table-wrong", table);
        let said = ritardo(&folder, &["tariff", "check", "tariff.toml"]).expect(78);
        assert!(said.err.contains(says) && said.err.contains("rates.csv"), "{table}: {}", said.err);
    }
    let folder = shop("tariff-table-wrong", "market,price\n39,$0.07\nother,0.01\n");
    let said = ritardo(&folder, &["tariff", "check", "tariff.toml"]).expect(78);
    assert!(said.err.contains("rates.csv:2") && said.err.contains("| 39,$0.07"), "{}", said.err);
}

const CARD: &str = "\"Cost per conversation in USD, effective June 1, 2023\",,,,,,\n\
    Market,Currency,Marketing,Utility,Authentication,\"Authentication-\nInternational\",Service\n\
    Indonesia,$US,0.0411,0.0200,0.0300,0.1360,0.0190\nMalaysia,$US,0.0860,0.0200,0.0180,n/a,0.0220\n\
    Rest of Africa,$US,0.0225,0.0080,0.0100,n/a,0.0355\nOther,$US,0.0604,0.0338,0.0304,0.0500,0.0145\n";

fn import(folder: &Path, more: &[&str]) -> Ran {
    let arguments = ["tariff", "import", "card.csv", "--id", "card", "--version", "1"];
    ritardo(folder, &[&arguments[..], more].concat())
}

#[test]
fn a_rate_card_becomes_a_tariff() {
    let folder = scratch("tariff-card");
    fs::write(folder.join("card.csv"), CARD).unwrap();
    let region = import(&folder, &[]).expect(78);
    assert!(region.err.contains("no calling code is known for Rest of Africa"), "{}", region.err);
    let map = ["--map", "Rest of Africa=234,27", "--from", "2018-08-01", "--out", "card.toml"];
    import(&folder, &map).expect(0);
    ritardo(&folder, &["tariff", "check", "card.toml"]).expect(0);
    let shown = ritardo(&folder, &["tariff", "show", "card.toml", "--format", "csv"]).expect(0);
    let prices: Vec<(String, String)> =
        rows(shown.out.as_bytes()).into_iter().map(|row| (row["market"].clone(), row["price"].clone())).collect();
    let expected = [("234", "0.0355"), ("27", "0.0355"), ("60", "0.022"), ("62", "0.019"), ("other", "0.0145")];
    assert_eq!(prices, expected.map(|(market, price)| (market.to_owned(), price.to_owned())));
    assert!(fs::read_to_string(folder.join("card.toml")).unwrap().contains("bounds = [\"0.0145\", \"0.0355\"]"));
    // A price that is missing is told, and no row is made of it.
    let partly =
        import(&folder, &["--column", "authentication-international", "--map", "Rest of Africa=234"]).expect(0);
    assert!(partly.err.contains("for Malaysia, Rest of Africa"), "{}", partly.err);
    assert!(!partly.out.contains("market = \"60\""), "{}", partly.out);
    let early = ritardo(&folder, &["tariff", "show", "card.toml", "--at", "2018-07-31", "--format", "csv"]).expect(0);
    assert_eq!(rows(early.out.as_bytes()).len(), 0);
    let column = import(&folder, &["--column", "Servce", "--map", "Rest of Africa=234"]).expect(78);
    assert!(column.err.contains("Authentication- International"), "{}", column.err);
    let mistyped = ["--map", "Rest of Africa=234", "--map", "Malasia=60"];
    assert!(import(&folder, &mistyped).expect(78).err.contains("no market `malasia`"));
    let shared = ["--map", "Rest of Africa=62"];
    assert!(import(&folder, &shared).expect(78).err.contains("they share the code"));
}

#[test]
fn two_tariffs_are_compared_by_price_and_by_what_a_month_costs() {
    let folder = common::sample("tariff-diff");
    ritardo(&folder, &NIGHT).expect(0);
    let tariff = fs::read_to_string(folder.join("tariff.toml")).unwrap();
    let dear = tariff.replace("version = \"2018-08\"", "version = \"2018-09\"");
    let dear = dear.replace("market = \"44\"\nprice = \"0.03\"", "market = \"44\"\nprice = \"0.06\"");
    fs::write(folder.join("dear.toml"), dear).unwrap();
    let rates = ritardo(&folder, &["tariff", "diff", "tariff.toml", "dear.toml", "--format", "csv"]).expect(0);
    let rates = rows(rates.out.as_bytes());
    assert_eq!(rates.len(), 1, "{rates:?}");
    let cell = |name: &str| rates[0][name].as_str();
    assert_eq!([cell("market"), cell("old"), cell("new"), cell("change_%")], ["44", "0.03", "0.06", "+100.0"]);
    let over = ["tariff", "diff", "tariff.toml", "dear.toml", "--over", "2018-08", "--as-of", "2018-09-05T00:00:00Z"];
    let month = ritardo(&folder, &[&over[..], &["--format", "csv"]].concat()).expect(0);
    let month = rows(month.out.as_bytes());
    let of = |business: &str, market: &str| {
        let row = month.iter().find(|row| row["business"] == business && row["market"].contains(market)).unwrap();
        [row["old_charges"].clone(), row["old_amount"].clone(), row["new_amount"].clone(), row["difference"].clone()]
    };
    // Six charges of British customers: 6 × 0.03 = 0.18, 6 × 0.06 = 0.36.
    assert_eq!(of("lisbon-hotel", "+44"), ["6", "0.18", "0.36", "+0.18"]);
    assert_eq!(of("lisbon-hotel", "all"), ["70", "3.20", "3.38", "+0.18"]);
    assert_eq!(of("bologna-bakery", "+44"), ["1", "0.03", "0.06", "+0.03"]);
    assert_eq!(of("sao-paulo-phone", "all"), ["110", "2.20", "2.20", "0.00"]);
    ritardo(&folder, &[&over[..], &["--format", "html", "--out", "diff.html"]].concat()).expect(0);
    let page = fs::read_to_string(folder.join("diff.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("+0.18") && !page.contains("http"), "{page}");
}
