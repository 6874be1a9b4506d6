#!/usr/bin/env python3
"""A month night by night: what each run costs while the month grows, its closing, and its audit.

    cargo build --release --locked
    python3 benches/nights.py target/release/ritardo --messages 2M --businesses 50

A generated month lies aside; each night gets the files of one day, and `ritardo run` a night's instant. Afterwards the
closed month is audited, beside `ritardo rate` over the same files, which keeps and proves nothing. Then it is checked
that the closed months are what `ritardo generate` knew beforehand, and what one run over all files makes of them. Only
a difference ends this with anything but 0: a figure is of one machine and one day.
"""

import argparse
import csv
import json
import os
import shutil
import sys
import tempfile
import tomllib
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import measure
from measure import Rival, in_turn, table

MONTH = "2018-08"
BEGIN, END = (2018, 8, 1), (2018, 9, 1)


class Shop:
    """A generated month by day, of which an inbox gets one day after the other."""

    def __init__(self, program, folder, options):
        self.program, self.folder = program, folder
        made = ["--messages", options.messages, "--businesses", options.businesses, "--form", options.form]
        measure.run([program, "generate", folder, "--by", "day", *made])
        (folder / "inbox").rename(folder / "aside")
        self.files = defaultdict(list)
        for path in sorted((folder / "aside").glob("*/*")):
            self.files[date.fromisoformat(path.name[:10])].append(path)
        (folder / "inbox").mkdir()

    def give(self, day, to):
        """Hard links: nothing is copied, and both names are of a regular file."""
        for path in self.files[day]:
            target = to / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)

    def run(self, folder, as_of):
        """One run with what it told, and what it cost."""
        command = [self.program, "run", "--config", folder / "ritardo.toml", "--as-of", as_of, "--format", "json"]
        measured = measure.run(command)
        return json.loads(measured.out), measured


def night_after(day):
    return f"{day + timedelta(days=1)}T06:00:00Z"


def nights(shop):
    """All nights, and the closed months by business."""
    rows, closed, raw = [], {}, []
    for day in sorted(shop.files):
        shop.give(day, shop.folder / "inbox")
        told, measured = shop.run(shop.folder, night_after(day))
        if told["set_aside"] or told["read"]["rejected"] or told["read"]["files"] != len(shop.files[day]):
            sys.exit(f"the night after {day} has not read its files: {told['read']}, {told['set_aside']}")
        closed.update({month["business"]: month for month in told["closed"]})
        read = told["read"]
        shown = [f"{read['files']:,}", f"{read['messages']:,}", f"{len(told['closed']) or ''}"]
        rows.append([str(day + timedelta(days=1)), *shown, *figures(measured)])
        raw.append({"day": str(day), **read, "closed": len(told["closed"]), **measured.figures()})
    table(["night", "files", "messages", "months closed", "wall s", "CPU s", "peak MiB"], rows)
    return closed, raw


def figures(measured):
    return [f"{measured.wall:.2f}", f"{measured.cpu:.2f}", f"{measured.peak:,.0f}"]


def audits(shop, runs):
    """The audit of the closed month beside a rating of the same files."""
    summary, config = shop.folder / "summary.json", shop.folder / "ritardo.toml"
    rate = ["rate", shop.folder / "inbox", "--tariff", shop.folder / "tariff.toml", "--summary", summary]
    rate = [shop.program, *rate, "--as-of", f"{max(shop.files) + timedelta(days=1)}T00:00:00Z"]
    known = json.loads((shop.folder / "expected.json").read_text())

    def sums(_):
        told = json.loads(summary.read_text())
        return {name: business["total"] for name, business in told["businesses"].items()}

    wanted = {name: business["total"] for name, business in known["businesses"].items() if business["waits"]}
    audit = [shop.program, "audit", MONTH, "--config", config, "--format", "json"]
    rivals = [
        Rival(f"`ritardo audit {MONTH}`: archive, ledger and documents", audit),
        Rival("`ritardo rate --summary` of the same inbox", rate, sums, wanted),
        Rival("`ritardo verify`", [shop.program, "verify", "--config", config]),
    ]
    in_turn(rivals, runs)
    rows = []
    for rival in rivals:
        wall, cpu, peak = (rival.median(figure) for figure in ("wall", "cpu", "peak"))
        rows.append([rival.name, f"{wall:.2f}", f"{cpu:.2f}", f"{peak:,.0f}"])
    table(["afterwards", "wall s", "CPU s", "peak MiB"], rows)
    return audited(rivals[0].runs[0]), [rival.raw() for rival in rivals]


def audited(measured):
    """What an audit says of each business; all must be identical."""
    months = {month["business"]: month for month in json.loads(measured.out)}
    if other := [name for name, month in months.items() if not month["identical"]]:
        sys.exit(f"the audit finds differences at {other}")
    return months


