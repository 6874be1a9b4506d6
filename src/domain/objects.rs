//! Object storage as the configuration names it.

/// A folder of a bucket: `s3://BUCKET/PREFIX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectPlace {
    pub bucket: String,
    /// Folders parted by `/`, without one at either end; empty: the whole bucket.
    pub prefix: String,
}

impl std::fmt::Display for ObjectPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{}", self.bucket, self.prefix)
    }
}

/// How object storage is reached. It holds no credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectStorage {
    pub region: Option<String>,
    /// `https://HOST[:PORT]`, of a store that is not Amazon's.
    pub endpoint: Option<String>,
    /// Whether the endpoint may be reached without encryption.
    pub allow_http: bool,
    /// Whether a bucket is named by the path of a request, else by its host.
    pub path_style: bool,
    pub credentials: Credentials,
}

impl Default for ObjectStorage {
    fn default() -> Self {
        Self {
            region: None,
            endpoint: None,
            allow_http: false,
            path_style: true,
            credentials: Credentials::Environment,
        }
    }
}

/// Where the credentials of object storage come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// From variables of the environment alone.
    Environment,
    /// Where these are absent, from the machine, which has a role.
    Instance,
}

impl Credentials {
    pub const ALL: [(&'static str, Credentials); 2] =
        [("environment", Credentials::Environment), ("instance", Credentials::Instance)];
}
