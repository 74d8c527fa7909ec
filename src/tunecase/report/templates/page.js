(function () {
"use strict";
// The one script of a page: prints it, and moves the first screen between plans that were worked out beforehand.
// Texts are set as text, never as HTML; nothing is loaded or sent.
var doc = document, SVG = "http://www.w3.org/2000/svg";
var byId = function (id) { return doc.getElementById(id); };
doc.documentElement.classList.add("js");
addEventListener("beforeprint", function () {
  doc.querySelectorAll("details").forEach(function (fold) { fold.open = true; });
});
if (byId("print")) byId("print").addEventListener("click", function () { print(); });
// Without a button that asks for it the sheet stands open.
var data = byId("grid"), ask = byId("ask"), sheet = byId("sheet");
if (!data || !sheet) { if (ask) ask.hidden = true; return; }
var G = JSON.parse(data.textContent), W = G.words, sliders = {}, filed = null;

function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, function (all, name) { return name in values ? values[name] : all; });
}
function made(name, text, look, parent) {
  var one = doc.createElement(name);
  if (text) one.textContent = text;
  if (look) one.className = look;
  if (parent) parent.appendChild(one);
  return one;
}

// Figures as the rest of the page prints them: on a grid that two runs share in most cases.
function rounded(x, unit) { return +(Math.round(x / unit) * unit).toPrecision(12); }
function onGrid(x) {
  if (x <= 0) return 0;
  var power = Math.pow(10, Math.floor(Math.log10(x) + 1e-12)), size = x / power;
  return rounded(x, power * (size < 2 ? 0.1 : size < 5 ? 0.5 : 1));
}
function money(x) {
  var shown = onGrid(x);
  if (shown === 0) return "0";
  if (shown < 1) return "under 1";
  return shown.toLocaleString("en-US", { maximumFractionDigits: shown < 10 ? 1 : 0 });
}
// What must be had at least, in two digits.
function upwards(x) {
  var unit = Math.pow(10, Math.floor(Math.log10(Math.max(x, 10))) - 1);
  return (Math.ceil(x / unit - 1e-9) * unit).toLocaleString("en-US");
}
function shareOnGrid(x) { return Math.min(rounded(x, x >= 0.1 && x <= 0.9 ? 0.05 : 0.01), 1); }
function hundred(x) {
  var whole = Math.round(100 * x);
  return x > 0 && whole === 0 ? "under 1" : x < 1 && whole === 100 ? "over 99" : String(whole);
}
function percent(x) { return hundred(x) + "%"; }
// Parts in whole units that add up to a total: the largest remainders are rounded up.
function addingUp(parts, unit, total) {
  var sum = parts.reduce(function (a, b) { return a + b; }, 0);
  if (total !== undefined && sum > 0) parts = parts.map(function (part) { return part * total / sum; });
  var wanted = Math.round((total === undefined ? sum : total) / unit);
  var whole = parts.map(function (part) { return Math.floor(part / unit + 1e-9); });
  var missing = wanted - whole.reduce(function (a, b) { return a + b; }, 0);
  parts.map(function (part, at) { return at; })
    .sort(function (a, b) { return (whole[a] - parts[a] / unit) - (whole[b] - parts[b] / unit); })
    .slice(0, Math.max(missing, 0)).forEach(function (at) { whole[at] += 1; });
  return whole.map(function (count) { return +(count * unit).toPrecision(12); });
}

