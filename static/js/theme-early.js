// Runs before the first paint, so that a dark page never flashes white. The only blocking script.
(() => {
  const chosen = localStorage.getItem("omega.theme") ?? "auto";
  const dark = chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  document.documentElement.dataset.themeChoice = chosen;
  document.documentElement.classList.add("has-js");
})();
