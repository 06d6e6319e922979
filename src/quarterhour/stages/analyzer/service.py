"""AnalyzerService: the datasets with pending inputs, each profiled and checked; then what concerns the run as a whole."""

from itertools import groupby

from quarterhour.lake.ledger import Input
from quarterhour.stages.analyzer.analyses import in_words, run_analyses
from quarterhour.stages.analyzer.checks import checked_always, conclude_checks, told_of_checks, waves
from quarterhour.stages.analyzer.dataset import DatasetReport
from quarterhour.stages.analyzer.side_by_side import Outcomes, analyse
from quarterhour.stages.analyzer.states.validity import outdated_datasets
from quarterhour.stages.base import StageContext, StageResult
from quarterhour.stages.dataset_failures import combined


class AnalyzerService:
    """Analyses each dataset as it will stand after the merge. What it writes replaces what it wrote before."""

    name = "analyzer"

    def run(self, context: StageContext) -> StageResult:
        reports, failures = _analyse_datasets(context, _pending_by_wave(context))
        if failures:
            raise combined(failures)
        profiled = [dataset for dataset, report in reports.items() if report.was_profiled]
        data = {"datasets": len(profiled), "profiled": profiled}
        data |= conclude_checks(context, {dataset: report.checks for dataset, report in reports.items()})
        data |= run_analyses(context)
        noun = "dataset" if len(profiled) == 1 else "datasets"
        msg = f"Profiled {len(profiled)} {noun}" if profiled else "Nothing new to analyse"
        msg += told_of_checks(report.checks for report in reports.values()) + in_words(data)
        return StageResult(msg, data)


def _pending_by_wave(context: StageContext) -> list[dict[str, list[Input]]]:
    """The datasets to analyse with their pending inputs: those of a wave refer to none but those of waves before it."""
    with context.lake.ledger() as ledger:
        pending = sorted(ledger.pending(), key=lambda entry: entry.dataset)
    found: dict[str, list[Input]] = {dataset: [] for dataset in checked_always(context.settings)}
    analyses = {analysis.name for analysis in context.settings.analyses}
    found |= {dataset: [] for dataset in outdated_datasets(context.workspace, analyses)}
    found |= {dataset: list(group) for dataset, group in groupby(pending, key=lambda entry: entry.dataset)}
    return [{dataset: found[dataset] for dataset in wave} for wave in waves(context.settings, found)]


def _analyse_datasets(context: StageContext, by_wave: list[dict[str, list[Input]]]) -> Outcomes:
    """One dataset's failure does not stop the others; it is raised once they are done."""
    reports: dict[str, DatasetReport] = {}
    failures: list[tuple[str, Exception]] = []
    total = sum(map(len, by_wave))
    for wave in by_wave:
        begun = len(reports) + len(failures)

        def report(done: int, dataset: str, begun: int = begun) -> None:
            context.check_cancelled()
            context.progress(begun + done, total, dataset=dataset)

        some_reports, some_failures = analyse(context, wave, report)
        reports |= {dataset: some_reports[dataset] for dataset in wave if dataset in some_reports}
        failures += some_failures
    for dataset, error in failures:
        context.emit(f"{dataset}: not analysed: {error}", level="error", dataset=dataset)
    context.progress(total, total)
    return reports, failures
