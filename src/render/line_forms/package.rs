//! A zip file in memory, member by member. Each is packed while it is written, so that memory holds packed bytes only; times
//! are the first that a zip can say, so that the same members give the same bytes.

use std::io::{self, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// The version that can unpack it: deflate.
const VERSION: u16 = 20;
const DEFLATE: u16 = 8;
/// 1 January 1980.
const DATE: u16 = 0x21;
/// Where the checksum lies in the header of a member.
const CHECKED_AT: usize = 14;

/// What is packed so far.
#[derive(Default)]
pub(super) struct Package {
    bytes: Vec<u8>,
    members: Vec<Member>,
}

struct Member {
    name: String,
    crc: u32,
    packed: u32,
    unpacked: u32,
    at: u32,
}

impl Package {
    /// Adds a member. Names are ASCII.
    ///
    /// # Errors
    /// What `write` says, or that the member or the file is larger than 4 GiB.
    pub fn add(&mut self, name: &str, write: impl FnOnce(&mut dyn Write) -> Result<(), String>) -> Result<(), String> {
        let at = fitting(self.bytes.len() as u64)?;
        let mut member = Member { name: name.to_owned(), crc: 0, packed: 0, unpacked: 0, at };
        self.bytes.extend(member.header(LOCAL));
        self.bytes.extend_from_slice(name.as_bytes());
        let begin = self.bytes.len();
        let encoder = DeflateEncoder::new(&mut self.bytes, Compression::default());
        let mut out = Checked { inner: encoder, crc: Crc::new(), bytes: 0 };
        write(&mut out)?;
        let (crc, unpacked) = (out.crc.sum(), out.bytes);
        out.inner.finish().map_err(|error| error.to_string())?;
        let packed = self.bytes.len().saturating_sub(begin) as u64;
        (member.crc, member.packed, member.unpacked) = (crc, fitting(packed)?, fitting(unpacked)?);
        // What was not known before it was packed.
        let known = [member.crc, member.packed, member.unpacked].map(u32::to_le_bytes).concat();
        let place = usize::try_from(at).map_err(|error| error.to_string())?.saturating_add(CHECKED_AT);
        for (byte, known) in self.bytes.iter_mut().skip(place).zip(known) {
            *byte = known;
        }
        self.members.push(member);
        Ok(())
    }

    /// Adds a member that is a text.
    pub fn add_text(&mut self, name: &str, text: &str) -> Result<(), String> {
        self.add(name, |out| out.write_all(text.as_bytes()).map_err(|error| error.to_string()))
    }

    /// The file, with its directory.
    pub fn finish(mut self) -> Result<Vec<u8>, String> {
        let at = fitting(self.bytes.len() as u64)?;
        for member in &self.members {
            self.bytes.extend(member.header(CENTRAL));
            self.bytes.extend_from_slice(member.name.as_bytes());
        }
        let size = fitting(self.bytes.len() as u64)?.saturating_sub(at);
        let count = u16::try_from(self.members.len()).map_err(|error| error.to_string())?;
        self.bytes.extend(END.to_le_bytes());
        // This is the only disk, and all members are on it.
        self.bytes.extend([0, 0, count, count].map(u16::to_le_bytes).concat());
        self.bytes.extend([size, at].map(u32::to_le_bytes).concat());
        self.bytes.extend(0_u16.to_le_bytes());
        Ok(self.bytes)
    }
}

impl Member {
    /// What stands before its bytes, or for it in the directory, up to its name.
    fn header(&self, signature: u32) -> Vec<u8> {
        let is_central = signature == CENTRAL;
        let length = u16::try_from(self.name.len()).unwrap_or(u16::MAX);
        let mut header = signature.to_le_bytes().to_vec();
        if is_central {
            header.extend(VERSION.to_le_bytes());
        }
        header.extend([VERSION, 0, DEFLATE, 0, DATE].map(u16::to_le_bytes).concat());
        header.extend([self.crc, self.packed, self.unpacked].map(u32::to_le_bytes).concat());
        header.extend([length, 0].map(u16::to_le_bytes).concat());
        if is_central {
            // No comment, the first disk, no attributes.
            header.extend([0_u16; 3].map(u16::to_le_bytes).concat());
            header.extend([0, self.at].map(u32::to_le_bytes).concat());
        }
        header
    }
}

fn fitting(size: u64) -> Result<u32, String> {
    u32::try_from(size).map_err(|_| "it is larger than 4 GiB".to_owned())
}

/// Counts and sums up what goes through it.
struct Checked<W> {
    inner: W,
    crc: Crc,
    bytes: u64,
}

impl<W: Write> Write for Checked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.crc.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes = self.bytes.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
