use super::super::{Renderer, sample};
use super::*;
use crate::domain::receivable::{Account, AccountRow, AccountWhat, OpenItem};

fn usd(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn item() -> OpenItem {
    OpenItem {
        number: "LR-2018-000001".parse().unwrap(),
        business: "bakery".parse().unwrap(),
        month: "2018-08".parse().unwrap(),
        issued: day("2018-09-05"),
        due: day("2018-10-05"),
        total: usd(150_000),
        prepaid: usd(0),
        released: usd(0),
        credited: usd(0),
        paid: usd(50_000),
        taken_over: usd(0),
        balance: usd(100_000),
        replaced_by: None,
    }
}

fn account() -> Account {
    let row = |date: &str, what: AccountWhat, amount: i64, balance: i64| AccountRow {
        date: day(date),
        what,
        amount: usd(amount),
        balance: usd(balance),
    };
    let number = || "LR-2018-000001".parse().unwrap();
    Account {
        rows: vec![
            row("2018-09-05", AccountWhat::Invoice(number()), 150_000, 150_000),
            row("2018-09-10", AccountWhat::Payment(1, "<b>株式会社</b> & \u{202e}x".to_owned()), -50_000, 100_000),
        ],
        balance: usd(100_000),
        open: vec![item()],
        overdue: usd(100_000),
        left: usd(700),
    }
}

#[test]
fn a_statement_is_drawn_in_every_language_and_form() {
    let renderer = Renderer::new().unwrap();
    for language in Language::ALL {
        let invoice = sample::invoice(language);
        let view = StatementView::of(language, &invoice.seller, &invoice.buyer, &[account()], day("2018-10-15"));
        let (text, html, pdf) =
            (view.text(), renderer.statement_html(&view).unwrap(), renderer.statement_pdf(&view).unwrap());
        for said in ["LR-2018-000001", "2018-09-10"] {
            assert!(text.contains(said) && html.contains(said), "{language}: {text}");
        }
        assert!(text.contains(&numbers::money(usd(100_000), language)), "{text}");
        // What is left of payments is told beside the balance, in every form.
        let left = fill(view.words.left, &[("amount", &numbers::money(usd(700), language))]);
        assert!(text.contains(&left) && html.contains(&left), "{language}: {text}");
        assert!(!html.contains("<b>株") && html.contains("&lt;b&gt;"), "{html}");
        assert!(!text.contains('\u{202e}') && !text.contains('{'), "{text}");
        assert!(pdf.starts_with(b"%PDF-1.7"), "{language}");
        assert_eq!(pdf, renderer.statement_pdf(&view).unwrap(), "the same bytes");
    }
    let nothing = StatementView::of(
        Language::English,
        &sample::invoice(Language::English).seller,
        &sample::invoice(Language::English).buyer,
        &[],
        day("2018-10-15"),
    );
    assert!(nothing.text().contains("There are no movements."));
    assert!(renderer.statement_pdf(&nothing).is_ok());
}

#[test]
fn a_reminder_names_what_is_overdue() {
    let item = item();
    for language in Language::ALL {
        for level in [1, 2] {
            let items = [&item];
            let (buyer, seller) = ("Forno <b>", "Late Reply");
            let reminding = Reminding {
                language,
                level,
                buyer,
                seller,
                iban: Some("IE89 RTRD"),
                items: &items,
                credit: usd(700),
                amount: usd(100_000),
                today: day("2018-10-15"),
            };
            let bodies = reminder(&reminding);
            let less = fill(words(language).less, &[("amount", &numbers::money(usd(700), language))]);
            for said in ["LR-2018-000001", "IE89 RTRD", "Forno <b>", "10", &less] {
                assert!(bodies.text.contains(said), "{}", bodies.text);
            }
            let nothing = reminder(&Reminding { credit: usd(0), ..reminding });
            let begin = words(language).less.split('{').next().unwrap();
            assert!(!nothing.text.contains(begin), "{}", nothing.text);
            assert!(!bodies.html.contains("<b>") && !bodies.text.contains('{') && !bodies.subject.contains('{'));
            assert!(bodies.subject.contains(&numbers::money(usd(100_000), language)), "{}", bodies.subject);
            assert_eq!(bodies.subject.contains('2'), level == 2, "{}", bodies.subject);
        }
    }
}
