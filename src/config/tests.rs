use std::path::Path;

use super::*;
use crate::domain::settings::{Coverage, Stamps};
use crate::domain::{Business, Tongue};

const ISSUER: &str = r#"[issuer]
legal_name = "A"
address = ["B"]
country = "IE"
email = "a@b.ie"
zone = "UTC"
"#;

const BUSINESS: &str = r#"[[business]]
id = "a"
legal_name = "A"
address = ["B"]
country = "IT"
emails = ["a@b.it"]
language = "it"
zone = "UTC"
first_month = "2018-08"
vat = { treatment = "out-of-scope" }
[[business.channel]]
id = "+1"
"#;

fn config_of(text: &str) -> Result<Config, Vec<Mistake>> {
    parse_config(Path::new("/etc/ritardo/ritardo.toml"), text)
}

fn businesses_of(text: &str) -> Result<Vec<Business>, Vec<Mistake>> {
    parse_businesses(Path::new("businesses.toml"), text)
}

/// One mistake, at `line` of the text (0: of the file), with `part` in its message, and something to do.
#[track_caller]
fn check<T: std::fmt::Debug>(outcome: Result<T, Vec<Mistake>>, text: &str, line: u32, part: &str) {
    let mistakes = outcome.expect_err(text);
    let [mistake] = mistakes.as_slice() else { panic!("{text}\n{mistakes:#?}") };
    assert!(mistake.message.contains(part), "{text}\n{mistake}");
    assert_eq!(mistake.line.unwrap_or(0), line, "{text}\n{mistake}");
    assert_eq!(mistake.excerpt.is_some(), line > 0, "{text}\n{mistake}");
    assert!(!mistake.hint.is_empty(), "{text}\n{mistake}");
}

#[test]
fn every_mistake_of_the_issuer_is_found_at_its_line() {
    // What stands in a good file, what a person writes instead, the line, the message.
    for (good, bad, line, part) in [
        ("country = \"IE\"\n", "", 1, "[issuer] has no `country`"),
        ("zone = \"UTC\"\n", "", 1, "[issuer] has no `zone`"),
        ("\"A\"", "5", 2, "`legal_name` must be text, not a whole number"),
        ("\"A\"", "\"\"", 2, "empty"),
        ("\"A\"", "\"A\\r\\nBcc: x@y.z\"", 2, "control characters"),
        ("\"A\"", "\"A\\u0000\"", 2, "control characters"),
        ("[\"B\"]", "\"B\"", 3, "`address` must be a list, not text"),
        ("[\"B\"]", "[]", 3, "the list `address` is empty"),
        ("[\"B\"]", "[\n\"B\",\n5]", 5, "`address` must be text"),
        ("\"IE\"", "\"Ireland\"", 4, "not a country code"),
        ("\"a@b.ie\"", "\"a b.ie\"", 5, "not an e-mail address"),
        ("\"UTC\"", "\"Europe/Bologna\"", 6, "not a time zone"),
        ("zone =", "vat_id = \"IE1234567X\"\nzone =", 6, "check digits"),
        ("zone =", "iban = \"IE29AIBK93115212345679\"\nzone =", 6, "not an IBAN"),
        ("zone =", "bic = \"AIBK\"\nzone =", 6, "not a BIC"),
        ("zone =", "payment_days = \"30\"\nzone =", 6, "must be a whole number, not text"),
        ("zone =", "payment_days = -1\nzone =", 6, "between 0 and 365"),
        ("zone =", "payment_days = 99_999_999_999_999_999_999\nzone =", 6, "between 0 and 365"),
        ("legal_name", "legalname", 2, "no key `legalname`"),
        ("\"UTC\"\n", "\"UTC\"\n[invoice]\nseries = \"lr\"\n", 8, "not a series"),
        ("\"UTC\"\n", "\"UTC\"\n[invoice]\nfirst_number = 0\n", 8, "between 1 and 999999"),
        ("\"UTC\"\n", "\"UTC\"\n[invoice]\nfirst_nummer = 1\n", 8, "no key `first_nummer`"),
    ] {
        let text = ISSUER.replacen(good, bad, 1);
        check(config_of(&text), &text, line, part);
    }
}

