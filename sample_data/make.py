#!/usr/bin/env python3
"""Writes `inbox/` beside this file: invented message logs of three businesses, August 2018.

    pip install pyarrow==26.0.1 zstandard==0.25.0
    python3 make.py

The same Python (3.11) and the same versions of these two write the same bytes each time. Ordinary messages
come from a generator with a fixed seed; the traps are written out one by one and told in README.md.
"""

import base64
import csv
import gzip
import hashlib
import io
import json
import random
import shutil
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

INBOX = Path(__file__).resolve().parent / "inbox"
LAST = datetime(2018, 9, 4, 12, tzinfo=timezone.utc)  # no log goes further
COLUMNS = "message_id business channel customer direction sent_at conversation kind status entry_point".split()
MILLISECOND, SECOND, MINUTE = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Numbers that no network gives out: reserved for fiction, or in a range that is not assigned. "#" is a digit,
# {} a choice. Customers of traps have numbers beside these.
FICTITIOUS = {
    "it": "+39300555{1,2,3,4,5,6,7,8,9}###",
    "pt": "+35190055{1,2,3,4}###",
    "br": "+552095550####",
    "us": "+1{212,305,415,617,702}55501##",
    "gb": "+447700900###",
    "ie": "+35320915####",
    "fr": "+336399800##",
    "de": "+49176040690##",
    "es": "+34555000###",
    "se": "+467017406{1,2,3,4,5,6,7,8,9}#",
    "ch": "+41790000###",
}


@dataclass
class Message:
    """One message as all forms of log state it. `message_id` is empty until ordinary messages are numbered."""

    at: datetime
    direction: str
    channel: str
    customer: str
    conversation: str
    kind: str = "text"
    status: str = ""
    entry_point: str = ""
    message_id: str = ""
    echoed: bool = False  # cloud only: written in the telephone app, not through the API


@dataclass
class Shop:
    """How a business works: what the generator needs to know of it."""

    id: str
    zone: ZoneInfo
    hours: dict  # weekday -> (opening, closing) hour, local time
    countries: dict  # country -> weight
    sessions: float  # conversations begun on an ordinary weekday
    weekend: float  # weight of a Saturday or Sunday
    pace: float  # median minutes of opening hours until an answer
    slow: float  # share of answers that take longer than a day
    never: float  # share of conversations left without an answer
    automatic: float  # share of messages outside the opening hours that meet an automatic answer
    quiet: tuple = ()  # days without any message
    closed: tuple = ()

    def is_open(self, at):
        opening, closing = self.span_of(at.astimezone(self.zone).date())
        return opening <= at < closing

    def span_of(self, day):
        opening, closing = (0, 0) if day in self.closed else self.hours.get(day.weekday(), (0, 0))
        start = datetime.combine(day, time(), self.zone)
        return tuple((start + hour * HOUR).astimezone(timezone.utc) for hour in (opening, closing))

    def worked(self, at, length):
        """The instant at which `length` of opening hours has passed since `at`."""
        day = at.astimezone(self.zone).date()
        while True:
            opening, closing = self.span_of(day)
            at = max(at, opening)
            if closing > at:
                if at + length <= closing:
                    return at + length
                length -= closing - at
            day += DAY


