//! One open connection, and the transactions on it: stage by stage, with the one reply that each stage accepts.
//!
//! Invariant: `Sent` means that the server answered exactly 250 after the whole mail, and that it had been silent
//! until the mail ended.

use std::time::Duration;

use lettre::Address;

use super::Outcome;
use super::dsn;
use super::reply::{Offers, Reply, bounded};
use super::row::Sign;
use super::wire::{Fault, Silence, Wire};

/// How long each stage may take (RFC 5321, 4.5.3.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub connect: Duration,
    /// The handshake of TLS, too.
    pub greeting: Duration,
    /// Each command but DATA.
    pub command: Duration,
    pub data: Duration,
    /// Each part of the content.
    pub block: Duration,
    /// The content as a whole, which the standard does not limit: a slow server must not hold a run for ever.
    pub content: Duration,
    /// The answer to the whole mail: the server may be storing or scanning it.
    pub verdict: Duration,
    /// What is only polite.
    pub courtesy: Duration,
    /// From 421 to the next connection.
    pub rest: Duration,
}

impl Limits {
    pub(super) const USUAL: Limits = Limits {
        connect: Duration::from_secs(60),
        greeting: Duration::from_secs(300),
        command: Duration::from_secs(300),
        data: Duration::from_secs(120),
        block: Duration::from_secs(180),
        content: Duration::from_secs(1800),
        verdict: Duration::from_secs(600),
        courtesy: Duration::from_secs(5),
        rest: Duration::from_millis(250),
    };
}

/// So many bytes of content are written under one limit.
const BLOCK: usize = 1 << 16;

/// A mail that can travel, and its envelope.
pub(super) struct Mail<'a> {
    /// What a report names it by, in the form of a Message-ID without angle brackets.
    pub id: &'a str,
    pub from: Address,
    pub to: Address,
    pub eml: &'a [u8],
}

impl Mail<'_> {
    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.eml.len()).unwrap_or(u64::MAX)
    }

    /// What becomes of a mail that is larger than `size`.
    pub(super) fn beyond(&self, size: u64, whose: &str) -> Option<Outcome> {
        let reason = || format!("the mail has {} bytes, and {whose} takes {size}", self.size());
        (self.size() > size).then(|| Outcome::TooBig { reason: reason() })
    }
}

/// Why a mail was not begun.
pub(super) enum Unbegun {
    /// The server has not answered MAIL: it does not know of this mail.
    Fault(Fault),
    /// 421 to MAIL: it takes no more over this connection.
    Closing(Reply),
}

impl From<Fault> for Unbegun {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// How a transaction ended.
pub(super) struct Ended {
    pub outcome: Outcome,
    /// What it says of the mails after it.
    pub sign: Sign,
    /// Whether the connection can carry another mail.
    pub goes_on: bool,
}

impl Ended {
    /// The same, and nothing more over this connection.
    fn over(self) -> Self {
        Self { goes_on: false, ..self }
    }
}

/// An open connection to a server that welcomed this program.
pub(super) struct Session {
    wire: Wire,
    offers: Offers,
    limits: Limits,
    /// A transaction was begun, and neither ended nor taken back.
    is_begun: bool,
    /// What is cut out of replies, should the server repeat it.
    secrets: Vec<String>,
}

impl Session {
    /// `wire` has not heard the greeting yet.
    pub(super) fn new(wire: Wire, limits: Limits) -> Self {
        Self { wire, offers: Offers::default(), limits, is_begun: false, secrets: Vec::new() }
    }

    /// From now on nothing that the server says tells one of these.
    pub(super) fn hide(&mut self, secrets: Vec<String>) {
        self.secrets = secrets;
    }

    pub(super) fn offers(&self) -> &Offers {
        &self.offers
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.wire.is_encrypted()
    }

    /// The connection under TLS, of which nothing is known yet: what was heard before it could be anybody's.
    pub(super) fn encrypted(self, trust: &super::tls::Trust) -> Result<Self, Fault> {
        let Self { mut wire, limits, .. } = self;
        wire.within(limits.greeting);
        Ok(Self::new(wire.encrypted(trust)?, limits))
    }

    pub(super) fn greeting(&mut self) -> Result<Reply, Fault> {
        self.wire.within(self.limits.greeting);
        self.answer()
    }

    pub(super) fn hello(&mut self, name: &str) -> Result<Reply, Fault> {
        let reply = self.command(&format!("EHLO {name}"))?;
        self.offers = Offers::of(&reply);
        Ok(reply)
    }

    /// Sends a line, and reads the reply to it.
    pub(super) fn command(&mut self, line: &str) -> Result<Reply, Fault> {
        self.ask(line, self.limits.command)
    }

    fn ask(&mut self, line: &str, limit: Duration) -> Result<Reply, Fault> {
        self.wire.within(limit);
        self.wire.say(format!("{line}\r\n").as_bytes())?;
        self.answer()
    }

    fn reply(&mut self) -> Result<Reply, Fault> {
        Ok(self.wire.reply()?.without(&self.secrets))
    }

    fn answer(&mut self) -> Result<Reply, Fault> {
        let reply = self.reply()?;
        let more = || Fault::Odd("the server said more than it was asked".to_owned());
        if self.wire.is_read() { Ok(reply) } else { Err(more()) }
    }

    /// The connection where it can still be used, after a mail and perhaps a long wait.
    pub(super) fn revived(mut self) -> Option<Self> {
        if self.wire.silence() != Silence::Kept {
            return None;
        }
        if self.is_begun {
            self.command("RSET").ok().filter(|reply| reply.code == 250)?;
            self.is_begun = false;
        }
        Some(self)
    }

