//! `[mail]`: the road that finished mails take, and the key that they are signed with. No setting here turns
//! verification off, and no password can go over a connection that is not encrypted.

use std::path::{Path, PathBuf};

use super::table::{Form, Table};
use super::{Config, limits, words};
use crate::domain::settings::{Dkim, Login, PasswordFrom, Smtp, Tls, Transport};

pub(super) const MAIL: Form = Form {
    name: "[mail]",
    needs: &[],
    allows: &[
        "transport = \"smtp\"",
        "outbox = \"state/outbox\"",
        "host = \"smtp.example.com\"",
        "port = 465",
        "tls = \"implicit\"",
        "user = \"billing\"",
        "password_file = \"smtp-password\"",
        "password_env = \"SMTP_PASSWORD\"",
        "password_credential = \"smtp\"",
        "ca_file = \"ca.pem\"",
        "rate = \"30/min\"",
        "max_size = \"25MiB\"",
        "[mail.dkim]",
        "send = \"by hand\"",
        "copies = 3",
        "within = \"30m\"",
    ],
};

const DKIM: Form = Form {
    name: "[mail.dkim]",
    needs: &["domain = \"example.com\"", "selector = \"ritardo\"", "key_file = \"dkim.pem\""],
    allows: &[],
};

/// Where a password may be, one of them.
const PASSWORDS: [&str; 3] = ["password_file", "password_env", "password_credential"];

/// What a folder has no use for, besides the places of a password.
const SMTP_KEYS: [&str; 7] = ["host", "port", "tls", "user", "ca_file", "rate", "max_size"];

/// The smallest limit of a mail: below it hardly an invoice would be sent.
const LEAST_SIZE: u64 = 1 << 20;

const TLS: [(&str, Tls); 3] = [("implicit", Tls::Implicit), ("starttls", Tls::StartTls), ("loopback", Tls::Loopback)];

#[derive(Clone, Copy)]
enum Road {
    File,
    Smtp,
}

/// The transport of the file at `root`; without `[mail]`, a folder inside `state`.
pub(super) fn transport(root: &Table<'_>, state: &Path) -> Option<Transport> {
    let outbox = state.join("outbox");
    if !root.has("mail") {
        return Some(Transport::File { outbox });
    }
    let mail = root.table("mail", &MAIL)?;
    match mail.choice("transport", &[("file", Road::File), ("smtp", Road::Smtp)]) {
        Some(Road::Smtp) => {
            refuse_idle(&mail, &["outbox"], "transport = \"file\"");
            smtp(&mail).map(Transport::Smtp)
        }
        None if mail.has("transport") => None,
        Some(Road::File) | None => {
            refuse_idle(&mail, &[SMTP_KEYS.as_slice(), &PASSWORDS].concat(), "transport = \"smtp\"");
            Some(Transport::File { outbox: mail.path("outbox").unwrap_or(outbox) })
        }
    }
}

/// A key that would do nothing is refused: who wrote it expects that it does something.
fn refuse_idle(mail: &Table<'_>, keys: &[&str], setting: &str) {
    for key in keys.iter().filter(|key| mail.has(key)) {
        let hint = format!("remove `{key}`, or choose {setting}");
        mail.wrong(key, format!("`{key}` only has a meaning with {setting}"), hint);
    }
}

