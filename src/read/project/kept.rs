//! A part of the archive, projected to numbers, and some of its rows as they were written.
//!
//! The digest of its bytes is compared before anything is decoded, and what is decoded are these very bytes.

use std::io::ErrorKind;
use std::path::Path;

use polars::prelude::{DataFrame, IntoColumn, NamedFrom, Series, StringChunked};

use super::facts;
use super::names::Names;
use crate::domain::message::Facts;
use crate::domain::text::hex_digits;
use crate::domain::{Direction, EntryPoint, Status, columns};
use crate::read::options::Limits;
use crate::read::pages::{Pages, Place, Stored, Unusual};
use crate::read::sha256;

/// The only row group of a part.
const GROUP: usize = 0;
/// Digits of a number that the archive keeps.
const DIGITS_MAX: usize = crate::domain::text::MARKET_DIGITS;

/// The keyed name of a customer, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    pub high: u64,
    pub low: u64,
    /// The digits before the tilde, with a 1 before them; 0: there are none.
    pub begins: u32,
}

impl Party {
    /// `None` for what [`crate::read::identity::IdKey::party`] never gives.
    fn of(bytes: &[u8]) -> Option<Self> {
        let (begin, hash) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
        let (high, low) = hash.split_at_checked(16)?;
        let begin = begin.strip_suffix(b"~")?;
        let begins = if begin.is_empty() {
            0
        } else {
            let digits = begin.strip_prefix(b"+")?;
            if !(1..=DIGITS_MAX).contains(&digits.len()) {
                return None;
            }
            let digit = |number: u32, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'));
            digits.iter().try_fold(1, digit)?
        };
        Some(Self { high: half(high)?, low: half(low)?, begins })
    }

    /// The name, as the archive has it.
    pub fn text(self) -> String {
        let Self { high, low, begins } = self;
        let mut text = String::with_capacity(DIGITS_MAX + 34);
        if begins != 0 {
            text.push('+');
            text.push_str(begins.to_string().get(1..).unwrap_or_default());
        }
        text.push('~');
        for half in [high, low] {
            let digits = hex_digits(half.to_be_bytes());
            text.extend(digits.as_flattened().iter().copied().map(char::from));
        }
        text
    }
}

/// Sixteen hexadecimal digits, as hashes are written.
fn half(digits: &[u8]) -> Option<u64> {
    let ([high, low], []) = digits.as_chunks::<8>() else { return None };
    Some(eight(*high)? << 32 | eight(*low)?)
}

/// Eight digits, all at once: most of what is read of the archive are hashes.
fn eight(digits: [u8; 8]) -> Option<u64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let texts = u64::from_be_bytes(digits);
    // A letter has the bit 64, and its low half counts from 1.
    let values = (texts & (ONES * 0x0f)) + (texts >> 6 & ONES) * 9;
    let are_letters = (values + ONES * 6) >> 4 & ONES;
    let written = values + ONES * u64::from(b'0') + are_letters * u64::from(b'a' - b'0' - 10);
    if values & (ONES * 0xf0) != 0 || written != texts {
        return None;
    }
    let pairs = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    Some((fours | fours >> 16) & 0xffff_ffff)
}

/// The first half of the keyed id of a message: equal ids have equal halves.
fn half_of_id(bytes: &[u8]) -> Option<u64> {
    if bytes.len() == 32 { half(bytes.get(..16)?) } else { None }
}

/// The rows of a part, column by column.
pub struct KeptBatch {
    /// Places in [`Names::channels`].
    pub channels: Vec<u32>,
    pub customers: Vec<Party>,
    /// Whether the conversation is not the customer.
    pub is_named: Vec<bool>,
    /// Whether the stamp needs words: it is that of a status, or of an hour that the clocks repeat.
    pub is_odd: Vec<bool>,
    /// Microseconds since 1970.
    pub sent_at: Vec<i64>,
    pub facts: Vec<Facts>,
    /// Halves of the message ids.
    pub ids: Vec<u64>,
}

/// A part of the archive, opened.
pub struct KeptPart {
    pages: Pages,
    rows: usize,
    names: Names,
}

