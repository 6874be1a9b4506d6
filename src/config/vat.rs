//! `vat` of a business: one treatment, or several with their days; and which day of a charge decides.

use super::table::{Form, Table};
use crate::domain::vat::{TaxPoint, VatBook, VatSpan, VatTreatment};
use crate::domain::{Date, Decimal};

const VAT: Form = Form {
    name: "vat",
    needs: &["treatment = \"standard\""],
    allows: &[
        "rate = \"22\"",
        "reason = \"Exempt under Article 132 of Directive 2006/112/EC\"",
        "code = \"VATEX-EU-132\"",
        "from = \"2027-01-01\"",
        "to = \"2028-01-01\"",
    ],
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Standard,
    Zero,
    ReverseCharge,
    OutOfScope,
    Exempt,
    Export,
}

const TREATMENTS: [(&str, Treatment); 6] = [
    ("standard", Treatment::Standard),
    ("reverse-charge", Treatment::ReverseCharge),
    ("out-of-scope", Treatment::OutOfScope),
    ("exempt", Treatment::Exempt),
    ("export", Treatment::Export),
    ("zero", Treatment::Zero),
];

const TAX_POINTS: [(&str, TaxPoint); 2] = [("month-end", TaxPoint::MonthEnd), ("charge", TaxPoint::Charge)];

/// The treatments of a business, by its table.
pub(super) fn vat(business: &Table<'_>) -> Option<VatBook> {
    let tax_point = business.choice("tax_point", &TAX_POINTS);
    let tables = business.one_or_more("vat", &VAT);
    let mut spans: Vec<(&Table<'_>, VatSpan)> =
        tables.iter().map(|table| Some((table, span(table)?))).collect::<Option<_>>()?;
    spans.sort_by_key(|(_, span)| span.from);
    end_where_the_next_begins(&mut spans);
    refuse_guesses(business, &spans, tax_point);
    let spans: Vec<VatSpan> = spans.into_iter().map(|(_, span)| span).collect();
    (!spans.is_empty()).then(|| VatBook { spans, tax_point: tax_point.unwrap_or_default() })
}

fn span(table: &Table<'_>) -> Option<VatSpan> {
    let treatment = treatment(table);
    let (from, to) = (table.date("from"), table.date("to"));
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        table.wrong(
            "to",
            "the treatment ends before it begins",
            "`from` is its first day, `to` the first day after it",
        );
    }
    Some(VatSpan { from, to, treatment: treatment? })
}

fn treatment(table: &Table<'_>) -> Option<VatTreatment> {
    let rate = table.parsed("rate", rate);
    let (reason, code) = (table.text("reason"), table.parsed("code", code));
    let treatment = table.choice("treatment", &TREATMENTS)?;
    check_companion(table, treatment, Treatment::Standard, "rate");
    // An export may have a reason of its own, and needs none.
    if treatment != Treatment::Export {
        check_companion(table, treatment, Treatment::Exempt, "reason");
    }
    if treatment != Treatment::Exempt && table.has("code") {
        table.wrong("code", "only exempt has a code", "remove `code`, or write treatment = \"exempt\"");
    }
    match treatment {
        Treatment::Standard => rate.map(|rate| VatTreatment::Standard { rate }),
        Treatment::Zero => Some(VatTreatment::Zero),
        Treatment::ReverseCharge => Some(VatTreatment::ReverseCharge),
        Treatment::OutOfScope => Some(VatTreatment::OutOfScope),
        Treatment::Exempt => reason.map(|reason| VatTreatment::Exempt { reason, code }),
        Treatment::Export => Some(VatTreatment::Export { reason }),
    }
}

/// `key` stands beside its own treatment, and beside no other.
fn check_companion(table: &Table<'_>, treatment: Treatment, owner: Treatment, key: &str) {
    let name = |wanted| TREATMENTS.iter().find(|(_, known)| *known == wanted).map_or("", |(name, _)| name);
    match (treatment == owner, table.has(key)) {
        (true, false) => {
            table.wrong("treatment", format!("{} needs a {key}", name(owner)), format!("add {}", VAT.example(key)));
        }
        (false, true) => {
            let hint = format!("remove `{key}`, or write treatment = \"{}\"", name(owner));
            table.wrong(key, format!("{} has no {key}", name(treatment)), hint);
        }
        _ => {}
    }
}

fn rate(text: &str) -> Result<Decimal, String> {
    let rate: Decimal = text.parse()?;
    let fits = Decimal::ZERO < rate && rate < "100".parse()?;
    if fits { Ok(rate) } else { Err(format!("a VAT rate of {text} is not between 0 and 100 percent")) }
}

fn code(text: &str) -> Result<String, String> {
    let sign = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    let good = text.strip_prefix("VATEX-").is_some_and(|rest| (1..=40).contains(&rest.len()) && rest.bytes().all(sign));
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a code of the list VATEX")) }
}

