"""Python's `websockets`: the echo and the fan-out of its documentation. `python python.py echo|fanout BYTES`"""

import asyncio
import os
import sys
import threading

from websockets.asyncio.server import broadcast, serve
from websockets.exceptions import ConnectionClosed

role, max_size = sys.argv[1:]
connections = set()


async def echo(connection):
    try:
        async for message in connection:
            await connection.send(message)
    except ConnectionClosed:
        pass


async def fan_out(connection):
    connections.add(connection)
    try:
        async for message in connection:
            broadcast(connections, message)
    except ConnectionClosed:
        pass
    finally:
        connections.discard(connection)


async def main():
    handler = {"echo": echo, "fanout": fan_out}[role]
    # Without compression, which none of the others has switched on.
    async with serve(handler, "127.0.0.1", 0, max_size=int(max_size), compression=None, backlog=4096) as server:
        print("listening on 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


def end_with_the_process_that_started_it():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_the_process_that_started_it, daemon=True).start()
asyncio.run(main())
