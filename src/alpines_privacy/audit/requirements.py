"""The table of requirements: what the policy's clauses ask for, as far as it can be told from outside.

One row is one requirement, told apart from every other: a site can break it alone.
"""

from __future__ import annotations

from alpines_privacy.audit.model import Mend, Need, Requirement

__all__ = ["BY_ID", "REQUIREMENTS", "requirement"]


def _row(  # noqa: PLR0913 - the columns of the table
    key: str,
    title: str,
    library: str,
    elsewhere: str,
    *,
    needs: Need = "",
    flask: str = "",
    django: str = "",
    fastapi: str = "",
) -> Requirement:
    clause = key.partition(".")[0]
    mend = Mend(library, elsewhere, flask=flask, django=django, fastapi=fastapi)
    return Requirement(id=key, clause=clause, title=title, mend=mend, needs=needs)


_COOKIES_OFF = (
    "declare the cookie in [[cookies]] with necessary = true if the site cannot work without it; all other "
    "cookies stay away under a signal by themselves."
)
_COOKIES_ELSEWHERE = "Send no Set-Cookie to a visitor whose request says {signal}, error pages and redirects included."
_FLASK_COOKIES = (
    "declare the cookie in [[cookies]]; Flask's own `session` with necessary = true if people sign in, "
    "and read `session` only where it is needed: reading a permanent session sets it again."
)
_DJANGO_COOKIES = (
    "declare the cookie in [[cookies]]; `sessionid` and `csrftoken` with necessary = true if people sign in. "
    "The middleware goes first in MIDDLEWARE, so that it sees cookies of all others."
)
_SCREEN = (
    'declare the path in [[signups]] with birth_date = "FIELD", or screen = true where the form asks for no '
    "birth date."
)
_PAGE = "fill in [operator], and the policy's page is served and says it."

