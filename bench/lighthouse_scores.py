"""`make lighthouse`: what Lighthouse 12.2.3 says of the first page, as a phone on a slow network and as a desk computer."""

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from serving import BROWSER_OPTIONS, chromium, serving

_LIGHTHOUSE = Path(__file__).parent / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
_TIMES = 5
_AIMS = {"performance": 95, "accessibility": 100, "best-practices": 100}
_PRESETS = {"phone": (), "desktop": ("--preset=desktop",)}


def main() -> None:
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "home", "--demo", "--no-schedule") as server:
        for _ in range(3):
            server.ended_run(server.start_run())
        for device, options in _PRESETS.items():
            scores = [_scores(server.dashboard, Path(name) / "report.json", options) for _ in range(_TIMES)]
            for category, aim in _AIMS.items():
                median = statistics.median(each[category] for each in scores)
                print(f"Lighthouse, {device}, {category}, median of {_TIMES}: {median:.0f} (aim {aim})", flush=True)


def _scores(address: str, report: Path, options: tuple[str, ...]) -> dict[str, float]:
    flags = " ".join(["--headless=new", *BROWSER_OPTIONS])
    command = [
        str(_LIGHTHOUSE),
        address,
        "--quiet",
        "--output=json",
        f"--output-path={report}",
        f"--chrome-flags={flags}",
    ]
    # A trace without its beginning is a known fault of the tool: it asks to be run again.
    for _ in range(3):
        subprocess.run([*command, f"--chrome-path={chromium()}", *options], check=False, stderr=subprocess.DEVNULL)
        categories = json.loads(report.read_text())["categories"]
        if all(categories[name]["score"] is not None for name in _AIMS):
            return {name: 100 * categories[name]["score"] for name in _AIMS}
    raise SystemExit("Lighthouse measured nothing in three attempts")


if __name__ == "__main__":
    main()
