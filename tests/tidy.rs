//! Holds the architecture: who may import whom, where each library lives, what the core never does.
//!
//! The rules are the tables at the top. Each finding names the file and the line. The last tests plant a violation
//! of every rule and see it found, so that no rule can fall asleep.

#![cfg(test)]

use std::fs;
use std::path::Path;

/// What a stage may import. `*` stands for everything. `main` is a crate of its own and sees the stages as `ritardo::`.
const IMPORTS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("read", &["domain"]),
    ("pair", &["domain"]),
    ("rate", &["domain"]),
    ("close", &["domain"]),
    ("config", &["domain"]),
    ("ledger", &["domain", "close"]),
    ("render", &["domain", "close"]),
    ("report", &["domain", "close"]),
    ("audit", &["domain", "close"]),
    ("deliver", &["domain", "render"]),
    ("engine", &["domain", "pair", "rate"]),
    ("generate", &["domain"]),
    ("store", &["domain", "error"]),
    ("error", &["domain"]),
    ("cli", &["domain", "error"]),
    ("commands", &["*"]),
    ("lib", &["*"]),
    ("main", &["cli", "commands", "domain", "error"]),
];

/// Where a library, or a way out of the program, is at home: a stage or a single file. Tests may use all of them.
/// A library stands for its family too: `typst` for `typst_pdf`.
const HOMES: &[(&str, &[&str])] = &[
    ("polars", &["read", "pair", "engine", "commands"]),
    ("parquet", &["read", "render", "generate"]),
    ("tera", &["render"]),
    ("html5gum", &["render"]),
    ("qrcode", &["render"]),
    ("typst", &["render"]),
    ("quick_xml", &["read", "render"]),
    ("lettre", &["deliver"]),
    ("mailparse", &["read"]),
    ("rusqlite", &["ledger"]),
    ("rustix", &["ledger"]),
    ("tar", &["commands", "read"]),
    ("rawzip", &["read", "render"]),
    ("ring", &["commands", "deliver"]),
    ("rustls", &["commands", "deliver"]),
    ("webpki_roots", &["deliver"]),
    ("object_store", &["store"]),
    ("spark_connect", &["engine"]),
    ("arrow", &["engine"]),
    ("signal_hook", &["main.rs"]),
    ("tokio", &["engine", "store"]),
    ("futures_util", &["store"]),
    ("terminal_size", &["main.rs"]),
    ("SystemTime::now", &["main.rs"]),
    ("Instant::now", &["main.rs", "deliver/clock.rs"]),
    ("Utc::now", &["main.rs"]),
    ("Local::now", &["main.rs"]),
    ("env::var", &["main.rs", "deliver/password.rs", "store/credentials.rs"]),
    ("env::var_os", &["main.rs", "deliver/password.rs"]),
    ("env::vars", &["main.rs"]),
    ("env::vars_os", &["main.rs"]),
];

/// The functional core: a pure function of what it is given.
const CORE: &[&str] =
    &["domain", "pair", "rate", "close", "audit", "report", "config", "render/view.rs", "deliver/eml.rs"];

/// What the core never touches, outside its tests.
const OUTSIDE_WORLD: &[&str] = &["std::fs", "std::net", "std::env", "std::process"];

/// Where money is computed: no binary fraction, not even in a test.
const EXACT: &[&str] = &["domain", "pair", "rate", "close", "ledger", "audit"];

/// Macros that stand nowhere in `src`: output goes through the writers of `World`, and nothing is left for later.
const REFUSED_MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg", "todo", "unimplemented"];

const FILE_LINES_MAX: usize = 400;
const FILE_LINES_MEDIAN_MAX: usize = 200;

// The rules on the project.

#[test]
fn stages_import_in_one_direction() {
    none("src/", &findings(&project("src"), imports));
}

#[test]
fn libraries_stay_at_home() {
    none("src/", &findings(&project("src"), homes));
}

#[test]
fn the_core_does_not_touch_the_world() {
    none("src/", &findings(&project("src"), core));
}

