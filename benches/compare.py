#!/usr/bin/env python3
"""ritardo beside what one would otherwise take: DuckDB, Polars and ClickHouse over the same logs.

    python3 -m venv /tmp/compare && /tmp/compare/bin/pip install duckdb polars chdb pyarrow
    cargo build --release --locked
    /tmp/compare/bin/python benches/compare.py target/release/ritardo --messages 20M --runs 5

Every run is a process of its own with two threads, in turn A B C A B C, and the medians are compared. All of them must
find what `ritardo generate` knew beforehand, and the two files of charges must be equal row by row; else this ends with
what differs, and not with 0. Nothing here is a test of speed: a figure is of one machine and one day.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import measure
from measure import Rival, in_turn, table

RIVALS = Path(__file__).with_name("rivals.py")
# The logs of the generated month are complete up to here.
THROUGH = "2018-09-14T00:00:00Z"
GROUPS = ["counts", "charges", "decode", "reading", "webhooks", "sizes"]


def rival(name, function, *words, finds=None, wanted=None):
    return Rival(name, [sys.executable, RIVALS, function, *words], finds, wanted)


def last_line(measured):
    return json.loads(measured.out.strip().splitlines()[-1])


class Month:
    """A generated month as one log, with what is known of it."""

    def __init__(self, folder, form):
        extension = {"webhook": "json"}.get(form, form)
        self.folder, self.log, self.tariff = folder, folder / f"messages.{extension}", folder / "tariff.toml"
        known = json.loads((folder / "expected.json").read_text())
        self.rows, self.bytes = known["rows"], self.log.stat().st_size
        self.verdicts = [known[name] for name in ("waits", "late", "unanswered")]
        self.charges = known["late"] + known["unanswered"]

    def told(self):
        return f"{self.rows:,} messages, {self.bytes / 1e6:,.0f} MB"


class Comparison:
    def __init__(self, options, scratch):
        self.program, self.runs, self.rivals_to = options.program, options.runs, count(options.rivals_to)
        self.shops, self.scratch = options.shops or scratch, scratch
        self.raw = []

    def month(self, messages, form="parquet"):
        """The month of so many messages, made where it is missing."""
        folder = self.shops / f"{form}-{messages}"
        if not (folder / "expected.json").exists():
            # What an earlier run left behind when it was stopped is not whole.
            shutil.rmtree(folder, ignore_errors=True)
            made = ["generate", folder, "--messages", messages, "--businesses", "50", "--by", "month", "--form", form]
            measure.run([self.program, *made])
        return Month(folder, form)

    def rate(self, name, month, *words, finds=None, wanted=None):
        command = [self.program, "rate", month.log, "--tariff", month.tariff, "--as-of", THROUGH, *words]
        return Rival(name, command, finds, wanted)

    def summary(self, month, name="`ritardo rate --summary`", *words):
        """The month judged and priced, compared with what is known."""
        path = self.scratch / "summary.json"

        def verdicts(_):
            told = json.loads(path.read_text())["verdicts"]
            return [told["waits"], told["late"], told["unanswered"]]

        return self.rate(name, month, "--summary", path, *words, finds=verdicts, wanted=month.verdicts)

    def measured(self, group, month, rivals):
        in_turn(rivals, self.runs)
        self.raw.append({
            "group": group,
            "messages": month.rows,
            "bytes": month.bytes,
            "rivals": [rival.raw() for rival in rivals],
        })

    def beside(self, title, rivals, own):
        """All figures, and those of each as multiples of ours."""
        rows = []
        for other in rivals:
            figures = [f"{other.median('wall'):.2f}", f"{other.median('cpu'):.2f}", f"{other.median('peak'):,.0f}"]
            ratios = [f"{other.median(figure) / own.median(figure):.2f}" for figure in ("wall", "cpu")]
            rows.append([other.name, *figures, *ratios])
        table([title, "wall s", "CPU s", "peak MiB", "wall / ritardo", "CPU / ritardo"], rows)

    def counting(self, month):
        name = "`ritardo rate --summary`, with the SHA-256 of the log"
        log, found = month.log, {"finds": last_line, "wanted": month.verdicts}
        rivals = [
            self.summary(month, name),
            rival("DuckDB, `ASOF JOIN`", "duckdb_counts", log, **found),
            rival("Polars, sort and backward fill", "polars_counts", log, **found),
        ]
        if has("chdb"):
            rivals.append(rival("ClickHouse (chdb), `ASOF JOIN`", "clickhouse_counts", log, **found))
        return rivals

    def counts(self, month):
        rivals = self.counting(month)
        self.measured("counts", month, rivals)
        waits, late, unanswered = month.verdicts
        print(f"\n{month.told()}; all count {waits:,} waits, {late:,} late, {unanswered:,} never answered.")
        self.beside("counting late and unanswered messages", rivals, rivals[0])

    def charges(self, month):
        ours, five, theirs = (self.scratch / f"{name}.parquet" for name in ("ours", "five", "theirs"))
        found = {"finds": last_line, "wanted": month.charges}
        log, tariff = month.log, month.tariff
        rivals = [
            self.rate("`ritardo rate --only charges`, 18 columns", month, "--only", "charges", "--out", ours),
            rival("DuckDB, the same 18 columns", "duckdb_charges_18", log, theirs, tariff, **found),
            rival("DuckDB, five columns without a price", "duckdb_charges_5", log, five, **found),
        ]
        self.measured("charges", month, rivals)
        # It reads whole columns: in a process of its own, so that this one stays small.
        same = last_line(measure.run([sys.executable, RIVALS, "same", ours, theirs]))
        if same["differ"] or same["rows"] != month.charges:
            sys.exit(f"the charges of ritardo and DuckDB differ: {same}, but {month.charges} charges are known")
        sizes = " and ".join(f"{file.stat().st_size / 1e6:,.0f} MB" for file in (ours, theirs))
        print(f"\n{month.told()}; both files of {same['rows']:,} charges are equal, row by row, in all")
        print(f"{same['columns']} columns and in their order ({sizes}).")
        self.beside("writing the charges as Parquet", rivals, rivals[0])

    def decode(self, month):
        rows = {"finds": last_line, "wanted": month.rows}
        own = self.summary(month)
        rivals = [
            own,
            rival("Polars, decoding the nine columns into memory", "polars_decode", month.log, **rows),
            rival("DuckDB, decoding and hashing the nine columns", "duckdb_decode", month.log, **rows),
        ]
        self.measured("decode", month, rivals)
        print(f"\n{month.told()}; the others only decode what `ritardo` judges and prices.")
        self.beside("decoding alone", rivals, own)

    def reading(self, messages):
        """Text logs, judged and priced, beside no more than the parsing of them."""
        rows = []
        for form, parse in [("csv", "read_csv"), ("ndjson", "read_ndjson")]:
            month = self.month(messages, form)
            found = {"finds": last_line, "wanted": month.rows}
            rivals = [
                self.summary(month, f"{form}: `ritardo rate --summary`"),
                rival(f"{form}: Polars, `{parse}` and nothing more", f"polars_{form}", month.log, **found),
            ]
            self.measured(f"reading {form}", month, rivals)
            print(f"\n{form}: {month.told()}.")
            own = self.speed(rivals[0], month)
            for other in rivals:
                speed = self.speed(other, month)
                figures = [f"{other.median('wall'):.2f}", f"{other.median('cpu'):.2f}", f"{other.median('peak'):,.0f}"]
                rows.append([other.name, *figures, f"{speed:,.0f}", f"{speed / own:.2f}"])
        table(["reading texts", "wall s", "CPU s", "peak MiB", "MB/s", "MB/s / ritardo"], rows)

    def speed(self, rival, month):
        return month.bytes / 1e6 / rival.median("wall")

    def webhooks(self, messages):
        month = self.month(messages, "webhook")
        own = self.summary(month, "`ritardo rate --summary`", "--timings")
        self.measured("webhooks", month, [own])
        stages = {name: [] for name in ("reading", "pairing and rating", "total")}
        for run in own.runs:
            seconds = seconds_of(run.err, stages)
            for name, all_seconds in stages.items():
                all_seconds.append(seconds[name])
        print(f"\nwebhook bodies: {month.told()}.")
        rows = []
        for name, all_seconds in stages.items():
            seconds = sorted(all_seconds)[len(all_seconds) // 2]
            rows.append([name, f"{seconds:.2f}", f"{month.bytes / 1e6 / seconds:,.0f}", f"{month.rows / seconds:,.0f}"])
        table(["webhook bodies, row by row", "s", "MB/s", "messages/s"], rows)
        self.raw[-1]["stages_s"] = stages

    def sizes(self, sizes):
        """How time and memory grow with the log: ours, and DuckDB's as far as it is wanted."""
        rows = []
        for messages in sizes:
            month = self.month(messages)
            rivals = [self.summary(month)]
            if count(messages) <= self.rivals_to:
                found = {"finds": last_line, "wanted": month.verdicts}
                rivals.append(rival("DuckDB, `ASOF JOIN`", "duckdb_counts", month.log, **found))
            self.measured(f"sizes {messages}", month, rivals)
            for other in rivals:
                wall, cpu, peak = (other.median(figure) for figure in ("wall", "cpu", "peak"))
                each = f"{cpu * 1e9 / month.rows:,.0f}"
                rows.append([other.name, f"{month.rows:,}", f"{wall:.2f}", f"{cpu:.2f}", f"{peak:,.0f}", each])
            if self.shops == self.scratch:
                # A log of a hundred million messages takes gigabytes.
                shutil.rmtree(month.folder)
        table(["by size", "messages", "wall s", "CPU s", "peak MiB", "CPU ns a message"], rows)


