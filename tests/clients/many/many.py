"""The short programme of `run`, by the clients that Python has. One line a client: what it has done, or what failed."""
import asyncio
import os
import ssl
from contextlib import suppress

import aiohttp
import httpx
import httpx_ws
import picows
import tornado.httpclient
import tornado.websocket
import websocket
import websockets
import wsproto.events

TLS = os.environ["TRANSPORT"] == "tls"
CERTIFICATE = os.environ["CERTIFICATE"]
CONTEXT = ssl.create_default_context(cafile=CERTIFICATE) if TLS else None
BASE = f"{'wss' if TLS else 'ws'}://localhost:{os.environ['PORT']}"
LONG = "".join(f"{number} sheep jump over a fence, " for number in range(2000))


class Refused(Exception):
    """By this status."""


class Client:
    """A client: `open`, `send`, `hear` (a message, or a code and a reason at the end), and `close`.

    `fragments` and `ping` are None where it has no such thing. `compressed` is whether messages may be compressed, and None
    if it never offers that; `subprotocol` is the one agreed on.
    """

    fragments = ping = compressed = None


class Websockets(Client):
    async def open(self, url, offered):
        try:
            self.socket = await websockets.connect(url, subprotocols=offered, ssl=CONTEXT, host="127.0.0.1")
        except websockets.InvalidStatus as refusal:
            raise Refused(refusal.response.status_code) from None
        self.subprotocol = self.socket.subprotocol
        self.compressed = bool(self.socket.protocol.extensions)

    async def send(self, message):
        await self.socket.send(message)

    async def hear(self):
        try:
            return await self.socket.recv()
        except websockets.ConnectionClosed as end:
            return end.rcvd.code, end.rcvd.reason

    async def fragments(self, pieces):
        await self.socket.send(pieces)

    async def ping(self, payload):
        await (await self.socket.ping(payload))

    async def close(self, code, reason):
        await self.socket.close(code, reason)


class Aiohttp(Client):
    async def open(self, url, offered):
        self.session = aiohttp.ClientSession()
        try:
            self.socket = await self.session.ws_connect(url, protocols=offered or (), ssl=CONTEXT or True, compress=15)
        except aiohttp.WSServerHandshakeError as refusal:
            await self.session.close()
            raise Refused(refusal.status) from None
        self.subprotocol = self.socket.protocol
        self.compressed = bool(self.socket.compress)

    async def send(self, message):
        await (self.socket.send_str if isinstance(message, str) else self.socket.send_bytes)(message)

    async def hear(self):
        message = await self.socket.receive()
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            return message.data
        await self.session.close()
        return self.socket.close_code, message.extra

    async def close(self, code, reason):
        await self.socket.close(code=code, message=reason.encode())
        await self.session.close()


class WebsocketClient(Client):
    async def open(self, url, offered):
        try:
            options = {"ca_certs": CERTIFICATE}
            self.socket = await asyncio.to_thread(
                websocket.create_connection, url, subprotocols=offered, sslopt=options, timeout=10
            )
        except websocket.WebSocketBadStatusException as refusal:
            raise Refused(refusal.status_code) from None
        self.subprotocol = self.socket.getsubprotocol()

    async def send(self, message):
        await asyncio.to_thread(self.socket.send_text if isinstance(message, str) else self.socket.send_bytes, message)

    async def hear(self, wanted=(1, 2, 8)):
        opcode = None
        while opcode not in wanted:
            opcode, frame = await asyncio.to_thread(self.socket.recv_data_frame, True)
        if opcode == 8:
            return int.from_bytes(frame.data[:2]), frame.data[2:].decode()
        return frame.data.decode() if opcode == 1 else bytes(frame.data)

    async def fragments(self, pieces):
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            frame = websocket.ABNF.create_frame(piece.encode(), 0 if number else 1, int(last))
            await asyncio.to_thread(self.socket.send_frame, frame)

    async def ping(self, payload):
        await asyncio.to_thread(self.socket.ping, payload)
        assert await self.hear((10,)) == payload

    async def close(self, code, reason):
        await asyncio.to_thread(self.socket.close, code, reason.encode())


class HttpxWs(Client):
    async def open(self, url, offered):
        self.http = httpx.AsyncClient(verify=CONTEXT or True)
        self.opened = httpx_ws.aconnect_ws(url, self.http, subprotocols=offered)
        try:
            self.socket = await self.opened.__aenter__()
        except httpx_ws.WebSocketUpgradeError as refusal:
            await self.http.aclose()
            raise Refused(refusal.response.status_code) from None
        self.subprotocol = self.socket.subprotocol

    async def send(self, message):
        await (self.socket.send_text if isinstance(message, str) else self.socket.send_bytes)(message)

    async def hear(self):
        heard = None
        while not heard or not event.message_finished:
            try:
                event = await self.socket.receive()
            except httpx_ws.WebSocketDisconnect as end:
                await self.leave()
                return end.code, end.reason
            heard = event.data if heard is None else heard + event.data
        return heard

    async def fragments(self, pieces):
        for piece in pieces:
            await self.socket.send(wsproto.events.TextMessage(piece, message_finished=piece is pieces[-1]))

    async def ping(self, payload):
        await (await self.socket.ping(payload)).wait()

    async def close(self, code, reason):
        await self.socket.close(code, reason)
        await self.leave()

    async def leave(self):
        with suppress(httpx_ws.HTTPXWSException):
            await self.opened.__aexit__(None, None, None)
        await self.http.aclose()


