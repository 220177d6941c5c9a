/** A request's body as the scanner reads it: piece by piece as they are wanted, and the connection outlives it for an answer. */
import type { IncomingMessage } from "node:http";

/** Its bytes; the stream fails where the sender goes, or is silent for `silence` milliseconds. After a cancel the rest is thrown away. */
export function bodyOf(request: IncomingMessage, silence: number): ReadableStream<Uint8Array> {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = (how: () => void) => {
          clearTimeout(timer);
          if (over) return;
          over = true;
          how();
        };
        request.pause();
        request.on("data", (bytes: Buffer) => {
          clearTimeout(timer);
          if (over) return;
          request.pause();
          controller.enqueue(bytes);
        });
        request.on("end", () => end(() => controller.close()));
        const gone = () => end(() => controller.error(new Error("the sender is gone")));
        request.on("error", gone);
        request.on("close", gone);
      },
      pull() {
        request.resume();
        timer = setTimeout(() => request.destroy(), silence);
      },
      cancel() {
        over = true;
        clearTimeout(timer);
        request.resume();
      },
    },
    { highWaterMark: 0 },
  );
}
