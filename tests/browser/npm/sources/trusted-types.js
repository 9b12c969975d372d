// A page under `require-trusted-types-for 'script'`: what its policy made is taken as it is.
const policy = trustedTypes.createPolicy("tea", {
  createHTML: (text) => text.replaceAll("<i>", "<b>"),
  createScriptURL: (url) => url,
  createScript: (code) => code,
});
const front = document.getElementById("front");
front.innerHTML = policy.createHTML("<ul><li><i>Assam</i></li></ul>");
front.insertAdjacentHTML("beforeend", policy.createHTML("<p><i>Bancha</i></p>"));
const refused = [];
try { front.innerHTML = "<p>no</p>" } catch (error) { refused.push(error.name) }
const script = document.createElement("script");
script.onload = () => ran("front-trusted-types: " + front.querySelectorAll("b").length + " " + refused + " " + window.ownScript);
try { script.src = "/npm/data/own.js?text" } catch (error) { refused.push(error.name) }
script.src = policy.createScriptURL("/npm/data/own.js");
document.head.append(script);
