"""Records the examples of the OpenAPI document anew, from calls of a real server: python tests/contract/record_examples.py

What stands there and fits its schema still is kept, so that a new operation changes no other's example; --all records all.
"""

import json
import os
import re
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from commands import command
from openapi_examples import bodies, fits
from quarterhour.web.app import make_app
from quarterhour.web.examples import RECORDED
from serving import Server, serving

_SPAN: dict[str, Any] = {"from": "2025-12-05T12:00:00Z", "to": "2025-12-05T12:30:00Z"}
_SETTINGS = """
[server]
auth = "always"

[watchdog]
ping_url = "http://127.0.0.1:{port}/ping"

[[datasets]]
name = "bars"
files = "bars_*"
keys = ["id"]
checks = [{{ check = "not_null", columns = ["id"] }}, {{ check = "range", column = "price", min = 0, on_failure = "hold_file" }}]

[[analyses]]
name = "days"
sql = "SELECT day, avg(price) AS mean FROM bars GROUP BY day"
"""
_FILES = {
    "bars_2025-12-04.csv": "id,day,price\n1,2025-12-04,2.5\n2,2025-12-04,3.5\n",
    "bars_2025-12-05.csv": "id,day,price\n2,2025-12-05,4.5\n3,2025-12-05,1\n4,2025-12-05,6,7\n",
    "bars_2025-12-06.csv": "id,day,price\n9,2025-12-06,-1\n",
}


