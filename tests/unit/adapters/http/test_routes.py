import gzip
from collections.abc import AsyncIterator, Collection, Sequence

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.testing import AsyncTestClient
from msgspec import Struct, structs

from infrahub_exporter.adapters.http.routes import build_router
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import BadParameterError, SourceUnavailableError
from infrahub_exporter.domain.publishing.formats import Format
from infrahub_exporter.domain.publishing.status import EntryStatus, Status
from infrahub_exporter.domain.views.coverage import Uncovered
from infrahub_exporter.domain.views.discovery import Decision

pytestmark = pytest.mark.anyio
DEVICES = DiscoverySpec(
    name="devices",
    paths=("/sd/devices", "/targets"),
    target_field="name",
    document="{ x }",
    refresh_interval_seconds=30,
)


class Chunks(Struct):
    """A body that exists in two forms; that they differ shows which one was sent."""

    plain: Sequence[bytes] = (b"infrahub_x_info 1\n", b"infrahub_y_info 1\n")
    gzip: Sequence[bytes] = (gzip.compress(b"infrahub_x_info 1\ninfrahub_y_info 1\n"),)
    etag: str | None = None


class Fixed:
    """What is served, as a test wants it."""

    def __init__(self) -> None:
        self.status = Status(())
        self.body: Chunks | None = Chunks()
        self.asked: list[tuple[Format, Collection[str] | None]] = []
        self.lists: dict[str, Sequence[bytes]] = {"devices": (b"[]",)}

    @property
    def discoveries(self) -> Sequence[DiscoverySpec]:
        return (DEVICES,)

    def exposition(self, format_: Format, names: Collection[str] | None) -> Chunks | None:
        self.asked.append((format_, names))
        return self.body

    def own_metrics_body(self, format_: Format, names: Collection[str] | None) -> bytes:
        self.asked.append((format_, names))
        return b"own 1\n"

    async def target_list(self, name: str, parameters: Sequence[tuple[str, str]] = ()) -> Sequence[bytes]:
        if parameters:
            raise BadParameterError(f"{parameters[0][0]!r} is no parameter of this list")
        if name not in self.lists:
            raise SourceUnavailableError("Infrahub is not available (503)")
        return self.lists[name]

    def explain(self, name: str) -> Sequence[Decision]:
        return (Decision("Device", name, reason="no_target"),)


@pytest.fixture
def served() -> Fixed:
    return Fixed()


@pytest.fixture
async def client(served: Fixed) -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar([build_router(served)], openapi_config=None, logging_config=None)
    async with AsyncTestClient(app) as opened:
        yield opened


async def test_the_root_is_ok_as_text(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")

    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "OK", "text/plain; charset=utf-8")


async def test_the_page_links_to_what_is_left_out_where_anything_is(served: Fixed) -> None:
    app = Litestar([build_router(served, page_is_open=True)], openapi_config=None, logging_config=None)
    good = EntryStatus("query", "devices").succeeded(at=0, duration_seconds=1, nodes=2, published=2, skipped={})
    async with AsyncTestClient(app) as client:
        served.status = Status((good,))
        page = (await client.get("/", headers={"accept": "text/html"})).text
        assert "explain" not in page
        assert "uncovered" not in page

        skipping = msgspec.structs.replace(good, published=1, skipped={"no_target": 1})
        served.status = Status((skipping,), uncovered=(Uncovered("Device", ()),))
        page = (await client.get("/", headers={"accept": "text/html"})).text
        assert '<a href="./sd/devices/explain">/sd/devices/explain</a>' in page
        assert '<a href="./-/uncovered">/-/uncovered</a>' in page


async def test_parameters_that_are_no_utf_8_are_a_bad_request(client: httpx.AsyncClient) -> None:
    for query in ("site=%ff", "%FF=paris", "site=%ed%a0%80"):
        answer = await client.get(f"/sd/devices?{query}")
        assert answer.status_code == 400
        assert answer.json()["detail"] == "expected parameters in UTF-8, percent-encoded"


