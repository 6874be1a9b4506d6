//! A table of a configuration file: which keys it may have, and its values by key.
//!
//! Every getter gives `None` both for an absent value and for a wrong one. The wrong one is noted on the
//! page, and a page with a mistake gives no configuration, so nothing that is wrong can pass as absent.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::page::Page;
use super::{secrets, spelling, words};
use crate::domain::{Date, Instant};

/// The keys of one kind of table, each as an example line such as `zone = "Europe/Rome"` or `[[source]]`.
/// The example names the key and is the hint when the value is absent or wrong.
pub(super) struct Form {
    pub name: &'static str,
    pub needs: &'static [&'static str],
    pub allows: &'static [&'static str],
}

impl Form {
    fn examples(&self) -> impl Iterator<Item = &'static str> {
        self.needs.iter().chain(self.allows).copied()
    }

    fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.examples().map(key_of)
    }

    /// The example line of `key`.
    pub fn example(&self, key: &str) -> &'static str {
        self.examples().find(|example| key_of(example) == key).unwrap_or_default()
    }
}

const SECRETS: &str = "put it into a file that only its owner can read and name that with password_file, \
                       or name an environment variable with password_env";

/// The table of object storage, whose secrets have another place.
pub(super) const OBJECT_STORAGE: &str = "[object_storage]";

/// The table of the cluster, whose token has another place.
pub(super) const ENGINE: &str = "[engine]";

const ENGINE_SECRETS: &str =
    "put it into a file that only its owner can read, write token_file = \"cluster.token\", and take it out here";

const OBJECT_SECRETS: &str =
    "take it out: credentials are read from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN";

/// `zone` of `zone = "UTC"`, `channel` of `[[business.channel]]`.
fn key_of(example: &'static str) -> &'static str {
    let key = example.split(" = ").next().unwrap_or(example).trim_matches(['[', ']']);
    key.rsplit('.').next().unwrap_or(key)
}

/// A text of the file, and where it stands.
pub(super) struct Text {
    pub text: String,
    pub place: Range<usize>,
}

/// A table that has no unknown keys, or whose unknown and absent keys are noted.
pub(super) struct Table<'p> {
    pub page: &'p Page<'p>,
    form: &'static Form,
    /// `None` for the file itself.
    header: Option<Range<usize>>,
    entries: &'p DeTable<'p>,
}

impl<'p> Table<'p> {
    /// The file itself.
    pub fn root(page: &'p Page<'p>, form: &'static Form, entries: &'p DeTable<'p>) -> Self {
        Self { page, form, header: None, entries }.checked()
    }

    fn checked(self) -> Self {
        let unknown = self.entries.keys().filter(|key| !self.form.keys().any(|known| known == key.get_ref()));
        let meant: Vec<&str> = unknown.filter_map(|key| self.refuse_key(key.get_ref(), key.span())).collect();
        // A mistyped key is one mistake, not also the absence of the right one.
        let absent = |key: &str| !self.has(key) && !meant.contains(&key);
        for example in self.form.needs.iter().filter(|example| absent(key_of(example))) {
            let message = format!("{} has no `{}`", self.form.name, key_of(example));
            self.page.note(self.header.clone(), message, format!("add {example}"));
        }
        self
    }

    /// Notes an unknown key, and gives the key that was probably meant.
    fn refuse_key(&self, key: &str, place: Range<usize>) -> Option<&'static str> {
        let near = spelling::nearest(key, self.form.keys());
        let shown = key.escape_debug();
        let unknown = format!("{} has no key `{shown}`", self.form.name);
        let (message, hint) = match near {
            Some(near) => (unknown, format!("did you mean `{near}`?")),
            None if secrets::is_secret(key) => {
                let hint = match self.form.name {
                    OBJECT_STORAGE => OBJECT_SECRETS,
                    ENGINE => ENGINE_SECRETS,
                    _ => SECRETS,
                };
                (format!("`{shown}`: a secret never stands in this file"), hint.into())
            }
            None => {
                let known: Vec<_> = self.form.keys().collect();
                (unknown, format!("remove it; the keys here are {}", known.join(", ")))
            }
        };
        self.page.note(Some(place), message, hint);
        near
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Where the value of `key` stands; the table's header when it is absent.
    pub fn place(&self, key: &str) -> Option<Range<usize>> {
        self.entries.get(key).map(Spanned::span).or_else(|| self.header.clone())
    }

