"""Record batches: text redacted wherever a schema has any, all else the very same arrays."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy.policy import Logs, PrivacyPolicy
from alpines_privacy.redaction import Redactor
from tests.conftest import need
from tests.support.processes import need_shared_locks

pa: Any = pytest.importorskip("pyarrow", reason="needs pyarrow")
redact_batches: Any = pytest.importorskip("alpines_privacy.redaction.arrow").redact_batches

MAIL = "ayesha@shop.example"
TEXT = pa.string()

# name: an array of three, the second of them null wherever it can be
ARRAYS = {
    "string": pa.array([MAIL, None, "x"]),
    "large string": pa.array([MAIL, None, "x"], pa.large_string()),
    "string view": pa.array([f"{MAIL} and more than fits", None, "x"], pa.string_view()),
    "dictionary": pa.array([MAIL, None, "x"]).dictionary_encode(),
    "ordered dictionary": pa.DictionaryArray.from_arrays([0, None, 1], [MAIL, "x"], ordered=True),
    "list": pa.array([[MAIL, None], None, ["x"]]),
    "large list": pa.array([[MAIL, "x"], None, []], pa.large_list(TEXT)),
    "list view": pa.array([[MAIL], None, ["x"]], pa.list_view(TEXT)),
    "large list view": pa.array([[MAIL], None, ["x"]], pa.large_list_view(TEXT)),
    "fixed size list": pa.array([[MAIL, "x"], None, ["x", MAIL]], pa.list_(TEXT, 2)),
    "struct": pa.array([{"of": MAIL, "n": 1}, None, {"of": None, "n": 2}]),
    "map": pa.array([[("of", MAIL)], None, [("x", None)]], pa.map_(TEXT, TEXT)),
    "map of lists": pa.array([[(MAIL, [MAIL])], None, []], pa.map_(TEXT, pa.list_(TEXT))),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 3], [MAIL, "x"]),
    "JSON": pa.array([f'{{"of": "{MAIL}"}}', None, "1"], pa.json_()),
    "deep": pa.array([[{"a": [MAIL], "b": {"c": "x"}}], None, [None]]),
}
UNTOUCHED = {
    "clean": pa.array(["x", None, "y"]),
    "clean list": pa.array([["x"], None, []]),
    "clean struct": pa.array([{"a": "x"}, None, {"a": None}]),
    "clean map": pa.array([[("a", "x")], None, []], pa.map_(TEXT, TEXT)),
    "clean dictionary": pa.array(["x", None, "y"]).dictionary_encode(),
    "numbers": pa.array([1, None, 3]),
    "binary": pa.array([MAIL.encode(), None, b""]),
    "nothing": pa.nulls(3),
    "times": pa.array([0, None, 1], pa.timestamp("us", "UTC")),
}
SLICES = [slice(0, 3), slice(1, 3), slice(0, 1), slice(2, 3), slice(0, 0)]

BATCH = pa.RecordBatch.from_pydict(
    {"email": ["someone", None], "password": ["hunter2", "hunter3"], "note": [MAIL, "x"]}
)


def one(batch: Any, *arguments: Any) -> Any:
    (redacted,) = redact_batches([batch], *arguments)
    redacted.validate(full=True)
    assert redacted.schema.equals(batch.schema, check_metadata=True)
    return redacted


@pytest.mark.parametrize("part", SLICES, ids=str)
@pytest.mark.parametrize("kind", ARRAYS)
def test_text_is_redacted_in_every_kind_of_array(kind: str, part: slice) -> None:
    schema = pa.schema([pa.field("about", ARRAYS[kind].type)], metadata={"of": "us"})
    array = ARRAYS[kind][part.start : part.stop]
    redacted = one(pa.RecordBatch.from_arrays([array], schema=schema))
    assert str(redacted[0].to_pylist()) == str(array.to_pylist()).replace(MAIL, "[EMAIL]")


@pytest.mark.parametrize("kind", UNTOUCHED)
def test_what_holds_no_personal_text_is_not_copied(kind: str) -> None:
    array = UNTOUCHED[kind]
    batch = pa.RecordBatch.from_arrays([array, ARRAYS["string"]], ["about", "other"])
    redacted = one(batch)
    addresses = [buffer and buffer.address for buffer in array.buffers()]
    assert [buffer and buffer.address for buffer in redacted[0].buffers()] == addresses
    clean = pa.RecordBatch.from_arrays([array], ["about"])
    assert one(clean) is clean


def test_names_of_columns_fields_and_entries_are_keys() -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "password": ["hunter2"],
            "login": [{"password": "hunter2", "n": 1}],
            "headers": pa.array(
                [[("Authorization", "Basic YTpi"), ("n", "1")]], pa.map_(TEXT, TEXT)
            ),
        }
    )
    told = str(one(batch).to_pydict())
    assert "hunter2" not in told
    assert "YTpi" not in told
    assert "('n', '1')" in told


def test_policy_and_columns_say_what_is_redacted() -> None:
    kept = PrivacyPolicy(logs=Logs(email="keep"))
    assert one(BATCH, kept).to_pydict()["note"] == [MAIL, "x"]
    only = one(BATCH, None, ["note"]).to_pydict()
    assert only == {**BATCH.to_pydict(), "note": ["[EMAIL]", "x"]}
    with pytest.raises(KeyError, match=r"no column 'notes'; the batch has email, password, note"):
        one(BATCH, None, ["notes"])


@settings(max_examples=40)
@given(
    st.lists(
        st.none() | st.text() | st.sampled_from([MAIL, f"<{MAIL}>", "203.0.113.7"]), max_size=5
    )
)
def test_a_column_is_redacted_value_by_value(values: list[str | None]) -> None:
    values = [value and value.encode("utf-8", "replace").decode() for value in values]
    redactor = Redactor()
    expected = [value and redactor.redact_value("about", value) for value in values]
    batch = pa.RecordBatch.from_arrays([pa.array(values, TEXT)], ["about"])
    assert one(batch).to_pydict() == {"about": expected}


def test_batches_stream() -> None:
    def endless() -> Iterator[Any]:
        while True:
            yield BATCH

    batches = redact_batches(endless())
    assert next(batches).to_pydict() == next(batches).to_pydict()


def test_it_can_be_sent_to_other_machines() -> None:
    sent = partial(redact_batches, policy=PrivacyPolicy(logs=Logs(ip="mark")), columns=["note"])
    (redacted,) = pickle.loads(pickle.dumps(sent))([BATCH])  # noqa: S301 - our own
    assert redacted.to_pydict()["note"] == ["[EMAIL]", "x"]


def test_it_runs_on_a_dask_cluster_of_two_processes() -> None:
    """A partition of a bag is an iterator over batches; what is made of it is kept as a list."""
    need("Dask", find_spec("distributed") is not None, "pip install dask distributed")
    need_shared_locks()
    bags: Any = import_module("dask.bag")
    distributed: Any = import_module("distributed")
    batches = [
        pa.RecordBatch.from_pydict({"n": [n], "note": [f"{n} from {MAIL}"]}) for n in range(8)
    ]
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len({os.getpid(), *client.run(os.getpid).values()}) == 3
        bag = bags.from_sequence(batches, npartitions=4)
        redacted = bag.map_partitions(lambda part: list(redact_batches(part))).compute()
    assert [batch.to_pydict() for batch in redacted] == [
        {"n": [n], "note": [f"{n} from [EMAIL]"]} for n in range(8)
    ]
