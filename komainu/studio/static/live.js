"use strict";
// Parts of a page marked data-live are loaded again while the window is looked at. Without this script the page is
// whole too: it is loaded again by hand. A document is asked for, so no text is parsed as HTML here.
const PAUSE = 3000; // milliseconds

function again() {
  if (document.hidden) return void setTimeout(again, PAUSE);
  const asked = new XMLHttpRequest();
  asked.open("GET", location.href);
  asked.responseType = "document";
  asked.timeout = 10 * PAUSE;
  asked.onloadend = () => {
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = asked.status === 200 && asked.response && asked.response.getElementById(old.id);
      if (fresh && !old.contains(document.activeElement)) old.replaceWith(document.importNode(fresh, true));
      else if (asked.status === 200 && asked.response && !fresh) return void location.reload(); // it has been built
    }
    document.documentElement.dataset.loads = Number(document.documentElement.dataset.loads || 0) + 1;
    setTimeout(again, PAUSE);
  };
  asked.send();
}

setTimeout(again, PAUSE);