    /// Notes a mistake at the value of `key`.
    pub fn wrong(&self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.page.note(self.place(key), message, hint);
    }

    fn mistyped(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let message = format!("`{key}` must be {wanted}, not {}", kind_of(value.get_ref()));
        self.page.note(Some(value.span()), message, format!("write {}", self.form.example(key)));
    }

    fn read<T>(&self, key: &str, text: &Text, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let note = |message| self.page.note(Some(text.place.clone()), message, self.like(key));
        parse(&text.text).map_err(note).ok()
    }

    fn like(&self, key: &str) -> String {
        format!("write it like {}", self.form.example(key))
    }

    fn text_of(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Text> {
        let DeValue::String(text) = value.get_ref() else {
            self.mistyped(key, value, "text");
            return None;
        };
        let text = Text { text: text.to_string(), place: value.span() };
        self.read(key, &text, words::plain)?;
        Some(text)
    }

    /// A text of one line, without control characters.
    pub fn text(&self, key: &str) -> Option<String> {
        self.entries.get(key).and_then(|value| self.text_of(key, value)).map(|text| text.text)
    }

    /// The text under `key` as it stands there, with nothing noted.
    pub fn quiet_text(&self, key: &str) -> Option<String> {
        self.entries.get(key)?.get_ref().as_str().map(str::to_owned)
    }

    /// A text that `parse` accepts.
    pub fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.entries.get(key).and_then(|value| self.text_of(key, value))?;
        self.read(key, &text, parse)
    }

