"""Whether the text under a key is a value of its kind, and not `null`, a mask or `password=password`.

A key alone is not enough. Programs log that a password is missing, that a token expired, how many
sessions there are, and a source line with an argument named `email`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from alpines_privacy.http.key_names import names_a_key
from alpines_privacy.redaction.engine.lines import Line
from alpines_privacy.redaction.engine.replacements import network_of

__all__ = [
    "is_code",
    "is_declared",
    "is_documented",
    "is_enclosed",
    "is_expression",
    "is_operand",
    "is_path",
    "is_prose",
    "is_reason",
    "is_said",
    "is_sentence_of_program",
    "is_type",
    "is_value",
]

_NOTHING = frozenset(
    {
        "[", "(", "{",
        "null", "none", "nil", "undefined", "nan", "true", "false", "yes", "no", "on",
        "off", "n/a", "na", "unset", "empty", "unknown", "anonymous", "optional", "string",
        "str", "int", "bytes", "object", "any", "-", "--", "...", "…", "?", "()", "[]",
        "{}", "$", "''", '""', "\\", "float", "bool", "boolean", "integer", "number", "list", "dict", "void",
    }
)  # fmt: skip
_LONGEST_NOTHING = max(map(len, _NOTHING))
# Masks of other programs, their words for a hidden value, and placeholders.
_MASKED = re.compile(
    r"[\w.\-]{0,4}[*•●]{2,64}[\w.\-@]{0,4}|[xX]{3,32}"
    r"|[\[(<{]{0,2}(?:redacted|filtered|masked|hidden|removed|scrubbed|omitted|withheld|sensitive)[\])>}]{0,2}"
    r"|\[withheld: [\w ()]{1,80}\]|:[a-z]+(?:-[a-z]+)+"
    r"|\$?\{{1,2}[\w. :\-]{0,64}\}{1,2}|(?:[ ,]?%(?:\(\w{1,64}\))?[srd]){1,8}"
    r"|<(?!/)[^<>\n]{0,256}>",
    re.IGNORECASE,
)
# A variable, or a parameter of a statement in SQL: `$DB_PASS`, `:new_password`, `@p1`.
_VARIABLE = re.compile(
    r"[$:@](?:[a-z_]{1,64}|[a-z_]{0,3}[0-9]{1,2}|(?-i:[A-Z_]{1,48}[0-9_]{1,8}))", re.IGNORECASE
)
_SHORT_NAME = 4  # characters of a variable's name with its sign, which are too few for a password
_IN_BRACKETS = re.compile(r"<[^<>\s]{1,64}>")

# Words of remarks in prose after a key and a colon: "Password: must not be empty".
_SAID = frozenset(
    {
        "a", "an", "and", "are", "at", "auth", "bad", "basic", "bearer", "by", "can",
        "cannot", "changed", "check", "closed", "could", "created", "deleted", "denied",
        "did", "digest", "does", "done", "error", "errors", "exists", "expired", "expires",
        "failed", "failure", "field", "for", "found", "from", "given", "has", "have", "if",
        "in", "include", "incorrect", "invalid", "is", "it", "malformed", "may", "mismatch",
        "missing", "must", "need", "needs", "new", "not", "of", "ok", "omit", "only",
        "opened", "or", "please", "read", "refreshed", "rejected", "removed", "renewed",
        "require", "required", "requires", "reset", "revoked", "same-origin", "saved",
        "sent", "set", "should", "started", "stopped", "success", "successful",
        "successfully", "that", "the", "this", "to", "too", "unauthorized", "unexpected",
        "updated", "using", "valid", "verified", "was", "with", "wrong", "your",
    }
)  # fmt: skip

# Words of keys for one-time codes, which are shorter than other secrets.
_CODES = frozenset({"otp", "totp", "code", "codes"})
_ONE_TIME = re.compile(r"(?=[a-z-]*[0-9])[0-9a-z-]{4,16}")

_CALL = re.compile(r"[A-Za-z_]\w{0,64}(?:\$[0-9]{1,3}(?=\.))?(?:\.[A-Za-z_]\w{0,64}){0,8}[(\[]")
_ATTRIBUTE = re.compile(
    r"(?:(?:self|cls)\.[A-Za-z_]|(?:request|settings|config|kwargs|args|data|form|os|app|user|obj)\.[a-z_])"
)
_IDENTIFIER = re.compile(r"[a-z_]+(?:\.[a-z_]+)*(?:[):,]*|\)\..*)")
_WORDS_OF_CODE = frozenset(
    {"await", "not", "lambda", "new", "yield", "if", "None):", "function", "async", "typeof"}
)
_INDENT = "    "
_DOES = frozenset("()[],;:")  # text after a name in source
_STATEMENT = re.compile(  # of JavaScript and similar languages, where a value without quotes is a name
    r"[ \t]*(?:export |public |private |protected |static |readonly |final )*"
    r"(?:(?:var|let|const|return|function|def)[ ]|(?:this|self|super)\.|(?:if|while|for|switch|elif)[ ]?\()"
)
_PLACE_IN_MEMORY = re.compile(
    r"0x[0-9A-Fa-f]+|[0-9A-Fa-f:.]+|[\w.\-]*:[0-9]{1,5}|[\w\-]+(?:\.[\w\-]+)+|/\S*|\w+://\S*"
)
_NAMED = re.compile(r"_?[a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z]+)+")
_NOBODY = frozenset(
    {
        "root",
        "nobody",
        "default",
        "postgres",
        "www-data",
        "system",
        "daemon",
        "guest",
        "anonymoususer",
    }
)
_LONG_NUMBER = re.compile(r"\+?[0-9][0-9 ()-]{6,20}")
_OUTCOMES = frozenset(
    {
        "success", "successful", "succeeded", "failure", "failed", "error", "ok", "denied", "granted", "allowed",
        "accepted", "rejected", "expired", "timeout", "required", "enabled", "disabled", "pending",
    }
)  # fmt: skip
_NOBODY_OR_OUTCOME = _NOBODY | _OUTCOMES
_CVV = re.compile(r"[0-9]{3,4}")
_MAC = re.compile(
    r"(?:[0-9A-Fa-f]{2}[:\-]?){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"
)
_AT = re.compile(r"@|%(?:25)*40|&(?:#|commat)|\\(?:u00|x)40|\uff20")
_BEGINS_LIKE_IP = re.compile(r"[\[\]]*+[0-9A-Fa-f]{0,4}[.:\-]")
_OWN = ("127.", "0.", "::1", "255.")

# Fewest and most digits of kinds that are numbers or hold one.
_DIGITS = {
    "PHONE": (5, 20), "CNIC": (5, 15), "NTN": (5, 15), "SSN": (4, 11), "CARD": (8, 24), "IBAN": (6, 40),
    "PASSPORT": (4, 16), "BIRTH_DATE": (1, 24), "COORDINATES": (2, 64),
}  # fmt: skip
_NO_DIGITS = re.compile(r"\D+")
_MOST_READ = 128  # characters of a value that are looked at to judge it


# Values that are a version (`"cookie": "^0.7.1"`) or a template (`{{ x }}`).
_NO_ONES = re.compile(
    r"[\^~]?[<>=v]{0,2}[0-9]{1,4}(?:\.[0-9x*]{1,4}){2}(?:[-+.][\w.+-]{1,32})?|\{\{.*|`?\$\{.*",
    re.DOTALL,
)
# Public values, except under keys of passwords: addresses of documents, paths, certificates, variables.
_PUBLIC = re.compile(
    r"https?://.*|(?:~|\.{1,2})?(?:/[\w.@+-]{1,64})+\.[a-z]{2,5}|/(?:etc|home|var|usr|srv|root|tmp|opt|run|mnt)/.*"
    r"|-----BEGIN (?!.{0,24}PRIVATE).*|\$[A-Za-z_][A-Za-z_]+(?![\w$]).*|`?<{1,2}[A-Za-z_][\w -]{0,64}>.*",
    re.DOTALL,
)
_BEGINS_PUBLIC = frozenset("0123456789^~<>=vh./-{$`")
# Source after a string that ends in the key: `"token: " + x`, `"token: %s" % x`, `("token=", x)`.
_AFTER_STRING = re.compile(r"[ ]{0,2}(?:[+%][ ]|\.(?:format|join)\()|,[ ]|[)\]}]{1,3}(?:[,;:.]|\Z)")
# A placeholder of a format: `%s`, `{name}`, `{0!r}`; `%d8` may be a percent-encoded byte.
_FORMAT = re.compile(
    r"%(?:\(\w{1,64}\))?[-#0 +]?[0-9]{0,3}(?:\.[0-9]{1,2})?[srdix](?![0-9A-Fa-f])"
    r"|\{[\w.\[\]]{0,64}(?:![rsa])?(?::[^{}\"']{0,16})?(?:\}|\Z)"
)
_FORMATTED = re.compile(r"[fF][rR]?[\"'][^\"']{0,64}\{")  # a Python literal
# Letters and digits that may stand beside placeholders: `Bearer {token}`, `0000:0a:00.%d`, `tool/{version}`.
_BESIDE_FORMAT = {"SECRET": 8, "ADDRESS": 12, "USER_AGENT": 32}
_NAMES, _BESIDE_BRACES = frozenset({"NAME", "USERNAME"}), 8
_YOURS = re.compile(r"(?:[\w-]{0,32}[-_])?your[-_ ]", re.IGNORECASE)  # `sk-your-api-key`
_ELIDED = re.compile(r".{0,8}(?:\.{3}|\u2026)", re.DOTALL)
# A word with its separator: language models and parsers give texts as `token`s, word by word.
_WORD_OF_TEXT = re.compile(
    r"[ ][A-Za-z]+(?:['-][A-Za-z]+)*[.,;:!?]?|[A-Za-z]+(?:['-][A-Za-z]+)*[.,;:!?]?[ ]"
)
_HELD_AS_TEXT = {
    "PASSWORD": (_NO_ONES, re.compile(r"https?://\S*")),
    "ADDRESS": (_NO_ONES,),
    **dict.fromkeys(("SECRET", "USERNAME"), (_NO_ONES, _PUBLIC)),
}


# What a form says of a field: `{"password": ["This password is too common."]}`.
_SENTENCE = re.compile(
    r"[A-Z][a-z]*+(?:['\u2019]t)?(?:,? (?:[a-z]++(?:['\u2019]t|-[a-z]++)?|[0-9]{1,4}|(?<=[.!] )[A-Z][a-z]*+)[.!]?)++"
)
_DEMAND = re.compile(
    r"\b(?:required|must|invalid|valid|should|cannot|already|exists?|match|may not|incorrect|missing|blank|null"
    r"|at (?:least|most)|(?:is|are) (?:too|entirely|not)|not allowed|not found)\b|^Invalid "
)


def is_value(kind: str, word: str, value: str) -> bool:
    """Tell whether a text is a value of a kind; `word` is the last word of its key."""
    start = value[:_MOST_READ].strip()
    if start[:1] in _BEGINS_PUBLIC and any(
        public.fullmatch(start) for public in _HELD_AS_TEXT.get(kind, ())
    ):
        return False
    if _AFTER_STRING.match(value) or _is_format(kind, start) or _is_word_of_text(word, value):
        return False
    if " " in start and _DEMAND.search(start) and _SENTENCE.fullmatch(start):
        return False
    if kind != "PASSWORD":
        start = start.rstrip("):,;`") or start
    if not start or (len(start) <= _LONGEST_NOTHING and start.lower() in _NOTHING):
        return False
    if limits := _DIGITS.get(kind):
        counts = limits[0] <= len(_NO_DIGITS.sub("", start)) <= limits[1]
    else:
        judge = _JUDGES.get(word) or _JUDGES.get(kind)
        counts = judge is None or judge(start)
    return counts and not _is_masked(kind, start)  # last, since it is the slowest


def _is_masked(kind: str, value: str) -> bool:
    """Tell whether a value is a mask, a placeholder or a variable; a password may look like one: `$ecret`."""
    if _VARIABLE.fullmatch(value):
        return kind != "PASSWORD" or _is_name_of_variable(value)
    if _MASKED.fullmatch(value) is None:
        return False
    is_word = kind == "PASSWORD" and _IN_BRACKETS.fullmatch(value) is not None
    return not is_word or names_a_key(value) or not any(map(str.isdigit, value))


def _is_name_of_variable(value: str) -> bool:
    """Tell whether a variable's name is in capitals or of several words, is short, or names a key: no password."""
    name = value[1:]
    if len(value) <= _SHORT_NAME or name.isupper() or "_" in name or name.lower() in _NOTHING:
        return True
    return names_a_key(name)


