"""Cookies known by name: those of frameworks and of trackers, from their documentation.

A framework's name goes before a tracker's: `sessionid` is Django's session, whatever cookie
databases say. Names too short or common to be only a tracker's are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from alpines_privacy.policy.patterns import compile_patterns

__all__ = ["FRAMEWORKS", "LOGINS", "TOKENS", "TRACKERS", "is_echoed", "is_token", "pattern_of"]

_SIGNED_IN = "Keeps you signed in"
_FORMS = "Protects forms against forgery"
_MESSAGES = "Shows what your last action did"

# What a framework sets when nobody configures another name, with what each cookie is for.
FRAMEWORKS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Django": {"sessionid": _SIGNED_IN, "csrftoken": _FORMS, "messages": _MESSAGES},
        "Flask, Quart, Starlette, Litestar or Pyramid": {"session": _SIGNED_IN},
        "Flask-Login": {"remember_token": _SIGNED_IN, "session": _SIGNED_IN},
        "Tornado": {"user": _SIGNED_IN, "_xsrf": _FORMS},
        "Pyramid": {"auth_tkt": _SIGNED_IN},
        "aiohttp": {"AIOHTTP_SESSION": _SIGNED_IN},
        "CherryPy": {"session_id": _SIGNED_IN},
        "FastAPI Users": {"fastapiusersauth": _SIGNED_IN},
        "Datasette": {"ds_actor": _SIGNED_IN, "ds_csrftoken": _FORMS, "ds_messages": _MESSAGES},
        "Beaker": {"beaker.session.id": _SIGNED_IN},
        "Plone": {"__ac": _SIGNED_IN},
        "web2py": {"session_id_*": _SIGNED_IN},
    }
)

LOGINS = frozenset(name for names in FRAMEWORKS.values() for name in names)

# Names that say what they are, in small letters, whoever wrote the framework: a token that a form or a
# script has to send back, and what is shown for having signed in.
_ECHOED = ("*csrf*", "*xsrf*")
TOKENS = (*_ECHOED, "*access*token*", "*refresh*token*", "*auth*token*")

# Where a part of a name may begin that was made at random.
_BREAK = re.compile(r"[-_.:]")
_WORD = re.compile(r"[A-Za-z][a-z]*|[A-Z]+|v?[0-9]{1,3}")
_SHORTEST_RANDOM = 8  # characters


_is_echoed, _is_token = (compile_patterns(names).fullmatch for names in (_ECHOED, TOKENS))


def is_echoed(name: str) -> bool:
    """Tell whether a cookie's value has to come back in a form or a header (double submit)."""
    return _is_echoed(name.lower()) is not None


def is_token(name: str) -> bool:
    """Tell by its name whether a cookie is a token of a login or of a form."""
    return _is_token(name.lower()) is not None


def pattern_of(name: str) -> str:
    """Return the name as a policy declares it: with `*` for a tail made at random (`access-token-*`)."""
    for found in _BREAK.finditer(name):
        tail = name[found.end() :]
        first = _BREAK.split(tail, maxsplit=1)[0]
        if len(tail) >= _SHORTEST_RANDOM and not _WORD.fullmatch(first) and _is_mixed(tail):
            return f"{name[: found.end()]}*"
    return name


def _is_mixed(text: str) -> bool:
    return any(c.isdigit() for c in text) and any(c.isalpha() for c in text)


