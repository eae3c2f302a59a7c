"""Everything that the example `parity` offers, asked for by Python's `websockets`."""
import asyncio
import os
import ssl
import urllib.request

from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

TRANSPORT = os.environ["TRANSPORT"]
COMPRESSION = os.environ.get("COMPRESSION")
TRICKY = ["", "a", "\0", "ünïcödé ✓ 𝄞", "line\r\nline", "\"'<>&;--", "!", "x" * 125, "x" * 126, "x" * 65535]
failed = False


def client(path="/", **options):
    if TRANSPORT == "unix":
        return unix_connect(os.environ["SOCKET"], f"ws://localhost{path}", **options)
    if TRANSPORT == "tls":
        options["ssl"] = ssl.create_default_context(cafile=os.environ["CERTIFICATE"])
    scheme = "wss" if TRANSPORT == "tls" else "ws"
    # A browser's name for the host: the certificate is for it. The server listens on IPv4.
    return connect(f"{scheme}://localhost:{os.environ['PORT']}{path}", host="127.0.0.1", **options)


async def asked(socket, question):
    await socket.send(question)
    return await asyncio.wait_for(socket.recv(), 5)


async def becomes(socket, question, expected):
    """Asks until the answer is as expected: what another connection's end changes is not seen at once."""
    async with asyncio.timeout(5):
        while not (answer := await asked(socket, question)).startswith(expected):
            await asyncio.sleep(0.01)
    return answer


async def are_known(*sockets):
    """Waits until the server knows that they are open: a router tells the client a moment earlier."""
    for socket in sockets:
        assert await asked(socket, "known") == "known"


async def closed(socket):
    """The code and reason with which the server closes."""
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 5)
    except ConnectionClosed as end:
        return (end.rcvd.code, end.rcvd.reason) if end.rcvd else None


async def echoes_tricky_strings():
    async with client() as socket:
        for text in TRICKY:
            assert await asked(socket, text) == text, text


async def echoes_binary():
    async with client() as socket:
        for data in [b"", bytes(range(256)), b"\xff" * 65535, *(text.encode() for text in TRICKY)]:
            assert await asked(socket, data) == data, data


async def joins_fragments():
    async with client() as socket:
        await socket.send(["a", "ü", "", "𝄞"])
        assert await socket.recv() == "aü𝄞"


async def answers_a_ping():
    async with client() as socket:
        await asyncio.wait_for(await socket.ping(b"are you there"), 5)


async def hears_a_pong():
    async with client() as socket:
        await socket.pong(b"beat")
        assert await socket.recv() == "pong beat"
        assert await asked(socket, "!ping and again") == "pong and again"


async def chooses_a_subprotocol():
    async with client(subprotocols=["other", "parity.v1", "parity.v2"]) as socket:
        assert socket.subprotocol in ("parity.v1", "parity.v2"), socket.subprotocol
    async with client() as socket:
        assert socket.subprotocol is None


async def refuses_by_status():
    try:
        async with client("/refused"):
            raise AssertionError("admitted")
    except InvalidStatus as refusal:
        assert refusal.response.status_code == 403
        assert refusal.response.body == b"not here", refusal.response.body


async def greets_when_ready():
    async with client("/greeted") as socket:
        assert await socket.recv() == "welcome"


async def knows_its_peer():
    async with client() as socket:
        who = await asked(socket, "!who")
        over_ip = TRANSPORT != "unix"
        assert who == f"ip {'Some(127.0.0.1)' if over_ip else 'None'} port {str(over_ip).lower()} socket true", who


async def lists_and_reaches_all_connections():
    async with client() as one, client() as two:
        await becomes(one, "!connections", "2 of ")
        await one.send("!broadcast hello")
        assert await one.recv() == await two.recv() == "hello"


async def replaces_a_handler_of_one_connection():
    async with client() as one, client() as two:
        assert await asked(one, "!on-utf8") == "replaced"
        assert await asked(one, "abc") == "cba"
        assert await asked(two, "abc") == "abc"


async def bounds_what_is_sent_and_received():
    async with client() as socket:
        assert await asked(socket, "!max-send-size 10") != "sent"
        assert await asked(socket, "!max-recv-size 10") == "fixed", "once the handshake is done"
        await socket.send("x" * 65537)
        assert (await closed(socket))[0] == 1009


async def watches_a_pipe():
    async with client() as socket:
        assert await asked(socket, "!pipe through ünïcödé") == "through ünïcödé"
        assert await socket.recv() == "watched 0 and 0"


async def ticks():
    async with client() as socket:
        await becomes(socket, "!ticks", str(int(await asked(socket, "!ticks")) + 2))


