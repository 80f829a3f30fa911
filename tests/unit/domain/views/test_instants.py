import pytest

from infrahub_exporter.domain.views.instants import seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-02T08:00:00Z", 1793606400.0),
        ("2026-11-01T10:30:00+02:00", 1793521800.0),
        ("2026-11-02T08:00:00.5+00:00", 1793606400.5),
        ("2026-11-24T05:52:12.887372+00:00", 1795499532.887372),
        ("2026-11-02 08:00:00", 1793606400.0),
        ("2026-11-02", 1793577600.0),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
        ([], None),
    ],
)
def test_an_instant_is_read_as_unix_seconds(value: object, expected: float | None) -> None:
    assert seconds(value) == expected
