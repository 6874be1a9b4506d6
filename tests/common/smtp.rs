//! A mail server that follows a plan: it answers well, but where the plan says otherwise, and keeps what it took.
//!
//! For the tests of the command and those of `deliver`.

#[path = "papers.rs"]
pub mod papers;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};

/// What the server does when a stage is reached, in place of what a good server does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Says this, line breaks included. What begins with 220 at STARTTLS, and with 354 at DATA, is followed by what
    /// belongs to it.
    Say(String),
    /// Says one after the other, each in a packet of its own.
    Parts(Vec<String>),
    /// Closes the connection.
    Drop,
    /// Waits so long, and then answers as usual.
    Wait(Duration),
    /// Answers as usual, a byte each tick.
    Drip(Duration),
    /// Says lines of a reply that never ends.
    Flood,
    /// Says a line that never ends.
    Endless,
}

impl Act {
    pub fn say(text: &str) -> Self {
        Self::Say(text.to_owned())
    }

    /// A reply of this code.
    pub fn code(code: u16) -> Self {
        Self::Say(format!("{code} as planned\r\n"))
    }
}

/// When the server does something else than usual.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `greeting`, a verb, `content` (after 354), or `.`.
    pub stage: &'static str,
    /// Only where the line that the stage begins with contains this.
    pub line: &'static str,
    /// Only the first so many times that the rule fits.
    pub times: usize,
    /// Of these only each so-many-th, at least 1.
    pub every: usize,
    pub act: Act,
}

impl Rule {
    /// Always, at this stage.
    pub fn at(stage: &'static str, act: Act) -> Self {
        Self { stage, line: "", times: usize::MAX, every: 1, act }
    }

    /// The first time that this stage is reached.
    pub fn once(stage: &'static str, act: Act) -> Self {
        Self { times: 1, ..Self::at(stage, act) }
    }
}

/// After how many bytes of the first connection the server goes away.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// Of what it says.
    Said(usize),
    /// Of what it hears.
    Heard(usize),
}

/// How a server behaves. The default one speaks plain text and takes everything.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The first that fits counts.
    pub rules: Vec<Rule>,
    pub tls: Option<Tls>,
    /// What it offers as SIZE.
    pub size: Option<u64>,
    /// Whether it offers DSN.
    pub dsn: bool,
    /// How many mails it takes over one connection; then MAIL is answered 421.
    pub most: Option<usize>,
    /// Keeps digests alone, and no bytes of mails.
    pub forgets: bool,
    pub cut: Option<Cut>,
}

impl Plan {
    pub fn of(rules: &[Rule]) -> Self {
        Self { rules: rules.to_vec(), ..Self::default() }
    }
}

/// How the server comes to TLS.
#[derive(Clone, Debug)]
pub enum Tls {
    Implicit(Arc<ServerConfig>),
    StartTls(Arc<ServerConfig>),
}

/// A mail whose final dot was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The Message-ID, with its angle brackets.
    pub id: String,
    pub sha256: String,
    /// The line `RCPT TO` of its envelope.
    pub to: String,
    /// Without dot-stuffing and without the final dot.
    pub bytes: Vec<u8>,
    /// The code that was said to it, where a whole reply was said.
    pub said: Option<u16>,
    /// Of the connections, counted from 1, the one that it came over.
    pub connection: usize,
}

/// What the server heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub connections: usize,
    /// Of all connections, in the order in which they were read.
    pub commands: Vec<String>,
    pub mails: Vec<Taken>,
    /// How often each rule fitted.
    fitted: BTreeMap<usize, usize>,
}

impl Heard {
    pub fn verbs(&self) -> Vec<&str> {
        self.commands.iter().filter_map(|command| command.split(' ').next()).collect()
    }

    /// How many copies the server may have kept, by Message-ID and SHA-256: it said 2xx, or nothing.
    pub fn copies(&self) -> BTreeMap<(String, String), usize> {
        let mut copies = BTreeMap::new();
        for mail in self.mails.iter().filter(|mail| mail.said.is_none_or(|code| code < 300)) {
            *copies.entry((mail.id.clone(), mail.sha256.clone())).or_default() += 1;
        }
        copies
    }

    /// How many mails to this address it said 250 to.
    pub fn accepted_for(&self, address: &str) -> usize {
        self.accepted().filter(|mail| mail.to.contains(&format!("<{address}>"))).count()
    }

    /// The mails to which it said 250.
    pub fn accepted(&self) -> impl Iterator<Item = &Taken> {
        self.mails.iter().filter(|mail| mail.said == Some(250))
    }
}

/// A server on a loopback port, as long as it is held.
pub struct Server {
    pub port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    plan: Plan,
    heard: Mutex<Heard>,
    open: Mutex<Vec<TcpStream>>,
    stopped: AtomicBool,
}