def expected(shop):
    """Waits, charges and their exact sum by business, of the messages that it received in its month."""
    with open(shop.folder / "tariff.toml", "rb") as file:
        rates = {rate["market"]: Decimal(rate["price"]) for rate in tomllib.load(file)["rate"]}
    with open(shop.folder / "businesses.toml", "rb") as file:
        businesses = {business["id"]: business["zone"] for business in tomllib.load(file)["business"]}
    months = {name: [instant(day, zone) for day in (BEGIN, END)] for name, zone in businesses.items()}
    codes = sorted((code for code in rates if code != "other"), key=len, reverse=True)
    sums = {name: [0, 0, Decimal(0)] for name in businesses}
    with open(shop.folder / "expected.csv", newline="") as file:
        for row in csv.DictReader(file):
            begin, end = months[row["business"]]
            # Instants of one form are in the order of their texts.
            if not begin <= row["received_at"] < end:
                continue
            sum_of = sums[row["business"]]
            sum_of[0] += 1
            if row["verdict"] in ("late", "unanswered"):
                market = next((code for code in codes if row["customer"].startswith(f"+{code}")), "other")
                sum_of[1] += 1
                sum_of[2] += rates[market]
    return sums


def instant(day, zone):
    """The begin of a day in a zone, as the logs write instants."""
    begin = datetime(*day, tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
    return begin.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def check_known(shop, closed):
    """The closed months are what was known; an invoice is their exact sum but for the rounding of its lines."""
    for business, (waits, charges, total) in expected(shop).items():
        month = closed.get(business)
        found = month and (month["verdicts"]["waits"], month["charges"], Decimal(month["exact"]))
        if found != (waits, charges, total):
            sys.exit(f"{business} was closed with {found}, but {(waits, charges, total)} are known")
        if charges == 0:
            continue
        net = Decimal(month["invoice"]["net"].removeprefix("USD "))
        document = next((shop.folder / "state/issued" / month["invoice"]["number"]).glob("*.json"))
        lines = len(json.loads(document.read_text())["lines"])
        if abs(net - total) > lines * Decimal("0.005"):
            sys.exit(f"the invoice of {business} is of {net}, but its charges of {total}")


def check_scratch(shop, by_night):
    """One run over all files closes the same months. Numbers and dates of its documents are other ones."""
    folder = shop.folder / "at-once"
    folder.mkdir()
    for name in ("ritardo.toml", "businesses.toml", "tariff.toml"):
        shutil.copy(shop.folder / name, folder / name)
    for day in shop.files:
        shop.give(day, folder / "inbox")
    _, measured = shop.run(folder, night_after(max(shop.files)))
    config = folder / "ritardo.toml"
    at_once = audited(measure.run([shop.program, "audit", MONTH, "--config", config, "--format", "json"]))

    def facts(state, months):
        """Of each business what was recorded, and its charges byte by byte; without a charge there is no file."""
        names = ("waits", "charges", "data_sha256", "total")
        charges = {name: state / f"charges/{MONTH}/{name}.csv" for name in months}
        bytes_of = {name: path.read_bytes() if path.exists() else None for name, path in charges.items()}
        return {name: ([month[fact] for fact in names], bytes_of[name]) for name, month in months.items()}

    one, other = facts(shop.folder / "state", by_night), facts(folder / "state", at_once)
    if differ := sorted(name for name in one | other if one.get(name) != other.get(name)):
        sys.exit(f"night by night and at once, the months of {differ} differ")
    return measured


def bytes_below(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=lambda text: Path(text).resolve())
    parser.add_argument("--messages", default="2M")
    parser.add_argument("--businesses", default="50")
    parser.add_argument("--form", default="parquet", choices=["parquet", "csv", "ndjson", "webhook"])
    parser.add_argument("--runs", type=int, default=3, help="of the audit; a night happens once")
    parser.add_argument("--json", type=Path, help="a file for all raw figures")
    return parser.parse_args()


def main():
    options = parsed()
    scratch = Path(tempfile.mkdtemp(prefix="ritardo-nights-"))
    try:
        machine, versions = measure.machine(), measure.versions(options.program, [])
        measure.heading(machine, versions)
        shop = Shop(options.program, scratch / "shop", options)
        rows = json.loads((shop.folder / "expected.json").read_text())["rows"]
        files = sum(map(len, shop.files.values()))
        size = bytes_below(shop.folder / "aside") / 1e6
        print(f"{rows:,} messages of {options.businesses} businesses, {files:,} files, {size:,.0f} MB {options.form}.")
        closed, night_by_night = nights(shop)
        state = {name: bytes_below(shop.folder / "state" / name) for name in ("archive", "names", "charges", "issued")}
        kept = ", ".join(f"{name} {size / 1e6:,.1f} MB" for name, size in state.items())
        ledger = (shop.folder / "state/ledger.db").stat().st_size / 1e6
        print(f"\nkept in the end: {kept}, ledger {ledger:,.1f} MB")
        by_night, afterwards = audits(shop, options.runs)
        check_known(shop, closed)
        at_once = check_scratch(shop, by_night)
        all_of_it = ["all files in one run: read, judged, closed, issued", *figures(at_once)]
        table(["at once", "wall s", "CPU s", "peak MiB"], [all_of_it])
        charges = sum(month["charges"] for month in closed.values())
        print(f"\n{len(closed)} months with {charges:,} charges are those that were known; night by night, at once and")
        print("audited they are the same.")
        raw = {"machine": machine, "versions": versions, "messages": rows, "state_bytes": state}
        raw |= {"nights": night_by_night, "afterwards": afterwards, "at_once": at_once.figures()}
        measure.keep(options.json, raw)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
