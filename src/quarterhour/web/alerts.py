"""The calls on alerts: who is told when something is wrong, and whether that works."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from quarterhour.clock import wire_time
from quarterhour.errors import AlertNotDelivered, UnknownAlert
from quarterhour.notify.channel import Channel, Delivery
from quarterhour.settings.alerts import DEAD_MANS_SWITCH
from quarterhour.web.models import Page
from quarterhour.web.problems import documented
from quarterhour.web.services import Injected, Services
from quarterhour.web.session import Caller
from quarterhour.web.settings_models import AlertDelivery, AlertItem

router = APIRouter(prefix="/api")


@router.get("/alerts", operation_id="listAlerts", tags=["alerts"])
async def list_alerts(services: Injected) -> Page[AlertItem]:
    """The channels that are configured."""
    items = [_item(channel) for channel in services.channels]
    return Page(items=items, total=len(items))


@router.post("/alerts/{name}/test", operation_id="testAlert", tags=["alerts"], responses=documented(404, 409, 422, 502))
async def test_alert(
    name: Annotated[str, Path(examples=[DEAD_MANS_SWITCH])], services: Injected, caller: Caller, request: Request
) -> AlertDelivery:
    """Send a real message through a channel, now; an event says who asked for it. 502 says why it was not delivered."""
    channel = _channel(services, name)
    address = request.client.host if request.client else "this machine"
    delivery = await channel.test(caller.name if caller else None, address)
    if delivery.error is not None:
        raise AlertNotDelivered(f"{channel.host or channel.name}: {delivery.error}")
    return _delivery(delivery)


def _channel(services: Services, name: str) -> Channel:
    channel = next((channel for channel in services.channels if channel.name == name), None)
    if channel is None:
        raise UnknownAlert(f"no channel of alerts is named {name!r}: GET /api/alerts lists those that are configured")
    return channel


def _item(channel: Channel) -> AlertItem:
    return AlertItem(
        name=channel.name,
        title=channel.title,
        host=channel.host,
        tells=channel.tells,
        withheld=channel.withheld,
        last=_delivery(channel.last) if channel.last else None,
    )


def _delivery(delivery: Delivery) -> AlertDelivery:
    return AlertDelivery(at=wire_time(delivery.at), error=delivery.error)
