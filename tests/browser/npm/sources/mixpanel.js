// Mixpanel from npm, bundled into the site's own file.
import mixpanel from "mixpanel-browser";

mixpanel.init("0123456789abcdef0123456789abcdef", { persistence: "localStorage", batch_requests: false, record_sessions_percent: 0 });
mixpanel.track("bought", { tea: "Assam" });
setTimeout(() => { ran("npm-mixpanel: went on") }, 100);
