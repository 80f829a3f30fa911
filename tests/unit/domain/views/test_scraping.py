import pytest

from infrahub_exporter.domain.views.scraping import duration_ms, fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30_000),
        ("1m30s", 90_000),
        ("500ms", 500),
        ("1y2w3d4h5m6s7ms", 33_019_506_007),
        ("0", 0),
        ("0s", 0),
        ("", None),
        ("30", None),
        ("1.5m", None),
        ("30s1m", None),
        ("-5s", None),
        ("5 s", None),
        ("300y", None),
    ],
)
def test_a_duration_is_read_as_prometheus_reads_it(text: str, expected: int | None) -> None:
    assert duration_ms(text) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, None),
        ({"__scheme__": "https", "__scrape_interval__": "1m", "__scrape_timeout__": "1m"}, None),
        ({"__scheme__": "", "__scrape_interval__": "", "__scrape_timeout__": ""}, None),
        ({"__metrics_path__": "/probe", "__param_module": "tcp_connect"}, None),
        ({"__scheme__": "ftp"}, "__scheme__: expected http or https, got 'ftp'"),
        (
            {"__scrape_interval__": "often"},
            "__scrape_interval__: expected a duration such as 30s or 1m30s, got 'often'",
        ),
        (
            {"__scrape_timeout__": "0s"},
            "__scrape_timeout__: expected a duration such as 30s or 1m30s, got '0s'",
        ),
        (
            {"__scrape_interval__": "10s", "__scrape_timeout__": "11s"},
            "__scrape_timeout__: expected no more than __scrape_interval__, 10s, got 11s",
        ),
    ],
)
def test_labels_that_prometheus_would_refuse_are_told(labels: dict[str, str], expected: str | None) -> None:
    assert fault(labels) == expected
