"""An Infrahub that answers from memory at little cost: `python benchmarks/canned.py PORT DEVICES`.

It answers what both exporters send: GraphQL of Infrahub's shape over two kinds, and their schema. What a document selects
of a node is encoded once and kept. `POST /admin/<what>` changes something, `GET /admin/requests` counts.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import uvicorn

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub

SITES = 500
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}()\[\]:$!@]|-?\d+|[A-Za-z_]\w*|\.\.\.')
Selection = dict[str, tuple[str, dict[str, Any], "Selection"]]


class Node:
    """A node: values by attribute, a peer by relation, and what was encoded of it."""

    __slots__ = ("created", "encoded", "id", "kind", "peers", "stamp", "values")

    def __init__(self, kind: str, identifier: str, values: dict[str, object], peers: dict[str, "Node"]) -> None:
        self.kind, self.id, self.values, self.peers = kind, identifier, values, peers
        self.created = self.stamp = time.time() - 86400
        self.encoded: dict[int, bytes] = {}

    def change(self, **values: object) -> None:
        """Set values, as a save would."""
        self.values.update(values)
        self.stamp = time.time()
        self.encoded.clear()


class Inventory:
    """Devices and their sites."""

    def __init__(self, devices: int) -> None:
        sites = [Node("BenchSite", f"site-{n:08}", {"name": f"site{n}"}, {}) for n in range(SITES)]
        self.kinds = {
            "BenchSite": {site.id: site for site in sites},
            "BenchDevice": {
                f"device-{n:08}": Node(
                    "BenchDevice",
                    f"device-{n:08}",
                    {
                        "name": f"device{n:07}",
                        "role": ("leaf", "spine", "edge")[n % 3],
                        "serial": f"SN{n:010}",
                        "address": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}/32",
                    },
                    {"site": sites[0] if n % 10 == 0 else sites[n % SITES]},
                )
                for n in range(devices)
            },
        }
        self.listed = {kind: list(nodes.values()) for kind, nodes in self.kinds.items()}
        self.recent: dict[str, dict[str, Node]] = {kind: {} for kind in self.kinds}
        self.round = 0

    def change(self, what: str) -> None:
        """Change one device, a thousandth, a hundredth or all of them, or the site that a tenth names; or make changes old."""
        self.round += 1
        if what == "forget":
            self.recent = {kind: {} for kind in self.kinds}
            return
        devices = list(self.kinds["BenchDevice"].values())
        if what == "peer":
            chosen = [self.kinds["BenchSite"]["site-00000000"]]
        else:
            shares = {"one": len(devices), "few": 1000, "percent": 100, "all": 1}
            count = max(1, len(devices) // shares[what])
            step = len(devices) // count
            chosen = [devices[(self.round * 7 + n * step) % len(devices)] for n in range(count)]
        for node in chosen:
            key, prefix = ("name", "site") if node.kind == "BenchSite" else ("serial", "SN")
            node.change(**{key: f"{prefix}-{self.round}-{node.id}"})
            self.recent[node.kind][node.id] = node


def parse(text: str) -> Selection:
    """Read a document's selection set: response name to field, arguments and what is below."""
    tokens = _TOKEN.findall(text)
    position = tokens.index("{")
    return _selection(tokens, position + 1)[0]


def _selection(tokens: list[str], position: int) -> tuple[Selection, int]:
    found: Selection = {}
    while tokens[position] != "}":
        name = field = tokens[position]
        position += 1
        if tokens[position] == ":":
            field = tokens[position + 1]
            position += 2
        arguments: dict[str, Any] = {}
        if tokens[position] == "(":
            position += 1
            while tokens[position] != ")":
                key = tokens[position]
                arguments[key], position = _value(tokens, position + 2)
            position += 1
        below: Selection = {}
        if tokens[position] == "{":
            below, position = _selection(tokens, position + 1)
        found[name] = (field, arguments, below)
    return found, position + 1


def _value(tokens: list[str], position: int) -> tuple[Any, int]:
    token = tokens[position]
    if token == "$":
        return ("$", tokens[position + 1]), position + 2
    if token in "[{":
        items, position = [], position + 1
        while tokens[position] not in "]}":
            if tokens[position + 1] == ":":
                position += 2
            item, position = _value(tokens, position)
            items.append(item)
        return items, position + 1
    return (json.loads(token) if token[0] in '"-0123456789' else token), position + 1


