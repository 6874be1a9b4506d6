//! One mail, one recipient, one connection, stage by stage, with the one reply that each stage accepts.
//!
//! Invariant: `Sent` means that the server answered exactly 250 after the whole mail, and that this reply was
//! not waiting before the mail was sent.

use std::cell::Cell;
use std::error::Error as _;
use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;
use std::{fs, io, iter};

use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, SmtpConnection, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;

use super::attempt::{Gate, Patience};
use super::{DeliverError, Outcome, Password, field};
use crate::domain::settings::{Login, PasswordFrom, Smtp, Tls};

const LONGEST_REPLY: usize = 200;

/// Everything that an attempt needs, checked: what can be wrong on this side is found before a connection is made.
pub(super) struct Job {
    server: Smtp,
    /// Set unless the server is a loopback one.
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    from: Address,
    to: Address,
    eml: Vec<u8>,
    pub(super) patience: Patience,
}

impl Job {
    pub(super) fn new(
        server: &Smtp,
        eml: &[u8],
        from: Address,
        to: Address,
        secrets: &dyn Fn(&PasswordFrom) -> Result<Password, DeliverError>,
    ) -> Result<Self, DeliverError> {
        if server.tls == Tls::Loopback && server.login.is_some() {
            return Err(DeliverError::PlainLogin { host: server.host.clone() });
        }
        let credentials = match &server.login {
            Some(Login { user, password }) => {
                let user = field::text("login name", user)?;
                Some(Credentials::new(user, secrets(password)?.reveal()))
            }
            None => None,
        };
        let tls = if server.tls == Tls::Loopback { None } else { Some(parameters(server)?) };
        let (server, eml, patience) = (server.clone(), eml.to_vec(), Patience::USUAL);
        Ok(Self { server, tls, credentials, from, to, eml, patience })
    }
}

/// Why the dialogue ends before the mail is sent.
enum Stop {
    /// For this mail.
    Mail(Outcome),
    /// For every mail.
    All(DeliverError),
}

/// Holds the dialogue. Sends no content unless the gate is open.
pub(super) fn send(job: &Job, gate: &Gate) -> Result<Outcome, DeliverError> {
    match converse(job, gate) {
        Ok(outcome) | Err(Stop::Mail(outcome)) => Ok(outcome),
        Err(Stop::All(error)) => Err(error),
    }
}

fn converse(job: &Job, gate: &Gate) -> Result<Outcome, Stop> {
    let mut line = connect(job)?;
    login(&mut line, job)?;
    command(&mut line, "MAIL", Mail::new(Some(job.from.clone()), Vec::new()), &[250])?;
    command(&mut line, "RCPT", Rcpt::new(job.to.clone(), Vec::new()), &[250, 251])?;
    command(&mut line, "DATA", Data, &[354])?;
    silence(&mut line, "DATA", &job.patience)?;
    if !gate.pass() {
        return Err(Stop::Mail(Outcome::Deferred { reason: "given up before the mail was sent".to_owned() }));
    }
    Ok(content(&mut line, job))
}

/// Connects and, where TLS is asked for, returns only an encrypted connection to a server whose name is proved.
fn connect(job: &Job) -> Result<SmtpConnection, Stop> {
    let Job { server, tls, patience, .. } = job;
    let addresses = addresses(server)?;
    // The address of this machine is nobody's business; the sender's domain is known to the server anyway.
    let hello = ClientId::Domain(job.from.domain().to_owned());
    let implicit = tls.as_ref().filter(|_| server.tls == Tls::Implicit);
    // Before STARTTLS anybody on the way can speak for the server: nothing said there refuses a mail for good.
    let failed =
        |stage, error| if server.tls == Tls::StartTls { deferred(stage, &words(&error)) } else { stop(stage, &error) };
    let mut line = SmtpConnection::connect(&*addresses, Some(patience.reply), &hello, implicit, None)
        .map_err(|error| failed("greeting or EHLO", error))?;
    if let (Tls::StartTls, Some(tls)) = (server.tls, tls) {
        line.starttls(tls, &hello).map_err(|error| failed("STARTTLS", error))?;
        silence(&mut line, "STARTTLS", patience)?;
    }
    if server.tls != Tls::Loopback && !line.is_encrypted() {
        return Err(deferred("STARTTLS", "the connection is not encrypted"));
    }
    Ok(line)
}

fn addresses(server: &Smtp) -> Result<Vec<SocketAddr>, Stop> {
    let found = (server.host.as_str(), server.port).to_socket_addrs();
    let found: Vec<_> = found.map_err(|error| deferred("name look-up", &error.to_string()))?.collect();
    if server.tls == Tls::Loopback && !found.iter().all(|address| address.ip().is_loopback()) {
        return Err(Stop::All(DeliverError::PlainText { host: server.host.clone() }));
    }
    Ok(found)
}

fn parameters(server: &Smtp) -> Result<TlsParameters, DeliverError> {
    let mut builder = TlsParametersBuilder::new(server.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
    if let Some(path) = &server.ca_file {
        let pem = fs::read(path).map_err(|source| DeliverError::Certificates { path: path.clone(), source })?;
        // A file without any would be taken as "trust nobody more" in silence.
        if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
            return Err(DeliverError::NoCertificate { path: path.clone() });
        }
        let certificates = Certificate::from_pem(&pem).map_err(|source| DeliverError::Tls { source })?;
        builder = builder.add_root_certificate(certificates);
    }
    builder.build().map_err(|source| DeliverError::Tls { source })
}

