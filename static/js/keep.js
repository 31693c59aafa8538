// What a person opened or selected stays so when the fragment around it is fetched again.
let kept = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  const inside = event.detail.target.querySelectorAll("details[open][id], .is-selected[id], input[type=checkbox][id]:checked");
  kept = [...inside].map((element) => ({ id: element.id, isOpen: element.open === true, isChosen: element.checked === true }));
});
document.addEventListener("htmx:afterSettle", () => {
  for (const { id, isOpen, isChosen } of kept) {
    const element = document.getElementById(id);
    if (isChosen && element) element.checked = true;
    else if (isOpen) element?.setAttribute("open", "");
    else element?.classList.add("is-selected");
  }
  kept = [];
});
