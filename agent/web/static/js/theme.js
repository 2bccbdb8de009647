// Dark and light: the system's wish until somebody presses the button; then a cookie keeps the choice.

const YEAR_S = 31536000;
const listeners = [];

export const onTheme = (listener) => listeners.push(listener);
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function present() {
  return document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
}

document.getElementById("theme").addEventListener("click", () => {
  const next = present() === "light" ? "dark" : "light";
  document.documentElement.dataset.theme = next;
  document.cookie = `theme=${next}; path=/; max-age=${YEAR_S}; samesite=strict`;
  listeners.forEach((listener) => listener());
});
matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => listeners.forEach((listener) => listener()));