#[test]
fn every_mistake_of_the_file_is_found_at_its_line() {
    for (top, line, part) in [
        ("inbox = 1", 1, "`inbox` must be text"),
        ("inbox = \"a\"\ninbox = \"b\"", 2, "duplicate key"),
        ("inbox = \"a", 1, "not TOML"),
        ("\ninbox\n", 2, "not TOML"),
        ("inbocks = \"a\"", 1, "the file has no key `inbocks`"),
        ("\"a\\u001b[31m\" = 1", 1, "no key `a\\u{1b}[31m`"),
        ("inbox = \"state/inbox\"", 1, "lie in one another"),
        ("inbox = \".\"", 1, "lie in one another"),
        ("state = \"inbox/state\"", 1, "lie in one another"),
        ("mail = { outbox = \"inbox\" }", 1, "lie in one another"),
        ("mail = 5", 1, "`mail` must be a table, not a whole number"),
        ("source = []", 1, "the list `source` is empty"),
        ("[source]\nname = \"a\"\nfiles = \"**\"", 1, "`source` must be a list of tables, not a table"),
    ] {
        let text = format!("{top}\n{ISSUER}");
        check(config_of(&text), &text, line, part);
    }
    check(config_of(""), "", 0, "the file has no `issuer`");
    check(config_of("issuer = 5\n"), "", 1, "`issuer` must be a table, not a whole number");
}

#[test]
fn every_mistake_of_a_source_is_found_at_its_line() {
    for (rest, line, part) in [
        ("files = \"**\"", 1, "[[source]] has no `name`"),
        ("name = \"a\"", 1, "[[source]] has no `files`"),
        ("name = \"A\"\nfiles = \"**\"", 2, "not a name"),
        ("name = \"a\"\nfiles = \"/a\"", 3, "not a pattern"),
        ("name = \"a\"\nfiles = \"**\"\nformat = \"xml\"", 4, "`format` is one of \"csv\""),
        ("name = \"a\"\nfiles = \"**\"\ncoverage = \"all\"", 4, "`coverage` is one of \"manifest\""),
        ("name = \"a\"\nfiles = \"**\"\ncoverage = \"daily\"", 4, "needs a zone"),
        ("name = \"a\"\nfiles = \"**\"\nzone = \"CEST\"", 4, "not a time zone"),
        ("name = \"a\"\nfiles = \"**\"\nchannels = [\"+1\",\n\"+39 333\"]", 5, "not a channel"),
        ("name = \"a\"\nfiles = \"**\"\nchannels = [\"+1\",\n\"+1\"]", 5, "\"+1\" stands already in line 4"),
        ("name = \"a\"\nfiles = \"**\"\ndirections = [\"in\"]", 4, "not a direction"),
        ("name = \"a\"\nfiles = \"**\"\ntolerance = 60", 4, "`tolerance` must be text"),
        ("name = \"a\"\nfiles = \"**\"\ntolerance = \"a minute\"", 4, "not a length of time"),
        ("name = \"a\"\nfiles = \"**\"\ntolerance = \"24h\"", 4, "exceeds 1h"),
        ("name = \"a\"\nfiles = \"**\"\nstamps = \"nanoseconds\"", 4, "`stamps` is one of \"text\", \"seconds\""),
        ("name = \"a\"\nfiles = \"**\"\nfrom = \"2018-08-01\"", 4, "not an instant"),
        ("name = \"a\"\nfiles = \"**\"\nto = 2018-08-01T00:00:00", 4, "not an instant"),
        (
            "name = \"a\"\nfiles = \"**\"\nfrom = 2018-08-01T00:00:00Z\nto = 2018-08-01T00:00:00Z",
            5,
            "ends before it begins",
        ),
        ("name = \"a\"\nfiles = \"**\"\nzone = \"UTC\"\nexpected_by = \"24:00\"", 5, "not a time of day"),
        ("name = \"a\"\nfiles = \"**\"\nexpected_by = \"06:00\"", 4, "`expected_by` needs a zone"),
        ("name = \"a\"\nfiles = \"**\"\nkeep_raw = \"23h\"", 4, "between 1d and 3650d"),
        ("name = \"a\"\nfiles = \"**\"\nkeep_raw = \"3651d\"", 4, "between 1d and 3650d"),
        ("name = \"a\"\nfiles = \"**\"\nkeep_raw = 90", 4, "`keep_raw` must be text"),
        ("name = \"a\"\nfiles = \"a\"\n[[source]]\nname = \"a\"\nfiles = \"b\"", 5, "stands already in line 2"),
        ("name = \"a\"\nfiles = \"a\"\n[[source]]\nname = \"b\"\nfiles = \"a\"", 6, "stands already in line 3"),
    ] {
        let text = format!("[[source]]\n{rest}\n{ISSUER}");
        check(config_of(&text), &text, line, part);
    }
}