class Log:
    """The messages of one source, ordinary and trapped."""

    def __init__(self, shop, seed):
        self.shop, self.random, self.messages, self.numbers = shop, random.Random(seed), [], {}

    # Ordinary traffic

    def fill(self, channels, first, conversation_of=None):
        """Conversations from `first` on. `channels`: id -> (weight, first instant)."""
        day = first.astimezone(self.shop.zone).date()
        while datetime.combine(day, time(), timezone.utc) < LAST:
            weight = self.shop.weekend if day.weekday() > 4 else 1.0
            for _ in range(round(self.random.gauss(self.shop.sessions * weight, 2))):
                start = self.moment(day)
                open_channels = {id: weight for id, (weight, since) in channels.items() if since <= start}
                if first <= start < LAST and open_channels:
                    self.session(start, self.pick(open_channels), conversation_of)
            day += DAY
        days_off = self.shop.quiet
        self.messages = [m for m in self.messages if m.at < LAST and self.local_day(m.at) not in days_off]

    def session(self, at, channel, conversation_of):
        customer = self.customer()
        conversation = conversation_of(customer, at) if conversation_of else customer
        where = (channel, customer, conversation)
        entry_point = self.pick({"information_request": 35, "click_to_chat": 30, "live_support": 25, "": 10})
        for _ in range(self.pick({1: 72, 2: 20, 3: 8})):
            self.say("inbound", at, where, self.asking_kind(), entry_point)
            asked, at = at, at + self.between(8, 150) * SECOND
        if self.random.random() < self.shop.never:
            return
        if not self.shop.is_open(asked) and self.random.random() < self.shop.automatic:
            self.say("outbound", asked + self.between(1, 4) * SECOND, where, "automatic")
        answered = self.answer_time(asked)
        self.say("outbound", answered, where, self.pick({"text": 90, "image": 5, "document": 3, "location": 2}))
        if self.random.random() < 0.2:
            self.say("outbound", answered + self.between(20, 90) * SECOND, where)
        self.afterwards(answered, where, entry_point)

    def afterwards(self, answered, where, entry_point):
        """What follows an answer: often nothing, a reaction, or one more message."""
        what = self.pick({"nothing": 60, "reaction": 15, "message": 25})
        again = answered + self.random.lognormvariate(2, 1.2) * MINUTE
        if what == "reaction":
            self.say("inbound", again, where, "reaction")
        elif what == "message":
            self.say("inbound", again, where, "text", entry_point)
            if self.random.random() < 0.92:
                self.say("outbound", self.answer_time(again), where)

    def answer_time(self, asked):
        if self.random.random() < self.shop.slow:
            return self.shop.worked(asked + self.between(23, 60) * HOUR, self.between(1, 60) * MINUTE)
        return self.shop.worked(asked, self.random.lognormvariate(0, 1.1) * self.shop.pace * MINUTE + 5 * SECOND)

    def say(self, direction, at, where, kind="text", entry_point="", status=None):
        channel, customer, conversation = where
        if direction == "outbound" and status is None:
            status = self.pick({"read": 62, "delivered": 28, "sent": 10})
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        self.messages.append(Message(at, direction, channel, customer, conversation, kind, status or "", entry_point))
        return self.messages[-1]

    def moment(self, day):
        hour = self.pick({0: 1, 6: 2, 7: 4, 8: 6, 9: 8, 10: 9, 11: 9, 12: 7, 13: 6, 14: 6, 15: 7, 16: 8, 17: 8, 18: 8,
                          19: 7, 20: 6, 21: 4, 22: 2, 23: 1})
        start = datetime.combine(day, time(hour), self.shop.zone).astimezone(timezone.utc)
        return start + self.between(0, 3600) * SECOND

    def asking_kind(self):
        return self.pick({"text": 79, "image": 8, "audio": 6, "document": 2, "location": 2, "video": 1, "sticker": 1,
                          "contacts": 1})

    def customer(self):
        """A number of the pool of its country; some customers come back."""
        country = self.pick(self.shop.countries)
        pool = self.numbers.setdefault(country, [])
        if not pool or self.random.random() < 0.7:
            pool.append(self.number(country))
        return self.random.choice(pool)

    def number(self, country):
        head, _, tail = FICTITIOUS[country].partition("{")
        if tail:
            areas, _, tail = tail.partition("}")
            head += self.random.choice(areas.split(",")) + tail
        return "".join(str(self.random.randrange(10)) if c == "#" else c for c in head)

    def pick(self, weights):
        return self.random.choices(list(weights), list(weights.values()))[0]

    def between(self, low, high):
        return self.random.uniform(low, high)

    def local_day(self, at):
        return at.astimezone(self.shop.zone).date()

    # Traps

    def trap(self, channel, customer, *lines, conversation=None):
        """Adds messages one by one. A line is (direction, id, local time, further facts)."""
        for direction, message_id, local, *facts in lines:
            at = datetime.fromisoformat(local).replace(tzinfo=self.shop.zone).astimezone(timezone.utc)
            status = "delivered" if direction == "outbound" else ""
            facts = {"status": status, **(facts[0] if facts else {})}
            conversation = conversation or customer
            self.messages.append(
                Message(at, direction, channel, customer, conversation, message_id=message_id, **facts))

    # Numbering and rows

    def number_messages(self, name):
        """Names the ordinary messages in the order of time."""
        self.messages.sort(key=lambda m: (m.at, m.direction, m.customer, m.message_id))
        for number, message in enumerate((m for m in self.messages if not m.message_id), 1):
            message.message_id = name(number, message)

    def row(self, message, columns):
        row = {**vars(message), "business": self.shop.id, "sent_at": self.stamp(message.at)}
        return {column: row[column] for column in columns}

    def stamp(self, at):
        """Local time with its offset, milliseconds."""
        return at.astimezone(self.shop.zone).isoformat(timespec="milliseconds")


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# The bakery: a CSV file a day

