/** Requests as no page and no `fetch` would send them: paths that nobody tidied, and any host's name. */
import { request } from "node:http";

/** The status for a path exactly as it is written; `Host` may be any. */
export function statusOf(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
  body = "",
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { hostname, port } = new URL(url);
  const asked = request({ hostname, port, path, method, headers }, (answer) => {
    answer.resume();
    resolve(answer.statusCode ?? 0);
  });
  asked.on("error", reject).end(body);
  return promise;
}
