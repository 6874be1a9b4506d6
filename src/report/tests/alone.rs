//! The page of one business: nothing on it is for who works with the program, or of others.

use super::super::{After, Closed, Link, MonthPage, State, Told, business_page};
use super::{AUGUST, BusinessMonth, CorrectionCause, business, credit, facts, id, invoice, open, waits};
use crate::domain::Tongue;
use crate::report::coverage::tests::channel;

const FREE_WORDS: &str = "Mr Rossi of room 12 asked for it";

fn html(page: &MonthPage) -> String {
    let context = tera::Context::from_serialize(page).unwrap();
    let (_, template) = crate::report::site::templates(Tongue::English).swap_remove(1);
    tera::Tera::one_off(&template, &context, true).unwrap()
}

fn alone(business: BusinessMonth) -> MonthPage {
    let mut facts = facts(vec![business]);
    facts.issuer = "Issuer S.p.A., Another Issuer Ltd";
    let mut channel = channel();
    channel.business = facts.businesses[0].id.clone();
    facts.coverage = vec![channel];
    business_page(&facts, &facts.businesses[0], Vec::new(), "")
}

#[test]
fn a_business_reads_a_sentence_and_no_finding() {
    let (waits, id) = (waits(AUGUST), id("a"));
    for (word, said) in [
        ("open", "The month is not over yet."),
        ("waiting", "The logs of the month are not complete yet. What they do not prove is not charged."),
        ("parked", "The month is looked at once more before it is invoiced."),
        ("to approve", "The month is complete, and is about to be invoiced."),
    ] {
        let mut state = open(word, "jump: USD 900.00 is more than 5 times USD 12.00");
        if let State::Open(open) = &mut state {
            open.next = Some("`ritardo unpark 2018-08`".into());
            open.preview = Some(Link { text: "preview".into(), href: "../previews/a/a.html".into() });
        }
        let page = alone(business(&id, state, &waits));
        let reasons: Vec<&str> = page.open.iter().flat_map(|row| &row.reasons).map(String::as_str).collect();
        assert_eq!(reasons, [said]);
        let html = html(&page);
        for secret in ["jump", "USD 900", "ritardo ", "previews", "Another Issuer", "<li>till", "What to do"] {
            assert!(!html.contains(secret), "{word}: {secret}");
        }
        assert!(html.contains("Issuer S.p.A.") && html.contains("+39&lt;0510"));
    }
}

#[test]
fn a_business_reads_what_came_after_and_no_free_words() {
    let (waits, id) = (waits(AUGUST), id("a"));
    let mut note = credit(1, 0, CorrectionCause::Dispute);
    note.reason = Some(FREE_WORDS.into());
    let told = Told { what: "dispute 1".into(), text: "settled on 2018-10-01".into() };
    let of_operator = |told| After {
        what: "dispute 1".into(),
        text: "`ritardo dispute settle 1 --issue` issues it".into(),
        told,
        links: Vec::new(),
    };
    let after = vec![of_operator(Some(told)), of_operator(None)];
    let documents = vec![invoice("USD", 20, 4), note];
    let page = alone(business(
        &id,
        State::Closed(Closed { word: "closed", said: Vec::new(), charged_now: None, documents, after }),
        &waits,
    ));
    assert_eq!(page.after.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(), ["settled on 2018-10-01"]);
    let html = html(&page);
    for secret in [FREE_WORDS, "room 12", "mails sent", "ritardo ", "Mails"] {
        assert!(!html.contains(secret), "{secret}");
    }
}
