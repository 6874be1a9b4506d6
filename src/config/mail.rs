//! `[mail]`: the road that finished mails take. No setting here turns verification off, and no password
//! can go over a connection that is not encrypted.

use std::path::{Path, PathBuf};

use super::table::{Form, Table};
use super::words;
use crate::domain::settings::{Login, PasswordFrom, Smtp, Tls, Transport};

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
        "ca_file = \"ca.pem\"",
        "send = \"by hand\"",
        "copies = 3",
        "within = \"30m\"",
    ],
};

const SMTP_KEYS: [&str; 7] = ["host", "port", "tls", "user", "password_file", "password_env", "ca_file"];

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
            refuse_idle(&mail, &SMTP_KEYS, "transport = \"smtp\"");
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
    if tls == Some(Tls::Loopback) {
        check_plain_text(mail, host.as_deref());
    }
    let (host, tls) = (host?, tls?);
    Some(Smtp { host, port: port.unwrap_or(usual_port(tls)), tls, ca_file, login })
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
    refuse_idle(mail, &["user", "password_file", "password_env", "ca_file"], "tls = \"implicit\" or \"starttls\"");
}

fn login(mail: &Table<'_>) -> Option<Login> {
    let user = mail.text("user");
    let file = mail.path("password_file").map(PasswordFrom::File);
    let variable = mail.parsed("password_env", words::variable).map(PasswordFrom::Environment);
    match (mail.has("user"), mail.has("password_file"), mail.has("password_env")) {
        (_, true, true) => mail.wrong("password_env", "the password has two places", "keep one of them"),
        (true, false, false) => {
            mail.wrong("user", "`user` needs a password", "add password_file = \"smtp-password\" or password_env");
        }
        (false, true, _) => mail.wrong("password_file", "the password has no user", "add user = \"billing\""),
        (false, _, true) => mail.wrong("password_env", "the password has no user", "add user = \"billing\""),
        (true, ..) | (false, false, false) => {}
    }
    Some(Login { user: user?, password: file.or(variable)? })
}

/// The folder of a file transport.
pub(super) fn outbox(transport: &Transport) -> Option<&PathBuf> {
    match transport {
        Transport::File { outbox } => Some(outbox),
        Transport::Smtp(_) => None,
    }
}
