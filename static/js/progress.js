// A thin line on top while the server works on something the person asked for (not for live refreshes),
// a message when that fails, and a banner for as long as the portal cannot answer at all.
const ASKED = ["click", "submit", "input", "change"];
const outage = document.querySelector("[data-outage-banner]");
const line = document.querySelector("[data-progress]");
let pending = 0;

function step(change) {
  pending = Math.max(0, pending + change);
  line?.classList.toggle("is-on", pending > 0);
}

function answered(event) {
  if (asked(event)) step(-1);
  outage?.toggleAttribute("hidden", event.detail.xhr.status !== 503);
}

const asked = (event) => ASKED.includes(event.detail.requestConfig?.triggeringEvent?.type);
document.addEventListener("htmx:beforeRequest", (event) => asked(event) && step(1));
document.addEventListener("htmx:afterRequest", answered);
// A request that a newer one took the place of is no error; with a word of its own here HTMX writes none to the console.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const finish = detail.xhr.onabort;
  detail.xhr.onabort = () => {
    detail.error = "";
    finish();
  };
});
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (!asked(event) || status === 503) return;
  if (status === 401) { location.reload(); return; }
  const text = status === 403 ? "Your role does not allow this." : `That did not work (${status}).`;
  document.dispatchEvent(new CustomEvent("toast", { detail: { level: "error", text } }));
});
document.addEventListener("htmx:sendError", (event) => {
  if (asked(event)) document.dispatchEvent(new CustomEvent("toast", { detail: { level: "error", text: "The portal does not answer. Check the connection." } }));
});
