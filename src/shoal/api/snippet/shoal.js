/* Shoal: what is read, told to this site's own server; nothing where a browser asks so. */
((w, d, n) => {
"use strict";
var tag = d.currentScript, key = tag && tag.getAttribute("data-write-key");
var early = Array.isArray(w.shoal) ? w.shoal : [], shoal = (w.shoal = {});
["track", "page", "identify", "reset"].forEach(name => { shoal[name] = () => {}; });
shoal.push = call => { shoal[call[0]].apply(shoal, call.slice(1)); };
if (!key || n.globalPrivacyControl || n.doNotTrack == "1" || w.doNotTrack == "1") return;

var to = new URL(tag.src).origin + "/v1/batch", memory = {}, queue = [], flight = [], timer = 0, fails = 0;

function kept(name, value) {
  if (value !== undefined) memory[name] = value;
  try {
    if (value === null) localStorage.removeItem(name); else if (value) localStorage.setItem(name, value);
    return localStorage.getItem(name);
  } catch (e) { return memory[name]; }
}
function id() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => (b + 256).toString(16).slice(1)).join("");
}
var plain = url => url.split(/[?#]/)[0]; // the rest may be what somebody typed
var place = () => ({
  path: location.pathname, url: plain(location.href), title: d.title, referrer: plain(d.referrer)
});
function campaign() {
  var found = {};
  new URLSearchParams(location.search).forEach((value, name) => {
    if (name.slice(0, 4) == "utm_") found[name == "utm_campaign" ? "name" : name.slice(4)] = value;
  });
  return found;
}
function add(call) {
  queue.push(Object.assign(call, {
    messageId: id(),
    timestamp: new Date().toISOString(),
    anonymousId: kept("shoal_anonymous") || kept("shoal_anonymous", id()),
    userId: kept("shoal_user") || undefined,
    context: { page: place(), campaign: campaign(), userAgent: n.userAgent, locale: n.language }
  }));
  timer = timer || setTimeout(send, 1000);
}
function first(from) {
  var size = 0, most = 0;
  while (most < from.length && (size += JSON.stringify(from[most]).length * 2) < 5e4) most++;
  return from.splice(0, most || 1);
}
var body = some => JSON.stringify({ batch: some, sentAt: new Date().toISOString(), writeKey: key });
function send() {
  clearTimeout(timer);
  timer = 0;
  if (flight.length || !queue.length) return;
  flight = first(queue);
  fetch(to, { method: "POST", body: body(flight), credentials: "omit", keepalive: true }).then(answer => {
    if (answer.status == 429 || answer.status > 499) return again(answer.headers.get("Retry-After"));
    flight = [];
    fails = 0;
    send();
  }, again);
}
function again(after) {
  queue = flight.concat(queue).slice(-500);
  flight = [];
  timer = setTimeout(send, Math.max(after * 1000 || 0, Math.min(6e4, 1000 * 2 ** fails++)));
}
function leave() { // what is on its way goes again, under its ids
  var all = flight.concat(queue), part;
  for (queue = []; all.length; ) {
    part = first(all);
    if (!n.sendBeacon(to, body(part))) { queue = part.concat(all); return send(); }
  }
}

shoal.track = (event, properties) => { add({ type: "track", event: event, properties: properties }); };
shoal.page = (category, name, properties) => {
  var said = [category, name, properties].filter(one => typeof one == "string");
  var own = [properties, name, category].find(one => one && typeof one == "object");
  add({ type: "page", name: said.pop(), category: said.pop(), properties: Object.assign(place(), own) });
};
shoal.identify = (user, traits) => {
  if (typeof user == "object") traits = user; else kept("shoal_user", String(user));
  add({ type: "identify", traits: traits });
};
shoal.reset = () => { kept("shoal_user", null); kept("shoal_anonymous", null); };

var at, seen, since, depth, videos = new Map();

function enter() {
  at = location.pathname;
  seen = depth = 0;
  since = d.hidden ? 0 : performance.now();
  if (tag.getAttribute("data-page") != "off") shoal.page();
  scrolled();
}
function pause() { seen += since && performance.now() - since; since = 0; }
function left() {
  pause();
  videos.forEach((_, video) => { watched(video, "Exited"); });
  shoal.track("Page Left", { path: at, seconds: Math.round(seen / 1000), scroll_depth: depth });
}
function scrolled() {
  if (d.readyState != "complete") return;
  var part = ((w.scrollY + w.innerHeight + 2) / d.documentElement.scrollHeight) * 100;
  while (depth < 100 && part >= depth + 25) {
    depth += 25;
    shoal.track("Page Scrolled", { path: at, percent_scrolled: depth });
  }
}
function watched(video, how, seconds) {
  if (videos.has(video)) seconds = Math.round(videos.get(video).seconds);
  if (how != "Started") videos.delete(video);
  shoal.track("Video Playback " + how, { path: at, src: plain(video.currentSrc), seconds_watched: seconds });
}
var on = (type, act) => w.addEventListener(type, act, true);

on("load", scrolled);
on("scroll", scrolled);
on("playing", e => {
  var video = e.target, fresh = !videos.has(video), one = fresh ? { seconds: 0 } : videos.get(video);
  one.at = video.currentTime;
  videos.set(video, one);
  if (fresh) watched(video, "Started");
});
on("timeupdate", e => {
  var one = videos.get(e.target) || {}, now = e.target.currentTime;
  if (now > one.at && now < one.at + 2) one.seconds += now - one.at; // more is a jump
  one.at = now;
});
on("ended", e => { if (videos.has(e.target)) watched(e.target, "Completed"); });
on("submit", e => { // which form, not what is in it
  var name = e.target.getAttribute("name");
  shoal.track("Form Submitted", { path: at, form_id: e.target.getAttribute("id") || name, form_name: name });
});
on("visibilitychange", () => {
  if (d.hidden) { pause(); leave(); } else since = performance.now();
});
on("pagehide", () => { left(); leave(); });
on("pageshow", e => { if (e.persisted) enter(); });
on("popstate", moved);
function moved() { if (location.pathname != at) { left(); enter(); } }
var push = history.pushState;
history.pushState = (...said) => { push.apply(history, said); moved(); };

early.forEach(shoal.push);
enter();
})(window, document, navigator);
