/*
 * The shield: refuses loads of listed addresses that a page's scripts ask for.
 *
 * It runs before the page's first script, in same-origin frames and at the beginning of workers. The
 * server compiles its `tables` from the rules by which it filters pages. docs/shield.md says what it
 * promises, costs and cannot stop.
 *
 * A refused load looks to the page like one that an ad blocker stopped. An address in an element gets
 * a mark in front (`//:#https://...`) that no browser can load, so the browser fires `error` where it
 * would have loaded. Scripts that read the address get it without the mark.
 *
 * The page's scripts are not trusted. They may replace any built-in function later, so all functions
 * are read at the first run, and no value of the page is converted twice.
 */
(function shield(tables, given) {
  "use strict";

  /* ----------------------------------------------------------------- 1. Built-ins, read at once */

  const { apply, construct, defineProperty, getOwnPropertyDescriptor: described, getPrototypeOf } = Reflect;
  const { URL, Blob, Promise, Proxy, RegExp, JSON, Date, Symbol, Map, WeakMap } = globalThis;
  const unbound = Function.prototype.bind.bind(Function.prototype.call);
  const exec = unbound(RegExp.prototype.exec);
  const slice = unbound(String.prototype.slice);
  const find = unbound(String.prototype.indexOf);
  const starts = unbound(String.prototype.startsWith);
  const ends = unbound(String.prototype.endsWith);
  const split = unbound(String.prototype.split);
  const lower = unbound(String.prototype.toLowerCase);
  const trim = unbound(String.prototype.trim);
  const code = unbound(String.prototype.charCodeAt);
  const sourceOf = unbound(Function.prototype.toString);
  const { fromCharCode } = String;
  const { stringify } = JSON;
  const { now, parse: instant } = Date;
  const { min } = Math;
  const { isNaN } = Number;
  const { create, keys, setPrototypeOf } = Object;
  const later = globalThis.setTimeout;
  const trusted = globalThis.trustedTypes;
  const isTrusted = trusted
    ? (value) => trusted.isScriptURL(value) || trusted.isHTML(value) || trusted.isScript(value)
    : () => false;
  const dictionary = () => create(null);
  const each = (list, act) => {
    for (let i = 0; i < list.length; i++) act(list[i], i);
  };
  const words = (text) => split(text, " ");

  /* A second run of this file is a surrogate for the script whose address is in its fragment. */
  const INSTALLED = Symbol.for("alpines-privacy.shield");
  const MARK = "//:#";
  const inPage = typeof Document === "function" && globalThis.document instanceof Document;
  const running = inPage ? described(Document.prototype, "currentScript").get.call(document) : null;
  const attributeOf = inPage ? unbound(Element.prototype.getAttribute) : null;
  if (globalThis[INSTALLED]) {
    globalThis[INSTALLED](running);
    return;
  }

  /* The page's settings: from the element, from the page that started this worker, or given. */
  const settings = given || (running ? fromElement(running) : fromAddress(globalThis.location.search));
  if (!settings) return;
  const { site, page } = settings;
  const surrogatePrefix = `${settings.src}#`;

  function fromElement(element) {
    const data = (name) => element.getAttribute(`data-${name}`);
    const host = location.hostname;
    return {
      src: element.src,
      page: host,
      site: data("site") || host,
      pass: data("pass") || "",
      logins: data("logins") !== null,
      csp: data("csp") !== null,
      nonce: element.nonce || "",
    };
  }

  function fromAddress(search) {
    try {
      const found = JSON.parse(decodeURIComponent(slice(search, 1)));
      return new URL(found.worker).origin === location.origin ? found : null;
    } catch {
      return null;
    }
  }

  /* -------------------------------------------------------------- 2. Which addresses are listed */

  /* Rules are lines `host pattern kinds`; the pattern follows the host, in Adblock Plus' syntax. */
  const wholeHosts = dictionary();
  let listedPaths, exceptions, added, allowed;

  /* Whether `tables.hosts` has this host or a parent domain; by last label it lists the rest, separated by spaces. */
  function isWhole(host) {
    let end = host.length - 1;
    while (end >= 0 && code(host, end) !== 46) end--;
    if (end < 0) return false;
    const last = slice(host, end + 1);
    let names = wholeHosts[last];
    if (names === undefined) names = wholeHosts[last] = setOf(tables.hosts, last);
    for (let name = slice(host, 0, end); ; ) {
      if (names[name] === 1) return true;
      const dot = find(name, ".");
      if (dot < 0) return false;
      name = slice(name, dot + 1);
    }
  }

  function setOf(groups, last) {
    const names = dictionary();
    const group = described(groups, last);
    if (group === undefined) return names;
    const all = split(group.value, " ");
    for (let i = 0; i < all.length; i++) names[all[i]] = 1;
    return names;
  }

  /* Rules by host: `=host` is the host alone, `.host` its subdomains, `*` any host. */
  function rulesOf(text) {
    const rules = dictionary();
    const lines = split(text, "\n");
    for (let i = 0; i < lines.length; i++) {
      if (lines[i] === "") continue;
      const line = words(lines[i]);
      const host = line[0];
      rules[host] = { pattern: line[1] || "", kinds: line[2] || "", parts: null, next: rules[host] };
    }
    return rules;
  }

  function anyFits(rules, host, address, kind) {
    if (chainFits(rules[`=${host}`], host, address, kind)) return true;
    for (let name = host; ; ) {
      if (chainFits(rules[name], host, address, kind)) return true;
      const dot = find(name, ".");
      if (dot < 0) break;
      if (chainFits(rules[slice(name, dot)], host, address, kind)) return true;
      name = slice(name, dot + 1);
    }
    const anywhere = rules["*"];
    return anywhere !== undefined && chainFits(anywhere, "", address, kind);
  }

  function chainFits(rule, host, address, kind) {
    for (; rule !== undefined; rule = rule.next) {
      if (rule.kinds !== "" && find(rule.kinds, kind) < 0) continue;
      if (rule.pattern === "" || fits(rule, host === "" ? address() : afterHost(address(), host))) return true;
    }
    return false;
  }

  const afterHost = (href, host) => slice(href, find(href, host) + host.length);

  /* Each part between stars matches where it first occurs, without backtracking, so the time is linear. */
  function fits(rule, text) {
    const parts = rule.parts || (rule.parts = partsOf(rule.pattern));
    let at = 0;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      part.lastIndex = at;
      if (exec(part, text) === null) return false;
      at = part.lastIndex;
    }
    return true;
  }

  function partsOf(pattern) {
    const end = ends(pattern, "|") ? "$" : "";
    const texts = split(end ? slice(pattern, 0, -1) : pattern, "*");
    const parts = [];
    for (let i = 0; i < texts.length; i++) {
      let source = "";
      for (let j = 0; j < texts[i].length; j++) {
        const c = texts[i][j];
        source += c === "^" ? "(?:[^a-z0-9_.%-]|$)" : exec(/[a-z0-9_]/, c) ? c : `\\${c}`;
      }
      if (end && i === texts.length - 1) source += end;
      defineProperty(parts, i, { __proto__: null, value: new RegExp(source, i ? "g" : "y") });
    }
    return parts;
  }

  /* A plain address gives its host by a pattern; the browser's parser reads all others. */
  const PLAIN = /^(?:(?:https?|wss?):)?\/\/([a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9]))*)(?::[0-9]{1,5})?(?=[/?#]|$)/;
  const WITHIN = /^(?:[A-Za-z0-9_.~%-]+(?=[/?#]|$)|[?#]|\/(?![/\\\t\n\r])|$)/;
  const NO_NETWORK = /^(?:data|blob|about|javascript|mailto|tel):/;
  const NETWORK = /^(?:https?|wss?):$/;
  /* Addresses in the browser's own form; those with dots may have dot segments. */
  const NORMAL = /^(?:https?|wss?):\/\/[a-z0-9.-]+\/[A-Za-z0-9_.~:/?@!$&()*+,;=%-]*$/;
  const DOTS = /[/.]\.|%2e/i;
  const baseOf = inPage ? unbound(described(Node.prototype, "baseURI").get) : null;
  const bases = inPage ? Document.prototype.getElementsByTagName.call(document, "base") : [];
  const countOf = inPage ? unbound(described(HTMLCollection.prototype, "length").get) : () => 0;

  function base() {
    return settings.worker || (inPage ? baseOf(document) : globalThis.location.href);
  }

  /* Whether relative addresses lead to this site; a <base> may lead elsewhere. */
  function isOwnBase() {
    if (countOf(bases) === 0) return true;
    const found = exec(PLAIN, base());
    return found === null || isOwn(found[1]);
  }

  const isOwn = (host) => host === page || host === site || ends(host, `.${site}`);

  /* The host in its normal form; "" for an address on this site, or one that loads nothing from a host. */
  function hostOf(text) {
    const first = code(text, 0);
    if (first === 47 || first === 104 || first === 119) {
      const plain = exec(PLAIN, text); /* begins with / h or w */
      if (plain !== null) return plain[1];
    }
    if (exec(WITHIN, text) !== null && tables.added === "" && isOwnBase()) return "";
    if (exec(NO_NETWORK, text) !== null) return "";
    return readByBrowser(text).host;
  }

  function readByBrowser(text) {
    const url = new URL(text, base());
    if (exec(NETWORK, url.protocol) === null) return { host: "", href: "" };
    const host = ends(url.hostname, ".") ? slice(url.hostname, 0, -1) : url.hostname;
    const port = url.port === "" ? "" : `:${url.port}`;
    return { host, href: lower(`${url.protocol}//${host}${port}${url.pathname}${url.search}`) };
  }

  /* Whether a load is refused; `kind` is one letter: script, image, c(ss), object, x(hr), frame, ping,
     websocket, media, r (any other). Never throws; an unreadable address is left to the browser. */
  function stops(text, kind) {
    try {
      const host = hostOf(text);
      return host !== "" && isListed(host, text, kind);
    } catch {
      return false;
    }
  }

  function readRules() {
    allowed = rulesOf(tables.allowed);
    added = rulesOf(tables.added);
    listedPaths = rulesOf(tables.paths);
    exceptions = rulesOf(`${tables.exceptions}\n${settings.pass}`);
  }

  function hasRules(host) {
    if (added["*"] || added[`=${host}`]) return true;
    for (let name = `.${host}`; ; name = slice(name, find(name, ".", 1))) {
      const bare = slice(name, 1);
      if (listedPaths[bare] || added[bare] || listedPaths[name] || added[name]) return true;
      if (find(name, ".", 1) < 0) return false;
    }
  }

  /* Whether any rule may be about a host: a first check, as there is no rule about most hosts. */
  let verdicts = dictionary();
  let verdictCount = 0;
  function isKnown(host) {
    if (exceptions === undefined) readRules();
    let known = verdicts[host];
    if (known === undefined) {
      if (verdictCount++ > 1000) {
        verdicts = dictionary();
        verdictCount = 0;
      }
      known = verdicts[host] = isWhole(host) || hasRules(host);
    }
    return known;
  }

  function isListed(host, text, kind) {
    if (!isKnown(host)) return false;
    let href;
    const address = () => href || (href = exec(NORMAL, text) !== null && exec(DOTS, text) === null ? lower(text) : readByBrowser(text).href);
    const own = isOwn(host);
    if (own && tables.added === "") return false;
    if (tables.allowed !== "" && anyFits(allowed, host, address, kind)) return false;
    if (tables.added !== "" && anyFits(added, host, address, kind)) return true;
    if (own) return false;
    if (!isWhole(host) && !anyFits(listedPaths, host, address, kind)) return false;
    return !anyFits(exceptions, host, address, kind);
  }

  /* The text of a value that may be an address, read once; undefined for a value that has no text. */
  function textOf(value) {
    if (typeof value === "string") return value;
    if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
    try {
      return `${value}`;
    } catch {
      return undefined;
    }
  }

  /* -------------------------------------------------------------------------------- 3. Wrappers */

  /* Gives a wrapper the name, length and text of the function it wraps. */
  function masked(made, native) {
    if (made.name !== native.name) define(made, "name", native.name);
    if (made.length !== native.length) define(made, "length", native.length);
    define(made, "toString", textGiver(native));
    return made;
  }

  const textGiver = (native) => ({ toString() { return sourceOf(native); } }).toString;

  function define(holder, name, value, enumerable = false) {
    defineProperty(holder, name, { __proto__: null, configurable: true, writable: true, enumerable, value });
  }

  /* The object that holds a global's member; a worker's global inherits some. */
  function holderOf(realm, name) {
    let holder = realm;
    while (holder !== null && described(holder, name) === undefined) holder = getPrototypeOf(holder);
    return holder;
  }

  /* Replaces a method by `make(native)`. */
  function wrapMethod(holder, name, make) {
    const was = holder && described(holder, name);
    if (!was || typeof was.value !== "function" || !was.configurable) return;
    defineProperty(holder, name, { __proto__: null, ...was, value: masked(make(was.value), was.value) });
  }

  /* Replaces a property's getter and setter by those that `make(descriptor)` returns. */
  function wrapAccessor(holder, name, make) {
    const was = holder && described(holder, name);
    if (!was || !was.get || !was.configurable) return;
    const made = make(was);
    defineProperty(holder, name, {
      __proto__: null,
      ...was,
      get: made.get ? masked(made.get, was.get) : was.get,
      set: made.set && was.set ? masked(made.set, was.set) : was.set,
    });
  }

  /* Replaces a constructor by a proxy; statics, `instanceof` and subclasses go on working. */
  function wrapConstructor(realm, name, make) {
    const native = realm[name];
    if (typeof native !== "function") return;
    const toString = textGiver(native);
    const made = new Proxy(native, {
      __proto__: null,
      construct: (target, args, asked) => make(args, (judged_) => construct(target, judged_, asked), asked),
      get: (target, key) => (key === "toString" ? toString : target[key]),
    });
    define(realm, name, made);
    define(native.prototype, "constructor", made);
  }

  /* -------------------------------------------------------------------------- 4. In every realm */

  function install(realm) {
    defineProperty(realm, INSTALLED, { __proto__: null, value: (script) => realm === globalThis && ranAs(script) });
    guardRequests(realm);
    guardWorkers(realm);
    if (tables.signal) stateOptOut(realm);
    if (realm.Document) {
      guardElements(realm);
      guardMarkup(realm);
      guardFrames(realm);
      guardCookies(realm);
    }
  }

  function stateOptOut(realm) {
    const holder = (realm.Navigator || realm.WorkerNavigator || {}).prototype;
    if (!holder) return;
    const get = { get globalPrivacyControl() { return true; } };
    defineProperty(holder, "globalPrivacyControl", {
      __proto__: null, configurable: true, enumerable: true, get: described(get, "globalPrivacyControl").get,
    });
  }

  /* -------------------------------------------------- 5. Requests: fetch, XHR, beacons, sockets */

  function guardRequests(realm) {
    const urlOf = realm.Request && unbound(described(realm.Request.prototype, "url").get);
    const failed = () => Promise.reject(new realm.TypeError("Failed to fetch"));
    const urlOfRequest = (value) => {
      try {
        return urlOf(value); /* whatever its own properties say */
      } catch {
        return undefined; /* no Request */
      }
    };
    /* Whether the load that a call asks for is refused; its first argument is read once. */
    const isRefused = (args) => {
      const input = args[0];
      const isObject = typeof input === "object" && input !== null;
      if (!isObject && typeof input !== "string") return false;
      const url = isObject ? urlOfRequest(input) : undefined;
      const text = url === undefined ? textOf(input) : url;
      if (text === undefined) return false;
      if (stops(text, "x")) return true;
      if (url === undefined) args[0] = resolved(text);
      return false;
    };
    const refuse = (holder, name, refused) =>
      wrapMethod(holder, name, (native) => ({
        [name](...args) {
          return isRefused(args) ? refused() : apply(native, this, args);
        },
      })[name]);
    refuse(holderOf(realm, "fetch"), "fetch", failed);
    refuse(holderOf(realm, "fetchLater"), "fetchLater", () => {
      const result = create(realm.FetchLaterResult.prototype);
      define(result, "activated", false);
      return result;
    });

    const xhr = realm.XMLHttpRequest && realm.XMLHttpRequest.prototype;
    wrapMethod(xhr, "open", (native) => ({
      open(...args) {
        const text = textOf(args[1]);
        if (text !== undefined) args[1] = stops(text, "x") ? `data:#${text}` : resolved(text); /* fails when sent */
        return apply(native, this, args);
      },
    }).open);

    wrapMethod(realm.Navigator && realm.Navigator.prototype, "sendBeacon", (native) => ({
      sendBeacon(...args) {
        const text = textOf(args[0]);
        if (text !== undefined) {
          if (stops(text, "p")) return true;
          args[0] = text;
        }
        return apply(native, this, args);
      },
    }).sendBeacon);

    each(["WebSocket", "EventSource"], (name) => {
      const kind = name === "WebSocket" ? "w" : "x";
      wrapConstructor(realm, name, (args, make, target) => {
        const text = textOf(args[0]);
        if (text === undefined) return make(args);
        if (stops(text, kind)) return closedSocket(realm, name === "WebSocket", text, target);
        args[0] = resolved(text);
        return make(args);
      });
    });
  }

  /* In a worker that this file started, addresses are relative to the worker's own file. */
  function resolved(text) {
    if (!settings.worker) return text;
    try {
      return new URL(text, settings.worker).href;
    } catch {
      return text;
    }
  }

  /* A failed connection: an EventTarget with the members of its kind and the events of a failure. */
  function closedSocket(realm, isSocket, text, target) {
    const socket = new realm.EventTarget();
    setPrototypeOf(socket, target.prototype);
    const dispatch = unbound(realm.EventTarget.prototype.dispatchEvent);
    const listen = unbound(realm.EventTarget.prototype.addEventListener);
    const getter = (key, get) => defineProperty(socket, key, { __proto__: null, configurable: true, get });
    const over = isSocket ? 3 : 2;
    let state = 0;
    let href = text;
    try {
      href = new URL(text, base()).href;
    } catch {
      /* stays as written */
    }
    getter("readyState", () => state);
    getter("url", () => href);
    each(words(isSocket ? "open message error close" : "open message error"), (type) => define(socket, `on${type}`, null));
    define(socket, "close", () => { state = isSocket && state < 2 ? 2 : over; });
    if (isSocket) {
      define(socket, "binaryType", "blob");
      getter("protocol", () => "");
      getter("extensions", () => "");
      getter("bufferedAmount", () => 0);
      define(socket, "send", () => {
        if (state === 0) throw new realm.DOMException("Still in CONNECTING state.", "InvalidStateError");
      });
    } else {
      getter("withCredentials", () => false);
    }
    const fire = (event) => {
      const handler = socket[`on${event.type}`];
      if (typeof handler === "function") listen(socket, event.type, handler, { once: true });
      dispatch(socket, event);
    };
    later(() => {
      if (state === over) return;
      state = over;
      fire(new realm.Event("error"));
      if (isSocket) fire(new realm.CloseEvent("close", { code: 1006, wasClean: false }));
    }, 0);
    return socket;
  }

  /* --------------------------------------------------------------------------------- 6. Workers */

  /* The shield's source and settings on one line, to begin a worker's code. */
  function headOfWorker() {
    const known = stringify({ src: settings.src, page, site, pass: settings.pass, csp: settings.csp });
    return `(${sourceOf(shield)})(${stringify(tables)},${known});`;
  }

  const blobs = new Map();
  const mapGet = unbound(Map.prototype.get);
  const mapSet = unbound(Map.prototype.set);
  const mapDelete = unbound(Map.prototype.delete);

  function guardWorkers(realm) {
    if (!realm.Worker && !realm.importScripts) return;
    const address = realm.URL;
    let makeAddress = null;
    wrapMethod(address, "createObjectURL", (native) => {
      makeAddress = (blob) => apply(native, address, [blob]);
      return {
        createObjectURL(...args) {
          const made = apply(native, this, args);
          if (args[0] instanceof realm.Blob) mapSet(blobs, made, args[0]);
          return made;
        },
      }.createObjectURL;
    });
    wrapMethod(address, "revokeObjectURL", (native) => ({
      revokeObjectURL(...args) {
        if (typeof args[0] === "string") mapDelete(blobs, args[0]);
        return apply(native, this, args);
      },
    }).revokeObjectURL);

    const shielded = dictionary(); /* pages share a worker by its address, so each file keeps one */
    const started = (text, isModule) => {
      const own = resolved(text);
      if (starts(own, "blob:")) {
        const blob = mapGet(blobs, own);
        if (blob === undefined || makeAddress === null) return own;
        return shielded[own] || (shielded[own] = makeAddress(new Blob([headOfWorker(), blob], { type: "text/javascript" })));
      }
      if (starts(lower(slice(own, 0, 5)), "data:")) return headedData(own);
      return headedFile(own, isModule);
    };
    each(["Worker", "SharedWorker"], (name) => {
      wrapConstructor(realm, name, (args, make) => {
        const text = textOf(args[0]);
        if (text === undefined || isTrusted(args[0])) return make(args);
        const options = args[1];
        try {
          args[0] = started(text, typeof options === "object" && options !== null && options.type === "module");
        } catch {
          args[0] = text;
        }
        return make(args);
      });
    });
    wrapMethod(holderOf(realm, "importScripts"), "importScripts", (native) => ({
      importScripts(...args) {
        for (let i = 0; i < args.length; i++) {
          const text = textOf(args[i]);
          if (text === undefined) continue;
          if (stops(text, "s")) throw new realm.DOMException(`The script at '${text}' failed to load.`, "NetworkError");
          if (!isTrusted(args[i])) args[i] = resolved(text);
        }
        return apply(native, this, args);
      },
    }).importScripts);
  }

  function headedData(text) {
    const found = exec(/^data:[^,]*?(;base64)?,/i, text);
    if (found === null) return text;
    const body = slice(text, found[0].length);
    const head = headOfWorker();
    const start = "data:text/javascript;charset=utf-8";
    if (found[1]) return `${start};base64,${btoa(head + atob(decodeURIComponent(body)))}`;
    return `${start},${encodeURIComponent(head)}${body}`;
  }

  /* A worker with a file of the site starts as this file, which then runs the other. Not where the
     page's own CSP or isolation would have to allow the new address. */
  function headedFile(text, isModule) {
    const url = new URL(text, base());
    if (settings.csp || globalThis.crossOriginIsolated || url.origin !== new URL(settings.src).origin) return text;
    const known = { src: settings.src, page, site, pass: settings.pass, worker: url.href, module: isModule };
    return `${settings.src}?${encodeURIComponent(stringify(known))}`;
  }

  function runOwnFile() {
    const own = new URL(settings.worker);
    const holder = WorkerGlobalScope.prototype;
    const native = described(holder, "location");
    if (native && native.configurable) {
      const place = create(WorkerLocation.prototype);
      for (const key of ["href", "origin", "protocol", "host", "hostname", "port", "pathname", "search", "hash"]) {
        defineProperty(place, key, { __proto__: null, enumerable: true, value: own[key] });
      }
      defineProperty(place, "toString", { __proto__: null, value: () => own.href });
      defineProperty(holder, "location", { ...native, get: masked(() => place, native.get) });
    }
    if (!settings.module) {
      importScripts(own.href);
      return;
    }
    /* Hold the first messages until the module has loaded. */
    const waiting = [];
    const hold = (event) => {
      event.stopImmediatePropagation();
      waiting.push(event);
    };
    for (const type of ["message", "connect"]) addEventListener(type, hold, true);
    const release = () => {
      for (const type of ["message", "connect"]) removeEventListener(type, hold, true);
      for (const { type, data, origin, lastEventId, source, ports } of waiting) {
        dispatchEvent(new MessageEvent(type, { data, origin, lastEventId, source, ports: [...ports] }));
      }
    };
    import(own.href).then(release, (error) => {
      release();
      throw error;
    });
  }

  /* -------------------------------------------------------------------------------- 7. Elements */

  /* The kinds of load, by attribute and element. */
  const LOADS = {
    __proto__: null,
    src: {
      __proto__: null, script: "s", img: "i", iframe: "f", frame: "f", embed: "o", audio: "m", video: "m",
      source: "m", track: "m", input: "i",
    },
    srcset: { __proto__: null, img: "i", source: "i" },
    imagesrcset: { __proto__: null, link: "i" },
    href: { __proto__: null, link: "?", script: "s", image: "i", feImage: "i", use: "i" },
    "xlink:href": { __proto__: null, script: "s", image: "i", feImage: "i", use: "i" },
    data: { __proto__: null, object: "o" },
    poster: { __proto__: null, video: "i" },
    ping: { __proto__: null, a: "p", area: "p" },
    background: { __proto__: null, body: "i", table: "i", thead: "i", tbody: "i", tfoot: "i", tr: "i", td: "i", th: "i" },
    srcdoc: { __proto__: null, iframe: "doc" },
  };
  const LISTS = { __proto__: null, srcset: 1, imagesrcset: 1, ping: 1 };

  /* The kind of load of a link by its `rel` and `as`; "" for a link that loads nothing. */
  const LINKED = {
    __proto__: null, stylesheet: "c", icon: "i", "apple-touch-icon": "i", "mask-icon": "i", modulepreload: "s", manifest: "r",
    preload: "r", prefetch: "r", preconnect: "r", "dns-prefetch": "r", prerender: "f",
  };
  const PRELOADED = {
    __proto__: null, script: "s", style: "c", image: "i", font: "t", fetch: "x", audio: "m", video: "m", document: "f",
  };

  function linkKind(rel, as) {
    if (rel === "") return "r";
    const relations = words(lower(rel));
    for (let i = 0; i < relations.length; i++) {
      const kind = LINKED[relations[i]];
      if (kind !== undefined) return kind === "r" && as !== "" ? PRELOADED[lower(as)] || kind : kind;
    }
    return "";
  }

  /* The text before a refused address: the mark, or this file's address for a script with a surrogate. */
  const markFor = (text, kind, runs) => (kind === "s" && runs && vendorNames(text) !== "" ? surrogatePrefix : MARK);

  /* The new value of an attribute; the same text if nothing in it is refused. */
  function judged(text, attribute, kind, runs) {
    if (kind === "doc") return framed(text);
    if (LISTS[attribute] === undefined) return stops(text, kind) ? markFor(text, kind, runs) + text : text;
    return eachAddress(text, attribute, (address) => stops(address, kind));
  }

  /* Marks the refused addresses of a srcset or a ping. */
  function eachAddress(text, attribute, isStopped) {
    const next = attribute === "ping" ? /[^\t\n\f\r ]+/g : /[\t\n\f\r ,]*([^\t\n\f\r ,][^\t\n\f\r ]*)/g;
    let out = "";
    let from = 0;
    for (let found; (found = exec(next, text)) !== null; ) {
      const address = found[1] || found[0];
      const at = found.index + found[0].length - address.length;
      if (isStopped(address)) {
        out += slice(text, from, at) + MARK;
        from = at;
      }
      /* In a srcset, descriptors follow the address, up to a comma. */
      if (attribute !== "ping" && !ends(address, ",")) {
        const comma = find(text, ",", next.lastIndex);
        if (comma < 0) break;
        next.lastIndex = comma + 1;
      }
    }
    return out + slice(text, from);
  }

  /* An attribute's value as the page set it. */
  function shown(value) {
    if (typeof value !== "string" || value.length < 4) return value;
    if (code(value, 0) === 47) return find(value, MARK) < 0 ? value : unmarked(value);
    return starts(value, surrogatePrefix) ? slice(value, surrogatePrefix.length) : find(value, MARK) < 0 ? value : unmarked(value);
  }

  const unmarked = (value) => replaced(value, MARK, "");

  const NOTHING = dictionary();
  const weakGet = unbound(WeakMap.prototype.get);
  const weakSet = unbound(WeakMap.prototype.set);

  function guardElements(realm) {
    const element = realm.Element.prototype;
    const localName = unbound(described(element, "localName").get);
    const get = unbound(element.getAttribute);
    const attributeName = unbound(described(realm.Attr.prototype, "name").get);
    const attributeValue = described(realm.Attr.prototype, "value");
    const owner = unbound(described(realm.Attr.prototype, "ownerElement").get);
    const dispatch = unbound(realm.EventTarget.prototype.dispatchEvent);
    const { Event } = realm;
    const end = (target, script) => dispatch(target, new Event(surrogateFor(script) ? "load" : "error"));

    const kindOf = (target, attribute) => {
      const kinds = LOADS[attribute];
      if (kinds === undefined) return "";
      const kind = kinds[localName(target)];
      return kind === undefined ? "" : kind === "?" ? linkKind(get(target, "rel") || "", get(target, "as") || "") : kind;
    };
    /* The value to set; NOTHING for a refused trusted object, which cannot be marked. */
    const settled = (target, attribute, value) => {
      const kind = kindOf(target, attribute);
      if (kind === "") return value;
      const text = textOf(value);
      if (text === undefined) return value;
      if (isTrusted(value)) {
        if (kind === "doc" || !stops(text, kind)) return value;
        later(() => end(target, kind === "s" ? text : ""), 0);
        return NOTHING;
      }
      const marked = judged(text, attribute, kind, true);
      /* The browser fires no event for a link with a bad address. */
      if (marked !== text && localName(target) === "link") later(() => end(target, ""), 0);
      return marked;
    };

    const known = (name) => (typeof name === "string" ? (LOADS[name] === undefined ? lower(name) : name) : undefined);
    wrapMethod(element, "setAttribute", (native) => ({
      setAttribute(...args) {
        const name = known(args[0]);
        if (name !== undefined && LOADS[name] !== undefined && args.length > 1 && isElement(this)) {
          args[1] = settled(this, name, args[1]);
          if (args[1] === NOTHING) return undefined;
        }
        return apply(native, this, args);
      },
    }).setAttribute);
    wrapMethod(element, "setAttributeNS", (native) => ({
      setAttributeNS(...args) {
        const name = known(args[1]);
        const plain = name && find(name, ":") >= 0 ? slice(name, find(name, ":") + 1) : name;
        if (plain !== undefined && LOADS[plain] !== undefined && args.length > 2 && isElement(this)) {
          args[2] = settled(this, plain, args[2]);
          if (args[2] === NOTHING) return undefined;
        }
        return apply(native, this, args);
      },
    }).setAttributeNS);
    const isElement = (target) => {
      try {
        return localName(target) !== "";
      } catch {
        return false;
      }
    };

    /* Attribute nodes are judged when an element gets them and when their value changes. */
    const judgeNode = (target, node) => {
      try {
        const value = apply(attributeValue.get, node, []);
        const now_ = settled(target, lower(attributeName(node)), value);
        if (now_ !== NOTHING && now_ !== value) apply(attributeValue.set, node, [now_]);
      } catch {
        /* no attribute or no element: the browser throws */
      }
    };
    each(["setAttributeNode", "setAttributeNodeNS"], (name) => {
      wrapMethod(element, name, (native) => ({
        [name](...args) {
          judgeNode(this, args[0]);
          return apply(native, this, args);
        },
      })[name]);
    });
    const owners = new WeakMap(); /* the elements of maps of attributes and of SVG's animated strings */
    const noteOwner = (holder, name) =>
      wrapAccessor(holder, name, (was) => ({
        get() {
          const owned = apply(was.get, this, []);
          weakSet(owners, owned, this);
          return owned;
        },
      }));
    noteOwner(element, "attributes");
    each(["setNamedItem", "setNamedItemNS"], (name) => {
      wrapMethod(realm.NamedNodeMap.prototype, name, (native) => ({
        [name](...args) {
          judgeNode(weakGet(owners, this), args[0]);
          return apply(native, this, args);
        },
      })[name]);
    });
    wrapAccessor(realm.Attr.prototype, "value", (was) => ({
      get() {
        return shown(apply(was.get, this, []));
      },
      set(value) {
        let now_ = value;
        const target = owner(this);
        if (target !== null) now_ = settled(target, lower(attributeName(this)), value);
        if (now_ !== NOTHING) apply(was.set, this, [now_]);
      },
    }));
    each(["getAttribute", "getAttributeNS"], (name) => {
      wrapMethod(element, name, (native) => ({
        [name](...args) {
          return shown(apply(native, this, args));
        },
      })[name]);
    });

    /* Properties that reflect an attribute; a getter returns the value that the page set. */
    const mirror = (interface_, property, attribute = lower(property)) => {
      const holder = realm[interface_] && realm[interface_].prototype;
      const isList = LISTS[attribute] !== undefined || attribute === "srcdoc" || attribute === "background";
      wrapAccessor(holder, property, (was) => ({
        get() {
          const value = apply(was.get, this, []);
          if (value === "") return value;
          const raw = get(this, attribute);
          const written = shown(raw);
          if (written === raw) return value;
          if (isList) return written;
          try {
            return new URL(written, base()).href;
          } catch {
            return written;
          }
        },
        set(value) {
          const now_ = isElement(this) ? settled(this, attribute, value) : value;
          if (now_ !== NOTHING) apply(was.set, this, [now_]);
        },
      }));
    };
    const mirrorAll = (names, property) => each(words(names), (name) => mirror(`HTML${name}Element`, property));
    mirrorAll("Script Image IFrame Frame Embed Media Source Track Input", "src");
    mirrorAll("Image Source", "srcset");
    mirrorAll("Anchor Area", "ping");
    mirrorAll("Link", "href");
    mirrorAll("Link", "imageSrcset");
    mirrorAll("Object", "data");
    mirrorAll("Video", "poster");
    mirrorAll("Body", "background");
    mirrorAll("IFrame", "srcdoc");

    /* SVG's `image.href.baseVal`: the element is noted when the page reads `href`. */
    each(words("Image FEImage Script Use"), (name) => {
      const interface_ = realm[`SVG${name}Element`];
      if (interface_) noteOwner(interface_.prototype, "href");
    });
    wrapAccessor(realm.SVGAnimatedString && realm.SVGAnimatedString.prototype, "baseVal", (was) => ({
      get() {
        return shown(apply(was.get, this, []));
      },
      set(value) {
        const target = weakGet(owners, this);
        const now_ = target ? settled(target, "href", value) : value;
        if (now_ !== NOTHING) apply(was.set, this, [now_]);
      },
    }));

    wrapConstructor(realm, "Audio", (args, make) => {
      const text = textOf(args[0]);
      if (text !== undefined) args[0] = judged(text, "src", "m", false);
      return make(args);
    });
  }

  /* ---------------------------------------------------------------------------------- 8. Markup */

  const MAY_BE_ESCAPED = /&#|&sol|&colon|&period|\\/i;
  const HOST = /\/\/([a-z0-9.-]*)([^]?)/gi;
  const TAG = /<([a-z][^\t\n\f\r />]*)/gi;
  const ATTRIBUTE = /[\t\n\f\r /]*([^\t\n\f\r />=]*)(?:[\t\n\f\r ]*(=)[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r >]*)))?/y;
  const NAMED = {
    __proto__: null, amp: "&", sol: "/", colon: ":", period: ".", quot: '"', apos: "'", tab: "\t", newline: "\n",
    bsol: "\\", commat: "@", lt: "<", gt: ">",
  };

  /* Whether a text names a listed host, or has escapes that may name one. */
  function mayName(html) {
    if (exec(MAY_BE_ESCAPED, html) !== null) return true;
    HOST.lastIndex = 0;
    for (let found; (found = exec(HOST, html)) !== null; ) {
      if (found[2] !== "" && exec(/[/?#"' >:,)<]/, found[2]) === null) return true;
      const host = lower(found[1]);
      if (isKnown(host) && !isOwn(host)) return true;
      HOST.lastIndex = found.index + 2 + found[1].length;
    }
    return false;
  }

  /* Markup with the mark before each listed address that it would load, and the shield in the documents of
     its frames. Nothing is removed, and no quote, bracket or blank is added, so every parser finds the
     same tree in it. */
  function cleaned(html, runs) {
    try {
      if (find(html, "srcdoc") < 0 && !mayName(html)) return html;
      let out = "";
      let from = 0;
      const insert = (at, text) => {
        out += slice(html, from, at) + text;
        from = at;
      };
      TAG.lastIndex = 0;
      for (let tag; (tag = exec(TAG, html)) !== null; ) {
        TAG.lastIndex = cleanTag(html, lower(tag[1]), TAG.lastIndex, runs, insert);
      }
      return from === 0 ? html : out + slice(html, from);
    } catch {
      return html;
    }
  }

  /* Reads a tag's attributes from `at` on; returns the end of the tag. */
  function cleanTag(html, name, at, runs, insert) {
    let rel = "";
    let as = "";
    let address = -1;
    let value = "";
    ATTRIBUTE.lastIndex = at;
    for (;;) {
      const from = ATTRIBUTE.lastIndex;
      const found = exec(ATTRIBUTE, html);
      if (found === null || ATTRIBUTE.lastIndex === from || found[1] === "") break;
      const next = ATTRIBUTE.lastIndex;
      const attribute = lower(found[1]);
      const raw = found[3] !== undefined ? found[3] : found[4] !== undefined ? found[4] : found[5];
      if (raw !== undefined && raw !== "") {
        const start = next - raw.length - (found[5] === undefined ? 1 : 0);
        const kinds = LOADS[attribute];
        const kind = kinds && (kinds[name] || (name === "image" && attribute === "src" ? "i" : undefined));
        if (attribute === "rel") rel = raw;
        else if (attribute === "as") as = raw;
        if (kind === "?") {
          address = start;
          value = raw;
        } else if (kind !== undefined) {
          cleanValue(raw, start, attribute, kind, runs, insert);
        }
      }
      ATTRIBUTE.lastIndex = next;
    }
    if (address >= 0) cleanValue(value, address, "href", linkKind(rel, as), runs, insert);
    return ATTRIBUTE.lastIndex > at ? ATTRIBUTE.lastIndex : at;
  }

  function cleanValue(raw, start, attribute, kind, runs, insert) {
    if (kind === "") return;
    const blank = exec(/^[\0-\x20]*/, raw)[0].length;
    if (kind === "doc") {
      if (needsShield(decoded(raw))) insert(start, inAttribute(shieldElement()));
      const inner = /\b(?:src|srcset|data|poster)[ \t]*=[ \t]*(?:&quot;|&#34;|&#x22;|&#39;|["'])?[ \t]*((?:https?:)?\/\/[^\s"'&<>]+)/gi;
      for (let found; (found = exec(inner, raw)) !== null; ) {
        if (stops(found[1], "r") || stops(found[1], "s")) insert(start + found.index + found[0].length - found[1].length, MARK);
      }
    } else if (LISTS[attribute] !== undefined) {
      const marked = eachAddress(raw, attribute, (text) => stops(decoded(text), kind));
      for (let at = find(marked, MARK), n = 0; at >= 0; at = find(marked, MARK, at + MARK.length), n++) {
        insert(start + at - n * MARK.length, MARK);
      }
    } else if (stops(decoded(raw), kind)) {
      insert(start + blank, markFor(decoded(raw), kind, runs));
    }
  }

  /* A text with the character references decoded that addresses are written with. */
  function decoded(text) {
    if (find(text, "&") < 0) return text;
    const next = /&(?:#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));?|([a-z]{2,7});)/gi;
    let out = "";
    let from = 0;
    for (let found; (found = exec(next, text)) !== null; from = next.lastIndex) {
      const number = found[1] ? parseInt(found[1], 16) : found[2] ? +found[2] : 0;
      const named = found[3] ? NAMED[lower(found[3])] : number < 65536 ? fromCharCode(number) : "\ufffd";
      out += slice(text, from, found.index) + (named === undefined ? found[0] : named);
    }
    return out + slice(text, from);
  }

  function replaced(text, old, by) {
    const parts = split(text, old);
    let out = parts[0];
    for (let i = 1; i < parts.length; i++) out += by + parts[i];
    return out;
  }
  const quoted = (value) => replaced(replaced(value, "&", "&amp;"), '"', "&quot;");
  const inAttribute = (markup) => replaced(replaced(replaced(quoted(markup), "<", "&lt;"), ">", "&gt;"), " ", "&#32;");

  /* A frame's own document: cleaned, with the shield before its scripts. */
  const RUNS = /<script|[\t\n\f\r /"']on[a-z]+[\t\n\f\r ]*=/i;
  function framed(html) {
    const clean = cleaned(html, true);
    return needsShield(clean) ? shieldElement() + clean : clean;
  }

  const needsShield = (html) =>
    inPage && exec(RUNS, html) !== null && !starts(html, `<script src="${quoted(settings.src)}"`);

  function shieldElement() {
    const text = quoted;
    const flag = (name, is) => (is ? ` data-${name}=""` : "");
    return (
      `<script src="${text(settings.src)}" data-site="${text(site)}" data-pass="${text(settings.pass)}"` +
      `${flag("logins", settings.logins)}${flag("csp", settings.csp)}` +
      `${settings.nonce ? ` nonce="${text(settings.nonce)}"` : ""}></script>`
    );
  }

  function guardMarkup(realm) {
    const markup = (value, runs) => {
      const text = isTrusted(value) ? undefined : textOf(value);
      return text === undefined ? value : cleaned(text, runs);
    };
    each([realm.Element.prototype, realm.ShadowRoot && realm.ShadowRoot.prototype], (holder) => {
      each(["innerHTML", "outerHTML"], (name) => {
        wrapAccessor(holder, name, (was) => ({
          set(value) {
            apply(was.set, this, [markup(value, false)]);
          },
        }));
      });
      each(["setHTMLUnsafe", "setHTML"], (name) => wrapArgument(holder, name, 0, false));
    });
    wrapArgument(realm.Element.prototype, "insertAdjacentHTML", 1, false);
    wrapArgument(realm.Range.prototype, "createContextualFragment", 0, true);
    wrapArgument(realm.DOMParser.prototype, "parseFromString", 0, true);
    wrapArgument(realm.Document, "parseHTMLUnsafe", 0, false);
    each(["write", "writeln"], (name) => {
      wrapMethod(realm.Document.prototype, name, (native) => ({
        [name](...args) {
          let all = "";
          for (let i = 0; i < args.length; i++) {
            const text = isTrusted(args[i]) ? undefined : textOf(args[i]);
            if (text === undefined && (isTrusted(args[i]) || typeof args[i] === "symbol" || typeof args[i] === "object")) {
              return apply(native, this, args);
            }
            all += text === undefined ? `${args[i]}` : text;
          }
          return apply(native, this, args.length ? [cleaned(all, true)] : args);
        },
      })[name]);
    });

    function wrapArgument(holder, name, at, runs) {
      wrapMethod(holder, name, (native) => ({
        [name](...args) {
          if (args.length > at) args[at] = markup(args[at], runs);
          return apply(native, this, args);
        },
      })[name]);
    }
  }

  /* ---------------------------------------------------------------------------------- 9. Frames */

  function guardFrames(realm) {
    const enter = (window, ifEmpty) => {
      try {
        if (ifEmpty && (attributeOf(window.frameElement, "src") || attributeOf(window.frameElement, "srcdoc"))) return;
        if (window && window.Document && !described(window, INSTALLED)) install(window);
      } catch {
        /* another origin's */
      }
    };
    each(["HTMLIFrameElement", "HTMLFrameElement", "HTMLObjectElement"], (name) => {
      const holder = realm[name] && realm[name].prototype;
      const window = holder && described(holder, "contentWindow");
      if (!window) return;
      const windowOf = unbound(window.get);
      each(["contentWindow", "contentDocument"], (property) => {
        wrapAccessor(holder, property, (was) => ({
          get() {
            enter(windowOf(this));
            return apply(was.get, this, []);
          },
        }));
      });
      if (name === "HTMLIFrameElement") enterWhenLoaded(realm, windowOf, enter);
    });
    /* Frames that are in the page before its first script; those that load a page get its own shield. */
    for (let i = 0; realm[i]; i++) enter(realm[i], true);
  }

  /* An empty frame fires `load` while it is inserted, before the page can use it. */
  function enterWhenLoaded(realm, windowOf, enter) {
    const enterFrame = (event) => {
      try {
        enter(windowOf(event.target));
      } catch {
        /* no frame */
      }
    };
    realm.document.addEventListener("load", enterFrame, true);
  }

  /* -------------------------------------------------------------------------------- 10. Cookies */

  /* `tables.cookies`: [name or pattern, lifetime in seconds | "session" | null, necessary]. */
  const covers = (pattern, name) => {
    const parts = split(pattern, "*");
    if (parts.length === 1) return pattern === name;
    let at = parts[0].length;
    if (!starts(name, parts[0])) return false;
    for (let i = 1; i < parts.length - 1; i++) {
      const found = find(name, parts[i], at);
      if (found < 0) return false;
      at = found + parts[i].length;
    }
    const last = parts[parts.length - 1];
    return name.length - at >= last.length && ends(name, last);
  };
  function declared(name) {
    const { cookies } = tables;
    for (let i = 0; i < cookies.length; i++) if (cookies[i][0] === name) return cookies[i];
    for (let i = 0; i < cookies.length; i++) {
      if (find(cookies[i][0], "*") >= 0 && covers(cookies[i][0], name)) return cookies[i];
    }
    return null;
  }
  function isLogin(name) {
    if (!settings.logins) return false;
    const bare = exec(/^(?:__Host-)?(?:__Secure-)?/, name)[0].length;
    /* A token is known by a part of its name, in any case. */
    const own = slice(name, bare);
    for (let i = 0; i < tables.logins.length; i++) {
      if (covers(tables.logins[i], starts(tables.logins[i], "*") ? lower(own) : own)) return true;
    }
    return false;
  }

  /* A cookie's longest lifetime in seconds; null for no limit, undefined for a cookie that may not be set. */
  function lifetimeOf(name) {
    const rule = declared(name);
    if (!tables.signal || (rule && rule[2])) return rule ? rule[1] : null;
    return isLogin(name) ? "session" : undefined;
  }

  /* The cookie string that may be set, "" for none (RFC 6265bis, 5.6; the last of an attribute counts). */
  function cookieToSet(text) {
    const attributes = split(text, ";");
    const pair = attributes[0];
    const equals = find(pair, "=");
    const name = equals < 0 ? "" : trim(slice(pair, 0, equals));
    let kept = pair;
    let expires, age;
    for (let i = 1; i < attributes.length; i++) {
      const found = exec(/^[\t ]*(expires|max-age)[\t ]*=([^]*)$/i, attributes[i]);
      if (found === null) {
        kept += `;${attributes[i]}`;
      } else if (lower(found[1]) === "expires") {
        expires = instant(trim(found[2]));
      } else if (exec(/^-?[0-9]+$/, trim(found[2])) !== null) {
        age = +trim(found[2]);
      }
    }
    const left = age !== undefined ? age : expires !== undefined && !isNaN(expires) ? (expires - now()) / 1000 : null;
    if (left !== null && left <= 0) return text;
    const most = lifetimeOf(name);
    if (most === undefined) return "";
    if (most === null || left === null) return text;
    if (most === "session") return kept;
    return left > most ? `${kept};Max-Age=${most}` : text;
  }

  function guardCookies(realm) {
    if (!tables.signal && !tables.cookies.some((cookie) => cookie[1] !== null)) return;
    wrapAccessor(realm.Document.prototype, "cookie", (was) => ({
      set(value) {
        const text = textOf(value);
        let allowedText = text;
        try {
          if (text !== undefined) allowedText = cookieToSet(text);
        } catch {
          allowedText = text;
        }
        if (allowedText !== "" || text === "") apply(was.set, this, [text === undefined ? value : allowedText]);
      },
    }));
    wrapMethod(realm.CookieStore && realm.CookieStore.prototype, "set", (native) => ({
      set(...args) {
        try {
          const given_ = args.length === 1 ? { __proto__: null, ...args[0] } : null;
          const name = `${given_ ? given_.name : args[0]}`;
          const left = given_ && typeof given_.expires === "number" ? (given_.expires - now()) / 1000 : null;
          if (left === null || left > 0) {
            const most = lifetimeOf(name);
            if (most === undefined) return Promise.resolve();
            if (given_ && left !== null && most !== null) {
              given_.expires = most === "session" ? null : now() + min(left, most) * 1000;
            }
          }
          if (given_) args[0] = given_;
        } catch {
          /* the browser throws */
        }
        return apply(native, this, args);
      },
    }).set);
  }

  /* ---------------------------------------------------------- 11. Surrogates of refused scripts */

  /* The globals that a host's scripts define and pages call; a key with a path is for these scripts only. */
  const VENDORS = {
    "googletagmanager.com": "dataLayer gtag", "googletagmanager.com/gtm.js": "dataLayer",
    "google-analytics.com": "ga", "google-analytics.com/ga.js": "_gaq _gat", "google-analytics.com/urchin.js": "",
    "google-analytics.com/gtm": "dataLayer", "google-analytics.com/ga_exp.js": "", "googleoptimize.com": "dataLayer",
    "stats.g.doubleclick.net/dc.js": "_gaq _gat", "googleadservices.com": "dataLayer gtag google_trackConversion",
    "securepubads.g.doubleclick.net": "googletag", "pubads.g.doubleclick.net": "googletag",
    "googletagservices.com": "googletag", "pagead2.googlesyndication.com": "adsbygoogle",
    "pagead2.googlesyndication.com/tag/js/gpt.js": "googletag", "connect.facebook.net": "fbq",
    "analytics.tiktok.com": "ttq", "static.ads-twitter.com": "twq", "platform.twitter.com/oct.js": "twq",
    "sc-static.net": "snaptr", "s.pinimg.com": "pintrk", "snap.licdn.com": "lintrk", "redditstatic.com": "rdt",
    "a.quora.com": "qp", "bat.bing.com": "uetq", "amplify.outbrain.com": "obApi", "outbrain.com": "OBR",
    "s.adroll.com": "adroll __adroll", "a.adroll.com": "adroll __adroll", "criteo.com": "criteo_q",
    "criteo.net": "criteo_q", "taboola.com": "_taboola _tfa", "amazon-adsystem.com": "apstag",
    "top-fwz1.mail.ru": "_tmr", "vk.com/js/api/openapi.js": "VK", "matomo.cloud": "_paq Matomo Piwik",
    "matomo.org": "_paq Matomo Piwik", "piwik.pro": "_paq dataLayer", "innocraft.cloud": "_paq Matomo Piwik",
    "mc.yandex.ru": "ym", "mc.yandex.com": "ym", "hotjar.com": "hj", "clarity.ms": "clarity",
    "segment.com": "analytics", "segment.io": "analytics", "rudderlabs.com": "rudderanalytics",
    "mxpnl.com": "mixpanel", "mixpanel.com": "mixpanel", "amplitude.com": "amplitude",
    "heapanalytics.com": "heap", "heap-api.com": "heap", "fullstory.com": "FS", "posthog.com": "posthog",
    "plausible.io": "plausible", "umami.is": "umami", "usefathom.com": "fathom", "mouseflow.com": "_mfq mouseflow",
    "smartlook.com": "smartlook", "inspectlet.com": "__insp", "contentsquare.net": "_uxa",
    "kissmetrics.com": "_kmq", "kissmetrics.io": "_kmq", "hm.baidu.com": "_hmt", "cnzz.com": "_czc",
    "scorecardresearch.com": "_comscore COMSCORE", "quantserve.com": "_qevents", "quantcount.com": "_qevents",
    "chartbeat.com": "pSUPERFLY", "parsely.com": "PARSELY", "newrelic.com": "newrelic", "nr-data.net": "newrelic",
    "logrocket.com": "LogRocket", "logrocket.io": "LogRocket", "lr-ingest.io": "LogRocket", "pendo.io": "pendo",
    "datadoghq-browser-agent.com": "DD_RUM DD_LOGS", "tiqcdn.com": "utag", "adobedtm.com": "_satellite",
    "optimizely.com": "optimizely", "visualwebsiteoptimizer.com": "_vwo_code VWO _vis_opt_queue",
    "munchkin.marketo.net": "Munchkin", "hs-scripts.com": "_hsq _hsp", "hs-analytics.net": "_hsq _hsp",
    "hs-banner.com": "_hsp", "hsforms.net": "hbspt", "hsforms.com": "hbspt", "klaviyo.com": "_learnq klaviyo",
    "customer.io": "_cio", "en25.com": "_elqQ", "intercom.io": "Intercom", "intercomcdn.com": "Intercom",
    "driftt.com": "drift driftt", "drift.com": "drift driftt", "tawk.to": "Tawk_API", "zgo.at": "goatcounter",
    "goatcounter.com": "goatcounter", "sentry-cdn.com": "Sentry", "sentry.io": "Sentry", "rollbar.com": "Rollbar",
    "bugsnag.com": "Bugsnag", "trackjs.com": "TrackJS",
  };

  /* Globals that are functions; queues, whose entries may hold callbacks; and lists without callbacks. */
  const FUNCTIONS = " gtag fbq twq snaptr pintrk lintrk rdt qp obApi hj clarity Intercom google_trackConversion smartlook ga ym plausible FS ";
  const QUEUES = " dataLayer _paq _gaq _kmq optimizely adsbygoogle ";
  const LISTS_OF_CALLS =
    " uetq criteo_q _taboola _tfa _tmr _mfq __insp _uxa _hmt _czc _comscore _qevents VWO _vis_opt_queue _hsq _hsp _learnq _elqQ ";
  const SILENT = " fbq twq snaptr rdt qp obApi hj clarity Intercom ";
  const isOneOf = (names, name) => find(names, ` ${name} `) >= 0;

  /* The globals of a script at an address, separated by spaces; "" for none. */
  function vendorNames(text) {
    try {
      const { host, href } = readByBrowser(text);
      const rest = afterHost(href, host);
      for (let name = host; ; ) {
        let longest = name;
        each(keys(VENDORS), (key) => {
          if (key.length > longest.length && starts(name + rest, key) && key[name.length] === "/") longest = key;
        });
        const found = described(VENDORS, longest);
        if (found !== undefined) return found.value;
        const dot = find(name, ".");
        if (dot < 0) return "";
        name = slice(name, dot + 1);
      }
    } catch {
      return "";
    }
  }

  /* Defines the surrogates of a refused script; returns whether it has any. */
  function surrogateFor(text) {
    const names = text === "" ? "" : vendorNames(text);
    if (names === "") return false;
    try {
      const query = new URL(text, base()).searchParams;
      each(words(names), (name) => {
        if (name === "dataLayer") defineSurrogate(query.get("l") || name, name, query.get("id") || "");
        else if (name === "ga") defineSurrogate(globalThis.GoogleAnalyticsObject || name, name, "");
        else defineSurrogate(name, name, "");
      });
    } catch {
      /* the page has frozen the global */
    }
    return true;
  }

  function defineSurrogate(global, name, id) {
    const tool = deep(name, null, id);
    let value = globalThis[global];
    if (value === undefined || value === null) {
      value = isOneOf(QUEUES + LISTS_OF_CALLS, name) ? [] : isOneOf(FUNCTIONS, name) ? callable(name, tool, id) : tool;
      define(globalThis, global, value, true);
    } else if (typeof value === "object" || typeof value === "function") {
      setPrototypeOf(value, deep(name, getPrototypeOf(value), id)); /* adds missing methods */
    }
    if (isOneOf(QUEUES, name)) drain(value, tool, id);
    if (name === "dataLayer" && value.hide && typeof value.hide.end === "function") later(value.hide.end, 0);
    if (!isOneOf(SILENT, name)) each([value.q, value.a, value._Q], (queue) => drain(queue, tool, id));
    if (name === "googletag") drain(value.cmd instanceof Array ? value.cmd : (value.cmd = []), tool, id);
    if (name === "fbq") globalThis._fbq = globalThis._fbq || value;
  }

  function callable(name, tool, id) {
    const made = function () {
      if (!isOneOf(SILENT, name)) callBack(arguments, tool, id);
    };
    setPrototypeOf(made, deep(name, Function.prototype, id));
    return made;
  }

  /* Calls the callbacks in a queue's entries, and in entries pushed later. */
  function drain(queue, tool, id) {
    if (!(queue instanceof Array) || described(queue, INSTALLED)) return;
    const push = queue.push;
    define(queue, INSTALLED, true);
    for (let i = 0; i < queue.length; i++) callBack(queue[i], tool, id);
    define(queue, "push", function (...entries) {
      each(entries, (entry) => callBack(entry, tool, id));
      return apply(push, this, entries);
    });
  }

  /* Calls later the callbacks of a call or of a queue's entry: functions, and members named like callbacks. */
  const CALLBACK = /(?:callback|done|^loaded)$/i;
  function callBack(entry, tool, id) {
    if (typeof entry === "function") return callLater(entry, tool, [tool]);
    if (typeof entry !== "object" || entry === null) return undefined;
    if (entry[0] === "_link" && typeof entry[1] === "string") location.href = entry[1];
    const isCall = typeof entry.length === "number";
    for (let i = 0; isCall && i < entry.length && i < 100; i++) {
      if (typeof entry[i] === "function" && entry[0] !== "provide") callLater(entry[i], tool, entry[0] === "get" ? [] : [tool]);
      else if (typeof entry[i] === "object" && entry[i] !== null) {
        callMembers(entry[i], tool, id);
        /* A call that a stub has queued with its name: the entry holds its arguments as an object. */
        if (!(entry[i] instanceof Array)) each(entry[i], (one) => typeof one === "function" && callLater(one, tool, [tool]));
      }
    }
    return isCall ? undefined : callMembers(entry, tool, id);
  }

  function callMembers(options, tool, id) {
    each(keys(options), (key) => {
      if (exec(CALLBACK, key) === null || typeof options[key] !== "function") return;
      callLater(options[key], tool, key === "loaded" ? [tool] : exec(/^event_?callback$/i, key) ? [id] : []);
    });
  }

  const callLater = (callback, self_, args) => void later(() => apply(callback, self_, args), 0);

  /* An object that has every method. Each does nothing, calls callbacks later and returns the object, so
     that calls can be chained; a method that asks (`get...`, `is...`) returns undefined. `base_` is the
     prototype behind it, whose members stay. */
  const ASKS = /^(?:get|is|has|read|can|should)(?:[A-Z_]|$)/;
  const LISTENS = /^(?:on|once|off|addEventListener|removeEventListener|addListener|removeListener|subscribe|addService)$/;
  const RUNS_NOW = " withScope configureScope startSpan startSpanManual startInactiveSpan suppressTracing continueTrace withIsolationScope ";
  const PLURAL = /^(?:getAll|getSlots|getTargeting|getTargetingKeys|getSlotIdMap|targetingKeys)$/;
  const FLAG = /^_*[a-z]+ed$/; /* flags of a page's own stub: `initialized`, `loaded`, `invoked` */
  const GIVES = { __proto__: null, onFeatureFlags: [[], {}], fetchBids: [[]] };

  function deep(name, base_, id) {
    const members = dictionary();
    const object = new Proxy(base_ ? create(base_) : {}, {
      __proto__: null,
      get(target, key, receiver) {
        if (key in target || typeof key !== "string") {
          return key === Symbol.toPrimitive && !base_ ? () => "" : Reflect.get(target, key, receiver);
        }
        if (key === "then" || key === "toJSON" || key === "length" || (base_ && exec(FLAG, key) !== null)) return undefined;
        if (key === "promise") return Promise.resolve();
        return members[key] || (members[key] = member(key, name, () => (base_ ? receiver : object), id));
      },
    });
    return object;
  }

  function member(key, name, self_, id) {
    const parts = dictionary();
    const target = function () {};
    delete target.name;
    delete target.length;
    const act = (args) => {
      const first = args[0];
      if (exec(PLURAL, key) !== null) return [];
      if (isOneOf(RUNS_NOW, key) || (key === "wrap" && name === "Sentry")) {
        for (let i = args.length - 1; i >= 0; i--) if (typeof args[i] === "function") return args[i](self_());
      }
      if (exec(/^wrap/, key) !== null && typeof first === "function") return first;
      if (exec(ASKS, key) !== null) {
        each(args, (each_) => typeof each_ === "function" && callLater(each_, undefined, []));
        return undefined;
      }
      if (exec(LISTENS, key) === null) {
        const given_ = GIVES[key];
        if (given_) each(args, (each_) => typeof each_ === "function" && callLater(each_, undefined, given_));
        else callBack(args, self_(), id);
      }
      return self_();
    };
    return new Proxy(target, {
      __proto__: null,
      get(at, part, receiver) {
        if (part in at || typeof part !== "string") {
          return part === Symbol.toPrimitive ? () => "" : Reflect.get(at, part, receiver);
        }
        if (part === "then" || part === "toJSON" || part === "length" || part === "name") return undefined;
        return parts[part] || (parts[part] = member(part, name, self_, id));
      },
      apply: (_at, _self, args) => act(args),
      construct: () => deep(name, null, id),
    });
  }

  /* This file has run in place of a refused script, whose address follows the #. */
  function ranAs(script) {
    const address = script && attributeOf(script, "src");
    if (address && starts(address, surrogatePrefix)) surrogateFor(slice(address, surrogatePrefix.length));
  }

  /* A script whose address the server removed names it in an attribute; read before the next script runs. */
  function watchRefused() {
    const dispatch = unbound(EventTarget.prototype.dispatchEvent);
    const nodeName = unbound(described(Node.prototype, "nodeName").get);
    const { Event } = globalThis;
    const take = (records) => {
      each(records, ({ addedNodes }) => {
        each(addedNodes, (node) => {
          if (lower(nodeName(node)) !== "script") return;
          const address = attributeOf(node, "data-alpines-refused");
          if (address === null) return;
          const end = () => dispatch(node, new Event(hasSurrogate ? "load" : "error"));
          const hasSurrogate = surrogateFor(address);
          if (attributeOf(node, "async") !== null || attributeOf(node, "defer") !== null) later(end, 0);
          else end();
        });
      });
    };
    const observer = new MutationObserver(take);
    observer.observe(document, { childList: true, subtree: true });
    document.addEventListener("DOMContentLoaded", () => {
      take(observer.takeRecords());
      observer.disconnect();
    });
  }

  /* ---------------------------------------------------------------------------------- 12. Start */

  install(globalThis);
  if (inPage) {
    if (!given) watchRefused();
  } else if (settings.worker) {
    runOwnFile();
  }
})
