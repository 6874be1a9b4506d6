//! Every text in every language; dates in words.

use super::*;

#[test]
fn every_language_has_every_text_with_the_same_places() {
    let all = Language::ALL.map(|language| (language, serde_json::to_value(of(language)).unwrap()));
    whole(&all, &["months", "headline"]);
    let months = Language::ALL.iter().flat_map(|language| &of(*language).months);
    assert!(months.clone().count() == 72 && months.clone().all(|name| !name.is_empty()));
}

#[test]
fn a_value_is_never_a_place() {
    assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "x")]), "{b} and x");
    assert_eq!(fill("open {a", &[("a", "x")]), "open {a");
}

#[test]
fn dates_are_written_out() {
    for (date, english, italian) in [
        ("2026-12-01", "by 1 December 2026", "entro il 1º dicembre 2026"),
        ("2026-01-08", "by 8 January 2026", "entro l’8 gennaio 2026"),
        ("2026-03-11", "by 11 March 2026", "entro l’11 marzo 2026"),
        ("2026-03-21", "by 21 March 2026", "entro il 21 marzo 2026"),
    ] {
        let date: Date = date.parse().unwrap();
        assert_eq!(until(date, Language::English), english);
        assert_eq!(until(date, Language::Italian), italian);
    }
    assert_eq!(written_month("2018-08".parse().unwrap(), Language::Italian), "agosto 2018");
    for (date, expected) in [
        (
            "2026-03-01",
            [
                "até 1 de março de 2026",
                "hasta el 1 de marzo de 2026",
                "bis zum 1. März 2026",
                "au plus tard le 1er mars 2026",
            ],
        ),
        (
            "2026-08-21",
            [
                "até 21 de agosto de 2026",
                "hasta el 21 de agosto de 2026",
                "bis zum 21. August 2026",
                "au plus tard le 21 août 2026",
            ],
        ),
    ] {
        let date: Date = date.parse().unwrap();
        let others = [Language::Portuguese, Language::Spanish, Language::German, Language::French];
        assert_eq!(others.map(|language| until(date, language)), expected);
    }
    assert_eq!(written_month("2018-08".parse().unwrap(), Language::Portuguese), "agosto de 2018");
}