async def test_a_parameter_that_a_list_does_not_take_is_a_bad_request(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sd/devices?site=paris")

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json() == {"title": "Bad parameter", "status": 400, "detail": "'site' is no parameter of this list"}


async def test_the_process_lives(client: httpx.AsyncClient) -> None:
    assert (await client.get("/-/healthy")).text == "OK"


async def test_metrics_are_text_of_the_oldest_version_that_everyone_reads(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers={"Accept": "nonsense;q=;;, application/openmetrics-text"})

    assert (answer.status_code, answer.text) == (200, "infrahub_x_info 1\ninfrahub_y_info 1\n")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize("path", ["/metrics", "/-/metrics"])
async def test_metrics_are_in_the_format_that_is_asked_for(client: httpx.AsyncClient, served: Fixed, path: str) -> None:
    accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;q=0.2"
    answer = await client.get(path, headers={"Accept": accept})

    assert (answer.status_code, served.asked) == (200, [(Format.OPENMETRICS, None)])
    assert answer.headers["content-type"] == (
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
    )
    assert answer.headers["vary"].startswith("Accept")


@pytest.mark.parametrize("path", ["/metrics", "/-/metrics"])
@pytest.mark.parametrize(
    ("query", "names"),
    [("?name[]=a&name[]=b_info", {"a", "b_info"}), ("?name%5B%5D=a", {"a"}), ("?x=1", None), ("?name=a", None)],
)
async def test_families_are_asked_for_by_name(
    client: httpx.AsyncClient, served: Fixed, path: str, query: str, names: set[str] | None
) -> None:
    assert (await client.get(path + query)).status_code == 200
    assert served.asked == [(Format.TEXT, names)]


async def test_who_has_the_metrics_already_is_told_so(client: httpx.AsyncClient, served: Fixed) -> None:
    served.body = Chunks(etag='W/"1-2"')
    first = await client.get("/metrics")
    again = await client.get("/metrics", headers={"If-None-Match": first.headers["etag"]})
    other = await client.get("/metrics", headers={"If-None-Match": 'W/"1-3"'})

    assert (first.status_code, first.headers["etag"]) == (200, 'W/"1-2"')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", 'W/"1-2"')
    assert again.headers["vary"] == "Accept, Accept-Encoding"
    assert (other.status_code, other.content) == (200, first.content)


async def test_metrics_that_are_others_each_time_have_no_tag(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers={"If-None-Match": "*"})

    assert (answer.status_code, answer.headers.get("etag")) == (200, None)


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_who_has_a_list_already_is_told_so_until_it_changes(
    client: httpx.AsyncClient, served: Fixed, accepted: str
) -> None:
    headers = {"Accept-Encoding": accepted}
    first = await client.get("/sd/devices", headers=headers)
    headers["If-None-Match"] = first.headers["etag"]
    again = await client.get("/sd/devices", headers=headers)
    served.lists["devices"] = (b'[{"targets":["a:1"],"labels":{}}]',)
    changed = await client.get("/sd/devices", headers=headers)

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (again.headers["vary"], again.headers["cache-control"]) == ("Accept-Encoding", "no-cache")
    assert (changed.status_code, changed.content) == (200, served.lists["devices"][0])
    assert changed.headers["etag"] != first.headers["etag"]


async def test_nobody_is_told_so_who_did_not_ask(client: httpx.AsyncClient) -> None:
    statuses = [(await client.get("/sd/devices")).status_code for _ in range(2)]

    assert statuses == [200, 200]


@pytest.mark.parametrize(
    ("accepted", "encoding", "length"),
    [("gzip", "gzip", str(len(Chunks().gzip[0]))), ("gzip;q=0", None, "36"), ("*;q=0", None, "36"),
     ("gzip;q=?", None, "36")],
)  # fmt: skip
async def test_metrics_are_compressed_for_who_asks_so(
    client: httpx.AsyncClient, accepted: str, encoding: str | None, length: str
) -> None:
    answer = await client.get("/metrics", headers={"Accept-Encoding": accepted})

    assert answer.text == "infrahub_x_info 1\ninfrahub_y_info 1\n"
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-length"] == length
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_metrics_without_data_are_a_503_with_a_problem(client: httpx.AsyncClient, served: Fixed) -> None:
    served.body = None

    answer = await client.get("/metrics")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"title": "No data yet", "status": 503, "detail": "no kind has been read well yet"}


async def test_the_own_metrics_are_always_there(client: httpx.AsyncClient, served: Fixed) -> None:
    served.body = None

    assert (await client.get("/-/metrics")).text == "own 1\n"


@pytest.mark.parametrize("path", ["/metrics", "/sd/devices"])
async def test_a_host_that_compresses_everything_is_given_the_plain_form(served: Fixed, path: str) -> None:
    plain = (b"# " + b"x" * 2000 + b"\n",)
    served.body, served.lists["devices"] = Chunks(plain), plain
    compression = CompressionConfig(backend="gzip")
    app = Litestar([build_router(served)], compression_config=compression, openapi_config=None, logging_config=None)

    async with AsyncTestClient(app) as client:
        answer = await client.get(path, headers={"Accept-Encoding": "gzip"})

    assert (answer.headers["content-encoding"], answer.content) == ("gzip", plain[0])


