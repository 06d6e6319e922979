"""What the settings of a server's start were, and what is other than at the start before: an event, whose fold remembers it.

Secrets are told as fingerprints: that one is another is seen, and what it is is not.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, cast

import orjson
from pydantic import BaseModel

from quarterhour.bus import EventBus
from quarterhour.clock import Clock
from quarterhour.events import ConfigurationChanged
from quarterhour.lifecycle import ConfigurationKnown
from quarterhour.settings import Settings
from quarterhour.settings.types import SECRET

VERSION = "quarterhour.version"
# A longer value (a query) is told by its length and fingerprint.
_LONGEST = 300
# Of a larger configuration the event says what changed, and the next one cannot.
_MOST_BYTES = 40_000
_MOST_CHANGES = 100
_NAMED_CHANGES = 3
_FINGERPRINT_DIGITS = 8
_PASSWORD_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s\"]+(?=@)")


@dataclass(frozen=True, slots=True)
class Change:
    """One key that is another. None: the key is not there, or has no value."""

    key: str
    before: Any
    after: Any

    def wire(self) -> dict[str, Any]:
        return {"key": self.key, "from": self.before, "to": self.after}

    @property
    def text(self) -> str:
        return f"{self.key} {_short(self.before)} → {_short(self.after)}"


def told(settings: Settings, home_id: str) -> dict[str, Any]:
    """Each key with its value, `datasets.bars.keys` by the names of tables; secrets as fingerprints that the home's id salts."""
    salt = home_id.encode()
    values = dict(_values(settings, "", salt))
    return {VERSION: version("quarterhour"), **values}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """By key."""
    keys = sorted({*before, *after})
    return [Change(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


async def tell(settings: Settings, home_id: str, known: ConfigurationKnown | None, bus: EventBus, clock: Clock) -> None:
    """An event where the settings are others than those that `known` stands for; nothing where they are the same."""
    after = told(settings, home_id)
    digest = hashlib.sha256(orjson.dumps(after, option=orjson.OPT_SORT_KEYS)).hexdigest()
    stages = tuple(stage.name for stage in settings.stages)
    before = _before(known, bus)
    if known is not None and before is not None and known.digest == digest and known.stages == stages:
        return
    found = changes(before, after) if before is not None else []
    data = {
        "level": "info" if found or known else "debug",
        "changed": [change.wire() for change in found[:_MOST_CHANGES]],
        "digest": digest,
        # Also where the whole is too large: the page shows them before the first run.
        "stages": list(stages),
        "configuration": after if len(orjson.dumps(after)) <= _MOST_BYTES else None,
    }
    msg = _message(found, is_first=known is None, is_same=known is not None and known.digest == digest)
    await bus.publish(ConfigurationChanged(at=clock.now(), run_id=None, stage="pipeline", msg=msg, data=data))


def _before(known: ConfigurationKnown | None, bus: EventBus) -> dict[str, Any] | None:
    """What the event said that `known` names; None where it is gone from the log, or was too large to say it."""
    if known is None:
        return None
    events = bus.log.read(known.seq - 1, 1)
    if not events or events[0].seq != known.seq:
        return None
    return events[0].data.get("configuration")


def _message(found: list[Change], *, is_first: bool, is_same: bool) -> str:
    if found:
        named = "; ".join(change.text for change in found[:_NAMED_CHANGES])
        more = f"; and {len(found) - _NAMED_CHANGES} more" if len(found) > _NAMED_CHANGES else ""
        return f"The configuration is another than at the start before: {named}{more}"
    if is_first or is_same:
        return "The configuration is recorded"
    return "The configuration is another than at the start before, which the log no longer tells"


def _values(model: BaseModel, prefix: str, salt: bytes, *, is_table: bool = False) -> Iterator[tuple[str, Any]]:
    """The keys of a section and of those in it."""
    wire = model.model_dump(mode="json")
    for name, field in type(model).model_fields.items():
        key, value = f"{prefix}{name}", getattr(model, name)
        if is_table and (name == "name" or value == field.get_default(call_default_factory=True, validated_data={})):
            # A new table is one line for each of its keys that somebody wrote.
            continue
        if SECRET in field.metadata:
            yield key, _secret(wire[name], salt)
        elif isinstance(value, BaseModel):
            yield from _values(value, f"{key}.", salt)
        elif _is_named(value):
            # Also their order counts.
            yield key, [each.name for each in value]
            for each in value:
                yield from _values(each, f"{key}.{each.name}.", salt, is_table=True)
        else:
            yield key, _plain(wire[name], salt)


def _is_named(value: object) -> bool:
    items = cast(tuple[object, ...], value) if isinstance(value, tuple) else ()
    return bool(items) and all(isinstance(each, BaseModel) and hasattr(each, "name") for each in items)


def _secret(value: object, salt: bytes) -> str | None:
    return f"(secret {_fingerprint(value, salt)})" if value else None


def _plain(value: Any, salt: bytes) -> Any:
    text = orjson.dumps(value).decode()
    if len(text) > _LONGEST:
        return f"({len(text)} characters, {_fingerprint(text, salt)})"
    # What stands in its place needs no escape.
    return orjson.loads(_PASSWORD_IN_ADDRESS.sub(lambda found: _secret(found[0], salt) or "", text))


def _fingerprint(value: object, salt: bytes) -> str:
    return hmac.new(salt, orjson.dumps(value), hashlib.sha256).hexdigest()[:_FINGERPRINT_DIGITS]


def _short(value: object) -> str:
    return "–" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
