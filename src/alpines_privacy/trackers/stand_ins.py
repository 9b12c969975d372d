"""Do-nothing stand-ins for the globals that trackers define, so that a page's own calls go on.

Each is ES5 without `<` and `&` (XHTML reads them as markup), on one line (the page's errors stay on
theirs), the same when it runs twice, and leaves what the page defined itself. What a page waits
for is called, later and once: functions handed to a call, and members of the objects handed to
one that are named `…callback`, `…done` or `loaded`. Listeners (`on`, `addEventListener`) are not:
what they listen for never happens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

__all__ = ["NAMES", "names_for", "stand_in_for_host", "stand_ins"]

# What the stand-ins are made of; each is left in place only if it is used. `w` is the window.
_PARTS = MappingProxyType(
    {
        # Calls f later, with a (also as `this`).
        "c": """function c(f,a){typeof f=="function"?setTimeout(function(){f.call(a,a)},1):0}""",
        # Looks for callbacks in what was passed to a call or pushed to a queue, and calls them with x.
        "t": """function t(a,x){a=a?typeof a!="function"?a.length>=0?a:[a]:[a]:[];
            for(var i=0,k,o;a.length>i;i++)if(typeof(o=a[i])=="function")a[0]=="provide"?0:c(o,x);
            else if(o?typeof o=="object":0)for(k in o)if(/(callback|done|^loaded)$/i.test(k))c(o[k],x)}""",
        # A queue: what is in it and what will be pushed is looked at.
        "q": """function q(o,k,x,e){var a=o[k]=o[k]||[],p=a.push,i=0;e=e||t;if(p?!p.off:0){for(;
            a.length>i;i++)e(a[i],x);
            (a.push=function(){for(var i=0;arguments.length>i;i++)e(arguments[i],x);return
                p.apply(a,arguments)}).off=1}}""",
        # A function, and the queue k at which the page's own placeholder of that name keeps calls.
        "f": """function f(n,k,x){var g=o(n,function(){t(arguments,x)});typeof g=="function"?q(g,k,x):0}""",
        # Methods named in s on o; they return r. With l they are listeners, or calls nobody waits for.
        "m": """function m(o,s,r,l,x){s.split(" ").forEach(function(k){
            o[k]=o[k]||function(){l?0:t(arguments,x);return r}});return o}""",
        # A global n that is v unless it is there.
        "o": """function o(n,v){return w[n]=w[n]||v||{}}""",
        # What a callback may ask a tracker for.
        "T": """function T(){return m({},"get set send reset require getVisitorId getUserId
            getAttributionInfo getCustomVariable")}""",
    }
)
_USES = {"t": "c", "q": "t", "f": "oq", "m": "t", "T": "m", "c": "", "o": ""}


def _queue(name: str) -> str:
    """Write a queue that runs what is pushed to it."""
    return f'q(w,"{name}");'


def _list(name: str) -> str:
    """Write a queue that nobody waits for."""
    return f'o("{name}",[]);'


def _function(name: str) -> str:
    """Write a function that calls the callbacks it is given."""
    return f'o("{name}",function(){{t(arguments)}});'


def _silent(name: str) -> str:
    """Write a function that nobody waits for."""
    return f'o("{name}",function(){{}});'


def _object(name: str, methods: str, *, made: str = "{}", quiet: str = "") -> str:
    """Write an object whose methods return it, so that calls can be chained, but for the quiet ones."""
    code = f'a=o("{name}",{made});' + (f'm(a,"{quiet}",void 0,1);' if quiet else "")
    return f'{code}m(a,"{methods}",a,0,a);'


_SEGMENT = (
    "identify track page pageview screen group alias reset ready load "
    "trackSubmit trackClick trackLink trackForm"
)
_SLOT = (
    "addService setTargeting clearTargeting defineSizeMapping setCollapseEmptyDiv setCategoryExclusion "
    "clearCategoryExclusions setConfig setClickUrl setForceSafeFrame setSafeFrameConfig set get "
    "enableSingleRequest enableLazyLoad disableInitialLoad collapseEmptyDivs setCentering setPrivacySettings "
    "setRequestNonPersonalizedAds setPublisherProvidedId setLocation setVideoContent enableVideoAds "
    "enableAsyncRendering enableSyncRendering refresh clear updateCorrelator addEventListener "
    "removeEventListener addSize build getSlotElementId getAdUnitPath getResponseInformation"
)

