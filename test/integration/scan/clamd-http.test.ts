/** clamd behind the gateway keeps what every scanner promises. */
import { startTestGateway } from "../../support/node/scan-gateway.ts";
import { describeScanner } from "../../support/node/scanner-contract.ts";

describeScanner("clamd behind the gateway", async (port, patience) => {
  const gateway = await startTestGateway(port, { stall: patience / 2, total: patience });
  return {
    settings: { url: gateway.url, timeout: (2 * patience) / 1000, "max-at-once": 8 },
    pids: [process.pid],
    close: () => gateway.stop(),
  };
});
