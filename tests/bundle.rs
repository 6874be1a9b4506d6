//! Bundles: a closed month that is audited where there is nothing else, and what an audit says of one that was changed.
#![cfg(test)]

mod common;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::shop::{SHOP, Shop};
use common::{Ran, bodies, in_parallel, program, ritardo, root, scratch, sha256, text};
use serde_json::Value;

/// August with an answer in time, a charge that was credited since, and one that was disputed with success.
fn shop(name: &str) -> Shop {
    let shop = Shop::new(name, "");
    shop.log("2018-08-05-more", &["in-time inbound 2018-08-05T10:00:00Z 77", "quick outbound 2018-08-05T11:00:00Z 77"]);
    shop.run("2018-09-05T00:00:00Z").expect(0);
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    fs::write(shop.folder.join("claims.csv"), "message_id,reason,decision\n2018-08-05-2,we wrote,accept\n").unwrap();
    shop
}

/// The files of a bundle, in its order.
fn unpacked(bundle: &Path) -> Vec<(String, Vec<u8>)> {
    let file = fs::File::open(bundle).unwrap();
    let mut tar = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let files = tar.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), bytes)
    });
    files.collect()
}

fn header(name: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    // As it stands: the library itself refuses names that leave the folder.
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn packed(bundle: &Path, entries: &[(tar::Header, Vec<u8>)]) {
    let mut tar = tar::Builder::new(zstd::Encoder::new(fs::File::create(bundle).unwrap(), 1).unwrap());
    for (header, bytes) in entries {
        tar.append(header, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
}

/// The entries of these files, with a manifest and a list of sums that fit them again.
fn sealed(mut files: Vec<(String, Vec<u8>)>, change: impl FnOnce(&mut Value)) -> Vec<(tar::Header, Vec<u8>)> {
    let mut manifest: Value = serde_json::from_slice(&files[1].1).unwrap();
    let listed = files[2..]
        .iter()
        .map(|(name, bytes)| serde_json::json!({ "name": name, "bytes": bytes.len(), "sha256": sha256(bytes) }));
    manifest["files"] = listed.collect();
    change(&mut manifest);
    files[1].1 = serde_json::to_vec_pretty(&manifest).unwrap();
    let sums: String = files[1..].iter().map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes))).collect();
    files[0].1 = sums.into_bytes();
    files.into_iter().map(|(name, bytes)| (header(&name, bytes.len() as u64), bytes)).collect()
}

fn audit(bundle: &Path) -> Ran {
    ritardo(bundle.parent().unwrap(), &["audit", bundle.file_name().unwrap().to_str().unwrap()])
}

/// A bundle in a folder of its own, without the state that it was made of.
fn alone(name: &str) -> PathBuf {
    let shop = shop(&format!("{name}-shop"));
    let bundle = shop.bundle("2018-08");
    let folder = scratch(name);
    fs::rename(shop.folder.join(&bundle), folder.join(&bundle)).unwrap();
    fs::remove_dir_all(&shop.folder).unwrap();
    folder.join(bundle)
}

#[test]
fn a_bundle_is_audited_where_there_is_nothing_else() {
    let bundle = alone("bundle-alone");
    let mut audit = program(bundle.parent().unwrap(), &["audit", "2018-08.tar.zst", "--format", "json"]);
    let temporary = scratch("bundle-alone-tmp");
    let audited = Ran::of(&audit.env("TMPDIR", &temporary).output().unwrap()).expect(0).json();
    assert_eq!(
        (&audited[0]["identical"], &audited[0]["charges"]),
        (&Value::Bool(true), &Value::from(3)),
        "{audited:#}"
    );
    assert_eq!(audited[0]["corrections"][0]["charges"], 2);
    assert_eq!(audited[0]["documents"][0]["corrects"], "LR-2018-000001");
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "nothing is left behind");
    let told = ritardo(bundle.parent().unwrap(), &["audit", "2018-08.tar.zst"]).expect(0).out;
    assert!(
        told.contains("identical 2018-08") && told.contains("not signed") && told.contains("ledger    sha256:"),
        "{told}"
    );
    let folder = scratch("bundle-sums");
    let unpack = Command::new("tar").arg("--zstd").arg("-xf").arg(&bundle).current_dir(&folder).status().unwrap();
    assert!(unpack.success());
    let sums = ["-c", "--strict", "--quiet", "SHA256SUMS"];
    assert!(Command::new("sha256sum").args(sums).current_dir(&folder).status().unwrap().success());
    let listed = fs::read_to_string(folder.join("SHA256SUMS")).unwrap().lines().count();
    assert_eq!(listed + 1, common::files(&folder).len(), "every file but the list itself is in the list");
}

