//! What a drawn page says, and what it would do beside being shown: cut into tags and attributes as a browser does it.
//!
//! Nothing here mends a page: what might fetch or run something is found, and its template refused.

use std::cmp::Reverse;
use std::ops::Range;

use html5gum::{DefaultEmitter, StartTag, StringReader, Token, Tokenizer};

/// Elements that have no place in a document: they fetch, run, send or change something, whatever their attributes say.
const REFUSED: [&str; 20] = [
    "script",
    "iframe",
    "frame",
    "frameset",
    "object",
    "embed",
    "applet",
    "link",
    "base",
    "form",
    "portal",
    "fencedframe",
    "noscript",
    "xmp",
    "noembed",
    "noframes",
    "plaintext",
    "animate",
    "set",
    "template",
];

/// Attributes whose value names what is to be fetched.
const ADDRESSES: [&str; 17] = [
    "src",
    "poster",
    "background",
    "data",
    "action",
    "formaction",
    "href",
    "xlink:href",
    "ping",
    "manifest",
    "icon",
    "longdesc",
    "lowsrc",
    "dynsrc",
    "classid",
    "codebase",
    "archive",
];

/// Attributes that list what is to be fetched, or are pages themselves.
const LISTS: [&str; 3] = ["srcset", "imagesrcset", "srcdoc"];

/// Attributes of words alone: whatever stands in them is only said.
const WORDS: [&str; 4] = ["alt", "title", "content", "aria-label"];

/// Where a link may lead that somebody follows.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// What `http-equiv` may be.
const EQUIVALENTS: [&str; 3] = ["content-security-policy", "content-type", "content-language"];

/// Something that would be fetched or run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The tag and what of it: `<img src>`.
    pub what: String,
    /// The tag as it stands in the page.
    pub tag: String,
}

type Tag = StartTag<usize>;

