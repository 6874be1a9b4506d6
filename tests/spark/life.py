"""Draws a life of a ledger from a seed: the book, the tariff, the sources, their files and when they come, the nights.

What is drawn is counted in `happened`, so that `lives.py` can tell what its lives did not have.
"""

import json
import random

from exports import DAY, HOUR, SECOND, Source, happened, micros, moment, stamp
from strays import Strays, count

WINDOW = {"24h": DAY, "12h": DAY // 2, "36h": DAY * 3 // 2, "90m": 3 * HOUR // 2}
ZONES = ["Europe/Rome", "Europe/Rome", "Europe/Lisbon", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"]
CODES = ["39333", "39333", "351912", "1809555", "1212555", "4477", "91987", "55119"]
KINDS = ["text"] * 24 + ["image", "automatic", "automatic", "reaction", "call", "template", "note"]
# Clocks change in Rome and Lisbon, and in São Paulo.
CHANGES = [micros(text) for text in ("2018-10-28T01:00", "2019-03-31T01:00", "2018-11-04T03:00", "2019-02-17T02:00")]


def month_ends(begin, end, zone):
    """The instants between two at which a month of a zone begins."""
    year, month, ends = moment(begin).year, moment(begin).month, []
    while not ends or ends[-1] < end:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        ends.append(micros(f"{year}-{month:02}-01", zone))
    return ends[:-1]


class Life:
    """What will happen, drawn from a seed."""

    def __init__(self, seed):
        self.dice = dice = random.Random(seed)
        first = dice.choice(["2018-09-12", "2018-10-05", "2018-10-20", "2019-02-24", "2019-03-10"])
        self.begin = micros(first) + dice.randrange(12) * DAY
        ends = month_ends(self.begin, self.begin + 100 * DAY, "UTC")
        self.end = ends[dice.choice([0, 1, 1, 1, 2])] + dice.randrange(1, 9) * DAY
        # How much of what exports have is wrong.
        self.dirt = dice.choice([0, 0, 0.3, 1, 5])
        self.window = dice.choice(["24h", "24h", "24h", "12h", "36h", "90m"])
        # By id, on which channels and of which customers it is.
        self.number, self.used, self.places = 0, [], {}
        self.businesses, self.sources = [], []
        self.strays, self.book_changes, self.street = Strays(dice), dice.random() < 0.5, "1 Street"
        # What is wrong keeps months open, so that nothing is corrected.
        self.is_clean = self.book_changes and dice.random() < 0.6
        if self.is_clean:
            self.dirt, self.strays.share = 0, min(self.strays.share, 0.004)
        for number in range(dice.choice([1, 2, 2, 3])):
            self.found(number + 1)
        # By business, or channel: the spans in which the book has it; by channel, since when it has another business there.
        self.in_book, self.moves = {}, {}
        if self.book_changes:
            self.change_book()
        self.second_tariff = dice.random() < 0.3
        readings = [("window", self.window, 1), ("boundary", "exclusive", 0.3), ("price_date", "deadline", 0.25)]
        self.reading = {name: value for name, value, chance in readings if dice.random() < chance}
        self.has_steps, self.has_limits, self.lacks_rate = dice.random() < 0.3, dice.random() < 0.2, dice.random() < 0.07
        self.forgets = dice.random() < 0.5
        self.needs_approval, self.debits = dice.random() < 0.15, dice.random() < 0.6
        happened["exclusive boundary"] += "boundary" in self.reading
        happened["price at the deadline"] += "price_date" in self.reading
        happened["other windows"] += self.window != "24h"
        happened["steps"] += self.has_steps
        happened["minimum and cap"] += self.has_limits

    def found(self, number):
        """A business with its channels and their sources."""
        dice, name = self.dice, f"business-{number}"
        zone, channels = dice.choice(ZONES), []
        for place in range(dice.choice([1, 2, 2, 3])):
            form = dice.choice(["csv", "ndjson", "parquet", "webhook"])
            names = [f"+3905100{number}{place}"] * 3 + [f"it's-{number}{place}"]
            channel = f"10020030{number}{place}" if form == "webhook" else dice.choice(names)
            source = Source(dice, f"{name}-{place}", name, [channel], form, dice.choice([zone, zone, "UTC"]), dice.random() < 0.2)
            sources = [source]
            if dice.random() < 0.2:
                another = dice.choice(["csv", "parquet", form])
                other = Source(dice, f"{name}-{place}-too", name, [channel], another, zone, source.tolerance)
                other.is_named = source.is_named = False
                if dice.random() < 0.5:
                    source.directions, other.directions = ["inbound"], ["outbound"]
                    happened["one direction a source"] += 1
                else:
                    happened["two sources of a channel"] += 1
                sources.append(other)
            if self.book_changes:
                for one in sources:
                    one.late = dice.choice([0.004, 0.03, 0.1])
                    one.lost = 0 if self.is_clean else one.lost
            since = None
            if dice.random() < (0.3 if form == "webhook" else 0.15):
                since = self.begin + dice.randrange((self.end - self.begin) // (2 * DAY)) * DAY
            until = None
            if dice.random() < 0.1:
                until = self.end - dice.randrange((self.end - self.begin) // (3 * DAY)) * DAY
            channels.append((channel, since, until))
            happened["channels given away"] += until is not None
            self.sources.append(sources)
            happened["channels taken over later"] += since is not None
            for source in sources:
                happened["tolerance"] += source.tolerance
                happened["named conversations"] += source.is_named
        is_later = dice.random() < 0.5
        begin = self.begin + (30 * DAY if is_later and dice.random() < 0.3 else 0)
        self.businesses.append((name, zone, channels, is_later, moment(begin, zone).strftime("%Y-%m")))

    def change_book(self):
        """Draws when the book has what. The first business never leaves it."""
        dice, until = self.dice, self.end + 60 * DAY
        for place, (name, _, channels, *_) in enumerate(self.businesses):
            names = [name] * (place > 0) + [channel for channel, _, _ in channels[1:]]
            for name in names:
                luck, at = dice.random(), dice.randrange(self.begin + 5 * DAY, self.end + 30 * DAY)
                if luck < 0.3:
                    self.in_book[name] = [(at, until)]
                elif luck < 0.5:
                    self.in_book[name] = [(0, at)]
                elif luck < 0.6:
                    self.in_book[name] = [(0, at), (at + dice.choice([5, 20, 40]) * DAY, until)]
            others = [other for other, *_ in self.businesses if other != name]
            if others and dice.random() < 0.3:
                self.moves[channels[0][0]] = (dice.randrange(self.begin + 20 * DAY, self.end + 30 * DAY), dice.choice(others))

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
        steps = [(self.window, "0.03"), ("48h", "0.08")]
        steps = ", ".join(f'{{ after = "{after}", price = "{price}" }}' for after, price in steps)
        since = f'from = "{cut}"\n' if self.lacks_rate else ""
        add("other", f"steps = [{steps}]" if self.has_steps else 'price = "0.09"', since)
        happened["prices of a later month"] += 1
        happened["a rate that is lacking"] += self.lacks_rate
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
                 '[digest]\nto = "office@issuer.example"\nwrite = true\n'
                 '[mail]\ntransport = "file"\n']
        return "".join(rules + [source.rules() for sources in self.sources for source in sources])

    def book(self, at):
        """The book as it is at an instant."""
        text, has = "", lambda name: any(begin <= at < end for begin, end in self.in_book.get(name, [(0, at + 1)]))
        owner = lambda channel, name: self.moves[channel][1] if channel in self.moves and at >= self.moves[channel][0] else name
        owned = [(owner(owned[0], name), owned) for name, _, channels, *_ in self.businesses for owned in channels]
        for name, zone, _, is_later, month in self.businesses:
            if not has(name) or not any(owner == name and has(owned[0]) for owner, owned in owned):
                continue
            text += (f'[[business]]\nid = "{name}"\nlegal_name = "{name}"\naddress = ["{self.street}"]\ncountry = "US"\n'
                     f'emails = ["{name}@business.example"]\nlanguage = "{"it" if is_later else "en"}"\nzone = "{zone}"\n'
                     f'first_month = "{month}"\nvat = {{ treatment = "out-of-scope" }}\n')
            for channel, since, until in (owned for owner, owned in owned if owner == name and has(owned[0])):
                text += f'[[business.channel]]\nid = "{channel}"\n' + (f'from = "{stamp(since)}"\n' if since else "")
                text += f'to = "{stamp(until)}"\n' if until else ""
        return text

    # What is said.

    def rows(self, business, zone, channel, since, forms):
        """The messages of a channel, each once."""
        dice, begin = self.dice, since or self.begin
        if since and ("webhook" not in forms or self.strays.share and dice.random() < 0.7):
            begin -= 2 * DAY
        customers = [f"+{dice.choice(CODES)}{dice.randrange(10**5, 10**6)}" for _ in range(dice.randrange(3, 25))]
        if "webhook" not in forms:
            customers += ["someone", "+39", "39333123456", "+1809"]
            if self.strays.share and dice.random() < 0.3:
                happened["owned channels as customers of others"] += 1
                customers.append(dice.choice([channel for _, _, channels, *_ in self.businesses for channel, _, _ in channels]))
        changes = [at for at in CHANGES if begin < at - 2 * DAY < self.end - 4 * DAY]
        ends, precision = month_ends(begin, self.end, zone), dice.choice([1, 1000, SECOND])
        for _ in range(dice.choice([20, 60, 150, 300])):
            at = dice.randrange(begin + HOUR, self.end)
            if ends and dice.random() < 0.1:
                happened["edges of a month"] += 1
                at = dice.choice(ends) + dice.choice([0, 0, 1, -1, 1000, -1000, -SECOND, SECOND, -HOUR])
                at = max(at - dice.choice([0, 0, WINDOW[self.window]]), begin)
            elif dice.random() < 0.1 and changes:
                at = dice.choice(changes) + dice.randrange(-dice.choice([1, 25]) * HOUR, HOUR, 60 * SECOND)
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
        for word, those in [("at the window", [0]), ("a second off", [SECOND, -SECOND]), ("a microsecond off", [1, -1])]:
            happened[f"answers {word}"] += off in those
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
        later = [0, SECOND, HOUR, 5 * HOUR, 3 * DAY]
        signs = [("sent", 0)] + [(status, dice.choice(later)) for status in ("delivered", "read")]
        signs = signs[dice.choice([0, 0, 0, 0, 1]):dice.choice([1, 2, 3])] or signs[:1]
        if dice.random() < 0.04:
            signs.append(("failed", dice.choice([0, HOUR, 2 * DAY, 20 * DAY])))
        kind = "poll" if dice.random() < 0.005 * self.dirt else dice.choice(KINDS)
        happened["unknown kinds"] += kind == "poll"
        point = dice.choice(["unknown", "click_to_chat", "live_support"]) if direction == "inbound" else ""
        status = signs[-1][0] if direction == "outbound" else ""
        talk = f"talk-{customer[-6:]}-{dice.randrange(2)}"
        return {"message_id": name, **places, "customer": customer, "direction": direction, "sent_at": at, "kind": kind,
                "status": status, "entry_point": point, "conversation": talk, "signs": signs}

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
        elif 0.07 < luck < 0.09:
            happened["copies that say less"] += 1
            if row["direction"] == "outbound":
                copy["status"] = dice.choice(["", "sent", "delivered", "read", "failed"])
            copy[dice.choice(["kind", "entry_point"])] = ""
            yield copy
        elif 0.1 < luck < 0.1 + 0.004 * self.dirt:
            happened["contradicting copies"] += 1
            what = dice.choice(["sent_at", "kind", "customer", "direction"])
            other = {"sent_at": row["sent_at"] + SECOND, "kind": "image", "customer": "+393339999999", "direction": "inbound"}
            copy[what] = other[what]
            self.places[row["message_id"]].add((copy["channel"], copy["customer"]))
            yield copy
        elif 0.2 < luck < 0.2 + 0.003 * self.dirt:
            happened["rows rejected"] += 1
            yield {**copy, "message_id": f"broken{self.number}", "is_broken": True}

    def files(self, folder):
        """Writes all files; gives when each comes, and the instants of the messages."""
        dice, all_files, instants = self.dice, [], []
        places = [(name, zone, channel) for name, zone, channels, *_ in self.businesses for channel in channels]
        names, channels = [name for name, *_ in self.businesses], [channel for _, _, (channel, *_) in places]
        for (name, zone, (channel, since, until)), sources in zip(places, self.sources):
            forms = {source.form for source in sources}
            form, rows = "webhook" if "webhook" in forms else "text", []
            for row in self.rows(name, zone, channel, since, forms):
                strays, stays = self.strays.of(row, form, channels, names)
                for one in strays + [row] * stays:
                    self.places.setdefault(one["message_id"], set()).add((one["channel"], one["customer"]))
                    rows += self.copies(one)
            for source in sources:
                chunks = {}
                share = 0.4 if len(sources) == 2 and source is sources[1] and len(source.directions) == 2 else 1
                for begin in range(self.begin if not since else since, self.end + 5 * DAY, DAY):
                    chunks.setdefault(source.chunk(begin), ([], []))
                all_said = ((row, said) for row in rows if dice.random() < share for said in source.says(row))
                for row, (at, said) in all_said:
                    if said.get("is_broken") and source.form == "parquet":
                        continue
                    count(row, source.form, since, until)
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
        """All of them, and those who share an id with another one."""
        shared = {customer for places in self.places.values() if len(places) > 1 for _, customer in places}
        return sorted({customer for places in self.places.values() for _, customer in places}), sorted(shared)

    def nights(self, instants):
        dice, nights = self.dice, set()
        zones = {zone for _, zone, *_ in self.businesses}
        ends = sorted({end for zone in zones for end in month_ends(self.begin, self.end + 5 * DAY, zone)})
        for _ in range(dice.randrange(1, 3)):
            nights.add(dice.randrange(self.begin + 4 * DAY, self.end + 5 * DAY) // SECOND * SECOND)
            happened["nights mid-month"] += 1
        for end in dice.sample(ends, min(len(ends), 3)):
            horizon = max(WINDOW[self.window], 2 * DAY * self.has_steps)
            nights.add(end + horizon + dice.choice([0, 0, 1, -1, 60 * SECOND, 10 * DAY, HOUR]))
            happened["nights at the end of a horizon"] += 1
        if dice.random() < 0.5 and instants:
            nights.add(dice.choice(instants))
            happened["nights at the instant of a message"] += 1
        nights.add(self.end + dice.choice([3, 8, 20]) * DAY)
        nights.add(self.end + dice.choice([38, 60]) * DAY)
        return sorted(nights)
