// One socket per page. It carries topic names only; the fragments that name a topic are fetched again.
// It is live only once the server says that it hears about changes itself. Without the socket: a banner, a round of fetching every ten seconds, and one on its return.
const POLL_MS = 10_000;
const SHORTEST_MS = 150;
const BACK_OFF_MS = [500, 1000, 2000, 5000, 10_000];
const SESSION_ENDED = 4401;
const NOT_ALLOWED = 4403;
const banner = document.querySelector("[data-live-banner]");
const indicators = document.querySelectorAll("[data-live-state]");
const due = new Map();
const last = new Map();
const fetching = new Map();
let socket = null;
let attempts = 0;
let poll = null;
let subscribed = "";
let isHeard = false;

const fragments = () => [...document.querySelectorAll("[data-live-topic]")];
const topicsOf = (element) => element.dataset.liveTopic.split(/\s+/).filter(Boolean);
const wanted = () => [...new Set(fragments().flatMap(topicsOf))].sort();
// A fragment is replaced by each fetch; its id stays.
const keyOf = (element) => element.id || element;
const elementOf = (key) => (typeof key === "string" ? document.getElementById(key) : key);

// What is under way now may have been read before the change: it is fetched once more, after that.
function refresh(key) {
  if (fetching.has(key)) return due.set(key, setTimeout(refresh, SHORTEST_MS, key));
  due.delete(key);
  const element = elementOf(key);
  if (!element?.isConnected) return;
  last.set(key, Date.now());
  window.htmx.trigger(element, "live");
}

function schedule(element) {
  const key = keyOf(element);
  if (due.has(key)) return;
  const every = Number(element.dataset.liveEvery || 1000);
  const wait = Math.max(SHORTEST_MS, every - (Date.now() - (last.get(key) ?? 0)));
  due.set(key, setTimeout(refresh, wait, key));
}

function touch(topics) {
  if (document.hidden) return;
  for (const element of fragments()) if (!topics || topicsOf(element).some((topic) => topics.includes(topic))) schedule(element);
}

function say(state, text) {
  for (const place of indicators) {
    place.querySelector(".pulse").dataset.state = state;
    place.querySelector("[data-live-text]").textContent = text;
  }
  banner?.toggleAttribute("hidden", state !== "lost" && state !== "ended");
  if (state === "ended" && banner) {
    banner.querySelector("[data-live-message]").textContent = "You are signed out. What you see is no longer updated.";
    banner.querySelector("[data-live-sign-in]")?.removeAttribute("hidden");
  }
}

function subscribe() {
  const topics = wanted();
  if (socket?.readyState !== WebSocket.OPEN || topics.join(" ") === subscribed) return;
  subscribed = topics.join(" ");
  socket.send(JSON.stringify({ subscribe: topics }));
}

function opened() {
  subscribed = "";
  isHeard = false;
  subscribe();
}

// What changed before this socket's first subscription, perhaps while the page was made, was announced to nobody here.
function confirmed() {
  if (!isHeard) touch(null);
  isHeard = true;
}

function heard(event) {
  const message = JSON.parse(event.data);
  if (message.subscribed) confirmed();
  if (message.topics) touch(message.topics);
  if (message.live === "lost") pause();
  if (message.live === "back" && isHeard) resume();
}

function pause() {
  say("lost", "Not live");
  poll ??= setInterval(touch, POLL_MS, null);
}

function resume() {
  const wasLost = poll !== null;
  attempts = 0;
  clearInterval(poll);
  poll = null;
  say("live", "Live");
  if (wasLost) touch(null);
}

function closed(event) {
  socket = null;
  if (event.code === SESSION_ENDED) return say("ended", "Signed out");
  if (event.code === NOT_ALLOWED) return say("idle", "No live updates");
  attempts += 1;
  poll ??= setInterval(touch, POLL_MS, null);
  if (attempts > 1) pause();
  setTimeout(connect, BACK_OFF_MS[Math.min(attempts, BACK_OFF_MS.length) - 1]);
}

function connect() {
  if (socket) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws/live/`);
  socket.addEventListener("open", opened);
  socket.addEventListener("close", closed);
  socket.addEventListener("message", heard);
}

// hx-sync keeps what is under way at an element, and forgets it when that is replaced; two answers for one place would then come in any order.
function began({ detail }) {
  const key = keyOf(detail.target);
  const older = fetching.get(key);
  fetching.set(key, detail);
  if (older?.requestConfig.verb === "get") older.xhr.abort();
}

function ended({ detail }) {
  const key = keyOf(detail.target);
  if (fetching.get(key)?.xhr === detail.xhr) fetching.delete(key);
}

document.addEventListener("htmx:beforeSend", began);
document.addEventListener("htmx:afterRequest", ended);
document.addEventListener("visibilitychange", () => document.hidden || touch(null));
document.addEventListener("htmx:afterSettle", () => {
  if (!socket && attempts === 0 && fragments().length) connect();
  subscribe();
});
if (fragments().length) connect();
else indicators.forEach((place) => place.setAttribute("hidden", ""));
