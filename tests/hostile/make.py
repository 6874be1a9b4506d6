"""Writes log.parquet, the sound file that `tests/hostile.rs` damages. Needs pyarrow."""

import datetime as dt
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 24
AT = dt.datetime(2018, 8, 1, 10, tzinfo=dt.timezone.utc)
table = pa.table({
    "message_id": [f"m-{row}" for row in range(ROWS)],
    "business": ["bologna-bakery"] * ROWS,
    "channel": ["+390510000417"] * ROWS,
    "customer": [f"+3933300004{row % 5:02}" for row in range(ROWS)],
    "direction": ["inbound" if row % 3 else "outbound" for row in range(ROWS)],
    "sent_at": pa.array([AT + dt.timedelta(hours=row) for row in range(ROWS)], pa.timestamp("us", tz="UTC")),
    "kind": ["text"] * ROWS,
})
pq.write_table(table, pathlib.Path(__file__).with_name("log.parquet"), compression="zstd", row_group_size=10)