BAKERY = Shop(
    id="bologna-bakery", zone=ZoneInfo("Europe/Rome"),
    hours={day: (7, 20) for day in range(5)} | {5: (7, 18)},
    countries={"it": 82, "fr": 3, "de": 5, "gb": 3, "es": 2, "ch": 3, "us": 2},
    sessions=13, weekend=0.5, pace=35, slow=0.015, never=0.055, automatic=0.0,
    quiet=(date(2018, 8, 15), date(2018, 8, 26)), closed=(date(2018, 8, 15),),
)
BAKERY_CHANNEL = "+390510000417"


def bakery():
    log = Log(BAKERY, "bakery")
    log.fill({BAKERY_CHANNEL: (1, datetime.min.replace(tzinfo=timezone.utc))},
             datetime(2018, 7, 31, 22, tzinfo=timezone.utc))
    end = datetime(2018, 9, 3, 22, tzinfo=timezone.utc)  # whole days only
    log.messages = [m for m in log.messages if m.at < end]
    bakery_traps(log)
    log.number_messages(lambda number, _: f"bb-{number:05}")
    columns = [c for c in COLUMNS if c != "conversation"]
    days = {date(2018, 8, 1) + n * DAY: [] for n in range(34)}
    for message in log.messages:
        days[log.local_day(message.at)].append(log.row(message, columns))
    break_rows(days)
    for day, rows in days.items():
        write(INBOX / "bakery" / f"{day}.csv", b"" if day == date(2018, 8, 15) else csv_bytes(columns, rows))


def bakery_traps(log):
    def trap(customer, *lines, **facts):
        log.trap(BAKERY_CHANNEL, f"+3930055500{customer:02}", *lines, **facts)

    i, o = "inbound", "outbound"
    trap(1, (i, "bb-edge-first", "2018-08-01T00:00:00.000", {"entry_point": "live_support"}),
         (o, "bb-edge-first-answer", "2018-08-02T08:00:00.000"))
    trap(2, (i, "bb-edge-august", "2018-08-31T23:59:59.999"),
         (o, "bb-edge-august-answer", "2018-09-01T23:59:59.999"))
    trap(3, (i, "bb-edge-september", "2018-09-01T00:00:00.000"))
    trap(4, (i, "bb-exact-24h", "2018-08-07T10:00:00.000"), (o, "bb-exact-24h-answer", "2018-08-08T10:00:00.000"))
    trap(5, (i, "bb-24h-1ms", "2018-08-07T10:00:00.000", {"entry_point": "click_to_chat"}),
         (o, "bb-24h-1ms-answer", "2018-08-08T10:00:00.001"))
    trap(6, (i, "bb-run-1", "2018-08-09T08:00:00.000"), (i, "bb-run-2", "2018-08-09T08:00:30.500"),
         (i, "bb-run-3", "2018-08-09T18:00:00.000"), (i, "bb-run-4", "2018-08-10T07:30:00.000"),
         (i, "bb-run-5", "2018-08-10T09:59:00.000"), (o, "bb-run-answer", "2018-08-10T10:00:00.000"))
    trap(7, (i, "bb-reaction", "2018-08-13T11:00:00.000"),
         (o, "bb-reaction-thumb", "2018-08-13T11:05:00.000", {"kind": "reaction"}))
    trap(8, (o, "bb-greeting", "2018-08-14T09:00:00.000", {"kind": "template"}),
         (i, "bb-thanks-heart", "2018-08-14T09:10:00.000", {"kind": "reaction"}))
    trap(9, (i, "bb-failed", "2018-08-21T09:00:00.000"),
         (o, "bb-failed-try", "2018-08-21T09:10:00.000", {"status": "failed"}),
         (o, "bb-failed-answer", "2018-08-22T11:00:00.000", {"status": "read"}))
    trap(10, (i, "bb-same-instant", "2018-08-22T15:30:00.250"),
         (o, "bb-same-instant-answer", "2018-08-22T15:30:00.250"))
    trap(11, (o, "bb-before", "2018-08-23T09:59:59.999"), (i, "bb-answered-before", "2018-08-23T10:00:00.000"))
    trap(12, (i, "bb-after-cut", "2018-08-30T15:00:00.000"), (o, "bb-after-cut-answer", "2018-09-03T09:00:00.000"))
    trap(13, (i, "bb-pending", "2018-09-03T20:15:00.000"))
    # The two rows that `break_rows` spoils: without a wait, whatever a reader makes of them.
    trap(14, (i, "bb-broken-time", "2018-08-16T12:00:00.000"), (o, "bb-broken-time-answer", "2018-08-16T12:01:00.000"))
    trap(15, (i, "bb-missing-id", "2018-08-17T12:00:00.000"), (o, "bb-missing-id-answer", "2018-08-17T12:01:00.000"))


