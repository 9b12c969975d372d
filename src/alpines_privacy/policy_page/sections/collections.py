"""The declared collections: what each path of the site takes, why, and how long it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alpines_privacy.policy import Collection
from alpines_privacy.policy_page.document import Block, Bullets, Code, Inline, Table
from alpines_privacy.policy_page.sections.logs import kind_names
from alpines_privacy.policy_page.writing import Writing

__all__ = ["at_signups", "collection_blocks", "purposes"]


def collection_blocks(page: Writing) -> Iterator[Block]:
    """Write the table of §1, and what becomes of data that is not in it."""
    say = page.say
    if page.policy.collections:
        yield Table(
            say.word("The personal data that forms take"),
            (say.word("Where"), say.word("What"), say.word("Purpose"), say.word("Kept")),
            tuple(_row(page, collection) for collection in page.policy.collections),
        )
    if page.policy.strict and page.enforces:
        yield page.paragraph(
            "Other personal data that is recognised in what is sent to the site is refused."
        )


def _row(page: Writing, collection: Collection) -> tuple[Inline, ...]:
    say = page.say
    what = [*((Code(field),) for field in collection.fields), *kind_names(say, collection.kinds)]
    kept = say.own(collection.retention) if collection.retention else say.word("not stated")
    return (Code(collection.path),), say.listed(what), (say.own(collection.purpose),), (kept,)


def at_signups(page: Writing) -> list[Collection]:
    """Return the collections at paths where accounts are created."""
    paths = {signup.path for signup in page.policy.signups}
    return [collection for collection in page.policy.collections if collection.path in paths]


def purposes(page: Writing, collections: Sequence[Collection]) -> Iterator[Block]:
    """Write each purpose once."""
    once = dict.fromkeys(collection.purpose for collection in collections)
    yield Bullets(tuple((page.say.own(purpose),) for purpose in once))
