//! For the tests: empty folders, and the mail server that follows a plan.

use std::path::PathBuf;

#[expect(dead_code, reason = "the tests of the command use more of it")]
#[path = "../../tests/common/smtp.rs"]
mod server;

pub(super) use server::papers::{Authority, Paper};
pub(super) use server::{Act, Cut, Heard, Plan, Rule, Server, Tls};

/// A new empty folder for the test of this name.
pub(super) fn folder(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ritardo-deliver-{}-{test}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}
