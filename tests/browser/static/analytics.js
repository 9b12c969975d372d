/* The site's own, under a name that lists know. */
window.ownAnalytics = { count: function (what) { ran("own-tracker-path: " + what) } };
