"""The demonstration's configuration on a real Infrahub gives what it gives on the embedded one, but for ids."""

import re

import httpx
import pytest

from tests.e2e.children import Child, StartExporter, eventually, free_port

_ID = re.compile(r'(?<=[{,])id="[^"]*"')
_READ_SECONDS = 120.0

Pages = dict[str, object]


@pytest.fixture(scope="module")
def pages(
    start_exporter: StartExporter, real_address: str, real_token: str, embedded_address: str, embedded_token: str
) -> tuple[Pages, Pages]:
    """The pages of the exporter on the real Infrahub and of the one on the embedded, without ids."""
    servers = ((real_address, real_token), (embedded_address, embedded_token))
    ports = [free_port() for _ in servers]
    children = [
        start_exporter(port, infrahub={"address": address, "token": token}, poll_interval_seconds=600)
        for port, (address, token) in zip(ports, servers, strict=True)
    ]
    of_real, of_embedded = (_pages(port, child) for port, child in zip(ports, children, strict=True))
    return of_real, of_embedded


def _pages(port: int, child: Child) -> Pages:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30.0) as client:
        eventually(lambda: client.get("/-/ready").is_success, child, seconds=_READ_SECONDS)
        return {
            "/metrics": sorted(
                _ID.sub('id=""', line)
                for line in client.get("/metrics").text.splitlines()
                if re.match(r"(# (HELP|TYPE) )?infrahub_[a-z]+_info\b", line)
            ),
            **{path: _without_ids(client.get(path)) for path in ("/sd/devices", "/sd/routers")},
        }


def _without_ids(reply: httpx.Response) -> list[object]:
    assert reply.status_code == httpx.codes.OK
    groups = reply.json()
    for group in groups:
        group["labels"].pop("__meta_infrahub_id")
    return list(groups)


@pytest.mark.parametrize("path", ["/sd/devices", "/sd/routers"])
def test_target_groups_are_the_same(path: str, pages: tuple[Pages, Pages]) -> None:
    of_real, of_embedded = pages
    assert of_real[path] == of_embedded[path]
    assert of_real[path]


def test_series_are_the_same(pages: tuple[Pages, Pages]) -> None:
    of_real, of_embedded = (each["/metrics"] for each in pages)
    assert of_real == of_embedded
    assert isinstance(of_real, list)
    assert sum(line.startswith("infrahub_dcimdevice_info{") for line in of_real) > 60