#[test]
fn a_bundle_has_the_same_bytes_until_the_month_has_news() {
    let shop = shop("bundle-bytes");
    let bytes = || fs::read(shop.folder.join("2018-08.tar.zst")).unwrap();
    shop.bundle("2018-08");
    let first = bytes();
    // Later months are closed, and the bundle is not concerned.
    shop.run("2018-11-05T00:00:00Z").expect(0);
    let again = shop.ritardo(&["export-month", "2018-08", "2018-08.tar.zst"]).expect(0);
    assert!(again.out.starts_with("unchanged 2018-08"), "{}", again.out);
    assert_eq!(bytes(), first);
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", "2018-11-06T00:00:00Z"]).expect(0);
    shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", "2018-11-06T00:00:00Z"]).expect(0);
    // No bundle is written over.
    let refused = shop.ritardo(&["export-month", "2018-08", "2018-08.tar.zst"]).expect(73);
    assert!(refused.err.contains("another file has this name"), "{}", refused.err);
    assert_eq!(bytes(), first);
    fs::remove_file(shop.folder.join("2018-08.tar.zst")).unwrap();
    shop.run("2018-11-07T00:00:00Z").expect(0);
    shop.holds();
    shop.bundle("2018-08");
    assert_ne!(bytes(), first);
    let left: Vec<String> = common::files(&shop.folder).into_iter().filter(|name| name.contains("partial")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_bundle_names_charged_people_only() {
    let bundle = alone("bundle-names");
    let (mut charged, mut others) = (0, 0);
    for (name, bytes) in unpacked(&bundle) {
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!has("names.key") || name == "manifest.json", "{name} names the key");
        assert!(!has(&"5".repeat(64)), "{name} holds the key");
        // What is compressed inside is looked at where it is read: names are texts in Parquet.
        if name.starts_with("names/") {
            let frame = ritardo::read::archive::read_names(&bytes).unwrap();
            let ids = frame.column("message_id").unwrap().str().unwrap().clone();
            charged += ids.iter().flatten().filter(|id| id.starts_with("2018-08-05-")).count();
            others += ids.iter().flatten().filter(|id| !id.is_empty() && !id.starts_with("2018-08-05-")).count();
        } else {
            assert!(!has("+390000000077") && !has("in-time"), "{name} names somebody who was answered in time");
        }
    }
    assert_eq!((charged, others), (3, 0));
}

#[test]
fn a_signature_is_asked_for_and_proven() {
    let openssl =
        |arguments: &[&str], folder: &Path| Command::new("openssl").args(arguments).current_dir(folder).status();
    let shop = shop("bundle-signed");
    let folder = shop.folder.as_path();
    for key in ["own", "other"] {
        let (secret, public) = (format!("{key}.pem"), format!("{key}.pub.pem"));
        assert!(openssl(&["genpkey", "-algorithm", "ed25519", "-out", &secret], folder).unwrap().success());
        assert!(openssl(&["pkey", "-in", &secret, "-pubout", "-out", &public], folder).unwrap().success());
    }
    assert!(openssl(&["genpkey", "-algorithm", "ed448", "-out", "curve.pem"], folder).unwrap().success());
    shop.ritardo(&["export-month", "2018-08", "plain.tar.zst"]).expect(0);
    let signed = shop.ritardo(&["export-month", "2018-08", "signed.tar.zst", "--sign", "own.pem"]).expect(0);
    let audit = |bundle: &str, key: &str| shop.ritardo(&["audit", bundle, "--signed-by", key]);
    let told = audit("signed.tar.zst", "own.pub.pem").expect(0).out;
    let fingerprint = signed.out.lines().find_map(|line| line.strip_prefix("signed    by the key ")).unwrap();
    assert!(told.contains(fingerprint), "{told}");
    assert!(shop.ritardo(&["audit", "signed.tar.zst"]).expect(0).out.contains("; signed; --signed-by"));
    assert!(audit("signed.tar.zst", "other.pub.pem").expect(1).err.contains("is not signed by the key sha256:"));
    assert!(audit("plain.tar.zst", "own.pub.pem").expect(1).err.contains("the bundle is not signed"));
    audit("signed.tar.zst", "own.pem").expect(78);
    for wrong in ["curve.pem", "own.pub.pem", "missing.pem"] {
        let refused = shop.ritardo(&["export-month", "2018-08", "no.tar.zst", "--sign", wrong]);
        assert!([74, 78].contains(&refused.code) && refused.err.contains("hint: "), "{wrong}: {refused:?}");
    }
    let files = unpacked(&folder.join("signed.tar.zst"));
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("manifest.json")) {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let verify = "pkeyutl -verify -pubin -inkey own.pub.pem -rawin -in manifest.json -sigfile manifest.json.sig";
    assert!(openssl(&verify.split(' ').collect::<Vec<_>>(), folder).unwrap().success());
    // Sealed again with another total, it is whole, and not signed by that key.
    let mut files = files;
    let signature = files.remove(2);
    let mut entries = sealed(files, |manifest| manifest["businesses"][0]["charges"] = Value::from(2));
    let line = format!("{}  {}\n", sha256(&signature.1), signature.0);
    entries[0].1.extend(line.bytes());
    entries[0].0 = header("SHA256SUMS", entries[0].1.len() as u64);
    entries.insert(2, (header(&signature.0, 64), signature.1));
    packed(&folder.join("forged.tar.zst"), &entries);
    audit("forged.tar.zst", "own.pub.pem").expect(1);
    let told = shop.ritardo(&["audit", "forged.tar.zst"]).expect(1);
    assert!(told.err.contains("the manifest and the rows of the ledger"), "{}", told.err);
}

#[test]
fn a_bundle_that_was_changed_and_sealed_again_is_found() {
    let bundle = alone("bundle-changed");
    let files = unpacked(&bundle);
    let position = |part: &str| {
        files.iter().position(|(name, _)| name.contains(part)).unwrap_or_else(|| panic!("the bundle has no {part}"))
    };
    let content = |marker: &str| {
        let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(marker);
        files.iter().position(|(name, bytes)| name.starts_with("ledger/content/") && has(bytes)).unwrap()
    };
    let changes: [(&str, usize, &str, &str, &str); 8] = [
        ("row", position("entries.ndjson"), "USD 0.15", "USD 0.14", "rows of the bundle's ledger"),
        ("rule", content("[[rate]]"), "0.05", "0.06", "the tariff of bologna-bakery"),
        ("book", content("[[business]]"), "Bologna", "Balogna", "the book of bologna-bakery"),
        ("charge", position("charges/2018-08"), "0.05", "0.04", "DIFFERS"),
        ("invoice", content("LR-2018-000001"), "0.15", "0.14", "the canonical document"),
        ("document", position("LR-2018-000001_2018-08.html"), "0.15", "0.14", "the ledger says"),
        ("credit", position("LRC-2018-000001_2018-08.json"), "0.05", "0.15", "the ledger says"),
        ("message", position("archive/2018-08"), "PAR1", "PAR2", "an archived file is damaged"),
    ];
    in_parallel(&changes, |_, (name, place, old, new, told)| {
        let mut files = files.clone();
        let bytes = &mut files[*place].1;
        let found = bytes.windows(old.len()).position(|window| window == old.as_bytes());
        let found = found.unwrap_or_else(|| panic!("{name}: no {old}"));
        bytes.splice(found..found + old.len(), new.bytes());
        let changed = bundle.with_file_name(format!("{name}.tar.zst"));
        packed(&changed, &sealed(files, |_| ()));
        let audited = audit(&changed).expect(1);
        assert!(format!("{}{}", audited.out, audited.err).contains(told), "{name}: {audited:?}");
    });
    // Without a file that the month needs, and with one that nobody knows.
    for (part, name) in
        [("names/2018-08", "nameless"), ("archive/2018-08", "partless"), ("LR-2018-000001_2018-08.pdf", "less")]
    {
        let mut files = files.clone();
        files.remove(position(part));
        let changed = bundle.with_file_name(format!("{name}.tar.zst"));
        packed(&changed, &sealed(files, |_| ()));
        assert_ne!(audit(&changed).code, 0, "{name}");
    }
    let mut more = files.clone();
    more.insert(
        position("issued/LR-2018-000001") + 1,
        ("issued/LR-2018-000001/LR-2018-000001_2018-08.d".into(), vec![1]),
    );
    more[2..].sort();
    let changed = bundle.with_file_name("more.tar.zst");
    packed(&changed, &sealed(more, |_| ()));
    assert!(audit(&changed).expect(1).err.contains("the ledger knows no such document"));
}

#[test]
fn a_bundle_that_would_fill_the_disk_is_refused_before_it_does() {
    let bundle = alone("bundle-bomb");
    let mut files = unpacked(&bundle);
    let last = files.last_mut().unwrap();
    last.1 = vec![0; 80 << 20];
    packed(&bundle, &sealed(files, |_| ()));
    let told = audit(&bundle).expect(1);
    assert!(told.err.contains("it is a bomb: its "), "{}", told.err);
}

#[test]
fn every_changed_byte_of_a_bundle_is_found() {
    let bundle = alone("bundle-bytes-changed");
    let whole = fs::read(&bundle).unwrap();
    let step = (whole.len() / 60).max(1);
    let places: Vec<usize> = (0..whole.len()).step_by(step).chain(whole.len() - 4..whole.len()).collect();
    in_parallel(&places, |index, place| {
        let mut bytes = whole.clone();
        bytes[*place] ^= 1 << (index % 8);
        let changed = bundle.with_file_name(format!("changed-{index}.tar.zst"));
        fs::write(&changed, bytes).unwrap();
        let audited = audit(&changed);
        assert!([1, 78].contains(&audited.code), "byte {place}: {audited:?}");
        fs::remove_file(changed).unwrap();
    });
    for length in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
        let changed = bundle.with_file_name("cut.tar.zst");
        fs::write(&changed, &whole[..length]).unwrap();
        assert!([1, 78].contains(&audit(&changed).code), "cut to {length}");
    }
}

