"""Arrow record batches without personal data, for archives larger than a machine.

`redact_batches` takes and gives an iterator over batches, as Dask, Spark and Ray Data map over their
partitions (docs/archives.md). Needs pyarrow: `pip install 'alpines-privacy[arrow]'`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import repeat
from typing import Any

try:
    import pyarrow as pa
    import pyarrow.types as is_type
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "pyarrow is not installed: pip install 'alpines-privacy[arrow]'", name=error.name
    ) from None

from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.redaction.engine.redactor import Redactor

__all__ = ["redact_batches"]


def redact_batches(
    batches: Iterable[pa.RecordBatch],
    policy: PrivacyPolicy | None = None,
    columns: Collection[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the batches with the text in their columns redacted, in the same schema.

    Text is every kind of string, in dictionaries, lists, structs and maps too; the name of its
    column, field or map entry counts as its key. Nulls, numbers and binary values stay. Only `columns`
    are redacted, where given. A column without personal data is the same array, not a copy.

    Raises KeyError for a column that a batch does not have.
    """
    redactor = Redactor(policy)
    for batch in batches:
        yield _batch(batch, redactor, columns)


def _batch(
    batch: pa.RecordBatch, redactor: Redactor, columns: Collection[str] | None
) -> pa.RecordBatch:
    names = batch.schema.names
    for column in columns or ():
        if column not in names:
            raise KeyError(f"no column {column!r}; the batch has {', '.join(names)}")
    old = batch.columns
    new = [
        array if columns is not None and name not in columns else _array(array, name, redactor)
        for name, array in zip(names, old, strict=True)
    ]
    return batch if _same(new, old) else pa.RecordBatch.from_arrays(new, schema=batch.schema)


def _array(array: pa.Array, key: str, redactor: Redactor) -> pa.Array:
    """Return an array with its text redacted; the same array where there is nothing to redact."""
    for is_kind, redacted in _KINDS:
        if is_kind(array.type):
            return redacted(array, key, redactor)
    return array


def _text(array: pa.Array, key: str, redactor: Redactor) -> pa.Array:
    return _under(repeat(key), array, redactor)


def _under(keys: Iterable[str], array: pa.Array, redactor: Redactor) -> pa.Array:
    """Redact each text of an array under its key."""
    old = array.to_pylist()
    new = [
        None if value is None else redactor.redact_value(key, value)
        for key, value in zip(keys, old, strict=False)
    ]
    return array if _same(new, old) else pa.array(new, array.type)


def _dictionary(array: pa.DictionaryArray, key: str, redactor: Redactor) -> pa.Array:
    old = array.dictionary
    new = _array(old, key, redactor)
    if new is old:
        return array
    return pa.DictionaryArray.from_arrays(array.indices, new, ordered=array.type.ordered)


def _list(array: Any, key: str, redactor: Redactor) -> pa.Array:
    old = array.values
    new = _array(old, key, redactor)
    return array if new is old else _around(array, [new])


def _runs(array: pa.RunEndEncodedArray, key: str, redactor: Redactor) -> pa.Array:
    old = array.values
    new = _array(old, key, redactor)
    return array if new is old else _around(array, [array.run_ends, new])


def _struct(array: pa.StructArray, _: str, redactor: Redactor) -> pa.Array:
    fields = [array.type.field(index) for index in range(array.type.num_fields)]
    old = [array.field(index) for index in range(len(fields))]
    new = [_array(child, field.name, redactor) for child, field in zip(old, fields, strict=True)]
    if _same(new, old):
        return array
    return pa.StructArray.from_arrays(new, fields=fields, mask=array.is_null())


def _map(array: pa.MapArray, key: str, redactor: Redactor) -> pa.Array:
    """Redact a map's keys as text, and each item under its own key."""
    keys, items = old = [array.keys, array.items]
    new = [_array(keys, key, redactor), _items(keys, items, redactor)]
    if _same(new, old):
        return array
    fields = [array.type.key_field, array.type.item_field]
    return _around(array, [pa.StructArray.from_arrays(new, fields=fields)])


def _items(keys: pa.Array, items: pa.Array, redactor: Redactor) -> pa.Array:
    if _is_text(items.type) and _is_text(keys.type):
        return _under(keys.to_pylist(), items, redactor)
    return _array(items, "", redactor)


def _extension(array: pa.ExtensionArray, key: str, redactor: Redactor) -> pa.Array:
    old = array.storage
    new = _array(old, key, redactor)
    return array if new is old else pa.ExtensionArray.from_storage(array.type, new)


def _around(array: pa.Array, children: list[pa.Array]) -> pa.Array:
    """Return an array of the same shape (also of a slice) with other children."""
    own = array.buffers()[: _OWN_BUFFERS.get(type(array), 2)]
    return pa.Array.from_buffers(
        array.type, len(array), own, array.null_count, array.offset, children
    )


def _same(new: list[Any], old: list[Any]) -> bool:
    return all(one is other for one, other in zip(new, old, strict=True))


def _is_text(kind: pa.DataType) -> bool:
    return any(test(kind) for test in _TEXTS)


def _is_list(kind: pa.DataType) -> bool:
    return any(test(kind) for test in _LISTS)


_TEXTS = (is_type.is_string, is_type.is_large_string, is_type.is_string_view)
_LISTS = (
    is_type.is_list,
    is_type.is_large_list,
    is_type.is_fixed_size_list,
    is_type.is_list_view,
    is_type.is_large_list_view,
)

# The number of buffers of an array before those of its children, where it is not two.
_OWN_BUFFERS: dict[type, int] = {
    pa.FixedSizeListArray: 1,
    pa.ListViewArray: 3,
    pa.LargeListViewArray: 3,
    pa.RunEndEncodedArray: 1,
}

_KINDS: tuple[
    tuple[Callable[[pa.DataType], bool], Callable[[Any, str, Redactor], pa.Array]], ...
] = (
    (_is_text, _text),
    (is_type.is_dictionary, _dictionary),
    (_is_list, _list),
    (is_type.is_map, _map),
    (is_type.is_struct, _struct),
    (is_type.is_run_end_encoded, _runs),
    (lambda kind: isinstance(kind, pa.BaseExtensionType), _extension),
)
