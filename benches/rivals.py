#!/usr/bin/env python3
"""What one would otherwise take, each as a process of its own with two threads: `rivals.py NAME ARGUMENT…`.

`compare.py` starts these; the last line of what one prints is its result as JSON. The queries are those that somebody
who knows the engine would write: the columns that are needed and no more, one pass, nothing kept.
"""

import json
import os
import sys
import tomllib

os.environ["POLARS_MAX_THREADS"] = "2"

# What a question is, and what an answer, by the default reading.
ASKS = "direction = 'inbound' AND kind <> 'reaction'"
ANSWERS = "direction = 'outbound' AND kind NOT IN ('reaction', 'note') AND status <> 'failed'"
# Exactly 24 hours is on time. A sum of instant and length costs DuckDB less than the difference of two instants.
LATE = "a.sent_at > q.sent_at + INTERVAL 24 HOUR"

COLUMNS = "message_id business channel customer direction sent_at kind status entry_point".split()


def answered(log, columns):
    """Questions with the next message of the business, the same instant included.

    In a generated month a customer writes to one channel only, so the customer alone is a conversation.
    """
    return f"""(SELECT {columns} FROM read_parquet('{log}') WHERE {ASKS}) q
        ASOF LEFT JOIN (SELECT customer, sent_at FROM read_parquet('{log}') WHERE {ANSWERS}) a
        ON q.customer = a.customer AND q.sent_at <= a.sent_at"""


def duckdb():
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    # It holds for what has no ORDER BY, and spares memory and time.
    connection.execute("SET preserve_insertion_order = false")
    return connection


def duckdb_counts(log):
    counts = f"count(*), count(*) FILTER (WHERE {LATE}), count(*) FILTER (WHERE a.sent_at IS NULL)"
    return duckdb().execute(f"SELECT {counts} FROM {answered(log, 'customer, sent_at')}").fetchone()


def write_charges(log, out, columns, of_question):
    query = f"""COPY (SELECT {columns} FROM {answered(log, of_question)}
        WHERE a.sent_at IS NULL OR {LATE}
        ORDER BY q.business, q.sent_at, q.message_id) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"""
    return duckdb().execute(query).fetchone()[0]


def duckdb_charges_5(log, out):
    columns = "q.message_id, q.business, q.customer, q.sent_at AS received_at, a.sent_at AS answered_at"
    return write_charges(log, out, columns, "message_id, business, customer, sent_at")


def duckdb_charges_18(log, out, tariff):
    """The columns of `ritardo rate --only charges`, the price included."""
    with open(tariff, "rb") as file:
        tariff = tomllib.load(file)
    # The longest calling code that the number begins with decides; everybody else is of the market `other`.
    rates = sorted(tariff["rate"], key=lambda rate: (rate["market"] != "other", len(rate["market"])), reverse=True)

    def case(value):
        *known, other = [value(rate) for rate in rates]
        whens = [f"WHEN starts_with(q.customer, '+{rate['market']}') THEN {text}" for rate, text in zip(rates, known)]
        return f"CASE {' '.join(whens)} ELSE {other} END"

    price = case(lambda rate: f"{rate['price']}::DECIMAL(18, 9)")
    columns = f"""q.message_id, q.business, q.channel, q.customer AS conversation,
        q.sent_at AS received_at, a.sent_at AS answered_at, q.sent_at + INTERVAL 24 HOUR AS deadline,
        CASE WHEN a.sent_at IS NULL THEN 'unanswered' ELSE 'late' END AS verdict,
        (epoch_us(a.sent_at) - epoch_us(q.sent_at)) // 1000 AS wait_ms,
        {case(lambda rate: f"'{rate['market']}'")} AS market, q.entry_point,
        '{tariff["id"]}@{tariff["version"]}' AS tariff, {price} AS rate, {price} AS amount,
        '{tariff["currency"]}' AS currency, NULL::BIGINT AS tier, '' AS place, NULL::BIGINT AS run"""
    return write_charges(log, out, columns, "message_id, business, channel, customer, sent_at, entry_point")


def polars_counts(log):
    import polars as pl

    kind, direction = pl.col("kind"), pl.col("direction")
    asks = (direction == "inbound") & (kind != "reaction")
    answers = (direction == "outbound") & ~kind.is_in(["reaction", "note"]) & (pl.col("status") != "failed")
    rows = pl.scan_parquet(log).select("customer", "direction", "sent_at", "kind", "status")
    # Of one instant the answers come last: they answer.
    rows = rows.with_columns(answers.alias("a"), asks.alias("q")).filter(pl.col("a") | pl.col("q"))
    rows = rows.sort("customer", "sent_at", "a")
    answer = pl.when("a").then("sent_at").backward_fill().over("customer")
    rows = rows.with_columns(answer.alias("answer")).filter("q")
    late = (pl.col("answer") - pl.col("sent_at")) > pl.duration(hours=24)
    counts = rows.select(pl.len(), late.sum().alias("late"), pl.col("answer").is_null().sum().alias("never"))
    return counts.collect().row(0)


def clickhouse_counts(log):
    import chdb

    stamp = "toUnixTimestamp64Micro(sent_at) AS sent_at"
    late = "countIf(a.sent_at > 0 AND a.sent_at - q.sent_at > 86400000000)"
    query = f"""SELECT count(), {late}, countIf(a.sent_at = 0)
        FROM (SELECT customer, {stamp} FROM file('{log}', Parquet) WHERE {ASKS}) q
        ASOF LEFT JOIN (SELECT customer, {stamp} FROM file('{log}', Parquet) WHERE {ANSWERS}) a
        ON q.customer = a.customer AND q.sent_at <= a.sent_at SETTINGS max_threads = 2"""
    return [int(count) for count in str(chdb.query(query, "CSV")).strip().split(",")]


def polars_decode(log):
    import polars as pl

    return pl.scan_parquet(log).select(COLUMNS).collect(engine="streaming").height


def duckdb_decode(log):
    # A checksum of every value, so that none can be passed over, and none has to be kept.
    sums = ", ".join(f"bit_xor(hash({name}))" for name in COLUMNS)
    return duckdb().execute(f"SELECT count(*), {sums} FROM read_parquet('{log}')").fetchone()[0]


def polars_csv(log):
    import polars as pl

    # Stamps stay texts here: `ritardo` reads them, and pairs and prices beside it.
    return pl.read_csv(log, schema={name: pl.String for name in COLUMNS}).height


def polars_ndjson(log):
    import polars as pl

    return pl.read_ndjson(log, schema={name: pl.String for name in COLUMNS}).height


def same(one, other):
    """Whether two files of charges have the same rows in the same order; names the columns that differ."""
    import pyarrow.parquet as pq

    one, other = pq.ParquetFile(one), pq.ParquetFile(other)
    names, found = one.schema_arrow.names, []
    if names != other.schema_arrow.names:
        return {"rows": 0, "columns": 0, "differ": ["the names of the columns"]}
    for name in names:
        # One column at a time: the files need not fit into memory.
        ours, theirs = (file.read([name]).column(0) for file in (one, other))
        # A text is a text, and a decimal of more digits the same number; casts that would lose anything fail.
        if not ours.equals(theirs.cast(ours.type)):
            found.append(name)
    return {"rows": one.metadata.num_rows, "columns": len(names), "differ": found}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
