from pathlib import Path

import pytest

from infrahub_exporter.app.cli import run

GOOD = """
infrahub: {address: "http://localhost:8000", token: secret}
metrics: {kind: [{kind: InfraDevice, include: [name]}]}
service_discovery:
  enabled: true
  queries: [{kind: InfraDevice, target_field: name}]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yml"
    path.write_text(GOOD)
    return path


def test_check_says_what_a_good_configuration_has(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--config", str(config)]) == 0

    assert capsys.readouterr() == (f"{config} is good: 1 kind, 1 discovery\n", "")


def test_check_puts_what_is_wrong_in_one_line_on_standard_error(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(GOOD.replace("include", "inclode"))

    assert run(["check", "--config", str(config)]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert str(config) in err
    assert "metrics.kind[0]" in err
    assert "inclode" in err


def test_running_with_a_bad_configuration_is_the_same_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("infrahub: [")

    assert run(["--config", str(config)]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_a_bad_option_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--no-such-option"]) == 2
    assert capsys.readouterr() == ("", "infrahub-exporter: No such option '--no-such-option'.\n")


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    out, err = capsys.readouterr()
    assert err == ""
    assert "check" in out
    assert "infrahub" in out


def test_an_embedded_infrahub_of_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "schema.yml"

    assert run(["infrahub", "--schema", str(missing)]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert str(missing) in err


def test_several_files_may_follow_one_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "first.yml", tmp_path / "second.yml"
    first.write_text('version: "1.0"\nnodes: [{name: Thing, namespace: Test}]\n')

    assert run(["infrahub", "--schema", str(first), str(second), "--port", "0"]) == 2

    assert str(second) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            "mutation { TagDelete(data: {id: 1}) { ok } }",
            "the document holds something else than queries, which a discovery does not run",
        ),
        ("{ Tag { edges ", "the query is no GraphQL: Syntax Error: Expected Name, found <EOF>."),
    ],
)
def test_what_is_no_query_is_refused_before_it_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: str, message: str
) -> None:
    (tmp_path / "tags.gql").write_text(document)
    path = tmp_path / "config.yml"
    path.write_text(
        "infrahub: {address: 'http://localhost:8000', token: x}\n"
        "service_discovery: {enabled: true, queries: [{file_path: tags.gql, target_field: name.value}]}\n"
    )

    assert run(["check", "--config", str(path)]) == 2
    assert capsys.readouterr().err == f"infrahub-exporter: service_discovery.queries: tags: {message}\n"
