#!/usr/bin/env python3
"""Plays random lives of a ledger twice, here and on a cluster, and compares them byte by byte.

    lives.py --ritardo BIN --remote sc://127.0.0.1:15002 [--seed N] [--lives N] [--minutes N] [--keep] WORKDIR

A life is a book of businesses, a tariff, sources of logs in several forms, files that come in time, late or never, and a
sequence of nights with what people do between them: accept gaps, open and settle disputes, approve, reissue, forget. After
each night what was printed and the folders of state must be equal, and at the end what `audit` says of every closed month.
The same seed is the same life. On a difference both folders are left in WORKDIR, and the code is 1; else WORKDIR is empty
at the end. What happened in all lives is counted and printed; thirty lives without something that they must have are an
error, too. A night of more than a minute differs: the ledger has the minute in which a mail went out. Needs pyarrow.
"""

import argparse
import csv
import json
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from exports import DAY, happened, micros, stamp
from life import Life

# Of this machine alone, or of the clock.
LEFT_OUT = ["settled", "exchange"]
# So many lives must have had everything below.
MANY = 30
HAPPENED = [
    "lives", "nights", "nights mid-month", "nights at the end of a horizon", "nights at the instant of a message",
    "nights here between those there", "nights of the past", "dry runs", "nights with several open months",
    "months closed", "months closed late", "months corrected", "earlier months billed", "late files",
    "late files after a close", "files that never come", "waits held by a gap", "gaps accepted", "questions accepted",
    "disputes settled", "reissued", "forgotten", "approved", "tolerance", "local times", "local times twice",
    "named conversations", "one direction a source", "two sources of a channel", "webhook statuses",
    "statuses in another month", "failed later", "ids on two channels", "ids on two businesses", "duplicates",
    "coarser copies", "copies that say less", "contradicting copies", "unknown kinds", "rows rejected",
    "automatic answers", "answers at the window", "answers a second off", "answers a microsecond off",
    "answers at once", "edges of a month", "across a change of the clocks", "exclusive boundary",
    "price at the deadline", "other windows", "steps", "minimum and cap", "prices of a later month",
    "a second version of the tariff", "a rate that is lacking", "channels taken over later", "channels given away",
    "silences", "audits", "audits as of another day", "audits between nights", "audits under another book",
    "strays: unknown channel", "strays: another business", "strays: another spelling", "strays: sides changed",
    "strays: a channel as customer", "strays: of its own", "strays: instead of the owner's", "strays: with the owner's id",
    "strays: that failed", "strays: inbound", "strays: webhooks before their time", "strays: webhooks after their time",
    "owned channels as customers of others", "nights with a grown book", "nights with a shrunk book",
    "nights with a channel moved in the book", "late logs under another book", "months corrected under another book",
    "forgotten with shared ids", "disputes by forgotten names", "disputes by names that were forgotten",
]


class Differs(Exception):
    """Here and on the cluster are not the same."""


