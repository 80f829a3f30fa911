import base64
import hashlib
import math
import re
from collections.abc import AsyncIterator, Sequence
from html.parser import HTMLParser

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient
from litestar.types import ASGIApp, Receive, Scope, Send

from infrahub_exporter.adapters.http.headers import SECURITY_HEADERS, with_security_headers
from infrahub_exporter.adapters.http.negotiation import wants_html
from infrahub_exporter.adapters.http.page import PAGE_HEADERS, base_of, remarks, render
from infrahub_exporter.adapters.http.routes import build_router
from infrahub_exporter.domain.access.credentials import Passed
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import ExporterError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.publishing.guard import Hold
from infrahub_exporter.domain.publishing.saved import StoreStatus
from infrahub_exporter.domain.publishing.status import ConfigStatus, EntryStatus, PushStatus, SourceStatus, Status
from infrahub_exporter.domain.views.discovery import Decision

NOW = 1_700_000_000.0
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
VOID = {"meta"}


class Outline(HTMLParser):
    """What a document consists of: its elements with their attributes' names, and what is said in each."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.opened: list[str] = []
        self.said: dict[str, list[str]] = {}
        self.strange: list[str] = []
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes.append((tag, dict(attrs)))
        self.said.setdefault(tag, []).append("")
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag
        self.elements.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        for tag in set(self.opened):
            self.said[tag][-1] += data

    def handle_comment(self, data: str) -> None:
        self.strange.append(data)

    def handle_pi(self, data: str) -> None:
        self.strange.append(data)

    def all_of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for each, attributes in self.attributes if each == tag]


def rows_of(*entries: EntryStatus) -> list[list[str]]:
    """Return what the cells of each row say, without the entry's own."""
    found = re.findall(r"<tr role=\"row\"><th scope=\"row\".*?</tr>", render(Status(entries), now=NOW).decode())
    return [Outline(row.encode()).said["td"] for row in found]


def names_of(*entries: EntryStatus) -> list[str]:
    return Outline(render(Status(entries), now=NOW)).said["th"][7:]


def section(status: Status, title: str) -> dict[str, str]:
    page = render(status, now=NOW).decode().partition(f"<h2>{title}</h2>")[2].partition("</section>")[0]
    said = Outline(page.encode().removesuffix(b"</section>")).said
    return dict(zip(said.get("dt", []), said.get("dd", []), strict=True))


def everything(text: str) -> Status:
    """Return a status in which a text stands wherever one can."""
    return Status(
        (
            EntryStatus("kind", text, success=True, succeeded_at=NOW, skipped={text: 1}, examples={text: (text,)}),
            EntryStatus(text, "q", success=False, errors={text: 1}, error=SourceUnavailableError(text)),
        ),
        dead=(text,),
        pushes=(PushStatus(failures={text: 1}, last_error=text),),
        store=StoreStatus(last_error=text),
        config=ConfigStatus(NOW, text),
    )


@given(st.text() | st.text("<>&\"'/=-! abht`\x00\n\ud800\u202e", min_size=1) | st.sampled_from(["</style>", "<!--"]))
def test_no_text_ever_becomes_an_element(text: str) -> None:
    page = render(everything(text), now=NOW, links=(f"/{text}",), base=base_of(text.encode(errors="replace")))
    harmless = render(everything("harmless"), now=NOW, links=("/harmless",))

    outline = Outline(page)
    assert outline.elements == Outline(harmless).elements
    assert outline.opened == outline.strange == []
    assert all(each["href"].startswith("./") for each in outline.all_of("a") if each["href"] is not None)


def test_a_text_is_shown_as_it_is() -> None:
    entry = EntryStatus("kind", "<b onclick='x'>&amp;")

    assert names_of(entry) == ["kind <b onclick='x'>&amp;"]


def test_what_cannot_be_seen_is_made_visible_and_what_is_endless_is_cut() -> None:
    error = ExporterError("a\x00b\u202ec\ud800d\ne" + "x" * 5000)
    details = rows_of(EntryStatus("kind", "A", success=False, error=error))[0][-1]

    assert details == "a\ufffdb\ufffdc\ufffdd e" + "x" * 991 + "..."