def break_rows(days):
    """Two rows that no reader can accept: a time that does not exist, and a message without an id."""
    for rows in days.values():
        for row in rows:
            if row["message_id"] == "bb-broken-time":
                row["sent_at"] = "2018-08-16T25:61:00.000+02:00"
            if row["message_id"] == "bb-missing-id":
                row["message_id"] = ""


def csv_bytes(columns, rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


# The hotel: compressed NDJSON a week, each with a manifest

HOTEL = Shop(
    id="lisbon-hotel", zone=ZoneInfo("Europe/Lisbon"),
    hours={day: (7, 23) for day in range(7)},
    countries={"pt": 25, "es": 14, "fr": 13, "de": 13, "gb": 14, "ie": 6, "us": 9, "it": 4, "se": 1, "ch": 1},
    sessions=11, weekend=1.1, pace=50, slow=0.05, never=0.045, automatic=0.35,
)
HOTEL_CHANNEL, RESTAURANT_CHANNEL = "+351200000417", "+351200000418"


def hotel():
    log = Log(HOTEL, "hotel")
    bookings, numbers = {}, count(4001)

    def booking(customer, at):
        """A guest who writes again within a week goes on in the same conversation."""
        number, last = bookings.get(customer, (0, None))
        if last is None or at - last > 7 * DAY:
            number = next(numbers)
        bookings[customer] = (number, at)
        return f"booking-{number}"

    begin = datetime(2018, 7, 29, 23, tzinfo=timezone.utc)  # Monday in Lisbon
    restaurant_since = datetime(2018, 8, 12, 23, tzinfo=timezone.utc)
    log.fill({HOTEL_CHANNEL: (3, begin), RESTAURANT_CHANNEL: (1, restaurant_since)}, begin, booking)
    hotel_traps(log)
    log.number_messages(lambda number, _: f"lh-{number:05}")
    for week in range(6):
        start, end = begin + week * 7 * DAY, min(begin + (week + 1) * 7 * DAY, LAST)
        messages = [m for m in log.messages if start <= m.at < end]
        # The desk's program exports conversation by conversation: rows are not in the order of time.
        messages.sort(key=lambda m: (m.channel, m.conversation, m.at, m.message_id))
        rows = [log.row(m, COLUMNS) for m in messages]
        text = "".join(json.dumps({k: v for k, v in row.items() if v}) + "\n" for row in rows).encode()
        data, ending = (zstd(text), "zst") if week % 2 else (gzip.compress(text, 9, mtime=0), "gz")
        write_with_manifest(f"2018-W{31 + week}.ndjson.{ending}", data, start, end, len(rows))
        if week == 2:
            write_with_manifest(f"2018-W{31 + week}-resent.ndjson.{ending}", data, start, end, len(rows))


def hotel_traps(log):
    def trap(customer, *lines, channel=HOTEL_CHANNEL, conversation=None):
        name = customer if isinstance(customer, str) else f"+3519005550{customer:02}"
        log.trap(channel, name, *lines, conversation=conversation or f"booking-{name[-3:]}")

    i, o = "inbound", "outbound"
    trap(1, (i, "lh-edge-july", "2018-07-31T23:59:59.999"))
    trap(2, (i, "lh-edge-first", "2018-08-01T00:00:00.000"), (o, "lh-edge-first-answer", "2018-08-01T00:00:05.000"))
    trap(3, (i, "lh-edge-august", "2018-08-31T23:59:59.999"), (o, "lh-edge-august-answer", "2018-09-02T10:00:00.000"))
    trap(4, (i, "lh-edge-september", "2018-09-01T00:00:00.000"))
    trap(5, (i, "lh-exact-24h", "2018-08-14T16:20:00.123"), (o, "lh-exact-24h-answer", "2018-08-15T16:20:00.123"))
    trap(6, (i, "lh-24h-1ms", "2018-08-14T16:20:00.123"), (o, "lh-24h-1ms-answer", "2018-08-15T16:20:00.124"))
    trap(7, (i, "lh-note", "2018-08-20T13:00:00.000"),
         (o, "lh-note-internal", "2018-08-20T13:05:00.000", {"kind": "note", "status": ""}),
         (o, "lh-note-answer", "2018-08-21T19:00:00.000"))
    trap(8, (i, "lh-shared-1", "2018-08-16T09:00:00.000"), conversation="booking-900")
    trap(9, (i, "lh-shared-2", "2018-08-16T09:30:00.000"), (o, "lh-shared-answer", "2018-08-16T10:00:00.000"),
         conversation="booking-900")
    trap(10, (i, "lh-two-bookings", "2018-08-22T09:00:00.000"), conversation="booking-901")
    trap(10, (i, "lh-two-bookings-other", "2018-08-22T09:05:00.000"),
         (o, "lh-two-bookings-answer", "2018-08-22T09:20:00.000"), conversation="booking-902")
    trap("guest-4417", (i, "lh-webchat", "2018-08-23T21:00:00.000", {"entry_point": "click_to_chat"}))
    trap("+18095550144", (i, "lh-longest-code", "2018-08-24T12:00:00.000"),
         (o, "lh-longest-code-answer", "2018-08-26T12:00:00.000"))
    trap(11, (i, "lh-automatic", "2018-08-25T02:00:00.000"),
         (o, "lh-automatic-reply", "2018-08-25T02:00:01.000", {"kind": "automatic"}))
    trap(12, (i, "lh-revoked", "2018-08-27T10:00:00.000"),
         (i, "lh-revoke", "2018-08-27T10:01:00.000", {"kind": "revoke"}))
    trap(13, (i, "lh-pending", "2018-09-04T10:00:00.000"), channel=RESTAURANT_CHANNEL)


def zstd(data):
    return zstandard.ZstdCompressor(level=19).compress(data)


def write_with_manifest(name, data, start, end, rows):
    write(INBOX / "hotel" / name, data)
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    manifest = {"from": start.strftime(stamp), "to": end.strftime(stamp), "rows": rows,
                "sha256": hashlib.sha256(data).hexdigest()}
    write(INBOX / "hotel" / f"{name}.manifest.json", (json.dumps(manifest, indent=2) + "\n").encode())


# The telephone shop: a desk (Parquet) and the Cloud API (webhooks)

PHONE = Shop(
    id="sao-paulo-phone", zone=ZoneInfo("America/Sao_Paulo"),
    hours={day: (8, 20) for day in range(5)} | {5: (9, 18), 6: (10, 14)},
    countries={"br": 90, "us": 4, "pt": 4, "it": 2},
    sessions=10, weekend=0.6, pace=60, slow=0.035, never=0.055, automatic=0.2,
)
DESK_CHANNEL, CLOUD_CHANNEL = "+552035550417", "100200300400417"
CLOUD_NUMBER, CLOUD_ACCOUNT = "552035550418", "700800900417"
PHONE_BEGIN = datetime(2018, 7, 31, 12, tzinfo=timezone.utc)


def desk():
    log = Log(PHONE, "desk")
    log.fill({DESK_CHANNEL: (1, PHONE_BEGIN)}, PHONE_BEGIN)
    desk_traps(log)
    log.number_messages(lambda number, _: f"sp-{number:05}")
    columns = [c for c in COLUMNS if c != "conversation"]
    rows = [{**log.row(m, columns), "sent_at": m.at} for m in log.messages]
    schema = pa.schema([(c, pa.timestamp("us", "UTC") if c == "sent_at" else pa.string()) for c in columns])
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), sink, compression="zstd", compression_level=9)
    write(INBOX / "phone" / "desk" / "2018-08.parquet", sink.getvalue())


