//! Templates of one's own that are right, and such as are not.

use super::*;

fn own(name: &str, text: &str) -> Looks {
    Looks::with([(name.to_owned(), text.to_owned())].into(), [].into())
}

fn faults(looks: &Looks, brands: &[(String, Brand)]) -> Vec<Fault> {
    Renderer::new().unwrap().faults(looks, brands, &mut |_| {}).unwrap()
}

/// The only fault of a template, with its line where the test is sure of it.
#[track_caller]
fn check(name: &str, text: &str, line: Option<usize>, says: &str) {
    let faults = faults(&own(name, text), &[]);
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
    assert_eq!(faults(&Looks::default(), &brands), []);
}

/// All that a document cannot be without.
const ENOUGH: &str = "#set text(font: \"Inter\", lang: d.language)\n= #d.title\n#d.total.amount #d.buyer.name\n\
                      #if \"preview\" in d [#d.preview.mark]\n";
const SHOWN: &str = "<p>{{ title }} {{ total.amount }} {{ buyer.name }} \
                     {% if preview is defined %}{{ preview.mark }}{% endif %}</p>";

#[test]
fn a_small_template_of_ones_own_is_enough() {
    assert_eq!(faults(&own("invoice.typ", &format!("{TITLED}{ENOUGH}")), &[]), []);
    let page = format!("<!DOCTYPE html>{POLICY}<title>{{{{ title }}}}</title>{SHOWN}");
    assert_eq!(faults(&own("invoice.html", &page), &[]), []);
    assert_eq!(faults(&own("mail.html", "<p>{{ title }}, {{ total.amount }}, {{ buyer.name }}"), &[]), []);
    let text = "{{ title | safe }}\n{{ total.amount | safe }}\n{{ buyer.name | safe }}\n";
    assert_eq!(faults(&own("mail.txt", text), &[]), []);
}

#[test]
fn a_template_shows_number_total_and_buyer() {
    for (name, text, says) in [
        ("mail.txt", "x".to_owned(), "the number"),
        ("mail.txt", "{{ title | safe }} {{ buyer.name | safe }}".to_owned(), "the total"),
        ("mail.html", "<title>{{ title }}</title>".to_owned(), "the number"),
        ("mail.html", "<p>{{ title }} {{ total.amount }}<!-- {{ buyer.name }} -->".to_owned(), "the name of the buyer"),
        ("invoice.html", format!("{POLICY}<p>hi"), "the number"),
        (
            "invoice.html",
            format!(
                "{POLICY}<p>{{% if preview is defined %}}x{{% else %}}{{{{ title }}}}{{% endif %}} {{{{ total.amount }}}} \
                 {{{{ buyer.name }}}}"
            ),
            "the mark of a preview",
        ),
        ("invoice.typ", format!("{TITLED}#set text(font: \"Inter\", lang: d.language)\n= hello\n"), "the number"),
        (
            "invoice.typ",
            format!("{TITLED}#set text(font: \"Inter\", lang: d.language)\n= #d.title\n#d.headline\n"),
            "the name of the buyer",
        ),
    ] {
        check(name, &text, None, &format!("it does not show {says}"));
    }
    check("invoice.html", "", None, "does not forbid its readers");
    check("invoice.html", SHOWN, None, "does not forbid its readers");
}

#[test]
fn every_template_is_named_before_it_is_used() {
    let mut named = Vec::new();
    Renderer::new().unwrap().faults(&Looks::default(), &[], &mut |name| named.push(name.to_owned())).unwrap();
    let all = [INVOICE, MAIL_TEXT, MAIL_HTML, pdf::TEMPLATE];
    assert_eq!(named[..4], all);
    assert!(all.iter().all(|name| named[4..].iter().any(|drawn| drawn == name)), "{named:?}");
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
    let small = format!("{TITLED}{ENOUGH}// the end");
    assert_eq!(faults(&own("invoice.typ", &small), &[]), []);
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
    check("mail.txt", "\n\n{% include \"other.txt\" %}", Some(3), "Unknown template `other.txt`");
}

#[test]
fn a_page_fetches_and_runs_nothing() {
    for text in [
        "<script>alert(1)</script>",
        "<IMG SRC = \"https://example.com/{{ number }}.png\" alt=\"\">",
        "<img src=\"{{ title }}\" alt=\"\">",
        "<img src=\"{{ sheet.accent | replace(from='#', to='//') }}\" alt=\"\">",
        "<style>@import 'x';</style>",
        "<p style=\"background: url( 'http://example.com')\">",
        "<p onclick=\"x()\">",
    ] {
        for name in ["invoice.html", "mail.html"] {
            check(name, &format!("{POLICY}{SHOWN}\n{text}\n"), Some(2), "would fetch or run something");
        }
    }
}
