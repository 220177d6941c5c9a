/** The core gives the same answers under Node and Deno as inside workerd: one small case that shows both runtimes at work. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestName } from "../../src/core/nearest-name.ts";

test("a misspelt option name finds the one that was meant", () => {
  assert.equal(nearestName("upload-max-file", ["upload-max-files", "retention-days"]), "upload-max-files");
});