@pytest.mark.parametrize("path", ["/sd/devices", "/targets"])
async def test_a_discovery_is_plain_json_at_each_of_its_paths(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert (answer.status_code, answer.content) == (200, b"[]")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-prometheus-refresh-interval-seconds"] == "30"
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip", "gzip"), ("identity", None)])
async def test_a_large_discovery_is_compressed_for_who_asks_so(
    client: httpx.AsyncClient, served: Fixed, accepted: str, encoding: str | None
) -> None:
    groups = b",".join([b'{"targets":["a:1"],"labels":{}}'] * 100)
    served.lists["devices"] = (b"[", groups, b"]")

    answer = await client.get("/sd/devices", headers={"Accept-Encoding": accepted})

    assert answer.content == b"[" + groups + b"]"
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "application/json"


async def test_a_changed_discovery_is_compressed_anew(client: httpx.AsyncClient, served: Fixed) -> None:
    for host in (b"a", b"b"):
        served.lists["devices"] = (b'["' + host * 2000 + b'"]',)

        answer = await client.get("/sd/devices", headers={"Accept-Encoding": "gzip"})

        assert (answer.headers["content-encoding"], answer.content) == ("gzip", served.lists["devices"][0])


async def test_a_discovery_that_never_succeeded_is_a_503_and_no_list(client: httpx.AsyncClient, served: Fixed) -> None:
    served.lists.clear()

    answer = await client.get("/sd/devices")

    assert answer.status_code == 503
    assert answer.json() == {
        "title": "No targets yet",
        "status": 503,
        "detail": "Infrahub is not available (503)",
    }


async def test_ready_says_what_it_waits_for(client: httpx.AsyncClient, served: Fixed) -> None:
    served.status = Status((EntryStatus("kind", "A"), EntryStatus("query", "q")))
    waiting = await client.get("/-/ready")
    served.status = Status((), dead=("metrics",))
    dead = await client.get("/-/ready")
    served.status = Status(())
    ready = await client.get("/-/ready")

    assert (waiting.status_code, waiting.json()["detail"]) == (503, "not read yet: kind A, query q")
    assert (dead.status_code, dead.json()["detail"]) == (503, "these loops have died: metrics")
    assert (ready.status_code, ready.text) == (200, "OK")


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/-/ready", "/-/metrics", "/metrics", "/sd/devices", "/targets"])
async def test_head_is_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    get, head = await client.get(path), await client.head(path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize(
    "path", ["/sd/devices/", "//sd/devices", "/sd//devices", "/targets/", "/metrics/", "/sd/../targets"]
)
async def test_no_way_of_writing_a_path_is_answered_by_a_redirect(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(httpx.URL("http://testserver", raw_path=path.encode()))

    assert (answer.status_code in {200, 404}, answer.headers.get("location")) == (True, None)


@pytest.mark.parametrize("path", ["/docs", "/schema", "/openapi.json", "/sd/other", "/sd", "/metrics/x"])
async def test_what_is_not_served_is_a_404(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_a_change_is_not_allowed(client: httpx.AsyncClient) -> None:
    assert (await client.post("/metrics")).status_code == 405


async def test_metrics_can_be_left_out_and_moved(served: Fixed) -> None:
    app = Litestar(
        [build_router(served, path="/a", metrics_path=None), build_router(served, path="/b", metrics_path="/m")],
        openapi_config=None,
        logging_config=None,
    )
    async with AsyncTestClient(app) as client:
        statuses = {path: (await client.get(path)).status_code for path in ("/a/metrics", "/a", "/b/m", "/b/metrics")}

    assert statuses == {"/a/metrics": 404, "/a": 200, "/b/m": 200, "/b/metrics": 404}


class Listed(Fixed):
    """Lists at paths of all sorts."""

    def __init__(self, *paths: tuple[str, ...]) -> None:
        super().__init__()
        names = [each[0].removeprefix("/sd/") for each in paths]
        named = zip(names, paths, strict=True)
        self._specs = tuple(structs.replace(DEVICES, name=name, paths=each) for name, each in named)
        self.lists = {name: (f'["{name}"]'.encode(),) for name in names}

    @property
    def discoveries(self) -> Sequence[DiscoverySpec]:
        return self._specs


async def test_a_path_below_a_list_or_like_one_hides_none() -> None:
    served = Listed(("/sd/a",), ("/sd/b", "/sd/a/more"), ("/sd/c", "/sd/d"), ("/sd/e", "/other"))
    app = Litestar([build_router(served, page_is_open=True)], openapi_config=None, logging_config=None)
    async with AsyncTestClient(app) as client:
        found = {
            path: (await client.get(path)).text
            for path in ("/sd/a", "/sd/a/more", "/sd/b", "/sd/c", "/sd/d", "/sd/e", "/other")
        }
        explained = {name: (await client.get(f"/sd/{name}/explain")).json()["name"] for name in "abce"}
        missing = [(await client.get(path)).status_code for path in ("/sd/f", "/sd/d/explain", "/sd/f/explain")]

    assert found == {
        "/sd/a": '["a"]',
        "/sd/a/more": '["b"]',
        "/sd/b": '["b"]',
        "/sd/c": '["c"]',
        "/sd/d": '["c"]',
        "/sd/e": '["e"]',
        "/other": '["e"]',
    }
    assert explained == {name: name for name in "abce"}
    assert missing == [404, 404, 404]


def test_lists_by_name_are_one_route_however_many_there_are() -> None:
    few, many = (build_router(Listed(*[(f"/sd/l{each}",) for each in range(number)])) for number in (1, 300))
    assert len(few.routes) == len(many.routes)
