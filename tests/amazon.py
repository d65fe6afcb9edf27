"""Amazon SNS for a test: its host name, over TLS, behind a proxy on loopback. Nobody leaves this machine.

The collector's process is given the proxy (HTTPS_PROXY) and the authority (SSL_CERT_FILE), and nothing of it is
changed: it looks up, connects, verifies and asks as it would on the internet.
"""

import http.server
import socket
import socketserver
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOST = "sns.ap-northeast-1.amazonaws.com"
CERTIFICATE_URL = f"https://{HOST}/SimpleNotificationService-7f3a.pem"


def signed_certificate(
    key: rsa.RSAPrivateKey, by: rsa.RSAPrivateKey, issuer: str, name: str = HOST, authority: bool = False
) -> bytes:
    """A certificate in PEM, good from yesterday until tomorrow."""

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer)).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    return made.sign(by, hashes.SHA256()).public_bytes(Encoding.PEM)


class Amazon:
    """asked: the paths that were asked for, in order. answers: what lies at each; a redirect is ('Location', to)."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, bytes | tuple[str, str]] = {}
        authority, server = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        self.authority_file = folder / "authority.pem"
        self.authority_file.write_bytes(signed_certificate(authority, authority, "test", "test", authority=True))
        chain = folder / "server.pem"
        private = server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain.write_bytes(private + signed_certificate(server, authority, "test"))
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(chain)
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def environment(self) -> dict[str, str]:
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._server.server_address[1]}",
            "NO_PROXY": "",
            "SSL_CERT_FILE": str(self.authority_file),
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        amazon = self

        class Inside(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                amazon.asked.append(self.path)
                told = amazon.answers.get(self.path)
                self.send_response(302 if isinstance(told, tuple) else 404 if told is None else 200)
                if isinstance(told, tuple):
                    self.send_header(*told)
                body = told if isinstance(told, bytes) else b""
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *told: Any) -> None:
                pass

        class Tunnel(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += self.request.recv(4096)
                assert head.startswith(f"CONNECT {HOST}:443 ".encode()), head
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                try:
                    inside: socket.socket = amazon._tls.wrap_socket(self.request, server_side=True)
                    Inside(inside, self.client_address, amazon._server)
                except OSError:
                    pass  # the collector went away

        return Tunnel