#[test]
fn a_source_declares_its_clock_and_its_time() {
    let rest = "name = \"a\"\nfiles = \"**\"\nzone = \"Europe/Rome\"\nstamps = \"milliseconds\"\n\
                from = 2018-08-01T00:00:00+02:00\nto = \"2019-01-01T00:00:00Z\"\nexpected_by = \"06:30\"\nkeep_raw = \"90d\"";
    let config = config_of(&format!("[[source]]\n{rest}\n{ISSUER}")).unwrap();
    let source = &config.sources[0];
    let printed = [source.from, source.to].map(|instant| instant.unwrap().to_string());
    assert_eq!(printed, ["2018-07-31T22:00:00.000Z", "2019-01-01T00:00:00.000Z"]);
    assert_eq!(source.stamps, Stamps::Milliseconds);
    assert_eq!(source.expected_by.unwrap().to_string(), "06:30");
    assert_eq!(source.keep_raw.unwrap().micros(), 90 * 86_400_000_000);
    let source = &config_of(ISSUER).unwrap().sources[0];
    assert_eq!((source.stamps, source.from, source.to), (Stamps::Text, None, None));
    assert!(source.expected_by.is_none() && source.keep_raw.is_none());
}

#[test]
fn every_mistake_of_the_mail_is_found_at_its_line() {
    for (rest, line, part) in [
        ("transport = \"pigeon\"", 2, "`transport` is one of \"file\", \"smtp\""),
        ("transport = \"smtp\"", 1, "needs a host"),
        ("host = \"h\"", 2, "only has a meaning with transport = \"smtp\""),
        ("transport = \"smtp\"\nhost = \"h\"\noutbox = \"o\"", 4, "only has a meaning with transport = \"file\""),
        ("transport = \"smtp\"\nhost = \"h:25\"", 3, "not a host name"),
        ("transport = \"smtp\"\nhost = \"h\"\nport = 0", 4, "between 1 and 65535"),
        ("transport = \"smtp\"\nhost = \"h\"\ntls = \"none\"", 4, "`tls` is one of"),
        ("transport = \"smtp\"\nhost = \"h\"\ntls = \"loopback\"", 4, "to this machine only"),
        ("transport = \"smtp\"\nhost = \"127.0.0.1.nip.example\"\ntls = \"loopback\"", 4, "to this machine only"),
        ("transport = \"smtp\"\nhost = \"h\"\nuser = \"u\"", 4, "needs a password"),
        ("transport = \"smtp\"\nhost = \"h\"\npassword_file = \"f\"", 4, "has no user"),
        ("transport = \"smtp\"\nhost = \"h\"\npassword_env = \"P\"", 4, "has no user"),
        ("transport = \"smtp\"\nhost = \"h\"\nuser = \"u\"\npassword_env = \"A-B\"", 5, "environment variable"),
        ("password = \"hunter2\"", 2, "a secret never stands in this file"),
        ("smtp_passwd = \"hunter2\"", 2, "a secret never stands in this file"),
        ("verify = false", 2, "[mail] has no key `verify`"),
    ] {
        let text = format!("[mail]\n{rest}\n{ISSUER}");
        check(config_of(&text), &text, line, part);
    }
}

