//! Whole documents: both languages, hostile values, long tables, the same bytes twice.

use super::*;
use crate::domain::brand::Paper;
use crate::domain::business::Language;
use crate::domain::{Brand, Invoice, text};

mod corrections;
mod languages;

const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "#panic(\"x\")",
    "$x$ *bold* _it_ `raw`",
    "{{ number }} {% raw %}",
    "=1+1",
    "\" onload=\"x\" '",
    "Bar 株式会社 🥖 Città Ωμέγα Ж",
    "a\r\nBcc: all@example.com\u{202e}\0",
];

fn view(invoice: &Invoice) -> InvoiceView {
    dressed(InvoiceView::of(invoice, &text::hex(&[0xc4; 32])), invoice, None)
}

fn dressed(view: InvoiceView, invoice: &Invoice, file: Option<&str>) -> InvoiceView {
    view.in_looks(&Looks::default(), "", &Brand::default(), invoice, file.map(str::as_bytes))
}

fn named(name: &str) -> Invoice {
    let mut invoice = sample::invoice(Language::English);
    invoice.buyer.legal_name = name.to_owned();
    invoice.buyer.address = vec![name.to_owned()];
    invoice.reference = Some(name.to_owned());
    invoice.seller.legal_name = name.to_owned();
    invoice.computation.tariff_source = name.to_owned();
    invoice
}

/// Count of the pages of a PDF whose page objects lie open.
fn pages(pdf: &[u8]) -> usize {
    let count = |needle: &[u8]| pdf.windows(needle.len()).filter(|window| *window == needle).count();
    count(b"/Type/Page\n") + count(b"/Type/Page/") + count(b"/Type /Page\n")
}

/// For eyes and validators: with `RENDER_SAMPLES` set, the documents of these tests are kept there.
fn keep(name: &str, bytes: &[u8]) {
    if let Some(folder) = option_env!("RENDER_SAMPLES") {
        std::fs::write(std::path::Path::new(folder).join(name), bytes).unwrap();
    }
}

#[test]
fn a_renderer_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Renderer::new().unwrap());
}

#[test]
fn both_languages_and_every_treatment_of_vat_make_all_documents() {
    let renderer = Renderer::new().unwrap();
    for (language, page, due) in [
        (Language::English, "How this was computed", "Total due"),
        (Language::Italian, "Come è stata calcolata", "Totale da pagare"),
    ] {
        for (category, rate, tax) in [("S", "22", "295.41"), ("AE", "0", "0"), ("O", "0", "0"), ("E", "0", "0")] {
            let view = view(&sample::taxed(language, category, rate, tax));
            let (html, pdf, mail) =
                (renderer.html(&view).unwrap(), renderer.pdf(&view).unwrap(), renderer.mail(&view).unwrap());
            keep(&format!("{language}-{category}.html"), html.as_bytes());
            keep(&format!("{language}-{category}.pdf"), &pdf);
            keep(&format!("{language}-{category}-mail.html"), mail.html.as_bytes());
            keep(&format!("{language}-{category}-mail.txt"), mail.text.as_bytes());
            assert!(html.contains(page) && html.contains(&view.total.amount), "{language} {category}");
            assert!(html.contains(&format!("<td class=\"whole\">{category}</td>")));
            assert!(mail.text.contains(due) && mail.html.contains(due));
            assert!(pdf.starts_with(b"%PDF-1.7"));
            assert!(mail.subject.starts_with("LR-2026-000123 ") && mail.subject.is_ascii());
        }
    }
}

#[test]
fn free_units_tiers_minimum_and_cap_are_in_every_document() {
    let renderer = Renderer::new().unwrap();
    for (language, free, cap, minimum) in [
        (Language::English, "Free units: Italy", "Cap of the month", "Minimum of the month"),
        (Language::Italian, "Unità gratuite: Italia", "Tetto del mese", "Minimo del mese"),
    ] {
        for (name, invoice, sum) in
            [("capped", sample::capped(language), cap), ("lifted", sample::lifted(language), minimum)]
        {
            let view = view(&invoice);
            let (html, pdf, mail) =
                (renderer.html(&view).unwrap(), renderer.pdf(&view).unwrap(), renderer.mail(&view).unwrap());
            keep(&format!("{language}-{name}.html"), html.as_bytes());
            keep(&format!("{language}-{name}.pdf"), &pdf);
            keep(&format!("{language}-{name}-mail.html"), mail.html.as_bytes());
            keep(&format!("{language}-{name}-mail.txt"), mail.text.as_bytes());
            assert!(html.contains(sum) && mail.text.contains(sum) && mail.html.contains(sum), "{language} {name}");
            assert_eq!(html.contains(free), name == "capped");
            assert!(pdf.starts_with(b"%PDF-1.7"));
        }
    }
}

