//! Months that are carried over: what a night closes together, and the VAT that they are billed under later.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::common::{Ran, bodies, content, ritardo, text};
use super::{TARIFF, bakery, groups, replace};

/// In August nothing is due before the fifth of September, and in September not before that of October.
const AFTER_AUGUST: &str = "2018-09-05T00:00:00Z";
const AFTER_SEPTEMBER: &str = "2018-10-22T00:00:00Z";

const FROM_SEPTEMBER: &str = "{ treatment = \"standard\", rate = \"22\", from = 2018-09-01 }";
const PARTED: &str = "tax_point = \"charge\"\nvat = [{ treatment = \"standard\", rate = \"10\" }, \
    { treatment = \"standard\", rate = \"24\", from = 2018-08-15 }]";

/// A log of messages that nobody answers; `month` as in `2018-08`.
fn log(folder: &Path, month: &str, asked: &[String], last: &str) {
    let channel = "bologna-bakery,+390510000417";
    let mut text = "message_id,business,channel,customer,direction,sent_at,kind\n".to_owned();
    if month == "2018-08" {
        text += &format!("z-first,{channel},nobody,outbound,2018-07-31T10:00:00Z,text\n");
    }
    for (place, at) in asked.iter().enumerate() {
        text += &format!("{month}-{place},{channel},+3933300{}{place:03},inbound,{at},text\n", &month[5..]);
    }
    text += &format!("{month}-z,{channel},nobody,outbound,{last},text\n");
    fs::write(folder.join(format!("inbox/desk/{month}.csv")), text).unwrap();
}

/// A bakery with messages of these days of August.
fn shop(name: &str, vat: &str, days: &[&str]) -> PathBuf {
    let folder = bakery(&format!("carried-{name}"), vat);
    let asked: Vec<String> = days.iter().map(|day| format!("2018-08-{day}T12:00:00Z")).collect();
    log(&folder, "2018-08", &asked, "2018-09-04T10:00:00Z");
    folder
}

/// The same, with a smallest invoice of five dollars: a message costs one.
fn small(name: &str, vat: &str, days: &[&str]) -> PathBuf {
    let folder = shop(name, vat, days);
    replace(&folder.join("ritardo.toml"), "first_number = 1", "first_number = 1\nsmallest = \"5.00\"");
    folder
}

/// As many messages of September, from the tenth on.
fn september(folder: &Path, count: usize) {
    let asked: Vec<String> = (10..10 + count).map(|day| format!("2018-09-{day}T12:00:00Z")).collect();
    log(folder, "2018-09", &asked, "2018-10-20T10:00:00Z");
}

fn run(folder: &Path, as_of: &str) -> Ran {
    ritardo(folder, &["run", "--as-of", as_of])
}

fn invoices(folder: &Path) -> Vec<Value> {
    let state = folder.join("state");
    bodies(&state, "invoice").iter().map(|issued| content(&state, &text(issued, "document_sha256"))).collect()
}

fn only(folder: &Path) -> Value {
    let invoices = invoices(folder);
    assert_eq!(invoices.len(), 1);
    invoices[0].clone()
}

#[track_caller]
fn holds(folder: &Path) {
    ritardo(folder, &["verify"]).expect(0);
    ritardo(folder, &["audit", "--all"]).expect(0);
}

/// September is parked with these words and August carried over, whether each has its night or both are caught up with.
/// With one treatment for both they are billed together.
#[track_caller]
fn is_held_together(name: &str, vat: &str, count: usize, says: &str, other: &dyn Fn(&Path)) {
    let made = |how: &str| {
        let folder = small(&format!("{name}-{how}"), vat, &["14"]);
        other(&folder);
        folder
    };
    let (caught_up, nightly) = (made("caught-up"), made("nightly"));
    run(&nightly, AFTER_AUGUST).expect(0);
    for folder in [&caught_up, &nightly] {
        september(folder, count);
        let night = run(folder, AFTER_SEPTEMBER).expect(65).out;
        assert!(night.contains(&format!("parked    2018-09  bologna-bakery: {says}")), "{night}");
        let closed = bodies(&folder.join("state"), "month_closed");
        assert_eq!(closed.len(), 1, "{night}");
        assert_eq!([text(&closed[0], "month"), text(&closed[0], "carried")], ["2018-08", "USD 1.00"]);
        assert_eq!(invoices(folder).len(), 0);
    }
    let config = fs::read_to_string(caught_up.join("ritardo.toml")).unwrap();
    let billed = [&caught_up, &nightly].map(|folder| {
        replace(&folder.join("businesses.toml"), vat, "vat = { treatment = \"standard\", rate = \"22\" }");
        fs::write(folder.join("ritardo.toml"), config.replace("largest = \"4.50\"", "largest = \"99.00\"")).unwrap();
        run(folder, AFTER_SEPTEMBER).expect(0);
        holds(folder);
        only(folder)
    });
    assert_eq!(billed[0], billed[1]);
    assert_eq!(text(&billed[0], "net"), format!("USD {}.00", count + 1));
}

