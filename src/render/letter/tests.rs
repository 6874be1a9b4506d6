use super::super::{Looks, Renderer, sample};
use super::*;
use crate::domain::invoice::{Adjustment, AdjustmentKind};
use crate::domain::{Brand, Money};

const LINES: &str = "message_id,channel,customer,received_at,answered_at,deadline,verdict,wait_ms,market,entry_point,tariff,rate,amount,currency\n\
    m1,c,'+39 ••• ••• 0001,2018-08-03T10:00:00.000Z,2018-08-04T10:30:00.000Z,2018-08-04T10:00:00.000Z,late,1,39,unknown,t,0.05,0.05,USD\n\
    m2,c,'+39 ••• ••• 0002,2018-08-03T10:20:00.000Z,2018-08-04T15:20:00.000Z,2018-08-04T10:20:00.000Z,late,1,39,unknown,t,0.05,0.05,USD\n\
    m3,c,'+39 ••• ••• 0003,2018-08-05T22:00:00.000Z,,2018-08-06T22:00:00.000Z,unanswered,,39,unknown,t,0.09,0.09,USD\n\
    ,,,,,,rounding,,39,,t,,0.01,USD\n";

fn drawn(language: Language) -> LetterView {
    of(&flat(language), LINES)
}

fn of(invoice: &Invoice, lines: &str) -> LetterView {
    letter(invoice, lines.as_bytes(), &dressed(invoice)).unwrap()
}

/// An invoice on which each message has its price whatever the others are.
fn flat(language: Language) -> Invoice {
    let mut invoice = sample::invoice(language);
    invoice.lines.iter_mut().for_each(|line| line.step = None);
    invoice
}

fn dressed(invoice: &Invoice) -> InvoiceView {
    InvoiceView::of(invoice, "").in_looks(&Looks::default(), "", &Brand::default(), invoice, None)
}

#[test]
fn a_letter_says_when_and_what_sooner_answers_would_have_saved() {
    let letter = drawn(Language::English);
    let cells: Vec<&[String]> = letter.sooner.rows.iter().map(|row| &row[1..]).collect();
    assert_eq!(cells, [["1", "33.3%", "0.05"], ["1", "33.3%", "0.05"], ["2", "66.7%", "0.10"], ["1", "33.3%", "0.09"]]);
    assert_eq!(letter.hours.total.last().map(String::as_str), Some("3"));
    assert!(letter.alt.contains("2 of 3"), "{}", letter.alt);
    for text in [&letter.title, &letter.intro, &letter.alt, &letter.advice] {
        assert!(!text.contains(['{', '}']) && !text.contains("0001"), "{text}");
    }
}

#[test]
fn no_customer_and_no_message_is_in_it_in_any_language() {
    for language in Language::ALL {
        let letter = serde_json::to_string(&drawn(language)).unwrap();
        for secret in ["m1", "•••"] {
            assert!(!letter.contains(secret), "{secret}: {letter}");
        }
    }
    assert!(drawn(Language::Italian).title.contains("ottobre"));
    assert_eq!(drawn(Language::German).language, "en");
}

#[test]
fn a_letter_is_one_page_and_always_the_same() {
    let renderer = Renderer::new().unwrap();
    for language in [Language::English, Language::Italian] {
        let letter = drawn(language);
        let (html, pdf) = (renderer.letter_html(&letter).unwrap(), renderer.letter_pdf(&letter).unwrap());
        assert_eq!(pdf, renderer.letter_pdf(&letter).unwrap());
        assert_eq!(html, renderer.letter_html(&letter).unwrap());
        assert!(html.ends_with("</html>\n") && !html.contains("[["), "{html}");
        assert!(pdf.starts_with(b"%PDF-"));
        assert!(renderer.letter_pages(&letter).unwrap() == 1, "it has a second page");
    }
}

#[test]
fn what_is_no_line_file_and_what_charges_nothing_has_no_letter() {
    let invoice = sample::invoice(Language::English);
    let view = dressed(&invoice);
    let head = LINES.split_inclusive('\n').next().unwrap();
    for file in ["", "a,b\n1,2\n", head] {
        assert!(letter(&invoice, file.as_bytes(), &view).is_none(), "{file}");
    }
}

#[test]
fn no_saving_is_told_where_the_price_of_a_message_depends_on_others() {
    let plain = drawn(Language::English);
    assert!(plain.advice.contains("USD\u{a0}0.10") && plain.sooner.head.len() == 4, "{}", plain.advice);
    let limit: Money = "USD 25.00".parse().unwrap();
    let adjustment = |kind| Adjustment { kind, limit, amount: limit, shares: Vec::new() };
    let changes: [fn(&mut Invoice); 4] = [
        |invoice| invoice.computation.free = 10,
        |invoice| invoice.computation.tiers = "graduated".into(),
        |invoice| invoice.lines[0].step = Some("24h".parse().unwrap()),
        |invoice| invoice.lines[0].free = true,
    ];
    let mut invoices: Vec<Invoice> = vec![flat(Language::English); 6];
    changes.into_iter().zip(&mut invoices).for_each(|(change, invoice)| change(invoice));
    invoices[4].adjustments.push(adjustment(AdjustmentKind::Minimum));
    invoices[5].adjustments.push(adjustment(AdjustmentKind::Cap));
    for invoice in invoices {
        let letter = of(&invoice, LINES);
        assert!(!letter.advice.contains("USD") && letter.advice.contains("whole month"), "{}", letter.advice);
        let widths: Vec<usize> = letter.sooner.rows.iter().chain([&letter.sooner.total]).map(Vec::len).collect();
        assert_eq!((letter.sooner.head.len(), widths), (3, vec![3; 5]));
        assert_eq!(letter.sooner.rows[2][1], "2");
    }
}

#[test]
fn what_is_said_of_sooner_answers_is_so() {
    let rows: Vec<&str> = LINES.split_inclusive('\n').collect();
    let (head, never) = (rows[0], rows[3]);
    let long = rows[1].replace("2018-08-04T10:30:00.000Z", "2018-08-04T20:00:00.000Z");
    for (lines, said) in [
        (format!("{head}{never}"), "None of the charged messages has an answer"),
        (format!("{head}{long}"), "each took longer than that"),
        (format!("{head}{long}{never}"), "1 of the charged messages have none at all"),
    ] {
        let letter = of(&flat(Language::English), &lines);
        assert!(letter.advice.contains(said), "{}", letter.advice);
    }
    // A late answer that comes ever is as late as before.
    let italian = serde_json::to_string(&drawn(Language::Italian)).unwrap();
    assert!(italian.contains("in tempo, per quelli rimasti senza") && !italian.contains("mai, per"), "{italian}");
}
