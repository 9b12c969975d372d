"""Imports of listed modules: the one literal that is edited in a script, and nothing that only looks like it."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy
from alpines_privacy.asgi import PrivacyMiddleware
from alpines_privacy.testing import visitor
from alpines_privacy.trackers.imports import Imports
from alpines_privacy.trackers.nothing import MOST_NAMES, module
from tests.conftest import need

T = "https://t.example/m.js"
OURS = re.compile(r"/p/nothing\.js(?:\?names=[A-Za-z0-9_$,]+)?")


def edited(code: str, *cuts: int) -> str:
    data = code.encode("utf-8", "surrogateescape")
    imports = Imports(lambda url: url == T, "/p/nothing.js")
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [imports(data[start:end], last=False) for start, end in pairwise(edges)]
    return (b"".join(pieces) + imports(b"", last=True)).decode("utf-8", "surrogateescape")


N = "/p/nothing.js"
EDITED = [
    ("import '{}'", f"import '{N}'"),
    ('import"{}";', f'import"{N}";'),
    ("import a from '{}'", f"import a from '{N}?names=default'"),
    ("import a,{{b,c as d,}}from'{}'", f"import a,{{b,c as d,}}from'{N}?names=default,b,c'"),
    ("import {{default as x, $y}} from '{}'", f"import {{default as x, $y}} from '{N}?names=default,$y'"),
    ("import * as a from '{}'", f"import * as a from '{N}'"),
    ("import a, * as b from '{}'", f"import a, * as b from '{N}?names=default'"),
    ("import{{}}from'{}'", f"import{{}}from'{N}'"),
    ("import from from '{}'", f"import from from '{N}?names=default'"),
    ("import/* ' */ a /**/ from// \"\n'{}'", f"import/* ' */ a /**/ from// \"\n'{N}?names=default'"),
    ("import {{\n  a, // an 'a'\n  b /* b */\n}} from '{}'",
    f"import {{\n  a, // an 'a'\n  b /* b */\n}} from '{N}?names=a,b'"),
    ("export * from '{}'", f"export * from '{N}'"),
    ("export * as a from '{}'", f"export * as a from '{N}'"),
    ("export {{a, b as c}} from '{}'", f"export {{a, b as c}} from '{N}?names=a,b'"),
    ("import '/own.js'; import '{}'", f"import '/own.js'; import '{N}'"),
    ("x = 1\nimport '{}'", f"x = 1\nimport '{N}'"),
    ("f('\\'', \"import\"); `a${{`b`}}`; import '{}'", f"f('\\'', \"import\"); `a${{`b`}}`; import '{N}'"),
    ("x = a / b / c; import '{}'", f"x = a / b / c; import '{N}'"),
    ("x = /['\"`/]/.test(a); import '{}'".replace("`/]", "`]"), f"x = /['\"`]/.test(a); import '{N}'"),
    ("function f() {{ return /}}'/ }}\nimport '{}'", f"function f() {{ return /}}'/ }}\nimport '{N}'"),
    ("(a) / 2;\nimport '{}'", f"(a) / 2;\nimport '{N}'"),
    ("// it's\n/* don't */ import '{}'", f"// it's\n/* don't */ import '{N}'"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), EDITED)
def test_an_import_of_a_listed_address_is_edited_at_every_cut(before: str, after: str) -> None:
    code = before.format(T)
    assert edited(code) == after
    for cut in range(len(code)):
        assert edited(code, cut) == after, cut
    assert edited(code, *range(len(code))) == after


@pytest.mark.parametrize(
    "code",
    [
        "import('{}')", "import.meta.url + '{}'", "a.import '{}'", "a.import\n'{}'", "reimport '{}'", "import_ '{}'",
        "// import '{}'", "/* import '{}' */", '"import \'{}\'"', "`import '{}'`", "`${{`import '{}'`}}`",
        "`a${{b}}import '{}'`",
        "/import '{}'/", "x = /[/]import '{}'/", "{{ import '{}' }}", "(import '{}')", "import 'https://ok.example/{}'",
        "import a from '\\x68ttps://t.example/m.js'", "import {{'a b' as c}} from '{}'", "import {{\\u0061}} from '{}'",
        "import \u00e9 from '{}'", "import defer * as a from '{}'", "import a from '{}' with {{type: 'json'}}",
        "import a from '{}' /* x */ assert {{}}", "import a b from '{}'", "import a from `{}`", "import 'a\n{}'",
        "'it\nimport '{}'", "f(]; import '{}'", "}}import '{}'", "if (a) /'/.test(b); import '{}'",
        "a\n/* x */ /`/.test(b); import '{}'",
        "(a) / 2; import '{}'", "export default '{}'", "export {{a}}; '{}'", "export '{}'", "import/*'{}'",
        "import" + " " * 9000 + "'{}'",
        "import {{" + ",".join(f"a{n}" for n in range(MOST_NAMES + 1)) + "}} from '{}'",
    ],
)  # fmt: skip
def test_what_may_be_none_is_left_alone(code: str) -> None:
    code = code.format(T)
    for cut in (0, len(code) // 2, len(code) // 3, len(code) - 1):
        assert edited(code, cut) == code


def test_text_flows_while_no_import_is_open() -> None:
    imports = Imports(lambda _: True, "/p/nothing.js")
    for piece in (b"let a = 'b ", b"c';\n", b"`x${", b"1}` // it's\n", b"/* a", b" b */ f(a / 2)"):
        assert imports(piece, last=False) == piece
    assert imports(b"\nimport {", last=False) == b"\n"


PIECES = [
    f"import '{T}'", f'import a from "{T}"', f"import {{b as c}} from '{T}'", f"export * from '{T}'",
    f"import('{T}')", f"'{T}'", "import",
    "export", " from ", "{", "}", "(", ")", "[", "]", "`", "${", "'", '"', "/", "/ ", "//", "/*", "*/", "\\", "\n",
    ";", ";\n", "a", "1", "=", "+", "++",
    "return", "if(a)", "=>", ".", "...", ",", "x=/[/'`]/g;", "a/b/c;", "`a${b}c`;", "'\\'';",
    "function f(){return /'/}", "class A{import(){}}", "\u2028",
    "async()=>{await /a/}", "let of=1;of/2;", "<!--", "-->", "var x", "<", "?.", "#", "@", "\\u0061",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.lists(st.integers(0, 300), max_size=5),
)
@example(".import '" + T + "'", [1])
@example("a" * 64 + "import '" + T + "'", [64])
def test_cuts_do_not_show_and_nothing_but_literals_changes(code: str, cuts: list[int]) -> None:
    whole = edited(code)
    assert edited(code, *cuts) == whole
    assert edited(code, *range(len(code))) == whole
    assert OURS.sub(T, whole) == code


_REQUESTS = """
const vm = require("vm");
for (const line of require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean)) {
  let found = null;
  try {
    const m = new vm.SourceTextModule(JSON.parse(line));
    found = m.moduleRequests ? m.moduleRequests.map(r => r.specifier) : m.dependencySpecifiers;
  } catch {}
  console.log(JSON.stringify(found));
}
"""


def requests(codes: list[str]) -> list[list[str] | None]:
    """Return what node finds that each module asks for, None for what is none."""
    node = shutil.which("node")
    need("node", node is not None, "apt-get install nodejs")
    told = "\n".join(map(json.dumps, codes))
    command = [node or "", "--no-warnings", "--experimental-vm-modules", "-e", _REQUESTS]
    out = subprocess.run(command, input=told, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return [json.loads(line) for line in out.splitlines()]


def test_node_finds_the_same_imports_but_for_the_listed_ones() -> None:
    chance = random.Random(4)  # noqa: S311 - not a secret
    codes = [before.format(T) for before, _ in EDITED]
    codes += ["".join(chance.choices(PIECES, k=chance.randint(1, 7))) for _ in range(12_000)]
    after = [edited(code) for code in codes]
    parsed = changed = 0
    for code, new, old_found, new_found in zip(
        codes, after, requests(codes), requests(after), strict=True
    ):
        if old_found is None:
            continue
        parsed += 1
        changed += code != new
        assert new_found is not None, (code, new)
        assert len(new.split(T)) - 1 >= new_found.count(T)
        assert sorted({OURS.sub(T, each) for each in new_found}) == sorted(set(old_found)), (
            code,
            new,
        )
    assert parsed > 500
    assert changed > 100


# -- The module in their place


def test_the_module_exports_what_is_asked_and_no_more() -> None:
    code = module(["default", "a", "a", "$b", "if", "a b", "1", "x" * 65, "\u00e9", "", "}"])
    assert code.endswith(
        "export { nothing as default, nothing as a, nothing as $b, nothing as if };\n"
    )
    assert module(f"n{n}" for n in range(999)).count(" as ") == MOST_NAMES


def test_the_module_can_be_used_in_any_way() -> None:
    code = module(["default", "init", "Klass"])
    use = (
        "import x, {init, Klass} from 'ours';"
        "x(); new x(); x.a.b.c(1)(2).d = 3; `${x}`; x + 1; [...x]; for (const y of x) throw y; const {a, b: [c]} = x;"
        "class Y extends Klass {}; new Y(); (async () => { await x; await init().then })();"
        "init.call(1, 2); x instanceof x;"
    )
    script = (
        "const vm = require('vm'); const [ours, use] = JSON.parse(require('fs').readFileSync(0));"
        "(async () => { const o = new vm.SourceTextModule(ours), u = new vm.SourceTextModule(use);"
        "await u.link(() => o); await u.evaluate(); console.log('done') })()"
    )
    node = shutil.which("node")
    need("node", node is not None, "apt-get install nodejs")
    command = [node or "", "--no-warnings", "--experimental-vm-modules", "-e", script]
    out = subprocess.run(  # noqa: S603
        command, input=json.dumps([code, use]), capture_output=True, text=True, check=False
    )
    assert (out.stdout, out.stderr) == ("done\n", "")


async def _app(scope: object, receive: object, send: object) -> None:
    raise AssertionError("the app is not asked")


@pytest.mark.parametrize(
    ("query", "names"), [("", ""), ("?names=default,init", "nothing as default, nothing as init"), ("?names=a;b", ""),
                         ("?names=" + "a," * 9000, ""), ("?names=%7D;alert(1)", ""), ("?x=1&names=a&names=b",
                         "nothing as a")],
)  # fmt: skip
def test_the_module_is_served(query: str, names: str) -> None:
    app = PrivacyMiddleware(_app, PrivacyPolicy())
    response = visitor(app).get(f"/_privacy/nothing.js{query}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in response.headers["cache-control"]
    assert f"export {{ {names} }};" in response.content.decode()
