"""Which datasets are checked in a run, and in which order: those first that the foreign keys of others refer to. Pure."""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from quarterhour.settings import Settings
from quarterhour.settings.checks import ForeignKeyCheck, FreshnessCheck


def waves(settings: Settings, datasets: Iterable[str]) -> list[list[str]]:
    """The datasets in groups: those of one can be analysed at once, after the groups before it. Each keeps its order.

    Where datasets refer to each other in a circle, all stand in one group.
    """
    names = list(datasets)
    refers = {name: _references(settings, name) & set(names) - {name} for name in names}
    sorter = TopologicalSorter(refers)
    try:
        sorter.prepare()
    except CycleError:
        return [names]
    groups: list[list[str]] = []
    while sorter.is_active():
        ready = set(sorter.get_ready())
        groups.append([name for name in names if name in ready])
        sorter.done(*ready)
    return groups


def checked_always(settings: Settings) -> list[str]:
    """The datasets that a run checks also where nothing is new: data that do not come are not fresh."""
    return [one.name for one in settings.datasets if any(isinstance(check, FreshnessCheck) for check in one.checks)]


def _references(settings: Settings, dataset: str) -> set[str]:
    found = settings.dataset(dataset)
    return {check.references for check in (found.checks if found else ()) if isinstance(check, ForeignKeyCheck)}
