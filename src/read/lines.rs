//! Lines of untrusted length: none is read much further than the limit.

use std::cell::Cell;
use std::io::{Error, Read};

use super::ReadError;

/// Bytes as a reader that gives up when more than `allowed` bytes are taken before it is renewed.
pub(super) struct Metered<'a> {
    rest: &'a [u8],
    allowed: &'a Cell<usize>,
}

impl<'a> Metered<'a> {
    pub fn new(bytes: &'a [u8], allowed: &'a Cell<usize>) -> Self {
        Self { rest: bytes, allowed }
    }
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let length = buffer.len().min(self.rest.len()).min(self.allowed.get());
        if length == 0 && !self.rest.is_empty() && !buffer.is_empty() {
            return Err(Error::other("a line is too long"));
        }
        let (taken, rest) = self.rest.split_at(length);
        buffer[..length].copy_from_slice(taken);
        self.rest = rest;
        self.allowed.set(self.allowed.get() - length);
        Ok(length)
    }
}

/// The lines of `bytes` with their numbers, without their ends.
pub(super) fn lines(bytes: &[u8], longest: usize) -> impl Iterator<Item = Result<(u64, &[u8]), ReadError>> {
    let mut rest = Some(bytes);
    let mut number = 0;
    std::iter::from_fn(move || {
        let unread = rest.take()?;
        number += 1;
        let window = &unread[..unread.len().min(longest + 1)];
        match memchr::memchr(b'\n', window) {
            Some(end) => {
                rest = Some(&unread[end + 1..]);
                Some(Ok((number, &unread[..end])))
            }
            None if unread.len() > longest => Some(Err(ReadError::LongLine(number))),
            None => Some(Ok((number, unread))),
        }
    })
}

/// The first line, or as much of it as may be one.
pub(super) fn first(bytes: &[u8], longest: usize) -> &[u8] {
    let window = &bytes[..bytes.len().min(longest)];
    window.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_have_the_limit_and_no_byte_more() {
        let told = |text: &str| {
            let line = |line: Result<(u64, &[u8]), ReadError>| match line {
                Ok((number, line)) => format!("{number}:{}", String::from_utf8_lossy(line)),
                Err(error) => error.to_string(),
            };
            lines(text.as_bytes(), 3).map(line).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told("abc\n\nab"), "1:abc 2: 3:ab");
        assert_eq!(told("abc"), "1:abc");
        let refused = ReadError::LongLine(2).to_string();
        assert_eq!(told("a\nabcd\na\n"), format!("1:a {refused}"));
        assert_eq!(told("a\nabcd"), format!("1:a {refused}"));
    }

    #[test]
    fn a_reader_stops_where_it_is_not_renewed() {
        let allowed = Cell::new(3);
        let mut reader = Metered::new(b"abcdef", &allowed);
        let mut buffer = [0; 8];
        assert_eq!(reader.read(&mut buffer).unwrap(), 3);
        assert!(reader.read(&mut buffer).is_err());
        allowed.set(9);
        assert_eq!(reader.read(&mut buffer).unwrap(), 3);
        assert_eq!(reader.read(&mut buffer).unwrap(), 0, "the end is no error");
    }
}
