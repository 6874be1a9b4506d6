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

/// Compiled templates.
pub struct Pages(Tera);

impl Pages {
    /// Of templates that are no documents, each with its name.
    ///
    /// # Errors
    /// [`RenderError::Template`]: one of them is not valid.
    pub fn with(templates: &[(String, String)]) -> Result<Self, RenderError> {
        let mut tera = strict();
        tera.add_raw_templates(templates.iter().map(|(name, text)| (name, text))).map_err(RenderError::Template)?;
        Ok(Self(tera))
    }

    pub(super) fn of(looks: &Looks) -> Result<Self, RenderError> {
        let mut tera = strict();
        let documents = DOCUMENTS.map(|name| (name, looks.template(name)));
        tera.add_raw_templates(documents.into_iter().chain([super::statement::HTML])).map_err(RenderError::Template)?;
        Ok(Self(tera))
    }

    /// One of them, from its data.
    ///
    /// # Errors
    /// [`RenderError::Page`]: no such template, or it names what the data does not have.
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

/// Each template of some looks by itself, where it is not valid; `drawing` is told of each before it is looked at.
pub(super) fn faults(looks: &Looks, drawing: &mut dyn FnMut(&str)) -> Vec<Fault> {
    let of = |name: &str| {
        drawing(name);
        strict().add_raw_template(name, looks.template(name)).err().map(|error| fault(looks, name, &error))
    };
    DOCUMENTS.into_iter().filter_map(of).collect()
}

/// What Tera says is wrong with a template, and where.
pub(super) fn fault(looks: &Looks, template: &str, error: &tera::Error) -> Fault {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => Fault {
            span: (report.filename() == template).then(|| report.span().range.clone()),
            ..Fault::of(template, report.message().to_owned())
        },
        other => {
            let said = other.to_string();
            of_reports(template, looks.template(template), &said).unwrap_or_else(|| Fault::of(template, said))
        }
    }
}

/// What Tera says of names that it does not know is a list of finished reports; the first of them is told. `None` where it
/// is none.
fn of_reports(template: &str, text: &str, said: &str) -> Option<Fault> {
    let (message, rest) = said.strip_prefix("error: ")?.split_once('\n')?;
    let mut place = rest.lines().next()?.trim_start().strip_prefix("--> ")?.rsplitn(3, ':');
    let (_, line, name) = (place.next()?, place.next()?.parse::<usize>().ok()?, place.next()?);
    let before = line.checked_sub(1)?;
    let start = text.split_inclusive('\n').take(before).map(str::len).sum::<usize>();
    let end = start + text.get(start..)?.lines().next().unwrap_or_default().len();
    let hint = if message.starts_with("Unknown template") {
        "a template stands alone: it can include no other"
    } else {
        "filters, tests and functions are those of Tera itself"
    };
    Some(Fault {
        span: (name == template).then_some(start..end),
        hint: Some(hint.to_owned()),
        ..Fault::of(template, message.to_owned())
    })
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
    fn a_name_that_tera_does_not_know_has_its_line() {
        for (text, line, says) in [
            ("<p>\n{{ title | shout }}\n{{ nothing() }}\n", 2, "Unknown filter `shout`"),
            ("<p>\n\n{{ nothing() }}", 3, "Unknown function `nothing`"),
            ("{{ title is grand }}", 1, "Unknown test `grand`"),
            ("<p>\n{% include \"other.html\" %}\n", 2, "Unknown template `other.html`"),
        ] {
            let looks = Looks::with([(INVOICE.to_owned(), text.to_owned())].into(), [].into());
            let found = faults(&looks, &mut |_| {});
            let [fault] = found.as_slice() else { panic!("{text}: {found:?}") };
            let at = fault.span.clone().unwrap();
            assert_eq!((fault.message.as_str(), text[..at.start].matches('\n').count() + 1), (says, line));
            assert!(!text[at].contains('\n'));
        }
    }

    #[test]
    fn an_unknown_page_is_an_error() {
        let pages = Pages::of(&Looks::default()).unwrap();
        assert!(matches!(pages.render("nowhere.html", &()), Err(RenderError::Page { .. })));
    }
}
