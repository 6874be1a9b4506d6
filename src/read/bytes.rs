//! The bytes of a file, read once, hashed, and unpacked with a limit.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::ReadError;
use crate::domain::text::hex;

/// A log that unpacks to more is refused: it is a bomb, or it should have been cut into days.
const UNPACKED_MAX: u64 = 8 << 30;

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

/// The content of a `.gz` or `.zst` file, known by its first bytes; anything else as it is.
pub(super) fn unpacked(raw: &[u8], path: &Path) -> Result<Vec<u8>, ReadError> {
    let source = Cursor::new(raw);
    match raw {
        [0x1f, 0x8b, ..] => limited(flate2::read::MultiGzDecoder::new(source)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => limited(zstd::Decoder::new(source).map_err(ReadError::Compression)?),
        // A compressed file that was cut to nothing is no quiet day.
        _ if path.extension().is_some_and(|extension| extension == "gz" || extension == "zst") => {
            let what = "it does not begin as a compressed file does";
            Err(ReadError::Compression(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, what)))
        }
        _ => Ok(raw.to_vec()),
    }
}

fn limited(decoder: impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    decoder.take(UNPACKED_MAX + 1).read_to_end(&mut bytes).map_err(ReadError::Compression)?;
    if bytes.len() as u64 > UNPACKED_MAX { Err(ReadError::TooLarge(UNPACKED_MAX)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_compressed_file_is_read_whole_or_not_at_all() {
        let text = b"message_id,business\n".repeat(50);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&text).unwrap();
        for packed in [gzip.finish().unwrap(), zstd::encode_all(&text[..], 3).unwrap()] {
            let name = Path::new("log.csv.gz");
            assert_eq!(unpacked(&packed, name).unwrap(), text);
            for cut in 0..packed.len() {
                assert!(unpacked(&packed[..cut], name).is_err(), "cut at {cut} of {}", packed.len());
            }
        }
    }
}
