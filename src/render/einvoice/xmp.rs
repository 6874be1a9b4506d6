//! Factur-X in the metadata of a PDF, which Typst cannot write: one incremental update with another version of the
//! metadata, whose older bytes all stay where they are.

use std::io::Write as _;

use memchr::memmem;

/// What the fields of Factur-X are, as PDF/A wants it of every schema that it does not know.
const SCHEMA: &str = concat!(
    "<rdf:li rdf:parseType=\"Resource\"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>",
    "<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>",
    "<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>",
);
const SCHEMA_END: &str = "</rdf:Seq></pdfaSchema:property></rdf:li>";

/// Name and meaning of each field, and its value.
const FIELDS: [(&str, &str, &str); 4] = [
    ("DocumentFileName", "The name of the embedded XML document", super::ATTACHED),
    ("DocumentType", "The type of the hybrid document in capital letters, such as INVOICE", "INVOICE"),
    ("Version", "The version of the standard that the embedded XML document follows", "1.0"),
    ("ConformanceLevel", "The conformance level of the embedded XML document", "EN 16931"),
];

const SCHEMAS_END: &str = "</rdf:Bag></pdfaExtension:schemas>";
const RDF_END: &str = "</rdf:RDF>";

/// The PDF whose metadata say that a Factur-X is inside. `None` where it is not built as Typst builds it.
pub(in crate::render) fn declared(mut pdf: Vec<u8>) -> Option<Vec<u8>> {
    let file = File::of(&pdf)?;
    let number = reference(file.object(reference(file.trailer.as_bytes(), b"/Root ")?)?, b"/Metadata ")?;
    let metadata = described(stream(file.object(number)?)?)?;
    let (trailer, previous) = (file.trailer.to_owned(), file.table_at);
    if !pdf.ends_with(b"\n") {
        pdf.push(b'\n');
    }
    let (object_at, length) = (pdf.len(), metadata.len());
    let dictionary = format!("<</Length {length}/Type/Metadata/Subtype/XML>>");
    write!(pdf, "{number} 0 obj\n{dictionary}\nstream\n{metadata}\nendstream\nendobj\n").ok()?;
    let table_at = pdf.len();
    write!(pdf, "xref\n{number} 1\n{object_at:010} 00000 n\r\ntrailer\n<<{trailer}/Prev {previous}>>\n").ok()?;
    write!(pdf, "startxref\n{table_at}\n%%EOF\n").ok()?;
    Some(pdf)
}

fn described(metadata: &str) -> Option<String> {
    let (head, rest) = metadata.split_once(SCHEMAS_END)?;
    let (rest, tail) = rest.rsplit_once(RDF_END)?;
    let meant = |(name, meaning, _): (&str, &str, &str)| {
        format!(
            "<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>{name}</pdfaProperty:name>\
             <pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external\
             </pdfaProperty:category><pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"
        )
    };
    let schema: String = FIELDS.into_iter().map(meant).collect();
    let values: String = FIELDS.into_iter().map(|(name, _, value)| format!("<fx:{name}>{value}</fx:{name}>")).collect();
    let values = format!(
        "<rdf:Description rdf:about=\"\" xmlns:fx=\"urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#\">{values}\
         </rdf:Description>"
    );
    Some(format!("{head}{SCHEMA}{schema}{SCHEMA_END}{SCHEMAS_END}{rest}{values}{RDF_END}{tail}"))
}

/// A PDF with one table of its objects. They are found by the table and never by their content, which is of others.
struct File<'p> {
    pdf: &'p [u8],
    /// Where the table begins.
    table_at: usize,
    /// Twenty bytes an object, from 0 on.
    rows: &'p [u8],
    /// The entries of the trailer's dictionary.
    trailer: &'p str,
}

