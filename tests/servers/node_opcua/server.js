// An OPC UA server of the tests on loopback, written with node-opcua.
//
//   node server.js --port 0 --pki FOLDER --variables 1000 --interval 100 [--change 1.0] [--max-per-read 0]
//
// Namespace urn:plantproof:test:node-opcua:
//   s=v0 … s=v<N-1>   Double; every `interval` ms the first `change` share of them gets the next whole number, source
//                     time set. A subscriber can therefore count what it missed.
//   s=typed.<Type>    one variable a built-in type with the fixed value below, and typed.Double.array
//   s=bad             status BadSensorFailure, no value
//   s=writable        Double, 0 at start
//   s=history         Double with HistoryRead, one sample an interval
// Prints "listening <endpoint url>". Users: anonymous, or user1/password1.
"use strict";
const { parseArgs } = require("node:util");
const net = require("node:net");
const ua = require("node-opcua");

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    pki: { type: "string" },
    variables: { type: "string", default: "100" },
    interval: { type: "string", default: "100" },
    change: { type: "string", default: "1" },
    "max-per-read": { type: "string", default: "0" },
  },
});

const typed = {
  Boolean: true,
  SByte: -128,
  Byte: 255,
  Int16: -32768,
  UInt16: 65535,
  Int32: -2147483648,
  UInt32: 4294967295,
  Int64: [0x80000000, 1], // high and low word: -9223372036854775807
  UInt64: [0xffffffff, 0xffffffff],
  Float: 0.1,
  Double: 0.1,
  String: "主轴",
  DateTime: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
  ByteString: Buffer.from([0, 1, 254, 255]),
  LocalizedText: new ua.LocalizedText({ locale: "zh-CN", text: "运行" }),
};

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function addVariables(server) {
  const space = server.engine.addressSpace;
  const namespace = space.getOwnNamespace();
  const folder = namespace.addObject({ organizedBy: space.rootFolder.objects, browseName: "Test", nodeId: "s=Test" });
  const add = (id, dataType, extra = {}) =>
    namespace.addVariable({ componentOf: folder, browseName: id, nodeId: `s=${id}`, dataType, ...extra });

  for (const [name, value] of Object.entries(typed)) {
    add(`typed.${name}`, name).setValueFromSource({ dataType: ua.DataType[name], arrayType: ua.VariantArrayType.Scalar, value });
  }
  add("typed.Double.array", "Double", { valueRank: 1, arrayDimensions: [3] }).setValueFromSource({
    dataType: ua.DataType.Double,
    arrayType: ua.VariantArrayType.Array,
    value: new Float64Array([1, 2.5, -3]),
  });
  add("bad", "Double").setValueFromSource({ dataType: ua.DataType.Null }, ua.StatusCodes.BadSensorFailure);
  add("writable", "Double").setValueFromSource({ dataType: ua.DataType.Double, value: 0 });
  const history = add("history", "Double");
  space.installHistoricalDataNode(history, { maxOnlineValues: 1000 });

  const count = Number(options.variables);
  const moving = Math.round(count * Number(options.change));
  const variables = [];
  for (let i = 0; i < count; i++) {
    const variable = add(`v${i}`, "Double", { minimumSamplingInterval: 10 });
    variable.setValueFromSource({ dataType: ua.DataType.Double, value: 0 });
    variables.push(variable);
  }
  let step = 0;
  return setInterval(() => {
    step += 1;
    const value = { dataType: ua.DataType.Double, value: step };
    for (let i = 0; i < moving; i++) variables[i].setValueFromSource(value);
    history.setValueFromSource(value);
  }, Number(options.interval));
}

async function main() {
  const certificates = new ua.OPCUACertificateManager({ rootFolder: options.pki, automaticallyAcceptUnknownCertificate: true });
  await certificates.initialize();
  const server = new ua.OPCUAServer({
    port: Number(options.port) || (await freePort()),
    host: "127.0.0.1",
    hostname: "127.0.0.1",
    resourcePath: "/test",
    serverInfo: { applicationUri: "urn:plantproof:test:node-opcua" },
    buildInfo: { productName: "plantproof test server" },
    serverCertificateManager: certificates,
    userCertificateManager: certificates,
    allowAnonymous: true,
    userManager: { isValidUser: (name, password) => name === "user1" && password === "password1" },
    serverCapabilities: {
      maxSessions: 50,
      operationLimits: { maxNodesPerRead: Number(options["max-per-read"]) || undefined },
    },
  });
  await server.initialize();
  const timer = addVariables(server);
  await server.start();
  const stop = async () => {
    clearInterval(timer);
    await server.shutdown(0);
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  console.log(`listening ${server.getEndpointUrl()}`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
