//! `rate` over columns gives, byte for byte, what it gives row by row.
#![cfg(test)]

mod common;

use std::fs;
use std::path::Path;

use common::{ritardo, scratch};

/// Makes a month as one Parquet file for each seed, in `shop-SEED`.
fn made(folder: &Path, seeds: &[u32], traps: &str) {
    for seed in seeds {
        let (name, seed) = (format!("shop-{seed}"), seed.to_string());
        let made = ["generate", &name, "--messages", "4k", "--businesses", "12", "--by", "month", "--seed", &seed];
        let traps = ["--month", "2018-10", "--traps", traps];
        let traps = if traps[3].is_empty() { &traps[..2] } else { &traps[..] };
        ritardo(folder, &[&made[..], traps].concat()).expect(0);
    }
}

/// Rates `inputs` both ways, and compares what is written and said.
#[track_caller]
fn check(folder: &Path, inputs: &[&str], tariff: &str, more: &[&str], code: Option<i32>) {
    fs::write(folder.join("tariff.toml"), tariff).unwrap();
    let mut said = Vec::new();
    for way in ["columns", "rows"] {
        let (summary, charges) = (format!("{way}.json"), format!("{way}.parquet"));
        let mut words =
            [&["rate"][..], inputs, &["--tariff", "tariff.toml", "--as-of", "2018-11-14T00:00:00Z"]].concat();
        words.extend(more);
        words.extend(if way == "rows" { &["--by-rows"][..] } else { &[] });
        let summed = ritardo(folder, &[&words[..], &["--summary", &summary]].concat());
        words.extend(["--only", "charges", "--out", &charges]);
        let written = ritardo(folder, &words);
        said.push((summed, written, fs::read(folder.join(summary)).ok(), fs::read(folder.join(charges)).ok()));
    }
    assert!(code.is_none_or(|code| said[0].0.code == code), "{:?}", said[0].0);
    assert_eq!(said[0].0, said[1].0);
    assert_eq!(said[0].1, said[1].1);
    assert!(said[0].2 == said[1].2, "the summaries differ");
    assert!(said[0].3 == said[1].3, "the files of charges differ");
}

#[test]
fn both_ways_give_the_same() {
    let folder = scratch("quick");
    made(&folder, &[1, 2], "edge,dst,bots");
    let tariff = fs::read_to_string(folder.join("shop-1/tariff.toml")).unwrap();
    let one = &["shop-1/messages.parquet"][..];
    let cases: [(&str, &[&str]); 6] = [
        ("", &[]),
        // Some waits are pending, and some messages are no evidence yet.
        ("", &["--complete-through", "2018-10-20T00:00:00Z"]),
        ("[reading]\nboundary = \"exclusive\"\n", &[]),
        ("[reading]\nwindow = \"6h\"\n", &[]),
        ("[reading]\nprice_date = \"deadline\"\nmonth_of = \"deadline\"\n", &[]),
        // What the long way is for.
        ("[reading]\nclock = \"first_unanswered\"\ncharge_per = \"wait_run\"\n", &[]),
    ];
    for (reading, more) in cases {
        check(&folder, one, &tariff.replacen("\n[[rate]]", &format!("\n{reading}\n[[rate]]"), 1), more, Some(0));
    }
    let stepped = "steps = [{ after = \"24h\", price = \"0.05\" }, { after = \"48h\", price = \"0.09\" }]";
    check(&folder, one, &tariff.replacen("price = \"0.05\"", stepped, 1), &[], Some(0));
    check(
        &folder,
        one,
        &tariff.replacen("price = \"0.05\"", stepped, 1),
        &["--complete-through", "2018-10-20T00:00:00Z"],
        Some(0),
    );
    let dated =
        "price = \"0.05\"\nto = \"2018-10-15\"\n\n[[rate]]\nmarket = \"39\"\nprice = \"0.06\"\nfrom = \"2018-10-15\"";
    check(&folder, one, &tariff.replacen("price = \"0.05\"", dated, 1), &[], Some(0));
    let tiered = "tiers = [{ above = 0, price = \"0.05\" }, { above = 100, price = \"0.04\" }]";
    let counting = tariff.replacen("currency", "tiers = \"graduated\"\ncurrency", 1);
    check(&folder, one, &counting.replacen("price = \"0.05\"", tiered, 1), &[], Some(0));
    check(&folder, one, &tariff.replacen("currency", "free = 10\ncurrency", 1), &[], Some(0));
    check(&folder, one, &tariff.replacen("market = \"other\"", "market = \"81\"", 1), &[], Some(78));
    // Two files are one log: their ids differ, and in the second copy of a file all are equal.
    check(&folder, &["shop-1/messages.parquet", "shop-2/messages.parquet"], &tariff, &[], Some(0));
    check(&folder, &["shop-2/messages.parquet", "shop-1/messages.parquet"], &tariff, &[], Some(0));
    fs::copy(folder.join("shop-1/messages.parquet"), folder.join("copy.parquet")).unwrap();
    check(&folder, &["shop-1/messages.parquet", "copy.parquet"], &tariff, &[], Some(0));
}

#[test]
fn copies_and_damage_go_the_long_way() {
    let folder = scratch("quick-odd");
    made(&folder, &[3], "duplicates");
    let tariff = fs::read_to_string(folder.join("shop-3/tariff.toml")).unwrap();
    check(&folder, &["shop-3/messages.parquet"], &tariff, &[], None);
    let whole = fs::read(folder.join("shop-3/messages.parquet")).unwrap();
    // A bit of every few hundred bytes is turned: each file is refused, or read, by both ways alike.
    for place in (4..whole.len()).step_by(whole.len() / 24) {
        let mut damaged = whole.clone();
        damaged[place] ^= 16;
        fs::write(folder.join("damaged.parquet"), damaged).unwrap();
        check(&folder, &["damaged.parquet"], &tariff, &[], None);
    }
    fs::write(folder.join("damaged.parquet"), &whole[..whole.len() / 2]).unwrap();
    check(&folder, &["damaged.parquet"], &tariff, &[], None);
}
