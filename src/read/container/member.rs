//! One member of an archive, unpacked in memory and only as far as it is wanted.

use std::borrow::Cow;
use std::io::{Error, ErrorKind, Read};

use flate2::bufread::DeflateDecoder;
use rawzip::ZipVerification;

use super::{Limits, ReadError};

/// So many bytes are unpacked before the limits are asked again.
const STEP: usize = 1 << 20;

/// A member that is a file or a folder. What it says of itself is not trusted.
pub(super) struct Member<'c> {
    /// As the archive has it, for order and show.
    pub name: Cow<'c, [u8]>,
    pub is_folder: bool,
    /// As they lie in the archive.
    pub packed: &'c [u8],
    pub is_deflated: bool,
    /// Size and checksum of what is packed; a tar says neither.
    pub claim: Option<ZipVerification>,
}

/// What all members of an archive together may unpack to.
pub(super) struct Budget {
    packed: u64,
    unpacked: u64,
    limits: Limits,
}

impl Budget {
    /// For an archive of so many bytes.
    pub fn new(packed: usize, limits: Limits) -> Self {
        Self { packed: packed as u64, unpacked: 0, limits }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.unpacked = self.unpacked.saturating_add(bytes as u64);
        let Self { packed, unpacked, limits } = *self;
        if limits.are_passed(packed, unpacked) { Err(ReadError::Bomb { packed, unpacked }) } else { Ok(()) }
    }
}

/// A member on its way out of its packing.
pub(super) struct Opened<'c> {
    bytes: Cow<'c, [u8]>,
    /// What is still packed.
    rest: Option<DeflateDecoder<&'c [u8]>>,
    claim: Option<ZipVerification>,
}

impl<'c> Member<'c> {
    pub fn open(&self) -> Opened<'c> {
        let (bytes, rest) = if self.is_deflated {
            (Cow::Owned(Vec::new()), Some(DeflateDecoder::new(self.packed)))
        } else {
            (Cow::Borrowed(self.packed), None)
        };
        Opened { bytes, rest, claim: self.claim }
    }
}

impl<'c> Opened<'c> {
    /// The first bytes: `wanted` of them, or all that there are.
    ///
    /// # Errors
    /// When the packed bytes are damaged, or the limits are passed.
    pub fn head(&mut self, wanted: usize, budget: &mut Budget) -> Result<&[u8], ReadError> {
        while let (Some(decoder), true) = (&mut self.rest, self.bytes.len() < wanted) {
            let step = wanted.saturating_sub(self.bytes.len()).min(STEP) as u64;
            let taken = decoder.by_ref().take(step).read_to_end(self.bytes.to_mut()).map_err(ReadError::Compression)?;
            budget.spend(taken)?;
            if taken == 0 {
                self.rest = None;
            }
        }
        Ok(self.bytes.get(..wanted).unwrap_or(&self.bytes))
    }

    /// All bytes.
    ///
    /// # Errors
    /// As of [`Self::head`], and when they are not those that the archive claims.
    pub fn whole(mut self, budget: &mut Budget) -> Result<Cow<'c, [u8]>, ReadError> {
        self.head(usize::MAX, budget)?;
        if let Some(claim) = self.claim {
            let found = ZipVerification { crc: rawzip::crc32(&self.bytes), uncompressed_size: self.bytes.len() as u64 };
            let damaged = |error: rawzip::Error| ReadError::Compression(Error::new(ErrorKind::InvalidData, error));
            claim.valid(found).map_err(damaged)?;
        }
        Ok(self.bytes)
    }
}