class _Answering(BaseHTTPRequestHandler):
    """Stands for the service that is called while all is well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@dataclass
class Recorder:
    server: Server
    plain: list[tuple[str, str]]
    """What is written instead of what only this machine has."""
    made: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def call(self, operation: str, method: str, path: str, *, status: int = 200, body: Any = None, **query: Any) -> Any:
        """Records a call that is answered so. Its answer is as it came."""
        answer = self.server.http.request(method, path, params=query, json=body)
        assert answer.status_code == status, f"{operation}: {answer.status_code} {answer.text}"
        is_json = answer.headers["content-type"].startswith("application/json")
        known = self.made.setdefault(operation, {"answers": {}})
        if body is not None:
            known["request"] = self._plain(body)
        known["answers"][str(status)] = self._plain(answer.json() if is_json else answer.text)
        return answer.json() if is_json else answer.text

    def _plain(self, value: Any) -> Any:
        text = json.dumps(value)
        for here, there in self.plain:
            text = text.replace(here, there)
        text = re.sub(r'"qh_[^"]+"', '"qh_TOKEN"', text)
        return json.loads(text)

    def until(self, path: str, is_so: Any) -> Any:
        deadline = time.monotonic() + 60
        while not is_so(found := self.server.get(path)):
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found


def record(home: Path, port: int) -> dict[str, dict[str, Any]]:
    raw = home / "data" / "raw"
    raw.mkdir(parents=True)
    (home / "quarterhour.toml").write_text(_SETTINGS.format(port=port))
    for name, text in _FILES.items():
        bring(raw / name, text)
    secret = json.loads(command(home, "token", "create", "ada", "--role", "operator", "--json").stdout)["token"]
    with serving(home, "--no-schedule") as server:
        server.http.headers["authorization"] = f"Bearer {secret}"
        recorder = Recorder(server, [(str(home), "/srv/quarterhour"), ('"127.0.0.1"', '"hc.example"')])
        _pipeline(recorder)
        _files_and_tables(recorder)
        _schedule(recorder)
        _stream(recorder)
        _the_server(recorder)
    with serving(home.with_name("empty"), "--no-schedule") as empty:
        recorder = Recorder(empty, [], recorder.made)
        recorder.call("loadDemoData", "POST", "/api/demo", status=201)
    return recorder.made


def bring(path: Path, text: str) -> None:
    """A file that has lain there for so long that it is whole."""
    path.write_text(text)
    os.utime(path, (1_764_936_000, 1_764_936_000))


def _pipeline(recorder: Recorder) -> None:
    call, server = recorder.call, recorder.server
    run_id = call("startRun", "POST", "/api/pipeline/start", status=202, body={"stages": None})["run_id"]
    call("stopRun", "POST", "/api/pipeline/stop", status=202)
    server.ended_run(run_id)
    call("resetPipeline", "POST", "/api/pipeline/reset")
    run_id = server.start_run()
    server.ended_run(run_id)
    call("getStatus", "GET", "/api/pipeline/status")
    call("listRuns", "GET", "/api/runs", limit=1)
    call("getRun", "GET", f"/api/runs/{run_id}")
    call("listRunEvents", "GET", f"/api/runs/{run_id}/events", limit=2)
    call("getRunBalance", "GET", f"/api/runs/{run_id}/balance")
    log = call("getRunLog", "GET", f"/api/runs/{run_id}/log")
    # Two of its lines tell enough.
    recorder.made["getRunLog"]["answers"]["200"] = recorder._plain("".join(log.splitlines(keepends=True)[:2]))
    call("listEventPages", "GET", "/api/events/pages")
    call("listEvents", "GET", "/api/events", limit=2, newest_first=True)
    since: dict[str, Any] = {"from": "2025-12-05T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    call("getTimeline", "GET", "/api/timeline", **since)
    snapshot = recorder.call("getSnapshot", "GET", "/api/pipeline/snapshot")
    # Two of its events tell enough.
    recorder.made["getSnapshot"]["answers"]["200"]["events"] = recorder._plain(snapshot["events"][-2:])
    alone = call("runStage", "POST", "/api/pipeline/stage/analyzer", status=202)["run_id"]
    server.ended_run(alone)


def _files_and_tables(recorder: Recorder) -> None:
    call, server = recorder.call, recorder.server
    inputs = call("listInputs", "GET", "/api/inputs")["items"]
    merged = next(each for each in inputs if each["state"] == "merged")
    held = next(each for each in inputs if each["state"] == "held_back")
    call("getInput", "GET", f"/api/inputs/{merged['id']}")
    call("getInputProfile", "GET", f"/api/inputs/{merged['id']}/profile")
    call("listDatasets", "GET", "/api/datasets")
    call("getDataset", "GET", "/api/datasets/bars")
    call("listDatasetRows", "GET", "/api/datasets/bars/rows")
    call("getDatasetProfile", "GET", "/api/datasets/bars/profile")
    call("getDatasetChecks", "GET", "/api/datasets/bars/checks")
    call("getDatasetSeries", "GET", "/api/datasets/bars/series", column="price", time="day")
    call("listAnalyses", "GET", "/api/analyses")
    call("checkExport", "GET", "/api/datasets/bars/export/check", where="price > 2")
    call("exportDataset", "GET", "/api/datasets/bars/export", format="csv")
    put_aside = call("listQuarantine", "GET", "/api/quarantine")["items"][0]["id"]
    call("getQuarantined", "GET", f"/api/quarantine/{put_aside}")
    mended = {"raw": "4,2025-12-05,6.7", "values": None}
    call("retryQuarantined", "POST", f"/api/quarantine/{put_aside}/retry", status=202, body=mended)
    call("releaseInput", "POST", f"/api/inputs/{held['id']}/release")
    call("retractInput", "POST", f"/api/inputs/{merged['id']}/retract", body={"to": "retracted"})
    server.ended_run(server.start_run())
    call("listDatasetVersions", "GET", "/api/datasets/bars/history")
    call("restoreDataset", "POST", "/api/datasets/bars/restore", body={"version": 1, "dry_run": True})
    call("retranslate", "POST", "/api/retranslate", body={"dataset": "bars", "dry_run": True})


def _schedule(recorder: Recorder) -> None:
    call = recorder.call
    call("changeSchedule", "PUT", "/api/schedule", body={"cron": "*/15 * * * *", "timezone": "Europe/Paris"})
    call("getSchedule", "GET", "/api/schedule")
    call("previewSchedule", "GET", "/api/schedule/preview", cron="*/15 * * * *", timezone="Europe/Paris")
    call("pauseSchedule", "POST", "/api/schedule/pause")
    call("resumeSchedule", "POST", "/api/schedule/resume")
    call("getSchedulePlan", "GET", "/api/schedule/plan")
    call("startBackfill", "POST", "/api/backfill", body={**_SPAN, "dry_run": True})
    call("startBackfill", "POST", "/api/backfill", status=202, body=_SPAN)
    recorder.until("/api/backfill", lambda found: len(found["runs"]) > 0)
    call("getBackfill", "GET", "/api/backfill", since=0)
    call("stopBackfill", "POST", "/api/backfill/stop", status=202)
    recorder.until("/api/backfill", lambda found: found["state"] != "running")
    call("listSlots", "GET", "/api/slots", **_SPAN)


def _stream(recorder: Recorder) -> None:
    with recorder.server.http.stream("GET", "/api/events/stream", params={"since": 0}) as answer:
        text = ""
        for part in answer.iter_text():
            text += part
            if text.count("\n\n") > 2:
                break
    recorder.made["streamEvents"] = {"answers": {"200": recorder._plain("\n\n".join(text.split("\n\n")[:2]) + "\n\n")}}


def _the_server(recorder: Recorder) -> None:
    call = recorder.call
    call("getLiveness", "GET", "/healthz")
    recorder.until("/readyz", lambda _: True)
    call("getReadiness", "GET", "/readyz")
    call("getSession", "GET", "/api/session")
    made = call("makeToken", "POST", "/api/tokens", status=201, body={"name": "kiosk", "role": "viewer"})
    call("listTokens", "GET", "/api/tokens")
    call("revokeToken", "DELETE", f"/api/tokens/{made['id']}")
    call("testAlert", "POST", "/api/alerts/dead-mans-switch/test")
    call("listAlerts", "GET", "/api/alerts")
    call("reindex", "POST", "/api/reindex")
    call("retainEvents", "POST", "/api/retention", body={"compress_after": 0})


def main() -> None:
    service = HTTPServer(("127.0.0.1", 0), _Answering)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        made = record(Path(folder) / "home", service.server_port)
    service.shutdown()
    document = make_app(None).openapi()
    stale = {body.operation for body in bodies(document) if not fits(document, body)}
    known = json.loads(RECORDED.read_text()) if RECORDED.exists() and "--all" not in sys.argv else {}
    kept = {operation: known[operation] for operation in known if operation in made and operation not in stale}
    RECORDED.write_text(json.dumps({**made, **kept}, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
