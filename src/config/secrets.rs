//! Secrets never stand in a configuration file, and when one does, no message repeats it.

use std::borrow::Cow;

/// Wide on purpose, for a mistyped password is a password.
const WORDS: [&str; 5] = ["pass", "pasw", "pwd", "secret", "token"];

/// Keys that say where a password or a token is read. They hold no secret.
const PLACES: [&str; 4] = ["password_file", "password_env", "password_credential", "token_file"];

/// Whether a key of this name would hold a secret.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    !PLACES.contains(&key.as_str()) && WORDS.iter().any(|word| key.contains(word))
}

/// Whether some line of `text` gives a value to a key that would hold a secret.
pub(super) fn has_secret(text: &str) -> bool {
    text.lines().any(|line| matches!(masked(line), Cow::Owned(_)))
}

/// The line up to the `=` after a key that would hold a secret, or up to the user in a URL, who may have a password.
pub(super) fn masked(line: &str) -> Cow<'_, str> {
    // Same length as the line: only ASCII letters change.
    let mut lower = line.to_ascii_lowercase();
    for place in PLACES {
        lower = lower.replace(place, &" ".repeat(place.len()));
    }
    let start = WORDS.iter().filter_map(|word| lower.find(word)).min();
    let equals = start.and_then(|start| lower.get(start..)?.find('=').map(|at| start + at));
    let user = line.find("://").filter(|at| line.get(*at..).is_some_and(|rest| rest.contains('@'))).map(|at| at + 2);
    match equals.into_iter().chain(user).min().and_then(|at| line.get(..=at)) {
        Some(shown) => Cow::Owned(format!("{shown} …")),
        None => Cow::Borrowed(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_without_its_secret() {
        for (line, shown) in [
            ("password = \"hunter2\"", "password = …"),
            ("  smtp_Password=\"hunter2\" # x", "  smtp_Password= …"),
            ("mail = { password = \"hunter2\", port = 1 }", "mail = { password = …"),
            ("pasword = \"hunter2\"", "pasword = …"),
            ("password_file = \"p\"", "password_file = \"p\""),
            ("password_credential = \"p\"", "password_credential = \"p\""),
            ("a = { password_env = \"P\", password = \"hunter2\" }", "a = { password_env = \"P\", password = …"),
            ("host = \"tokens.example\"", "host = \"tokens.example\""),
            ("token_file = \"cluster.token\"", "token_file = \"cluster.token\""),
            ("remote = \"sc://host/;token=hunter2\"", "remote = \"sc://host/;token= …"),
            ("remote = \"sc://me:hunter2@host\"", "remote = \"sc:// …"),
            ("email = \"a@b.ie\" # as on https://b.ie", "email = \"a@b.ie\" # as on https://b.ie"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }
}
