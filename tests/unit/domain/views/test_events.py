"""Infrahub's events, counted from where the last look ended."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import pytest

from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON, Family
from infrahub_exporter.domain.views.collecting import Question
from infrahub_exporter.domain.views.events import PAGE, PAGES, Memory, events
from tests.unit.domain.views.test_collectors import edges, lines

START = datetime(2026, 11, 2, 8, tzinfo=timezone.utc)


class Log:
    """Events as an Infrahub keeps them, and what was asked of it."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, datetime]] = []
        self.asked: list[Question] = []

    def add(self, name: str, at: float, *, times: int = 1) -> None:
        for _ in range(times):
            self.kept.append((f"e{len(self.kept)}", name, START + timedelta(seconds=at)))

    def answer(self, question: Question) -> Mapping[str, JSON]:
        self.asked.append(question)
        kept = sorted(self.kept, key=lambda each: each[2])
        if not question.variables:
            chosen = kept[-1:]
        else:
            since, offset = question.variables["since"], question.variables["offset"]
            assert isinstance(since, str)
            assert isinstance(offset, int)
            chosen = [each for each in kept if each[2] >= datetime.fromisoformat(since)][offset : offset + PAGE]
        found = [{"id": identifier, "event": name, "occurred_at": at.isoformat()} for identifier, name, at in chosen]
        return {"InfrahubEvent": edges(*found)}


def look(log: Log, memory: Memory) -> list[str]:
    collecting = events(memory)
    try:
        question = next(collecting)
        while True:
            question = collecting.send(log.answer(question))
    except StopIteration as end:
        families: tuple[Family, ...] = end.value
    return lines(families)


def test_what_was_there_before_the_first_look_is_not_counted() -> None:
    log, memory = Log(), Memory()
    log.add("infrahub.node.created", 0.0, times=3)
    log.add("infrahub.branch.merged", 5.0)
    assert look(log, memory) == []
    assert [question.document.count("DESC") for question in log.asked] == [1, 0]
    log.add("infrahub.node.updated", 6.0, times=2)
    log.add("infrahub.node.created", 7.5)
    assert look(log, memory) == [
        'infrahub_events{event="infrahub.node.created"} 1',
        'infrahub_events{event="infrahub.node.updated"} 2',
        'infrahub_event_last_timestamp_seconds{event="infrahub.node.created"} 1793606407.5',
        'infrahub_event_last_timestamp_seconds{event="infrahub.node.updated"} 1793606406',
    ]


def test_each_event_counts_once_however_often_it_is_told() -> None:
    log, memory = Log(), Memory()
    assert look(log, memory) == []
    log.add("x", 0.0, times=2)
    log.add("x", 4.0)
    for _ in range(3):
        assert look(log, memory)[0] == 'infrahub_events{event="x"} 3'


def test_one_that_comes_late_is_counted_where_others_are_little_later() -> None:
    log, memory = Log(), Memory()
    log.add("x", 0.0)
    look(log, memory)
    log.add("x", 30.0)
    look(log, memory)
    log.add("x", 21.0)
    assert look(log, memory)[0] == 'infrahub_events{event="x"} 2'
    log.add("x", 12.0)
    assert look(log, memory)[0] == 'infrahub_events{event="x"} 2'


def test_more_than_a_round_reads_is_read_by_the_next_one() -> None:
    log, memory = Log(), Memory()
    log.add("old", 0.0)
    look(log, memory)
    for second in range(1, 1201):
        log.add("x", second / 1000)
    log.asked.clear()
    assert look(log, memory)[0] == f'infrahub_events{{event="x"}} {PAGES * PAGE - 1}'
    assert len(log.asked) == PAGES
    assert look(log, memory)[0] == 'infrahub_events{event="x"} 1200'
    log.asked.clear()
    assert look(log, memory)[0] == 'infrahub_events{event="x"} 1200'


def test_a_look_that_breaks_off_counts_nothing_twice() -> None:
    log, memory = Log(), Memory()
    look(log, memory)
    log.add("x", 1.0, times=PAGE + 1)
    collecting = events(memory)
    next(collecting)
    collecting.send(log.answer(log.asked[-1]))
    collecting.close()
    assert look(log, memory)[0] == f'infrahub_events{{event="x"}} {PAGE + 1}'


def test_an_event_of_no_time_is_refused() -> None:
    collecting = events(Memory())
    next(collecting)
    with pytest.raises(DerivationError) as raised:
        collecting.send({"InfrahubEvent": edges({"id": "e", "occurred_at": "soon"})})
    assert str(raised.value) == "expected an instant in an event's occurred_at"
