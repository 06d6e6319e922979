"""The call for a newcomer: real files, put into data/raw of a home that has had none yet."""

import asyncio
import threading
from datetime import UTC, datetime

from fastapi import APIRouter

from quarterhour.demo import NotEmpty, drop_batch
from quarterhour.lake.arrivals import arrivals
from quarterhour.lake.ledger import InputLedger
from quarterhour.settings import Settings
from quarterhour.web.models import DemoAnswer
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected
from quarterhour.workspace import Workspace

router = APIRouter(prefix="/api")

# Two who press at once: the second one finds the files of the first.
_one_at_a_time = threading.Lock()


@router.post("/demo", status_code=201, operation_id="loadDemoData", tags=["inputs"], responses=documented(409, 501))
async def load_demo_data(services: Injected) -> DemoAnswer:
    """Put the demo's first files into data/raw of a home that has had no file yet. The next run takes them in."""
    return DemoAnswer(files=await asyncio.to_thread(_drop_first, services.workspace, services.settings))


def _drop_first(workspace: Workspace, settings: Settings) -> list[str]:
    """Raises NotEmpty and DemoDataMissing."""
    with _one_at_a_time:
        with InputLedger(workspace.ledger_file) as ledger:
            waiting = arrivals(workspace, settings, ledger.sightings(), datetime.now(UTC))
            known = sum(count for count, _ in ledger.totals().values())
        if waiting or known:
            raise NotEmpty(
                f"there are files already ({len(waiting)} in {workspace.raw}, {known} taken in): the demo's files are "
                "for a home without any. Take another home, or run `quarterhour demo`"
            )
        return drop_batch(workspace)
