//! The forms of the single words of a configuration: each takes a text and gives it back, or says what is wrong.

// From `core`, which has addresses and no network.
use core::net::IpAddr;

use crate::domain::settings::MailRate;
use crate::domain::{Decimal, Elapsed, header};

const LONGEST_CHARS: usize = 200;

/// A character that breaks a line, or hides or reorders what stands around it.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A text for documents and mail headers: 1 to 200 characters, none of them hidden. Blanks around it are dropped.
pub(super) fn plain(text: &str) -> Result<String, String> {
    if text.contains(is_hidden) {
        return Err("the text has line breaks or other control characters".to_owned());
    }
    match text.trim().chars().count() {
        0 => Err("the text is empty".to_owned()),
        1..=LONGEST_CHARS => Ok(text.trim().to_owned()),
        count => Err(format!("the text has {count} characters, more than {LONGEST_CHARS}")),
    }
}

/// The plain ASCII form of an e-mail address, without a display name.
pub(super) fn email(text: &str) -> Result<String, String> {
    let address = recorded_email(text)?;
    let wrong = |why: &str| Err(format!("`{text}` is not an e-mail address: {why}"));
    header::address(text).map_or_else(wrong, |()| Ok(address))
}

/// The same, or for a text that the ledger holds what was accepted before lengths were looked at.
pub(super) const fn email_on(is_recorded: bool) -> fn(&str) -> Result<String, String> {
    if is_recorded { recorded_email } else { email }
}

fn recorded_email(text: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("`{text}` is not an e-mail address: {why}"));
    if !text.is_ascii() {
        return wrong("it must be ASCII; write an international domain as xn--…");
    }
    let Some((local, domain)) = text.split_once('@').filter(|(_, domain)| !domain.contains('@')) else {
        return wrong("it must have one @");
    };
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let good = |part: &str| !part.is_empty() && part.bytes().all(atom);
    if local.len() > 64 || !local.split('.').all(good) {
        return wrong("the part before the @ has a character or dot that does not belong there");
    }
    if domain.parse::<IpAddr>().is_ok() || !is_host_name(domain) {
        return wrong("the part after the @ is not a domain");
    }
    Ok(text.to_owned())
}

/// A host: a domain name or an IP address.
pub(super) fn host(text: &str) -> Result<String, String> {
    let good = text.parse::<IpAddr>().is_ok() || is_host_name(text);
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a host name or IP address")) }
}

/// A domain, or the labels of one: no IP address.
pub(super) fn domain(text: &str) -> Result<String, String> {
    let good = text.parse::<IpAddr>().is_err() && is_host_name(text);
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a domain")) }
}

/// How fast mails may follow one another: `2/s`, `30/min`, `500/h`. Slower than one a minute would hold a run for hours.
pub(super) fn mail_rate(text: &str) -> Result<MailRate, String> {
    let wrong = || format!("`{text}` is not a rate such as 2/s, 30/min or 500/h");
    let (mails, unit) = text.split_once('/').ok_or_else(wrong)?;
    let seconds: u32 = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    let is_number = (1..=6).contains(&mails.len()) && mails.bytes().all(|byte| byte.is_ascii_digit());
    let mails: u32 = mails.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
    if u64::from(mails) * 60 < u64::from(seconds) {
        return Err(format!("{text} is slower than one mail a minute"));
    }
    Ok(MailRate { mails, period: Elapsed::from_seconds(i64::from(seconds)) })
}

/// Whether the host is this machine, judged by its name alone: 127.0.0.0/8, ::1 or localhost.
pub(super) fn is_loopback(host: &str) -> bool {
    host.parse::<IpAddr>().map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

fn is_host_name(text: &str) -> bool {
    let letters = |label: &str| label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let edges = |label: &str| !label.starts_with('-') && !label.ends_with('-');
    let label = |label: &str| (1..=63).contains(&label.len()) && letters(label) && edges(label);
    text.len() <= 253 && text.split('.').all(label)
}

/// ISO 3166-1 alpha-2, by its form.
pub(super) fn country(text: &str) -> Result<String, String> {
    match text {
        "UK" => Err("`UK` is not a country code: the United Kingdom is GB".to_owned()),
        "EL" => Err("`EL` begins VAT ids; the country code of Greece is GR".to_owned()),
        _ if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not a country code: two capital letters")),
    }
}

/// The letters of an invoice series.
pub(super) fn series(text: &str) -> Result<String, String> {
    let good = (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a series: 1 to 8 of A-Z")) }
}

/// An amount in the currency of the tariff, not below zero.
pub(super) fn amount(text: &str) -> Result<Decimal, String> {
    let amount: Decimal = text.parse()?;
    if amount.is_negative() { Err(format!("the amount {text} is below zero")) } else { Ok(amount) }
}

/// The name of a source, or of an issuer.
pub(super) fn source_name(text: &str) -> Result<String, String> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good = (1..=40).contains(&text.len()) && text.bytes().all(letter);
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a name: 1 to 40 of a-z, 0-9 and -")) }
}

/// A pattern of files inside the inbox.
pub(super) fn pattern(text: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("`{text}` is not a pattern of files: {why}"));
    if text.contains('\\') {
        return wrong("folders are divided by /");
    }
    if text.split('/').any(|part| ["", ".", ".."].contains(&part)) {
        return wrong("it is a path inside the inbox, without empty parts, . and ..");
    }
    if text.split('/').any(|part| part.contains("**") && part != "**") {
        return wrong("** stands for whole folders, between slashes");
    }
    Ok(text.to_owned())
}

