"""The environment wins over the file, at every depth."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from infrahub_exporter.app.configuration.secret import Secret
from infrahub_exporter.app.configuration.settings import Settings, load_settings
from infrahub_exporter.domain.errors import ConfigError

PREFIX = "INFRAHUB_SIDECAR_"
CONFIG = """\
infrahub: {address: http://infrahub:8000, token: abc, page_size: 100}
exporters: {otlp: {endpoint: "collector:4317", headers: {a: b}}}
metrics: {kind: [{kind: InfraDevice}]}
log_level: ERROR
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yml").write_text(CONFIG, encoding="utf-8")
    return "config.yml"


def loaded(path: str | None, env: Mapping[str, str]) -> tuple[Settings, list[str]]:
    warnings: list[str] = []
    return load_settings(path, {PREFIX + name: text for name, text in env.items()}, warnings.append), warnings


def refused(path: str | None, env: Mapping[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(path, env)
    return str(caught.value).removeprefix(PREFIX)


def test_every_type_is_read_from_text(config: str) -> None:
    settings, warnings = loaded(
        config,
        {
            "LOG_LEVEL": "debug",
            "LISTEN_PORT": "9000",
            "POLL_INTERVAL_SECONDS": "1.5",
            "INFRAHUB__TOKEN": "12345",
            "INFRAHUB__BRANCH": "2026-01-31",
            "INFRAHUB__TIMEOUT_SECONDS": "5",
            "EXPORTERS__OTLP__ENABLED": "true",
            "EXPORTERS__OTLP__HEADERS": '{"authorization": "Bearer x"}',
            "EXPORTERS__OTLP__RESOURCE_ATTRIBUTES": "{rack: a1}",
            "EXPORTERS__OTLP__INSECURE": "no",
            "METRICS__KIND": '[{"kind": "InfraSite", "include": ["name"]}]',
        },
    )
    assert warnings == []
    assert (settings.log_level, settings.listen_port, settings.poll_interval_seconds) == ("DEBUG", 9000, 1.5)
    assert (settings.infrahub.token, settings.infrahub.branch) == (Secret("12345"), "2026-01-31")
    assert (settings.infrahub.timeout_seconds, settings.infrahub.page_size) == (5.0, 100)
    otlp = settings.exporters.otlp
    assert (otlp.enabled, otlp.insecure, otlp.endpoint) == (True, False, "collector:4317")
    assert (otlp.headers, otlp.resource_attributes) == ({"authorization": Secret("Bearer x")}, {"rack": "a1"})
    assert [(entry.kind, entry.include) for entry in settings.metrics.kind] == [("InfraSite", ("name",))]


def test_a_section_as_text_is_laid_over_that_of_the_file(config: str) -> None:
    env = {"INFRAHUB": "{page_size: 5, branch: b}", "INFRAHUB__BRANCH": "c", "INFRAHUB__TLS": "{insecure: true}"}
    infrahub = loaded(config, env)[0].infrahub
    assert (infrahub.address, infrahub.page_size, infrahub.branch) == ("http://infrahub:8000", 5, "c")
    assert infrahub.tls is not None
    assert infrahub.tls.insecure


def test_names_are_read_in_any_case(config: str) -> None:
    settings = load_settings(config, {"infrahub_sidecar_infrahub__page_size": "7"}, pytest.fail)
    assert settings.infrahub.page_size == 7


def test_the_environment_alone_is_enough() -> None:
    settings, warnings = loaded(None, {"INFRAHUB__ADDRESS": "http://infrahub:8000", "INFRAHUB__TOKEN": "abc"})
    assert (settings.infrahub.address, warnings) == ("http://infrahub:8000", [])


def test_no_configuration_at_all_is_an_error_that_names_all_ways_to_give_one() -> None:
    assert refused(None, {}) == (
        "expected a configuration: a config.yml here, --config FILE, or INFRAHUB_SIDECAR_INFRAHUB__ADDRESS and others"
    )


def test_warnings_name_the_variable_where_there_is_no_file() -> None:
    _, warnings = loaded(None, {"INFRAHUB__ADDRESS": "http://infrahub:8000"})
    assert warnings == ["INFRAHUB_SIDECAR_INFRAHUB__TOKEN: not set, Infrahub is read anonymously"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("LOG_LEVEL", "loud", "LOG_LEVEL: expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL, got 'loud'"),
        ("LISTEN_PORT", "x", "LISTEN_PORT: expected a whole number from 1 to 65535, got 'x'"),
        ("LISTEN_PORT", "", "LISTEN_PORT: expected a whole number from 1 to 65535, got nothing"),
        ("EXPORTERS__OTLP__ENABLED", "maybe", "EXPORTERS__OTLP__ENABLED: expected true or false, got 'maybe'"),
        ("METRICS__KIND", "[{", "METRICS__KIND: line 1, column 3: expected the node content, but found '<stream end>'"),
        (
            "METRICS__KIND",
            "[{kind: A, a: 1}]",
            (
                "METRICS__KIND: [0].a: unknown key, expected one of kind, include, labels, filters, booleans, guard, "
                "max_series"
            ),
        ),
        (
            "METRICS__KIND",
            "[{kind: A, kind: B}]",
            "METRICS__KIND: line 1: the key 'kind' is there twice, first in line 1",
        ),
        ("INFRAHUB__TLS", "{insecure: 1}", "INFRAHUB__TLS: insecure: expected true or false, got 1"),
        ("INFRAHUB__TOKEN", "open sesame\n", "INFRAHUB__TOKEN: expected printable ASCII text without spaces around it"),
        (
            "EXPORTERS__OTLP__HEADERS",
            "sesame",
            "EXPORTERS__OTLP__HEADERS: expected a mapping of names to texts, got text",
        ),
    ],
)
def test_a_known_name_with_a_bad_value_is_an_error_that_names_the_variable(
    config: str, name: str, text: str, message: str
) -> None:
    assert refused(config, {name: text}) == message


def test_what_the_file_gets_wrong_is_said_of_the_file_beside_a_section_as_text(config: str) -> None:
    Path(config).write_text("infrahub: {address: x}", encoding="utf-8")
    assert refused(config, {"INFRAHUB": "{page_size: 1}"}).startswith("config.yml: infrahub.address: ")


def test_a_section_that_is_none_in_the_file_stays_an_error_of_the_file(config: str) -> None:
    Path(config).write_text("infrahub: 5", encoding="utf-8")
    message = refused(config, {"INFRAHUB__ADDRESS": "http://infrahub:8000"})
    assert message == "config.yml: infrahub: expected a mapping with keys such as address, got a number"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("LOGLEVEL", ", did you mean 'INFRAHUB_SIDECAR_LOG_LEVEL'?"),
        ("LISTEN_PORTS", ", did you mean 'INFRAHUB_SIDECAR_LISTEN_PORT'?"),
        ("SERVICE_DISCOVRY__ENABLED", ", did you mean 'INFRAHUB_SIDECAR_SERVICE_DISCOVERY__ENABLED'?"),
        ("EXPORTERS__OTLP__HEADERS__X", ", INFRAHUB_SIDECAR_EXPORTERS__OTLP__HEADERS takes the whole as YAML or JSON"),
        ("METRICS__KIND__0__KIND", ", INFRAHUB_SIDECAR_METRICS__KIND takes the whole as YAML or JSON"),
    ],
)
def test_an_unknown_name_is_a_warning(config: str, name: str, hint: str) -> None:
    _, warnings = loaded(config, {name: "x"})
    assert warnings == [f"{PREFIX}{name}: not a setting{hint}"]