#[test]
fn money_meets_no_float() {
    none("src/", &findings(&project("src"), floats));
}

#[test]
fn nothing_is_unsafe_printed_unwrapped_or_left_for_later() {
    none("src/", &findings(&project("src"), words));
}

#[test]
fn lints_are_expected_with_a_reason() {
    none("src/", &findings(&project("src"), attributes));
    none("tests/", &findings(&project("tests"), attributes));
}

#[test]
fn files_fit() {
    none("src/", &sizes(&project("src")));
}

// The rules.

/// A source file, cut into tokens without comments and without the content of texts.
struct Source {
    /// Below `src`, parted by `/`.
    path: String,
    lines: usize,
    tokens: Vec<Token>,
}

#[derive(Clone)]
struct Token {
    text: String,
    line: usize,
    /// Stands in code that only tests have.
    test: bool,
    /// Stands in the brackets of an attribute.
    attribute: bool,
    /// The module it stands in, inline modules included.
    module: Vec<String>,
}

/// A path as written, the groups of a `use` written out.
struct Named {
    segments: Vec<String>,
    at: Token,
    is_macro: bool,
}

type Rule = fn(&Source, &[Source]) -> Vec<(usize, String)>;

fn findings(sources: &[Source], rule: Rule) -> Vec<String> {
    let of = |source: &Source| {
        let found = rule(source, sources).into_iter();
        found.map(|(line, sentence)| format!("{}:{line}: {sentence}", source.path)).collect::<Vec<_>>()
    };
    sources.iter().flat_map(of).collect()
}

fn none(folder: &str, findings: &[String]) {
    let lines: Vec<String> = findings.iter().map(|finding| format!("{folder}{finding}")).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

fn imports(source: &Source, all: &[Source]) -> Vec<(usize, String)> {
    let stage = source.stage();
    let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == stage) else {
        return vec![(1, format!("`{stage}` has no row in the table of imports"))];
    };
    let mut found = Vec::new();
    for named in source.paths() {
        let Some(mut target) = named.stage_meant() else { continue };
        if named.is_macro && named.segments.len() == 2 {
            target = home_of_macro(&target, all).unwrap_or(target);
        }
        if target != stage && !allowed.contains(&"*") && !allowed.contains(&target.as_str()) {
            let may = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
            found.push((named.at.line, format!("`{stage}` imports `{target}`, but may import {may} only")));
        }
    }
    found
}

/// An exported macro is called by the name of the crate and belongs to the stage that defines it.
fn home_of_macro(name: &str, all: &[Source]) -> Option<String> {
    let defines = |source: &&Source| {
        source.tokens.windows(3).any(|w| w[0].text == "macro_rules" && w[1].text == "!" && w[2].text == name)
    };
    all.iter().find(defines).map(|source| source.stage().to_owned())
}

fn homes(source: &Source, _: &[Source]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for named in source.paths().into_iter().filter(|named| !named.at.test) {
        for (what, homes) in HOMES {
            let meant = match what.split_once("::") {
                None => named.segments[0] == *what || named.segments[0].starts_with(&format!("{what}_")),
                Some((owner, function)) => named.segments.windows(2).any(|two| two[0] == owner && two[1] == function),
            };
            if meant && !source.is_in(homes) {
                found.push((named.at.line, format!("`{what}` is at home in {} only", homes.join(", "))));
            }
        }
    }
    found
}

fn core(source: &Source, _: &[Source]) -> Vec<(usize, String)> {
    if !source.is_in(CORE) {
        return Vec::new();
    }
    let outside = |named: &Named| {
        let root = named.segments.get(..2).map(|root| root.join("::"));
        !named.at.test && root.is_some_and(|root| OUTSIDE_WORLD.contains(&root.as_str()))
    };
    let sentence = |named: Named| (named.at.line, format!("the core uses `{}`", named.segments.join("::")));
    source.paths().into_iter().filter(outside).map(sentence).collect()
}