/// The first thing that a page would fetch or run when it is opened; `None` where there is nothing.
pub(super) fn fetched(page: &str) -> Option<Found> {
    let mut within: Option<(String, Tag, String)> = None;
    for Ok(token) in tokens(page) {
        match token {
            Token::StartTag(tag) => {
                let name = lossy(&tag.name);
                if let Some(what) = of_tag(&name, &tag) {
                    return Some(Found { what, tag: shown(page, &tag) });
                }
                // The content of these is text in a page and markup in a picture.
                within = matches!(name.as_str(), "style" | "title" | "textarea").then(|| (name, tag, String::new()));
            }
            Token::EndTag(_) => {
                if let Some((name, tag, content)) = within.take()
                    && let Some(what) = of_content(&name, &content)
                {
                    return Some(Found { what, tag: shown(page, &tag) });
                }
            }
            Token::String(said) => {
                if let Some((_, _, content)) = &mut within {
                    content.push_str(&lossy(&said.value));
                }
            }
            // Some readers of mail take a comment with a condition for a part of the page.
            Token::Comment(comment) => {
                let comment = lossy(&comment.value);
                let part = comment.strip_prefix("[if").and_then(|part| part.split_once('>'));
                if let Some(found) = part.and_then(|(_, part)| fetched_outside_comments(part)) {
                    return Some(found);
                }
            }
            Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    // A style that is never closed holds to the end.
    let (name, tag, content) = within?;
    Some(Found { what: of_content(&name, &content)?, tag: shown(page, &tag) })
}

/// The same of what a comment holds, in which there is no other.
fn fetched_outside_comments(part: &str) -> Option<Found> {
    if part.contains("<!--") { None } else { fetched(part) }
}

/// The text that a page shows.
pub(super) fn text(page: &str) -> String {
    let (mut text, mut is_hidden) = (String::new(), false);
    for Ok(token) in tokens(page) {
        match token {
            Token::StartTag(tag) => is_hidden = matches!(lossy(&tag.name).as_str(), "style" | "title" | "script"),
            Token::EndTag(_) => is_hidden = false,
            Token::String(said) if !is_hidden => text.push_str(&lossy(&said.value)),
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    text
}

/// Whether a page says, before anything else that could be fetched, that nothing is.
pub(super) fn has_policy(page: &str) -> bool {
    let mut is_title = false;
    for Ok(token) in tokens(page) {
        match token {
            Token::StartTag(tag) => match lossy(&tag.name).as_str() {
                "meta" if is_equivalent(&tag, "content-security-policy") => {
                    return attribute(&tag, "content").is_some_and(|policy| forbids_all(&policy));
                }
                name @ ("html" | "head" | "meta" | "title") => is_title = name == "title",
                _ => return false,
            },
            Token::EndTag(tag) if lossy(&tag.name) == "title" => is_title = false,
            Token::EndTag(_) => return false,
            // A word outside the title begins the body, where a policy is not heeded.
            Token::String(said) if !is_title && !lossy(&said.value).trim().is_empty() => return false,
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    false
}

/// Where a tag of a page stands in its template: where most of it is the same.
pub(super) fn place(template: &str, tag: &str) -> Option<Range<usize>> {
    let end =
        tag.char_indices().skip(1).find(|(_, sign)| !sign.is_ascii_alphanumeric()).map_or(tag.len(), |(at, _)| at);
    let head = tag.get(..end)?;
    let alike = |at: usize| {
        let rest = template.as_bytes().iter().skip(at).zip(tag.as_bytes());
        rest.take_while(|(one, other)| one == other).count()
    };
    // Of several that are as much alike, the first.
    let places = template.match_indices(head).map(|(at, _)| (alike(at), at));
    let (_, at) = places.min_by_key(|(alike, _)| Reverse(*alike))?;
    Some(at..at.saturating_add(head.len()))
}

fn tokens(page: &str) -> Tokenizer<StringReader<'_>, DefaultEmitter<usize>> {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(page, emitter)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The tag as it stands in the page.
fn shown(page: &str, tag: &Tag) -> String {
    let said = page.get(tag.span.start..tag.span.end);
    said.map_or_else(|| format!("<{}", lossy(&tag.name)), str::to_owned)
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    tag.attributes.get(name.as_bytes()).map(|value| lossy(&value.value))
}

fn is_equivalent(tag: &Tag, what: &str) -> bool {
    attribute(tag, "http-equiv").is_some_and(|said| said.trim().eq_ignore_ascii_case(what))
}

/// What of a tag would fetch or run something.
fn of_tag(name: &str, tag: &Tag) -> Option<String> {
    if REFUSED.contains(&name) || name.starts_with("animate") {
        return Some(format!("<{name}>"));
    }
    let is_odd = name == "meta"
        && attribute(tag, "http-equiv").is_some()
        && EQUIVALENTS.iter().all(|equivalent| !is_equivalent(tag, equivalent));
    if is_odd {
        return Some("<meta http-equiv>".to_owned());
    }
    let is_link = matches!(name, "a" | "area");
    let mut attributes = tag.attributes.iter().map(|(key, value)| (lossy(key), lossy(&value.value)));
    attributes.find(|(key, value)| does_fetch(is_link, key, value)).map(|(key, _)| format!("<{name} {key}>"))
}

fn does_fetch(is_link: bool, key: &str, value: &str) -> bool {
    // As browsers read an address: without line ends, tabs and blanks.
    let address: String = value.chars().filter(|sign| *sign > ' ').collect::<String>().to_ascii_lowercase();
    match key {
        _ if key.starts_with("on") => true,
        "href" | "xlink:href" if is_link => !is_followed(&address),
        _ if ADDRESSES.contains(&key) => !is_here(&address),
        _ if LISTS.contains(&key) => !address.is_empty(),
        _ if WORDS.contains(&key) => false,
        _ => does_style_fetch(value),
    }
}

/// What the page itself has.
fn is_here(address: &str) -> bool {
    address.is_empty() || address.starts_with('#') || address.starts_with("data:image/")
}

/// A link that somebody may follow, which does nothing by itself.
fn is_followed(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme);
    let scheme =
        scheme.filter(|scheme| scheme.chars().all(|sign| sign.is_ascii_alphanumeric() || "+-.".contains(sign)));
    scheme.is_none_or(|scheme| SCHEMES.contains(&scheme))
}

/// What of the content of an element of text would fetch or run something.
fn of_content(name: &str, content: &str) -> Option<String> {
    let may_be_tag = |(at, _): (usize, &str)| {
        content.get(at.saturating_add(1)..).is_some_and(|rest| {
            rest.starts_with(|sign: char| sign.is_ascii_alphabetic() || matches!(sign, '/' | '!' | '?'))
        })
    };
    if content.match_indices('<').any(may_be_tag) {
        return Some(format!("markup in <{name}>"));
    }
    (name == "style" && does_style_fetch(content)).then(|| "a rule in <style>".to_owned())
}

/// Whether a style would fetch something: by `url`, which may be data, or by an import.
fn does_style_fetch(style: &str) -> bool {
    // What begins a comment may stand in a text, where it begins none.
    does_plain_style_fetch(&plain_style(style)) || does_plain_style_fetch(&plain_style(&without_comments(style)))
}

fn does_plain_style_fetch(style: &str) -> bool {
    let is_here = |(at, found): (usize, &str)| {
        let address = style.get(at.saturating_add(found.len())..).unwrap_or_default();
        let address = address.trim_start_matches(|sign: char| sign.is_whitespace() || matches!(sign, '"' | '\''));
        address.starts_with('#') || address.starts_with("data:image/") || address.starts_with("data:font/")
    };
    ["@import", "image-set(", "expression(", "-moz-binding"].iter().any(|rule| style.contains(rule))
        || !style.match_indices("url(").all(is_here)
}

fn without_comments(style: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(style.len()), style);
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

/// A style in small letters, without the escapes that hide words from a search and from no browser.
fn plain_style(style: &str) -> String {
    if !style.contains('\\') {
        return style.to_lowercase();
    }
    let mut told = String::with_capacity(style.len());
    let mut signs = style.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            told.push(sign);
            continue;
        }
        let mut code = String::new();
        while code.len() < 6
            && let Some(digit) = signs.next_if(char::is_ascii_hexdigit)
        {
            code.push(digit);
        }
        if code.is_empty() {
            told.extend(signs.next());
        } else {
            told.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            // One blank ends the number, and is no part of the text.
            let _ = signs.next_if(|sign| sign.is_whitespace());
        }
    }
    told.to_lowercase()
}

/// Whether a policy lets nothing be fetched or run but the styles, pictures and fonts that the page itself has.
fn forbids_all(policy: &str) -> bool {
    let policy = policy.to_ascii_lowercase();
    let directives = policy.split(';').map(|directive| directive.split_whitespace().collect::<Vec<_>>());
    let directives: Vec<Vec<&str>> = directives.filter(|words| !words.is_empty()).collect();
    let is_right = |words: &Vec<&str>| {
        let name = words.first().copied().unwrap_or_default();
        words.iter().skip(1).all(|source| match *source {
            "'none'" => true,
            "'unsafe-inline'" => name.starts_with("style-src"),
            "data:" => matches!(name, "img-src" | "font-src"),
            _ => false,
        })
    };
    directives.contains(&vec!["default-src", "'none'"]) && directives.iter().all(is_right)
}

#[cfg(test)]
mod tests;