def test_the_page_is_whole_and_can_be_read_by_everyone() -> None:
    page = render(everything("x"), now=NOW, version="1.2.3")
    outline = Outline(page)

    assert page.startswith(b"<!DOCTYPE html>\n")
    assert outline.all_of("html") == [{"lang": "en"}]
    assert outline.said["title"] == ["Not ready - Infrahub Exporter"]
    assert outline.said["h1"] == ["Infrahub Exporter 1.2.3"]
    assert outline.said["caption"] == ["What is read and published"]
    assert outline.said["h2"][0] == "What is read and published"
    assert [each["scope"] for each in outline.all_of("th")] == ["col"] * 7 + ["row"] * 2
    assert all(len(row) == 6 for row in rows_of(*everything("x").entries))
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in outline.all_of("meta")
    assert "color-scheme:light dark" in outline.said["style"][0]
    assert not {"script", "img", "link", "form", "iframe"} & outline.said.keys()
    assert not [attributes for _, attributes in outline.attributes if "style" in attributes or "onload" in attributes]
    assert all("http-equiv" not in each for each in outline.all_of("meta"))


def test_the_policy_allows_the_pages_own_style_and_nothing_else() -> None:
    style = Outline(render(Status(()), now=NOW)).said["style"][0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    everywhere = dict(SECURITY_HEADERS)[b"content-security-policy"].decode()

    assert everywhere.startswith("default-src 'none'; ")
    assert PAGE_HEADERS["content-security-policy"] == f"{everywhere}; style-src 'sha256-{digest}'"
    assert PAGE_HEADERS["x-content-type-options"] == "nosniff"


def test_an_entry_that_is_good() -> None:
    entry = EntryStatus("kind", "InfraDevice").succeeded(
        at=NOW - 12.6,
        duration_seconds=0.0834,
        nodes=100_000,
        published=99_990,
        skipped={"no_target": 10, "bad_port": 0},
    )

    assert names_of(entry) == ["kind InfraDevice"]
    assert rows_of(entry) == [
        ["good", "12 s ago", "took 0.083 s", "100,000", "99,990 series", "skipped nodes: no_target 10"]
    ]
    assert b'<time datetime="2023-11-14T22:13:07Z" title="2023-11-14T22:13:07Z">12 s ago</time>' in render(
        Status((entry,)), now=NOW
    )


def test_a_refresh_that_had_nothing_to_read_took_no_time() -> None:
    good = EntryStatus("kind", "InfraDevice").succeeded(at=NOW, duration_seconds=0.0, nodes=1, published=1, skipped={})
    failed = EntryStatus("kind", "InfraSite").failed(SourceRejectedError("no such kind"), duration_seconds=0.0)

    assert rows_of(good)[0][2] == "nothing to read"
    assert rows_of(failed)[0][2] == "failed: rejected"


def test_what_a_series_leaves_out_is_said_with_nodes_to_look_at_and_held_are_its_nodes() -> None:
    entry = EntryStatus(
        "series",
        "racks",
        success=True,
        succeeded_at=NOW,
        nodes=40,
        published=20,
        skipped={"no_value": 20, "duplicate": 0},
        examples={"no_value": ("LocationRack__r1", "LocationRack__r2")},
        hold=Hold(NOW - 12, published=40, offered=4, floor=4, confirmations=1),
    )
    *_, nodes, published, details = rows_of(entry)[0]
    assert (nodes, published) == ("40", "20 series")
    assert details.startswith("held since 12 s ago: 36 of 40 nodes are gone, ")
    assert details.endswith("skipped nodes: no_value 20no_value, such as LocationRack__r1, LocationRack__r2")


def test_an_entry_that_failed_says_why_and_what_stays() -> None:
    entry = EntryStatus("query", "devices").succeeded(
        at=NOW - 4000, duration_seconds=1, nodes=5, published=4, skipped={"duplicate": 0}
    )
    failed = entry.failed(SourceUnavailableError("Infrahub is not available (503)"), duration_seconds=61.2)

    assert rows_of(failed) == [
        [
            "failing",
            "1 h 6 min ago",
            "failed after 1 min 1 s: unavailable",
            "5",
            "4 target groups",
            "Infrahub is not available (503)errors since the start: unavailable 1",
        ]
    ]


def test_an_entry_of_which_nothing_is_known_yet() -> None:
    assert rows_of(EntryStatus("kind", "A")) == [["not read yet", "none yet", "none yet", "-", "-", "-"]]


def test_a_failure_without_its_error_is_one_all_the_same() -> None:
    assert rows_of(EntryStatus("kind", "A", success=False))[0][2] == "failed"


def test_a_first_reading_says_how_far_it_is() -> None:
    assert rows_of(EntryStatus("kind", "A", reading=5000)) == [
        ["being read", "none yet", "none yet", "-", "-", "5,000 nodes read so far"]
    ]


def test_a_later_reading_says_how_many_there_were() -> None:
    entry = EntryStatus("kind", "A").succeeded(at=NOW, duration_seconds=1, nodes=10_000, published=1, skipped={})
    reading = EntryStatus("kind", "A", success=True, succeeded_at=entry.succeeded_at, nodes=10_000, reading=5000)

    assert rows_of(reading)[0][-1] == "5,000 nodes read so far (there were 10,000 the last time)"


def test_what_the_guard_holds_back() -> None:
    hold = Hold(NOW - 305, published=1000, offered=10, floor=10, confirmations=1)
    entry = EntryStatus("kind", "A", success=True, succeeded_at=NOW, published=1000, nodes=10, hold=hold)

    assert rows_of(entry)[0][0] == "held"
    assert rows_of(entry)[0][-1] == (
        "held since 5 min 5 s ago: 990 of 1,000 series are gone, the last good ones stay until the loss is confirmed "
        "or released; confirmations so far: 1"
    )


def test_data_from_before_a_restart() -> None:
    entry = EntryStatus("kind", "A").restored(read_at=NOW - 90_000, nodes=4, published=4)

    assert rows_of(entry) == [
        ["stale", "1 d 1 h ago", "none yet", "4", "4 series", "the data is from before a restart"]
    ]


def test_an_entry_can_be_several_things_and_the_worst_comes_first() -> None:
    hold = Hold(NOW, published=1000, offered=10, floor=10)
    entry = EntryStatus("kind", "A", success=False, hold=hold, is_restored=True, reading=1)

    assert rows_of(entry)[0][0] == "failing, held, stale, being read"
    assert b'<strong class="bad">failing</strong>' in render(Status((entry,)), now=NOW)


def test_the_worst_entries_come_first_and_equal_ones_as_configured() -> None:
    good, failing = EntryStatus("kind", "B", success=True), EntryStatus("kind", "F", success=False)
    held = EntryStatus("kind", "H", success=True, hold=Hold(NOW, 1, 0, 0))
    stale, reading = EntryStatus("kind", "S", is_restored=True), EntryStatus("kind", "R", reading=1)
    fresh, other = EntryStatus("kind", "N"), EntryStatus("kind", "A", success=True)

    names = names_of(good, reading, fresh, stale, other, held, failing)

    assert [name.removeprefix("kind ") for name in names] == ["F", "H", "S", "N", "R", "B", "A"]


def test_the_remarks_say_what_is_not_as_on_a_good_day() -> None:
    entries = (EntryStatus("kind", "A", success=False), EntryStatus("kind", "B"), EntryStatus("kind", "C"))

    assert remarks(
        Status(
            entries,
            dead=("metrics", "push"),
            pushes=(PushStatus(last_error="no"),),
            store=StoreStatus(last_error="no"),
            config=ConfigStatus(NOW, "no"),
        )
    ) == (
        "these loops have died: metrics, push",
        "1 of 3 failing",
        "2 of 3 not read yet",
        "the last reload was refused, the old configuration stays",
        "the last push failed",
        "the last save failed",
    )


def test_a_good_day_has_no_remarks() -> None:
    entry = EntryStatus("kind", "A").succeeded(at=NOW, duration_seconds=1, nodes=1, published=1, skipped={})
    status = Status((entry,), pushes=(PushStatus(),), store=StoreStatus(), config=ConfigStatus(NOW))
    outline = Outline(render(status, now=NOW))

    assert remarks(status) == ()
    assert outline.said["p"] == ["Ready, as of 2023-11-14T22:13:20Z"]
    assert outline.said["title"] == ["Ready - Infrahub Exporter"]


@pytest.mark.parametrize(("skew", "said"), [(-1.25, "1.2 s behind"), (0.0, "0 s ahead"), (90.0, "1 min 30 s ahead")])
def test_how_infrahub_is_read(skew: float, said: str) -> None:
    source = SourceStatus(
        requests={("nodes", "ok"): 12_000, ("count", "ok"): 345}, retries=3, skew_seconds=skew, version="1.11.9"
    )

    assert section(Status((), source=source, poll_interval_seconds=120, round_seconds=3.44), "Reading Infrahub") == {
        "Interval now": "2 min (it grows while Infrahub sheds load)",
        "Last round took": "3.4 s",
        "Requests": "12,345",
        "Retries": "3",
        "Infrahub": "1.11.9",
        "Infrahub's clock": said,
    }


def test_while_requests_are_tried_again_the_page_says_so_and_why() -> None:
    status = Status((), source=SourceStatus(retries=3, retrying="Infrahub cannot be reached: <refused>"))

    assert section(status, "Reading Infrahub") == {
        "Requests": "0",
        "Retries": "3",
        "State": "retrying: Infrahub cannot be reached: <refused>",
    }
    assert remarks(status) == ("Infrahub does not answer, retrying",)


def test_what_is_not_known_of_infrahub_is_left_out() -> None:
    assert section(Status((), source=SourceStatus()), "Reading Infrahub") == {"Requests": "0"}
    assert b"<dl>" not in render(Status(()), now=NOW)


def test_how_pushing_goes() -> None:
    push = PushStatus(30, 1_234_567, 3, 2, {"unavailable": 2}, NOW - 30, "the collector answered UNAVAILABLE")

    assert section(Status((), pushes=(push,)), "OTLP push") == {
        "Last push": "failed: the collector answered UNAVAILABLE",
        "Last good push": "30 s ago",
        "Good pushes": "30",
        "Points delivered": "1,234,567",
        "Points rejected": "3",
        "Points dropped": "2",
        "Failed requests": "unavailable 2",
    }


def test_what_never_went_wrong_is_not_told() -> None:
    status = Status((), source=SourceStatus(), pushes=(PushStatus(2, 10),), store=StoreStatus(10, 0, NOW, 12_345))

    assert section(status, "Reading Infrahub").keys() == {"Requests"}
    assert section(status, "OTLP push").keys() == {"Last push", "Last good push", "Good pushes", "Points delivered"}
    assert section(status, "Store").keys() == {"Last save", "Last good save", "Size", "Good saves"}


def test_each_of_several_destinations_has_a_section_and_a_remark_of_its_own() -> None:
    pushes = (PushStatus(3, destination="a"), PushStatus(last_error="401: who?", destination="b"))
    status = Status((), pushes=pushes)

    assert section(status, "OTLP push to a")["Good pushes"] == "3"
    assert section(status, "OTLP push to b")["Last push"] == "failed: 401: who?"
    assert remarks(status) == ("the last push to b failed",)


def test_how_saving_goes() -> None:
    assert section(Status((), store=StoreStatus(10, 1, NOW - 86_400, 12_345)), "Store") == {
        "Last save": "good",
        "Last good save": "1 d ago",
        "Size": "12,345 bytes",
        "Good saves": "10",
        "Failed saves": "1",
    }
    assert section(Status((), store=StoreStatus()), "Store")["Last save"] == "none yet"
    assert section(Status((), pushes=(PushStatus(),)), "OTLP push")["Last good push"] == "never"


def test_what_became_of_the_configuration() -> None:
    config = ConfigStatus(NOW - 3600, "config.yml: metrics: expected a mapping")

    assert section(Status((), config=config), "Configuration") == {
        "In use since": "1 h ago",
        "Last load": "failed: config.yml: metrics: expected a mapping",
    }


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, 1e300])
def test_a_moment_that_cannot_be_is_no_moment(at: float) -> None:
    entry = EntryStatus("kind", "A", success=True, succeeded_at=at, duration_seconds=math.nan)

    assert rows_of(entry)[0][1:3] == ["at no time", "took nan s"]