impl Shared {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the plan has for a stage that is reached.
    fn act(&self, stage: &str, line: &str) -> Option<Act> {
        let mut heard = self.heard();
        for (index, rule) in self.plan.rules.iter().enumerate() {
            if rule.stage == stage && line.contains(rule.line) {
                let fitted = heard.fitted.entry(index).or_default();
                *fitted += 1;
                if *fitted <= rule.times && (*fitted).is_multiple_of(rule.every) {
                    return Some(rule.act.clone());
                }
            }
        }
        None
    }
}

impl Server {
    pub fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared =
            Arc::new(Shared { plan, heard: Mutex::default(), open: Mutex::default(), stopped: AtomicBool::new(false) });
        let serving = Arc::clone(&shared);
        let accepting = thread::spawn(move || {
            let mut talks = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                if serving.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let of_this = Arc::clone(&serving);
                talks.push(thread::spawn(move || serve(&of_this, stream)));
            }
            for talk in talks {
                // A talk that panicked was on a connection that is gone.
                let _ = talk.join();
            }
        });
        Self { port, shared, accepting: Some(accepting) }
    }

    /// What was heard up to now.
    pub fn heard(&self) -> Heard {
        self.shared.heard().clone()
    }

    /// Ends all connections, and tells what was heard.
    pub fn stop(mut self) -> Heard {
        self.end();
        self.heard()
    }

    fn end(&mut self) {
        let Some(accepting) = self.accepting.take() else { return };
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        for stream in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = accepting.join();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// The server's side of one connection.
struct Talk<'s> {
    shared: &'s Shared,
    stream: Stream,
    /// Heard, and not read yet.
    buffer: Vec<u8>,
    /// How many bytes may still be said and heard.
    may_say: usize,
    may_hear: usize,
    /// The recipient of the mail that comes.
    to: String,
    /// Of the connection.
    number: usize,
    /// Mails whose end came over it.
    mails: usize,
}

fn serve(shared: &Shared, stream: TcpStream) {
    let limit = Some(Duration::from_secs(20));
    if stream.set_read_timeout(limit).and(stream.set_write_timeout(limit)).and(stream.set_nodelay(true)).is_err() {
        return;
    }
    shared.open.lock().unwrap_or_else(PoisonError::into_inner).extend(stream.try_clone());
    let number = {
        let mut heard = shared.heard();
        heard.connections += 1;
        heard.connections
    };
    let (may_say, may_hear) = match shared.plan.cut.filter(|_| number == 1) {
        Some(Cut::Said(bytes)) => (bytes, usize::MAX),
        Some(Cut::Heard(bytes)) => (usize::MAX, bytes),
        None => (usize::MAX, usize::MAX),
    };
    let closing = stream.try_clone();
    let (stream, buffer, to) = (Stream::Plain(stream), Vec::new(), String::new());
    let talk = Talk { shared, stream, buffer, may_say, may_hear, to, number, mails: 0 };
    // `None`: the connection is over, one way or another.
    let _ = talk.hold();
    let _ = closing.and_then(|stream| stream.shutdown(Shutdown::Both));
}

