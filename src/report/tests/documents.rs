//! What was issued, given back and billed with other months, and what the page makes of it.

use super::super::{Closed, Document, State, month_page};
use super::{AUGUST, business, closed, credit, facts, id, invoice, waits};
use crate::domain::correction::{Earlier, EarlierCause};
use crate::domain::{CorrectionCause, Money};

/// A business with an earlier and a later month beside its own and a credit note, one with an invoice in place of
/// another, and one of which a later month bills everything.
fn states() -> [State; 3] {
    let month = |text: &str| text.parse().unwrap();
    // A part of August was billed with September, and July was billed with August.
    let later = Document {
        number: "LR-2018-000007".parse().unwrap(),
        month: month("2018-09"),
        part: "USD 0.10".parse().unwrap(),
        ..invoice("USD", 400, 88)
    };
    let mut own = invoice("USD", 120, 26);
    let cause = EarlierCause::CarriedOver;
    let amount: Money = "USD 0.20".parse().unwrap();
    own.earlier = vec![Earlier {
        month: month("2018-07"),
        cause,
        charges: 4,
        amount,
        data_sha256: String::new(),
        vat: None,
        shares: Vec::new(),
    }];
    own.part = "USD 1.00".parse().unwrap();
    let first = closed(vec![own, later, credit(30, 7, CorrectionCause::LateLogs)]);
    let reason = Some("the address was the old one".to_owned());
    let corrects = Some("LR-2018-000001".parse().unwrap());
    let cause = Some(CorrectionCause::Reissue);
    let again = Document {
        number: "LR-2018-000003".parse().unwrap(),
        corrects,
        cause,
        reason: reason.clone(),
        ..invoice("USD", 50, 11)
    };
    let note = Document { reason, ..credit(50, 11, CorrectionCause::Reissue) };
    let second = closed(vec![invoice("USD", 50, 11), note, again]);
    let said = vec!["USD 0.15 is billed with a later month".to_owned()];
    let third =
        State::Closed(Closed { word: "closed", said, charged_now: None, documents: Vec::new(), after: Vec::new() });
    [first, second, third]
}

#[test]
fn what_stands_is_what_was_issued_less_what_was_given_back() {
    let (waits, ids) = (waits(AUGUST), [id("a"), id("b"), id("c")]);
    let businesses = ids.iter().zip(states()).map(|(id, state)| business(id, state, &waits)).collect::<Vec<_>>();
    let page = month_page(&facts(businesses));
    let sums: Vec<[&str; 3]> =
        page.businesses.iter().map(|row| [row.sums.issued.as_str(), &row.sums.credited, &row.sums.standing]).collect();
    assert_eq!(sums, [["1.10", "0.30", "0.80"], ["1.00", "0.50", "0.50"], ["–", "–", "–"]]);
    assert_eq!(page.total.documents, "3 invoices, 2 credit notes");
    let total = &page.total.sums;
    assert_eq!([total.issued.as_str(), &total.credited, &total.standing], ["2.10", "0.80", "1.30"]);
    let parts: Vec<[&str; 3]> =
        page.documents.rows.iter().map(|row| [row.link.text.as_str(), &row.part, &row.total]).collect();
    assert_eq!(
        parts,
        [
            ["LR-2018-000001", "1.00", "1.46"],
            ["LR-2018-000007", "0.10", "–"],
            ["LRC-2018-000001", "-0.30", "-0.37"],
            ["LR-2018-000001", "0.50", "0.61"],
            ["LRC-2018-000001", "-0.50", "-0.61"],
            ["LR-2018-000003", "0.50", "0.61"],
        ]
    );
    let together = &page.documents.total;
    assert_eq!(
        [together.part.as_str(), &together.net, &together.tax, &together.total],
        ["1.30", "1.40", "0.30", "1.70"]
    );
    let plain = |text: &str| text.replace('\u{a0}', " ");
    assert!(plain(&page.summary).starts_with("2 of 3 businesses are invoiced for USD 2.68 in all, of which USD 0.98"));
    let figures: Vec<(String, String)> =
        page.figures.iter().skip(4).map(|figure| (plain(&figure.value), plain(&figure.note))).collect();
    let figure = |value: &str, note: &str| (value.to_owned(), note.to_owned());
    assert_eq!(
        figures,
        [
            figure("USD 2.20", "3 invoices; USD 0.20 of it of earlier months; USD 0.10 more with other months"),
            figure("USD 2.68", "with VAT of USD 0.48"),
            figure("USD 0.98", "2 credit notes; net USD 0.80"),
            figure("USD 1.30", "USD 2.10 issued, USD 0.80 given back"),
        ]
    );
    let lines: Vec<String> = page.documents.rows.iter().map(|row| plain(&row.lines.join("; "))).collect();
    assert_eq!(lines[0], "USD 0.20 of July 2018, carried over");
    assert_eq!((lines[1].as_str(), lines[2].as_str()), ("with September 2018", "late logs"));
    assert_eq!(lines[5], "reissue: the address was the old one");
    assert_eq!(page.businesses[2].said, ["USD 0.15 is billed with a later month"]);
}

#[test]
fn what_became_of_mails_is_told_by_state() {
    let id = id("a");
    for (mails, said) in [
        (vec![], "no mail"),
        (vec![("sent", 1)], "1 of 1 mail sent"),
        (vec![("sent", 2)], "2 of 2 mails sent"),
        (vec![("queued", 1), ("sent", 1)], "1 of 2 mails sent, 1 queued"),
        (
            vec![("sent", 1), ("refused", 2), ("bounced", 1)],
            "1 of 4 mails sent, 2 refused, 1 bounced: `ritardo mail list` says why",
        ),
    ] {
        let document = Document { mails, ..invoice("USD", 20, 4) };
        let page = month_page(&facts(vec![business(&id, closed(vec![document]), &[])]));
        assert_eq!(page.documents.rows[0].sent, said);
    }
}

#[test]
fn rejected_rows_are_told_with_their_reasons() {
    let id = id("a");
    let page = month_page(&facts(vec![business(&id, closed(Vec::new()), &[])]));
    let rows: Vec<_> = page.rejected.iter().map(|row| [&*row.file, &row.reason, &row.rows]).collect();
    assert_eq!((page.rejected_rows.as_str(), rows), ("1,204", vec![["desk/a.csv", "no time", "1,204"]]));
    assert!(super::html(&page).contains("<bdi>no time</bdi>"));
}
