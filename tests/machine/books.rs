//! The books as the program keeps them, added up by plain loops: documents, months, journal, files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{bodies, content, files, ritardo, rows, sha256, text};
use crate::model::{Charge, Charges, Key, place};
use crate::town::{BUSINESSES, MONTHS, Town, instant};

/// `USD 0.15` or `0.15` in cents.
pub fn cents(amount: &str) -> i64 {
    let plain = amount.trim_start_matches("USD ").replace('.', "");
    plain.parse().unwrap_or_else(|_| panic!("{amount} is no amount in cents"))
}

fn amount(value: &Value, key: &str) -> i64 {
    cents(&text(value, key))
}

/// An issued document.
pub struct Document {
    pub number: String,
    pub kind: &'static str,
    pub business: String,
    pub corrects: Option<String>,
    /// Net, tax, total.
    pub amounts: [i64; 3],
    /// By month: what it bills or gives back.
    pub parts: BTreeMap<String, i64>,
}

impl Document {
    pub fn is_credit(&self) -> bool {
        self.kind == "credit_note"
    }
}

/// All documents in the order of their kinds, from the canonical documents.
pub fn documents(state: &Path) -> Vec<Document> {
    let mut documents = Vec::new();
    for kind in ["invoice", "replacement", "credit_note"] {
        for issued in bodies(state, kind) {
            let canonical = content(state, &text(&issued, "document_sha256"));
            let month = text(&canonical, "month");
            let mut parts: BTreeMap<String, i64> = BTreeMap::new();
            let list = |key: &str| canonical[key].as_array().cloned().unwrap_or_default();
            for earlier in list("earlier") {
                *parts.entry(text(&earlier, "month")).or_default() += amount(&earlier, "amount");
            }
            for line in list("credited").iter().filter(|line| line["of"] == "earlier_month") {
                *parts.entry(text(line, "month")).or_default() += amount(line, "credit");
            }
            let others: i64 = parts.iter().filter(|(of, _)| **of != month).map(|(_, part)| part).sum();
            parts.insert(month, amount(&canonical, "net") - others);
            documents.push(Document {
                number: text(&issued, "number"),
                kind,
                business: text(&issued, "business"),
                corrects: issued["corrects"].as_str().map(str::to_owned),
                amounts: ["net", "tax", "total"].map(|key| amount(&canonical, key)),
                parts,
            });
        }
    }
    documents
}

/// Numbers run on from 1 in each series; nothing is given back twice.
pub fn check_documents(documents: &[Document]) -> Result<(), String> {
    let mut series: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for document in documents {
        let (series_of, count) = document.number.rsplit_once('-').ok_or("a number without a count")?;
        series.entry(series_of).or_default().push(count);
    }
    for (name, mut counts) in series {
        counts.sort_unstable();
        let due: Vec<String> = (1..=counts.len()).map(|count| format!("{count:06}")).collect();
        if counts != due {
            return Err(format!("the numbers of {name} are {counts:?}"));
        }
    }
    for invoice in documents.iter().filter(|document| !document.is_credit()) {
        let credits: Vec<&Document> = documents
            .iter()
            .filter(|note| note.is_credit() && note.corrects.as_deref() == Some(&*invoice.number))
            .collect();
        for (place, what) in ["net", "tax", "total"].iter().enumerate() {
            let given_back: i64 = credits.iter().map(|note| note.amounts[place]).sum();
            if given_back > invoice.amounts[place] {
                return Err(format!(
                    "{} has {what} {}, {given_back} given back",
                    invoice.number, invoice.amounts[place]
                ));
            }
        }
        // What is given back whole is given back with its tax.
        let rest = |place: usize| invoice.amounts[place] - credits.iter().map(|n| n.amounts[place]).sum::<i64>();
        if rest(0) == 0 && rest(2) != 0 {
            return Err(format!("{} is given back whole, and its tax is not: {}", invoice.number, rest(2)));
        }
    }
    for document in documents {
        if document.amounts[0] + document.amounts[1] != document.amounts[2] {
            return Err(format!("{} does not add up: {:?}", document.number, document.amounts));
        }
    }
    Ok(())
}

/// What documents bill of each month, less what was given back.
pub fn billed(documents: &[Document]) -> BTreeMap<Key, i64> {
    let mut billed = BTreeMap::new();
    for document in documents {
        for (month, part) in &document.parts {
            let key = place(&document.business, month).unwrap_or_else(|| panic!("{month} of {}", document.business));
            *billed.entry(key).or_default() += if document.is_credit() { -part } else { *part };
        }
    }
    billed
}

