"""AnalyzerService: the datasets with pending inputs, each profiled and checked; then what concerns the run as a whole."""

from itertools import groupby

from quarterhour.errors import StageCancelled
from quarterhour.lake.ledger import Input
from quarterhour.stages.analyzer.analyses import in_words, run_analyses
from quarterhour.stages.analyzer.checks import checked_always, conclude_checks, told_of_checks, waves
from quarterhour.stages.analyzer.dataset import DatasetReport, analyse_dataset
from quarterhour.stages.analyzer.states.validity import is_outdated, merged_datasets
from quarterhour.stages.base import StageContext, StageResult
from quarterhour.stages.dataset_failures import combined


class AnalyzerService:
    """Analyses each dataset as it will stand after the merge. What it writes replaces what it wrote before."""

    name = "analyzer"

    def run(self, context: StageContext) -> StageResult:
        reports, failures = _analyse_datasets(context, _pending_by_dataset(context))
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


def _pending_by_dataset(context: StageContext) -> dict[str, list[Input]]:
    with context.lake.ledger() as ledger:
        pending = sorted(ledger.pending(), key=lambda entry: entry.dataset)
    found: dict[str, list[Input]] = {dataset: [] for dataset in checked_always(context.settings)}
    found |= {dataset: [] for dataset in merged_datasets(context.workspace) if is_outdated(context.workspace, dataset)}
    found |= {dataset: list(group) for dataset, group in groupby(pending, key=lambda entry: entry.dataset)}
    return {dataset: found[dataset] for wave in waves(context.settings, found) for dataset in wave}


def _analyse_datasets(
    context: StageContext, pending: dict[str, list[Input]]
) -> tuple[dict[str, DatasetReport], list[tuple[str, Exception]]]:
    """One dataset's failure does not stop the others; it is raised once they are done."""
    reports: dict[str, DatasetReport] = {}
    failures: list[tuple[str, Exception]] = []
    for place, (dataset, inputs) in enumerate(pending.items()):

        def report(place: int = place, dataset: str = dataset) -> None:
            context.check_cancelled()
            context.progress(place, len(pending), dataset=dataset)

        report()
        try:
            reports[dataset] = analyse_dataset(context, dataset, inputs, report)
        except StageCancelled:
            raise
        except Exception as error:  # noqa: BLE001
            failures.append((dataset, error))
            context.emit(f"{dataset}: not analysed: {error}", level="error", dataset=dataset)
    context.progress(len(pending), len(pending))
    return reports, failures