    /// One transaction.
    ///
    /// # Errors
    /// The server has begun none.
    pub(super) fn carry(&mut self, mail: &Mail<'_>) -> Result<Ended, Unbegun> {
        if let Some(outcome) = self.offers.size.flatten().and_then(|size| mail.beyond(size, "the server")) {
            return Ok(Ended { outcome, sign: Sign::Sound, goes_on: true });
        }
        // BODY is left out: the content is what every server takes without it.
        let size = self.offers.size.map(|_| format!(" SIZE={}", mail.size())).unwrap_or_default();
        let reports = if self.offers.dsn { dsn::of_mail(mail.id) } else { String::new() };
        let begun = self.command(&format!("MAIL FROM:<{}>{size}{reports}", mail.from))?;
        if begun.code == 421 {
            return Err(Unbegun::Closing(begun));
        }
        match self.envelope(mail, &begun) {
            Ok(()) => Ok(self.content(mail)),
            Err(ended) => Ok(ended),
        }
    }

    /// From the reply to MAIL to the reply to DATA.
    fn envelope(&mut self, mail: &Mail<'_>, begun: &Reply) -> Result<(), Ended> {
        self.is_begun = true;
        expected("MAIL", begun, &[250])?;
        let to = mail.to.to_string();
        let reports = if self.offers.dsn { dsn::of_recipient(&to) } else { String::new() };
        self.stage("RCPT", &format!("RCPT TO:<{to}>{reports}"), &[250, 251], self.limits.command)?;
        self.stage("DATA", "DATA", &[354], self.limits.data)
    }

    fn stage(&mut self, stage: &str, line: &str, accepted: &[u16], limit: Duration) -> Result<(), Ended> {
        let reply = self.ask(line, limit).map_err(|fault| lost(stage, &fault))?;
        expected(stage, &reply, accepted)
    }

    fn content(&mut self, mail: &Mail<'_>) -> Ended {
        if let Err(fault) = self.write(mail.eml) {
            return self.interrupted(&fault);
        }
        if self.wire.silence() != Silence::Kept {
            return self.interrupted(&Fault::Lost("the connection ended before the mail".to_owned()));
        }
        self.wire.within(self.limits.verdict);
        // From the first byte of this on, the server may have the mail.
        let verdict = self.wire.say(b".\r\n").and_then(|()| self.reply());
        self.is_begun = false;
        self.judged(verdict)
    }

    /// Writes the content, with a dot before each line that begins with one.
    fn write(&mut self, eml: &[u8]) -> Result<(), Fault> {
        let end = self.wire.now().saturating_add(self.limits.content);
        for block in stuffed(eml).chunks(BLOCK) {
            let left = end.saturating_sub(self.wire.now());
            self.wire.within(self.limits.block.min(left));
            self.wire.say(block)?;
        }
        Ok(())
    }

    /// The content was not ended: the server does not have the mail. It may have said why.
    fn interrupted(&mut self, fault: &Fault) -> Ended {
        const STAGE: &str = "mail";
        self.wire.within(self.limits.courtesy);
        match self.reply() {
            Ok(reply) => unexpected(STAGE, &reply).over(),
            Err(_) => lost(STAGE, fault),
        }
    }

    /// What the server says to the whole mail.
    fn judged(&self, verdict: Result<Reply, Fault>) -> Ended {
        const STAGE: &str = "end of mail";
        match verdict {
            Ok(reply) if reply.code == 250 => {
                let outcome = Outcome::Sent { reply: bounded(&reply.text()) };
                Ended { outcome, sign: Sign::Sound, goes_on: self.wire.is_read() }
            }
            Ok(reply) if reply.code >= 400 => {
                let ended = unexpected(STAGE, &reply);
                Ended { goes_on: ended.goes_on && self.wire.is_read(), ..ended }
            }
            Ok(reply) => unknown(&format!("{STAGE}: {}", reply.text())),
            Err(fault) => unknown(&format!("{STAGE}: {}", fault.words())),
        }
    }

    /// Takes leave. The outcomes stand, whatever becomes of this.
    pub(super) fn quit(mut self) {
        let _ = self.ask("QUIT", self.limits.courtesy);
    }
}

fn unknown(reason: &str) -> Ended {
    Ended { outcome: Outcome::Unknown { reason: bounded(reason) }, sign: Sign::Doubt, goes_on: false }
}

/// The reply of a stage where it is one that the stage accepts.
fn expected(stage: &str, reply: &Reply, accepted: &[u16]) -> Result<(), Ended> {
    if accepted.contains(&reply.code) { Ok(()) } else { Err(unexpected(stage, reply)) }
}

/// What another reply than the expected one means: a refusal for good only when the server says so. It leaves the connection
/// in order; a reply that does not belong here may be that to another command.
pub(super) fn unexpected(stage: &str, reply: &Reply) -> Ended {
    let strange = if reply.code < 400 { "unexpected reply " } else { "" };
    let reason = bounded(&format!("{stage}: {strange}{}", reply.text()));
    let outcome = if reply.is_refusal() { Outcome::Refused { reason } } else { Outcome::Deferred { reason } };
    let sign = Sign::of(stage, reply);
    Ended { outcome, goes_on: sign.is_in_order(), sign }
}

/// What no reply means, before the end of the mail.
pub(super) fn lost(stage: &str, fault: &Fault) -> Ended {
    let reason = bounded(&format!("{stage}: {}", fault.words()));
    let sign = if *fault == Fault::Late { Sign::Tired } else { Sign::Broken };
    Ended { outcome: Outcome::Deferred { reason }, sign, goes_on: false }
}

/// The content with a dot more at the beginning of each line that begins with one (RFC 5321, 4.5.2).
fn stuffed(eml: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(eml.len().saturating_add(64));
    for line in eml.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
    }
    bytes
}
