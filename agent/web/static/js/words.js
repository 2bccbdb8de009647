// Texts, durations and instants in the language of the page and the time zone of the site.

const boot = JSON.parse(document.getElementById("boot").textContent);
export const lang = boot.lang;
export const first = boot.board;
const short = lang.slice(0, 2);
const zone = zoneOf(boot.board.site);

function zoneOf(site) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: site.zone });
    return site.zone;
  } catch {
    return "UTC";
  }
}

export function t(key, values = {}) {
  const text = boot.texts[key];
  if (text === undefined) throw new Error(`no text for ${key}`);
  return text.replace(/\{([a-z_]+)\}/g, (_, name) => values[name]);
}

export const say = (text) => (text ? text[short] : "");

export function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t("duration.s", { s });
  if (s < 3600) return t("duration.ms", { m: Math.floor(s / 60), s: s % 60 });
  if (s < 86400) return t("duration.hm", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
  return t("duration.dh", { d: Math.floor(s / 86400), h: Math.floor((s % 86400) / 3600) });
}

const full = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
export const instant = (ms) => full.format(ms);
export const hour = (ms) => instant(ms).slice(11, 16);
export const day = (ms) => instant(ms).slice(5, 10);
