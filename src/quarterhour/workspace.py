"""The home folder: every path that quarterhour uses. No other file joins folder names."""

from datetime import date
from pathlib import Path


class Workspace:
    """The folders below one home (DESIGN section 8). Paths are absolute."""

    def __init__(self, home: Path | str) -> None:
        self.home = Path(home).expanduser().resolve()
        self.settings_file = self.home / "quarterhour.toml"
        self.raw = self.home / "data" / "raw"
        self.translated = self.home / "data" / "translated"
        self.analyzed = self.home / "data" / "analyzed"
        self.merged = self.home / "data" / "merged"
        self.quarantine = self.home / "data" / "quarantine"
        self.archive = self.home / "data" / "archive"
        self.exports = self.home / "data" / "exports"
        self.events = self.home / "automation" / "logs" / "events"
        self.output = self.home / "automation" / "logs" / "output"
        self.state = self.home / "automation" / "state"
        self.scratch = self.state / "scratch"
        self.kept_exports = self.state / "kept-exports"
        self.index_file = self.state / "index.sqlite"
        self.ledger_file = self.state / "inputs.sqlite"
        self.home_id_file = self.state / "home.id"
        self.server_file = self.state / "server.json"
        self.tokens_file = self.state / "tokens.json"
        self.session_key_file = self.state / "session.key"

    def create(self) -> None:
        """Make the folders that are missing."""
        for folder in (
            self.raw,
            self.translated,
            self.analyzed,
            self.merged,
            self.quarantine,
            self.archive,
            self.exports,
            self.events,
            self.output,
            self.state,
            self.scratch,
            self.kept_exports,
        ):
            folder.mkdir(parents=True, exist_ok=True)

    def run_events(self, run_id: str) -> Path:
        return self.events / f"pipeline_{run_id}.jsonl"

    def system_events(self, day: date) -> Path:
        """What belongs to no run; `day` is a UTC date."""
        return self.events / f"system_{day.isoformat()}.jsonl"

    def run_output(self, run_id: str) -> Path:
        """What the run's workers wrote to stdout and stderr."""
        return self.output / f"{run_id}.log"

    def lock(self, name: str) -> Path:
        return self.state / f"{name}.lock"

    def translated_file(self, dataset: str, fingerprint: str) -> Path:
        return self.translated / dataset / f"{fingerprint}.parquet"

    def schema_file(self, dataset: str) -> Path:
        """The columns that the dataset's translated files have so far."""
        return self.translated / dataset / "schema.json"

    def quarantine_file(self, dataset: str, fingerprint: str) -> Path:
        return self.quarantine / dataset / f"{fingerprint}.jsonl"

    def table(self, dataset: str) -> Path:
        """The dataset's Delta table."""
        return self.merged / dataset

    def export_state(self, export: str) -> Path:
        """What was written last of a scheduled export."""
        return self.state / "exports" / f"{export}.json"

    def alerts_file(self, name: str) -> Path:
        """What a channel of alerts was told of, and what it is still to be told."""
        return self.state / "alerts" / f"{name}.json"

    def profile_file(self, dataset: str) -> Path:
        return self.analyzed / dataset / "profile.json"

    def states_file(self, dataset: str) -> Path:
        """What profiles are made of, to be added to."""
        return self.analyzed / dataset / "states.duckdb"

    def profile_history_file(self, dataset: str) -> Path:
        """What is kept of the dataset's profiles, one line a run."""
        return self.analyzed / dataset / "history.jsonl"

    def checks_file(self, dataset: str) -> Path:
        """The last results of the dataset's checks, and a history of their outcomes."""
        return self.analyzed / dataset / "checks.json"

    def buckets_file(self, dataset: str) -> Path:
        return self.analyzed / dataset / "buckets.parquet"

    def staged_analysis(self, name: str) -> Path:
        """Folder of an analysis's result that waits for the merger."""
        return self.analyzed / name / "staged"

    def raw_name(self, path: Path) -> str:
        """A raw file's name as people see it: its path below data/raw, with forward slashes."""
        return path.relative_to(self.raw).as_posix()
