"""The routes. What is scraped exists as bytes already. Handlers are closures: injection costs thrice that."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from time import time
from typing import Any, Protocol, TypeAlias

import msgspec
from litestar import MediaType, Request, Response, Router, route
from litestar.enums import HttpMethod
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from infrahub_exporter.adapters.http.asked import names, parameters_of
from infrahub_exporter.adapters.http.bodies import Body, ChunkedResponse, Kept
from infrahub_exporter.adapters.http.negotiation import is_unchanged, negotiate, wants_gzip, wants_html
from infrahub_exporter.adapters.http.page import PAGE_HEADERS, base_of, render
from infrahub_exporter.domain.access.credentials import Passed
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import BadParameterError, ExporterError
from infrahub_exporter.domain.publishing.formats import Format
from infrahub_exporter.domain.publishing.status import Status
from infrahub_exporter.domain.views.discovery import Decision

REFRESH_HEADER = "X-Prometheus-Refresh-Interval-Seconds"
DISCOVERY_TYPE = "application/json"
"""The bare form, the only one that Prometheus 2.28 knew (SD-03)."""
UNCOVERED_PATH = "/-/uncovered"
EXPLAIN = "explain"
_LISTS = "/sd/"
_NAMED = f"{_LISTS}{{name:str}}"
_METHODS = (HttpMethod.GET, HttpMethod.HEAD)
_NO_STORE = {"Cache-Control": "no-store"}
_GZIP = {"Content-Encoding": "gzip"}
_Answer: TypeAlias = Callable[[Request[Any, Any, Any]], Awaitable[Response[bytes]]]


class Served(Protocol):
    """What the routes hand out."""

    @property
    def status(self) -> Status:
        """How everything is doing."""
        ...

    @property
    def discoveries(self) -> Sequence[DiscoverySpec]:
        """The configured discoveries."""
        ...

    def exposition(self, format_: Format, names: Collection[str] | None) -> Body | None:
        """Return the body of the metrics path, None as long as nothing has been read well.

        With `names` it is the families alone that have one of them.
        """
        ...

    def own_metrics_body(self, format_: Format, names: Collection[str] | None) -> bytes:
        """Return the exporter's own metrics, those with one of these names."""
        ...

    async def target_list(self, name: str, parameters: Sequence[tuple[str, str]] = ()) -> Sequence[bytes]:
        """Return a discovery's list in chunks. Raises ExporterError where none was ever read well.

        Raises BadParameterError for parameters of the URL that it does not take.
        """
        ...

    def explain(self, name: str) -> Sequence[Decision]:
        """Return the rows of a discovery that are no targets, each with its reason."""
        ...


def build_router(
    served: Served,
    *,
    path: str = "/",
    metrics_path: str | None = "/metrics",
    handlers: Sequence[HTTPRouteHandler] = (),
    page_is_open: bool = False,
    version: str = "",
    now: Callable[[], float] = time,
) -> Router:
    """Build the routes below `path`, `handlers` among them; `metrics_path` None leaves the inventory's metrics out.

    A browser gets the status page at `path` itself: one that was authenticated, or any where `page_is_open`.
    `now` is the wall clock in unix seconds.
    """
    links = paths_of(served.discoveries, metrics_path)
    explained = {spec.name: _explain_path(spec) for spec in served.discoveries if not spec.required}

    def may_see(request: Request[Any, Any, Any]) -> bool:
        return page_is_open or isinstance(request.scope.get("auth"), Passed)

    def page(request: Request[Any, Any, Any]) -> bytes | None:
        if not may_see(request) or not wants_html(request.scope["headers"]):
            return None
        base = base_of(request.scope.get("raw_path") or request.scope["path"].encode())
        status = served.status
        skipping = [each.name for each in status.entries if each.source == "query" and any(each.skipped.values())]
        more = [explained[name] for name in skipping if name in explained]
        more += [UNCOVERED_PATH] if status.uncovered else []
        return render(status, now=now(), links=(*links, *more), base=base, version=version)

    routes = [_root(page), *_health(served), _own_metrics(served), _uncovered(served, may_see), *handlers]
    if metrics_path is not None:
        routes.append(_metrics(served, metrics_path))
    lists = {spec.name: _discovery(served, spec) for spec in served.discoveries}
    named, apart = _shared(served.discoveries, metrics_path)
    routes += [route(paths, http_method=_METHODS)(lists[spec.name]) for paths, spec in apart]
    routes += [
        route(_explain_path(spec), http_method=_METHODS)(_explained(served, spec, may_see))
        for paths, spec in apart
        if not spec.required and spec.paths[0] in paths
    ]
    shown = {spec.name: lists[spec.name] for spec in named}
    routes.append(route(_NAMED, http_method=_METHODS)(_by_name(shown)))
    skipped = {
        spec.name: _explained(served, spec, may_see)
        for spec in named
        if not spec.required and spec.paths[0] == f"{_LISTS}{spec.name}"
    }
    routes.append(route(f"{_NAMED}/{EXPLAIN}", http_method=_METHODS)(_by_name(skipped)))
    return Router(path=path, route_handlers=routes, include_in_schema=False)


