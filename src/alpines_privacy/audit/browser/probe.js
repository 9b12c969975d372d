/* Runs before a page's first script, in each of its frames: says the signal to scripts, as a browser that sends
   it does, and tells of what they do to recognise the browser. Functions are replaced by proxies, which look native.

   Canvas and canvas fonts: Englehardt and Narayanan, "Online Tracking: A 1-million-site Measurement and Analysis"
   (CCS 2016), sections 6.1 and 6.2; audio: section 6.4; WebGL and fonts by elements: Iqbal, Englehardt and Shafiq,
   "Fingerprinting the Fingerprinters" (S&P 2021), and the thresholds stand beside them. */
((signal, name) => {
  "use strict";
  const tell = globalThis[name];
  delete globalThis[name];
  if (!tell) return;

  const MOST = 300, FONTS = 50, WEBGL = 30, SIDE = 16;
  const told = new Set();
  const caller = () => {
    const lines = String(new Error().stack).match(/https?:\/\/[^\s()]+?(?=:\d+:\d+)/g);
    return lines ? lines[0].slice(0, 500) : "";
  };
  const say = (kind, detail = "", script = caller()) => {
    const key = kind + "\n" + script + "\n" + detail;
    if (told.has(key) || told.size >= MOST) return;
    told.add(key);
    tell({ kind, script, detail: String(detail).slice(0, 300) });
  };
  const quietly = (watch) => { try { watch() } catch { /* the page goes on */ } };

  const method = (owner, key, before) => {
    const original = owner && owner.prototype && owner.prototype[key];
    if (typeof original !== "function") return;
    owner.prototype[key] = new Proxy(original, {
      apply(target, self, args) {
        quietly(() => before(self, args));
        return Reflect.apply(target, self, args);
      },
    });
  };
  const accessor = (owner, key, { get, set }) => {
    const found = owner && owner.prototype && Object.getOwnPropertyDescriptor(owner.prototype, key);
    if (!found || !found.configurable) return;
    const watched = (original, watch) => original && watch ? new Proxy(original, {
      apply(target, self, args) {
        quietly(() => watch(self, args[0]));
        return Reflect.apply(target, self, args);
      },
    }) : original;
    Object.defineProperty(owner.prototype, key, { ...found, get: watched(found.get, get), set: watched(found.set, set) });
  };
  const made = (key, before, { refused = false } = {}) => {
    const original = globalThis[key];
    if (typeof original !== "function") return;
    globalThis[key] = new Proxy(original, {
      construct(target, args, to) {
        quietly(() => before(args));
        if (refused) throw new DOMException("refused by the audit", "NotSupportedError");
        return Reflect.construct(target, args, to);
      },
    });
  };

  // What a browser that sends the signal says to scripts (GPC section 3.2; Tracking Preference Expression section 6.3).
  const says = (key, value) => Object.defineProperty(Navigator.prototype, key, {
    get: () => value, enumerable: true, configurable: true,
  });
  if (signal.dnt !== null) says("doNotTrack", signal.dnt);
  if (signal.gpc) says("globalPrivacyControl", true);

  // Cookies: names and attributes.
  accessor(Document, "cookie", { set: (_, text) => {
    const [pair, ...attributes] = String(text).split(";");
    const at = pair.indexOf("=");
    say("cookie", [at < 0 ? "" : pair.slice(0, at).trim(), ...attributes].join(";"));
  } });
  method(globalThis.CookieStore, "set", (_, [first]) => {
    say("cookie", typeof first === "object" ? first.name + (first.expires ? ";expires=" + new Date(first.expires).toUTCString() : "") : first);
  });

  // Canvas: text in two colours or ten characters, read back without loss; charts save and restore, drawings for reading do not.
  const drawn = new WeakMap();
  const drawing = (canvas) => {
    if (!drawn.has(canvas)) drawn.set(canvas, { characters: new Set(), colours: new Set(), saved: false });
    return drawn.get(canvas);
  };
  const reads = (canvas, width, height) => {
    const seen = drawn.get(canvas);
    if (!seen || seen.saved || canvas.width < SIDE || canvas.height < SIDE || width < SIDE || height < SIDE) return;
    if (seen.colours.size >= 2 || seen.characters.size >= 10) {
      say("canvas", "draws " + seen.characters.size + " characters in " + seen.colours.size + " colours and reads them back");
    }
  };
  const lossless = (type) => !/^image\/(jpe?g|webp)$/i.test(String(type || "image/png"));
  for (const context of [globalThis.CanvasRenderingContext2D, globalThis.OffscreenCanvasRenderingContext2D]) {
    for (const key of ["fillText", "strokeText"]) method(context, key, (self, [text]) => {
      const seen = drawing(self.canvas);
      for (const character of String(text).slice(0, 200)) seen.characters.add(character);
      seen.colours.add(String(key === "fillText" ? self.fillStyle : self.strokeStyle));
    });
    for (const key of ["save", "restore"]) method(context, key, (self) => { drawing(self.canvas).saved = true });
    method(context, "getImageData", (self, [, , width, height]) => reads(self.canvas, Math.abs(width), Math.abs(height)));
    const fonts = new Set(), measured = new Map();
    accessor(context, "font", { set: (_, value) => { if (fonts.size < 500) fonts.add(String(value)) } });
    method(context, "measureText", (_, [text]) => {
      const key = String(text).slice(0, 100);
      if (measured.size < 500 || measured.has(key)) measured.set(key, (measured.get(key) || 0) + 1);
      if (fonts.size >= FONTS && measured.get(key) >= FONTS) say("font", "measures one text in " + FONTS + " fonts");
    });
  }
  method(globalThis.HTMLCanvasElement, "toDataURL", (self, [type]) => { if (lossless(type)) reads(self, self.width, self.height) });
  method(globalThis.HTMLCanvasElement, "toBlob", (self, [, type]) => { if (lossless(type)) reads(self, self.width, self.height) });
  method(globalThis.OffscreenCanvas, "convertToBlob", (self, [options]) => {
    if (lossless(options && options.type)) reads(self, self.width, self.height);
  });

  // Fonts by elements: elements in fifty families measured.
  const families = new Set();
  const measures = (element) => {
    if (families.size >= FONTS || !element.hasAttribute("style")) return;
    const family = element.style && element.style.fontFamily;
    if (family) families.add(family);
    if (families.size >= FONTS) say("font", "measures elements in " + FONTS + " fonts");
  };
  for (const key of ["offsetWidth", "offsetHeight"]) accessor(globalThis.HTMLElement, key, { get: measures });
  method(globalThis.Element, "getBoundingClientRect", measures);

  // Audio: an oscillator through a compressor or analyser, rendered without a sound and read.
  const sounds = new WeakMap();
  let rendered = "";
  for (const key of ["createOscillator", "createDynamicsCompressor", "createAnalyser"]) {
    method(globalThis.BaseAudioContext, key, (self) => {
      if (!sounds.has(self)) sounds.set(self, new Set());
      sounds.get(self).add(key);
    });
  }
  method(globalThis.OfflineAudioContext, "startRendering", (self) => {
    const parts = sounds.get(self);
    if (parts && parts.has("createOscillator") && parts.size >= 2) rendered = caller();
  });
  for (const key of ["getChannelData", "copyFromChannel"]) method(globalThis.AudioBuffer, key, () => {
    if (rendered) say("audio", "renders a sound that nobody hears and reads it", rendered);
  });

  // WebGL: the graphics card's name together with thirty limits of it.
  const asked = new Set();
  let named = false;
  const asks = (what) => {
    if (asked.size < 500) asked.add(what);
    if (named && asked.size >= WEBGL) say("WebGL", "asks for the graphics card's name and " + WEBGL + " of its limits");
  };
  for (const context of [globalThis.WebGLRenderingContext, globalThis.WebGL2RenderingContext]) {
    method(context, "getParameter", (_, [what]) => {
      if (what === 0x9245 || what === 0x9246) named = true; // WEBGL_debug_renderer_info
      asks(what);
    });
    method(context, "getShaderPrecisionFormat", (_, [shader, precision]) => asks(shader + " " + precision));
  }

  // Connections that are no requests. A peer connection tells the local network by multicast that it is there: there is none.
  made("RTCPeerConnection", ([options]) => {
    for (const server of (options && options.iceServers) || []) {
      for (const url of [].concat(server.urls || server.url || [])) say("WebRTC", String(url));
    }
  }, { refused: true });
  made("WebTransport", ([url]) => say("WebTransport", new URL(url, document.baseURI).href));
})("%SIGNAL%", "%NAME%");
