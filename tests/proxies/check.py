"""Looks at a server through nginx and HAProxy: `check.py <the binary owner> <an empty folder>`. See `run`."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[2]
HOST = "chat.example.org"
# The proxies connect from 127.0.0.1. This is another address of this machine, so the server can tell them apart.
CLIENT = "127.0.0.2"

binary, folder = Path(sys.argv[1]), Path(sys.argv[2])
started = []
failed = 0


def test(name, passed, why=""):
    global failed
    failed += not passed
    print(f"{'ok    ' if passed else 'FAILED'} {name}{'' if passed else f': {why}'}", flush=True)


def equal(name, got, expected):
    test(name, got == expected, f"{got!r} instead of {expected!r}")


def start(name, command, **environment):
    """A process that ends with this one. It logs into the folder."""
    with open(folder / f"{name}.log", "ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | environment)
    started.append(process)
    return process


def logged(name):
    return (folder / f"{name}.log").read_text(errors="replace")


def until(what, holds, seconds=8.0):
    """Waits until something holds. Returns how long that took, or ends the test."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() > begun + seconds:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - begun


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def server(name, port, **options):
    options = {"LISTEN": f"127.0.0.1:{port}", "HOSTS": HOST, "READINESS": "/readyz", "SHUTDOWN_TIMEOUT": 10} | options
    process = start(name, [binary], NO_COLOR="1", **{f"WS_SERVER_{key}": str(value) for key, value in options.items()})
    until(f"{name} listens", lambda: "listening on" in logged(name))
    return process


def configured(file, name, replaced):
    """Writes a file of deploy/ with other ports. What is replaced must be there."""
    text = (ROOT / "deploy" / file).read_text()
    for old, new in replaced.items():
        assert old in text, f"{file} does not contain {old!r}"
        text = text.replace(old, new)
    (folder / name).write_text(text)
    return folder / name


def open_through(port, host=None, origin=None, source=CLIENT, **headers):
    """A WebSocket to a port, whoever listens there."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(source, 0))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    uri = f"ws://{host or f'{HOST}:{port}'}/"
    return connect(uri, sock=raw, origin=origin, additional_headers=named, proxy=None, open_timeout=5, close_timeout=3)


def asked(client, text):
    client.send(text)
    return client.recv(timeout=5)


def status(port, **request):
    """What a handshake is answered with."""
    try:
        with open_through(port, **request):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
    except (InvalidMessage, ConnectionClosed, EOFError, OSError) as failure:
        return type(failure).__name__


def look_through(proxy, port):
    """What must be so behind each proxy, without the page's origin."""
    with open_through(port) as client:
        equal(f"{proxy}: an echo", asked(client, "hello"), "hello")
        large = "x" * 60_000
        equal(f"{proxy}: an echo of 60,000 bytes", asked(client, large), large)
        equal(f"{proxy}: the address is the client's", asked(client, "which address"), CLIENT)
    with open_through(port, X_Forwarded_For="198.51.100.9", Forwarded="for=198.51.100.9") as client:
        equal(f"{proxy}: a forged address has no effect", asked(client, "which address"), CLIENT)
    page = f"http://{HOST}:{port}"
    equal(f"{proxy}: a page of this host and port may connect", status(port, origin=page), 101)
    equal(f"{proxy}: a page of another port may not", status(port, origin=f"http://{HOST}:1"), 403)
    equal(f"{proxy}: a page of another host may not", status(port, origin="http://evil.example"), 403)
    equal(f"{proxy}: another Host is refused", status(port, host=f"evil.example:{port}"), 421)


