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


@pytest.mark.parametrize(
    ("wants", "template", "made"),
    [
        ("nothing", "{{ 'a' | upper }}", "A"),
        ("how it is escaped", "{{ ['a', 'b'] | join('-') }}", "a-b"),
        ("the environment", "{{ [1, 2] | sum }}", "3"),
    ],
)
def test_what_is_private_of_jinja2_still_tells_what_a_filter_wants(wants: str, template: str, made: str) -> None:
    assert fill(template, {}) == made, f"a filter that wants {wants}: see jinja2.utils._PassArg"


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


LARGE = "it makes something of more than 1000000 elements"
LONG = "it takes more than 1000000 steps"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% for i in range(10**9) %}x{% endfor %}", LARGE),
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", LONG),
        ("{% for i in range(99999) if range(99999) | sum %}{% endfor %}", LONG),
        ("{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}", LONG),
        ("{% for i in [1, 2] recursive %}{{ loop([1, 2]) if loop.depth < 40 }}{% endfor %}", LONG),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "it calls itself without end"),
        ("{{ 'a' * 10**9 }}", LARGE),
        ("{{ 10**9 * 'a' }}", LARGE),
        ("{{ ('a' * 1000) * 1000 * 1000 }}", LARGE),
        ("{{ [1] * 10**9 }}", LARGE),
        ("{{ 9**(9**9) }}", LARGE),
        ("{{ '%1000000000d' % 1 }}", LARGE),
        ("{{ '%1000000000d' | format(1) }}", LARGE),
        ("{{ '{:1000000000}'.format(1) }}", LARGE),
        ("{{ '{:{}}'.format(1, 10**9) }}", LARGE),
        ("{{ 'a' | center(10**9) }}", LARGE),
        ("{{ 'a'.ljust(10**9) }}", LARGE),
        ("{{ 'a'.zfill(width__value) }}", LARGE),
        ("{{ ('a\n' * 10**5) | indent(10**5) }}", LARGE),
        ("{{ ('a' * 10**5) | replace('a', 'b' * 10**5) }}", LARGE),
        ("{{ ('a' * 10**5).replace('a', 'b' * 10**5) }}", LARGE),
        ("{{ (['a' * 10**5] * 9) | join('b' * 10**5) }}", LARGE),
        ("{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}", LARGE),
        ("{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}", LARGE),
        (
            "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
            LARGE,
        ),
        ("{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}", LARGE),
        (
            (
                "{% set n = namespace(x='a' * 500000) %}{% macro m() %}"
                "{% for i in range(99) %}{{ n.x }}{% endfor %}{% endmacro %}{{ m() }}"
            ),
            LONG,
        ),
        ("{{ lipsum(10**9) }}", LARGE),
        ("{{ 'Gi[0-99999999]' | interface_range_expansion }}", LARGE),
    ],
)
def test_a_template_comes_to_an_end(template: str, reason: str) -> None:
    with pytest.raises(TemplateError) as refused:
        fill(template, {"width__value": 10**9})
    assert str(refused.value) == f"{template!r}: {reason}"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% for i in range(3) %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/3 2/3 3/3 "),
        ("{% for i in [] %}{% else %}none{% endfor %}", "none"),
        ("{{ 'a' ~ 1 ~ none }}", "a1None"),
        ("{{ 2**10 }} {{ 3 * 4 }} {{ 'ab' * 2 }} {{ [1] + [2] }} {{ '%05d' % 7 }}", "1024 12 abab [1, 2] 00007"),
        ("{{ asn__value | default(4294967295) }}", "4294967295"),
        ("{{ 'a' | center(5) }}|{{ ['a', 'b'] | join('-') }}|{{ 4294967295 | int_to_asdot }}", "  a  |a-b|65535.65535"),
        ("{% macro m(n) %}{{ n }}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(3) }}", "3210"),
    ],
)
def test_what_is_not_too_much_is_filled_in_as_ever(template: str, expected: str) -> None:
    assert fill(template, {}) == expected


def test_a_template_of_too_many_levels_is_refused() -> None:
    with pytest.raises(TemplateError) as refused:
        template_paths("{{ " + "(" * 10_000 + "1" + ")" * 10_000 + " }}")
    shown = "{{ " + "(" * 61
    assert str(refused.value) == f"{shown!r}...: more levels than can be read, expected a Jinja2 template"
