//! A tree of XML elements in which none is empty, and its writing.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// An element with text or with other elements in it.
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Content,
}

enum Content {
    Text(String),
    Elements(Vec<Element>),
}

/// Elements that there may be, in their order.
pub(super) type Elements = Vec<Option<Element>>;

/// An element around a text; none around an empty one.
pub(super) fn text(name: &'static str, text: impl Into<String>) -> Option<Element> {
    let text = text.into();
    (!text.is_empty()).then(|| Element { name, attributes: Vec::new(), content: Content::Text(text) })
}

/// The same with an attribute.
pub(super) fn text_with(
    name: &'static str,
    attribute: (&'static str, &str),
    content: impl Into<String>,
) -> Option<Element> {
    let (key, value) = attribute;
    text(name, content).map(|element| Element { attributes: vec![(key, value.to_owned())], ..element })
}

/// An element around a text that there may be.
pub(super) fn maybe(name: &'static str, content: Option<&str>) -> Option<Element> {
    text(name, content.unwrap_or_default())
}

/// An element around others; none where there are none.
pub(super) fn group(name: &'static str, children: impl IntoIterator<Item = Option<Element>>) -> Option<Element> {
    let elements: Vec<Element> = children.into_iter().flatten().collect();
    (!elements.is_empty()).then(|| Element { name, attributes: Vec::new(), content: Content::Elements(elements) })
}

/// The document with this root, indented by two blanks; every attribute of the root is a namespace.
pub(super) fn document(
    name: &'static str,
    namespaces: &[(&'static str, &str)],
    children: impl IntoIterator<Item = Option<Element>>,
) -> Vec<u8> {
    let attributes = namespaces.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let content = Content::Elements(children.into_iter().flatten().collect());
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Invariant: writing to memory cannot fail.
    written(&mut writer, &Element { name, attributes, content }).unwrap_or_else(|error| unreachable!("{error}"));
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    bytes
}

fn written(writer: &mut Writer<Vec<u8>>, root: &Element) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    write(writer, root)
}

fn write(writer: &mut Writer<Vec<u8>>, element: &Element) -> io::Result<()> {
    let mut start = BytesStart::new(element.name);
    for (key, value) in &element.attributes {
        start.push_attribute((*key, value.as_str()));
    }
    writer.write_event(Event::Start(start))?;
    match &element.content {
        Content::Text(text) => writer.write_event(Event::Text(BytesText::new(text)))?,
        Content::Elements(elements) => elements.iter().try_for_each(|element| write(writer, element))?,
    }
    writer.write_event(Event::End(BytesEnd::new(element.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_not_there_and_texts_are_texts() {
        let lost = group("lost", [text("empty", ""), group("within", [maybe("none", None)])]);
        let kept = group("kept", [text_with("a", ("of", "\"<&"), "<b> & 'c'"), lost]);
        let bytes = document("root", &[("xmlns", "urn:x")], [kept]);
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root xmlns=\"urn:x\">\n  <kept>\n    \
                        <a of=\"&quot;&lt;&amp;\">&lt;b&gt; &amp; &apos;c&apos;</a>\n  </kept>\n</root>\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }
}
