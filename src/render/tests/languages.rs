//! Documents in every language, on every paper, with pages of details.

use super::*;
use crate::domain::correction::CorrectionCause;
use crate::render::proof::{CHANGES, CHARGES};

const KEPT: &str = "□";

#[test]
fn every_language_has_every_document_with_its_details() {
    let renderer = Renderer::new().unwrap();
    for language in Language::ALL {
        let invoice = sample::invoice(language);
        let note = sample::credit_note(language, CorrectionCause::LateLogs);
        let views = [
            ("invoice", dressed(InvoiceView::of(&invoice, "c"), &invoice, Some(CHARGES))),
            ("capped", view(&sample::capped(language))),
            ("lifted", view(&sample::lifted(language))),
            ("earlier", view(&sample::with_earlier(language))),
            ("replacement", view(&sample::replacement(language))),
            ("credit", dressed(InvoiceView::of(&note, "c"), &note, Some(CHANGES))),
            ("preview", dressed(InvoiceView::preview(&invoice), &invoice, Some(CHARGES))),
            ("preview-credit", dressed(InvoiceView::preview(&note), &note, Some(CHANGES))),
        ];
        for (name, view) in views {
            let (html, pdf, mail) =
                (renderer.html(&view).unwrap(), renderer.pdf(&view).unwrap(), renderer.mail(&view).unwrap());
            keep(&format!("{language}-{name}.html"), html.as_bytes());
            keep(&format!("{language}-{name}.pdf"), &pdf);
            keep(&format!("{language}-{name}-mail.txt"), mail.text.as_bytes());
            assert!(html.contains(&format!("<html lang=\"{language}\">")), "{language} {name}");
            assert!(pdf.starts_with(b"%PDF-1.7"), "{language} {name}");
            assert!(mail.subject.is_ascii() && !mail.subject.contains('?'), "{language} {name}: {}", mail.subject);
            // Every word of the program can be printed.
            let data = serde_json::to_string(&view).unwrap();
            let lacking = renderer.lacking(&data);
            assert!(lacking.is_empty(), "{language} {name} {lacking:?}");
            let annex = view.sheet.as_ref().and_then(|sheet| sheet.annex.as_ref());
            for part in annex.into_iter().flat_map(|annex| [&annex.title, &annex.by_day.title, &annex.notes[0]]) {
                assert!(html.contains(part.as_str()), "{language} {name}: {part}");
            }
        }
    }
}

#[test]
fn details_are_on_a_page_of_their_own_and_paper_can_be_letter() {
    let renderer = Renderer::new().unwrap();
    let invoice = sample::invoice(Language::English);
    for (paper, name) in [(Paper::A4, "a4"), (Paper::Letter, "letter")] {
        let brand = Brand { paper, ..Brand::default() };
        let view = InvoiceView::of(&invoice, "c");
        let view = view.in_looks(&Looks::default(), "", &brand, &invoice, Some(CHARGES.as_bytes()));
        let pdf = renderer.pdf(&view).unwrap();
        keep(&format!("{name}.pdf"), &pdf);
        assert_eq!(pages(&pdf), 2, "{name}");
    }
}

#[test]
fn a_chart_is_the_same_in_the_page_and_in_the_data_of_the_pdf() {
    let invoice = sample::invoice(Language::English);
    let view = dressed(InvoiceView::of(&invoice, "c"), &invoice, Some(CHARGES));
    let html = Renderer::new().unwrap().html(&view).unwrap();
    let waits = view.sheet.unwrap().annex.unwrap().waits.unwrap();
    assert!(html.contains(&waits.chart));
    for row in &waits.table.rows {
        assert!(waits.alt.contains(&format!("{} {}", row[0], row[1])), "{row:?}");
    }
}

#[test]
fn documents_of_the_first_edition_are_drawn_as_they_were() {
    let renderer = Renderer::new().unwrap();
    let invoice = sample::invoice(Language::English);
    let view = InvoiceView::of(&invoice, "c");
    let (html, pdf) = (renderer.html(&view).unwrap(), renderer.pdf(&view).unwrap());
    let first = renderer.in_looks(&Looks::first()).unwrap();
    assert_eq!((html.clone(), pdf), (first.html(&view).unwrap(), first.pdf(&view).unwrap()));
    assert!(!html.contains("Legal notes") && !html.contains(KEPT));
}
