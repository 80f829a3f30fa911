"""Distinctive secrets everywhere, and a search for them in whatever the exporter shows."""

import base64
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import bcrypt
import pytest
from litestar.testing import TestClient

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.http.authentication import Authenticator
from infrahub_exporter.app.cli import run
from infrahub_exporter.app.configuration.infrahub import read_token
from infrahub_exporter.app.configuration.settings import Settings, load_settings, parse_settings
from infrahub_exporter.app.configuration.web import read_bearer_tokens, read_users
from infrahub_exporter.app.configuration.webhook import read_webhook_key
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.app.serving.server import create_app
from infrahub_exporter.domain.errors import ConfigError, ExporterError

PASSWORD = "distinctive-password"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
SECRETS = {
    "token": "distinctive-infrahub-token",
    "token_file": "distinctive-token-of-a-file",
    "otlp": "distinctive-otlp-header",
    "otel": "distinctive-otel-variable",
    "password": PASSWORD,
    "hash": HASH,
    "bearer": "distinctive-bearer-token",
    "bearer_file": "distinctive-bearer-of-a-file",
    "webhook": "distinctive-webhook-key",
    "attribute": "distinctive-attribute",
    "guess": "distinctive-guess",
}
PAGES = ("/", "/-/healthy", "/-/ready", "/-/metrics", "/metrics", "/sd/things", "/sd/raw", "/nowhere")


def assert_hidden(text: str) -> None:
    """Search a text for each secret, for its halves and for its base64."""
    for name, secret in SECRETS.items():
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
        for form in (secret, encoded[:-1], secret.removeprefix("distinctive-").removeprefix("$2b$04$")[:12]):
            if form in {"password", "guess", "attribute"}:
                continue
            assert form not in text, f"the secret {name} shows"


@pytest.fixture
def tree(tmp_path: Path) -> dict[str, object]:
    """A configuration with a secret wherever one can stand."""
    (tmp_path / "bearer").write_text(SECRETS["bearer_file"] + "\n", encoding="utf-8")
    (tmp_path / "raw.gql").write_text("{ TestThing { edges { node { id name { value } } } } }", encoding="utf-8")
    return {
        "infrahub": {"address": "http://127.0.0.1:9", "token": SECRETS["token"], "timeout_seconds": 2},
        "exporters": {
            "otlp": {
                "enabled": True,
                "endpoint": "http://127.0.0.1:9",
                "timeout_seconds": 0.2,
                "headers": {"authorization": SECRETS["otlp"]},
            }
        },
        "metrics": {"kind": [{"kind": "TestThing", "include": ["name"]}]},
        "service_discovery": {
            "enabled": True,
            "queries": [
                {"kind": "TestThing", "name": "things", "target_field": "name"},
                {"file_path": str(tmp_path / "raw.gql"), "target_field": "name.value"},
            ],
        },
        "webhook": {"enabled": True, "key": SECRETS["webhook"]},
        "web": {
            "basic_users": {"ann": HASH},
            "bearer_tokens": [SECRETS["bearer"]],
            "bearer_token_file": str(tmp_path / "bearer"),
            "admin": {"enabled": True},
        },
    }


def printed(thing: object) -> str:
    return f"{thing!r} {thing} {getattr(thing, '__dict__', '')}"


def test_what_a_configuration_prints_hides_them(tree: dict[str, object]) -> None:
    settings = parse_settings(tree)

    for thing in (settings, settings.infrahub, settings.exporters.otlp, settings.webhook, settings.web):
        assert_hidden(printed(thing))
    assert read_token(settings.infrahub) == SECRETS["token"]
    assert read_webhook_key(settings.webhook) == SECRETS["webhook"]
    assert read_bearer_tokens(settings.web) == (SECRETS["bearer"], SECRETS["bearer_file"])
    assert read_users(settings.web) == {"ann": HASH}


def test_what_is_built_of_it_hides_them_too(tree: dict[str, object]) -> None:
    settings = parse_settings(tree)
    authenticator = Authenticator(
        users=read_users(settings.web), tokens=read_bearer_tokens(settings.web), clock=SystemClock()
    )
    assert_hidden(repr(authenticator))
    exporter = build_exporter(settings, environment={})
    assert_hidden(f"{exporter!r} {exporter.status} {exporter.snapshot} {exporter.discoveries}")


def broken(tree: dict[str, object]) -> Iterator[dict[str, object]]:
    """Put each text of the configuration into wrong shapes and places, one at a time."""
    for place, text in places(tree, ()):
        for wrong in (
            [text],
            {text: 1},
            {"x": text},
            f"{text}\n",
            f" {text}",
            f"{text}ü",
            f"{text} {text}",
            12,
            [[text]],
        ):
            yield replaced(tree, place, wrong)
        *before, last = place
        yield replaced(tree, tuple(before), {f"{last}_": text} if isinstance(last, str) else {"x": text})
        yield replaced(tree, tuple(before), text)


