//! What an error of the object storage means to a user.

use std::error::Error as Cause;
use std::path::Path;

use object_store::Error;

use crate::error::{Failure, Kind};

/// More characters of what a server says are not shown.
const LONGEST: usize = 300;

const CREDENTIALS: &str = "see AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN";

/// What is shown of an error. The answer of a server is cut before its XML, which can repeat the request.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);

/// The failure of an attempt at `url`.
pub(super) fn failure(what: &str, url: &str, error: &Error) -> Failure {
    let texts = texts(error);
    let code = texts.iter().find_map(|text| code_in(text));
    let (kind, message, hint) = if matches!(error, Error::InvalidPath { .. }) {
        let hint = "rename or remove the object: a name has no empty part, no `.` or `..` and no control character";
        (Kind::Configuration, "an object has a name that no file can have".to_owned(), hint)
    } else {
        let is_elsewhere = texts.iter().any(|text| text.contains("redirect without LOCATION"));
        meaning(what, code.as_deref(), if is_elsewhere { Some(301) } else { status(error) })
    };
    let said = said(&texts);
    let said = match code {
        Some(code) if !said.contains(&code) => format!("{said} ({code})"),
        _ => said,
    };
    Failure::new(kind, message).at(Path::new(url)).because(Said(said)).hint(hint)
}

fn meaning(what: &str, code: Option<&str>, status: Option<u16>) -> (Kind, String, &'static str) {
    let told = |kind, message: &str, hint| (kind, message.to_owned(), hint);
    match (code, status) {
        (Some("NoSuchBucket"), _) => {
            told(Kind::Configuration, "the bucket does not exist", "make it, or name another one in ritardo.toml")
        }
        (Some("AuthorizationHeaderMalformed" | "PermanentRedirect"), _) | (_, Some(301 | 307)) => {
            let hint = "write the region of the bucket as `region` of [object_storage]";
            told(Kind::Configuration, "the bucket lies in another region", hint)
        }
        (Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" | "InvalidToken"), _)
        | (Some("NotSignedUp"), _)
        | (_, Some(401)) => told(Kind::Permission, "the object storage does not take the credentials", CREDENTIALS),
        (_, Some(403)) => {
            let hint = "the inbox needs the right to list and read, the archive to list, read and write";
            told(Kind::Permission, "the object storage refuses access", hint)
        }
        (_, Some(404)) => told(Kind::InputOutput, "the object is missing", "put it back from a backup"),
        (_, Some(409 | 429 | 500..)) => {
            told(Kind::TryLater, "the object storage asks to try later", "nothing is lost; the next run tries again")
        }
        (_, Some(_)) => {
            let hint = "see `endpoint`, `region` and `path_style` of [object_storage]";
            (Kind::InputOutput, format!("the object storage would not {what}"), hint)
        }
        (_, None) => {
            let hint = "see `endpoint` of [object_storage] and the connection; the next run tries again";
            (Kind::TryLater, format!("cannot {what}: the object storage was not reached"), hint)
        }
    }
}

/// The HTTP status with which a server answered.
pub(super) fn status(error: &Error) -> Option<u16> {
    let texts = texts(error);
    let of = |text: &String| {
        let behind = text.split_once("status code: ")?.1;
        behind.get(..3)?.parse().ok()
    };
    let by_kind = match error {
        Error::NotFound { .. } => Some(404),
        Error::PermissionDenied { .. } => Some(403),
        Error::Unauthenticated { .. } => Some(401),
        Error::AlreadyExists { .. } => Some(409),
        _ => None,
    };
    texts.iter().find_map(of).or(by_kind)
}

/// The error and its causes, outermost first.
fn texts(error: &Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts
}

/// The name that S3 gives an error: `<Code>NoSuchBucket</Code>`.
fn code_in(text: &str) -> Option<String> {
    let (code, _) = text.split_once("<Code>")?.1.split_once("</Code>")?;
    let is_name = !code.is_empty() && code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| code.to_owned())
}

/// The innermost cause, which is the plainest, in one line.
fn said(texts: &[String]) -> String {
    let last = texts.last().map(String::as_str).unwrap_or_default();
    let plain = last.split('<').next().unwrap_or_default();
    let line: String = plain.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    line.trim().trim_end_matches(':').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("Server returned non-2xx status code: {0}")]
    struct Answer(&'static str);

    #[test]
    fn answers_are_told_by_what_to_do() {
        for (answer, kind, part) in [
            ("404 Not Found: <Error><Code>NoSuchBucket</Code></Error>", Kind::Configuration, "does not exist"),
            ("403 Forbidden: <Error><Code>SignatureDoesNotMatch</Code></Error>", Kind::Permission, "credentials"),
            ("403 Forbidden: <Error><Code>AccessDenied</Code></Error>", Kind::Permission, "refuses access"),
            ("503 Service Unavailable: ", Kind::TryLater, "try later"),
            (
                "400 Bad Request: <Error><Code>AuthorizationHeaderMalformed</Code></Error>",
                Kind::Configuration,
                "region",
            ),
            ("418 I'm a teapot: ", Kind::InputOutput, "would not list"),
        ] {
            let failure =
                failure("list", "s3://a/b", &Error::Generic { store: "S3", source: Box::new(Answer(answer)) });
            assert_eq!(failure.kind, kind, "{failure}");
            assert!(failure.message.contains(part), "{failure}");
        }
    }

    #[test]
    fn what_a_server_repeats_is_not_shown() {
        let answer =
            "403 Forbidden: <Error><Code>AccessDenied</Code><CanonicalRequest>canary</CanonicalRequest></Error>";
        let error = Error::Generic { store: "S3", source: Box::new(Answer(answer)) };
        let shown = failure("list", "s3://a", &error);
        assert!(!shown.to_string().contains("canary") && !format!("{shown:?}").contains("canary"), "{shown}");
        assert!(shown.to_string().contains("AccessDenied"), "{shown}");
    }
}