#[test]
fn every_mistake_of_a_business_is_found_at_its_line() {
    for (good, bad, line, part) in [
        ("id = \"a\"\n", "", 1, "[[business]] has no `id`"),
        ("\"a\"", "\"A\"", 2, "not a business id"),
        ("emails = [\"a@b.it\"]", "emails = []", 6, "the list `emails` is empty"),
        ("[\"a@b.it\"]", "[\"a@b.it\", \"A <a@b.it>\"]", 6, "not an e-mail address"),
        ("[\"a@b.it\"]", "[\"a@b.it\", \"a@b.it\"]", 6, "stands already in line 6"),
        ("\"it\"", "\"xx\"", 7, "not a language"),
        ("\"UTC\"", "\"\"", 8, "empty"),
        ("\"2018-08\"", "\"2018-8\"", 9, "not a month"),
        ("\"2018-08\"", "2018-08-01", 9, "`first_month` must be text, not a date or time"),
        ("\"out-of-scope\"", "\"none\"", 10, "`treatment` is one of"),
        ("vat = {", "currency = \"XYZ\"\nvat = {", 10, "not a currency"),
        ("vat = {", "endpoint = \"IT1\"\nvat = {", 10, "not an electronic address"),
        ("vat = {", "e_invoice = \"pdf\"\nvat = {", 10, "`e_invoice` is one of"),
        ("\"out-of-scope\"", "\"standard\"", 10, "standard needs a rate"),
        ("\"out-of-scope\"", "\"standard\", rate = 22", 10, "`rate` must be text"),
        ("\"out-of-scope\"", "\"standard\", rate = \"0\"", 10, "not between 0 and 100"),
        ("\"out-of-scope\"", "\"standard\", rate = \"100\"", 10, "not between 0 and 100"),
        ("\"out-of-scope\"", "\"standard\", rate = \"22%\"", 10, "not an exact decimal"),
        ("\"out-of-scope\"", "\"out-of-scope\", rate = \"22\"", 10, "out-of-scope has no rate"),
        ("\"out-of-scope\"", "\"exempt\"", 10, "exempt needs a reason"),
        ("\"out-of-scope\"", "\"out-of-scope\", reason = \"r\"", 10, "out-of-scope has no reason"),
        ("vat = {", "vat_id = \"IT1\"\nvat = {", 10, "not a VAT id"),
        ("[[business.channel]]\nid = \"+1\"\n", "", 1, "[[business]] has no `channel`"),
        ("id = \"+1\"", "", 11, "[[business.channel]] has no `id`"),
        ("\"+1\"", "\"+39 333\"", 12, "not a channel"),
        ("\"+1\"", "\"+1\"\nfrom = \"2018-01-01\"", 13, "not an instant"),
        ("\"+1\"", "\"+1\"\nfrom = 2018-01-01T00:00:00", 13, "not an instant"),
        ("\"+1\"", "\"+1\"\nform = \"2018-01-01T00:00:00Z\"", 13, "no key `form`"),
        (
            "\"+1\"",
            "\"+1\"\nfrom = \"2018-01-01T00:00:00Z\"\nto = \"2018-01-01T01:00:00+01:00\"",
            14,
            "given back before it is taken",
        ),
        ("\"+1\"", "\"+1\"\n[[business.channel]]\nid = \"+1\"", 14, "in line 12 and in line 14"),
    ] {
        let text = BUSINESS.replacen(good, bad, 1);
        check(businesses_of(&text), &text, line, part);
    }
    check(businesses_of(""), "", 0, "the file has no `business`");
    check(businesses_of(&format!("{BUSINESS}{}", BUSINESS.replace("+1", "+2"))), "", 14, "already in line 2");
}

