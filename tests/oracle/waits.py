#!/usr/bin/env python3
"""Finds every wait of a month by brute force: a second, independent reading of the rule.

    pip install pyarrow zstandard
    python3 tests/oracle/waits.py [--folder sample_data] [--month 2018-08] [--as-of 2018-09-05T00:00:00Z]

Reads `ritardo.toml` of the folder with its businesses, tariff and inbox, and writes beside this file
`expected_waits_MONTH.csv` and `expected_totals_MONTH.json`. The default reading only: window of 24 hours,
flat rates, no tolerance. For each question every message of its conversation is looked at; nothing is clever.
"""

import argparse
import csv
import fnmatch
import gzip
import hashlib
import io
import json
import re
import tomllib
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet
import zstandard

HERE = Path(__file__).resolve().parent
WINDOW = timedelta(hours=24)
HORIZON = WINDOW  # flat rates: nothing changes after the window
ALWAYS = datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)
EARLIEST = datetime(2009, 1, 1, tzinfo=timezone.utc)

COUNT = {"text", "image", "audio", "video", "document", "sticker", "location", "contacts", "order", "button",
         "interactive", "template", "automatic"}
DO_NOT_COUNT = {"reaction", "edit", "revoke", "system", "note", "call"}
ENTRY_POINTS = {"information_request", "click_to_chat", "live_support", "unknown"}
REQUIRED = ["message_id", "business", "channel", "customer", "direction", "sent_at"]


class Reject(Exception):
    """A row that cannot be read."""


# Files to rows. A row is a dict with the columns of the message log, `sent_at` an instant, and `seen`: how the
# instant was come by ("" where the log stamps the message itself, else the name of a status).


def read_source(source, inbox):
    """The files of a source: [(path, rows, rejects)]."""
    files = []
    for path in sorted(inbox.rglob("*")):
        name = path.relative_to(inbox).as_posix()
        if path.is_file() and not name.endswith(".manifest.json") and fits(source["files"], name):
            files.append((path, *read_file(path, source["format"])))
    return files


def fits(pattern, name):
    parts = pattern.split("/")
    if parts[-1] == "**":
        return name.startswith("/".join(parts[:-1]) + "/")
    names = name.split("/")
    return len(parts) == len(names) and all(map(fnmatch.fnmatchcase, names, parts))


def read_file(path, form):
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    elif data[:4] == b"\x28\xb5\x2f\xfd":
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    rows, rejects = [], []
    forms = {"csv": csv_rows, "ndjson": ndjson_rows, "parquet": parquet_rows, "webhook": webhook_rows}
    for number, read in forms[form](data):
        try:
            rows.append(read())
        except Reject as reason:
            rejects.append((number, str(reason)))
    return rows, rejects


def csv_rows(data):
    for number, row in enumerate(csv.DictReader(io.StringIO(data.decode())), 2):
        yield number, lambda row=row: canonical(row)


def ndjson_rows(data):
    for number, line in enumerate(data.decode().splitlines(), 1):
        yield number, lambda line=line: canonical(json.loads(line))


def parquet_rows(data):
    table = pyarrow.parquet.read_table(io.BytesIO(data))
    for number, row in enumerate(table.to_pylist(), 1):
        yield number, lambda row=row: canonical(row)


def canonical(row):
    row = {key: value for key, value in row.items() if value not in (None, "")}
    for column in REQUIRED:
        if column not in row:
            raise Reject(f"{column} is empty")
    stamp = row["sent_at"]
    if isinstance(stamp, str):
        stamp = instant(stamp)
    if stamp < EARLIEST:
        raise Reject("sent_at lies before 2009")
    if row["direction"] not in ("inbound", "outbound"):
        raise Reject("direction is neither inbound nor outbound")
    if row.get("entry_point", "unknown") not in ENTRY_POINTS:
        raise Reject("entry_point is not one of the known ones")
    return {
        **{column: row[column] for column in REQUIRED},
        "sent_at": stamp,
        "conversation": row.get("conversation", row["customer"]),
        "kind": row.get("kind", "text"),
        "status": row.get("status", ""),
        "entry_point": row.get("entry_point", "unknown"),
        "seen": "",
    }


