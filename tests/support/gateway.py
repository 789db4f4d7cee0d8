"""The gateway's own configuration under Debian's nginx, in front of processes of the API."""

import datetime as dt
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gitinsight.runtime.process import free_port
from tests.support.checkout import ROOT

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
NGINX_DIR = ROOT / "ops" / "nginx"


@dataclass(frozen=True, slots=True)
class Gateway:
    port: int
    plain_port: int
    trust: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


@contextmanager
def gateway(home: Path, api_ports: Sequence[int]) -> Iterator[Gateway]:
    """The files as they are, but for ports, the certificate and where temporary files lie."""
    assert NGINX is not None
    shutil.copytree(NGINX_DIR, home / "nginx")
    certificate, key = _certificate(home)
    made = Gateway(free_port(0), free_port(0), ssl.create_default_context(cafile=str(certificate)))
    _change(home / "nginx" / "nginx.conf", {"/tmp/": f"{home}/", "/dev/stdout": f"{home}/log"})  # noqa: S108
    _change(
        home / "nginx" / "listen.conf",
        {
            "listen 8080": f"listen 127.0.0.1:{made.plain_port}",
            "listen 8443": f"listen 127.0.0.1:{made.port}",
            "/run/secrets/tls.crt": str(certificate), "/run/secrets/tls.key": str(key),
        },
    )  # fmt: skip
    servers = "\n".join(
        f"server 127.0.0.1:{port} max_fails=2 fail_timeout=5s;" for port in api_ports
    )
    (home / "nginx" / "upstream.conf").write_text(servers)
    directives = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
    child = subprocess.Popen(
        [NGINX, "-c", str(home / "nginx" / "nginx.conf"), "-p", str(home), "-g", directives]
    )
    try:
        yield made
    finally:
        child.terminate()
        child.wait(20)


def check(home: Path, *, listen: str) -> str:
    """What nginx says of the configuration with this file for ``listen.conf``."""
    assert NGINX is not None
    shutil.copytree(NGINX_DIR, home / "nginx")
    shutil.copy(NGINX_DIR / listen, home / "nginx" / "listen.conf")
    _change(home / "nginx" / "nginx.conf", {"/tmp/": f"{home}/", "/dev/stdout": f"{home}/log"})  # noqa: S108
    _change(home / "nginx" / "upstream.conf", {"api:8000": "127.0.0.1:8000"})
    command = [NGINX, "-t", "-c", str(home / "nginx" / "nginx.conf"), "-p", str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def _change(file: Path, words: dict[str, str]) -> None:
    text = file.read_text("utf-8")
    for old, new in words.items():
        assert re.search(re.escape(old), text), f"{file.name} has no {old}"
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def _certificate(home: Path) -> tuple[Path, Path]:
    """Signed by itself, for this machine, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = home / "tls.crt", home / "tls.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    return certificate, secret