async def closes_with_a_code_and_a_reason():
    async with client() as socket:
        await socket.send("!disconnect 4242 that was ünïcödé")
        assert await closed(socket) == (4242, "that was ünïcödé")


async def hears_a_close():
    async with client() as socket:
        await socket.close(4001, "bye")
        assert socket.close_code == 4001
    async with client() as socket:
        await becomes(socket, "!last-close", "4001 bye the peer")


async def cuts_a_connection():
    async with client() as socket:
        await socket.send("!cut")
        assert await closed(socket) is None


async def survives_a_panic():
    async with client() as socket:
        await socket.send("!panic")
        assert (await closed(socket))[0] == 1011


async def answers_plain_http():
    if TRANSPORT == "tcp":
        url = f"http://127.0.0.1:{os.environ['PORT']}/health"
        answer = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=5).read())
        assert answer == b"healthy"


async def shuts_down():
    async with client() as one, client() as two:
        await are_known(one, two)
        await two.send("!shutdown")
        for socket in (one, two):
            assert await socket.recv() == "last words"
            assert (await closed(socket))[0] == 1001


LONG = "".join(f"{number} sheep jump over a fence, " for number in range(2000))


def watched(socket):
    """What comes from now on: of each frame whether it is compressed, and its size on the wire."""
    (extension,) = socket.protocol.extensions
    frames = []
    decode = extension.decode

    def watch(frame, **options):
        frames.append((frame.rsv1, len(frame.data)))
        return decode(frame, **options)

    extension.decode = watch
    return frames


async def agrees_on_compression():
    async with client() as socket:
        answer = socket.response.headers["Sec-WebSocket-Extensions"]
        alone = "server_no_context_takeover" in answer and "client_no_context_takeover" in answer
        assert alone == (COMPRESSION == "on"), answer
    async with client(compression=None) as socket:
        assert not socket.protocol.extensions
        assert await asked(socket, LONG) == LONG


async def sends_long_texts_compressed_both_ways():
    async with client() as socket:
        frames = watched(socket)
        for _ in range(3):
            assert await asked(socket, LONG) == LONG
        assert await asked(socket, LONG.encode()) == LONG.encode()
        assert all(compressed and size < len(LONG) / 4 for compressed, size in frames), frames
        assert len(frames) == 4


async def leaves_short_texts_as_they_are():
    async with client() as socket:
        frames = watched(socket)
        assert await asked(socket, "short") == "short"
        assert await asked(socket, LONG) == LONG
        assert await asked(socket, "short") == "short"
        assert [compressed for compressed, _ in frames] == [False, True, False]


async def refers_back_where_contexts_are_taken_over():
    # It repeats itself nowhere, so only the second time is there anything to refer back to.
    text = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(375))
    async with client() as socket:
        frames = watched(socket)
        for _ in range(2):
            assert await asked(socket, text) == text
        (_, once), (_, twice) = frames
        assert (twice * 4 < once) == (COMPRESSION == "context_takeover"), frames


async def hears_broadcasts_compressed():
    async with client() as one, client(compression=None) as two:
        await are_known(one, two)
        frames = watched(one)
        for text in [LONG, "short", LONG]:
            await two.send(f"!broadcast {text}")
            assert await one.recv() == await two.recv() == text
            assert await asked(one, text) == text
        assert [compressed for compressed, _ in frames] == [True, True, False, False, True, True]


async def main():
    global failed
    tests = [echoes_tricky_strings, echoes_binary, joins_fragments, answers_a_ping, hears_a_pong, chooses_a_subprotocol]
    tests += [refuses_by_status, greets_when_ready, knows_its_peer, lists_and_reaches_all_connections]
    tests += [replaces_a_handler_of_one_connection, bounds_what_is_sent_and_received, watches_a_pipe, ticks]
    tests += [closes_with_a_code_and_a_reason, hears_a_close, cuts_a_connection, survives_a_panic, answers_plain_http]
    if COMPRESSION:
        tests = [agrees_on_compression, sends_long_texts_compressed_both_ways, leaves_short_texts_as_they_are]
        tests += [refers_back_where_contexts_are_taken_over, hears_broadcasts_compressed]
    tests += [shuts_down]
    for test in tests:
        try:
            await test()
        except Exception as error:
            failed = True
            print(f"# {type(error).__name__}: {error}")
            print(f"not ok {test.__name__.replace('_', ' ')}: {error!r}")
        else:
            print(f"ok {test.__name__.replace('_', ' ')}")


asyncio.run(main())
raise SystemExit(failed)
