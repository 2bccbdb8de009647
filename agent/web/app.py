"""The web application: pages, live stream, JSON and downloads. It reads a `BoardState` and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from typing_extensions import override

from agent.web.downloads import find, listing
from agent.web.guard import GuardHeaders
from agent.web.state import BoardState
from agent.web.stream import Views, events
from agent.web.view import explanation
from reports.catalogue import LANGUAGES, Catalogue, closest, load, words

HERE: Final = Path(__file__).parent
LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
STREAMS_MAX: Final = 30
THEMES: Final = ("dark", "light")
_YEAR_S: Final = 365 * 24 * 3600
_IMMUTABLE: Final = "public, max-age=31536000, immutable"


class _Static(StaticFiles):
    """Files with a version in their name never change; the others are asked for again each time."""

    @override
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        versioned = path.startswith(("vendor/", "fonts/"))
        response.headers["cache-control"] = _IMMUTABLE if versioned else "no-cache"
        return response


class _Streams:
    """Open live streams, counted against a limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open = 0

    async def counted(self, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            async for chunk in source:
                yield chunk
        finally:
            self.open -= 1


@cache
def catalogue(language: str) -> Catalogue:
    """Return all texts of the board in `language`."""
    return words(language).over(load(HERE / "locales", language))


def create_app(
    state: BoardState,
    *,
    reports: Path | None = None,
    hosts: Sequence[str] = LOCAL_HOSTS,
    language: str = "zh-CN",
    streams: int = STREAMS_MAX,
) -> FastAPI:
    """Return the application.

    reports: folder of finished reports and bundles, or None. hosts: names under which the board may be asked for
    (DNS rebinding). language: used when neither `?lang=` nor the cookie says another. `app.state.stop` is the event
    that ends every live stream; the server sets it.
    """
    app = FastAPI(
        title="plantproof", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    app.add_middleware(GuardHeaders)
    app.mount("/static", _Static(directory=HERE / "static"), name="static")
    stop = asyncio.Event()
    app.state.stop = stop
    pages = _Pages(state, Views(state), language)
    _add_pages(app, pages, reports)
    _add_data(app, state, pages.views, _Streams(streams), stop)
    return app


class _Pages:
    """Renders templates in the language and theme that the request wishes."""

    def __init__(self, state: BoardState, views: Views, language: str) -> None:
        self.state, self.views, self.default = state, views, language
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def language(self, request: Request) -> str:
        wish = request.query_params.get("lang")
        if wish in LANGUAGES:
            return wish
        kept = request.cookies.get("lang")
        return kept if kept in LANGUAGES else closest(self.default)

    def render(
        self, request: Request, template: str, status: int = 200, **values: object
    ) -> HTMLResponse:
        language = self.language(request)
        other = next(item for item in LANGUAGES if item != language)
        theme = request.cookies.get("theme")
        texts = catalogue(language)
        data = self.views.newest()
        html = self.environment.get_template(template).render(
            lang=language,
            short=language[:2],
            other=other,
            theme=theme if theme in THEMES else "",
            t=texts.t,
            texts=dict(texts.entries),
            board=data,
            path=request.url.path,
            **values,
        )
        response = HTMLResponse(html, status_code=status)
        if request.query_params.get("lang") == language:
            response.set_cookie("lang", language, max_age=_YEAR_S, samesite="strict", httponly=True)
        return response


def _add_pages(app: FastAPI, pages: _Pages, reports: Path | None) -> None:
    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def board(request: Request) -> HTMLResponse:
        return pages.render(request, "board.html")

    @app.get("/reports", response_class=HTMLResponse, include_in_schema=False)
    def report_list(request: Request) -> HTMLResponse:
        offset = timedelta(minutes=pages.state.snapshot().site.utc_offset_min)
        files = [
            (
                item,
                f"{datetime.fromtimestamp(item.modified_ms / 1000, UTC) + offset:%Y-%m-%d %H:%M}",
            )
            for item in listing(reports)
        ]
        return pages.render(request, "reports.html", files=files)

    @app.get("/reports/{name}", include_in_schema=False)
    def download(name: str) -> FileResponse:
        item = find(reports, name)
        if item is None:
            raise HTTPException(404)
        return FileResponse(item.path, media_type=item.media_type, filename=item.name)

    @app.exception_handler(HTTPException)
    async def failed(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(("/api/", "/events")):
            return JSONResponse(
                {"error": {"code": error.status_code}}, error.status_code, headers=error.headers
            )
        key = "error.not_found" if error.status_code == 404 else "error.title"
        return pages.render(request, "error.html", error.status_code, key=key)


def _add_data(
    app: FastAPI, state: BoardState, views: Views, streams: _Streams, stop: asyncio.Event
) -> None:
    @app.get("/api/board")
    async def board_data() -> JSONResponse:
        """Return the newest snapshot as the pages get it."""
        return JSONResponse(views.newest())

    @app.get("/api/kpi/{figure}")
    async def kpi(figure: str) -> JSONResponse:
        """Return how a figure was computed: formula, window, numbers put in, devices in the denominator."""
        found = state.explain(figure)
        if found is None:
            raise HTTPException(404)
        return JSONResponse(explanation(found))

    @app.get("/events", include_in_schema=False)
    async def live() -> Response:
        if streams.open >= streams.limit:
            raise HTTPException(503, headers={"Retry-After": "10"})
        return StreamingResponse(
            streams.counted(events(state, views, stop)),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
        )

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        """Return that the process answers, and the sequence number of its board."""
        snapshot = state.snapshot()
        return JSONResponse({"ok": True, "seq": snapshot.seq, "simulated": snapshot.simulated})
