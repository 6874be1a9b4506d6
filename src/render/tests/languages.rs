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
fn a_chart_has_the_colour_of_its_issuer() {
    let invoice = sample::invoice(Language::English);
    let brand = Brand { colour: "#1b4fd0".parse().unwrap(), ..Brand::default() };
    let view = InvoiceView::of(&invoice, "c");
    let view = view.in_looks(&Looks::default(), "", &brand, &invoice, Some(CHARGES.as_bytes()));
    let chart = view.sheet.unwrap().annex.unwrap().waits.unwrap().chart;
    assert!(chart.contains("class=\"late\"") && chart.contains("fill=\"#1b4fd0\""), "{chart}");
    assert!(!chart.contains(&Brand::default().colour.to_string()), "{chart}");
}

#[test]
fn on_paper_sums_stand_once_and_nowhere_is_a_date_torn() {
    let renderer = Renderer::new().unwrap();
    let invoice = sample::invoice(Language::English);
    let html = renderer.html(&dressed(InvoiceView::of(&invoice, "c"), &invoice, Some(CHARGES))).unwrap();
    let (_, print) = html.split_once("@media print").unwrap();
    assert!(print.contains("tfoot { display: table-row-group; }"), "a footer would stand on every page");
    let whole = ".whole, .days td:first-child, .longest td:not(:nth-child(3)) { white-space: nowrap; }";
    for said in [whole, "<dd class=\"whole\"><bdi>2026-12-01</bdi></dd>", "\"figures days\"", "\"figures longest\""] {
        assert!(html.contains(said), "{said}");
    }
}

#[test]
fn a_long_table_says_that_its_lines_stand_together() {
    let renderer = Renderer::new().unwrap();
    for language in Language::ALL {
        let invoice = Invoice { electronic: true, ..sample::long(language, 200) };
        let view = view(&invoice);
        assert!(view.lines.len() <= 60 && view.together.contains("200"), "{language}: {}", view.together);
        let (html, pdf) = (renderer.html(&view).unwrap(), renderer.pdf(&view).unwrap());
        keep(&format!("{language}-together.pdf"), &pdf);
        assert!(html.contains("<p class=\"note quiet\">") && pages(&pdf) <= 2, "{language}");
        let shown = crate::render::text(&view, crate::render::Paper { width: 80, bold: false });
        let unbroken = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unbroken(&shown).contains(&unbroken(&view.together)), "{language}");
    }
}

#[test]
fn what_only_the_fonts_of_the_pdf_lack_is_found_wherever_it_stands() {
    let renderer = Renderer::new().unwrap();
    let mut invoice = sample::invoice(Language::English);
    invoice.reference = Some("注".to_owned());
    let logo = crate::domain::brand::Logo { path: "logo.svg".into(), alt: "鐘".to_owned() };
    let fields = vec![("資".to_owned(), "EUR 1".to_owned())];
    let brand = Brand { fields, logo: Some(logo), ..Brand::default() };
    let logos = [(String::new(), LogoFile::new("svg", b"<svg/>"))].into();
    let view = InvoiceView::of(&invoice, "c").in_looks(&Looks::with([].into(), logos), "", &brand, &invoice, None);
    assert_eq!(renderer.unprintable(&view).into_iter().collect::<String>(), "注資鐘");
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
