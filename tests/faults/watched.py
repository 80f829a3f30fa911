"""The real command at work, as Prometheus and its log show it."""

import re
import signal
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path

import httpx
import yaml
from msgspec import Struct

from tests.e2e import loopback
from tests.e2e.children import DEMO, Child, clean_environment, eventually, free_port

_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_INVENTORY = ("infrahub_dcimdevice_info{", "infrahub_locationrack_info{")
_VALUE = re.compile(r'="([^"]*)"')
_DATE = re.compile(r"^\S+ \S+ ")

LIMIT_SECONDS = 10
"""How long a test waits for the process to end. It promises 5 s, whatever hangs; a busy machine gets twice that."""

TOKEN = "f9a1c0d4e5b6a7988990"
"""What lets these tests in, also as an operator, where the exporter is `OPERATED`."""
OPERATED = {"bearer_tokens": [TOKEN], "admin": {"enabled": True}}
_ALLOWED = {"Authorization": f"Bearer {TOKEN}"}
STORE = "(a file of its own)"
"""Stands for the path of the exporter's store."""

DEVICES, RACKS = ("kind", "DcimDevice"), ("kind", "LocationRack")
LIST, ROUTERS = ("query", "devices"), ("query", "routers")
ENTRIES = (DEVICES, RACKS, LIST, ROUTERS)


class Shown(Struct, frozen=True):
    """What is served: the series of the inventory, and the lists of targets."""

    series: tuple[str, ...]
    lists: tuple[bytes, ...]


class Own:
    """The exporter's own metrics at a time."""

    def __init__(self, samples: Mapping[tuple[str, frozenset[str]], float]) -> None:
        self._samples = samples

    def get(self, name: str, *labels: str) -> float | None:
        """Return a value, by the name's end and the values of the labels."""
        return self._samples.get((f"infrahub_exporter_{name}", frozenset(labels)))

    def count(self, name: str, *labels: str) -> float:
        """Return a value, 0 where there is none yet."""
        return self.get(name, *labels) or 0.0


class Watched:
    """An exporter of its own process over the network of the demo."""

    def __init__(
        self, directory: Path, config: dict[str, object], *, command: tuple[str, ...] = ("-m", "infrahub_exporter")
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.directory = directory
        self.store = directory / "last.snapshot"
        self._config = config
        if config.get("store") == {"path": STORE}:
            self._config["store"] = {"path": str(self.store)}
        self._command = command
        self._starts = 0
        self.child = self.start()

    def start(self, **changes: object) -> Child:
        """Start it, again with the same configuration but for what is said."""
        self._starts += 1
        path = self.directory / "config.yml"
        path.write_text(yaml.safe_dump({**self._config, "listen_port": self.port, **changes}), encoding="utf-8")
        self.child = Child(
            "exporter",
            (sys.executable, *self._command, "--config", str(path)),
            self.directory / f"exporter-{self._starts}.log",
            {**clean_environment(), "PYTHONUNBUFFERED": "1"},
        )
        return self.child

    def stop(self) -> None:
        """Tell it to end, and wait for that."""
        self.child.send(signal.SIGTERM)
        assert self.child.wait(LIMIT_SECONDS) == 0

    def end(self) -> None:
        self.child.end()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.child.end()

    def eventually(self, ask: Callable[[], object], seconds: float = 30) -> None:
        """Wait until something is true."""
        eventually(lambda: ask() or None, self.child, seconds=seconds)

    def get(self, path: str) -> httpx.Response:
        """Ask for a path."""
        return loopback.get(f"{self.url}{path}", headers=_ALLOWED)

    def own(self) -> "Own":
        """Return the exporter's own metrics."""
        text = self.get("/-/metrics").text
        found = (_SAMPLE.fullmatch(line) for line in text.splitlines() if not line.startswith("#"))
        return Own({(each[1], frozenset(_VALUE.findall(each[2] or ""))): float(each[3]) for each in found if each})

    def get_well(self) -> None:
        """Have it try again what it leaves alone for a while, and wait until all is well."""
        self.eventually(
            lambda: loopback.post(f"{self.url}/-/refresh", headers=_ALLOWED).status_code == HTTPStatus.ACCEPTED
        )
        self.eventually(self.is_well)

    def is_well(self) -> bool:
        """Tell whether the last refresh of every entry went well."""
        own = self.own()
        return all(own.get("refresh_success", *entry) == 1 for entry in ENTRIES)

    def shown(self) -> Shown:
        """Return what is served."""
        answer = self.get("/metrics")
        assert answer.is_success
        series = (line for line in answer.text.splitlines() if line.startswith(_INVENTORY))
        lists = [self.get(f"/sd/{name}") for name in ("devices", "routers")]
        assert [each.status_code for each in lists] == [200, 200]
        return Shown(tuple(sorted(series)), tuple(each.content for each in lists))

    def is_up(self) -> bool:
        """Tell whether it answers at all."""
        return self.get("/-/healthy").is_success

    def statuses(self) -> dict[str, int]:
        """Return the statuses of what serves the inventory."""
        paths = ("/metrics", "/sd/devices", "/sd/routers", "/-/ready")
        return {path: self.get(path).status_code for path in paths}

    def shows(self, kind: str, label: str) -> bool:
        """Tell whether a series of a kind has a label."""
        return any(each.startswith(f"infrahub_{kind}_info{{") and label in each for each in self.shown().series)

    def lines(self) -> list[str]:
        """Return what it has logged, without the times."""
        return [_DATE.sub("", line) for line in self.child.output.splitlines()]


def metrics(*labels: str) -> dict[str, object]:
    """Show devices, with these labels beside the usual ones, and racks."""
    return {
        "kind": [
            {"kind": "DcimDevice", "include": ["name", "status", "serial", "site.name", "tags[]", *labels]},
            {"kind": "LocationRack", "include": ["name", "height"], "guard": False},
        ]
    }


def config(address: str, **changes: object) -> dict[str, object]:
    """Write a configuration that looks at Infrahub several times a second."""
    return {
        "infrahub": {"address": address, "token": "a-token", "timeout_seconds": 0.5, "page_size": 20},
        "listen_address": "127.0.0.1",
        "poll_interval_seconds": 1,
        "metrics": metrics(),
        "service_discovery": {
            "enabled": True,
            "queries": [
                {
                    "name": "devices",
                    "file_path": str(DEMO / "queries" / "devices.gql"),
                    "target_field": "primary_address.node.address.value",
                    "port_field": "exporter_port.value",
                    "label_mappings": {"name": "name.value", "site": "site.node.name.value"},
                    "refresh_interval_seconds": 0.2,
                },
                {
                    "name": "routers",
                    "kind": "DcimDevice",
                    "filters": {"role__values": ["edge", "spine"]},
                    "target_field": "loopback_address.address.ip",
                    "port_field": "exporter_port",
                    "label_mappings": {"name": "name", "status": "status"},
                    "refresh_interval_seconds": 0.2,
                },
            ],
        },
        **changes,
    }