@pytest.mark.parametrize(
    "name",
    [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTP",
        "PORT",
        "PORT_8001_TCP",
        "PORT_8001_TCP_ADDR",
        "CANARY_SERVICE_HOST",
        "CANARY_PORT_8001_TCP_PROTO",
    ],
)
def test_what_kubernetes_injects_is_ignored(config: str, name: str) -> None:
    assert loaded(config, {name: "tcp://10.0.0.1:8001"})[1] == []


def test_other_variables_are_not_looked_at(config: str) -> None:
    assert load_settings(config, {"INFRAHUB_TOKEN": "x", "PATH": "/bin"}, pytest.fail) == loaded(config, {})[0]


@pytest.mark.parametrize(
    ("env", "address", "token"),
    [
        ({"INFRAHUB__EMBEDDED": "{schema: [config.yml]}"}, None, Secret("abc")),
        ({"INFRAHUB__ADDRESS": "http://other:8000"}, "http://other:8000", Secret("abc")),
        ({"INFRAHUB__TOKEN_FILE": "/run/token"}, "http://infrahub:8000", None),
        ({"INFRAHUB__TOKEN_FILE": ""}, "http://infrahub:8000", Secret("abc")),
    ],
)
def test_of_two_that_exclude_each_other_the_environments_wins(
    config: str, env: dict[str, str], address: str | None, token: Secret | None
) -> None:
    infrahub = loaded(config, env)[0].infrahub
    assert (infrahub.address, infrahub.token) == (address, token)


def test_two_that_exclude_each_other_are_an_error_where_both_are_the_environments(config: str) -> None:
    message = refused(config, {"INFRAHUB__TOKEN": "a", "INFRAHUB__TOKEN_FILE": "b"})
    assert message == "INFRAHUB__TOKEN_FILE: expected one of token and token_file, got both"


def test_of_the_webhooks_key_and_its_file_the_environments_wins(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(CONFIG + "webhook: {enabled: true, key: abc}\n", encoding="utf-8")
    webhook = loaded(str(path), {"WEBHOOK__KEY_FILE": "/run/key", "WEBHOOK__WINDOW_SECONDS": "60"})[0].webhook
    assert (webhook.key, webhook.key_file, webhook.window_seconds) == (None, Path("/run/key"), 60.0)
