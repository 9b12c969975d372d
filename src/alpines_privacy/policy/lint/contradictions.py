"""Contradictions between clauses: what one denies without exception and another takes for granted.

A denial that names its exceptions, in its own sentence or the next, contradicts nothing. A mention
counts where it is affirmed: "we never sell" mentions no sale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from alpines_privacy.policy.lint.document import Document, Sentence
from alpines_privacy.policy.lint.rule import Finding, Rule, quoted
from alpines_privacy.policy.parts import PrivacyPolicy

__all__ = ["CONTRADICTIONS", "NOT", "affirms"]

_MOST_MENTIONS = 5

NOT = r"\b(?:(?:do|does|did|will|would|shall|are|is) not|never|cannot|nor|neither|no longer)\b"
_NEGATION = re.compile(
    r"\b(?:not|no|never|nor|neither|without|cannot|none|nothing|nobody|instead of|rather than|if you believe|"
    r"become aware)\b"
)
_WINDOW = 120  # characters before a mention, in which a negation makes it none
_CLAUSE_END = re.compile(r"; |\bbut |\bhowever |\bexcept |\bunless ")
_NEXT_EXCEPTS = re.compile(
    r"(?:this does not (?:include|apply|cover)|this excludes|except|the only exceptions?|exceptions?\b|however|"
    r"only )"
)

# Who stands between a site and its visitors: general words, no companies.
_PROCESSOR = (
    r"(?:payment (?:gateway|processor|provider|service|company)s?|\bgateways?\b|(?:service|hosting|cloud|"
    r"e-?mail|delivery|analytics|"
    r"shipping|marketing) (?:provider|partner|compan(?:y|ies)|processor)s?|couriers?|sub-?processors|"
    r"content delivery network|\bcdn\b|\b(?:processed|handled|hosted|operated|fulfilled|delivered) by "
    r"(?:[\w-]+ ){0,4}(?:gateway|processor|provider|partner|company|platform|service|vendor)s?\b)"
)
_EMBEDDED = (
    r"(?:third[- ]party (?:\w+ )?(?:services?|providers?|processors?|tools?|vendors?|analytics|cookies|"
    r"plug-?ins?|content|products|"
    r"advertis\w+|partners?|payment)|\banalytics\b|social (?:media )?(?:plug-?ins?|buttons?|widgets?)|"
    r"embedded (?:video|content|map)s?)"
)
_LOGINS = (
    r"(?:\b(?:log|sign)(?:ging|ing|ged|ned)?[- ]?(?:in|on)\b|\bcreate an? (?:\w+ )?account|\b(?:your|user|"
    r"customer|member) accounts?\b|"
    r"\bcredentials?\b|\bshopping (?:cart|basket)\b|\bregister on\b|\busernames?\b)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contradiction(Rule):
    """A denial against a mention; what settles the two, anywhere in the text, makes them none.

    `qualified` is found in a denial that names its exceptions, `aside` in a mention that means
    something else.
    """

    denial: re.Pattern[str]
    mention: re.Pattern[str]
    qualified: re.Pattern[str] | None = None
    aside: re.Pattern[str] | None = None
    settled: re.Pattern[str] | None = None

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield a finding at the denial, with the lines of the mentions."""
        del policy
        denials = {s.said: s for s in text.sentences if self._denies(text, s)}
        if not denials or self._is_settled(text):
            return
        mentions = [s for s in text.sentences if s.said not in denials and self._mentions(s)]
        if not mentions:
            return
        first = mentions[0]
        lines = tuple(dict.fromkeys(s.line for s in mentions))[:_MOST_MENTIONS]
        for denial in denials.values():
            message = (
                f"{quoted(denial)} against {quoted(first)} (line {first.line}): {self.summary}"
            )
            yield self.found(denial.line, denial.end_line, message, lines)

    def _is_settled(self, text: Document) -> bool:
        settled = self.settled
        return settled is not None and any(settled.search(s.said) for s in text.sentences)

    def _denies(self, text: Document, sentence: Sentence) -> bool:
        if not self.denial.search(sentence.said):
            return False
        if self.qualified is None:
            return True
        if self.qualified.search(sentence.said):
            return False
        after = text.next_to(sentence)
        return not (after and _NEXT_EXCEPTS.match(after.said))

    def _mentions(self, sentence: Sentence) -> bool:
        if self.aside and self.aside.search(sentence.said):
            return False
        return affirms(sentence.said, self.mention)