def desk_traps(log):
    def trap(customer, *lines, **facts):
        log.trap(DESK_CHANNEL, f"+5520955599{customer:03}", *lines, **facts)

    i, o = "inbound", "outbound"
    trap(0, (i, "sp-first", "2018-07-31T09:00:00.000"), (o, "sp-first-answer", "2018-07-31T09:20:00.000"))
    trap(1, (i, "sp-edge-july", "2018-07-31T23:59:59.999"), (o, "sp-edge-july-answer", "2018-08-02T09:00:00.000"))
    trap(2, (i, "sp-edge-first", "2018-08-01T00:00:00.000"), (o, "sp-edge-first-answer", "2018-08-02T09:00:00.000"))
    trap(3, (i, "sp-edge-august", "2018-08-31T23:59:59.999"))
    trap(4, (i, "sp-edge-september", "2018-09-01T00:00:00.000"))
    trap(5, (i, "sp-exact-24h", "2018-08-08T17:45:00.000"), (o, "sp-exact-24h-answer", "2018-08-09T17:45:00.000"))
    trap(6, (i, "sp-24h-1ms", "2018-08-08T17:45:00.000"), (o, "sp-24h-1ms-answer", "2018-08-09T17:45:00.001"))
    trap(7, (i, "sp-late-support", "2018-08-13T10:00:00.000", {"entry_point": "live_support"}),
         (i, "sp-late-button", "2018-08-13T10:01:00.000", {"entry_point": "click_to_chat"}),
         (i, "sp-late-request", "2018-08-13T10:02:00.000", {"entry_point": "information_request"}),
         (o, "sp-late-answer", "2018-08-14T15:00:00.000"))
    trap(8, (i, "sp-call", "2018-08-15T10:00:00.000", {"kind": "call"}),
         (i, "sp-system", "2018-08-15T10:05:00.000", {"kind": "system"}))
    trap(9, (i, "sp-call-back", "2018-08-16T10:00:00.000"),
         (o, "sp-call-back-call", "2018-08-16T10:30:00.000", {"kind": "call", "status": ""}))
    # The same customer is answered on the other number, which is another conversation (see `cloud_traps`).
    trap(20, (i, "sp-other-number", "2018-08-20T11:00:00.000"))
    trap(10, (i, "sp-pending", "2018-09-04T08:00:00.000"))
    trap(11, (i, "sp-last", "2018-09-04T08:59:00.000"), (o, "sp-last-answer", "2018-09-04T08:59:30.000"))