// A point between the nodes: straight in every axis, held at its ends.
function between(nodes, x) {
  if (nodes.length === 1) return [[0, 1]];
  var at = 0;
  while (at < nodes.length - 2 && x > nodes[at + 1]) at += 1;
  var part = Math.min(1, Math.max(0, (x - nodes[at]) / (nodes[at + 1] - nodes[at])));
  return [[at, 1 - part], [at + 1, part]];
}
function read(way, point) {
  var corners = [[0, 1]];
  G.axes.forEach(function (axis, number) {
    var next = [];
    between(axis.nodes, point[G.keys[number]]).forEach(function (end) {
      if (end[1] > 1e-9) corners.forEach(function (corner) {
        next.push([corner[0] * axis.nodes.length + end[0], corner[1] * end[1]]);
      });
    });
    corners = next;
  });
  var told = {};
  G.fields.forEach(function (name, field) {
    var sum = 0, weight = 0;
    // What is ready at one node alone is not known to be ready between two.
    if (name === "now" && corners.some(function (corner) { return way.cells[corner[0]][field] <= 0; })) {
      told[name] = 0;
      return;
    }
    corners.forEach(function (corner) {
      var value = way.cells[corner[0]][field];
      // No score that ships is no score of zero.
      if (name === "ship_at" && value === 0) return;
      sum += corner[1] * value; weight += corner[1];
    });
    told[name] = weight ? sum / weight / G.parts[field] : 0;
  });
  var least = 0;
  between(G.axes[0].nodes, point.label).forEach(function (end) {
    if (end[1] > 1e-9) least += end[1] * (way.least[end[0]] === null ? Infinity : way.least[end[0]]);
  });
  told.least = least;
  told.way = way;
  told.chance = told.reaches + told.later;
  return told;
}
function best(list, name) {
  return list.reduce(function (a, b) { return b[name] > a[name] ? b : a; });
}

// Which verdict a point has, and the plan that it is about.
function judged(point) {
  var plans = G.ways.map(function (way) { return read(way, point); });
  var paid = plans.filter(function (plan) { return G.axes[1].nodes[0] === 0 || point.budget >= plan.least; });
  var now = best(plans, "now"), plan = paid.length ? best(paid, "worth") : null;
  if (now.now > 0 && (!plan || now.now >= plan.worth)) return [now.way.tuned ? "ship" : "instead", now];
  if (!plan) return best(plans, "worth").worth > 0 ? ["small", best(plans, "worth")] : ["no", best(plans, "worth")];
  if (plan.worth <= 0) return ["no", plan];
  if (plan.worth < plan.release) return ["barely", plan];
  if (!plan.way.main) return ["other", plan];
  return [onGrid(plan.release) < point.budget && G.axes[1].nodes[0] > 0 ? "stages" : "all", plan];
}

function draw(point, moved) {
  var found = judged(point), kind = found[0], plan = found[1], words = G.verdicts[kind];
  var going = ["stages", "all", "other", "barely"].indexOf(kind) >= 0, target = moved.target;
  var chance = going ? shareOnGrid(plan.chance) : 0;
  var values = {
    release: money(plan.release), budget: moved.budget || "", worth: money(plan.worth), loss: money(-plan.worth),
    now: money(plan.now), least: upwards(plan.least), value: money(plan.value), lost: money(plan.lost),
    fails: hundred(1 - chance), reach: hundred(chance), target: target, way: plan.way.words, currency: G.currency
  };
  var say = byId("say"), asFiled = filed.verdict.querySelector("#say");
  if (kind === "no" && G.there && point.target <= G.axes[2].filed) {
    // What does it without a fine-tune does so whatever a right answer is worth, and at a lower target too.
    byId("verdict").className = filed.verdict.className;
    say.replaceChildren.apply(say, Array.from(asFiled.cloneNode(true).childNodes));
  } else {
    byId("verdict").className = "verdict tone-" + words[0];
    say.textContent = fill(words[1], values) + " ";
    made("em", fill(words[2], values), "", say);
    if (words[3]) say.appendChild(doc.createTextNode(" " + fill(words[3], values)));
  }
  if (byId("why")) byId("why").textContent = fill(words[4], values);
  var score = kind === "ship" || kind === "instead";
  tile("release", going ? values.release : "0");
  tile("lost", going ? values.lost : "0");
  tile("chance", score ? W.shown : percent(chance));
  tile("value", values.value);
  if (byId("n-chance")) byId("n-chance").textContent = fill(W.chance, values);
  gates(going, plan, values, chance);
}
function tile(key, value) {
  if (!byId("t-" + key)) return;
  byId("t-" + key).textContent = value;
  var was = filed["t-" + key].textContent, unit = filed["t-" + key].parentNode.querySelector("small");
  byId("d-" + key).textContent = fill(W.filed, { was: was + (unit ? " " + unit.textContent : "") });
}

