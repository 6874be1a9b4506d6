//! Headers on the left, what they say on the right. The shapes are those of public chats; the texts are not.

use super::*;
use crate::domain::Instant;
use crate::domain::chat::DateOrder;

/// Day first, where a date leaves it open: `2018-08-12 09:00:00 rest`; `-` for a line that goes on.
fn told(line: &str) -> String {
    let Some(Header { date, second, rest, .. }) = header(line) else { return "-".to_owned() };
    if date == Written::Yearless {
        return "yearless".to_owned();
    }
    let day = date.day(DateOrder::DayFirst).map(|day| Instant::from_micros(day * 86_400_000_000).to_string());
    let day = day.map_or("no day".to_owned(), |day| day[..10].to_owned());
    let time = second.map_or("no time".to_owned(), |second| {
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    });
    format!("{day} {time} {rest}")
}

#[test]
fn every_usual_shape_is_read() {
    let (nine, evening) = ("2018-08-12 09:00:00 Anna: x", "2018-08-12 21:00:00 Anna: x");
    for (line, expected) in [
        ("12/08/18, 09:00 - Anna: x", nine),
        ("12/8/18, 9:00 AM - Anna: x", nine),
        ("12/08/2018, 9:00 pm - Anna: x", evening),
        ("12/08/18 09:00 - Anna: x", nine),
        ("12.08.18, 09:00 - Anna: x", nine),
        ("12.08.2018, 21:00 - Anna: x", evening),
        ("12-08-2018 21:00 - Anna: x", evening),
        ("2018-08-12, 9:00 p.m. - Anna: x", evening),
        ("2018/08/12, 21:00 - Anna: x", evening),
        ("12/08/2018, 09:00 a. m. - Anna: x", nine),
        ("12/8/18, 9.00 PM - Anna: x", evening),
        ("12/08/18, 9:00\u{202f}PM - Anna: x", evening),
        ("12/08/2018, 9:00 in the afternoon - Anna: x", evening),
        ("2018/8/12 下午9:00 - Anna: x", evening),
        ("2018年8月12日 午後9:00 - Anna: x", evening),
        ("2018년 8월 12일 오후 9:00 - Anna: x", evening),
        ("12 Aug 2018, 21:00 - Anna: x", evening),
        ("12. August 2018 um 21:00 - Anna: x", evening),
        ("12 de agosto de 2018 21:00 - Anna: x", evening),
        ("Aug 12, 2018, 9:00 PM - Anna: x", evening),
        ("21:00, 12 Aug 2018 - Anna: x", evening),
        ("[12/08/18, 21:00:00] Anna: x", evening),
        ("\u{200e}[12/08/18, 21:00:00] Anna: x", evening),
        ("\u{feff}\u{feff}[12.08.18, 21:00:00] Anna: x", evening),
        ("[12/08/18 21.00.00] Anna: x", evening),
        ("[12/8/18, 9:00:00\u{202f}PM] Anna: x", evening),
        ("[21:00:00, 12/8/18] Anna: x", evening),
        ("[9:00 PM, 12/08/2018] Anna: x", evening),
        ("[12/08/2018, 21:00] Anna: x", evening),
        ("[12/8/2561 BE, 21:00:00] Anna: x", evening),
        ("[12/8/61 พ.ศ. 21:00:00] Anna: x", evening),
        ("[12/8/H30, 21:00:00] Anna: x", evening),
        ("12/08/18 21:00:00: Anna: x", evening),
        ("\u{200f}[\u{200f}١٢\u{200f}/٨\u{200f}/٢٠١٨\u{60c} ٩:٠٠:٠٠\u{a0}م] Anna: x", evening),
        ("[\u{200f}12\u{200f}/8\u{200f}/2018\u{60c} 21:00:00] Anna: x", evening),
        ("۱۳۹۷/۵/۲۱،‏ ۲۱:۰۰ - Anna: x", evening),
        ("१२/०८/१८, ९:०० अपराह्न - Anna: x", evening),
        ("12.8.2018 klo 21.00 - Anna: x", evening),
        ("2018. 08. 12. 21:00 - Anna: x", evening),
    ] {
        assert_eq!(told(line), expected, "{line}");
    }
}

#[test]
fn what_is_no_header_goes_on_with_the_message() {
    for line in [
        "",
        "[",
        "Anna: x",
        "12",
        "12/08/18",
        "12/08/18, 09:00",
        "12/08/18, 09:00 Anna: x",
        "12/08/18, 09:00: Anna: x",
        "12/08/18, 9:0 - Anna: x",
        "12/08/18, 09:00-Anna: x",
        "[12/08/18, 09:00:00 Anna: x",
        "[12/08/18] Anna: x",
        "from 12/08/18, 09:00 - Anna: x",
        "0039 333 1234567 - Anna: x",
        "2020 was good - Anna: x",
        "10:00 - Anna: x",
        "999/08/18, 09:00 - Anna: x",
    ] {
        assert_eq!(told(line), "-", "{line}");
    }
}

#[test]
fn what_was_copied_out_of_the_app_has_no_year() {
    for line in
        ["[12/08, 09:00] Anna: x", "[8/12, 9:00 PM] Anna: x", "12 Aug 09:00 - Anna: x", "09:00, 12 Jan - Anna: x"]
    {
        assert_eq!(told(line), "yearless", "{line}");
    }
}

#[test]
fn a_date_or_a_time_that_does_not_exist_is_a_header_still() {
    assert_eq!(told("32/08/18, 09:00 - Anna: x"), "no day 09:00:00 Anna: x");
    assert_eq!(told("12/08/18, 29:00 - Anna: x"), "2018-08-12 no time Anna: x");
    assert_eq!(told("12/08/1440, 09:00 - Anna: x"), "no day 09:00:00 Anna: x");
}

/// However a line is cut, it is read or it is not.
#[test]
fn no_line_is_too_short() {
    for line in ["\u{200f}[\u{200f}١٢\u{200f}/٨\u{200f}/٢٠١٨\u{60c} ٩:٠٠:٠٠\u{a0}م] A", "12. August 2018 um 21:00 - A"]
    {
        for (at, _) in line.char_indices() {
            let _ = (header(&line[..at]), header(&line[at..]));
        }
    }
}