#[test]
fn values_are_data_in_every_document() {
    let renderer = Renderer::new().unwrap();
    for (index, name) in HOSTILE.into_iter().enumerate() {
        let view = view(&named(name));
        let (html, mail) = (renderer.html(&view).unwrap(), renderer.mail(&view).unwrap());
        let pdf = renderer.pdf(&view).unwrap();
        keep(&format!("hostile-{index}.pdf"), &pdf);
        keep(&format!("hostile-{index}.html"), html.as_bytes());
        for page in [&html, &mail.html] {
            assert!(!page.contains("<script") && !page.contains("\" onload="), "{name}");
            assert!(!page.contains('\u{202e}') && !page.contains('\0'), "{name}");
        }
        assert!(!mail.text.contains("\nBcc:"), "{name}");
        assert!(mail.text.starts_with(&view.buyer.name), "plain text shows the name as it is: {name}");
    }
    let html = renderer.html(&view(&named(HOSTILE[6]))).unwrap();
    assert!(html.contains("Bar 株式会社 🥖 Città Ωμέγα Ж"), "HTML keeps the true name");
}

#[test]
fn the_same_view_gives_the_same_bytes() {
    let renderer = Renderer::new().unwrap();
    let first = view(&sample::invoice(Language::Italian));
    let other = view(&named("Other"));
    let pdf = renderer.pdf(&first).unwrap();
    let different = renderer.pdf(&other).unwrap();
    assert_ne!(pdf, different);
    assert_eq!(pdf, renderer.pdf(&first).unwrap(), "what was printed between leaves no trace");
    assert_eq!(pdf, Renderer::new().unwrap().pdf(&first).unwrap());
    assert_eq!(renderer.html(&first).unwrap(), renderer.html(&first).unwrap());
    assert_eq!(renderer.mail(&first).unwrap(), renderer.mail(&first).unwrap());
}

#[test]
fn threads_print_the_same_bytes() {
    let renderer = Renderer::new().unwrap();
    let view = view(&sample::invoice(Language::English));
    let once = renderer.pdf(&view).unwrap();
    std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..4).map(|_| scope.spawn(|| renderer.pdf(&view).unwrap())).collect();
        for job in jobs {
            assert!(job.join().unwrap() == once);
        }
    });
}

#[test]
fn sixty_lines_take_more_than_one_page() {
    let renderer = Renderer::new().unwrap();
    let pdf = renderer.pdf(&view(&sample::long(Language::English, 60))).unwrap();
    keep("long.pdf", &pdf);
    let short = renderer.pdf(&view(&sample::invoice(Language::English))).unwrap();
    assert_eq!((pages(&short), pages(&pdf) > 1), (1, true), "{}", pages(&pdf));
    let none = renderer.pdf(&view(&sample::long(Language::English, 0))).unwrap();
    assert!(none.starts_with(b"%PDF"));
}

#[test]
fn nothing_is_fetched_and_text_is_narrow() {
    let renderer = Renderer::new().unwrap();
    for language in [Language::English, Language::Italian] {
        let view = view(&sample::invoice(language));
        let (html, mail) = (renderer.html(&view).unwrap(), renderer.mail(&view).unwrap());
        for page in [&html, &mail.html] {
            for remote in ["http:", "https:", "src=", "url(", "<img", "<link", "@import"] {
                assert!(!page.contains(remote), "{remote}");
            }
        }
        assert!(html.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
        assert!(mail.text.lines().all(|line| line.chars().count() < 78), "{}", mail.text);
    }
}

#[test]
fn any_name_at_all_can_be_printed() {
    let renderer = Renderer::new().unwrap();
    // One name from each block of 4,096 code points, and one long word.
    let mut names: Vec<String> = Vec::new();
    for block in 0..0x20_u32 {
        let signs = (0..64).filter_map(|step| char::from_u32(block * 0x1000 + step * 64 + step));
        names.push(signs.collect());
    }
    names.push("W".repeat(300));
    for name in names {
        let pdf = renderer.pdf(&view(&named(&name)));
        keep("any.pdf", pdf.as_deref().unwrap_or_default());
        assert!(pdf.is_ok(), "{}: {}", name.escape_unicode(), pdf.err().map(|e| e.to_string()).unwrap_or_default());
    }
}
