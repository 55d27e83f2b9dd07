/** What others say makes no link in a notification. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { unlinked } from "../src/words";

test("a link of somebody else's is text", () => {
  // As VS Code looks for links in notifications.
  const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
  const said = 'Fix: [harmless](command:workbench.action.quit "really") and [b](https://example.org)';
  assert.match(said, link);
  assert.doesNotMatch(unlinked(said), link);
  assert.equal(unlinked("a[0](b) stays readable"), "a[0] (b) stays readable");
});
