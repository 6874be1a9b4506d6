//! The signature of a mail (DKIM, RFC 6376 and RFC 8463), made before its bytes are frozen.
//!
//! The same mail and key give the same signature: its time is that of the mail, and both ways of signing are without
//! chance.

mod canon;

use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest, Sha256};

use super::secret_file::{self, OWNER_ALONE, Unread};
use super::{DeliverError, field};
use crate::domain::Instant;
use crate::domain::settings::Dkim;
use crate::render::base64;

/// The longest key file.
const LONGEST: u64 = 64 << 10;

/// What is signed. Each is named once more than it is there, so that nobody can add another one unseen.
const SIGNED: [&str; 11] = [
    "from",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "auto-submitted",
    "content-language",
];

/// Lines of the signature's field are not longer than these.
const LINE: usize = 72;

/// Signs mails for a domain.
pub struct Signer {
    domain: String,
    selector: String,
    path: PathBuf,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl Signer {
    /// Reads the key, and tries it.
    ///
    /// # Errors
    /// The file cannot be read, is open to others than its owner, or holds no key that can sign mails: RSA of 2048 to
    /// 4096 bits, or Ed25519, in PEM.
    pub fn load(dkim: &Dkim) -> Result<Self, DeliverError> {
        let path = &dkim.key_file;
        let pem = secret_file::read(path, OWNER_ALONE, LONGEST).map_err(|unread| match unread {
            Unread::Failed(source) => DeliverError::KeyFile { path: path.clone(), source },
            Unread::Open(mode) => DeliverError::KeyOpen { path: path.clone(), mode },
            Unread::Foreign(owner) => DeliverError::KeyForeign { path: path.clone(), owner },
        })?;
        let key = Key::read(&pem).map_err(|why| unusable(path, why))?;
        let signer = Self { domain: dkim.domain.clone(), selector: dkim.selector.clone(), path: path.clone(), key };
        // Parts of an RSA key that do not fit one another are found by signing alone.
        signer.raw(b"")?;
        Ok(signer)
    }

    /// The field `DKIM-Signature` of a finished mail of this date, with its line break: it goes before the mail.
    ///
    /// # Errors
    /// Bytes that are no mail.
    pub fn signature(&self, eml: &[u8], date: Instant) -> Result<String, DeliverError> {
        field::travels(eml)?;
        let parts = canon::parted(eml).ok_or(DeliverError::Form { why: "it has no body" })?;
        let names = names(&parts.fields);
        let (algorithm, domain, selector) = (self.key.algorithm(), &self.domain, &self.selector);
        let seconds = date.micros().div_euclid(1_000_000);
        let own = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed;\r\n\td={domain};\r\n\ts={selector}; t={seconds};\r\n\t\
             h={};\r\n\tbh={};\r\n\tb=",
            folded(&names),
            base64::encoded(&canon::body_hash(parts.body))
        );
        let signature = self.raw(canon::signed(&parts.fields, &names, &own).as_bytes())?;
        Ok(format!("{own}{}\r\n", broken(&base64::encoded(&signature))))
    }

    fn raw(&self, bytes: &[u8]) -> Result<Vec<u8>, DeliverError> {
        self.key.sign(bytes).ok_or_else(|| unusable(&self.path, "its parts do not fit one another"))
    }
}

fn unusable(path: &Path, why: &'static str) -> DeliverError {
    DeliverError::Key { path: path.to_owned(), why }
}

impl Key {
    fn read(pem: &[u8]) -> Result<Self, &'static str> {
        const NONE: &str = "it is no private key in PEM";
        const OTHER: &str = "it is neither an RSA key of 2048 to 4096 bits nor an Ed25519 key";
        match PrivateKeyDer::from_pem_slice(pem).map_err(|_| NONE)? {
            PrivateKeyDer::Pkcs8(key) => {
                let der = key.secret_pkcs8_der();
                let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(|key| Self::Ed25519(Box::new(key)));
                ed25519.or_else(|_| RsaKeyPair::from_pkcs8(der).map(|key| Self::Rsa(Box::new(key)))).map_err(|_| OTHER)
            }
            PrivateKeyDer::Pkcs1(key) => {
                let rsa = RsaKeyPair::from_der(key.secret_pkcs1_der());
                rsa.map(|key| Self::Rsa(Box::new(key))).map_err(|_| OTHER)
            }
            _ => Err(OTHER),
        }
    }

    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).ok()?;
                Some(signature)
            }
            // Ed25519 signs the digest, as RFC 8463 has it.
            Self::Ed25519(key) => Some(key.sign(&Sha256::digest(bytes)).as_ref().to_vec()),
        }
    }
}

/// The names of what is signed, in order.
fn names(fields: &[&str]) -> Vec<String> {
    let there: Vec<String> = fields.iter().map(|field| canon::name(field)).collect();
    let times = |name: &str| there.iter().filter(|there| *there == name).count().saturating_add(1);
    SIGNED.iter().flat_map(|name| std::iter::repeat_n((*name).to_owned(), times(name))).collect()
}

/// The names with colons between them, over as many lines as they need.
fn folded(names: &[String]) -> String {
    let (mut text, mut length) = (String::new(), 0_usize);
    for name in names {
        if !text.is_empty() {
            text.push(':');
            length += 1;
            if length + name.len() > LINE - 4 {
                text += "\r\n\t ";
                length = 0;
            }
        }
        text += name;
        length += name.len();
    }
    text
}

/// A long word over as many lines as it needs.
fn broken(word: &str) -> String {
    let mut text = String::with_capacity(word.len().saturating_add(word.len() / 16));
    for (index, letter) in word.chars().enumerate() {
        if index > 0 && index % LINE == 0 {
            text += "\r\n\t";
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests;