// The gates: chance as height. Lengths are those of the drawing that the page came with.
var HEIGHT = 140, GAP = 18, TOP = 8, START = 186, BRANCH = 300, BROAD = 196, END = 652, POST = 6, END_GAP = 16;
var LINE = 19, LETTER = 7.6, WIDE = 900;
function shape(name, facts, parent) {
  var one = doc.createElementNS(SVG, name);
  Object.keys(facts).forEach(function (key) { one.setAttribute(key, facts[key]); });
  return parent.appendChild(one);
}
function px(x) { return x.toFixed(1); }
function box(svg, x, y, broad, high, look) {
  if (high > 0) shape("rect", { x: px(x), y: px(y), width: px(broad), height: px(high), "class": look }, svg);
}
function band(svg, x1, y1, x2, y2, high, look) {
  if (high <= 0) return;
  var m = (x1 + x2) / 2, p = function (x, y) { return px(x) + "," + px(y); };
  shape("path", { "class": look, d: "M" + p(x1, y1) + "C" + p(m, y1) + " " + p(m, y2) + " " + p(x2, y2) +
    "L" + p(x2, y2 + high) + "C" + p(m, y2 + high) + " " + p(m, y1 + high) + " " + p(x1, y1 + high) + "Z" }, svg);
}
function letters(svg, x, y, words, look) {
  shape("text", look ? { x: px(x), y: px(y), "class": look } : { x: px(x), y: px(y) }, svg).textContent = words;
}
function wrapped(words, room) {
  var most = Math.max(Math.floor(room / LETTER), 8), lines = [];
  words.forEach(function (text) {
    var line = "";
    text.split(" ").forEach(function (word) {
      if (line && (line + " " + word).length > most) { lines.push(line); line = word; }
      else line = line ? line + " " + word : word;
    });
    if (line) lines.push(line);
  });
  return lines;
}
function column(svg, x, y, lines, rest) {
  lines.forEach(function (line, at) { letters(svg, x, y + LINE * at, line, at ? rest : "strong"); });
}
function firstOf(middle, count) { return middle - LINE / 2 * (count - 1) + 4.5; }

