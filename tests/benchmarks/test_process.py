"""What /proc says, and what it says of this very process."""

import os
from pathlib import Path
from struct import calcsize, unpack_from

from benchmarks.environment import cpu_model
from benchmarks.peers.kinds import KINDS
from benchmarks.peers.server import folded
from benchmarks.process import TICK, parse_io, parse_stat, usage
from benchmarks.run import turned
from benchmarks.scripts import Seat, Writer, write_script, write_table


def test_a_stat_line_is_read_whatever_the_command_is_called() -> None:
    fields = ["S", *("0" for _ in range(10)), "100", "50", "25", "25", "20", "0", "7", "0"]
    line = f"42 (a) b) {' '.join([*fields, '1', '4096', '10', '0'])}"
    cpu, threads, resident = parse_stat(line)
    assert cpu == 200 / TICK
    assert threads == 7
    assert resident == 10 * os.sysconf("SC_PAGE_SIZE")


def test_bytes_written_are_those_for_the_disk() -> None:
    assert parse_io("rchar: 9\nwchar: 8\nread_bytes: 0\nwrite_bytes: 4096\n") == 4096
    assert parse_io("") == 0


def test_this_process_uses_something_and_a_dead_one_nothing() -> None:
    mine = usage(os.getpid())
    assert mine.rss > 1_000_000
    assert mine.descriptors > 2
    assert mine.threads >= 1
    assert usage(2**22 + 1).rss == 0


def test_the_processor_is_named() -> None:
    assert cpu_model("processor\t: 0\nmodel name\t: A B C\n") == "A B C"


def test_servers_take_turns() -> None:
    assert list(turned(KINDS, 1)) == [*KINDS[1:], KINDS[0]]


def test_a_log_says_the_same_thing_once() -> None:
    assert folded("a\nb\nb\nb\na\n") == "a\nb (3 times)\na"


def test_the_files_of_the_generator(tmp_path: Path) -> None:
    table, script = tmp_path / "t", tmp_path / "s"
    write_table(table, [Seat(0, "/a"), Seat(1, "/", "b")])
    assert table.read_text() == "0 /a -\n1 / b\n"
    write_script(script, [Writer(7, (b"xy", b"z"))])
    data = script.read_bytes()
    assert unpack_from("<IIII", data) == (1, 7, 2, 2)
    assert data[calcsize("<IIII") :] == b"xy\x01\x00\x00\x00z"
