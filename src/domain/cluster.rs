//! Clusters, as a configuration and a command line name them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::objects::ObjectPlace;

/// The port of Spark Connect where a URL names none.
const PORT: u16 = 15_002;
const SCHEME: &str = "sc://";
const USE_SSL: &str = "use_ssl";

/// Parts of the names of parameters that would carry a secret. Wide on purpose: what the client does not know goes to the
/// server as a header.
const SECRETS: [&str; 9] = ["token", "pass", "pasw", "pwd", "secret", "auth", "cred", "cookie", "key"];

const NO_URL: &str = "this is no URL of Spark Connect";
const NO_USER: &str = "no user and no password stand in the URL of a cluster";
const NO_SESSION: &str = "no session_id stands in the URL of a cluster: each command opens a session of its own";
const NO_TOKEN: &str = "a token never stands in the URL of a cluster: it is read from a file";

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

    /// Whether its server is on this machine: as narrow as the client, which gives no other host a token in plain.
    fn is_loopback(&self) -> bool {
        ["localhost", "127.0.0.1", "::1"].iter().any(|host| self.host.eq_ignore_ascii_case(host))
    }

    /// What is given to a client: with a token, which goes to no other machine in plain.
    pub fn with_token(&self, token: &str) -> String {
        let slash = if parted(&self.text).is_some_and(|(_, rest)| rest.is_some()) { "" } else { "/" };
        // The last of several counts.
        let safe = if self.is_loopback() || self.is_encrypted() == Some(true) { "" } else { ";use_ssl=true" };
        format!("{}{slash}{safe};token={}", self.text, escaped(token))
    }

    /// Whether a token may be added: the URL does not switch encryption off, or its server is on this machine.
    pub fn is_safe(&self) -> bool {
        self.is_loopback() || self.is_encrypted() != Some(false)
    }

    /// What the URL says of it; `None`: nothing.
    fn is_encrypted(&self) -> Option<bool> {
        let (_, rest) = parted(&self.text)?;
        let named = rest?.split(';').filter_map(|parameter| parameter.split_once('='));
        named.filter(|(name, _)| *name == USE_SSL).map(|(_, value)| value.eq_ignore_ascii_case("true")).next_back()
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
        // First, whatever else is wrong: it is what has to be changed at once.
        if has_secret(text) {
            return Err(NO_TOKEN.to_owned());
        }
        if text.split([';', '/']).any(|part| part.to_ascii_lowercase().starts_with("session_id=")) {
            return Err(NO_SESSION.to_owned());
        }
        if text.contains('@') {
            return Err(NO_USER.to_owned());
        }
        let (authority, rest) = parted(text).ok_or(NO_URL)?;
        let (host, port) = address(authority).ok_or(NO_URL)?;
        if rest.is_some_and(|rest| !are_parameters(rest)) {
            return Err(NO_URL.to_owned());
        }
        Ok(Self { text: text.to_owned(), host: host.to_owned(), port })
    }
}

/// What stands between the scheme and the first `/`, and what behind it.
fn parted(text: &str) -> Option<(&str, Option<&str>)> {
    let rest = text.strip_prefix(SCHEME)?;
    Some(rest.split_once('/').map_or((rest, None), |(authority, rest)| (authority, Some(rest))))
}

/// Host and port: a name, an IPv4 address, or an IPv6 address in brackets.
fn address(authority: &str) -> Option<(&str, u16)> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, PORT),
    };
    if let Some(host) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        // From `core`, which has addresses and no network.
        return host.parse::<core::net::Ipv6Addr>().is_ok().then_some((host, port));
    }
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    ((1..=253).contains(&host.len()) && host.bytes().all(letter)).then_some((host, port))
}

/// Whether a parameter with a telling name stands in the text, wherever it was put.
fn has_secret(text: &str) -> bool {
    let is_named = |part: &str| {
        let name = part.split_once('=').map(|(name, _)| name.to_ascii_lowercase());
        name.is_some_and(|name| SECRETS.iter().any(|word| name.contains(word)))
    };
    text.split([';', '/', '?', '&', '#']).any(is_named)
}