fn smtp(mail: &Table<'_>) -> Option<Smtp> {
    if !mail.has("host") {
        mail.wrong("host", "transport = \"smtp\" needs a host", "add host = \"smtp.example.com\"");
    }
    let host = mail.parsed("host", words::host);
    let tls = if mail.has("tls") { mail.choice("tls", &TLS) } else { Some(Tls::Implicit) };
    let port = mail.number("port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
    let ca_file = mail.path("ca_file");
    let login = login(mail);
    let rate = mail.parsed("rate", words::mail_rate);
    let max_size = mail.parsed("max_size", |text| limits::bytes(text, LEAST_SIZE));
    if tls == Some(Tls::Loopback) {
        check_plain_text(mail, host.as_deref());
    }
    let (host, tls) = (host?, tls?);
    Some(Smtp { host, port: port.unwrap_or(usual_port(tls)), tls, ca_file, login, rate, max_size })
}

fn usual_port(tls: Tls) -> u16 {
    match tls {
        Tls::Implicit => 465,
        Tls::StartTls => 587,
        Tls::Loopback => 25,
    }
}

fn check_plain_text(mail: &Table<'_>, host: Option<&str>) {
    if host.is_some_and(|host| !words::is_loopback(host)) {
        let hint = "write tls = \"implicit\" (usually port 465) or tls = \"starttls\" (usually port 587)";
        mail.wrong("tls", "plain text goes to this machine only: 127.0.0.0/8, ::1 or localhost", hint);
    }
    refuse_idle(mail, &[["user", "ca_file"].as_slice(), &PASSWORDS].concat(), "tls = \"implicit\" or \"starttls\"");
}

fn login(mail: &Table<'_>) -> Option<Login> {
    let user = mail.text("user");
    let file = mail.path("password_file").map(PasswordFrom::File);
    let variable = mail.parsed("password_env", words::variable).map(PasswordFrom::Environment);
    let credential = mail.parsed("password_credential", words::credential).map(PasswordFrom::Credential);
    let places: Vec<&str> = PASSWORDS.into_iter().filter(|key| mail.has(key)).collect();
    match (mail.has("user"), places.as_slice()) {
        (_, [_, second, ..]) => mail.wrong(second, "the password has two places", "keep one of them"),
        (true, []) => {
            mail.wrong("user", "`user` needs a password", "add password_file = \"smtp-password\" or password_env");
        }
        (false, [place]) => mail.wrong(place, "the password has no user", "add user = \"billing\""),
        (true, [_]) | (false, []) => {}
    }
    Some(Login { user: user?, password: file.or(variable).or(credential)? })
}

/// The key that mails are signed with, whichever road they take: `[mail.dkim]`.
pub(super) fn dkim(root: &Table<'_>) -> Option<Dkim> {
    let table = root.quiet_table("mail", &MAIL)?.table("dkim", &DKIM)?;
    let (domain, selector) = (table.parsed("domain", words::domain), table.parsed("selector", words::domain));
    Some(Dkim { domain: domain?, selector: selector?, key_file: table.path("key_file")? })
}

impl Config {
    /// What a signature is worth less for than it could be, in words: mails of an issuer with whose address its domain has
    /// nothing to do.
    pub fn strange_signature(&self) -> Option<String> {
        let domain = &self.dkim.as_ref()?.domain;
        let of = |email: &str| email.rsplit_once('@').map_or(email, |(_, of)| of).to_owned();
        let stranger = self.issuers.iter().find(|issuer| !is_aligned(domain, &of(&issuer.email)))?;
        Some(format!(
            "a signature of {domain} does not count as one of the sender ({}) with receivers that ask for it (DMARC)",
            stranger.email
        ))
    }
}

/// Whether two domains are of one organisation, as receivers take it where they are not told otherwise (DMARC, RFC 7489, 3.1.1):
/// one is at or above the other, or they have the last two labels in common. Of `co.uk` that is too much, and does no harm.
fn is_aligned(one: &str, other: &str) -> bool {
    let labels =
        |domain: &str| -> Vec<String> { domain.to_ascii_lowercase().rsplit('.').take(2).map(str::to_owned).collect() };
    labels(one).iter().zip(&labels(other)).all(|(one, other)| one == other)
}

/// The folder of a file transport.
pub(super) fn outbox(transport: &Transport) -> Option<&PathBuf> {
    match transport {
        Transport::File { outbox } => Some(outbox),
        Transport::Smtp(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_config;
    use crate::domain::settings::MailRate;
    use crate::domain::{Elapsed, Mistake};

    const ISSUER: &str = "[issuer]\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IE\"\nemail = \"a@mail.example.com\"\nzone = \"UTC\"\n";

    fn config_of(text: &str) -> Result<Config, Vec<Mistake>> {
        parse_config(Path::new("/etc/ritardo/ritardo.toml"), text)
    }

    #[test]
    fn an_smtp_server_is_read_with_its_login() {
        let text = "state = \"/var/ritardo\"\n[mail]\ntransport = \"smtp\"\nhost = \"smtp.example.com\"\ntls = \"starttls\"\n\
                    user = \"u\"\npassword_file = \"../p\"\nca_file = \"ca.pem\"\n";
        let login = Login { user: "u".to_owned(), password: PasswordFrom::File("/etc/p".into()) };
        let smtp = Smtp {
            host: "smtp.example.com".to_owned(),
            port: 587,
            tls: Tls::StartTls,
            ca_file: Some("/etc/ritardo/ca.pem".into()),
            login: Some(login),
            rate: None,
            max_size: None,
        };
        assert_eq!(config_of(&format!("{text}{ISSUER}")).unwrap().transport, Transport::Smtp(smtp));
    }

    #[test]
    fn mails_have_a_rate_a_size_and_a_signature() {
        let text = "[mail]\ntransport = \"smtp\"\nhost = \"smtp.example.com\"\nuser = \"u\"\npassword_credential = \"smtp\"\n\
                    rate = \"30/min\"\nmax_size = \"25MiB\"\n\
                    [mail.dkim]\ndomain = \"example.com\"\nselector = \"s1.mail\"\nkey_file = \"dkim.pem\"\n";
        let config = config_of(&format!("{text}{ISSUER}")).unwrap();
        let Transport::Smtp(smtp) = config.transport else { panic!("{:?}", config.transport) };
        let password = PasswordFrom::Credential("smtp".to_owned());
        assert_eq!(smtp.login, Some(Login { user: "u".to_owned(), password }));
        assert_eq!(smtp.rate, Some(MailRate { mails: 30, period: Elapsed::from_seconds(60) }));
        assert_eq!(smtp.max_size, Some(25 << 20));
        let (domain, selector) = ("example.com".to_owned(), "s1.mail".to_owned());
        assert_eq!(config.dkim, Some(Dkim { domain, selector, key_file: "/etc/ritardo/dkim.pem".into() }));
        let file = "[mail]\n[mail.dkim]\ndomain = \"example.com\"\nselector = \"s\"\nkey_file = \"k\"\n";
        assert!(config_of(&format!("{file}{ISSUER}")).unwrap().dkim.is_some(), "a folder takes signed mails too");
        for domain in ["mail.example.com", "Example.COM"] {
            let own = file.replace("example.com", domain);
            assert!(config_of(&format!("{own}{ISSUER}")).is_ok(), "{domain}");
        }
        let second = ISSUER.replace("[issuer]\n", "[[issuer]]\nid = \"b\"\nseries = \"B\"\ncredit_series = \"BC\"\n");
        let first =
            ISSUER.replace("[issuer]\n", "[[issuer]]\nid = \"a\"\n").replace("mail.example.com", "else.example");
        for (domain, counts) in [
            ("example.com", true),
            ("send.EXAMPLE.com", true),
            ("b.mail.example.com", true),
            ("ample.com", false),
            ("example.org", false),
        ] {
            let found = config_of(&format!("{}{ISSUER}", file.replace("example.com", domain))).unwrap();
            assert_eq!(found.strange_signature().is_none(), counts, "{domain}: {:?}", found.strange_signature());
        }
        let several = config_of(&format!("{file}{first}{second}")).unwrap().strange_signature();
        assert!(several.is_some_and(|said| said.contains("a@else.example")), "each issuer is looked at");
        for (text, part) in [
            ("[mail]\nrate = \"30/min\"\n", "only has a meaning"),
            ("[mail]\npassword_credential = \"smtp\"\n", "only has a meaning"),
            ("[mail.dkim]\ndomain = \"example.com\"\nselector = \"s\"\n", "key_file"),
            ("[mail.dkim]\ndomain = \"192.0.2.1\"\nselector = \"s\"\nkey_file = \"k\"\n", "not a domain"),
            ("[mail.dkim]\ndomain = \"example.com\"\nselector = \"a; b\"\nkey_file = \"k\"\n", "not a domain"),
        ] {
            let mistakes = config_of(&format!("{text}{ISSUER}")).unwrap_err();
            assert!(mistakes.iter().any(|mistake| mistake.to_string().contains(part)), "{text}: {mistakes:?}");
        }
    }

    /// No setting sends a password over a connection that is not encrypted.
    #[test]
    fn plain_text_carries_no_login() {
        for host in ["127.0.0.1", "::1", "localhost"] {
            let mail = format!("[mail]\ntransport = \"smtp\"\nhost = \"{host}\"\ntls = \"loopback\"\nport = 2525\n");
            let Transport::Smtp(smtp) = config_of(&format!("{mail}{ISSUER}")).unwrap().transport else {
                panic!("{host}")
            };
            assert_eq!((smtp.tls, smtp.port, smtp.login), (Tls::Loopback, 2525, None));
            let mistakes = config_of(&format!("{mail}user = \"u\"\npassword_env = \"P\"\n{ISSUER}")).unwrap_err();
            assert_eq!(mistakes.iter().filter_map(|mistake| mistake.line).collect::<Vec<_>>(), [6, 7]);
        }
    }
}