impl Talk<'_> {
    fn hold(mut self) -> Option<()> {
        let shared = self.shared;
        if let Some(Tls::Implicit(config)) = &shared.plan.tls {
            self = self.encrypted(config)?;
        }
        self.act("greeting", "")?;
        loop {
            let line = String::from_utf8_lossy(&self.line()?).trim_end().to_owned();
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            shared.heard().commands.push(line.clone());
            if verb == "RCPT" {
                self.to.clone_from(&line);
            }
            if line == "AUTH LOGIN" {
                self.prompt()?;
            }
            let said = self.act(&verb, &line)?;
            match (verb.as_str(), &shared.plan.tls) {
                ("QUIT", _) => return Some(()),
                ("STARTTLS", Some(Tls::StartTls(config))) if said.starts_with("220") => {
                    self = self.encrypted(config)?;
                }
                ("DATA", _) if said.starts_with("354") => self.mail()?,
                _ => {}
            }
        }
    }

    /// The questions of AUTH LOGIN.
    fn prompt(&mut self) -> Option<()> {
        for question in ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"] {
            self.say(question)?;
            let answer = String::from_utf8_lossy(&self.line()?).trim_end().to_owned();
            self.shared.heard().commands.push(answer);
        }
        Some(())
    }

    /// Reads lines up to the final dot as RFC 5321 says, where only CRLF ends a line, and answers it.
    fn mail(&mut self) -> Option<()> {
        // What the server says before that would be taken for a part of its answer to DATA.
        let mut first = Some(self.line()?);
        self.act("content", "")?;
        let mut bytes = Vec::new();
        let mut line = Vec::new();
        loop {
            let read = first.take().map_or_else(|| self.line(), Some)?;
            line.extend_from_slice(&read);
            if !line.ends_with(b"\r\n") {
                continue;
            }
            if line == b".\r\n" {
                break;
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            line.clear();
        }
        let id = {
            let text = String::from_utf8_lossy(&bytes);
            text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_default().to_owned()
        };
        let mut sha256 = String::new();
        for byte in Sha256::digest(&bytes).iter() {
            let _ = write!(sha256, "{byte:02x}");
        }
        if self.shared.plan.forgets {
            bytes = Vec::new();
        }
        let index = {
            let mut heard = self.shared.heard();
            heard.mails.push(Taken { id, sha256, to: self.to.clone(), bytes, said: None, connection: self.number });
            heard.mails.len() - 1
        };
        let said = self.act(".", "")?;
        let last = said.strip_suffix("\r\n").and_then(|said| said.rsplit("\r\n").next());
        let last = last.filter(|line| line.as_bytes().get(3) != Some(&b'-'));
        let code = last.and_then(|line| line.get(..3)?.parse().ok());
        self.shared.heard().mails[index].said = code;
        self.mails += 1;
        Some(())
    }

    /// What a good server says.
    fn usual(&self, stage: &str) -> String {
        match stage {
            "greeting" => "220 script ESMTP\r\n".to_owned(),
            "EHLO" => self.offers(),
            "STARTTLS" => "220 go on\r\n".to_owned(),
            "AUTH" => "235 welcome\r\n".to_owned(),
            "DATA" => "354 go on\r\n".to_owned(),
            "." => format!("250 2.0.0 queued as {}\r\n", self.shared.heard().mails.len()),
            "QUIT" => "221 bye\r\n".to_owned(),
            "content" => String::new(),
            "MAIL" if self.shared.plan.most.is_some_and(|most| self.mails >= most) => {
                "421 4.7.0 enough over this connection\r\n".to_owned()
            }
            "MAIL" | "RCPT" | "RSET" | "NOOP" => "250 ok\r\n".to_owned(),
            _ => "500 what\r\n".to_owned(),
        }
    }

    fn offers(&self) -> String {
        let mut offers = vec!["script".to_owned(), "8BITMIME".to_owned()];
        offers.extend(self.shared.plan.size.map(|size| format!("SIZE {size}")));
        if self.shared.plan.dsn {
            offers.push("DSN".to_owned());
        }
        if matches!((&self.stream, &self.shared.plan.tls), (Stream::Plain(_), Some(Tls::StartTls(_)))) {
            offers.push("STARTTLS".to_owned());
        }
        let lines = offers.iter().map(|offer| format!("250-{offer}\r\n")).collect::<String>();
        lines + "250 AUTH PLAIN LOGIN\r\n"
    }

    /// Does what the plan has for a stage, and tells what was said. `None`: the connection is over.
    #[expect(clippy::disallowed_methods, reason = "this server is slow on purpose")]
    fn act(&mut self, stage: &str, line: &str) -> Option<String> {
        let usual = self.usual(stage);
        let text = match self.shared.act(stage, line) {
            None => usual,
            Some(Act::Say(text)) => text,
            Some(Act::Drop) => return None,
            Some(Act::Wait(time)) => {
                thread::sleep(time);
                usual
            }
            Some(Act::Parts(parts)) => {
                for part in &parts {
                    self.say(part)?;
                    thread::sleep(Duration::from_millis(30));
                }
                return Some(parts.concat());
            }
            Some(Act::Drip(tick)) => {
                for letter in usual.chars() {
                    self.say(letter.encode_utf8(&mut [0; 4]))?;
                    thread::sleep(tick);
                }
                return Some(usual);
            }
            Some(Act::Flood) => loop {
                self.say("250-and more\r\n")?;
            },
            Some(Act::Endless) => loop {
                self.say("250 and more of the same line ")?;
            },
        };
        self.say(&text)?;
        Some(text)
    }

    fn say(&mut self, text: &str) -> Option<()> {
        let bytes = text.as_bytes();
        let said = bytes.get(..self.may_say.min(bytes.len()))?;
        self.write(said).ok()?;
        self.may_say -= said.len();
        (said.len() == bytes.len()).then_some(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes),
            Stream::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    /// The next line, line feed included.
    fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                return Some(self.buffer.drain(..=end).collect());
            }
            let mut bytes = [0; 4096];
            let wanted = bytes.get_mut(..self.may_hear.min(4096))?;
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.read(wanted),
                Stream::Tls(stream) => stream.read(wanted),
            };
            let read = read.ok().filter(|read| *read > 0)?;
            self.may_hear -= read;
            self.buffer.extend_from_slice(&bytes[..read]);
        }
    }

    /// The same talk under TLS; what was heard before is forgotten.
    fn encrypted(mut self, config: &Arc<ServerConfig>) -> Option<Self> {
        let Stream::Plain(mut tcp) = self.stream else { return None };
        let mut connection = ServerConnection::new(Arc::clone(config)).ok()?;
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp).ok()?;
        }
        self.stream = Stream::Tls(Box::new(StreamOwned::new(connection, tcp)));
        self.buffer.clear();
        Some(self)
    }
}