fn floats(source: &Source, _: &[Source]) -> Vec<(usize, String)> {
    if !source.is_in(EXACT) {
        return Vec::new();
    }
    // `pair.0.1` is no number: a number behind a dot counts fields.
    let before = source.tokens.iter().map(|token| token.text.as_str());
    let before = std::iter::once("").chain(before);
    let float = |text: &str| {
        let digits = text.starts_with(|sign: char| sign.is_ascii_digit());
        matches!(text, "f32" | "f64")
            || digits && (text.contains('.') || text.ends_with("f32") || text.ends_with("f64"))
    };
    let tokens = source.tokens.iter().zip(before).filter(|(token, before)| *before != "." && float(&token.text));
    tokens.map(|(token, _)| (token.line, format!("`{}` where money is computed", token.text))).collect()
}

fn words(source: &Source, _: &[Source]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for window in source.tokens.windows(3) {
        let [first, second, third] = window else { continue };
        if second.text == "unsafe" {
            found.push((second.line, "`unsafe` is not used here".to_owned()));
        }
        let is_call = first.text == "." && third.text == "(" && !second.test;
        if is_call && matches!(second.text.as_str(), "unwrap" | "expect") {
            let sentence = format!("`.{}(` may panic: return an error, or a value that cannot be wrong", second.text);
            found.push((second.line, sentence));
        }
    }
    for named in source.paths() {
        let last = named.segments.last().map_or("", String::as_str);
        if named.is_macro && REFUSED_MACROS.contains(&last) {
            found.push((named.at.line, format!("`{last}!` stands nowhere in `src`")));
        }
        if named.segments.len() > 1 && matches!(last, "unwrap" | "expect") && !named.at.test {
            found.push((named.at.line, format!("`{}` may panic", named.segments.join("::"))));
        }
    }
    found.sort();
    found
}

fn attributes(source: &Source, _: &[Source]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate().filter(|(_, token)| token.attribute) {
        let opens = source.tokens.get(index + 1).is_some_and(|next| next.text == "(");
        let has_reason = || inside(&source.tokens[index + 1..]).iter().any(|token| token.text == "reason");
        if opens && token.text == "allow" {
            found
                .push((token.line, "a lint is set aside by `#[expect(…, reason = \"…\")]`, not by `allow`".to_owned()));
        }
        if opens && token.text == "expect" && !has_reason() {
            found.push((token.line, "`#[expect(…)]` gives no reason".to_owned()));
        }
    }
    found
}

fn sizes(sources: &[Source]) -> Vec<String> {
    let mut lengths: Vec<usize> = sources.iter().map(|source| source.lines).collect();
    lengths.sort_unstable();
    let long = sources.iter().filter(|source| source.lines > FILE_LINES_MAX);
    let mut found: Vec<String> = long
        .map(|source| format!("{}:{}: the file is longer than {FILE_LINES_MAX} lines", source.path, source.lines))
        .collect();
    match lengths.get(lengths.len() / 2) {
        None => found.push(": no file was looked at".to_owned()),
        Some(&median) if median > FILE_LINES_MEDIAN_MAX => {
            found.push(format!(": the median file has {median} lines, more than {FILE_LINES_MEDIAN_MAX}"));
        }
        Some(_) => {}
    }
    found
}

// Reading Rust, as far as the rules need it.

impl Source {
    /// The folder below `src`, or the file without its ending.
    fn stage(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| *place == self.path || *place == self.stage())
    }

    /// Every path of the file, those of `use` groups one by one.
    fn paths(&self) -> Vec<Named> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            at = if self.tokens[at].text == "use" {
                written_out(&self.tokens, at + 1, &[], &mut found)
            } else if is_name(&self.tokens[at].text) {
                let begun = found.len();
                let end = written_out(&self.tokens, at, &[], &mut found);
                let is_macro = self.tokens.get(end).is_some_and(|token| token.text == "!")
                    && self.tokens.get(end + 1).is_some_and(|token| matches!(token.text.as_str(), "(" | "[" | "{"));
                found[begun..].iter_mut().for_each(|named| named.is_macro = is_macro);
                end
            } else {
                at + 1
            };
        }
        found
    }
}

