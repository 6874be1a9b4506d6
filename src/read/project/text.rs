//! A CSV or NDJSON log, chunk by chunk: a row of it is a line, and each line is cut and judged where it lies.
//!
//! Only what the long way would take as it stands is read here: no quotes in CSV, no escapes in NDJSON, no line that is
//! blank, too long or not whole. What a spreadsheet could have changed is [`Unusual`] too, since only the whole file
//! tells whether it did.

use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::csv::Columns;
use super::names::Names;
use super::rows::{Fields, Rows, sound_id};
use super::{Batch, Unusual, ndjson};
use crate::domain::Instant;
use crate::domain::settings::LogFormat;
use crate::read::{Limits, bytes, container, detect};

/// Bytes of a chunk.
const CHUNK: usize = 4 << 20;
/// So many bytes are read at once to find the end of a line.
const STEP: usize = 16 << 10;

/// A CSV or NDJSON log that one worker reads, chunk by chunk.
pub struct TextLog {
    file: File,
    /// Bytes of the file, as it was when it was opened.
    size: u64,
    /// Where the rows begin.
    begin: u64,
    /// Bytes of each chunk but the last.
    chunk: usize,
    chunks: Vec<usize>,
    form: Form,
    limits: Limits,
    rows: Rows,
    /// The chunk at hand, from the byte before it to the end of its last row.
    buffer: Vec<u8>,
}

/// How the fields of a line are found.
enum Form {
    Csv(Columns),
    Ndjson,
}

impl TextLog {
    /// # Errors
    /// When it is no regular file that lies there unpacked, and begins as a CSV or NDJSON log of the usual form does.
    pub fn open(path: &Path, latest: Instant) -> Result<Self, Unusual> {
        Self::in_chunks(path, latest, CHUNK)
    }

    /// The form of the log.
    pub const fn format(&self) -> LogFormat {
        match self.form {
            Form::Csv(_) => LogFormat::Csv,
            Form::Ndjson => LogFormat::Ndjson,
        }
    }

    /// Bytes of each chunk. A chunk holds the rows that begin in it.
    pub fn chunks(&self) -> &[usize] {
        &self.chunks
    }

    /// The businesses and channels that were met so far.
    pub const fn names(&self) -> &Names {
        &self.rows.names
    }

    /// How many rows the log may have. The long way refuses one with more; no worker sees all rows, so it is for the
    /// caller to count them.
    pub const fn rows_max(&self) -> u64 {
        self.limits.rows
    }

    /// Reads the rows of a chunk into a batch, which is emptied.
    ///
    /// # Errors
    /// When one of them is not usual, or the file has changed its length.
    pub fn batch(&mut self, chunk: usize, batch: &mut Batch) -> Result<(), Unusual> {
        batch.clear();
        let range = self.fill(chunk)?;
        let Self { buffer, form, rows, limits, .. } = self;
        let bytes = buffer.get(range).ok_or(Unusual)?;
        if !form.are_plain(bytes) {
            return Err(Unusual);
        }
        for line in Lines::of(bytes, limits.line) {
            let fields = form.fields(line?).ok_or(Unusual)?;
            rows.take(&fields, batch).ok_or(Unusual)?;
        }
        Ok(())
    }

    /// Gives the message ids of some rows of a chunk to `take`; `wanted` are their numbers in the chunk, ascending.
    ///
    /// # Errors
    /// When the chunk has no such row, or the file has changed its length.
    pub fn ids_of(&mut self, chunk: usize, wanted: &[u32], take: &mut dyn FnMut(&str)) -> Result<(), Unusual> {
        let range = self.fill(chunk)?;
        let Self { buffer, form, limits, .. } = self;
        let lines = Lines::of(buffer.get(range).ok_or(Unusual)?, limits.line);
        let mut left = wanted.iter().copied().peekable();
        for (row, line) in (0_u32..).zip(lines) {
            if left.peek().is_none() {
                break;
            }
            let line = line?;
            while left.next_if_eq(&row).is_some() {
                let [id, ..] = form.fields(line).ok_or(Unusual)?;
                take(std::str::from_utf8(sound_id(id).ok_or(Unusual)?).map_err(|_| Unusual)?);
            }
        }
        if left.next().is_none() { Ok(()) } else { Err(Unusual) }
    }