def affirms(said: str, pattern: re.Pattern[str]) -> bool:
    """Tell whether a sentence says what a pattern finds, and does not deny it."""
    for match in pattern.finditer(said):
        before = said[max(0, match.start() - _WINDOW) : match.start()]
        clause = _CLAUSE_END.split(before)[-1]
        if not _NEGATION.search(clause) and not _NEGATION.search(match[0]):
            return True
    return False


def _compiled(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


_EXCEPTS = r"\bexcept(?:ions?)?\b|\bother than\b|\bapart from\b|\bbesides\b|\bunless\b|\bonly\b"
_LISTED = r"\b(?:listed|named|declared|described|set out|explained|following|below|as stated)\b"
_SIGNAL = r"(?:do[- ]not[- ]track|\bdnt\b|global privacy control|\bgpc\b|\bsignals?\b)"
_THIRD = r"(?:third|other|outside|external)[- ]part(?:y|ies)"

CONTRADICTIONS: tuple[Rule, ...] = (
    _Contradiction(
        id="third-parties-denied",
        source="Policy \u00a79 against \u00a76",
        summary="no third parties, and one at work",
        mend="Name the third parties with what each is for, and deny only the others.",
        denial=_compiled(
            rf"{NOT}[^.;]{{0,30}}?\b(?:include|use|offer|embed|load|have|contain|integrate|work with|rely on|"
            rf"employ|engage)\b"
            r"[^.;]{0,60}?\bthird[- ]part(?:y|ies)\b(?! (?:\w+ )?(?:track|cookie|advert|behav|links?\b|websites?))",
            r"\b(?:no|without(?: any)?|free of) third[- ]part(?:y|ies)(?: (?:products|services|content|code|"
            r"tools|software|"
            r"plug-?ins|scripts|providers)|[.,]| (?:are|is) (?:involved|used|included))",
        ),
        mention=_compiled(_PROCESSOR, _EMBEDDED),
        qualified=_compiled(
            _EXCEPTS, _LISTED, r"\bthird[- ]party (?:\w+ )?(?:cookies|track|advert)"
        ),
    ),
    _Contradiction(
        id="transfer-denied",
        source="Policy \u00a78 against \u00a76",
        summary="no personal information for third parties, and one that gets it",
        mend="Name who gets what and for which purpose (payment, delivery, mail), and deny the rest.",
        denial=_compiled(
            rf"{NOT}[^.;]{{0,40}}?\b(?:transfer|share|disclose|give|rent|release|pass|distribute|provide|"
            rf"reveal)\b[^.;]{{0,80}}?"
            rf"\b(?:{_THIRD}|(?:with|to) (?:anyone|anybody|others|other companies))\b",
        ),
        mention=_compiled(
            _PROCESSOR,
            rf"\b(?:we|may|also|and|will) (?:share|disclose|transfer|pass|forward|"
            rf"send)\b[^.;]{{0,60}}?\b(?:information|data|details|"
            rf"address|names?)\b[^.;]{{0,40}}?\b(?:with|to)\b (?:our|the|a|selected|trusted|some|{_THIRD}|"
            rf"partners?|advertisers?)",
        ),
        qualified=_compiled(
            r"\b(?:service providers?|processors?|assist|on our behalf|necessary|needed|consent|permission|"
            r"hosting|partners?|"
            r"gateway|couriers?|carriers?|need it|to (?:provide|perform|deliver|fulfil|complete)|for (?:their|"
            r"marketing|advertising))\b",
            _LISTED,
            r"\bother than\b|\bapart from\b|\bbesides\b|\bexceptions?\b",
        ),
        aside=_compiled(r"\bsent to you\b|\bto you\b"),
    ),
    _Contradiction(
        id="cookies-denied",
        source="Policy \u00a711 against \u00a77",
        summary="no cookies, and cookies in use",
        mend="Say which cookies are set and when; deny only the others.",
        denial=_compiled(
            rf"{NOT}[^.;]{{0,20}}?\b(?:plant|set|use|place|store|send|drop|leave|create|"
            rf"rely on)\b[^.;]{{0,20}}?\bcookies\b",
            r"\b(?:no|without|free of) (?:any )?cookies\b",
        ),
        mention=_compiled(
            r"\bcookies? (?:help|allow|enable|let|are (?:used|set|stored|placed)|keep|remember)|\b(?:use|set|"
            r"place|store|uses|sets)\b"
            r"[^.;]{0,30}?\bcookies\b|\b(?:by|with|through) (?:means of )?cookies\b|\bour cookies\b",
        ),
        qualified=_compiled(
            r"\b(?:third[- ]party|advertising|tracking|analytics|marketing|(?:non-?|un|not )(?:essential|"
            r"necessary)|optional|such|other|"
            r"further|additional|these|necessary|essential)(?: (?:or|and) \w+)? cookies",
            r"\bcookies (?:for|to|that|which|until|unless|without|from|in e-?mails?|when|if|while|under|"
            r"on devices|before)\b",
            rf"\b(?:when|if|while|under|where|once)\b[^.;]{{0,60}}?{_SIGNAL}",
            _EXCEPTS,
        ),
    ),
    _Contradiction(
        id="cookies-and-logins",
        source="Policy \u00a711 against \u00a72, \u00a75",
        summary="no cookies under a signal, and accounts that need one to stay signed in",
        mend="Name the necessary cookies that are set under a signal too, with what each is for.",
        denial=_compiled(
            rf"{NOT}[^.;]{{0,20}}?\b(?:plant|set|use|place|store|send|drop|leave|"
            rf"create)\b[^.;]{{0,20}}?\bcookies\b[^.;]{{0,80}}?{_SIGNAL}",
            rf"{_SIGNAL}[^.;]{{0,80}}?(?:{NOT}[^.;]{{0,20}}?\b(?:plant|set|use|place|store|send|"
            rf"drop)\b[^.;]{{0,20}}?|\bno )\bcookies\b",
            rf"\bno cookies\b[^.;]{{0,60}}?{_SIGNAL}",
        ),
        mention=_compiled(_LOGINS),
        qualified=_compiled(
            _EXCEPTS,
            r"\b(?:third[- ]party|advertising|tracking|analytics|marketing|optional|other|(?:non-?|un|"
            r"not )(?:essential|necessary))"
            r"(?: (?:or|and) \w+)? cookies",
        ),
        settled=_compiled(
            rf"^(?=.{{0,400}}\bcookies?\b)(?=.{{0,400}}\b(?:necessary|essential|signed in|log(?:ged)? ?in|"
            rf"sign in|session))"
            rf"(?=.{{0,400}}(?:{_SIGNAL}|\b(?:even|still|also|always|regardless|whatever|whether or not|"
            rf"{_EXCEPTS})))",
        ),
    ),
    _Contradiction(
        id="automatic-collection",
        source="Policy \u00a711 against \u00a73",
        summary="signals are honoured, and addresses or browsers recorded automatically",
        mend="Say what of it is recorded under a signal, and in what form (shortened, without the browser).",
        denial=_compiled(
            rf"\b(?:honou?r|respect|comply with|obey|follow|observe)s?\b[^.;]{{0,40}}?{_SIGNAL}",
            rf"{NOT} track (?:you|our|users|visitors)\b",
        ),
        mention=_compiled(
            r"\btrack(?:ing|s)?\b[^.;]{0,40}?\b(?:ip address|browser|device)",
            r"\bautomatic(?:ally)?\b[^.;]{0,80}?\b(?:ip address|browser|device)",
            r"\b(?:ip address|browser type|device)[^.;]{0,60}?\bautomatically\b",
        ),
        settled=_compiled(
            r"\b(?:ip address|addresses|browser|device|server logs?|log files?)[^;]{0,200}?(?:truncat|shorten|"
            r"anonymi[sz]|generali[sz]|mask|redact|"
            r"\bnot (?:stored|kept|logged|recorded)|\b(?:also|even|only) (?:when|under|if|with)|regardless|"
            r"whether or not|whatever|first part)",
        ),
    ),
    _Contradiction(
        id="personalisation",
        source="Policy \u00a711, \u00a712 against \u00a74, \u00a75",
        summary="no behavioural tracking or advertising, and content or offers chosen for each person",
        mend="Say what recommendations and offers rest on, and that a signal ends them.",
        denial=_compiled(
            rf"{NOT}[^.;]{{0,80}}?\b(?:permit|allow|use|engage in|take part in|show|display|serve|run|conduct|"
            rf"carry out|do)\b[^.;]{{0,60}}?"
            r"\b(?:behaviou?ral|profiling|targeted|interest-based|personali[sz]ed|advertis(?:ing|ements)|ads)\b",
            r"\bno (?:third[- ]party )?(?:behaviou?ral (?:tracking|advertising)|profiling|targeted advertising)\b",
        ),
        mention=_compiled(
            r"\bpersonali[sz](?:e|es|ing|ation)\b|\brecommendations?\b|\bpromotional (?:offers|e-?mails|"
            r"messages)\b|\bpromotions\b|"
            r"\bspecial offers\b|\b(?:targeted|interest-based) (?:ads|advertis|offers|content)",
        ),
        settled=_compiled(
            r"\b(?:personali[sz]|recommend|promotion|offers?|newsletters?|marketing)[^;]{0,200}?\b(?:unless|"
            r"only (?:if|when|with|while|from|after|to)|"
            r"consent|agreed?|opt(?:ed)?[- ](?:in|out)|unsubscribe|without (?:a )?(?:tracking|signal)|"
            r"not (?:based|for|chosen)|stop|asked for|"
            r"who send no|ends? (?:them|this|it))",
        ),
    ),
    _Contradiction(
        id="children",
        source="Policy \u00a713",
        summary="nothing from children, and something made for them",
        mend="Say for whom the site is; what is for children needs a parent's verifiable consent.",
        denial=_compiled(
            rf"{NOT}[^.;]{{0,40}}?\b(?:collect|market|direct|solicit|ask for|"
            rf"process)[^.;]{{0,80}}?\b(?:child(?:ren)?|minors|under (?:the age of )?1\d|"
            r"anyone under)",
            rf"{NOT} (?:intended |meant |directed |made |aimed )?(?:for|to|at) (?:children|minors|anyone under)",
        ),
        mention=_compiled(
            r"\b(?:children|kids|pupils|minors)(?:'s?)? (?:accounts?|profiles?|clubs?|games?|sections?|area|"
            r"newsletters?)\b|"
            r"\bregister (?:your|a|their) child|\baccounts? for (?:children|kids|minors)\b|\bchildren (?:can|"
            r"may) (?:register|sign up|play|join)",
        ),
        aside=_compiled(r"\b(?:delet|remov|contact us|believe|become aware|learn that)"),
    ),
    _Contradiction(
        id="payment-storage",
        source="Policy \u00a76",
        summary="payment details are not stored, and are stored",
        mend="Say what is kept of a payment (the last four digits, a token), and where.",
        denial=_compiled(
            rf"{NOT}(?: \w+){{0,2}} (?:store|keep|retain|save|hold)\b[^.;]{{0,40}}?\b(?:payment|card|credit|bank)\b",
        ),
        mention=_compiled(
            r"\b(?:store|keep|retain|save|hold)s?\b[^.;]{0,40}?\b(?:payment (?:details|information|data|"
            r"methods?)|(?:credit |debit |bank )?card "
            r"(?:details|numbers?|information|data))|\bsaved (?:payment )?cards?\b|\bcards? on file\b",
        ),
        aside=_compiled(r"\blast (?:four|4)\b|\btokens?\b|\bmasked\b"),
    ),
    _Contradiction(
        id="collection-denied",
        source="Policy \u00a71, \u00a72",
        summary="no personal information is collected, and some is",
        mend="Say what is collected and when; deny only the rest.",
        denial=_compiled(
            rf"{NOT}(?: \w+){{0,2}} (?:collect|gather|process|store|ask for|record)(?: or \w+)?(?: any|"
            rf" your)* (?:personal(?:ly identifiable)?) "
            r"(?:information|data)\b",
        ),
        mention=_compiled(
            r"\b(?:we|i|may|also|be asked to) (?:collect|gather|ask for|process|store|"
            r"provide)\b[^.;]{0,80}?\b(?:names?|e-?mail|phone|"
            r"personal (?:information|data)|addresses)",
        ),
        qualified=_compiled(
            _EXCEPTS,
            r"\b(?:child(?:ren)?|minors|under (?:the age of )?1\d|knowingly|sensitive|special|without|"
            r"from third|more than|beyond|"
            r"for (?:any )?(?:other|purposes)|that we|which|about your|when you (?:visit|browse)|if you (?:only|"
            r"just)|longer|third part(?:y|ies)|other (?:part(?:y|ies)|companies)|over time)\b",
        ),
    ),
    _Contradiction(
        id="sale",
        source="Policy \u00a78",
        summary="no sale, and a sale",
        mend="Say the one that is true.",
        denial=_compiled(rf"{NOT}(?: \w+){{0,3}} sell\b"),
        mention=_compiled(
            r"\b(?:we|may|also) sell (?:your|personal|some|customer|user|this|that|the) (?:\w+ )?(?:information|"
            r"data|details|lists?)"
        ),
        qualified=_compiled(_EXCEPTS),
    ),
    _Contradiction(
        id="security-guaranteed",
        source="Policy \u00a76",
        summary="security is guaranteed, and cannot be",
        mend="Say what is done; promise no result.",
        denial=_compiled(
            r"\b(?:no|not|cannot|neither|nor)\b[^.;]{0,80}?(?:\bguarantee|\b100 ?%)",
        ),
        mention=_compiled(
            r"\b(?:guarantee|ensure)s?\b[^.;]{0,40}?(?:\b100 ?%|\b(?:absolute|complete|total|"
            r"full)(?:ly)?) (?:\w+ )?(?:secur|safe)",
            r"\b(?:completely|absolutely|always|100 ?%) (?:safe|secure)\b",
        ),
    ),
    _Contradiction(
        id="address-logging",
        source="Policy \u00a73",
        summary="network addresses are not recorded, and are",
        mend="Say in what form addresses are recorded, and for how long.",
        denial=_compiled(
            rf"{NOT}(?: \w+){{0,2}} (?:log|record|store|collect|keep|save)\b[^.;]{{0,40}}?\bip address"
        ),
        mention=_compiled(r"\b(?:log|record|store|collect|keep)s?\b[^.;]{0,60}?\bip address"),
        qualified=_compiled(
            _EXCEPTS,
            r"\b(?:full|complete|whole|longer|beyond|after|more than|for more|together with)\b",
        ),
        aside=_compiled(r"\b(?:truncat|shorten|anonymi|mask|without the last)"),
    ),
    _Contradiction(
        id="analytics-denied",
        source="Policy \u00a712",
        summary="no analytics, and analytics in use",
        mend="Name the analytics and what it records, or take it off the site.",
        denial=_compiled(
            rf"{NOT}(?: \w+){{0,2}} (?:use|run|employ|engage)\b[^.;]{{0,30}}?\b(?:analytics|trackers?|tracking|"
            rf"web beacons|pixels)\b",
            r"\b(?:no|without) (?:analytics|trackers|tracking pixels|web beacons)\b",
        ),
        mention=_compiled(
            r"\b(?:use|uses|using|with)\b[^.;]{0,40}?\b(?:analytics|web beacons|tracking (?:pixels|"
            r"technologies)|trackers)\b",
        ),
        qualified=_compiled(
            _EXCEPTS,
            r"\b(?:third[- ]party|without|that (?:use|set|store)|behaviou?ral|cross-site)\b",
            rf"{_SIGNAL}",
        ),
    ),
    _Contradiction(
        id="location-denied",
        source="Policy \u00a72",
        summary="no location, and a location",
        mend="Say how precise a location is known, from what, and when.",
        denial=_compiled(
            rf"{NOT}(?: \w+){{0,2}} (?:collect|track|use|store|access)\b[^.;]{{0,40}}?\b(?:geo-?)?(?:location|"
            rf"gps)\b"
        ),
        mention=_compiled(
            r"\b(?:collect|use|access|receive|determine|record|store|keep)s?\b[^.;]{0,40}?\b(?:geo-?location|"
            r"location|gps)\b"
        ),
        qualified=_compiled(_EXCEPTS, r"\b(?:precise|exact|continuous|background|without)\b"),
        aside=_compiled(r"\b(?:approximate|coarse|country|city)\b"),
    ),
    _Contradiction(
        id="signals-denied",
        source="Policy \u00a711",
        summary="Do Not Track is honoured, and is not",
        mend="Say the one that is true.",
        denial=_compiled(
            rf"{NOT}(?: \w+){{0,3}} (?:respond to|honou?r|recogni[sz]e|support|react to|act on|"
            rf"process)\b[^.;]{{0,40}}?(?:do[- ]not[- ]track|\bdnt\b)"
        ),
        mention=_compiled(
            r"\b(?:honou?r|respect|comply with|obey|respond to)s?\b[^.;]{0,40}?(?:do[- ]not[- ]track|\bdnt\b)"
        ),
    ),
    _Contradiction(
        id="advertising-denied",
        source="Policy \u00a711",
        summary="no advertising, and advertising",
        mend="Say where ads are shown and to whom; deny only the rest.",
        denial=_compiled(
            rf"{NOT}(?: \w+){{0,2}} (?:show|display|serve|run|carry|host|contain|use|"
            rf"allow)(?: any)? (?:advertis\w+|ads)\b",
            r"\bfree of (?:advertising|ads)\b",
        ),
        mention=_compiled(
            r"\b(?:our|with|by) advertisers\b|\badvertising (?:partners|networks)\b|\b(?:show|display|"
            r"serve)s?\b[^.;]{0,20}?\b(?:ads|advertis\w+)\b|"
            r"\bsponsored (?:posts|content|links)\b",
        ),
        qualified=_compiled(
            _EXCEPTS,
            r"\b(?:when|if|while|under|behaviou?ral|targeted|personali[sz]ed|third|based on)\b",
            _SIGNAL,
        ),
    ),
    _Contradiction(
        id="links-denied",
        source="Policy \u00a79",
        summary="no links to others, and links to others",
        mend="Say that links lead to sites with policies of their own.",
        denial=_compiled(
            rf"{NOT}(?: \w+){{0,2}} (?:contain|include|provide|have|offer) (?:any )?links\b|"
            rf"{NOT} link to (?:other|third|external)"
        ),
        mention=_compiled(
            r"\b(?:contains?|includes?|provides?|has|have|offers?) (?:\w+ )?links to (?:other|third|external|"
            r"outside)"
        ),
        qualified=_compiled(_EXCEPTS),
    ),
)