impl Named {
    /// The stage that a path of this crate names, `*` for the root itself; `None` for paths that lead elsewhere.
    fn stage_meant(&self) -> Option<String> {
        let mut module = self.at.module.clone();
        let mut rest = self.segments.iter().peekable();
        let mut is_ours = false;
        while let Some(segment) =
            rest.next_if(|segment| matches!(segment.as_str(), "crate" | "ritardo" | "super" | "self"))
        {
            is_ours = true;
            match segment.as_str() {
                "super" => drop(module.pop()),
                "self" => {}
                _ => module.clear(),
            }
        }
        let root = || rest.next().cloned().unwrap_or_else(|| "*".to_owned());
        is_ours
            .then(|| module.first().cloned().unwrap_or_else(root))
            .filter(|_| self.segments.len() > 1 || self.is_alias())
    }

    /// `use crate as root` would let everything in by another name.
    fn is_alias(&self) -> bool {
        self.at.text == "as"
    }
}

/// Reads the path at `at`, groups included, and returns where it ends.
fn written_out(tokens: &[Token], mut at: usize, before: &[String], found: &mut Vec<Named>) -> usize {
    let mut segments = before.to_vec();
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let begun = at;
    if text(at) == "::" {
        at += 1;
    }
    loop {
        if text(at) == "{" && (at == begun || text(at - 1) == "::") {
            at += 1;
            while at < tokens.len() && text(at) != "}" {
                at = written_out(tokens, at, &segments, found);
                while at < tokens.len() && !matches!(text(at), "," | "}") {
                    at += 1;
                }
                at += usize::from(text(at) == ",");
            }
            return at + 1;
        }
        if !is_name(text(at)) && text(at) != "*" {
            return at.max(begun + 1);
        }
        segments.push(text(at).to_owned());
        at += 1;
        let goes_on = text(at) == "::" && (is_name(text(at + 1)) || matches!(text(at + 1), "{" | "*"));
        if !goes_on {
            let mut token = tokens[begun].clone();
            if text(at) == "as" && matches!(text(at - 1), "crate" | "super" | "self") {
                "as".clone_into(&mut token.text);
            }
            found.push(Named { segments, at: token, is_macro: false });
            return at;
        }
        at += 1;
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|sign: char| sign.is_alphabetic() || sign == '_')
}

/// The tokens of the bracket that opens first in `tokens`, the bracket included.
fn inside(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth <= 1 => return &tokens[..=index],
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
    }
    tokens
}

/// The sources of a folder of the project.
fn project(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut texts = Vec::new();
    collect(&root, &root, &mut texts);
    texts.sort();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    sources(&texts)
}

