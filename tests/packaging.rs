//! The files in `packaging/`: what they start is there, and both services are shut in alike.
#![cfg(test)]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{ritardo, root, scratch};

fn packaged(name: &str) -> String {
    fs::read_to_string(root().join("packaging").join(name)).unwrap()
}

/// The settings of a unit, one a line.
fn settings(name: &str) -> BTreeSet<String> {
    let text = packaged(name);
    text.lines().filter(|line| line.contains('=') && !line.starts_with('#')).map(str::to_owned).collect()
}

/// The commands that a file starts, up to the settings that they are given.
fn commands(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let commands = lines.flat_map(|line| line.split("ritardo ").skip(1).map(str::to_owned).collect::<Vec<_>>());
    commands.filter_map(|words| Some(words.split_once(" --config")?.0.to_owned())).collect()
}

#[test]
fn every_command_is_one_of_the_program() {
    let folder = scratch("packaging");
    for (name, expected) in [
        ("ritardo.service", vec!["run"]),
        ("ritardo-mail.service", vec!["mail send"]),
        ("crontab", vec!["run", "mail send"]),
    ] {
        assert_eq!(commands(&packaged(name)), expected, "{name}");
        for command in expected {
            let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
            ritardo(&folder, &words).expect(0);
        }
    }
}

#[test]
fn mails_go_every_ten_minutes() {
    assert!(settings("ritardo-mail.timer").contains("OnCalendar=*-*-* *:00/10:00"));
    for unit in ["ritardo", "ritardo-mail"] {
        assert!(settings(&format!("{unit}.timer")).contains(&format!("Unit={unit}.service")));
    }
    assert!(packaged("crontab").lines().any(|line| line.starts_with("*/10 * * * *  umask 077;")));
}

#[test]
fn both_services_are_shut_in_alike() {
    let own = ["Description=", "ExecStart=", "SuccessExitStatus="];
    let shared = |name: &str| -> BTreeSet<String> {
        settings(name).into_iter().filter(|line| !own.iter().any(|own| line.starts_with(own))).collect()
    };
    assert_eq!(shared("ritardo.service"), shared("ritardo-mail.service"));
    assert!(shared("ritardo.service").contains("NoNewPrivileges=yes"));
}
