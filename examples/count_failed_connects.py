#!/usr/bin/env python3
"""Connects all the time, from 8 clients at once, and counts what failed and who answered.

    python3 examples/count_failed_connects.py ws://localhost:8080 10
"""

import asyncio
import collections
import sys
import time

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def client(url, until, answered, failed):
    while time.monotonic() < until:
        try:
            async with connect(url) as socket:
                await socket.send("who?")
                answered[(await socket.recv()).split(":")[0]] += 1
        except ConnectionClosed as closed:
            # It was connected, and then closed by the shutdown.
            answered[f"closed with {closed.rcvd.code if closed.rcvd else 1006}"] += 1
        except Exception as error:
            failed[repr(error)] += 1


async def main(url, seconds):
    until = time.monotonic() + float(seconds)
    answered, failed = collections.Counter(), collections.Counter()
    await asyncio.gather(*(client(url, until, answered, failed) for _ in range(8)))
    for who, count in answered.items():
        print(f"{count:6} {who}")
    print(f"{failed.total():6} failed", *failed)


asyncio.run(main(*sys.argv[1:]))
