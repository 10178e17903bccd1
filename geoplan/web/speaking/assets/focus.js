/** Keeps the focus with whoever uses the keyboard: it goes into what opens, and stays near what was taken away. */
const STOP = "button:not(:disabled), input:not(:disabled, [type='file']), textarea:not(:disabled)";
const OPENED = '[data-testid="stPopoverBody"]';
const FOLD = '[data-testid="stSidebarCollapseButton"] button, [data-testid="stExpandSidebarButton"]';
let held = [];
let opened; // what the focus was just led into, until a key is pressed: some fields come later than others

export function keepFocus() {
  document.addEventListener("focusin", ({ target }) => (held = target.closest("canvas") ? [] : placesOf(target)));
  document.addEventListener("keydown", () => (opened = undefined), true);
  document.addEventListener("pointerdown", () => (held = [], opened = undefined), true);
  new MutationObserver(keep).observe(document.body, { subtree: true, childList: true });
}

function placesOf(target) {
  return [target, target.closest(".st-key-gp-panel"), target.closest("main")];
}

function keep(records) {
  const at = document.activeElement;
  if (at.matches('[data-testid="stPopoverButton"]:focus-visible')) opened ??= openedBy(records);
  if (opened) enter();
  else if (at === document.body && held[0]?.isConnected === false) stay(held.find((one) => one?.isConnected));
}

/** Streamlit puts what a button opens behind everything else on the page. */
function openedBy(records) {
  const added = records.flatMap((record) => [...record.addedNodes]).filter((node) => node instanceof Element);
  return added.find((node) => node.querySelector(OPENED));
}

function enter() {
  const first = opened.isConnected && opened.querySelector(`${OPENED} :is(${STOP})`);
  if (first && first !== document.activeElement) first.focus();
}

/** The parts of a panel stay when its form gives way. Cells of a table, which come and go, are the table's own business. */
function stay(near) {
  const next = held[0].matches(FOLD) ? document.querySelector(FOLD) : near;
  (next?.querySelector(':scope:not(main) [role="radio"][aria-checked="true"]') ?? next)?.focus({ preventScroll: true });
}