def places(tree: object, before: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """List the places of secrets."""
    if isinstance(tree, str) and tree in SECRETS.values():
        yield before, tree
    items = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for key, below in items:
        yield from places(below, (*before, key))


def replaced(tree: object, place: tuple[str | int, ...], value: object) -> dict[str, object]:
    copied = json.loads(json.dumps(tree))
    inside = copied
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    return copied  # type: ignore[no-any-return]


def test_errors_about_a_bad_configuration_hide_them(tree: dict[str, object], tmp_path: Path) -> None:
    variants = list(broken(tree))
    refused = 0
    path = tmp_path / "config.yml"
    for variant in variants:
        path.write_text(json.dumps(variant), encoding="utf-8")
        warnings: list[str] = []
        try:
            settings = load_settings(path, {}, warnings.append)
        except ConfigError as error:
            refused += 1
            assert_hidden(f"{error!r} {error} {error.__cause__!r}")
        else:
            assert_hidden(printed(settings))
        assert_hidden(" ".join(warnings))
    assert len(variants) > 50
    assert refused > 40


ENVIRONMENT = {
    "INFRAHUB_SIDECAR_INFRAHUB__TOKEN": "token",
    "INFRAHUB_SIDECAR_WEBHOOK__KEY": "webhook",
    "INFRAHUB_SIDECAR_WEB__BEARER_TOKENS": "bearer",
    "INFRAHUB_SIDECAR_WEB__BASIC_USERS": "hash",
    "INFRAHUB_SIDECAR_EXPORTERS__OTLP__HEADERS": "otlp",
    "INFRAHUB_SIDECAR_INFRAHUB__TOKN": "token",
    "INFRAHUB_SIDECAR_INFRAHUB": "token",
    "INFRAHUB_SIDECAR_WEB": "bearer",
}


@pytest.mark.parametrize("name", ENVIRONMENT)
@pytest.mark.parametrize(
    "form", ["{}", "[{}", "{{a: {}", "[{}, {}]", "{{a: {}}}", '"{}', "!x {}", "{}\n", "{{{}: 1}}", "*{}"]
)
def test_errors_about_a_variable_hide_its_value(tree: dict[str, object], tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / "config.yml"
    path.write_text(json.dumps(tree), encoding="utf-8")
    secret = SECRETS[ENVIRONMENT[name]]
    warnings: list[str] = []
    try:
        said = printed(load_settings(path, {name: form.format(secret, secret)}, warnings.append))
    except ConfigError as error:
        said = f"{error!r} {error.__cause__!r}"
    assert_hidden(f"{said} {warnings}")


def test_the_command_hides_them(tree: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.yml"
    for variant in (tree, *broken(tree)):
        path.write_text(json.dumps(variant), encoding="utf-8")
        run(["check", "--config", str(path)])
    said = capsys.readouterr()
    assert "is good: " in said.out
    assert_hidden(said.out + said.err)


class Echo(BaseHTTPRequestHandler):
    """An Infrahub that refuses everything, each time in another way."""

    protocol_version = "HTTP/1.1"
    address: str
    answers: tuple[tuple[int, str, str], ...] = (
        (401, "application/json", '{"errors": [{"message": "no such token"}]}'),
        (403, "application/json", '{"errors": ["forbidden"]}'),
        (500, "text/plain", "Internal Server Error"),
        (200, "application/json", '{"data": null, "errors": [{"message": "unknown field"}]}'),
        (200, "text/html", "<html>a proxy</html>"),
    )
    heard: list[str]
    count = 0

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        type(self).heard.append(self.headers.get("X-INFRAHUB-KEY", ""))
        status, content, text = self.answers[type(self).count % len(self.answers)]
        type(self).count += 1
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def infrahub() -> Iterator[type[Echo]]:
    class Refusing(Echo):
        """One of its own for each test."""

    Refusing.heard = []

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        Refusing.address = f"http://127.0.0.1:{server.server_port}"
        yield Refusing
        server.shutdown()
        thread.join()


def shown(settings: Settings, caplog: pytest.LogCaptureFixture) -> str:
    """Run a service for some rounds, ask for every page in several ways, and return all that it said."""
    caplog.set_level(logging.DEBUG)
    app = create_app(settings)
    exporter = app.exporter
    said = []
    basic = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
    guess = base64.b64encode(f"{SECRETS['guess']}:{SECRETS['guess']}".encode()).decode()
    with TestClient(app) as client:
        for _ in range(12):  # requests go side by side: which of the answers an entry fails by is chance
            client.blocking_portal.call(exporter.refresh)
        for value in (
            "",
            f"Bearer {SECRETS['bearer']}",
            f"Basic {basic}",
            f"Basic {guess}",
            f"Bearer {SECRETS['guess']}",
        ):
            for page in PAGES:
                accept = {"Accept": "text/html"} if page == "/" else {}
                answer = client.get(page, headers={"Authorization": value, **accept} if value else accept)
                said.append(f"{answer.status_code} {answer.headers} {answer.text}")
        for path in ("/-/reload", "/-/release/x", "/-/refresh", "/-/refresh/webhook"):
            answer = client.post(path, headers={"Authorization": f"Bearer {SECRETS['guess']}"}, content=b"{}")
            said.append(f"{answer.status_code} {answer.headers} {answer.text}")
        said += [f"{exporter.status!r}", exporter.metrics_text()]
    said += [f"{record.getMessage()} {record.args} {record.exc_text} {record.exc_info}" for record in caplog.records]
    return "\n".join([*said, caplog.text])


def test_the_service_hides_them_whatever_infrahub_says(
    tree: dict[str, object], infrahub: type[Echo], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-key={SECRETS['otel']},{SECRETS['otel']}")
    tree["infrahub"] = {"address": infrahub.address, "token": SECRETS["token"], "timeout_seconds": 5}
    said = shown(parse_settings(tree), caplog)

    assert set(infrahub.heard) == {SECRETS["token"]}
    assert "no such token" in said
    assert_hidden(said)


def test_so_do_a_token_of_a_file_and_headers_of_a_variable(
    tree: dict[str, object],
    infrahub: type[Echo],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "token").write_text(SECRETS["token_file"], encoding="utf-8")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-key={SECRETS['otel']},{SECRETS['otel']}")
    tree["infrahub"] = {"address": infrahub.address, "token_file": str(tmp_path / "token"), "timeout_seconds": 5}
    tree["exporters"] = {"otlp": {"enabled": True, "endpoint": "http://127.0.0.1:9", "timeout_seconds": 0.2}}
    said = shown(parse_settings(tree), caplog)

    assert set(infrahub.heard) == {SECRETS["token_file"]}
    assert_hidden(said)


SCHEMA = """
version: "1.0"
nodes:
  - name: Thing
    namespace: Test
    human_friendly_id: [name__value]
    attributes:
      - {name: name, kind: Text, unique: true}
      - {name: login, kind: Password}
      - {name: hashed, kind: HashedPassword}
    relationships:
      - {name: other, peer: TestThing, kind: Attribute, cardinality: one, optional: true, identifier: other}
"""
OBJECTS = f"""
apiVersion: infrahub.app/v1
kind: Object
spec:
  kind: TestThing
  data:
    - {{name: first, login: {SECRETS["attribute"]}, hashed: "{HASH}"}}
    - {{name: second, login: {SECRETS["attribute"]}, hashed: "{HASH}", other: [first]}}
"""
PASSWORDS = ("login", "hashed", "login.value", "other.login", "other.node.hashed.value")


@pytest.fixture
def inside(tree: dict[str, object], tmp_path: Path) -> dict[str, object]:
    """The same over an Infrahub inside, whose nodes have passwords."""
    (tmp_path / "schema.yml").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "objects.yml").write_text(OBJECTS, encoding="utf-8")
    files = {"schema": [str(tmp_path / "schema.yml")], "objects": [str(tmp_path / "objects.yml")]}
    return {**tree, "infrahub": {"embedded": files}}


@pytest.mark.parametrize("path", PASSWORDS)
def test_the_passwords_of_nodes_become_no_label_on_any_path(
    inside: dict[str, object], tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    inside["metrics"] = {"kind": [{"kind": "TestThing", "include": ["name", path]}, {"kind": "TestThing"}]}
    fields = "id name { value } login { value } hashed { value } other { node { login { value } } }"
    raw = f"{{ TestThing {{ edges {{ node {{ {fields} }} }} }} }}"
    (tmp_path / "raw.gql").write_text(raw, encoding="utf-8")
    queries = [
        {"kind": "TestThing", "name": "things", "target_field": "name", "label_mappings": {"x": path}},
        {"kind": "TestThing", "name": "targets", "target_field": path},
        {"kind": "TestThing", "name": "ports", "target_field": "name", "port_field": path},
        {"file_path": str(tmp_path / "raw.gql"), "target_field": "login.value", "label_mappings": {"x": "login.value"}},
    ]
    inside["service_discovery"] = {"enabled": True, "queries": queries}
    try:
        settings = parse_settings(inside)
    except ConfigError as error:
        assert_hidden(str(error))
        return
    said = shown(settings, caplog)

    assert "infrahub_testthing_info" in said
    assert_hidden(said)


@pytest.mark.anyio
async def test_what_an_exporter_raises_hides_them(inside: dict[str, object]) -> None:
    exporter = build_exporter(parse_settings(inside), environment={})
    await exporter.refresh()
    assert_hidden(raised(lambda: exporter.target_groups(SECRETS["bearer"][:3])))
    assert_hidden(raised(lambda: exporter.target_groups("things")))


def raised(call: Callable[[], object]) -> str:
    try:
        return printed(call())
    except ExporterError as error:
        return f"{error!r} {error.__cause__!r}"
