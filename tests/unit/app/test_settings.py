"""What loads, what it becomes, and what is said about what does not."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from infrahub_exporter.app.configuration.collecting import (
    CollectorSettings,
    CollectorsSettings,
    ProposedChangesSettings,
)
from infrahub_exporter.app.configuration.everything import (
    CompatSettings,
    ExportersSettings,
    MetricsSettings,
    PrometheusSettings,
    ServiceDiscoverySettings,
    StoreSettings,
)
from infrahub_exporter.app.configuration.infrahub import EmbeddedSettings, InfrahubSettings, TlsSettings, read_token
from infrahub_exporter.app.configuration.pushing import DestinationSettings, OtlpSettings
from infrahub_exporter.app.configuration.queries import QuerySettings
from infrahub_exporter.app.configuration.secret import Secret
from infrahub_exporter.app.configuration.series import SeriesSettings
from infrahub_exporter.app.configuration.settings import Settings, load_settings, parse_settings
from infrahub_exporter.app.configuration.web import (
    AdminSettings,
    ListenerTlsSettings,
    WebSettings,
    read_bearer_tokens,
    read_users,
)
from infrahub_exporter.app.configuration.webhook import WebhookSettings, read_webhook_key
from infrahub_exporter.domain.asking.conditions import Check
from infrahub_exporter.domain.asking.formats import Formats, GnmicFormat
from infrahub_exporter.domain.asking.forms import Form
from infrahub_exporter.domain.asking.series import CountSpec, SumSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, GuardOverride, MetricSpec, Override
from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits

CONFIGS = Path(__file__).parent / "configs"
INFRAHUB = "infrahub: {address: 'http://infrahub:8000', token: abc}\n"


@pytest.fixture(autouse=True)
def _in_configs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONFIGS)


def loaded(path: str | Path | None, env: Mapping[str, str] | None = None) -> tuple[Settings, list[str]]:
    warnings: list[str] = []
    return load_settings(path, env or {}, warnings.append), warnings


def written(directory: Path, text: str) -> Path:
    path = directory / "config.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_configuration_of_the_earlier_exporter_loads_unchanged() -> None:
    settings, warnings = loaded("earlier.yml")
    assert warnings == []
    assert settings.infrahub == InfrahubSettings(address="http://infrahub-server:8000", token=Secret("some-token"))
    assert settings.poll_interval_seconds == 30
    assert (settings.listen_address, settings.listen_port, settings.log_level) == ("0.0.0.0", 8001, "INFO")  # noqa: S104 - the default
    assert settings.exporters.prometheus.enabled
    assert settings.exporters.prometheus.metrics_path == "/metrics"
    assert not settings.exporters.otlp.enabled
    assert settings.exporters.otlp.endpoint == "http://otel-collector:4317"
    assert settings.exporters.otlp.timeout_seconds == 10
    assert settings.metrics.kind == (
        MetricSpec(
            kind="InfraDevice",
            include=("name", "description", "platform", "role", "status"),
            filters={"site__name__value": "jfk1", "role__value": "edge"},
        ),
        MetricSpec(kind="LocationRack", filters={"site__name__value": "atl1"}),
    )
    assert settings.discoveries == (
        DiscoverySpec(
            name="devices",
            paths=("/sd/devices",),
            target_field="primary_address.node.address.ip",
            label_mappings={"device_name": "name.value", "location": "site.node.name.value"},
            document="query { InfraDevice { edges { node { id name { value } } } } }\n",
        ),
    )


def test_every_key_has_the_value_that_the_file_gives_it() -> None:
    settings, warnings = loaded("every_key.yml")
    assert warnings == []
    file = CONFIGS / "queries" / "devices.gql"
    assert settings == Settings(
        infrahub=InfrahubSettings(
            address="https://infrahub.example:8443/base",
            token=Secret("open-sesame"),
            branch="audit/2026",
            page_size=250,
            concurrency=2,
            timeout_seconds=12.5,
            refresh_timeout_seconds=300,
            full_refresh_seconds=1800,
            tls=TlsSettings(ca_file=file, client_certificate=file, client_key=file, insecure=False),
        ),
        exporters=ExportersSettings(
            prometheus=PrometheusSettings(enabled=False, metrics_path="/inventory/metrics", own_metrics=False),
            otlp=OtlpSettings(
                enabled=True,
                endpoint="collector:4317",
                timeout_seconds=5,
                headers={"authorization": Secret("Bearer open-sesame")},
                protocol="grpc",
                insecure=True,
                certificate=file,
                client_certificate=file,
                client_key=file,
                compression="gzip",
                interval_seconds=30,
                max_request_bytes=1_000_000,
                max_age_seconds=600,
                own_metrics=True,
                resource_attributes={"deployment.environment.name": "lab"},
            ),
        ),
        service_discovery=ServiceDiscoverySettings(
            enabled=True,
            queries=(
                QuerySettings(
                    file_path=file,
                    name="routers",
                    endpoint_path="/routers",
                    target_field="name",
                    port_field="port",
                    label_mappings={"site": "site.name"},
                    refresh_interval_seconds=15,
                    guard=GuardOverride(max_loss_ratio=0.9, confirmations=10),
                ),
                QuerySettings(
                    kind="InfraDevice",
                    filters={"role__value": "edge"},
                    rows="ports[]",
                    where={"speed": Check(above=0), "role": ("up", 5)},
                    exclude={"name": Check(unlike="lo0")},
                    match={"side": "^side"},
                    distinct=("port",),
                    formats=Formats(gnmic=GnmicFormat(name="port", subscriptions="port", tags=("port",))),
                    target_field="^name",
                    label_mappings={"port": "name"},
                    guard=False,
                ),
            ),
        ),
        metrics=MetricsSettings(
            kind=(
                MetricSpec(
                    kind="InfraDevice",
                    include=("name", "site.region.name"),
                    filters={"role__values": ["edge", "core"]},
                    guard=GuardOverride(enabled=True, min_loss=5),
                ),
            ),
            series=(
                SeriesSettings(
                    name="devices_seconds",
                    help="Devices.",
                    unit="seconds",
                    kind="InfraDevice",
                    filters={"role__value": "edge"},
                    rows="ports[]",
                    where={"speed": Check(above=0)},
                    exclude={"name": "lo0"},
                    match={"side": "^side"},
                    distinct=("port",),
                    labels={"port": "name", "role": Form(path="role", map={"edge": "border"}, default="none")},
                    value=Form(path="speed", times=0.5),
                    state_label="state",
                    max_series=100,
                    guard=False,
                ),
                SeriesSettings(name="ports", kind="InfraPort", count=CountSpec(by={"role": "role"}, zeros=("role",))),
                SeriesSettings(name="speed", kind="InfraPort", sum=SumSpec(of=("speed", "mtu"))),
                SeriesSettings(name="holes", kind="InfraPort", missing=("speed",)),
            ),
            prefix="org_",
        ),
        collectors=CollectorsSettings(
            branches=True,
            proposed_changes=ProposedChangesSettings(
                contents=("InfraDevice",), refresh_interval_seconds=120, max_series=500
            ),
            validators=CollectorSettings(),
            tasks=CollectorSettings(refresh_interval_seconds=300),
            events=True,
            pools=False,
            repositories=True,
            artifacts=True,
            server=True,
        ),
        webhook=WebhookSettings(enabled=True, key=Secret("open-sesame"), window_seconds=60, debounce_seconds=1.5),
        guard=GuardSpec(enabled=False, max_loss_ratio=0.25, min_loss=20, confirmations=5),
        limits=Limits(
            max_nodes=1000,
            max_series=2000,
            max_label_length=256,
            max_response_bytes=1_048_576,
            max_parameter_sets=10,
            max_rows_per_node=5,
        ),
        store=StoreSettings(type="file", path=file, max_age_seconds=3600),
        web=WebSettings(
            tls=ListenerTlsSettings(certificate=file, key=file, client_ca=file),
            basic_users={"prometheus": Secret("$2b$10$abcdefghijklmnopqrstuuBJEfHpGUc7w5cbTPbTFL7KpiMZqx2yO")},
            bearer_tokens=(Secret("open-sesame-open-sesame"),),
            bearer_token_file=file,
            admin=AdminSettings(enabled=True),
        ),
        compat=CompatSettings(booleans="True"),
        poll_interval_seconds=90,
        listen_address="::1",
        listen_port=9100,
        log_level="ERROR",
        log_format="json",
        reload_on_change=True,
        exit_on_dead_loop=False,
    )


def test_one_section_is_enough() -> None:
    settings, warnings = loaded("smallest.yml")
    assert settings == Settings(infrahub=InfrahubSettings(address="http://infrahub:8000", token=Secret("abc")))
    assert warnings == []


def test_without_address_the_one_of_the_earlier_exporter_is_read_and_said(tmp_path: Path) -> None:
    path = written(tmp_path, "infrahub: {token: abc}")
    settings, warnings = loaded(path)
    assert settings.infrahub.address == "http://localhost:8000"
    assert warnings == [f"{path}: infrahub.address: not set, http://localhost:8000 is read"]


@pytest.mark.parametrize("token", ["", ", token: ''", ", token: null"])
def test_without_a_token_one_warning_says_that_the_read_is_anonymous(tmp_path: Path, token: str) -> None:
    path = written(tmp_path, f"infrahub: {{address: 'http://infrahub:8000'{token}}}")
    settings, warnings = loaded(path)
    assert settings.infrahub.token is None
    assert read_token(settings.infrahub) is None
    assert warnings == [f"{path}: infrahub.token: not set, Infrahub is read anonymously"]


def test_an_embedded_infrahub_needs_no_token() -> None:
    settings, warnings = loaded("embedded.yml")
    assert settings.infrahub.embedded == EmbeddedSettings(schema=(CONFIGS / "queries/devices.gql",))
    assert warnings == []


def test_queries_that_nobody_enabled_are_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path, INFRAHUB + "service_discovery: {queries: [{kind: InfraDevice, target_field: name}]}")
    settings, warnings = loaded(path)
    assert settings.discoveries == ()
    assert warnings == [f"{path}: service_discovery.enabled: not set, the queries are not served"]


def test_a_name_that_ends_in_no_base_unit_is_a_warning(tmp_path: Path) -> None:
    series = "[{name: speed_gbps, kind: A, value: speed}, {name: speed_bits_per_second, kind: A, value: speed}]"
    path = written(tmp_path, INFRAHUB + f"metrics: {{series: {series}}}")
    _, (warning,) = loaded(path)
    assert warning == (
        f"{path}: metrics.series[0].name: 'speed_gbps' ends in _gbps, the base unit is bits_per_second "
        "(value: {path: ..., times: 1000000000})"
    )


def test_series_may_stand_in_a_variable_whose_name_a_message_says(tmp_path: Path) -> None:
    path = written(tmp_path, INFRAHUB)
    series = "[{name: racks, kind: A, count: {by: {}}}]"
    settings, _ = loaded(path, {"INFRAHUB_SIDECAR_METRICS__SERIES": series, "INFRAHUB_SIDECAR_METRICS__PREFIX": "org_"})
    assert (settings.metrics.prefix, settings.metrics.series[0].name) == ("org_", "racks")
    with pytest.raises(ConfigError, match=r"^INFRAHUB_SIDECAR_METRICS__SERIES: \[0\].name: 'x_total' ends in _total"):
        loaded(path, {"INFRAHUB_SIDECAR_METRICS__SERIES": "[{name: x_total, kind: A, value: 1}]"})


def test_disabled_queries_need_no_file(tmp_path: Path) -> None:
    query = "{file_path: nowhere.gql, target_field: name}"
    path = written(tmp_path, INFRAHUB + f"service_discovery: {{enabled: false, queries: [{query}]}}")
    settings, warnings = loaded(path)
    assert (settings.discoveries, warnings) == ((), [])


def test_a_relative_file_is_looked_for_beside_the_configuration_first(tmp_path: Path) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "devices.gql").write_text("{ beside }", encoding="utf-8")
    query = "{file_path: queries/devices.gql, target_field: name}"
    path = written(tmp_path, INFRAHUB + f"service_discovery: {{enabled: true, queries: [{query}]}}")
    assert [spec.document for spec in loaded(path)[0].discoveries] == ["{ beside }"]


def test_a_relative_file_is_looked_for_in_the_working_directory_next(tmp_path: Path) -> None:
    query = "{file_path: ./queries/devices.gql, target_field: name}"
    path = written(tmp_path, INFRAHUB + f"service_discovery: {{enabled: true, queries: [{query}]}}")
    assert loaded(path)[0].service_discovery.queries[0].file_path == CONFIGS / "queries" / "devices.gql"


@pytest.mark.parametrize(
    ("query", "name", "paths"),
    [
        ({"file_path": "queries/devices.gql"}, "devices", ("/sd/devices",)),
        ({"file_path": "queries/devices.gql", "name": "routers"}, "routers", ("/sd/routers",)),
        ({"kind": "InfraDevice"}, "infradevice", ("/sd/infradevice",)),
        ({"kind": "InfraDevice", "endpoint_path": "infradevice"}, "infradevice", ("/sd/infradevice",)),
        ({"kind": "InfraDevice", "endpoint_path": "devices"}, "infradevice", ("/sd/infradevice", "/sd/devices")),
        ({"kind": "InfraDevice", "endpoint_path": "/all/devices"}, "infradevice", ("/sd/infradevice", "/all/devices")),
        ({"kind": "InfraDevice", "endpoint_path": "/devices/"}, "infradevice", ("/sd/infradevice", "/devices")),
    ],
)
def test_a_query_is_served_by_its_name_and_at_its_endpoint_path(
    query: dict[str, str], name: str, paths: tuple[str, ...]
) -> None:
    tree = {
        "infrahub": {"address": "http://infrahub:8000"},
        "service_discovery": {"enabled": True, "queries": [{**query, "target_field": "name"}]},
    }
    (spec,) = parse_settings(tree).discoveries
    assert (spec.name, spec.paths) == (name, paths)


@pytest.mark.parametrize(
    "filters",
    ["{a__value: x, b__value: 1}", "[{a__value: x}, {b__value: 1}]", "[{a__value: x, b__value: 1}, {a__value: x}]"],
)
def test_filters_are_one_mapping_or_a_list_that_is_merged(tmp_path: Path, filters: str) -> None:
    path = written(tmp_path, INFRAHUB + f"metrics: {{kind: [{{kind: InfraDevice, filters: {filters}}}]}}")
    assert loaded(path)[0].metrics.kind[0].filters == {"a__value": "x", "b__value": 1}


def test_filter_values_keep_their_type(tmp_path: Path) -> None:
    filters = "{a: 1, b: 1.5, c: true, d: [x, 2, false], e: '1', f: 2026-01-31, g: 12:30, h: 007, i: 0x10, j: .nan}"
    path = written(tmp_path, INFRAHUB + f"metrics: {{kind: [{{kind: InfraDevice, filters: {filters}}}]}}")
    assert loaded(path)[0].metrics.kind[0].filters == {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": ["x", 2, False],
        "e": "1",
        "f": "2026-01-31",
        "g": "12:30",
        "h": "007",
        "i": 16,
        "j": ".nan",
    }


def test_one_and_true_are_different_filter_values() -> None:
    tree = {
        "infrahub": {"address": "http://infrahub:8000"},
        "metrics": {"kind": [{"kind": "InfraDevice", "filters": [{"a": 1}, {"a": True}]}]},
    }
    with pytest.raises(ConfigError, match=r"^settings: metrics.kind\[0\].filters\[1\].a: true contradicts 1 of "):
        parse_settings(tree)


@pytest.mark.parametrize(
    ("text", "override"),
    [
        ("null", None),
        ("''", None),
        ("false", False),
        ("off", False),
        ("true", True),
        ("{}", GuardOverride()),
        ("{max_loss_ratio: 1, min_loss: null}", GuardOverride(max_loss_ratio=1.0)),
    ],
)
def test_a_guard_of_its_own_is_a_switch_or_what_differs(tmp_path: Path, text: str, override: Override) -> None:
    path = written(
        tmp_path,
        f"{INFRAHUB}metrics: {{kind: [{{kind: InfraDevice, guard: {text}}}]}}\n"
        f"service_discovery: {{enabled: true, queries: [{{kind: A, target_field: name, guard: {text}}}]}}\n",
    )
    settings, _ = loaded(path)
    assert [settings.metrics.kind[0].guard, settings.discoveries[0].guard] == [override, override]


def test_nothing_is_kept_over_a_restart_unless_a_path_says_where(tmp_path: Path) -> None:
    assert loaded(written(tmp_path, INFRAHUB + "store: null"))[0].store is None
    settings, _ = loaded(written(tmp_path, INFRAHUB), {"INFRAHUB_SIDECAR_STORE__PATH": "/var/lib/kept"})
    assert settings.store == StoreSettings(type="file", path=Path("/var/lib/kept"), max_age_seconds=86400)
    settings, _ = loaded(written(tmp_path, INFRAHUB + "store: {path: kept}"))
    assert settings.store == StoreSettings(path=tmp_path / "kept")


def test_anchors_and_merge_keys_work() -> None:
    settings, _ = loaded("anchors.yml")
    assert [entry.filters for entry in settings.metrics.kind] == [
        {"site": "a", "role": "x"},
        {"site": "b", "role": "x"},
    ]


@pytest.mark.parametrize(("text", "level"), [("debug", "DEBUG"), ("Warning", "WARNING"), ("CRITICAL", "CRITICAL")])
def test_log_levels_are_read_in_any_case(tmp_path: Path, text: str, level: str) -> None:
    assert loaded(written(tmp_path, INFRAHUB + f"log_level: {text}"))[0].log_level == level


def test_a_token_file_is_read_without_its_newline(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n", encoding="utf-8")
    path = written(tmp_path, "infrahub: {address: 'http://infrahub:8000', token_file: token}")
    settings, warnings = loaded(path)
    assert settings.infrahub.token_file == tmp_path / "token"
    assert read_token(settings.infrahub) == "abc"
    assert warnings == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"\n", "it is empty"),
        (b"a\nb\n", "it holds more than printable ASCII text"),
        (b"\xff\xfe", "it cannot be read as UTF-8 text"),
    ],
)
def test_a_token_file_that_holds_no_token_is_an_error(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_token(InfrahubSettings(address="http://infrahub:8000", token_file=path))
    got = "a path to nothing" if content is None else repr(str(path))
    assert str(caught.value) == f"infrahub.token_file: expected a file that holds a secret, got {got} ({reason})"


def test_the_token_of_the_file_is_what_read_token_gives() -> None:
    assert read_token(loaded("smallest.yml")[0].infrahub) == "abc"


def test_the_webhooks_key_is_read_where_webhooks_are_enabled(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc\n", encoding="utf-8")
    path = written(tmp_path, INFRAHUB + "webhook: {enabled: true, key_file: key}")
    assert read_webhook_key(loaded(path)[0].webhook) == "abc"
    assert read_webhook_key(loaded("every_key.yml")[0].webhook) == "open-sesame"
    assert read_webhook_key(WebhookSettings(key_file=tmp_path / "nowhere")) is None
    assert read_webhook_key(WebhookSettings()) is None


def test_a_webhooks_key_file_that_holds_no_key_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "nowhere"
    with pytest.raises(ConfigError) as caught:
        read_webhook_key(WebhookSettings(enabled=True, key_file=path))
    assert str(caught.value) == (
        "webhook.key_file: expected a file that holds a secret, got a path to nothing (No such file or directory)"
    )


def test_bearer_tokens_are_those_of_the_settings_and_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("first-token-of-file\n\n  second-token-of-file\n", encoding="utf-8")
    path = written(tmp_path, INFRAHUB + "web: {bearer_tokens: [token-of-settings], bearer_token_file: tokens}")
    web = loaded(path)[0].web
    assert read_bearer_tokens(web) == ("token-of-settings", "first-token-of-file", "second-token-of-file")
    assert read_bearer_tokens(WebSettings()) == ()
    assert web.is_authenticated
    assert not WebSettings().is_authenticated


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected a file that holds a secret, got {path!r} (it is empty)"),
        (
            "first-token-of-file\nö",
            "expected a file that holds a secret, got {path!r} (it holds more than printable ASCII text)",
        ),
        ("short", "expected at least 16 printable ASCII characters without spaces"),
    ],
)
def test_a_file_without_good_bearer_tokens_is_an_error(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_bearer_tokens(WebSettings(bearer_token_file=path))
    assert str(caught.value) == f"web.bearer_token_file: {problem.format(path=str(path))}"


def test_users_are_read_with_their_hashes() -> None:
    assert list(read_users(loaded("every_key.yml")[0].web)) == ["prometheus"]


def test_settings_made_in_python_hold_the_same_rules() -> None:
    infrahub = InfrahubSettings(address="http://infrahub:8000")
    with pytest.raises(ConfigError, match=r"^address: expected one of address and embedded, got neither$"):
        InfrahubSettings()
    with pytest.raises(ConfigError, match=r"^metrics.kind\[0\].include: "):
        Settings(infrahub=infrahub, metrics=MetricsSettings(kind=(MetricSpec(kind="A", include=("a.b", "a_b")),)))
    queries = (QuerySettings(kind="A", target_field="name"), QuerySettings(kind="A", target_field="name"))
    with pytest.raises(ConfigError, match=r"^service_discovery.queries\[1\].name: "):
        Settings(infrahub=infrahub, service_discovery=ServiceDiscoverySettings(enabled=True, queries=queries))
    with pytest.raises(ConfigError, match=r"^key: expected one of key and key_file with enabled, got neither$"):
        WebhookSettings(enabled=True)


def test_plain_values_may_hold_what_is_decoded_already() -> None:
    tree = {"infrahub": {"address": "http://infrahub:8000", "token": Secret("abc"), "token_file": None}}
    assert read_token(parse_settings(tree).infrahub) == "abc"


def test_warnings_of_plain_values_go_to_who_asks() -> None:
    warnings: list[str] = []
    parse_settings({"infrahub": {"address": "http://infrahub:8000"}}, source="mine", warn=warnings.append)
    assert warnings == ["mine: infrahub.token: not set, Infrahub is read anonymously"]


def test_secrets_are_not_in_what_settings_print() -> None:
    settings, _ = loaded("every_key.yml")
    for text in (
        repr(settings),
        str(settings),
        repr(settings.webhook),
        repr(settings.web),
        repr(settings.infrahub.token),
        f"{settings.infrahub.token}",
    ):
        assert "open-sesame" not in text
        assert "$2b$" not in text


def test_secrets_compare_and_hash_by_their_text() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_several_destinations_each_say_their_own_way() -> None:
    tree = {
        "infrahub": {"address": "http://infrahub:8000"},
        "exporters": {
            "otlp": {
                "enabled": True,
                "resource_attributes": {"rack": "a1"},
                "destinations": [
                    {"name": "collector", "endpoint": "http://collector:4317", "headers": {"x-key": "open-sesame"}},
                    {
                        "name": "prometheus",
                        "protocol": "http/protobuf",
                        "endpoint": "http://prometheus:9090/api/v1/otlp",
                        "interval_seconds": 30,
                    },
                ],
            }
        },
    }
    assert parse_settings(tree).exporters.otlp == OtlpSettings(
        enabled=True,
        resource_attributes={"rack": "a1"},
        destinations=(
            DestinationSettings(
                name="collector", endpoint="http://collector:4317", headers={"x-key": Secret("open-sesame")}
            ),
            DestinationSettings(
                name="prometheus",
                protocol="http/protobuf",
                endpoint="http://prometheus:9090/api/v1/otlp",
                interval_seconds=30,
            ),
        ),
    )
