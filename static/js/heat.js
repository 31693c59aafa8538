// One cell of a map is in the tab order; arrow keys walk the others. What a cell stands for is read beside the map.
const maps = () => document.querySelectorAll("[data-heat]");
const cellsOf = (map) => [...map.querySelectorAll(".heat-cell")];
let current = "";

function enter(cell) {
  const map = cell.closest("[data-heat]");
  for (const other of map.querySelectorAll('.heat-cell[tabindex="0"]')) other.tabIndex = -1;
  cell.tabIndex = 0;
  current = cell.id;
}

function prepare() {
  for (const map of maps()) {
    const cells = cellsOf(map);
    cells.forEach((cell) => { cell.tabIndex = -1; });
    const first = cells.find((cell) => cell.id && cell.id === current) ?? cells[0];
    if (first) first.tabIndex = 0;
  }
}

// Cells are in a grid: those above and below are the nearest ones of the row before and after.
function beside(cells, cell, step) {
  const { left, top } = cell.getBoundingClientRect();
  const rows = cells.filter((other) => (other.getBoundingClientRect().top - top) * step > 4);
  const edge = rows.length ? (step > 0 ? Math.min : Math.max)(...rows.map((other) => other.getBoundingClientRect().top)) : 0;
  const row = rows.filter((other) => Math.abs(other.getBoundingClientRect().top - edge) < 4);
  return row.sort((a, b) => Math.abs(a.getBoundingClientRect().left - left) - Math.abs(b.getBoundingClientRect().left - left))[0];
}

function walk(event) {
  const cell = event.target.closest?.("[data-heat] .heat-cell");
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  const cells = cellsOf(cell.closest("[data-heat]"));
  const at = cells.indexOf(cell);
  const next = {
    ArrowRight: () => cells[at + 1], ArrowLeft: () => cells[at - 1], Home: () => cells[0], End: () => cells.at(-1),
    ArrowDown: () => beside(cells, cell, 1), ArrowUp: () => beside(cells, cell, -1),
  }[event.key]?.();
  if (!next) return;
  event.preventDefault();
  enter(next);
  next.focus();
}

function read(event) {
  const cell = event.target.closest?.("[data-heat] .heat-cell");
  const place = document.querySelector("[data-heat-read]");
  if (!place) return;
  place.textContent = cell?.getAttribute("aria-label") ?? "";
}

document.addEventListener("keydown", walk);
document.addEventListener("focusin", (event) => { const cell = event.target.closest?.("[data-heat] .heat-cell"); if (cell) enter(cell); read(event); });
document.addEventListener("mouseover", read);
document.addEventListener("htmx:afterSettle", prepare);
prepare();
// The newest steps stand last; the names of the nodes stay beside them.
for (const box of document.querySelectorAll(".heat-scroll")) box.scrollLeft = box.scrollWidth;
