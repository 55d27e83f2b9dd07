/** How often a server that ends by itself is started again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { AT_ONCE_MS, Crashes, MOST_RESTARTS, WINDOW_MS } from "../src/crashes";

const LONG = AT_ONCE_MS + 1;

function restarts(crashes: Crashes, life: number, most = 100): number {
  let now = 0;
  for (let count = 0; count < most; count += 1) {
    crashes.begun(now);
    now += life;
    if (crashes.ended(now) === undefined) {
      return count;
    }
  }
  return most;
}

test("one that dies at once is started again fewer times than one that ran", () => {
  assert.equal(restarts(new Crashes(), 10), MOST_RESTARTS - 1);
  assert.equal(restarts(new Crashes(), LONG), MOST_RESTARTS);
});

test("one that dies now and then is always started again", () => {
  assert.equal(restarts(new Crashes(), WINDOW_MS, 20), 20);
});

test("each time it waits longer", () => {
  const crashes = new Crashes();
  crashes.begun(-LONG);
  const waits = [crashes.ended(0), crashes.ended(1)];
  assert.equal((waits[1] ?? 0) > (waits[0] ?? 0), true);
});

test("what was counts no more once the user starts it", () => {
  const crashes = new Crashes();
  restarts(crashes, 10);
  crashes.forget();
  assert.notEqual(crashes.ended(0), undefined);
});
