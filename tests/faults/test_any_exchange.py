"""Whatever comes back over the wire, as HTTP or as TLS: the running loops live, and what they read well last stays."""

import itertools
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import msgspec
import pytest
import trustme
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from infrahub_exporter import Exporter, build_exporter
from infrahub_exporter.app.configuration.settings import parse_settings
from tests.e2e.children import DEMO, eventually
from tests.faults.line import Exchange, Line
from tests.faults.watched import config

TOUCHES = itertools.count()
STATUSES = (
    *(
        b"200 OK",
        b"200",
        b"204 No Content",
        b"302 Found",
        b"400 Bad",
        b"401 No",
        b"404 Not",
        b"429 Slow",
        b"500 Oh",
    ),
    *(b"503 Later", b"999 Odd", b"100 Continue", b"101 Switch", b"-1 Minus", b"\xff\xfe", b""),
)
VERSIONS = (b"HTTP/1.1 ", b"HTTP/1.0 ", b"HTTP/9.9 ", b"http/1.1 ", b"ICY ", b"\x16\x03\x01", b"")
HEADERS = (
    *(b"content-type: text/html", b"content-encoding: gzip", b"content-encoding: br", b"content-encoding: gzip, gzip"),
    *(b"content-length: 0", b"content-length: 99999999999999999999", b"content-length: -5", b"content-length: 7, 9"),
    *(b"transfer-encoding: chunked", b"transfer-encoding: chunked, chunked", b"connection: upgrade", b"upgrade: h2c"),
    *(b"location: file:///etc/passwd", b"retry-after: " + b"9" * 400, b"retry-after: \xb2", b"retry-after: -1"),
    *(b"date: Fri, 31 Dec 9999 23:59:59 GMT", b"date: 99999999999999999999", b"date: \xff", b"x: " + b"y" * 70_000),
    *(b"set-cookie: a=b", b" folded", b"no colon", b": no name", b"\x00: \x00"),
)
ALERT, RECORD = b"\x15\x03\x03\x00\x02\x02\x28", b"\x17\x03\x03\x00\x10" + b"\xaa" * 16


class Answer(Struct, frozen=True):
    """An answer: its first line, headers that join the good ones or stand in their place, a body, and its end."""

    version: bytes
    status: bytes
    headers: tuple[bytes, ...]
    has_length: bool
    body: bytes | None
    """In place of the good body, of which `share` percent are sent."""
    share: int
    end: str

    async def __call__(self, exchange: Exchange) -> None:
        good = exchange.answer().body
        body = good[: len(good) * self.share // 100] if self.body is None else self.body
        head = [self.version + self.status, b"content-type: application/json", *self.headers]
        head += [b"content-length: %d" % len(good if self.body is None else body)] * self.has_length
        await exchange.write(b"\r\n".join([*head, b"", b""]))
        await exchange.write(body)
        await self._end(exchange)

    async def _end(self, exchange: Exchange) -> None:
        if self.end == "hangs":
            await exchange.wait_for_the_end()
        elif self.end == "is reset":
            exchange.reset()
        elif self.end in {"alert", "record", "more"}:
            exchange.write_raw({"alert": ALERT, "record": RECORD, "more": b"HTTP/1.1 200 OK\r\n\r\n{}"}[self.end])
        elif self.end == "closes":
            exchange.writer.close()


KEYS = st.sampled_from(["data", "errors", "edges", "node", "count", "DcimDevice", "message", "extensions", "kind"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([float(10**300), "x" * 300]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | KEYS, inner, max_size=3),
    max_leaves=8,
)
BODIES = (
    JSON.map(msgspec.json.encode) | st.binary(max_size=200) | st.sampled_from([b"[" * 5000, b"\x1f\x8b", b"<html>"])
)
ANSWERS = st.builds(
    Answer,
    version=st.sampled_from((*VERSIONS[:1] * 8, *VERSIONS)),
    status=st.sampled_from((*STATUSES[:1] * 8, *STATUSES)),
    headers=st.lists(st.sampled_from(HEADERS), max_size=3).map(tuple),
    has_length=st.booleans(),
    body=st.none() | BODIES,
    share=st.integers(0, 100),
    end=st.sampled_from(["goes on", "goes on", "closes", "is reset", "hangs", "alert", "record", "more"]),
)


class Running:
    """An exporter whose loops run, beside an Infrahub that answers anything."""

    def __init__(self, line: Line, portal: BlockingPortal, exporter: Exporter) -> None:
        self._line = line
        self._portal = portal
        self._exporter = exporter

    def text(self) -> str:
        """Return the inventory that is served."""
        text = self._portal.call(self._exporter.metrics_text)
        return "\n".join(each for each in text.splitlines() if each.startswith("infrahub_dcim"))

    def suffer(self, answer: Answer) -> None:
        """Have it read while every request is answered so, until a refresh of each entry has failed or gone well."""
        before, asked, ended = self.text(), self._line.asked, self._ended()
        self._line.fault = answer
        self._hurry(lambda: self._line.asked > asked + 1 and all(map(int.__gt__, self._ended(), ended)))
        assert self.text() == before
        self._line.fault = None

    def shows_what_changes(self) -> None:
        """Change something, and wait until it is served."""
        assert not self._portal.call(lambda: self._exporter.status.dead)
        serial = f"serial-{next(TOUCHES)}"
        self._line.update("DcimDevice", "par1-leaf1", f'serial: {{value: "{serial}"}}')
        self._hurry(lambda: f'serial="{serial}"' in self.text())

    def _ended(self) -> list[int]:
        statuses = self._portal.call(lambda: self._exporter.status.entries)
        return [sum(each.errors.values()) + sum(each.durations.counts) for each in statuses]

    def _hurry(self, ask: Callable[[], bool]) -> None:
        def hurried() -> bool:
            if ask():
                return True
            self._portal.call(self._exporter.hurry)
            return False

        eventually(hurried, seconds=90)


@contextmanager
def running(line: Line, **infrahub: object) -> Iterator[Running]:
    with line.serving(), start_blocking_portal() as portal:
        reached = {"address": line.address, "token": "a-token", "timeout_seconds": 1.0, "page_size": 20, **infrahub}
        tree = config(line.address, infrahub=reached)
        exporter = portal.call(partial(build_exporter, parse_settings(tree), environment={}))
        with portal.wrap_async_context_manager(exporter):
            yield Running(line, portal, exporter)


@pytest.fixture(scope="module", params=["http", "https"])
def exporter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    files, more = (DEMO / "schema.yml", DEMO / "objects.yml"), dict[str, object]()
    context = None
    if request.param == "https":
        authority, authorities = trustme.CA(), tmp_path_factory.mktemp("tls") / "ca.pem"
        authority.cert_pem.write_to_path(str(authorities))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        more = {"tls": {"ca_file": str(authorities)}}
    with running(Line(*files, tls=context), **more) as running_:
        running_.shows_what_changes()
        yield running_


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(answer=ANSWERS)
def test_whatever_is_answered_the_loops_live_and_the_last_good_data_stays(exporter: Running, answer: Answer) -> None:
    exporter.suffer(answer)
    exporter.shows_what_changes()
