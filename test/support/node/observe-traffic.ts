/** Set-up of tests outside workerd: whatever they send and get by `fetch` and sockets is remembered as what no log may hold. */
import { TOKEN_SUBPROTOCOL_PREFIX } from "../../../src/protocol/wire.ts";
import { rememberJson, rememberPrivate, rememberRequest } from "./private-values.ts";

const tokenOf = (protocol: string) => protocol.slice(TOKEN_SUBPROTOCOL_PREFIX.length);

const realFetch = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const request = input instanceof Request ? input : { url: String(input), headers: init?.headers };
  rememberRequest(request.url, new Headers(request.headers), init?.body);
  const response = await realFetch(input, init);
  if (response.ok && response.headers.get("Content-Type")?.startsWith("application/json") === true) {
    // Read beside the test, which may never read it, or leave in the middle.
    response
      .clone()
      .text()
      .then(rememberJson, () => undefined);
  }
  return response;
};

class ObservedWebSocket extends globalThis.WebSocket {
  constructor(url: string | URL, protocols?: ConstructorParameters<typeof WebSocket>[1]) {
    super(url, protocols);
    const offered = typeof protocols === "string" || Array.isArray(protocols) ? [protocols].flat() : [];
    for (const protocol of offered)
      if (protocol.startsWith(TOKEN_SUBPROTOCOL_PREFIX)) rememberPrivate(tokenOf(protocol));
    this.addEventListener("message", ({ data }) => rememberJson(String(data)));
  }

  override send(data: Parameters<WebSocket["send"]>[0]): void {
    if (typeof data === "string") rememberJson(data);
    super.send(data);
  }
}

globalThis.WebSocket = ObservedWebSocket;
