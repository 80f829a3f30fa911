"""Nodes that have a file: described as Infrahub does, handed out as they were at an instant."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.ports import Reply
from tests.unit.adapters.embedded.conftest import Asker, Hands

Write = Callable[[str, str], Path]
SCHEMA = """
version: "1.0"
nodes:
  - name: Note
    namespace: Lab
    inherit_from: [CoreFileObject]
    human_friendly_id: [name__value]
    attributes: [{name: name, kind: Text, unique: true}]
"""
OBJECTS = "{apiVersion: infrahub.app/v1, kind: Object, spec: {kind: LabNote, data: [%s]}}"
DESCRIBED = (
    "{ LabNote { edges { node { file_name { value } checksum { value } file_size { value } file_type { value } } } } }"
)
CREATE = 'mutation ($file: Upload!) { LabNoteCreate(data: {name: {value: "b"}}, file: $file) { object { id } } }'
HEADERS = {"content-type": "multipart/form-data; boundary=x"}


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def asker(write: Write, clock: Hands) -> Asker:
    write("one.json", "[1]\n")
    objects = write("objects.yml", OBJECTS % "{name: a, file: one.json}")
    return Asker(EmbeddedInfrahub.load([write("schema.yml", SCHEMA)], [objects], now=clock), clock)


def multipart(parts: Mapping[str, bytes]) -> bytes:
    lines = [b"--x\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % pair for pair in
             ((head.encode(), body) for head, body in parts.items())]  # fmt: skip
    return b"".join(lines) + b"--x--\r\n"


def upload(query: str, name: str, content: bytes) -> bytes:
    operations = json.dumps({"query": query, "variables": {"file": None}}).encode()
    head = f'name="0"; filename="{name}"'
    return multipart({'name="operations"': operations, 'name="map"': b'{"0": ["variables.file"]}', head: content})


def got(infrahub: EmbeddedInfrahub, path: str) -> Reply:
    return infrahub.handle("GET", path, {})


def test_an_object_file_says_which_file_a_node_has_and_it_is_described(asker: Asker) -> None:
    assert asker.answer(DESCRIBED)["data"]["LabNote"]["edges"][0]["node"] == {
        "file_name": {"value": "one.json"},
        "checksum": {"value": "6d7e0100a388d5914d5a530b405235ce85fea122"},
        "file_size": {"value": 4},
        "file_type": {"value": "application/json"},
    }


def test_a_file_is_handed_out_as_it_was_at_an_instant(asker: Asker, clock: Hands) -> None:
    identifier = asker.id("LabNote", "a")
    before = clock.move()
    change = f'mutation ($file: Upload) {{ LabNoteUpdate(data: {{id: "{identifier}"}}, file: $file) {{ ok }} }}'
    asker.infrahub.handle("POST", "/graphql/main", HEADERS, upload(change, "two.json", b"[\xff\r\n\n\x00]"))
    path = f"/api/storage/files/{identifier}"
    then, now = got(asker.infrahub, f"{path}?at={before}"), got(asker.infrahub, path)
    assert (then.status, then.body, now.status, now.body) == (200, b"[1]\n", 200, b"[\xff\r\n\n\x00]")
    assert now.headers["content-type"] == "application/json"


def test_what_has_no_file_is_not_found(asker: Asker) -> None:
    reply = got(asker.infrahub, "/api/storage/files/nobody")
    assert (reply.status, msgspec.json.decode(reply.body)["errors"][0]["message"]) == (
        404,
        "Unable to find the node nobody / CoreFileObject in the database.",
    )


def test_a_node_is_made_with_the_file_that_comes_along(asker: Asker) -> None:
    reply = asker.infrahub.handle("POST", "/graphql/main", HEADERS, upload(CREATE, "b", b"hello"))
    identifier = msgspec.json.decode(reply.body)["data"]["LabNoteCreate"]["object"]["id"]
    handed = got(asker.infrahub, f"/api/storage/files/{identifier}")
    assert (handed.body, handed.headers["content-type"]) == (b"hello", "application/octet-stream")


def test_a_node_is_not_made_without_a_file(asker: Asker) -> None:
    error = asker.error('mutation { LabNoteCreate(data: {name: {value: "b"}}) { ok } }')
    assert "argument 'file' of type 'Upload!' is required" in error["message"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "'operations' must be a valid JSON"),
        ({'name="operations"': b"[]"}, "'operations' must be a valid JSON"),
        ({'name="operations"': b"{}", 'name="map"': b"{"}, "'map' field must be a valid JSON"),
        (
            {'name="operations"': b"{}", 'name="map"': b'{"0": ["variables.file"]}'},
            "File fields don't contain a valid UploadFile type for '0' mapping",
        ),
    ],
)
def test_what_is_no_upload_is_refused(asker: Asker, parts: Mapping[str, bytes], message: str) -> None:
    reply = asker.infrahub.handle("POST", "/graphql/main", HEADERS, multipart(parts))
    assert (reply.status, msgspec.json.decode(reply.body)) == (400, {"errors": [message]})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{name: a}", "LabNote[0]: file_name is mandatory for LabNote at file_name"),
        ("{name: a, file: [x]}", "LabNote[0].file: expected the path of a file"),
        ("{name: a, file: no.yml}", "LabNote[0].file: no.yml: No such file or directory, expected a readable file"),
    ],
)
def test_an_object_without_a_file_that_can_be_read_is_refused(write: Write, data: str, message: str) -> None:
    objects = write("objects.yml", OBJECTS % data)
    with pytest.raises(ConfigError) as caught:
        EmbeddedInfrahub.load([write("schema.yml", SCHEMA)], [objects])
    assert str(caught.value) == f"{objects}: document 1: {message}"
