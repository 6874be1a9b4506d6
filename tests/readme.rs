//! The README, carried out.
//!
//! Every `$ ` command of its `console` blocks is run, in the order of the page, in one copy of the sample data; what it
//! prints is compared line by line. `[..]` inside a line stands for any text, a line `...` for any lines, and `? 1` at
//! the end of an output for the exit code (0 where it is not written).
#![cfg(test)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use ritardo::error::{EXIT_CODES, exit_codes};

const README: &str = include_str!("../README.md");
const PROGRAM: &str = env!("CARGO_BIN_EXE_ritardo");
const BY_CARGO: &str = "cargo run --release --locked -- ";

/// A command with what it must print.
#[derive(Debug, Default, PartialEq, Eq)]
struct Step {
    /// In the page, from 1.
    line: usize,
    command: String,
    output: Vec<String>,
    code: i32,
}

/// The steps of the `console` blocks of a page.
fn steps(page: &str) -> Vec<Step> {
    let (mut steps, mut fence): (Vec<Step>, Option<bool>) = (Vec::new(), None);
    for (line, text) in (1..).zip(page.lines()) {
        if let Some(language) = text.strip_prefix("```") {
            fence = if fence.is_some() { None } else { Some(language == "console") };
        } else if fence == Some(true) {
            match (text.strip_prefix("$ "), text.strip_prefix("? "), steps.last_mut()) {
                (Some(command), ..) => {
                    let command = command.to_owned();
                    steps.push(Step { line, command, ..Step::default() });
                }
                (_, Some(code), Some(step)) => step.code = code.parse().expect("`? ` and a number"),
                (_, _, Some(step)) => step.output.push(text.to_owned()),
                (_, _, None) => panic!("line {line}: a console block begins with `$ `"),
            }
        }
    }
    steps
}

/// Whether a line fits a pattern in which `[..]` stands for any text.
fn line_fits(pattern: &str, line: &str) -> bool {
    let Some((head, rest)) = pattern.split_once("[..]") else { return pattern.trim_end() == line.trim_end() };
    let Some(line) = line.strip_prefix(head) else { return false };
    (0..=line.len()).filter(|at| line.is_char_boundary(*at)).any(|at| line_fits(rest, &line[at..]))
}

/// Whether lines fit patterns of which `...` stands for any lines.
fn fits(patterns: &[String], lines: &[&str]) -> bool {
    match (patterns.split_first(), lines.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "..." => (0..=lines.len()).any(|skipped| fits(rest, &lines[skipped..])),
        (Some((pattern, patterns)), Some((line, lines))) => line_fits(pattern, line) && fits(patterns, lines),
        _ => false,
    }
}

/// What is wrong with what a command printed and its exit code; `None` when it is as the page says.
fn complaint(step: &Step, output: &str, code: Option<i32>) -> Option<String> {
    let lines: Vec<&str> = output.lines().collect();
    let good = code == Some(step.code) && fits(&step.output, &lines);
    let Step { line, command, output: expected, code: wanted } = step;
    (!good).then(|| {
        let expected = expected.join("\n");
        format!("README.md line {line}: $ {command}\n--- it says, with exit code {wanted}:\n{expected}\n--- the program says, with exit code {code:?}:\n{output}")
    })
}

/// A copy of the sample data, without the state of earlier runs, and a folder with the program under its name.
fn prepared(name: &str) -> (PathBuf, PathBuf) {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&root);
    let (work, programs) = (root.join("work"), root.join("programs"));
    fs::create_dir_all(&programs).unwrap();
    symlink(PROGRAM, programs.join("ritardo")).unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data"), &work.join("sample_data"));
    (work, programs)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() && entry.file_name() == "state" => {}
            kind if kind.is_dir() => copy(&entry.path(), &target),
            _ => _ = fs::copy(entry.path(), target).unwrap(),
        }
    }
}

