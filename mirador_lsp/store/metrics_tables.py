"""The tables of figures, and the SQL that turns what was counted one by one into sums of days."""

import sqlite3

_FINDINGS = ("reported", "revised", "withdrawn", "shown", "withheld", "hushed", "over_cap")
_COSTS = (
    "runs",
    "failures",
    "seconds",
    "wait_seconds",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "asked",
    "kept",
    "rejected",
    "misquoted",
    "malformed",
    "not_reviewed",
    "reported",
    "withdrawn",
)
# The tables of users were made from these names: one that comes later comes by a step of its own.
REQUEST_KEY = ("day", "kind", "surface", "ending", "offered", "rung", "failed", "source")
REQUEST_SUMS = ("count", "seconds", *_FINDINGS, "attempts", "joules", "measured")
STAGE_KEY = ("day", "kind", "surface", "stage", "model", "digest", "leaves")
STAGE_SUMS = _COSTS
TIME_KEY = ("day", "kind", "stage", "model", "measure", "bucket")

_COLUMNS = """
    day TEXT NOT NULL, kind TEXT NOT NULL, surface TEXT NOT NULL, ending TEXT NOT NULL,
    offered INTEGER NOT NULL, rung TEXT NOT NULL, failed TEXT NOT NULL, source TEXT NOT NULL,
"""
_STAGE_COLUMNS = """
    day TEXT NOT NULL, kind TEXT NOT NULL, surface TEXT NOT NULL, stage TEXT NOT NULL,
    model TEXT NOT NULL, digest TEXT NOT NULL, leaves INTEGER NOT NULL,
"""


def _numbers(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} NUMERIC NOT NULL" for name in names)


def begin(connection: sqlite3.Connection) -> None:
    """Make the tables: requests and their stages one by one, then the sums of days."""
    connection.execute(
        f"""
        CREATE TABLE metric_requests (
            id INTEGER PRIMARY KEY, time REAL NOT NULL, language TEXT NOT NULL,
            bucket INTEGER NOT NULL, change INTEGER NOT NULL, {_COLUMNS} {_numbers(REQUEST_SUMS)}
        )
        """
    )
    connection.execute("CREATE INDEX metric_requests_by_time ON metric_requests (time)")
    connection.execute(
        f"""
        CREATE TABLE metric_stages (
            request INTEGER NOT NULL, time REAL NOT NULL, bucket INTEGER NOT NULL,
            first_token REAL, first_bucket INTEGER, {_STAGE_COLUMNS} {_numbers(STAGE_SUMS)}
        )
        """
    )
    connection.execute("CREATE INDEX metric_stages_by_request ON metric_stages (request)")
    for table, key, sums in (
        ("metric_request_days", _COLUMNS, REQUEST_SUMS),
        ("metric_stage_days", _STAGE_COLUMNS, STAGE_SUMS),
    ):
        unique = ", ".join(REQUEST_KEY if key is _COLUMNS else STAGE_KEY)
        connection.execute(
            f"CREATE TABLE {table} ({key} {_numbers(sums)}, PRIMARY KEY ({unique})) WITHOUT ROWID"
        )
    connection.execute(
        f"""
        CREATE TABLE metric_time_days (
            day TEXT NOT NULL, kind TEXT NOT NULL, stage TEXT NOT NULL, model TEXT NOT NULL,
            measure TEXT NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY ({", ".join(TIME_KEY)})
        ) WITHOUT ROWID
        """
    )


def insert(table: str, columns: tuple[str, ...], values: str = "") -> str:
    """A statement that puts one row into a table; `values` stands before the question marks."""
    marks = ", ".join("?" * (len(columns) - bool(values)))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}{marks})"  # noqa: S608 — names of ours


# Whatever `time` may be, a request and its stages have the same, and so go the same way.
_TIMES = """
SELECT day, kind, '' AS stage, '' AS model, 'total' AS measure, bucket, 1 AS count
    FROM metric_requests WHERE surface <> 'ahead' AND {where_request}
UNION ALL SELECT day, kind, stage, model, 'total', bucket, 1
    FROM metric_stages WHERE surface <> 'ahead' AND failures = 0 AND runs > 0 AND {where_stage}
UNION ALL SELECT day, kind, stage, model, 'first', first_bucket, 1
    FROM metric_stages WHERE surface <> 'ahead' AND first_bucket IS NOT NULL AND {where_stage}
"""


def _summed(names: tuple[str, ...]) -> str:
    return ", ".join(f"sum({name})" for name in names)


def _grouped(key: tuple[str, ...], sums: tuple[str, ...], source: str) -> str:
    keys = ", ".join(key)
    return f"SELECT {keys}, {_summed(sums)} FROM ({source}) GROUP BY {keys}"  # noqa: S608


def _both(key: tuple[str, ...], sums: tuple[str, ...], raw: str, days: str) -> str:
    """What is there one by one from a time on, and the sums from a day on, as one."""
    names = ", ".join((*key, *sums))
    source = (
        f"SELECT {names} FROM {raw} WHERE time >= ? "  # noqa: S608
        f"UNION ALL SELECT {names} FROM {days} WHERE day >= ?"
    )
    return f"{_grouped(key, sums, source)} ORDER BY {', '.join(key)}"


READ_REQUESTS = _both(REQUEST_KEY, REQUEST_SUMS, "metric_requests", "metric_request_days")
READ_STAGES = _both(STAGE_KEY, STAGE_SUMS, "metric_stages", "metric_stage_days")
_ALL_TIMES = f"{_TIMES} UNION ALL SELECT * FROM metric_time_days WHERE day >= ?"  # noqa: S608
READ_TIMES = _grouped(
    TIME_KEY, ("count",), _ALL_TIMES.format(where_request="time >= ?", where_stage="time >= ?")
)
"""Each takes the moment for what is there one by one (`READ_TIMES` three times), then the day."""


def _add(table: str, key: tuple[str, ...], sums: tuple[str, ...], source: str) -> str:
    names = ", ".join((*key, *sums))
    added = ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
    return (
        f"INSERT INTO {table} ({names}) {_grouped(key, sums, source)} "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}"
    )


_OLD = "id <= (SELECT max(id) FROM metric_requests) - ?"
_OLD_STAGE = "request <= (SELECT max(id) FROM metric_requests) - ?"
ROLL_UP = (
    _add(
        "metric_time_days",
        TIME_KEY,
        ("count",),
        _TIMES.format(where_request=_OLD, where_stage=_OLD_STAGE),
    ),
    _add(
        "metric_stage_days",
        STAGE_KEY,
        STAGE_SUMS,
        f"SELECT * FROM metric_stages WHERE {_OLD_STAGE}",  # noqa: S608
    ),
    _add(
        "metric_request_days",
        REQUEST_KEY,
        REQUEST_SUMS,
        f"SELECT * FROM metric_requests WHERE {_OLD}",  # noqa: S608
    ),
    f"DELETE FROM metric_stages WHERE {_OLD_STAGE}",  # noqa: S608
    f"DELETE FROM metric_requests WHERE {_OLD}",  # noqa: S608
)
"""What makes sums of all but the latest requests; how many are to stay is each one's parameter,
three times for the first."""
