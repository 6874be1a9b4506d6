//! What operators watch a run by: metrics, history, and the state as JSON with a schema that holds.
#![cfg(test)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::shop::Shop;
use common::{Ran, bodies, night, ritardo, root, sample, text, tree};
use serde_json::Value;

/// A sample whose runs leave their numbers in `metrics/ritardo.prom`.
fn measured(name: &str) -> std::path::PathBuf {
    let folder = sample(name);
    fs::create_dir(folder.join("metrics")).unwrap();
    let path = folder.join("ritardo.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, config + "\n[metrics]\ntextfile = \"metrics/ritardo.prom\"\n").unwrap();
    folder
}

/// Whether it is a decimal number as the program writes them.
fn is_number(text: &str) -> bool {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(rest)
}

/// The samples of the file by their series; every family has a type before its first sample.
fn metrics(folder: &Path) -> BTreeMap<String, String> {
    let told = fs::read_to_string(folder.join("metrics/ritardo.prom")).unwrap();
    let (mut samples, mut typed) = (BTreeMap::new(), BTreeSet::new());
    for line in told.lines() {
        if let Some(of_type) = line.strip_prefix("# TYPE ") {
            let (family, name) = of_type.split_once(' ').unwrap();
            assert!(["counter", "gauge"].contains(&name) && typed.insert(family.to_owned()), "{line}");
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let family = series.split('{').next().unwrap();
            assert!(typed.contains(family) && is_number(value), "{line}");
            assert!(samples.insert(series.to_owned(), value.to_owned()).is_none(), "{line} stands twice");
        }
    }
    samples
}