/// Two businesses that own `+1`: from, to of the first; from, to of the second.
fn two_owners(times: [&str; 4]) -> Result<Vec<Business>, Vec<Mistake>> {
    let line =
        |key: &str, day: &str| if day.is_empty() { "\n".to_owned() } else { format!("{key} = {day}T00:00:00Z\n") };
    let [a, b, c, d] = times;
    let second = BUSINESS.replace("id = \"a\"", "id = \"b\"");
    businesses_of(&format!(
        "{BUSINESS}{}{}{second}{}{}",
        line("from", a),
        line("to", b),
        line("from", c),
        line("to", d)
    ))
}

#[test]
fn no_moment_of_a_channel_has_two_owners() {
    for (times, good) in [
        (["", "2018-09-01", "2018-09-01", ""], true),
        (["2018-09-01", "", "", "2018-09-01"], true),
        (["", "", "", ""], false),
        (["", "2018-09-02", "2018-09-01", ""], false),
        (["2018-09-01", "", "", "2018-09-02"], false),
        (["", "", "2018-09-01", "2018-09-02"], false),
        (["2018-09-01", "2018-09-02", "2018-09-01", "2018-09-02"], false),
    ] {
        match two_owners(times) {
            Ok(_) => assert!(good, "{times:?}"),
            outcome => {
                assert!(!good, "{times:?}");
                check(outcome, "", 26, "in line 12 and in line 26");
            }
        }
    }
}

#[test]
fn a_long_ownership_is_compared_with_all_later_ones() {
    let later = |day: u32| {
        format!(
            "[[business.channel]]\nid = \"+1\"\nfrom = 2018-09-0{day}T00:00:00Z\nto = 2018-09-0{}T00:00:00Z\n",
            day + 1
        )
    };
    let mistakes = businesses_of(&format!("{BUSINESS}{}{}", later(1), later(3))).unwrap_err();
    let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [Some(14), Some(18)]);
}

#[test]
fn a_book_is_sorted_by_business_and_channel() {
    let second = "[[business.channel]]\nid = \"+0\"\n";
    let book = businesses_of(&format!(
        "{}{second}{BUSINESS}",
        BUSINESS.replace("id = \"a\"", "id = \"b\"").replace("+1", "+2")
    ));
    let book = book.unwrap();
    let names =
        |business: &Business| business.channels.iter().map(|owned| owned.channel.to_string()).collect::<Vec<_>>();
    let listed: Vec<_> = book.iter().map(|business| (business.id.as_str(), names(business).join(" "))).collect();
    assert_eq!(listed, [("a", "+1".to_owned()), ("b", "+0 +2".to_owned())]);
}

#[test]
fn all_mistakes_of_a_file_are_listed_in_order() {
    let text = "inbocks = \"a\"\n[issuer]\nlegal_name = 5\nzone = \"Rome\"\n[invoice]\nseries = \"lr\"\n\
                [[source]]\nname = \"a\"\nfiles = \"**\"\ncoverage = \"daily\"\n[mail]\npassword = \"hunter2\"\n";
    let mistakes = config_of(text).unwrap_err();
    let lines: Vec<_> = mistakes.iter().filter_map(|mistake| mistake.line).collect();
    // The issuer lacks address, country and email.
    assert_eq!(lines, [1, 2, 2, 2, 3, 4, 6, 10, 12]);
    assert_eq!(
        mistakes[0].hint,
        "remove it; the keys here are issuer, state, inbox, archive, tariff, businesses, key_file, templates, invoice, exchange, guards, source, limits, mail, digest, report, alarms, payments, object_storage, reconcile, metrics, engine"
    );
    let printed = mistakes.iter().map(Mistake::to_string).collect::<String>();
    assert!(!printed.contains("hunter2"), "{printed}");

    let two_breaks = "a = \"x\nb = [1\n[issuer]\nlegal_name = \"A\n";
    assert!(config_of(two_breaks).unwrap_err().len() > 1);
}

