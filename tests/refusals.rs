//! Every mistake that a user can meet: a folder that provokes it, and what the program then says.
//!
//! A case is a folder below `tests/refusals/` with a `case.txt`: one step a line, worked off in a copy of
//! `base/` over which the other files of the folder are laid. `expected.txt` holds what the last command said.
//! `BLESS=1` writes the expected files and the catalogue again, and fails.
#![cfg(test)]

mod common;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{Ran, copy, files, ledger, ritardo, root, scratch};

fn refusals() -> PathBuf {
    root().join("tests/refusals")
}

fn cases() -> Vec<String> {
    let folders = fs::read_dir(refusals()).unwrap().map(|entry| entry.unwrap().path());
    let named = folders.filter(|path| path.join("case.txt").exists());
    let mut cases: Vec<String> = named.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    cases.sort();
    cases
}

/// What the last command of a case said, and its exit code.
struct Told {
    title: String,
    ran: Ran,
}

/// The steps: `# title`, `$ ritardo …`, `write FILE TEXT`, `append FILE TEXT`, `replace FILE :: OLD => NEW`,
/// `copy FILE TO`, `cut FILE BYTES`, `remove FILE`, `open FILE` to others, `share FILE` so that they write it, `close FILE` to them,
/// `sql STATEMENTS`, `hold FILE`, `key STATE`, `mark STATE` as if a log of the ledger had begun there, and `refused ritardo …`, of which nothing is told. In texts `\n` is a line end.
fn tell(case: &str) -> Told {
    let folder = scratch(&format!("refusal-{case}"));
    copy(&refusals().join("base"), &folder);
    for name in
        files(&refusals().join(case)).iter().filter(|name| !["case.txt", "expected.txt"].contains(&name.as_str()))
    {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        copy(&refusals().join(case).join(name), &folder.join(name));
    }
    let script = fs::read_to_string(refusals().join(case).join("case.txt")).unwrap();
    let (mut title, mut last) = (String::new(), None);
    let mut held: Vec<File> = Vec::new();
    for line in script.lines().filter(|line| !line.is_empty()) {
        let (verb, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{case}: {line}"));
        match verb {
            "#" => title = rest.to_owned(),
            "$" => {
                assert!(
                    last.as_ref().is_none_or(|ran: &Ran| ran.code == 0),
                    "{case}: only the last command is refused"
                );
                let arguments: Vec<&str> = rest.split(' ').collect();
                assert_eq!(arguments[0], "ritardo", "{case}: {line}");
                last = Some(ritardo(&folder, &arguments[1..]));
            }
            "refused" => {
                let arguments: Vec<&str> = rest.split(' ').collect();
                assert_ne!(ritardo(&folder, &arguments[1..]).code, 0, "{case}: {line}");
            }
            "mark" => {
                let last = "SELECT max(seq) FROM entry";
                let last: i64 = ledger(&folder.join(rest)).query_row(last, [], |row| row.get(0)).unwrap();
                fs::write(folder.join(rest).join("ledger.series"), format!("past {last}\n")).unwrap();
            }
            "key" => common::give_key(&folder.join(rest), '5'),
            "hold" => {
                let file = File::options().append(true).create(true).open(folder.join(rest)).unwrap();
                file.lock().unwrap();
                held.push(file);
            }
            "sql" => {
                let ledger = ledger(&folder.join("state"));
                ledger.execute_batch(rest).unwrap_or_else(|error| panic!("{case}: {error}"));
            }
            _ => change(case, &folder, verb, rest),
        }
    }
    let ran = last.unwrap_or_else(|| panic!("{case} has no command"));
    Told { title, ran: relative(&folder, ran) }
}

/// The steps that change a file.
fn change(case: &str, folder: &Path, verb: &str, rest: &str) {
    let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let (path, text) = (folder.join(name), text.replace("\\n", "\n"));
    let read = || fs::read_to_string(&path).unwrap_or_else(|error| panic!("{case}: {name}: {error}"));
    match verb {
        "write" => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        "append" => fs::write(&path, read() + &text).unwrap(),
        "replace" => {
            let (old, new) =
                text.trim_start_matches(":: ").split_once(" =>").unwrap_or_else(|| panic!("{case}: {rest}"));
            let before = read();
            assert_eq!(before.matches(old).count(), 1, "{case}: `{old}` must stand once in {name}");
            fs::write(&path, before.replace(old, new.trim_start_matches(' '))).unwrap();
        }
        "copy" => copy(&path, &folder.join(text)),
        "cut" => {
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..text.parse::<usize>().unwrap()]).unwrap();
        }
        "open" => fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap(),
        "share" => fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap(),
        "close" => fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap(),
        "remove" if path.is_dir() => fs::remove_dir_all(&path).unwrap(),
        "remove" => fs::remove_file(&path).unwrap_or_else(|error| panic!("{case}: {name}: {error}")),
        _ => panic!("{case}: there is no step `{verb}`"),
    }
}