function branches(plan, chance) {
  var list = [["ship", plan.ship, plan.reaches, "go"], ["settle", plan.settle, 0, "go"],
    ["ask again", 1 - plan.ship - plan.settle, plan.later, "wait"]];
  list = list.filter(function (one) { return one[1] > 0.005; });
  var sum = list.reduce(function (a, one) { return a + one[1]; }, 0);
  var parts = list.map(function (one) { return one[1] / sum; });
  var shares = addingUp(parts, Math.min.apply(null, parts) < 0.05 ? 0.01 : 0.05, 1);
  var reaches = addingUp(list.map(function (one) { return one[2]; }), 0.01, chance), over = 0;
  reaches = reaches.map(function (reach, at) {
    over += Math.max(reach - shares[at], 0);
    return Math.min(reach, shares[at]);
  });
  reaches = reaches.map(function (reach, at) {
    var more = list[at][2] > 0 ? Math.min(over, shares[at] - reach) : 0;
    over -= more;
    return reach + more;
  });
  return list.map(function (one, at) {
    return { key: one[0], share: shares[at], reaches: reaches[at], look: one[3] };
  }).filter(function (one) { return one.share > 0; });
}
function ruled(list, plan) {
  var ship = plan.ship_at > 0 && G.share ? percent(Math.round(1000 * plan.ship_at) / 1000) : "";
  list.forEach(function (one) {
    one.rule = ship ? fill(one.key === "ask again" ? W.below : W.at, { ship: ship }) : W.otherwise;
    one.name = W[one.key];
  });
  return list;
}
function gates(going, plan, values, chance) {
  var place = byId("gates"), narrow = byId("branches");
  if (!place) return;
  place.textContent = "";
  if (narrow) narrow.textContent = "";
  if (!going) {
    made("p", W.idle, "sub", place);
    if (narrow) made("li", W.idle, "tone-halt", narrow);
    return;
  }
  var list = ruled(branches(plan, chance), plan);
  var reached = [fill(W.reached, values), fill(W.worth, values)], missed = [fill(W.missed, values), fill(W.lost, values)];
  picture(place, list, begun(fill(W.start, values)), reached, missed);
  if (!narrow) return;
  list.forEach(function (one) { item(narrow, one.look, one.name + ": " + percent(one.share), one.rule); });
  item(narrow, "go", reached[0], reached[1]);
  item(narrow, "halt", missed[0], missed[1]);
}
function item(list, look, head, rest) {
  var one = made("li", "", "tone-" + look, list);
  made("b", head, "", one);
  one.appendChild(doc.createTextNode(" " + rest));
}
// What is done first is as it was filed, line by line; only its price moves.
function begun(price) {
  var texts = filed.gates ? Array.from(filed.gates.querySelectorAll('svg text[x="0"]')) : [], priced = false;
  var lines = texts.map(function (one) { return one.textContent; }).map(function (line) {
    if (priced || line.indexOf(W.start.split("{")[0]) !== 0) return line;
    priced = true;
    return price;
  });
  return priced ? lines : [W.first, price];
}
function picture(place, list, begin, reached, missed) {
  var svg = shape("svg", { role: "img" }, place), reach = 0;
  list.forEach(function (one) { reach += one.reaches; });
  reach = Math.min(reach, 1);
  var tall = HEIGHT + GAP * (list.length - 1), start = TOP + (tall - HEIGHT) / 2;
  var yes = TOP + Math.max((tall - HEIGHT - END_GAP) / 2, 0), no = yes + HEIGHT * reach + (reach > 0 && reach < 1 ? END_GAP : 0);
  var from = start, hitAt = yes, missAt = no, top = TOP, middles = [], right = BRANCH + BROAD;
  list.forEach(function (one) {
    var high = HEIGHT * one.share, hit = HEIGHT * one.reaches;
    band(svg, START + POST, from, BRANCH, top, high, one.look + "-t");
    band(svg, right, top, END, hitAt, hit, "go-t");
    band(svg, right, top + hit, END, missAt, high - hit, "halt-t");
    box(svg, BRANCH, top, BROAD, high, one.look + "-t");
    box(svg, BRANCH, top, POST, high, one.look);
    middles.push(top + high / 2);
    from += high; hitAt += hit; missAt += high - hit; top += high + GAP;
  });
  box(svg, START, start, POST, HEIGHT, "acc");
  box(svg, END, yes, POST, HEIGHT * reach, "go");
  box(svg, END, no, POST, HEIGHT * (1 - reach), "halt");
  var lines = wrapped(begin.filter(Boolean), START - 8), lowest = 0, above = TOP;
  column(svg, 0, firstOf(start + HEIGHT / 2, lines.length), lines, "");
  list.forEach(function (one, at) {
    var head = one.name + " " + percent(one.share), whole = wrapped([head + " " + one.rule], BROAD - 8);
    var words = whole.length === 1 ? whole : [head].concat(wrapped([one.rule], BROAD - 8));
    var y = Math.max(firstOf(middles[at], words.length), above + 8);
    if (words.length > 1) column(svg, BRANCH + 16, y, words, "ink");
    else {
      var text = shape("text", { x: px(BRANCH + 16), y: px(y) }, svg);
      shape("tspan", { "class": "strong" }, text).textContent = head;
      shape("tspan", { "class": "ink", dx: 7 }, text).textContent = one.rule;
    }
    above = y + LINE * (words.length - 1) + 4;
    lowest = Math.max(lowest, above);
  });
  above = 0;
  [[reached, yes, reach], [missed, no, 1 - reach]].forEach(function (end) {
    if (end[2] <= 0) return;
    var told = wrapped(end[0], WIDE - END - 18);
    var y = Math.max(firstOf(end[1] + HEIGHT * end[2] / 2, told.length), above + LINE, LINE - 4);
    column(svg, END + 18, y, told, "");
    above = y + LINE * (told.length - 1) + 2;
    lowest = Math.max(lowest, above);
  });
  var high = Math.max(lowest, firstOf(start + HEIGHT / 2, lines.length) + LINE * (lines.length - 1), TOP + tall) + 8;
  svg.setAttribute("viewBox", "0 0 " + WIDE + " " + px(high));
  svg.setAttribute("width", WIDE);
  svg.setAttribute("height", px(high));
  svg.setAttribute("aria-label", W.picture + ": " + list.map(function (one) {
    return one.name + " " + one.rule + ": " + hundred(one.share) + " in 100";
  }).concat([reached[0]]).join("; "));
}

