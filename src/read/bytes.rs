//! The bytes of a file, read once, hashed, and unpacked with a limit.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::ReadError;
use super::options::Limits;
use crate::domain::text::hex;

/// So many bytes are unpacked before the limits are asked again.
const STEP: u64 = 1 << 20;

/// The whole file. Only regular files are read: a pipe or a device would never end.
pub(super) fn raw(path: &Path) -> Result<Vec<u8>, ReadError> {
    let file = File::open(path).map_err(ReadError::Io)?;
    let metadata = file.metadata().map_err(ReadError::Io)?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    { file }.read_to_end(&mut bytes).map_err(ReadError::Io)?;
    Ok(bytes)
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a stream, read piece by piece.
pub fn sha256_of(source: &mut dyn Read) -> std::io::Result<String> {
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let length = source.read(&mut piece)?;
        if length == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(piece.get(..length).unwrap_or_default());
    }
}

/// The content of a `.gz` or `.zst` file, known by its first bytes; anything else as it is. Several members of
/// gzip and frames of zstd may follow one another, and nothing else may.
pub(super) fn unpacked<'r>(raw: &'r [u8], path: &Path, limits: &Limits) -> Result<Cow<'r, [u8]>, ReadError> {
    let (source, packed) = (Cursor::new(raw), raw.len() as u64);
    match raw {
        [0x1f, 0x8b, ..] => limited(flate2::read::MultiGzDecoder::new(source), packed, limits).map(Cow::Owned),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let decoder = zstd::Decoder::new(source).map_err(ReadError::Compression)?;
            limited(decoder, packed, limits).map(Cow::Owned)
        }
        // A compressed file that was cut to nothing is no quiet day.
        _ if path.extension().is_some_and(|extension| extension == "gz" || extension == "zst") => {
            let what = "it does not begin as a compressed file does";
            Err(ReadError::Compression(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, what)))
        }
        _ => Ok(Cow::Borrowed(raw)),
    }
}

/// All that the decoder gives, in steps: a bomb is not unpacked beyond the limits.
fn limited(mut decoder: impl Read, packed: u64, limits: &Limits) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    loop {
        let taken = decoder.by_ref().take(STEP).read_to_end(&mut bytes).map_err(ReadError::Compression)?;
        let unpacked = bytes.len() as u64;
        if limits.are_passed(packed, unpacked) {
            return Err(ReadError::Bomb { packed, unpacked });
        }
        if taken == 0 {
            return Ok(bytes);
        }
    }
}

/// Whether the bytes are compressed, by the first of them.
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..])
}

/// Whether the text is UTF-16: by its byte order mark, or by the zeros beside its first letters.
pub(super) fn is_utf16(plain: &[u8]) -> bool {
    matches!(
        plain,
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [1..=0x7f, 0, 1..=0x7f, 0, ..] | [0, 1..=0x7f, 0, 1..=0x7f, ..]
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 3).unwrap()
    }

    fn unpack(packed: &[u8], limits: Limits) -> Result<Vec<u8>, ReadError> {
        unpacked(packed, Path::new("log.csv.gz"), &limits).map(Cow::into_owned)
    }

    #[test]
    fn a_compressed_file_is_read_whole_or_not_at_all() {
        let text = b"message_id,business\n".repeat(50);
        for packed in [gzip(&text), zstd(&text)] {
            assert_eq!(unpack(&packed, Limits::default()).unwrap(), text);
            for cut in 0..packed.len() {
                assert!(unpack(&packed[..cut], Limits::default()).is_err(), "cut at {cut} of {}", packed.len());
            }
        }
    }

    #[test]
    fn parts_may_follow_one_another_and_nothing_else_may() {
        let (one, two) = (b"message_id,business\n".as_slice(), b"1,b\n".as_slice());
        for pack in [gzip as fn(&[u8]) -> Vec<u8>, zstd] {
            let whole = [pack(one), pack(two)].concat();
            assert_eq!(unpack(&whole, Limits::default()).unwrap(), [one, two].concat());
            for cut in pack(one).len() + 1..whole.len() {
                assert!(unpack(&whole[..cut], Limits::default()).is_err(), "cut at {cut}");
            }
            for garbage in [b"\0".as_slice(), b"\n", b"garbage", b"\x1f\x8b", &[0; 512], b"1,b,c,x,outbound,\n1,b,c\n"]
            {
                let packed = [pack(one).as_slice(), garbage].concat();
                assert!(unpack(&packed, Limits::default()).is_err(), "{garbage:?}");
            }
        }
    }

    /// The limits in bytes of the answer: how far a bomb was unpacked.
    #[test]
    fn a_bomb_stops_at_its_limits() {
        let zeros = vec![b'0'; 80 << 20];
        for packed in [gzip(&zeros), zstd(&zeros)] {
            let Err(ReadError::Bomb { packed: size, unpacked }) = unpack(&packed, Limits::default()) else {
                panic!("unpacked");
            };
            assert_eq!(size, packed.len() as u64);
            assert!((Limits::RATIO_FROM..=Limits::RATIO_FROM + STEP).contains(&unpacked), "{unpacked}");
            let by_bytes = Limits { unpacked: 10 << 20, ..Limits::default() };
            assert!(matches!(unpack(&packed, by_bytes), Err(ReadError::Bomb { unpacked, .. }) if unpacked <= 11 << 20));
            let by_neither = Limits { ratio: u64::MAX, ..Limits::default() };
            assert_eq!(unpack(&packed, by_neither).unwrap().len(), zeros.len());
        }
        let small = gzip(&zeros[..60 << 20]);
        assert!(unpack(&small, Limits::default()).is_ok(), "below 64 MiB the ratio does not count");
    }
}
