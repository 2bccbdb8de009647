// The board: first the state that came with the page, then live events; stale data says so after three seconds.

import { drawPareto, drawTrend } from "./charts.js";
import { listen } from "./explain.js";
import { openLive } from "./live.js";
import { merge } from "./merge.js";
import { drawAlarms, drawCards, drawChecklist, drawHealth, drawLog, drawPairs, drawSince, drawTiles, setColumns } from "./wall.js";
import { duration, first, instant, t } from "./words.js";

const STALE_MS = 3000;
let state = first;
let heard = null; // performance.now() of the last message; null until the first
let broken = "starting";
let agent = first.t; // clock of the agent at that moment
const opened = performance.now();

const now = () => agent + (performance.now() - (heard ?? opened));

const PARTS = [
  [["kpi"], () => drawCards(state.kpi)],
  [["dev"], () => drawTiles(state.dev, now())],
  [["trend"], () => drawTrend(state.trend)],
  [["pareto", "paretoNote"], () => drawPareto(state.pareto, state.paretoNote)],
  [["clauses", "scheme"], () => drawChecklist(state.clauses, state.scheme)],
  [["compare", "compareNote"], () => drawPairs(state.compare, state.compareNote)],
  [["health"], () => drawHealth(state.health)],
  [["log"], () => drawLog(state.log)],
  [["alarms"], () => drawAlarms(state.alarms)],
];

function draw(changed) {
  for (const [sections, part] of PARTS) if (sections.some((section) => section in changed)) part();
}

function report(name, data, age) {
  if (name === "down" || name === "bye") {
    broken = name;
    watch();
    return;
  }
  broken = "";
  heard = performance.now() - age;
  if (data && "t" in data && name !== "alarm") agent = data.t;
  if (name === "snap") {
    if (data.simulated !== state.simulated || data.site.name !== state.site.name) location.reload();
    state = data;
    draw(state);
  } else if (name === "delta") {
    state = merge(state, data);
    draw(data);
  }
  watch();
}

function watch() {
  const age = performance.now() - (heard ?? opened);
  let word = "live";
  if (age > STALE_MS) word = broken === "down" || broken === "bye" ? broken : "stale";
  else if (heard === null) word = "starting";
  document.body.dataset.live = word;
  const line = document.getElementById("live-word");
  const text = word === "live" || word === "starting" ? t(`live.${word}`) : t(`live.${word}`, { age: duration(age) });
  if (line.textContent !== text) line.textContent = text;
  const stopped = word !== "live" && word !== "starting";
  const strip = document.getElementById("not-now");
  strip.hidden = !stopped;
  if (stopped) strip.textContent = `${text} — ${t("live.not_now", { time: instant(agent) })}`;
  document.getElementById("clock").textContent = instant(stopped ? agent : now());
  if (!stopped) drawSince(state.dev, now());
}

draw(state);
watch();
listen();
openLive(report);
setInterval(watch, 500);
new ResizeObserver(setColumns).observe(document.getElementById("wall"));
