(function () {
"use strict";
// The app's own part of the script: the pilot's stream, bills that are dropped, forms that are sent once.
var doc = document, byId = function (id) { return doc.getElementById(id); };

// A form that is on its way is not sent again; coming back to the page frees it.
function free(form) {
  delete form.dataset.sent;
  form.querySelectorAll("button").forEach(function (one) { one.removeAttribute("aria-disabled"); });
}
doc.addEventListener("submit", function (event) {
  var form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  form.querySelectorAll("button").forEach(function (one) { one.setAttribute("aria-disabled", "true"); });
});
addEventListener("pageshow", function (event) {
  if (event.persisted) doc.querySelectorAll("form").forEach(free);
});
// What was done is told once: a page that is loaded again shows what is so then.
if (doc.querySelector(".done")) history.replaceState(null, "", location.pathname);

// A bill that is dropped goes into the field of its form and is sent as if it had been chosen.
var drop = doc.querySelector("form.drop"), file = byId("bill-bill");
if (drop && file) {
  var over = function (event) {
    if (!event.dataTransfer || Array.from(event.dataTransfer.types).indexOf("Files") < 0) return;
    event.preventDefault();
    drop.classList.toggle("over", drop.contains(event.target));
  };
  addEventListener("dragenter", over);
  addEventListener("dragover", over);
  drop.addEventListener("dragleave", function (event) {
    if (!drop.contains(event.relatedTarget)) drop.classList.remove("over");
  });
  addEventListener("drop", function (event) {
    if (!event.dataTransfer || !event.dataTransfer.files.length) return;
    event.preventDefault();
    drop.classList.remove("over");
    if (!drop.contains(event.target)) return;
    if (event.dataTransfer.files.length > 1) {
      byId("drop-words").textContent = "Drop one bill at a time.";
      return;
    }
    byId("drop-words").textContent = "";
    file.files = event.dataTransfer.files;
    drop.requestSubmit();
  });
}

// The pilot. Every event holds the whole state, so that the newest one is all that a tab needs.
var live = byId("live");
if (!live || !window.EventSource) return;
var source = null, again = null, wait = 1000, said = live.dataset.said, next = "", pause = null;
var start = byId("start"), stop = byId("stop"), tab = byId("tab-pilot");

// Makes one node like another; what is the same stays, and with it focus, selection and scroll.
function settle(here, there) {
  Array.from(here.attributes).forEach(function (one) {
    if (!there.hasAttribute(one.name)) here.removeAttribute(one.name);
  });
  Array.from(there.attributes).forEach(function (one) {
    if (here.getAttribute(one.name) !== one.value) here.setAttribute(one.name, one.value);
  });
  settleChildren(here, there);
}
function keyOf(node) { return node.nodeType === 1 ? node.getAttribute("data-key") : null; }
function settleChildren(here, there) {
  var kept = new Map(), at = here.firstChild;
  here.childNodes.forEach(function (node) { if (keyOf(node)) kept.set(keyOf(node), node); });
  Array.from(there.childNodes).forEach(function (wanted) {
    var key = keyOf(wanted), mine = key ? kept.get(key) : at;
    if (mine && (mine.nodeName !== wanted.nodeName || keyOf(mine) !== key)) mine = null;
    if (!mine) { here.insertBefore(wanted, at); return; }
    if (mine === at) at = at.nextSibling; else here.insertBefore(mine, at);
    if (mine.isEqualNode(wanted)) return;
    if (mine.nodeType === 1) settle(mine, wanted); else mine.data = wanted.data;
  });
  while (at) { var after = at.nextSibling; at.remove(); at = after; }
}
// A drawing is swapped whole: its lines have no names by which they could stay.
function show(state) {
  settleChildren(live, new DOMParser().parseFromString(state.html, "text/html").body);
  turn(start, !state.running);
  turn(stop, state.can_stop);
  if (tab) tab.classList.toggle("live", state.running);
  if (tab) byId("tab-pilot-runs").textContent = state.running ? " (running)" : "";
  if (said !== state.said) tell(said = state.said);
}
// Read out: no sentence twice, of many the newest alone; what stands on the page already is not.
function tell(words) {
  next = words;
  if (pause) return;
  byId("told").textContent = words;
  pause = setTimeout(function () {
    pause = null;
    if (next !== words) tell(next);
  }, 5000);
}
function turn(form, on) {
  if (!form || form.hidden === !on) return;
  var focused = form.contains(doc.activeElement);
  form.hidden = !on;
  if (on) free(form);
  if (!on && focused && byId("pilot-heading")) byId("pilot-heading").focus({ preventScroll: true });
}
function lost(is) {
  var words = byId("lost");
  if (words.hidden === !is) return;
  words.hidden = !is;
  tell(is ? words.textContent : "Connected again.");
}
function connect() {
  leave();
  source = new EventSource(live.dataset.events);
  source.addEventListener("open", function () { wait = 1000; lost(false); });
  source.addEventListener("pilot", function (event) {
    var state;
    try { state = JSON.parse(event.data); } catch (error) { return; }
    lost(false);
    show(state);
  });
  source.addEventListener("error", function () {
    lost(true);
    // The browser tries again by itself, but for an answer that is no stream.
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(again);
    again = setTimeout(connect, wait);
    wait = Math.min(wait * 2, 30000);
  });
}
function leave() {
  clearTimeout(again);
  if (source) source.close();
  source = null;
}
// A browser opens six connections to one server: a tab that nobody sees leaves its own to the others.
function follow() {
  if (doc.visibilityState !== "visible") leave();
  else if (!source || source.readyState === EventSource.CLOSED) connect();
}
doc.addEventListener("visibilitychange", follow);
addEventListener("online", follow);
addEventListener("pageshow", follow);
addEventListener("pagehide", leave);
follow();
})();
