"""A list of targets as the configuration says it, how it becomes a DiscoverySpec, and which paths are taken."""

import re
from collections.abc import Mapping, Sequence
from os.path import normpath
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from infrahub_exporter.app.configuration.decoding import InnerPath, WrittenPath
from infrahub_exporter.app.configuration.places import Faults, Place, SettingError, at, written
from infrahub_exporter.app.configuration.reading import read_text
from infrahub_exporter.domain.asking.conditions import Condition
from infrahub_exporter.domain.asking.formats import PARAMETER, Formats
from infrahub_exporter.domain.asking.forms import Written
from infrahub_exporter.domain.asking.forms import paths as paths_of
from infrahub_exporter.domain.asking.paths import parse, suggestion
from infrahub_exporter.domain.asking.specs import (
    Booleans,
    DiscoverySpec,
    Filters,
    KindName,
    Override,
    Seconds,
    Variables,
)
from infrahub_exporter.domain.asking.variables import Variable, check_given, find, typed
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.views.discovery import check_labels, chosen_by

SEGMENT = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]+"
"""What can stand between two slashes of a URL without escapes (RFC 3986, `pchar`)."""

EndpointPath = Annotated[
    str, Meta(pattern=rf"^/?{SEGMENT}(/{SEGMENT})*/?\Z", description="a path such as devices or /targets/devices")
]
Name = Annotated[str, Meta(pattern=rf"^{SEGMENT}\Z", description="a name that can stand in a URL, such as devices")]


StoredName = Annotated[str, Meta(pattern=r"^\S(.*\S)?\Z", description="the name of a query in Infrahub")]


class QuerySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One list of targets: read by a GraphQL file, by a query that lies in Infrahub, or by the name of a kind."""

    file_path: InnerPath | None = None
    stored: StoredName | None = None
    kind: KindName | None = None
    filters: Filters = {}
    variables: Variables = {}
    parameters: tuple[str, ...] = ()
    rows: str | None = None
    where: dict[str, Condition] = {}
    exclude: dict[str, Condition] = {}
    match: dict[str, str] = {}
    distinct: tuple[str, ...] = ()
    formats: Formats = field(default_factory=Formats)
    file: WrittenPath | None = None
    name: Name | None = None
    endpoint_path: EndpointPath | None = None
    target_field: Written
    target: Literal["address", "url"] = "address"
    port_field: Written | None = None
    label_mappings: dict[str, Written] = {}
    refresh_interval_seconds: Seconds = 60.0
    guard: Override = None
    booleans: Booleans | None = None

    def __post_init__(self) -> None:
        given = [key for key in ("file_path", "stored", "kind") if getattr(self, key) is not None]
        if len(given) != 1:
            got = " and ".join(given) or "none"
            raise SettingError(("file_path",), f"expected one of file_path, stored and kind, got {got}")
        for key in ("variables", "parameters"):
            if getattr(self, key) and self.kind is not None:
                raise SettingError((key,), "expected file_path or stored beside it: a kind has filters")
        if self.filters and self.kind is None:
            raise SettingError(("filters",), "expected kind beside it: the filters of a query stand in its GraphQL")
        if self.formats.names and PARAMETER in self.parameters:
            raise SettingError(("formats",), f"expected no parameter {PARAMETER!r} beside it")
        if self.file is not None and self.parameters:
            raise SettingError(("file",), "expected no parameters beside it: each set of them is a list of its own")
        if self.target == "url" and self.port_field is not None:
            raise SettingError(("port_field",), "expected none with target: url, the port of a URL stands in it")

    def resolved(self) -> DiscoverySpec:
        """Read the query file, name what has no name and check every path. Raises SettingError."""
        name = self._name()
        served = [f"/sd/{name}"]
        if self.endpoint_path is not None:
            path = self.endpoint_path.rstrip("/")
            served.append(path if path.startswith("/") else f"/sd/{path}")
        document = None if self.file_path is None else query_text(self.file_path)
        declared = () if document is None else declared_by(document)
        spec = DiscoverySpec(
            name=name,
            paths=tuple(dict.fromkeys(served)),
            target_field=self.target_field,
            target=self.target,
            port_field=self.port_field,
            label_mappings=self.label_mappings,
            refresh_interval_seconds=self.refresh_interval_seconds,
            document=document,
            stored=self.stored,
            variables=self.variables if self.file_path is None else self._typed(declared),
            parameters=self.parameters,
            declared=declared,
            kind=self.kind,
            filters=self.filters,
            rows=self.rows,
            where=self.where,
            exclude=self.exclude,
            match=self.match,
            distinct=self.distinct,
            formats=self.formats,
            file=None if self.file is None else normpath(self.file),
            guard=self.guard,
            booleans=self.booleans,
        )
        _check_paths(spec)
        return spec

    def _name(self) -> str:
        if self.name is not None:
            return self.name
        if self.kind is not None:
            return self.kind.lower()
        stem = str(self.stored) if self.file_path is None else self.file_path.stem
        if re.fullmatch(SEGMENT, stem) is None:
            of = "query" if self.file_path is None else "file"
            raise SettingError(("name",), f"expected a name, because the {of}'s ({stem!r}) cannot stand in a URL")
        return stem

    def _typed(self, declared: Sequence[Variable]) -> dict[str, JSON]:
        """Bring the variables to the types that the document says; each of its variables has to have a value."""
        for index, name in enumerate(self.parameters):
            with at("parameters", index):
                find(declared, name)
        return typed_by(declared, self.variables, self.parameters)


def typed_by(
    declared: Sequence[Variable], variables: Mapping[str, JSON], parameters: Sequence[str] = ()
) -> dict[str, JSON]:
    """Bring variables to the types that a document says; each of its variables has to have a value or be a parameter.

    Raises SettingError.
    """
    found: dict[str, JSON] = {}
    for name, value in variables.items():
        with at("variables", name):
            found[name] = typed(find(declared, name).type, value)
    with at("variables"):
        check_given(declared, [*variables, *parameters])
    return found


def declared_by(document: str) -> tuple[Variable, ...]:
    """List a document's variables; the parser is imported where there can be any."""
    if "$" not in document:
        return ()
    from infrahub_exporter.adapters.infrahub.outline import outline  # noqa: PLC0415 - a tenth of a second

    try:
        return outline(document).variables
    except SourceRejectedError as error:
        raise SettingError(("file_path",), str(error)) from None