def cloud():
    log = Log(PHONE, "cloud")
    log.fill({CLOUD_CHANNEL: (1, PHONE_BEGIN)}, PHONE_BEGIN)
    for message in log.messages:  # the API has seconds, other names, and no types for these
        message.at = message.at.replace(microsecond=0)
        message.kind = "text" if message.kind == "automatic" else message.kind
        message.echoed = message.direction == "outbound" and log.random.random() < 0.06
    log.number_messages(lambda number, message: wamid(number, message.customer))
    bodies = [pair for message in log.messages for pair in bodies_of(log, message)]
    bodies = together(sorted((at, body) for at, body in bodies if at < LAST))
    bodies = sorted(bodies + cloud_traps())
    for week in range(6):
        start = datetime(2018, 7, 30, tzinfo=timezone.utc) + week * 7 * DAY
        text = "".join(body + "\n" for at, body in bodies if start <= at < start + 7 * DAY).encode()
        name = INBOX / "phone" / "cloud" / f"2018-W{31 + week}.ndjson"
        # The last file is left plain, to be looked at.
        write(name, text) if week == 5 else write(name.with_suffix(".ndjson.gz"), gzip.compress(text, 9, mtime=0))


def wamid(number, customer):
    """An id like those of the API, which hide the customer's number in base64."""
    digits = customer.removeprefix("+").encode()
    unique = hashlib.sha256(f"cloud {number}".encode()).hexdigest()[:20].upper().encode()
    raw = b"\x1c\x18" + bytes([len(digits)]) + digits + b"\x15\x02\x00\x12\x18\x14" + unique + b"\x00"
    return "wamid." + base64.b64encode(raw).decode()