NAMES: Mapping[str, str] = MappingProxyType(
    {
        # Google
        "dataLayer": 'q(w,"dataLayer",T());c((w.dataLayer.hide||0).end);',
        "gtag": _function("gtag"),
        "ga": 'f("ga","q",a=T());m(w.ga,"create getByName",a);m(w.ga,"getAll",[a]);m(w.ga,"remove");',
        "_gaq": """q(w,"_gaq",T(),function(e,x){(e?e[0]=="_link"?e[1]:0:0)?location=e[1]:t(e,x)});""",
        "_gat": """a=m({},"_trackPageview _trackEvent _trackTrans _trackSocial _trackTiming _initData _addTrans
            _addItem _link _linkByPost _setDomainName _setAllowLinker _setAllowAnchor _setCustomVar _setVar
            _setAccount _addIgnoredRef _addOrganic _anonymizeIp");m(o("_gat"),"_getTracker
            _createTracker _getTrackerByName",a);
            m(w._gat,"_anonymizeIp");""",
        "google_trackConversion": _function("google_trackConversion"),
        "googletag": f"""a=o("googletag");b=m({{}},"{_SLOT}",void 0,1);for(i in b)b[i]=function(){{return b}};
            m(b,"getTargeting getTargetingKeys getSlots getSlotIdMap",[],1);
            m(a,"defineSlot defineOutOfPageSlot defineUnit pubads companionAds content sizeMapping",b,1);
            m(a,"enableServices display destroySlots setAdIframeTitle disablePublisherConsole
            openConsole setConfig getVersion",void 0,1);
            a.apiReady=a.pubadsReady=true;q(a,"cmd");""",
        "adsbygoogle": _queue("adsbygoogle"),
        # Pixels
        "fbq": 'o("_fbq",o("fbq",function(){}));',
        "ttq": _object(
            "ttq",
            "page track identify ready load instance instances debug alias group enableCookie disableCookie "
            "holdConsent revokeConsent grantConsent setAnonymousId",
            made="[]",
            quiet="on off once",
        ),
        "twq": _silent("twq"),
        "snaptr": _silent("snaptr"),
        "pintrk": _function("pintrk"),
        "lintrk": _function("lintrk"),
        "rdt": _silent("rdt"),
        "qp": _silent("qp"),
        "uetq": _list("uetq"),
        "obApi": _silent("obApi"),
        "adroll": _object("adroll", "setProperties identify track", made="[]"),
        "__adroll": _object("__adroll", "record_user record_adroll_email"),
        "criteo_q": _list("criteo_q"),
        "_taboola": _list("_taboola"),
        "_tfa": _list("_tfa"),
        "OBR": 'm(o("OBR").extern=w.OBR.extern||{},"reloadWidget refreshWidget researchWidget '
        'renderSpaWidgets",void 0,1);',
        "apstag": 'a=[];m(o("apstag"),"init fetchBids setDisplayBids rpa upa dpa",0,0,a);'
        'm(w.apstag,"targetingKeys",a);',
        "_tmr": _list("_tmr"),
        "VK": 'a=o("VK");m(a.Retargeting=a.Retargeting||{},"Init Hit Event Add ProductEvent",void 0,1);'
        'm(a,"Goal",void 0,1);',
        # Analytics and session recorders
        "_paq": 'q(w,"_paq",T());',
        "Matomo": 'm(o("Matomo",w.Piwik),"getTracker getAsyncTracker addTracker",T());o("Piwik",w.Matomo);',
        "ym": 'f("ym","a");',
        "hj": _silent("hj"),
        "clarity": _silent("clarity"),
        "analytics": _object(
            "analytics",
            f"initialize {_SEGMENT} setAnonymousId debug user traits register addSourceMiddleware "
            f"addDestinationMiddleware",
            made="[]",
            quiet="on once off",
        ),
        "rudderanalytics": _object(
            "rudderanalytics",
            f"{_SEGMENT} setAnonymousId getAnonymousId getUserId startSession endSession consent",
            made="[]",
        ),
        "mixpanel": _object(
            "mixpanel",
            "init disable time_event track track_pageview track_forms track_links track_with_groups identify alias "
            "name_tag register register_once unregister reset set_config opt_in_tracking opt_out_tracking "
            "set_group add_group remove_group",
            made="[]",
            quiet="has_opted_in_tracking has_opted_out_tracking get_distinct_id get_property",
        )
        + 'm(a.people=a.people||[],"set set_once unset increment append union remove track_charge clear_charges '
        'delete_user",a.people);m(a,"get_group",a.people);a.__SV=a.__SV||1.2;',
        "amplitude": _object(
            "amplitude",
            "getInstance setUserProperties clearUserProperties setUserId setDeviceId setGroup setVersionName "
            "regenerateDeviceId setOptOut reset add remove flush runQueuedFunctions",
            quiet="getUserId getDeviceId getSessionId",
        )
        + 'b={promise:w.Promise?Promise.resolve({}):0};m(a,"init track logEvent identify groupIdentify '
        'revenue logRevenue",b);'
        'a.Identify=a.Identify||function(){m(this,"set setOnce add append prepend unset remove clearAll '
        'setPrice setProductId setQuantity setRevenueType setEventProperties",this)};'
        "a.Revenue=a.Revenue||a.Identify;",
        "heap": _object(
            "heap",
            "load identify resetIdentity track addUserProperties addEventProperties removeEventProperty "
            "clearEventProperties setEventProperties unsetEventProperty onReady",
            made="[]",
        ),
        "FS": 'm(o("FS",function(){}),"identify setUserVars setVars setUserProperties event log consent '
        "shutdown restart "
        'anonymize clearUserCookie getCurrentSessionURL getCurrentSession",void 0,1);',
        "posthog": _object(
            "posthog",
            "init capture register register_once unregister identify alias set set_once setPersonProperties group "
            "groups reset opt_in_capturing opt_out_capturing "
            "onFeatureFlags reloadFeatureFlags startSessionRecording stopSessionRecording captureException debug",
            made="[]",
            quiet="on getFeatureFlag getFeatureFlagPayload isFeatureEnabled get_distinct_id get_session_id "
            "get_property has_opted_out_capturing has_opted_in_capturing",
        )
        + 'm(a.people=a.people||[],"set set_once",a);a.__SV=a.__SV||1;',
        "plausible": 'f("plausible","q");',
        "umami": 'm(o("umami"),"track identify");',
        "fathom": 'm(o("fathom"),"trackPageview trackGoal trackEvent setSite blockTrackingForMe '
        'enableTrackingForMe");',
        "_mfq": _list("_mfq"),
        "mouseflow": 'm(o("mouseflow"),"start stop newPageView tag setVariable identify getSessionId");',
        "smartlook": _function("smartlook"),
        "__insp": _list("__insp"),
        "_uxa": _list("_uxa"),
        "_kmq": _queue("_kmq"),
        "_hmt": _list("_hmt"),
        "_czc": _list("_czc"),
        "_comscore": _list("_comscore"),
        "COMSCORE": 'm(o("COMSCORE"),"beacon purge");',
        "_qevents": _list("_qevents"),
        "pSUPERFLY": 'm(o("pSUPERFLY"),"virtualPage activity");',
        "PARSELY": 'a=o("PARSELY");m(a.beacon=a.beacon||{},"trackPageView");m(a.conversions=a.conversions||{},'
        '"trackLeadCapture trackNewsletterSignup trackSubscription trackPurchase trackLinkClick trackCustom");',
        "newrelic": _object(
            "newrelic",
            "noticeError addPageAction setCustomAttribute setPageViewName setCurrentRouteName setErrorHandler "
            "setApplicationVersion setUserId addRelease addToTrace finished interaction save end ignore setAttribute "
            "setName actionText onEnd log wrapLogger recordCustomEvent measure start",
        ),
        "LogRocket": 'm(o("LogRocket"),"init identify track log info warn error debug captureException '
        'captureMessage startNewSession");'
        'm(w.LogRocket,"getSessionURL",void 0,1);',
        "pendo": 'm(o("pendo"),"initialize identify updateOptions track pageLoad isReady flushNow");',
        "DD_RUM": 'm(o("DD_RUM"),"init onReady addAction addError addTiming setUser clearUser '
        "setGlobalContextProperty "
        'startView startSessionReplayRecording setTrackingConsent");',
        # Tag managers, experiments, marketing, chat
        "utag": 'm(o("utag"),"link view track");',
        "_satellite": 'm(a=o("_satellite"),"track pageBottom getVar setVar getVisitorId setDebug '
        'setCookie readCookie");'
        'm(a.logger=a.logger||{},"log info warn error debug");m(a.cookie=a.cookie||{},"get set remove");',
        "optimizely": 'q(w,"optimizely");m(w.optimizely,"get");',
        "_vwo_code": 'm(o("_vwo_code"),"init load finish finished settings_tolerance library_tolerance '
        'use_existing_jquery");',
        "VWO": _list("VWO"),
        "_vis_opt_queue": _list("_vis_opt_queue"),
        "Munchkin": 'm(o("Munchkin"),"init munchkinFunction createTrackingCookie");',
        "_hsq": _list("_hsq"),
        "_hsp": _list("_hsp"),
        "_learnq": _list("_learnq"),
        "klaviyo": _object(
            "klaviyo", "identify track trackViewedItem account openForm isIdentified", made="[]"
        ),
        "_cio": _object("_cio", "identify track page load sidentify", made="[]"),
        "_elqQ": _list("_elqQ"),
        "Intercom": _silent("Intercom"),
        "drift": """a=w.driftt=w.drift=w.driftt||w.drift||[];m(a,"init load identify config track reset
            debug show ping page hide
            off on once setUserAttributes",a,1);b=a.api=a.api||{};m(b.sidebar=b.sidebar||{},"open close
            toggle",void 0,1);
            m(b.widget=b.widget||{},"show hide",void 0,1);m(b,"startInteraction openChat
                showWelcomeMessage hideWelcomeMessage setUserAttributes",void 0,1);""",
    }
)

