"""Draws a life of a ledger from a seed: the book, the tariff, the sources, their files and when they come, the nights.

What is drawn is counted in `happened`, so that `lives.py` can tell what its lives did not have.
"""

import csv
import json
import random
from collections import Counter
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
WINDOW = {"24h": DAY, "12h": DAY // 2, "36h": DAY * 3 // 2, "90m": 3 * HOUR // 2}
ZONES = ["Europe/Rome", "Europe/Rome", "Europe/Lisbon", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"]
CODES = ["39333", "39333", "351912", "1809555", "1212555", "4477", "91987", "55119"]
KINDS = ["text"] * 24 + ["image", "automatic", "automatic", "reaction", "call", "template", "note"]
COLUMNS = ["message_id", "business", "channel", "customer", "direction", "sent_at", "kind", "status", "entry_point"]
happened = Counter()


def micros(text, zone="UTC"):
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return round((moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(microseconds=1))


# Clocks change in Rome and Lisbon, and in São Paulo.
CHANGES = [micros(text) for text in ("2018-10-28T01:00", "2019-03-31T01:00", "2018-11-04T03:00", "2019-02-17T02:00")]


def moment(at, zone="UTC"):
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))


def stamp(at):
    return moment(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def month_ends(begin, end, zone):
    """The instants between two at which a month of a zone begins."""
    year, month, ends = moment(begin).year, moment(begin).month, []
    while not ends or ends[-1] < end:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        ends.append(micros(f"{year}-{month:02}-01", zone))
    return ends[:-1]


class Source:
    """A stream of exports: how its files look, and what each of them says."""

    def __init__(self, dice, name, business, channels, form, zone, tolerance=False):
        self.name, self.business, self.channels, self.form, self.zone = name, business, channels, form, zone
        self.directions = ["inbound", "outbound"]
        self.coverage = dice.choice(["daily", "daily", "manifest", "manifest", "manifest", "continuous"] + ["span"] * (dice.random() < 0.1))
        self.days = 1 if self.coverage == "daily" else dice.choice([1, 2, 3, 5])
        is_text = form in ("csv", "ndjson")
        self.tolerance = tolerance and form != "webhook"
        self.is_local = is_text and dice.random() < 0.3
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
            said = {"from": stamp(begin), "to": stamp(end), "rows": len(rows), "sha256": sha256(path.read_bytes()).hexdigest()}
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
        return at, {"entry": [{"changes": [change], "id": "account"}], "object": "whatsapp_business_account"}

    at, customer = row["sent_at"] - row["sent_at"] % SECOND, row["customer"].strip("+")
    seconds = lambda at: str(at // SECOND)
    if row["direction"] == "inbound":
        message = {"from": customer, "id": row["message_id"], "timestamp": seconds(at), "type": row["kind"], row["kind"]: {"body": "-"}}
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


class Life:
    """What will happen, drawn from a seed."""

    def __init__(self, seed):
        self.dice = dice = random.Random(seed)
        first = dice.choice(["2018-09-12", "2018-10-05", "2018-10-20", "2019-02-24", "2019-03-10"])
        self.begin = micros(first) + dice.randrange(12) * DAY
        ends = month_ends(self.begin, self.begin + 100 * DAY, "UTC")
        self.end = ends[dice.choice([0, 1, 1, 1, 2])] + dice.randrange(1, 9) * DAY
        # How much of what exports have is wrong.
        self.dirt = dice.choice([0, 0, 0.3, 1])
        self.window = dice.choice(["24h", "24h", "24h", "12h", "36h", "90m"])
        # By id, on which channels and of which customers it is.
        self.number, self.used, self.places = 0, [], {}
        self.businesses, self.sources = [], []
        for number in range(dice.choice([1, 2, 2, 3])):
            self.found(number + 1)
        self.second_tariff = dice.random() < 0.3
        self.reading = {name: value for name, value, chance in [
            ("window", self.window, 1), ("boundary", "exclusive", 0.3), ("price_date", "deadline", 0.25)] if dice.random() < chance}
        self.has_steps, self.has_limits = dice.random() < 0.3, dice.random() < 0.2
        self.needs_approval, self.debits = dice.random() < 0.15, dice.random() < 0.6
        for name, is_so in [("exclusive boundary", "boundary" in self.reading), ("price at the deadline", "price_date" in self.reading),
                            ("other windows", self.window != "24h"), ("steps", self.has_steps), ("minimum and cap", self.has_limits)]:
            happened[name] += is_so

    def found(self, number):
        """A business with its channels and their sources."""
        dice, name = self.dice, f"business-{number}"
        zone, channels = dice.choice(ZONES), []
        for place in range(dice.choice([1, 2, 2, 3])):
            form = dice.choice(["csv", "ndjson", "parquet", "webhook"])
            channel = f"10020030{number}{place}" if form == "webhook" else dice.choice([f"+3905100{number}{place}"] * 3 + [f"it's-{number}{place}"])
            source = Source(dice, f"{name}-{place}", name, [channel], form, dice.choice([zone, "UTC"]), dice.random() < 0.2)
            sources = [source]
            if dice.random() < 0.2:
                other = Source(dice, f"{name}-{place}-too", name, [channel], dice.choice(["csv", "parquet", form]), zone, source.tolerance)
                other.is_named = source.is_named = False
                if dice.random() < 0.5:
                    source.directions, other.directions = ["inbound"], ["outbound"]
                    happened["one direction a source"] += 1
                else:
                    happened["two sources of a channel"] += 1
                sources.append(other)
            since = self.begin + dice.randrange((self.end - self.begin) // (2 * DAY)) * DAY if dice.random() < 0.15 else None
            until = self.end - dice.randrange((self.end - self.begin) // (3 * DAY)) * DAY if dice.random() < 0.1 and form != "webhook" else None
            channels.append((channel, since, until))
            happened["channels given away"] += until is not None
            self.sources.append(sources)
            happened["channels taken over later"] += since is not None
            for source in sources:
                happened["tolerance"] += source.tolerance
                happened["named conversations"] += source.is_named
        self.businesses.append((name, zone, channels, dice.random() < 0.5))

    # What is written.

    def tariff(self, version):
        rows = [f'id = "late"\nversion = "{version}"\ncurrency = "USD"\nzone = "UTC"\nsource = "a test"']
        if self.has_limits:
            rows.append('minimum = "1.50"\ncap = "2.00"')
        rows.append("[reading]\n" + "\n".join(f'{name} = "{value}"' for name, value in self.reading.items()))
        cut = str(moment(self.begin + 30 * DAY).date().replace(day=1))
        add = lambda market, price, more="": rows.append(f'[[rate]]\nmarket = "{market}"\n{more}{price}')
        add("39", 'price = "0.05"', f'to = "{cut}"\n')
        add("39", f'price = "0.0{6 + (version > 1)}"', f'from = "{cut}"\n')
        add("39", 'price = "0.045"', 'entry_point = "click_to_chat"\n')
        add("1", 'price = "0.02"')
        add("1 809", 'price = "0.0615"')
        add("351", 'price = "0.035"')
        steps = ", ".join(f'{{ after = "{after}", price = "{price}" }}' for after, price in [(self.window, "0.03"), ("48h", "0.08")])
        add("other", f"steps = [{steps}]" if self.has_steps else 'price = "0.09"')
        happened["prices of a later month"] += 1
        happened["a second version of the tariff"] += version > 1
        return "\n\n".join(rows) + "\n"

    def configuration(self):
        rules = ['state = "state"\ninbox = "inbox"\ntariff = "tariff.toml"\nbusinesses = "businesses.toml"\n[issuer]\n'
                 'legal_name = "Issuer"\naddress = ["1 Street", "Dublin"]\ncountry = "IE"\nemail = "billing@issuer.example"\n'
                 'zone = "Europe/Dublin"\nvat_id = "IE9999990AH"\npayment_days = 30\n[invoice]\nseries = "LV"\n'
                 f'issue = "{"after-approval" if self.needs_approval else "automatic"}"\n'
                 f'late_logs = "{"credit-and-debit" if self.debits else "credit-only"}"\n'
                 f'smallest = "{self.dice.choice(["0.00", "0.00", "0.20"])}"\n'
                 f'[alarms]\nsilence_messages = {self.dice.choice([2, 4, 10])}\nheld_days = {self.dice.choice([1, 7])}\n'
                 f'[report]\neach_business = {self.dice.choice(["true", "true", "false"])}\n'
                 '[mail]\ntransport = "file"\n']
        return "".join(rules + [source.rules() for sources in self.sources for source in sources])

    def book(self):
        text = ""
        for name, zone, channels, is_later in self.businesses:
            month = moment(self.begin + (30 * DAY if is_later and self.dice.random() < 0.3 else 0), zone).strftime("%Y-%m")
            text += (f'[[business]]\nid = "{name}"\nlegal_name = "{name}"\naddress = ["1 Street"]\ncountry = "US"\n'
                     f'emails = ["{name}@business.example"]\nlanguage = "{"it" if is_later else "en"}"\nzone = "{zone}"\n'
                     f'first_month = "{month}"\nvat = {{ treatment = "out-of-scope" }}\n')
            for channel, since, until in channels:
                text += f'[[business.channel]]\nid = "{channel}"\n' + (f'from = "{stamp(since)}"\n' if since else "")
                text += f'to = "{stamp(until)}"\n' if until else ""
        return text

    # What is said.

    def rows(self, business, zone, channel, since, forms):
        """The messages of a channel, each once."""
        dice, begin = self.dice, since or self.begin
        if since and "webhook" not in forms:
            begin -= 2 * DAY
        customers = [f"+{dice.choice(CODES)}{dice.randrange(10**5, 10**6)}" for _ in range(dice.randrange(3, 25))]
        if "webhook" not in forms:
            customers += ["someone", "+39", "39333123456", "+1809"]
        changes = [at for at in CHANGES if begin < at - 2 * DAY < self.end - 4 * DAY]
        ends, precision = month_ends(begin, self.end, zone), dice.choice([1, 1000, SECOND])
        for _ in range(dice.choice([20, 60, 150, 300])):
            at = dice.randrange(begin + HOUR, self.end)
            if ends and dice.random() < 0.1:
                happened["edges of a month"] += 1
                at = dice.choice(ends) + dice.choice([0, 0, 1, -1, 1000, -1000, -SECOND, SECOND, -HOUR]) - dice.choice([0, 0, WINDOW[self.window]])
                at = max(at, begin)
            elif dice.random() < 0.1 and changes:
                at = dice.choice(changes) + dice.randrange(-25 * HOUR, 2 * HOUR, 60 * SECOND)
            else:
                at -= at % precision
            customer = dice.choice(customers)
            for _ in range(dice.choice([1, 1, 1, 2, 4])):
                yield self.row(business, channel, customer, "inbound", at)
                at += dice.choice([0, SECOND, 300 * SECOND, HOUR])
            answer = self.answer(at)
            if answer is not None:
                row = self.row(business, channel, customer, "outbound", answer)
                happened["automatic answers"] += row["kind"] == "automatic"
                happened["across a change of the clocks"] += moment(at, zone).utcoffset() != moment(answer, zone).utcoffset()
                yield row

    def answer(self, at):
        dice, window, luck = self.dice, WINDOW[self.window], self.dice.random()
        if luck < 0.06:
            return None
        if luck < 0.72:
            return at + dice.randrange(20 * SECOND, window - 600 * SECOND)
        if luck < 0.76:
            happened["answers at once"] += 1
            return at
        off = dice.choice([0, 0, 1, -1, SECOND, -SECOND, 1000, dice.randrange(60 * DAY // 20), 30 * HOUR, 3 * DAY])
        for word, those in [("answers at the window", [0]), ("answers a second off", [SECOND, -SECOND]), ("answers a microsecond off", [1, -1])]:
            happened[word] += off in those
        return at + window + off

    def row(self, business, channel, customer, direction, at):
        dice = self.dice
        self.number += 1
        name, places = f"m{self.number}", {"channel": channel, "business": business}
        if self.used and dice.random() < 0.02:
            name, other = dice.choice(self.used)
            if other["channel"] != channel:
                happened["ids on two channels" if other["business"] == business else "ids on two businesses"] += 1
            else:
                name = f"m{self.number}"
        self.used.append((name, places))
        self.places.setdefault(name, set()).add((channel, customer))
        signs = [("sent", 0)] + [(status, dice.choice([0, SECOND, HOUR, 5 * HOUR, 3 * DAY])) for status in ("delivered", "read")]
        signs = signs[dice.choice([0, 0, 0, 0, 1]):dice.choice([1, 2, 3])] or signs[:1]
        if dice.random() < 0.04:
            signs.append(("failed", dice.choice([0, HOUR, 2 * DAY, 20 * DAY])))
        kind = "poll" if dice.random() < 0.005 * self.dirt else dice.choice(KINDS)
        happened["unknown kinds"] += kind == "poll"
        point = dice.choice(["unknown", "click_to_chat", "live_support"]) if direction == "inbound" else ""
        status = signs[-1][0] if direction == "outbound" else ""
        return {"message_id": name, **places, "customer": customer, "direction": direction, "sent_at": at, "kind": kind,
                "status": status, "entry_point": point, "conversation": f"talk-{customer[-6:]}-{dice.randrange(2)}", "signs": signs}

    def copies(self, row):
        """The message, and what else is said of it."""
        dice, luck = self.dice, self.dice.random()
        yield row
        copy = dict(row)
        if luck < 0.03:
            happened["duplicates"] += 1
            yield copy
        elif luck < 0.05:
            happened["coarser copies"] += 1
            copy["sent_at"] -= copy["sent_at"] % dice.choice([1000, SECOND, 60 * SECOND])
            yield copy
        elif luck < 0.05 + 0.004 * self.dirt:
            happened["contradicting copies"] += 1
            what = dice.choice(["sent_at", "kind", "customer", "direction"])
            copy[what] = {"sent_at": row["sent_at"] + SECOND, "kind": "image", "customer": "+393339999999", "direction": "inbound"}[what]
            self.places[row["message_id"]].add((copy["channel"], copy["customer"]))
            yield copy
        elif 0.06 < luck < 0.06 + 0.003 * self.dirt:
            happened["rows rejected"] += 1
            yield {**copy, "message_id": f"broken{self.number}", "is_broken": True}

    def files(self, folder):
        """Writes all files; gives when each comes, and the instants of the messages."""
        dice, all_files, instants = self.dice, [], []
        places = [(name, zone, channel) for name, zone, channels, _ in self.businesses for channel in channels]
        for (name, zone, (channel, since, _)), sources in zip(places, self.sources):
            rows = [copy for row in self.rows(name, zone, channel, since, {source.form for source in sources})
                    for copy in self.copies(row)]
            for source in sources:
                chunks = {}
                share = 0.4 if len(sources) == 2 and source is sources[1] and len(source.directions) == 2 else 1
                for begin in range(self.begin if not since else since, self.end + 5 * DAY, DAY):
                    chunks.setdefault(source.chunk(begin), ([], []))
                for at, said in (said for row in rows if dice.random() < share for said in source.says(row)):
                    if said.get("is_broken") and source.form == "parquet":
                        continue
                    instants.append(at)
                    is_late = dice.random() < source.late
                    chunks.setdefault(source.chunk(at), ([], []))[is_late].append(said)
                for (begin, end), (in_time, late) in sorted(chunks.items()):
                    comes = end + dice.choice([0, HOUR, 7 * HOUR])
                    if dice.random() < source.lost:
                        comes += dice.choice([3, 20, 1000]) * DAY
                        happened["files that never come"] += comes > end + 100 * DAY
                    if in_time or source.coverage in ("daily", "manifest"):
                        dice.shuffle(in_time)
                        all_files.append((comes, source.write(folder, begin, end, in_time, "")))
                    if late:
                        happened["late files"] += 1
                        comes = end + dice.choice([2, 10, 35, 50]) * DAY
                        all_files.append((comes, source.write(folder, begin, end, late, "-late")))
        return sorted(all_files), sorted(set(instants))

    def customers(self):
        """Those with ids of their own: `forget` and `audit` do not agree about others."""
        shared = {customer for places in self.places.values() if len(places) > 1 for _, customer in places}
        return sorted({customer for places in self.places.values() for _, customer in places} - shared)

    def nights(self, instants):
        dice, nights = self.dice, set()
        ends = sorted({end for _, zone, _, _ in self.businesses for end in month_ends(self.begin, self.end + 5 * DAY, zone)})
        for _ in range(dice.randrange(1, 3)):
            nights.add(dice.randrange(self.begin + 4 * DAY, self.end + 5 * DAY) // SECOND * SECOND)
            happened["nights mid-month"] += 1
        for end in dice.sample(ends, min(len(ends), 3)):
            nights.add(end + max(WINDOW[self.window], 2 * DAY * self.has_steps) + dice.choice([0, 0, 1, -1, 60 * SECOND, 10 * DAY, HOUR]))
            happened["nights at the end of a horizon"] += 1
        if dice.random() < 0.5 and instants:
            nights.add(dice.choice(instants))
            happened["nights at the instant of a message"] += 1
        nights.add(self.end + dice.choice([3, 8, 20]) * DAY)
        nights.add(self.end + dice.choice([38, 60]) * DAY)
        return sorted(nights)
