// jQuery with DOMPurify: Ajax, markup built from text, scripts run by hand.
import $ from "jquery";
import DOMPurify from "dompurify";

$.getJSON("/npm/data/teas.json").then((teas) => {
  $("#front").html(DOMPurify.sanitize("<ul>" + teas.map((tea) => `<li onclick="x()">${tea}</li>`).join("") + "</ul>"));
  $.getScript("/npm/data/own.js").then(() =>
    ran("front-jquery: " + $("#front li").length + " " + $("#front [onclick]").length + " " + window.ownScript));
});