fn collect(root: &Path, folder: &Path, texts: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            texts.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Sources from their texts. A file declared under `#[cfg(test)]` is a test, with the files below it.
fn sources(texts: &[(&str, &str)]) -> Vec<Source> {
    let mut sources: Vec<Source> = texts
        .iter()
        .map(|(path, text)| Source {
            path: (*path).to_owned(),
            lines: text.lines().count(),
            tokens: tokens(path, text),
        })
        .collect();
    let mut tests = Vec::new();
    for window in sources.iter().flat_map(|source| source.tokens.windows(3)) {
        if window[0].text == "mod" && window[2].text == ";" && window[0].test {
            tests.push([window[0].module.as_slice(), &[window[1].text.clone()]].concat());
        }
    }
    for source in &mut sources {
        if tests.iter().any(|test| module_of(&source.path).starts_with(test)) {
            source.tokens.iter_mut().for_each(|token| token.test = true);
        }
    }
    sources
}

fn module_of(path: &str) -> Vec<String> {
    let mut module: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

fn tokens(path: &str, text: &str) -> Vec<Token> {
    let token = |(text, line)| Token { text, line, test: false, attribute: false, module: Vec::new() };
    let mut tokens: Vec<Token> = lexed(text).into_iter().map(token).collect();
    mark_modules(&mut tokens, module_of(path));
    mark_attributes(&mut tokens);
    tokens
}

fn mark_modules(tokens: &mut [Token], file: Vec<String>) {
    let (mut module, mut depth, mut opened) = (file, 0_usize, Vec::new());
    for at in 0..tokens.len() {
        tokens[at].module.clone_from(&module);
        match tokens[at].text.as_str() {
            "{" => {
                depth += 1;
                if at >= 2 && tokens[at - 2].text == "mod" {
                    module.push(tokens[at - 1].text.clone());
                    opened.push(depth);
                }
            }
            "}" => {
                if opened.last() == Some(&depth) {
                    opened.pop();
                    module.pop();
                }
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
    }
}

/// Marks what stands in attributes, and the items that `#[test]` or `#[cfg(test)]` gives to the tests.
fn mark_attributes(tokens: &mut [Token]) {
    for at in 0..tokens.len() {
        let inner = usize::from(tokens.get(at + 1).is_some_and(|token| token.text == "!"));
        let open = at + 1 + inner;
        if tokens[at].text != "#" || tokens.get(open).is_none_or(|token| token.text != "[") {
            continue;
        }
        let end = open + inside(&tokens[open..]).len();
        tokens[open..end].iter_mut().for_each(|token| token.attribute = true);
        let text: String = tokens[open..end].iter().map(|token| token.text.as_str()).collect();
        if text == "[test]" || text.starts_with("[cfg(test)") || text.starts_with("[cfg(all(test,") {
            let end = if inner == 1 { tokens.len() } else { end_of_item(tokens, end) };
            tokens[at..end].iter_mut().for_each(|token| token.test = true);
        }
    }
}

/// Where the item ends that begins at `at`, further attributes included: behind its `;`, its `}`, or, for a field or
/// an arm, before its comma.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    while tokens.get(at).is_some_and(|token| token.text == "#") {
        at += 1 + inside(&tokens[at + 1..]).len();
    }
    const ITEMS: [&str; 14] = [
        "pub",
        "fn",
        "mod",
        "use",
        "impl",
        "const",
        "static",
        "struct",
        "enum",
        "type",
        "trait",
        "macro_rules",
        "let",
        "async",
    ];
    let is_item = tokens.get(at).is_some_and(|token| ITEMS.contains(&token.text.as_str()));
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            ";" => return at + 1,
            "{" => return at + inside(&tokens[at..]).len(),
            "(" | "[" => at += inside(&tokens[at..]).len(),
            "}" | ")" | "]" => return at,
            "," if !is_item => return at,
            _ => at += 1,
        }
    }
    at
}

/// Words, numbers, `::` and single signs with their lines. Comments vanish; a text or a character becomes `""`.
fn lexed(text: &str) -> Vec<(String, usize)> {
    let (mut found, mut rest, mut line) = (Vec::new(), text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, kept) = match first {
            _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), None),
            _ if rest.starts_with("/*") => (comment(rest), None),
            _ if first.is_whitespace() => (first.len_utf8(), None),
            '"' => (quoted(rest), Some("\"\"")),
            '\'' => apostrophe(rest),
            _ if first.is_ascii_digit() => number(rest),
            _ if first.is_alphabetic() || first == '_' => word(rest),
            _ if rest.starts_with("::") => (2, Some("::")),
            _ => (first.len_utf8(), Some(&rest[..first.len_utf8()])),
        };
        found.extend(kept.map(|kept| (kept.to_owned(), line)));
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match rest.as_bytes().get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// A text with escapes, from its opening quote.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, sign) in rest.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character, or a lifetime.
fn apostrophe(rest: &str) -> (usize, Option<&str>) {
    let mut signs = rest.char_indices().skip(1);
    let (first, second) = (signs.next(), signs.next());
    match (first, second) {
        (Some((_, '\\')), _) => {
            let close = rest.char_indices().skip(3).find(|(_, sign)| *sign == '\'');
            (close.map_or(rest.len(), |(at, _)| at + 1), Some("\"\""))
        }
        (Some(_), Some((at, '\''))) => (at + 1, Some("\"\"")),
        _ => {
            let length = 1 + length_of_name(&rest[1..]);
            (length, Some(&rest[..length]))
        }
    }
}

