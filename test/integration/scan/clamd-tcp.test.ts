/** clamd over TCP, out of the worker's own runtime, keeps what every scanner promises. */
import { describeScanner } from "../../support/node/scanner-contract.ts";

describeScanner("clamd over TCP", async (port, patience) => ({
  settings: { url: `tcp://127.0.0.1:${port}`, timeout: patience / 1000, "max-at-once": 8 },
  pids: [],
  close: async () => {},
}));
