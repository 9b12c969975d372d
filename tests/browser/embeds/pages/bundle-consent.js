/* A consent manager without a banner: revives scripts the markup keeps asleep. */
document.querySelectorAll("script[type='text/plain']").forEach(function (asleep) {
  var awake = document.createElement("script");
  if (asleep.dataset.src) awake.src = asleep.dataset.src; else awake.text = asleep.text;
  document.head.appendChild(awake);
});
document.querySelectorAll("iframe[data-src]").forEach(function (lazy) { lazy.src = lazy.dataset.src });
ran("bundle-consent: revived");