impl KeptPart {
    /// # Errors
    /// When it cannot be read, its digest is not the recorded one, or it is not written as parts are: whoever reads it
    /// row by row finds out why.
    pub fn open(path: &Path, recorded: &str) -> Result<Self, Unusual> {
        let bytes = std::fs::read(path).map_err(|_| Unusual)?;
        if sha256(&bytes) != recorded {
            return Err(Unusual);
        }
        let pages = Pages::of(bytes)?;
        pages.check_limits(&Limits::default())?;
        let groups = pages.groups()?;
        let [rows] = groups[..] else { return Err(Unusual) };
        Ok(Self { pages, rows, names: Names::default() })
    }

    /// The businesses and channels of the rows that were read.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// # Errors
    /// When a value is not written as in parts.
    pub fn batch(&mut self) -> Result<KeptBatch, Unusual> {
        let (pages, rows, names) = (&self.pages, self.rows, &mut self.names);
        let business = needed(pages, columns::BUSINESS)?;
        let channel = needed(pages, columns::CHANNEL)?;
        let businesses = pages.collected(GROUP, rows, business, |bytes| names.text(bytes))?;
        let channels = pages.collected(GROUP, rows, channel, |bytes| names.text(bytes))?;
        let place = |(business, channel): (u32, u32)| names.channel(business, channel);
        let channels: Option<Vec<u32>> = businesses.into_iter().zip(channels).map(place).collect();
        let channels = channels.ok_or(Unusual)?;
        let (customer, conversation) = (needed(pages, columns::CUSTOMER)?, needed(pages, columns::CONVERSATION)?);
        let customers = pages.collected(GROUP, rows, customer, Party::of)?;
        // Where a log names no conversations both are written alike, which is read once.
        let is_named = if pages.are_same(GROUP, customer, conversation) {
            vec![false; rows]
        } else {
            let conversations = pages.collected(GROUP, rows, conversation, Party::of)?;
            conversations.iter().zip(&customers).map(|(conversation, customer)| conversation != customer).collect()
        };
        let is_odd = is_odd(pages, rows)?;
        let stamped = pages.column(columns::SENT_AT)?.filter(|place| place.stored == Stored::Micros).ok_or(Unusual)?;
        // Instants of the years of stamps lie above 0.
        let micros = |bytes: &[u8]| Some(i64::from_le_bytes(bytes.try_into().ok()?)).filter(|micros| *micros > 0);
        let sent_at = pages.collected(GROUP, rows, stamped, micros)?;
        let facts = facts_of(pages, rows)?;
        let ids = pages.collected(GROUP, rows, needed(pages, columns::MESSAGE_ID)?, half_of_id)?;
        Ok(KeptBatch { channels, customers, is_named, is_odd, sent_at, facts, ids })
    }

    /// Rows of the part, given in rising order, as a frame of [`columns::ALL`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn rows(&self, wanted: &[u32]) -> Result<DataFrame, Unusual> {
        let mut all = Vec::with_capacity(columns::ALL.len());
        for name in columns::ALL {
            let series = if name == columns::SENT_AT {
                Series::new(name.into(), self.stamps(wanted)?)
            } else {
                Series::new(name.into(), self.texts(name, wanted)?)
            };
            all.push(series.into_column());
        }
        DataFrame::new(wanted.len(), all).map_err(|_| Unusual)
    }

    /// The texts of a column in some rows, given in rising order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn texts(&self, name: &str, wanted: &[u32]) -> Result<Vec<String>, Unusual> {
        match text(&self.pages, name)? {
            Some(place) => picked(&self.pages, place, wanted),
            None if columns::OPTIONAL.contains(&name) => Ok(vec![String::new(); wanted.len()]),
            None => Err(Unusual),
        }
    }

    fn stamps(&self, wanted: &[u32]) -> Result<Vec<i64>, Unusual> {
        let place = self.pages.column(columns::SENT_AT)?.filter(|place| place.stored == Stored::Micros);
        let micros = |bytes: &[u8]| Some(i64::from_le_bytes(bytes.try_into().ok()?));
        let all = self.pages.collected(GROUP, self.rows, place.ok_or(Unusual)?, micros)?;
        let of = |row: &u32| all.get(usize::try_from(*row).ok()?).copied();
        wanted.iter().map(of).collect::<Option<Vec<i64>>>().ok_or(Unusual)
    }
}