    fn in_chunks(path: &Path, latest: Instant, chunk: usize) -> Result<Self, Unusual> {
        // What is no file, a pipe say, is not even opened: the long way is to find it as it was.
        if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
            return Err(Unusual);
        }
        let file = File::open(path).map_err(|_| Unusual)?;
        let size = file.metadata().map_err(|_| Unusual)?.len();
        let limits = Limits::default();
        let head = head(&file, size, limits.line)?;
        if container::may_be(path, &head, |place, bytes| file.read_exact_at(bytes, place).is_ok()) {
            return Err(Unusual);
        }
        let (form, begin) = Form::of(path, &head, &limits).ok_or(Unusual)?;
        let begin = begin as u64;
        let length = usize::try_from(size.checked_sub(begin).ok_or(Unusual)?).map_err(|_| Unusual)?;
        let last = length % chunk;
        let mut chunks = vec![chunk; length / chunk];
        chunks.extend((last > 0).then_some(last));
        Ok(Self { file, size, begin, chunk, chunks, form, limits, rows: Rows::new(latest), buffer: Vec::new() })
    }

    /// Reads a chunk, and gives where in the buffer the rows lie that begin in it.
    fn fill(&mut self, chunk: usize) -> Result<Range<usize>, Unusual> {
        let length = *self.chunks.get(chunk).ok_or(Unusual)?;
        if self.file.metadata().map_err(|_| Unusual)?.len() != self.size {
            return Err(Unusual);
        }
        // The byte before a chunk tells whether a row begins with it; the first chunk always begins with a row.
        let before = usize::from(chunk > 0);
        let from = self.begin + (chunk as u64) * (self.chunk as u64) - before as u64;
        self.buffer.resize(before + length, 0);
        self.file.read_exact_at(&mut self.buffer, from).map_err(|_| Unusual)?;
        // A row that begins with the last byte of the chunk or before it ends with the next end of a line.
        let mut searched = (before + length).saturating_sub(1);
        let end = loop {
            if let Some(found) = memchr::memchr(b'\n', self.buffer.get(searched..).ok_or(Unusual)?) {
                break searched + found + 1;
            }
            searched = self.buffer.len();
            let at = from + searched as u64;
            let more = usize::try_from(self.size.saturating_sub(at)).map_or(STEP, |left| left.min(STEP));
            if more == 0 {
                break searched;
            }
            if searched - length > self.limits.line + STEP {
                return Err(Unusual);
            }
            self.buffer.resize(searched + more, 0);
            self.file.read_exact_at(&mut self.buffer[searched..], at).map_err(|_| Unusual)?;
        };
        let begin = if before == 0 {
            0
        } else {
            memchr::memchr(b'\n', self.buffer.get(..end).ok_or(Unusual)?).map_or(end, |found| found + 1)
        };
        Ok(begin..end)
    }
}

/// The first line of a file with its end, if it has one.
fn head(file: &File, size: u64, longest: usize) -> Result<Vec<u8>, Unusual> {
    let most = usize::try_from(size).map_or(longest, |size| size.min(longest));
    let mut head: Vec<u8> = Vec::new();
    loop {
        let read = head.len();
        head.resize(most.min(read + STEP), 0);
        file.read_exact_at(&mut head[read..], read as u64).map_err(|_| Unusual)?;
        if let Some(found) = memchr::memchr(b'\n', &head[read..]) {
            head.truncate(read + found + 1);
            return Ok(head);
        }
        if head.len() == most {
            // A line that is cut at the limit is no line.
            return if most as u64 == size { Ok(head) } else { Err(Unusual) };
        }
    }
}

impl Form {
    /// The form of a log by its first line, and where its rows begin; `None` where the long way could see another, or
    /// none.
    fn of(path: &Path, head: &[u8], limits: &Limits) -> Option<(Self, usize)> {
        // A name can say that the file is packed, or of another form.
        let is_unpacked = matches!(bytes::unpacked(head, path, limits), Ok(Cow::Borrowed(_)));
        if !is_unpacked || bytes::is_packed(head) || bytes::is_utf16(head) {
            return None;
        }
        match detect(path, head, limits.line).ok()? {
            LogFormat::Csv => {
                let line = head.strip_suffix(b"\n").map_or(head, |line| line.strip_suffix(b"\r").unwrap_or(line));
                Some((Self::Csv(Columns::of(line, limits.columns)?), head.len()))
            }
            // By its first line, and not by its name alone.
            LogFormat::Ndjson if crate::read::ndjson::looks_like(head, limits.line) => Some((Self::Ndjson, 0)),
            LogFormat::Ndjson | LogFormat::Parquet | LogFormat::Webhook | LogFormat::Chat => None,
        }
    }

    /// Whether the fields of these lines can be found by the bytes that part them.
    fn are_plain(&self, lines: &[u8]) -> bool {
        match self {
            Self::Csv(_) => Columns::are_plain(lines),
            Self::Ndjson => ndjson::are_plain(lines),
        }
    }

    fn fields<'l>(&mut self, line: &'l [u8]) -> Option<Fields<'l>> {
        match self {
            Self::Csv(columns) => columns.fields(line),
            Self::Ndjson => ndjson::fields(line),
        }
    }
}

/// Lines without their ends, of either kind; the last may have none.
struct Lines<'b> {
    rest: &'b [u8],
    /// There is a carriage return somewhere.
    has_returns: bool,
    /// Bytes that no line has.
    longest: usize,
}

impl<'b> Lines<'b> {
    fn of(bytes: &'b [u8], longest: usize) -> Self {
        Self { rest: bytes, has_returns: memchr::memchr(b'\r', bytes).is_some(), longest }
    }
}

impl<'b> Iterator for Lines<'b> {
    type Item = Result<&'b [u8], Unusual>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let line = match memchr::memchr(b'\n', self.rest) {
            Some(end) => {
                let (line, rest) = self.rest.split_at(end);
                self.rest = rest.get(1..).unwrap_or_default();
                if self.has_returns { line.strip_suffix(b"\r").unwrap_or(line) } else { line }
            }
            None => std::mem::take(&mut self.rest),
        };
        // In CSV a return alone would end the row, and of NDJSON nobody writes one within a line.
        let is_cut = self.has_returns && memchr::memchr(b'\r', line).is_some();
        Some(if line.is_empty() || line.len() >= self.longest || is_cut { Err(Unusual) } else { Ok(line) })
    }
}

#[cfg(test)]
mod tests;