#[test]
fn a_hostile_bundle_writes_nothing_outside() {
    let folder = scratch("bundle-hostile");
    let plain = |name: &str| (header(name, 4), b"evil".to_vec());
    let linked = |name: &str, kind: tar::EntryType, target: &str| {
        let mut header = header(name, 0);
        header.set_entry_type(kind);
        header.set_link_name(target).unwrap();
        header.set_cksum();
        (header, Vec::new())
    };
    let listing = |name: &str| {
        let file = serde_json::json!({ "name": name, "bytes": 4, "sha256": sha256(b"evil") });
        let heads = serde_json::json!({ "entries": 0, "head": "", "documents": "" });
        let manifest = serde_json::json!({
            "form": "ritardo-bundle/1", "month": "2018-08", "version": "0", "zones": "", "ledger": heads,
            "businesses": [], "channels": {}, "files": [file],
        });
        let manifest = serde_json::to_vec(&manifest).unwrap();
        let sums = format!("{}  manifest.json\n{}  {name}\n", sha256(&manifest), sha256(b"evil"));
        vec![
            (header("SHA256SUMS", sums.len() as u64), sums.into_bytes()),
            (header("manifest.json", manifest.len() as u64), manifest),
        ]
    };
    let with = |name: &str, entry| [listing(name), vec![entry]].concat();
    let bundles = [
        ("up", with("../evil", plain("../evil"))),
        ("deep", with("archive/../../evil", plain("archive/../../evil"))),
        ("root", with("/tmp/ritardo-evil", plain("/tmp/ritardo-evil"))),
        ("ledger", with("ledger.db", plain("ledger.db"))),
        ("link", with("archive/evil", linked("archive/evil", tar::EntryType::Symlink, "/etc/passwd"))),
        ("hard", with("archive/evil", linked("archive/evil", tar::EntryType::Link, "/etc/passwd"))),
        ("first", vec![plain("archive/evil")]),
        ("unlisted", [with("archive/evil", plain("archive/evil")), vec![plain("archive/more")]].concat()),
        ("twice", [with("archive/evil", plain("archive/evil")), vec![plain("archive/evil")]].concat()),
        ("none", Vec::new()),
        ("no rows", with("archive/evil", plain("archive/evil"))),
    ];
    for (name, entries) in bundles {
        let bundle = folder.join(format!("{}.tar.zst", name.replace(' ', "-")));
        packed(&bundle, &entries);
        let audited = audit(&bundle);
        assert!([1, 78].contains(&audited.code) && audited.err.contains("hint: "), "{name}: {audited:?}");
        fs::remove_file(bundle).unwrap();
    }
    // A file that says it is larger than any disk.
    let huge = [listing("archive/evil"), vec![(header("archive/evil", 4), b"evil".to_vec())]].concat();
    let bundle = folder.join("huge.tar.zst");
    let text = String::from_utf8(huge[1].1.clone()).unwrap().replace("\"bytes\":4", "\"bytes\":99999999999999");
    let sums = format!("{}  manifest.json\n{}  archive/evil\n", sha256(text.as_bytes()), sha256(b"evil"));
    let entries = [("SHA256SUMS", sums), ("manifest.json", text)]
        .map(|(name, text)| (header(name, text.len() as u64), text.into_bytes()));
    packed(&bundle, &[entries.to_vec(), vec![huge[2].clone()]].concat());
    assert!(audit(&bundle).expect(1).err.contains("would unpack to 99999999999999"));
    fs::remove_file(bundle).unwrap();
    assert!(common::files(&folder).is_empty() && !Path::new("/tmp/ritardo-evil").exists());
    assert!(!folder.parent().unwrap().join("evil").exists());
}

