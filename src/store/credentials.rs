//! The credentials of object storage: read from the environment when a store is opened, shown by nothing.

use std::path::Path;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};

use crate::domain::objects::{Credentials, ObjectStorage};
use crate::error::{Failure, Kind};

const ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION: &str = "AWS_SESSION_TOKEN";

/// A variable of the environment, and what it sets.
type Variable = (&'static str, Key);

/// Where a machine gets credentials from without having any: the variables that belong together. The last of each may be
/// absent.
const ROLES: [(&[Variable], Option<Variable>); 3] = [
    (
        &[("AWS_WEB_IDENTITY_TOKEN_FILE", Key::WebIdentityTokenFile), ("AWS_ROLE_ARN", Key::RoleArn)],
        Some(("AWS_ROLE_SESSION_NAME", Key::RoleSessionName)),
    ),
    (&[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", Key::ContainerCredentialsRelativeUri)], None),
    (
        &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", Key::ContainerCredentialsFullUri),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Key::ContainerAuthorizationTokenFile),
        ],
        None,
    ),
];

/// The builder with the credentials of the environment: an access key, else a role, else those of the machine where the
/// configuration says that it has some.
///
/// # Errors
/// There are none, only half of them, or such as no header can hold.
pub(super) fn given_to(
    builder: AmazonS3Builder,
    settings: &ObjectStorage,
    at: &str,
) -> Result<AmazonS3Builder, Failure> {
    match (variable(ID), variable(SECRET)) {
        (Some(id), Some(secret)) => {
            let builder =
                builder.with_access_key_id(written(ID, id, at)?).with_secret_access_key(written(SECRET, secret, at)?);
            match variable(SESSION) {
                Some(token) => Ok(builder.with_token(written(SESSION, token, at)?)),
                None => Ok(builder),
            }
        }
        (Some(_), None) => Err(absent(SECRET, at)),
        (None, Some(_)) => Err(absent(ID, at)),
        (None, None) => match role(builder, at)? {
            (builder, true) => Ok(builder),
            // Without any, the machine is asked.
            (builder, false) if settings.credentials == Credentials::Instance => Ok(builder),
            (_, false) => Err(absent(ID, at)),
        },
    }
}

/// The builder with the first role whose variables are all there, and whether there is one.
fn role(mut builder: AmazonS3Builder, at: &str) -> Result<(AmazonS3Builder, bool), Failure> {
    for (needed, more) in ROLES {
        if needed.iter().any(|(name, _)| variable(name).is_none()) {
            continue;
        }
        for (name, key) in needed.iter().copied().chain(more) {
            if let Some(value) = variable(name) {
                builder = builder.with_config(key, written(name, value, at)?);
            }
        }
        return Ok((builder, true));
    }
    Ok((builder, false))
}

#[expect(clippy::disallowed_methods, reason = "credentials stand in no file of the configuration")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A value as it can be sent: a line end at its end, as a file gives it, would be no header.
fn written(name: &str, value: String, at: &str) -> Result<String, Failure> {
    if value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(value);
    }
    let message =
        format!("the environment variable `{name}` has a blank, a line end or another character that none has");
    Err(Failure::new(Kind::Configuration, message).at(Path::new(at)).hint("write the value alone, without a line end"))
}

fn absent(name: &str, at: &str) -> Failure {
    let message = format!("the environment variable `{name}`, which the object storage needs, is not set");
    Failure::new(Kind::Configuration, message).at(Path::new(at)).hint(
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write credentials = \"instance\" into [object_storage] \
         where the machine has a role",
    )
}
