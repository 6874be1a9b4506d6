//! The PDF, but for what stands on it.

use super::*;
use crate::domain::Brand;
use crate::domain::business::Language;
use crate::render::looks::LogoFile;
use crate::render::sample;

#[test]
fn what_the_fonts_lack_is_shown_as_a_box() {
    let press = Press::new().unwrap();
    for (text, shown) in [
        ("Città Ωμέγα Жёлтый Łódź €", "Città Ωμέγα Жёлтый Łódź €"),
        ("Bar 株式会社", "Bar □□□□"),
        ("Forno 🥖", "Forno □"),
        ("a\u{200d}b\u{fe0f}c\u{feff}", "abc"),
        ("\u{e000}", "□"),
        (&"a".repeat(64), &"a".repeat(64)),
        (&"a".repeat(65), &format!("{0}\u{200b}{0}\u{200b}{0}\u{200b}{0}\u{200b}a", "a".repeat(16))),
    ] {
        let mut data = serde_json::json!([{ "name": text }]);
        press.cover(&mut data);
        assert_eq!(data, serde_json::json!([{ "name": shown }]));
    }
}

#[test]
fn a_stream_that_ends_in_a_carriage_return_keeps_its_length() {
    for (pdf, parted) in [
        ("1\r\nendstream\nendobj\n", "1\r\rendstream\nendobj\n"),
        ("1\nendstream\nendobj\n\r\n", "1\nendstream\nendobj\n\r\n"),
        ("\r\nendstream\nendobj\n\r\nendstream\nendobj\n", "\r\rendstream\nendobj\n\r\rendstream\nendobj\n"),
        ("", ""),
    ] {
        let mut bytes = pdf.as_bytes().to_vec();
        part_line_ends(&mut bytes);
        assert_eq!(bytes, parted.as_bytes());
    }
}

#[test]
fn the_world_has_the_data_the_template_the_logos_and_an_e_invoice() {
    let (press, logo) = (Press::new().unwrap(), LogoFile::new("svg", b"<svg/>"));
    let plate = Plate::of(&Looks::with([].into(), [("ie".to_owned(), logo)].into())).unwrap();
    let job = Job { press: &press, plate: &plate, data: Bytes::from_string(String::new()), attached: None };
    for name in ["/etc/passwd", "logo.svg", "logo-it.svg", "../data.json", "other.typ"] {
        let Ok(other) = file(name) else { continue };
        assert!(job.file(other).is_err() && job.source(other).is_err(), "{name}");
    }
    assert!(job.file(press.data).is_ok() && job.source(job.main()).is_ok() && job.today(None).is_none());
    assert_eq!(job.file(file("logo-ie.svg").unwrap()).unwrap().as_slice(), b"<svg/>");
    assert!(job.file(press.attached).is_err());
    let job = Job { attached: Some(Bytes::from_string("<x/>".to_owned())), ..job };
    assert!(job.file(press.attached).is_ok() && job.source(press.attached).is_err());
}

#[test]
fn a_replaced_character_is_told_in_a_note() {
    let press = Press::new().unwrap();
    for (name, count) in [("Bar 株式会社", 1), ("Forno Città", 0), ("a box: □", 0)] {
        let mut invoice = sample::invoice(Language::English);
        invoice.buyer.legal_name = name.to_owned();
        let view = InvoiceView::of(&invoice, "c");
        let view = view.in_looks(&Looks::default(), "", &Brand::default(), &invoice, None);
        let data = press.data_of(&view).unwrap();
        assert_eq!(data["sheet"]["notes"].as_array().unwrap().len(), count, "{name}");
    }
}

#[test]
fn drawings_of_the_program_are_left_as_they_are() {
    let press = Press::new().unwrap();
    let long = "x".repeat(80);
    let mut data = serde_json::json!({ "chart": long, "name": "株" });
    press.cover(&mut data);
    assert_eq!(data, serde_json::json!({ "chart": long, "name": "□" }));
}
