"""The status page: how everything is doing, for a person with a browser. No script, nothing loaded, nothing secret."""

import hashlib
import math
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from html import escape
from urllib.parse import quote, unquote_to_bytes

from infrahub_exporter.adapters.http.headers import SECURITY_HEADERS
from infrahub_exporter.domain.publishing.guard import Hold
from infrahub_exporter.domain.publishing.limits import NEAR_LIMIT
from infrahub_exporter.domain.publishing.saved import StoreStatus
from infrahub_exporter.domain.publishing.status import ConfigStatus, EntryStatus, PushStatus, Status

_STYLE = """
:root{color-scheme:light dark;--bad:#b00020;--odd:#7a4f00;--line:#8886}
@media (prefers-color-scheme:dark){:root{--bad:#ff8a80;--odd:#ffcc66}}
body{font:16px/1.45 system-ui,sans-serif;margin:0 auto;max-width:80rem;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:0} h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
table{border-collapse:collapse;width:100%} caption{font-weight:bold;padding:1rem 0 .5rem;text-align:left}
th,td{border-top:1px solid var(--line);padding:.35rem .75rem .35rem 0;text-align:left;vertical-align:top}
th{font-weight:normal} th,td{overflow-wrap:break-word} th[scope=row],td:last-child{overflow-wrap:anywhere}
ul{margin:0;padding-left:1.2rem} td ul{list-style:none;padding:0}
dl{display:grid;gap:.25rem 1rem;grid-template-columns:10rem minmax(0,1fr);margin:0} dd{margin:0}
.bad{color:var(--bad)} .odd{color:var(--odd)} @media (max-width:50rem){
table,caption,tbody,tr,th,td{display:block} tr{border-top:1px solid var(--line);padding:.5rem 0}
thead{clip-path:inset(50%);height:1px;overflow:hidden;position:absolute;width:1px}
th,td{border:0;padding:.1rem 0} td{display:grid;gap:0 1rem;grid-template-columns:6rem minmax(0,1fr)}
td::before{content:attr(data-of);opacity:.8}
}
"""
_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
PAGE_HEADERS: Mapping[str, str] = {
    **{name.decode(): value.decode() for name, value in SECURITY_HEADERS},
    "content-security-policy": dict(SECURITY_HEADERS)[b"content-security-policy"].decode()
    + f"; style-src 'sha256-{_HASH}'",
    "cache-control": "no-store",
    "vary": "Accept",
}
"""What the page is sent with, in a host that adds no headers as well: its policy allows its own style and no more."""

_NAMES = 20
"""How many nodes of a kind are named."""
_LONGEST = 1000
"""How much of one text is shown."""
_STATES = ("failing", "held", "stale", "not read yet", "being read", "good")
"""What an entry can be, worst first. Several may hold at once; `good` is none of the others."""
_LOOKS = {"failing": "bad", "held": "odd", "stale": "odd"}
_COLUMNS = ("State", "Data", "Last refresh", "Nodes", "Published", "Details")
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def base_of(raw_path: bytes) -> str:
    """Return what stands before the page's relative links: `/inventory` is a folder to us, though not to a browser."""
    last = raw_path.partition(b"?")[0].rpartition(b"/")[2]
    return f"./{quote(unquote_to_bytes(last), safe='')}" if last else "."


def remarks(status: Status) -> tuple[str, ...]:
    """Say in a few words each what is not as on a good day, worst first."""
    counts = Counter(_states(entry)[0] for entry in status.entries)
    found = [f"these loops have died: {', '.join(status.dead)}"] if status.dead else []
    if status.source is not None and status.source.retrying is not None:
        found.append("Infrahub does not answer, retrying")
    found += [f"{counts[state]} of {len(status.entries)} {state}" for state in _STATES[:-1] if counts[state]]
    if status.config is not None and status.config.error is not None:
        found.append("the last reload was refused, the old configuration stays")
    failed = [push for push in status.pushes if push.last_error is not None]
    found += [f"the last push{_to(push, status)} failed" for push in failed]
    if status.store is not None and status.store.last_error is not None:
        found.append("the last save failed")
    return tuple(found)


def render(status: Status, *, now: float, links: Sequence[str] = (), base: str = ".", version: str = "") -> bytes:
    """Return the page as it is at a wall clock (unix seconds).

    `links` are paths below where the page is, each with its slash; `base` is what `base_of` says of the request.
    """
    verdict = "Ready" if status.ready else "Not ready"
    summary = _list(_text(remark) for remark in remarks(status))
    served = _list(f'<a href="{_text(base + quote(link, errors="replace"))}">{_text(link)}</a>' for link in links)
    entries = sorted(status.entries, key=lambda entry: _STATES.index(_states(entry)[0]))
    return "".join(
        (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{verdict} - Infrahub Exporter</title><style>{_STYLE}</style></head>\n<body>",
            f"<header><h1>Infrahub Exporter{_text(' ' + version if version else '')}</h1>",
            f"<p><strong>{verdict}</strong>, as of {_moment(now)}</p>{summary}</header>\n<main>",
            _table(entries, now),
            _uncovered(status),
            _reading(status),
            *(_push(push, now, f"OTLP push{_to(push, status)}") for push in status.pushes),
            *([] if status.store is None else [_store(status.store, now)]),
            *([] if status.config is None else [_config(status.config, now)]),
            '</main>\n<nav aria-labelledby="served"><h2 id="served">Served here</h2>',
            f"{served}</nav></body></html>\n",
        )
    ).encode()


