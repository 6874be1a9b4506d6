//! Files into a `.tar.zst` whose bytes depend on the files alone.

use std::fs::File;
use std::io::{self, Read, Write};

use super::gather::Held;
use super::manifest::{Listed, Manifest};
use super::sign::Signer;
use super::{MANIFEST, SIGNATURE, SUMS};
use crate::error::{Failure, Kind};
use crate::read::sha256;

/// Part of the form: another level would give other bytes.
const LEVEL: i32 = 6;

/// Name, size and SHA-256 of a file. One of the archive has the digest of its name.
pub fn listed(name: &str, held: &Held) -> Result<Listed, Failure> {
    let (bytes, sha256) = match held {
        Held::Bytes(bytes) => (bytes.len() as u64, sha256(bytes)),
        Held::File(path, sha256) => {
            let metadata = path.metadata().map_err(|error| Failure::io("read the archive", path, error))?;
            (metadata.len(), sha256.clone())
        }
    };
    Ok(Listed { name: name.to_owned(), bytes, sha256 })
}

/// A bundle that is being written.
pub struct Packing<W: Write> {
    tar: tar::Builder<zstd::Encoder<'static, W>>,
    /// Of each file: when the month was closed. The time of writing would make other bytes each time.
    seconds: u64,
}

impl<W: Write> Packing<W> {
    pub fn begin(out: W, seconds: u64) -> io::Result<Self> {
        let mut encoder = zstd::Encoder::new(out, LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self { tar: tar::Builder::new(encoder), seconds })
    }

    /// Writes what the manifest says of the files, and signs it.
    pub fn head(&mut self, manifest: &Manifest, signer: Option<&Signer>) -> Result<(), Failure> {
        let failed = |error| Failure::new(Kind::SelfCheck, "the manifest cannot be written").because(error);
        let written = manifest.written().map_err(failed)?;
        let signature = signer.map(|signer| signer.sign(&written));
        let sum = |name: &str, sha256: &str| format!("{sha256}  {name}\n");
        let mut sums = sum(MANIFEST, &sha256(&written));
        sums.extend(signature.iter().map(|signature| sum(SIGNATURE, &sha256(signature))));
        sums.extend(manifest.files.iter().map(|file| sum(&file.name, &file.sha256)));
        self.add(SUMS, sums.as_bytes())?;
        self.add(MANIFEST, &written)?;
        signature.map_or(Ok(()), |signature| self.add(SIGNATURE, &signature))
    }

    /// Adds a file of the manifest. What was changed since is found when the bundle is read again.
    pub fn file(&mut self, file: &Listed, held: &Held) -> Result<(), Failure> {
        match held {
            Held::Bytes(bytes) => self.add(&file.name, bytes),
            Held::File(path, _) => {
                let opened = File::open(path).map_err(|error| Failure::io("read the archive", path, error))?;
                // Neither more nor less than its header says.
                let exact = opened.take(file.bytes).chain(io::repeat(0)).take(file.bytes);
                self.append(&file.name, file.bytes, exact)
            }
        }
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.append(name, bytes.len() as u64, bytes)
    }

    fn append(&mut self, name: &str, bytes: u64, content: impl Read) -> Result<(), Failure> {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes);
        header.set_mode(0o644);
        header.set_mtime(self.seconds);
        header.set_uid(0);
        header.set_gid(0);
        let named = header.set_path(name);
        header.set_cksum();
        named
            .and_then(|()| self.tar.append(&header, content))
            .map_err(|error| Failure::new(Kind::InputOutput, format!("{name} cannot be packed")).because(error))
    }

    pub fn end(self) -> io::Result<W> {
        self.tar.into_inner()?.finish()
    }
}
