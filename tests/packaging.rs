//! The files in `packaging/`: what they start is there, and both services are shut in alike.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a lock is held for real time")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use common::{NIGHT, Ran, program, ritardo, root, sample, scratch};

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
    assert!(settings("ritardo-mail.timer").contains("OnCalendar=*-*-* *:05/10:00"));
    for unit in ["ritardo", "ritardo-mail"] {
        assert!(settings(&format!("{unit}.timer")).contains(&format!("Unit={unit}.service")));
    }
    assert!(packaged("crontab").lines().any(|line| line.starts_with("5-55/10 * * * *  umask 077;")));
}

/// The first of two that begin at once has the lock.
#[test]
fn no_mail_goes_in_the_minute_of_the_run() {
    let minutes: Vec<u32> = (5..=55).step_by(10).collect();
    let timer = settings("ritardo.timer");
    let at = timer.iter().find_map(|line| line.strip_prefix("OnCalendar=*-*-* ")).unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains("\n5-55/10 * * * *  ritardo  /usr/local/bin/ritardo mail send"));
    let minute_of = |text: &str| -> u32 {
        let run =
            text.lines().find(|line| line.contains("ritardo run") && line.starts_with(|c: char| c.is_ascii_digit()));
        run.unwrap().split(' ').next().unwrap().parse().unwrap()
    };
    for minute in [at.split(':').nth(1).unwrap().parse().unwrap(), minute_of(&packaged("crontab")), minute_of(&readme)]
    {
        assert!(!minutes.contains(&minute), "{minute}");
    }
}

#[test]
fn a_run_waits_for_mails_that_are_on_their_way() {
    let folder = sample("packaging-waits");
    fs::create_dir_all(folder.join("state")).unwrap();
    let lock = fs::File::create(folder.join("state/lock")).unwrap();
    lock.lock().unwrap();
    let run = ["run", "--as-of", NIGHT];
    let mut child = program(&folder, &run);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    ritardo(&folder, &[run.as_slice(), &["--wait", "0"]].concat()).expect(75);
    std::thread::sleep(Duration::from_secs(2));
    drop(lock);
    let ran = Ran::of(&child.wait_with_output().unwrap()).expect(0);
    assert_eq!(ran.err.matches("another command is at work: this run waits for it to end\n").count(), 1, "{}", ran.err);
    assert!(folder.join("state/ledger.db").exists());
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