def query_text(path: Path) -> str:
    """Read a query file. Raises SettingError."""
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        where = "" if path.is_absolute() else ", beside the configuration or in the working directory"
        reason = error.strerror if isinstance(error, OSError) else "it cannot be read as UTF-8 text"
        raise SettingError(("file_path",), f"expected a GraphQL file{where}, got {str(path)!r} ({reason})") from None
    if not text.strip():
        raise SettingError(("file_path",), f"expected a GraphQL file, got {str(path)!r} (it is empty)")
    return text


def _check_paths(spec: DiscoverySpec) -> None:
    values: list[tuple[Place, Written | None]] = [
        (("target_field",), spec.target_field),
        (("port_field",), spec.port_field),
    ]
    values += [(("label_mappings", label), value) for label, value in spec.label_mappings.items()]
    for place, value in values:
        for path in () if value is None else paths_of(value):
            if path.isdigit():
                raise SettingError(place, f"expected a path, got {path!r}; a constant is written {{value: {path}}}")
            with at(*place):
                parse(path, rows=spec.rows is not None)
    if spec.rows is not None:
        with at("rows"):
            parse(spec.rows)
    for key, path in chosen_by(spec):
        with at(key):
            parse(path, rows=spec.rows is not None)
    with at("label_mappings"):
        check_labels(spec)
    named: list[tuple[Place, str]] = [(("distinct",), label) for label in spec.distinct]
    if spec.formats.gnmic is not None:
        named += [(("formats", "gnmic", key), label) for key, label in spec.formats.gnmic.labels]
    for place, label in named:
        if label not in spec.label_mappings:
            near = suggestion(label, spec.label_mappings)
            raise SettingError(place, f"expected labels of label_mappings, got {label!r}{near}")


def check_served(specs: Sequence[DiscoverySpec], metrics_path: str | None) -> None:
    """Raise SettingError where two things would be served at one path, or one at a path of the exporter itself.

    So it does where two lists would be written to one file.
    """
    names: dict[str, Place] = {}
    files: dict[str, Place] = {}
    owners: dict[str, Place] = {}
    if metrics_path is not None:
        _claim(owners, metrics_path, ("exporters", "prometheus", "metrics_path"))
    faults = Faults()
    for index, spec in enumerate(specs):
        place: Place = ("service_discovery", "queries", index)
        with faults.gathered():
            if spec.name in names:
                other = written(names[spec.name])
                raise SettingError((*place, "name"), f"expected another name than {other}, got {spec.name!r}")
            names[spec.name] = (*place, "name")
            if spec.file is not None:
                if spec.file in files:
                    other = f"that of {written(files[spec.file])}"
                    raise SettingError((*place, "file"), f"expected another file than {other}, got {spec.file!r}")
                files[spec.file] = (*place, "file")
            for number, path in enumerate(spec.paths):
                _claim(owners, path, (*place, "endpoint_path" if number else "name"))
            _claim(owners, f"{spec.paths[0]}/explain", (*place, "name"))
    faults.check()


def _claim(owners: dict[str, Place], path: str, place: Place) -> None:
    plain = path.rstrip("/")
    if plain == "/-" or plain.startswith("/-/"):
        raise SettingError(place, f"expected a path outside of /-/, which the exporter needs, got {path!r}")
    if plain in owners:
        raise SettingError(place, f"expected another path than that of {written(owners[plain])}, got {path!r}")
    owners[plain] = place
