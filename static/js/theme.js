// The theme button walks auto → light → dark; charts hear "omega:theme" and redraw.
const root = document.documentElement;
const media = matchMedia("(prefers-color-scheme: dark)");
const order = ["auto", "light", "dark"];
const names = { auto: "follows the system", light: "light", dark: "dark" };

function choice() {
  const stored = localStorage.getItem("omega.theme");
  return order.includes(stored) ? stored : "auto";
}

function apply() {
  const chosen = choice();
  const dark = chosen === "dark" || (chosen === "auto" && media.matches);
  root.dataset.bsTheme = dark ? "dark" : "light";
  root.dataset.themeChoice = chosen;
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.setAttribute("aria-label", `Theme: ${names[chosen]}. Change`);
    button.title = `Theme: ${names[chosen]}`;
    for (const icon of button.querySelectorAll("[data-theme-icon]")) icon.toggleAttribute("hidden", icon.dataset.themeIcon !== chosen);
  }
  document.dispatchEvent(new CustomEvent("omega:theme"));
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  localStorage.setItem("omega.theme", order[(order.indexOf(choice()) + 1) % order.length]);
  apply();
});
media.addEventListener("change", apply);
window.addEventListener("storage", (event) => event.key === "omega.theme" && apply());
apply();