fn text(pages: &Pages, name: &str) -> Result<Option<Place>, Unusual> {
    match pages.column(name)? {
        Some(place) if place.stored != Stored::Text => Err(Unusual),
        found => Ok(found),
    }
}

fn needed(pages: &Pages, name: &str) -> Result<Place, Unusual> {
    text(pages, name)?.ok_or(Unusual)
}

fn picked(pages: &Pages, place: Place, wanted: &[u32]) -> Result<Vec<String>, Unusual> {
    let mut texts = Vec::with_capacity(wanted.len());
    pages.picked(GROUP, place, wanted, |bytes| {
        texts.push(std::str::from_utf8(bytes).ok()?.to_owned());
        Some(())
    })?;
    if texts.len() == wanted.len() { Ok(texts) } else { Err(Unusual) }
}

fn is_odd(pages: &Pages, rows: usize) -> Result<Vec<bool>, Unusual> {
    let mut odd = vec![false; rows];
    for name in [columns::SIGHTING, columns::FOLD] {
        let Some(place) = text(pages, name)? else { continue };
        let stated = pages.collected(GROUP, rows, place, |bytes| Some(!bytes.is_empty()))?;
        odd.iter_mut().zip(stated).for_each(|(odd, stated)| *odd |= stated);
    }
    Ok(odd)
}

fn facts_of(pages: &Pages, rows: usize) -> Result<Vec<Facts>, Unusual> {
    let directions = pages.collected(GROUP, rows, needed(pages, columns::DIRECTION)?, facts::direction)?;
    let kinds =
        text(pages, columns::KIND)?.map(|place| pages.collected(GROUP, rows, place, facts::kind)).transpose()?;
    let statuses =
        text(pages, columns::STATUS)?.map(|place| pages.collected(GROUP, rows, place, facts::status)).transpose()?;
    let points = text(pages, columns::ENTRY_POINT)?
        .map(|place| pages.collected(GROUP, rows, place, facts::point))
        .transpose()?;
    let facts = |(row, direction): (usize, Direction)| {
        let kind = kinds.as_ref().and_then(|kinds| kinds[row]);
        let status = statuses.as_ref().map_or(Some(Status::Unstated), |statuses| statuses[row]);
        let point = points.as_ref().map_or(Some(EntryPoint::Unknown), |points| points[row]);
        // The archive has no status that is not known.
        facts::facts(direction, kind, Some(status?), point)
    };
    let all: Option<Vec<Facts>> = directions.into_iter().enumerate().map(facts).collect();
    all.ok_or(Unusual)
}

/// The plain names beside a part. No digest guards them, so they are read as the long way reads them: what it refuses is
/// refused here.
pub struct PlainNames {
    names: DataFrame,
}