TRACKERS = (
    "_ga", "_ga_*", "_gid", "_gat", "_gat_*", "_dc_gtm_*", "_gac_*", "_gaexp", "_opt_expid",
    "__utma", "__utmb", "__utmc", "__utmt", "__utmt_*", "__utmv", "__utmz", "AMP_TOKEN",  # Google Analytics
    "_gcl_*", "__gads", "__gpi", "__gpi_optout", "__eoi", "FPLC", "FPID", "FPAU",  # Google advertising
    "_fbp", "_fbc",  # Meta
    "_uetsid", "_uetvid", "_uetmsclkid", "_clck", "_clsk",  # Microsoft Advertising, Clarity
    "_ttp", "_tt_enable_cookie", "ttcsid", "ttcsid_*",  # TikTok
    "_scid", "_scid_r", "_sctr", "_schn", "_schn1",  # Snapchat
    "_pin_unauth", "_pinterest_ct_ua", "_derived_epik", "_epik",  # Pinterest
    "_twclid", "_twpid", "personalization_id",  # X
    "_rdt_uuid", "_rdt_cid",  # Reddit
    "li_fat_id", "li_giant", "ln_or",  # LinkedIn
    "_pk_id*", "_pk_ses*", "_pk_ref*", "_pk_cvar*", "_pk_hsr*", "mtm_consent*",  # Matomo
    "_ym_uid", "_ym_d", "_ym_isad", "_ym_visorc*", "_ym_metrika_enabled*", "yandexuid",  # Yandex Metrica
    "_hjSession*", "_hjid", "_hjFirstSeen", "_hjTLDTest", "_hjMinimizedPolls", "_hjUserAttributesHash",
    "_hjAbsoluteSessionInProgress", "_hjIncludedIn*", "_hjCachedUserAttributes", "_hjDonePolls",  # Hotjar
    "_hp2_*",  # Heap
    "mp_*_mixpanel", "mp_mixpanel_*",  # Mixpanel
    "amplitude_id*", "amp_*", "AMP_*", "AMP_MKTG_*",  # Amplitude
    "ajs_anonymous_id", "ajs_user_id", "ajs_group_id", "analytics_session_id*",  # Segment
    "ph_*_posthog",  # PostHog
    "rl_anonymous_id", "rl_user_id", "rl_group_id", "rl_trait", "rl_session", "rl_page_init_*",  # RudderStack
    "_sp_id*", "_sp_ses*",  # Snowplow
    "hubspotutk", "__hstc", "__hssc", "__hssrc", "messagesUtk",  # HubSpot
    "_mkto_trk",  # Marketo
    "visitor_id*-hash",  # Salesforce Pardot
    "__kla_id", "_kla_id",  # Klaviyo
    "AMCV_*", "AMCVS_*", "s_vi", "s_vi_*", "s_fid", "s_ecid", "s_cc", "s_sq", "mbox", "mboxEdgeCluster",
    "demdex", "kndctr_*",  # Adobe
    "optimizelyEndUserId", "optimizelySegments", "optimizelyBuckets", "optimizelyOptOut", "optimizelySession",
    "_vwo_*", "_vis_opt_*", "_ABTasty", "ABTasty", "ABTastySession", "_cs_id", "_cs_s", "_cs_c", "_cs_mk*",
    "_conv_v", "_conv_s", "_conv_r", "kameleoonVisitorCode",  # experiments and session replay
    "fs_uid", "fs_lua", "fs_session", "__insp_*", "mf_*", "_lo_uid", "_lo_v", "_lfa", "sm_uuid",
    "_mouseflow*", "cebs", "_ce.s", "_ce.clock_data", "_crazyegg", "is_returning", "sc_is_visitor_unique",
    "_chartbeat2", "_chartbeat4", "_cb", "_cb_ls", "_cb_svref", "_parsely_visitor", "_parsely_session",
    "_nr_*", "__qca", "_ctpuid", "nmstat",  # audience measurement
    "cto_bundle", "cto_bidid", "cto_tld_test", "uid_criteo", "_cc_id", "panoramaId", "panoramaId_expiry",
    "__adroll", "__adroll_*", "__ar_v4", "_te_", "t_gid", "t_pt_gid", "trc_cookie_storage", "taboola_*",
    "outbrain_*", "obuid", "IDE", "DSID", "tuuid", "tuuid_lu", "uuid2", "anj",
    "_kuid_", "_pubcid", "_pubcid_cst", "_sharedID", "_sharedID_cst", "_unifiedId", "pbjs-*", "_lr_*",
    "_li_dcdm_c", "_lc2_fpi*", "__li_idex_cache*", "lotame_*", "_awl", "_bti", "_uuid_bidswitch",  # ad networks
    "intercom-id-*", "intercom-session-*", "intercom-device-id-*", "drift_aid", "driftt_aid", "_iz_*",
    "__zlcmid", "_zitok", "_gsid", "_an_uid", "6suuid", "_hly_vid", "_biz_*", "_mkra_*",
)  # fmt: skip
