// Live events for this tab: through the shared worker, or directly where there is none.

import { openSource } from "./source.js";

export function openLive(report) {
  if (typeof SharedWorker === "undefined") {
    openSource((name, data) => report(name, data, 0));
    return;
  }
  const worker = new SharedWorker("/static/js/worker.js", { type: "module", name: "plantproof-live" });
  worker.addEventListener("error", () => openSource((name, data) => report(name, data, 0)), { once: true });
  worker.port.addEventListener("message", ({ data }) => report(data.name, data.data, data.age ?? 0));
  worker.port.start();
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
