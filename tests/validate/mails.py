"""Whether finished mails say what they should. Started by `mails`, which installs what this uses.

Each mail is parsed by Python's `email` under its strict policy and by mblaze, and compared with the canonical invoice and the
documents that lie beside it; its signature is verified by dkimpy, with the key from a file in place of DNS. Prints a line for
each mail and check; 1 where any falls short.
"""

import argparse
import email
import email.policy
import email.utils
import html.parser
import json
import pathlib
import re
import subprocess
import sys
from datetime import date, timedelta

import dkim

# Strict: whatever the parser would mend is an error.
POLICY = email.policy.SMTP.clone(raise_on_defect=True)
ONCE = ("Date", "From", "Reply-To", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted", "Content-Language")
ALLOWED = {name.lower() for name in ONCE} | {"cc", "dkim-signature"}
TYPES = {
    ".pdf": "application/pdf",
    ".csv": "text/csv",
    ".xml": "application/xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
}
# Characters of a line (RFC 5322, 2.1.1): what must not be passed, and what should not.
LINE, GOOD_LINE = 998, 78

checked = short = 0


def say(name, what, problems):
    global checked, short
    checked += 1
    short += bool(problems)
    print(f"{'no ' if problems else 'ok '} {name}: {what}", *[f"\n     {problem}" for problem in problems[:10]])


def differing(**pairs):
    """A problem for each pair that is not equal."""
    return [f"{name.replace('_', ' ')}: {found!r}, not {wanted!r}" for name, (found, wanted) in pairs.items() if found != wanted]


class Remote(html.parser.HTMLParser):
    """Whatever a reader of the mail would fetch, run or be counted by."""

    def __init__(self, text):
        super().__init__()
        self.problems = []
        self.feed(text)
        self.close()
        self.problems += [f"the style fetches {found}" for found in re.findall(r"url\([^)]*\)|@import[^;]*", text)]

    def handle_starttag(self, tag, attributes):
        if tag in ("img", "script", "iframe", "object", "embed", "link", "svg", "video", "audio", "form", "base"):
            self.problems.append(f"<{tag}>")
        for name, value in attributes:
            link = tag == "a" and name == "href"
            if name in ("src", "srcset", "background", "poster", "ping") or name.startswith("on"):
                self.problems.append(f"{name}={value}")
            elif re.match(r"\s*(https?:)?//", value or "") and not link:
                self.problems.append(f"{name}={value}")


def bytes_of(name, raw):
    lines = raw.split(b"\r\n")
    problems = []
    if not raw.endswith(b"\r\n"):
        problems.append("the last line has no end")
    if any(b"\r" in line or b"\n" in line for line in lines):
        problems.append("a line ends with CR or LF alone")
    if any(byte > 126 or byte < 32 and byte != 9 for line in lines for byte in line):
        problems.append("there are characters other than ASCII")
    longest = max(map(len, lines))
    if longest > LINE or longest > GOOD_LINE and not any(line.lower().startswith(b"dkim-signature:") for line in lines):
        problems.append(f"the longest line has {longest} characters")
    say(name, "bytes that travel", problems)


def headers(path, mail, invoice, seller):
    # A copy has a name, a Message-ID, a date and a word before its subject of its own.
    number, index, copy = re.fullmatch(r"(.+?)_(\d+)(?:_copy-(\d+))?\.eml", path.name).groups()
    own = f".copy-{copy}" if copy else ""
    subject = str(mail["Subject"]).split()
    problems = [f"{name} stands there {len(mail.get_all(name, []))} times" for name in ONCE if len(mail.get_all(name, [])) != 1]
    problems += [f"{name}: {mail[name]}" for name in mail.keys() if name.lower() not in ALLOWED]
    sender = mail["From"].addresses
    domain = seller.rsplit("@", 1)[1]
    when = mail["Date"].datetime
    day = date.fromisoformat(invoice["issue_date"])
    problems += differing(
        senders=([address.addr_spec for address in sender], [seller]),
        name_of_the_sender=(sender[0].display_name, " ".join(invoice["seller"]["legal_name"].split())),
        message_id=(str(mail["Message-ID"]), f"<{number}.{index}{own}@{domain}>"),
        number_first=(subject[1 if copy else 0].rstrip(":"), invoice["number"]),
        says_that_it_is_a_copy=(subject[0].endswith(":") and subject[0][:3] in ("Cop", "Kop"), bool(copy)),
        subject_in_ascii=(str(mail["Subject"]).isascii(), True),
        language=(str(mail["Content-Language"]), invoice["language"]),
        automatic=(str(mail["Auto-Submitted"]), "auto-generated"),
        day_of_issue=(bool(copy) or abs(when.date() - day) <= timedelta(days=1), True),
        recipients=(bool(mail["To"].addresses), True),
    )
    say(path.name, "headers", problems)


def bodies(name, mail, invoice):
    problems = differing(form=(mail.get_content_type(), "multipart/mixed"))
    parts = list(mail.iter_parts())
    alternative = list(parts[0].iter_parts())
    problems += differing(
        alternatives=([part.get_content_type() for part in alternative], ["text/plain", "text/html"]),
        charsets=([part.get_content_charset() for part in alternative], ["utf-8"] * 2),
        encodings=([str(part["Content-Transfer-Encoding"]) for part in alternative], ["quoted-printable"] * 2),
    )
    text, page = (part.get_content() for part in alternative)
    amount = re.sub(r"[^0-9]", "", invoice["total"])
    for what, body in (("text", text), ("HTML", page)):
        plain = re.sub(r"<[^>]*>", "", body)
        if invoice["number"] not in body:
            problems.append(f"the {what} does not name the number")
        if amount not in re.sub(r"[.,\s\u202f\u00a0'’]", "", plain):
            problems.append(f"the {what} does not name the amount {invoice['total']}")
        if "\ufffd" in body or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", body.replace("\r\n", "\n")):
            problems.append(f"the {what} has characters that are none")
    problems += [f"the HTML has {what}" for what in Remote(page).problems]
    say(name, "text and HTML", problems)
    return text


def attachments(path, mail):
    problems, names = [], []
    for part in list(mail.iter_parts())[1:]:
        found = part.get_filename()
        names.append(found)
        beside = path.parent / (found or "")
        if not found or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", found) or not beside.is_file():
            problems.append(f"{found!r} is no document of the folder")
            continue
        content = part.get_payload(decode=True)
        problems += [f"{found}: {problem}" for problem in differing(
            disposition=(part.get_content_disposition(), "attachment"),
            type=(part.get_content_type(), TYPES.get(beside.suffix)),
            encoding=(str(part["Content-Transfer-Encoding"]), "base64"),
            bytes=(content == beside.read_bytes(), True),
        )]
    suffixes = [pathlib.Path(name or "").suffix for name in names]
    problems += differing(
        # At most one line file, and one XML where the business asks for it.
        PDFs=(suffixes.count(".pdf"), 1),
        line_files=(sum(suffixes.count(suffix) for suffix in (".csv", ".xlsx", ".parquet")) <= 1, True),
        XMLs=(suffixes.count(".xml") <= 1, True),
    )
    say(path.name, f"attachments {', '.join(map(str, names))}", problems)
    return names


def mblaze(path, mail, names, text):
    def out(*command):
        return subprocess.run(command, capture_output=True, check=True, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}).stdout

    problems = []
    for name in ("Subject", "Message-ID"):
        shown = out("mhdr", "-d", "-h", name, str(path)).decode().strip()
        problems += differing(**{name.lower(): (shown, str(mail[name]))})
    for name in ("From", "To"):
        shown = out("mhdr", "-d", "-A", "-h", name, str(path)).decode().split("\n")[:-1]
        # mblaze shows `name <address>`, of which the address is compared; names are by Python, above.
        shown = [email.utils.parseaddr(line)[1] for line in shown]
        problems += differing(**{name.lower(): (shown, [address.addr_spec for address in mail[name].addresses])})
    rows = [line.split() for line in out("mshow", "-t", str(path)).decode().split("\n")[1:] if line.strip()]
    types = [row[1] for row in rows]
    expected = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"]
    problems += differing(parts=(types[:4], expected), attachments=(len(types) - 4, len(names)))
    plain = out("mshow", "-O", str(path), "3").decode()
    problems += differing(text=(plain.split(), text.split()))
    for place, name in enumerate(names, start=5):
        same = name and out("mshow", "-O", str(path), str(place)) == (path.parent / name).read_bytes()
        problems += differing(**{f"bytes of {name}": (bool(same), True)})
    say(path.name, "the same by mblaze", problems)