def _is_word_of_text(word: str, value: str) -> bool:
    return word == "token" and _WORD_OF_TEXT.fullmatch(value) is not None


def _is_format(kind: str, value: str) -> bool:
    """Tell whether a value is a format: it has placeholders, and little beside them."""
    if "%" not in value and "{" not in value:
        return False
    if _FORMATTED.match(value):
        return True
    most = _BESIDE_FORMAT.get(kind, 0)
    if kind in _NAMES and "%" not in value:  # `bob%20singh` is a name
        most = _BESIDE_BRACES
    rest = _FORMAT.sub("", value)
    return rest != value and sum(map(str.isalnum, rest)) <= most


def is_said(kind: str, word: str, value: str) -> bool:
    """Tell whether the text after a key and a colon in prose is a remark about the key."""
    first = value.split(None, 1)[0].strip(".,;:!").lower() if value.strip() else ""
    if word == "passwords" and first.isalpha():
        return True
    if word in _CODES and _ONE_TIME.fullmatch(first):
        return False
    if first in _SAID:
        return True
    if kind == "SECRET" and word == "session" and not any(map(str.isalpha, value)):
        return True  # an internal number of a program: "Session: 30546173_2364"
    if kind == "SECRET" and word not in {"key", "authorization", "cookie"}:
        return len(first) < 8 or first.replace("-", "").isalpha()
    return kind == "ADDRESS" and value.strip().isalpha()


