//! The header of a message: date and time in whatever order and script, between brackets or before a hyphen.
//!
//! A grammar over tokens, and not a pattern a shape: the parts are the same in all of them.

use super::date::{Era, Written, second_of_day};
use super::token::{Number, Placed, Token, tokens};
use super::words::{self, Half};

/// What stands around date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `[12/08/18, 09:00:00] Name: text`, as an iPhone writes it.
    Brackets,
    /// `12/08/18, 09:00 - Name: text`, as Android writes it.
    Hyphen,
    /// `12/08/18 09:00:00: Name: text`, as an iPhone wrote it before 2017.
    Colon,
}

/// How the parts of a date are told from one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Numbers { separator: char, year_first: bool, long_year: bool },
    Named,
    Yearless,
}

/// What is the same in every header of one export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub style: Style,
    pub time_first: bool,
    pub form: Form,
    pub has_seconds: bool,
    /// Of twelve hours.
    pub has_half: bool,
}

/// The begin of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header<'l> {
    pub shape: Shape,
    pub date: Written,
    /// Of the day; `None` where the time does not exist.
    pub second: Option<u32>,
    /// What comes after the header: sender and text, or a sentence of the app.
    pub rest: &'l str,
}

/// The header with which a line begins; `None` where it goes on with the message before it.
pub(super) fn header(line: &str) -> Option<Header<'_>> {
    let tokens = tokens(line);
    let start = Cursor { rest: &tokens }.past_blank();
    let (start, has_bracket) = start.mark('[').map_or((start, false), |inside| (inside, true));
    let (shape, date, second, end) =
        stamp(start, has_bracket, First::Date).or_else(|| stamp(start, has_bracket, First::Time))?;
    let consumed = tokens.len() - end.rest.len();
    let place = consumed.checked_sub(1).and_then(|last| tokens.get(last)).map_or(0, |last| last.end);
    Some(Header { shape, date, second, rest: line.get(place..)? })
}

/// What a header begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Date,
    Time,
}

/// Whether a line begins with a date that a time follows soon: as a message of some export, whose words are not known
/// here, or as what somebody wrote.
pub(super) fn is_dated(line: &str) -> bool {
    const BETWEEN: usize = 8;
    let tokens = tokens(line);
    let start = Cursor { rest: &tokens }.past_blank();
    let start = start.past_mark('[').past_blank();
    let after = start.number().and_then(|(_, after)| {
        let (mark, second) = past_first(after.past_blank())?;
        let (_, after) = second.past_blank().number()?;
        let end = if mark.is_ascii() { after.past_blank().mark(mark)? } else { either(after, ['月', '월'])? };
        Some(end.past_blank().number()?.1)
    });
    let is_time = |rest: &[Placed]| {
        let time = Cursor { rest }.number().and_then(|(_, after)| after.mark(':')?.number());
        time.is_some_and(|(minute, _)| minute.digits == 2)
    };
    after.is_some_and(|after| (0..=BETWEEN).filter_map(|skip| after.rest.get(skip..)).any(is_time))
}

/// Past the mark after the first number of a date.
fn past_first(after: Cursor<'_>) -> Option<(char, Cursor<'_>)> {
    ['/', '.', '-', '年', '년'].into_iter().find_map(|mark| Some((mark, after.mark(mark)?)))
}

type Stamp<'t> = (Shape, Written, Option<u32>, Cursor<'t>);

/// Date and time with what ends the header.
fn stamp(start: Cursor<'_>, has_bracket: bool, first: First) -> Option<Stamp<'_>> {
    let (date, form, time, end) = if first == First::Time {
        let (time, after) = time(start)?;
        let (date, form, end) = date(after.joined()?)?;
        (date, form, time, end)
    } else {
        let (date, form, after) = date(start)?;
        let (time, end) = time(after.joined()?)?;
        (date, form, time, end)
    };
    let (style, end) = ended(end, has_bracket, &time)?;
    let (has_seconds, has_half) = (time.second.is_some(), time.half.is_some());
    let shape = Shape { style, time_first: first == First::Time, form, has_seconds, has_half };
    Some((shape, date, second_of_day(time.hour, time.minute, time.second.unwrap_or(0), time.half), end))
}

/// What ends the header.
fn ended<'t>(end: Cursor<'t>, has_bracket: bool, time: &Time) -> Option<(Style, Cursor<'t>)> {
    if has_bracket {
        return Some((Style::Brackets, end.past_blank().mark(']')?.past_blank()));
    }
    if let Some(after) = end.blank().and_then(|end| end.mark('-')) {
        let is_end = after.rest.is_empty();
        return Some((Style::Hyphen, if is_end { after } else { after.blank()? }));
    }
    // Without its seconds this would be a sentence with two colons.
    let after = end.mark(':').filter(|_| time.second.is_some())?;
    Some((Style::Colon, after.blank()?))
}

