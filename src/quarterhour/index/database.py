"""The index's SQLite file: connections to it, what its errors mean, and its schema brought up to date by Alembic."""

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, inspect, literal, select
from sqlalchemy.exc import DBAPIError

from quarterhour.index.errors import IndexBroken, IndexUnavailable
from quarterhour.index.schema import METADATA, REVISION

MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_S = 30
# Primary result codes, https://www.sqlite.org/rescode.html
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
    }
)
# Alembic's context is one for the process.
_migrating = threading.Lock()


class Database:
    """One writer, and readers in any thread, each block with a connection and a transaction of its own.

    Both raise IndexUnavailable for what passes, IndexBroken for what only a damaged store can answer.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = self._engine("ro", "BEGIN")
        # Whoever is to write waits for its turn at once: a reader that becomes a writer may be refused.
        self._writer = self._engine("rwc", "BEGIN IMMEDIATE")

    def _engine(self, mode: str, begin: str) -> Engine:
        def connect() -> sqlite3.Connection:
            address = f"{self._path.as_uri()}?mode={mode}"
            connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_S)
            try:
                if mode != "ro":
                    connection.execute("PRAGMA journal_mode = WAL")
                # A power cut may cost the last commits, which are made again; never the store.
                connection.execute("PRAGMA synchronous = NORMAL")
            except BaseException:
                connection.close()
                raise
            return connection

        # Its file may be removed and made anew at any time: no connection is kept.
        engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool)

        # Python 3.11's sqlite3 begins no transaction before a SELECT or DDL: it is left out, and SQLAlchemy begins.
        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
            connection.exec_driver_sql(begin)

        return engine

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """A view of one moment."""
        with _told(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """All or nothing; durable unless the power fails within moments."""
        with _told(), self._writer.begin() as connection:
            yield connection

    def create_or_update(self) -> None:
        """Make the file, or bring one of an earlier version up to date. Raises IndexBroken for what is none of ours."""
        with self.writing() as connection:
            if (revision := _revision_of(connection)) != REVISION:
                _upgrade(connection, revision)
            for table in METADATA.sorted_tables:
                connection.execute(select(literal(1)).select_from(table).limit(1)).all()


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in _PASSING:
            raise IndexUnavailable(str(error.orig)) from error
        raise IndexBroken(str(error.orig)) from error


def _revision_of(connection: Connection) -> str | None:
    """By Alembic's own table; None of a new file. Raises IndexBroken where there are tables without it."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if tables:
        raise IndexBroken("it is of a version without migrations")
    return None


def _upgrade(connection: Connection, revision: str | None) -> None:
    # Once in the life of an index: nothing else needs it loaded.
    from alembic.command import upgrade
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with _migrating:
            upgrade(config, "head")
    except CommandError as error:
        raise IndexBroken(f"it is of version {revision}, and {REVISION} is asked for") from error
