// Sentry's SDK with the site's own relay as its tunnel: it wraps fetch, XHR, history and console.
import * as Sentry from "@sentry/browser";

const sent = [];
Sentry.init({
  dsn: "https://0123456789abcdef0123456789abcdef@relay.invalid/1",
  tunnel: "/api/collect",
  integrations: [Sentry.browserTracingIntegration()],
  tracesSampleRate: 1,
  beforeBreadcrumb: (crumb) => { sent.push(crumb.category); return crumb },
});
fetch("/npm/data/teas.json").then((answer) => answer.json()).then((teas) => {
  const request = new XMLHttpRequest();
  request.open("GET", "/npm/data/teas.json");
  request.onload = () => {
    Sentry.captureMessage("tea");
    setTimeout(() => {
      document.getElementById("front").textContent = teas.join(", ");
      ran("front-sentry: " + sent.filter((one) => one === "fetch" || one === "xhr").sort().join(" "));
    }, 50);
  };
  request.send();
});
