"""Making exports: to be kept and sent, to a file of one's own, or only looked at. The server calls these in a worker."""

from pathlib import Path

from quarterhour.files import replacing
from quarterhour.lake.exports.kept import Kept, KeptExports
from quarterhour.lake.exports.plan import Plan, planned
from quarterhour.lake.exports.request import ExportCheck, ExportRequest, MadeExport
from quarterhour.lake.exports.writing import write_export
from quarterhour.lake.exports.xlsx import refusal
from quarterhour.lake.scratch import own_scratch
from quarterhour.settings import Settings
from quarterhour.workspace import Workspace


def make_export(
    workspace: Workspace, settings: Settings, request: ExportRequest, digest: str | None = None, resumes: bool = False
) -> MadeExport:
    """The export as a kept file, made now or before. `digest` is the content that the caller has a part of, if it said so.

    A filter that looks at the clock is asked anew each time, unless the caller goes on with a file that it began.
    """
    kept_exports = KeptExports(workspace.kept_exports, settings.downloads)
    kept_exports.tidy()
    with own_scratch(workspace.scratch, "export") as folder:
        path = folder / f"made.{request.format}"
        with planned(workspace, request, [path]) as plan:
            kept = _kept(kept_exports, plan, digest, resumes=resumes)
            if kept is None:
                write_export(plan, path, _unreported)
                kept = kept_exports.keep(plan.key, path)
            return MadeExport(kept.path, plan.file_name, kept.digest)


def _kept(kept_exports: KeptExports, plan: Plan, digest: str | None, *, resumes: bool) -> Kept | None:
    same = kept_exports.find(plan.key, digest) if digest else None
    return same or (kept_exports.find(plan.key) if plan.filter.is_steady or resumes else None)


def check_export(workspace: Workspace, settings: Settings, request: ExportRequest) -> ExportCheck:
    """What the export would hold. Raises as making it would, but for what only its rows can tell."""
    with planned(workspace, request) as plan:
        rows = plan.count()
        kept = KeptExports(workspace.kept_exports, settings.downloads).find(plan.key) if plan.filter.is_steady else None
        return ExportCheck(
            version=plan.table.version,
            rows=rows,
            columns=list(plan.columns),
            refusal=refusal(plan, rows) if request.format == "xlsx" else None,
            size=kept.path.stat().st_size if kept else None,
        )


def export_to_file(workspace: Workspace, request: ExportRequest, out: Path) -> tuple[int, int]:
    """Write `out`, whole or not at all; returns the version and its rows."""
    with replacing(out) as temporary, planned(workspace, request, [temporary.resolve()]) as plan:
        rows = write_export(plan, temporary.resolve(), _unreported)
        return plan.table.version, rows


def _unreported(_: int) -> None:
    return
