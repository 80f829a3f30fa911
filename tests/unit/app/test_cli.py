import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from infrahub_exporter.app.cli import run
from infrahub_exporter.app.configuration.settings import load_settings

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


DEMO = Path(__file__).resolve().parents[3] / "demo"


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        (
            "metrics: {kind: [{kind: DcimDevice, include: [name, site.nmae]}]}",
            "metrics.kind[0]: 'site.nmae': LocationSite",
        ),
        ("metrics: {kind: [{kind: DcimDevice, labels: {x: nmae}}]}", "metrics.kind[0]: 'nmae': DcimDevice"),
        (
            "service_discovery: {enabled: true, queries: [{kind: DcimDevice, target_field: nmae}]}",
            "service_discovery.queries[0]: 'nmae': DcimDevice",
        ),
    ],
)
def test_check_looks_up_what_is_read_where_an_infrahub_is_inside(
    config: Path, capsys: pytest.CaptureFixture[str], entries: str, problem: str
) -> None:
    inside = f"infrahub: {{embedded: {{schema: [{DEMO / 'schema.yml'}]}}}}\n"
    config.write_text(inside + entries.replace("nmae", "name"))
    assert run(["check", "--config", str(config)]) == 0
    capsys.readouterr()

    config.write_text(inside + entries)
    assert run(["check", "--config", str(config)]) == 2
    said = f"infrahub-exporter: {config}: {problem} has no field 'nmae', did you mean 'name'?\n"
    assert capsys.readouterr() == ("", said)


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


@pytest.mark.parametrize(
    ("line", "place", "problem"),
    [
        (
            "infrahub: {address: 'http://localhost:8000', token_file: nowhere}",
            "infrahub.token_file",
            "expected a file that holds a secret, got a path to nothing (No such file or directory)",
        ),
        (
            "webhook: {enabled: true, key_file: nowhere}",
            "webhook.key_file",
            "expected a file that holds a secret, got a path to nothing (No such file or directory)",
        ),
        (
            "web: {bearer_token_file: nowhere}",
            "web.bearer_token_file",
            "expected a file that holds a secret, got a path to nothing (No such file or directory)",
        ),
        ("store: {path: .}", "store.path", "expected a file, got the folder '{folder}'"),
        (
            "service_discovery: {queries: [{kind: Thing, target_field: name, file: .}], enabled: true}",
            "service_discovery.queries[0].file",
            "expected a file, got the folder '{folder}'",
        ),
        (
            "web: {tls: {certificate: rubbish}}",
            "web.tls.certificate",
            "expected a PEM file with a certificate, got '{folder}/rubbish' (it has none)",
        ),
        (
            "infrahub: {address: 'https://localhost:8000', token: x, tls: {ca_file: rubbish}}",
            "infrahub.tls.ca_file",
            "expected a PEM file with certificates of authorities, got '{folder}/rubbish' (it has none)",
        ),
        (
            "infrahub: {address: 'https://localhost:8000', token: x, tls: {client_certificate: rubbish}}",
            "infrahub.tls.client_certificate",
            "expected a PEM file with a certificate, got '{folder}/rubbish' (it has none)",
        ),
        (
            "exporters: {otlp: {enabled: true, endpoint: 'http://host:x'}}\nmetrics: {kind: [{kind: InfraDevice}]}",
            "exporters.otlp.endpoint",
            "expected http://host:port, https://host:port or host:port",
        ),
    ],
)
def test_check_refuses_what_a_start_would_refuse_and_names_the_file(
    config: Path, capsys: pytest.CaptureFixture[str], line: str, place: str, problem: str
) -> None:
    config.with_name("rubbish").write_text("rubbish")
    config.write_text(line if line.startswith("infrahub") else f"infrahub: {{address: 'http://x', token: x}}\n{line}")

    assert run(["check", "--config", str(config)]) == 2
    said = f"infrahub-exporter: {config}: {place}: {problem.format(folder=config.parent)}\n"
    assert capsys.readouterr() == ("", said)


