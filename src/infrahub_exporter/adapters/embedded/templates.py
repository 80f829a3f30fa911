"""Jinja2 templates of display labels and computed attributes, in a sandbox, with the filters that Infrahub lets in."""

import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jinja2
from jinja2 import meta, nodes

from infrahub_exporter.adapters.embedded.template_bounds import BoundedEnvironment, filled
from infrahub_exporter.domain.model import JSON

_BUILTIN = frozenset(
    [
        "abs",
        "capitalize",
        "center",
        "count",
        "d",
        "default",
        "e",
        "escape",
        "filesizeformat",
        "first",
        "float",
        "forceescape",
        "format",
        "indent",
        "int",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "max",
        "min",
        "replace",
        "reverse",
        "round",
        "slice",
        "string",
        "striptags",
        "sum",
        "title",
        "trim",
        "truncate",
        "upper",
        "urlencode",
        "wordcount",
        "wordwrap",
    ]
)
_NETUTILS = frozenset(
    [
        "abbreviated_interface_name",
        "abbreviated_interface_name_list",
        "asn_to_int",
        "bits_to_name",
        "bytes_to_name",
        "canonical_interface_name",
        "canonical_interface_name_list",
        "cidr_to_netmask",
        "cidr_to_netmaskv6",
        "clean_config",
        "compare_version_loose",
        "compare_version_strict",
        "config_compliance",
        "config_section_not_parsed",
        "delimiter_change",
        "diff_network_config",
        "feature_compliance",
        "find_unordered_cfg_lines",
        "get_broadcast_address",
        "get_first_usable",
        "get_ips_sorted",
        "get_nist_urls",
        "get_nist_vendor_platform_urls",
        "get_oui",
        "get_peer_ip",
        "get_range_ips",
        "get_upgrade_path",
        "get_usable_range",
        "hash_data",
        "int_to_asdot",
        "interface_range_compress",
        "interface_range_expansion",
        "ip_addition",
        "ip_subtract",
        "ip_to_bin",
        "ip_to_hex",
        "ipaddress_address",
        "ipaddress_interface",
        "ipaddress_network",
        "is_classful",
        "is_ip",
        "is_ip_range",
        "is_ip_within",
        "is_netmask",
        "is_network",
        "is_reversible_wildcardmask",
        "is_valid_mac",
        "longest_prefix_match",
        "mac_normalize",
        "mac_to_format",
        "mac_to_int",
        "mac_type",
        "name_to_bits",
        "name_to_bytes",
        "name_to_name",
        "netmask_to_cidr",
        "netmask_to_wildcardmask",
        "normalise_delimiter_caret_c",
        "paloalto_panos_brace_to_set",
        "paloalto_panos_clean_newlines",
        "sanitize_config",
        "section_config",
        "sort_interface_list",
        "split_interface",
        "uptime_seconds_to_string",
        "uptime_string_to_seconds",
        "version_metadata",
        "vlanconfig_to_list",
        "vlanlist_to_config",
        "wildcardmask_to_netmask",
    ]
)
_DECISIONS = {1: "DENY", 2: "ALLOW_DEFAULT", 4: "ALLOW_OTHER", 6: "ALLOW_ALL"}
_OWN: Mapping[str, Callable[[Any], str]] = {
    "value_to_permission_decision_name": lambda value: _DECISIONS[int(value)],
    "value_to_permission_action_name": lambda value: str(value).upper(),
}
_SHOWN = 64
_FORBIDDEN = (nodes.Import, nodes.FromImport, nodes.Include, nodes.Extends)


class TemplateError(ValueError):
    """A template that cannot be used, or cannot be filled in."""


def is_template(text: str) -> bool:
    """Tell a template from a bare path, as in `display_label: name__value`."""
    return "{" in text or "}" in text


@cache
def template_paths(text: str) -> tuple[str, ...]:
    """List the paths that a template reads.

    Raises:
        TemplateError: for what is not Jinja2, and for filters and operations that Infrahub does not let in.
    """
    if not is_template(text):
        return (text,) if text else ()
    environment = _environment()
    try:
        tree = environment.parse(text)
    except jinja2.TemplateSyntaxError as exc:
        raise TemplateError(f"{text!r}: {exc.message or 'not Jinja2'}, expected a Jinja2 template") from exc
    except RecursionError:
        raise TemplateError(f"{text[:_SHOWN]!r}...: more levels than can be read, expected a Jinja2 template") from None
    for used in tree.find_all(nodes.Filter):
        if used.name not in _BUILTIN | _NETUTILS | _OWN.keys():
            raise TemplateError(f"{text!r}: filter {used.name}, expected one that Infrahub allows in templates")
    if next(tree.find_all(_FORBIDDEN), None) is not None:
        raise TemplateError(
            f"{text!r}: another template, expected texts, {{{{ paths }}}}, filters, conditions and calls"
        )
    return tuple(sorted(meta.find_undeclared_variables(tree)))


def fill(text: str, values: Mapping[str, JSON]) -> str:
    """Fill a template in. Raises TemplateError where a filter or an operation does not take its value.

    So it does where that takes too long or too much memory, which no Infrahub bounds.
    """
    try:
        return filled(_compile(text), values)
    except RecursionError:
        raise TemplateError(f"{text!r}: it calls itself without end") from None
    except Exception as exc:  # a filter raises what it likes
        raise TemplateError(f"{text!r}: {exc}") from exc


@cache
def _compile(text: str) -> jinja2.Template:
    environment = _environment()
    used = {each.name for each in environment.parse(text).find_all(nodes.Filter)}
    if used & _NETUTILS:
        environment = environment.overlay()
        environment.filters = {**environment.filters, **environment.bounded(_network_filters())}
    return environment.made_of(text)


@cache
def _environment() -> BoundedEnvironment:
    """Make the environment of templates; each filter of netutils has a name alone, until one is used."""
    environment = BoundedEnvironment()
    builtin = {name: made for name, made in environment.filters.items() if name in _BUILTIN}
    environment.filters = {**dict.fromkeys(_NETUTILS, str), **environment.bounded({**builtin, **_OWN})}
    return environment


@cache
def _network_filters() -> dict[str, Callable[..., Any]]:
    """Give the filters of netutils; importing them costs a tenth of a second, so only where a template has one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # some Pythons say that of a module which netutils imports
        from netutils.utils import jinja2_convenience_function  # noqa: PLC0415 - lazy on purpose

        found = jinja2_convenience_function()
    return {name: made for name, made in found.items() if name in _NETUTILS}