#[test]
fn months_of_one_night_are_judged_as_night_by_night() {
    let nothing = |_: &Path| {};
    let out = format!("vat = [{{ treatment = \"out-of-scope\" }}, {FROM_SEPTEMBER}]");
    let says = "vat: 2018-08 is billed with it, and only one of the two is out of scope of VAT";
    is_held_together("out", &out, 10, says, &nothing);
    // September alone is too little for an invoice.
    is_held_together("together", &out, 4, says, &nothing);

    let shifted = format!("vat = [{{ treatment = \"reverse-charge\" }}, {FROM_SEPTEMBER}]");
    let without = |folder: &Path| replace(&folder.join("businesses.toml"), "vat_id = \"IT99999990379\"\n", "");
    let says = "vat: reverse charge needs the VAT id of `bologna-bakery`, and the book has none";
    is_held_together("shifted", &shifted, 10, says, &without);

    // August is carried over before anybody has to know its VAT.
    let untreated = format!("vat = {FROM_SEPTEMBER}");
    let says = "vat: the book names no VAT treatment for 2018-08-31";
    is_held_together("untreated", &untreated, 10, says, &nothing);

    let largest = |folder: &Path| {
        let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
        fs::write(folder.join("ritardo.toml"), config + "\n[guards]\nlargest = \"4.50\"\n").unwrap();
    };
    is_held_together("largest", "vat = { treatment = \"zero\" }", 4, "largest: ", &largest);
}

#[test]
fn a_carried_month_keeps_the_rate_of_its_charges() {
    let folder = small("kept", PARTED, &["14"]);
    september(&folder, 10);
    run(&folder, AFTER_SEPTEMBER).expect(0);
    let invoice = only(&folder);
    assert_eq!(groups(&invoice), ["S 10.00 USD 1.00 USD 0.10", "S 24.00 USD 10.00 USD 2.40"]);
    assert_eq!(text(&invoice["earlier"][0]["vat"], "rate"), "10.00");
    let closed = &bodies(&folder.join("state"), "month_closed")[0];
    assert_eq!([text(&closed["vat"][0]["vat"], "rate"), text(&closed["vat"][0], "amount")], ["10.00", "USD 1.00"]);
    holds(&folder);
}

#[test]
fn a_carried_month_of_two_rates_is_billed_under_both() {
    let folder = small("both", PARTED, &["14", "20", "21"]);
    run(&folder, AFTER_AUGUST).expect(0);
    // What August was closed with is not what the book of a later night says.
    let book = folder.join("businesses.toml");
    replace(&book, "rate = \"10\"", "rate = \"12\"");
    september(&folder, 10);
    let held = run(&folder, AFTER_SEPTEMBER).expect(65).out;
    let says = "vat: 2018-08, which is billed with it, was closed under S at 10.00%; the book of today says S at 12.00%, S at \
                24.00% of its days, and which charge is of which day is known no more";
    assert!(held.contains(says), "{held}");
    replace(&book, "rate = \"12\"", "rate = \"10\"");
    run(&folder, AFTER_SEPTEMBER).expect(0);
    let invoice = only(&folder);
    assert_eq!(groups(&invoice), ["S 10.00 USD 1.00 USD 0.10", "S 24.00 USD 12.00 USD 2.88"]);
    let earlier = &invoice["earlier"][0];
    let shares = earlier["shares"].as_array().unwrap();
    let shares = shares.iter().map(|share| text(&share["vat"], "rate") + " " + &text(share, "amount"));
    assert_eq!(shares.collect::<Vec<_>>(), ["10.00 USD 1.00", "24.00 USD 2.00"]);
    assert_eq!((text(earlier, "amount"), &earlier["vat"]), ("USD 3.00".to_owned(), &Value::Null));
    let page = folder.join("state/issued/LR-2018-000001/LR-2018-000001_2018-09.html");
    assert!(fs::read_to_string(page).unwrap().contains("S 10%, S 24%"));
    holds(&folder);
}