REQUIREMENTS: tuple[Requirement, ...] = (
    # §1-§5: what is collected, when, and what it is used for.
    _row(
        "1.forms",
        "Forms ask for no personal data but what is declared",
        "declare the form's path and its fields in [[collections]], each with its purpose, or take the field out.",
        "Name the field and its purpose in the policy, or take it out of the form.",
    ),
    _row(
        "2.forms",
        "Sign-up and sign-in forms ask for no personal data but what is declared",
        "declare the form's path and its fields in [[collections]], each with its purpose, or take the field out.",
        "Name the field and its purpose in the policy, or take it out of the form.",
    ),
    _row(
        "3.addresses",
        "No log record holds a visitor's network address",
        'leave logs = "on" (the default), and log through `logging`, structlog or loguru.',
        "Log the network only: /24 of an IPv4 address, /48 of an IPv6 one.",
    ),
    _row(
        "3.browsers",
        "No log record holds a visitor's User-Agent",
        'leave logs = "on" (the default), and log through `logging`, structlog or loguru.',
        "Log the browser's family and system only, such as Firefox on Windows.",
    ),
    _row(
        "4.service",
        "Visitors with a signal get the same pages as all others",
        "look for what the app does with current().opted_out: it may leave advertising out, and nothing else.",
        "Refuse nobody for a signal: answer with the status that other visitors get.",
    ),
    _row(
        "5.purposes",
        "The policy's page says what each declared cookie, third party and collection is for",
        "serve the policy's page by [operator], or write the purposes of the policy file into your own page.",
        "Write a sentence about each of them into the policy's page.",
    ),
    # §6: protection.
    _row(
        "6.https",
        "Requests over http are redirected to https",
        'set https = "require", and name the proxy that ends TLS in trusted_proxies.',
        "Redirect port 80 to https at the proxy, for all paths.",
        django='set https = "require" (SECURE_SSL_REDIRECT does the same for redirects, not for forms).',
    ),
    _row(
        "6.hsts",
        "Strict-Transport-Security holds for at least 180 days",
        "add a table [hsts] to the policy file.",
        "Send `Strict-Transport-Security: max-age=31536000` over https.",
        django="add a table [hsts] to the policy file, or set SECURE_HSTS_SECONDS.",
    ),
    _row(
        "6.secure-cookies",
        "All cookies that are set over https are Secure",
        'set https = "require" or "secure-cookies"; the app sees https only if trusted_proxies has its proxy.',
        "Set the attribute Secure on every cookie.",
        flask='set https = "secure-cookies" (SESSION_COOKIE_SECURE covers the session only).',
        django='set https = "secure-cookies" (SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE cover those two only).',
        fastapi='set https = "secure-cookies" (SessionMiddleware(https_only=True) covers the session only).',
    ),
    _row(
        "6.mixed-content",
        "Pages over https load nothing over http",
        "load over https; upgrade_insecure_requests = true makes browsers do so.",
        "Load over https, or send `Content-Security-Policy: upgrade-insecure-requests`.",
    ),
    _row(
        "6.form-targets",
        "No form of a page over https is sent over http",
        "let the form's action begin with https: or be a path.",
        "Let the form's action begin with https: or be a path.",
    ),
    _row(
        "6.payment-forms",
        "No form sends payment data to the site itself",
        "let the gateway's own page or frame ask for the card, and declare its host in [[third_parties]].",
        "Let the payment gateway's own page or frame ask for the card.",
    ),
    _row(
        "6.intruders",
        "A burst of failed logins is stopped",
        "declare the login's path in [[intrusion.logins]].",
        "Answer 429 with Retry-After after about ten failures for an account or from a network.",
        needs="active",
    ),
    _row(
        "6.passwords",
        "A weak password gets advice",
        "add a table [passwords] with the path of the sign-up.",
        "Judge passwords by length and by a list of common ones (NIST SP 800-63B-4), and say so beside the field.",
        needs="active",
    ),
    _row(
        "6.evidence",
        "The dated evidence of audits and updates is not older than it may be",
        "do what is due, and add its date to [[evidence]].",
        "Do what is due, and write its date into the policy.",
    ),
    # §7: cookies.
    _row(
        "7.cookies",
        "Only declared cookies are set",
        "declare the cookie in [[cookies]] with its purpose, or stop setting it.",
        "Name the cookie and its purpose in the policy, or stop setting it.",
    ),
    _row(
        "7.lifetimes",
        "No cookie lives longer than is declared",
        "shorten the cookie's lifetime, or declare the longer one.",
        "Shorten the cookie's lifetime, or name the longer one in the policy.",
    ),
    _row(
        "7.script-cookies",
        "Scripts set only declared cookies",
        "declare the cookie in [[cookies]] with its purpose, or take out the script that sets it.",
        "Name the cookie and its purpose in the policy, or take out the script that sets it.",
        needs="browser",
    ),
    # §8, §9: disclosure, other companies.
    _row(
        "8.referrer",
        "Pages tell other sites no address of theirs",
        "add [disclosure], or leave out the app's own Referrer-Policy.",
        "Send `Referrer-Policy: strict-origin-when-cross-origin`, `same-origin` or `no-referrer`.",
        django="set SECURE_REFERRER_POLICY to same-origin (Django's default).",
    ),
    _row(
        "8.redirects",
        "No redirect to another site has personal data in its address",
        "send such data from the server to a declared processor, or leave it out of the address.",
        "Send such data from server to server, or leave it out of the address.",
    ),
    _row(
        "8.links",
        "No link or form to another site has personal data in its address",
        "leave it out of the link, or let the form be sent with method=post.",
        "Leave it out of the link, or let the form be sent with method=post.",
    ),
    _row(
        "8.requests",
        "No request of a page to another site holds what the visitor has typed",
        "take out the script that sends it, or declare the processor in [[third_parties]].",
        "Take out the script that sends it.",
        needs="browser",
    ),
    _row(
        "9.hosts",
        "Pages name only declared hosts of other sites to load from",
        'declare the host in [[third_parties]] with its purpose, or serve the file yourself; loads = "declared" '
        "makes browsers refuse all others.",
        "Name the company and its purpose in the policy, or serve the file yourself.",
    ),
    _row(
        "9.requests",
        "Pages load only from declared hosts of other sites",
        'declare the host in [[third_parties]] with its purpose, or set loads = "declared".',
        "Name the company and its purpose in the policy, or take out the script that loads from it.",
        needs="browser",
    ),
    # §10: CalOPPA.
    _row(
        "10.anonymous",
        "The home page is open to visitors without an account or a cookie",
        "serve a home page at / to everybody.",
        "Serve a home page at / to everybody, without a login before it.",
    ),
    _row(
        "10.link",
        "The home page has a visible link that says Privacy",
        "fill in [operator], and the link is added to a home page that has none.",
        "Add a link whose text says Privacy to the home page.",
    ),
    _row(
        "10.page",
        "The link leads to the policy's page",
        "fill in [operator], and the policy's page is served where the app has none; if the app answers there "
        "(a route for every path), set `page` to a path that it does not know.",
        "Publish the policy where the link leads.",
        django="fill in [operator], and end its `page` with a slash if APPEND_SLASH redirects there.",
    ),
    _row(
        "10.categories",
        "The policy says which personal information is collected",
        "declare [[collections]]; the policy's page lists them.",
        "List what is collected: names, e-mail addresses, network addresses and so on.",
    ),
    _row(
        "10.third-parties",
        "The policy says who gets personal information",
        _PAGE,
        "Name them by what they do (payment processor, hosting, delivery), or say that there are none.",
    ),
    _row(
        "10.review",
        "The policy says how people see and change their data",
        "set `account` in [operator].",
        "Say where: on the account's page, or by a message to the contact.",
    ),
    _row(
        "10.change-notice",
        "The policy says how people learn of changes",
        _PAGE,
        "Say how: a dated notice on the policy's page, a message to account holders.",
    ),
    _row(
        "10.effective-date",
        "The policy has an effective date",
        "set `effective`.",
        'Write "Effective" and the date below the title, in <time datetime>.',
    ),
    _row(
        "10.signals",
        "The policy says how Do Not Track and similar signals are answered",
        _PAGE,
        "Say what the site does when a browser sends DNT or Sec-GPC.",
    ),
    _row(
        "10.others-tracking",
        "The policy says whether others follow visitors over time and across sites",
        _PAGE,
        "Say whether third parties track visitors of the site.",
    ),
    # §11: signals.
    _row(
        "11.cookies-dnt",
        "No cookie is set under DNT: 1",
        _COOKIES_OFF,
        _COOKIES_ELSEWHERE.format(signal="DNT: 1"),
        flask=_FLASK_COOKIES,
        django=_DJANGO_COOKIES,
    ),
    _row(
        "11.cookies-gpc",
        "No cookie is set under Sec-GPC: 1",
        _COOKIES_OFF,
        _COOKIES_ELSEWHERE.format(signal="Sec-GPC: 1"),
        flask=_FLASK_COOKIES,
        django=_DJANGO_COOKIES,
    ),
    _row(
        "11.cookies-dnt0-gpc",
        "No cookie is set under Sec-GPC: 1 beside DNT: 0",
        _COOKIES_OFF,
        "Let Sec-GPC: 1 count whatever DNT says.",
        flask=_FLASK_COOKIES,
        django=_DJANGO_COOKIES,
    ),
    _row(
        "11.ads",
        "Pages name no advertising host to load from under a signal",
        "do not exempt the page; add hosts that the lists do not know to trackers.add, and slots to ad_slots.",
        "Leave the advertisement's markup out under a signal.",
    ),
    _row(
        "11.vary",
        "Responses that differ by signal say so in Vary",
        "read the signal through current(), not from the headers, and `Vary` is set.",
        "Send `Vary: DNT, Sec-GPC` on all variants of such a response.",
        django="read the signal through current(); @cache_page and UpdateCacheMiddleware go below the privacy "
        "middleware.",
    ),
    _row(
        "11.shared-caches",
        "No shared cache may keep a response that sets a cookie",
        "do not exempt the page from `headers`: such a response gets Cache-Control: private.",
        "Send `Cache-Control: private` or `no-store` with Set-Cookie.",
    ),
    _row(
        "11.revalidation",
        "A page from before the signal is not confirmed by 304 under it",
        "let the layer stand outside what answers 304 (ConditionalGetMiddleware, a cache, a CDN).",
        "Give the variants of a page different ETags.",
        django="put the privacy middleware before ConditionalGetMiddleware.",
    ),
    _row(
        "11.gpc-json",
        "/.well-known/gpc.json says that Sec-GPC is honoured",
        "let the app be mounted at the root, or the proxy pass /.well-known/ on to it.",
        'Serve {"gpc": true, "lastUpdate": "YYYY-MM-DD"} as application/json.',
    ),
    _row(
        "11.dnt-status",
        "/.well-known/dnt/ says under DNT: 1 that visitors are not tracked",
        "let the app be mounted at the root, or the proxy pass /.well-known/ on to it.",
        'Serve {"tracking": "N"} as application/tracking-status+json.',
    ),
    _row(
        "11.script-cookies",
        "Scripts set no cookie under a signal",
        "leave shield = true; a page whose own Content-Security-Policy forbids the shield needs 'self' or a nonce "
        "in script-src.",
        "Let the scripts that set cookies ask navigator.globalPrivacyControl first.",
        needs="browser",
    ),
    _row(
        "11.storage",
        "Scripts store nothing that outlives the visit under a signal",
        "take out the script, or let it ask navigator.globalPrivacyControl first.",
        "Let the script ask navigator.globalPrivacyControl first.",
        needs="browser",
    ),
    _row(
        "11.requests",
        "Pages ask no advertising host for anything under a signal",
        "leave shield = true; add hosts that the lists do not know to trackers.add.",
        "Leave the scripts that load advertisements out under a signal.",
        needs="browser",
    ),
    # §12: behavioural tracking by others.
    _row(
        "12.trackers",
        "Pages name no tracker to load from",
        "do not exempt the page from `markup`; a tracker that stays is one that the policy declares or allows.",
        "Take the tracker's element out of the page.",
    ),
    _row(
        "12.fields",
        "No response field loads from a tracker or reports to another company",
        "do not exempt the response from `markup`; fields that a proxy adds are taken out there (Cloudflare: switch "
        "Network Error Logging off).",
        "Take the field out, in the app or at the proxy that adds it (NEL, Report-To, Link).",
    ),
    _row(
        "12.requests",
        "Pages ask no tracker for anything",
        "leave shield = true; a tracker that stays is one that the policy declares or allows.",
        "Take the script that loads the tracker out.",
        needs="browser",
    ),
    _row(
        "12.beacons",
        "Pages send other sites no beacon",
        "leave shield = true, and add the host to trackers.add.",
        "Take the script that sends it out.",
        needs="browser",
    ),
    _row(
        "12.service-workers",
        "No service worker loads from another site's trackers",
        "take the tracker's importScripts out of the worker.",
        "Take the tracker's importScripts out of the worker.",
        needs="browser",
    ),
    _row(
        "12.fingerprints",
        "No script draws or measures to recognise the browser",
        "add the script's address to trackers.add.",
        "Take the fingerprinting script out.",
        needs="browser",
    ),
    _row(
        "12.recorders",
        "No script records what visitors do on a page",
        "add the recorder's host to trackers.add.",
        "Take the recorder out.",
        needs="browser",
    ),
    _row(
        "12.keys",
        "No script sends away what is typed before the form is sent",
        "add the script's address to trackers.add.",
        "Take the script out that reads the fields.",
        needs="browser",
    ),
    # §13: children.
    _row(
        "13.asked",
        "Sign-up asks for the date of birth",
        _SCREEN,
        "Ask for the date of birth first.",
    ),
    _row(
        "13.neutral",
        "Sign-up gives no hint of the age it wants",
        "let no text or choice of the page tell an age; screen = true shows a neutral page.",
        "Let no text, choice or limit of a field tell an age (FTC, COPPA FAQ).",
    ),
    _row(
        "13.under",
        "Nobody of 12 years and 364 days can sign up",
        _SCREEN,
        "Refuse it, and keep nothing of what was sent.",
        needs="active",
    ),
    _row(
        "13.of-age",
        "Somebody who is 13 today can sign up",
        "leave minimum_age at 13, and set age_zone if the site has one time zone.",
        "Compare dates, not days divided by 365.25.",
        needs="active",
    ),
    _row(
        "13.leap-day",
        "Somebody born on 29 February can sign up",
        _SCREEN,
        "Take 29 February of leap years as a date.",
        needs="active",
    ),
    _row(
        "13.impossible",
        "29 February of a year without one is refused",
        _SCREEN,
        "Refuse a date that does not exist.",
        needs="active",
    ),
    _row(
        "13.missing",
        "Nobody can sign up without a date of birth",
        _SCREEN,
        "Refuse a sign-up without a date of birth; never take it for an adult's.",
        needs="active",
    ),
    _row(
        "13.retry",
        "Whoever was refused cannot try another date in the same session",
        _SCREEN,
        "Remember the refusal in a session cookie without an identifier (FTC, COPPA FAQ).",
        needs="active",
    ),
    # §14: fair information practices.
    _row(
        "14.breach-notice",
        "The policy says when people are told of a breach",
        "set `breach_notice` in [operator].",
        "Say within which time those affected by a breach are told by e-mail.",
    ),
    _row(
        "14.redress",
        "The policy says what somebody who was wronged can do",
        "set `redress` in [operator].",
        "Say to whom people can complain, and before which courts they can go.",
    ),
    _row(
        "14.contact",
        "The policy says how the operator is reached",
        "set `contact` in [operator].",
        "Add an e-mail address, a postal address or a form.",
    ),
)

BY_ID: dict[str, Requirement] = {each.id: each for each in REQUIREMENTS}


def requirement(key: str) -> Requirement:
    """Return the requirement of an id; raises KeyError for one that is none."""
    return BY_ID[key]
