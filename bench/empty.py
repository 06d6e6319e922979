"""A stage that does nothing, so that only the pipeline's own time is measured."""

from quarterhour.stages.base import StageContext, StageResult


class Empty:
    name = "empty"

    def run(self, context: StageContext) -> StageResult:
        return StageResult(f"nothing to do in attempt {context.attempt}")
