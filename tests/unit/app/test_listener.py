"""TLS at the listener, with real handshakes over loopback."""

import asyncio
import importlib.util
import logging
import os
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from infrahub_exporter.app.serving.listener import ListenerContext
from infrahub_exporter.domain.errors import ConfigError

pytestmark = pytest.mark.anyio
Connect = Callable[..., Awaitable[str]]
LOOPS: list[Any] = [
    pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
    pytest.param(
        ("asyncio", {"use_uvloop": True}),
        id="uvloop",
        marks=pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="no uvloop here"),
    ),
]


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Files:
    """A certificate, its key and the authorities of clients, as files."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "tls.crt"
        self.key = folder / "tls.key"
        self.client_ca = folder / "ca.crt"
        self._written = 0

    def write(self, issued: trustme.LeafCert) -> None:
        self.put(self.certificate, b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        self.put(self.key, issued.private_key_pem.bytes())

    def put(self, path: Path, content: bytes | None) -> None:
        if content is None:
            path.unlink()
            return
        path.write_bytes(content)
        self._written += 1
        os.utime(path, (self._written, self._written))


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA) -> Files:
    files = Files(tmp_path)
    files.write(authority.issue_cert("127.0.0.1"))
    return files


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    writer.close()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[ListenerContext], Awaitable[int]]]:
    servers = []

    async def begin(context: ListenerContext) -> int:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield begin
    for server in servers:
        server.close()


def client_of(authority: trustme.CA, shown: trustme.LeafCert | None = None, **options: Any) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if shown is not None:
        shown.configure_cert(context)
    for name, value in options.items():
        setattr(context, name, value)
    return context


async def talk(port: int, context: ssl.SSLContext) -> tuple[str, str, str]:
    """Shake hands and return what came back, the version and the serial number of the certificate that was shown."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        writer.write(b"hello\n")
        line = await reader.readline()
        tls = writer.get_extra_info("ssl_object")
        return line.decode(), tls.version(), tls.getpeercert()["serialNumber"]
    finally:
        writer.close()


async def is_let_in(port: int, context: ssl.SSLContext) -> bool:
    """Tell whether a client is answered; with TLS 1.3 its handshake ends before the server has looked."""
    try:
        return (await talk(port, context))[0] == "hello\n"
    except (ssl.SSLError, ConnectionError):
        return False


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_that_trusts_the_authority_gets_in(
    files: Files, authority: trustme.CA, serve: Any, version: ssl.TLSVersion
) -> None:
    port = await serve(ListenerContext.load(files.certificate, files.key))
    line, spoken, _ = await talk(port, client_of(authority, maximum_version=version))
    assert (line, spoken.replace(".", "_")) == ("hello\n", version.name)


async def test_tls_1_1_is_refused(files: Files, authority: trustme.CA, serve: Any) -> None:
    port = await serve(ListenerContext.load(files.certificate, files.key))
    old = client_of(authority)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    assert not await is_let_in(port, old)
    assert await is_let_in(port, client_of(authority))


async def test_certificate_and_key_may_be_one_file(files: Files, authority: trustme.CA, serve: Any) -> None:
    issued = authority.issue_cert("127.0.0.1")
    files.put(files.certificate, issued.private_key_and_cert_chain_pem.bytes())
    port = await serve(ListenerContext.load(files.certificate))
    assert (await talk(port, client_of(authority)))[0] == "hello\n"


async def test_with_authorities_of_clients_only_their_clients_get_in(
    files: Files, authority: trustme.CA, serve: Any
) -> None:
    authority.cert_pem.write_to_path(str(files.client_ca))
    port = await serve(ListenerContext.load(files.certificate, files.key, files.client_ca))

    assert await is_let_in(port, client_of(authority, authority.issue_cert("scraper")))
    assert not await is_let_in(port, client_of(authority))
    assert not await is_let_in(port, client_of(authority, trustme.CA().issue_cert("scraper")))


