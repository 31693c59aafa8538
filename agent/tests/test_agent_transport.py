"""The connection: TLS with one's own authority, compression, silence of the network."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from omega_agent.errors import AgentError
from omega_agent.transport import Transport
from portal_double import KEY, Portal

HEARTBEAT = "/api/v1/agent/heartbeat"


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that is its own authority, with its private key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "omega test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_own_authority_is_trusted_only_when_named(portal: Portal, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    portal.socket = context.wrap_socket(portal.socket, server_side=True)
    url = portal.url.replace("http:", "https:")
    trusting, wary = Transport(url, KEY, str(certificate)), Transport(url, KEY)
    assert trusting.post(HEARTBEAT, {"status": "ok"}).status == 200
    refused = wary.post(HEARTBEAT, {"status": "ok"})
    assert refused.status is None and "CERTIFICATE_VERIFY_FAILED" in refused.error
    trusting.close()
    wary.close()


def test_unusable_authority_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match=r"nowhere\.pem"):
        Transport("https://portal.example", KEY, str(tmp_path / "nowhere.pem"))


def test_server_that_cannot_decompress_gets_plain_bodies(portal: Portal) -> None:
    portal.refuses_gzip = True
    transport = Transport(portal.url, KEY)
    body = {"status": "ok", "error": "x" * 5000}
    assert [transport.post(HEARTBEAT, body).status for _ in range(2)] == [200, 200]
    assert portal.encodings == ["gzip", "", ""]
    transport.close()


def test_answer_that_is_too_long_is_no_answer(portal: Portal) -> None:
    portal.trouble = lambda path, body: (200, {}, "x" * 5_000_000)
    transport = Transport(portal.url, KEY)
    answer = transport.post(HEARTBEAT, {})
    assert answer.status is None and "longer than 4 MB" in answer.error
    transport.close()


def test_redirect_is_not_followed_with_the_key(portal: Portal) -> None:
    portal.trouble = lambda path, body: (302, {"Location": f"{portal.url}/api/v1/agent/elsewhere"}, {})
    transport = Transport(portal.url, KEY)
    assert transport.post(HEARTBEAT, {}).status == 302
    assert [path for path, _ in portal.calls] == ["heartbeat"]
    transport.close()