#[test]
fn a_night_leaves_its_numbers() {
    let folder = measured("operators-night");
    night(&folder).expect(0);
    let told = metrics(&folder);
    let number = |series: &str| told.get(series).unwrap_or_else(|| panic!("no {series} in {told:#?}")).as_str();
    for (series, value) in [
        ("ritardo_runs_total{exit_code=\"0\"}", "1"),
        ("ritardo_run_exit_code", "0"),
        ("ritardo_run_files_read", "47"),
        ("ritardo_run_rows_rejected", "2"),
        ("ritardo_rows_rejected_total", "2"),
        ("ritardo_months{state=\"closed\"}", "3"),
        ("ritardo_months{state=\"open\"}", "3"),
        ("ritardo_months{state=\"parked\"}", "0"),
        ("ritardo_mails{state=\"sent\"}", "4"),
        ("ritardo_files_set_aside", "0"),
        ("ritardo_run_as_of_time_seconds", "1536105600.000"),
    ] {
        assert_eq!(number(series), value, "{series}");
    }
    assert!(told.keys().any(|series| series.starts_with("ritardo_source_watermark_age_seconds{source=")), "{told:#?}");
    assert!(told.contains_key("ritardo_run_stage_seconds{stage=\"reading\"}"), "{told:#?}");
    // The collector is another user.
    let mode = fs::metadata(folder.join("metrics/ritardo.prom")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    assert_eq!(common::files(&folder.join("metrics")), ["ritardo.prom"], "nothing half-written stays");
}

#[test]
fn a_failed_run_is_counted_and_a_dry_one_is_not() {
    let folder = measured("operators-failed");
    night(&folder).expect(0);
    let first = metrics(&folder);
    ritardo(&folder, &["run", "--as-of", common::NIGHT, "--dry-run"]).expect(0);
    assert_eq!(metrics(&folder), first);
    // Behind what was decided already.
    ritardo(&folder, &["run", "--as-of", "2018-09-04T00:00:00Z"]).expect(78);
    let second = metrics(&folder);
    assert_eq!(second["ritardo_runs_total{exit_code=\"0\"}"], "1");
    assert_eq!(second["ritardo_runs_total{exit_code=\"78\"}"], "1");
    assert_eq!(second["ritardo_run_exit_code"], "78");
    assert_eq!(second["ritardo_run_completed_time_seconds"], first["ritardo_run_completed_time_seconds"]);
    assert_eq!(second["ritardo_mails{state=\"sent\"}"], "4");
    // Also where the run does not come so far as to read its tariff.
    fs::rename(folder.join("tariff.toml"), folder.join("tariff.away")).unwrap();
    night(&folder).expect(78);
    assert_eq!(metrics(&folder)["ritardo_runs_total{exit_code=\"78\"}"], "2");
    fs::rename(folder.join("tariff.away"), folder.join("tariff.toml")).unwrap();
    // A folder that is not there stops no run.
    fs::remove_dir_all(folder.join("metrics")).unwrap();
    let ran = night(&folder).expect(0);
    assert!(ran.err.contains("warning: the metrics were not written: "), "{}", ran.err);
}

#[test]
fn metrics_change_nothing_else() {
    let (plain, folder) = (sample("operators-plain"), measured("operators-measured"));
    for folder in [&plain, &folder] {
        night(folder).expect(0);
    }
    // The documents hold no word of it; what names the configuration does.
    let documents = |folder: &Path| {
        let mut tree = tree(&folder.join("state/issued"));
        tree.retain(|name, _| !name.ends_with(".eml"));
        tree
    };
    assert_eq!(documents(&plain).keys().collect::<Vec<_>>(), documents(&folder).keys().collect::<Vec<_>>());
    assert_eq!(common::charge_files(&plain.join("state")), common::charge_files(&folder.join("state")));
    let before = tree(&folder.join("state"));
    night(&folder).expect(0);
    assert_eq!(tree(&folder.join("state")), before, "a night without work changes the metrics alone");
}

#[test]
fn history_tells_runs_and_what_they_decided() {
    let shop = Shop::new("operators-history", "");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    shop.run("2018-09-05T00:00:00Z").expect(0);
    fs::write(shop.folder.join("claims.csv"), "message_id,reason\n2018-08-05-1,we answered\n").unwrap();
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", "2018-09-06T00:00:00Z"]).expect(0);
    shop.run("2018-10-05T00:00:00Z").expect(0);
    let told = shop.ritardo(&["history", "--format", "json"]).expect(0).json();
    let runs = told["runs"].as_array().unwrap();
    let commands: Vec<String> = runs.iter().map(|run| text(run, "command")).collect();
    assert_eq!(commands, ["run", "dispute", "run"], "{told:#}");
    assert_eq!(text(&runs[0], "at"), "2018-09-05T00:00:00.000Z");
    assert_eq!(runs[0]["closed"][0]["month"], "2018-08");
    assert_eq!(text(&runs[2]["issued"][0], "number"), text(&bodies(&shop.state(), "invoice")[1], "number"));
    assert_eq!(runs[0]["mails"]["sent"], 1);
    // The entries are all told, each once.
    let mut next = 1;
    for run in runs {
        assert_eq!(run["first_entry"].as_u64().unwrap(), next, "{told:#}");
        next = run["last_entry"].as_u64().unwrap() + 1;
    }
    let said = shop.ritardo(&["history", "--last", "1"]).expect(0).out;
    assert!(said.lines().count() == 2 && said.contains("closed 2018-09 bologna-bakery"), "{said}");
    let since = shop.ritardo(&["history", "--since", "2018-09-06T00:00:00Z"]).expect(0).out;
    assert_eq!(since.lines().count(), 3, "{since}");
    assert_eq!(told, shop.ritardo(&["history", "--format", "json"]).expect(0).json());
}

#[test]
fn history_tells_what_a_night_parked_once() {
    let shop = Shop::new("operators-parked", "");
    shop.setting("[invoice]\n", "[guards]\ncharges_per_day = 2\n\n[invoice]\n");
    shop.run("2018-09-05T00:00:00Z").expect(65);
    assert!(!shop.state().join("issued").exists());
    shop.run("2018-09-06T00:00:00Z").expect(65);
    assert_eq!(bodies(&shop.state(), "parked").len(), 1, "as long as it stands it is told once");
    shop.setting("charges_per_day = 2", "charges_per_day = 9");
    shop.run("2018-09-07T00:00:00Z").expect(0);
    assert!(shop.state().join("issued").exists());
    let told = shop.ritardo(&["history", "--format", "json"]).expect(0).json();
    let of = |place: usize| told["runs"][place]["decided"].as_array().unwrap().clone();
    assert_eq!(told["runs"].as_array().unwrap().len(), 3, "{told:#}");
    assert!(of(0).contains(&"parked 2018-08 of bologna-bakery (charges-per-day)".into()), "{told:#}");
    assert!(of(1).is_empty(), "{told:#}");
    assert_eq!(of(2), ["nothing is parked any more"], "{told:#}");
    shop.holds();
}

/// What of a value is not as a schema says. It knows the words that the schemas of this project use.
fn unfit(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() || number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut found = Vec::new();
    for (word, wanted) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "title" | "description" => {}
            "type" => {
                let is_it = |wanted: &Value| wanted == kind;
                if !is_it(wanted) && !wanted.as_array().is_some_and(|kinds| kinds.iter().any(is_it)) {
                    found.push(format!("{at}: {kind} and not {wanted}"));
                }
            }
            "const" if value != wanted => found.push(format!("{at}: {value} and not {wanted}")),
            "enum" if !wanted.as_array().unwrap().contains(value) => {
                found.push(format!("{at}: {value} is none of {wanted}"))
            }
            "const" | "enum" => {}
            "required" => {
                let names = wanted.as_array().unwrap().iter().filter_map(Value::as_str);
                found.extend(names.filter(|name| value.get(name).is_none()).map(|name| format!("{at}: no {name}")));
            }
            "properties" => {
                let fields = wanted.as_object().unwrap();
                for (name, schema) in fields {
                    found.extend(
                        value.get(name).into_iter().flat_map(|field| unfit(schema, field, &format!("{at}/{name}"))),
                    );
                }
                let unknown = value.as_object().into_iter().flatten().filter(|(name, _)| !fields.contains_key(*name));
                found.extend(unknown.map(|(name, _)| format!("{at}/{name}: the schema does not know it")));
            }
            "items" => {
                let items = value.as_array().into_iter().flatten();
                found.extend(items.flat_map(|item| unfit(wanted, item, &format!("{at}/*"))));
            }
            word => panic!("the schema has a word that is not tried: {word}"),
        }
    }
    found
}

