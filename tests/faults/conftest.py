"""The table of faults at the end of the tests, also of those that ran in other processes."""

from typing import Any

import pytest

from faults.tally import Tally

_TALLY = pytest.StashKey[Tally]()
_OUTPUT = "faults"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_TALLY] = Tally()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    return request.config.stash[_TALLY]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a process of pytest-xdist: hand the tally to the one that prints."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        tally = session.config.stash[_TALLY]
        output[_OUTPUT] = [(name, tried, tally.survived[name]) for name, tried in tally.tried.items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for name, tried, survived in getattr(node, "workeroutput", {}).get(_OUTPUT, ()):
        node.config.stash[_TALLY].add(name, tried, survived)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tally = config.stash[_TALLY]
    if tally.tried:
        terminalreporter.section("faults")
        terminalreporter.write_line("\n".join(tally.lines()))