async def test_a_new_certificate_is_shown_without_a_restart(
    files: Files, authority: trustme.CA, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "infrahub_exporter")
    port = await serve(ListenerContext.load(files.certificate, files.key))
    before = (await talk(port, client_of(authority)))[2]
    again = (await talk(port, client_of(authority)))[2]
    files.write(authority.issue_cert("127.0.0.1"))
    after = (await talk(port, client_of(authority)))[2]

    assert before == again != after
    assert [record.getMessage() for record in caplog.records] == [
        "web.tls: the files have changed and are used from now on"
    ]


async def test_authorities_of_clients_that_change_let_in_others(
    files: Files, authority: trustme.CA, serve: Any
) -> None:
    other = trustme.CA()
    files.put(files.client_ca, authority.cert_pem.bytes())
    port = await serve(ListenerContext.load(files.certificate, files.key, files.client_ca))
    older = client_of(authority, authority.issue_cert("scraper"), maximum_version=ssl.TLSVersion.TLSv1_2)
    assert await is_let_in(port, older)

    files.put(files.client_ca, other.cert_pem.bytes())
    assert not await is_let_in(port, older)
    assert await is_let_in(port, client_of(authority, other.issue_cert("scraper")))


async def test_files_that_cannot_be_used_leave_the_old_certificate_and_one_line_in_the_log(
    files: Files, authority: trustme.CA, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    port = await serve(ListenerContext.load(files.certificate, files.key))
    before = (await talk(port, client_of(authority)))[2]
    caplog.set_level(logging.INFO, "infrahub_exporter")
    issued = authority.issue_cert("127.0.0.1")

    seen = []
    chain, key = b"".join(blob.bytes() for blob in issued.cert_chain_pems), issued.private_key_pem.bytes()
    for path, content in ((files.certificate, chain), (files.key, b"rubbish"), (files.key, None), (files.key, key)):
        files.put(path, content)
        seen.append([(await talk(port, client_of(authority)))[2] for _ in range(2)])

    assert seen[:3] == [[before] * 2] * 3
    assert seen[3][0] == seen[3][1] != before
    levels = [record.levelname for record in caplog.records if record.name == "infrahub_exporter"]
    assert levels == ["ERROR", "ERROR", "ERROR", "INFO"]
    assert key.decode().splitlines()[1] not in caplog.text


def encrypted(key: bytes) -> bytes:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    return serialization.load_pem_private_key(key, None).private_bytes(*form)


def test_files_that_cannot_be_used_are_refused_at_the_start(files: Files, authority: trustme.CA) -> None:
    certificate, key = files.certificate.read_bytes(), files.key.read_bytes()
    other = authority.issue_cert("127.0.0.1").private_key_pem.bytes()
    half = certificate[: len(certificate) // 2]
    for name, content, said in (
        (
            files.certificate,
            b"rubbish",
            "certificate: expected a PEM file with a certificate, got {path} (it has none)",
        ),
        (files.certificate, half, "certificate: expected PEM files that can be read and fit together: "),
        (files.key, b"rubbish", "key: expected a PEM file with a private key, got {path} (it has none)"),
        (files.key, other, f"key: expected the key of '{files.certificate}', got another one in {{path}}"),
        (files.key, encrypted(key), "key: expected a PEM file with a private key, got {path} (the key is encrypted)"),
        (
            files.client_ca,
            b"rubbish",
            "client_ca: expected a PEM file with certificates of authorities, got {path} (it has none)",
        ),
    ):
        files.certificate.write_bytes(certificate)
        files.key.write_bytes(key)
        authority.cert_pem.write_to_path(str(files.client_ca))
        name.write_bytes(content)
        with pytest.raises(ConfigError, match=f"^{re.escape('web.tls.' + said.format(path=repr(str(name))))}"):
            ListenerContext.load(files.certificate, files.key, files.client_ca)
    nowhere = files.certificate.with_name("nowhere")
    with pytest.raises(ConfigError, match=r"^web\.tls\.certificate: .+ \(No such file or directory\)$"):
        ListenerContext.load(nowhere)
    nowhere.write_bytes(certificate)
    with pytest.raises(ConfigError, match=r"^web\.tls\.certificate: expected a PEM file with a private key, got "):
        ListenerContext.load(nowhere)
