//! Mail over SMTP: a connection is opened when the first mail needs it, and carries as many as the server lets it.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use super::clock::{Clock, Monotonic, Pace};
use super::login::{Credentials, Welcome};
use super::reply::{Reply, bounded};
use super::row::{Follows, Row, Sign};
use super::session::{self, Ended, Limits, Mail, Session, Unbegun};
use super::tls::Trust;
use super::wire::{Fault, Wire};
use super::{Carried, DeliverError, Outcome, Password, Road};
use crate::domain::settings::{MailRate, PasswordFrom, Smtp, Tls};

/// Of a name, so many addresses are tried.
const ADDRESSES: usize = 8;

/// What each of them gets at least of the time for connecting, while there is so much.
const LEAST_SHARE: Duration = Duration::from_secs(5);

/// Why there is no connection.
enum Stop {
    /// For now. Every other mail would meet the same.
    Mail(Outcome),
    /// Until somebody changes the settings.
    All(DeliverError),
}

/// The way to the server, checked: what can be wrong on this side is found before a connection is made.
struct Door {
    server: Smtp,
    /// Set unless the server is a loopback one.
    trust: Option<Trust>,
    credentials: Option<Credentials>,
    limits: Limits,
    clock: Arc<dyn Clock>,
}

/// Who carries mails to a server.
pub(super) struct Agent {
    door: Door,
    session: Option<Session>,
    pace: Option<Pace>,
    /// The next mail has waited for its time.
    has_waited: bool,
    row: Row,
    /// The server said 421: the next connection waits a moment.
    is_to_rest: bool,
}

impl Agent {
    pub(super) fn new(
        server: &Smtp,
        secrets: &dyn Fn(&PasswordFrom) -> Result<Password, DeliverError>,
    ) -> Result<Self, DeliverError> {
        let host = || server.host.clone();
        if server.tls == Tls::Loopback && server.login.is_some() {
            return Err(DeliverError::PlainLogin { host: host() });
        }
        let credentials = server.login.as_ref().map(|login| Credentials::new(login, secrets)).transpose()?;
        let trust = match server.tls {
            Tls::Loopback => None,
            Tls::Implicit | Tls::StartTls => Some(Trust::new(&server.host, server.ca_file.as_deref())?),
        };
        let (limits, clock) = (Limits::USUAL, Arc::new(Monotonic::new()));
        let pace = server.rate.map(|rate| Pace::new(interval(rate)));
        Ok(Self {
            door: Door { server: server.clone(), trust, credentials, limits, clock },
            session: None,
            pace,
            has_waited: false,
            row: Row::default(),
            is_to_rest: false,
        })
    }

    pub(super) const fn is_paced(&self) -> bool {
        self.pace.is_some()
    }

    /// Waits until the next mail may go.
    pub(super) fn wait(&mut self) {
        if let Some(pace) = &mut self.pace {
            pace.keep(&*self.door.clock);
        }
        self.has_waited = true;
    }

    /// What the last run said where something stopped it.
    pub(super) fn was_stopped(&mut self, words: Vec<String>) {
        self.row.was_stopped(words);
    }

    /// One attempt.
    pub(super) fn carry(&mut self, mail: &Mail<'_>) -> Result<Carried, DeliverError> {
        if let Some(outcome) = self.door.server.max_size.and_then(|size| mail.beyond(size, "max_size")) {
            return Ok(Carried { outcome, road: Road::Open });
        }
        if !self.has_waited {
            self.wait();
        }
        self.has_waited = false;
        let mut open = self.session.take().and_then(Session::revived);
        loop {
            let is_reused = open.is_some();
            let mut session = match open.take().map_or_else(|| self.enter(mail), Ok) {
                Ok(session) => session,
                Err(Stop::All(error)) => return Err(error),
                Err(Stop::Mail(outcome)) => return Ok(busy(outcome)),
            };
            let ended = match session.carry(mail) {
                // The server closed it in the meantime, or takes no more over one connection. That is no attempt: it is
                // opened anew, once.
                Err(Unbegun::Fault(Fault::Lost(_))) if is_reused => continue,
                Err(Unbegun::Closing(_)) if is_reused => {
                    self.is_to_rest = true;
                    continue;
                }
                // It knows of no mail yet: what this one met, every other one would meet.
                Err(Unbegun::Fault(Fault::Late)) => return Ok(busy(session::lost("MAIL", &Fault::Late).outcome)),
                Err(Unbegun::Closing(reply)) => return Ok(busy(session::unexpected("MAIL", &reply).outcome)),
                Err(Unbegun::Fault(fault)) => session::lost("MAIL", &fault),
                Ok(ended) => ended,
            };
            return self.ended(session, ended, mail.to.domain());
        }
    }