#[test]
fn what_has_no_bundle_is_told() {
    let shop = shop("bundle-refused");
    let none = shop.ritardo(&["export-month", "2018-10", "b.tar.zst"]).expect(2);
    assert!(
        none.err.contains("no business has closed 2018-10") && none.err.contains("closed months: 2018-08"),
        "{}",
        none.err
    );
    assert!(shop.ritardo(&["export-month", "2018-08", "b.zip"]).expect(2).err.contains(".tar.zst"));
    shop.bundle("2018-08");
    let clock = shop.ritardo(&["audit", "2018-08.tar.zst", "--as-known", "2018-09-05"]).expect(2);
    assert!(clock.err.contains("--as-known cannot be asked of a bundle"), "{}", clock.err);
    shop.ritardo(&["audit", "2018-08", "--signed-by", "x.pem"]).expect(2);
    shop.ritardo(&["audit", "2018-08.tar.zst", "--business", "nobody"]).expect(2);
    shop.ritardo(&["audit", "2018-08.tar.zst", "--business", SHOP]).expect(0);
    shop.ritardo(&["audit", "none.tar.zst"]).expect(74);
    // What differs here is not exported as if it did not.
    let charges = shop.state().join("charges/2018-08/bologna-bakery.csv");
    let changed = fs::read_to_string(&charges).unwrap().replacen("0.05", "0.04", 1);
    fs::write(&charges, changed).unwrap();
    let refused = shop.ritardo(&["export-month", "2018-08", "other.tar.zst"]).expect(1);
    assert!(refused.err.contains("is not the same when it is done again"), "{}", refused.err);
    assert!(!shop.folder.join("other.tar.zst").exists());
    // Version 0.1.0 archived in plain.
    let golden = scratch("bundle-golden");
    common::copy(&root().join("tests/golden/0.1.0"), &golden.join("state"));
    common::copy(&root().join("sample_data/ritardo.toml"), &golden.join("ritardo.toml"));
    let told = ritardo(&golden, &["export-month", "2018-08", "old.tar.zst"]);
    assert!(told.code == 78 && told.err.contains("archived in plain by version 0.1.0"), "{told:?}");
    assert_eq!(text(&bodies(&shop.state(), "invoice")[0], "number"), "LR-2018-000001");
}
