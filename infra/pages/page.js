"use strict";
// Everything stands in the page already; this only hides what does not fit the reader. Without it
// all languages and all causes are shown.
(() => {
  const articles = [...document.querySelectorAll("article")];
  const known = articles.map((one) => one.lang);
  const asked = navigator.languages.map((one) => one.split("-")[0].toLowerCase());

  const speak = () => {
    const wanted = [location.hash.slice(1), ...asked, known[0]];
    const language = wanted.find((one) => known.includes(one));
    for (const one of articles) {
      one.hidden = one.lang !== language;
      if (!one.hidden) document.title = one.querySelector("h1").textContent;
    }
    document.documentElement.lang = language;
  };

  const explain = () => {
    const link = new URLSearchParams(location.search);
    const whole = ["Expires", "Signature", "Key-Pair-Id"].every((name) => link.get(name));
    const ended = Number(link.get("Expires")) * 1000 < Date.now();
    const cause = whole ? (ended ? "ended" : "gone") : "broken";
    for (const one of document.querySelectorAll("[data-cause]")) {
      one.hidden = one.dataset.cause !== cause;
    }
  };

  addEventListener("hashchange", speak);
  speak();
  explain();
})();
