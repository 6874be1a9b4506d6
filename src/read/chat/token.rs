//! The begin of a line in tokens: numbers, words, marks and blanks, whatever script they are written in.

use super::digits::digit;

/// So many characters of a line can be its header.
const LOOKED_AT: usize = 120;

/// A number with the count of its digits: `05` is no `5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub value: u32,
    pub digits: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Number(Number),
    /// In lower case.
    Word(String),
    Mark(char),
    Blank,
}

/// A token, and where it ends in its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub token: Token,
    pub end: usize,
}

/// Marks of text direction and of byte order: they are shown to nobody, and phones put them anywhere.
pub(super) const fn is_unseen(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Blanks of any width.
pub(super) fn is_blank(sign: char) -> bool {
    sign.is_whitespace() && sign != '\n'
}

enum Sort {
    Blank,
    Digit(u32),
    Letter,
    Mark(char),
}

fn sort(sign: char) -> Sort {
    match sign {
        _ if is_blank(sign) => Sort::Blank,
        // The units of East Asian dates end a number and begin nothing.
        '年' | '月' | '日' | '년' | '월' | '일' => Sort::Mark(sign),
        '\u{60c}' | '\u{ff0c}' => Sort::Mark(','),
        '\u{ff1a}' => Sort::Mark(':'),
        '\u{2013}' => Sort::Mark('-'),
        _ => match digit(sign) {
            Some(digit) => Sort::Digit(digit),
            None if sign.is_alphabetic() || is_of_a_letter(sign) => Sort::Letter,
            None => Sort::Mark(sign),
        },
    }
}

/// Accents that stand apart, and signs that belong to letters of India: words are not cut at them.
const fn is_of_a_letter(sign: char) -> bool {
    matches!(sign, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{963}' | '\u{980}'..='\u{dff}' | '\u{200c}' | '\u{200d}')
}

/// The tokens at the begin of a line.
pub(super) fn tokens(line: &str) -> Vec<Placed> {
    let mut found: Vec<Placed> = Vec::new();
    for (at, sign) in line.char_indices().take(LOOKED_AT) {
        if is_unseen(sign) {
            continue;
        }
        let (sort, end) = (sort(sign), at + sign.len_utf8());
        if !found.last_mut().is_some_and(|last| goes_on(last, &sort, sign, end)) {
            let token = match sort {
                Sort::Blank => Token::Blank,
                Sort::Digit(value) => Token::Number(Number { value, digits: 1 }),
                Sort::Letter => Token::Word(sign.to_lowercase().collect()),
                Sort::Mark(mark) => Token::Mark(mark),
            };
            found.push(Placed { token, end });
        }
    }
    found
}

/// Takes the sign into the token before it, where it belongs to it.
fn goes_on(last: &mut Placed, sort: &Sort, sign: char, end: usize) -> bool {
    match (&mut last.token, sort) {
        (Token::Blank, Sort::Blank) => {}
        (Token::Number(number), Sort::Digit(digit)) => {
            number.value = number.value.saturating_mul(10).saturating_add(*digit);
            number.digits += 1;
        }
        (Token::Word(word), Sort::Letter) => word.extend(sign.to_lowercase()),
        _ => return false,
    }
    last.end = end;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> String {
        let token = |placed: &Placed| match &placed.token {
            Token::Number(Number { value, digits }) => format!("{value}/{digits}"),
            Token::Word(word) => word.clone(),
            Token::Mark(mark) => mark.to_string(),
            Token::Blank => "_".to_owned(),
        };
        tokens(line).iter().map(token).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_line_is_cut_into_numbers_words_marks_and_blanks() {
        for (line, expected) in [
            ("05/8/18, 9:00 PM - ", "5/2 / 8/1 / 18/2 , _ 9/1 : 0/2 _ pm _ - _"),
            ("\u{feff}\u{200e}[٠٥\u{200f}/٨", "[ 5/2 / 8/1"),
            ("9:00\u{202f}a.\u{a0}m.", "9/1 : 0/2 _ a . _ m ."),
            ("2018年8月12日 下午", "2018/4 年 8/1 月 12/2 日 _ 下午"),
            ("पूर्वाह्न ९", "पूर्वाह्न _ 9/1"),
            ("", ""),
        ] {
            assert_eq!(told(line), expected, "{line:?}");
        }
    }

    #[test]
    fn the_end_of_a_token_is_a_place_in_its_line() {
        let ends: Vec<usize> = tokens("è 12\u{200e}3").iter().map(|placed| placed.end).collect();
        assert_eq!(ends, [2, 3, 9]);
        assert_eq!(tokens(&"9".repeat(500)).len(), 1);
    }
}
