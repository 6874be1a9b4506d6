//! The templates of the pages: put together of their parts, in a language, with one small script that a page works without.
//!
//! A page loads nothing: style and script stand in it, and its policy (CSP) allows that one script alone, by its digest.

use crate::domain::{Tongue, base64};

/// The pages, by the name of their template.
const PAGES: [(&str, &str); 5] = [
    ("report_month.html", include_str!("../../templates/report_month.html")),
    ("report_business.html", include_str!("../../templates/report_business.html")),
    ("report_index.html", include_str!("../../templates/report_index.html")),
    ("report_rows.html", include_str!("../../templates/report_rows.html")),
    ("report_run.html", include_str!("../../templates/report_run.html")),
];

const SCRIPT: &str = include_str!("../../templates/site.js");

/// What stands in pages, and in other parts, between double percent signs; parts that have parts come first.
const PARTS: [(&str, &str); 13] = [
    ("%%head%%", include_str!("../../templates/site_head.html")),
    ("%%foot%%", include_str!("../../templates/site_foot.html")),
    ("%%documents%%", include_str!("../../templates/site_documents.html")),
    ("%%stacks%%", include_str!("../../templates/site_stacks.html")),
    ("%%pricing%%", include_str!("../../templates/site_pricing.html")),
    ("%%coverage%%", include_str!("../../templates/site_coverage.html")),
    ("%%how%%", include_str!("../../templates/site_how.html")),
    ("%%business_head%%", include_str!("../../templates/site_business_head.html")),
    ("%%business_rows%%", include_str!("../../templates/site_business_rows.html")),
    ("%%document_head%%", include_str!("../../templates/site_document_head.html")),
    ("%%document_rows%%", include_str!("../../templates/site_document_rows.html")),
    ("%%style%%", include_str!("../../templates/site.css")),
    ("%%coverage_style%%", include_str!("../../templates/coverage.css")),
];

/// Every template of a language, by its name.
pub fn templates(tongue: Tongue) -> Vec<(String, String)> {
    PAGES.into_iter().map(|(name, page)| (name_in(tongue, name), whole(tongue, page))).collect()
}

/// The name that a template has in a language.
pub fn name_in(tongue: Tongue, name: &str) -> String {
    format!("{}/{name}", tongue.code())
}

fn whole(tongue: Tongue, page: &str) -> String {
    let text = PARTS.iter().fold(page.to_owned(), |text, (mark, part)| text.replace(*mark, part));
    // After the words: neither is one of them, and nothing in them is looked up.
    let text = tongue.template(text.trim_end());
    let text = text.replace("%%hash%%", &script_hash()).replace("%%script%%", &script());
    text + "\n"
}

/// The script as it stands in the pages, without what is for its readers alone.
fn script() -> String {
    let lines = SCRIPT.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// SHA-256 of the script as a policy writes it.
fn script_hash() -> String {
    let digest = crate::close::check::sha256(script().as_bytes());
    let bytes = (0..digest.len()).step_by(2).filter_map(|at| u8::from_str_radix(digest.get(at..at + 2)?, 16).ok());
    base64::encoded(&bytes.collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_whole_and_has_its_script_and_its_digest() {
        for tongue in Tongue::ALL {
            for (name, text) in templates(tongue) {
                assert!(!text.contains("%%"), "{name}: a part is missing");
                assert!(!text.contains("[[") && !text.contains("]]"), "{name}");
                assert_eq!(text.matches("<script>").count(), 1, "{name}");
                assert!(text.contains(&format!("script-src 'sha256-{}'", script_hash())), "{name}");
                assert!(text.ends_with("</html>\n"), "{name}");
            }
        }
        assert_eq!(script_hash().len(), 44);
        assert!(!SCRIPT.contains("{{") && !SCRIPT.contains("{%") && !SCRIPT.contains("</"));
    }

    #[test]
    fn the_words_of_every_template_are_known_in_every_language() {
        let texts = PAGES.iter().chain(&PARTS).map(|(_, text)| text);
        for words in texts.flat_map(|text| text.split("[[").skip(1)) {
            let words = words.split_once("]]").unwrap().0;
            assert!(Tongue::knows(words), "{words}");
        }
    }
}