def test_a_moment_to_come_is_now() -> None:
    assert rows_of(EntryStatus("kind", "A", success=True, succeeded_at=NOW + 60))[0][1] == "0 s ago"


@pytest.mark.parametrize(
    ("raw_path", "href"),
    [(b"/", "./metrics"), (b"/?x=/y", "./metrics"), (b"/a", "./a/metrics"), (b"/a/", "./metrics"),
     (b"/a/b%20c?d", "./b%20c/metrics"), (b"/%22%3E", "./%22%3E/metrics")],
)  # fmt: skip
def test_links_are_relative_to_where_the_page_is(raw_path: bytes, href: str) -> None:
    page = render(Status(()), now=NOW, links=("/metrics",), base=base_of(raw_path))

    assert Outline(page).all_of("a") == [{"href": href}]


@pytest.mark.parametrize(
    "accept",
    [BROWSER, "text/html", "Text/HTML; charset=utf-8", "text/html, */*", "text/plain;q=0.5, text/html", ", text/html,",
     "text/html;q=0.2, text/*;q=0.1, */*", "text/html;q=1.000", 'text/html;x="q=0,"'],
)  # fmt: skip
def test_who_asks_for_html_first_wants_it(accept: str) -> None:
    assert wants_html([(b"host", b"x"), (b"accept", accept.encode())])


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", PROMETHEUS, "text/plain", "text/*", "text/html;q=0", "text/html;q=0, */*", "text/html, text/plain",
     "text/html;q=0.5, */*", "application/json", "text/html;q=2", "text/html;q=x", "text/html;q=", "text/html;q=inf",
     'text/html;x="q=0,', "text/html, image/gif, *; q=.2, */*; q=.2", "text/html;q=\u00b2"],
)  # fmt: skip
def test_who_does_not_is_given_text(accept: str) -> None:
    assert not wants_html([(b"accept", accept.encode())])


