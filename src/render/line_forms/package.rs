//! A zip file in memory, member by member. Each is packed while it is written, so that memory holds packed bytes only. No
//! member has a time, so that the same members give the same bytes.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};

/// What is packed so far.
pub(super) struct Package(ZipArchiveWriter<Vec<u8>>);

impl Package {
    pub fn new() -> Self {
        Self(ZipArchiveWriter::new(Vec::new()))
    }

    /// Adds a member.
    ///
    /// # Errors
    /// What `write` says, or that the member cannot be packed.
    pub fn add(&mut self, name: &str, write: impl FnOnce(&mut dyn Write) -> Result<(), String>) -> Result<(), String> {
        let file = self.0.new_file(name).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().map_err(|error| error.to_string())?;
        let mut out = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        write(&mut out)?;
        let (encoder, descriptor) = out.finish().map_err(|error| error.to_string())?;
        encoder.finish().map_err(|error| error.to_string())?;
        entry.finish(descriptor).map(drop).map_err(|error| error.to_string())
    }

    /// Adds a member that is a text.
    ///
    /// # Errors
    /// That it cannot be packed.
    pub fn add_text(&mut self, name: &str, text: &str) -> Result<(), String> {
        self.add(name, |out| out.write_all(text.as_bytes()).map_err(|error| error.to_string()))
    }

    /// The file, with its directory.
    ///
    /// # Errors
    /// That the directory cannot be written.
    pub fn finish(self) -> Result<Vec<u8>, String> {
        self.0.finish().map_err(|error| error.to_string())
    }
}
