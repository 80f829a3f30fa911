"""`make demo`, as it is typed."""

import re
import shutil
import signal
import socket
from contextlib import suppress

from tests.e2e import loopback
from tests.e2e.children import ROOT, Spawn, eventually

URL = re.compile(r"http://[^\s]+")


def test_the_demo_prints_urls_that_answer_and_ends_on_interrupt(spawn: Spawn, command: str) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # taken already is as good
            taken.bind(("127.0.0.1", 8001))
            taken.listen()
        demo = spawn("demo", command, "--config", str(ROOT / "demo/config.yml"), "--any-port")
        found = eventually(lambda: urls if len(urls := set(URL.findall(demo.output))) >= 3 else None, demo, seconds=20)
        assert not any(":8001/" in url for url in found)
        for url in found:
            assert eventually(lambda url=url: loopback.get(url).is_success, demo), url  # type: ignore[misc]
        assert any("/sd/devices" in url for url in found)
        demo.send(signal.SIGINT)
        assert demo.wait(10) == 0
        assert "Traceback" not in demo.output


def test_make_demo_runs_that_command(spawn: Spawn) -> None:
    make = shutil.which("make")
    assert make
    dry = spawn("make", make, "--no-print-directory", "-n", "-C", str(ROOT), "demo")
    assert dry.wait(20) == 0
    assert "infrahub-exporter --config demo/config.yml --any-port" in dry.output