fn number(rest: &str) -> (usize, Option<&str>) {
    let mut length = length_of_name(rest);
    let behind = rest[length..].strip_prefix('.');
    if behind.is_some_and(|behind| behind.starts_with(|sign: char| sign.is_ascii_digit())) {
        length += 1 + length_of_name(&rest[length + 1..]);
    }
    (length, Some(&rest[..length]))
}

/// A name, or a text with a letter before it: `b"…"`, `r#"…"#`.
fn word(rest: &str) -> (usize, Option<&str>) {
    let length = length_of_name(rest);
    let (name, behind) = rest.split_at(length);
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    let is_text = behind[hashes..].starts_with('"');
    match name {
        "b" | "c" if hashes == 0 && is_text => (length + quoted(behind), Some("\"\"")),
        "b" if behind.starts_with('\'') => (length + apostrophe(behind).0, Some("\"\"")),
        "r" | "br" | "cr" if is_text => {
            let from = length + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            (rest[from..].find(&close).map_or(rest.len(), |at| from + at + close.len()), Some("\"\""))
        }
        "r" if hashes == 1 => {
            let end = length + 1 + length_of_name(&behind[1..]);
            (end, Some(&rest[length + 1..end]))
        }
        _ => (length, Some(name)),
    }
}

fn length_of_name(rest: &str) -> usize {
    rest.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(rest.len())
}

// The rules can fail: a violation of each, planted.

/// What a rule finds in `text` as the file `path`, with lines, without the path.
fn planted(rule: Rule, path: &str, text: &str) -> Vec<String> {
    let macros = ("domain/text.rs", "#[macro_export]\nmacro_rules! written_as_text { () => {} }");
    let found = findings(&sources(&[macros, (path, text)]), rule);
    found.iter().filter_map(|found| found.strip_prefix(&format!("{path}:"))).map(str::to_owned).collect()
}

/// Each row: a file, its text, and the beginning of the findings in order.
fn check(rule: Rule, rows: &[(&str, &str, &[&str])]) {
    for (path, text, expected) in rows {
        let found = planted(rule, path, text);
        let fits = found.len() == expected.len() && found.iter().zip(*expected).all(|(f, e)| f.starts_with(e));
        assert!(fits, "\n{path}: {text}\nfound {found:#?}\nexpected {expected:#?}");
    }
}

#[test]
fn a_sideways_import_is_found() {
    check(
        imports,
        &[
            (
                "pair/mod.rs",
                "use crate::domain::Wait;\nuse crate::rate::Tariff;",
                &["2: `pair` imports `rate`, but may"],
            ),
            (
                "pair/mod.rs",
                "use crate::{domain::{Wait, text}, read, close::{check, line}};",
                &["1: `pair` imports `read`", "1: `pair` imports `close`", "1: `pair` imports `close`"],
            ),
            ("rate/price.rs", "use super::super::read::Row;", &["1: `rate` imports `read`"]),
            ("rate/price.rs", "use super::{tariff, super::{domain, ledger}};", &["1: `rate` imports `ledger`"]),
            ("rate/mod.rs", "mod tests {\n use super::super::close::Line;\n}", &["2: `rate` imports `close`"]),
            (
                "rate/price.rs",
                "mod tests { use super::super::sample; use super::super::super::read; }",
                &["1: `rate` imports `read`"],
            ),
            (
                "close/mod.rs",
                "fn f(a: &crate::render::View) { crate::deliver::send() }",
                &["1: `close` imports `render`", "1: `close` imports `deliver`"],
            ),
            ("close/mod.rs", "use super::*;", &["1: `close` imports `*`"]),
            ("close/mod.rs", "use crate as root;", &["1: `close` imports `*`"]),
            ("domain/money.rs", "use crate::error::Failure;", &["1: `domain` imports `error`, but may import nothing"]),
            ("domain/money.rs", "crate::written_as_text!(Money);", &[]),
            ("read/row.rs", "crate::written_as_text!(Row);\ncrate::other!();", &["2: `read` imports `other`"]),
            ("read/row.rs", "pub(crate) struct R; use crate::read::x; use self::y; use super::z;", &[]),
            ("read/row.rs", "// use crate::rate;\nconst T: &str = \"crate::rate::x\"; /* crate::rate */", &[]),
            ("commands/run.rs", "use crate::{read, pair, rate, close};", &[]),
            ("main.rs", "use ritardo::read::LogFile;", &["1: `main` imports `read`"]),
            ("deliver/mod.rs", "use crate::{render, close};", &["1: `deliver` imports `close`"]),
            ("engine/mod.rs", "use crate::{pair, rate, read};", &["1: `engine` imports `read`"]),
            ("util/mod.rs", "", &["1: `util` has no row"]),
        ],
    );
}