/// All of August under VAT of 22%, and what comes after it under reverse charge.
const WRONG: &str = "tax_point = \"charge\"\nvat = [{ treatment = \"standard\", rate = \"22\" }, \
    { treatment = \"reverse-charge\", from = 2018-09-01 }]";
/// Reverse charge from August on.
const RIGHT: &str = "tax_point = \"charge\"\nvat = [{ treatment = \"standard\", rate = \"22\", to = 2018-08-01 }, \
    { treatment = \"reverse-charge\", from = 2018-08-01 }]";

#[test]
fn what_was_wrong_of_a_carried_month_is_corrected_before_it_is_billed() {
    let always = "vat = { treatment = \"reverse-charge\" }";
    for (name, right) in [("corrected", RIGHT), ("corrected-always", always)] {
        let folder = small(name, WRONG, &["14"]);
        run(&folder, AFTER_AUGUST).expect(0);
        replace(&folder.join("businesses.toml"), WRONG, right);
        september(&folder, 10);
        run(&folder, AFTER_SEPTEMBER).expect(0);
        assert_eq!(groups(&only(&folder)), ["AE 0.00 USD 11.00 USD 0.00"]);
        holds(&folder);
    }
    // The rate stands in the book, but for no day of August, whose days differ.
    let folder = small("corrected-parted", WRONG, &["14"]);
    run(&folder, AFTER_AUGUST).expect(0);
    let parted = RIGHT.replace(
        "from = 2018-08-01 }]",
        "from = 2018-08-01, to = 2018-08-20 }, { treatment = \"zero\", from = 2018-08-20 }]",
    );
    replace(&folder.join("businesses.toml"), WRONG, &parted);
    september(&folder, 10);
    let held = run(&folder, AFTER_SEPTEMBER).expect(65).out;
    assert!(
        held.contains("vat: 2018-08, which is billed with it, was closed under S at 22.00%; the book of today"),
        "{held}"
    );
    assert_eq!(invoices(&folder).len(), 0);
}

#[test]
fn what_late_logs_add_is_of_the_vat_of_the_invoice_in_place_of_another() {
    let folder = shop("late-corrected", WRONG, &["14"]);
    replace(&folder.join("ritardo.toml"), "first_number = 1", "first_number = 1\nlate_logs = \"credit-and-debit\"");
    run(&folder, AFTER_AUGUST).expect(0);
    replace(&folder.join("businesses.toml"), WRONG, RIGHT);
    let reissue = ["reissue", "LR-2018-000001", "--reason", "treatment", "--as-of", "2018-09-06T00:00:00Z"];
    ritardo(&folder, &reissue).expect(0);
    // One message of August is late, and one is of September.
    let asked = ["2018-08-20T12:00:00Z", "2018-09-10T12:00:00Z"].map(str::to_owned);
    log(&folder, "2018-09", &asked, "2018-10-20T10:00:00Z");
    run(&folder, AFTER_SEPTEMBER).expect(0);
    let invoices = invoices(&folder);
    assert_eq!(groups(&invoices[1]), ["AE 0.00 USD 2.00 USD 0.00"]);
    assert_eq!(text(&invoices[1]["earlier"][0], "amount"), "USD 1.00");
    holds(&folder);
}