def paths_of(discoveries: Sequence[DiscoverySpec], metrics_path: str | None) -> tuple[str, ...]:
    """List the paths that the routes answer, those that somebody may look for."""
    own = [] if metrics_path is None else [metrics_path]
    lists = [each for spec in discoveries for each in spec.paths]
    return (*own, *lists, "/-/metrics", "/-/healthy", "/-/ready")


def _shared(
    discoveries: Sequence[DiscoverySpec], metrics_path: str | None
) -> tuple[list[DiscoverySpec], list[tuple[list[str], DiscoverySpec]]]:
    """Tell the lists that one route answers by name from those with paths of their own, and which these are.

    Routes cost Litestar the square of their number. A path below another one hides what a name would find there.
    """
    usual = {f"{_LISTS}{spec.name}": spec for spec in discoveries if "/" not in spec.name}
    other = [path for spec in discoveries for path in spec.paths if path not in usual]
    other += [] if metrics_path is None else [metrics_path]
    hidden = {f"{_LISTS}{path.removeprefix(_LISTS).partition('/')[0]}" for path in other if path.startswith(_LISTS)}
    named = {path: spec for path, spec in usual.items() if path in spec.paths and path not in hidden}
    apart = [([path for path in spec.paths if path not in named], spec) for spec in discoveries]
    return list(named.values()), [(paths, spec) for paths, spec in apart if paths]


def _by_name(found: Mapping[str, _Answer]) -> _Answer:
    """Answer for the list that the path names."""

    async def named(request: Request[Any, Any, Any]) -> Response[bytes]:
        answer = found.get(request.path_params["name"])
        if answer is None:
            raise NotFoundException
        return await answer(request)

    return named


def _root(page: Callable[[Request[Any, Any, Any]], bytes | None]) -> HTTPRouteHandler:
    headers = {**_NO_STORE, "Vary": "Accept"}

    @route("/", http_method=_METHODS)
    async def root(request: Request[Any, Any, Any]) -> Response[bytes]:
        body = page(request)
        if body is None:
            return Response(b"OK", media_type=MediaType.TEXT, headers=headers)
        return Response(body, media_type=MediaType.HTML, headers=PAGE_HEADERS)

    return root


def _health(served: Served) -> tuple[HTTPRouteHandler, ...]:
    @route("/-/healthy", http_method=_METHODS, media_type=MediaType.TEXT)
    async def healthy() -> str:
        return "OK"

    @route("/-/ready", http_method=_METHODS)
    async def ready() -> Response[bytes]:
        status = served.status
        if status.ready:
            return Response(b"OK", media_type=MediaType.TEXT, headers=_NO_STORE)
        return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "Not ready", _waiting_for(status))

    return healthy, ready


def _waiting_for(status: Status) -> str:
    if status.dead:
        return f"these loops have died: {', '.join(status.dead)}"
    waiting = [f"{entry.source} {entry.name}" for entry in status.entries if not entry.settled]
    return f"not read yet: {', '.join(waiting)}"


def _own_metrics(served: Served) -> HTTPRouteHandler:
    @route("/-/metrics", http_method=_METHODS)
    async def own_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        wanted = negotiate(request.scope["headers"])
        body = served.own_metrics_body(wanted.format, names(request))
        return Response(body, media_type=wanted.media_type, headers={"Vary": "Accept"})

    return own_metrics


