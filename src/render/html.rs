//! HTML and text by Tera.

use serde::Serialize;
use tera::{Context, Tera};

use super::RenderError;

pub(super) const INVOICE: &str = "invoice.html";
pub(super) const MAIL_TEXT: &str = "mail.txt";
pub(super) const MAIL_HTML: &str = "mail.html";

/// Every template, by the name it is rendered under.
const TEMPLATES: [(&str, &str); 4] = [
    (INVOICE, include_str!("../../templates/invoice.html")),
    (MAIL_TEXT, include_str!("../../templates/mail.txt")),
    (MAIL_HTML, include_str!("../../templates/mail.html")),
    ("report_month.html", include_str!("../../templates/report_month.html")),
];

/// The compiled templates.
pub(super) struct Pages(Tera);

impl Pages {
    pub fn new() -> Result<Self, RenderError> {
        let mut tera = Tera::new();
        // Every name ends with the empty text: all templates escape, whatever they are called. A template
        // of plain text says `safe` at each value.
        tera.autoescape_on([""]);
        tera.add_raw_templates(TEMPLATES).map_err(RenderError::Template)?;
        Ok(Self(tera))
    }

    pub fn render(&self, template: &str, data: &impl Serialize) -> Result<String, RenderError> {
        let wrong = |source| RenderError::Page { template: template.to_owned(), source };
        let context = Context::from_serialize(data).map_err(wrong)?;
        self.0.render(template, &context).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_escapes_and_needs_its_values() {
        let mut tera = Tera::new();
        tera.autoescape_on([""]);
        tera.add_raw_template("any name", "{{ x }}").unwrap();
        let context = Context::from_serialize(&serde_json::json!({ "x": "<b>" })).unwrap();
        assert_eq!(tera.render("any name", &context).unwrap(), "&lt;b&gt;");
        assert!(tera.render("any name", &Context::new()).is_err(), "a value that is absent is an error");
    }

    #[test]
    fn an_unknown_page_is_an_error() {
        let pages = Pages::new().unwrap();
        assert!(matches!(pages.render("nowhere.html", &()), Err(RenderError::Page { .. })));
    }
}
