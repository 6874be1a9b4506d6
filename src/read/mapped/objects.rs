//! JSON of a vendor: one object a line, or documents with a list of them. Columns are paths: `payload.destination`.
//!
//! Only what the mapping names is decoded; all else, the text of messages first, is passed over as bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Log;
use super::row::Values;
use crate::read::row::Suspect;
use crate::read::{ReadError, lines};

/// So many other names are remembered of a row.
const OTHERS: usize = 40;

pub(super) fn read(plain: &[u8], log: &mut Log) -> Result<(), ReadError> {
    if plain.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    if plain.trim_ascii_start().starts_with(b"[") {
        return Err(ReadError::JsonArray);
    }
    let mut tree = Tree::default();
    for (place, name) in log.names.iter().enumerate() {
        tree.add(name, place);
    }
    match &log.mapping.rows {
        Some(path) => documents(plain, &path.split('.').collect::<Vec<_>>(), &tree, log),
        None => objects(plain, &tree, log),
    }
}

/// One object a line.
fn objects(plain: &[u8], tree: &Tree, log: &mut Log) -> Result<(), ReadError> {
    let mut has_object = false;
    for line in lines::lines(plain, log.builder.limits.line) {
        let (number, line) = line?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let mut found = Found::new(log.names.len());
        let mut reader = serde_json::Deserializer::from_slice(line);
        let read = Walk { tree, found: &mut found }.deserialize(&mut reader).and_then(|()| reader.end());
        if read.is_ok() && found.is_object {
            has_object = true;
            take(found, number, log)?;
        } else {
            let reason = "not valid JSON: a line must hold one whole object";
            log.builder.reject(number, reason, Some(Suspect::default()));
            log.builder.check_rows()?;
        }
    }
    if !has_object {
        return Err(ReadError::NoObjects);
    }
    log.check_columns(false)
}

/// Documents one after the other, each with a list of rows; what is broken in one cannot be told from what follows.
fn documents(plain: &[u8], path: &[&str], tree: &Tree, log: &mut Log) -> Result<(), ReadError> {
    let (mut number, mut document, mut lists, mut rest) = (0, 0, 0_u64, plain.trim_ascii());
    while !rest.is_empty() {
        document += 1;
        let (mut rows, mut has_list) = (Vec::new(), false);
        let mut stream = serde_json::Deserializer::from_slice(rest);
        let names = log.names.len();
        let seed = Rows { path, tree, names, rows: &mut rows, has_list: &mut has_list };
        seed.deserialize(&mut stream).map_err(|_| ReadError::Document(document))?;
        // Where the document ends, the reader of raw values begins.
        let length = length_of(rest).ok_or(ReadError::Document(document))?;
        rest = rest.get(length..).unwrap_or_default().trim_ascii_start();
        lists += u64::from(has_list);
        for found in rows {
            number += 1;
            if found.is_object {
                take(found, number, log)?;
            } else {
                log.builder.reject(number, "the element of the list is no object", Some(Suspect::default()));
                log.builder.check_rows()?;
            }
        }
    }
    let path = format!("`{}`", path.join("."));
    match (lists, number) {
        (0, _) => Err(ReadError::NotOfMapping(path)),
        // A quiet day.
        (_, 0) => Ok(()),
        _ => log.check_columns(false),
    }
}

/// Bytes of the first JSON value.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

fn take(found: Found, number: u64, log: &mut Log) -> Result<(), ReadError> {
    for (met, text) in log.met.iter_mut().zip(&found.texts) {
        *met |= text.is_some();
    }
    for name in &found.others {
        log.note_other(name);
    }
    log.take(&Values { names: log.names, texts: found.texts, odd: found.odd }, number)
}

/// The paths that are wanted, by their steps.
#[derive(Default)]
struct Tree {
    /// Of the path that ends here, among the names of the mapping.
    place: Option<usize>,
    steps: BTreeMap<String, Tree>,
}

impl Tree {
    fn add(&mut self, path: &str, place: usize) {
        let mut tree = self;
        for step in path.split('.') {
            tree = tree.steps.entry(step.to_owned()).or_default();
        }
        tree.place = Some(place);
    }
}

/// What was found of one row.
struct Found<'de> {
    texts: Vec<Option<Cow<'de, str>>>,
    odd: Option<usize>,
    is_object: bool,
    /// Keys beside the wanted ones.
    others: Vec<String>,
}

impl<'de> Found<'de> {
    fn new(names: usize) -> Self {
        Self { texts: vec![None; names], odd: None, is_object: false, others: Vec::new() }
    }

    fn set(&mut self, place: Option<usize>, value: Option<Cow<'de, str>>) {
        let Some(place) = place else { return };
        let Some(text) = self.texts.get_mut(place) else { return };
        if text.is_some() || value.is_none() {
            self.odd.get_or_insert(place);
        }
        *text = Some(value.unwrap_or_default());
    }
}

/// Reads a value of which only the paths of a tree are wanted.
struct Walk<'w, 'de> {
    tree: &'w Tree,
    found: &'w mut Found<'de>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value of a log")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        self.found.set(self.tree.place, Some(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.found.set(self.tree.place, Some(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.found.set(self.tree.place, Some(Cow::Owned(number.to_string())));
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.found.set(self.tree.place, Some(Cow::Owned(number.to_string())));
        Ok(())
    }

    fn visit_bool<E: Error>(self, is: bool) -> Result<(), E> {
        self.found.set(self.tree.place, Some(Cow::Borrowed(if is { "true" } else { "false" })));
        Ok(())
    }

    #[expect(clippy::disallowed_types, reason = "serde hands over a fraction so; it is dropped")]
    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.found.set(self.tree.place, None);
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.found.set(self.tree.place, Some(Cow::Borrowed("")));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        self.found.set(self.tree.place, None);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { tree, found } = self;
        found.is_object = true;
        // An object where a text is wanted; one on the way to other columns may be both.
        if tree.place.is_some() && tree.steps.is_empty() {
            found.set(tree.place, None);
        }
        while let Some(key) = map.next_key::<String>()? {
            match tree.steps.get(&key) {
                Some(tree) => map.next_value_seed(Walk { tree, found: &mut *found })?,
                None => {
                    if found.others.len() < OTHERS {
                        found.others.push(key);
                    }
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Reads the list of rows at the end of a path.
struct Rows<'w, 'de> {
    path: &'w [&'w str],
    tree: &'w Tree,
    names: usize,
    rows: &'w mut Vec<Found<'de>>,
    has_list: &'w mut bool,
}

impl<'de> DeserializeSeed<'de> for Rows<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() { deserializer.deserialize_seq(self) } else { deserializer.deserialize_map(self) }
    }
}

impl<'de> Visitor<'de> for Rows<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a document with a list of rows")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { path, tree, names, rows, has_list } = self;
        let (step, path) = path.split_first().map_or(("", path), |(step, rest)| (*step, rest));
        while let Some(key) = map.next_key::<String>()? {
            if key == step {
                map.next_value_seed(Rows { path, tree, names, rows: &mut *rows, has_list: &mut *has_list })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        *self.has_list = true;
        loop {
            let mut found = Found::new(self.names);
            if items.next_element_seed(Walk { tree: self.tree, found: &mut found })?.is_none() {
                return Ok(());
            }
            self.rows.push(found);
        }
    }
}
