"""How the API's answers tell times."""

from typing import Annotated

from pydantic import Field

Time = Annotated[
    str,
    Field(
        description="UTC, ISO 8601.", json_schema_extra={"format": "date-time"}, examples=["2025-12-05T12:15:00.000Z"]
    ),
]
"""A moment as events and answers write it: UTC, ISO 8601 (RFC 3339), to the millisecond, `Z` at its end."""
