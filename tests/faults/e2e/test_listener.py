"""TLS at the exporter's own port, with client certificates, and certificates that are exchanged while it listens."""

import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from tests.e2e import loopback
from tests.e2e.children import Child, eventually
from tests.faults.conftest import StartWatched


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def write(folder: Path, issued: trustme.LeafCert) -> dict[str, str]:
    certificate, key = folder / "tls.crt", folder / "tls.key"
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    return {"certificate": str(certificate), "key": str(key)}


def trusting(authority: trustme.CA, shown: trustme.LeafCert | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if shown is not None:
        shown.configure_cert(context)
    return context


def is_up(url: str, context: ssl.SSLContext, child: Child) -> None:
    eventually(lambda: loopback.get(f"{url}/-/healthy", verify=context).is_success, child)


def test_a_certificate_is_renewed_without_a_restart(start: StartWatched, authority: trustme.CA, tmp_path: Path) -> None:
    files = write(tmp_path, authority.issue_cert("127.0.0.1"))
    watched = start(web={"tls": files})
    url = watched.url.replace("http:", "https:")
    is_up(url, trusting(authority), watched.child)
    with pytest.raises(httpx.TransportError):
        loopback.get(f"{watched.url}/-/healthy")  # no TLS, no answer

    another = trustme.CA()
    write(tmp_path, another.issue_cert("127.0.0.1"))
    is_up(url, trusting(another), watched.child)
    with pytest.raises(httpx.ConnectError):
        loopback.get(f"{url}/-/healthy", verify=trusting(authority))

    (tmp_path / "tls.crt").write_text("no certificate")
    assert loopback.get(f"{url}/-/healthy", verify=trusting(another)).is_success
    said = [each for each in watched.lines() if "web.tls" in each]
    assert sum("the old ones stay" in each for each in said) == 1


def test_only_clients_with_a_certificate_of_the_authority_get_in(
    start: StartWatched, authority: trustme.CA, tmp_path: Path
) -> None:
    files = write(tmp_path, authority.issue_cert("127.0.0.1"))
    authority.cert_pem.write_to_path(str(tmp_path / "clients.crt"))
    watched = start(web={"tls": {**files, "client_ca": str(tmp_path / "clients.crt")}})
    url = watched.url.replace("http:", "https:")
    is_up(url, trusting(authority, authority.issue_cert("prometheus@exporter")), watched.child)
    for shown in (None, trustme.CA().issue_cert("prometheus@exporter")):
        with pytest.raises(httpx.TransportError):
            loopback.get(f"{url}/-/healthy", verify=trusting(authority, shown))
