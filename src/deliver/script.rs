//! For the tests: empty folders, and a mail server that follows a script.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A new empty folder for the test of this name.
pub(super) fn folder(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ritardo-deliver-{}-{test}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// What the server does when a stage is reached: `greeting`, a verb, `content` (after 354), or `.`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// Says this, line breaks included.
    Say(&'static str),
    /// Closes the connection.
    Drop,
    /// Waits so long, and then answers as usual.
    Wait(Duration),
}

/// What the server heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub commands: Vec<String>,
    /// The mail, without dot-stuffing and without the final dot.
    pub mail: Vec<u8>,
    pub whole: bool,
}

impl Heard {
    pub(super) fn verbs(&self) -> Vec<&str> {
        self.commands.iter().filter_map(|command| command.split(' ').next()).collect()
    }
}

/// Serves one connection on a loopback port; stages outside the script are answered as a good server does.
pub(super) fn serve(script: &[(&'static str, Act)]) -> (u16, JoinHandle<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = script.to_vec();
    let serve = move || {
        let mut heard = Heard::default();
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        talk(&stream, &script, &mut heard);
        heard
    };
    (port, thread::spawn(serve))
}

fn usual(stage: &str) -> &'static str {
    match stage {
        "greeting" => "220 script ESMTP\r\n",
        "EHLO" => "250-script\r\n250 AUTH PLAIN LOGIN\r\n",
        "AUTH" => "235 welcome\r\n",
        "DATA" => "354 go on\r\n",
        "." => "250 2.0.0 queued as 7\r\n",
        "QUIT" => "221 bye\r\n",
        "content" => "",
        _ => "250 ok\r\n",
    }
}

/// False when the connection is over.
#[expect(clippy::disallowed_methods, reason = "this server is slow on purpose")]
fn act(mut stream: &TcpStream, script: &[(&'static str, Act)], stage: &str) -> bool {
    let said = match script.iter().find(|(at, _)| *at == stage) {
        Some((_, Act::Drop)) => return false,
        Some((_, Act::Say(text))) => text,
        Some((_, Act::Wait(time))) => {
            thread::sleep(*time);
            usual(stage)
        }
        None => usual(stage),
    };
    stream.write_all(said.as_bytes()).is_ok()
}

fn talk(stream: &TcpStream, script: &[(&'static str, Act)], heard: &mut Heard) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    if !act(stream, script, "greeting") {
        return;
    }
    while reader.by_ref().take(2000).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = command.split(' ').next().unwrap_or_default().to_owned();
        heard.commands.push(command);
        line.clear();
        if !act(stream, script, &verb) || verb == "QUIT" {
            return;
        }
        let listens = verb == "DATA" && !matches!(script.iter().find(|(at, _)| *at == "DATA"), Some((_, Act::Say(_))));
        if listens && !(act(stream, script, "content") && receive(&mut reader, heard) && act(stream, script, ".")) {
            return;
        }
    }
}

/// Reads lines up to the final dot as RFC 5321 says: only CRLF ends a line.
fn receive(reader: &mut impl BufRead, heard: &mut Heard) -> bool {
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if !line.ends_with(b"\r\n") {
            continue;
        }
        if line == b".\r\n" {
            heard.whole = true;
            return true;
        }
        heard.mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        line.clear();
    }
    false
}
