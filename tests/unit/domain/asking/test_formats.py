import pytest

from infrahub_exporter.domain.asking.formats import Formats, GnmicFormat, take_format
from infrahub_exporter.domain.errors import BadParameterError

OFFERED = Formats(gnmic=GnmicFormat(name="device"))


def test_a_format_is_taken_out_of_the_parameters() -> None:
    asked = [("site", "paris"), ("format", "gnmic")]
    assert take_format(asked, OFFERED) == ("gnmic", [("site", "paris")])
    assert take_format(asked[:1], OFFERED) == (None, [("site", "paris")])


def test_a_list_without_formats_takes_none_out() -> None:
    assert Formats().names == ()
    assert take_format([("format", "gnmic")], Formats()) == (None, [("format", "gnmic")])


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["yaml"], "format: expected one of gnmic, got 'yaml'"),
        ([""], "format: expected one of gnmic, got ''"),
        (["gnmic", "gnmic"], "format: expected one of gnmic, got 'gnmic' and 'gnmic'"),
    ],
)
def test_another_format_is_refused_by_naming_those_there_are(values: list[str], problem: str) -> None:
    with pytest.raises(BadParameterError) as raised:
        take_format([("format", value) for value in values], OFFERED)
    assert str(raised.value) == problem


def test_the_labels_of_a_format_are_listed_with_their_keys() -> None:
    form = GnmicFormat(name="device", subscriptions="measures", tags=("kind", "room"))
    assert list(form.labels) == [("name", "device"), ("subscriptions", "measures"), ("tags", "kind"), ("tags", "room")]
    assert list(GnmicFormat(name="device").labels) == [("name", "device")]
