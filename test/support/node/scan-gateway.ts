/** The scan gateway in this process, with deadlines as a test wants them. */
import { createClamd } from "../../../src/backends/clamd.ts";
import { probed } from "../../../src/backends/scanner-probe.ts";
import { dialNode } from "../../../src/cli/scan-gateway/dial.ts";
import { type Gateway, type GatewayDeadlines, startGateway } from "../../../src/cli/scan-gateway/gateway.ts";

/** What the worker of the tests shows as its secret. */
export const GATEWAY_SECRET = "k".repeat(43);

/** What a test may change. Sizes in bytes, times in milliseconds. */
export interface TestGatewayOptions {
  readonly maxFileSize?: number;
  readonly maxAtOnce?: number;
  readonly queueDeadline?: number;
  readonly stall?: number;
  readonly total?: number;
  readonly deadlines?: Partial<GatewayDeadlines>;
}

/** A gateway and what it said of its clamd. */
export interface TestGateway extends Gateway {
  readonly url: string;
  readonly failures: readonly string[];
}

const MIB = 1024 * 1024;

/** Starts one in front of the clamd at this port. */
export async function startTestGateway(clamdPort: number, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { maxFileSize = 100 * MIB, maxAtOnce = 8, queueDeadline = 5000, stall = 5000, total = 20_000 } = options;
  const failures: string[] = [];
  const dial = dialNode({ host: "127.0.0.1", port: clamdPort });
  const gateway = await startGateway({
    listen: { host: "127.0.0.1", port: 0 },
    secret: GATEWAY_SECRET,
    scanner: probed(createClamd({ dial, maxFileSize, patience: { stall, total } }), {
      now: () => Date.now(),
      report: (failure) => failures.push(failure),
    }),
    maxFileSize,
    maxAtOnce,
    queueDeadline,
    deadlines: { headers: 5000, request: 20_000, silence: 5000, stop: 1000, ...options.deadlines },
  });
  return { ...gateway, url: `http://127.0.0.1:${gateway.port}`, failures };
}
