"""Display labels and computed attributes: filled in by Jinja2, in a sandbox."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infrahub_exporter.adapters.embedded.schema import load_kinds
from infrahub_exporter.adapters.embedded.templates import TemplateError, fill, template_paths


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ code__value[-2:] }}", "07"),
        ("{% if site__name__value %}{{ site__name__value | upper }}-{% endif %}{{ code__value }}", "PAR-r07"),
        ("{{ '{:>5}'.format(code__value) }}{{ site__name__value.upper() }}", "  r07PAR"),
        ("{{ missing__value | default('none', true) }}", "none"),
        ("{{ '%02d' | format(7) }} {{ missing__value }}", "07 None"),
        ("{{ port__value | abbreviated_interface_name }}", "Et1"),
        ("{{ 6 | value_to_permission_decision_name | lower }}", "allow_all"),
        ("{{ 'view' | value_to_permission_action_name }}", "VIEW"),
    ],
)
def test_a_template_is_filled_in_as_infrahub_does(template: str, expected: str) -> None:
    values = {"code__value": "r07", "site__name__value": "par", "missing__value": None, "port__value": "Ethernet1"}
    assert fill(template, values) == expected


def test_a_template_names_the_paths_that_it_reads() -> None:
    assert template_paths("name__value") == ("name__value",)
    assert template_paths("") == ()
    assert template_paths("{{ port__value | abbreviated_interface_name }}") == ("port__value",)
    assert template_paths("{{ b__value }}{% set c = a__value %}{{ c }}") == ("a__value", "b__value")


def test_what_leads_out_of_the_sandbox_is_refused() -> None:
    with pytest.raises(TemplateError, match="access to attribute '__class__'"):
        fill("{{ ''.__class__.__mro__ }}", {})


def test_a_value_that_a_filter_does_not_take_is_an_error() -> None:
    with pytest.raises(TemplateError, match=r"^'{{ x__value\[-2:\] }}': "):
        fill("{{ x__value[-2:] }}", {"x__value": None})


def test_what_a_python_transform_would_compute_is_told_once(
    write: Callable[[str, str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    transformed = (
        "kind: Text, read_only: true, optional: true, computed_attribute: {kind: TransformPython, transform: t}"
    )
    attributes = f"[{{name: one, {transformed}}}, {{name: two, {transformed}}}]"
    schema = write("schema.yml", f"nodes: [{{name: Box, namespace: Net, attributes: {attributes}}}]\n")
    kinds = load_kinds([schema])

    assert kinds["NetBox"].attributes["one"].template is None
    assert caplog.messages == [
        "NetBox.one, NetBox.two: computed by Python transforms, which the embedded Infrahub leaves null"
    ]
