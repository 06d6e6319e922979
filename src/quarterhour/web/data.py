"""The calls that read data: inputs, quarantine, datasets. Tables are opened in workers alone."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from quarterhour.clock import wire_time
from quarterhour.errors import UnknownDataset
from quarterhour.lake.arrivals import Arrival, ArrivalState, arrivals
from quarterhour.lake.ledger import Input, InputLedger, InputState
from quarterhour.lake.put_aside import list_put_aside, show_put_aside
from quarterhour.settings import Settings
from quarterhour.web.etags import tagged_router
from quarterhour.web.models import (
    MOST,
    DatasetItem,
    InputDetail,
    InputItem,
    InputName,
    InputPage,
    InputSummary,
    Page,
)
from quarterhour.web.problems import documented
from quarterhour.web.profiles import DatasetProfile
from quarterhour.web.quarantine_models import QuarantineDetail, QuarantineItem
from quarterhour.web.services import Injected
from quarterhour.workspace import Workspace

router = APIRouter(prefix="/api")
tagged = tagged_router("/api")

# Arrivals stand before the known inputs on the first page; more than this of them are only counted.
_ARRIVALS_SHOWN = 200


@router.get("/inputs", operation_id="listInputs", tags=["inputs"], responses=documented(422))
async def list_inputs(
    services: Injected,
    cursor: Annotated[int | None, Query(ge=0, le=MOST, description="The `next` of the page before.")] = None,
    state: Literal["waiting", "settling", "translated", "merged", "replaced", "retracted", "held_back", "quarantined"]
    | None = None,
    run_id: Annotated[str | None, Query(description="Only files that this run translated or merged.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most items of a page.")] = 100,
) -> InputPage:
    """Raw files: first those that wait, then what became of the others, newest first."""
    return await asyncio.to_thread(_inputs, services.workspace, services.settings, cursor, state, run_id, limit)


def _inputs(
    workspace: Workspace, settings: Settings, cursor: int | None, state: str | None, run_id: str | None, limit: int
) -> InputPage:
    with InputLedger(workspace.ledger_file) as ledger:
        found = arrivals(workspace, settings, ledger.sightings(), datetime.now(UTC))
        totals = ledger.totals()
        known: list[tuple[int, Input]] = []
        if state not in ("waiting", "settling"):
            known = ledger.recent(limit + 1, cursor, InputState(state) if state else None, run_id)
        latest = ledger.recent(1)
    new = [arrival for arrival in found if arrival.state is not ArrivalState.KNOWN]
    shown = (
        [arrival for arrival in new if state in (None, arrival.state.value)]
        if cursor is None and run_id is None
        else []
    )
    items = [_arrival_item(arrival) for arrival in shown[:_ARRIVALS_SHOWN]]
    items += [_input_item(entry) for _, entry in known[:limit]]
    return InputPage(
        items=items,
        next=known[limit - 1][0] if len(known) > limit else None,
        total=len(new) + sum(count for count, _ in totals.values()),
        summary=_summary(new, totals, latest[0][1].translated_at if latest else None, workspace.raw),
    )


def _summary(
    new: list[Arrival], totals: dict[InputState, tuple[int, int]], last_translated_at: str | None, folder: Path
) -> InputSummary:
    def count(state: InputState) -> int:
        return totals.get(state, (0, 0))[0]

    newest_ns = max((arrival.mtime_ns for arrival in new), default=None)
    return InputSummary(
        waiting=sum(arrival.state is ArrivalState.WAITING for arrival in new),
        settling=sum(arrival.state is ArrivalState.SETTLING for arrival in new),
        done=count(InputState.MERGED),
        quarantined=count(InputState.QUARANTINED),
        held_back=count(InputState.HELD_BACK),
        retracted=count(InputState.RETRACTED),
        bytes_waiting=sum(arrival.size for arrival in new),
        rows=sum(rows for _, rows in totals.values()),
        last_arrival_at=_time(newest_ns) if newest_ns is not None else last_translated_at,
        folder=str(folder),
    )


def _arrival_item(arrival: Arrival) -> InputItem:
    return InputItem(
        name=arrival.name,
        dataset=arrival.dataset,
        state="settling" if arrival.state is ArrivalState.SETTLING else "waiting",
        size=arrival.size,
        modified_at=_time(arrival.mtime_ns),
    )


def _input_item(entry: Input) -> InputItem:
    return InputItem(
        id=entry.fingerprint,
        name=entry.name,
        dataset=entry.dataset,
        state=entry.state.value,
        size=entry.size,
        records=entry.records,
        rows=entry.rows,
        quarantined=entry.quarantined,
        run_id=entry.run_id,
        message=entry.message,
    )


def _time(mtime_ns: int) -> str:
    return wire_time(datetime.fromtimestamp(mtime_ns / 1e9, UTC))


@router.get("/inputs/{item_id}", operation_id="getInput", tags=["inputs"], responses=documented(404, 422))
async def get_input(item_id: str, services: Injected) -> InputDetail:
    """One raw file's content, by its fingerprint, or at least its first 8 digits: what became of it, and by which runs."""
    return await asyncio.to_thread(_detail, services.workspace, item_id)


