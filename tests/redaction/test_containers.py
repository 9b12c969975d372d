"""The walk through nested data: what it rebuilds, what it leaves, and that it ends soon whatever refers to what."""

from __future__ import annotations

import ast
import io
import logging
import os
from collections import ChainMap, OrderedDict, UserDict, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.redaction import Redactor, install, uninstall
from alpines_privacy.redaction.engine.containers import Walk, like
from alpines_privacy.redaction.engine.snapshots import snapshot


class Negated(Walk):
    """A walk that changes the sign of each number, and counts the values it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def member(self, value: Any) -> Any:
        """Return a number with the other sign."""
        self.asked += 1
        if isinstance(value, (dict, list, tuple, set, frozenset, UserDict)):
            return self.container(value)
        return -value if isinstance(value, int) else value


class Point(NamedTuple):
    x: int
    y: int


class Numbers(list[int]):
    pass


REBUILT: dict[str, tuple[Any, Any]] = {
    "list": ([1, "a", 2], [-1, "a", -2]),
    "tuple": ((1, "a"), (-1, "a")),
    "set": ({1}, {-1}),
    "frozen set": (frozenset({1}), frozenset({-1})),
    "named tuple": (Point(1, 2), Point(-1, -2)),
    "a list of a class of its own": (Numbers([1]), [-1]),
    "dict": ({"a": 1}, {"a": -1}),
    "ordered dict": (OrderedDict(a=1), OrderedDict(a=-1)),
    "default dict": (defaultdict(list, a=[1]), defaultdict(list, a=[-1])),
    "another mapping": (UserDict(a=1), {"a": -1}),
    "keys": ({1: "a", "b": 2}, {-1: "a", "b": -2}),
    "inside each other": ([{"a": (1, [2])}], [{"a": (-1, [-2])}]),
}


@pytest.mark.parametrize(("value", "new"), REBUILT.values(), ids=REBUILT)
def test_containers_are_rebuilt_as_they_were(value: Any, new: Any) -> None:
    before = repr(value)
    made = Negated().member(value)
    assert made == new
    assert type(made) is type(new)
    assert repr(value) == before


@given(
    st.recursive(
        st.text(max_size=3) | st.none(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner, inner)
            | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
    )
)
def test_what_stays_is_the_same_object(value: Any) -> None:
    assert Negated().member(value) is value
    assert snapshot(value) is value


def test_keys_that_become_equal_are_numbered() -> None:
    class Named(Walk):
        def member(self, value: Any) -> Any:
            return "x" if value != 1 else value

    assert Named().container({"a": 1, "b": 1, "c": 1}) == {"x": 1, "x 2": 1, "x 3": 1}


def family(size: int) -> list[dict[str, Any]]:
    """Dicts that all refer to each other."""
    members: list[dict[str, Any]] = [{"number": number} for number in range(1, size + 1)]
    for member in members:
        member["others"] = members
    return members


def shared(depth: int) -> list[Any]:
    """Lists that hold the same list twice, within each other."""
    value: list[Any] = [1]
    for _ in range(depth):
        value = [value, value]
    return value


@pytest.mark.parametrize("value", [family(40), shared(40)], ids=["each other", "twice"])
def test_a_container_is_walked_once_however_often_it_occurs(value: Any) -> None:
    walk = Negated()
    walk.member(value)
    assert walk.asked < 300  # five of each member, not of each path


class Counts:
    """An object that counts how often its text is asked for."""

    calls = 0

    def __str__(self) -> str:
        Counts.calls += 1
        return "an order"

    __repr__ = __str__


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s|%(data)s", defaults={"data": ""}))
    LOG.propagate = False
    LOG.addHandler(handler)
    install(Redactor())
    yield stream
    uninstall()
    LOG.removeHandler(handler)


LOG = logging.getLogger("tests.containers")


def test_a_tree_whose_nodes_know_their_parents_is_logged(written: io.StringIO) -> None:
    Counts.calls = 0
    root: dict[str, Any] = {"order": Counts(), "mail": "a@shop.example", "parent": None}
    root["children"] = [{"parent": root, "order": Counts(), "children": []} for _ in range(30)]
    for child in root["children"]:
        child["children"] = [{"parent": child, "order": Counts()} for _ in range(30)]
    LOG.warning("sorted", extra={"data": root})
    LOG.warning("sorted %s", [root, 1])
    assert "an order" in written.getvalue()
    assert "shop.example" not in written.getvalue()
    assert Counts.calls < 8 * 931


def test_an_object_nested_too_deep_is_not_asked_again_later(written: io.StringIO) -> None:
    class Turns:
        def __init__(self) -> None:
            self.calls = 0

        def __str__(self) -> str:
            self.calls += 1
            return "harmless" if self.calls == 1 else "a@shop.example"

        __repr__ = __str__

    deep: list[Any] = [Turns()]
    for _ in range(60):
        deep = [deep]
    LOG.warning("%s", deep)
    assert "shop.example" not in written.getvalue()
    assert "nested too deep" in written.getvalue()


def test_what_only_contains_itself_is_shown_as_it_is(written: io.StringIO) -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    LOG.warning("%s", ring)
    assert written.getvalue() == "[1, [...]]|\n"


def test_named_arguments_from_the_environment_leave_the_environment_alone(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`copy.copy(os.environ)` shares its content, so cleaning a copy would change the process's variables."""
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2secret")
    before = dict(os.environ)
    LOG.warning("%(SHOP_PASSWORD)s", os.environ)
    assert written.getvalue() == "[PASSWORD]|\n"
    assert dict(os.environ) == before


def test_a_node_of_a_syntax_tree_is_an_object(written: io.StringIO) -> None:
    """Its class has `_fields`, as named tuples have, but it has no members."""
    LOG.warning("%s", ast.parse("x"))
    assert "ast.Module object" in written.getvalue()


LIKE: dict[str, tuple[Any, dict[Any, Any], type]] = {
    "dict": ({"a": 1}, {"a": 2}, dict),
    "ordered": (OrderedDict(a=1), {"a": 2}, OrderedDict),
    "other keys": (OrderedDict(a=1), {"b": 2}, dict),
    "more keys": (OrderedDict(a=1), {"a": 2, "b": 2}, dict),
    "no dict": (ChainMap({"a": 1}), {"a": 2}, dict),
}


@pytest.mark.parametrize(("value", "items", "kind"), LIKE.values(), ids=LIKE)
def test_a_mapping_like_another_holds_only_its_own_items(
    value: Any, items: dict[Any, Any], kind: type
) -> None:
    made = like(value, items)
    assert made == items
    assert type(made) is kind
    assert dict(value) == {"a": 1}