def bodies_of(log, message):
    """The bodies that tell of one message: itself, or its statuses one after the other."""
    if message.direction == "inbound":
        return [(message.at, inbound_body(message))]
    if message.echoed:
        return [(message.at, echo_body(message))]
    statuses = [("sent", message.at)]
    if message.status in ("delivered", "read"):
        statuses.append(("delivered", message.at + int(log.between(1, 6)) * SECOND))
    if message.status == "read" and log.random.random() < 0.95:
        statuses.append(("read", statuses[-1][1] + int(log.random.lognormvariate(5, 1.5)) * SECOND))
    elif message.status == "read":
        statuses[1] = ("read", statuses[1][1])  # read without delivered
    return [(at, status_body(message.message_id, message.customer, status, at)) for status, at in statuses]


ASKED = ["Olá, bom dia!", "Qual é o horário de hoje?", "Ainda tem esse modelo?", "Quanto custa a troca da tela?",
         "O meu pedido já chegou?", "Is this still available?", "Posso pagar com cartão?", "Obrigado!"]
REPLIED = ["Bom dia! Já verificamos.", "Sim, temos.", "Está pronto para retirar.", "De nada!"]


def body(field, value):
    metadata = {"display_phone_number": CLOUD_NUMBER, "phone_number_id": CLOUD_CHANNEL}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    change = {"value": value, "field": field}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": CLOUD_ACCOUNT, "changes": [change]}]},
                      ensure_ascii=False, separators=(",", ":"))


def inbound_body(message):
    digits = message.customer.removeprefix("+")
    contact = {"profile": {"name": f"Cliente {digits[-3:]}"}, "wa_id": digits}
    seconds = str(int(message.at.timestamp()))
    told = {"from": digits, "id": message.message_id, "timestamp": seconds, "type": message.kind}
    media = str(int(digits[-6:]) + 10**14)
    told[message.kind] = {
        "text": {"body": ASKED[int(seconds) % len(ASKED)]},
        "reaction": {"message_id": "wamid.of-an-earlier-message", "emoji": "\N{THUMBS UP SIGN}"},
        "location": {"latitude": -23.5, "longitude": -46.6},
        "contacts": [{"name": {"formatted_name": "Contato"}}],
    }.get(message.kind, {"id": media, "mime_type": "application/octet-stream"})
    if message.entry_point == "click_to_chat":
        told["referral"] = {"source_type": "post", "source_id": "417", "source_url": "https://phone.example/chat"}
    if message.entry_point == "information_request":
        product = {"catalog_id": "417", "product_retailer_id": f"model-{int(digits[-2:]) % 7}"}
        told["context"] = {"from": CLOUD_NUMBER, "id": "wamid.of-the-catalogue", "referred_product": product}
    return body("messages", {"contacts": [contact], "messages": [told]})


def echo_body(message):
    seconds = str(int(message.at.timestamp()))
    told = {"from": CLOUD_NUMBER, "to": message.customer.removeprefix("+"), "id": message.message_id,
            "timestamp": seconds, "type": "text", "text": {"body": REPLIED[int(seconds) % len(REPLIED)]}}
    return body("smb_message_echoes", {"message_echoes": [told]})


def status_body(message_id, customer, status, at):
    told = {"id": message_id, "status": status, "timestamp": str(int(at.timestamp())),
            "recipient_id": customer.removeprefix("+")}
    if status == "failed":
        told["errors"] = [{"code": 131047, "title": "Re-engagement message"}]
    return body("messages", {"statuses": [told]})


