//! The bytes between this program and a mail server: plain or under TLS, each read and write under a time limit.
//!
//! Invariant: what was heard before TLS is never read under it. The bytes that the socket gave are kept in
//! [`Wire::heard`] alone, and a wire with any is never encrypted.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use super::clock::Clock;
use super::reply::{LINE_MAX, Reply, Unfinished};
use super::tls::Trust;

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection is gone, or cannot be made.
    Lost(String),
    /// The time limit has passed.
    Late,
    /// The server said what cannot be understood, or what it was not asked.
    Odd(String),
}

impl Fault {
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Lost(why) | Self::Odd(why) => why,
            Self::Late => "no reply in time",
        }
    }

    pub(super) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Late,
            io::ErrorKind::UnexpectedEof => Self::Lost("the server closed the connection".to_owned()),
            _ => Self::Lost(super::tls::words(error)),
        }
    }
}

/// A socket of which no read or write lasts beyond a moment of the clock.
struct Socket {
    tcp: TcpStream,
    clock: Arc<dyn Clock>,
    /// When reads and writes give up.
    until: Duration,
    /// Reads give what is there, and wait for nothing.
    at_once: bool,
}

impl Socket {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_sub(self.clock.now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    /// A socket says of a time limit that it would block.
    fn told<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let is_late = error.kind() == io::ErrorKind::WouldBlock && !self.at_once;
            if is_late { io::ErrorKind::TimedOut.into() } else { error }
        })
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.at_once {
                self.tcp.set_read_timeout(Some(self.left()?))?;
            }
            match self.tcp.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return self.told(result),
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            if !self.at_once {
                self.tcp.set_write_timeout(Some(self.left()?))?;
            }
            match self.tcp.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return self.told(result),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Stream {
    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &mut stream.sock,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }
}

/// Whether a server is still, as it must be when it is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    Kept,
    /// It has said something.
    Broken,
    /// The connection is over.
    Gone,
}

/// A connection to a mail server.
pub(super) struct Wire {
    stream: Stream,
    /// Bytes that came and were not read yet.
    heard: Vec<u8>,
}

impl Wire {
    /// A connection in plain text. The time limit is none until [`Wire::within`] sets one.
    pub(super) fn new(tcp: TcpStream, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        tcp.set_nodelay(true).map_err(|error| Fault::of(&error))?;
        let socket = Socket { tcp, clock, until: Duration::ZERO, at_once: false };
        Ok(Self { stream: Stream::Plain(socket), heard: Vec::new() })
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    pub(super) fn now(&mut self) -> Duration {
        self.stream.socket().clock.now()
    }

    /// Everything from now on is done within this time, or not at all.
    pub(super) fn within(&mut self, limit: Duration) {
        let socket = self.stream.socket();
        socket.until = socket.clock.now().saturating_add(limit);
    }

    /// The same connection under TLS, to the server that `trust` names, and to no other.
    ///
    /// Bytes that came in plain text before it are a [`Fault::Odd`]. Those that come later in plain text are no
    /// TLS, and the handshake fails.
    pub(super) fn encrypted(self, trust: &Trust) -> Result<Self, Fault> {
        if !self.heard.is_empty() {
            return Err(Fault::Odd("bytes in plain text where TLS begins".to_owned()));
        }
        let Stream::Plain(mut socket) = self.stream else {
            return Err(Fault::Odd("TLS inside of TLS".to_owned()));
        };
        let mut connection = trust.connection().map_err(Fault::Lost)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).map_err(|error| Fault::of(&error))?;
        }
        let stream = Stream::Tls(Box::new(StreamOwned::new(connection, socket)));
        Ok(Self { stream, heard: Vec::new() })
    }

    /// Writes all of this.
    pub(super) fn say(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.stream.write(bytes).map_err(|error| Fault::of(&error))
    }

    /// Reads the next reply, and no byte beyond the packet in which it ends.
    pub(super) fn reply(&mut self) -> Result<Reply, Fault> {
        let mut unfinished = Unfinished::default();
        loop {
            let line = self.line()?;
            if let Some(reply) = unfinished.take(&line).map_err(|why| Fault::Odd(why.to_owned()))? {
                return Ok(reply);
            }
        }
    }

    fn line(&mut self) -> Result<Vec<u8>, Fault> {
        let mut seen = 0;
        loop {
            let unseen = self.heard.get(seen..).unwrap_or_default();
            if let Some(end) = unseen.iter().position(|byte| *byte == b'\n') {
                let length = seen.saturating_add(end).saturating_add(1);
                return if length <= LINE_MAX { Ok(self.heard.drain(..length).collect()) } else { Err(too_long()) };
            }
            seen = self.heard.len();
            if seen >= LINE_MAX {
                return Err(too_long());
            }
            self.hear()?;
        }
    }

    /// Waits for more bytes.
    fn hear(&mut self) -> Result<(), Fault> {
        let mut buffer = [0; 2048];
        let read = self.stream.read(&mut buffer).map_err(|error| Fault::of(&error))?;
        if read == 0 {
            return Err(Fault::Lost("the server closed the connection".to_owned()));
        }
        self.heard.extend_from_slice(buffer.get(..read).unwrap_or_default());
        Ok(())
    }

    /// Whether nothing more was heard than was read. Only what has arrived already is seen.
    pub(super) fn is_read(&self) -> bool {
        self.heard.is_empty()
    }

    /// Looks whether something has come that was not asked for, without waiting.
    pub(super) fn silence(&mut self) -> Silence {
        if !self.heard.is_empty() {
            return Silence::Broken;
        }
        let mut byte = [0; 1];
        let heard = self.at_once(true).and_then(|()| self.stream.read(&mut byte));
        match (heard, self.at_once(false)) {
            (Err(error), Ok(())) if error.kind() == io::ErrorKind::WouldBlock => Silence::Kept,
            (Ok(1..), _) => {
                self.heard.extend_from_slice(&byte);
                Silence::Broken
            }
            _ => Silence::Gone,
        }
    }

    fn at_once(&mut self, at_once: bool) -> io::Result<()> {
        let socket = self.stream.socket();
        socket.at_once = at_once;
        socket.tcp.set_nonblocking(at_once)
    }
}

fn too_long() -> Fault {
    Fault::Odd("a line of more than 1024 bytes".to_owned())
}