// The filed first screen, kept aside while another one is shown.
var KEPT = ["verdict", "gates", "branches", "n-chance"], TILES = ["release", "lost", "chance", "value", "spent"];
TILES.forEach(function (key) { KEPT.push("t-" + key, "d-" + key); });
function keep() {
  if (filed) return;
  filed = {};
  KEPT.forEach(function (id) {
    var there = byId(id);
    if (!there) return;
    filed[id] = there.id.slice(0, 2) === "t-" ? there.parentNode.cloneNode(true).querySelector("#" + id) : there.cloneNode(true);
  });
}
function restore() {
  if (!filed) return;
  KEPT.forEach(function (id) { if (byId(id) && filed[id]) byId(id).replaceWith(filed[id]); });
  filed = null;
}
function show() {
  var point = {}, moved = {}, changed = false;
  G.axes.forEach(function (axis, number) { point[G.keys[number]] = axis.filed; });
  moved.target = G.filed_target_words;
  Object.keys(sliders).forEach(function (key) {
    var one = sliders[key], at = one.input.valueAsNumber;
    point[key] = one.given.at[at];
    moved[key] = one.given.texts[at].replace(" " + G.currency, "");
    one.output.textContent = one.given.texts[at];
    one.input.setAttribute("aria-valuetext", one.given.texts[at]);
    changed = changed || at !== -one.given.first;
  });
  doc.body.classList.toggle("changed", changed);
  if (!changed) { restore(); return; }
  keep();
  draw(point, moved);
}
function reset() {
  Object.keys(sliders).forEach(function (key) { sliders[key].input.value = -sliders[key].given.first; });
  show();
}
function toggle(open) {
  sheet.hidden = !open;
  ask.setAttribute("aria-expanded", String(open));
  doc.body.classList.toggle("sheeted", open);
  var first = sheet.querySelector("input");
  if (open && first) first.focus(); else ask.focus();
  if (open) {
    var calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    scrollTo({ top: 0, behavior: calm ? "auto" : "smooth" });
  }
}
function build() {
  var wrap = made("div", "", "wrap", sheet), head = made("div", "", "head", wrap);
  made("h2", W.title, "", head);
  made("p", G.note, "", head);
  [[W.reset, reset, "reset"], [W.close, function () { toggle(false); }, "shut"]].slice(0, ask ? 2 : 1).forEach(function (one) {
    var button = made("button", one[0], "", head);
    button.type = "button";
    button.id = one[2];
    button.addEventListener("click", one[1]);
  });
  var knobs = made("div", "", "knobs", wrap);
  G.sliders.forEach(function (given) {
    var label = made("label", given.label, "", knobs), output = made("output", "", "", label);
    var input = made("input", "", "", label);
    label.htmlFor = input.id = "k-" + given.key;
    output.id = "o-" + given.key;
    output.setAttribute("for", input.id);
    input.type = "range";
    input.min = 0;
    input.max = given.at.length - 1;
    input.step = 1;
    input.defaultValue = input.value = -given.first;
    input.addEventListener("input", show);
    sliders[given.key] = { given: given, input: input, output: output };
  });
}
build();
if (ask) ask.addEventListener("click", function () { toggle(sheet.hidden); });
if (ask) doc.addEventListener("keydown", function (event) {
  if (event.key === "Escape" && !sheet.hidden) toggle(false);
});
show();
})();
