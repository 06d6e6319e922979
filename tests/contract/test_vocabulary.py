"""One vocabulary of states: the API's description, of which the dashboard's types are generated, has Python's words."""

import json
from enum import StrEnum
from pathlib import Path

import pytest

from quarterhour.lifecycle import Reason, RunState, StageState, Trigger
from quarterhour.slots import Verdict

_API = Path(__file__).parents[2] / "dashboard" / "openapi.json"


@pytest.mark.parametrize("words", [RunState, StageState, Trigger, Reason, Verdict])
def test_the_dashboard_has_the_same_words(words: type[StrEnum]) -> None:
    """S13."""
    schemas = json.loads(_API.read_bytes())["components"]["schemas"]
    assert schemas[words.__name__]["enum"] == [word.value for word in words]