def _states(entry: EntryStatus) -> tuple[str, ...]:
    """Return all that an entry is, worst first."""
    fresh = entry.success is None and entry.succeeded_at is None and entry.reading is None
    holds = (entry.success is False, entry.hold is not None, entry.is_restored, fresh, entry.reading is not None)
    return tuple(state for state, is_so in zip(_STATES, holds, strict=False) if is_so) or _STATES[-1:]


def _table(entries: Iterable[EntryStatus], now: float) -> str:
    """Return the table. Its roles are said because a narrow window shows rows as blocks, which takes them away."""
    heads = "".join(f'<th scope="col" role="columnheader">{head}</th>' for head in ("Entry", *_COLUMNS))
    rows = "".join(_row(entry, now) for entry in entries)
    return (
        '<table role="table"><caption>Kinds and queries</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n<tbody role="rowgroup">{rows}</tbody></table>\n'
    )


def _row(entry: EntryStatus, now: float) -> str:
    worst, *others = _states(entry)
    look = _LOOKS.get(worst)
    state = f'<strong class="{look}">{worst}</strong>' if look else worst
    is_read = entry.succeeded_at is not None
    cells = (
        ", ".join((state, *others)),
        _ago(entry.succeeded_at, now) if entry.succeeded_at is not None else "none yet",
        _refresh(entry),
        _number(entry.nodes) if is_read else "-",
        f"{_number(entry.published)} {_items(entry)}" if is_read and entry.source != "uncovered" else "-",
        _list(_details(entry, now)) or "-",
    )
    written = "".join(
        f'<td role="cell" data-of="{column}"><div>{cell}</div></td>'
        for column, cell in zip(_COLUMNS, cells, strict=True)
    )
    head = f'<th scope="row" role="rowheader">{_text(entry.source)} <strong>{_text(entry.name)}</strong></th>'
    return f'<tr role="row">{head}{written}</tr>\n'


def _items(entry: EntryStatus) -> str:
    return "target groups" if entry.source == "query" else "series"


def _refresh(entry: EntryStatus) -> str:
    if entry.success is None:
        return "none yet"
    seconds = _lasting(entry.duration_seconds)
    if entry.success:
        return f"took {seconds}"
    failed = f"failed after {seconds}"
    return failed if entry.error is None else f"{failed}: {_text(entry.error.reason)}"


def _details(entry: EntryStatus, now: float) -> list[str]:
    details: list[str] = []
    if entry.error is not None:
        details.append(_text(str(entry.error)))
    if entry.hold is not None:
        details.append(_held(entry.hold, "nodes" if entry.source == "series" else _items(entry), now))
    if entry.is_restored:
        details.append("the data is from before a restart")
    if entry.reading is not None:
        before = f" (there were {_number(entry.nodes)} the last time)" if entry.nodes else ""
        details.append(f"{_number(entry.reading)} nodes read so far{before}")
    if entry.series_limit_ratio is not None and entry.series_limit_ratio >= NEAR_LIMIT:
        details.append(f"it has {entry.series_limit_ratio:.0%} of its max_series")
    if entry.write_error is not None:
        details.append(f"its file cannot be written: {_text(entry.write_error)}")
    if skipped := {reason: nodes for reason, nodes in entry.skipped.items() if nodes}:
        details.append(f"skipped nodes: {_counts(skipped)}")
    details += [f"{_text(reason)}, such as {_text(', '.join(named))}" for reason, named in entry.examples.items()]
    if entry.errors:
        details.append(f"errors since the start: {_counts(entry.errors)}")
    return details


def _held(hold: Hold, items: str, now: float) -> str:
    return (
        f"held since {_ago(hold.since, now)}: {_number(hold.published - hold.offered)} of {_number(hold.published)} "
        f"{items} are gone, the last good ones stay until the loss is confirmed or released; "
        f"confirmations so far: {_number(hold.confirmations)}"
    )


def _list(items: Iterable[str]) -> str:
    """Return a list of pieces of HTML, nothing where there are none."""
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{listed}</ul>" if listed else ""


def _section(title: str, said: Iterable[tuple[str, str]]) -> str:
    terms = "".join(f"<dt>{term}</dt><dd>{html}</dd>" for term, html in said)
    return f"<section><h2>{title}</h2><dl>{terms}</dl></section>\n"


