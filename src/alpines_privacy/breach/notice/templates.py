"""The templates of a notice: the operator's before the shipped ones, in a sandbox, and their errors by file and line.

`notice.ur.txt` and `notice.ur.html` serve one language. `notice.txt` and `notice.html` serve all if
they take their headings from `words`, and the incident's own language if they do not: no message
has its headings in another language than its texts. `subject.txt` is chosen the same way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from os.path import normpath
from pathlib import Path
from typing import Any, Literal, NamedTuple

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy.language_tag import LANGUAGE_TAG

__all__ = ["Chosen", "Part", "Templates"]

Part = Literal["subject.txt", "notice.txt", "notice.html"]
_PARTS: tuple[Part, ...] = ("subject.txt", "notice.txt", "notice.html")
_NAMED = re.compile(
    rf"(?P<stem>subject|notice)(?:\.(?P<tag>{LANGUAGE_TAG.pattern}))?\.(?P<kind>txt|html)"
)
_SHIPPED = "builtin"  # as others extend them: {% extends "builtin/notice.html" %}
_PARAGRAPH = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_CATALOGUES = "*/LC_MESSAGES/alpines_privacy_notice.mo"
_LONGEST = 1 << 20  # bytes of a template


class Chosen(NamedTuple):
    """A template, and the name that it is found by."""

    name: str
    template: Template


class Templates:
    """The templates that are there; all methods raise `BreachError` with the file and the line."""

    def __init__(self, folder: str | None, own_language: str) -> None:
        """Look into the operator's folder, if there is one; nothing is rendered yet."""
        self._own_language = own_language.lower()
        self.folder = Path(folder) if folder else None
        shipped = PackageLoader("alpines_privacy.breach.notice")
        loaders = [FileSystemLoader(self.folder)] if self.folder else []
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([*loaders, PrefixLoader({_SHIPPED: shipped})]),
            autoescape=lambda name: bool(name and name.endswith(".html")),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"paragraphs": _paragraphs, "lines": _lines}
        self._given = _named_in(self.folder) if self.folder else {}

    def is_whole(self, language: str) -> bool:
        """Whether the operator's templates for a language need no words of a catalogue."""
        return all(self._tagged(part, language) for part in _PARTS)

    def chosen(self, part: Part, language: str) -> Chosen:
        """Return the template of a part for a language."""
        own = self._tagged(part, language) or self._general(part, language)
        name = own or f"{_SHIPPED}/{part}"
        return Chosen(name, self._loaded(name))

    def rendered(self, chosen: Chosen, context: Mapping[str, Any]) -> str:
        """Render a template; an error names its line, and nothing of what was to stand there."""
        try:
            return chosen.template.render(context)
        except Exception as error:
            raise self._told(error, chosen.name) from None

    def digest(self, chosen: Chosen) -> str:
        """Return the SHA-256 of a template's source and of all those it is made of."""
        hashed = hashlib.sha256()
        for name in sorted(self._made_of(chosen.name)):
            hashed.update(f"{name}\n{self._source(name)}\n".encode())
        return hashed.hexdigest()

    def line_of(self, chosen: Chosen, text: str) -> str:
        """Return where a text stands in a template, `file:line`, as far as that can be seen."""
        for name in self._made_of(chosen.name):
            source = self._source(name)
            if text and text in source:
                return f"{self._path(name)}:{source[: source.index(text)].count(chr(10)) + 1}"
        return self._path(chosen.name)

    def _tagged(self, part: Part, language: str) -> str | None:
        """Return the operator's template of a language: `notice.pt-BR.txt`, then `notice.pt.txt`."""
        tag = language.lower()
        while tag:
            if found := self._given.get((part, tag)):
                return found
            tag = tag.rpartition("-")[0]
        return None

    def _general(self, part: Part, language: str) -> str | None:
        name = self._given.get((part, ""))
        if name is None or language.lower() == self._own_language or self._takes_words(name):
            return name
        return None

    def _takes_words(self, name: str) -> bool:
        return any(
            "words" in meta.find_undeclared_variables(self._parsed(each))
            for each in self._made_of(name)
        )

    def _made_of(self, name: str) -> list[str]:
        """Return a template's name, and those that it extends, includes and imports."""
        found, waiting = [], [name]
        while waiting:
            each = waiting.pop(0)
            if each not in found:
                found.append(each)
                waiting += filter(None, meta.find_referenced_templates(self._parsed(each)))
        return found

    def _parsed(self, name: str) -> Any:
        source = self._source(name)
        try:
            return self._environment.parse(source, name)
        except TemplateSyntaxError as error:
            raise BreachError(f"{self._path(name)}:{error.lineno}: {error.message}") from None

    def _source(self, name: str) -> str:
        loader = self._environment.loader
        try:
            source = loader.get_source(self._environment, name)[0] if loader else ""
        except TemplateNotFound:
            raise BreachError(f"{self._path(name)}: there is no such template") from None
        except UnicodeDecodeError as error:
            raise BreachError(
                f"{self._path(name)}: is not UTF-8 (byte {error.start}); expected a text"
            ) from None
        except OSError as error:
            raise BreachError(f"{self._path(name)}: cannot be read: {error.strerror}") from None
        if len(source) > _LONGEST:
            raise BreachError(f"{self._path(name)}: is longer than {_LONGEST:,} characters")
        return source

    def _loaded(self, name: str) -> Template:
        self._made_of(name)  # tells what is wrong in any of them
        try:
            return self._environment.get_template(name)
        except TemplateSyntaxError as error:
            raise BreachError(f"{self._path(name)}:{error.lineno}: {error.message}") from None
        except (TemplateError, UnicodeDecodeError, OSError) as error:
            raise BreachError(f"{self._path(name)}: {error}") from None

    def _path(self, name: str) -> str:
        if self.folder is None or name.startswith(f"{_SHIPPED}/"):
            return name
        return str(self.folder / name)

    def _told(self, error: Exception, name: str) -> BreachError:
        """Return an error with the innermost line of a template that led to it."""
        where = self._path(name)
        files = {normpath(self._path(each)) for each in self._made_of(name)}
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename in files:
                where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
            trace = trace.tb_next
        return BreachError(f"{where}: {_problem(error)}")


