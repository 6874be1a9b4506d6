//! Object storage: a folder of an S3 bucket behind blocking calls. The only place that knows `object_store`.

mod credentials;
mod told;

use std::fmt;
use std::path::Path as Place;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, GetOptions, GetRange, ObjectMeta, ObjectStore, PutMode, PutOptions,
    PutPayload, RetryConfig,
};
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

use crate::domain::objects::{ObjectPlace, ObjectStorage};
use crate::error::{Failure, Kind};

/// Bytes that are asked for at once, and held in memory.
const PIECE: u64 = 16 << 20;
/// The region of stores that have none.
const USUAL_REGION: &str = "us-east-1";
/// Of a connection that is being made, and of one whole request.
const CONNECT: Duration = Duration::from_secs(10);
const REQUEST: Duration = Duration::from_secs(300);
/// A request that fails is tried again so many times, and none begins later than so long after the first.
const RETRIES: usize = 5;
const RETRY: Duration = Duration::from_secs(120);

/// An object as a listing tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// Below the place of its store, `/` between folders.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Microseconds since 1970, as the server says. It is compared and never reckoned with.
    pub modified: i64,
    /// The ETag, where the server gives one.
    pub tag: Option<String>,
}

/// What became of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    Whole,
    /// Another object lies under the name by now: what was taken of it is of no use.
    Changed,
    Gone,
}

/// A folder of a bucket.
pub struct Store {
    place: ObjectPlace,
    runtime: Runtime,
    objects: AmazonS3,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing of its client: that holds the credentials.
        write!(f, "Store({})", self.place)
    }
}

