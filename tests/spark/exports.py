"""Exports of message logs: how the files of a source look, and what each of them says of a message."""

import csv
import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
COLUMNS = ["message_id", "business", "channel", "customer", "direction", "sent_at", "kind", "status", "entry_point"]
happened = Counter()


def micros(text, zone="UTC"):
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return round((moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(microseconds=1))


def moment(at, zone="UTC"):
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))


def stamp(at):
    return moment(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Source:
    """A stream of exports: how its files look, and what each of them says."""

    def __init__(self, dice, name, business, channels, form, zone, tolerance=False):
        self.name, self.business, self.channels, self.form, self.zone = name, business, channels, form, zone
        self.directions = ["inbound", "outbound"]
        span = ["span"] * (dice.random() < 0.1)
        self.coverage = dice.choice(["daily", "daily", "manifest", "manifest", "manifest", "continuous"] + span)
        self.days = 1 if self.coverage == "daily" else dice.choice([1, 2, 3, 5])
        is_text = form in ("csv", "ndjson")
        self.tolerance = tolerance and form != "webhook"
        self.is_local = is_text and dice.random() < 0.5
        self.is_named = form != "webhook" and dice.random() < 0.25
        self.late = dice.choice([0, 0.004, 0.03])
        self.lost = dice.choice([0, 0, 0, 0.03, 0.06])

    def rules(self):
        lines = ["", "[[source]]", f'name = "{self.name}"', f'files = "{self.name}/*"', f'format = "{self.form}"',
                 f'coverage = "{self.coverage}"', f'zone = "{self.zone}"', f"channels = {json.dumps(self.channels)}",
                 f"directions = {json.dumps(self.directions)}"]
        return "\n".join(lines + ['tolerance = "60s"'] * self.tolerance) + "\n"

    def says(self, row):
        """What a file of the source says of a message: its instant and the text of its row."""
        if row["direction"] not in self.directions:
            return []
        if self.form == "webhook":
            return bodies(row)
        row = dict(row)
        if self.tolerance:
            row["sent_at"] -= row["sent_at"] % (60 * SECOND)
        return [(row["sent_at"], row)]

    def chunk(self, at):
        """The span of the file that a message stands in."""
        if self.coverage != "daily":
            begin = at - at % (self.days * DAY)
            return begin, begin + self.days * DAY
        day = moment(at, self.zone).date()
        return micros(str(day), self.zone), micros(str(day + timedelta(days=1)), self.zone)

    def write(self, folder, begin, end, rows, mark):
        name = f"{moment(begin, self.zone).date()}{mark}.{ {'webhook': 'json'}.get(self.form, self.form)}"
        path = folder / self.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = COLUMNS + ["conversation"] * self.is_named
        if self.form == "webhook":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        elif self.form == "parquet":
            table = {name: [row[name] for row in rows] for name in columns}
            types = {name: pa.timestamp("us", "UTC") if name == "sent_at" else pa.string() for name in columns}
            pq.write_table(pa.table({name: pa.array(table[name], types[name]) for name in columns}), path)
        else:
            texts = [{name: self.time(row) if name == "sent_at" else row[name] for name in columns} for row in rows]
            with path.open("w", newline="") as out:
                if self.form == "csv":
                    writer = csv.DictWriter(out, columns, lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(texts)
                else:
                    out.writelines(json.dumps(text) + "\n" for text in texts)
        if self.coverage == "manifest":
            digest = sha256(path.read_bytes()).hexdigest()
            said = {"from": stamp(begin), "to": stamp(end), "rows": len(rows), "sha256": digest}
            path.with_name(name + ".manifest.json").write_text(json.dumps(said))
        return path.relative_to(folder)

    def time(self, row):
        if row.get("is_broken"):
            return "2018-13-45"
        if not self.is_local:
            return stamp(row["sent_at"])
        there = moment(row["sent_at"], self.zone)
        happened["local times"] += 1
        happened["local times twice"] += there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
        return there.replace(tzinfo=None).isoformat(timespec="microseconds")


def bodies(row):
    """A message as the Cloud API tells it: a body, or one for each status."""
    def body(at, **of):
        of["messaging_product"] = "whatsapp"
        of["metadata"] = {"display_phone_number": row["channel"].strip("+"), "phone_number_id": row["channel"]}
        change = {"field": "messages", "value": of}
        # Accounts may have the names of the book, whoever owns the channel then.
        account = row["business"] if row["channel"][-1] in "02468" else "account"
        return at, {"entry": [{"changes": [change], "id": account}], "object": "whatsapp_business_account"}

    at, customer = row["sent_at"] - row["sent_at"] % SECOND, row["customer"].strip("+")
    seconds = lambda at: str(at // SECOND)
    if row["direction"] == "inbound":
        kind = row["kind"]
        message = {"from": customer, "id": row["message_id"], "timestamp": seconds(at), "type": kind, kind: {"body": "-"}}
        if row["entry_point"] == "click_to_chat":
            message["referral"] = {"source_id": "1"}
        return [body(at, messages=[message])]
    told = []
    for status, after in row["signs"]:
        happened["webhook statuses"] += 1
        then = at + after
        happened["statuses in another month"] += moment(then).month != moment(at).month
        happened["failed later"] += status == "failed" and after > 0
        said = {"id": row["message_id"], "recipient_id": customer, "status": status, "timestamp": seconds(then)}
        told.append(body(then, statuses=[said]))
    return told