#[test]
fn a_library_abroad_is_found() {
    check(
        homes,
        &[
            ("close/mod.rs", "use polars::prelude::DataFrame;", &["1: `polars` is at home in read, pair, engine"]),
            ("close/mod.rs", "use {std::fmt, polars_core::x};", &["1: `polars` is"]),
            ("close/mod.rs", "fn f(d: ::polars::DataFrame) {}", &["1: `polars` is"]),
            ("report/page.rs", "\ntera::Tera::one_off();\ntypst_pdf::pdf();", &["2: `tera` is", "3: `typst` is"]),
            ("report/page.rs", "#[cfg(test)]\nmod tests { use tera::Tera; }\nuse tera::Context;", &["3: `tera` is"]),
            (
                "render/mail.rs",
                "use lettre::Message; use rusqlite::Connection;",
                &["1: `lettre` is", "1: `rusqlite` is"],
            ),
            ("render/waits.rs", "use parquet::basic::Type;", &[]),
            ("ledger/mod.rs", "use parquet::basic::Type; use crate::read::{parquet::x};", &["1: `parquet` is"]),
            (
                "deliver/smtp.rs",
                "let now = std::time::SystemTime::now();",
                &["1: `SystemTime::now` is at home in main.rs"],
            ),
            (
                "read/mod.rs",
                "let a = Utc::now();\nlet b = chrono::Local::now();\nlet c = Instant::now();",
                &["1: `Utc::now`", "2: `Local::now`", "3: `Instant::now`"],
            ),
            ("deliver/smtp.rs", "use std::env::{var, temp_dir};", &["1: `env::var` is"]),
            ("deliver/password.rs", "std::env::var(name)", &[]),
            ("main.rs", "SystemTime::now()", &[]),
        ],
    );
}

#[test]
fn the_world_in_the_core_is_found() {
    check(
        core,
        &[
            (
                "pair/mod.rs",
                "use std::{fmt, fs::File};\nuse std::net;",
                &["1: the core uses `std::fs::File`", "2: the core"],
            ),
            ("render/view.rs", "std::env::args();", &["1: the core uses `std::env::args`"]),
            ("deliver/eml.rs", "std::process::id();", &["1: the core uses `std::process::id`"]),
            (
                "audit/mod.rs",
                "use std::fs;\n#[cfg(test)]\n#[derive(Debug)]\nstruct A;\nuse std::env;",
                &["1: the", "5: the"],
            ),
            (
                "config/mod.rs",
                "#[cfg(test)]\nfn f<A, B>(a: [u8; 2]) { use std::fs; }\n#[test]\nfn g() { std::fs::x(); }",
                &[],
            ),
            ("render/pdf.rs", "use std::fs;", &[]),
        ],
    );
    let files = [("rate/mod.rs", "#[cfg(test)]\nmod tests;\nmod price;"), ("rate/tests.rs", "use std::fs;")];
    assert_eq!(findings(&sources(&files), core), [""; 0], "a file of tests is no core");
    let files = [("rate/mod.rs", "mod tests;"), ("rate/tests.rs", "use std::fs;")];
    assert_eq!(findings(&sources(&files), core).len(), 1, "unless it is declared for all");
}