/// Fails when the server has said more than it was asked.
///
/// lettre keeps bytes that came in plain text behind the 220 of STARTTLS, and reads them as replies under TLS.
/// Two or more replies slipped in are found here without fail, because the second still waits in lettre's
/// buffer; a single one shifts each reply by one place, and DATA, which alone is answered 354, gets a 250.
fn silence(line: &mut SmtpConnection, stage: &str, patience: &Patience) -> Result<(), Stop> {
    let wait = |line: &mut SmtpConnection, time: Duration| {
        line.set_timeout(Some(time)).map_err(|error| deferred(stage, &error.to_string()))
    };
    wait(line, patience.silence)?;
    let heard = line.read_response();
    wait(line, patience.reply)?;
    match heard {
        Err(error) if is_timeout(&error) => Ok(()),
        Err(error) if error.status().is_none() => Err(deferred(stage, &words(&error))),
        _ => Err(deferred(stage, "the server said more than it was asked")),
    }
}

fn login(line: &mut SmtpConnection, job: &Job) -> Result<(), Stop> {
    let Some(credentials) = &job.credentials else { return Ok(()) };
    if !line.is_encrypted() {
        return Err(Stop::All(DeliverError::PlainLogin { host: job.server.host.clone() }));
    }
    authenticate(line, credentials, &job.server.host)
}

fn authenticate(line: &mut SmtpConnection, credentials: &Credentials, host: &str) -> Result<(), Stop> {
    match line.auth(&[Mechanism::Plain, Mechanism::Login], credentials) {
        Ok(reply) => expect("AUTH", &reply, &[235]),
        Err(error) if error.is_permanent() => {
            hang_up(line);
            Err(Stop::All(DeliverError::Login { host: host.to_owned(), reply: words(&error) }))
        }
        Err(error) => Err(stop("AUTH", &error)),
    }
}

fn command(line: &mut SmtpConnection, stage: &str, command: impl Display, accepted: &[u16]) -> Result<(), Stop> {
    match line.command(command) {
        Ok(reply) => expect(stage, &reply, accepted),
        Err(error) => {
            if error.status().is_some() {
                hang_up(line);
            }
            Err(stop(stage, &error))
        }
    }
}

/// lettre takes every 2xx and 3xx for success.
fn expect(stage: &str, reply: &Response, accepted: &[u16]) -> Result<(), Stop> {
    if accepted.contains(&u16::from(reply.code())) {
        Ok(())
    } else {
        Err(deferred(stage, &format!("unexpected reply {}", said(reply))))
    }
}

/// Sends the mail and its end, and reads what the server says to it.
fn content(line: &mut SmtpConnection, job: &Job) -> Outcome {
    if let Err(error) = line.set_timeout(Some(job.patience.verdict)) {
        return Outcome::Deferred { reason: bounded(&format!("mail: {error}")) };
    }
    // lettre writes the line break before the final dot itself.
    let mut body = Some(job.eml.strip_suffix(b"\r\n").unwrap_or(&job.eml));
    // lettre asks for the next part when it has written the one before: when it is told that there is none, the
    // end is all that remains, and from then on the server may have the mail.
    let ending = Cell::new(false);
    let parts = iter::from_fn(|| {
        ending.set(body.is_none());
        body.take()
    });
    let reply = line.message_iter(parts);
    let (stage, words) = (if ending.get() { "end of mail" } else { "mail" }, reply.as_ref().map_or_else(words, said));
    let reason = bounded(&format!("{stage}: {words}"));
    let outcome = match &reply {
        Ok(reply) if reply.has_code(250) => Outcome::Sent { reply: bounded(&words) },
        Ok(_) => Outcome::Unknown { reason },
        Err(error) if error.is_permanent() => Outcome::Refused { reason },
        Err(error) if error.is_transient() => Outcome::Deferred { reason },
        Err(_) if ending.get() => Outcome::Unknown { reason },
        Err(_) => Outcome::Deferred { reason },
    };
    if reply.as_ref().map_or_else(|error| error.status().is_some(), |_| true) {
        hang_up(line);
    }
    outcome
}

/// Courtesy: the outcome stands, whatever becomes of this.
fn hang_up(line: &mut SmtpConnection) {
    if line.set_timeout(Some(Duration::from_secs(5))).is_ok() {
        let _ = line.quit();
    }
}

/// A refusal for good only when the server itself says so.
fn stop(stage: &str, error: &SmtpError) -> Stop {
    let reason = bounded(&format!("{stage}: {}", words(error)));
    Stop::Mail(if error.is_permanent() { Outcome::Refused { reason } } else { Outcome::Deferred { reason } })
}

fn deferred(stage: &str, why: &str) -> Stop {
    Stop::Mail(Outcome::Deferred { reason: bounded(&format!("{stage}: {why}")) })
}

fn said(reply: &Response) -> String {
    format!("{} {}", reply.code(), reply.message().collect::<Vec<_>>().join(" "))
}

/// The server's words, where it spoke, or what happened to the connection.
fn words(error: &SmtpError) -> String {
    bounded(&match (error.status(), error.source()) {
        (Some(code), Some(text)) => format!("{code} {text}"),
        _ if is_timeout(error) => "no reply in time".to_owned(),
        _ => error.to_string(),
    })
}

/// lettre's own `is_timeout` does not know the kind that a socket reports on Unix.
fn is_timeout(error: &SmtpError) -> bool {
    iter::successors(error.source(), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut))
}

/// At most 200 characters, none of them a control character.
fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_REPLY).collect()
}

#[cfg(test)]
mod tests;