    /// A new connection, after a moment where the server asked for one.
    fn enter(&mut self, mail: &Mail<'_>) -> Result<Session, Stop> {
        if std::mem::take(&mut self.is_to_rest) {
            self.door.clock.wait(self.door.limits.rest);
        }
        self.door.enter(mail.from.domain())
    }

    /// What an attempt says of those after it. One mail that a server cannot take does not keep the others back.
    fn ended(&mut self, session: Session, ended: Ended, domain: &str) -> Result<Carried, DeliverError> {
        let Ended { outcome, sign, goes_on } = ended;
        self.session = goes_on.then_some(session);
        self.is_to_rest = sign == Sign::Tired;
        if matches!(outcome, Outcome::TooBig { .. }) {
            return Ok(Carried { outcome, road: Road::Open });
        }
        let host = || self.door.server.host.clone();
        if let Sign::Login(reply) = &sign {
            return Err(DeliverError::LoginWanted { host: host(), reply: bounded(reply) });
        }
        match self.row.after(&outcome, &sign, domain) {
            Follows::Next => Ok(Carried { outcome, road: Road::Open }),
            Follows::Pause => Ok(busy(outcome)),
            Follows::Tell(reason) => Ok(Carried { outcome, road: Road::Broken { reason } }),
            Follows::Stop(words) => Err(DeliverError::RefusedAlike { host: host(), words }),
        }
    }

    /// Takes leave of the server, where a connection is open.
    pub(super) fn close(self) {
        if let Some(session) = self.session {
            session.quit();
        }
    }
}

/// The time from one mail to the next.
fn interval(rate: MailRate) -> Duration {
    let micros = rate.period.micros().unsigned_abs();
    Duration::from_micros(micros.div_ceil(u64::from(rate.mails.max(1))))
}

/// No way to the server: what this mail met, every other one would meet.
fn busy(outcome: Outcome) -> Carried {
    let reason = outcome.words().to_owned();
    Carried { outcome, road: Road::Busy { reason } }
}

impl Door {
    /// Connects, and returns only a session with a server that was told who it is: encrypted and its name proved where
    /// TLS is asked for, and logged in where there is a login.
    fn enter(&self, name: &str) -> Result<Session, Stop> {
        let wire = Wire::new(self.connect()?, Arc::clone(&self.clock)).map_err(|fault| gone("connection", &fault))?;
        let mut session = Session::new(wire, self.limits);
        if let (Tls::Implicit, Some(trust)) = (self.server.tls, &self.trust) {
            session = session.encrypted(trust).map_err(|fault| gone("TLS", &fault))?;
        }
        // Before STARTTLS anybody on the way can speak for the server.
        let is_proved = self.server.tls != Tls::StartTls;
        self.wanted("greeting", session.greeting(), 220, is_proved)?;
        self.wanted("EHLO", session.hello(name), 250, is_proved)?;
        if let (Tls::StartTls, Some(trust)) = (self.server.tls, &self.trust) {
            if !session.offers().starttls {
                return Err(deferred("STARTTLS: the server does not offer it"));
            }
            self.wanted("STARTTLS", session.command("STARTTLS"), 220, false)?;
            session = session.encrypted(trust).map_err(|fault| gone("TLS", &fault))?;
            self.wanted("EHLO", session.hello(name), 250, true)?;
        }
        if self.server.tls != Tls::Loopback && !session.is_encrypted() {
            return Err(deferred("TLS: the connection is not encrypted"));
        }
        self.log_in(&mut session)?;
        Ok(session)
    }