#[test]
fn what_late_logs_take_from_a_carried_month_is_of_its_rate() {
    let folder = small("late", PARTED, &["14", "20"]);
    run(&folder, AFTER_AUGUST).expect(0);
    let answer = "message_id,business,channel,customer,direction,sent_at,kind\n\
                  late,bologna-bakery,+390510000417,+393330008001,outbound,2018-08-20T13:00:00Z,text\n";
    fs::write(folder.join("inbox/desk/2018-08-late.csv"), answer).unwrap();
    run(&folder, "2018-09-06T00:00:00Z").expect(0);
    let corrected = &bodies(&folder.join("state"), "corrected")[0];
    assert_eq!([text(corrected, "net"), text(&corrected["vat"][0]["vat"], "rate")], ["USD 1.00", "10.00"]);
    september(&folder, 10);
    run(&folder, AFTER_SEPTEMBER).expect(0);
    assert_eq!(groups(&only(&folder)), ["S 10.00 USD 1.00 USD 0.10", "S 24.00 USD 10.00 USD 2.40"]);
    holds(&folder);
}

/// A bakery whose months are those of the deadlines, from September on: a message of the last of August is billed there.
fn by_deadline(name: &str, vat: &str, smallest: bool) -> PathBuf {
    let folder = if smallest { small(name, vat, &["31"]) } else { shop(name, vat, &["31"]) };
    replace(&folder.join("businesses.toml"), "first_month = \"2018-08\"", "first_month = \"2018-09\"");
    fs::write(folder.join("tariff.toml"), format!("{TARIFF}\n[reading]\nmonth_of = \"deadline\"\n")).unwrap();
    september(&folder, 1);
    folder
}

#[test]
fn a_charge_of_another_month_falls_under_its_own_day() {
    let out = format!("tax_point = \"charge\"\nvat = [{{ treatment = \"out-of-scope\" }}, {FROM_SEPTEMBER}]");
    let folder = by_deadline("deadline-out", &out, false);
    let night = run(&folder, AFTER_SEPTEMBER).expect(65).out;
    let says = "parked    2018-09  bologna-bakery: vat: some of what it bills is out of scope of VAT, and some is not";
    assert!(night.contains(says), "{night}");
    let dated = "tax_point = \"charge\"\nvat = [{ treatment = \"standard\", rate = \"22\", from = 2018-09-01 }, \
                 { treatment = \"standard\", rate = \"24\", from = 2018-09-25 }]";
    // So it is where the month would only be carried over: its VAT is frozen then.
    for (name, smallest) in [("deadline-untreated", false), ("deadline-carried", true)] {
        let folder = by_deadline(name, dated, smallest);
        let night = run(&folder, AFTER_SEPTEMBER).expect(65).out;
        let says = "parked    2018-09  bologna-bakery: vat: the book names no VAT treatment for 2018-08-31";
        assert!(night.contains(says), "{night}");
        replace(&folder.join("businesses.toml"), "\"22\", from = 2018-09-01", "\"22\"");
        run(&folder, AFTER_SEPTEMBER).expect(0);
        let billed = if smallest { Vec::new() } else { vec!["S 22.00 USD 2.00 USD 0.44".to_owned()] };
        assert_eq!(invoices(&folder).iter().flat_map(groups).collect::<Vec<_>>(), billed);
        holds(&folder);
    }
}

#[test]
fn an_exemption_has_the_reason_of_its_month() {
    let vat = "vat = [{ treatment = \"exempt\", reason = \"Old Article 10\", code = \"VATEX-EU-132\" }, \
               { treatment = \"exempt\", reason = \"Article 11\", code = \"VATEX-EU-135\", from = 2018-09-01 }]";
    let said = |invoice: &Value| {
        let group = &invoice["vat"][0];
        (text(group, "reason"), group["code"].as_str().map(str::to_owned))
    };
    let told = |reason: &str, code: Option<&str>| (reason.to_owned(), code.map(str::to_owned));
    let folder = shop("exempt", vat, &["31"]);
    september(&folder, 1);
    run(&folder, AFTER_SEPTEMBER).expect(0);
    let reasons: Vec<_> = invoices(&folder).iter().map(said).collect();
    assert_eq!(reasons, [told("Old Article 10", Some("VATEX-EU-132")), told("Article 11", Some("VATEX-EU-135"))]);
    holds(&folder);
    // An invoice that bills both has both.
    let folder = small("exempt-both", vat, &["31"]);
    september(&folder, 10);
    run(&folder, AFTER_SEPTEMBER).expect(0);
    assert_eq!(said(&only(&folder)), told("Old Article 10; Article 11", None));
    holds(&folder);
}
