//! `[payments]`: when businesses are reminded of what is overdue, and how the CSV of a bank is read.

use super::table::{Form, Table, Text, refuse_shared};
use super::words;
use crate::domain::mapping::{Condition, Field};
use crate::domain::receivable::{PaymentRules, StatementTable, TextEncoding};

const PAYMENTS: Form =
    Form { name: "[payments]", needs: &[], allows: &["[[payments.reminder]]", "[[payments.statement]]"] };

const REMINDER: Form = Form { name: "[[payments.reminder]]", needs: &["days = 7"], allows: &[] };

const STATEMENT: Form = Form {
    name: "[[payments.statement]]",
    needs: &[
        "name = \"house-bank\"",
        "account = { value = \"IE89RTRD99900012345678\" }",
        "currency = \"Currency\"",
        "booked = \"Booking date\"",
        "days = \"%d.%m.%Y\"",
        "amount = \"Amount\"",
        "text = [\"Purpose\", \"Reference\"]",
    ],
    allows: &[
        "encoding = \"windows-1252\"",
        "separator = \";\"",
        "skip_lines = 4",
        "decimal = \",\"",
        "amount_out = \"Paid out\"",
        "credit = { Type = [\"CR\", \"credit\"] }",
        "reference = \"Transaction\"",
        "payer = \"Name\"",
    ],
};

const VALUE: Form =
    Form { name: "a value of [[payments.statement]]", needs: &["value = \"IE89RTRD99900012345678\""], allows: &[] };

/// A reminder after ten years reminds nobody.
const MOST_DAYS: u32 = 3650;
/// Lines before the header of a table.
const MOST_LINES: u32 = 1000;

/// What the file at `root` says of payments; without `[payments]` nobody is reminded and no CSV is read.
pub(super) fn payments(root: &Table<'_>) -> PaymentRules {
    let Some(table) = root.table("payments", &PAYMENTS) else { return PaymentRules::default() };
    let statements = table.tables("statement", &STATEMENT);
    refuse_shared(&statements, "name");
    PaymentRules { reminders: reminders(&table), tables: statements.iter().filter_map(statement).collect() }
}

/// The days of the levels, which must rise.
fn reminders(payments: &Table<'_>) -> Vec<u32> {
    let mut days: Vec<u32> = Vec::new();
    for table in payments.tables("reminder", &REMINDER) {
        let Some(of_level) = table.number("days", 1..=MOST_DAYS) else { continue };
        if days.last().is_some_and(|last| *last >= of_level) {
            table.wrong("days", "the levels of reminders must rise", "sort them by `days`, each once");
        }
        days.push(of_level);
    }
    days
}

fn statement(table: &Table<'_>) -> Option<StatementTable> {
    let name = table.parsed("name", words::source_name);
    let encodings = [("utf-8", TextEncoding::Utf8), ("windows-1252", TextEncoding::Windows1252)];
    let encoding = table.choice("encoding", &encodings);
    let separator = table.choice("separator", &[(",", b','), (";", b';'), ("tab", b'\t'), ("|", b'|')]);
    let skip_lines = table.number("skip_lines", 0..=MOST_LINES);
    let (account, currency) = (field(table, "account"), field(table, "currency"));
    let (booked, days, amount) = (table.text("booked"), table.parsed("days", str::parse), table.text("amount"));
    let amount_out = if table.has("amount_out") { table.text("amount_out") } else { None };
    if amount_out.is_some() && table.has("credit") {
        table.wrong("amount_out", "the columns tell the side already", "keep `credit` or `amount_out`");
    }
    let decimal = table.choice("decimal", &[(".", '.'), (",", ',')]);
    let credit = table.words("credit").unwrap_or_default();
    let (reference, payer) = (field(table, "reference"), field(table, "payer"));
    let text = columns(table, "text");
    let told = |texts: Vec<Text>| texts.into_iter().map(|text| text.text).collect();
    Some(StatementTable {
        name: name?,
        encoding: encoding.unwrap_or_default(),
        separator: separator.unwrap_or(b','),
        skip_lines: skip_lines.unwrap_or(0),
        account: account?,
        currency: currency?,
        booked: booked?,
        days: days?,
        amount: amount?,
        amount_out,
        decimal: decimal.unwrap_or('.'),
        credit: credit.into_iter().map(|(column, of)| Condition { column: column.text, texts: told(of) }).collect(),
        reference,
        payer,
        text: text?,
    })
}

/// A column, several of which the first that is not empty counts, or `{ value = "…" }`.
fn field(table: &Table<'_>, key: &str) -> Option<Field> {
    if table.has_table(key) {
        return table.table(key, &VALUE)?.text("value").map(Field::Value);
    }
    columns(table, key).map(Field::Columns)
}

fn columns(table: &Table<'_>, key: &str) -> Option<Vec<String>> {
    if table.has(key) { table.text_or_texts(key) } else { None }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse_config;

    const ISSUER: &str =
        "[issuer]\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IE\"\nemail = \"a@b.ie\"\nzone = \"UTC\"\n";
    const BANK: &str = "[[payments.statement]]\nname = \"bank\"\naccount = { value = \"X\" }\ncurrency = \"Currency\"\n\
        booked = \"Day\"\ndays = \"%d.%m.%Y\"\namount = \"Amount\"\ntext = \"Purpose\"\n";

    fn rules(text: &str) -> Result<PaymentRules, Vec<String>> {
        let text = format!("{ISSUER}{text}");
        let told = parse_config(Path::new("ritardo.toml"), &text).map(|config| config.payments);
        told.map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.message).collect())
    }

    #[test]
    fn levels_and_tables_are_read() {
        assert_eq!(rules(""), Ok(PaymentRules::default()));
        let levels = "[[payments.reminder]]\ndays = 7\n[[payments.reminder]]\ndays = 21\n";
        let read = rules(&format!("{levels}{BANK}separator = \";\"\ndecimal = \",\"\ncredit = {{ Type = \"CR\" }}\n"))
            .unwrap();
        assert_eq!(read.reminders, [7, 21]);
        let [table] = read.tables.as_slice() else { panic!("{read:?}") };
        assert_eq!((table.separator, table.decimal, table.text.as_slice()), (b';', ',', &["Purpose".to_owned()][..]));
        assert_eq!(table.account, Field::Value("X".to_owned()));
        assert!(table.credit[0].fits("cr"));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, part) in [
            ("[[payments.reminder]]\ndays = 7\n[[payments.reminder]]\ndays = 7\n", "must rise"),
            ("[[payments.reminder]]\ndays = 0\n", "must lie between"),
            ("[payments]\nreminders = [7]\n", "has no key `reminders`"),
            (&format!("{BANK}{BANK}"), "stands already"),
            (&BANK.replace("%d.%m.%Y", "%d.%m"), "not a form of days"),
            (&BANK.replace("text = \"Purpose\"\n", ""), "has no `text`"),
            (
                &format!("{BANK}amount_out = \"Out\"\ncredit = {{ Type = \"CR\" }}\n"),
                "the columns tell the side already",
            ),
        ] {
            let told = rules(text).unwrap_err();
            assert!(told.iter().any(|message| message.contains(part)), "{text}: {told:?}");
        }
    }
}