def _reading(status: Status) -> str:
    said: list[tuple[str, str]] = []
    if status.poll_interval_seconds is not None:
        said.append(("Interval now", f"{_lasting(status.poll_interval_seconds)}, longer while Infrahub sheds load"))
    if status.round_seconds is not None:
        said.append(("Last round took", _lasting(status.round_seconds)))
    if status.source is not None:
        said += [("Requests", _number(status.source.sent)), ("Retries", _number(status.source.retries))]
    if status.source is not None and status.source.retrying is not None:
        said.append(("State", f'<strong class="bad">retrying</strong>: {_text(status.source.retrying)}'))
    if status.source is not None and status.source.version is not None:
        said.append(("Infrahub", _text(status.source.version)))
    if status.source is not None and status.source.skew_seconds is not None:
        skew = status.source.skew_seconds
        said.append(("Infrahub's clock", f"{_lasting(abs(skew))} {'behind' if skew < 0 else 'ahead'}"))
    return _section("Reading Infrahub", said) if said else ""


def _uncovered(status: Status) -> str:
    """Name nodes that are in no list, some of each kind."""
    said = []
    for each in status.uncovered:
        if each.nodes is None:
            said.append((_text(each.kind), "not known yet"))
            continue
        names = [_text(node.name or node.id) for node in each.nodes[:_NAMES]]
        more = f", and {_number(len(each.nodes) - _NAMES)} more" if len(each.nodes) > _NAMES else ""
        said.append((_text(each.kind), f"{_number(len(each.nodes))}{': ' if names else ''}{', '.join(names)}{more}"))
    return _section("In no list of targets", said) if said else ""


def _to(push: PushStatus, status: Status) -> str:
    """Name the destination of a push where there are others."""
    return f" to {push.destination}" if len(status.pushes) > 1 else ""


def _push(push: PushStatus, now: float, title: str) -> str:
    said = [
        ("Last push", _outcome(push.last_error, is_done=push.pushes > 0)),
        ("Last good push", _ago(push.last_success_timestamp_seconds, now)),
        ("Good pushes", _number(push.pushes)),
        ("Points delivered", _number(push.points_delivered)),
        ("Points rejected", _number(push.points_rejected)),
        ("Points dropped", _number(push.points_dropped)),
        ("Failed requests", _counts(push.failures) if push.failures else "0"),
    ]
    return _section(title, said)


def _store(store: StoreStatus, now: float) -> str:
    said = [
        ("Last save", _outcome(store.last_error, is_done=store.saves > 0)),
        ("Last good save", _ago(store.saved_at, now)),
        ("Size", f"{_number(store.size_bytes)} bytes"),
        ("Good saves", _number(store.saves)),
        ("Failed saves", _number(store.failures)),
    ]
    return _section("Store", said)


def _config(config: ConfigStatus, now: float) -> str:
    said = [("In use since", _ago(config.loaded_at, now)), ("Last load", _outcome(config.error, is_done=True))]
    return _section("Configuration", said)


def _outcome(error: str | None, *, is_done: bool) -> str:
    if error is None:
        return "good" if is_done else "none yet"
    return f'<strong class="bad">failed</strong>: {_text(error)}'


def _text(value: str) -> str:
    """Return a text as HTML, for elements and quoted attributes; what cannot be seen is made visible."""
    shown = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
    if not shown.isprintable():
        shown = "".join(each if each.isprintable() else " " if each.isspace() else "\ufffd" for each in shown)
    return escape(shown)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{_text(name)} {_number(count)}" for name, count in counts.items())


def _number(number: int) -> str:
    return f"{number:,}"


def _lasting(seconds: float) -> str:
    """Say how long something takes, in the two largest units."""
    if seconds < _UNITS[-2][1] or not math.isfinite(seconds):
        return f"{seconds:.{3 if seconds < 1 else 1}f}".rstrip("0").rstrip(".") + " s"
    rest = round(seconds)
    largest = next(index for index, (_, size) in enumerate(_UNITS) if rest >= size)
    (unit, size), (lesser, part) = _UNITS[largest : largest + 2]
    whole, rest = divmod(rest, size)
    return f"{whole} {unit} {rest // part} {lesser}" if rest >= part else f"{whole} {unit}"


def _ago(at: float | None, now: float) -> str:
    """Say how long ago a moment (unix seconds) was."""
    if at is None:
        return "never"
    return _moment(at, f"{_lasting(max(0.0, (now - at) // 1))} ago")


def _moment(at: float, words: str = "") -> str:
    """Return a moment (unix seconds) as an element: its words, and what it is exactly."""
    try:
        iso = f"{datetime.fromtimestamp(at, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):  # no year of our calendar
        return "at no time"
    return f'<time datetime="{iso}" title="{iso}">{words or iso}</time>'
