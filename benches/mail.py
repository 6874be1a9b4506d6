#!/usr/bin/env python3
"""Mails a second over one connection: `ritardo` beside `smtp-source` of Postfix, with the same count and size.

    cargo build --release --locked
    python3 benches/mail.py target/release/ritardo

A generated shop closes its month while the mail server is away, so that all invoices are made and all mails wait. Then one run
sends them, over one connection, to `smtp-sink`, which keeps nothing, and to a Postfix of its own that discards what it has put
into its queue. `smtp-source` sends as many mails of the mean size over one connection to the same servers. What a mail costs
beside the connection is the ledger: a commit for the end of one mail and the beginning of the next, on the disk before anything
follows from it; so the same is measured with the state in memory, and a commit by itself. Root on Debian: see tests/mail/postfix.

Only a mail that is missing ends this with anything but 0: a figure is of one machine and one day.
"""

import argparse
import pathlib
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import measure
from measure import table

POSTFIX = pathlib.Path(__file__).resolve().parent.parent / "tests/mail/postfix"
# All months are closed, and the mails wait; then a day later for each sending, since what was deferred waits.
CLOSING, SENDING = "2018-09-20T00:00:00Z", "2018-09-21T00:00:00Z"
COMMITS = 300
WHERE = {"disk": "on disk", "memory": "in memory"}


def port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Shop:
    """A shop whose mails wait, which can be copied as often as they are to be sent."""

    def __init__(self, program, folder, options):
        self.program, self.folder = program, folder
        made = ["--businesses", options.businesses, "--messages", options.messages]
        measure.run([program, "generate", folder, *made])
        book = folder / "businesses.toml"

        def several(found):
            name, domain = found.groups()
            return "emails = [" + ", ".join(f'"{name}-{n}@{domain}"' for n in range(options.recipients)) + "]"

        book.write_text(re.sub(r'^emails = \["([^"@]+)@([^"]+)"\]', several, book.read_text(), flags=re.M))
        config = folder / "ritardo.toml"
        smtp = 'transport = "smtp"\nhost = "127.0.0.1"\nport = 1\ntls = "loopback"\n'
        config.write_text(config.read_text().replace('transport = "file"\n', smtp, 1))
        # Nothing listens there: one mail is deferred, and the others wait as they are.
        said = self.run(folder, CLOSING)
        shutil.rmtree(folder / "inbox")
        (folder / "inbox").mkdir()
        self.mails = sorted((folder / "state/issued").glob("*/*.eml"))
        if not self.mails:
            sys.exit(f"no mail waits\n{said.stdout}")
        self.size = round(statistics.mean(path.stat().st_size for path in self.mails))

    def run(self, folder, as_of, expected=0):
        command = [self.program, "run", "--config", folder / "ritardo.toml", "--as-of", as_of, "--timings"]
        said = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if said.returncode != expected:
            sys.exit(f"the run ended with {said.returncode}, not {expected}\n{said.stdout[-2000:]}{said.stderr[-2000:]}")
        return said

    def send(self, to, below):
        """Seconds of the stage that sends, and entries of the ledger that it added."""
        with tempfile.TemporaryDirectory(dir=below) as copy:
            folder = pathlib.Path(copy) / "shop"
            shutil.copytree(self.folder, folder)
            config = folder / "ritardo.toml"
            config.write_text(config.read_text().replace("port = 1\n", f"port = {to}\n", 1))
            before = entries(folder)
            said = self.run(folder, SENDING)
            found = re.search(r"^mail +([\d,]+) +\S+ +([\d.]+) ", said.stderr, re.M)
            if not found or int(found[1].replace(",", "")) != len(self.mails):
                sys.exit(f"not all mails were sent\n{said.stdout[-2000:]}{said.stderr}")
            return float(found[2]), entries(folder) - before


def entries(folder):
    with sqlite3.connect(folder / "state/ledger.db") as ledger:
        return ledger.execute("SELECT count(*) FROM entry WHERE kind LIKE 'mail%'").fetchone()[0]


def source(shop, to):
    """Seconds of `smtp-source` with as many mails of the mean size, over one connection."""
    sizes = ["-m", len(shop.mails), "-l", shop.size, "-s", 1, "-d"]
    return measure.run(["smtp-source", *sizes, "-f", "billing@issuer.example", "-t", "a@business.example", f"127.0.0.1:{to}"]).wall


