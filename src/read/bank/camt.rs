//! camt.053, the statement of a bank in ISO 20022: versions 02, 04 and 08, which nearly all banks send.
//!
//! One entry may be a batch of several payments, which then are told one by one; where their amounts are not all there, or do
//! not come to that of the entry, the entry stands for all of them, and says so.

use std::collections::BTreeMap;

use super::node::{Node, each};
use super::{Statement, StatementError, booked, count, money, name, tidy};
use crate::domain::receivable::{MoneySide, StatementEntry};
use crate::domain::{Date, Money};

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";
/// Those of 04 have all that is asked for where those of 02 have it.
const VERSIONS: [&str; 3] = ["camt.053.001.02", "camt.053.001.04", "camt.053.001.08"];
/// The code of the bank for what is returned.
const RETURNED: &str = "RRTN";

/// Reads a statement.
pub(super) fn read(text: &str) -> Result<Statement, StatementError> {
    let mut statement = Statement::default();
    let mut places = Places::default();
    each(text, "Ntry", &root, &mut |around, entry| {
        let Some(of) = around.last().filter(|node| node.name == "Stmt") else { return Ok(()) };
        places.next(of);
        places.read(of, entry, &mut statement)
    })?;
    Ok(statement)
}

/// The first element says what the file is.
fn root(name: &str, values: &[String]) -> Result<(), StatementError> {
    let told: Vec<&str> = values.iter().filter_map(|value| value.strip_prefix(NAMESPACE)).collect();
    if name == "Document" && told.iter().any(|told| VERSIONS.contains(told)) {
        return Ok(());
    }
    let what = told.first().map_or_else(|| format!("its first element is `{name}`"), |told| format!("it is {told}"));
    Err(StatementError::Version(tidy(&what)))
}

/// Where in the file the reader is, and which entries of a statement it has seen.
#[derive(Default)]
struct Places {
    /// Identity of the statement that is read.
    of: String,
    statement: u64,
    entry: u64,
    seen: BTreeMap<String, u32>,
}

impl Places {
    /// Another entry, perhaps of another statement.
    fn next(&mut self, of: &Node) {
        let id = format!("{}\n{}\n{}", of.said(&["Id"]), account(of), of.said(&["CreDtTm"]));
        if self.statement == 0 || id != self.of {
            self.of = id;
            self.statement = self.statement.saturating_add(1);
            self.entry = 0;
            self.seen.clear();
        }
        self.entry = self.entry.saturating_add(1);
    }

    fn read(&mut self, of: &Node, entry: &Node, statement: &mut Statement) -> Result<(), StatementError> {
        // Version 02 has the status as a text, version 08 as a code inside.
        let status = entry.first_said(&[&["Sts", "Cd"], &["Sts"]]);
        if status != "BOOK" {
            statement.pending = statement.pending.saturating_add(1);
            return Ok(());
        }
        let place = format!("statement {}, entry {}", self.statement, self.entry);
        let whole = match Entry::of(of, entry, &place) {
            Ok(whole) => whole,
            Err(reason) => return statement.add(place, Err(reason)),
        };
        for mut payment in whole.payments() {
            count(&mut payment, &mut self.seen);
            let place = payment.place.clone();
            statement.add(place, Ok(payment))?;
        }
        Ok(())
    }
}

/// The account of a statement.
fn account(of: &Node) -> String {
    tidy(of.first_said(&[&["Acct", "Id", "IBAN"], &["Acct", "Id", "Othr", "Id"]]))
}

/// An entry with what all of its payments share.
struct Entry<'n> {
    node: &'n Node,
    details: Vec<&'n Node>,
    common: StatementEntry,
}

impl<'n> Entry<'n> {
    fn of(of: &Node, node: &'n Node, place: &str) -> Result<Self, String> {
        let amount = node.at(&["Amt"]).ok_or("it has no amount")?;
        let day = node.first_said(&[&["BookgDt", "Dt"], &["BookgDt", "DtTm"], &["ValDt", "Dt"], &["ValDt", "DtTm"]]);
        let day: Date = day.get(..10).ok_or("it has no day of booking")?.parse()?;
        let account = account(of);
        if account.is_empty() {
            return Err("its statement names no account".to_owned());
        }
        let details = node.all(&["NtryDtls", "TxDtls"]);
        let common = StatementEntry {
            place: place.to_owned(),
            account,
            reference: reference(node, &details),
            booked: booked(day)?,
            amount: money(&amount.currency, amount.text())?,
            side: side(node.said(&["CdtDbtInd"]))?,
            is_reversal: is_returned(node, &details),
            batch: None,
            payer: String::new(),
            references: Vec::new(),
            texts: Vec::new(),
            like: 0,
        };
        Ok(Self { node, details, common })
    }

    /// Each payment of a batch, or the entry as one.
    fn payments(&self) -> Vec<StatementEntry> {
        match self.details.as_slice() {
            [] => vec![self.told(&[], self.common.clone())],
            [only] => vec![self.told(&[*only], self.common.clone())],
            all => self.apart().unwrap_or_else(|| {
                // Whose it is cannot be said: the first name would stand for all.
                let whole = StatementEntry { batch: Some(self.together()), ..self.common.clone() };
                vec![StatementEntry { payer: String::new(), ..self.told(all, whole) }]
            }),
        }
    }

