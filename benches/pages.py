#!/usr/bin/env python3
"""The pages of many businesses over a year: how long they take, how many and how large they are.

    cargo build --release --locked
    python3 benches/pages.py target/release/ritardo --businesses 5000 --months 12

Every business has the same few messages a day, some of them answered late, some never. One run closes all months; nothing is
worth an invoice of its own, so that no document is drawn. Then `ritardo report` draws the pages of all businesses together, and
those of each. Only a page of a month of a megabyte or more, and a sum that is not that of the run, end this with anything but 0.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import measure
from measure import table

CONFIG = """state = "state"
inbox = "inbox"
[issuer]
legal_name = "Late Reply Billing Limited"
address = ["1 Sample Quay", "Dublin 2"]
country = "IE"
email = "billing@late-reply.example"
zone = "Europe/Dublin"
payment_days = 30
[invoice]
series = "LR"
smallest = "100000.00"
[[source]]
name = "desk"
files = "desk/*.csv"
format = "csv"
coverage = "continuous"
[mail]
transport = "file"
outbox = "state/outbox"
[report]
each_business = %s
"""
TARIFF = """id = "late-reply"
version = "2018-08"
currency = "USD"
zone = "UTC"
source = "example rates"
[[rate]]
market = "39"
price = "0.05"
[[rate]]
market = "other"
price = "0.09"
"""
BUSINESS = """[[business]]
id = "shop-%05d"
legal_name = "Shop %05d Ltd"
address = ["1 Example Street", "Dublin"]
country = "IE"
emails = ["shop-%05d@shops.example"]
language = "en"
zone = "Europe/Dublin"
first_month = "2018-08"
vat = { treatment = "out-of-scope" }
[[business.channel]]
id = "+3531%07d"
"""
FIRST = datetime(2018, 8, 1, tzinfo=timezone.utc)


def end_of(months):
    return datetime(2018 + (7 + months) // 12, (7 + months) % 12 + 1, 1, tzinfo=timezone.utc)


def rows(shop, months, each):
    """Messages of one shop: `each` a month, of which every tenth is answered late, and every twentieth never."""
    channel, number = f"+3531{shop:07d}", 0

    def row(at, direction, customer, kind):
        nonlocal number
        number += 1
        return f"{shop}-{number},shop-{shop:05d},{channel},{customer},{direction},{at:%Y-%m-%dT%H:%M:%SZ},{kind}\n"

    begin = FIRST - timedelta(hours=3)
    yield row(begin, "inbound", "+393330000000", "text")
    yield row(begin + timedelta(minutes=5), "outbound", "+393330000000", "text")
    step = (end_of(months) - FIRST) / (each * months)
    for place in range(each * months):
        at = FIRST + step * place + timedelta(minutes=(shop * 7 + place * 13) % 300)
        customer = f"+{'39' if place % 3 else '44'}333{place % 1000:07d}"
        yield row(at, "inbound", customer, "text")
        if (place + shop) % 20 != 7:
            late = timedelta(hours=24.5 + place % 9) if (place + shop) % 10 == 3 else timedelta(minutes=7 + place % 500)
            yield row(at + late, "outbound", customer, "text")
    last = end_of(months) + timedelta(days=3)
    yield row(last, "inbound", "+393330000000", "text")
    yield row(last + timedelta(minutes=5), "outbound", "+393330000000", "text")


def made(folder, businesses, months, each):
    (folder / "inbox" / "desk").mkdir(parents=True)
    (folder / "tariff.toml").write_text(TARIFF)
    book = "".join(BUSINESS % (shop, shop, shop, shop) for shop in range(1, businesses + 1))
    (folder / "businesses.toml").write_text(book)
    head = "message_id,business,channel,customer,direction,sent_at,kind\n"
    for part, begin in enumerate(range(1, businesses + 1, 500)):
        with open(folder / "inbox" / "desk" / f"{part:03d}.csv", "w") as log:
            log.write(head)
            for shop in range(begin, min(begin + 500, businesses + 1)):
                log.writelines(rows(shop, months, each))


def by_month(folder, months):
    """The logs of a folder once more, a file a month: those of the next month's first days go with the month before."""
    logs = {}
    for log in sorted((folder / "inbox" / "desk").glob("*.csv")):
        head, *lines = log.read_text().splitlines()
        for line in lines:
            at = datetime.fromisoformat(line.split(",")[5].replace("Z", "+00:00")) - timedelta(days=4)
            place = min(max((at.year - 2018) * 12 + at.month - 8, 0), months - 1)
            logs.setdefault((place, log.stem), [head]).append(line)
        log.unlink()
    return logs