    /// One of the named things.
    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let names = || choices.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let unknown = |text: &str| format!("`{key}` is one of {}, not \"{text}\"", names());
        let find = |text: &str| choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        self.parsed(key, |text| find(text).ok_or_else(|| unknown(text)))
    }

    /// A path, joined to the folder of the file when it is relative.
    pub fn path(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(|path| self.page.joined(&path))
    }

    /// A moment: RFC 3339 as text, or a TOML date-time with its offset.
    pub fn instant(&self, key: &str) -> Option<Instant> {
        let value = self.entries.get(key)?;
        let text = match value.get_ref() {
            DeValue::Datetime(moment) => Text { text: moment.to_string(), place: value.span() },
            _ => self.text_of(key, value)?,
        };
        self.read(key, &text, str::parse)
    }

    /// A day: as text, or a TOML date.
    pub fn date(&self, key: &str) -> Option<Date> {
        let value = self.entries.get(key)?;
        let text = match value.get_ref() {
            DeValue::Datetime(day) => Text { text: day.to_string(), place: value.span() },
            _ => self.text_of(key, value)?,
        };
        self.read(key, &text, str::parse)
    }

    /// A whole number within `range`.
    pub fn number(&self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.entries.get(key)?;
        let DeValue::Integer(digits) = value.get_ref() else {
            self.mistyped(key, value, "a whole number");
            return None;
        };
        let number = u32::from_str_radix(digits.as_str(), digits.radix()).ok();
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let message = format!("`{key}` must lie between {} and {}", range.start(), range.end());
            self.wrong(key, message, self.like(key));
        }
        number
    }

    /// True or false.
    pub fn truth(&self, key: &str) -> Option<bool> {
        let value = self.entries.get(key)?;
        let DeValue::Boolean(is) = value.get_ref() else {
            self.mistyped(key, value, "true or false");
            return None;
        };
        Some(*is)
    }

    /// The texts of a list that is not empty.
    pub fn texts(&self, key: &str) -> Option<Vec<Text>> {
        let value = self.entries.get(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.mistyped(key, value, "a list");
            return None;
        };
        self.refuse_empty(key, items.is_empty());
        Some(items.iter().filter_map(|item| self.text_of(key, item)).collect())
    }

    /// A list that is not empty, of different texts that `parse` accepts.
    pub fn parsed_set<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let texts = self.texts(key)?;
        refuse_repeats(self.page, key, &texts);
        Some(texts.iter().filter_map(|text| self.read(key, text, &parse)).collect())
    }

    /// The text under `key`, or the different texts of a list.
    pub fn text_or_texts(&self, key: &str) -> Option<Vec<String>> {
        match self.entries.get(key).map(Spanned::get_ref) {
            Some(DeValue::Array(_)) => self.parsed_set(key, |text| Ok(text.to_owned())),
            _ => self.text(key).map(|text| vec![text]),
        }
    }

    /// Whether a text stands under `key`.
    pub fn has_text(&self, key: &str) -> bool {
        matches!(self.entries.get(key).map(Spanned::get_ref), Some(DeValue::String(_)))
    }

    /// Whether a table stands under `key`.
    pub fn has_table(&self, key: &str) -> bool {
        matches!(self.entries.get(key).map(Spanned::get_ref), Some(DeValue::Table(_)))
    }

    /// A text, or the texts of a list that is not empty.
    pub fn one_or_more_texts(&self, key: &str) -> Option<Vec<Text>> {
        if self.has_text(key) {
            let value = self.entries.get(key)?;
            return self.text_of(key, value).map(|text| vec![text]);
        }
        self.texts(key)
    }

    /// A table of any keys, each with a word or a list of words. A word is a text, a whole number, true or false.
    pub fn words(&self, key: &str) -> Option<Vec<(Text, Vec<Text>)>> {
        let value = self.entries.get(key)?;
        let DeValue::Table(entries) = value.get_ref() else {
            self.mistyped(key, value, "a table");
            return None;
        };
        let words = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|item| self.word_of(key, item)).collect(),
            _ => self.word_of(key, value).into_iter().collect(),
        };
        let named = entries
            .iter()
            .map(|(name, value)| (Text { text: name.get_ref().to_string(), place: name.span() }, words(value)));
        Some(named.collect())
    }

    fn word_of(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Text> {
        let text = match value.get_ref() {
            DeValue::Boolean(is) => is.to_string(),
            DeValue::Integer(digits) if digits.radix() == 10 => digits.as_str().to_owned(),
            _ => return self.text_of(key, value),
        };
        Some(Text { text, place: value.span() })
    }

    /// The table under `key`.
    pub fn table(&self, key: &str, form: &'static Form) -> Option<Table<'p>> {
        self.entries.get(key).and_then(|value| self.opened(key, value, form))
    }

    /// The table under `key` once more: its unknown keys are noted already.
    pub fn quiet_table(&self, key: &str, form: &'static Form) -> Option<Table<'p>> {
        let value = self.entries.get(key)?;
        let DeValue::Table(entries) = value.get_ref() else { return None };
        Some(Table { page: self.page, form, header: Some(value.span()), entries })
    }

    /// The table under `[key]`, or those under `[[key]]`.
    pub fn one_or_more(&self, key: &str, form: &'static Form) -> Vec<Table<'p>> {
        match self.entries.get(key).map(Spanned::get_ref) {
            Some(DeValue::Array(_)) => self.tables(key, form),
            _ => self.table(key, form).into_iter().collect(),
        }
    }

    /// The tables under `key`: `[[key]]`, or a list of inline tables.
    pub fn tables(&self, key: &str, form: &'static Form) -> Vec<Table<'p>> {
        let Some(value) = self.entries.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.mistyped(key, value, "a list of tables");
            return Vec::new();
        };
        self.refuse_empty(key, items.is_empty());
        items.iter().filter_map(|item| self.opened(key, item, form)).collect()
    }

    fn opened(&self, key: &str, value: &'p Spanned<DeValue<'p>>, form: &'static Form) -> Option<Table<'p>> {
        let DeValue::Table(entries) = value.get_ref() else {
            self.mistyped(key, value, "a table");
            return None;
        };
        Some(Table { page: self.page, form, header: Some(value.span()), entries }.checked())
    }

    fn refuse_empty(&self, key: &str, is_empty: bool) {
        if is_empty {
            self.wrong(key, format!("the list `{key}` is empty"), format!("write {}", self.form.example(key)));
        }
    }
}

/// Notes every text that stands under `key` of more than one table.
pub(super) fn refuse_shared(tables: &[Table<'_>], key: &str) {
    let text_of = |table: &Table<'_>| {
        let value = table.entries.get(key)?;
        Some(Text { text: value.get_ref().as_str()?.to_owned(), place: value.span() })
    };
    let texts: Vec<Text> = tables.iter().filter_map(text_of).collect();
    if let Some(table) = tables.first() {
        refuse_repeats(table.page, key, &texts);
    }
}

fn refuse_repeats(page: &Page<'_>, key: &str, texts: &[Text]) {
    let mut first: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
    for Text { text, place } in texts {
        if let Some(first) = first.get(text.as_str()) {
            let message = format!("`{key}` \"{}\" stands already in line {}", text.escape_debug(), page.line(first));
            page.note(Some(place.clone()), message, "keep one of them, or correct the other");
        } else {
            first.insert(text, place);
        }
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
