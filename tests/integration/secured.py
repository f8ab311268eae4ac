"""
Real servers that speak TLS or the PROXY protocol, and proxies before them.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

from tests.integration.authority import papers
from tests.integration.servers import Server, answers, find, freePort, newFolder, start

#: One server for each way of connecting: TLS, TLS with certificates of clients, behind the
#: PROXY protocol, and both; what they answer tells who they think has asked.
NGINX = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_client_certificate {authority};
    server {{
        listen 127.0.0.1:{plain};
        listen unix:{folder}/socket;
        location / {{ return 200 "plain\\n"; }}
        location /file {{ alias {folder}/file; }}
    }}
    server {{
        listen 127.0.0.1:{port} ssl;
        listen [::1]:{port} ssl;
        location / {{ return 200 "$ssl_protocol $ssl_server_name\\n"; }}
        location /file {{ alias {folder}/file; }}
    }}
    server {{
        listen 127.0.0.1:{asking} ssl;
        ssl_verify_client on;
        location / {{ return 200 "$ssl_client_s_dn\\n"; }}
    }}
    server {{
        listen 127.0.0.1:{proxied} proxy_protocol;
        location / {{ return 200 "$proxy_protocol_addr $proxy_protocol_server_port\\n"; }}
    }}
    server {{
        listen 127.0.0.1:{both} ssl proxy_protocol;
        location / {{ return 200 "$proxy_protocol_addr $ssl_protocol\\n"; }}
    }}
}}
"""

#: How long the file is that the servers have, in bytes.
SIZE = 5 * 2**20


class Nginx:
    """
    The nginx of this run.

    @ivar ports: of its servers by name: C{plain}, C{port}, C{asking}, C{proxied}, C{both}.
    @ivar path: the UNIX socket of the plain one.
    """

    def __init__(self) -> None:
        folder = newFolder("nginx")
        folder.chmod(0o755)
        (folder / "file").write_bytes(bytes(range(256)) * (SIZE // 256))
        names = ("plain", "port", "asking", "proxied", "both")
        self.ports = {name: freePort() for name in names}
        self.path = f"{folder}/socket"
        text = NGINX.format(
            folder=folder,
            certificate=papers().server.certificate,
            key=papers().server.key,
            authority=papers().authority.certificate,
            **self.ports,
        )
        settings = folder / "nginx.conf"
        settings.write_text(text)
        command = [find("nginx") or "nginx", "-p", str(folder), "-c", str(settings)]
        command += ["-e", str(folder / "errors")]
        plain = self.ports["plain"]
        self.server = start(
            command, plain, folder, lambda: answers(plain, b"HEAD / HTTP/1.0\r\n\r\n")
        )


@cache
def nginx() -> Nginx:
    """
    See L{Nginx}.
    """
    return Nginx()


@cache
def redisOverTLS() -> Server:
    """
    A redis-server that wants TLS, with a certificate of the client.
    """
    folder, port = newFolder("redis"), freePort()
    command = [find("redis-server") or "redis-server", "--bind", "127.0.0.1", "--port", "0"]
    command += ["--tls-port", str(port), "--dir", str(folder), "--save", ""]
    command += ["--tls-cert-file", papers().server.certificate]
    command += ["--tls-key-file", papers().server.key]
    command += ["--tls-ca-cert-file", papers().authority.certificate]
    return start(command, port, folder, lambda: "+PONG" in _ping(port))


def _ping(port: int) -> str:
    import socket

    try:
        with (
            socket.create_connection(("127.0.0.1", port), 1) as plain,
            trusting(papers().client).wrap_socket(plain, server_hostname="localhost") as asking,
        ):
            asking.sendall(b"PING\r\n")
            return asking.recv(100).decode()
    except OSError:
        return ""


def trusting(own: Any = None) -> ssl.SSLContext:
    """
    A client's context that trusts the tests' authority.

    @param own: the certificate that the client shows.
    """
    context = ssl.create_default_context(cafile=papers().authority.certificate)
    if own is not None:
        context.load_cert_chain(own.certificate, own.key)
    return context


def serving(port: int = 0, **more: str) -> str:
    """
    Where a proxy listens that serves TLS.
    """
    own = papers().server
    words = {"privateKey": own.key, "certKey": own.certificate, **more}
    told = ":".join(f"{name}={word}" for name, word in words.items())
    return f"ssl:{port}:interface=127.0.0.1:{told}"