def commit(below):
    """Seconds of one commit of two rows, as the ledger commits while many mails are sent: into a log, with one sync."""
    with tempfile.TemporaryDirectory(dir=below) as folder:
        ledger = sqlite3.connect(pathlib.Path(folder) / "ledger.db", isolation_level=None)
        ledger.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA; CREATE TABLE entry (body TEXT)")
        begin = time.perf_counter()
        for _ in range(COMMITS):
            ledger.execute("BEGIN IMMEDIATE")
            for _ in range(2):
                ledger.execute("INSERT INTO entry VALUES (?)", ("x" * 300,))
            ledger.execute("COMMIT")
        passed = time.perf_counter() - begin
        ledger.close()
    return passed / COMMITS


class Sink:
    """It answers, and keeps nothing."""

    def __enter__(self):
        self.port = port()
        self.process = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{self.port}", "100"])
        for _ in range(100):
            time.sleep(0.05)
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self.port
            except ConnectionRefusedError:
                pass
        sys.exit("smtp-sink does not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Postfix:
    """Its queue is on the disk, as that of any server; what has left the queue is discarded."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        started = subprocess.run([POSTFIX, "start", self.folder, "business.example"])
        if started.returncode:
            sys.exit(started.returncode)
        subprocess.run(["postconf", "-c", self.folder, "-e", "virtual_transport=discard:"], check=True)
        subprocess.run(["postfix", "-c", self.folder, "reload"], check=True, capture_output=True)
        time.sleep(1)
        return int(re.search(r"plain=(\d+)", (self.folder / "ports").read_text())[1])

    def __exit__(self, *_):
        subprocess.run([POSTFIX, "stop", self.folder])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("program", type=pathlib.Path)
    arguments.add_argument("--businesses", default="100", help="an invoice with its PDF each [100]")
    arguments.add_argument("--recipients", type=int, default=10, help="mails of each invoice [10]")
    arguments.add_argument("--messages", default="100k", help="of the month; with few, some businesses have no charge [100k]")
    arguments.add_argument("--runs", type=int, default=3, help="of each, of which the median is told [3]")
    arguments.add_argument("--memory", type=pathlib.Path, default=pathlib.Path("/dev/shm"), help="a folder in memory [/dev/shm]")
    options = arguments.parse_args()
    program = options.program.resolve()
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        # Postfix works as another user.
        folder.chmod(0o755)
        # The first of these installs what is missing.
        with Postfix(folder / "postfix") as postfix, Sink() as sink:
            shop = Shop(program, folder / "shop", options)
            places = [("disk", folder)] + ([("memory", options.memory)] if options.memory.is_dir() else [])
            count = len(shop.mails)
            measure.heading(measure.machine(), measure.versions(program, []))
            print(f"\n{count:,} mails of {shop.size / 1024:,.0f} KiB on average, one connection, medians of {options.runs} runs.")
            rows = []
            for name, to in (("smtp-sink", sink), ("Postfix", postfix)):
                other, ours = [], {place: [] for place, _ in places}
                # In turn, so that a slower minute is everybody's.
                for _ in range(options.runs):
                    other.append(source(shop, to))
                    for place, below in places:
                        ours[place].append(shop.send(to, below))
                base = statistics.median(other)
                rows.append([f"`smtp-source` to {name}", f"{count / base:,.0f}", f"{base / count * 1000:.2f}", "", "1.00"])
                for place, runs in ours.items():
                    seconds, added = statistics.median(run[0] for run in runs), runs[0][1]
                    shown = [f"{count / seconds:,.0f}", f"{seconds / count * 1000:.2f}", f"{added / count:.1f}", f"{base / seconds:.2f}"]
                    rows.append([f"`ritardo` to {name}, state {WHERE[place]}", *shown])
            table(["", "mails/s", "ms a mail", "ledger entries a mail", "of `smtp-source`"], rows)
            told = ", ".join(f"{commit(below) * 1000:.2f} ms {WHERE[place]}" for place, below in places)
            print(f"\nA commit by itself takes {told}. A mail costs one, so that no more mails a second can go than commits.")


main()