/// Nothing, or `;NAME=VALUE` at least once, as the client takes them.
fn are_parameters(rest: &str) -> bool {
    let is_one = |one: &str| {
        let named = one.split_once('=').filter(|(name, value)| !name.is_empty() && !value.contains('='));
        named.is_some() && one.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#".contains(&byte))
    };
    rest.is_empty() || rest.strip_prefix(';').is_some_and(|rest| rest.split(';').all(is_one))
}

/// `%3D` and the like for all that a client would take for a part of the URL. It would then tell of its mistake with the text.
fn escaped(token: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let sign = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    token.bytes().map(sign).collect()
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
            ("SC://host", None),
            ("sc://spark-connect_1.example/", Some(("spark-connect_1.example", 15_002))),
            ("sc://token.example", Some(("token.example", 15_002))),
            // The client parts host and parameters by a slash alone.
            ("sc://host;use_ssl=true", None),
            ("sc://host:7;use_ssl=true", None),
            ("sc://host?use_ssl=true", None),
            ("sc://::1", None),
            ("sc://[::1", None),
            ("sc://[host]", None),
            ("sc://host/path", None),
            ("sc://host/;", None),
            ("sc://host/;a", None),
            ("sc://host/;a=b;", None),
            ("sc://host/;a=b=c", None),
            ("sc://host/;a=b/c", None),
            ("sc://host/;a=b c", None),
        ] {
            let parsed = url.parse::<ClusterUrl>().ok();
            assert_eq!(parsed.as_ref().map(|url| (url.host(), url.port())), expected, "{url}");
        }
    }

    #[test]
    fn no_secret_stands_in_a_url() {
        for text in [
            "sc://host/;token=canary",
            "sc://host/;user_id=a;Token=canary",
            "sc://host;token=canary",
            "sc://host:7;token=canary",
            "sc://host/?token=canary",
            "sc://host/;password=canary",
            "sc://host/;x-api-key=canary",
            "sc://host/;authorization=canary",
        ] {
            assert_eq!(text.parse::<ClusterUrl>().unwrap_err(), NO_TOKEN, "{text}");
        }
        assert_eq!("sc://host/;user_id=a;session_id=b".parse::<ClusterUrl>().unwrap_err(), NO_SESSION);
        for text in ["sc://me:canary@host", "sc://me:canary@host:7", "https://me:canary@host"] {
            assert_eq!(text.parse::<ClusterUrl>().unwrap_err(), NO_USER, "{text}");
        }
    }

    #[test]
    fn a_token_goes_to_no_other_machine_in_plain() {
        for (url, expected, is_safe) in [
            ("sc://localhost:7", "sc://localhost:7/;token=t", true),
            ("sc://127.0.0.1/", "sc://127.0.0.1/;token=t", true),
            ("sc://far", "sc://far/;use_ssl=true;token=t", true),
            ("sc://far/;user_id=a", "sc://far/;user_id=a;use_ssl=true;token=t", true),
            ("sc://far/;use_ssl=True", "sc://far/;use_ssl=True;token=t", true),
            ("sc://far/;use_ssl=false", "sc://far/;use_ssl=false;use_ssl=true;token=t", false),
            ("sc://far/;use_ssl=false;use_ssl=true", "sc://far/;use_ssl=false;use_ssl=true;token=t", true),
            ("sc://127.0.0.2", "sc://127.0.0.2/;use_ssl=true;token=t", true),
            ("sc://[::1]/;use_ssl=false", "sc://[::1]/;use_ssl=false;token=t", true),
        ] {
            let parsed: ClusterUrl = url.parse().unwrap();
            assert_eq!((parsed.with_token("t").as_str(), parsed.is_safe()), (expected, is_safe), "{url}");
        }
        let url: ClusterUrl = "sc://localhost".parse().unwrap();
        assert_eq!(url.with_token("a/b+c=="), "sc://localhost/;token=a%2Fb%2Bc%3D%3D");
    }
}
