// One EventSource that survives: the browser reconnects after a lost connection, we do after a refused one.

const AGAIN_MS = 3000;
const EVENTS = ["snap", "delta", "alarm", "hb", "bye"];

export function openSource(report) {
  const source = new EventSource("/events");
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => report(name, JSON.parse(event.data)));
  }
  source.addEventListener("error", () => {
    report("down", null);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => openSource(report), AGAIN_MS);
  });
}
