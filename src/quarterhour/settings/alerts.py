"""`[[alerts]]`: who is told when something is wrong."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from quarterhour.settings.types import DATASET_NAME, SECRET, Section

Trouble = Literal["pipeline", "schedule", "disk", "memory", "event_loop", "event_log"]
"""What can be wrong: the last run failed, or one of the checks of `/readyz`."""
TROUBLES: tuple[Trouble, ...] = get_args(Trouble)

DEAD_MANS_SWITCH = "dead-mans-switch"
"""The channel of alerts that `watchdog.ping_url` makes; its hyphens keep it apart from those of `[[alerts]]`."""


class AlertSettings(Section):
    """A channel that is told when something goes wrong, and when it is well again."""

    name: Annotated[str, Field(pattern=DATASET_NAME)]
    url: Annotated[
        str,
        SECRET,
        Field(min_length=1, description="Where to, as Apprise writes it: 'mailtos://…', 'slack://…', 'json://…'."),
    ]
    on: Annotated[tuple[Trouble, ...], Field(min_length=1, description="Of what it is told; without it, of all.")] = (
        TROUBLES
    )
