//! Documents of corrections, of earlier months, and previews.

use super::*;
use crate::domain::correction::CorrectionCause;

/// Every document of a view, kept under `name`: the page, the mail.
fn drawn(renderer: &Renderer, name: &str, view: &InvoiceView) -> (String, MailBodies) {
    let (html, pdf, mail) = (renderer.html(view).unwrap(), renderer.pdf(view).unwrap(), renderer.mail(view).unwrap());
    keep(&format!("{name}.html"), html.as_bytes());
    keep(&format!("{name}.pdf"), &pdf);
    keep(&format!("{name}-mail.html"), mail.html.as_bytes());
    keep(&format!("{name}-mail.txt"), format!("{}\n\n{}", mail.subject, mail.text).as_bytes());
    assert!(pdf.starts_with(b"%PDF-1.7"), "{name}");
    assert!(mail.subject.is_ascii() && mail.text.lines().all(|line| line.chars().count() < 78), "{name}");
    (html, mail)
}

#[track_caller]
fn says(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[track_caller]
fn lacks(text: &str, unwanted: &[&str]) {
    for part in unwanted {
        assert!(!text.contains(part), "`{part}` is in\n{text}");
    }
}

#[test]
fn a_credit_note_says_what_it_corrects_and_why() {
    let renderer = Renderer::new().unwrap();
    for (cause, name, english, italian) in [
        (CorrectionCause::LateLogs, "late", "further logs arrived", "sono arrivati altri registri"),
        (CorrectionCause::Dispute, "dispute", "you were right", "avevate ragione"),
        (CorrectionCause::Reissue, "reissue", "stands in its place", "al suo posto vale una fattura"),
    ] {
        let view_of = |language| view(&sample::credit_note(language, cause));
        let (html, mail) = drawn(&renderer, &format!("en-credit-{name}"), &view_of(Language::English));
        says(&html, &["Credit note LRC-2026-000001", "LR-2026-000123 of 2026-11-01", "1 November 2026", english]);
        says(&html, &["Total credited", "USD 134.20 credited to you", "VAT 22% of USD 110.00 (S)"]);
        lacks(&html, &["Total due", "Please pay", "Due date", "IBAN", "How to pay", "2026-12-01"]);
        let text = mail.text.replace('\n', " ");
        says(&text, &["credit note LRC-2026-000001 for October 2026", english, "Total credited: USD 134.20"]);
        lacks(&text, &["Total due", "Please pay", "IBAN"]);
        let (html, mail) = drawn(&renderer, &format!("it-credit-{name}"), &view_of(Language::Italian));
        says(&html, &["Nota di credito LRC-2026-000001", "LR-2026-000123 del 2026-11-01", italian, "Totale a credito"]);
        lacks(&html, &["Totale da pagare", "Si prega di pagare", "Scadenza", "IBAN"]);
        says(&mail.text.replace('\n', " "), &["nota di credito LRC-2026-000001 di ottobre 2026", italian]);
    }
    let reissue = sample::credit_note(Language::English, CorrectionCause::Reissue);
    let page = renderer.html(&view(&reissue)).unwrap();
    says(&page, &["Reason: the VAT id of the buyer was that of another company"]);
    lacks(&page, &["LRC-2026-000001_2026-10.csv"]);
}

#[test]
fn a_credit_note_with_limits_and_an_earlier_month_is_drawn() {
    let renderer = Renderer::new().unwrap();
    for (language, rows, note) in [
        (Language::English, ["Minimum of the month", "Cap of the month", "Charges of September 2026"], "below zero"),
        (Language::Italian, ["Minimo del mese", "Tetto del mese", "Addebiti di settembre 2026"], "sotto zero"),
    ] {
        let name = format!("{language}-credit-limits");
        let (html, _) = drawn(&renderer, &name, &view(&sample::credit_of_limits(language)));
        says(&html, &rows);
        says(&html, &[note]);
    }
}

#[test]
fn an_invoice_in_place_of_another_and_one_with_earlier_months_are_drawn() {
    let renderer = Renderer::new().unwrap();
    for (language, replaces, subject) in [
        (Language::English, "in place of invoice LR-2026-000123 of 1 November 2026", "for October 2026 in place of"),
        (Language::Italian, "sostituisce la fattura LR-2026-000123, emessa in data 1 novembre 2026", "in sostituzione"),
    ] {
        let replacement = view(&sample::replacement(language));
        let (html, mail) = drawn(&renderer, &format!("{language}-replacement"), &replacement);
        says(&html, &[replaces, "the VAT id of the buyer was that of another company", "IBAN"]);
        says(&mail.text.replace('\n', " "), &[replaces, "IBAN"]);
        says(&mail.subject, &["LR-2026-000124 ", subject, "LR-2026-000123"]);
    }
    for (language, rows) in [
        (
            Language::English,
            [
                "Charges of August 2026, carried over (1 charge)",
                "Charges of September 2026, carried over (1,240 charges)",
                "Charges of September 2026 known later (logs that arrived after the closing)",
                "Charges of October 2026",
                "Charges of earlier months",
            ],
        ),
        (
            Language::Italian,
            [
                "Addebiti di agosto 2026, riportati (1 addebito)",
                "Addebiti di settembre 2026, riportati (1.240 addebiti)",
                "Addebiti di settembre 2026 noti in seguito (registri arrivati dopo la chiusura)",
                "Addebiti di ottobre 2026",
                "Addebiti di mesi precedenti",
            ],
        ),
    ] {
        let (html, mail) = drawn(&renderer, &format!("{language}-earlier"), &view(&sample::with_earlier(language)));
        says(&html, &rows);
        says(&mail.text, &rows[3..]);
    }
}

#[test]
fn a_preview_is_marked_and_has_nothing_of_an_issued_document() {
    let renderer = Renderer::new().unwrap();
    let late = CorrectionCause::LateLogs;
    for (language, mark, title, credit) in [
        (Language::English, "PREVIEW - NOT AN INVOICE", "Preview of the invoice for October 2026", "NOT A CREDIT NOTE"),
        (
            Language::Italian,
            "ANTEPRIMA - NON È UNA FATTURA",
            "Anteprima della fattura di ottobre 2026",
            "NON È UNA NOTA DI CREDITO",
        ),
    ] {
        for (name, invoice) in [
            ("invoice", sample::invoice(language)),
            ("long", sample::long(language, 60)),
            ("earlier", sample::with_earlier(language)),
        ] {
            let preview = InvoiceView::preview(&invoice);
            let (html, _) = drawn(&renderer, &format!("{language}-preview-{name}"), &preview);
            says(&html, &[mark, title]);
            let all = serde_json::to_value(&preview).unwrap();
            let (facts, rest) = (all["facts"].to_string(), format!("{}{}", all["computation"], all["digests"]));
            lacks(&html, &["LR-2026-000123", "2026-11-01", "2026-12-01", "1 December", "1º dicembre", "IBAN"]);
            lacks(&format!("{facts}{rest}"), &["LR-2026-000123", "Chain head", "Testa della catena", ".csv"]);
        }
        let note = InvoiceView::preview(&sample::credit_note(language, late));
        says(&drawn(&renderer, &format!("{language}-preview-credit"), &note).0, &[credit]);
    }
    let invoice = sample::invoice(Language::English);
    assert_eq!(preview_pdf_file(&invoice), "preview_bologna-bakery_2026-10.pdf");
    assert_eq!(preview_html_file(&invoice), "preview_bologna-bakery_2026-10.html");
    let note = sample::credit_note(Language::English, CorrectionCause::LateLogs);
    assert_eq!(preview_html_file(&note), "preview_bologna-bakery_2026-10_LR-2026-000123.html");
    let html = renderer.html(&view(&invoice)).unwrap();
    lacks(&html, &["class=\"mark\"", "class=\"why\"", "PREVIEW"]);
}

#[test]
fn the_words_of_the_operator_are_data_and_may_be_long() {
    let renderer = Renderer::new().unwrap();
    let long = "because of this and that, ".repeat(60);
    for (index, reason) in HOSTILE.into_iter().chain([long.as_str(), &"W".repeat(300)]).enumerate() {
        for mut invoice in
            [sample::credit_note(Language::English, CorrectionCause::Dispute), sample::replacement(Language::Italian)]
        {
            if let Some(correction) = &mut invoice.corrects {
                correction.reason = Some(reason.to_owned());
            }
            let name = format!("reason-{}-{index}", invoice.language);
            let (html, mail) = drawn(&renderer, &name, &view(&invoice));
            for page in [&html, &mail.html] {
                lacks(page, &["<script", "\" onload=", "\u{202e}", "\0"]);
            }
            lacks(&mail.text, &["\nBcc:"]);
        }
    }
}

#[test]
fn a_long_credit_note_takes_more_than_one_page() {
    let renderer = Renderer::new().unwrap();
    let mut note = sample::credit_of_limits(Language::Italian);
    let first = note.credited[0].clone();
    note.credited.splice(0..0, std::iter::repeat_n(first, 60));
    let pdf = renderer.pdf(&view(&note)).unwrap();
    assert!(pages(&pdf) > 1, "{}", pages(&pdf));
    drawn(&renderer, "long-credit", &view(&note));
    assert_eq!(pdf, Renderer::new().unwrap().pdf(&view(&note)).unwrap());
}
