"""The status page's table: how each kind, query and list is doing."""

from collections.abc import Iterable

from infrahub_exporter.adapters.http.page_words import ago, counted, lasting, listed, number, text
from infrahub_exporter.domain.counts import noun
from infrahub_exporter.domain.publishing.guard import Hold
from infrahub_exporter.domain.publishing.limits import NEAR_LIMIT
from infrahub_exporter.domain.publishing.status import EntryStatus

STATES = ("failing", "held", "stale", "not read yet", "being read", "good")
"""What an entry can be, worst first. Several may hold at once; `good` is none of the others."""
_LOOKS = {"failing": "bad", "held": "odd", "stale": "odd"}
_SHORTEST_SECONDS = 0.0005
"""What takes less has read nothing of its own: nothing has changed, or it is read together with others."""
_COLUMNS = ("State", "Data", "Last refresh", "Nodes", "Published", "Details")


def states_of(entry: EntryStatus) -> tuple[str, ...]:
    """Return all that an entry is, worst first."""
    fresh = entry.success is None and entry.succeeded_at is None and entry.reading is None
    holds = (entry.success is False, entry.hold is not None, entry.is_restored, fresh, entry.reading is not None)
    return tuple(state for state, is_so in zip(STATES, holds, strict=False) if is_so) or STATES[-1:]


def table(entries: Iterable[EntryStatus], now: float) -> str:
    """Return the table. Its roles are said because a narrow window shows rows as blocks, which takes them away."""
    heads = "".join(f'<th scope="col" role="columnheader">{head}</th>' for head in ("Entry", *_COLUMNS))
    rows = "".join(_row(entry, now) for entry in entries)
    return (
        '<table role="table"><caption><h2>What is read and published</h2></caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n<tbody role="rowgroup">{rows}</tbody></table>\n'
    )


def _row(entry: EntryStatus, now: float) -> str:
    worst, *others = states_of(entry)
    look = _LOOKS.get(worst)
    state = f'<strong class="{look}">{worst}</strong>' if look else worst
    is_read = entry.succeeded_at is not None
    publishes = is_read and entry.source != "uncovered"
    cells = (
        ", ".join((state, *others)),
        ago(entry.succeeded_at, now) if entry.succeeded_at is not None else "none yet",
        _refresh(entry),
        number(entry.nodes) if is_read else "-",
        f"{number(entry.published)} {_items(entry, entry.published)}" if publishes else "-",
        listed(_details(entry, now)) or "-",
    )
    written = "".join(
        f'<td role="cell" data-of="{column}"><div>{cell}</div></td>'
        for column, cell in zip(_COLUMNS, cells, strict=True)
    )
    head = f'<th scope="row" role="rowheader">{text(entry.source)} <strong>{text(entry.name)}</strong></th>'
    return f'<tr role="row">{head}{written}</tr>\n'


def _items(entry: EntryStatus, count: int) -> str:
    return noun(count, "target group") if entry.source == "query" else "series"


def _refresh(entry: EntryStatus) -> str:
    if entry.success is None:
        return "none yet"
    took = None if entry.duration_seconds < _SHORTEST_SECONDS else lasting(entry.duration_seconds)
    if entry.success:
        return "nothing to read" if took is None else f"took {took}"
    failed = "failed" if took is None else f"failed after {took}"
    return failed if entry.error is None else f"{failed}: {text(entry.error.reason)}"


def _details(entry: EntryStatus, now: float) -> list[str]:
    details: list[str] = []
    if entry.error is not None:
        details.append(text(str(entry.error)))
    if entry.hold is not None:
        lost = entry.hold.published
        details.append(_held(entry.hold, noun(lost, "node") if entry.source == "series" else _items(entry, lost), now))
    if entry.is_restored:
        details.append("the data is from before a restart")
    if entry.reading is not None:
        were = noun(entry.nodes, "was", "were")
        before = f" (there {were} {number(entry.nodes)} the last time)" if entry.nodes else ""
        details.append(f"{number(entry.reading)} {noun(entry.reading, 'node')} read so far{before}")
    if entry.series_limit_ratio is not None and entry.series_limit_ratio >= NEAR_LIMIT:
        details.append(f"it has {entry.series_limit_ratio:.0%} of its max_series")
    if entry.write_error is not None:
        details.append(f"its file cannot be written: {text(entry.write_error)}")
    if skipped := {reason: nodes for reason, nodes in entry.skipped.items() if nodes}:
        details.append(f"skipped nodes: {counted(skipped)}")
    details += [f"{text(reason)}, such as {text(', '.join(named))}" for reason, named in entry.examples.items()]
    if entry.errors:
        details.append(f"errors since the start: {counted(entry.errors)}")
    return details


def _held(hold: Hold, items: str, now: float) -> str:
    gone = hold.published - hold.offered
    return (
        f"held since {ago(hold.since, now)}: {number(gone)} of {number(hold.published)} "
        f"{items} {noun(gone, 'is', 'are')} gone, the last good ones stay until the loss is confirmed or released; "
        f"confirmations so far: {number(hold.confirmations)}"
    )
