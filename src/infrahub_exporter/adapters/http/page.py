"""The status page: how everything is doing, for a person with a browser. No script, nothing loaded, nothing secret."""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, unquote_to_bytes

from infrahub_exporter.adapters.http.headers import SECURITY_HEADERS
from infrahub_exporter.adapters.http.page_entries import STATES, states_of, table
from infrahub_exporter.adapters.http.page_words import ago, counted, lasting, listed, moment, number, text
from infrahub_exporter.domain.publishing.saved import StoreStatus
from infrahub_exporter.domain.publishing.status import ConfigStatus, PushStatus, Status

_STYLE = """
:root{color-scheme:light dark;--bad:#b00020;--odd:#7a4f00;--line:#8886}
@media (prefers-color-scheme:dark){:root{--bad:#ff8a80;--odd:#ffcc66}}
body{font:16px/1.45 system-ui,sans-serif;margin:0 auto;max-width:80rem;padding:1rem;overflow-wrap:anywhere}
time{white-space:nowrap} h1{font-size:1.5rem;margin:0} h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
table{border-collapse:collapse;width:100%} caption{text-align:left} thead th{font-weight:bold}
th,td{border-top:1px solid var(--line);padding:.35rem .75rem .35rem 0;text-align:left;vertical-align:top}
tbody th{font-weight:normal} th,td{overflow-wrap:break-word} th[scope=row],td:last-child{overflow-wrap:anywhere}
ul{margin:0;padding-left:1.2rem} td ul{list-style:none;padding:0}
dl{display:grid;gap:.25rem 1rem;grid-template-columns:10rem minmax(0,1fr);margin:0} dd{margin:0}
th[scope=row]{min-width:16rem} .bad{color:var(--bad)} .odd{color:var(--odd)} @media (max-width:50rem){
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


def base_of(raw_path: bytes) -> str:
    """Return what stands before the page's relative links: `/inventory` is a folder to us, though not to a browser."""
    last = raw_path.partition(b"?")[0].rpartition(b"/")[2]
    return f"./{quote(unquote_to_bytes(last), safe='')}" if last else "."


def remarks(status: Status) -> tuple[str, ...]:
    """Say in a few words each what is not as on a good day, worst first."""
    counts = Counter(states_of(entry)[0] for entry in status.entries)
    found = [f"these loops have died: {', '.join(status.dead)}"] if status.dead else []
    if status.source is not None and status.source.retrying is not None:
        found.append("Infrahub does not answer, retrying")
    found += [f"{counts[state]} of {len(status.entries)} {state}" for state in STATES[:-1] if counts[state]]
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
    summary = listed(text(remark) for remark in remarks(status))
    served = listed(f'<a href="{text(base + quote(link, errors="replace"))}">{text(link)}</a>' for link in links)
    entries = sorted(status.entries, key=lambda entry: STATES.index(states_of(entry)[0]))
    return "".join(
        (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{verdict} - Infrahub Exporter</title><style>{_STYLE}</style></head>\n<body>",
            f"<header><h1>Infrahub Exporter{text(' ' + version if version else '')}</h1>",
            f"<p><strong>{verdict}</strong>, as of {moment(now)}</p>{summary}</header>\n<main>",
            table(entries, now),
            _uncovered(status),
            _reading(status),
            *(_push(push, now, f"OTLP push{_to(push, status)}") for push in status.pushes),
            *([] if status.store is None else [_store(status.store, now)]),
            *([] if status.config is None else [_config(status.config, now)]),
            '</main>\n<nav aria-labelledby="served"><h2 id="served">Served here</h2>',
            f"{served}</nav></body></html>\n",
        )
    ).encode()


def _section(title: str, said: Iterable[tuple[str, str]]) -> str:
    terms = "".join(f"<dt>{term}</dt><dd>{html}</dd>" for term, html in said)
    return f"<section><h2>{title}</h2><dl>{terms}</dl></section>\n"


def _troubles(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Tell how often something went wrong, where it did."""
    return [(term, number(count)) for term, count in counts.items() if count]


def _reading(status: Status) -> str:
    said: list[tuple[str, str]] = []
    if status.poll_interval_seconds is not None:
        said.append(("Interval now", f"{lasting(status.poll_interval_seconds)} (it grows while Infrahub sheds load)"))
    if status.round_seconds is not None:
        said.append(("Last round took", lasting(status.round_seconds)))
    if status.source is not None:
        said += [("Requests", number(status.source.sent)), *_troubles({"Retries": status.source.retries})]
    if status.source is not None and status.source.retrying is not None:
        said.append(("State", f'<strong class="bad">retrying</strong>: {text(status.source.retrying)}'))
    if status.source is not None and status.source.version is not None:
        said.append(("Infrahub", text(status.source.version)))
    if status.source is not None and status.source.skew_seconds is not None:
        skew = status.source.skew_seconds
        said.append(("Infrahub's clock", f"{lasting(abs(skew))} {'behind' if skew < 0 else 'ahead'}"))
    return _section("Reading Infrahub", said) if said else ""


def _uncovered(status: Status) -> str:
    """Name nodes that are in no list, some of each kind."""
    said = []
    for each in status.uncovered:
        if each.nodes is None:
            said.append((text(each.kind), "not known yet"))
            continue
        names = [text(node.name or node.id) for node in each.nodes[:_NAMES]]
        more = f", and {number(len(each.nodes) - _NAMES)} more" if len(each.nodes) > _NAMES else ""
        said.append((text(each.kind), f"{number(len(each.nodes))}{': ' if names else ''}{', '.join(names)}{more}"))
    return _section("In no list of targets", said) if said else ""


def _to(push: PushStatus, status: Status) -> str:
    """Name the destination of a push where there are others."""
    return f" to {push.destination}" if len(status.pushes) > 1 else ""


def _push(push: PushStatus, now: float, title: str) -> str:
    said = [
        ("Last push", _outcome(push.last_error, is_done=push.pushes > 0)),
        ("Last good push", ago(push.last_success_timestamp_seconds, now)),
        ("Good pushes", number(push.pushes)),
        ("Points delivered", number(push.points_delivered)),
        *_troubles({"Points rejected": push.points_rejected, "Points dropped": push.points_dropped}),
        *([("Failed requests", counted(push.failures))] if push.failures else []),
    ]
    return _section(title, said)


def _store(store: StoreStatus, now: float) -> str:
    said = [
        ("Last save", _outcome(store.last_error, is_done=store.saves > 0)),
        ("Last good save", ago(store.saved_at, now)),
        ("Size", f"{number(store.size_bytes)} bytes"),
        ("Good saves", number(store.saves)),
        *_troubles({"Failed saves": store.failures}),
    ]
    return _section("Store", said)


def _config(config: ConfigStatus, now: float) -> str:
    said = [("In use since", ago(config.loaded_at, now)), ("Last load", _outcome(config.error, is_done=True))]
    return _section("Configuration", said)


def _outcome(error: str | None, *, is_done: bool) -> str:
    if error is None:
        return "good" if is_done else "none yet"
    return f'<strong class="bad">failed</strong>: {text(error)}'