class Play:
    """A life in two folders, `here` and `there`."""

    def __init__(self, options, seed, folder):
        self.options, self.folder, self.dice = options, folder, random.Random(-seed - 1)
        self.homes = [folder / "here", folder / "there"]
        self.life = life = Life(seed)
        (folder / "files").mkdir(parents=True)
        self.files, instants = life.files(folder / "files")
        self.instants, self.closed = life.nights(instants), set()
        texts = {"ritardo.toml": life.configuration(), "businesses.toml": life.book(life.begin), "tariff.toml": life.tariff(1)}
        self.book, self.closed_by, self.charged, self.late_by = texts["businesses.toml"], {}, {}, set()
        for name, text in texts.items():
            for home in self.homes:
                (home / "inbox").mkdir(parents=True, exist_ok=True)
                (home / name).write_text(text)
        for home in self.homes:
            (home / "state").mkdir(mode=0o700)
            (home / "state/names.key").write_text(f"{5:064}\n")
            (home / "state/names.key").chmod(0o600)

    def both(self, *args, there=()):
        """Runs a command in both folders; gives what it printed, which must be the same."""
        said = []
        for home, more in zip(self.homes, [(), there]):
            begun = time.monotonic()
            command = [self.options.ritardo, *args, *more]
            done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
            happened[f"ms of {args[0]} {home.name}"] += round(1000 * (time.monotonic() - begun))
            said.append((done.returncode, done.stdout, done.stderr))
            with (home.with_suffix(".said")).open("a") as log:
                log.write(f"$ ritardo {' '.join([*args, *more])}\n{done.stdout}{done.stderr}[{done.returncode}]\n")
        happened[f"code {said[0][0]} of {args[0]}"] += 1
        if said[0] != said[1]:
            raise Differs(f"ritardo {' '.join(args)} says\n{said[0]}\nand there\n{said[1]}")
        if said[0][0] == 78 and "lies before the last decision" not in said[0][2]:
            raise RuntimeError(f"a life is not well made: {said[0]}")
        return said[0]

    def compare(self):
        states = [home / "state" for home in self.homes]
        excluded = [f"--exclude={name}" for name in LEFT_OUT]
        done = subprocess.run(["diff", "-rq", *excluded, *states], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Differs("\n".join(done.stdout.splitlines()[:20]))

    def night(self, at):
        life, dice = self.life, self.dice
        came = [name for comes, name in self.files if comes <= at]
        self.files = [file for file in self.files if file[0] > at]
        happened["late files after a close"] += bool(self.closed) and any("-late" in str(name) for name in came)
        for name in came:
            for home in self.homes:
                (home / "inbox" / name).parent.mkdir(parents=True, exist_ok=True)
                for path in (self.folder / "files" / name.parent).glob(name.name + "*"):
                    shutil.copy2(path, home / "inbox" / name.parent)
        self.turn_book(at)
        if life.second_tariff and self.closed and dice.random() < 0.5:
            life.second_tariff = False
            for home in self.homes:
                (home / "tariff.toml").write_text(life.tariff(2))
        self.run(at, is_here=dice.random() < self.options.here, is_plain=dice.random() < 0.8)
        self.between(stamp(at))
        if dice.random() < 0.15:
            self.run(at, is_here=dice.random() < self.options.here, is_plain=True)
        if dice.random() < 0.15:
            self.dry_run(at)
        # What is known of a later time counts for nothing.
        if dice.random() < 0.1:
            self.dry_run(at - dice.randrange(20 * DAY))
        if dice.random() < 0.05:
            happened["nights of the past"] += 1
            self.run(at - dice.randrange(20 * DAY), is_here=False, is_plain=True)

    def turn_book(self, at):
        book = self.life.book(at)
        if book == self.book:
            return
        ids = lambda text: re.findall(r'^id = "(.*)"', text, re.M)
        was, now = ids(self.book), ids(book)
        happened["nights with a grown book"] += not set(now) <= set(was)
        happened["nights with a shrunk book"] += not set(was) <= set(now)
        owners = [{channel: name for name, *channels in map(ids, text.split("[[business]]")[1:]) for channel in channels}
                  for text in (self.book, book)]
        moved = any(owners[1].get(channel, name) != name for channel, name in owners[0].items())
        happened["nights with a channel moved in the book"] += moved
        self.book = book
        for home in self.homes:
            (home / "businesses.toml").write_text(book)

    def dry_run(self, at):
        happened["dry runs"] += 1
        self.both("run", "--as-of", stamp(at), "--dry-run", there=self.cluster())
        self.compare()

    def cluster(self):
        return ["--engine", "spark", "--remote", self.options.remote]

    def run(self, at, is_here, is_plain):
        happened["nights"] += 1
        happened["nights here between those there"] += is_here
        there = [] if is_here else self.cluster() + ["--memory", "1"] * (self.dice.random() < 0.3)
        _, said, _ = self.both("run", "--as-of", stamp(at), *([] if is_plain else ["--from-scratch"]), there=there)
        self.compare()
        happened["nights with several open months"] += len(set(re.findall(r"^waiting +(\S+)", said, re.M))) > 1
        happened["months corrected"] += len(re.findall(r"^credit ", said, re.M))
        happened["silences"] += len(re.findall(r"^alarm .*no outbound message from", said, re.M))
        for word in re.findall(r"^(\w+)", said, re.M):
            happened[f"said {word}"] += 1
        for word, *late in re.findall(r"^(late|credit|bill|debit) +(\d{4}-\d\d) +([\w-]+)", said, re.M):
            if self.closed_by.get(tuple(late), self.book) != self.book:
                happened["late logs under another book"] += 1
                happened["months corrected under another book"] += word != "late"
                self.late_by.add(late[0])
        closed = re.findall(r"^closed +(\S+) +(\S+)", said, re.M)
        for one in closed:
            self.closed_by[one] = self.book
        happened["months closed"] += len(closed)
        happened["months closed late"] += sum(at > micros(month + "-01") + 45 * DAY for month, _ in closed)
        self.closed |= set(closed)

    def between(self, as_of):
        """What people do after a night."""
        dice, at = self.dice, ["--as-of", as_of]
        _, said, _ = self.both("gap", "list", "--format", "json", *at)
        held = json.loads(said)["held"]
        for hold in held:
            happened["waits held by a gap"] += "gap" in json.dumps(hold)
        for hold in dice.sample(held, min(len(held), dice.choice([0, 0, 1, 30]))):
            self.both("gap", "accept", hold["id"], "--reason", "it is lost", *at)
            happened["gaps accepted" if "gap" in json.dumps(hold) else "questions accepted"] += 1
        _, status, _ = self.both("status", "--format", "json", *at)
        for month in sorted({month for month, _ in self.closed}):
            if self.life.needs_approval:
                continue
            paths = sorted((self.homes[0] / "state/charges" / month).glob("*.csv"))
            # A minimum has a row without a message.
            charges = [row for path in paths for row in csv.DictReader(path.open()) if row["message_id"]]
            forgotten = [row for row in charges if row["message_id"].startswith("forgotten-")]
            plain = [row for row in charges if row not in forgotten]
            self.charged.update({(row["message_id"], row["channel"]): row for row in plain})
            claims = self.claims(plain, forgotten) if dice.random() < (0.7 if forgotten else 0.3) else []
            for home in self.homes:
                with (home / "claims.csv").open("w") as out:
                    writer = csv.writer(out)
                    writer.writerow(["message_id", "channel", "reason", "decision"])
                    decisions = ["", "accept", ""]
                    for row, decision in zip(claims, decisions):
                        writer.writerow([row["message_id"], row["channel"].removeprefix("'"), "no", decision])
            if claims:
                code, said, _ = self.both("dispute", "open", "claims.csv", *at)
                forgotten = [row["message_id"].startswith("forgotten-") for row in claims]
                happened["disputes by forgotten names"] += code == 0 and any(forgotten)
                happened["disputes by names that were forgotten"] += code == 0 and any("was" in row for row in claims)
                for number in re.findall(r"^dispute (\d+)", said, re.M):
                    code, _, _ = self.both("dispute", "settle", number, "--issue", *at)
                    happened["disputes settled"] += code == 0
        if dice.random() < 0.1:
            _, said, _ = self.both("invoice", "list", "--format", "json")
            numbers = sorted(set(re.findall(r'"(LV-\d+-\d+)"', said)))
            if numbers:
                self.life.street, self.book = "2 Street", self.book.replace("1 Street", "2 Street")
                for home in self.homes:
                    (home / "businesses.toml").write_text(self.book)
                happened["reissued"] += self.both("reissue", dice.choice(numbers), "--reason", "a word", *at)[0] == 0
        customers, shared = self.life.customers()
        for _ in range(dice.choice([0, 0, 1, 2]) if customers and self.life.forgets else 0):
            charged = {customer for name, _ in self.charged for _, customer in self.life.places.get(name, [])}
            those = [shared, sorted(charged), sorted(charged & set(shared)), customers]
            customer = dice.choice(dice.choice([those for those in those if those]))
            done = self.both("forget", customer, *at)[0] == 0
            happened["forgotten"] += done
            happened["forgotten with shared ids"] += done and customer in shared
        for month in sorted(set(re.findall(r'"month": "([\d-]+)"', status))) if self.life.needs_approval else []:
            happened["approved"] += self.both("approve", month, *at)[0] == 0
        self.compare()
        if self.closed and dice.random() < 0.15:
            happened["audits between nights"] += 1
            self.audit(dice.choice(sorted({month for month, _ in self.closed})))

    def claims(self, plain, forgotten):
        """Some rows of a file of charges, rather those of the forgotten, and by the names that they had."""
        dice = self.dice
        place = lambda row: (row["channel"], row["received_at"])
        was = [{**row, "was": True} for row in self.charged.values() if place(row) in map(place, forgotten)]
        claims = dice.sample(plain, min(len(plain), 3))
        for more in (forgotten, was):
            if more and dice.random() < 0.6:
                claims[:0] = [dice.choice(more)]
        names = set()
        return [row for row in claims if not (row["message_id"] in names or names.add(row["message_id"]))][:3]

    def audit(self, month, known=()):
        happened["audits"] += 1
        happened["audits as of another day"] += bool(known)
        happened["audits under another book"] += month in self.late_by
        code, said, _ = self.both("audit", month, "--format", "json", *known, there=self.cluster())
        happened["audits that found a difference"] += '"identical"' not in said or code != 0

    def play(self):
        for at in self.instants:
            self.night(at)
        for month in sorted({month for month, _ in self.closed}):
            known = ["--as-known", stamp(self.dice.choice(self.instants))] if self.dice.random() < 0.4 else []
            self.audit(month)
            if known:
                self.audit(month, known)
        issued = [path.read_text() for path in sorted((self.homes[0] / "state/issued").glob("*/*.json"))]
        happened["earlier months billed"] += sum('"earlier": [\n' in text for text in issued)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--ritardo", required=True, type=lambda path: str(Path(path).resolve()))
    options.add_argument("--remote", required=True)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--lives", type=int, default=20)
    options.add_argument("--minutes", type=float, default=1e9, help="begin no life after so many minutes")
    options.add_argument("--here", type=float, default=0.12, help="how many of the nights there are without the cluster")
    options.add_argument("--keep", action="store_true", help="keep the folders of all lives, and go on after a difference")
    options.add_argument("folder", type=Path)
    options = options.parse_args()
    differ, until = 0, time.monotonic() + 60 * options.minutes
    for seed in range(options.seed, options.seed + options.lives):
        if time.monotonic() > until:
            break
        happened["lives"] += 1
        folder, begun = options.folder.resolve() / f"life-{seed}", time.monotonic()
        shutil.rmtree(folder, ignore_errors=True)
        try:
            Play(options, seed, folder).play()
        except Differs as why:
            differ += 1
            print(f"seed {seed} differs, see {folder}: {why}", flush=True)
            if not options.keep:
                sys.exit(1)
            continue
        print(f"seed {seed}: equal, {time.monotonic() - begun:.1f} s", flush=True)
        if not options.keep:
            shutil.rmtree(folder)
    for name in HAPPENED + sorted(set(happened) - set(HAPPENED)):
        print(f"{happened[name]:8} {name}")
    lacking = [name for name in HAPPENED if not happened[name]] if happened["lives"] >= MANY else []
    if lacking:
        print(f"{happened['lives']} lives had no {', no '.join(lacking)}")
    sys.exit(1 if differ or lacking else 0)


if __name__ == "__main__":
    main()
