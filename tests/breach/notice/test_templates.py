"""Which template serves which language, and how a broken one is told before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy import Breach
from tests.breach.notice.support import UR, body_of, claim, notices, read

UR_TABLE: dict[str, Any] = {"translations": {"ur": UR}}
SD = {**UR, "kinds": ["EMAIL", "اسڪول"]}  # Sindhi: no headings are shipped


def folder_of(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_one_file_replaces_one_part_and_leaves_the_others(tmp_path: Path) -> None:
    templates = folder_of(tmp_path, **{"notice.txt": "{{ words.title }}: {{ what_happened }}"})
    letter = notices(templates=templates).letter(claim())
    assert body_of(letter, "plain") == "Notice of Data Breach: A laptop was stolen.\n"
    assert "<h2>What Happened</h2>" in body_of(letter, "html")
    assert read(letter)["Subject"] == "Notice of Data Breach"


def test_a_block_of_the_shipped_template_can_be_replaced(tmp_path: Path) -> None:
    source = '{% extends "builtin/notice.html" %}{% block more %}<h2>{{ words.more }}</h2><p>Call us.{% endblock %}'
    html = body_of(
        notices(templates=folder_of(tmp_path, **{"notice.html": source})).letter(claim()), "html"
    )
    assert "<h2>For More Information</h2><p>Call us." in html
    assert "<h2>What Happened</h2>" in html


# Files of a folder: the text and subject that people get who want English, and Urdu.
CHOSEN: dict[str, tuple[dict[str, str], tuple[str, str], tuple[str, str]]] = {
    "words for all": (
        {"notice.txt": "all {{ words.more }}", "subject.txt": "S {{ words.more }}"},
        ("all For More Information", "S For More Information"),
        ("all مزید معلومات کے لیے", "S مزید معلومات کے لیے"),
    ),
    "no words: the incident's language alone": (
        {"notice.txt": "What Happened", "subject.txt": "A breach"},
        ("What Happened", "A breach"),
        ("ڈیٹا کی خلاف ورزی کی اطلاع", "ڈیٹا کی خلاف ورزی کی اطلاع"),
    ),
    "each its own": (
        {"notice.txt": "What Happened", "notice.ur.txt": "کیا ہوا", "subject.ur.txt": "خبر"},
        ("What Happened", "Notice of Data Breach"),
        ("کیا ہوا", "خبر"),
    ),
    "of a wider tag": (
        {"notice.en.txt": "en", "notice.UR.txt": "ur"},
        ("en", "Notice of Data Breach"),
        ("ur", "ڈیٹا کی خلاف ورزی کی اطلاع"),
    ),
    "words through another file": (
        {"notice.txt": '{% include "part.txt" %}', "part.txt": "{{ words.more }}"},
        ("For More Information", "Notice of Data Breach"),
        ("مزید معلومات کے لیے", "ڈیٹا کی خلاف ورزی کی اطلاع"),
    ),
}


@pytest.mark.parametrize("case", CHOSEN)
def test_headings_are_in_the_language_of_the_texts(case: str, tmp_path: Path) -> None:
    files, *expected = CHOSEN[case]
    made = notices(templates=folder_of(tmp_path, **files), **UR_TABLE)
    for language, (text, subject) in zip(("en", "ur-PK"), expected, strict=True):
        letter = made.letter(claim(language=language))
        assert body_of(letter, "plain").splitlines()[0] == text
        assert read(letter)["Subject"] == subject


WHOLE = {
    "notice.sd.txt": "ڇا ٿيو\n{{ what_happened }}",
    "notice.sd.html": '<html lang="{{ language }}" dir="{{ direction }}"><p>{{ what_happened }}',
    "subject.sd.txt": "اطلاع",
}


def test_a_language_without_a_catalogue_needs_templates_of_all_parts(tmp_path: Path) -> None:
    texts: dict[str, Any] = {"translations": {"sd": SD}}
    for index in (1, 2):
        some = dict(list(WHOLE.items())[:index])
        (tmp_path / str(index)).mkdir()
        assert notices(templates=folder_of(tmp_path / str(index), **some), **texts).languages == (
            "en",
        )
    made = notices(templates=folder_of(tmp_path, **WHOLE), **texts)
    assert made.languages == ("en", "sd")
    letter = made.letter(claim(language="sd-PK", name="A"))
    assert read(letter)["Subject"] == "اطلاع"
    assert body_of(letter, "plain") == f"ڇا ٿيو\n{SD['what_happened']}\n"
    assert '<html lang="sd" dir="rtl">' in body_of(letter, "html")


def test_an_incident_in_a_language_without_headings_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BreachError, match=r'no headings in "sd"; expected notice\.sd\.txt'):
        notices(language="sd", **SD)
    assert notices(language="sd", templates=folder_of(tmp_path, **WHOLE), **SD).languages == ("sd",)


BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "syntax": ({"notice.txt": "a\n{% if %}"}, r"notice\.txt:2: "),
    "a block that does not end": ({"notice.html": "a\n{% if name %}"}, r"notice\.html:2: .*end"),
    "an unknown name": ({"notice.txt": "a\n\n{{ nmae }}"}, r"notice\.txt:3: 'nmae' is undefined"),
    "an unknown word": ({"notice.html": "\n{{ words.titel }}"}, r"notice\.html:2: .*has no attribute 'titel'"),
    "an unknown filter": ({"notice.txt": "{{ name | uper }}"}, r"notice\.txt:1: No filter named 'uper'"),
    "an unknown template": ({"notice.txt": '{% include "absent.txt" %}'}, r"absent\.txt: there is no such template"),
    "in a file that is included": ({"notice.txt": 'a\n{% include "b.txt" %}', "b.txt": "\n{{ x }}"}, r"b\.txt:2: 'x'"),
    "for people without a name": ({"notice.txt": "{{ name.split()[0] }}"}, r"notice\.txt:1: .*has no element 0"),
    "for people with one": ({"notice.txt": "{% if name %}{{ name.split()[1] }}{% endif %}"}, r"txt:1: .*element 1"),
    "out of the sandbox": ({"notice.txt": "{{ name.__class__.__mro__ }}"}, r"notice\.txt:1: access to attribute"),
    "a change": ({"notice.txt": "{{ kinds.append(1) }}"}, r"notice\.txt:1: .*is unsafe"),
    "endless": ({"notice.txt": "{% for i in range(10 ** 9) %}{% endfor %}"}, r"notice\.txt:1: ends in a OverflowError"),
    "by itself": ({"notice.txt": 'a{% include "notice.txt" %}'}, r"notice\.txt:1: ends in a RecursionError"),
    "arithmetic": ({"notice.txt": "\n{{ 1 / 0 }}"}, r"notice\.txt:2: ends in a ZeroDivisionError"),
    "an empty subject": ({"subject.txt": " \n"}, r"subject\.txt: expected a subject"),
    "a subject for each": ({"subject.txt": "{{ name }}"}, r"subject\.txt:1: 'name' is undefined"),
    "a subject with a control": ({"subject.txt": "a\u202eb"}, r"subject\.txt: expected a subject"),
    "a long subject": ({"subject.txt": "a" * 201}, r"subject\.txt: expected a subject"),
    "a pixel": ({"notice.html": "a\n<img src='https://e.example/p.gif'>"}, r"html:2: holds src, which loads"),
    "a script": ({"notice.html": "\n\n<script>1</script>"}, r"notice\.html:3: holds the element script"),
    "a link for each": ({"notice.html": "\n<a href='https://e.example/?{{ name }}'>"}, r"html:2: a link differs"),
    "the same in text": ({"notice.txt": "https://e.example/{{ address }}"}, r"notice\.txt:1: a link differs"),
    "a file of no part": ({"notice.htm": "a"}, r"notice\.htm: serves no part"),
    "a subject in HTML": ({"subject.html": "a"}, r"subject\.html: serves no part"),
    "a name in capitals": ({"Notice.txt": "a"}, r"Notice\.txt: serves no part"),
    "a tag that is none": ({"notice.in_urdu.txt": "a"}, r"notice\.in_urdu\.txt: serves no part"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_template_is_told_with_its_file_and_line(case: str, tmp_path: Path) -> None:
    files, problem = BROKEN[case]
    with pytest.raises(BreachError, match=problem) as raised:
        notices(templates=folder_of(tmp_path, **files))
    assert str(raised.value).startswith(str(tmp_path))
    assert "Ayesha" not in str(raised.value)


def test_files_that_are_no_text_and_folders_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "notice.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(BreachError, match=r"notice\.txt: is not UTF-8 \(byte 0\)"):
        notices(templates=tmp_path)
    with pytest.raises(BreachError, match=r"breach\.templates: .*absent cannot be read"):
        notices(templates=tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BreachError, match=r"breach\.templates: .*empty holds no template"):
        notices(templates=tmp_path / "empty")
    with pytest.raises(BreachError, match=r"notice\.txt cannot be read"):
        notices(templates=tmp_path / "notice.txt")


def test_an_error_for_one_person_shows_nothing_of_them(tmp_path: Path) -> None:
    source = "{% if name == 'Zafar Ali' %}{{ name.zafar }}{{ {}[name] }}{% endif %}"
    made = notices(templates=folder_of(tmp_path, **{"notice.txt": source}))
    made.letter(claim(name="Somebody Else"))
    with pytest.raises(BreachError, match=r"notice\.txt:1: ") as raised:
        made.letter(claim(name="Zafar Ali"))
    assert "Zafar" not in str(raised.value)
    assert "Ali" not in str(raised.value)


def test_the_policy_names_the_folder(tmp_path: Path) -> None:
    settings = Breach(zone="UTC", templates=str(folder_of(tmp_path, **{"subject.txt": "Policy's"})))
    made: Any = notices(settings)
    assert made.subject("en") == "Policy's"
    (tmp_path / "other").mkdir()
    other = folder_of(tmp_path / "other", **{"subject.txt": "Option's"})
    assert notices(settings, templates=other).subject("en") == "Option's"


def test_templates_escape_in_html_and_not_in_text() -> None:
    said = dict.fromkeys(
        ("occurred", "consequences", "what_happened", "what_we_do", "what_you_can_do", "contact", "sender"),
        "<b>A & B</b>",
    )  # fmt: skip
    made = notices(None, **said | {"what_we_do": "first\n\nsecond\nline"}, kinds=["<b>A & B</b>"])
    letter = made.letter(claim(name="<b>A & B</b>"))
    html = body_of(letter, "html")
    assert "<b>" not in html
    # The name stands in the greeting; the sender stands above the text and below it.
    assert html.count("&lt;b&gt;A &amp; B&lt;/b&gt;") == len(said) - 1 + 3
    assert "<p>first</p>\n<p>second<br>\nline</p>" in html
    assert body_of(letter, "plain").count("<b>A & B</b>") == len(said) - 1 + 3