def nginx(name, port, behind, **replaced):
    """Starts nginx with deploy/nginx.conf. What it writes goes into the folder, so it need not be root."""
    temporary = "".join(f"{kind}_temp_path {folder}/{name}-{kind};" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    file = configured("nginx.conf", f"{name}.conf", {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "server 127.0.0.1:8080;": f"server 127.0.0.1:{behind};",
        "http {": f"http {{ access_log off; {temporary}",
    } | replaced)
    # Its workers are to get at a Unix socket in the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    ours = f"daemon off; worker_processes 1; pid {folder}/{name}.pid; {user}"
    process = start(name, ["nginx", "-p", folder, "-e", "stderr", "-c", file, "-g", ours])
    until(f"{name} listens", lambda: listens(port))
    return process


def workers(process):
    """The processes that a process has started."""
    return set(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())


def check_nginx(behind):
    port, careless = free_ports(2)
    # As most examples have it: the port is lost, so the page is of another origin. It comes first, as only the first
    # refusal is logged as a warning.
    nginx("nginx-careless", careless, behind, **{"$http_host;": "$host;"})
    equal("nginx with `$host`: the page is refused", status(careless, origin=f"http://{HOST}:{careless}"), 403)
    pattern = rf'origin="http://{HOST}:{careless}" host="{HOST}"'
    until("the log names origin and host", lambda: re.search(pattern, logged("server")))
    test("nginx with `$host`: the log names the origin and the host that it was compared with", True)

    process = nginx("nginx", port, behind)
    look_through("nginx", port)

    # Over a Unix socket there are no ports to run out of.
    path, [over_unix] = folder / "chat.sock", free_ports(1)
    server("server-unix", None, LISTEN=f"unix:{path}", TRUSTED_PROXIES="unix", MAX_CONNECTIONS_PER_IP=1)
    nginx("nginx-unix", over_unix, None, **{"server 127.0.0.1:8080;": f"server unix:{path};"})
    with open_through(over_unix, origin=f"http://{HOST}:{over_unix}") as client:
        equal("nginx over a Unix socket: the address is the client's", asked(client, "which address"), CLIENT)
        equal("nginx: `max_connections_per_ip` counts the client", status(over_unix), 429)
        equal("nginx: and not the proxy", status(over_unix, source="127.0.0.3"), 101)

    before = workers(process)
    with open_through(port) as client:
        asked(client, "before")
        process.send_signal(signal.SIGHUP)
        until("nginx has a new worker", lambda: workers(process) - before)
        equal("nginx: a connection outlives a reload", asked(client, "after"), "after")
        with open_through(port) as another:
            equal("nginx: new connections after a reload", asked(another, "hello"), "hello")
        equal("nginx: and once more", asked(client, "later"), "later")


class HAProxy:
    """HAProxy with deploy/haproxy.cfg, and a socket to ask it."""

    def __init__(self, behind, behind_by_proxy_protocol):
        self.port, self.by_proxy_protocol = free_ports(2)
        file = configured("haproxy.cfg", "haproxy.cfg", {
            "bind :80\n": f"bind 127.0.0.1:{self.port}\n",
            "bind :81\n": f"bind 127.0.0.1:{self.by_proxy_protocol}\n",
            "server one 127.0.0.1:8080 ": f"server one 127.0.0.1:{behind} ",
            "server one 127.0.0.1:8081 ": f"server one 127.0.0.1:{behind_by_proxy_protocol} ",
            "maxconn 65536": "maxconn 100",
        })
        self.socket = folder / "haproxy.sock"
        (folder / "stats.cfg").write_text(f"global\n    stats socket {self.socket} mode 600\n")
        subprocess.run(["haproxy", "-c", "-q", "-f", file], check=True, timeout=10)
        self.process = start("haproxy", ["haproxy", "-db", "-f", file, "-f", folder / "stats.cfg"])
        until("HAProxy listens", lambda: listens(self.port) and listens(self.by_proxy_protocol))

    def checked(self, backend):
        """Whether the server is up, and what the last check was answered with: ("UP", "200")."""
        with socket.socket(socket.AF_UNIX) as stats:
            stats.settimeout(3)
            stats.connect(str(self.socket))
            stats.sendall(b"show stat\n")
            answer = b"".join(iter(lambda: stats.recv(65536), b"")).decode()
        names, *rows = [line.split(",") for line in answer.removeprefix("# ").splitlines() if line]
        rows = [dict(zip(names, row)) for row in rows]
        [row] = [row for row in rows if row["pxname"] == backend and row["svname"] == "one"]
        return row["status"], row["check_code"]


def check_haproxy(behind, behind_by_proxy_protocol, first):
    haproxy = HAProxy(behind, behind_by_proxy_protocol)
    for backend in ["chat", "chat-by-proxy-protocol"]:
        until(f"HAProxy has asked {backend}", lambda: haproxy.checked(backend)[1])
        equal(f"HAProxy: {backend} is up", haproxy.checked(backend), ("UP", "200"))
    look_through("HAProxy", haproxy.port)
    look_through("HAProxy by PROXY protocol", haproxy.by_proxy_protocol)
    # From the client's address the header is not expected, from the proxy's it is required.
    equal("the PROXY protocol is for the proxy alone", status(behind_by_proxy_protocol), 101)
    equal("and the proxy must speak it", status(behind_by_proxy_protocol, source="127.0.0.1"), "InvalidMessage")

    with open_through(haproxy.port) as client:
        asked(client, "before")
        first.send_signal(signal.SIGTERM)
        seconds = until("HAProxy sees 503", lambda: haproxy.checked("chat") == ("DOWN", "503"), 4)
        test(f"HAProxy: down {seconds:.1f} s after SIGTERM", True)
        equal("HAProxy: the connection goes on meanwhile", asked(client, "after"), "after")
        equal("the server still accepts, for `shutdown_delay`", status(behind), 101)
        equal("HAProxy: new clients are sent elsewhere", status(haproxy.port), 503)
        try:
            client.recv(timeout=8)
        except ConnectionClosed as closed:
            equal("HAProxy: the Close frame of the shutdown arrives", closed.rcvd and closed.rcvd.code, 1001)
    equal("the server ends by itself", first.wait(timeout=8), 0)


def check_caddy(behind):
    """Only where there is one: Debian's would want port 80 for itself when it is installed."""
    if not shutil.which("caddy"):
        print("Caddy: left out, as it is not installed")
        return
    [port] = free_ports(1)
    file = configured("Caddyfile", "Caddyfile", {
        f"{HOST} {{": f"{{\n admin off\n auto_https off\n}}\nhttp://:{port} {{\n bind 127.0.0.1",
        "127.0.0.1:8080": f"127.0.0.1:{behind}",
        # Debian's, 2.6, does not know it yet.
        "stream_close_delay 1h": "",
    })
    start("caddy", ["caddy", "run", "--config", file, "--adapter", "caddyfile"], HOME=str(folder))
    until("Caddy listens", lambda: listens(port))
    look_through("Caddy", port)


def check_envoy(behind):
    """Only where there is one: Debian has none."""
    if not shutil.which("envoy"):
        print("Envoy: left out, as it is not installed")
        return
    [port] = free_ports(1)
    file = configured("envoy.yaml", "envoy.yaml", {
        "address: 0.0.0.0, port_value: 80 ": f"address: 127.0.0.1, port_value: {port} ",
        "port_value: 8080 ": f"port_value: {behind} ",
    })
    start("envoy", ["envoy", "-c", file, "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"])
    until("Envoy listens", lambda: listens(port))
    until("Envoy has asked for health", lambda: status(port) == 101)
    look_through("Envoy", port)
    with open_through(port, X_Forwarded_Host="evil.example") as client:
        equal("Envoy: a forged host has no effect", asked(client, "hello"), "hello")


def main():
    behind, behind_by_proxy_protocol = free_ports(2)
    first = server("server", behind, TRUSTED_PROXIES="127.0.0.1", SHUTDOWN_DELAY=5)
    server("server-proxy", behind_by_proxy_protocol, PROXY_PROTOCOL="127.0.0.1")
    check_nginx(behind)
    check_caddy(behind)
    check_envoy(behind)
    check_haproxy(behind, behind_by_proxy_protocol, first)


try:
    main()
except Exception as failure:
    test("all steps", False, f"{type(failure).__name__}: {failure}")
finally:
    for process in reversed(started):
        if process.poll() is None:
            process.terminate()
    for process in started:
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
if failed:
    for log in sorted(folder.glob("*.log")):
        print(f"-- {log.name}", *log.read_text(errors="replace").splitlines()[-20:], sep="\n")
print(f"{failed} failed" if failed else "all passed")
sys.exit(failed != 0)