def instant(text):
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text):
        raise Reject("sent_at is not RFC 3339 with an offset")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(timezone.utc)
    except ValueError:
        raise Reject("sent_at does not exist") from None


def webhook_rows(data):
    """One body a line. The business is named later, by the owner of the channel."""
    for number, line in enumerate(data.decode().splitlines(), 1):
        for entry in json.loads(line)["entry"]:
            for change in entry["changes"]:
                value = change["value"]
                for message in value.get("messages", []):
                    yield number, lambda m=message, v=value: webhook_message(m, v, "inbound", m["from"])
                for message in value.get("message_echoes", []):
                    yield number, lambda m=message, v=value: webhook_message(m, v, "outbound", m["to"])
                for status in value.get("statuses", []):
                    yield number, lambda s=status, v=value: webhook_status(s, v)


def webhook_message(message, value, direction, digits):
    entry_point = "unknown"
    if "referral" in message:
        entry_point = "click_to_chat"
    elif "referred_product" in message.get("context", {}):
        entry_point = "information_request"
    return webhook_row(message, value, direction, digits) | {"kind": message["type"], "entry_point": entry_point}


def webhook_status(status, value):
    row = webhook_row(status, value, "outbound", status["recipient_id"])
    return row | {"status": status["status"], "seen": status["status"]}


def webhook_row(part, value, direction, digits):
    return {
        "message_id": part["id"], "business": None, "channel": value["metadata"]["phone_number_id"],
        "customer": f"+{digits}", "conversation": f"+{digits}", "direction": direction,
        "sent_at": datetime.fromtimestamp(int(part["timestamp"]), timezone.utc),
        "kind": "text", "status": "", "entry_point": "unknown", "seen": "",
    }


# What the files prove about time: {channel: {direction: [(from, to)]}}


def coverage(source, files):
    carried = {row["channel"] for _, rows, _ in files for row in rows}
    channels = source.get("channels", carried)
    directions = source.get("directions", ["inbound", "outbound"])
    proven = []
    for path, rows, rejects in files:
        if source["coverage"] == "manifest":
            proven.append(manifest_span(path, len(rows) + len(rejects)))
        elif source["coverage"] == "daily":
            day = date.fromisoformat(re.search(r"\d{4}-\d\d-\d\d", path.name)[0])
            proven.append((midnight(day, source["zone"]), midnight(day + timedelta(days=1), source["zone"])))
        elif source["coverage"] == "span" and rows:
            proven.append(first_to_last(rows))
    if source["coverage"] == "continuous":
        proven.append(first_to_last([row for _, rows, _ in files for row in rows]))
    return {channel: {direction: list(proven) for direction in directions} for channel in channels}


