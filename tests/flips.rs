//! One bit turned anywhere in what is kept, and `verify` finds it and names the file.
//!
//! A state with closed months, invoices and a credit note is copied; then bits are turned one at a time, and turned back.
//! `RITARDO_FLIPS=3000` turns as many in each of the places.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "how many bits are turned is told by the environment")]

mod common;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use common::shop::Shop;
use common::{Dice, Ran, copy, files, ritardo, tree};

const WORKERS: usize = 4;

fn flips() -> usize {
    std::env::var("RITARDO_FLIPS").ok().map_or(60, |flips| flips.parse().expect("RITARDO_FLIPS is a number"))
}

/// Two closed months, two invoices, a credit note: copied for each worker, with what `verify` needs.
fn copies(name: &str) -> Vec<PathBuf> {
    let shop = Shop::new(name, "");
    shop.run("2018-10-05T00:00:00Z").expect(0);
    shop.log("2018-08-05-late", &["a1 outbound 2018-08-05T12:00:00Z 81", "a2 outbound 2018-08-05T12:00:00Z 82"]);
    let night = shop.run("2018-10-06T00:00:00Z").expect(0);
    assert!(night.out.contains("USD 0.10 given back by LRC-2018-000001"), "{}", night.out);
    fs::remove_dir_all(shop.folder.join("inbox")).unwrap();
    fs::create_dir(shop.folder.join("inbox")).unwrap();
    let copies: Vec<PathBuf> = (0..WORKERS).map(|worker| shop.folder.join(format!("copy{worker}"))).collect();
    for folder in &copies {
        fs::create_dir(folder).unwrap();
        for part in ["ritardo.toml", "businesses.toml", "tariff.toml", "state", "inbox"] {
            copy(&shop.folder.join(part), &folder.join(part));
        }
        ritardo(folder, &["verify"]).expect(0);
    }
    copies
}

fn turn(path: &Path, byte: u64, bit: usize) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut cell = [0];
    file.read_exact_at(&mut cell, byte).unwrap();
    file.write_all_at(&[cell[0] ^ (1 << bit)], byte).unwrap();
}

/// Turns bits of the files that are chosen, each as likely as any other, and gives those after which `is_well` says no.
fn missed(name: &str, chosen: &dyn Fn(&str) -> bool, is_well: &(dyn Fn(&str, &Ran) -> bool + Sync)) -> Vec<String> {
    let copies = copies(name);
    let state = copies[0].join("state");
    let chosen: Vec<String> = files(&state).into_iter().filter(|file| chosen(file)).collect();
    assert!(!chosen.is_empty(), "{name} chooses no file");
    let sizes: Vec<u64> = chosen.iter().map(|file| fs::metadata(state.join(file)).unwrap().len()).collect();
    let total = usize::try_from(sizes.iter().sum::<u64>()).unwrap();
    let missed = Mutex::new(Vec::new());
    common::in_parallel(&copies, |worker, folder| {
        let before = tree(&folder.join("state"));
        let mut dice = Dice::new(worker as u64 + 31);
        for _ in 0..flips().div_ceil(WORKERS) {
            let (mut byte, bit) = (dice.roll(total) as u64, dice.roll(8));
            let place = sizes.iter().position(|size| {
                let is_here = byte < *size;
                byte -= if is_here { 0 } else { *size };
                is_here
            });
            let file = &chosen[place.unwrap()];
            turn(&folder.join("state").join(file), byte, bit);
            let ran = ritardo(folder, &["verify"]);
            if !is_well(file, &ran) {
                missed.lock().unwrap().push(format!("bit {bit} of byte {byte} of {file}: exit {}", ran.code));
            }
            turn(&folder.join("state").join(file), byte, bit);
        }
        ritardo(folder, &["verify"]).expect(0);
        assert!(tree(&folder.join("state")) == before, "verify wrote something");
    });
    fs::remove_dir_all(copies[0].parent().unwrap()).unwrap();
    missed.into_inner().unwrap()
}

/// Something is wrong, and the file is named.
fn is_found(file: &str, ran: &Ran) -> bool {
    ran.code > 0 && !ran.out.contains("verified") && (ran.out.contains(file) || ran.err.contains(file))
}

#[test]
fn a_flipped_bit_of_the_ledger_is_found() {
    let missed = missed("flips-ledger", &|file| file == "ledger.db", &is_found);
    assert!(missed.is_empty(), "{} were missed: {missed:#?}", missed.len());
}

#[test]
fn a_flipped_bit_of_the_archive_is_found() {
    let is_archive = |file: &str| file.starts_with("archive/") || file.starts_with("names/") || file == "names.key";
    let missed = missed("flips-archive", &is_archive, &is_found);
    assert!(missed.is_empty(), "{} were missed: {missed:#?}", missed.len());
}

#[test]
fn a_flipped_bit_of_charges_and_documents_is_found() {
    let is_found = |file: &str, ran: &Ran| {
        // A charge file is named by the invoice that it belongs to.
        is_found(file, ran) || (file.starts_with("charges/") && ran.code == 1 && ran.out.contains("LR-2018-00000"))
    };
    let is_filed = |file: &str| file.starts_with("charges/") || file.starts_with("issued/");
    let missed = missed("flips-filed", &is_filed, &is_found);
    assert!(missed.is_empty(), "{} were missed: {missed:#?}", missed.len());
}

/// The sum of the ledger can be wrong itself: then that is said, or it is taken for one of another state.
#[test]
fn a_flipped_bit_of_the_sum_is_found_or_harmless() {
    let is_said = |file: &str, ran: &Ran| {
        is_found(file, ran) || (ran.code == 0 && ran.out.contains("ledger.sum is not of this state of the ledger"))
    };
    let missed = missed("flips-sum", &|file| file == "ledger.sum", &is_said);
    assert!(missed.is_empty(), "{} were missed: {missed:#?}", missed.len());
}