def _uncovered(served: Served, may_see: Callable[[Request[Any, Any, Any]], bool]) -> HTTPRouteHandler:
    @route(UNCOVERED_PATH, http_method=_METHODS)
    async def uncovered(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not may_see(request):
            return _problem(HTTPStatus.FORBIDDEN, "Not allowed", "who may see the status page may see this")
        kinds = served.status.uncovered
        if any(each.nodes is None for each in kinds):
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "Not known yet", "a list or a kind was never read well")
        return Response(msgspec.json.encode(kinds), media_type="application/json", headers=_NO_STORE)

    return uncovered


def _metrics(served: Served, path: str) -> HTTPRouteHandler:
    headers = {"Vary": "Accept, Accept-Encoding"}

    @route(path, http_method=_METHODS)
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        wanted = negotiate(request.scope["headers"])
        body = served.exposition(wanted.format, names(request))
        if body is None:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "No data yet", "no kind has been read well yet")
        unchanged, tagged = _tagged(request, body.etag, headers)
        if unchanged is not None:
            return unchanged
        if _is_sent_gzipped(request):
            return ChunkedResponse(body.gzip, media_type=wanted.media_type, headers={**tagged, **_GZIP})
        return ChunkedResponse(body.plain, media_type=wanted.media_type, headers=tagged)

    return metrics


def _discovery(served: Served, spec: DiscoverySpec) -> _Answer:
    headers = {REFRESH_HEADER: f"{spec.refresh_interval_seconds:g}", "Vary": "Accept-Encoding"}
    whole = Kept()

    async def discovery(request: Request[Any, Any, Any]) -> Response[bytes]:
        try:
            parameters = parameters_of(request)
            plain = await served.target_list(spec.name, parameters)
        except BadParameterError as error:
            return _problem(HTTPStatus.BAD_REQUEST, "Bad parameter", str(error))
        except ExporterError as error:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "No targets yet", str(error))
        kept = Kept() if parameters else whole
        unchanged, tagged = _tagged(request, kept.etag(plain), headers)
        if unchanged is not None:
            return unchanged
        gzip = await kept.gzip(plain) if _is_sent_gzipped(request) else None
        if gzip is None:
            return ChunkedResponse(plain, media_type=DISCOVERY_TYPE, headers=tagged)
        return ChunkedResponse(gzip, media_type=DISCOVERY_TYPE, headers={**tagged, **_GZIP})

    return discovery


def _explain_path(spec: DiscoverySpec) -> str:
    return f"{spec.paths[0]}/{EXPLAIN}"


def _explained(served: Served, spec: DiscoverySpec, may_see: Callable[[Request[Any, Any, Any]], bool]) -> _Answer:
    async def explained(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not may_see(request):
            return _problem(HTTPStatus.FORBIDDEN, "Not allowed", "who may see the status page may see this")
        try:
            await served.target_list(spec.name)
        except ExporterError as error:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "No targets yet", str(error))
        skipped = [{"reason": each.reason, "kind": each.kind, "id": each.id} for each in served.explain(spec.name)]
        body = msgspec.json.encode({"name": spec.name, "skipped": skipped})
        return Response(body, media_type="application/json", headers=_NO_STORE)

    return explained


def _tagged(
    request: Request[Any, Any, Any], etag: str | None, headers: Mapping[str, str]
) -> tuple[Response[bytes] | None, Mapping[str, str]]:
    """Return the headers of an answer with its tag, and the 304 for a client that has that already (SD-18)."""
    if etag is None:
        return None, headers
    tagged = {**headers, "ETag": etag, "Cache-Control": "no-cache"}  # a cache on the way asks each time
    if not is_unchanged(request.scope["headers"], etag):
        return None, tagged
    return Response(b"", status_code=HTTPStatus.NOT_MODIFIED, headers=tagged), tagged


def _is_sent_gzipped(request: Request[Any, Any, Any]) -> bool:
    """Tell whether the gzip form is sent: where the client wants it, and no host compresses whatever it is given."""
    return request.app.compression_config is None and wants_gzip(request.scope["headers"])


def _problem(status: HTTPStatus, title: str, detail: str) -> Response[bytes]:
    """Answer a problem document (RFC 9457): an object, so that no client takes it for a list of targets."""
    body = msgspec.json.encode({"title": title, "status": status.value, "detail": detail})
    return Response(body, status_code=status, media_type="application/problem+json", headers=_NO_STORE)
