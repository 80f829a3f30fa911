"""The files of file objects: kept beside the nodes, described by their attributes, as Infrahub does."""

import hashlib
import uuid
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from mimetypes import MimeTypes
from typing import Any

import msgspec
from graphql import GraphQLScalarType
from msgspec import Struct

from infrahub_exporter.adapters.embedded.kinds import Kind
from infrahub_exporter.domain.model import JSON

FILE_OBJECT = "CoreFileObject"
FIELD = "file"
"""Where an object file, and a mutation, says which file a node has."""
_TYPES = MimeTypes()
"""The types by names that Python itself knows, whatever the machine does."""
_UNKNOWN_TYPE = "application/octet-stream"


class Upload(Struct, frozen=True):
    """A file as it is brought: what it is called, and what is in it."""

    name: str
    content: bytes


UPLOAD = GraphQLScalarType("Upload", description="A file of a multipart request.")


def is_file_object(kind: Kind) -> bool:
    """Tell whether the nodes of a kind have a file each."""
    return FILE_OBJECT in kind.labels and not kind.generic


def keep(files: dict[str, bytes], upload: Upload) -> dict[str, JSON]:
    """Keep a file; return what the attributes of its node say of it. The same file is kept once."""
    checksum = hashlib.sha1(upload.content, usedforsecurity=False).hexdigest()
    identity = hashlib.blake2b(f"{upload.name} {checksum}".encode(), digest_size=16).digest()
    storage_id = str(uuid.UUID(bytes=identity))
    files[storage_id] = upload.content
    return {
        "file_name": upload.name,
        "checksum": checksum,
        "file_size": len(upload.content),
        "file_type": _TYPES.guess_type(upload.name)[0] or _UNKNOWN_TYPE,
        "storage_id": storage_id,
    }


def operation_of(content_type: str, body: bytes) -> Any:
    """Read a GraphQL request with files, `multipart/form-data` of `operations`, `map` and the files themselves.

    Raises ValueError with Infrahub's message.
    """
    parser: BytesParser[Any] = BytesParser(policy=HTTP)
    message = parser.parsebytes(b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body)
    parts: Mapping[str, Message] = {
        str(part.get_param("name", header="content-disposition")): part
        for part in (message.get_payload() if message.is_multipart() else ())
    }
    operation = _mapping(parts, "operations", "'operations' must be a valid JSON")
    for name, places in _mapping(parts, "map", "'map' field must be a valid JSON").items():
        part = parts.get(name)
        if part is None or part.get_filename() is None:
            raise ValueError(f"File fields don't contain a valid UploadFile type for '{name}' mapping")
        for place in places:
            *way, last = place.split(".")
            inner = operation
            for step in way:
                inner = inner[step]
            inner[last] = Upload(str(part.get_filename()), _bytes(part))
    return operation


def _mapping(parts: Mapping[str, Message], name: str, refused: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(_bytes(parts[name]), type=dict[str, Any])
    except (KeyError, msgspec.DecodeError):
        raise ValueError(refused) from None
    return found


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