# A clause that ends in a verb and its object: "failed to get password", "reading the token".
_FAULT = re.compile(
    r"\b(?:fail\w*|errors?|unable|cannot|can't|could ?n[o']t|did ?n[o']t|won't|problem|trouble|while)\b[^.;:|=]*\Z",
    re.IGNORECASE,
)
_DOING = re.compile(r"\b[a-z]{2,16}ing (?:(?:the|a|an|your|its) )?\Z", re.IGNORECASE)
_WHOSE = re.compile(r"\b(?:for|of|by|as|from|with)(?: \w{1,16})?[ ]*\Z")
_CLAUSE, _VERB = 80, 24  # characters before a key that are searched for a failure, and for a verb
# First words of a reason, for keys whose value could be any word, such as a user name.
_REASONS = frozenset(
    {
        "connection", "permission", "access", "record", "no", "context", "operation", "request", "network",
        "host", "service", "server", "resource", "lookup", "dial", "open", "write", "exit", "status", "rpc",
        "unknown", "timeout", "timed", "eof", "entity", "object", "row", "rows", "document", "quota", "i/o",
        "internal", "unreachable", "exception", "key", "response", "database", "query", "socket",
    }
)  # fmt: skip


_FIELD = re.compile(
    r"[ \t*]*(?::(?:param|type|arg|ivar|cvar|var|key|keyword|returns?|raises|rtype)\b[^:\n]{0,80}"
    r"|@(?:param|property)\b.{0,80})",
)