#[test]
fn a_float_near_money_is_found() {
    check(
        floats,
        &[
            (
                "domain/money.rs",
                "fn f(a: f64) -> f32 {\n a as f64 }",
                &["1: `f64` where", "1: `f32` where", "2: `f64` where"],
            ),
            (
                "rate/price.rs",
                "let a = 0.05; let b = 1f64; let c = 1_000.5_f32;",
                &["1: `0.05`", "1: `1f64`", "1: `1_000.5"],
            ),
            ("close/mod.rs", "let a = pair.0.1; let b = 0..10; let c = \"0.05\"; // f64", &[]),
            ("report/chart.rs", "let a = 0.5;", &[]),
        ],
    );
}

#[test]
fn a_word_that_is_refused_is_found() {
    check(
        words,
        &[
            ("read/mod.rs", "fn f() {\n unsafe { g() } }", &["2: `unsafe`"]),
            (
                "read/mod.rs",
                "a.unwrap();\nb\n  .expect(\"c\");\nd.map(Option::unwrap);",
                &["1: `.unwrap(`", "3: `.expect(`", "4: `Option::unwrap`"],
            ),
            ("read/mod.rs", "#[cfg(test)]\nmod tests { fn f() { a.unwrap(); b.expect(\"\"); } }", &[]),
            ("read/mod.rs", "expect(a); b.unwrap_or(c); d.expected();", &[]),
            (
                "read/mod.rs",
                "println!(\"a\");\nstd::eprintln!();\ndbg!(a);\ntodo!();\nunimplemented!()",
                &["1: `println!`", "2: `eprintln!`", "3: `dbg!`", "4: `todo!`", "5: `unimplemented!`"],
            ),
            ("read/mod.rs", "#[cfg(test)]\nmod tests { fn f() { println!(); } }", &["2: `println!`"]),
            ("read/mod.rs", "writeln!(out, \"println!()\"); if todo != done {} // todo!()", &[]),
        ],
    );
}

#[test]
fn an_allowed_lint_is_found() {
    check(
        attributes,
        &[
            (
                "pair/mod.rs",
                "#![allow(dead_code)]\n\n#[allow(unused, reason = \"x\")]\nfn f() {}",
                &["1: a lint", "3: a lint"],
            ),
            ("pair/mod.rs", "#[cfg_attr(test, allow(dead_code))] fn f() {}", &["1: a lint"]),
            ("pair/mod.rs", "#[expect(dead_code)]\nfn f() {}", &["1: `#[expect(…)]` gives no reason"]),
            ("pair/mod.rs", "#[expect(dead_code, reason = \"read by Debug\")] fn f() { allow(1); }", &[]),
        ],
    );
}

#[test]
fn a_file_too_long_is_found() {
    let (short, long) = ("\n".repeat(100), "\n".repeat(401));
    assert_eq!(sizes(&sources(&[("a.rs", &short), ("b.rs", &short), ("c.rs", &short)])), [""; 0]);
    let found = sizes(&sources(&[("a.rs", &short), ("b.rs", &short), ("c.rs", &long)]));
    assert_eq!(found, ["c.rs:401: the file is longer than 400 lines"]);
    let middling = "\n".repeat(201);
    let found = sizes(&sources(&[("a.rs", &short), ("b.rs", &middling), ("c.rs", &middling)]));
    assert_eq!(found, [": the median file has 201 lines, more than 200"]);
    assert_eq!(sizes(&[]), [": no file was looked at"]);
}

#[test]
fn texts_comments_and_lifetimes_are_told_apart() {
    let text =
        "a'b' 'c: &'static r#\"d \" e\"# b\"f\" /* g /* h */ i */ j // k\n'\\'' '\\u{41}' r#use \"l\\\"m\" '\"' n";
    let found: Vec<String> = lexed(text).into_iter().map(|(text, line)| format!("{text}@{line}")).collect();
    let expected = "a@1 \"\"@1 'c@1 :@1 &@1 'static@1 \"\"@1 \"\"@1 j@1 \"\"@2 \"\"@2 use@2 \"\"@2 \"\"@2 n@2";
    assert_eq!(found.join(" "), expected);
}
