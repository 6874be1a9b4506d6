#!/usr/bin/env python3
"""ritardo beside what one would otherwise take: DuckDB, Polars and ClickHouse over the same Parquet file.

    python3 -m venv /tmp/compare && /tmp/compare/bin/pip install duckdb polars chdb
    cargo build --release --locked
    /tmp/compare/bin/python benches/compare.py target/release/ritardo --messages 20M --runs 5

Every run is a process of its own with two threads, in turn A B C A B C, and the medians are compared. All of them must
count the same waits and charges, and those that `ritardo generate` knew beforehand; else nothing is printed but what
differs. Nothing here is a test: a figure is of one machine and one day.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# What a question is, and what an answer, in the words of each engine: the default reading.
ASKS = "direction = 'inbound' AND kind <> 'reaction'"
ANSWERS = "direction = 'outbound' AND kind NOT IN ('reaction', 'note') AND status <> 'failed'"

DUCKDB = f"""
import duckdb, json, sys
c = duckdb.connect(); c.execute("SET threads = 2"); c.execute("SET preserve_insertion_order = false")
q = f'''SELECT count(*), count(*) FILTER (WHERE a.sent_at - q.sent_at > INTERVAL 24 HOUR), count(*) FILTER (WHERE a.sent_at IS NULL)
FROM (SELECT customer, sent_at FROM read_parquet('{{sys.argv[1]}}') WHERE {ASKS}) q
ASOF LEFT JOIN (SELECT customer, sent_at FROM read_parquet('{{sys.argv[1]}}') WHERE {ANSWERS}) a
ON q.customer = a.customer AND q.sent_at <= a.sent_at'''
print(json.dumps(c.execute(q).fetchone()))
"""

DUCKDB_CHARGES = f"""
import duckdb, json, sys
c = duckdb.connect(); c.execute("SET threads = 2"); c.execute("SET preserve_insertion_order = false")
q = f'''COPY (SELECT q.message_id, q.business, q.customer, q.sent_at AS received_at, a.sent_at AS answered_at
FROM (SELECT message_id, business, customer, sent_at FROM read_parquet('{{sys.argv[1]}}') WHERE {ASKS}) q
ASOF LEFT JOIN (SELECT customer, sent_at FROM read_parquet('{{sys.argv[1]}}') WHERE {ANSWERS}) a
ON q.customer = a.customer AND q.sent_at <= a.sent_at
WHERE a.sent_at IS NULL OR a.sent_at - q.sent_at > INTERVAL 24 HOUR
ORDER BY q.business, received_at, q.message_id) TO '{{sys.argv[2]}}' (FORMAT parquet, COMPRESSION zstd)'''
c.execute(q)
print(json.dumps([0, c.execute(f"SELECT count(*) FROM read_parquet('{{sys.argv[2]}}')").fetchone()[0], 0]))
"""

POLARS = """
import json, os, sys
os.environ["POLARS_MAX_THREADS"] = "2"
import polars as pl
m = pl.scan_parquet(sys.argv[1]).select("customer", "direction", "sent_at", "kind", "status")
asks = (pl.col("direction") == "inbound") & (pl.col("kind") != "reaction")
answers = (pl.col("direction") == "outbound") & ~pl.col("kind").is_in(["reaction", "note"]) & (pl.col("status") != "failed")
# Of one instant the answers come last: they answer.
m = m.with_columns(answers.alias("a"), asks.alias("q")).filter(pl.col("a") | pl.col("q")).sort("customer", "sent_at", "a")
m = m.with_columns(pl.when("a").then("sent_at").backward_fill().over("customer").alias("answer")).filter("q")
late = (pl.col("answer") - pl.col("sent_at")) > pl.duration(hours=24)
print(json.dumps(list(m.select(pl.len(), late.sum().alias("l"), pl.col("answer").is_null().sum().alias("n")).collect().row(0))))
"""

POLARS_DECODE = """
import os, sys
os.environ["POLARS_MAX_THREADS"] = "2"
import polars as pl
columns = ["message_id", "business", "channel", "customer", "direction", "sent_at", "kind", "status", "entry_point"]
pl.scan_parquet(sys.argv[1]).select(columns).collect(engine="streaming")
"""

CLICKHOUSE = f"""
import json, sys, chdb
q = f'''SELECT count(), countIf(a.sent_at > 0 AND a.sent_at - q.sent_at > 86400000000), countIf(a.sent_at = 0) FROM
(SELECT customer, toUnixTimestamp64Micro(sent_at) AS sent_at FROM file('{{sys.argv[1]}}', Parquet) WHERE {ASKS}) q
ASOF LEFT JOIN (SELECT customer, toUnixTimestamp64Micro(sent_at) AS sent_at FROM file('{{sys.argv[1]}}', Parquet) WHERE {ANSWERS}) a
ON q.customer = a.customer AND q.sent_at <= a.sent_at SETTINGS max_threads = 2'''
print(json.dumps([int(n) for n in str(chdb.query(q, "CSV")).strip().split(",")]))
"""


def run(command):
    """What a process prints, its wall and processor seconds, and its largest memory in MiB."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    if status != 0:
        sys.exit(f"{command[:3]} ended with {status}")
    return out.decode(), wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


