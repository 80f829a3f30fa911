"""What mutations do: their input is worked out, then handed to the writer."""

from collections.abc import Mapping, Sequence
from typing import Any

from infrahub_exporter.adapters.embedded.checks import DEFAULT, Given
from infrahub_exporter.adapters.embedded.kinds import Kind, Relationship
from infrahub_exporter.adapters.embedded.pools import Draw
from infrahub_exporter.adapters.embedded.reading import Request, latest
from infrahub_exporter.adapters.embedded.refusals import InvalidInputError, NodeNotFoundError, RefusedError, violates
from infrahub_exporter.adapters.embedded.store import NOW, Record

Answer = dict[str, Any]
Peers = dict[str, Sequence[Record | Draw]]


def create(request: Request, kind: Kind, data: Mapping[str, Any]) -> Answer:
    """Create a node. Raises RefusedError as Infrahub would."""
    values, peers = _work_out(request, kind, data)
    record = request.writer.create(kind, values, peers, request.now, data.get("id"))
    request.writer.protect(record, _protected(kind, data), request.now)
    return _done(request, record)


def update(request: Request, kind: Kind, data: Mapping[str, Any]) -> Answer:
    """Change a node that is named by id, by human-friendly id or by the default filter. Raises RefusedError."""
    return _update(request, _find(request, kind, data), data)


def upsert(request: Request, kind: Kind, data: Mapping[str, Any]) -> Answer:
    """Change the node that the data name, or that has their human-friendly id, else create one. Raises RefusedError."""
    if data.get("id"):
        record = request.store.find(data["id"], NOW, kind.key)
        if record is None:
            raise NodeNotFoundError(kind.key, data["id"])
        return _update(request, record, data)
    found = request.names.by_hfid(kind, data["hfid"]) if data.get("hfid") else None
    values, peers = _work_out(request, kind, data)
    if found is None:
        found = request.writer.holder(kind, values, peers)
    if found is None and not kind.human_friendly_id and kind.default_filter:
        given = values.get(kind.default_filter.partition("__")[0])
        found = request.names.by_text(kind, str(given)) if given is not None else None
    if found is not None:
        return _update(request, found, data)
    record = request.writer.create(kind, values, peers, request.now)
    request.writer.protect(record, _protected(kind, data), request.now)
    return _done(request, record)


def delete(request: Request, kind: Kind, data: Mapping[str, Any]) -> Answer:
    """Delete a node and what goes with it. Raises RefusedError."""
    request.writer.delete(_find(request, kind, data), request.now)
    latest(request)
    return {"ok": True}


def relate(request: Request, data: Mapping[str, Any]) -> Answer:
    """Add nodes to a relationship. Raises RefusedError."""
    record, relationship, peers = _ends(request, data)
    for peer in peers:
        mirror = request.kinds.opposite(relationship, peer.kind)
        if mirror is not None and not mirror.many:
            other = next(iter(peer.peers(mirror, NOW)), None)
            if other is not None and other is not record:
                raise InvalidInputError(
                    f"{peer.id!r} {peer.kind.key!r} is already related to another peer on '{mirror.name}'"
                )
    if not relationship.many and len({*peers, *record.peers(relationship, NOW)}) > 1:
        raise InvalidInputError(f"'{relationship.name}' is a cardinality-one relationship and already has a peer")
    request.writer.add(record, relationship, peers, request.now)
    latest(request)
    return {"ok": True}


def unrelate(request: Request, data: Mapping[str, Any]) -> Answer:
    """Remove nodes from a relationship. Raises RefusedError."""
    record, relationship, peers = _ends(request, data)
    left = [each for each in record.peers(relationship, NOW) if each not in peers]
    if not relationship.optional and not left:
        raise InvalidInputError(
            f"'{relationship.name}' is a mandatory relationship and cannot be fully removed at name"
        )
    request.writer.remove(record, relationship, peers, request.now)
    latest(request)
    return {"ok": True}


def _update(request: Request, record: Record, data: Mapping[str, Any]) -> Answer:
    values, peers = _work_out(request, record.kind, data)
    request.writer.update(record, values, peers, request.now)
    request.writer.protect(record, _protected(record.kind, data), request.now)
    return _done(request, record)


def _done(request: Request, record: Record) -> Answer:
    latest(request)
    return {"ok": True, "object": record.at(NOW)}


