#!/usr/bin/env python3
"""Writes a small log in which everything collides, as Parquet: copies that agree, are finer, or contradict each other, unknown
kinds, failed and undelivered messages, waits of exactly the window, one customer on two channels, ids of equal text.

The same seed gives the same rows. Every row is one that a log may have.
"""

import argparse
import random
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq

KINDS = ["", "text", "text", "text", "image", "automatic", "reaction", "call", "poll", "other"]
STATUSES = ["", "", "sent", "delivered", "read", "failed"]
POINTS = ["unknown", "information_request", "click_to_chat", "live_support"]
CUSTOMERS = ["+393331234567", "393331234567", "+39333", "+39", "+18095550100", "+12125550100", "+35191", "someone", "+3933312~ab", "+44x"]
BEGIN = datetime(2018, 8, 1, tzinfo=timezone.utc)


def message(dice, number):
    place = dice.choice([("b1", "c1"), ("b1", "c2"), ("b2", "c1")])
    customer = dice.choice(CUSTOMERS) + dice.choice(["", "", "1", "22", "3"])
    at = BEGIN + timedelta(hours=6 * dice.randrange(160))
    at += timedelta(microseconds=dice.choice([0, 0, 0, 1, 1000, 999, 1_500_000, 61_000_000, -1]))
    return {
        "message_id": f"m{number}", "business": place[0], "channel": place[1], "customer": customer,
        "conversation": customer if place[1] == "c1" else f"talk {customer} {dice.randrange(30)}",
        "direction": dice.choice(["inbound", "inbound", "outbound"]), "sent_at": at, "kind": dice.choice(KINDS),
        "status": "", "entry_point": dice.choice(POINTS),
    }


def copies(dice, first):
    if first["direction"] == "outbound":
        first["status"] = dice.choice(STATUSES)
    yield first
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        copy = dict(first)
        what = dice.randrange(12)
        at = first["sent_at"]
        if what < 3:
            cut = [at.replace(microsecond=at.microsecond // 1000 * 1000), at.replace(microsecond=0),
                   at.replace(microsecond=0, second=0)]
            copy["sent_at"] = cut[what]
        elif what == 3 and first["direction"] == "outbound":
            copy["status"] = dice.choice(STATUSES)
        elif what == 4:
            copy["entry_point"] = "unknown"
        elif what == 5:
            copy["kind"] = ""
        elif what == 6 and dice.randrange(6) == 0:
            copy["sent_at"] = at + timedelta(seconds=1)
        elif what == 7 and dice.randrange(6) == 0:
            copy["kind"] = dice.choice(KINDS)
        elif what == 8 and dice.randrange(6) == 0:
            copy["entry_point"] = dice.choice(POINTS)
        elif what == 9 and dice.randrange(6) == 0:
            copy["direction"] = "inbound"
        yield copy


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("out")
    options.add_argument("--messages", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    dice = random.Random(options.seed)
    rows = [copy for number in range(options.messages) for copy in copies(dice, message(dice, number % (options.messages * 19 // 20 or 1)))]
    dice.shuffle(rows)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns["sent_at"] = pa.array(columns["sent_at"], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table(columns), options.out)


if __name__ == "__main__":
    main()
