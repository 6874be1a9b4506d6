//! Clusters, as a configuration and a command line name them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::objects::ObjectPlace;

/// The port of Spark Connect where a URL names none.
const PORT: u16 = 15_002;

/// `sc://HOST[:PORT][/;NAME=VALUE…]`, as Spark Connect has it, without a token: a configuration is recorded in the ledger,
/// and every user of a machine sees the command lines of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterUrl {
    text: String,
    host: String,
    port: u16,
}

/// A folder that the workers of a cluster reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FarPlace {
    /// Of a file system that they and this machine share.
    Folder(PathBuf),
    Objects(ObjectPlace),
}

/// The cluster that `run` and `audit` use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRules {
    pub remote: ClusterUrl,
    /// The file of the token that the cluster asks for.
    pub token_file: Option<PathBuf>,
    /// The folder of the archive, as the workers name it; `None`: as this machine does.
    pub archive: Option<FarPlace>,
    /// Through which results come back; `None`: a folder of the state.
    pub exchange: Option<FarPlace>,
}

impl ClusterUrl {
    pub fn host(&self) -> &str {
        &self.host
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether its server is on this machine.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// What is given to a client: with a token, which goes to no other machine in plain.
    pub fn with_token(&self, token: &str) -> String {
        let has = |name: &str| self.parameters().any(|(key, _)| key == name);
        let slash = if self.text.get(5..).is_some_and(|rest| rest.contains('/')) { "" } else { "/" };
        let safe = if self.is_loopback() || has("use_ssl") { "" } else { ";use_ssl=true" };
        format!("{}{slash}{safe};token={token}", self.text.trim_end_matches(';'))
    }

    /// Whether a connection is encrypted, or stays on this machine.
    pub fn is_safe(&self) -> bool {
        self.is_loopback() || !self.parameters().any(|(key, value)| key == "use_ssl" && value != "true")
    }

    fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.text.split(';').skip(1);
        parameters.filter_map(|parameter| parameter.split_once('='))
    }
}

impl fmt::Display for ClusterUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for ClusterUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const NONE: &str = "this is no URL of Spark Connect";
        let (host, port) = address(text).ok_or(NONE)?;
        let url = Self { text: text.to_owned(), host: host.to_owned(), port };
        let is_secret = |(key, _): (&str, &str)| ["token", "password"].contains(&key.to_ascii_lowercase().as_str());
        if url.parameters().any(is_secret) {
            return Err("a token never stands in the URL of a cluster: it is read from a file".to_owned());
        }
        if text.chars().any(|sign| sign.is_control() || sign.is_whitespace()) { Err(NONE.to_owned()) } else { Ok(url) }
    }
}

/// Host and port of a URL of Spark Connect; `None` where it is none.
fn address(text: &str) -> Option<(&str, u16)> {
    let rest = text.strip_prefix("sc://")?;
    let authority = rest.split(['/', '?', '#', ';']).next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, PORT),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_host_and_port() {
        for (url, expected) in [
            ("sc://localhost", Some(("localhost", 15_002))),
            ("sc://10.0.0.1:50152/;user_id=a;x=b:c", Some(("10.0.0.1", 50_152))),
            ("sc://[::1]:7", Some(("::1", 7))),
            ("sc://[::1]", Some(("::1", 15_002))),
            ("sc://host:port", None),
            ("sc://:7", None),
            ("sc://", None),
            ("sc://a b", None),
            ("http://host", None),
            ("sc://host/;token=abc", None),
            ("sc://host/;user_id=a;Token=abc", None),
        ] {
            let parsed = url.parse::<ClusterUrl>().ok();
            assert_eq!(parsed.as_ref().map(|url| (url.host(), url.port())), expected, "{url}");
        }
    }

    #[test]
    fn a_token_goes_to_no_other_machine_in_plain() {
        for (url, expected, is_safe) in [
            ("sc://localhost:7", "sc://localhost:7/;token=t", true),
            ("sc://127.0.0.1/", "sc://127.0.0.1/;token=t", true),
            ("sc://far", "sc://far/;use_ssl=true;token=t", true),
            ("sc://far/;user_id=a", "sc://far/;user_id=a;use_ssl=true;token=t", true),
            ("sc://far/;use_ssl=true", "sc://far/;use_ssl=true;token=t", true),
            ("sc://far/;use_ssl=false", "sc://far/;use_ssl=false;token=t", false),
        ] {
            let parsed: ClusterUrl = url.parse().unwrap();
            assert_eq!((parsed.with_token("t").as_str(), parsed.is_safe()), (expected, is_safe), "{url}");
        }
    }
}