def is_documented(clause: str) -> bool:
    """Tell whether a key is documented on its line, as in `:param password: User account password`."""
    return _FIELD.fullmatch(clause) is not None


def is_reason(kind: str, clause: str, value: str) -> bool:
    """Tell whether a value is the reason for a failure: "failed to get password: connection refused".

    `clause` is the text before the key on its line.
    """
    words = value.split(None, 3)
    if not clause or not words or any(map(str.isdigit, value)):
        return False
    if kind in {"NAME", "USERNAME"}:
        first = words[0].strip(".,;:!").lower()
        return first in _REASONS and _is_fault(clause)
    plain = value.translate(_NO_STOPS)
    if not plain.isalpha() or not (plain.islower() or plain.isupper()):
        return False
    # Prose after a word does not show that the word is a reason: "password: sunshine is not accepted".
    if words[0].strip(".,;:!").lower() not in _REASONS:
        return False
    return _is_fault(clause) or _DOING.search(clause[-_VERB:]) is not None


def _is_fault(clause: str) -> bool:
    """Tell whether a clause ends in a failed action on the thing that it names last."""
    return _FAULT.search(clause[-_CLAUSE:]) is not None and _WHOSE.search(clause[-_VERB:]) is None


_NO_STOPS = str.maketrans("", "", " .,:;'/-_")
_SENTENCE_GOES_ON = re.compile(r":|[ ][a-z(]")
_PROGRAM = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*-(?:login|session)")


