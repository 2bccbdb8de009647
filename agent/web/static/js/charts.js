// The two charts: upload rate against its target, and the downtime Pareto. No animation: values are live.

import { day, hour, lang, say, t } from "./words.js";
import { onTheme, token } from "./theme.js";

const DAY_MS = 86400000;
const made = new Map();

function chart(id) {
  if (!made.has(id)) {
    const instance = echarts.init(document.getElementById(id), null, { locale: lang.startsWith("zh") ? "ZH" : "EN" });
    new ResizeObserver(() => instance.resize()).observe(document.getElementById(id));
    made.set(id, { instance, again: null });
  }
  return made.get(id);
}

function show(id, present, build) {
  document.getElementById(id).hidden = !present;
  document.getElementById(`${id}-empty`).hidden = present;
  if (!present) return;
  const entry = chart(id);
  entry.again = build;
  entry.instance.setOption(build(), { notMerge: true });
}

onTheme(() => made.forEach((entry) => entry.again && entry.instance.setOption(entry.again(), { notMerge: true })));

function base(label) {
  return {
    animation: false,
    aria: { enabled: true, label: { description: label } },
    textStyle: { fontFamily: getComputedStyle(document.documentElement).fontFamily, color: token("mute") },
    tooltip: {
      trigger: "axis",
      backgroundColor: token("raised"),
      borderColor: token("line"),
      textStyle: { color: token("ink"), fontSize: 12.5 },
    },
  };
}

const axis = () => ({ color: token("mute"), fontSize: 12 });
const split = () => ({ lineStyle: { color: token("line") } });

export function drawTrend(trend) {
  const present = Boolean(trend && trend.points.some((point) => point !== null));
  document.getElementById("trend-sub").textContent = trend ? t("trend.sub", { step: Math.round(trend.step / 60000) }) : "";
  show("trend", present, () => {
    const goal = trend.target * 100;
    const goalText = t("trend.target", { target: `${goal} %` });
    const points = trend.points.map((point, i) => [trend.start + i * trend.step, point === null ? null : point * 100]);
    const low = Math.min(goal - 10, ...points.map((point) => point[1] ?? 100));
    const floor = Math.max(0, Math.floor(low / 10) * 10);
    const last = trend.start + trend.points.length * trend.step;
    const start = Math.min(trend.start, last - DAY_MS / 24);
    return {
      ...base(t("trend.aria", { target: `${goal} %` })),
      grid: { left: 44, right: 14, top: 12, bottom: 24 },
      xAxis: {
        type: "time", min: start, max: last, splitNumber: 8,
        axisLine: { lineStyle: { color: token("line") } }, axisTick: { show: false },
        axisLabel: { ...axis(), hideOverlap: true, formatter: (ms) => (hour(ms) === "00:00" ? day(ms) : hour(ms)) },
      },
      yAxis: { type: "value", min: floor, max: 100, axisLabel: { ...axis(), formatter: "{value}%" }, splitLine: split() },
      visualMap: {
        show: false, dimension: 1, seriesIndex: 0,
        pieces: [{ gte: 0, lt: goal, color: token("down") }, { gte: goal, lte: 100, color: token("run") }],
      },
      tooltip: {
        ...base("").tooltip,
        formatter: ([item]) => `${day(item.value[0])} ${hour(item.value[0])}　<b>${item.value[1] === null ? "—" : `${item.value[1].toFixed(2)} %`}</b>`,
      },
      series: [{
        type: "line", data: points, showSymbol: points.length < 3, symbolSize: 6, lineStyle: { width: 2 }, connectNulls: false,
        areaStyle: { opacity: 0.14, origin: goal },
        markLine: {
          silent: true, symbol: "none", data: [{ yAxis: goal }], lineStyle: { color: token("ink"), type: "dashed", width: 1 },
          label: { formatter: goalText, position: "insideEndBottom", color: token("ink"), fontSize: 12 },
        },
        markArea: { silent: true, data: [[{ yAxis: floor }, { yAxis: goal }]], itemStyle: { color: token("down"), opacity: 0.07 } },
      }],
    };
  });
}

export function drawPareto(items, note) {
  document.getElementById("pareto-note").textContent = say(note);
  const sorted = [...items].filter((item) => item.ms > 0).sort((a, b) => b.ms - a.ms);
  const total = sorted.reduce((sum, item) => sum + item.ms, 0);
  show("pareto", total > 0, () => {
    let run = 0;
    const shares = sorted.map((item) => ((run += item.ms) / total) * 100);
    return {
      ...base(t("pareto.aria")),
      grid: { left: 46, right: 46, top: 26, bottom: 26 },
      xAxis: {
        type: "category", data: sorted.map((item) => say(item.label)), axisTick: { show: false },
        axisLine: { lineStyle: { color: token("line") } }, axisLabel: { ...axis(), interval: 0, overflow: "truncate", width: 66 },
      },
      yAxis: [
        { type: "value", name: t("pareto.minutes"), nameTextStyle: { color: token("mute"), padding: [0, 24, 0, 0] }, nameGap: 10, axisLabel: axis(), splitLine: split(), splitNumber: 4 },
        { type: "value", min: 0, max: 100, interval: 20, axisLabel: { ...axis(), formatter: "{value}%" }, splitLine: { show: false } },
      ],
      tooltip: {
        ...base("").tooltip,
        formatter: (all) => `${all[0].name}<br><b>${all[0].value.toFixed(1)}</b> ${t("pareto.minutes")}　${t("pareto.share")} <b>${all[1].value.toFixed(1)} %</b>`,
      },
      series: [
        { type: "bar", data: sorted.map((item) => item.ms / 60000), barMaxWidth: 34, itemStyle: { color: token("accent"), borderRadius: [4, 4, 0, 0] } },
        {
          type: "line", yAxisIndex: 1, data: shares, symbol: "circle", symbolSize: 6, lineStyle: { color: token("wait"), width: 2 }, itemStyle: { color: token("wait") },
          markLine: { silent: true, symbol: "none", label: { show: false }, data: [{ yAxis: 80 }], lineStyle: { color: token("mute"), type: "dashed", width: 1 } },
        },
      ],
    };
  });
}