    /// Why the payments of a batch are not told apart.
    fn together(&self) -> String {
        let (whole, currency) = (self.common.amount, self.common.amount.currency());
        let all = format!("{} payments in one", self.details.len());
        let amounts: Option<Vec<Money>> = self.details.iter().map(|detail| amount(detail)).collect();
        let sum = amounts.and_then(|amounts| Money::sum(currency, amounts));
        match sum.and_then(|sum| Some((sum, sum.checked_sub(whole)?))) {
            None => format!("{all}, whose amounts are not all told"),
            Some((_, rest)) if rest.is_zero() => format!("{all}, not all of which came in"),
            Some((sum, rest)) if rest.minor() > 0 => {
                format!("{all}, which come to {sum}: {rest} more than the entry, perhaps charges of the bank")
            }
            Some((sum, _)) => format!("{all}, which come to {sum} alone"),
        }
    }

    /// The payments of a batch, where each says its amount and together they are the entry.
    fn apart(&self) -> Option<Vec<StatementEntry>> {
        let mut payments = Vec::new();
        for (detail, number) in self.details.iter().zip(1_u64..) {
            let own = detail.said(&["CdtDbtInd"]);
            if !own.is_empty() && side(own).ok()? != self.common.side {
                return None;
            }
            let amount = amount(detail)?;
            let reference = [self.common.reference.as_str(), &named(detail)].join("/");
            let reference = reference.trim_matches('/').to_owned();
            let place = format!("{}, payment {number}", self.common.place);
            payments.push(self.told(&[*detail], StatementEntry { place, amount, reference, ..self.common.clone() }));
        }
        let sum = Money::sum(self.common.amount.currency(), payments.iter().map(|payment| payment.amount))?;
        (sum == self.common.amount).then_some(payments)
    }

    /// The payment with who paid it and what they wrote.
    fn told(&self, details: &[&Node], payment: StatementEntry) -> StatementEntry {
        let payer = details.iter().map(|detail| {
            // Version 08 has parties and their agents apart.
            detail.first_said(&[
                &["RltdPties", "Dbtr", "Pty", "Nm"],
                &["RltdPties", "Dbtr", "Nm"],
                &["RltdPties", "UltmtDbtr", "Pty", "Nm"],
                &["RltdPties", "UltmtDbtr", "Nm"],
            ])
        });
        let payer = payer.filter(|name| !name.is_empty()).map(tidy).next().unwrap_or_default();
        let (mut references, mut texts) = (Vec::new(), Vec::new());
        for detail in details {
            for path in [&["RmtInf", "Strd", "CdtrRefInf", "Ref"][..], &["RmtInf", "Strd", "RfrdDocInf", "Nb"]] {
                references.extend(detail.all(path).into_iter().map(|node| tidy(node.text())));
            }
            // What is too long for one line goes on in the next.
            let lines = detail.all(&["RmtInf", "Ustrd"]).into_iter().map(Node::text);
            texts.push(tidy(&lines.collect::<Vec<_>>().join(" ")));
            texts.extend(detail.all(&["RmtInf", "Strd", "AddtlRmtInf"]).into_iter().map(|node| tidy(node.text())));
            texts.extend([&["Refs", "EndToEndId"][..], &["AddtlTxInf"]].map(|path| tidy(detail.said(path))));
        }
        texts.push(tidy(self.node.said(&["AddtlNtryInf"])));
        references.retain(|text| !text.is_empty());
        texts.retain(|text| !name(text).is_empty());
        StatementEntry { payer, references, texts, ..payment }
    }
}

/// What the bank calls an entry. `NtryRef` is not looked at: many banks count entries by it, statement by statement, so that the
/// same entry has another one in the next.
fn reference(entry: &Node, details: &[&Node]) -> String {
    let own = name(entry.said(&["AcctSvcrRef"]));
    match details {
        [only] if own.is_empty() => named(only),
        _ => own,
    }
}

/// What the bank calls a payment of an entry.
fn named(detail: &Node) -> String {
    let names = [&["Refs", "AcctSvcrRef"], &["Refs", "TxId"], &["Refs", "InstrId"]].map(|path| name(detail.said(path)));
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
}

/// The amount of a payment of a batch.
fn amount(detail: &Node) -> Option<Money> {
    let amount = detail.at(&["Amt"]).or_else(|| detail.at(&["AmtDtls", "TxAmt", "Amt"]))?;
    money(&amount.currency, amount.text()).ok()
}

/// Whether an entry takes another one back. Most banks book the return of a payment as an entry of its own, without the mark of
/// a reversal.
fn is_returned(entry: &Node, details: &[&Node]) -> bool {
    let is_coded = |node: &Node| node.said(&["BkTxCd", "Domn", "Fmly", "SubFmlyCd"]) == RETURNED;
    matches!(entry.said(&["RvslInd"]), "true" | "1")
        || is_coded(entry)
        || details.iter().any(|detail| detail.at(&["RtrInf"]).is_some() || is_coded(detail))
}

fn side(text: &str) -> Result<MoneySide, String> {
    match text {
        "CRDT" => Ok(MoneySide::Credit),
        "DBIT" => Ok(MoneySide::Debit),
        _ => Err("it does not say whether money came in or went out".to_owned()),
    }
}
