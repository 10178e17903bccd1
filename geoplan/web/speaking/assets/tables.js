/**
 * Lets Streamlit's tables be used by keyboard: the arrows go from cell to cell, Shift+Space marks a row.
 *
 * A table with a marked row has no cell to begin at when the focus comes to it, and it forgets its cell whenever it is told
 * which rows are marked: its keys do nothing then. It takes the cell that the focus is given for screen readers. Escape makes
 * it forget its cell too, so that Tab leaves the table at once.
 */
const TABLE = '[data-testid="data-grid-canvas"]';
const CELL = '[role="gridcell"]';
let beginning = false;
let leaving = false;

export function withKeys() {
  document.addEventListener("focusin", begin);
  document.addEventListener("keydown", pressed, true);
  const watched = { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-selected"] };
  new MutationObserver(begin).observe(document.body, watched);
}

function pressed({ key }) {
  leaving = key === "Escape";
  if (key.startsWith("Arrow")) begin();
}

function begin() {
  const at = document.activeElement.matches(":focus-visible") ? document.activeElement : null;
  const table = at?.closest(TABLE);
  if (!table || beginning || leaving || table.querySelector(`${CELL}[aria-selected="true"]`)) return;
  const marked = table.querySelector(`tr[aria-selected="true"] ${CELL}`);
  const cell = at.matches(CELL) ? at : (marked ?? table.querySelector(CELL));
  const other = [...table.querySelectorAll(CELL)].find((one) => one !== cell); // the one that it had last is no news to it
  beginning = true;
  for (const next of [other, cell]) next?.focus({ preventScroll: true });
  beginning = false;
}
