"""Files of the dirty collection come back to the last cell and name, as typed values and as text."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from bench.dirty.case import Case
from bench.dirty.cases import cases
from bench.dirty.ours import Answer, ours
from bench.dirty.score import score

from quarterhour.stages.translator.translate import Types

# Every fourth, and none of the widest, so that the tests stay quick: `python -m bench.dirty` reads them all.
_CASES = [case for case in cases() if "thousand columns" not in case.name][::4]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Types, Mapping[str, Answer]]:
    folder = tmp_path_factory.mktemp("dirty")
    paths = [folder / case.file_name for case in _CASES]
    for case, path in zip(_CASES, paths, strict=True):
        path.write_bytes(case.content)
    return {"auto": _by_name(paths, "auto"), "text": _by_name(paths[::4], "text")}


def _by_name(paths: list[Path], types: Types) -> dict[str, Answer]:
    return {path.name: answer for path, answer in zip(paths, ours(types)(paths), strict=True)}


def _parameters(chosen: list[Case]) -> list[object]:
    return [pytest.param(case, id=case.name) for case in chosen]


@pytest.mark.parametrize("case", _parameters(_CASES))
def test_a_dirty_file_is_read_as_the_clean_table(case: Case, answers: Mapping[Types, Mapping[str, Answer]]) -> None:
    answer = answers["auto"][case.file_name]
    found = score(case, answer)
    assert found.whole, found.remark
    assert not isinstance(answer, Exception)
    assert answer.header == case.header


@pytest.mark.parametrize("case", _parameters(_CASES[::4]))
def test_as_text_every_value_stands_as_in_the_file(case: Case, answers: Mapping[Types, Mapping[str, Answer]]) -> None:
    found = score(case, answers["text"][case.file_name], as_text=True)
    assert found.whole, found.remark
