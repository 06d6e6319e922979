"""The index's tables, for the questions to it. `migrations/` makes them; a test holds both to each other."""

from sqlalchemy import (
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    column,
    literal_column,
    table,
)

from quarterhour.index.question import USUAL_LEVEL

REVISION = "1"
"""The migration that these tables are of."""

METADATA = MetaData()
FILES = Table(
    "files",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String, unique=True, nullable=False),
    Column("run_id", String),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("first_at", String, nullable=False),
    Column("last_at", String, nullable=False),
)
EVENTS = Table(
    "events",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("file", Integer, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("event", String, nullable=False),
    Column("level", String, nullable=False),
)
RUNS = Table(
    "runs",
    METADATA,
    Column("run_id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("run_trigger", String, nullable=False),
    Column("run", LargeBinary, nullable=False),
    Column("seq", Integer, nullable=False),
    sqlite_with_rowid=False,
)
SLOTS = Table(
    "slots",
    METADATA,
    Column("mark", String, primary_key=True),
    Column("verdict", String, nullable=False),
    Column("reason", String),
    Column("run_id", String),
    Column("late_s", Float),
    Column("seq", Integer, nullable=False),
    sqlite_with_rowid=False,
)
# As a literal: SQLite takes a partial index only for the condition as it stands there.
IS_UNUSUAL = EVENTS.c.level != literal_column(f"'{USUAL_LEVEL}'")
Index("files_by_run", FILES.c.run_id, sqlite_where=FILES.c.run_id.is_not(None))
Index("events_by_stage", EVENTS.c.stage, EVENTS.c.seq)
Index("events_by_event", EVENTS.c.event, EVENTS.c.seq)
Index("events_by_level", EVENTS.c.level, EVENTS.c.seq, sqlite_where=IS_UNUSUAL)

TEXTS = table(
    "texts",
    column("rowid", Integer),
    column("texts", String),
    column("msg", String),
    column("said", String),
    column("tags", String),
)
"""FTS5's own kind of table, which SQLAlchemy cannot make; its column `texts` is what MATCH asks of the whole."""
