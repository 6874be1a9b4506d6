//! Lines of CSV without quotes: a field is what stands between commas.

use super::rows::Fields;
use crate::domain::columns;
use crate::read::header::columns_of;

/// Where the fields of a log stand.
pub(super) struct Columns {
    /// How many fields each row has.
    count: usize,
    /// The index in [`columns::ALL`] of each column that is read, and its place in a row.
    places: Vec<(usize, usize)>,
    /// Where the fields of the row at hand end.
    ends: Vec<usize>,
}

impl Columns {
    /// Those of a header; `None` where the long way could see anything else in it, or refuse it.
    pub fn of(header: &[u8], most: usize) -> Option<Self> {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let is_odd = |byte: &u8| matches!(byte, b'"' | b'\r' | 0);
        if !header.first().is_some_and(is_name) || header.iter().any(is_odd) {
            return None;
        }
        let names: Vec<&str> = std::str::from_utf8(header).ok()?.split(',').collect();
        if names.len() > most || names.iter().any(|name| name.trim() != *name) {
            return None;
        }
        let places = columns_of(names.iter().copied()).ok()?;
        // A conversation need not be the customer.
        let has_conversation = places.iter().any(|(column, _)| columns::ALL[*column] == columns::CONVERSATION);
        (!has_conversation).then(|| Self { count: names.len(), places, ends: Vec::with_capacity(names.len()) })
    }

    /// Whether no field of these lines can be anything but what stands between its commas.
    pub fn are_plain(lines: &[u8]) -> bool {
        memchr::memchr(b'"', lines).is_none()
    }

    /// The fields of a line; `None` when it has more or less of them than the header.
    pub fn fields<'l>(&mut self, line: &'l [u8]) -> Option<Fields<'l>> {
        self.ends.clear();
        self.ends.extend(memchr::memchr_iter(b',', line));
        self.ends.push(line.len());
        if self.ends.len() != self.count {
            return None;
        }
        let mut fields = Fields::default();
        for (column, place) in &self.places {
            let begin = place.checked_sub(1).map_or(0, |before| self.ends[before] + 1);
            *fields.get_mut(*column)? = line.get(begin..self.ends[*place])?;
        }
        Some(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "message_id,business,channel,customer,direction,sent_at";

    #[test]
    fn a_header_is_usual_or_it_is_not() {
        for (header, is_usual) in [
            (HEADER, true),
            ("kind,sent_at,direction,customer,channel,business,message_id", true),
            (&format!("{HEADER},a text,,fold,sighting,è"), true),
            (&format!("{HEADER},conversation"), false),
            (&format!("{HEADER},channel"), false),
            (&format!("{HEADER}, kind"), false),
            (&format!("{HEADER},\u{a0}"), false),
            (&format!("{HEADER},\"kind\""), false),
            (&format!("{HEADER},\0"), false),
            (&format!("{HEADER}\r"), false),
            (&format!("\u{feff}{HEADER}"), false),
            (&format!("{{,{HEADER}"), false),
            (&format!(",{HEADER}"), false),
            (&HEADER.replace(',', ";"), false),
            ("message_id,business,channel,customer,direction", false),
            ("", false),
        ] {
            assert_eq!(Columns::of(header.as_bytes(), 20).is_some(), is_usual, "{header}");
        }
        assert!(Columns::of(HEADER.as_bytes(), 6).is_some());
        assert!(Columns::of(HEADER.as_bytes(), 5).is_none());
        assert!(Columns::of(&[HEADER.as_bytes(), b",\xff"].concat(), 20).is_none());
    }

    #[test]
    fn fields_are_found_by_name_and_counted() {
        let header = "kind,sent_at,note,direction,customer,channel,business,message_id";
        let mut columns = Columns::of(header.as_bytes(), 20).unwrap();
        let [id, business, channel, customer, direction, at, conversation, kind, status, point] =
            columns.fields(b"call,now,,in,+39,c,b,1").unwrap();
        assert_eq!([id, business, channel, customer], [b"1".as_slice(), b"b", b"c", b"+39"]);
        assert_eq!([direction, at, kind], [b"in".as_slice(), b"now", b"call"]);
        assert_eq!([conversation, status, point], [b"".as_slice(); 3]);
        assert_eq!(columns.fields(b",,,,,,,"), Some(Fields::default()));
        for wrong in ["call,now,,in,+39,c,b", "call,now,,in,+39,c,b,1,", ""] {
            assert_eq!(columns.fields(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
