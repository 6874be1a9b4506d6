//! The signature of a manifest: Ed25519 (RFC 8032), with keys in PEM as `openssl genpkey -algorithm ed25519` makes them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

use crate::error::{Failure, Kind};
use crate::read::sha256;

/// What stands before the 32 bytes of the key in a public key's DER (RFC 8410).
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Somebody's signing key.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// Reads a private key (PKCS#8 in PEM) that its owner alone can read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        const HINT: &str = "openssl genpkey -algorithm ed25519 -out KEY.pem makes one";
        let wrong = |message: &str| Failure::new(Kind::Configuration, message).at(path).hint(HINT);
        let metadata =
            fs::metadata(path).map_err(|error| Failure::io("read the signing key", path, error).hint(HINT))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            let failure = Failure::new(Kind::Configuration, "the signing key is open to others").at(path);
            return Err(failure.hint("let its owner alone read it: chmod 600"));
        }
        let bytes = fs::read(path).map_err(|error| Failure::io("read the signing key", path, error))?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(&bytes)
            .map_err(|_| wrong("the signing key is no private key in PEM"))?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der());
        pair.map(Self).map_err(|_| wrong("the signing key is no Ed25519 key"))
    }

    /// The signature: 64 bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }

    /// SHA-256 of the public key.
    pub fn fingerprint(&self) -> String {
        sha256(self.0.public_key().as_ref())
    }
}

/// The key that somebody's signatures are checked with.
pub struct Signatory(Vec<u8>);

impl Signatory {
    /// Reads a public key (SubjectPublicKeyInfo in PEM).
    pub fn read(path: &Path) -> Result<Self, Failure> {
        const HINT: &str = "openssl pkey -in KEY.pem -pubout -out KEY.pub.pem makes it of the signing key";
        let bytes = fs::read(path).map_err(|error| Failure::io("read the public key", path, error).hint(HINT))?;
        let wrong = || Failure::new(Kind::Configuration, "this is no Ed25519 public key in PEM").at(path).hint(HINT);
        let key = SubjectPublicKeyInfoDer::from_pem_slice(&bytes).map_err(|_| wrong())?;
        let key = key.as_ref().strip_prefix(&PREFIX).filter(|key| key.len() == 32).ok_or_else(wrong)?;
        Ok(Self(key.to_vec()))
    }

    pub fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(bytes, signature).is_ok()
    }

    /// SHA-256 of the public key.
    pub fn fingerprint(&self) -> String {
        sha256(&self.0)
    }
}
