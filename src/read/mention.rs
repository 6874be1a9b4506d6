//! Whether a raw file names somebody: its words, one by one, whatever its form.

use std::io::{BufRead, BufReader, Read};

use super::container::find_in_zip;

/// Longer words are no number and no name.
const LONGEST: usize = 128;
/// A packed file inside the packing of the state folder, and one more.
const PACKED: usize = 3;

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mention {
    Yes,
    No,
    /// The form of the file keeps its words from being seen: Parquet.
    Unseen,
}

/// Looks through all words (letters, digits, and `_`, `-`, `.`, `@` inside them) of a file, unpacked as it is read.
/// A `+` before a number is no part of its word.
pub fn mentions(source: impl Read, is_wanted: &dyn Fn(&str) -> bool) -> std::io::Result<Mention> {
    let mut source: Box<dyn BufRead + '_> = Box::new(BufReader::new(source));
    for _ in 0..PACKED {
        let begin = source.fill_buf()?.get(..4).unwrap_or_default().to_vec();
        source = match begin.as_slice() {
            [0x1f, 0x8b, ..] => Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(source))),
            [0x28, 0xb5, 0x2f, 0xfd] => Box::new(BufReader::new(zstd::Decoder::with_buffer(source)?)),
            b"PAR1" => return Ok(Mention::Unseen),
            // The words of a tar are seen as they are.
            b"PK\x03\x04" => return in_zip(source, is_wanted),
            _ => break,
        };
    }
    let is_named = in_words(&mut *source, is_wanted)?;
    Ok(if is_named { Mention::Yes } else { Mention::No })
}

fn in_zip(mut source: impl Read, is_wanted: &dyn Fn(&str) -> bool) -> std::io::Result<Mention> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes)?;
    let found = find_in_zip(&bytes, &mut |member| in_words(member, is_wanted))?;
    Ok(found.map_or(Mention::Unseen, |is_named| if is_named { Mention::Yes } else { Mention::No }))
}

fn in_words(source: &mut dyn BufRead, is_wanted: &dyn Fn(&str) -> bool) -> std::io::Result<bool> {
    let mut word: Vec<u8> = Vec::new();
    let is_found = |word: &[u8]| {
        let text = std::str::from_utf8(word).unwrap_or_default().trim_matches(['-', '.', '@', '_']);
        word.len() <= LONGEST && !text.is_empty() && is_wanted(text)
    };
    loop {
        let piece = source.fill_buf()?;
        let length = piece.len();
        if length == 0 {
            return Ok(is_found(&word));
        }
        for byte in piece {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'@' | b'_') {
                // One more than the longest tells that it is longer.
                word.extend((word.len() <= LONGEST).then_some(byte));
            } else {
                if is_found(&word) {
                    return Ok(true);
                }
                word.clear();
            }
        }
        source.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whatever_they_are_packed_in() {
        let found = |text: &[u8]| mentions(text, &|word| word == "393331234567").unwrap();
        let csv = b"q1,b,+390510000417,+393331234567,inbound,x\n".as_slice();
        let packed = zstd::encode_all(csv, 3).unwrap();
        let twice = zstd::encode_all(packed.as_slice(), 3).unwrap();
        for text in [csv, &packed, &twice, b"393331234567", b"{\"from\":\"393331234567\"}", b"call +393331234567."] {
            assert_eq!(found(text), Mention::Yes);
        }
        for text in [b"".as_slice(), b"1393331234567,x", b"3933312345678", b"39333123456", &[b'3'; 300]] {
            assert_eq!(found(text), Mention::No);
        }
        assert_eq!(found(b"PAR1 393331234567"), Mention::Unseen);
        let long = [vec![b','; (1 << 13) - 5], b"393331234567".to_vec()].concat();
        assert_eq!(found(&long), Mention::Yes, "a word that two pieces share");
    }
}
