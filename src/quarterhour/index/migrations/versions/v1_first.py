"""Files, events and their texts, runs and marks."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, unique=True, nullable=False),
        sa.Column("run_id", sa.String),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("mtime_ns", sa.Integer, nullable=False),
        sa.Column("first_seq", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("first_at", sa.String, nullable=False),
        sa.Column("last_at", sa.String, nullable=False),
    )
    op.create_index("files_by_run", "files", ["run_id"], sqlite_where=sa.text("run_id IS NOT NULL"))
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("file", sa.Integer, nullable=False),
        sa.Column("offset", sa.Integer, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("level", sa.String, nullable=False),
    )
    op.create_index("events_by_stage", "events", ["stage", "seq"])
    op.create_index("events_by_event", "events", ["event", "seq"])
    op.create_index("events_by_level", "events", ["level", "seq"], sqlite_where=sa.text("level != 'info'"))
    op.execute(
        "CREATE VIRTUAL TABLE texts USING fts5 (msg, said, tags, content = '', tokenize = 'trigram')",
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("run_trigger", sa.String, nullable=False),
        sa.Column("run", sa.LargeBinary, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "slots",
        sa.Column("mark", sa.String, primary_key=True),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("run_id", sa.String),
        sa.Column("late_s", sa.Float),
        sa.Column("seq", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