struct Time {
    hour: u32,
    minute: u32,
    second: Option<u32>,
    half: Option<Half>,
}

fn time(start: Cursor<'_>) -> Option<(Time, Cursor<'_>)> {
    let (before, start) = half(start).map_or((None, start), |(half, after)| (Some(half), after.past_blank()));
    let (hour, after) = start.number().filter(|(hour, _)| hour.digits <= 2)?;
    let separator = [':', '.'].into_iter().find(|separator| after.mark(*separator).is_some())?;
    let (minute, after) = after.mark(separator)?.number().filter(|(minute, _)| minute.digits == 2)?;
    let (second, after) = match after.mark(separator) {
        Some(after) => {
            let (second, after) = after.number().filter(|(second, _)| second.digits == 2)?;
            (Some(second.value), after)
        }
        None => (None, after),
    };
    let (half, after) = match before {
        Some(_) => (before, after),
        None => half(after.past_blank()).map_or((None, after), |(half, end)| (Some(half), end)),
    };
    Some((Time { hour: hour.value, minute: minute.value, second, half }, after))
}

/// The half of the day: up to four words, with dots and blanks between them.
fn half(start: Cursor<'_>) -> Option<(Half, Cursor<'_>)> {
    let (mut key, mut found, mut cursor) = (String::new(), None, start);
    for _ in 0..4 {
        let Some((word, after)) = cursor.word() else { break };
        key.push_str(word);
        let after = after.past_mark('.');
        found = words::half(&key).map(|half| (half, after)).or(found);
        cursor = after.past_blank();
    }
    found
}

type Dated<'t> = (Written, Form, Cursor<'t>);

fn date(start: Cursor<'_>) -> Option<Dated<'_>> {
    let Some((first, after)) = start.number() else { return month_first(start) };
    if !matches!(first.digits, 1 | 2 | 4) {
        return None;
    }
    let parted = ['/', '.', '-'].into_iter().find_map(|mark| {
        let second = after.past_blank().mark(mark)?.past_blank().number();
        Some((mark, second.filter(|(second, _)| second.digits <= 2)))
    });
    match parted {
        Some((mark, Some((second, after)))) => numbers(mark, first, second, after),
        // `12. August 2018`
        Some(('.', None)) | None => units(first, after).or_else(|| named(first, after)),
        Some((_, None)) => None,
    }
}

/// The third number of a date, or none.
fn numbers(mark: char, first: Number, second: Number, after: Cursor<'_>) -> Option<Dated<'_>> {
    let Some(before_third) = after.past_blank().mark(mark).map(Cursor::past_blank) else {
        let is_copied = mark == '/' && first.digits <= 2;
        return is_copied.then_some((Written::Yearless, Form::Yearless, after));
    };
    let (mut era, start) = match before_third.word() {
        Some(("r", after)) => (Era::Japan(2018), after),
        Some(("h", after)) => (Era::Japan(1988), after),
        _ => (Era::None, before_third),
    };
    let (third, mut end) = start.number()?;
    if mark == '.' {
        end = end.past_mark('.');
    }
    if let Some((words, after)) = end.past_blank().word()
        && let Some(after) = buddhist(words, after)
    {
        (era, end) = (Era::Buddhist, after);
    }
    let year_first = first.digits == 4;
    let fits = match (year_first, era) {
        (true, Era::None) => third.digits <= 2,
        (true, _) => false,
        // A year of one digit is one of an era; a day of one digit may follow a year of two.
        (false, Era::Japan(_)) => third.digits <= 2,
        (false, _) => matches!(third.digits, 2 | 4) || (third.digits == 1 && first.digits == 2),
    };
    let form = Form::Numbers { separator: mark, year_first, long_year: year_first || third.digits == 4 };
    fits.then_some((Written::Numbers([first, second, third], era), form, end))
}

/// What follows a year of the Buddhist era.
fn buddhist<'t>(word: &str, after: Cursor<'t>) -> Option<Cursor<'t>> {
    match word {
        "be" => Some(after),
        "พ" => after.mark('.')?.word().filter(|(word, _)| *word == "ศ").map(|(_, after)| after.past_mark('.')),
        _ => None,
    }
}

