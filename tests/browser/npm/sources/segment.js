// Segment from npm, bundled into the site's own file.
import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load({
  writeKey: "tea",
  cdnSettings: { integrations: { "Segment.io": { apiKey: "tea" } } },
});
analytics.track("bought", { tea: "Assam" }).catch(() => {});
setTimeout(() => { ran("npm-segment: went on") }, 100);