# The names a host's scripts define; a key with a path is about those scripts only. What stands
# nearer to the whole address comes first.
_GOOGLE = "dataLayer gtag"
_BY_ADDRESS: Mapping[str, str] = MappingProxyType(
    {
        "googletagmanager.com": _GOOGLE,
        "googletagmanager.com/gtm.js": "dataLayer",
        "google-analytics.com": "ga",
        "google-analytics.com/ga.js": "_gaq _gat",
        "google-analytics.com/urchin.js": "",
        "google-analytics.com/gtm": "dataLayer",
        "google-analytics.com/ga_exp.js": "",
        "googleoptimize.com": "dataLayer",
        "stats.g.doubleclick.net/dc.js": "_gaq _gat",
        "googleadservices.com": f"{_GOOGLE} google_trackConversion",
        "securepubads.g.doubleclick.net": "googletag",
        "pubads.g.doubleclick.net": "googletag",
        "googletagservices.com": "googletag",
        "pagead2.googlesyndication.com": "adsbygoogle",
        "pagead2.googlesyndication.com/tag/js/gpt.js": "googletag",
        "connect.facebook.net": "fbq",
        "analytics.tiktok.com": "ttq",
        "static.ads-twitter.com": "twq",
        "platform.twitter.com/oct.js": "twq",
        "sc-static.net": "snaptr",
        "s.pinimg.com": "pintrk",
        "snap.licdn.com": "lintrk",
        "redditstatic.com": "rdt",
        "a.quora.com": "qp",
        "bat.bing.com": "uetq",
        "amplify.outbrain.com": "obApi",
        "outbrain.com": "OBR",
        "s.adroll.com": "adroll __adroll",
        "a.adroll.com": "adroll __adroll",
        "criteo.com": "criteo_q",
        "criteo.net": "criteo_q",
        "taboola.com": "_taboola _tfa",
        "amazon-adsystem.com": "apstag",
        "top-fwz1.mail.ru": "_tmr",
        "vk.com/js/api/openapi.js": "VK",
        "matomo.cloud": "_paq Matomo",
        "matomo.org": "_paq Matomo",
        "piwik.pro": "_paq dataLayer",
        "innocraft.cloud": "_paq Matomo",
        "mc.yandex.ru": "ym",
        "mc.yandex.com": "ym",
        "hotjar.com": "hj",
        "clarity.ms": "clarity",
        "segment.com": "analytics",
        "segment.io": "analytics",
        "rudderlabs.com": "rudderanalytics",
        "mxpnl.com": "mixpanel",
        "mixpanel.com": "mixpanel",
        "amplitude.com": "amplitude",
        "heapanalytics.com": "heap",
        "heap-api.com": "heap",
        "fullstory.com": "FS",
        "posthog.com": "posthog",
        "plausible.io": "plausible",
        "umami.is": "umami",
        "usefathom.com": "fathom",
        "mouseflow.com": "_mfq mouseflow",
        "smartlook.com": "smartlook",
        "inspectlet.com": "__insp",
        "contentsquare.net": "_uxa",
        "kissmetrics.com": "_kmq",
        "kissmetrics.io": "_kmq",
        "hm.baidu.com": "_hmt",
        "cnzz.com": "_czc",
        "scorecardresearch.com": "_comscore COMSCORE",
        "quantserve.com": "_qevents",
        "quantcount.com": "_qevents",
        "chartbeat.com": "pSUPERFLY",
        "parsely.com": "PARSELY",
        "newrelic.com": "newrelic",
        "nr-data.net": "newrelic",
        "logrocket.com": "LogRocket",
        "logrocket.io": "LogRocket",
        "lr-ingest.io": "LogRocket",
        "pendo.io": "pendo",
        "datadoghq-browser-agent.com": "DD_RUM",
        "tiqcdn.com": "utag",
        "adobedtm.com": "_satellite",
        "optimizely.com": "optimizely",
        "visualwebsiteoptimizer.com": "_vwo_code VWO _vis_opt_queue",
        "munchkin.marketo.net": "Munchkin",
        "hs-scripts.com": "_hsq _hsp",
        "hs-analytics.net": "_hsq _hsp",
        "hs-banner.com": "_hsp",
        "klaviyo.com": "_learnq klaviyo",
        "customer.io": "_cio",
        "en25.com": "_elqQ",
        "intercom.io": "Intercom",
        "intercomcdn.com": "Intercom",
        "driftt.com": "drift",
    }
)


