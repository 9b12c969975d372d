"""§6, intruders: the table of counters against a dictionary, and its bound."""

from __future__ import annotations

from sys import getsizeof

from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.intrusion.table import Entry, Table

KEYS = st.integers(0, 300).map(str)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers(1, 50), st.integers(0, 2**32 - 1)),
        st.tuples(st.just("drop"), KEYS, st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.integers(0, 9), st.just(0)),
    ),
    max_size=400,
)


@given(STEPS)
def test_it_answers_as_a_dictionary_does(steps: list[tuple[str, str, int, int]]) -> None:
    table, model, now = Table(15, weight=int), dict[str, Entry](), 1_000
    for step, key, seconds, value in steps:
        if step == "put":
            model[key] = Entry(now + seconds, value)
            table.put(key, model[key], now)
        elif step == "drop":
            table.drop(key)
            model.pop(key, None)
        else:
            now += seconds
    living = {key: entry for key, entry in model.items() if entry.expires > now}
    assert {key: table.get(key, now) for key in map(str, range(301))} == {
        key: living.get(key) for key in map(str, range(301))
    }


def test_many_entries_take_few_bytes_each_and_all_are_found() -> None:
    table = Table(15, weight=int)
    for number in range(50_000):
        table.put(str(number), Entry(100, number), now=0)
    assert all(table.get(str(number), 0) == Entry(100, number) for number in range(50_000))
    pages = {id(page): page for page in table._pages}.values()
    size = getsizeof(table._pages) + sum(getsizeof(page) + getsizeof(page.slots) for page in pages)
    assert size / 50_000 < 40


def test_a_stream_of_keys_without_end_stays_within_the_bound_and_leaves_the_heavier_entries() -> (
    None
):
    table = Table(4, weight=int)
    heavy = [f"heavy {number}" for number in range(100)]
    for key in heavy:
        table.put(key, Entry(100, 9), now=0)
    for number in range(20_000):
        table.put(str(number), Entry(200, 1), now=0)
    assert len(table) <= 16 * 64
    assert len({id(page) for page in table._pages}) == 16
    assert all(table.get(key, 0) == Entry(100, 9) for key in heavy)


def test_expired_entries_make_room_before_living_ones_go() -> None:
    table = Table(0, weight=int)
    for number in range(63):
        table.put(str(number), Entry(10, 5), now=0)
    table.put("light", Entry(100, 1), now=0)
    table.put("new", Entry(100, 1), now=50)
    assert [table.get(key, 50) for key in ("light", "new", "0")] == [
        Entry(100, 1),
        Entry(100, 1),
        None,
    ]
