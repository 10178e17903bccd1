/** Keeps the focus with whoever uses the keyboard: it goes into what opens, and stays near what was taken away. */
const STOP = "button:not(:disabled), input:not(:disabled), textarea:not(:disabled)";
let held = [];

export function keepFocus() {
  document.addEventListener("focusin", ({ target }) => (held = target.closest("canvas") ? [] : placesOf(target)));
  document.addEventListener("pointerdown", () => (held = []), true);
  new MutationObserver(keep).observe(document.body, { subtree: true, childList: true });
}

function placesOf(target) {
  return [target, target.closest(".st-key-gp-panel"), target.closest("main")];
}

function keep(records) {
  if (document.activeElement.matches('[data-testid="stPopoverButton"]:focus-visible')) enter(records);
  else if (document.activeElement === document.body && held[0]?.isConnected === false) stay(held.find((one) => one?.isConnected));
}

/** Streamlit puts what a button opens behind everything else on the page. */
function enter(records) {
  const added = records.flatMap((record) => [...record.addedNodes]).filter((node) => node instanceof Element);
  added.find((node) => node.querySelector('[data-testid="stPopoverBody"]'))?.querySelector(`[data-testid="stPopoverBody"] :is(${STOP})`)?.focus();
}

/** The parts of a panel stay when its form gives way. Cells of a table, which come and go, are the table's own business. */
function stay(near) {
  (near?.querySelector(':scope:not(main) [role="radio"][aria-checked="true"]') ?? near)?.focus({ preventScroll: true });
}
