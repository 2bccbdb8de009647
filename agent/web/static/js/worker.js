// Shared by all tabs of a browser: one connection to the server, however many boards are open.

import { merge } from "./merge.js";
import { openSource } from "./source.js";

const ports = new Set();
let state = null;
let last = 0;

function report(name, data) {
  if (name === "snap") state = data;
  if (name === "delta" && state) state = merge(state, data);
  if (name !== "down") last = Date.now();
  for (const port of ports) port.postMessage({ name, data });
}

self.addEventListener("connect", (event) => {
  const port = event.ports[0];
  ports.add(port);
  port.addEventListener("message", () => ports.delete(port)); // the only word a tab says is goodbye
  port.start();
  if (state) port.postMessage({ name: "snap", data: state, age: Date.now() - last });
});

openSource(report);
