// PostHog from npm, bundled into the site's own file.
import posthog from "posthog-js";

posthog.init("phc_tea", { api_host: "https://us.i.posthog.com", persistence: "memory", request_batching: false });
posthog.capture("bought", { tea: "Assam" });
setTimeout(() => { ran("npm-posthog: went on") }, 100);
