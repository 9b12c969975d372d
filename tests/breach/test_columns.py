"""Which column holds what: as said, else guessed by what rows hold and columns are called."""

from __future__ import annotations

import pytest

from alpines_privacy.breach.columns import guess_columns, named_columns
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.sources.source import Row

ADDRESS = "a@x.com"

# Columns, a row of theirs, what is said, and the columns of each field.
GUESSED = {
    "by their names": (["id", "email", "name"], ["1", ADDRESS, "A"], [], {"email": [1], "person": [0], "name": [2]}),
    "an address by what it is": (["número", "correo"], ["1", ADDRESS], [], {"email": [1]}),
    "no head": (["1", "2"], [ADDRESS, "A"], [], {"email": [0]}),
    "the one that is named so": (["email", "backup"], [ADDRESS, ADDRESS], [], {"email": [0]}),
    "a postal address is none": (["Address", "Mail"], ["High St", ADDRESS], [], {"email": [1], "postal": [0]}),
    "first and last name": (["Mail", "Last name", "First"], [ADDRESS, "B", "A"], [], {"email": [0], "name": [2, 1]}),
    "as said": (["a", "b"], [ADDRESS, ADDRESS], ["email=b"], {"email": [1]}),
    "in any case": (["Mail", "Who"], [ADDRESS, ""], ["name=who"], {"email": [0], "name": [1]}),
    "several, as said": (["m", "g", "f"], [ADDRESS, "A", "B"], ["name=g+f"], {"email": [0], "name": [1, 2]}),
    "a column with a plus": (["m", "g+f"], [ADDRESS, "A"], ["name=g+f"], {"email": [0], "name": [1]}),
    "what is said is no other field": (["m", "name"], [ADDRESS, "1"], ["person=name"], {"email": [0], "person": [1]}),
    "an opt-out is nobody's field": (["email", "unsubscribed"], [ADDRESS, "1"], [], {"email": [0]}),
}  # fmt: skip


@pytest.mark.parametrize("case", GUESSED)
def test_columns_are_guessed(case: str) -> None:
    names, row, said, expected = GUESSED[case]
    columns = guess_columns(names, [Row(2, row)], named_columns(said, names))
    assert {field: [*places] for field, places in columns.places.items()} == expected


REFUSED = {
    "nothing": (["id"], ["1"], [], "no column holds mail addresses"),
    "several": (["work", "home"], [ADDRESS, ADDRESS], [], r"several columns hold mail addresses \(work, home\)"),
    "an unknown field": (["m"], [ADDRESS], ["mail=m"], "maps nothing"),
    "an unknown column": (["m"], [ADDRESS], ["email=n"], "no column"),
    "no column": (["m"], [ADDRESS], ["email="], "maps nothing"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_told_is_refused(case: str) -> None:
    names, row, said, problem = REFUSED[case]
    with pytest.raises(BreachError, match=problem) as raised:
        guess_columns(names, [Row(2, row)], named_columns(said, names))
    assert ADDRESS not in str(raised.value)


def test_who_opted_out_is_shown_and_not_left_out() -> None:
    names = ["email", "Opt-Out", "newsletter", "shop"]
    columns = guess_columns(names, [Row(2, [ADDRESS, "1", "1", "1"])], {})
    assert columns.opt_outs == ["Opt-Out", "newsletter"]
    assert columns.facts()[-1] == ("not kept", "Opt-Out, newsletter, shop")