def seconds_of(told, stages):
    """The seconds of stages, from the table that `--timings` writes: name, rows, bytes, seconds, speed, memory."""
    seconds = {}
    for line in told.splitlines():
        name = next((name for name in stages if line.startswith(f"{name} ")), None)
        if name:
            seconds[name] = float(line[len(name):].split()[2])
    return seconds


def has(package):
    from importlib.util import find_spec

    return find_spec(package) is not None


def count(text):
    """A number of messages, as `ritardo generate` takes it."""
    factor = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    return int(text.rstrip("kM")) * factor


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=5, help="that are counted; one more warms the caches")
    parser.add_argument("--messages", default="20M", help="of the Parquet log")
    parser.add_argument("--texts", default="5M", help="messages of the CSV and the NDJSON log")
    parser.add_argument("--webhooks", default="1M", help="messages of the webhook bodies")
    parser.add_argument("--sizes", default="", help="such as 2M,20M,100M: time and memory by size")
    parser.add_argument("--rivals-to", default="100M", help="the largest of the sizes that DuckDB takes part in")
    parser.add_argument("--only", default="", help=f"some of {','.join(GROUPS)}")
    parser.add_argument("--shops", type=Path, help="a folder that keeps the generated months for the next time")
    parser.add_argument("--json", type=Path, help="a file for all raw figures")
    options = parser.parse_args()
    options.only = [group for group in options.only.split(",") if group] or GROUPS
    options.sizes = [size for size in options.sizes.split(",") if size]
    if unknown := set(options.only) - set(GROUPS):
        parser.error(f"--only knows {', '.join(GROUPS)}, not {', '.join(sorted(unknown))}")
    return options


def main():
    options = parsed()
    scratch = Path(tempfile.mkdtemp(prefix="ritardo-compare-"))
    try:
        machine = measure.machine()
        versions = measure.versions(options.program, ["duckdb", "polars", "chdb", "pyarrow"])
        measure.heading(machine, versions)
        print(f"Medians of {options.runs} runs in turn, after one that is not counted.")
        comparison = Comparison(options, scratch)
        month = None
        for group in ("counts", "charges", "decode"):
            if group in options.only:
                month = month or comparison.month(options.messages)
                getattr(comparison, group)(month)
        if "reading" in options.only:
            comparison.reading(options.texts)
        if "webhooks" in options.only:
            comparison.webhooks(options.webhooks)
        if "sizes" in options.only and options.sizes:
            comparison.sizes(options.sizes)
        raw = {"machine": machine, "versions": versions, "runs": options.runs, "groups": comparison.raw}
        measure.keep(options.json, raw)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