def names_for(host: str, path: str = "/") -> tuple[str, ...]:
    """Return the globals that scripts from a host define and pages call; `path` begins with a slash."""
    parent = host
    while parent:
        if (names := _on_path(parent, path)) is not None:
            return tuple(names.split())
        parent = parent.partition(".")[2]
    return ()


def _on_path(host: str, path: str) -> str | None:
    address = host + path
    for known, names in _PATHS.get(host, ()):
        if address.startswith(known):
            return names
    return _BY_ADDRESS.get(host)


_PATHS: dict[str, list[tuple[str, str]]] = {}
for _known, _names in sorted(_BY_ADDRESS.items(), reverse=True):
    if "/" in _known:
        _PATHS.setdefault(_known.partition("/")[0], []).append((_known, _names))


def stand_in_for_host(host: str, path: str = "/") -> bytes:
    """Return the code that takes the place of a removed external script, nothing for most hosts."""
    return stand_ins(names_for(host, path))


@lru_cache(maxsize=256)
def _code(names: tuple[str, ...]) -> bytes:
    bodies = "".join(NAMES[name] for name in names)
    wanted = _used(bodies)
    parts = "".join(_PARTS[part] for part in _PARTS if part in wanted)
    code = f"!function(w){{var a,b,i;{parts}{bodies}}}(window);"
    return _one_line(code).encode("ascii")


def stand_ins(names: Iterable[str]) -> bytes:
    """Return one line of code that defines the do-nothing globals `names`, empty for none."""
    names = tuple(names)
    return _code(names) if names else b""


def _used(code: str) -> set[str]:
    wanted: set[str] = set()
    waiting = [part for part in _PARTS if re.search(rf"\b{part}\(", code)]
    while waiting:
        part = waiting.pop()
        if part not in wanted:
            wanted.add(part)
            waiting += _USES[part]
    return wanted


def _one_line(code: str) -> str:
    """Join lines: inside a list of names by the space they are separated by, elsewhere by nothing."""
    return re.sub(r"\s*\n\s*", " ", code)
