// Shows beside a field where a password is chosen how good it is. The form works the same without.
"use strict";
(() => {
  const given = /*given*/{};
  const names = new Set(given.fields.map((name) => name.split(".").pop()));
  const address = new URL("password", document.currentScript.src);
  const meters = new WeakMap();
  let count = 0;

  const isChosen = (field) =>
    field instanceof HTMLInputElement &&
    (names.has(field.name) || given.fields.includes(field.name)) &&
    field.autocomplete !== "current-password" &&
    (field.type === "password" || meters.has(field));

  // Texts that the form knows of its sender: they make a password easy to guess.
  const inputsBeside = (field) =>
    [...(field.form?.elements ?? [])]
      .filter((each) => each !== field && ["text", "email", "tel", "search", "url"].includes(each.type) && each.value)
      .slice(0, 20)
      .map((each) => each.value.slice(0, 200));

  const meterFor = (field) => {
    if (meters.has(field)) return meters.get(field);
    const box = document.createElement("div");
    const bar = document.createElement("meter");
    const text = document.createElement("div");
    box.id = `alpines-privacy-password-${(count += 1)}`;
    Object.assign(bar, { min: 0, max: 4, low: 2, high: 3, optimum: 4, value: 0 });
    bar.setAttribute("aria-label", given.label);
    Object.assign(bar.style, { display: "block", width: "100%", maxWidth: "24rem", height: ".75rem" });
    Object.assign(text.style, { font: "inherit", color: "inherit", overflowWrap: "anywhere", minHeight: "1.5em" });
    text.setAttribute("role", "status");
    text.setAttribute("aria-live", "polite");
    bar.hidden = true;
    bar.style.display = "none";
    box.append(bar, text);
    field.after(box);
    const described = field.getAttribute("aria-describedby");
    field.setAttribute("aria-describedby", described ? `${described} ${box.id}` : box.id);
    const meter = { bar, text, timer: 0, asking: null };
    meters.set(field, meter);
    return meter;
  };

  const show = (meter, score, text) => {
    const isShown = score !== null;
    meter.bar.hidden = !isShown;
    meter.bar.style.display = isShown ? "block" : "none";
    if (isShown) meter.bar.value = score;
    meter.bar.textContent = text;
    if (meter.text.textContent !== text) meter.text.textContent = text;
  };

  const ask = async (field, meter, password) => {
    meter.asking = new AbortController();
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify({ password: password.slice(0, 1024), inputs: inputsBeside(field) }),
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "same-origin",
        signal: meter.asking.signal,
      });
      if (!response.ok) return show(meter, null, "");
      const advice = await response.json();
      show(meter, advice.score, advice.text);
    } catch {
      // Aborted by the next letter, or no network: the form goes on without advice.
    }
  };

  const judge = (field) => {
    const meter = meterFor(field);
    clearTimeout(meter.timer);
    meter.asking?.abort();
    const password = field.value.normalize("NFC");
    const missing = given.minimum - [...password].length;
    if (!password) return show(meter, null, "");
    if (missing > 0) {
      const text = given.tooShort.replaceAll("{minimum}", given.minimum).replaceAll("{missing}", missing);
      return show(meter, 0, text);
    }
    meter.timer = setTimeout(() => ask(field, meter, password), 300);
  };

  // Listening on the document covers forms that a page makes later.
  document.addEventListener("focusin", (event) => isChosen(event.target) && meterFor(event.target));
  document.addEventListener("input", (event) => isChosen(event.target) && judge(event.target));
})();
