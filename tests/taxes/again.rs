//! Invoices that are issued again: the VAT of the book of today, or a refusal.

use std::fs;
use std::path::Path;

use super::common::{Ran, bodies, content, night, ritardo, text};
use super::{TARIFF, bakery, groups, replace};

const STANDARD: &str = "vat = { treatment = \"standard\", rate = \"22\" }";
const LATER: &str = "vat = [{ treatment = \"reverse-charge\" }, \
    { treatment = \"standard\", rate = \"22\", from = 2019-01-01 }]";

fn reissue(folder: &Path) -> Ran {
    let arguments = ["reissue", "LR-2018-000001", "--reason", "treatment", "--as-of", "2018-09-06T00:00:00Z"];
    ritardo(folder, &arguments)
}

fn rename(folder: &Path) {
    replace(&folder.join("businesses.toml"), "Forno Esempio", "Forno Nuovo");
}

#[test]
fn the_new_invoice_has_the_treatment_of_today_for_its_days() {
    for (name, vat, renamed) in [
        // The rate of the invoice stands in the book, but for other days.
        ("again-corrected", LATER.to_owned(), false),
        ("again-charge", format!("tax_point = \"charge\"\n{LATER}"), true),
    ] {
        let folder = bakery(name, STANDARD);
        night(&folder).expect(0);
        replace(&folder.join("businesses.toml"), STANDARD, &vat);
        if renamed {
            rename(&folder);
        }
        reissue(&folder).expect(0);
        let again = &bodies(&folder.join("state"), "replacement")[0];
        assert_eq!([text(again, "tax"), text(again, "total")], ["USD 0.00", "USD 3.00"]);
        ritardo(&folder, &["verify"]).expect(0);
        ritardo(&folder, &["audit", "--all"]).expect(0);
        let same =
            ritardo(&folder, &["reissue", "LR-2018-000002", "--reason", "no", "--as-of", "2018-09-07T00:00:00Z"]);
        assert!(same.expect(2).err.contains("LR-2018-000002 has the words of today already"));
    }
}

#[test]
fn treatments_that_part_a_month_are_not_changed_afterwards() {
    let three = "tax_point = \"charge\"\nvat = [{ treatment = \"standard\", rate = \"22\" }, \
                 { treatment = \"standard\", rate = \"24\", from = 2018-08-10 }, \
                 { treatment = \"standard\", rate = \"22\", from = 2018-08-20 }]";
    let folder = bakery("again-three", three);
    night(&folder).expect(0);
    let same = reissue(&folder).expect(2).err;
    assert!(same.contains("has the words of today already"), "{same}");
    // All charges fall on days of the second treatment, which is another today.
    replace(&folder.join("businesses.toml"), "\"24\"", "\"21\"");
    reissue(&folder).expect(0);
    let again = &bodies(&folder.join("state"), "replacement")[0];
    assert_eq!([text(again, "tax"), text(again, "total")], ["USD 0.63", "USD 3.63"]);

    // Here they fall on days of both.
    let folder = bakery("again-parted", &three.replace("2018-08-10", "2018-08-15"));
    night(&folder).expect(0);
    replace(&folder.join("businesses.toml"), "\"24\"", "\"21\"");
    rename(&folder);
    let refused = reissue(&folder).expect(2).err;
    assert!(refused.contains("of a month within which the VAT treatment changes"), "{refused}");
    assert_eq!(bodies(&folder.join("state"), "replacement").len(), 0);
}

#[test]
fn an_invoice_with_a_group_of_reverse_charge_needs_the_id_of_its_buyer() {
    let parted = "tax_point = \"charge\"\nvat = [{ treatment = \"reverse-charge\" }, \
                  { treatment = \"standard\", rate = \"22\", from = 2018-08-15 }]";
    let folder = bakery("again-id", parted);
    night(&folder).expect(0);
    replace(&folder.join("businesses.toml"), "vat_id = \"IT99999990379\"\n", "");
    rename(&folder);
    let refused = reissue(&folder).expect(2).err;
    assert!(refused.contains("LR-2018-000001 cannot be billed again: reverse charge needs the VAT id"), "{refused}");
    assert_eq!(bodies(&folder.join("state"), "replacement").len(), 0);
}

#[test]
fn after_a_new_invoice_a_dispute_gives_back_what_that_one_says() {
    // Months are those of the deadlines: two messages of the last of August are billed with September.
    let folder = bakery(
        "again-deadline",
        "tax_point = \"charge\"\nvat = [{ treatment = \"reverse-charge\", to = 2018-09-01 }, \
         { treatment = \"standard\", rate = \"22\", from = 2018-09-01 }]",
    );
    let book = folder.join("businesses.toml");
    replace(&book, "first_month = \"2018-08\"", "first_month = \"2018-09\"");
    fs::write(folder.join("tariff.toml"), format!("{TARIFF}\n[reading]\nmonth_of = \"deadline\"\n")).unwrap();
    let log = "message_id,business,channel,customer,direction,sent_at,kind\n\
               z-first,bologna-bakery,+390510000417,nobody,outbound,2018-07-31T10:00:00Z,text\n\
               m0,bologna-bakery,+390510000417,+393330000001,inbound,2018-08-31T12:00:00Z,text\n\
               m1,bologna-bakery,+390510000417,+393330000002,inbound,2018-08-31T13:00:00Z,text\n\
               z-last,bologna-bakery,+390510000417,nobody,outbound,2018-10-04T10:00:00Z,text\n";
    fs::write(folder.join("inbox/desk/2018-08.csv"), log).unwrap();
    ritardo(&folder, &["run", "--as-of", "2018-10-05T00:00:00Z"]).expect(0);
    // The days of September are the same in both books, that of the charges is not.
    replace(&book, "\"reverse-charge\", to", "\"standard\", rate = \"22\", to");
    let arguments = ["reissue", "LR-2018-000001", "--reason", "treatment", "--as-of", "2018-10-06T00:00:00Z"];
    ritardo(&folder, &arguments).expect(0);
    fs::write(folder.join("claims.csv"), "message_id,reason,decision\nm0,was answered,accept\n").unwrap();
    let as_of = "2018-10-07T00:00:00Z";
    ritardo(&folder, &["dispute", "open", "claims.csv", "--as-of", as_of]).expect(0);
    ritardo(&folder, &["dispute", "settle", "1", "--issue", "--as-of", as_of]).expect(0);
    let state = folder.join("state");
    let notes = bodies(&state, "credit_note");
    let note = content(&state, &text(&notes[1], "document_sha256"));
    assert_eq!(groups(&note), ["S 22.00 USD 1.00 USD 0.22"]);
    assert_eq!(text(&note, "total"), "USD 1.22");
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "--all"]).expect(0);
}