class Rival:
    def __init__(self, name, command, counts):
        self.name, self.command, self.counts = name, command, counts
        self.runs = []

    def go(self):
        out, *figures = run(self.command)
        self.runs.append(figures)
        return self.counts(out) if self.counts else None

    def median(self, figure):
        return statistics.median(run[figure] for run in self.runs)


def rivals(program, shop, through, scratch):
    log = str(shop / "messages.parquet")
    rate = [program, "rate", log, "--tariff", str(shop / "tariff.toml"), "--as-of", through]
    summary, charges = str(scratch / "summary.json"), str(scratch / "charges.parquet")

    def verdicts(_):
        told = json.loads(Path(summary).read_text())["verdicts"]
        return [told["waits"], told["late"], told["unanswered"]]

    def python(script, *more):
        return [sys.executable, "-c", script, log, *more]

    def last_line(out):
        return json.loads(out.strip().splitlines()[-1])

    counting = [
        Rival("ritardo rate --summary", [*rate, "--summary", summary], verdicts),
        Rival("DuckDB ASOF JOIN, counts", python(DUCKDB), last_line),
        Rival("Polars sort and backward fill, counts", python(POLARS), last_line),
    ]
    try:
        import chdb  # noqa: F401

        counting.append(Rival("ClickHouse ASOF JOIN, counts", python(CLICKHOUSE), last_line))
    except ImportError:
        print("ClickHouse is left out: chdb is not installed", file=sys.stderr)
    writing = [
        Rival("ritardo rate --only charges (18 columns)", [*rate, "--only", "charges", "--out", charges], None),
        Rival("DuckDB, charges as Parquet (5 columns)", python(DUCKDB_CHARGES, str(scratch / "duck.parquet")), last_line),
    ]
    return counting, writing, [Rival("Polars, decoding the nine columns", python(POLARS_DECODE), None)]


def table(group, title):
    print(f"\n| {title} | wall s | CPU s | peak MiB | wall / ritardo | CPU / ritardo |\n|---|---:|---:|---:|---:|---:|")
    own = group[0]
    for rival in group:
        ratios = [f"{rival.median(figure) / own.median(figure):.2f}" for figure in (0, 1)]
        figures = [f"{rival.median(0):.2f}", f"{rival.median(1):.2f}", f"{rival.median(2):.0f}"]
        print(f"| {rival.name} | {' | '.join(figures + ratios)} |")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program")
    options.add_argument("--messages", default="20M")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--shop", type=Path, help="a folder of `ritardo generate --by month`; made where it is missing")
    arguments = options.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="ritardo-compare-"))
    shop = arguments.shop or scratch / "shop"
    if not (shop / "messages.parquet").exists():
        made = [arguments.program, "generate", str(shop), "--messages", arguments.messages, "--by", "month"]
        subprocess.run([*made, "--businesses", "50"], check=True)
    known = json.loads((shop / "expected.json").read_text())
    expected = [known["waits"], known["late"], known["unanswered"]]
    counting, writing, decoding = rivals(arguments.program, shop, "2018-09-14T00:00:00Z", scratch)
    for number in range(arguments.runs + 1):
        for rival in counting + writing + decoding:
            found = rival.go()
            wanted = [0, expected[1] + expected[2], 0] if rival in writing else expected
            if found is not None and found != wanted:
                sys.exit(f"{rival.name} finds {found}, {wanted} is known")
            if number == 0:
                rival.runs.clear()  # The first run warms the caches.
    rows = f"{known['rows']:,} messages, {(shop / 'messages.parquet').stat().st_size / 1e6:,.0f} MB of Parquet"
    print(f"{rows}; {platform.machine()}, {len(os.sched_getaffinity(0))} processors, medians of {arguments.runs}")
    print(f"all count {expected[0]:,} waits, {expected[1]:,} late, {expected[2]:,} never answered")
    table(counting, "counting")
    table(writing, "charges")
    table([counting[0], *decoding], "decoding alone")


main()
