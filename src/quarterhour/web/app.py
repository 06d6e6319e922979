"""The FastAPI application: routes, errors, the dashboard's files. One process serves both ports with it."""

from collections.abc import Sequence
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Scope

from quarterhour.web import (
    alerts,
    analyses,
    backfill,
    checks,
    commands,
    data,
    demo,
    event_pages,
    exports,
    history,
    live,
    problems,
    queries,
    rows,
    schedule,
    series,
    session,
    stream,
    timeline,
    tokens,
)
from quarterhour.web.assets import Assets
from quarterhour.web.compression import Compression
from quarterhour.web.downloads import Downloads
from quarterhour.web.examples import with_examples
from quarterhour.web.guard import Guard
from quarterhour.web.repeats import Repeats
from quarterhour.web.services import Services

_STATIC = Path(__file__).parent / "static"
_NOT_BUILT = (
    "<!doctype html><title>quarterhour</title><div id='missing'>The dashboard is not built: run <code>make dashboard</code>. "
    'The API answers at <a href="./docs">/docs</a>.</div>'
)
_NO_PAGES = ("/api/", "/ws/", "/assets/")


def make_app(services: Services | None, guard: Guard | None = None) -> FastAPI:
    """`services` may be None where only the OpenAPI document is wanted; `guard` where nobody calls from outside."""
    app = _Api(
        title="quarterhour",
        version=version("quarterhour"),
        summary="CSV files become typed, analysed, merged tables every quarter of an hour, and every row is accounted for.",
        separate_input_output_schemas=False,
    )
    app.state.services = services
    app.state.downloads = Downloads(services.settings, services.workspace, services.engine) if services else None
    app.state.repeats = Repeats(services) if services else None
    app.add_middleware(Compression)
    if guard is not None:
        guard.install(app)
    problems.install(app)
    anywhere = problems.documented(*problems.ANYWHERE)
    calling = (
        commands,
        schedule,
        backfill,
        stream,
        event_pages,
        queries,
        data,
        demo,
        alerts,
        analyses,
        checks,
        exports,
        history,
        live,
        rows,
        series,
        session,
        timeline,
        tokens,
    )
    routers = [*(module.router for module in calling), queries.tagged, data.tagged]
    for router in routers:
        app.include_router(router, responses=anywhere)
    calls = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    app.mount("/", _Dashboard(calls), name="dashboard")
    return app


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = with_examples(super().openapi())
        return self.openapi_schema


class _Dashboard(Assets):
    """The built page's files. An address that is none of them is a page which the dashboard draws, or says that there is none."""

    def __init__(self, calls: Sequence[APIRoute]) -> None:
        super().__init__(directory=_STATIC, check_dir=False)
        self._calls = calls

    async def get_response(self, path: str, scope: Scope) -> Response:
        # What is mounted at the root gets each call that no route takes, also one that only its method is wrong of.
        allowed = {
            method for call in self._calls if call.path_regex.match(scope["path"]) for method in call.methods or ()
        }
        if allowed:
            raise HTTPException(405, f"allowed: {', '.join(sorted(allowed))}", {"allow": ", ".join(sorted(allowed))})
        if scope["method"] in ("GET", "HEAD") and _is_page(scope["path"]):
            return _page(str(scope.get("root_path", "")))
        return await super().get_response(path, scope)


def _page(root_path: str) -> Response:
    """The dashboard's page, which stands at many addresses: what it names from its folder is named from the root."""
    try:
        page, status = (_STATIC / "index.html").read_text(encoding="utf-8"), 200
    except FileNotFoundError:
        page, status = _NOT_BUILT, 503
    # The page names its scripts by their content's hash: only the page itself must be asked for anew.
    return HTMLResponse(page.replace('"./', f'"{escape(root_path)}/'), status, {"cache-control": "no-cache"})


def _is_page(path: str) -> bool:
    """Whether a page may stand there: a file's address has an ending, and who calls what there is not must not get a page."""
    return path == "/index.html" or (not path.startswith(_NO_PAGES) and "." not in path)
