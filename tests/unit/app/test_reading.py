"""Files of a configuration that are none: pipes without an end, devices, what is larger than anybody writes."""

import os
import tracemalloc
from pathlib import Path

import pytest

from infrahub_exporter.adapters.embedded import documents
from infrahub_exporter.adapters.otlp.certificates import pem
from infrahub_exporter.app.configuration.queries import query_text
from infrahub_exporter.app.configuration.reading import MOST_BYTES, read_file, read_text
from infrahub_exporter.app.configuration.secret import read_secret
from infrahub_exporter.app.configuration.settings import load_settings
from infrahub_exporter.app.serving.listener import ListenerContext
from infrahub_exporter.domain.errors import ConfigError

ENDLESS = Path("/dev/zero")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**31)
    return tmp_path / "huge"


def test_what_comes_out_of_a_pipe_is_read_to_its_end() -> None:
    outlet, inlet = os.pipe()
    os.write(inlet, b"\xef\xbb\xbflisten_port: 1\r\n")
    os.close(inlet)
    assert read_text(Path(f"/dev/fd/{outlet}")) == "listen_port: 1\n"
    os.close(outlet)


def test_nobody_waits_for_a_pipe_that_does_not_end() -> None:
    outlet, inlet = os.pipe()
    os.write(inlet, b"listen_port")
    with pytest.raises(OSError, match="it has not ended within 0 s"):
        read_text(Path(f"/dev/fd/{outlet}"), wait_seconds=0)
    os.close(inlet)
    os.close(outlet)


def test_nor_for_one_that_nobody_has_opened(pipe: Path) -> None:
    with pytest.raises(OSError, match="it has not ended within 0 s"):
        read_text(pipe, wait_seconds=0)


def test_a_configuration_without_end_is_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(ENDLESS, {})
    assert str(refused.value) == "/dev/zero: expected a configuration file (it has more than 8 MiB)"


def test_a_configuration_that_is_too_large_is_refused(huge: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(huge, {})
    assert str(refused.value) == f"{huge}: expected a configuration file (it has more than 8 MiB)"


def test_as_much_as_is_allowed_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b" " * MOST_BYTES)
    assert len(read_text(tmp_path / "file")) == MOST_BYTES


def test_a_small_file_takes_no_room_for_a_large_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"listen_port: 1\n")
    tracemalloc.start()
    try:
        assert read_text(tmp_path / "file") == "listen_port: 1\n"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES // 32


def test_so_is_a_secret_without_end() -> None:
    with pytest.raises(ConfigError) as refused:
        read_secret(ENDLESS)
    assert str(refused.value) == ("expected a file that holds a secret, got '/dev/zero' (it has more than 8 MiB)")


def test_and_a_query_without_end() -> None:
    with pytest.raises(Exception, match=r"got '/dev/zero' \(it has more than 8 MiB\)"):
        query_text(ENDLESS)


def test_a_certificate_is_no_pipe_and_no_device_and_not_huge(pipe: Path, huge: Path) -> None:
    for path, reason in ((pipe, "it is no file"), (ENDLESS, "it is no file"), (huge, "it has more than 8 MiB")):
        with pytest.raises(ConfigError) as refused:
            ListenerContext.load(path)
        assert str(refused.value) == (
            f"web.tls.certificate: expected a PEM file with a certificate, got {str(path)!r} ({reason})"
        )
        with pytest.raises(OSError, match=reason):
            read_file(path)
        with pytest.raises(OSError, match="expected a PEM file of 2 MiB at most"):
            pem(str(path))


def test_nor_is_a_file_of_an_infrahub_inside(pipe: Path, huge: Path) -> None:
    for path, reason in (
        (pipe, "a pipe or a device"),
        (ENDLESS, "a pipe or a device"),
        (huge, "more than 64 MiB"),
    ):
        with pytest.raises(ConfigError) as refused:
            documents.read(path)
        assert str(refused.value) == f"{path}: {reason}, expected a readable file"
