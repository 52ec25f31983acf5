"""Reading log files, whole, rotated, half-written or broken."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quell.errors import BadAnswer, TimedOut, Unreachable
from quell.evidence.logfiles import LogFileSource, thin
from quell.evidence.source import Collected, LogLine, Scope
from quell.incident.events import Window

START = 1_700_000_000.0


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(at: float, text: str = "hello", service: str = "cart", level: str = "info") -> str:
    return json.dumps({"ts": iso(at), "level": level, "service": service, "trace_id": "ab12", "msg": text}) + "\n"


def write(path: Path, *lines: str, at: float = START + 10) -> Path:
    path.write_text("".join(lines))
    os.utime(path, (at, at))
    return path


async def collect(source: LogFileSource, start: float, end: float, *services: str) -> Collected:
    window = Window(start=datetime.fromtimestamp(start, UTC), end=datetime.fromtimestamp(end, UTC))
    return await source.collect(Scope(services=services), window)


def texts(collected: Collected) -> list[str]:
    return [line.text for line in collected.lines]


async def test_lines_of_a_window_come_from_all_files_in_order(tmp_path):
    cart = write(tmp_path / "cart.log", *(line(START + i, f"c{i}") for i in range(0, 10, 2)))
    edge = write(tmp_path / "edge.log", *(line(START + i, f"e{i}", "edge") for i in range(1, 10, 2)))

    collected = await collect(LogFileSource([cart, edge]), START + 2, START + 6)
    assert texts(collected) == ["c2", "e3", "c4", "e5"]
    assert collected.lines[0] == LogLine(at=START + 2, service="cart", level="info", text="c2", trace_id="ab12")
    assert (collected.warnings, collected.truncated, collected.missing) == ([], False, [])


async def test_only_the_services_asked_for_are_given_and_the_silent_are_named(tmp_path):
    path = write(tmp_path / "all.log", line(START, "a"), line(START, "b", "edge"))

    collected = await collect(LogFileSource([path]), START, START + 9, "edge", "payment")
    assert texts(collected) == ["b"]
    assert collected.missing == ["payment"]


async def test_a_window_before_the_rotation_is_read_from_the_predecessor(tmp_path):
    write(tmp_path / "cart.log.1", *(line(START + i, f"old{i}") for i in range(10)))
    path = write(tmp_path / "cart.log", *(line(START + 10 + i, f"new{i}") for i in range(3)))

    collected = await collect(LogFileSource([path]), START + 8, START + 12)
    assert texts(collected) == ["old8", "old9", "new0", "new1"]


async def test_between_the_renaming_and_the_new_file_the_predecessor_answers(tmp_path):
    write(tmp_path / "cart.log.1", line(START, "old"))

    assert texts(await collect(LogFileSource([tmp_path / "cart.log"]), START, START + 1)) == ["old"]


async def test_a_file_that_is_its_own_predecessor_is_read_once(tmp_path):
    path = write(tmp_path / "cart.log", line(START, "once"))
    os.link(path, tmp_path / "cart.log.1")

    assert texts(await collect(LogFileSource([path]), START, START + 1)) == ["once"]


async def test_lines_a_little_out_of_order_are_all_found(tmp_path):
    lines = [line(START + i + (3 if i % 2 else 0), f"{i}") for i in range(200)]
    path = write(tmp_path / "cart.log", *lines)

    collected = await collect(LogFileSource([path]), START + 100, START + 110)
    expected = {f"{i}" for i in range(200) if 100 <= i + (3 if i % 2 else 0) < 110}
    assert set(texts(collected)) == expected
    assert [x.at for x in collected.lines] == sorted(x.at for x in collected.lines)


async def test_one_line_from_1970_does_not_end_the_reading(tmp_path):
    path = write(tmp_path / "cart.log", line(START, "first"), line(0, "liar"), line(START + 1, "last"))

    assert texts(await collect(LogFileSource([path]), START, START + 9)) == ["first", "last"]


async def test_lines_that_cannot_be_read_are_counted_and_the_others_stay(tmp_path):
    broken = [
        "not json\n",
        "[1, 2]\n",
        '{"msg": "no time"}\n',
        '{"ts": "yesterday", "msg": "x"}\n',
        "\n",
        "[" * 5000 + "\n",
    ]
    path = write(tmp_path / "cart.log", line(START, "one"), *broken, line(START + 1, "two"))

    collected = await collect(LogFileSource([path]), START, START + 9)
    assert texts(collected) == ["one", "two"]
    assert collected.warnings == ["cart.log: 5 lines could not be read"]


async def test_a_last_line_still_being_written_is_no_fault(tmp_path):
    path = write(tmp_path / "cart.log", line(START, "one"), line(START + 1, "two")[:20])

    collected = await collect(LogFileSource([path]), START, START + 9)
    assert (texts(collected), collected.warnings) == (["one"], [])


async def test_bytes_that_are_no_text_are_replaced_in_their_line(tmp_path):
    path = tmp_path / "cart.log"
    path.write_bytes(line(START, "caf#").encode().replace(b"#", b"\xe9"))
    os.utime(path, (START, START))

    assert texts(await collect(LogFileSource([path]), START, START + 9)) == ["caf\ufffd"]


async def test_fields_of_other_types_and_names_are_taken_as_text(tmp_path):
    records = [
        {"timestamp": START * 1000, "severity": "ERROR", "message": {"code": 7}},
        {"time": START + 1, "msg": None, "level": None, "service": 12},
    ]
    path = write(tmp_path / "cart.log", *(json.dumps(record) + "\n" for record in records))

    first, second = (await collect(LogFileSource([path]), START, START + 9)).lines
    assert (first.service, first.level, first.text) == ("cart", "error", "{'code': 7}")
    assert (second.service, second.level, second.text) == ("12", "info", "")


async def test_a_line_as_long_as_a_book_is_cut(tmp_path):
    path = write(tmp_path / "cart.log", line(START, "x" * 300_000), line(START + 1, "short"))

    collected = await collect(LogFileSource([path]), START, START + 9)
    assert [len(text) for text in texts(collected)] == [2000, 5]


async def test_a_missing_file_is_named_and_the_others_are_read(tmp_path):
    path = write(tmp_path / "cart.log", line(START, "here"))

    collected = await collect(LogFileSource([path, tmp_path / "edge.log"]), START, START + 9)
    assert texts(collected) == ["here"]
    assert collected.missing == ["edge"]
    assert any("edge.log: No such file" in warning for warning in collected.warnings)


async def test_no_file_at_all_is_unreachable(tmp_path):
    with pytest.raises(Unreachable, match=r"cart\.log: No such file"):
        await collect(LogFileSource([tmp_path / "cart.log"]), START, START + 9)
    with pytest.raises(Unreachable, match="no file is configured"):
        await LogFileSource([]).check()


async def test_a_pipe_in_the_place_of_a_file_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "cart.log")

    with pytest.raises(Unreachable, match="not a regular file"):
        await collect(LogFileSource([tmp_path / "cart.log"]), START, START + 9)


async def test_a_directory_in_the_place_of_a_file_is_named(tmp_path):
    (tmp_path / "cart.log").mkdir()

    with pytest.raises(Unreachable, match="not a regular file"):
        await collect(LogFileSource([tmp_path / "cart.log"]), START, START + 9)


async def test_files_of_nothing_but_garbage_are_a_bad_answer(tmp_path):
    path = write(tmp_path / "cart.log", "garbage\n" * 10)

    with pytest.raises(BadAnswer, match="none of 10 log lines"):
        await collect(LogFileSource([path]), START, START + 9)


async def test_an_empty_file_holds_no_lines_and_is_no_error(tmp_path):
    path = write(tmp_path / "cart.log")

    assert texts(await collect(LogFileSource([path]), START, START + 9)) == []


async def test_reading_stops_at_the_size_limit_with_the_newest_lines_and_says_so(tmp_path):
    path = write(tmp_path / "cart.log", *(line(START + i / 100, f"{i}") for i in range(5000)))

    collected = await collect(LogFileSource([path], max_bytes=100_000), START, START + 99)
    assert collected.truncated
    assert 900 < len(collected.lines) < 1100
    assert texts(collected)[-1] == "4999"
    assert any("size limit" in warning for warning in collected.warnings)


async def test_only_the_end_of_a_large_file_is_read_for_a_recent_window(tmp_path):
    path = write(tmp_path / "cart.log", *(line(START + i / 100, f"{i}") for i in range(5000)))

    collected = await collect(LogFileSource([path], max_bytes=200_000), START + 45, START + 99)
    assert (len(collected.lines), collected.truncated) == (500, False)


async def test_more_lines_than_the_bound_are_spread_over_the_window_and_rare_ones_stay(tmp_path):
    many = [line(START + i / 100, f"{i}") for i in range(3000)]
    rare = [line(START + 15 + i, "boom", level="error") for i in range(5)]
    path = write(tmp_path / "cart.log", *many, *rare)

    collected = await collect(LogFileSource([path], max_lines=300), START, START + 99)
    infos = [x.at - START for x in collected.lines if x.level == "info"]
    assert len(collected.lines) == 300
    assert texts(collected).count("boom") == 5
    assert all(any(i <= at < i + 3 for at in infos) for i in range(0, 30, 3))
    assert collected.truncated
    assert "300 of 3005 lines were kept, spread evenly over the window" in collected.warnings


def test_fewer_groups_than_room_are_thinned_to_the_bound_exactly():
    lines = [LogLine(at=float(i), service=f"s{i % 7}", level="info", text="") for i in range(1000)]

    assert len(thin(lines, 100)) == 100
    assert [x.at for x in thin(lines, 100)] == sorted(x.at for x in thin(lines, 100))


@pytest.mark.parametrize(("skew_s", "side"), [(300, "ahead of"), (-300, "behind")])
async def test_a_service_clock_five_minutes_off_is_named(tmp_path, skew_s, side):
    path = write(tmp_path / "cart.log", *(line(START + i + skew_s) for i in range(10)), at=START + 9)

    collected = await collect(LogFileSource([path]), START, START + 10)
    assert collected.warnings == [f"cart.log: its times are 300 s {side} the clock of this machine"]


async def test_reading_for_too_long_is_timed_out(tmp_path):
    path = write(tmp_path / "cart.log", *(line(START + i / 100, "x" * 200) for i in range(20_000)))

    with pytest.raises(TimedOut, match="were not read within"):
        await collect(LogFileSource([path], timeout_s=0.001), START, START + 999)


async def test_the_query_can_be_typed_and_names_window_and_services(tmp_path):
    path = write(tmp_path / "cart.log", line(START))

    collected = await collect(LogFileSource([path]), START, START + 9, "cart")
    assert collected.query == (
        'jq -c \'select(.ts >= "2023-11-14T22:13:20.000Z" and .ts < "2023-11-14T22:13:29.000Z" '
        f'and (.service == "cart"))\' {path}.1 {path}'
    )
