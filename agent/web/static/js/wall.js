// Cards, tiles, checklist, pairs and lines: each fills the [data-f] places of one markup made by the server.

import { duration, instant, say, t } from "./words.js";

const NONE = "—";
const TILE_PX = 200;
const ICONS = {
  pass: "M2.500 8.500 6.500 12.500 13.500 4",
  pass_point: "M2.500 8.500 6.500 12.500 13.500 4",
  inconclusive: "M2 8h12",
  fail: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  undetermined: "M8 2.500a5.500 5.500 0 1 0 .010 0",
  not_evaluated: "M5 8h6",
};
const byId = (id) => document.getElementById(id);
const places = (root) => Object.fromEntries([...root.querySelectorAll("[data-f]")].map((el) => [el.dataset.f, el]));
const same = (root, selector, ids, name) => {
  const shown = [...root.querySelectorAll(selector)].map((el) => el.dataset[name]);
  return shown.length === ids.length && shown.every((id, i) => id === ids[i]);
};

function write(el, text) {
  if (el && el.textContent !== text) el.textContent = text;
}

export function drawCards(kpi) {
  const root = byId("kpis");
  if (!same(root, "[data-kpi]", Object.keys(kpi), "kpi")) {
    const [dial, plain] = byId("card-template").content.querySelectorAll(".kpi");
    root.replaceChildren(...Object.keys(kpi).map((key) => {
      const card = (key === "oee" ? dial : plain).cloneNode(true);
      card.dataset.kpi = key;
      card.title = t("kpi.how", { name: t(`kpi.${key}.label`) });
      write(card.querySelector(".label"), t(`kpi.${key}.label`));
      return card;
    }));
  }
  for (const card of root.children) fillCard(card, kpi[card.dataset.kpi]);
}

function fillCard(card, data) {
  const at = places(card);
  const unit = t(`unit.${data.unit}`);
  write(at.text, data.text ?? NONE);
  at.text.toggleAttribute("data-none", data.text === null);
  write(at.unit, unit);
  card.dataset.short = data.text === null || data.target === null ? "" : data.short ? "yes" : "no";
  at.verdict.hidden = !data.verdict;
  if (data.verdict) {
    at.verdict.dataset.verdict = data.verdict;
    write(at.verdict, t(`verdict.${data.verdict}`));
  }
  const target = data.targetText === null ? null : `${data.targetText} ${unit}`;
  let note = say(data.note);
  if (data.text === null) note = say(data.reason) || t("kpi.no_value");
  else if (!note && target) note = t(data.short ? "kpi.short" : "kpi.margin", { target, margin: data.margin });
  write(at.note, note);
  write(at.window, say(data.window));
  const percent = data.unit === "percent";
  const share = percent && data.ratio !== null ? Math.min(1, Math.max(0, data.ratio)) : null;
  if (at.arc) {
    at.arc.toggleAttribute("data-empty", share === null);
    at.arc.style.strokeDasharray = `${(share ?? 0) * 100} 200`;
    at.needle.toggleAttribute("hidden", data.target === null);
    if (data.target !== null) at.needle.setAttribute("transform", `rotate(${data.target * 180 - 90} 100 102)`);
    return;
  }
  at.meter.hidden = !percent;
  at.bar.style.width = `${(share ?? 0) * 100}%`;
  at.goal.hidden = data.target === null;
  if (data.target !== null) at.goal.style.left = `${data.target * 100}%`;
}

export function drawTiles(dev, now) {
  const root = byId("wall");
  const ids = Object.keys(dev);
  if (!same(root, "[data-dev]", ids, "dev")) {
    const template = byId("tile-template").content.querySelector(".tile");
    root.replaceChildren(...ids.map((id) => {
      const tile = template.cloneNode(true);
      tile.dataset.dev = id;
      return tile;
    }));
  }
  byId("wall-empty").hidden = ids.length > 0;
  for (const tile of root.children) fillTile(tile, tile.dataset.dev, dev[tile.dataset.dev]);
  const wired = ids.filter((id) => dev[id].link !== "unconnected");
  const online = wired.filter((id) => dev[id].link === "online").length;
  write(byId("wall-count"), ids.length ? t("wall.count", { online, total: ids.length }) : "");
  drawSince(dev, now);
  setColumns();
}

function fillTile(tile, id, data) {
  const at = places(tile);
  tile.dataset.state = data.state ?? "";
  tile.dataset.link = data.link;
  write(at.id, id);
  write(at.name, say(data.name));
  write(at.kind, say(data.kind));
  write(at.word, data.link === "online" && data.state ? t(`state.${data.state}`) : t(`link.${data.link}`));
  write(at.value, data.value ?? NONE);
  at.value.toggleAttribute("data-none", data.value === null);
  const label = data.label ? say(data.label) : t("wall.oee");
  write(at.unit, data.link === "unconnected" ? "" : `${data.unit} ${label}`);
  write(at.good, data.good === null ? "" : t("wall.good", { count: data.good }));
  at.spark.setAttribute("d", sparkPath(data.spark));
  tile.title = say(data.note);
}

function sparkPath(points) {
  const step = points.length > 1 ? 100 / (points.length - 1) : 0;
  let pen = "M";
  return points.map((point, i) => {
    if (point === null) {
      pen = "M";
      return "";
    }
    const command = `${pen}${(i * step).toFixed(1)} ${(28 - Math.min(1, Math.max(0, point)) * 26).toFixed(1)}`;
    pen = "L";
    return command;
  }).join("");
}

