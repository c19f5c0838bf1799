"""A relay in front of Redis that sees the round trips: what is sent in one go, until the reply comes."""

import asyncio
import threading
import time
from dataclasses import dataclass, field


@dataclass
class RoundTrip:
    began: float
    # (command, first key) of each.
    commands: list = field(default_factory=list)


class RedisTap:
    """Listens on `port` from `start` on, on a thread of its own."""

    def __init__(self, redis_port):
        self._redis_port = redis_port
        self._loop = asyncio.new_event_loop()
        self.trips = []

    def __enter__(self):
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._server.close()
        # So that those that were cancelled end.
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader, writer):
        redis_reader, redis_writer = await asyncio.open_connection("127.0.0.1", self._redis_port)
        connection = _Connection(self.trips)
        try:
            await asyncio.gather(
                self._copy(reader, redis_writer, connection.sent), self._copy(redis_reader, writer, connection.replied)
            )
        except OSError:
            # Drawbridge has left in the middle of a reply.
            pass
        finally:
            writer.close()
            redis_writer.close()

    @staticmethod
    async def _copy(source, destination, seen):
        while data := await source.read(65_536):
            seen(data)
            destination.write(data)
            await destination.drain()
        destination.close()


class _Connection:
    def __init__(self, trips):
        self._trips, self._current, self._rest = trips, None, b""

    def sent(self, data):
        if self._current is None:
            self._current = RoundTrip(time.monotonic())
            self._trips.append(self._current)
        self._rest += data
        while command := self._next():
            self._current.commands.append(command)

    def replied(self, _):
        self._current = None

    def _next(self):
        """Takes the next whole command: *3 $3 SET $1 k $1 v, each with CR LF behind."""
        words, at = [], self._rest.find(b"\r\n")
        if at < 0:
            return None
        count, at = int(self._rest[1:at]), at + 2
        for _ in range(count):
            end = self._rest.find(b"\r\n", at)
            if end < 0:
                return None
            at, length = end + 2, int(self._rest[at + 1 : end])
            if len(self._rest) < at + length + 2:
                return None
            words.append(self._rest[at : at + length])
            at += length + 2
        self._rest = self._rest[at:]
        # A script's keys come behind its text or digest and their number.
        name, place = words[0].decode().upper(), 3 if words[0][:4].upper() == b"EVAL" else 1
        return name, words[place].decode(errors="replace") if len(words) > place else ""