impl PlainNames {
    /// `None` where they are gone.
    ///
    /// # Errors
    /// When they are not written as beside a part of so many rows.
    pub fn open(path: &Path, rows: usize) -> Result<Option<Self>, Unusual> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|_| Unusual)?,
        };
        let names = crate::read::archive::read_names(&bytes).map_err(|_| Unusual)?;
        if names.height() == rows { Ok(Some(Self { names })) } else { Err(Unusual) }
    }

    /// Plain ids and customers of some rows; empty where somebody was forgotten.
    ///
    /// # Errors
    /// When there is no such row.
    pub fn of(&self, wanted: &[u32]) -> Result<Vec<(&str, &str)>, Unusual> {
        let (ids, customers) = (self.texts(columns::MESSAGE_ID)?, self.texts(columns::CUSTOMER)?);
        let of = |row: &u32| {
            let row = usize::try_from(*row).ok().filter(|row| *row < self.names.height())?;
            Some((ids.get(row).unwrap_or_default(), customers.get(row).unwrap_or_default()))
        };
        wanted.iter().map(of).collect::<Option<Vec<(&str, &str)>>>().ok_or(Unusual)
    }

    fn texts(&self, name: &str) -> Result<&StringChunked, Unusual> {
        self.names.column(name).and_then(|column| column.str()).map_err(|_| Unusual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::identity::IdKey;

    #[test]
    fn a_party_is_its_text() {
        let key = IdKey::of([1; 32]);
        for text in ["+393331234567", "+18095551234", "+2904567", "+391", "+0391", "IT.77", ""] {
            let name = key.party(text);
            assert_eq!(Party::of(name.as_bytes()).unwrap().text(), name, "{text}");
        }
        let hash = "0".repeat(32);
        for other in ["", "~", &hash, &format!("39~{hash}"), &format!("+12345678~{hash}"), &format!("+~{hash}")] {
            assert_eq!(Party::of(other.as_bytes()), None, "{other}");
        }
        assert_eq!(Party::of(format!("~{}", "A".repeat(32)).as_bytes()), None);
    }

    #[test]
    fn eight_digits_are_what_they_are_one_by_one() {
        let plain = |digits: &[u8; 8]| {
            let are_digits = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
            are_digits.then(|| u64::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap())
        };
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                for others in [*b"00000000", *b"9fa0b1ce", *b"ffffffff"] {
                    let mut digits = others;
                    digits[place] = byte;
                    assert_eq!(eight(digits), plain(&digits), "{digits:?}");
                }
            }
        }
        assert_eq!(half(b"0123456789abcdef"), Some(0x0123_4567_89ab_cdef));
        assert_eq!([half(b"0123456789abcde"), half(b"0123456789abcdef0")], [None; 2]);
    }

    #[test]
    fn what_is_read_are_the_rows_of_the_part() {
        let rows = |name: &str| match name {
            columns::SENT_AT => Series::new(name.into(), vec![1_533_081_600_000_000_i64, 1_533_081_600_000_001]),
            columns::MESSAGE_ID => Series::new(name.into(), vec!["m1", "m2"]),
            columns::CUSTOMER | columns::CONVERSATION => Series::new(name.into(), vec!["+393331234567", "anna"]),
            columns::DIRECTION => Series::new(name.into(), vec!["inbound", "outbound"]),
            columns::FOLD => Series::new(name.into(), vec!["", "3600"]),
            columns::ENTRY_POINT => Series::new(name.into(), vec!["live_support", "unknown"]),
            _ => Series::new(name.into(), vec!["", ""]),
        };
        let mut columns: Vec<_> = columns::ALL.map(|name| rows(name).into_column()).into();
        for place in [1, 2] {
            let name = columns::ALL[place];
            columns[place] = Series::new(name.into(), vec!["b", "b"]).into_column();
        }
        let frame = DataFrame::new(2, columns).unwrap();
        let key = IdKey::of([1; 32]);
        let parts = crate::read::archive::parts(&frame, &key, &|_, _| false).unwrap();
        let path = std::env::temp_dir().join(format!("ritardo-kept-{}.parquet", std::process::id()));
        std::fs::write(&path, &parts[0].keyed).unwrap();
        assert!(KeptPart::open(&path, "0").is_err(), "another digest");
        let mut part = KeptPart::open(&path, &parts[0].sha256).unwrap();
        let batch = part.batch().unwrap();
        assert_eq!((batch.is_named, batch.is_odd), (vec![false, false], vec![false, true]));
        let place = |name| part.pages.column(name).unwrap().unwrap();
        let [customer, conversation, id] = [columns::CUSTOMER, columns::CONVERSATION, columns::MESSAGE_ID].map(place);
        assert!(part.pages.are_same(GROUP, customer, conversation));
        assert!(!part.pages.are_same(GROUP, customer, id));
        assert_eq!(batch.customers[1].text(), key.party("anna"));
        assert_eq!(part.names().channels, [("b".to_owned(), "b".to_owned())]);
        let last = part.rows(&[1]).unwrap();
        assert!(last.equals(&crate::read::archive::keyed(&frame, &key).unwrap().slice(1, 1)));
        std::fs::write(&path, &parts[0].names).unwrap();
        let names = PlainNames::open(&path, 2).unwrap().unwrap();
        assert_eq!(names.of(&[1]).unwrap(), [("m2", "anna")]);
        assert!(PlainNames::open(&path, 3).is_err());
        std::fs::remove_file(path).unwrap();
    }
}
