//! Ledger and artefacts changed by hand, an older ledger put back, a tariff changed after its use.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::common::{NIGHT, bodies, charges, copy, files, ledger, night, ritardo, sample, tree};
use crate::undisturbed;

fn tamper(state: &Path, statement: &str) -> usize {
    let ledger = ledger(state);
    let triggers: Vec<String> = ledger
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(ledger.execute(statement, []).is_err(), "the triggers refuse: {statement}");
    for trigger in triggers {
        ledger.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    ledger.execute(statement, []).unwrap()
}

#[test]
fn a_tampered_ledger_is_found_and_not_built_upon() {
    let statements = [
        "UPDATE entry SET body = replace(body, 'USD 2.03', 'USD 2.02') WHERE kind = 'invoice' AND body LIKE '%USD 2.03%'",
        "UPDATE entry SET body = replace(body, '2018-08-01', '2018-08-02') WHERE seq = 2",
        "UPDATE entry SET kind = 'mail' WHERE kind = 'mail_attempt'",
        "UPDATE entry SET hash = previous || 'x' WHERE seq = 20",
        "UPDATE entry SET previous = hash WHERE seq = 20",
        "UPDATE entry SET seq = 1000 WHERE seq = 65",
        "DELETE FROM entry WHERE kind = 'month_closed'",
        "DELETE FROM entry WHERE seq = 1",
        "UPDATE entry SET body = '{}' WHERE seq = 65",
    ];
    crate::common::in_parallel(&statements, |index, statement| {
        let folder = sample(&format!("faults-tampered-{index}"));
        copy(&undisturbed().0, &folder.join("state"));
        let state = folder.join("state");
        assert!(tamper(&state, statement) > 0, "{statement} changes something");
        let before = tree(&state);
        let verified = ritardo(&folder, &["verify"]).expect(1);
        assert!(
            verified.out.contains("DIFFERS") && !verified.out.contains("verified"),
            "{statement}: {}",
            verified.out
        );
        let ran = night(&folder).expect(1);
        assert!(ran.err.contains("the ledger cannot be used"), "{statement}: {}", ran.err);
        ritardo(&folder, &["audit", "2018-08"]).expect(1);
        assert_eq!(tree(&state), before, "{statement}: nothing was written");
    });
}

#[test]
fn tampered_contents_and_artefacts_are_named() {
    let folder = sample("faults-artefacts");
    copy(&undisturbed().0, &folder.join("state"));
    let state = folder.join("state");
    ritardo(&folder, &["verify"]).expect(0);
    let protected = |name: &String| ["archive/", "charges/", "issued/"].iter().any(|part| name.starts_with(part));
    let artefacts: Vec<String> = files(&state).into_iter().filter(protected).collect();
    assert!(artefacts.len() > 60);
    for name in artefacts {
        let path = state.join(&name);
        let whole = fs::read(&path).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b" ").unwrap();
        let verified = ritardo(&folder, &["verify"]);
        let file = name.rsplit('/').next().unwrap();
        assert_eq!(verified.code, 1, "{name} was changed: {}{}", verified.out, verified.err);
        // A charge file is named by the invoice that it belongs to.
        assert!(verified.out.contains(file) || name.starts_with("charges/"), "{name}: {}", verified.out);
        fs::remove_file(&path).unwrap();
        let verified = ritardo(&folder, &["verify"]);
        assert_eq!(verified.code, 1, "{name} was removed: {}{}", verified.out, verified.err);
        fs::write(&path, whole).unwrap();
    }
    ritardo(&folder, &["verify"]).expect(0);
    tamper(&state, "UPDATE content SET bytes = CAST(bytes || ' ' AS BLOB)");
    let verified = ritardo(&folder, &["verify"]).expect(1);
    assert!(verified.out.contains("has other bytes than its SHA-256 says"), "{}", verified.out);
}

/// An older copy of the ledger beside newer documents: its chain is whole, its end is missing.
#[test]
fn a_ledger_that_was_rolled_back_is_found() {
    let folder = sample("faults-rolled-back");
    let state = folder.join("state");
    ritardo(&folder, &["run", "--as-of", "2018-09-01T00:00:00Z"]).expect(0);
    let earlier = fs::read(state.join("ledger.db")).unwrap();
    night(&folder).expect(0);
    assert_eq!(bodies(&state, "invoice").len(), 3);
    fs::write(state.join("ledger.db"), earlier).unwrap();
    let verified = ritardo(&folder, &["verify"]);
    assert_eq!(verified.code, 1, "three issued invoices are in no ledger, verify says:\n{}", verified.out);
    let before = tree(&state);
    let ran = ritardo(&folder, &["run", "--as-of", "2018-09-06T00:00:00Z"]);
    assert_eq!(tree(&state), before, "issued documents were written over, exit {}", ran.code);
}

#[test]
fn a_tariff_in_use_is_frozen() {
    let folder = sample("faults-tariff");
    night(&folder).expect(0);
    let before = tree(&folder.join("state"));
    let tariff = fs::read_to_string(folder.join("tariff.toml")).unwrap();
    fs::write(folder.join("tariff.toml"), tariff.replace("price = \"0.07\"", "price = \"0.08\"")).unwrap();
    for arguments in [&["run", "--as-of", NIGHT][..], &["run", "--as-of", "2018-10-20T00:00:00Z", "--dry-run"]] {
        let ran = ritardo(&folder, arguments).expect(78);
        assert!(ran.err.contains("late-reply@2018-08 was changed after 2018-08"), "{}", ran.err);
    }
    assert_eq!(tree(&folder.join("state")), before);
    // What was closed is judged by the text that the ledger froze.
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
    let renamed = tariff.replace("price = \"0.07\"", "price = \"0.08\"").replace("\"2018-08\"", "\"2018-09\"");
    fs::write(folder.join("tariff.toml"), renamed).unwrap();
    night(&folder).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
    assert_eq!(charges(&folder.join("state")), charges(&undisturbed().0));
}