    fn connect(&self) -> Result<TcpStream, Stop> {
        let mut last = "the name has no address".to_owned();
        let end = self.clock.now().saturating_add(self.limits.connect);
        let addresses = self.addresses()?;
        let count = addresses.len().min(ADDRESSES);
        for (place, address) in addresses.iter().take(count).enumerate() {
            let left = end.saturating_sub(self.clock.now());
            if left.is_zero() {
                break;
            }
            match TcpStream::connect_timeout(address, share(left, count.saturating_sub(place))) {
                Ok(tcp) => return Ok(tcp),
                Err(error) => last = Fault::of(&error).words().to_owned(),
            }
        }
        Err(deferred(&format!("connection: {last}")))
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>, Stop> {
        let Smtp { host, port, tls, .. } = &self.server;
        let found = (host.as_str(), *port).to_socket_addrs();
        let found: Vec<_> = found.map_err(|error| deferred(&format!("name look-up: {error}")))?.collect();
        if *tls == Tls::Loopback && !found.iter().all(|address| address.ip().is_loopback()) {
            return Err(Stop::All(DeliverError::PlainText { host: host.clone() }));
        }
        Ok(found)
    }

    fn log_in(&self, session: &mut Session) -> Result<(), Stop> {
        let Some(credentials) = &self.credentials else { return Ok(()) };
        let host = || self.server.host.clone();
        if !session.is_encrypted() {
            return Err(Stop::All(DeliverError::PlainLogin { host: host() }));
        }
        let offers = session.offers().clone();
        session.hide(credentials.secrets());
        let welcome = credentials.present(&offers, |line| session.command(line));
        match welcome.map_err(|fault| gone("AUTH", &fault))? {
            Welcome::Done => Ok(()),
            Welcome::Rejected(reply) => {
                Err(Stop::All(DeliverError::Login { host: host(), reply: bounded(&reply.text()) }))
            }
            Welcome::Not(reply) => Err(deferred(&format!("AUTH: {}", reply.text()))),
            Welcome::NoWay => Err(Stop::All(DeliverError::LoginForm { host: host() })),
        }
    }

    /// The one reply that a stage before any mail accepts. A refusal there is of this side and of no mail; what somebody on
    /// the way may have said puts off.
    fn wanted(&self, stage: &str, reply: Result<Reply, Fault>, accepted: u16, is_proved: bool) -> Result<(), Stop> {
        match reply {
            Ok(reply) if reply.code == accepted => Ok(()),
            Ok(reply) if is_proved && reply.is_refusal() => {
                let reply = bounded(&format!("{stage}: {}", reply.text()));
                Err(Stop::All(DeliverError::Unserved { host: self.server.host.clone(), reply }))
            }
            Ok(reply) if is_proved => Err(Stop::Mail(session::unexpected(stage, &reply).outcome)),
            Ok(reply) => Err(deferred(&format!("{stage}: {}", reply.text()))),
            Err(fault) => Err(gone(stage, &fault)),
        }
    }
}

/// What of the time left for connecting the next of so many addresses gets, so that one that never answers leaves some to the
/// others.
fn share(left: Duration, addresses: usize) -> Duration {
    let addresses = u32::try_from(addresses.max(1)).unwrap_or(u32::MAX);
    left.checked_div(addresses).unwrap_or(left).max(LEAST_SHARE).min(left)
}

fn deferred(reason: &str) -> Stop {
    Stop::Mail(Outcome::Deferred { reason: bounded(reason) })
}

fn gone(stage: &str, fault: &Fault) -> Stop {
    deferred(&format!("{stage}: {}", fault.words()))
}

#[cfg(test)]
mod tests;