def test_several_headers_are_one() -> None:
    assert not wants_html([(b"accept", b"text/html"), (b"accept", b"text/plain")])
    assert not wants_html([])


@given(st.binary() | st.text("texhmlpain/*;,q=.01 ").map(str.encode))
def test_any_header_has_an_answer(accept: bytes) -> None:
    assert wants_html([(b"accept", accept)]) in {True, False}


class Fixed:
    """What is served, as a test wants it."""

    status = Status((EntryStatus("kind", "InfraDevice"),))
    discoveries: Sequence[DiscoverySpec] = (
        DiscoverySpec(name="d", paths=("/sd/d", "/t"), target_field="name", document="{ x }"),
    )

    def exposition(self, *_: object) -> None:
        return None

    def own_metrics_body(self, *_: object) -> bytes:
        return b"own 1\n"

    async def target_list(self, name: str, parameters: Sequence[tuple[str, str]] = ()) -> Sequence[bytes]:
        del parameters
        return (name.encode(),)

    def explain(self, name: str) -> Sequence[Decision]:
        return (Decision("Device", name, reason="no_target"),)


def built(*, page_is_open: bool, path: str = "/", metrics_path: str | None = "/metrics") -> ASGIApp:
    router = build_router(
        Fixed(), path=path, metrics_path=metrics_path, page_is_open=page_is_open, version="1.2.3", now=lambda: NOW
    )
    return with_security_headers(Litestar([router], openapi_config=None, logging_config=None))


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with AsyncTestClient(built(page_is_open=True)) as opened:
        opened.headers["Accept"] = BROWSER
        yield opened


