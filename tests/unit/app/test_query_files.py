"""Query files stay in their folder, and names in their path."""

import os
from pathlib import Path

import pytest

from infrahub_exporter.app.configuration.settings import Settings, parse_settings
from infrahub_exporter.domain.errors import ConfigError

QUERY = "{ InfraDevice { edges { node { id } } } }"
OUTSIDE = "expected a path that does not lead out of its folder, or an absolute one"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out `inside` with a query of its own, beside a query outside of it; the working directory is elsewhere."""
    inside = tmp_path / "inside"
    (inside / "queries").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (inside / "queries" / "own.gql").write_text(QUERY, encoding="utf-8")
    (tmp_path / "outside.gql").write_text(QUERY, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "elsewhere")
    return inside


def loaded(folder: Path, file_path: object, **more: object) -> Settings:
    query = {"file_path": str(file_path), "target_field": "id", **more}
    tree = {"infrahub": {"address": "http://a"}, "service_discovery": {"enabled": True, "queries": [query]}}
    return parse_settings(tree, directory=folder)


@pytest.mark.parametrize(
    "path", ["queries/own.gql", "./queries/own.gql", "queries/../queries/own.gql", "../inside/queries/own.gql"]
)
def test_a_path_that_stays_is_read(folder: Path, path: str) -> None:
    (spec,) = loaded(folder, path).discoveries
    assert (spec.name, spec.document) == ("own", QUERY)


@pytest.mark.parametrize("path", ["../outside.gql", "queries/../../outside.gql", "./../outside.gql"])
def test_a_path_that_climbs_out_is_refused(folder: Path, path: str) -> None:
    with pytest.raises(ConfigError, match=OUTSIDE):
        loaded(folder, path)


def test_so_is_one_that_climbs_out_of_the_working_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "queries")
    (folder / "only.gql").write_text(QUERY, encoding="utf-8")
    with pytest.raises(ConfigError, match=OUTSIDE):
        loaded(folder.parent / "elsewhere", "../only.gql")
    assert loaded(folder.parent / "elsewhere", "own.gql").discoveries[0].document == QUERY


@pytest.mark.parametrize("link", ["link.gql", "queries/link.gql"])
def test_so_is_a_symbolic_link_out(folder: Path, link: str) -> None:
    (folder / link).symlink_to(folder.parent / "outside.gql")
    with pytest.raises(ConfigError, match=OUTSIDE):
        loaded(folder, link)


def test_and_a_file_in_a_folder_that_is_a_symbolic_link_out(folder: Path) -> None:
    (folder / "linked").symlink_to(folder.parent, target_is_directory=True)
    with pytest.raises(ConfigError, match=OUTSIDE):
        loaded(folder, "linked/outside.gql")


def test_symbolic_links_inside_as_kubernetes_mounts_them_are_followed(folder: Path) -> None:
    (folder / "..2026_11_24").mkdir()
    (folder / "..2026_11_24" / "mounted.gql").write_text(QUERY, encoding="utf-8")
    (folder / "..data").symlink_to("..2026_11_24", target_is_directory=True)
    (folder / "mounted.gql").symlink_to(Path("..data", "mounted.gql"))
    assert loaded(folder, "mounted.gql").discoveries[0].document == QUERY


def test_a_link_to_itself_is_no_file(folder: Path) -> None:
    (folder / "loop.gql").symlink_to("loop.gql")
    with pytest.raises(ConfigError, match="expected a GraphQL file"):
        loaded(folder, "loop.gql")


def test_an_absolute_path_is_taken_as_it_is(folder: Path) -> None:
    assert loaded(folder, folder.parent / "outside.gql").discoveries[0].name == "outside"


@pytest.mark.parametrize("name", ["..", ".", "a/b", "../a", "%2e%2e", "a?b", "a#b", "a b", "/a", "a\\b", "a\n"])
def test_a_name_is_one_segment_of_a_path(folder: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="expected a name that can stand in a URL"):
        loaded(folder, "queries/own.gql", name=name)


@pytest.mark.parametrize("path", ["../metrics", "a/../../metrics", "/sd/./a", "//a", "a//b", "%2e", "a?b", "-/../-/x"])
def test_a_path_to_serve_at_has_plain_segments(folder: Path, path: str) -> None:
    with pytest.raises(ConfigError, match="expected a path such as devices or /targets/devices"):
        loaded(folder, "queries/own.gql", endpoint_path=path)


def test_a_file_that_is_no_file_is_not_read(folder: Path) -> None:
    for path in (folder / "queries", Path(os.devnull)):
        with pytest.raises(ConfigError, match="expected a GraphQL file"):
            loaded(folder, path)