def is_sentence_of_program(name: str, value: str, rest: str) -> bool:
    """Tell whether a value begins a program's message after its name: `imap-login: Disconnected (…)`."""
    return (
        value[0].isupper()
        and value[1:].rstrip(".:").islower()
        and value.rstrip(".:").isalpha()
        and _PROGRAM.fullmatch(name) is not None
        and (name.endswith("-login") or _SENTENCE_GOES_ON.match(rest) is not None)
    )


_PATH = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*", re.ASCII)
_TYPE = re.compile(r"(?:[A-Za-z_]\w*+\.)++[A-Z][a-z]\w*+", re.ASCII)
_GENERIC = re.compile("(?:[A-Z][a-z]+)+<[A-Z]?[a-z]")  # of TypeScript: `Record<keyof C, string>`
_BUILT_IN = "None|str|int|bytes|float|bool|dict|list|tuple|Any"
_ANNOTATED = re.compile(rf"[ ](?:\|[ ](?:{_BUILT_IN})\b|=[ ])")
_TYPE_NAME = re.compile(rf"(?:[A-Za-z_]\w*+\.)*+[A-Z]\w*+|{_BUILT_IN}", re.ASCII)
_OPERATOR = re.compile(r"[ ](?:\|\||&&|\?\?|\?|\+|===?|!==?)[ ]")
_WORD_OPERATOR = re.compile(r"[ ](?:or|and|if|else|in|is|not)[ ]")
_OPERATORS = frozenset("|&?+=!")
_ENDS = frozenset("),;")
_CAMEL = re.compile("[a-z]{2,}(?:[A-Z][a-z]{2,})+")


def is_type(kind: str, value: str, rest: str) -> bool:
    """Tell whether the text after a name and a colon is its type: `cookies: X.CookieTypes | None`, `key: Document;`."""
    if kind == "SECRET" and _GENERIC.match(value):
        return True
    if kind == "SECRET" and rest[:1] == ";" and value.isalpha() and value.istitle():
        return True
    if rest[:1] == " " and _ANNOTATED.match(rest):
        return _TYPE_NAME.fullmatch(value) is not None
    return kind in {"SECRET", "PASSWORD"} and _TYPE.fullmatch(value) is not None


def is_path(value: str) -> bool:
    """Tell whether a bare value is the name of a variable or a member (`auth`, `user.name`), without digits."""
    return _PATH.fullmatch(value) is not None and not any(map(str.isdigit, value))


_WORD_OF_EXPRESSION = re.compile(r"function\*?|async|await|new|lambda|yield|typeof|void|class")
_EXPRESSION_GOES_ON = re.compile(
    r"[ ]?(?:[\w$.]{1,64}[ ]?)?(?:[(\[{:*]|=>)|[ ](?:function|await)\b"
)
_ASSIGNED_ON = re.compile(r"[ ]=[ ](?!=)")


_DECLARES = re.compile(r"[ \t]*(?:export )?(?:(const|let|var)|type)[ ]")
_ENDS_STATEMENT = re.compile(r"[ \t]*(?:[;|\n]|\Z)")


def is_declared(line: str, name: str, value: str, rest: str) -> bool:
    """Tell whether a name is declared as another: `const signature = crypto`, `type Key = crypto.KeyLike |`.

    `line` is the text before the name on its line.
    """
    declared = _DECLARES.fullmatch(line)
    if declared is None or not is_path(value) or not _ENDS_STATEMENT.match(rest):
        return False
    return declared[1] is not None or name[0].isupper()


_IN_PARENTHESES = re.compile(r"\(\?|\(+[A-Za-z_$][\w$]*(?:[.\[][\w$.\[\]]*)?", re.ASCII)
_GOES_ON = re.compile(r"[ ](?:&&|\|\||\?\??|=|===?|!==?|or|and|if)[ ]")
_NEGATED = re.compile(r"!+[A-Za-z_$][\w$]*(?:\.[\w$]+)+\(", re.ASCII)


