/**
 * The few parts of Node's API that the SMTP transport takes from the runtime (workerd has them natively with
 * nodejs_compat). Declared here because @types/node would put Node's globals into code that must not use them.
 */
declare module "node:events" {
  export class EventEmitter {
    on(event: string, listener: (...values: never[]) => void): this;
    once(event: string, listener: (...values: never[]) => void): this;
  }
}

declare module "node:net" {
  import type { EventEmitter } from "node:events";
  export class Socket extends EventEmitter {
    destroy(): this;
  }
  const net: {
    connect(options: { host: string; port: number }): Socket;
    isIP(host: string): 0 | 4 | 6;
    Socket: typeof Socket;
  };
  export default net;
}

declare module "node:tls" {
  import type { Socket } from "node:net";

  const tls: { connect(options: { host: string; port: number; servername?: string }): Socket };
  export default tls;
}