impl Store {
    /// Makes ready what is needed to ask; nothing is asked yet.
    ///
    /// # Errors
    /// There are no credentials in the environment, or they cannot be any; the client cannot be made.
    pub fn open(place: &ObjectPlace, settings: &ObjectStorage) -> Result<Self, Failure> {
        let at = place.to_string();
        let options = ClientOptions::new()
            .with_allow_http(settings.allow_http)
            .with_connect_timeout(CONNECT)
            .with_timeout(REQUEST);
        let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES, retry_timeout: RETRY };
        let region = settings.region.clone().unwrap_or_else(|| USUAL_REGION.to_owned());
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(place.bucket.clone())
            .with_region(region)
            .with_virtual_hosted_style_request(!settings.path_style)
            .with_client_options(options)
            .with_retry(retry);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint_of(endpoint, place, settings.path_style));
        }
        let builder = credentials::given_to(builder, settings, &at)?;
        let objects = builder.build().map_err(|error| told::failure("open the object storage", &at, &error))?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            Failure::new(Kind::InputOutput, "the object storage cannot be asked").at(Place::new(&at)).because(error)
        })?;
        Ok(Self { place: place.clone(), runtime, objects })
    }

    /// Where an object lies, as people write it.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.place)
    }

    /// All objects, sorted by name; all pages of the listing.
    ///
    /// # Errors
    /// What the server or the connection says; more than `most` objects; a name with an empty part, `.`, `..` or a
    /// control character, which no request could be made for.
    pub fn list(&self, most: usize) -> Result<Vec<Object>, Failure> {
        let at = self.place.to_string();
        let prefix = self.path("")?;
        let listed = self.runtime.block_on(async {
            let (mut found, mut stream) = (Vec::new(), self.objects.list(Some(&prefix)));
            while let Some(meta) = stream.try_next().await? {
                found.extend(self.object(meta));
                if found.len() > most {
                    break;
                }
            }
            Ok::<_, Error>(found)
        });
        let mut found = listed.map_err(|error| told::failure("list the objects", &at, &error))?;
        if found.len() > most {
            let failure = Failure::new(Kind::Configuration, format!("there are more than {most} objects"));
            return Err(failure.at(Place::new(&at)).hint("take away what was read, or name another prefix"));
        }
        found.sort();
        Ok(found)
    }

    /// The object of a name; `None` where there is none.
    ///
    /// # Errors
    /// What the server or the connection says.
    pub fn find(&self, name: &str) -> Result<Option<Object>, Failure> {
        let path = self.path(name)?;
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.runtime.block_on(self.objects.get_opts(&path, options)) {
            Ok(found) => Ok(self.object(found.meta)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(told::failure("look at the object", &self.url(name), &error)),
        }
    }

    /// Gives the bytes of an object to `take`, piece by piece, as long as they are those of the listing.
    ///
    /// # Errors
    /// What the server, the connection or `take` says.
    pub fn fetch(
        &self,
        object: &Object,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<Fetched, Failure> {
        if object.size == 0 {
            return Ok(match self.find(&object.name)? {
                Some(now) if now.size == 0 => Fetched::Whole,
                Some(_) => Fetched::Changed,
                None => Fetched::Gone,
            });
        }
        let path = self.path(&object.name)?;
        let (mut from, mut tag) = (0_u64, object.tag.clone());
        while from < object.size {
            let to = object.size.min(from.saturating_add(PIECE));
            let range = Some(GetRange::Bounded(from..to));
            let options = GetOptions { if_match: tag.clone(), range, ..GetOptions::default() };
            let got = self.runtime.block_on(async {
                let got = self.objects.get_opts(&path, options).await?;
                let (size, tag) = (got.meta.size, got.meta.e_tag.clone());
                Ok::<_, Error>((size, tag, got.bytes().await?))
            });
            let (size, now, bytes) = match got {
                Ok(got) => got,
                Err(Error::Precondition { .. }) => return Ok(Fetched::Changed),
                Err(Error::NotFound { .. }) => return Ok(Fetched::Gone),
                // It has become shorter than what is asked for.
                Err(error) if told::status(&error) == Some(416) => return Ok(Fetched::Changed),
                Err(error) => return Err(told::failure("fetch the object", &self.url(&object.name), &error)),
            };
            let is_other = tag.is_some() && bare(now.as_deref()) != bare(tag.as_deref());
            if size != object.size || is_other || bytes.len() as u64 != to.saturating_sub(from) {
                return Ok(Fetched::Changed);
            }
            take(&bytes)?;
            (from, tag) = (to, now.or(tag));
        }
        Ok(Fetched::Whole)
    }

    /// Puts bytes under a name that is theirs alone. Where an object of as many bytes lies there, it stays.
    ///
    /// # Errors
    /// What the server or the connection says; an object of another size lies there.
    pub fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        let (path, size, url) = (self.path(name)?, bytes.len() as u64, self.url(name));
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.runtime.block_on(self.objects.put_opts(&path, PutPayload::from(bytes), options)) {
            Ok(_) => Ok(()),
            Err(error @ Error::AlreadyExists { .. }) => match self.find(name)? {
                Some(there) if there.size == size => Ok(()),
                Some(there) => {
                    let message = format!("another object lies there, of {} bytes and not {size}", there.size);
                    let failure = Failure::new(Kind::Differences, message).at(Place::new(&url));
                    Err(failure.hint("its name is its SHA-256: see who wrote it, and remove it"))
                }
                None => Err(told::failure("put the object", &url, &error)),
            },
            Err(error) => Err(told::failure("put the object", &url, &error)),
        }
    }

    /// Removes objects. One that is gone already does not matter.
    ///
    /// # Errors
    /// What the server or the connection says.
    pub fn remove(&self, objects: &[Object]) -> Result<(), Failure> {
        let paths = objects.iter().map(|object| self.path(&object.name)).collect::<Result<Vec<_>, _>>()?;
        let paths = stream::iter(paths.into_iter().map(Ok)).boxed();
        let removed = self.runtime.block_on(async {
            let mut removed = self.objects.delete_stream(paths);
            while let Some(one) = removed.next().await {
                match one {
                    Ok(_) | Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        });
        removed.map_err(|error| told::failure("remove the objects", &self.place.to_string(), &error))
    }

    fn path(&self, name: &str) -> Result<Path, Failure> {
        let parts = [self.place.prefix.as_str(), name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Path::parse(parts.join("/"))
            .map_err(|error| told::failure("name the object", &self.url(name), &Error::from(error)))
    }

    /// An object below the place; `None` for the place itself.
    fn object(&self, meta: ObjectMeta) -> Option<Object> {
        let ObjectMeta { location, last_modified, size, e_tag, .. } = meta;
        let prefix = self.place.prefix.as_str();
        let below = location.as_ref().strip_prefix(prefix)?;
        let name = if prefix.is_empty() { below } else { below.strip_prefix('/')? };
        let modified = last_modified.timestamp_micros();
        (!name.is_empty()).then(|| Object { name: name.to_owned(), size, modified, tag: e_tag })
    }
}

/// A tag as servers write it, with quotes or without.
fn bare(tag: Option<&str>) -> Option<&str> {
    tag.map(|tag| tag.trim_matches('"'))
}

/// The endpoint, with the bucket before its host where buckets are named by hosts.
fn endpoint_of(endpoint: &str, place: &ObjectPlace, path_style: bool) -> String {
    match endpoint.split_once("://") {
        Some((scheme, host)) if !path_style => format!("{scheme}://{}.{host}", place.bucket),
        _ => endpoint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_the_bucket_where_it_belongs() {
        let place = ObjectPlace { bucket: "logs".to_owned(), prefix: String::new() };
        for (endpoint, path_style, expected) in [
            ("https://s3.example.com", true, "https://s3.example.com"),
            ("https://s3.example.com", false, "https://logs.s3.example.com"),
            ("http://127.0.0.1:9000", true, "http://127.0.0.1:9000"),
        ] {
            assert_eq!(endpoint_of(endpoint, &place, path_style), expected);
        }
    }
}