def is_enclosed(line: Line, value: str, rest: str) -> bool:
    """Tell whether a bare value is an expression in parentheses, a group of a regular expression or a negation.

    `get(user=(principal.name))`, `((args && args[0])`, `(?P<user>`, `!options.some(`; not `(hunter2)`.
    """
    if value.startswith("!"):
        return _NEGATED.match(value + rest[:1]) is not None
    match = _IN_PARENTHESES.match(value)
    if match is None or value[1] == "?":
        return match is not None
    is_name = match.end() == len(value) and not any(map(str.isdigit, value))
    return is_name and (_GOES_ON.match(rest) is not None or ("." in value and line.is_source()))


_WORD_FOLLOWS = re.compile(r"[ ][a-z]{2,}(?:[ .,;:)]|\Z)")


def is_prose(kind: str, value: str, rest: str) -> bool:
    """Tell whether a bare value and the text after it are prose: `# token = refresh if exchanged`."""
    return (
        kind == "SECRET"
        and value.isalpha()
        and value.islower()
        and _WORD_FOLLOWS.match(rest) is not None
    )


def is_expression(value: str, rest: str) -> bool:
    """Tell whether a bare value begins an expression, or is a name that is also assigned to.

    `Token = function Token(p) {`, `secret = await read()`, `USER = exports.LOGIN = 1`.
    """
    if _WORD_OF_EXPRESSION.fullmatch(value):
        return _EXPRESSION_GOES_ON.match(rest) is not None
    return _ASSIGNED_ON.match(rest) is not None and is_path(value)


def is_operand(kind: str, value: str, rest: str, *, of_quoted: bool) -> bool:
    """Tell whether a bare value is a name in an expression: `secret: KEY || fallback`, `token=seqLen)`.

    `of_quoted` says that its key has quotes (`'username': prefix or local`).
    """
    if rest[1:2] in _OPERATORS or (of_quoted and rest[:1] == " "):
        goes_on = _OPERATOR.match(rest) or (of_quoted and _WORD_OPERATOR.match(rest))
        return bool(goes_on) and _PATH.fullmatch(value) is not None
    return kind == "SECRET" and rest[:1] in _ENDS and _CAMEL.fullmatch(value) is not None


def is_code(line: Line, value: str, rest: str) -> bool:
    """Tell whether a bare value is an expression on a line of source, which tracebacks are full of.

    `line` is the line before the key, `rest` the text after the value.
    """
    after, before = rest[:1], line.text
    # YAML is indented too, so an indent alone does not decide: a name is code where it is called or accessed.
    if before.startswith(_INDENT) and (
        value in _WORDS_OF_CODE
        or (
            (value[-1] in "):,." or after in _DOES or "." in value) and _IDENTIFIER.fullmatch(value)
        )
    ):
        return True
    called = (after in {"(", "["} or "(" in value or "[" in value) and not _ends_in_bracket(
        value, rest
    )
    is_expression = (called and _CALL.match(value + after)) or (
        "." in value and _ATTRIBUTE.match(value)
    )
    if is_expression and (not before or line.is_source()):
        return True
    if not before or _STATEMENT.match(before) is None:
        return False
    if called and _CALL.match(value + after):
        return True
    if not (value[-1] in "):,;" or after in _DOES or any(sign in before for sign in "=({[;")):
        return False  # prose: "let me in password: sunshine"
    return _PATH.fullmatch(value.rstrip("):,;")) is not None


def _ends_in_bracket(value: str, rest: str) -> bool:
    """Tell whether a text ends in a bracket behind a name with digits, as a password may: `hunter2(`."""
    return not rest and value[-1] in "([" and any(map(str.isdigit, value))


def _is_pin(value: str) -> bool:
    return 4 <= len(value) <= 12 and value.isdecimal()


def _is_pass(value: str) -> bool:
    """Reject short numbers: `pass=3` counts passed tests."""
    if not any(map(str.isalnum, value)):
        return False
    return not (value.isdecimal() and len(value) < 4) and not value.startswith(("/", "~/"))


_NO_SECRETS = frozenset("(#*:<&|`")  # patterns and templates begin so, tokens do not
_REPEATED = re.compile(r"([A-Za-z])\1{2,}")  # a placeholder: `YYYY`
_DIGEST = re.compile(r"\{SHA[0-9]{0,3}\}[0-9A-Fa-f]{20,}")  # a digest in place of a token
_PATTERN = re.compile(r"[/^].{0,126}[\[(\\|^]")  # a regular expression for tokens of a language