def _detail(workspace: Workspace, item_id: str) -> InputDetail:
    with InputLedger(workspace.ledger_file) as ledger:
        entry = ledger.named(item_id)
        sighting = ledger.sightings().get(entry.name)
        is_there = sighting is not None and sighting.fingerprint == entry.fingerprint
        return InputDetail(
            **_input_item(entry).model_dump(),
            arrived_at=_time(sighting.mtime_ns) if sighting and is_there else None,
            translated_at=entry.translated_at,
            repaired=entry.repaired,
            merged_run_id=entry.merged_run_id,
            merged_version=entry.merged_version,
            grew_from=_named(ledger, entry.grew_from),
            replaces=_named(ledger, entry.replaces),
            replaced_by=[InputName(id=one.fingerprint, name=one.name) for one in ledger.replacing(entry.fingerprint)],
        )


def _named(ledger: InputLedger, fingerprint: str | None) -> InputName | None:
    entry = ledger.find(fingerprint) if fingerprint else None
    return InputName(id=entry.fingerprint, name=entry.name) if entry else None


@router.get("/quarantine", operation_id="listQuarantine", tags=["quarantine"], responses=documented(422))
async def list_quarantine(
    services: Injected,
    cursor: Annotated[str | None, Query(description="The `next` of the page before.")] = None,
    dataset: str | None = None,
    file: Annotated[str | None, Query(description="A raw file's name, with its folder or without.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most items of a page.")] = 100,
) -> Page[QuarantineItem]:
    """Records, and whole files, that were put aside or mended: those of the newest input first."""
    page = await asyncio.to_thread(list_put_aside, services.workspace, limit, cursor, dataset=dataset, file=file)
    return Page(items=[QuarantineItem.model_validate(item) for item in page.items], next=page.next, total=page.total)


@router.get("/quarantine/{item_id}", operation_id="getQuarantined", tags=["quarantine"], responses=documented(404, 422))
async def get_quarantined(item_id: str, services: Injected) -> QuarantineDetail:
    """One record with its whole text, or a whole file with the first of its records."""
    return QuarantineDetail.model_validate(await asyncio.to_thread(show_put_aside, services.workspace, item_id))


# Named, not imported: DuckDB and Delta are loaded in the workers alone.
_FILE_PROFILE = "quarterhour.stages.analyzer.file_profile:file_profile"
_LIST_DATASETS = "quarterhour.lake.queries:list_datasets"
_DATASET = "quarterhour.lake.queries:dataset"
_DATASET_PROFILE = "quarterhour.lake.queries:dataset_profile"


@router.get(
    "/inputs/{item_id}/profile", operation_id="getInputProfile", tags=["inputs"], responses=documented(404, 422, 503)
)
async def get_input_profile(item_id: str, services: Injected) -> dict[str, Any]:
    """The profile of one file's rows by themselves, as they were translated. It is made for this call."""
    return await services.engine.call(_FILE_PROFILE, services.workspace, services.settings, item_id)


@tagged.get("/datasets", operation_id="listDatasets", tags=["datasets"], responses=documented(422, 503))
async def list_datasets(services: Injected) -> Page[DatasetItem]:
    """The merged tables."""
    found = await services.engine.call(_LIST_DATASETS, services.workspace, services.settings)
    return Page(items=[DatasetItem.model_validate(item) for item in found], total=len(found))


@tagged.get("/datasets/{name}", operation_id="getDataset", tags=["datasets"], responses=documented(404, 422, 503))
async def get_dataset(name: str, services: Injected) -> DatasetItem:
    """One merged table."""
    found = await services.engine.call(_DATASET, services.workspace, services.settings, name)
    return DatasetItem.model_validate(found)


@router.get(
    "/datasets/{name}/profile",
    operation_id="getDatasetProfile",
    tags=["datasets"],
    response_model=DatasetProfile,
    response_model_exclude_unset=True,
    responses=documented(404, 422, 503),
)
async def get_dataset_profile(name: str, services: Injected) -> object:
    """The analyzer's last profile of the dataset."""
    profile = await services.engine.call(_DATASET_PROFILE, services.workspace, services.settings, name)
    if profile is None:
        raise UnknownDataset(f"{name!r} has no profile yet", dataset=name)
    return profile
