#!/usr/bin/env python3
"""Runs the statements of src/engine/spark on a server, without the client of ritardo, and compares with `ritardo rate`.

For each log: `ritardo rate` on this machine writes all waits as Parquet; the server makes the same from the same log.
Row for row all columns must be equal, and each file that the server wrote must be in their order. The views are made here by another hand than that of the client, so
a fault of either is seen.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import warnings
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

warnings.simplefilter("ignore")

SQL = Path(__file__).resolve().parents[2] / "src/engine/spark"
FOREVER = 4 * 10**18
NEVER = 10**17
OPTIONAL = ["conversation", "kind", "status", "entry_point", "sighting", "fold"]
REQUIRED = ["message_id", "business", "channel", "customer", "direction", "sent_at"]
POINTS = ["information_request", "click_to_chat", "live_support", "unknown"]
COUNTING = "text image audio video document sticker location contacts order button interactive template automatic"
KINDS = COUNTING + " reaction edit revoke system note call other"
CONVERSATION = ("(case when conversation <> '' then conversation when customer rlike '^[1-9][0-9]{7,14}$' "
                "then concat('+', customer) else customer end)")
DIGITS = ("(case when customer rlike '^[+][0-9]*$' then substr(customer, 2, cast(least(7, greatest("
          "length(customer) - 1 - 5, least(length(customer) - 1, 3))) as int)) "
          "when customer rlike '^[+][0-9]*~' then substr(regexp_extract(customer, '^[+]([0-9]*)~', 1), 1, 7) else '' end)")
UNITS = {"ms": 10**3, "s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}


def micros(at):
    return (at - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)


def instant(text):
    return micros(datetime.fromisoformat(text.replace("Z", "+00:00")))


def length(text):
    number, unit = re.fullmatch(r"(\d+) ?(ms|s|m|h|d)", text).groups()
    return int(number) * UNITS[unit]


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def sound(column):
    digits = f"({column} rlike '^[+]?[0-9]{{1,64}}$' and not {column} rlike '^[+]?00')"
    return f"({digits} or ({column} rlike '^[!-~]([ -~]{{0,253}}[!-~])?$' and {column} rlike '[A-Za-z_~]'))"


class Tariff:
    def __init__(self, path):
        self.path = path
        toml = tomllib.loads(path.read_text(encoding="utf-8"))
        self.name = f"{toml['id']}@{toml['version']}"
        self.currency, self.zone = toml["currency"], ZoneInfo(toml.get("zone", "UTC"))
        self.free, self.tiers = toml.get("free", 0), toml.get("tiers")
        self.reading = toml.get("reading", {})
        self.rows = toml["rate"]
        for row in self.rows:
            row["market"] = row["market"].replace(" ", "")

    def day(self, row, key, other):
        if key not in row:
            return other
        day = datetime.fromisoformat(row[key]).replace(tzinfo=self.zone)
        return micros(day.astimezone(timezone.utc))

    def in_force(self):
        """(market, entry point, from, until, row): the rows of an entry point before the general ones."""
        for market in sorted({row["market"] for row in self.rows}):
            own = [(self.day(row, "from", -FOREVER), self.day(row, "to", FOREVER), line, row)
                   for line, row in enumerate(self.rows, 1) if row["market"] == market]
            edges = sorted({edge for begin, end, _, _ in own for edge in (begin, end)})
            for point in POINTS:
                for begin, end in zip(edges, edges[1:]):
                    found = [(line, row) for b, e, line, row in own if b <= begin < e
                             and row.get("entry_point", point) == point]
                    found.sort(key=lambda one: "entry_point" not in one[1])
                    if found:
                        yield market, point, begin, end, *found[0]

    def rates(self):
        for market, point, begin, end, line, row in self.in_force():
            tiers = row.get("tiers") or [row]
            aboves = [tier.get("above", 0) for tier in tiers]
            steps = [length(step["after"]) for tier in tiers for step in tier.get("steps", [])]
            last = max(steps, default=None)
            for tier, above, upto in zip(tiers, aboves, aboves[1:] + [FOREVER]):
                parts = tier.get("steps") or [{"after": None, "price": tier["price"]}]
                starts = [-NEVER if part["after"] is None else length(part["after"]) for part in parts]
                for part, start, stop in zip(parts, starts, starts[1:] + [NEVER]):
                    yield (market, POINTS.index(point), begin, end, line, last, len(tiers) > 1, above, upto, start, stop,
                           stop == NEVER, Decimal(part["price"]))

    def markets(self):
        """Spans of text in which the longest code that begins a number is the same."""
        codes = {row["market"] for row in self.rows} - {"other"}
        edges = sorted({edge for code in codes for edge in (code, code[:-1] + chr(ord(code[-1]) + 1))})
        for begin, end in zip(edges, edges[1:]):
            found = [code for code in codes if begin.startswith(code)]
            if found:
                yield begin[0], begin, end, max(found, key=len)

    def months(self, first, last):
        at = datetime.fromtimestamp(first / 10**6, self.zone) - timedelta(days=40)
        year, number = at.year, at.month
        while True:
            begin = datetime(year, number, 1, tzinfo=self.zone)
            after = (year + number // 12, number % 12 + 1)
            end = datetime(*after, 1, tzinfo=self.zone)
            yield f"{year:04}-{number:02}", micros(begin), micros(end)
            if micros(begin) > last + 400 * UNITS["d"]:
                return
            year, number = after

    def parameters(self, through):
        reading = self.reading
        late_reply = reading.get("charge_for") == "late_reply"
        usual = "answered" if reading.get("charge_for") == "late_outbound" else "received"
        dates = [reading.get("price_date", usual), reading.get("month_of", usual)]
        texts = {
            "complete_through": through, "tolerance": 0, "window": length(reading.get("window", "24h")),
            "give_up": length(reading["give_up"]) if "give_up" in reading else NEVER,
            "exclusive": int(reading.get("boundary") == "exclusive"),
            "kinds_that_count": ", ".join(map(quoted, COUNTING.split())),
            "known_kinds": ", ".join(map(quoted, KINDS.split())),
            "conversation": CONVERSATION, "digits": DIGITS,
            "sound_customer": sound("customer"), "sound_conversation": sound("conversation"),
            "human_only": reading.get("answered_by") == "human",
            "delivered_only": reading.get("answered_by") == "delivered",
            "dated_by_answer": "answered" in dates, "free_if_never": late_reply,
            "price_date": quoted(dates[0]), "month_of": quoted(dates[1]),
            "tariff": quoted(self.name), "currency": quoted(self.currency), "all_waits": True,
            "free": self.free, "all_units": self.tiers == "all_units",
            "counted": part("counted.sql" if self.counts() else "uncounted.sql"),
            "last_inbound": reading.get("clock") == "last_inbound", "wait_run": reading.get("charge_per") == "wait_run",
            "late_outbound": reading.get("charge_for") == "late_outbound", "waits": part(self.pairing()),
            "paired": part("paired.sql"), "row": part("row.sql"), "finest": part("finest.sql"), "stamps_differ": part("differ.sql"),
        }
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in texts.items()}

    def pairing(self):
        if self.reading.get("charge_for") == "late_outbound":
            return "outbound.sql"
        return "each.sql" if self.reading.get("clock", "each_inbound") == "each_inbound" else "runs.sql"

    def counts(self):
        return self.free > 0 or self.tiers is not None


def part(name):
    text = (SQL / name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


def statement(name, parameters):
    text = part(name)
    for _ in range(3):
        text = re.sub(r":([a-z_]+)", lambda found: parameters[found[1]], text)
    return text


def view(spark, name, columns, rows):
    def cell(value):
        if value is None:
            return "cast(null as bigint)"
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, Decimal):
            return f"cast('{value}' as decimal(18, 9))"
        return f"{value}L" if isinstance(value, int) else quoted(value)

    values = ", ".join("(" + ", ".join(map(cell, row)) + ")" for row in rows)
    if not values:
        values, columns = "(" + ", ".join(["''"] * len(columns)) + ")", columns
    spark.sql(f"create or replace temporary view {name} as select * from values {values} as t({', '.join(columns)})").collect()


def remote(spark, log, tariff, as_of, out):
    frame = spark.read.option("recursiveFileLookup", "true").option("mergeSchema", "true").parquet(str(log))
    known = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
    assert known["sent_at"] == "timestamp", known
    frame.createOrReplaceTempView("log")
    optional = [f"coalesce({name}, '') as {name}" if name in known else f"'' as {name}" for name in OPTIONAL]
    spark.sql("create or replace temporary view messages as select "
              + ", ".join(REQUIRED + optional) + " from log").collect()
    parameters = tariff.parameters(as_of) | {"as_of": str(as_of)}
    check = spark.sql(statement("check.sql", parameters)).collect()[0].asDict()
    refused = check["unsound_rows"] or check["rows_out_of_time"]
    assert not refused, check
    if check["named_rows"]:
        assert spark.sql(statement("names.sql", parameters)).collect()[0][0] == 0
    view(spark, "markets", ["first_digit", "from_digits", "until_digits", "market"], tariff.markets())
    view(spark, "rates", "market entry_point valid_from valid_until line last_step is_tiered above upto longer_than "
         "up_to_length is_last_step price".split(), tariff.rates())
    view(spark, "months", ["month", "begins", "ends"], tariff.months(check["first_at"], check["last_at"]))
    frame = spark.sql(statement("rated.sql", parameters))
    frame.write.partitionBy("of_month", "of_business").parquet(str(out))
    spark.read.parquet(str(out)).createOrReplaceTempView("rated")
    return check, spark.sql(statement("digests.sql", parameters)).collect()


COLUMNS = ("message_id, business, channel, conversation, received_at, answered_at, deadline, verdict, wait_ms, market, "
           "entry_point, tariff, rate, amount, currency, tier, place, run")


def difference(here, there):
    """What differs between the local file and the folder of the server, row by row; `None` where nothing does."""
    import duckdb

    base = duckdb.connect()
    base.execute("set timezone = 'UTC'")
    base.execute(f"create view here as select {COLUMNS} from '{here}'")
    folder = f"read_parquet('{there}/**/*.parquet', hive_partitioning = false)"
    base.execute(f"create view there as select {COLUMNS} from {folder}")
    counts = base.execute("select (select count(*) from here), (select count(*) from there)").fetchone()
    missing = base.execute("from here except all from there").fetchall()
    added = base.execute("from there except all from here").fetchall()
    if counts[0] == counts[1] and not missing and not added:
        return counts[0], unsorted(base, there)
    return counts[0], f"{counts} rows; here only {len(missing)}: {missing[:2]}; there only {len(added)}: {added[:2]}"


def unsorted(base, there):
    """The first file of the folder that is not in the order of waits."""
    order = "business, received_at, message_id, channel, conversation"
    for file in sorted(Path(there).rglob("*.parquet")):
        rows = base.execute(f"select {order} from read_parquet('{file}', hive_partitioning = false)").fetchall()
        if [(*row[:2], row[2].encode(), *row[3:]) for row in rows] != sorted((*row[:2], row[2].encode(), *row[3:]) for row in rows):
            return f"{file} is not sorted"
    return None


def digests(here):
    """The digests of src/engine/spark/digests.sql, of a local file or what else DuckDB can read from."""
    import duckdb

    here = here if str(here).startswith("(") else f"'{here}'"
    duckdb.execute("set timezone = 'UTC'")
    lanes = ", ".join(f"sum(('0x' || substr(hash, {at}, 15))::ubigint)::hugeint::varchar" for at in (1, 16, 31, 46))
    return duckdb.execute(f"""
        with hashed as (select business, amount, sha256(concat_ws('|', message_id, business, channel, conversation,
            epoch_us(received_at)::varchar, coalesce(epoch_us(answered_at)::varchar, ''), verdict, market, entry_point,
            coalesce((rate * 1000000000)::bigint::varchar, ''), coalesce((amount * 1000000000)::bigint::varchar, ''),
            coalesce(tier::varchar, ''), place, coalesce(run::varchar, ''))) as hash from {here})
        select business, count(*), count(amount), {lanes} from hashed group by business order by business""").fetchall()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--remote", required=True)
    options.add_argument("--ritardo", required=True)
    options.add_argument("--tariff", type=Path, required=True, action="append")
    options.add_argument("--as-of", required=True)
    options.add_argument("logs", type=Path, nargs="+")
    options = options.parse_args()
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.remote(options.remote).getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    failed = False
    for log in options.logs:
        for tariff in options.tariff:
            with tempfile.TemporaryDirectory() as scratch:
                here, there = Path(scratch) / "here.parquet", Path(scratch) / "there"
                subprocess.run([options.ritardo, "rate", log, "--tariff", tariff, "--as-of", options.as_of, "--out", here],
                               check=True, stdout=subprocess.DEVNULL)
                _, told = remote(spark, log.resolve(), Tariff(tariff), instant(options.as_of), there)
                rows, differs = difference(here, there)
                sums = {}
                for row in told:
                    one = sums.setdefault(row["business"], [0] * 6)
                    for place, name in enumerate(["waits", "charges", "digest_1", "digest_2", "digest_3", "digest_4"]):
                        one[place] += int(row[name])
                ours = {row[0]: [int(cell) for cell in row[1:]] for row in digests(here)}
                differs = differs or (None if sums == ours else f"digests: {sums} {ours}")
                charges = sum(one[1] for one in ours.values())
                print(f"{'differs' if differs else 'equal':8}{log.name} {tariff.name}: {rows} waits, {charges} charges", differs or "")
                failed |= bool(differs)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