def signature(path, raw, record, seller):
    signed = b"\r\nDKIM-Signature:" in b"\r\n" + raw.split(b"\r\n\r\n", 1)[0]
    if record is None:
        say(path.name, "no signature", ["it is signed: name the record with --dkim"] if signed else [])
        return
    if not signed:
        say(path.name, "signature", ["it is not signed"])
        return
    asked = []

    def dns(name, timeout=5):
        asked.append(name.decode().rstrip("."))
        return record

    problems = [] if dkim.verify(raw, dnsfunc=dns) else ["dkimpy does not verify it"]
    domain = seller.rsplit("@", 1)[1]
    if not all(re.fullmatch(rf"[a-z0-9.-]+\._domainkey\.{re.escape(domain)}", name) for name in asked):
        problems.append(f"the key is looked for at {asked}")
    # What is not signed could be added on the way.
    fields = re.search(rb"\bh=([^;]+)", raw).group(1).decode().lower()
    fields = [field.strip() for field in re.sub(r"\s", "", fields).split(":")]
    for name in ("from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"):
        if name not in fields:
            problems.append(f"{name} is not signed")
    for before, after in ((b"\r\nSubject: ", b"\r\nSubject: X"), (b"=\r\n", b"=20=\r\n")):
        if before not in raw:
            problems.append(f"there is no {before!r} to change")
        elif dkim.verify(raw.replace(before, after, 1), dnsfunc=dns):
            problems.append(f"it verifies with {after!r} in place of {before!r}, too")
    say(path.name, "signature", problems)


def look(path, record):
    raw = path.read_bytes()
    beside = [found for found in path.parent.glob("*.json") if found.name.startswith(path.parent.name + "_")]
    invoice = json.loads(beside[0].read_text())
    seller = invoice["seller_email"]
    bytes_of(path.name, raw)
    mail = email.message_from_bytes(raw, policy=POLICY)
    say(path.name, "no defect", [str(defect) for part in mail.walk() for defect in part.defects])
    headers(path, mail, invoice, seller)
    text = bodies(path.name, mail, invoice)
    names = attachments(path, mail)
    mblaze(path, mail, names, text)
    signature(path, raw, record, seller)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--dkim", type=pathlib.Path, metavar="RECORD")
    arguments.add_argument("folders", nargs="+", type=pathlib.Path, metavar="FOLDER")
    options = arguments.parse_args()
    record = options.dkim.read_bytes().strip() if options.dkim else None
    for folder in options.folders:
        for path in sorted(folder.glob("*/*.eml")):
            try:
                look(path, record)
            except Exception as error:  # noqa: BLE001
                # Whatever a parser stumbles over is wrong with the mail.
                say(path.name, "can be read to its end", [repr(error)])
    print(f"{checked} checks, {short} fell short")
    if not checked:
        print("no mail was looked at")
    return 1 if short or not checked else 0


sys.exit(main())
