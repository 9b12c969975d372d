from __future__ import annotations

from urllib.parse import unquote, unquote_to_bytes

from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy.http.percent import decoded, decoded_bytes

TEXTS = st.text(st.sampled_from("%%%41CcE28aé/g中\xad\ufffd\udc80"), max_size=24) | st.text()


@given(TEXTS)
@example("%")
@example("%%41%4")
@example("%c3%%a9")
@example("%E2%82é%ADa%C3中\xad%")
@example("%C3\udc80%41")
def test_a_text_is_decoded_as_pythons_own_does(text: str) -> None:
    assert decoded(text) == unquote(text)
    raw = text.encode("utf-8", "surrogatepass")
    assert decoded_bytes(raw) == unquote_to_bytes(raw)
