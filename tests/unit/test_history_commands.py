"""`retract`, `history`, `rows` and `restore`, by hand and over HTTP, with a server and without: the same answers and events."""

import json
import time
from pathlib import Path

import pytest

from commands import command
from pipelines import stand_still
from serving import serving

pytestmark = pytest.mark.slow

SETTINGS = """
[[datasets]]
name = "prices"
files = "prices/*"
keys = ["day"]
[[stages]]
name = "translator"
[[stages]]
name = "merger"
[[stages]]
name = "waits"
command = ["python", "-c", "import time, pathlib; p = pathlib.Path('wait'); [time.sleep(0.05) for _ in range(400) if p.exists()]"]
"""


def drop(home: Path, name: str, text: str) -> None:
    path = home / "data" / "raw" / "prices" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    stand_still(path)


def prices(home: Path, *options: str) -> list[str]:
    return sorted(command(home, "rows", "prices", *options).stdout.splitlines()[1:])


def test_commands_and_api_do_the_same_with_a_server_and_without(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "quarterhour.toml").write_text(SETTINGS)
    drop(home, "a.csv", "day,price\n2024-01-01,1.5\n2024-01-02,2.5\n")
    assert command(home, "run").exit_code == 0
    drop(home, "b.csv", "day,price\n2024-01-02,9.5\n2024-01-03,3.5\n")
    assert command(home, "run").exit_code == 0
    whole = prices(home)
    assert whole == ["2024-01-01\t1.5", "2024-01-02\t9.5", "2024-01-03\t3.5"]

    # Nobody serves the home.
    would = command(home, "retract", "data/raw/prices/b.csv", "--dry-run").stdout
    assert would == "prices/b.csv would be retracted: 1 row removed, 1 row restored in prices\n"
    told = json.loads(command(home, "retract", "prices/b.csv", "--json").stdout)
    assert (told["operation"], told["rows"]) == ("retract", 2)
    assert prices(home) == ["2024-01-01\t1.5", "2024-01-02\t2.5"]
    assert prices(home, "--version", str(told["version"] - 1)) == whole
    events = [json.loads(line) for line in command(home, "events", "--json").stdout.splitlines()]
    (event,) = [event for event in events if event["data"].get("operation") == "retract"]
    assert (event["stage"], event["event"], event["run_id"], event["data"]["version"]) == (
        "merger",
        "log",
        None,
        told["version"],
    )
    refused = command(home, "retract", "prices/absent.csv")
    assert (refused.exit_code, "no input is named" in refused.stderr) == (1, True)
    assert command(home, "retract", "prices/b.csv", "--to", "nowhere").exit_code == 2

    with serving(home, "--no-schedule") as server:
        (out,) = server.get("/api/inputs", state="retracted")["items"]
        assert (out["id"], out["name"]) == (told["inputs"][0]["id"], "prices/b.csv")
        assert server.get("/api/inputs")["summary"]["retracted"] == 1
        # A run that goes on is not disturbed.
        (home / "wait").touch()
        run = server.start_run()
        while server.get("/api/pipeline/status")["stage"] != "waits":
            time.sleep(0.02)
        for path, body in ((f"/api/inputs/{out['id']}/retract", {}), ("/api/datasets/prices/restore", {"version": 1})):
            answer = server.http.post(path, json=body)
            assert (answer.status_code, "in progress" in answer.json()["detail"]) == (409, True)
        (home / "wait").unlink()
        assert server.ended_run(run)["state"] == "success"
        assert prices(home) == ["2024-01-01\t1.5", "2024-01-02\t2.5"]

        assert command(home, "retract", out["id"][:12], "--to", "merged").stdout.startswith("prices/b.csv put back")
        assert prices(home) == whole
        page = server.get("/api/datasets/prices/history", limit=2)
        assert [item["operation"] for item in page["items"]] == ["put_back", "retract"]
        shown = json.loads(command(home, "history", "prices", "--limit", "2", "--json").stdout)
        assert shown == page
        answer = server.http.post("/api/datasets/prices/restore", json={"version": 1})
        assert (answer.status_code, answer.json()["rows"]) == (200, 2)
        for path, status in (("version=99", 422), ("version=1", 200)):
            assert server.http.get(f"/api/datasets/prices/rows?{path}").status_code == status
        assert server.http.post("/api/inputs/00000000000000/retract").status_code == 404
        server.stop()

    lines = command(home, "history", "prices").stdout.splitlines()
    assert [line.split()[2] for line in lines] == ["restore", "put_back", "retract", "merge", "merge", "create"]
    assert command(home, "restore", "prices", lines[1].split()[0]).stdout.startswith("prices is at version")
    assert prices(home) == whole
    # What was retracted, put back and restored lies in the folder all the while, and is not merged again.
    assert command(home, "run").exit_code == 0
    assert prices(home) == whole
