// What a person opened or selected stays so when the fragment around it is fetched again; several may be under way at once.
const STATES = "details[open][id], .is-selected[id], input[type=checkbox][id]:checked";
const kept = new WeakMap();

document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  const inside = [...target.querySelectorAll(STATES)];
  kept.set(target, inside.map((element) => ({ id: element.id, isOpen: element.open === true, isChosen: element.checked === true })));
});

// From the first moment on, for whoever is about to press a button; what is an attribute is set back once more by htmx.
function restore({ id, isOpen, isChosen }) {
  const element = document.getElementById(id);
  if (isChosen && element) element.checked = true;
  else restoreAttribute({ id, isOpen, isChosen });
}

function restoreAttribute({ id, isOpen, isChosen }) {
  const element = document.getElementById(id);
  if (isOpen) element?.setAttribute("open", "");
  else if (!isChosen) element?.classList.add("is-selected");
}

document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => kept.get(target)?.forEach(restore));
document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
  kept.get(target)?.forEach(restoreAttribute);
  kept.delete(target);
});