def _problem(error: Exception) -> str:
    # Jinja2's own messages name variables; others may show what stands in them.
    return str(error) if isinstance(error, TemplateError) else f"ends in a {type(error).__name__}"


def _named_in(folder: Path) -> dict[tuple[str, str], str]:
    """Return the operator's templates by part and language ("" for all); other files are theirs to include."""
    try:
        files = sorted(each.name for each in folder.iterdir() if each.is_file())
    except OSError as error:
        raise BreachError(
            f"breach.templates: {folder} cannot be read ({error.strerror}); expected a folder"
        ) from None
    given: dict[tuple[str, str], str] = {}
    for name in files:
        if found := _NAMED.fullmatch(name):
            part, tag = f"{found['stem']}.{found['kind']}", (found["tag"] or "").lower()
            given[part, tag] = name
        stem = name.lower().partition(".")[0]
        if (found is None or part not in _PARTS) and stem in {"notice", "subject"}:
            raise BreachError(
                f"{folder / name}: serves no part; expected a name such as notice.html, "
                "notice.ur.txt or subject.ur.txt"
            )
    if not given and not any(folder.glob(_CATALOGUES)):
        raise BreachError(
            f"breach.templates: {folder} holds no template; expected notice.txt, notice.html, "
            "subject.txt, or those of one language (notice.ur.txt)"
        )
    return given


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, which blank lines part."""
    return [each for each in _PARAGRAPH.split(str(text).strip()) if each.strip()]


def _lines(text: str) -> Markup:
    """Return a paragraph as HTML that keeps its lines."""
    return Markup("<br>\n").join(escape(line) for line in str(text).splitlines())