def sizes(folder):
    pages = [path.stat().st_size for path in folder.rglob("*.html")]
    of_months = [path.stat().st_size for path in folder.glob("20*.html")]
    return len(pages), sum(pages), max(of_months)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--businesses", type=int, default=5000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--messages", type=int, default=10, help="a month, of each business")
    parser.add_argument("--folder", type=Path, help="is kept; by default one that is removed")
    options = parser.parse_args()
    program = options.program.resolve()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="ritardo-site-"))
    folder.mkdir(parents=True, exist_ok=True)
    made(folder, options.businesses, options.months, options.messages)
    as_of = f"{end_of(options.months) + timedelta(days=5):%Y-%m-%dT%H:%M:%SZ}"
    found, wrong = [], []

    def timed(what, command, pages):
        measured = measure.run(command)
        count, total, largest = sizes(pages)
        found.append([what, f"{measured.wall:.1f}", f"{measured.cpu:.1f}", f"{measured.peak:,.0f}", f"{count:,}",
                      f"{total / 1e6:,.1f}", f"{largest / 1e3:,.0f}"])
        if largest >= 1_000_000:
            wrong.append(f"{what}: a page of a month has {largest:,} bytes")
        return measured

    def command(name, *more):
        return [program, name, "--config", folder / "ritardo.toml", "--as-of", as_of, *more]

    (folder / "ritardo.toml").write_text(CONFIG % "false")
    run = timed("the run that closes all months", command("run", "--format", "json"), folder / "state" / "reports")
    closed = json.loads(run.out)["closed"]
    timed("pages of all businesses together", command("report", "--out", folder / "together"), folder / "together")
    timed("one month of them", command("report", "2018-08", "--out", folder / "month"), folder / "month")
    (folder / "ritardo.toml").write_text(CONFIG % "true")
    timed("and of each business", command("report", "--out", folder / "each"), folder / "each")
    # The usual way: each month is closed in a night of its own, by the logs that were there.
    nightly = folder / "nightly"
    nightly.mkdir()
    for name in ["tariff.toml", "businesses.toml"]:
        shutil.copy(folder / name, nightly / name)
    (nightly / "ritardo.toml").write_text(CONFIG % "false")
    (nightly / "inbox").mkdir()
    shutil.copytree(folder / "inbox" / "desk", nightly / "inbox" / "desk")
    logs = by_month(nightly, options.months)
    for place in range(options.months):
        for (_, part), lines in ((key, lines) for key, lines in logs.items() if key[0] == place):
            (nightly / "inbox" / "desk" / f"{place:02d}-{part}.csv").write_text("\n".join(lines) + "\n")
        night = f"{end_of(place + 1) + timedelta(days=5):%Y-%m-%dT%H:%M:%SZ}"
        told = json.loads(measure.run(
            [program, "run", "--config", nightly / "ritardo.toml", "--as-of", night, "--format", "json"]).out)
        if len(told["closed"]) != options.businesses:
            wrong.append(f"night {night}: {len(told['closed'])} months of businesses were closed")
    timed("months that were closed night by night",
          [program, "report", "--config", nightly / "ritardo.toml", "--as-of", as_of, "--out", nightly / "pages"],
          nightly / "pages")
    august = (folder / "together" / "2018-08.html").read_text()
    for key, of in [("waits", lambda one: one["verdicts"]["waits"]), ("charged", lambda one: one["charges"])]:
        said = int(re.search(rf'data-sum="{key}" data-value="(\d+)"', august).group(1))
        wanted = sum(of(one) for one in closed if one["month"] == "2018-08")
        if said != wanted:
            wrong.append(f"{key}: {said} on the page, {wanted} in the ledger")
    table(["what", "wall s", "CPU s", "peak MiB", "pages", "MB", "largest month, kB"], found)
    if not options.folder:
        shutil.rmtree(folder)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
