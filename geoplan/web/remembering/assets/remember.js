/** Keeps the author's name in a cookie, which Python reads at the next visit, and the edits that are not saved yet. */
const PREFIX = "geoplan-waiting ";
const TIMES = 3;
const AGAIN_MS = 3000;
let latest; // what Python said last, and how to tell it something
let asked = 0;
let timer;

export default function ({ data, setTriggerValue }) {
  if (data.cookie) document.cookie = `${data.cookie}; path=/; max-age=31536000; SameSite=Strict`;
  if (!data.owner) return;
  if (latest?.data.owner !== data.owner) asked = 0;
  latest = { data, tell: (left) => setTriggerValue("left", left) };
  try {
    keep(data);
    if (!timer) tellLeft();
  } catch {
    // Storage may be switched off or full: then what waits lasts as long as the page.
  }
}

/** What waits in this session; what it took over of others is its own. */
function keep({ owner, place, edits, had }) {
  for (const gone of had) localStorage.removeItem(PREFIX + gone);
  if (Object.keys(edits).length) localStorage.setItem(PREFIX + owner, JSON.stringify({ place, edits }));
  else localStorage.removeItem(PREFIX + owner);
}

/** Tell what other sessions left, some times: a message may be lost, and a session that has just ended may still count as alive. */
function tellLeft() {
  timer = undefined;
  const left = others(latest.data);
  if (!left.length || asked >= TIMES) return;
  asked += 1;
  latest.tell(left);
  timer = setTimeout(tellLeft, AGAIN_MS * asked);
}

function others({ owner, place }) {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + owner);
  const records = names.map((name) => ({ owner: name.slice(PREFIX.length), ...JSON.parse(localStorage.getItem(name)) }));
  return records.filter((record) => record.place === place);
}
