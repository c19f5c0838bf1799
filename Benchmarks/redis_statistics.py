"""What Redis counts of its commands, those that scripts call included."""

import socket


def commands(port):
    """{command: calls} since Redis started."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, connection.makefile("rwb") as stream:
        stream.write(b"INFO commandstats\r\n")
        stream.flush()
        text = stream.read(int(stream.readline()[1:])).decode()
    lines = [line.removeprefix("cmdstat_").split(":", 1) for line in text.split() if line.startswith("cmdstat_")]
    return {name: int(statistics.split("calls=")[1].split(",")[0]) for name, statistics in lines}


def difference(before, after):
    return {name: calls - before.get(name, 0) for name, calls in after.items() if calls != before.get(name, 0)}