def _is_secret(value: str) -> bool:
    """Reject small numbers, names in programs (`SESSION_KEY = "_auth_user_id"`), and texts without letter or digit."""
    return (
        not (value.isdecimal() and len(value) < 4)
        and value[0] not in _NO_SECRETS
        and _PATTERN.match(value) is None
        and _DIGEST.match(value) is None
        and _REPEATED.fullmatch(value) is None
        and _ELIDED.fullmatch(value) is None
        and _YOURS.match(value) is None
        and (
            _NAMED.fullmatch(value) is None and (value[0].isalnum() or any(map(str.isalnum, value)))
        )
    )


_WITH_BLANKS = frozenset(
    {"authorization", "authentication", "cookie", "cookies", "credential", "credentials"}
)
_GROUPS = re.compile(r"[0-9A-Fa-f]{1,8}(?: [0-9A-Fa-f]{1,8})+")
_PROSE = re.compile(r"(?:[A-Za-z]|[0-9]{1,6} [A-Za-z]{3})[\w.,:;!()/'-]*(?: [\w.,:;!()/'-]+)+")


def _is_one_word(value: str) -> bool:
    """Reject prose (`"signature": "ET SCAN x"`): a token has blanks only between groups of digits."""
    return _is_secret(value) and (
        " " not in value or _PROSE.fullmatch(value) is None or _GROUPS.fullmatch(value) is not None
    )


def _is_zip(value: str) -> bool:
    return len(value) <= 12 and any(map(str.isdecimal, value))


def _is_username(value: str) -> bool:
    """Reject short numbers, amounts, signs (`user=12.3`, `?1`), outcomes (`"login": "failed"`), system accounts."""
    if _ASSIGNED.match(value) or value.endswith(
        "[bot]"
    ):  # `new user: name=bob`, and names of no person
        return False
    if not (value[0].isalpha() or any(map(str.isalpha, value))):
        return _LONG_NUMBER.fullmatch(value) is not None
    return value.lower() not in _NOBODY_OR_OUTCOME


def _is_small(value: str) -> bool:
    """Tell whether a text is a program's word or prose, all in small letters; postal addresses have more."""
    if not value.isascii() or any(map(str.isdigit, value)) or value != value.lower():
        return False
    words = value.split()
    return len(words) == 1 or any(word.strip(".,;:") in _SAID for word in words)


def _is_address(value: str) -> bool:
    return (
        len(value) > 1
        and any(map(str.isalnum, value))
        and not _is_small(value)
        and _PLACE_IN_MEMORY.fullmatch(value.strip("[]")) is None
    )


def _is_ip(value: str) -> bool:
    return (
        _BEGINS_LIKE_IP.match(value) is not None
        and network_of(value) is not None
        and not value.startswith(_OWN)
    )


def _is_long(value: str) -> bool:
    return len(value) > 1


def _is_agent(value: str) -> bool:
    """Reject names without a version, which tell nothing about the user of the program."""
    return value[0] not in _NO_SECRETS and ("/" in value or any(map(str.isdigit, value)))


_ASSIGNED = re.compile(r"[A-Za-z_]{1,32}=")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def _is_name(value: str) -> bool:
    """Reject repositories: `"full_name": "owner/project"`."""
    return len(value) > 1 and _REPOSITORY.fullmatch(value) is None


_JUDGES: dict[str, Callable[[str], bool]] = {
    "pin": _is_pin, "pass": _is_pass, "pwd": _is_pass, "pw": _is_pass, "passwords": _is_pass,
    "zip": _is_zip, "zipcode": _is_zip, "postcode": _is_zip,
    "PASSWORD": lambda value: value.strip(".\u2026)`,;") != "",
    "mail": lambda value: _AT.search(value) is not None,
    "SECRET": _is_one_word,
    **dict.fromkeys(_WITH_BLANKS, _is_secret),
    "USERNAME": _is_username,
    "USER_AGENT": _is_agent,
    "ADDRESS": _is_address,
    "NAME": _is_name, "EMAIL": _is_long,
    "IP": _is_ip,
    "CVV": lambda value: _CVV.fullmatch(value) is not None,
    "MAC": lambda value: _MAC.fullmatch(value) is not None,
}  # fmt: skip