class Canned:
    """Answer requests."""

    def __init__(self, devices: int) -> None:
        self.inventory = Inventory(devices)
        self.requests = 0
        self._parsed: dict[str, Selection] = {}
        self._schema = EmbeddedInfrahub.load([Path(__file__).parent / "schema.yml"], [])

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer one request; all branches are alike."""
        if path == "/admin/requests":
            return 200, str(self.requests).encode()
        if path.startswith("/admin/"):
            self.inventory.change(path.rpartition("/")[2])
            return 200, b"ok"
        self.requests += 1
        if path.startswith("/graphql"):
            sent = json.loads(body)
            if "InfrahubInfo" not in sent["query"]:
                return 200, self._graphql(sent)
            headers = {"content-type": "application/json"}
            told = self._schema.handle("POST", "/graphql/main", headers, body)
            return told.status, told.body
        reply = self._schema.handle(method, f"{path}?branch=main", {})
        return reply.status, reply.body

    def _graphql(self, sent: Mapping[str, Any]) -> bytes:
        text = sent["query"]
        if text not in self._parsed:
            self._parsed[text] = parse(text)
        variables = sent.get("variables") or {}
        fields = [
            f'"{name}":'.encode()
            + self._root(field, {key: _bound(value, variables) for key, value in given.items()}, below)
            for name, (field, given, below) in self._parsed[text].items()
        ]
        return b'{"data":{' + b",".join(fields) + b"}}"

    def _root(self, kind: str, given: Mapping[str, Any], below: Selection) -> bytes:
        if kind == "InfrahubBranch":
            merging = "status__value" in given
            default = given.get("name__value", "main") == "main"
            edges = [] if merging else [{"node": {"name": {"value": "main"}, "is_default": {"value": default}}}]
            return json.dumps({"count": len(edges), "edges": edges}).encode()
        nodes: Any = self.inventory.kinds[kind]
        since = given.get("node_metadata__updated_at__after")
        if since is not None:
            after = datetime.fromisoformat(since.replace("Z", "+00:00")).timestamp()
            nodes = {key: node for key, node in self.inventory.recent[kind].items() if node.stamp > after}
        if given.get("ids") is not None:
            nodes = {key: nodes[key] for key in given["ids"] if key in nodes}
        if given.get("site__ids") is not None:
            wanted = set(given["site__ids"])
            nodes = {key: node for key, node in nodes.items() if node.peers["site"].id in wanted}
        if given.get("role__value") is not None:
            nodes = {key: node for key, node in nodes.items() if node.values["role"] == given["role__value"]}
        parts = []
        if "count" in below:
            parts.append(b'"count":%d' % len(nodes))
        if "edges" in below:
            everything = nodes is self.inventory.kinds[kind]
            chosen = self.inventory.listed[kind] if everything else list(nodes.values())
            offset, limit = given.get("offset") or 0, given.get("limit") or None
            chosen = chosen[offset : offset + limit if limit else None]
            edge = below["edges"][2]
            parts.append(b'"edges":[' + b",".join(self._edge(node, edge) for node in chosen) + b"]")
        return b"{" + b",".join(parts) + b"}"

    def _edge(self, node: Node, selected: Selection) -> bytes:
        encoded = node.encoded.get(id(selected))
        if encoded is None or "node_metadata" in selected:
            edge: dict[str, object] = {"node": _node(node, selected["node"][2])}
            if "node_metadata" in selected:
                edge["node_metadata"] = {"updated_at": _iso(node.stamp), "created_at": _iso(node.created)}
            encoded = node.encoded[id(selected)] = json.dumps(edge, separators=(",", ":")).encode()
        return encoded


def _bound(value: Any, variables: Mapping[str, Any]) -> Any:
    return variables.get(value[1]) if isinstance(value, tuple) else value


def _iso(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, timezone.utc).isoformat(timespec="microseconds")


def _node(node: Node, selected: Selection) -> dict[str, object]:
    own: dict[str, Callable[[], object]] = {
        "id": lambda: node.id,
        "__typename": lambda: node.kind,
        "hfid": lambda: [node.values["name"]],
        "display_label": lambda: node.values["name"],
    }
    found: dict[str, object] = {}
    for name, (field, _, below) in selected.items():
        if field in own:
            found[name] = own[field]()
        elif field in node.values:
            found[name] = dict(_attribute(node.values[field], below))
        elif field in node.peers:
            found[name] = {"node": _node(node.peers[field], below["node"][2])} if "node" in below else {}
        elif "edges" in below or "count" in below:
            found[name] = {"count": 0, "edges": []}
        else:
            found[name] = {"node": None} if below else None
    return found


def _attribute(value: object, below: Selection) -> Iterator[tuple[str, object]]:
    for name in below:
        if name == "value":
            yield name, value
        elif name == "ip":
            yield name, str(value).partition("/")[0]
        else:
            yield name, None


def application(canned: Canned) -> Any:
    """Make the ASGI application."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, answer = canned.answer(scope["method"], scope["path"], body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(Canned(int(sys.argv[2]))),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        lifespan="off",
        log_level="error",
    )
