"""The balance of a run: whether its rows add up. Pure."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from quarterhour.lifecycle import Run, StageState


class Balance(BaseModel):
    """Whether the rows of a run add up. Both differences are 0 where they do."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    records: Annotated[int, Field(description="Number of records that the translator read.")]
    rows: Annotated[int, Field(description="Number of rows that it translated.")]
    quarantined: Annotated[int, Field(description="Number of records put aside.")]
    carried_over: Annotated[int, Field(description="Number of rows of earlier runs that were still to be merged.")]
    taken_in: Annotated[int, Field(description="Number of rows that the merger took in.")]
    inserted: Annotated[int, Field(description="Number of rows.")]
    updated: Annotated[int, Field(description="Number of rows.")]
    unchanged: Annotated[int, Field(description="Number of rows.")]
    held_back: Annotated[int, Field(description="Number of rows.")]

    @computed_field
    @property
    def translated_difference(self) -> int:
        """In records: records - (rows + quarantined)."""
        return self.records - self.rows - self.quarantined

    @computed_field
    @property
    def merged_difference(self) -> int:
        """In rows: taken_in - (inserted + updated + unchanged + held_back)."""
        return self.taken_in - self.inserted - self.updated - self.unchanged - self.held_back

    @computed_field
    @property
    def lost_between(self) -> int:
        """In rows: rows + carried_over - taken_in, what the translator made and the merger was not given."""
        return self.rows + self.carried_over - self.taken_in

    @property
    def is_closed(self) -> bool:
        return self.translated_difference == self.merged_difference == self.lost_between == 0


def balance(run: Run) -> Balance:
    """The rows of a run, from what its stages said. A stage that did not take part leaves its side empty."""
    merger = run.stage("merger")
    merged: dict[str, Any] = merger.data if merger is not None and merger.state is StageState.SUCCESS else {}
    counts = run.counts
    taken_in = merged.get("rows", counts.rows)
    return Balance(
        records=counts.records,
        rows=counts.rows,
        quarantined=counts.quarantined,
        carried_over=merged.get("carried_over", 0),
        taken_in=taken_in,
        inserted=counts.inserted,
        updated=counts.updated,
        unchanged=counts.unchanged,
        # Without a merger the rows wait for one.
        held_back=counts.held_back if merged else taken_in,
    )