class Tornado(Client):
    async def open(self, url, offered):
        request = tornado.httpclient.HTTPRequest(url, ca_certs=CERTIFICATE if TLS else None)
        try:
            self.socket = await tornado.websocket.websocket_connect(request, subprotocols=offered, compression_options={})
        except tornado.httpclient.HTTPClientError as refusal:
            raise Refused(refusal.code) from None
        self.subprotocol = self.socket.selected_subprotocol
        self.compressed = "permessage-deflate" in self.socket.headers.get("Sec-WebSocket-Extensions", "")

    async def send(self, message):
        await self.socket.write_message(message, binary=isinstance(message, bytes))

    async def hear(self):
        message = await self.socket.read_message()
        return (self.socket.close_code, self.socket.close_reason) if message is None else message

    async def ping(self, payload):
        pong = asyncio.get_running_loop().create_future()
        self.socket.on_pong = pong.set_result
        self.socket.ping(payload)
        assert await pong == payload

    async def close(self, code, reason):
        self.socket.close(code, reason)


class Picows(Client):
    class Listener(picows.WSListener):
        def __init__(self):
            self.heard = asyncio.Queue()

        def on_ws_frame(self, transport, frame):
            what = frame.get_payload_as_bytes()
            if frame.msg_type == picows.WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code())
                what = int.from_bytes(what[:2]), what[2:].decode()
            self.heard.put_nowait(what.decode() if frame.msg_type == picows.WSMsgType.TEXT else what)

    async def open(self, url, offered):
        headers = {"Sec-WebSocket-Protocol": ", ".join(offered)} if offered else {}
        try:
            self.socket, listener = await picows.ws_connect(
                self.Listener, url, ssl_context=CONTEXT, extra_headers=headers
            )
        except picows.WSInvalidStatusError as refusal:
            raise Refused(int(refusal.response.status)) from None
        self.heard = listener.heard
        self.subprotocol = self.socket.response.headers.get("Sec-WebSocket-Protocol")

    async def send(self, message):
        kind = picows.WSMsgType.TEXT if isinstance(message, str) else picows.WSMsgType.BINARY
        self.socket.send(kind, message.encode() if isinstance(message, str) else message)

    async def hear(self):
        return await self.heard.get()

    async def fragments(self, pieces):
        kind = picows.WSMsgType.TEXT
        for piece in pieces:
            self.socket.send(kind, piece.encode(), fin=piece is pieces[-1])
            kind = picows.WSMsgType.CONTINUATION

    async def ping(self, payload):
        self.socket.send_ping(payload)
        assert await self.heard.get() == payload

    async def close(self, code, reason):
        self.socket.send_close(code, reason.encode())
        await self.socket.wait_disconnected()


CLIENTS = {
    "websockets": Websockets,
    "aiohttp": Aiohttp,
    "websocket-client": WebsocketClient,
    "httpx-ws": HttpxWs,
    "tornado": Tornado,
    "picows": Picows,
}


async def programme(kind, done):
    async def opened(path="/", offered=None):
        client = kind()
        await client.open(BASE + path, offered)
        return client

    async def asked(client, question):
        await client.send(question)
        return await client.hear()

    done.append("subprotocol")
    client = await opened("/", ["other", "parity.v1"])
    assert client.subprotocol == "parity.v1", client.subprotocol

    done.append("text")
    for text in ["a", "ünïcödé ✓ 𝄞", "line\r\nline", "\0", "x" * 125, "x" * 126]:
        assert await asked(client, text) == text, text

    done.append("binary")
    for data in [bytes(range(256)), b"\xff" * 1000]:
        assert await asked(client, data) == data

    done.append("64 KiB")
    for data in ["x" * 65536, b"\xfe" * 65536]:
        assert await asked(client, data) == data

    if client.fragments:
        done.append("fragments")
        await client.fragments(["a", "ü", "", "𝄞"])
        assert await client.hear() == "aü𝄞"

    if client.ping:
        done.append("ping")
        await client.ping(b"are you there")

    done.append("pong")
    assert await asked(client, "!ping and again") == "pong and again"

    if client.compressed is not None:
        done.append("compression")
        assert client.compressed
        for _ in range(2):
            assert await asked(client, LONG) == LONG

    for code, reason in [(1000, ""), (3000, "bye")]:
        done.append(f"close {code}")
        await client.close(code, reason)
        client = await opened()
        seen = None
        while seen != f"{code} {reason} the peer":
            seen = await asked(client, "!last-close")

    done.append("closed by the server")
    await client.send("!disconnect 4242 that was ünïcödé")
    code, reason = await client.hear()
    assert code == 4242 and reason in ("that was ünïcödé", None), (code, reason)

    done.append("refusal")
    try:
        await opened("/refused")
        raise AssertionError("admitted")
    except Refused as refusal:
        assert refusal.args == (403,), refusal


async def main():
    for name, kind in CLIENTS.items():
        done = []
        try:
            await asyncio.wait_for(programme(kind, done), 10)
            print(f"ok {name}: {', '.join(done)}")
        except Exception as error:
            print(f"not ok {name}: {done[-1]}: {error!r}")


asyncio.run(main())