def test_where_a_variable_says_it_the_variable_is_named(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFRAHUB_SIDECAR_INFRAHUB__TOKEN_FILE", "nowhere")

    assert run(["check", "--config", str(config)]) == 2
    problem = "expected a file that holds a secret, got a path to nothing (No such file or directory)"
    assert capsys.readouterr().err == f"infrahub-exporter: INFRAHUB_SIDECAR_INFRAHUB__TOKEN_FILE: {problem}\n"


def test_warnings_are_told_of_what_is_good(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("infrahub: {adress: 'http://infrahub:8000'}\n")
    assert run(["check", "--config", str(config)]) == 2
    assert capsys.readouterr().err == (
        f"infrahub-exporter: {config}: infrahub.adress: unknown key, did you mean 'address'?\n"
    )

    config.write_text("infrahub: {address: 'http://infrahub:8000', tls: {insecure: true}}\n")
    assert run(["check", "--config", str(config)]) == 0
    assert capsys.readouterr().err == (
        f"warning: {config}: infrahub.token: not set, Infrahub is read anonymously\n"
        f"warning: {config}: infrahub.tls: has no effect on an http:// address\n"
    )


def test_running_with_a_bad_configuration_is_the_same_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("infrahub: [")

    assert run(["--config", str(config)]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_a_configuration_before_a_command_counts_for_it(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-c", str(config), "check"]) == 0
    assert capsys.readouterr().out == f"{config} is good: 1 kind, 1 discovery\n"

    other = config.with_name("other.yml")
    other.write_text("infrahub: [")
    assert run(["-c", str(other), "check", "-c", str(config)]) == 0
    assert run(["-c", str(config), "check", "-c", str(other)]) == 2


def test_the_earlier_exporter_s_module_runs_with_a_hint(config: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "infrahub_exporter.main", "-c", str(config), "check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, f"{config} is good: 1 kind, 1 discovery\n")
    assert ended.stderr == (
        "infrahub-exporter: 'python -m infrahub_exporter.main' is how the earlier exporter was started; "
        "this one is 'infrahub-exporter', or 'python -m infrahub_exporter'\n"
    )


class Operated(BaseHTTPRequestHandler):
    """A service that notes what it is asked."""

    heard: ClassVar[list[tuple[str, str | None]]] = []
    answers: ClassVar[dict[str, tuple[int, str]]] = {
        "/-/reload": (200, '{"reloaded": true}'),
        "/-/refresh": (202, '{"refreshing": true}'),
        "/-/release/held": (200, '{"released": true}'),
        "/-/release/a%2Fb": (200, '{"released": false}'),
        "/-/release/nobody": (404, '{"title": "Unknown name", "detail": "nobody is unknown"}'),
        "/-/release/off": (404, '{"status_code": 404, "detail": "Not Found"}'),
    }

    def do_POST(self) -> None:
        self.heard.append((self.path, self.headers["Authorization"]))
        status, body = self.answers[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def operated(tmp_path: Path) -> Iterator[Path]:
    """A configuration of a service that listens."""
    Operated.heard.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Operated) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        path = tmp_path / "operated.yml"
        web = "{bearer_tokens: [distinctive-operator-token], admin: {enabled: true}}"
        where = f"listen_address: 0.0.0.0\nlisten_port: {server.server_port}\n"
        path.write_text(f"infrahub: {{address: 'http://127.0.0.1:9', token: x}}\n{where}web: {web}\n")
        yield path
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["release", "held"], 0, "held: released\n"),
        (["release", "a/b"], 0, "a/b: nothing was held\n"),
        (["reload"], 0, "reloaded\n"),
        (["refresh"], 0, "refreshing\n"),
        (["release", "nobody"], 1, "answers 404: nobody is unknown\n"),
        (["release", "off"], 1, "has no /-/release/off: web.admin.enabled is not set there\n"),
    ],
)
def test_an_operator_s_command_asks_the_service_that_the_configuration_describes(
    operated: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert run([*arguments, "--config", str(operated)]) == code

    out, err = capsys.readouterr()
    assert (out or err).endswith(said)
    assert (out + err).count("\n") == 1
    assert [who for _, who in Operated.heard] == ["Bearer distinctive-operator-token"]


def test_an_operator_may_show_another_token_and_name_the_url(
    operated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text("distinctive-other-token\n")
    url = f"http://127.0.0.1:{load_settings(operated, {}, print).listen_port}/"
    arguments = ["reload", "--url", url, "--token-file", str(tmp_path / "token"), "--config", str(operated)]
    assert run(arguments) == 0
    assert Operated.heard == [("/-/reload", "Bearer distinctive-other-token")]
    assert capsys.readouterr().out == "reloaded\n"


def test_a_service_that_does_not_run_is_one_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert run(["reload", "--url", url, "--config", str(config)]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"{url} cannot be asked" in err


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
        ("{ Tag { edges ", "the query is no GraphQL: line 1, column 15: Expected Name, found <EOF>"),
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
    assert capsys.readouterr().err == f"infrahub-exporter: {path}: service_discovery.queries[0].file_path: {message}\n"