/// With paths as seen from the folder of the case.
fn relative(folder: &Path, ran: Ran) -> Ran {
    let folder = folder.to_str().unwrap();
    let relative = |text: String| text.replace(&format!("{folder}/"), "").replace(folder, ".");
    Ran { code: ran.code, out: relative(ran.out), err: relative(ran.err) }
}

/// Lines of a summary that tell of something that went wrong.
const LABELS: [&str; 7] = ["set aside", "parked", "rejected", "warning", "DIFFERS", "waiting   2018-08", "mail"];

fn golden(ran: &Ran) -> String {
    let mut text = String::new();
    // What an audit found stands indented below its verdict.
    let told = |line: &&str| LABELS.iter().any(|label| line.starts_with(label)) || line.starts_with("          ");
    for line in ran.out.lines().filter(told) {
        writeln!(text, "stdout: {}", line.trim_end()).unwrap();
    }
    text += &ran.err;
    writeln!(text, "exit code {}", ran.code).unwrap();
    text
}

/// What a person reads first: the message and the hint, without the places.
fn row(case: &str, Told { title, ran }: &Told) -> String {
    let golden = golden(ran);
    let clean = |text: &str| text.trim().replace('|', "\\|").replace('<', "&lt;");
    let said = golden.lines().next().unwrap_or_default();
    let said = ["error: ", "stdout: ", "warning: "].iter().fold(said, |said, prefix| said.trim_start_matches(prefix));
    let hint = golden.lines().find_map(|line| line.strip_prefix("hint: ").or(line.trim().strip_prefix("tip: ")));
    let (kind, code) = (kind(ran.code), ran.code);
    format!(
        "| [{}]({case}/case.txt) | {kind} | {} | {} | {code} |\n",
        clean(title),
        clean(said),
        clean(hint.unwrap_or(""))
    )
}

fn kind(code: i32) -> &'static str {
    match code {
        0 => "warning",
        1 => "differences",
        2 => "command line",
        65 => "set aside",
        70 => "self-check",
        73 => "cannot create",
        74 => "input or output",
        75 => "try later",
        77 => "permission",
        78 => "configuration",
        other => panic!("{other} is no exit code of the table"),
    }
}

fn catalogue(told: &[(String, Told)]) -> String {
    let mut text = "# Refusals\n\nEvery mistake that a user can meet, and what the program says then. Written by `tests/refusals.rs` from the \
                    folders beside this file; `BLESS=1` writes it again.\n\n| mistake | kind | message | hint | exit code |\n|---|---|---|---|---:|\n"
        .to_owned();
    for (case, told) in told {
        text += &row(case, told);
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a blessing is asked for by the environment, as test runners do")]
fn every_mistake_is_named_with_what_to_do() {
    let cases = cases();
    assert!(cases.len() >= 35, "{} cases", cases.len());
    let found: Vec<std::sync::Mutex<Option<Told>>> = cases.iter().map(|_| std::sync::Mutex::default()).collect();
    common::in_parallel(&cases, |index, case| *found[index].lock().unwrap() = Some(tell(case)));
    let told: Vec<(String, Told)> =
        cases.into_iter().zip(found).map(|(case, told)| (case, told.into_inner().unwrap().unwrap())).collect();
    let mut differing = Vec::new();
    let catalogue = (refusals().join("README.md"), catalogue(&told));
    let goldens = told.iter().map(|(case, told)| (refusals().join(case).join("expected.txt"), golden(&told.ran)));
    for (path, text) in goldens.chain([catalogue]) {
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected != text {
            if std::env::var_os("BLESS").is_some() {
                fs::write(&path, &text).unwrap();
            }
            differing.push(format!("--- {}\n{expected}+++ now\n{text}", path.display()));
        }
    }
    assert!(differing.is_empty(), "BLESS=1 accepts what the program says now\n{}", differing.join("\n"));
}

/// What holds for all of them, whatever they say.
#[test]
fn no_refusal_panics_or_leaves_the_reader_alone() {
    for case in cases() {
        let path = refusals().join(&case).join("expected.txt");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert!(!text.contains("panicked") && !text.contains(env!("CARGO_TARGET_TMPDIR")), "{case}:\n{text}");
        let code: i32 = text.lines().last().unwrap().strip_prefix("exit code ").unwrap().parse().unwrap();
        assert!(text.lines().count() > 1, "{case} says nothing");
        let title = fs::read_to_string(refusals().join(&case).join("case.txt")).unwrap();
        assert!(title.starts_with("# "), "{case} has no title");
        // A wrong configuration is always told with what to do about it.
        if code == 78 {
            let count = |begin: &str| text.lines().filter(|line| line.starts_with(begin)).count();
            let (errors, hints) = (count("error: "), count("hint: "));
            assert!(errors > 0 && errors == hints, "{case}: {errors} errors, {hints} hints\n{text}");
        }
    }
}
