//! Who is believed to be the server: the public authorities, and one of one's own. Nothing here turns a check off.

use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore};

use super::DeliverError;
use super::secret_file::{self, OTHERS};

/// The longest file of authorities: all public ones together have a quarter of a MiB.
const LONGEST: u64 = 4 << 20;

/// The server that a connection must prove to lead to.
pub(super) struct Trust {
    config: Arc<ClientConfig>,
    server: ServerName<'static>,
}

impl Trust {
    /// `host` is a name or an IP address; `ca_file` a PEM file of authorities that are trusted beside the public ones.
    pub(super) fn new(host: &str, ca_file: Option<&Path>) -> Result<Self, DeliverError> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if let Some(path) = ca_file {
            add(&mut roots, path)?;
        }
        let unusable = |why: String| DeliverError::Tls { why };
        let server = ServerName::try_from(host.to_owned())
            .map_err(|_| unusable(format!("`{host}` is no name that a certificate could have")))?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), server })
    }

    /// The client's side of a new connection.
    pub(super) fn connection(&self) -> Result<ClientConnection, String> {
        ClientConnection::new(Arc::clone(&self.config), self.server.clone()).map_err(|error| error.to_string())
    }
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), DeliverError> {
    let unread = |source| DeliverError::Certificates { path: path.to_owned(), source };
    let broken = |why: String| DeliverError::Certificate { path: path.to_owned(), why };
    let (file, meta) = secret_file::regular(path).map_err(unread)?;
    let mode = meta.permissions().mode() & 0o7777;
    if mode & OTHERS != 0 {
        // Who can write it can be the server.
        return Err(DeliverError::CertificatesOpen { path: path.to_owned(), mode });
    }
    let mut pem = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut pem).map_err(unread)?;
    if pem.len() as u64 > LONGEST {
        return Err(broken(format!("it is larger than {} MiB", LONGEST >> 20)));
    }
    let mut any = false;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| broken(error.to_string()))?;
        roots.add(certificate).map_err(|error| broken(error.to_string()))?;
        any = true;
    }
    // A file without any would be taken as "trust nobody more" in silence.
    if any { Ok(()) } else { Err(DeliverError::NoCertificate { path: path.to_owned() }) }
}

/// What happened to a connection. Of a certificate nothing is told that changes with the time of day.
pub(super) fn words(error: &io::Error) -> String {
    let source = error.get_ref().and_then(|source| source.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(wrong)) = source else {
        return error.to_string();
    };
    let told = match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is of another name"
        }
        CertificateError::UnknownIssuer => "its certificate is of no authority that is trusted; see ca_file",
        CertificateError::Revoked => "its certificate was revoked",
        _ => return format!("its certificate cannot be used: {wrong}"),
    };
    told.to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_without_certificates_is_not_taken_for_one() {
        let path = super::super::script::folder("certificates").join("ca.pem");
        let made = |path: &Path| Trust::new("localhost", Some(path)).map(|_| ());
        assert!(matches!(made(&path), Err(DeliverError::Certificates { .. })));
        fs::write(&path, "nothing\n").unwrap();
        assert!(matches!(made(&path), Err(DeliverError::NoCertificate { .. })));
        fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(matches!(made(&path), Err(DeliverError::Certificate { .. })));
        assert!(matches!(made(Path::new("/dev/zero")), Err(DeliverError::Certificates { .. })), "it never ends");
        fs::write(&path, vec![b'\n'; (4 << 20) + 1]).unwrap();
        assert!(matches!(made(&path), Err(DeliverError::Certificate { why, .. }) if why.contains("4 MiB")));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o646)).unwrap();
        assert!(matches!(made(&path), Err(DeliverError::CertificatesOpen { mode: 0o646, .. })));
    }

    #[test]
    fn a_host_without_a_name_has_no_certificate() {
        assert!(Trust::new("127.0.0.1", None).is_ok() && Trust::new("::1", None).is_ok());
        assert!(matches!(Trust::new("a b", None), Err(DeliverError::Tls { .. })));
    }
}