/// `2018年8月12日`, and the same in Korean.
fn units(year: Number, after: Cursor<'_>) -> Option<Dated<'_>> {
    let (month, after) = either(after, ['年', '년'])?.past_blank().number()?;
    let (day, after) = either(after, ['月', '월'])?.past_blank().number()?;
    let end = either(after, ['日', '일'])?;
    Some((Written::Named { year, month: month.value, day: day.value }, Form::Named, end))
}

/// Past a mark of either writing.
fn either(cursor: Cursor<'_>, marks: [char; 2]) -> Option<Cursor<'_>> {
    marks.into_iter().find_map(|mark| cursor.mark(mark))
}

/// `12 Aug 2018`, `12. August 2018`, `12 de agosto de 2018`.
fn named(day: Number, after: Cursor<'_>) -> Option<Dated<'_>> {
    let (word, after) = after.past_mark('.').past_blank().past_word("de").word()?;
    let month = words::month(word).filter(|_| day.digits <= 2)?;
    let after = after.past_mark('.');
    let year = after.past_blank().past_word("de").number();
    match year.filter(|(year, end)| matches!(year.digits, 2 | 4) && end.mark(':').is_none()) {
        Some((year, end)) => Some((Written::Named { year, month, day: day.value }, Form::Named, end)),
        None => Some((Written::Yearless, Form::Yearless, after)),
    }
}

/// `Aug 12, 2018`.
fn month_first(start: Cursor<'_>) -> Option<Dated<'_>> {
    let (word, after) = start.word()?;
    let month = words::month(word)?;
    let (day, after) = after.past_mark('.').past_blank().number().filter(|(day, _)| day.digits <= 2)?;
    let (year, end) = after.past_mark(',').past_blank().number().filter(|(year, _)| year.digits == 4)?;
    Some((Written::Named { year, month, day: day.value }, Form::Named, end))
}

/// What is left of the tokens.
#[derive(Clone, Copy)]
struct Cursor<'t> {
    rest: &'t [Placed],
}

impl<'t> Cursor<'t> {
    fn split(self) -> Option<(&'t Token, Self)> {
        self.rest.split_first().map(|(first, rest)| (&first.token, Self { rest }))
    }

    fn number(self) -> Option<(Number, Self)> {
        match self.split()? {
            (Token::Number(number), after) => Some((*number, after)),
            _ => None,
        }
    }

    fn word(self) -> Option<(&'t str, Self)> {
        match self.split()? {
            (Token::Word(word), after) => Some((word, after)),
            _ => None,
        }
    }

    fn mark(self, wanted: char) -> Option<Self> {
        self.split().filter(|(token, _)| **token == Token::Mark(wanted)).map(|(_, after)| after)
    }

    fn blank(self) -> Option<Self> {
        self.split().filter(|(token, _)| **token == Token::Blank).map(|(_, after)| after)
    }

    fn past_blank(self) -> Self {
        self.blank().unwrap_or(self)
    }

    fn past_mark(self, mark: char) -> Self {
        self.mark(mark).unwrap_or(self)
    }

    /// Past a word and the blank after it.
    fn past_word(self, wanted: &str) -> Self {
        self.word().filter(|(word, _)| *word == wanted).map_or(self, |(_, after)| after.past_blank())
    }

    /// Past what joins a date to its time: a comma, a word, a blank. Something must.
    fn joined(self) -> Option<Self> {
        let after = self.past_blank().past_mark(',').past_blank();
        let joined = after.word().filter(|(word, _)| words::joins(word));
        let end = joined.map_or(after, |(_, after)| after.past_mark('.').past_blank());
        (end.rest.len() < self.rest.len()).then_some(end)
    }
}

#[cfg(test)]
mod tests;
