//! Long tables go on on further pages, and nothing is lost between them.

use super::*;
use crate::report::number::Amounts;
use crate::report::paged::{ROWS, paged};

#[test]
fn every_business_and_every_document_stands_on_one_page() {
    let count = 2 * ROWS + 7;
    let ids: Vec<BusinessId> = (0..count).map(|number| id(&format!("shop-{number:04}"))).collect();
    let of = |id| {
        let mut of = business(id, issued("USD", 1, 0), &[]);
        of.page = format!("2018-08/{id}.html");
        of
    };
    let facts = facts(ids.iter().map(of).collect());
    let amounts = Amounts::fitting(facts.currency, std::iter::empty());
    let whole = month_page(&facts);
    let (first, further) = paged(whole.clone(), "2018-08", &[], amounts);
    let names: Vec<&str> = further.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["businesses_2.html", "businesses_3.html", "documents_2.html", "documents_3.html"]);
    let rows =
        |of: &dyn Fn(&crate::report::page::RowsPage) -> usize| further.iter().map(|(_, page)| of(page)).sum::<usize>();
    assert_eq!(first.businesses.len() + rows(&|page| page.businesses.len()), count);
    assert_eq!(first.documents.rows.len() + rows(&|page| page.documents.rows.len()), count);
    assert_eq!(first.total, whole.total, "the sums stay those of all");
    let [link, _] = first.more_businesses.as_slice() else { panic!("{:?}", first.more_businesses) };
    assert_eq!(link.href, "2018-08/businesses_2.html");
    assert!(link.text.starts_with("2: shop-0200"), "{}", link.text);
    assert!(first.part_of_businesses.starts_with("Rows 1 to 200 of 407,"), "{}", first.part_of_businesses);
    assert!(further[1].1.part.starts_with("Rows 401 to 407 of 407,"), "{}", further[1].1.part);
    let addresses = |page: usize| further[page].1.nav.iter().map(|link| link.href.as_str()).collect::<Vec<_>>();
    assert_eq!((addresses(0), addresses(1)), (vec!["businesses_3.html"], vec!["businesses_2.html"]));
    let moved = &further[0].1.businesses[0];
    assert_eq!((moved.href.as_str(), &moved.documents[0].href[..6]), ("shop-0200.html", "../../"));
}

#[test]
fn a_short_table_stays_on_its_page() {
    let ids = [id("a")];
    let facts = facts(vec![business(&ids[0], issued("USD", 1, 0), &[])]);
    let whole = month_page(&facts);
    let amounts = Amounts::fitting(facts.currency, std::iter::empty());
    assert_eq!(paged(whole.clone(), "2018-08", &[], amounts), (whole, Vec::new()));
}

#[test]
fn a_page_in_italian_has_no_english_words_of_the_program() {
    let (waits, ids) = (waits(AUGUST), [id("a"), id("b")]);
    let mut facts = facts(vec![
        business(&ids[0], issued("USD", 123_456, 27_160), &waits),
        business(&ids[1], open("waiting", "…"), &waits[2..5]),
    ]);
    facts.tongue = Tongue::Italian;
    let page = month_page(&facts);
    assert_eq!(page.title, "Risposte in ritardo, agosto 2018");
    assert!(page.summary.starts_with("1 di 2 aziende è fatturata per USD\u{a0}1.506,16 in tutto;"), "{}", page.summary);
    assert_eq!((page.total.counts.amount.as_str(), page.total.plain.amount.as_str()), ("0,390", "0.39"));
    let context = tera::Context::from_serialize(&page).unwrap();
    let (_, template) = crate::report::site::templates(Tongue::Italian).swap_remove(0);
    let html = tera::Tera::one_off(&template, &context, true).unwrap();
    let body = html.split_once("<main").unwrap().1.split_once("<footer").unwrap().0;
    for english in ["Waits", "Businesses", "Unanswered", "August", "Sunday", "no answer", "On time", "Charged"] {
        assert!(!body.contains(english), "{english}: {body}");
    }
}

#[test]
fn a_page_of_five_thousand_alarms_and_of_logs_full_of_holes_is_small() {
    use crate::domain::Span;
    let count = 5_000;
    let ids: Vec<BusinessId> = (0..count).map(|number| id(&format!("shop-{number:04}"))).collect();
    let told = |id: &BusinessId| After {
        what: "late logs".into(),
        text: format!("not compared yet: logs of channel +35310000{id} are known through 2018-09-01T00:00:00.000Z"),
        told: None,
        links: Vec::new(),
    };
    let of = |id| {
        let after = vec![told(id)];
        let state =
            State::Closed(Closed { word: "closed", said: Vec::new(), charged_now: None, documents: Vec::new(), after });
        business(id, state, &[])
    };
    let mut facts = facts(ids.iter().map(of).collect());
    let silent = |id: &BusinessId| {
        format!("channel +35310000 of {id}: no outbound message from 2018-08-01 00:00 to 2018-08-03 00:00")
    };
    facts.alarms = ids.iter().map(silent).collect();
    let mut holes = crate::report::coverage::tests::channel();
    let begin = holes.looked_at.from;
    let from = (0..2_000).map(|place| begin.plus(Elapsed::from_seconds(place * 1_300)));
    holes.outbound.gaps = from.map(|from| Span { from, to: from.plus(Elapsed::from_seconds(600)) }).collect();
    facts.coverage = vec![holes; 24];
    let amounts = Amounts::fitting(facts.currency, std::iter::empty());
    let (page, _) = paged(month_page(&facts), "2018-08", &[], amounts);
    assert_eq!((page.alarms.len(), page.after.len()), (ROWS, ROWS));
    assert!(page.more_alarms.starts_with("4,800 more") && page.more_after.starts_with("4,800 more"));
    let html = html(&page);
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
}