/// The file of the charges of each closed month as they stand; none for a month that was closed without any.
fn standing_files(state: &Path) -> BTreeMap<Key, Option<String>> {
    let mut files: BTreeMap<Key, Option<String>> = BTreeMap::new();
    let mut add = |body: &Value, name: Option<String>| {
        if let Some(key) = place(&text(body, "business"), &text(body, "month")) {
            files.insert(key, name);
        }
    };
    for closed in bodies(state, "month_closed") {
        let name = format!("charges/{}/{}.csv", text(&closed, "month"), text(&closed, "business"));
        add(&closed, (closed["charges"] != 0).then_some(name));
    }
    for corrected in bodies(state, "corrected") {
        let (month, business) = (text(&corrected, "month"), text(&corrected, "business"));
        add(&corrected, Some(format!("charges/{month}/{business}.{}.csv", corrected["correction"])));
    }
    files
}

/// The charges of each closed month as they stand, by the files of charges.
pub fn standing(town: &Town) -> BTreeMap<Key, Charges> {
    let files = standing_files(&town.state()).into_iter();
    files.map(|(key, name)| (key, name.map_or_else(Charges::new, |name| charges(town, &name)))).collect()
}

fn charges(town: &Town, name: &str) -> Charges {
    let bytes = fs::read(town.state().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut charges = Charges::new();
    for row in rows(&bytes).iter().filter(|row| row["verdict"] != "rounding") {
        let id = row["message_id"].clone();
        let customer = id.rsplit('-').next().unwrap().parse().unwrap();
        let minutes = |column: &str| minutes(&row[column]);
        let charge = Charge { customer, received: minutes("received_at").unwrap(), answered: minutes("answered_at") };
        assert!(charges.insert(id, charge).is_none(), "charged twice in {name}: {row:?}");
    }
    charges
}

/// The instant in minutes since the first day.
fn minutes(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let day = (0..130).find(|day| crate::town::date(*day) == date)?;
    let (hours, minutes): (i64, i64) = (time[..2].parse().ok()?, time[3..5].parse().ok()?);
    let at = day * 1440 + hours * 60 + minutes;
    assert_eq!(instant(at), text, "a stamp of whole minutes");
    Some(at)
}

/// No message is charged by two months.
pub fn check_once(standing: &BTreeMap<Key, Charges>) -> Result<(), String> {
    let mut seen: BTreeSet<(usize, &String)> = BTreeSet::new();
    for ((business, month), charges) in standing {
        for id in charges.keys() {
            if !seen.insert((*business, id)) {
                return Err(format!("{id} is charged by {} and by another month", MONTHS[*month]));
            }
        }
    }
    Ok(())
}

/// Every document is a transaction that adds up to nothing, and businesses owe what the documents say.
pub fn check_journal(town: &Town, documents: &[Document]) -> Result<(), String> {
    if documents.is_empty() {
        return Ok(());
    }
    let by_month = &["journal", "2018-08..2018-10", "--format", "csv"][..];
    let by_issue = &["journal", "2018-08..2019-12", "--by", "issue-date", "--format", "csv"][..];
    for arguments in [by_month, by_issue] {
        let told = ritardo(&town.folder, arguments);
        if told.code != 0 {
            return Err(format!("{arguments:?} ends with {}: {}", told.code, told.err));
        }
        let (mut of_document, mut owed) = (BTreeMap::<String, i64>::new(), BTreeMap::<String, i64>::new());
        for row in rows(told.out.as_bytes()) {
            let of = |column: &str| if row[column].is_empty() { 0 } else { cents(&row[column]) };
            let posted = of("debit") - of("credit");
            *of_document.entry(row["number"].clone()).or_default() += posted;
            if row["account"].starts_with("Assets:Receivable") {
                *owed.entry(row["business"].clone()).or_default() += posted;
            }
        }
        if of_document.len() != documents.len() || of_document.values().any(|sum| *sum != 0) {
            return Err(format!("{arguments:?} does not balance, or has other documents: {of_document:?}"));
        }
        for (business, ..) in BUSINESSES {
            let of = documents.iter().filter(|document| document.business == business);
            let due: i64 = of.map(|document| document.amounts[2] * if document.is_credit() { -1 } else { 1 }).sum();
            if owed.get(business).copied().unwrap_or(0) != due {
                return Err(format!("{business} owes {due} by its documents, {owed:?} by the journal"));
            }
        }
    }
    Ok(())
}

/// SHA-256 of every file that was given away or is evidence of it: what lies there once stays as it is.
pub fn frozen(state: &Path) -> BTreeMap<String, String> {
    let mut names: BTreeSet<String> = standing_files(state).into_values().flatten().collect();
    for folder in ["issued", "outbox"] {
        let below = state.join(folder);
        let found = if below.exists() { files(&below) } else { Vec::new() };
        names.extend(
            found.into_iter().filter(|name| !name.ends_with(".partial")).map(|name| format!("{folder}/{name}")),
        );
    }
    let digest = |name: &String| sha256(&fs::read(state.join(name)).unwrap());
    names.into_iter().map(|name| (name.clone(), digest(&name))).collect()
}