def _find(request: Request, kind: Kind, data: Mapping[str, Any]) -> Record:
    identity: str | None = data.get("id")
    hfid = data.get("hfid")
    if not identity and not hfid:
        raise RefusedError("either id or hfid must be provided.", http_status=400)
    other = request.store.find(identity, NOW)
    if other is not None and kind.key not in other.kind.labels:
        message = f"Node with id {identity} exists, but it is a {other.kind.key}, not {kind.key}"
        raise NodeNotFoundError(kind.key, other.id, message)
    record = request.names.by_text(kind, identity) if identity else request.names.by_hfid(kind, hfid or [])
    if record is None:
        raise NodeNotFoundError(kind.key, identity or " :: ".join(hfid or []))
    return record


def _work_out(request: Request, kind: Kind, data: Mapping[str, Any]) -> tuple[dict[str, Given], Peers]:
    """Split a mutation's data into values and peers; an attribute set to its default is the default's value."""
    values: dict[str, Given] = {}
    peers: Peers = {}
    for name, given in data.items():
        attribute = kind.attributes.get(name)
        if attribute is not None:
            if given is None:
                continue
            if given.get("is_default"):
                values[name] = DEFAULT
            elif "value" in given:
                values[name] = given["value"]
            if given.get("from_pool"):
                values[name] = _draw(request, given["from_pool"])
        elif name in kind.relationships:
            relationship = kind.relationships[name]
            items = given if isinstance(given, list) else [given] if given is not None else []
            peers[name] = [_wanted(request, relationship, each) for each in items if each is not None]
            for peer in peers[name]:
                if isinstance(peer, Record) and relationship.peer not in peer.kind.labels:
                    wanted = [relationship.peer, *request.kinds[relationship.peer].used_by]
                    reason = f"{peer.kind.key} - {peer.id} cannot be added to relationship, must be of type: {wanted}"
                    raise violates(kind.key, name, reason)
    return values, peers


def _protected(kind: Kind, data: Mapping[str, Any]) -> dict[str, bool]:
    """Tell which attributes a mutation protects, or no longer."""
    said = {name: given.get("is_protected") for name, given in data.items() if name in kind.attributes and given}
    return {name: wanted for name, wanted in said.items() if wanted is not None}


def _draw(request: Request, said: Mapping[str, Any]) -> Draw:
    return Draw(request.writer.pools.find(said["id"]), said)


def _wanted(request: Request, relationship: Relationship, item: Mapping[str, Any]) -> Record | Draw:
    """Find what an item of a relationship names: a node, or a pool to take one from."""
    if item.get("from_pool"):
        return _draw(request, item["from_pool"])
    return _peer(request, relationship, item)


def _peer(request: Request, relationship: Relationship, item: Mapping[str, Any]) -> Record:
    """Find the node that an item of a relationship names."""
    kind = request.kinds[relationship.peer]
    if item.get("kind") in request.kinds:
        kind = request.kinds[item["kind"]]
    if item.get("id"):
        found = _by_text(request, kind, item["id"])
        if found is None:
            raise NodeNotFoundError(kind.key, item["id"])
    elif item.get("hfid"):
        found = request.names.by_hfid(kind, item["hfid"])
        if found is None:
            raise NodeNotFoundError(kind.key, " :: ".join(item["hfid"]))
    else:
        raise InvalidInputError(f"Invalid data provided to form a relationship {dict(item)} at {relationship.name}")
    return found


def _by_text(request: Request, kind: Kind, text: str) -> Record | None:
    return request.store.find(text, NOW) or request.names.by_text(kind, text)


def _ends(request: Request, data: Mapping[str, Any]) -> tuple[Record, Relationship, list[Record]]:
    record = request.store.find(data["id"], NOW)
    if record is None:
        raise NodeNotFoundError("node", data["id"])
    relationship = record.kind.relationships.get(data["name"])
    if relationship is None:
        raise InvalidInputError(f"'{data['name']}' is not a valid relationship for '{record.kind.key}' at name")
    if relationship.read_only:
        raise InvalidInputError(f"'{data['name']}' is a read-only relationship at {record.kind.key}")
    peers = []
    for item in data.get("nodes") or []:
        if item.get("id") and request.store.find(item["id"], NOW) is None:
            raise InvalidInputError(f"{item['id']!r}: Unable to find the node in the database.")
        peer = _peer(request, relationship, item)
        if relationship.peer not in peer.kind.labels:
            raise InvalidInputError(f"{peer.id!r} {peer.kind.key!r} is not a valid peer for '{relationship.peer}'")
        peers.append(peer)
    return record, relationship, peers
