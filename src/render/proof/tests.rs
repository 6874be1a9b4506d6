//! Templates of one's own that are right, and such as are not.

use super::*;

fn own(name: &str, text: &str) -> Looks {
    Looks::with([(name.to_owned(), text.to_owned())].into(), [].into())
}

/// The only fault of a template, with its line where the test is sure of it.
#[track_caller]
fn check(name: &str, text: &str, line: Option<usize>, says: &str) {
    let faults = Renderer::new().unwrap().faults(&own(name, text), &[]).unwrap();
    let [fault] = faults.as_slice() else { panic!("{text}: {faults:?}") };
    let found = fault.span.as_ref().map(|span| text[..span.start].matches('\n').count() + 1);
    assert_eq!(fault.template, name, "{fault:?}");
    assert!(line.is_none() || found == line, "{fault:?}");
    assert!(fault.message.contains(says), "{fault:?}");
}

const TITLED: &str = "#let d = json(\"data.json\")\n#set document(title: d.title, \
                      date: datetime(year: d.issued.year, month: d.issued.month, day: d.issued.day))\n";

#[test]
fn templates_of_the_program_draw_every_sample() {
    let brand = Brand { fields: vec![("Ω".to_owned(), "Ж 株式会社 🥖".to_owned())], ..Brand::default() };
    let brands = [("ie".to_owned(), brand), ("it".to_owned(), Brand::default())];
    assert_eq!(Renderer::new().unwrap().faults(&Looks::default(), &brands).unwrap(), []);
}

#[test]
fn a_small_template_of_ones_own_is_enough() {
    let small = format!("{TITLED}#set text(font: \"Inter\", lang: d.language)\n= #d.title\n#d.headline\n");
    assert_eq!(Renderer::new().unwrap().faults(&own("invoice.typ", &small), &[]).unwrap(), []);
    let page = "<!DOCTYPE html><title>{{ title }}</title><p>{{ total.amount }}</p>";
    assert_eq!(Renderer::new().unwrap().faults(&own("invoice.html", page), &[]).unwrap(), []);
}

#[test]
fn a_broken_template_of_the_pdf_is_refused_with_its_line() {
    for (text, says) in [
        ("#let x = (1,\n", "unclosed"),
        ("#unknown\n", "unknown variable"),
        ("#d.no-such-value\n", "does not contain key"),
    ] {
        check("invoice.typ", &format!("{TITLED}{text}"), Some(3), says);
    }
}

#[test]
fn no_template_keeps_the_e_invoice_out() {
    let small = format!("{TITLED}#set text(font: \"Inter\", lang: d.language)\n= #d.title\n// the end");
    assert_eq!(Renderer::new().unwrap().faults(&own("invoice.typ", &small), &[]).unwrap(), []);
    check("invoice.typ", &format!("{small}\n/* the end"), None, "from being attached");
}

#[test]
fn a_template_reaches_no_file_no_package_and_no_clock() {
    for text in [
        "#read(\"/etc/passwd\")",
        "#include \"other.typ\"",
        "#import \"@preview/cetz:0.4.0\"",
        "#datetime.today().display()",
        "#image(\"http://example.com/x.png\", alt: \"x\")",
    ] {
        check("invoice.typ", &format!("{TITLED}{text}\n"), Some(3), "");
    }
}

#[test]
fn a_broken_page_or_mail_is_refused_with_its_line() {
    check("invoice.html", "<p>\n{{ title }\n", None, "");
    check("mail.html", "<p>{{ title }}</p>\n{% for x in facts %}\n", None, "");
    check("mail.txt", "\n{{ no_such_value | safe }}\n", Some(2), "");
    let include = Renderer::new().unwrap().faults(&own("mail.txt", "{% include \"other.txt\" %}"), &[]).unwrap();
    assert_eq!(include.len(), 1, "{include:?}");
}

#[test]
fn a_page_fetches_and_runs_nothing() {
    for text in [
        "<script>alert(1)</script>",
        "<IMG SRC=\"https://example.com/pixel.png\" alt=\"\">",
        "<style>@import 'x';</style>",
        "<p style=\"background: url('http://example.com')\">",
    ] {
        check("invoice.html", &format!("<p>\n{text}\n"), Some(2), "would fetch or run something");
        check("mail.html", &format!("<p>\n{text}\n"), Some(2), "would fetch or run something");
    }
}
