//! Pages that fetch nothing, and the many ways in which others do.

use super::*;

#[track_caller]
fn check(page: &str, what: Option<&str>) {
    let found = fetched(page);
    assert_eq!(found.as_ref().map(|found| found.what.as_str()), what, "{page}: {found:?}");
}

#[test]
fn what_fetches_or_runs_is_found_however_it_is_written() {
    for (page, what) in [
        ("<img src = \"https://a.example/x.png\">", "<img src>"),
        ("<IMG\nSRC=https://a.example/x.png>", "<img src>"),
        ("<img/src=\"//a.example/x.png\">", "<img src>"),
        ("<img src=\"&#104;ttps://a.example\">", "<img src>"),
        ("<img src=\"h\tttps://a.example\">", "<img src>"),
        ("<img src=x.png>", "<img src>"),
        ("<img srcset=\"https://a.example 2x\">", "<img srcset>"),
        ("<img src=\"data:image/png;base64,AA\" onerror=\"x()\">", "<img onerror>"),
        ("<video poster=https://a.example></video>", "<video poster>"),
        ("<table background=https://a.example>", "<table background>"),
        ("<svg><image href=\"https://a.example\"/></svg>", "<image href>"),
        ("<svg><image xlink:href=\"https://a.example\"/></svg>", "<image xlink:href>"),
        ("<svg><use href=\"https://a.example/x.svg#a\"/></svg>", "<use href>"),
        ("<svg><rect fill=\"url(https://a.example/#a)\"/></svg>", "<rect fill>"),
        ("<svg><a><animate attributeName=href to=\"javascript:x()\"/></a></svg>", "<animate>"),
        ("<meta http-equiv=refresh content=\"0; url=https://a.example\">", "<meta http-equiv>"),
        ("<form action=https://a.example><button>x</button></form>", "<form>"),
        ("<button formaction=https://a.example>x</button>", "<button formaction>"),
        ("<a href=\"javascript:x()\">x</a>", "<a href>"),
        ("<a href=\"java\nscript:x()\">x</a>", "<a href>"),
        ("<a href=\" &#106;avascript:x()\">x</a>", "<a href>"),
        ("<a href=\"data:text/html,x\">x</a>", "<a href>"),
        ("<a href=\"https://a.example\" ping=\"https://b.example\">x</a>", "<a ping>"),
        ("<ScRiPt>x()</sCrIpT>", "<script>"),
        ("<iframe srcdoc=\"x\"></iframe>", "<iframe>"),
        ("<link rel=stylesheet href=x.css>", "<link>"),
        ("<base href=https://a.example>", "<base>"),
        ("<p style=\"background: url( https://a.example)\">", "<p style>"),
        ("<p style=\"background: u\\72l('https://a.example')\">", "<p style>"),
        ("<p style=\"background: ur/**/l(https://a.example)\">", "<p style>"),
        (
            "<style>a { content: '/*' } b { background: url(https://a.example) } c { content: '*/' }",
            "a rule in <style>",
        ),
        ("<p style=\"background: image-set('https://a.example' 1x)\">", "<p style>"),
        ("<style>@IMPORT 'x.css';</style>", "a rule in <style>"),
        ("<style>@font-face { src: url(\"https://a.example\") }", "a rule in <style>"),
        ("<svg><style><img src=https://a.example></style></svg>", "markup in <style>"),
        ("<svg><title><img src=https://a.example></title></svg>", "markup in <title>"),
        ("<!--[if mso]><img src=\"https://a.example\"><![endif]-->", "<img src>"),
    ] {
        check(page, Some(what));
    }
}

#[test]
fn what_only_shows_is_left_alone() {
    for page in [
        "",
        "<p>src=\"https://a.example\" onclick=x</p>",
        "<img src=\"data:image/png;base64,AA==\" alt=\"see url(https://a.example)\">",
        "<a href=\"https://a.example\">x</a> <a href=\"mailto:a@b.example\">x</a> <a href=\"#top\">x</a>",
        "<style>p { color: #123; background: url('data:image/png;base64,AA') } @media (width < 600px) { }</style>",
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><title>a &lt; b</title><rect fill=\"url(#a)\"/><use href=\"#a\"/></svg>",
        "<meta http-equiv=\"Content-Type\" content=\"text/html\"><meta name=viewport content=x>",
        "<!-- <img src=\"https://a.example\"> --><p title=\"on time\">&lt;script&gt;</p>",
    ] {
        check(page, None);
    }
}

#[test]
fn text_is_what_a_page_shows() {
    let page = "<title>LR-1</title><style>p { }</style><p>Forno &amp; <b>Figli</b><br>&lt;x&gt;</p><!-- USD 1 -->";
    assert_eq!(text(page), "Forno & Figli<x>");
}

#[test]
fn a_policy_forbids_all_and_comes_first() {
    let meta = |policy: &str| format!("<meta http-equiv=\"content-security-policy\" content=\"{policy}\">");
    let usual = meta("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    for good in [
        format!("<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n{usual}\n<style></style>"),
        format!("<title>an invoice</title>{usual}"),
        meta("default-src 'none'"),
        meta("DEFAULT-SRC 'NONE'; base-uri 'none'"),
    ] {
        assert!(has_policy(&good), "{good}");
    }
    for bad in [
        String::new(),
        format!("<style></style>{usual}"),
        format!("Invoice {usual}"),
        format!("<body>{usual}"),
        format!("<p>{usual}"),
        format!("<head></head>{usual}"),
        format!("<!-- {usual} -->"),
        meta("default-src 'self'"),
        meta("style-src 'unsafe-inline'"),
        meta("default-src 'none'; img-src https:"),
        meta("default-src 'none'; img-src *"),
        meta("default-src 'none'; script-src 'unsafe-inline'"),
        meta("default-src 'none'; connect-src data:"),
    ] {
        assert!(!has_policy(&bad), "{bad}");
    }
}

#[test]
fn a_tag_is_found_again_in_its_template() {
    let template = "<p>\n<img src=\"{{ sheet.logo.data }}\">\n<img alt=\"\" src=\"https://a.example/{{ number }}\">\n";
    let line = |tag: &str| place(template, tag).map(|at| template[..at.start].matches('\n').count() + 1);
    assert_eq!(line("<img alt=\"\" src=\"https://a.example/LR-1\">"), Some(3));
    assert_eq!(line("<img src=\"data:image/png;base64,AA\">"), Some(2));
    assert_eq!(line("<p>"), Some(1));
    assert_eq!(line("<svg>"), None);
}