impl<'p> File<'p> {
    fn of(pdf: &'p [u8]) -> Option<Self> {
        const START: &[u8] = b"startxref\n";
        const TRAILER: &[u8] = b"trailer\n<<";
        let end = memmem::rfind(pdf, START)?;
        let table_at = number(pdf.get(end + START.len()..)?)?;
        let rest = pdf.get(table_at..end)?.strip_prefix(b"xref\n0 ")?;
        let rows = rest.get(memchr::memchr(b'\n', rest)? + 1..)?;
        let at = memmem::find(rows, TRAILER)?;
        let trailer = std::str::from_utf8(rows.get(at + TRAILER.len()..)?).ok()?;
        Some(Self { pdf, table_at, rows: rows.get(..at)?, trailer: trailer.trim_end().strip_suffix(">>")? })
    }

    /// What begins with an object, without its number.
    fn object(&self, number: usize) -> Option<&'p [u8]> {
        let row = self.rows.get(number.checked_mul(20)?..)?;
        let object = self.pdf.get(self::number(row)?..self.table_at)?;
        object.strip_prefix(format!("{number} 0 obj\n").as_bytes())
    }
}

/// The digits that `bytes` begin with.
fn number(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(bytes.get(..end)?).ok()?.parse().ok()
}

/// The number after a key of the dictionary that an object begins with.
fn reference(object: &[u8], key: &[u8]) -> Option<usize> {
    let at = memmem::find(object, key)?;
    number(object.get(at + key.len()..)?)
}

/// The text of a stream.
fn stream(object: &[u8]) -> Option<&str> {
    const STREAM: &[u8] = b"stream\n";
    let length = reference(object, b"/Length ")?;
    let at = memmem::find(object, STREAM)? + STREAM.len();
    std::str::from_utf8(object.get(at..at.checked_add(length)?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Vec<u8> {
        let metadata = format!("<r><x>{SCHEMAS_END}</x><y>{RDF_END}</r>");
        let mut pdf = b"%PDF-1.7\n".to_vec();
        let mut rows = String::from("0000000000 65535 f\r\n");
        let length = metadata.len();
        for object in [
            // A name that looks like a catalog is no catalog.
            "1 0 obj\n<</Author(/Metadata 9 0 R trailer xref startxref)>>\nendobj\n".to_owned(),
            format!("2 0 obj\n<</Length {length}/Type/Metadata/Subtype/XML>>\nstream\n{metadata}\nendstream\nendobj\n"),
            "3 0 obj\n<</Type/Catalog/Metadata 2 0 R>>\nendobj\n".to_owned(),
        ] {
            rows.push_str(&format!("{:010} 00000 n\r\n", pdf.len()));
            pdf.extend(object.bytes());
        }
        let table_at = pdf.len();
        let end = format!("xref\n0 4\n{rows}trailer\n<</Size 4/Root 3 0 R>>\nstartxref\n{table_at}\n%%EOF");
        pdf.extend(end.bytes());
        pdf
    }

    #[test]
    fn the_update_is_appended_and_can_be_found() {
        let before = small();
        let after = declared(before.clone()).unwrap();
        assert!(after.starts_with(&before));
        let added = String::from_utf8(after[before.len()..].to_vec()).unwrap();
        assert!(added.starts_with("\n2 0 obj\n<</Length "), "{added}");
        for part in [
            "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
            "<fx:DocumentFileName>factur-x.xml<",
            "/Root 3 0 R/Prev ",
        ] {
            assert!(added.contains(part), "{part}: {added}");
        }
        let table_at = number(&after[memmem::rfind(&after, b"startxref\n").unwrap() + 10..]).unwrap();
        let table = std::str::from_utf8(&after[table_at..]).unwrap();
        let object_at: usize = table.strip_prefix("xref\n2 1\n").unwrap()[..10].parse().unwrap();
        assert!(after[object_at..].starts_with(b"2 0 obj\n"));
    }

    #[test]
    fn what_is_built_otherwise_is_refused() {
        assert_eq!(declared(Vec::new()), None);
        let pdf = String::from_utf8(small()).unwrap();
        for (is, other) in [
            ("/Metadata 2 0 R>>", "/Metadata 7 0 R>>"),
            (SCHEMAS_END, ""),
            ("xref\n0 4", "xref\n1 4"),
            ("/Root", "/Loot"),
        ] {
            assert!(pdf.contains(is));
            assert_eq!(declared(pdf.replacen(is, other, 1).into_bytes()), None, "{is}");
        }
    }
}