/// A treatment without an end ends on the day on which the next begins. None begins before the one before it has ended.
fn end_where_the_next_begins(spans: &mut [(&Table<'_>, VatSpan)]) {
    let begins: Vec<Option<Date>> = spans.iter().skip(1).map(|(_, span)| span.from).collect();
    for ((_, span), next) in spans.iter_mut().zip(&begins) {
        span.to = span.to.or(*next);
    }
    for ((table, span), (_, before)) in spans.iter().skip(1).zip(spans.iter()) {
        match (span.from, before.to) {
            (None, _) => {
                let hint = "give each treatment but the first its first day, as in from = \"2027-01-01\"";
                table.wrong("from", "two treatments have no beginning", hint);
            }
            (Some(from), _) if before.from == Some(from) => {
                let hint = "remove the one that is wrong: from each day on there is one treatment";
                table.wrong("from", format!("another treatment begins on {from}, too"), hint);
            }
            (Some(from), Some(end)) if from < end => {
                let hint = "let the earlier one end, with `to`, on the day on which this one begins";
                table.wrong("from", format!("another treatment holds until {end}"), hint);
            }
            _ => {}
        }
    }
}

/// What falls under which treatment is never guessed where one changes within a month.
fn refuse_guesses(business: &Table<'_>, spans: &[(&Table<'_>, VatSpan)], tax_point: Option<TaxPoint>) {
    for pair in spans.windows(2) {
        let [(_, before), (table, after)] = pair else { continue };
        let Some(day) = after.from.filter(|day| day.day() != 1) else { continue };
        if tax_point.is_none() && !business.has("tax_point") {
            let hint = "ask the accountant, and add tax_point = \"charge\" (each message by its own day) or \"month-end\" \
                        (the month by its last day) to the business";
            table.wrong("from", format!("the treatment changes within a month, on {day}"), hint);
        }
        let is_outside = |span: &VatSpan| span.treatment == VatTreatment::OutOfScope;
        if tax_point == Some(TaxPoint::Charge) && is_outside(before) != is_outside(after) {
            let hint = "let it change on the first day of a month: one invoice cannot say both (EN 16931, BR-O-11)";
            table.wrong("from", "out of scope changes to or from another treatment within a month", hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::parse_businesses;
    use super::*;

    fn book(vat: &str) -> String {
        format!(
            "[[business]]\nid = \"a\"\nlegal_name = \"A\"\naddress = [\"B\"]\ncountry = \"IT\"\nemails = [\"a@b.it\"]\n\
             language = \"it\"\nzone = \"UTC\"\nfirst_month = \"2018-08\"\n{vat}\n[[business.channel]]\nid = \"+1\"\n"
        )
    }

    fn read(vat: &str) -> Result<VatBook, String> {
        let businesses = parse_businesses(Path::new("b.toml"), &book(vat));
        let said = |mistakes: Vec<crate::domain::Mistake>| {
            mistakes.iter().map(|mistake| mistake.message.clone()).collect::<Vec<_>>().join("; ")
        };
        businesses.map(|businesses| businesses[0].vat.clone()).map_err(said)
    }

    const DATED: &str = "vat = [{ treatment = \"standard\", rate = \"24\", from = 2018-08-15 }, \
        { treatment = \"standard\", rate = \"22\" }]";

    #[test]
    fn one_treatment_is_for_all_time_and_several_have_their_days() {
        let standard = |rate: &str| VatTreatment::Standard { rate: rate.parse().unwrap() };
        assert_eq!(read("vat = { treatment = \"zero\" }"), Ok(VatBook::always(VatTreatment::Zero)));
        let dated = read(&format!("{DATED}\ntax_point = \"charge\"")).unwrap();
        let day: Date = "2018-08-15".parse().unwrap();
        assert_eq!(
            dated.spans,
            [
                VatSpan { from: None, to: Some(day), treatment: standard("22") },
                VatSpan { from: Some(day), to: None, treatment: standard("24") },
            ]
        );
        assert_eq!(dated.tax_point, TaxPoint::Charge);
        let exempt = read("vat = { treatment = \"exempt\", reason = \"r\", code = \"VATEX-EU-132\" }").unwrap();
        assert_eq!(exempt.spans[0].treatment.code(), Some("VATEX-EU-132"));
        for (vat, reason) in [("", None), (", reason = \"Art. 9\"", Some("Art. 9".to_owned()))] {
            let export = read(&format!("vat = {{ treatment = \"export\"{vat} }}"));
            assert_eq!(export, Ok(VatBook::always(VatTreatment::Export { reason })));
        }
    }

    #[test]
    fn what_would_have_to_be_guessed_is_refused() {
        for (vat, part) in [
            (DATED.to_owned(), "changes within a month, on 2018-08-15"),
            (DATED.replace(", from = 2018-08-15", ""), "two treatments have no beginning"),
            (DATED.replace("2018-08-15", "\"2018-8-15\""), "not a date"),
            (
                DATED.replace("\"22\"", "\"22\", to = \"2018-09-01\"") + "\ntax_point = \"charge\"",
                "another treatment holds until 2018-09-01",
            ),
            (
                DATED.replace("\"standard\", rate = \"22\"", "\"out-of-scope\"") + "\ntax_point = \"charge\"",
                "out of scope changes to or from another treatment",
            ),
            (
                DATED.replace("\"22\"", "\"22\", from = 2018-08-15") + "\ntax_point = \"charge\"",
                "another treatment begins on 2018-08-15, too",
            ),
            (
                DATED.replace("from = 2018-08-15", "from = \"2018-08-15\", to = \"2018-08-15\"")
                    + "\ntax_point = \"charge\"",
                "ends before it begins",
            ),
            ("vat = { treatment = \"zero\", rate = \"0\" }".to_owned(), "0 is not between"),
            ("vat = { treatment = \"zero\", code = \"VATEX-EU-O\" }".to_owned(), "only exempt has a code"),
            ("vat = { treatment = \"export\", code = \"VATEX-EU-G\" }".to_owned(), "only exempt has a code"),
            ("vat = { treatment = \"export\", rate = \"22\" }".to_owned(), "export has no rate"),
            ("vat = { treatment = \"exempt\", reason = \"r\", code = \"x\" }".to_owned(), "not a code"),
            ("vat = []".to_owned(), "the list `vat` is empty"),
        ] {
            let found = read(&vat).unwrap_err();
            assert!(found.contains(part), "{vat}: {found}");
        }
        // On the first of a month nothing has to be guessed.
        assert!(read(&DATED.replace("08-15", "09-01")).is_ok());
    }
}