def cloud_traps():
    """(arrival, body) pairs. A body arrives when its event happens, unless the trap is about just that."""
    pairs = []

    def at(local):
        return datetime.fromisoformat(local).replace(tzinfo=PHONE.zone).astimezone(timezone.utc)

    def ask(customer, name, local, kind="text", entry_point="", times=1):
        number = f"+5520955599{customer:03}"
        message = Message(at(local), "inbound", CLOUD_CHANNEL, number, number, kind, "", entry_point, f"wamid.{name}")
        pairs.extend([(message.at + n * 30 * SECOND, inbound_body(message)) for n in range(times)])

    def reply(customer, name, *statuses, arrives=None, times=1):
        for status, local in statuses:
            told = status_body(f"wamid.{name}", f"+5520955599{customer:03}", status, at(local))
            pairs.extend([(at(arrives or local) + n * 30 * SECOND, told) for n in range(times)])

    def echo(customer, name, local):
        number = f"+5520955599{customer:03}"
        pairs.append((at(local), echo_body(
            Message(at(local), "outbound", CLOUD_CHANNEL, number, number, message_id=f"wamid.{name}"))))

    ask(30, "first", "2018-07-31T09:00:00")
    reply(30, "first-answer", ("sent", "2018-07-31T09:30:00"))
    ask(31, "edge-august", "2018-08-31T23:59:59")
    reply(31, "edge-august-answer", ("sent", "2018-09-01T23:59:59"), ("delivered", "2018-09-02T00:00:04"))
    ask(32, "edge-september", "2018-09-01T00:00:00")
    ask(33, "exact-24h", "2018-08-09T14:00:00")
    reply(33, "exact-24h-answer", ("sent", "2018-08-10T14:00:00"), ("delivered", "2018-08-10T14:00:03"))
    ask(34, "24h-1s", "2018-08-09T14:00:00")
    reply(34, "24h-1s-answer", ("sent", "2018-08-10T14:00:01"), ("delivered", "2018-08-10T14:00:03"))
    ask(35, "retried", "2018-08-14T10:00:00", times=3)  # the same body three times: the server answered too late
    reply(35, "retried-answer", ("sent", "2018-08-15T16:00:00"), times=2)
    ask(36, "read-only", "2018-08-16T15:00:00")
    reply(36, "read-only-answer", ("read", "2018-08-16T18:00:00"))  # neither sent nor delivered was seen
    ask(37, "delivered-late", "2018-08-17T09:00:00")
    reply(37, "delivered-late-answer", ("sent", "2018-08-18T08:59:00"), ("read", "2018-08-18T10:05:00"))
    ask(38, "out-of-order", "2018-08-21T09:00:00")
    reply(38, "out-of-order-answer", ("delivered", "2018-08-22T09:30:00"))
    reply(38, "out-of-order-answer", ("sent", "2018-08-22T08:30:00"), arrives="2018-08-22T20:00:00")
    ask(39, "failed", "2018-08-22T13:00:00")
    reply(39, "failed-answer", ("sent", "2018-08-22T14:00:00"), ("failed", "2018-08-22T14:00:02"))
    ask(40, "echoed", "2018-08-23T13:00:00", entry_point="click_to_chat")
    echo(40, "echoed-answer", "2018-08-23T13:30:00")
    reply(40, "echoed-answer", ("delivered", "2018-08-23T13:30:02"))
    ask(41, "reaction", "2018-08-24T13:00:00", kind="reaction")
    reply(20, "other-number-answer", ("sent", "2018-08-20T11:30:00"))  # answers nothing on this number
    ask(42, "late-product", "2018-08-27T09:00:00", entry_point="information_request")
    ask(42, "late-button", "2018-08-27T09:01:00", entry_point="click_to_chat")
    reply(42, "late-answer", ("sent", "2018-08-28T12:00:00"), ("delivered", "2018-08-28T12:00:01"))
    ask(43, "same-second", "2018-08-29T10:00:00")
    reply(43, "same-second-answer", ("sent", "2018-08-29T10:00:00"))
    ask(44, "pending", "2018-09-04T08:30:00")
    ask(45, "last", "2018-09-04T08:59:00")
    reply(45, "last-answer", ("sent", "2018-09-04T08:59:30"))
    pairs.append((at("2018-08-06T09:00:00"), body("message_template_status_update", {"event": "APPROVED"})))
    return pairs


def together(bodies):
    """Some neighbouring bodies arrive as one with several entries, as the API sends them under load."""
    chooser, joined = random.Random("together"), []
    for at, text in bodies:
        if joined and at - joined[-1][0] < MINUTE and joined[-1][1] != text and chooser.random() < 0.3:
            first, second = json.loads(joined[-1][1]), json.loads(text)
            first["entry"] += second["entry"]
            joined[-1] = (joined[-1][0], json.dumps(first, ensure_ascii=False, separators=(",", ":")))
        else:
            joined.append((at, text))
    return joined


if __name__ == "__main__":
    shutil.rmtree(INBOX, ignore_errors=True)
    bakery()
    hotel()
    desk()
    cloud()
