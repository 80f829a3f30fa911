"""What is read and what is published: immutable values, shared between refreshes."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None
"""What JSON can say."""


class Peer(Struct, frozen=True, gc=False, rename={"kind": "__typename"}):
    """A node as another one names it; the field names on the wire are GraphQL's."""

    id: str
    kind: str
    hfid: tuple[str, ...] | None = None


class Row(Struct, frozen=True, gc=False):
    """One node: its identity, and one value per column of the selection, in that order.

    The value of a to-one column is JSON or a `Peer`, None where the relation is empty; that of a column
    that crosses a to-many relation is a tuple of those, in the order of the answer.
    """

    id: str
    kind: str
    hfid: tuple[str, ...] | None
    values: tuple[object, ...]


class BadContent(Struct, frozen=True, gc=False):
    """What stands in a row for the content of a file that cannot be read: a row that shows it is left out.

    It may pass where the file could not be had, not where what it holds is wrong.
    """

    may_pass: bool = False


class Missing(Struct, frozen=True, gc=False):
    """What stands in a row for a value that was not asked for: nobody who needs it is shown the row."""


MISSING = Missing()

BAD_CONTENT = "bad_content"
"""Why such a row is left out."""


class AttributeSchema(Struct, frozen=True):
    """An attribute of a kind, as `GET /api/schema/<Kind>` describes it."""

    name: str
    kind: str
    optional: bool = True
    choices: tuple[str, ...] = ()

    @property
    def is_secret(self) -> bool:
        """Tell whether the value is one that Infrahub gives away and that must not be passed on."""
        return self.kind in {"Password", "HashedPassword"}


class RelationshipSchema(Struct, frozen=True):
    """A relationship of a kind; `many` is its cardinality, `peer` the kind at its other end.

    `hierarchy` is the generic of the tree where it leads up or down one: filters then look at any distance.
    """

    name: str
    peer: str
    many: bool
    hierarchy: str | None = None


class KindSchema(Struct, frozen=True):
    """A kind: a node or a generic; `inherit_from` names the generics that its nodes are of as well.

    `used_by` names the kinds whose nodes are those of a generic; that of a node is empty.
    """

    kind: str
    attributes: Mapping[str, AttributeSchema]
    relationships: Mapping[str, RelationshipSchema]
    human_friendly_id: tuple[str, ...] = ()
    display_label: str | None = None
    inherit_from: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()


class Sample(Struct, frozen=True, gc=False):
    """One series of a section: the node that it describes, its label values in the section's order, its value."""

    id: str
    labels: tuple[str, ...]
    value: float = 1.0


class Section(Struct, frozen=True):
    """The samples of one entry of the configuration: label names once, then the samples."""

    label_names: tuple[str, ...]
    samples: tuple[Sample, ...]


class FamilyType(Enum):
    """How a family is exposed (OpenMetrics 1.0, metric types)."""

    INFO = "info"
    GAUGE = "gauge"
    STATESET = "stateset"


class Family(Struct, frozen=True):
    """All series of one metric name. `name` is the name of its samples (`..._info` for an info family).

    A state set has a sample of 0 or 1 per state, which a label named like the family tells (OM-04). `unit` is empty or
    the suffix of a gauge's name (OM-07).
    """

    name: str
    type: FamilyType
    help: str
    sections: tuple[Section, ...]
    unit: str = ""


class TargetGroup(Struct, frozen=True):
    """An element of an HTTP SD answer (wire format: exactly these two keys, SD-06)."""

    targets: tuple[str, ...]
    labels: Mapping[str, str]


class Snapshot(Struct, frozen=True):
    """Everything that is published, whole. `at` is the wall clock (unix seconds) of the newest read in it.

    `read_at` has the time of a family's oldest read by its name, where that is not `at`.
    """

    families: tuple[Family, ...] = ()
    at: float = 0.0
    read_at: Mapping[str, float] = {}

    @property
    def series(self) -> int:
        """The number of samples in all families."""
        return sum(len(section.samples) for family in self.families for section in family.sections)
