// "How it was computed": formula, window, numbers put in, devices in the denominator.

import { instant, say, t } from "./words.js";

const dialog = document.getElementById("explain");
const body = document.getElementById("explain-body");
const heading = document.getElementById("explain-name");

function make(tag, className, text) {
  const el = document.createElement(tag);
  if (className) el.className = className;
  if (text !== undefined && text !== null) el.textContent = text;
  return el;
}

function part(key, ...content) {
  const section = make("section");
  section.append(make("h3", "", t(key)), ...content);
  return section;
}

function table(rows) {
  const el = make("table");
  const rest = make("tbody");
  for (const { cells, out } of rows) {
    const line = make("tr");
    line.toggleAttribute("data-out", Boolean(out));
    line.append(make("th", "", cells[0]), ...cells.slice(1).map((cell, i) => make("td", i === cells.length - 2 ? "right" : "", cell)));
    line.firstChild.scope = "row";
    rest.append(line);
  }
  el.append(rest);
  return el;
}

function render(data) {
  heading.textContent = say(data.title);
  const result = make("p", "big", data.text ?? "—");
  result.append(make("small", "", data.text === null ? say(data.reason) : t(`unit.${data.unit}`)));
  const parts = [part("explain.result", result)];
  if (data.exact) parts[0].append(make("p", "how", `${t("explain.exact")} ${data.exact}`));
  parts.push(part("explain.formula", make("p", "formula", say(data.formula))));
  if (data.window) parts.push(part("explain.window", make("p", "", `${instant(data.window[0])} – ${instant(data.window[1])}`)));
  if (data.operands.length) {
    parts.push(part("explain.numbers", table(data.operands.map((o) => ({ cells: [say(o.label), `${o.value} ${say(o.unit)}`] })))));
  }
  if (data.members.length) {
    const rows = data.members.map((m) => ({
      cells: [`${m.id}　${say(m.name)}`, say(m.detail), t(m.included ? "explain.included" : "explain.left_out")], out: !m.included,
    }));
    parts.push(part("explain.members", table(rows)));
  }
  parts.push(part("explain.excluded", make("p", "", data.excluded.map(say).join("；") || t("explain.nothing"))));
  if (data.grade) parts.push(part("explain.grade", make("p", "", t(`grade.${data.grade}`))));
  const source = [data.algorithm, say(data.source)].filter(Boolean).join(" · ");
  parts.push(part("explain.source", make("p", "", source)));
  body.replaceChildren(...parts);
}

async function open(id) {
  heading.textContent = t("explain.title");
  body.replaceChildren(make("p", "", t("explain.loading")));
  dialog.showModal();
  try {
    const answer = await fetch(`/api/kpi/${encodeURIComponent(id)}`);
    if (!answer.ok) throw new Error(String(answer.status));
    render(await answer.json());
  } catch {
    body.replaceChildren(make("p", "", t("explain.failed")));
  }
}

export function listen() {
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-explain], [data-kpi]");
    const id = target && (target.dataset.explain ?? target.dataset.kpi);
    if (id) open(id);
    if (event.target === dialog) dialog.close();
  });
}
