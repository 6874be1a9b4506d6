//! What a mapping makes of rows, and what it refuses.

use std::path::Path;

use crate::domain::mapping::{Condition, Field, Mapping, Numbers, OutboundRows, Parties, Sides};
use crate::read::{LogFile, Options, ReadError, read_bytes};

fn field(column: &str) -> Field {
    Field::Columns(vec![column.to_owned()])
}

fn told_by(column: &str, text: &str) -> Vec<Condition> {
    vec![Condition { column: column.to_owned(), texts: vec![text.to_owned()] }]
}

/// Columns of one letter each: id, from, to, direction, time.
fn letters() -> Mapping {
    Mapping {
        rows: None,
        separator: b',',
        message_id: field("i"),
        business: None,
        parties: Parties {
            channel: None,
            customer: None,
            from: Some(field("f")),
            to: Some(field("t")),
            strip: Vec::new(),
            numbers: Numbers::AsWritten,
        },
        conversation: None,
        sides: Sides::Told { inbound: told_by("d", "in"), outbound: told_by("d", "out") },
        sent_at: vec!["s".to_owned()],
        times: vec!["%d/%m/%Y %H:%M".parse().unwrap(), "seconds".parse().unwrap()],
        zone: Some("Europe/Rome".parse().unwrap()),
        kind: None,
        kinds: Vec::new(),
        status: None,
        statuses: Vec::new(),
        entry_point: None,
        entry_points: Vec::new(),
        only: Vec::new(),
        only_any: Vec::new(),
        skip: Vec::new(),
        automatic: Vec::new(),
        failed: Vec::new(),
        outbound_rows: OutboundRows::Messages,
        optional: Vec::new(),
    }
}

fn read(text: &str, mapping: &Mapping) -> Result<LogFile, ReadError> {
    let options = Options { mapping: Some(Box::new(mapping.clone())), ..Options::default() };
    read_bytes(text.as_bytes(), Path::new("log"), &options)
}

/// The rows as `customer direction time`, and the rejects.
#[track_caller]
fn check(text: &str, mapping: &Mapping, rows: &[&str], rejects: &[&str]) {
    let log = read(text, mapping).unwrap();
    let column = |name: &str| {
        let texts = log.frame.column(name).unwrap().str().unwrap();
        texts.iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
    };
    let told: Vec<String> =
        column("customer").into_iter().zip(column("direction")).map(|(customer, way)| customer + " " + &way).collect();
    assert_eq!(told, rows, "{text}");
    let told: Vec<String> = log.rejects.iter().map(|reject| format!("{} {}", reject.row, reject.reason)).collect();
    assert_eq!(told, rejects, "{text}");
}

#[test]
fn a_row_of_csv_becomes_a_message_or_a_reject() {
    let header = "x,i,f,t,d,s\n";
    check(
        &format!("{header},1,c,b,in,10/08/2018 12:00\n,2,b,c,out,1533895200\n"),
        &letters(),
        &["c inbound", "c outbound"],
        &[],
    );
    check(
        &format!(
            "{header},1,c,b,inn,1533895200\n,1,c,b,in,2018-08-10\n,1,c,b,in,28/03/2018\n,1,c\n,,,,,\n,1,c,b,in,25/03/2018 02:30\n"
        ),
        &letters(),
        &[],
        &[
            "2 `d` has a direction that the mapping does not know",
            "3 `s` is not written in a form that the mapping declares as `time`",
            "4 `s` is not written in a form that the mapping declares as `time`",
            "5 the row has 3 fields, the header 6",
            "6 every field is empty",
            "7 sent_at does not exist: the clocks of the zone were put forward over it (from `s`)",
        ],
    );
    check("", &letters(), &[], &[]);
}

#[test]
fn a_time_that_can_be_read_in_two_ways_is_none() {
    let mut mapping = letters();
    mapping.times.push("%m/%d/%Y %H:%M".parse().unwrap());
    check(
        "i,f,t,d,s\n1,c,b,in,10/08/2018 12:00\n2,c,b,in,31/08/2018 12:00\n3,c,b,in,08/08/2018 12:00\n",
        &mapping,
        &["c inbound", "c inbound"],
        &["2 `s` is one time in one form of `time`, and another in another"],
    );
}

#[test]
fn lines_of_json_are_walked_by_paths() {
    let mut mapping = letters();
    mapping.message_id = field("a.i");
    let line = |id: &str| {
        format!("{{\"a\":{{\"x\":[{{}}],\"i\":{id}}},\"f\":\"c\",\"t\":\"b\",\"d\":\"in\",\"s\":1533895200}}\n")
    };
    check(&line("\"1\"").repeat(2), &mapping, &["c inbound", "c inbound"], &[]);
    check(
        &[
            line("7"),
            line("1.5"),
            line("[]"),
            line("null"),
            line("1,\"i\":2"),
            "{\"a\":\n".to_owned(),
            "7\n".to_owned(),
        ]
        .concat(),
        &mapping,
        &["c inbound"],
        &[
            "2 `a.i` has a value of the wrong type, or stands twice",
            "3 `a.i` has a value of the wrong type, or stands twice",
            "4 message_id is empty (from `a.i`)",
            "5 `a.i` has a value of the wrong type, or stands twice",
            "6 not valid JSON: a line must hold one whole object",
            "7 not valid JSON: a line must hold one whole object",
        ],
    );
}

#[test]
fn rows_may_stand_in_a_list() {
    let mut mapping = letters();
    mapping.rows = Some("data.rows".to_owned());
    let row = "{\"i\":1,\"f\":\"c\",\"t\":\"b\",\"d\":\"in\",\"s\":1533895200}";
    check(
        &format!("{{\"data\":{{\"rows\":[{row},\n{row},3]}}}}\n\n{{\"n\":1,\"data\":{{\"rows\":[]}}}}"),
        &mapping,
        &["c inbound", "c inbound"],
        &["3 the element of the list is no object"],
    );
    for broken in [format!("{{\"data\":{{\"rows\":[{row}"), "{\"data\":{\"rows\":{}}}".to_owned()] {
        assert!(matches!(read(&broken, &mapping), Err(ReadError::Document(1))), "{broken}");
    }
    assert!(matches!(read("{\"data\":{}}", &mapping), Err(ReadError::NotOfMapping(_))));
}

#[test]
fn a_file_that_lacks_columns_is_refused() {
    let told = |text: &str| read(text, &letters()).unwrap_err().to_string();
    assert_eq!(
        told("i,f,t,s,other\n"),
        "the file lacks columns of its mapping: `d`; it has `f`, `i`, `other`, `s`, `t`"
    );
    let people = told("Maria,+393330000001\n");
    assert_eq!(people, "the file has none of the columns that its mapping names: `d`, `f`, `i`, `s`, `t`");
    assert!(matches!(read("i,f,t,d,s,i\n", &letters()), Err(ReadError::DuplicateColumn(_))));
    let quote = "i,f,t,d,s,x\n1,b,c,out,1533895200,\"hi\n2,b,c,out,1533895200,y\n3,b,c,out,1533895200,\"z\"\n";
    assert!(matches!(read(quote, &letters()), Err(ReadError::UnclosedQuote(2))));
    assert!(matches!(read("[{}]", &letters()), Err(ReadError::JsonArray)));
}
