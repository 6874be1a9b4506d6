//! HTML and text by Tera.

use serde::Serialize;
use tera::{Context, ErrorKind, Kwargs, State, Tera, TeraResult, Value};

use super::RenderError;
use super::looks::Looks;
use super::proof::Fault;

pub(super) const INVOICE: &str = "invoice.html";
pub(super) const MAIL_TEXT: &str = "mail.txt";
pub(super) const MAIL_HTML: &str = "mail.html";

/// The templates that Tera draws by the looks of a document.
const DOCUMENTS: [&str; 3] = [INVOICE, MAIL_TEXT, MAIL_HTML];

/// The page for finance, which is no document.
const REPORT: (&str, &str) = ("report_month.html", include_str!("../../templates/report_month.html"));

/// The compiled templates.
pub(super) struct Pages(Tera);

impl Pages {
    pub fn of(looks: &Looks) -> Result<Self, RenderError> {
        let mut tera = strict();
        let documents = DOCUMENTS.map(|name| (name, looks.template(name)));
        tera.add_raw_templates(documents.into_iter().chain([REPORT])).map_err(RenderError::Template)?;
        Ok(Self(tera))
    }

    pub fn render(&self, template: &str, data: &impl Serialize) -> Result<String, RenderError> {
        let wrong = |source| RenderError::Page { template: template.to_owned(), source };
        let context = Context::from_serialize(data).map_err(wrong)?;
        self.0.render(template, &context).map_err(wrong)
    }
}

fn strict() -> Tera {
    let mut tera = Tera::new();
    // Every name ends with the empty text: all templates escape, whatever they are called. A template of plain text says
    // `safe` at each value.
    tera.autoescape_on([""]);
    tera.register_filter("safe", safe);
    tera
}

/// Tera's own takes a value that does not exist for an empty text: a mistyped name would draw a gap.
#[expect(clippy::needless_pass_by_value, reason = "a filter of Tera takes its arguments so")]
fn safe(value: Value, _: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    if value.is_undefined() {
        return Err(tera::Error::message("there is no such value"));
    }
    Ok(Value::safe_string(&value.to_string()))
}

/// Each template of some looks by itself, where it is not valid.
pub(super) fn faults(looks: &Looks) -> Vec<Fault> {
    let of = |name: &str| strict().add_raw_template(name, looks.template(name)).err().map(|error| fault(name, &error));
    DOCUMENTS.into_iter().filter_map(of).collect()
}

/// What makes a page fetch something, or run something, when it is opened.
const FETCHES: [&str; 14] = [
    "<script",
    "<iframe",
    "<object",
    "<embed",
    "<link",
    "<base",
    "@import",
    "src=\"http",
    "src='http",
    "src=http",
    "src=\"//",
    "url(http",
    "url(\"http",
    "url('http",
];

/// Where a template of a page or mail makes its reader fetch something.
pub(super) fn fetching(looks: &Looks) -> Vec<Fault> {
    let of = |name: &str| {
        let text = looks.template(name).to_ascii_lowercase();
        let (at, what) = FETCHES.iter().filter_map(|what| Some((text.find(what)?, *what))).min()?;
        Some(Fault {
            span: Some(at..at + what.len()),
            hint: Some("styles belong into <style>, and the logo is {{ sheet.logo.data }}".to_owned()),
            ..Fault::of(name, format!("`{what}` would fetch or run something when the document is opened"))
        })
    };
    [INVOICE, MAIL_HTML].into_iter().filter_map(of).collect()
}

/// What Tera says is wrong with a template, and where.
pub(super) fn fault(template: &str, error: &tera::Error) -> Fault {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => Fault {
            span: (report.filename() == template).then(|| report.span().range.clone()),
            ..Fault::of(template, report.message().to_owned())
        },
        other => Fault::of(template, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_escapes_and_needs_its_values() {
        let mut tera = strict();
        tera.add_raw_template("any name", "{{ x }}").unwrap();
        let context = Context::from_serialize(&serde_json::json!({ "x": "<b>" })).unwrap();
        assert_eq!(tera.render("any name", &context).unwrap(), "&lt;b&gt;");
        assert!(tera.render("any name", &Context::new()).is_err(), "a value that is absent is an error");
    }

    #[test]
    fn an_unknown_page_is_an_error() {
        let pages = Pages::of(&Looks::default()).unwrap();
        assert!(matches!(pages.render("nowhere.html", &()), Err(RenderError::Page { .. })));
    }
}
