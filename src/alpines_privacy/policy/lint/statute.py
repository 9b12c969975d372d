"""What California's statute asks of a privacy policy (Cal. Bus. & Prof. Code §22575(b), §22577(b))."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from alpines_privacy.policy.lint.contradictions import affirms
from alpines_privacy.policy.lint.document import Document
from alpines_privacy.policy.lint.rule import Finding, Rule
from alpines_privacy.policy.parts import PrivacyPolicy

__all__ = ["STATUTE", "dates_of_effect", "read_date"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    rf"(?:\d{{4}}-\d\d?-\d\d?|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)?\.? {_MONTH},? \d{{4}}|{_MONTH},? \d{{4}})"
)
_EFFECT = re.compile(
    rf"\b(?:effective|in (?:force|effect)|last (?:updated?|modified|revised|changed|reviewed)|updated|revised|"
    rf"version|"
    rf"revision|as of|valid from|dated|date(?=:)|stand|took effect|takes effect|"
    rf"applies from)\b[^.;\n]{{0,60}}?({_DATE})"
)
_BARE_DATE = re.compile(rf"\(?(?:{_DATE})\)?\.?")
_FIRST = 4  # sentences below the title, among which a bare date is the policy's

_OWN_DATA = (
    r"(?:(?:personal(?:ly identifiable)? |account |contact |this |that |such |their |your |the )*"
    r"(?:information|data|details|profile|records|pii)|accounts?)"
)
_SHARING = re.compile(
    r"\b(?:shar(?:e[ds]?|ing)|disclos(?:e[ds]?|ing|ure)|transfer(?:s|red|ring)?|pass(?:es|ed)?|provide[ds]?|"
    r"sell|sold|"
    r"give[ns]?|forward(?:ed)?|sen[dt]|receiv(?:es?|ed)|recipients?|on our behalf|loads? from|loaded from|"
    r"third part(?:y|ies))\b"
)
_PARTIES = re.compile(
    r"\b(?:service providers?|(?:sub-?)?processors|(?:payment|e-?mail|mail|hosting|cloud|delivery|shipping|"
    r"analytics|"
    r"advertising|marketing) (?:providers?|processors?|services?|gateways?|partners?|companies|networks?)|"
    r"couriers?|carriers?|"
    r"advertisers|authorit(?:y|ies)|courts?|law enforcement|police|regulators?|government|affiliates?|"
    r"subsidiaries|group companies|"
    r"business partners|vendors?|contractors?|accountants?|auditors?|banks?|insurers?|advisers?|advisors?|"
    r"tax office|"
    r"hosting compan(?:y|ies)|delivery compan(?:y|ies)|categories of (?:third parties|recipients)|"
    r"third parties (?:are|named|listed|below))\b"
)
_NONE = re.compile(
    r"\b(?:(?:do|does|will) not|never)\b[^.;]{0,40}?\b(?:shar|disclos|transfer|pass|give|sell)[^.;]{0,80}?"
    r"\b(?:with|to) (?:any |other |outside |third )*(?:part(?:y|ies)|anyone|anybody|others|companies)\b|"
    r"\bno (?:third part(?:y|ies)|other compan(?:y|ies)|one else)\b[^.;]{0,40}\b(?:receives?|gets?|sees?|"
    r"has access)"
)
_EXCEPTION = re.compile(r"\b(?:except|unless|other than|apart from|without)\b")
_COLLECTS = re.compile(
    r"\b(?:collect|gather|process|receive|record|store|ask|obtain)(?:s|es)?\b[^.;]{0,120}?\b(?:names?|e-?mail|"
    r"address|phone|"
    r"information|data|details)\b|\b(?:information|data|details)\b[^.;]{0,60}?\b(?:collected|we collect|"
    r"you give|you provide|provided)\b|"
    r"\bprovide\b[^.;]{0,60}?\b(?:details|name|e-?mail)\b|\bcategories of (?:personal )?(?:information|data)\b"
)
_COLLECTS_NONE = re.compile(
    r"\b(?:do|does) not (?:collect|ask for|process|store)\b(?![^.;]*\b(?:child|minors|under|"
    r"from)\b)[^.;]{0,40}?\b(?:information|data)\b"
)
_REVIEW = re.compile(
    rf"\b(?:access|review|see|view|inspect|correct|update|change|edit|rectify|amend|delete|erase|"
    rf"copy of)\b[^.;]{{0,60}}?\b{_OWN_DATA}\b|"
    rf"\bright (?:of|to) (?:access|rectification|correction|erasure|know)\b"
)
_BY_USER = re.compile(
    r"\b(?:you (?:can|may|have|are|will)|users? (?:can|may|have)|members? (?:can|may|have)|customers? (?:can|"
    r"may|have)|your rights?|"
    r"right (?:of|to)|request|by (?:logging|signing|e-?mailing|writing|contacting)|contact us|write to|"
    r"on your account|"
    r"to (?:access|review|change|correct|update|delete)[^.;]{0,60}?your|e-?mail us)\b"
)
_CHANGE = re.compile(
    r"\b(?:chang(?:e[ds]?|ing)|revis\w+|amend\w*|modif\w+|update[ds]?|updating|new version|versions?)\b"
)
_POLICY = re.compile(r"\b(?:policy|statement|notice|document|text|this page|declaration)\b")
_TELL = re.compile(
    r"\b(?:notif\w+|notices?|inform(?:ed)?|post(?:ed|ing)?|publish(?:ed)?|announc\w+|e-?mail(?:ed)?|tell|told|"
    r"let you know|shown?|"
    r"display(?:ed)?|stands? (?:here|on)|find (?:it|them)|list(?:ed|s)?|banner|appear)\b"
)
_DNT = re.compile(
    r"\b(?:do[- ]not[- ]track|dnt|global privacy control|gpc|opt-out (?:preference )?signals?|browser signals?|"
    r"tracking signals?)\b"
)
_OTHERS = re.compile(
    r"\b(?:third[- ]part(?:y|ies)|(?:other|outside) (?:part(?:y|ies)|compan(?:y|ies)|sites?|websites?)|"
    r"partners?|advertisers?|"
    r"nobody|no one|anyone|networks?|others)\b"
)
_ACROSS = re.compile(
    r"\b(?:track(?:s|ed|ing|ers?)?|behaviou?ral|across (?:\w+ ){0,3}(?:web)?sites?|over time|profil(?:e|es|ing)|"
    r"online activit(?:y|ies))\b"
)
_ADDRESS = re.compile(
    r"[\w.+-]{1,64}(?:@|\s?[\[(](?:at|@)[\])]\s?)[\w-]{1,63}\.[a-z]{2,}", re.IGNORECASE
)
_TELEPHONE = re.compile(
    r"\b(?:phone|telephone|call|tel|fon|toll[- ]free)\b[^\d+]{0,30}[+(\d][\d ()./-]{6,}\d|\+\d[\d ()./-]{7,}\d"
)
_FORM = re.compile(
    r"\b(?:contact form|web form|write to us at|by (?:post|mail) (?:at|to)|by letter to)\b"
)
_CONTACT_LINK = re.compile(
    r"^(?:mailto:|tel:)|\bcontact|\bkontakt|\bimpressum|\bimprint", re.IGNORECASE
)


def _categories(text: Document) -> bool:
    return any(
        affirms(f"{text.sections[s.section].title.lower()} {s.said}", _COLLECTS)
        or _COLLECTS_NONE.search(s.said)
        for s in text.sentences
    )


def _third_parties(text: Document) -> bool:
    for sentence in text.sentences:
        said = sentence.said
        if _SHARING.search(said) and _PARTIES.search(said):
            return True
        if _NONE.search(said) and not _EXCEPTION.search(said):
            return True
    return False


def _review(text: Document) -> bool:
    return any(_REVIEW.search(s.said) and _BY_USER.search(s.said) for s in text.sentences)


def _change_notice(text: Document) -> bool:
    return any(
        _CHANGE.search(said)
        and _TELL.search(said)
        and (_POLICY.search(said) or _CHANGE.search(title))
        for said, title in (
            (s.said, text.sections[s.section].title.lower()) for s in text.sentences
        )
    )


def _dnt(text: Document) -> bool:
    return any(_DNT.search(s.said) for s in text.sentences)


def _others(text: Document) -> bool:
    return any(_OTHERS.search(s.said) and _ACROSS.search(s.said) for s in text.sentences)


def _contact(text: Document) -> bool:
    return any(map(_CONTACT_LINK.search, text.links)) or any(
        pattern.search(s.said) for s in text.sentences for pattern in (_ADDRESS, _TELEPHONE, _FORM)
    )


def dates_of_effect(text: Document) -> list[tuple[int, str]]:
    """Return the dates from which a text says it holds, with their lines."""
    found = [(s.line, match[1]) for s in text.sentences for match in _EFFECT.finditer(s.said)]
    headings = [block for block in text.blocks if block.kind == "heading"]
    found += [(b.line, m[1]) for b in headings for m in _EFFECT.finditer(b.text.lower())]
    bare = [s for s in text.sentences[:_FIRST] if _BARE_DATE.fullmatch(s.said)]
    return found + [(s.line, s.said) for s in bare]


def read_date(written: str) -> date | None:
    """Return a date in ISO's or an English form; None for a month alone, or for 01/02/2026."""
    numbers = [int(number) for number in re.findall(r"\d+", written)]
    month = re.search(_MONTH, written)
    try:
        if re.match(r"\d{4}-", written):
            return date(*numbers[:3])
        if month and len(numbers) == 2:
            return date(numbers[1], _MONTHS.index(month[0][:3]) + 1, numbers[0])
    except (ValueError, TypeError):  # 31 February
        pass
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing(Rule):
    """An item of the statute that a text does not have."""

    is_there: Callable[[Document], bool]

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield a finding at the title, because what is missing has no line."""
        del policy
        if not self.is_there(text):
            yield self.found(text.title_line, text.title_line)


STATUTE: tuple[Rule, ...] = (
    _Missing(
        id="title",
        source="Cal. Bus. & Prof. Code \u00a722577(b)(3)(A)",
        summary="the title does not say \u201cPrivacy\u201d",
        mend="Call the text \u201cPrivacy Policy\u201d: the statute's link has to say so.",
        is_there=lambda text: "privacy" in text.title.lower(),
    ),
    _Missing(
        id="categories",
        source="Cal. Bus. & Prof. Code \u00a722575(b)(1)",
        summary="it is not said which categories of personal information are collected",
        mend="List what is collected: names, e-mail addresses, network addresses and so on.",
        is_there=_categories,
    ),
    _Missing(
        id="third-parties",
        source="Cal. Bus. & Prof. Code \u00a722575(b)(1)",
        summary="it is not said which categories of third parties get personal information",
        mend="Name them by what they do (payment processor, hosting, delivery), or say that there are none.",
        is_there=_third_parties,
    ),
    _Missing(
        id="review",
        source="Cal. Bus. & Prof. Code \u00a722575(b)(2)",
        summary="it is not said how people review and change their information",
        mend="Say where: on the account's page, or by a message to the contact.",
        is_there=_review,
    ),
    _Missing(
        id="change-notice",
        source="Cal. Bus. & Prof. Code \u00a722575(b)(3)",
        summary="it is not said how people learn that the policy has changed",
        mend="Say how: a dated notice on this page, a message to account holders.",
        is_there=_change_notice,
    ),
    _Missing(
        id="effective-date",
        source="Cal. Bus. & Prof. Code \u00a722575(b)(4)",
        summary="there is no effective date",
        mend="Write \u201cEffective\u201d and the date below the title.",
        is_there=lambda text: bool(dates_of_effect(text)),
    ),
    _Missing(
        id="do-not-track",
        source="Cal. Bus. & Prof. Code \u00a722575(b)(5)",
        summary="it is not said how Do Not Track and similar signals are answered",
        mend="Say what the site does when a browser sends DNT or Sec-GPC.",
        is_there=_dnt,
    ),
    _Missing(
        id="others-tracking",
        source="Cal. Bus. & Prof. Code \u00a722575(b)(6)",
        summary="it is not said whether others collect information over time and across sites",
        mend="Say whether third parties track visitors of the site.",
        is_there=_others,
    ),
    _Missing(
        id="contact",
        source="Policy \u00a714",
        summary="there is no contact",
        mend="Add an e-mail address, a postal address or a form by which people reach the operator.",
        is_there=_contact,
    ),
)