/// The name of an environment variable.
pub(super) fn variable(text: &str) -> Result<String, String> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let good = text.bytes().all(letter) && !text.starts_with(|c: char| c.is_ascii_digit());
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` is not the name of an environment variable")) }
}

/// The name of a credential of systemd, which is a file name.
pub(super) fn credential(text: &str) -> Result<String, String> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let good = (1..=64).contains(&text.len()) && text.bytes().all(letter) && !text.starts_with('.');
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` is not the name of a credential")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_mails_is_a_number_and_a_unit() {
        for (text, mails, seconds) in [("2/s", 2, 1), ("30/min", 30, 60), ("1/min", 1, 60), ("60/h", 60, 3600)] {
            let period = Elapsed::from_seconds(seconds);
            assert_eq!(mail_rate(text), Ok(MailRate { mails, period }), "{text}");
        }
        for text in ["", "30", "30/m", "0/s", "+3/s", "-1/s", "1/h", "59/h", "1000000/s", "1.5/s", "3 /s", "3/s/s"] {
            assert!(mail_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_credential_is_a_file_name() {
        assert!(credential("smtp").is_ok() && credential("smtp-password.2").is_ok());
        for text in ["", ".", "..", "a/b", "a b", "è", &"a".repeat(65)] {
            assert!(credential(text).is_err(), "{text}");
        }
    }

    #[track_caller]
    fn check(form: fn(&str) -> Result<String, String>, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(form(text).as_deref(), Ok(*text));
        }
        for text in bad {
            assert!(form(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn words_have_their_forms() {
        check(plain, &["Caffè & Co. \"S.r.l.\""], &["", "  ", "a\nb", "a\tb", "a\0b", "a\u{202e}b", &"x".repeat(201)]);
        check(country, &["IT", "GB"], &["it", "ITA", "", "UK", "EL"]);
        check(series, &["LR", "ABCDEFGH"], &["", "lr", "LR-", "ABCDEFGHI"]);
        check(source_name, &["cloud-api", "0"], &["", "Cloud", "a b", "a/b"]);
        check(pattern, &["**", "webhooks/**/*.json", "*.csv"], &["/a", "a//b", "../a", "a/./b", "a**", "a\\b"]);
        check(variable, &["SMTP_PASSWORD", "_x1"], &["1X", "A-B", "A=B", "à"]);
        check(
            host,
            &["smtp.example.com", "127.0.0.1", "::1"],
            &["", "smtp_1", "-a", "a..b", "[::1]", "a:25", "http://a"],
        );
    }

    #[test]
    fn an_address_is_ascii_with_one_at() {
        let good = ["a@b.it", "first.last+tag@xn--caff-8oa.example", "o'neil@localhost"];
        let bad = [
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a,b@c",
            "<a@b>",
            "a@b>",
            "a@b\r\nBcc: c@d",
            "caffè@b",
            "a@caffè",
            ".a@b",
            "a..b@c",
            "a.@b",
            "a@b.",
            "a@-b",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "\"a\"@b",
            "a;b@c",
            "a@b;c",
        ];
        check(email, &good, &bad);
        assert!(email(&format!("{}@b", "a".repeat(65))).is_err());
        assert!(email(&format!("{}@{}", "a".repeat(64), ["b"; 95].join("."))).is_ok());
        assert!(email(&format!("{}@{}", "a".repeat(64), ["b"; 96].join("."))).is_err(), "no mail could carry it");
        let long = format!("{}@{}", "a".repeat(64), ["b"; 96].join("."));
        assert!(email_on(false)(&long).is_err() && email_on(true)(&long).is_ok(), "what was recorded is read");
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LocalHost"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["128.0.0.1", "127.0.0.1.example.com", "localhost.example.com", "2130706433", "::", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
