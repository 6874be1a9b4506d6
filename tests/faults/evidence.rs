//! Nothing is charged without evidence: logs that look whole and are not.

use std::fs;
use std::path::Path;

use crate::common::{NIGHT, bodies, charges, copy, ritardo, root, scratch};

const HEADER: &str = "message_id,business,channel,customer,direction,sent_at\n";

/// One shop with a log of its own: a question of 10 August at 18:00 and its answer of the next day at 14:00.
fn shop(name: &str) -> std::path::PathBuf {
    let folder = scratch(name);
    copy(&root().join("tests/refusals/base"), &folder);
    folder
}

fn row(id: &str, direction: &str, at: &str) -> String {
    format!("{id},bologna-bakery,+390510000417,+390000000001,{direction},{at}\n")
}

/// A file for each day from 31 July to 3 September.
fn write_days(inbox: &Path, text: impl Fn(&str) -> String) {
    fs::remove_file(inbox.join("2018-08.csv")).unwrap();
    let august = (1..=31).map(|day| format!("2018-08-{day:02}"));
    let days = std::iter::once("2018-07-31".to_owned()).chain(august);
    for day in days.chain((1..=3).map(|day| format!("2018-09-{day:02}"))) {
        fs::write(inbox.join(format!("{day}.csv")), HEADER.to_owned() + &text(&day)).unwrap();
    }
}

/// The file of a day that was read at its noon proves nothing of its afternoon: were it otherwise, the answer
/// that came then, and that no other file has, would be charged as missing.
#[test]
fn half_a_day_does_not_prove_the_whole() {
    let folder = shop("faults-half-day");
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let daily = "coverage = \"daily\"\nzone = \"UTC\"\nchannels = [\"+390510000417\"]";
    fs::write(folder.join("ritardo.toml"), config.replace("coverage = \"continuous\"", daily)).unwrap();
    let inbox = folder.join("inbox/desk");
    write_days(&inbox, |day| match day {
        "2018-08-10" => row("asked", "inbound", "2018-08-10T18:00:00Z"),
        _ => String::new(),
    });
    ritardo(&folder, &["run", "--as-of", "2018-08-11T12:00:00Z"]).expect(0);
    // The whole file of the 11th, with the answer of 14:00, was never sent again.
    fs::remove_file(inbox.join("2018-08-11.csv")).unwrap();
    let ran = ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
    assert!(charges(&folder.join("state")).is_empty(), "charged on half a day:\n{}", ran.out);
}

/// An issued invoice is mailed to the addresses that it was issued for, or the run says that it is not.
#[test]
fn an_issued_invoice_is_not_forgotten_when_the_book_changes() {
    let folder = shop("faults-book");
    let state = folder.join("state");
    // A file in the place of the folder stops the first run between closing and documents.
    fs::create_dir_all(state.join("issued")).unwrap();
    fs::write(state.join("issued/LR-2018-000001"), "in the way").unwrap();
    ritardo(&folder, &["run", "--as-of", NIGHT]).expect(73);
    assert_eq!(bodies(&state, "invoice").len(), 1, "issued, not yet drawn");
    fs::remove_file(state.join("issued/LR-2018-000001")).unwrap();
    let book = fs::read_to_string(folder.join("businesses.toml")).unwrap();
    fs::write(folder.join("businesses.toml"), book.replace("bologna-bakery", "bologna-cafe")).unwrap();
    let ran = ritardo(&folder, &["run", "--as-of", NIGHT]);
    let mails = bodies(&state, "mail").len();
    assert!(mails == 1 || ran.out.contains("LR-2018-000001"), "exit {}, {mails} mails:\n{}", ran.code, ran.out);
}
