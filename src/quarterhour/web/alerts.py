"""The calls on alerts: who is told when something is wrong, and whether that works."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from quarterhour.clock import wire_time
from quarterhour.errors import AlertNotDelivered, UnknownAlert
from quarterhour.notify.dead_mans_switch import NAME, DeadMansSwitch, Delivery
from quarterhour.web.models import Page
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected, Services
from quarterhour.web.session import Caller
from quarterhour.web.settings_models import AlertDelivery, AlertItem

router = APIRouter(prefix="/api")


@router.get("/alerts", operation_id="listAlerts", tags=["alerts"])
async def list_alerts(services: Injected) -> Page[AlertItem]:
    """The channels that are configured."""
    items = [_item(services.switch)] if services.switch.is_configured else []
    return Page(items=items, total=len(items))


@router.post("/alerts/{name}/test", operation_id="testAlert", tags=["alerts"], responses=documented(404, 409, 422, 502))
async def test_alert(
    name: Annotated[str, Path(examples=[NAME])], services: Injected, caller: Caller, request: Request
) -> AlertDelivery:
    """Send a real message through a channel, now; an event says who asked for it. 502 says why it was not delivered."""
    switch = _switch(services, name)
    address = request.client.host if request.client else "this machine"
    delivery = await switch.test(caller.name if caller else None, address)
    if delivery.error is not None:
        raise AlertNotDelivered(f"{switch.host}: {delivery.error}")
    return _delivery(delivery)


def _switch(services: Services, name: str) -> DeadMansSwitch:
    if name != NAME or not services.switch.is_configured:
        raise UnknownAlert(f"no channel of alerts is named {name!r}: GET /api/alerts lists those that are configured")
    return services.switch


def _item(switch: DeadMansSwitch) -> AlertItem:
    tells = (
        f"Called every {switch.every_s:g} s while all is well. Its owner raises the alarm when the calls stay away, "
        "also when this machine is gone."
    )
    last = _delivery(switch.last) if switch.last else None
    return AlertItem(
        name=NAME, title="Dead man's switch", host=switch.host, tells=tells, withheld=switch.withheld, last=last
    )


def _delivery(delivery: Delivery) -> AlertDelivery:
    return AlertDelivery(at=wire_time(delivery.at), error=delivery.error)
