//! What a server says of what went wrong, as it is told here.

use spark_connect_core::SparkError;

use super::ClusterError;

/// More of what a server says is of no use.
const SAID_MAX: usize = 600;
/// A number of so many digits may be that of a customer.
const DIGITS_MAX: usize = 7;
/// gRPC's `UNAVAILABLE`, and what a server says of a stream that it has left.
const UNAVAILABLE: i32 = 14;
const DISCONNECTED: &str = "INVALID_CURSOR.DISCONNECTED";

/// What a server that is there may not say the next time; everything else is an error.
pub(super) fn passing(what: &'static str, error: &SparkError) -> Result<ClusterError, ClusterError> {
    let is_passing = error.grpc_code() == Some(UNAVAILABLE) || error.message().contains(DISCONNECTED);
    if is_passing { Ok(told(what, error)) } else { Err(told(what, error)) }
}

/// For a call that is not tried again.
pub(super) fn failed(what: &'static str) -> impl Fn(SparkError) -> ClusterError {
    move |error| told(what, &error)
}

/// What a server says can be pages long, with the whole plan.
pub(super) fn told(what: &'static str, error: &SparkError) -> ClusterError {
    if error.grpc_code() == Some(UNAVAILABLE) {
        return ClusterError::Gone(what);
    }
    let message = error.message();
    let line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing");
    let said = without_values(line);
    ClusterError::Failed { doing: what, said: said.chars().take(SAID_MAX).collect() }
}

/// A sentence without what stands between its first quotation mark and its last, and without long numbers: it may be the number
/// of a customer.
fn without_values(line: &str) -> String {
    let is_mark = |sign: char| sign == '\'' || sign == '"';
    let line = match (line.find(is_mark), line.rfind(is_mark)) {
        (Some(first), Some(last)) if first < last => {
            let before = line.get(..=first).unwrap_or_default();
            format!("{before}…{}", line.get(last..).unwrap_or_default())
        }
        _ => line.to_owned(),
    };
    let mut said = String::new();
    let mut digits = String::new();
    for sign in line.chars().chain([' ']) {
        if sign.is_ascii_digit() {
            digits.push(sign);
            continue;
        }
        said.push_str(if digits.len() < DIGITS_MAX { &digits } else { "…" });
        digits.clear();
        said.push(sign);
    }
    said.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_names_no_customer() {
        for (line, expected) in [
            ("[CAST] The value '+3933' of the type \"STRING\" cannot be cast", "[CAST] The value '…\" cannot be cast"),
            ("Can't parse '3933'", "Can'…'"),
            ("no value 393330000001 in 12 rows", "no value … in 12 rows"),
            ("the path s3://b/x does not exist", "the path s3://b/x does not exist"),
            ("it's gone", "it's gone"),
        ] {
            assert_eq!(without_values(line), expected);
        }
    }
}
