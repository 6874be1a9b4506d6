#!/usr/bin/env python3
"""Compares what a cluster has made with what this machine has made of the same logs: every row, and every digest.

    compare.py HERE.parquet FOLDER SUMMARY.json
"""

import hashlib
import json
import sys
from collections import Counter

import duckdb

from statement import difference, digests


def told(summary):
    """By business: waits, charges. The digests of its months are added up where it has one month only."""
    return json.load(open(summary, encoding="utf-8"))["businesses"]


def main():
    here, there, summary = sys.argv[1:]
    rows, differs = difference(here, there)
    if differs:
        sys.exit(f"the cluster differs: {differs}")
    waits, charges = Counter(), Counter()
    for business, months in told(summary).items():
        for month in months.values():
            waits[business] += month["verdicts"]["waits"]
            charges[business] += month["charges"]
    ours = digests(here)
    if {row[0]: (row[1], row[2]) for row in ours} != {name: (waits[name], charges[name]) for name in waits}:
        sys.exit("the counts of the summary are not those of the waits")
    duckdb.execute(f"create or replace view there as from read_parquet('{there}/**/*.parquet', hive_partitioning = false)")
    for business, months in told(summary).items():
        for month, part in months.items():
            path = f"(select * from there where business = '{business}' and month = '{month}')"
            [(_, _, _, *lanes)] = digests(path)
            if hashlib.sha256(" ".join(lanes).encode()).hexdigest() != part["digest"]:
                sys.exit(f"the digest of {business} {month} is not that of its rows")
    everything = hashlib.sha256(repr(ours).encode()).hexdigest()
    print(f"equal: {rows} waits, {sum(charges.values())} charges, digest {everything}")


if __name__ == "__main__":
    main()