/// The command as the shell runs it here; `None` for the tests themselves.
fn command_line(command: &str) -> Option<String> {
    let command = command.strip_prefix(BY_CARGO).map_or(command.to_owned(), |rest| format!("ritardo {rest}"));
    (!command.starts_with("cargo test")).then_some(command)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the commands of the page are looked up where a reader's shell would")]
fn the_examples_print_what_the_readme_says() {
    let (work, programs) = prepared("readme");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let (mut complaints, mut run) = (Vec::new(), 0);
    for step in steps(README) {
        let Some(command) = command_line(&step.command) else { continue };
        assert!(!command.starts_with("cargo"), "line {}: only {BY_CARGO} and cargo test are known", step.line);
        let mut shell = Command::new("sh");
        let shell = shell.arg("-c").arg(format!("exec 2>&1\n{command}")).current_dir(&work);
        let done = shell.env("PATH", &path).env("LC_ALL", "C").output().unwrap();
        complaints.extend(complaint(&step, &String::from_utf8_lossy(&done.stdout), done.status.code()));
        run += 1;
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    assert!(run >= 10, "the README has only {run} examples that run");
}

#[test]
fn the_quick_start_has_the_two_commands() {
    let commands: Vec<String> = steps(README).into_iter().map(|step| step.command).take(2).collect();
    let first = format!("{BY_CARGO}run --config sample_data/ritardo.toml --as-of 2018-09-05T00:00:00Z");
    assert_eq!(commands, [first.as_str(), "cargo test --release --locked"]);
    assert_eq!(command_line(&commands[1]), None);
}

#[test]
fn a_page_that_says_something_else_is_found() {
    let page = "```console\n$ a\none [..] two\n...\nlast\n? 1\n```\n```sh\n$ b\n```\n```console\n$ c\n```\n";
    let found = steps(page);
    assert_eq!(found.iter().map(|step| (step.line, step.code)).collect::<Vec<_>>(), [(2, 1), (12, 0)]);
    for (output, code, good) in [
        ("one and two\nlast\n", 1, true),
        ("one  two\nx\n\ny\nlast\n", 1, true),
        ("one … [..] two two\nlast\n", 1, true),
        ("one and two\nlast\n", 0, false),
        ("one and two\nlast\nmore\n", 1, false),
        ("one and two\n", 1, false),
        ("one and three\nlast\n", 1, false),
        ("and one and two\nlast\n", 1, false),
        ("one and two!\nlast\n", 1, false),
        ("x\none and two\nlast\n", 1, false),
        ("", 1, false),
    ] {
        assert_eq!(complaint(&found[0], output, Some(code)).is_none(), good, "{output:?} {code}");
    }
    assert_eq!(complaint(&found[1], "", Some(0)), None);
    assert!(complaint(&found[1], "something\n", Some(0)).is_some(), "what is not written must not be printed");
    assert!(complaint(&found[1], "", None).is_some(), "killed by a signal");
}

/// What `ritardo --help` prints.
fn help() -> String {
    let done = Command::new(PROGRAM).arg("--help").output().unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let (_, section) = README.split_once("### Exit codes\n").expect("a section on exit codes");
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    let table: Vec<String> = EXIT_CODES.iter().map(|(code, meaning)| format!("| {code} | {meaning} |")).collect();
    assert_eq!(rows, table);
    assert!(help().trim_end().ends_with(&exit_codes()), "--help ends with the same table");
}

#[test]
fn every_command_has_its_row() {
    let help = help();
    let (_, commands) = help.split_once("Commands:\n").expect("a list of commands");
    let names = commands.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.contains(&"run"), "{names:?}");
    for name in names {
        assert!(README.contains(&format!("\n| `ritardo {name} ")), "the table of commands lacks `{name}`");
    }
}

/// The texts of the `toml` blocks.
fn settings() -> Vec<&'static str> {
    README.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// What `ritardo check` says about the settings in a folder, and whether it accepts them.
fn checked(folder: &Path) -> (bool, String) {
    let done = Command::new(PROGRAM).args(["check", "--config", "ritardo.toml"]).current_dir(folder).output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn the_examples_of_settings_are_valid() {
    let folder = prepared("readme-settings").0;
    let settings = settings();
    let of_file = |name: &str| settings.iter().find(|text| text.starts_with(&format!("# {name}\n"))).copied();
    for name in ["ritardo.toml", "businesses.toml", "tariff.toml"] {
        fs::write(folder.join(name), of_file(name).expect(name)).unwrap();
    }
    assert_eq!(checked(&folder), (true, String::new()));
    let (config, _) = of_file("ritardo.toml").and_then(|text| text.split_once("[mail]")).expect("[mail] comes last");
    let smtp = settings.iter().find(|text| text.starts_with("[mail]")).expect("the keys of smtp");
    fs::write(folder.join("ritardo.toml"), format!("{config}{smtp}")).unwrap();
    assert!(!checked(&folder).0, "there is no password file yet");
    fs::write(folder.join("smtp-password"), "secret\n").unwrap();
    fs::set_permissions(folder.join("smtp-password"), PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(checked(&folder), (true, String::new()));
    let dkim = settings.iter().find(|text| text.starts_with("[mail.dkim]")).expect("the keys of a signature");
    fs::write(folder.join("ritardo.toml"), format!("{config}{smtp}{dkim}")).unwrap();
    assert!(checked(&folder).1.contains("cannot read the key file dkim.pem"), "what is written there is understood");
    fs::write(folder.join("ritardo.toml"), format!("{config}{smtp}\nspeed = 1\n")).unwrap();
    assert!(!checked(&folder).0);
}

#[test]
fn every_link_leads_somewhere() {
    for link in README.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(link);
        assert!(link.contains("://") || path.exists(), "{link} does not exist");
    }
}