export function drawSince(dev, now) {
  for (const tile of byId("wall").children) {
    const data = dev[tile.dataset.dev];
    const note = data.link === "online" ? "" : say(data.note);
    const since = data.since === null ? "" : duration(now - data.since);
    write(tile.querySelector('[data-f="since"]'), [since, note].filter(Boolean).join(" · "));
  }
}

// As many columns as fit, but rather fewer than a last row with holes.
export function setColumns() {
  const root = byId("wall");
  const n = root.children.length;
  const most = Math.max(1, Math.min(n, Math.floor((root.clientWidth + 10) / (TILE_PX + 10))));
  const holes = (columns) => Math.ceil(n / columns) * columns - n;
  let best = most;
  for (let columns = most; columns >= Math.max(2, most - 2); columns -= 1) if (holes(columns) < holes(best)) best = columns;
  root.style.setProperty("--columns", best);
}

export function drawChecklist(rows, scheme) {
  const root = byId("checklist");
  write(byId("scheme"), say(scheme));
  byId("check-empty").hidden = rows.length > 0;
  const template = byId("clause-template").content.querySelector(".clause");
  while (root.children.length > rows.length) root.lastElementChild.remove();
  while (root.children.length < rows.length) root.append(template.cloneNode(true));
  rows.forEach((row, i) => fillClause(root.children[i], row));
}

function fillClause(item, row) {
  const at = places(item);
  const button = item.querySelector("button");
  item.dataset.verdict = row.verdict;
  button.dataset.explain = row.explain ?? "";
  button.disabled = !row.explain;
  const evaluated = row.evaluated ? say(row.evaluated) : t("check.narrative");
  button.title = [say(row.wording), evaluated].join("\n");
  at.icon.setAttribute("d", ICONS[row.verdict]);
  write(at.number, row.number);
  write(at.wording, say(row.wording));
  write(at.evaluated, evaluated);
  write(at.text, row.text === null ? "" : `${row.text} ${t(`unit.${row.unit}`)}`.trim());
  write(at.word, t(`verdict.${row.verdict}`));
  write(at.required, row.required ? t("check.required", { value: say(row.required) }) : "");
  write(at.grade, row.grade ?? "");
  at.grade.dataset.grade = row.grade ?? "";
  at.grade.title = row.grade ? t(`grade.${row.grade}`) : "";
}

export function drawPairs(rows, note) {
  write(byId("compare-note"), say(note));
  const filled = rows.filter((row) => row.before !== null || row.after !== null);
  byId("compare-empty").hidden = filled.length > 0;
  byId("compare").replaceChildren(...filled.map(pair));
}

function make(tag, className, text) {
  const el = document.createElement(tag);
  if (className) el.className = className;
  if (text !== undefined) el.textContent = text;
  return el;
}

function pair(row) {
  const root = make("div", "pair");
  const unit = t(`unit.${row.unit}`);
  const name = make("div", "name");
  const label = row.explain ? make("button", "", t(`kpi.${row.key}.label`)) : make("span", "", t(`kpi.${row.key}.label`));
  if (row.explain) label.dataset.explain = row.explain;
  name.append(label);
  const most = row.unit === "percent" ? Math.max(1, row.beforeRatio ?? 0, row.afterRatio ?? 0) : Math.max(row.beforeRatio ?? 0, row.afterRatio ?? 0) || 1;
  const bars = make("div", "bars");
  for (const [side, text, ratio] of [["before", row.before, row.beforeRatio], ["after", row.after, row.afterRatio]]) {
    const line = make("div", side);
    const bar = make("i");
    bar.style.width = `${((ratio ?? 0) / most) * 62}%`;
    line.append(bar, make("span", "", `${t(`compare.${side}`)} ${text === null ? NONE : `${text} ${unit}`}`));
    bars.append(line);
  }
  const result = make("div", "result");
  result.append(make("b", "", row.change === null ? NONE : `${row.change} %`));
  const chip = make("span", "chip", t(`verdict.${row.word}`));
  chip.dataset.verdict = row.word;
  chip.hidden = row.word === "not_evaluated"; // two values side by side, no claim on their change
  if (row.threshold !== null) chip.title = t("compare.threshold", { value: `${row.threshold} %` });
  result.append(chip);
  root.append(name, bars, result);
  return root;
}

export function drawHealth(items) {
  byId("health").replaceChildren(...items.map((item) => {
    const line = make("li");
    line.dataset.level = item.level;
    line.title = say(item.text);
    line.append(make("i", "dot"), make("span", "name", t(`health.${item.key}`)), make("span", "text", say(item.text) || t(`level.${item.level}`)));
    return line;
  }));
}

export function drawLog(log) {
  const unsigned = !log.root;
  write(byId("log-origin"), log.origin);
  write(byId("log-root"), unsigned ? t("evidence.none") : log.root);
  write(byId("log-size"), unsigned ? NONE : log.size);
  write(byId("log-minutes"), log.minutes);
  write(byId("log-signed"), log.signed === null ? t("evidence.none") : instant(log.signed));
  write(byId("log-anchored"), log.anchored === null ? t("evidence.not_anchored") : instant(log.anchored));
}

export function drawAlarms(alarms) {
  const loud = alarms.filter((alarm) => alarm.level === "bad");
  byId("alarms").hidden = loud.length === 0;
  write(byId("alarms"), loud.map((alarm) => say(alarm.text)).join("　·　"));
}
