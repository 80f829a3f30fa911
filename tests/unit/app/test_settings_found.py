"""What `load_settings` reads where it is not told."""

from pathlib import Path

import pytest

from infrahub_exporter import load_settings
from infrahub_exporter.domain.errors import ConfigError

WARNED = "infrahub.token: not set, Infrahub is read anonymously"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_named_is_the_file_that_lies_here_and_the_environment_of_the_process(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (here / "config.yml").write_text('infrahub: {address: "http://a"}\npoll_interval_seconds: 5\n', encoding="utf-8")
    monkeypatch.setenv("INFRAHUB_SIDECAR_LISTEN_PORT", "9100")
    settings = load_settings()
    assert (settings.infrahub.address, settings.poll_interval_seconds, settings.listen_port) == ("http://a", 5, 9100)
    assert caplog.messages == [f"config.yml: {WARNED}"]


def test_without_such_a_file_it_is_the_environment_alone(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigError, match=r"^expected a configuration: a config.yml here, --config FILE, or "):
        load_settings()
    monkeypatch.setenv("INFRAHUB_SIDECAR_INFRAHUB__ADDRESS", "http://b")
    assert load_settings().infrahub.address == "http://b"
    assert caplog.messages == ["INFRAHUB_SIDECAR_INFRAHUB__TOKEN: not set, Infrahub is read anonymously"]
    assert not (here / "config.yml").exists()


def test_a_path_alone_is_that_file_with_the_environment_of_the_process(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (here / "config.yml").write_text("infrahub: [", encoding="utf-8")
    (here / "other.yml").write_text('infrahub: {address: "http://a"}\n', encoding="utf-8")
    monkeypatch.setenv("INFRAHUB_SIDECAR_LISTEN_PORT", "9100")
    assert load_settings("other.yml").listen_port == 9100
    assert caplog.messages == [f"other.yml: {WARNED}"]
    assert load_settings("other.yml", {}).listen_port == 8001


def test_files_of_an_embedded_infrahub_are_files_folders_and_patterns_beside_the_configuration(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = here / "place"
    (place / "objects").mkdir(parents=True)
    (place / "a.yml").touch()
    written = "infrahub: {embedded: {schema: ['*.yml'], objects: [objects]}}\n"
    (place / "exporter.yaml").write_text(written, encoding="utf-8")
    monkeypatch.chdir(here)
    embedded = load_settings(Path("place/exporter.yaml")).infrahub.embedded
    assert embedded is not None
    assert (embedded.schema, embedded.objects) == ((place / "*.yml",), (place / "objects",))