fn schema(name: &str) -> Value {
    let path = root().join("docs/schemas").join(name);
    serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
}

#[track_caller]
fn assert_fits(name: &str, ran: Ran) -> Value {
    let told = ran.expect(0).json();
    let found = unfit(&schema(name), &told, "");
    assert!(found.is_empty(), "{}\n{told:#}", found.join("\n"));
    told
}

#[test]
fn what_programs_read_fits_its_schema() {
    let folder = sample("operators-schema");
    let path = folder.join("ritardo.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, config.replacen("[mail]\n", "[mail]\nsend = \"by hand\"\n", 1)).unwrap();
    night(&folder).expect(0);
    let status =
        assert_fits("status.json", ritardo(&folder, &["status", "--as-of", common::NIGHT, "--format", "json"]));
    assert!(!status["months"].as_array().unwrap().is_empty() && !status["mails"].as_array().unwrap().is_empty());
    let history = assert_fits("history.json", ritardo(&folder, &["history", "--format", "json"]));
    assert!(!history["runs"][0]["closed"].as_array().unwrap().is_empty(), "{history:#}");
}

#[test]
fn a_comparison_fits_its_schema() {
    let shop = Shop::new("operators-reconcile", "");
    let path = shop.folder.join("ritardo.toml");
    let mapping = "\n[[reconcile]]\nname = \"partner\"\nday = \"date\"\nmarket = \"country\"\ncount = \"volume\"\namount = \"cost\"\n";
    fs::write(&path, fs::read_to_string(&path).unwrap() + mapping).unwrap();
    shop.run("2018-09-05T00:00:00Z").expect(0);
    // Another price, a charge that nothing explains, and a row that cannot be read.
    let rows = "date,country,volume,cost\n2018-08-05,39,3,0.27\n2018-08-20,39,1,0.05\n2018-08-21,nowhere,1,0.05\n";
    fs::write(shop.folder.join("partner.csv"), rows).unwrap();
    let compare = ["reconcile", "2018-08", "partner.csv", "--as-of", "2018-09-06T00:00:00Z", "--format", "json"];
    let told = shop.ritardo(&compare).expect(1).json();
    let found = unfit(&schema("reconcile.json"), &told, "");
    assert!(found.is_empty(), "{}\n{told:#}", found.join("\n"));
    assert_eq!(
        (told["differences"].as_array().unwrap().len(), told["rejected_rows"].as_u64()),
        (2, Some(1)),
        "{told:#}"
    );
}

#[test]
fn a_field_that_is_lost_or_new_or_of_another_type_is_found() {
    let schema = schema("status.json");
    let whole: Value = serde_json::from_str(
        r#"{"format":"ritardo-status/1","as_of":"x","mails":[],"months":[{"month":"m","business":"b","state":"open",
            "missing":[],"net":null,"documents":["d"],"carried":null,"would_be":"USD 1.00"}]}"#,
    )
    .unwrap();
    assert_eq!(unfit(&schema, &whole, ""), Vec::<String>::new());
    let spoilt = |change: &dyn Fn(&mut Value)| {
        let mut value = whole.clone();
        change(&mut value);
        unfit(&schema, &value, "").len()
    };
    assert_eq!(spoilt(&|value| drop(value.as_object_mut().unwrap().remove("mails"))), 1);
    assert_eq!(spoilt(&|value| drop(value["months"][0].as_object_mut().unwrap().remove("would_be"))), 1);
    assert_eq!(spoilt(&|value| value["months"][0]["net"] = 1.into()), 1);
    assert_eq!(spoilt(&|value| value["months"][0]["state"] = "lost".into()), 1);
    assert_eq!(spoilt(&|value| value["format"] = "ritardo-status/2".into()), 1);
    assert_eq!(spoilt(&|value| value["more"] = 1.into()), 1);
}
