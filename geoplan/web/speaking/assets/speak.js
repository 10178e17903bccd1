/**
 * What a page needs to be read aloud: its language, Streamlit's own words in that language, and what is told anew.
 *
 * Streamlit has its words ("No results", the names of its buttons for screen readers) in English only. They are looked up
 * wherever they come onto the page; one that a later Streamlit words otherwise stays English.
 *
 * A status that comes onto the page together with its words is not read aloud by every screen reader, and Streamlit's
 * progress is none at all: they are said once more in a region that stands there from the start.
 */
import { keepFocus } from "./focus.js";
import { withKeys } from "./tables.js";

const APP = '[data-testid="stApp"]';
const CONNECTED = "data-test-connection-state";
const HEARD_MS = 5000; // what was told is over by then, and is not found at the end of the page
const NEWS_MS = 100; // whether a text is seen is asked when the page has been drawn, which nothing waits for
const AWAY_MS = 1000; // as the style sheet has it: a moment's absence is no news
const NAMES = ["aria-label", "placeholder"];
const OURS = '.gpm, [data-testid="stHtml"], [data-testid="stText"], canvas, script, style';
// What a planner called something is no word of Streamlit's, whose own entries of a list have keys that begin with "_".
const NAMED = '[data-tag], [role="option"][data-key]:not([data-key^="_"])';
const ESCAPED = /\\([!-/:-@[-`{-~])/g; // a label is Markdown, which Streamlit takes for the name as it stands
const STATUS = [
  '[data-testid="stHtml"] [role="status"]',
  '[data-testid="stSpinner"] [data-testid="stMarkdownContainer"]',
  '[class*="st-key-gp-progress"] summary [data-testid="stMarkdownContainer"]',
  '.st-key-gp-busy [data-testid="stText"]',
].join();
const region = document.createElement("div");
let news = new Set();
let telling = 0;
let forgetting = 0;
let missed = 0; // the timer since the server is away
let told = false; // that it is
let words = {};
let phrases = [];

export default function ({ data }) {
  document.documentElement.lang = data.language;
  if (!region.isConnected) {
    region.setAttribute("role", "status");
    region.dataset.liveAnnouncer = "true"; // an open list hides everything else from screen readers, but for this mark
    region.style.cssText = "position: fixed; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)";
    document.body.append(region);
    const watched = { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: NAMES };
    new MutationObserver(follow).observe(document.body, watched);
    new MutationObserver(connect).observe(document.body, { subtree: true, attributeFilter: [CONNECTED] });
    withKeys();
    keepFocus();
  }
  if (JSON.stringify(words) === JSON.stringify(data.words)) return;
  speak(Object.entries(words).map(([english, own]) => [own, english]));
  speak(Object.entries((words = data.words)));
}

function speak(pairs) {
  const pattern = (phrase) => phrase.split("{}").map((part) => part.replace(/[.*+?()[\]\\^$|]/g, "\\$&")).join("(.+)");
  phrases = pairs.map(([from, to]) => [new RegExp(`^${pattern(from)}$`), to]);
  translate(document.body);
}

function follow(records) {
  const added = records.flatMap((record) => (record.type === "childList" ? [...record.addedNodes] : [record.target]));
  const nodes = added.filter((node) => node.isConnected);
  nodes.forEach(translate);
  nodes.flatMap(statuses).forEach((status) => news.add(status));
  if (news.size && !telling) telling = setTimeout(tell, NEWS_MS);
}

function tell() {
  const heard = [...news].filter((status) => status.isConnected && status.checkVisibility({ visibilityProperty: true }));
  [news, telling] = [new Set(), 0];
  if (heard.length) say(heard.map((status) => status.textContent).join("\n"));
}

function say(text) {
  region.textContent = text;
  clearTimeout(forgetting);
  forgetting = setTimeout(() => region.replaceChildren(), HEARD_MS);
}

/** The style sheet shows that the server is away, in words that the page has beforehand; they are said, and its return if they were. */
function connect() {
  const root = document.documentElement;
  const lost = document.querySelector(APP)?.getAttribute(CONNECTED) !== "CONNECTED";
  const word = (name) => JSON.parse(getComputedStyle(root).getPropertyValue(name) || '""');
  if (root.toggleAttribute("data-gp-away", lost) === missed > 0) return;
  clearTimeout(missed);
  if (!lost && told) say(word("--gp-back"));
  told = false;
  missed = lost ? setTimeout(() => (told = true, say(word("--gp-away"))), AWAY_MS) : 0;
}

function statuses(node) {
  const inside = node instanceof Element ? node.querySelectorAll(STATUS) : [];
  return [elementOf(node).closest(STATUS), ...inside].filter(Boolean);
}

function translate(node) {
  if (elementOf(node).closest(OURS)) return;
  if (node instanceof Text) {
    const own = node.parentElement.closest(NAMED) ? node.data : said(node.data);
    if (own !== node.data) node.data = own;
  } else {
    for (const name of NAMES.filter((one) => node.hasAttribute?.(one) && !node.matches(NAMED))) {
      const own = said(node.getAttribute(name)).replace(ESCAPED, "$1");
      if (own !== node.getAttribute(name)) node.setAttribute(name, own);
    }
    node.childNodes.forEach(translate);
  }
}

function elementOf(node) {
  return node instanceof Element ? node : node.parentElement;
}

function said(text) {
  for (const [from, to] of phrases) {
    const found = from.exec(text);
    if (found) return to.replace("{}", () => found[1]);
  }
  return text;
}
