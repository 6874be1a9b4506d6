//! The parts of a workbook that are no sheets.

use super::sheet::{SheetName, escaped};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATED: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A workbook has no clock: it is made on the day of the announcement, whenever it is made.
const CREATED: &str = "2018-08-01T00:00:00Z";

/// Places in the list of cell forms in `styles.xml`.
pub(super) mod style {
    pub const HEAD: usize = 1;
    /// Stays text even when somebody edits the cell.
    pub const TEXT: usize = 2;
    pub const WHOLE: usize = 3;
    pub const BOLD: usize = 4;
    /// Of two decimal places; of each more, one further.
    pub const DECIMAL: usize = 5;
    /// Most decimal places.
    pub const PLACES_MAX: usize = 9;
}

/// Name and text of every part but the sheets, which are those of `names` in their order.
pub(super) fn parts(title: &str, names: &[SheetName]) -> [(&'static str, String); 7] {
    [
        ("[Content_Types].xml", content_types(names)),
        ("_rels/.rels", package_relations()),
        ("docProps/core.xml", core(title)),
        ("docProps/app.xml", app()),
        ("xl/workbook.xml", workbook(names)),
        ("xl/_rels/workbook.xml.rels", workbook_relations(names)),
        ("xl/styles.xml", styles()),
    ]
}

/// The part of a sheet, by its place from 1.
pub(super) fn sheet_part(place: usize) -> String {
    format!("xl/worksheets/sheet{place}.xml")
}

fn content_types(names: &[SheetName]) -> String {
    let sheets = (1..=names.len())
        .map(|place| format!("<Override PartName=\"/{}\" ContentType=\"{KIND}.worksheet+xml\"/>", sheet_part(place)));
    format!(
        "{HEAD}<Types xmlns=\"{PACKAGE}/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"{KIND}.sheet.main+xml\"/>{}\
         <Override PartName=\"/xl/styles.xml\" ContentType=\"{KIND}.styles+xml\"/>\
         <Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>\
         <Override PartName=\"/docProps/app.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.extended-properties+xml\"/>\
         </Types>\n",
        sheets.collect::<String>()
    )
}

fn package_relations() -> String {
    format!(
        "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{RELATED}/officeDocument\" Target=\"xl/workbook.xml\"/>\
         <Relationship Id=\"rId2\" Type=\"{PACKAGE}/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>\
         <Relationship Id=\"rId3\" Type=\"{RELATED}/extended-properties\" Target=\"docProps/app.xml\"/>\
         </Relationships>\n"
    )
}

fn core(title: &str) -> String {
    let title = escaped(title);
    format!(
        "{HEAD}<cp:coreProperties xmlns:cp=\"{PACKAGE}/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <dc:title>{title}</dc:title><dc:creator>ritardo</dc:creator>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">{CREATED}</dcterms:created>\
         <dcterms:modified xsi:type=\"dcterms:W3CDTF\">{CREATED}</dcterms:modified>\
         </cp:coreProperties>\n"
    )
}

fn app() -> String {
    format!(
        "{HEAD}<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\">\
         <Application>ritardo</Application></Properties>\n"
    )
}

/// The filters and the heads that are printed on each page need names in the workbook.
fn workbook(names: &[SheetName]) -> String {
    let sheets = names.iter().zip(1..).map(|(sheet, place)| {
        format!("<sheet name=\"{}\" sheetId=\"{place}\" r:id=\"rId{place}\"/>", escaped(&sheet.name))
    });
    let filtered = || names.iter().enumerate().filter_map(|(place, sheet)| Some((place, sheet, sheet.area.as_ref()?)));
    let filters = filtered().map(|(place, sheet, area)| {
        format!(
            "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{place}\" hidden=\"1\">{}!{area}</definedName>",
            sheet.quoted()
        )
    });
    let titles = filtered().map(|(place, sheet, _)| {
        format!(
            "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{place}\">{}!$1:$1</definedName>",
            sheet.quoted()
        )
    });
    format!(
        "{HEAD}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATED}\"><workbookPr/>\
         <bookViews><workbookView activeTab=\"0\"/></bookViews><sheets>{}</sheets><definedNames>{}{}</definedNames>\
         <calcPr calcId=\"191029\"/></workbook>\n",
        sheets.collect::<String>(),
        filters.collect::<String>(),
        titles.collect::<String>()
    )
}

fn workbook_relations(names: &[SheetName]) -> String {
    let sheets = (1..=names.len()).map(|place| {
        format!("<Relationship Id=\"rId{place}\" Type=\"{RELATED}/worksheet\" Target=\"worksheets/sheet{place}.xml\"/>")
    });
    let styles = names.len().saturating_add(1);
    format!(
        "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\">{}\
         <Relationship Id=\"rId{styles}\" Type=\"{RELATED}/styles\" Target=\"styles.xml\"/></Relationships>\n",
        sheets.collect::<String>()
    )
}

/// The forms of cells, in the order of [`style`]. Decimals show every place that they have.
fn styles() -> String {
    let places = || 2..=style::PLACES_MAX;
    let formats = places()
        .map(|places| format!("<numFmt numFmtId=\"{}\" formatCode=\"0.{}\"/>", format_of(places), "0".repeat(places)));
    let decimals = places().map(|places| {
        format!(
            "<xf numFmtId=\"{}\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>",
            format_of(places)
        )
    });
    let count = places().count();
    format!(
        "{HEAD}<styleSheet xmlns=\"{MAIN}\"><numFmts count=\"{count}\">{}</numFmts>\
         <fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>\
         <font><b/><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font></fonts>\
         <fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>\
         <fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE9EDF0\"/><bgColor indexed=\"64\"/></patternFill></fill></fills>\
         <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
         <cellXfs count=\"{}\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
         <xf numFmtId=\"49\" fontId=\"1\" fillId=\"2\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\"/>\
         <xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" quotePrefix=\"1\" applyNumberFormat=\"1\"/>\
         <xf numFmtId=\"1\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
         <xf numFmtId=\"49\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\"/>\
         {}</cellXfs>\
         <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>\n",
        formats.collect::<String>(),
        count.saturating_add(style::DECIMAL),
        decimals.collect::<String>()
    )
}

/// Formats of one's own are counted from 164.
const fn format_of(places: usize) -> usize {
    places.saturating_add(162)
}
