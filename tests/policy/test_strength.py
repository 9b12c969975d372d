"""Which secret keys are refused: what people type, never what a generator makes."""

import base64
import shlex
import string
import subprocess
import sys
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy.policy import PolicyError, SecretKeys
from alpines_privacy.policy.secrets import MADE_BY
from alpines_privacy.policy.strength import weakness
from tests.support.secret_keys import KEY, OLDER_KEY

NAME = "ALPINES_PRIVACY_SECRET_KEY"
ONE_CLASS, WORDS, GUESSED = "all of one class", "made of words", "can be guessed"

# A key of each weak kind, and what is said of it.
WEAK = {
    "short": "of at least 16",
    # one character, or few
    "a" * 16: ONE_CLASS,
    "a" * 5000: GUESSED,
    "ab" * 20: GUESSED,
    "1111222233334444": ONE_CLASS,
    "k7" * 30: GUESSED,
    # all of one class, and short
    "kqzvxwpjthrgmbdn": ONE_CLASS,
    "KQZVXWPJTHRGMBDN": ONE_CLASS,
    "8402957163058274": ONE_CLASS,
    # counting, up, down and between
    "0123456789abcdef": GUESSED,
    "9876543210987654321098765432": GUESSED,
    "abcdefghijklmnopqrstuvwxyz": GUESSED,
    "a1b2c3d4e5f6g7h8": GUESSED,
    "aabbccddeeffgghhiijjkkllmmnn": GUESSED,
    # walks over the keyboard
    "1q2w3e4r5t6y7u8i": GUESSED,
    "zaq1xsw2cde3vfr4": GUESSED,
    "!QAZ2wsx#EDC4rfv": GUESSED,
    "qwertyuiopasdfghjklzxcvbnm": GUESSED,
    # repetitions
    "changemechangeme": ONE_CLASS,
    "Passw0rd!Passw0rd!": WORDS,
    "Winter2024!Winter2024!": GUESSED,
    "hunter2hunter2hunter2": WORDS,
    "deadbeef" * 4: GUESSED,
    # words
    "please-change-this-key-in-production": WORDS,
    "mysupersecretkey123": WORDS,
    "MySuperSecretKeyForProd": WORDS,
    "SECRET_KEY_CHANGE_ME": GUESSED,
    "this is a very secret key that nobody will ever guess": WORDS,
    "tobeornottobethatisthequestion": WORDS,
    "correct horse battery staple": WORDS,
    "meinGeheimerSchluessel": WORDS,
    "acme-production-2024-key": WORDS,
    "S3cr3tK3y_F0r_My_4pp": GUESSED,
    "P@ssw0rd-Pr0duct10n-K3y!": WORDS,
    "secret-key-2025-01-31": GUESSED,
    "\u0441\u0435\u043a\u0440\u0435\u0442 " * 3: "outside ASCII",
    # published
    "django-insecure-" + KEY: "django-insecure-",
}  # fmt: skip


@pytest.mark.parametrize(("key", "said"), WEAK.items(), ids=[key[:24] for key in WEAK])
def test_a_key_a_person_typed_is_refused(key: str, said: str) -> None:
    assert said in (weakness(key) or "")


@pytest.mark.parametrize("key", WEAK, ids=[key[:24] for key in WEAK])
@pytest.mark.parametrize("others", [[], [KEY], [KEY, OLDER_KEY]])
def test_the_refusal_names_the_place_and_how_to_make_one_never_the_key(
    key: str, others: list[str]
) -> None:
    for make in (
        lambda keys: SecretKeys.from_environment({NAME: ",".join(keys)}),
        SecretKeys,
    ):
        with pytest.raises(PolicyError) as caught:
            make([*others, key])
        said = str(caught.value)
        assert f"key {len(others) + 1} of {len(others) + 1} " in said
        assert MADE_BY in said
        assert key not in said.removesuffix(MADE_BY).replace("(django-insecure-)", "")


def test_the_command_that_is_named_makes_a_good_key() -> None:
    python, *arguments = shlex.split(MADE_BY)
    assert python == "python"
    made = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert weakness(made.stdout.strip()) is None


DJANGO = "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)"  # of get_random_secret_key
random_bytes = st.randoms(use_true_random=True)


def _from(letters: str, count: int) -> st.SearchStrategy[str]:
    return random_bytes.map(lambda chance: "".join(chance.choices(letters, k=count)))


def _bytes(count: int) -> st.SearchStrategy[bytes]:
    return random_bytes.map(lambda chance: chance.randbytes(count))


GENERATED = {
    "token_urlsafe(32)": _bytes(32).map(lambda b: base64.urlsafe_b64encode(b).decode().rstrip("=")),
    "token_urlsafe(64)": _bytes(64).map(lambda b: base64.urlsafe_b64encode(b).decode().rstrip("=")),
    "token_hex(16)": _bytes(16).map(bytes.hex),
    "token_hex(32)": _bytes(32).map(bytes.hex),
    "TOKEN_HEX(32)": _bytes(32).map(lambda b: b.hex().upper()),
    "openssl rand -base64 32": _bytes(32).map(lambda b: base64.b64encode(b).decode()),
    "base85": _bytes(32).map(lambda b: base64.b85encode(b).decode().replace(",", "")),
    "a UUID": _bytes(16).map(lambda b: str(uuid.UUID(bytes=b, version=4))),
    "two UUIDs": _bytes(32).map(
        lambda b: f"{uuid.UUID(bytes=b[:16], version=4)}{uuid.UUID(bytes=b[16:], version=4)}"
    ),
    "Django's": _from(DJANGO, 50),
    "50 letters and digits": _from(string.ascii_letters + string.digits, 50),
}


@pytest.mark.parametrize("how", GENERATED)
def test_a_generated_key_is_taken(how: str) -> None:
    @settings(max_examples=300)
    @given(GENERATED[how])
    def taken(key: str) -> None:
        assert weakness(key) is None
        assert SecretKeys.given({NAME: key}) == (key,)

    taken()