#[test]
fn a_mistyped_key_is_one_mistake_with_a_suggestion() {
    let mistakes = config_of(&ISSUER.replace("legal_name", "leagl_name")).unwrap_err();
    let hints: Vec<_> = mistakes.iter().map(|mistake| (mistake.line, mistake.hint.as_str())).collect();
    assert_eq!(hints, [(Some(2), "did you mean `legal_name`?")]);
}

#[test]
fn an_unfinished_password_is_not_repeated() {
    for text in [
        "[mail]\npassword = \"hunter2\n",
        "mail = { password = \"hunter2\", port = 5",
        "[mail]\npassword = hunter2",
        "[mail]\npassword = '''\nhunter2\u{1}\n'''",
    ] {
        let printed = config_of(text).unwrap_err().iter().map(Mistake::to_string).collect::<String>();
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[test]
fn what_is_left_out_has_a_safe_default() {
    let sixteen = config_of(&format!("{ISSUER}payment_days = 0x10\n")).unwrap();
    assert_eq!(sixteen.issuers[0].payment_days, 16);
    let config = config_of(ISSUER).unwrap();
    let folder = Path::new("/etc/ritardo");
    assert_eq!([&config.state, &config.inbox], [&folder.join("state"), &folder.join("inbox")]);
    assert_eq!([&config.tariff, &config.businesses], [&folder.join("tariff.toml"), &folder.join("businesses.toml")]);
    assert_eq!(config.transport, Transport::File { outbox: folder.join("state/outbox") });
    assert_eq!(
        (config.issuers[0].payment_days, config.issuers[0].series.as_str(), config.issuers[0].first_number),
        (30, "LR", 1)
    );
    let [source] = config.sources.as_slice() else { panic!("{:?}", config.sources) };
    assert_eq!((source.name.as_str(), source.files.as_str(), source.coverage), ("inbox", "**", Coverage::Span));
}

#[test]
fn pages_are_english_or_italian() {
    let tongue = |text: &str| config_of(&format!("{ISSUER}{text}")).map(|config| config.report.tongue);
    assert_eq!(tongue("").unwrap(), Tongue::English);
    assert_eq!(tongue("[report]\nlanguage = \"it\"\n").unwrap(), Tongue::Italian);
    let each = |text: &str| config_of(&format!("{ISSUER}{text}")).unwrap().report.each_business;
    assert_eq!((each(""), each("[report]\neach_business = false\n")), (true, false));
    for wrong in ["[report]\nlanguage = \"de\"\n", "[report]\ncolour = \"red\"\n"] {
        assert_eq!(tongue(wrong).unwrap_err().len(), 1, "{wrong}");
    }
}

#[test]
fn alarms_have_limits_of_their_own() {
    let limits = |text: &str| config_of(&format!("{ISSUER}{text}")).map(|config| config.alarms);
    let usual = AlarmLimits { silence_messages: 10, held_days: 7 };
    assert_eq!(limits("").unwrap(), usual);
    assert_eq!(limits("[alarms]\n").unwrap(), usual);
    let set = AlarmLimits { silence_messages: 0, held_days: 30 };
    assert_eq!(limits("[alarms]\nsilence_messages = 0\nheld_days = 30\n").unwrap(), set);
    for (text, part) in [
        ("[alarms]\nheld_days = -1\n", "held_days"),
        ("[alarms]\nheld_days = \"7d\"\n", "must be a whole number"),
        ("[alarms]\nsilence_messages = 10.5\n", "must be a whole number"),
        ("[alarms]\nsilence = 5\n", "silence"),
    ] {
        let text = format!("{ISSUER}{text}");
        check(config_of(&text), &text, 8, part);
    }
}