@pytest.mark.anyio
async def test_a_browser_gets_the_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")
    assert answer.headers.get_list("content-security-policy") == [PAGE_HEADERS["content-security-policy"]]
    links = ("/metrics", "/sd/d", "/t", "/-/metrics", "/-/healthy", "/-/ready")
    assert answer.content == render(Fixed.status, now=NOW, links=links, version="1.2.3")


@pytest.mark.anyio
async def test_head_tells_of_the_page(browser: httpx.AsyncClient) -> None:
    get, head = await browser.get("/"), await browser.head("/")

    assert (head.status_code, head.content, head.headers) == (200, b"", get.headers)


@pytest.mark.anyio
@pytest.mark.parametrize("accept", ["*/*", PROMETHEUS, "text/plain"])
async def test_everyone_else_gets_ok(browser: httpx.AsyncClient, accept: str) -> None:
    answer = await browser.get("/", headers={"Accept": accept})

    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "OK", "text/plain; charset=utf-8")
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("auth", "kind"), [(None, "text/plain"), ("someone", "text/plain"), (Passed("basic ann"), "text/html")]
)
async def test_a_page_that_is_not_open_is_for_who_passed(auth: object, kind: str) -> None:
    inner = built(page_is_open=False)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if auth is not None:
            scope["auth"] = auth
        await inner(scope, receive, send)

    async with AsyncTestClient(app) as client:
        client.headers["Accept"] = BROWSER
        answer = await client.get("/")

    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
    assert ("InfraDevice" in answer.text) == (kind == "text/html")


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/below/here", "/below/here/"])
async def test_links_of_a_page_below_a_path_lead_somewhere(path: str) -> None:
    app = built(page_is_open=True, path="/below/here", metrics_path=None)

    async with AsyncTestClient(app) as client:
        client.headers["Accept"] = BROWSER
        answer = await client.get(path)
        hrefs = [each["href"] or "" for each in Outline(answer.content).all_of("a")]
        statuses = [(await client.get(str(answer.url.join(href)))).status_code for href in hrefs]

    assert statuses == [200, 200, 200, 200, 503]


def test_an_entry_that_is_near_its_limit_says_how_near() -> None:
    def details(ratio: float) -> str:
        return rows_of(EntryStatus("kind", "A", success=True, succeeded_at=NOW, series_limit_ratio=ratio))[0][-1]

    assert details(0.8) == "it has 80% of its max_series"
    assert "max_series" not in details(0.79)
