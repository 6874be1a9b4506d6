//! Ledgers of released versions, kept as they were written: later versions must read, verify and audit them.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of the sample with the state folder of `version`, as the version left it.
fn workplace(version: &str, name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("golden-{version}-{name}"));
    let _ = fs::remove_dir_all(&folder);
    copied(&root.join("sample_data"), &folder);
    let _ = fs::remove_dir_all(folder.join("state"));
    copied(&root.join("tests/golden").join(version), &folder.join("state"));
    folder
}

fn ritardo(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ritardo"));
    command.args(args).arg("--config").arg(folder.join("ritardo.toml")).output().unwrap()
}

#[track_caller]
fn check(folder: &Path, args: &[&str], code: i32, says: &str) {
    let output = ritardo(folder, args);
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}\n{text}");
    assert!(text.contains(says), "{args:?} does not say `{says}`:\n{text}");
}

fn versions() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let versions: Vec<String> = names.filter(|name| !name.ends_with(".md")).collect();
    assert!(!versions.is_empty(), "no golden ledger is kept");
    versions
}

#[test]
fn golden_ledgers_are_verified_and_audited() {
    for version in versions() {
        let folder = workplace(&version, "audit");
        check(&folder, &["verify"], 0, "verified");
        check(&folder, &["audit", "2018-08"], 0, "3 of 3 business months identical: 2,095 waits, 221 charges");
        check(&folder, &["explain", "bb-24h-1ms"], 0, "on LR-2018-000001");
        // Bytes of a PDF are not the same on every kind of processor.
        if cfg!(target_arch = "x86_64") {
            let audited = ritardo(&folder, &["audit", "2018-08"]);
            let text = String::from_utf8_lossy(&audited.stdout).into_owned();
            assert!(!text.contains("would look otherwise"), "documents of plain tariffs keep their bytes:\n{text}");
        }
    }
}

#[test]
fn a_night_over_a_golden_ledger_finds_nothing_to_do() {
    for version in versions() {
        let folder = workplace(&version, "night");
        check(
            &folder,
            &["run", "--as-of", "2018-09-05T00:00:00Z"],
            0,
            "no new file, no month to close, no mail to send",
        );
        check(&folder, &["verify"], 0, "verified");
    }
}

#[test]
fn a_changed_golden_ledger_is_found() {
    let folder = workplace(&versions()[0], "changed");
    let charges = folder.join("state/charges/2018-08/bologna-bakery.csv");
    let text = fs::read_to_string(&charges).unwrap();
    fs::write(&charges, text.replacen("0.05", "0.06", 1)).unwrap();
    check(&folder, &["verify"], 1, "LR-2018-000001: the charges of");
    check(&folder, &["audit", "2018-08"], 1, "charge of message");
}
