"""The values that are read and published."""

import msgspec
import pytest

from infrahub_exporter.domain.model import AttributeSchema, Family, FamilyType, Peer, Sample, Section, Snapshot


def test_a_peer_decodes_from_graphql_s_own_names() -> None:
    body = b'{"id": "17ab", "__typename": "LocationSite", "hfid": ["paris"]}'
    assert msgspec.json.decode(body, type=Peer) == Peer("17ab", "LocationSite", ("paris",))
    assert msgspec.json.decode(b'{"id": "1", "__typename": "X", "hfid": null}', type=Peer) == Peer("1", "X")


def test_what_is_published_cannot_be_changed() -> None:
    sample = Sample("1", ("1",))
    with pytest.raises(AttributeError):
        sample.value = 2.0  # type: ignore[misc]


def test_a_snapshot_counts_its_series() -> None:
    one, two = Section(("id",), (Sample("1", ("1",)),)), Section(("id",), (Sample("2", ("2",)), Sample("3", ("3",))))
    families = (Family("a_info", FamilyType.INFO, "A.", (one, two)), Family("b_info", FamilyType.INFO, "B.", (one,)))
    assert (Snapshot().series, Snapshot(families, 5.0).series) == (0, 4)


@pytest.mark.parametrize(("kind", "secret"), [("Password", True), ("HashedPassword", True), ("Text", False)])
def test_passwords_are_secrets(kind: str, *, secret: bool) -> None:
    assert AttributeSchema("x", kind).is_secret is secret
