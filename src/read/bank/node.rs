//! An element of XML with what is in it, as far as a statement needs it: names without prefixes, texts, and the currency of an
//! amount. Elements are bounded in depth, number and length of text.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::StatementError;

const DEPTH_MAX: usize = 40;
/// Elements that are held at a time: those around an entry of a statement, and of the entry, which may be a batch of many
/// payments.
const NODES_MAX: usize = 1_000_000;
/// Attributes of an element that are looked at.
const ATTRIBUTES_MAX: usize = 32;
/// Bytes of the text of one element.
const TEXT_MAX: usize = 64 << 10;

/// An element.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub name: String,
    text: String,
    /// The attribute `Ccy`.
    pub currency: String,
    pub children: Vec<Node>,
    /// How many elements were held when it was opened.
    held_before: usize,
}

impl Node {
    /// All elements on a path below this one.
    pub fn all<'n>(&'n self, path: &[&str]) -> Vec<&'n Node> {
        path.iter().fold(vec![self], |found, name| {
            let below = move |node: &'n Node| node.children.iter().filter(move |child| child.name == *name);
            found.into_iter().flat_map(below).collect()
        })
    }

    /// The first of them.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.children.iter().find(|child| child.name == *name))
    }

    /// Its text, without blanks around it; empty where there is no such element.
    pub fn said(&self, path: &[&str]) -> &str {
        self.at(path).map_or("", Node::text)
    }

    /// The first text of several paths that is not empty.
    pub fn first_said(&self, paths: &[&[&str]]) -> &str {
        paths.iter().map(|path| self.said(path)).find(|said| !said.is_empty()).unwrap_or_default()
    }

    pub fn text(&self) -> &str {
        self.text.trim()
    }
}

/// Judges the first element, by its name and its attributes.
pub(super) type Root<'r> = dyn Fn(&str, &[String]) -> Result<(), StatementError> + 'r;

/// Takes an element with those that it stands in.
pub(super) type Take<'t> = dyn FnMut(&[Node], &Node) -> Result<(), StatementError> + 't;

/// Gives every element `name` that is closed to `take`, together with the elements that are open around it, the outermost
/// first. What was taken is let go. `root` judges the first element, by its name and its attributes.
///
/// # Errors
/// What is no XML, has a document type, or passes a limit; and what `take` and `root` say.
pub(super) fn each(text: &str, name: &str, root: &Root<'_>, take: &mut Take<'_>) -> Result<(), StatementError> {
    let mut reader = Reader::from_str(text);
    let mut walk = Walk { open: Vec::new(), held: 0, was_open: false };
    loop {
        match reader.read_event().map_err(|error| StatementError::Damaged(error.to_string()))? {
            Event::DocType(_) => return Err(StatementError::DocumentType),
            Event::Start(start) => walk.open(&start, root)?,
            Event::Empty(start) => {
                walk.open(&start, root)?;
                walk.close(name, take)?;
            }
            Event::End(_) => walk.close(name, take)?,
            Event::Text(said) => walk.say(&said.xml10_content())?,
            Event::CData(said) => walk.say(&said.xml10_content())?,
            Event::GeneralRef(reference) => walk.say(&meant(&reference)?)?,
            Event::Eof => break,
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
        }
    }
    match walk.open.last() {
        _ if !walk.was_open => Err(StatementError::Version("it has no element".to_owned())),
        Some(node) => Err(StatementError::Damaged(format!("`{}` is never closed", node.name))),
        None => Ok(()),
    }
}

/// What a reference stands for: a character, or one of the five names that XML itself knows.
fn meant(reference: &BytesRef<'_>) -> Result<String, StatementError> {
    let damaged = StatementError::Damaged;
    if let Some(sign) = reference.resolve_char_ref().map_err(|error| damaged(error.to_string()))? {
        return Ok(sign.to_string());
    }
    let name = reference.xml10_content();
    let sign = match &*name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return Err(damaged("it uses an entity of its own".to_owned())),
    };
    Ok(sign.to_owned())
}

/// The elements that are open.
struct Walk {
    open: Vec<Node>,
    /// Elements that are open, or were kept in one that is.
    held: usize,
    was_open: bool,
}

impl Walk {
    fn open(&mut self, start: &BytesStart<'_>, root: &Root<'_>) -> Result<(), StatementError> {
        let name = AsRef::<str>::as_ref(&start.local_name()).to_owned();
        let (mut currency, mut values) = (String::new(), Vec::new());
        // Looking for attributes that stand twice would take a square of their number.
        let mut attributes = start.attributes();
        attributes.with_checks(false);
        for attribute in attributes.take(ATTRIBUTES_MAX) {
            let attribute = attribute.map_err(|error| StatementError::Damaged(error.to_string()))?;
            if AsRef::<str>::as_ref(&attribute.key.local_name()) == "Ccy" {
                currency = attribute.value.chars().take(3).collect();
            }
            if !self.was_open {
                values.push(attribute.value.to_string());
            }
        }
        if !self.was_open {
            root(&name, &values)?;
        }
        self.was_open = true;
        self.held = self.held.saturating_add(1);
        if self.held > NODES_MAX {
            return Err(StatementError::TooMuch(NODES_MAX));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(StatementError::Deep(DEPTH_MAX));
        }
        let held_before = self.held.saturating_sub(1);
        self.open.push(Node { name, currency, held_before, ..Node::default() });
        Ok(())
    }

    fn say(&mut self, said: &str) -> Result<(), StatementError> {
        let Some(node) = self.open.last_mut() else { return Ok(()) };
        if node.text.len().saturating_add(said.len()) > TEXT_MAX {
            return Err(StatementError::TooMuch(NODES_MAX));
        }
        node.text.push_str(said);
        Ok(())
    }

    fn close(&mut self, name: &str, take: &mut Take<'_>) -> Result<(), StatementError> {
        let Some(node) = self.open.pop() else { return Ok(()) };
        if node.name == name {
            self.held = node.held_before;
            return take(&self.open, &node);
        }
        if let Some(around) = self.open.last_mut() {
            around.children.push(node);
        }
        Ok(())
    }
}
