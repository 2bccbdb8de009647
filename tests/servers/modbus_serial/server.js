// A Modbus TCP server of the tests on loopback, written with modbus-serial.
//
//   node server.js PORT REGISTERS.txt      PORT 0 takes a free one; prints "listening PORT".
//
// Same file of registers as ../libmodbus/server.c: "h ADDRESS VALUE", "i ADDRESS VALUE", "n COUNT"; and "x ADDRESS"
// declares a hole (exception 2). Any unit id is answered; unit 99 never answers.
"use strict";
const fs = require("node:fs");
const net = require("node:net");
const { ServerTCP } = require("modbus-serial");

const SILENT_UNIT = 99;
const registers = { h: new Map(), i: new Map(), x: new Map() };
let count = 65536;
for (const line of fs.readFileSync(process.argv[3], "ascii").split("\n")) {
  const [kind, address, value] = line.split(" ");
  if (kind === "n") count = Number(address);
  else if (kind in registers) registers[kind].set(Number(address), Number(value ?? 1));
}

function read(kind) {
  return (address, unit, answer) => {
    if (unit === SILENT_UNIT) return; // never answers
    if (address >= count || registers.x.has(address)) answer({ modbusErrorCode: 2, msg: "no such register" });
    else answer(null, registers[kind].get(address) ?? 0);
  };
}

function serve(port) {
  const vector = {
    getHoldingRegister: read("h"),
    getInputRegister: read("i"),
    setRegister: (address, value, unit, answer) => {
      registers.h.set(address, value);
      answer(null);
    },
  };
  const server = new ServerTCP(vector, { host: "127.0.0.1", port, unitID: 255 });
  server.on("initialized", () => console.log(`listening ${port}`));
  server.on("serverError", (error) => {
    console.error(error);
    process.exit(1);
  });
}

const wanted = Number(process.argv[2]);
if (wanted) serve(wanted);
else {
  const probe = net.createServer();
  probe.listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => serve(port));
  });
}