def manifest_span(path, rows):
    manifest = json.loads(path.with_name(path.name + ".manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest(), path
    assert manifest["rows"] == rows, path
    return instant(manifest["from"]), instant(manifest["to"])


def first_to_last(rows):
    stamps = [row["sent_at"] for row in rows]
    return min(stamps), max(stamps) + timedelta(microseconds=1)


def midnight(day, zone):
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(timezone.utc)


def watermark_and_gaps(proven, as_of, cut):
    """The watermark of a channel, and the outbound spans before it that no file proves."""
    ends = [max((to for _, to in proven.get(direction, [])), default=None) for direction in ("inbound", "outbound")]
    if None in ends:
        return None, []
    watermark = min(*ends, as_of, cut)
    gaps, known = [], ALWAYS[0]
    for start, end in sorted(proven["outbound"]) + [(watermark, watermark)]:
        if min(start, watermark) > known:
            gaps.append((known, min(start, watermark)))
        known = max(known, end)
    return watermark, gaps


# Rows to messages: one event, once


def merged(rows):
    """Messages by conversation, and the conversations in which copies of a message contradict each other."""
    copies = defaultdict(list)
    for row in rows:
        copies[row["business"], row["channel"], row["message_id"]].append(row)
    conversations, disputed = defaultdict(list), set()
    for (business, channel, _), same in copies.items():
        keys = {(business, channel, row["conversation"]) for row in same}
        if contradict(same):
            disputed |= keys
        for key in keys:
            # Which version stands for a disputed message does not matter: its conversations are held.
            conversations[key].append(one_of(same))
    return conversations, disputed


def contradict(same):
    stamped = [row for row in same if row["seen"] == ""]
    points = {row["entry_point"] for row in same} - {"unknown"}
    facts = {(row["customer"], row["conversation"], row["direction"]) for row in same}
    times = {row["sent_at"] for row in stamped}
    same_time = not times or times <= cuts_of(finest(times))
    return len(facts) > 1 or len(points) > 1 or len({row["kind"] for row in stamped}) > 1 or not same_time


def finest(times):
    """The time that is least round, of equally round ones the latest."""
    return max(times, key=lambda at: (at.microsecond % 1000 != 0, at.microsecond != 0, at.second != 0, at))


def cuts_of(at):
    """A time, and what is left of it when it is cut to milliseconds, seconds or minutes."""
    second = at.replace(microsecond=0)
    return {at, at.replace(microsecond=at.microsecond // 1000 * 1000), second, second.replace(second=0)}


def one_of(same):
    """The message: its own stamp where a log has one, else its first sign of life; failed once is failed."""
    order = ["", "sent", "delivered", "read", "failed"]
    first = min(same, key=lambda row: (order.index(row["seen"]), row["sent_at"]))
    stamps = {row["sent_at"] for row in same if row["seen"] == ""}
    sent_at = finest(stamps) if stamps else first["sent_at"]
    failed = any(row["status"] == "failed" for row in same)
    point = next((row["entry_point"] for row in same if row["entry_point"] != "unknown"), "unknown")
    return first | {"sent_at": sent_at, "failed": failed, "entry_point": point}


# Messages to waits


def judged(question, conversation, disputed, watermark, gaps):
    """(verdict, answered_at)."""
    asked = question["sent_at"]
    deadline = asked + WINDOW
    sent = [m for m in conversation if m["direction"] == "outbound" and not m["failed"]]
    after = [m for m in sent if asked <= m["sent_at"] < watermark]
    answered = min((m["sent_at"] for m in after if m["kind"] in COUNT), default=None)
    if disputed or question["kind"] not in COUNT:
        return "held", answered
    if answered is not None and answered - asked <= WINDOW:
        return "on_time", answered
    unknown = any(m["sent_at"] <= deadline for m in after if m["kind"] not in COUNT | DO_NOT_COUNT)
    if unknown or any(asked < to and start <= deadline for start, to in gaps):
        return "held", answered
    if answered is not None:
        return "late", answered
    return ("unanswered" if watermark > deadline else "pending"), None


def owner(businesses, channel, at):
    for business in businesses:
        for owned in business["channel"]:
            start = instant(owned["from"]) if "from" in owned else ALWAYS[0]
            end = instant(owned["to"]) if "to" in owned else ALWAYS[1]
            if owned["id"] == channel and start <= at < end:
                return business["id"]
    return None


def waits_of(business, month, as_of, conversations, disputed, proven, businesses):
    """The waits of one business and month, on the evidence that a closing of the month uses."""
    year, number = map(int, month.split("-"))
    begin = midnight(date(year, number, 1), business["zone"])
    end = midnight(date(year + number // 12, number % 12 + 1, 1), business["zone"])
    cut = end + HORIZON
    waits, watermarks = [], {}
    for owned in business["channel"]:
        watermarks[owned["id"]] = watermark_and_gaps(proven.get(owned["id"], {}), as_of, cut)
    for (name, channel, conversation), messages in conversations.items():
        if name != business["id"]:
            continue
        watermark, gaps = watermarks[channel]
        for question in messages:
            asks = question["direction"] == "inbound" and question["kind"] not in DO_NOT_COUNT
            in_month = begin <= question["sent_at"] < end and question["sent_at"] < watermark
            if asks and in_month and owner(businesses, channel, question["sent_at"]) == name:
                held = (name, channel, conversation) in disputed
                waits.append((question, *judged(question, messages, held, watermark, gaps)))
    waits.sort(key=lambda wait: (wait[0]["sent_at"], wait[0]["message_id"].encode()))
    closable = all(mark is not None and mark >= cut for mark, _ in watermarks.values())
    closable = closable and not any(verdict in ("held", "pending") for _, verdict, _ in waits)
    return waits, begin, end, cut, closable


# Waits to money


def market_of(customer, rates):
    markets = {rate["market"].replace(" ", "") for rate in rates}
    if re.fullmatch(r"\+\d+", customer):
        for length in range(len(customer), 1, -1):
            if customer[1:length] in markets:
                return customer[1:length]
    return "other"


def price_of(market, entry_point, rates):
    rows = [rate for rate in rates if rate["market"].replace(" ", "") == market]
    special = [rate for rate in rows if rate.get("entry_point") == entry_point]
    return Decimal((special or [rate for rate in rows if "entry_point" not in rate])[0]["price"])


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--folder", type=Path, default=HERE.parent.parent / "sample_data")
    options.add_argument("--month", default="2018-08")
    options.add_argument("--as-of", default="2018-09-05T00:00:00Z")
    options = options.parse_args()
    as_of = instant(options.as_of)

    def load(name):
        return tomllib.loads((options.folder / name).read_text(encoding="utf-8"))

    config = load("ritardo.toml")
    businesses = sorted(load(config["businesses"])["business"], key=lambda business: business["id"])
    rates = load(config["tariff"])["rate"]
    assert not any({"from", "to", "steps"} & set(rate) for rate in rates), "flat rates without dates only"
    assert not any("tolerance" in source for source in config["source"]), "no tolerance"

    rows, rejects, proven, files = [], [], defaultdict(lambda: defaultdict(list)), 0
    for source in config["source"]:
        found = read_source(source, options.folder / config["inbox"])
        files += len(found)
        for path, good, bad in found:
            name = path.relative_to(options.folder).as_posix()
            rows += good
            rejects += [{"file": name, "row": number, "reason": reason} for number, reason in bad]
        for channel, directions in coverage(source, found).items():
            for direction, spans in directions.items():
                proven[channel][direction] += spans
    for row in rows:
        row["business"] = row["business"] or owner(businesses, row["channel"], row["sent_at"])
    conversations, disputed = merged(row for row in rows if row["sent_at"] <= as_of)

    lines, totals = [], {}
    for business in businesses:
        found = waits_of(business, options.month, as_of, conversations, disputed, proven, businesses)
        totals[business["id"]] = total_of(business, found, conversations, rates, lines)
    summary = {
        "month": options.month, "as_of": show(as_of), "files": files, "rows": len(rows),
        "messages": sum(map(len, conversations.values())), "rejects": rejects, "businesses": totals,
    }
    write(options.month, lines, summary)
    for name, total in totals.items():
        print(name, total["messages"], "messages,", total["verdicts"], total["charges"], "charges", total["total"])


def total_of(business, found, conversations, rates, lines):
    """The totals of one business. Adds its waits to `lines`."""
    waits, begin, end, cut, closable = found
    charges = Counter()
    for question, verdict, answered in waits:
        market, price = market_of(question["customer"], rates), ""
        if verdict in ("late", "unanswered"):
            price = price_of(market, question["entry_point"], rates)
            charges[market, question["entry_point"], price] += 1
        asked, answered = show(question["sent_at"]), show(answered) if answered else ""
        lines.append([business["id"], question["message_id"], asked, answered, verdict, market, price])
    by = [{"market": market, "entry_point": entry_point, "price": str(price), "charges": count,
           "amount": str(price * count)} for (market, entry_point, price), count in sorted(charges.items())]
    return {
        "month_from": show(begin), "month_to": show(end), "evidence_until": show(cut), "closable": closable,
        "messages": sum(len(messages) for key, messages in conversations.items() if key[0] == business["id"]),
        "waits": len(waits), "verdicts": dict(sorted(Counter(verdict for _, verdict, _ in waits).items())),
        "charges": charges.total(), "total": str(sum((Decimal(line["amount"]) for line in by), Decimal(0))), "by": by,
    }


def show(at):
    text = at.astimezone(timezone.utc).isoformat(timespec="microseconds").removesuffix("+00:00")
    return text.removesuffix("000") + "Z"


def write(month, lines, summary):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow("business message_id received_at answered_at verdict market rate".split())
    writer.writerows(lines)
    (HERE / f"expected_waits_{month}.csv").write_text(text.getvalue(), encoding="utf-8")
    text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    (HERE / f"expected_totals_{month}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
