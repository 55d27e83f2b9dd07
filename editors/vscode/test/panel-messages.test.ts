/** What is read of what the panel, its extension and the server say to each other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromPanel, saved, toPanel } from "../src/panel/messages";
import { parse } from "../src/panel/markup";
import { Malformed } from "../src/panel/schema";
import { reviewEvent, reviewNews, statusEvent, statusNews } from "../src/panel/wire";
import { NOW, after, asked, began } from "./panel-samples";

const refused = (read: () => unknown) => {
  assert.throws(read, Malformed);
};

test("the extension takes from the panel what it knows, and nothing else", () => {
  assert.deepEqual(fromPanel({ kind: "finding", key: "k", deed: "open", uri: "file:///etc/passwd" }), {
    kind: "finding", key: "k", deed: "open",
  });
  for (const said of [
    undefined, null, 7, "ready", [], {}, { kind: "run", command: "rm" }, { kind: "act", action: "workbench.action.quit" },
    { kind: "ask" }, { kind: "ask", question: "x".repeat(2001) }, { kind: "finding", key: "k", deed: "delete" },
    { kind: "measure", days: -1 }, { kind: "measure", days: "30" }, { kind: "constructor" }, { kind: "__proto__" },
  ]) {
    refused(() => fromPanel(said));
  }
});

test("the panel takes whole states and events, and refuses parts of them", () => {
  const state = after(began(), asked());
  assert.deepEqual(toPanel({ kind: "state", state }), { kind: "state", state });
  assert.deepEqual(toPanel({ kind: "event", event: asked() }), { kind: "event", event: asked() });
  refused(() => toPanel({ kind: "state", state: { ...state, reviews: undefined } }));
  refused(() => toPanel({ kind: "event", event: { kind: "streamed", content: 7 } }));
  refused(() => toPanel({ kind: "event", event: { ...asked(), id: 1.5 } }));
  refused(() => toPanel({ kind: "show", tab: "settings" }));
});

test("what the panel kept is read as carefully: a user may have an older one", () => {
  const kept = { tab: "ask", filters: { text: "", severity: "hint", lens: "", stage: "", file: "" }, days: 30, draft: "", answers: [], thread: null };
  assert.deepEqual(saved(kept), kept);
  refused(() => saved(undefined));
  refused(() => saved({ ...kept, answers: [{ text: "<script>" }] }));
});

test("news of the server become events of one life of it", () => {
  const news = reviewNews({ kind: "stage", run: 3, stage: "deep", model: "big", reason: "", units: 2, leaves: false, extra: 1 });
  assert.deepEqual(reviewEvent(news, 2, NOW), {
    kind: "stageBegan", run: "2.3", now: NOW, stage: "deep", model: "big", reason: "", units: 2, leaves: false,
  });
  refused(() => reviewNews({ kind: "done", run: 3 }));
  const status = statusNews({ kind: "warning", busy: false, message: "No model.", remedy: "Get one.", uri: "", stages: null });
  assert.deepEqual(statusEvent(status), {
    kind: "health", health: { kind: "warning", busy: false, message: "No model.", remedy: "Get one." }, models: [],
  });
});

test("a model's text makes no link, no image and no HTML", () => {
  const hostile = [
    "[a](command:mirador.cancel) <a href='x'>b</a> ![i](https://x.example/p.png)",
    "<script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>",
    "# <iframe>",
  ].join("\n\n");
  const kinds = new Set<string>();
  let text = "";
  for (const block of parse(hostile)) {
    kinds.add(block.kind);
    const inlines = block.kind === "list" ? block.items.flatMap((item) => item.inlines) : block.kind === "code" ? [] : block.inlines;
    for (const inline of inlines) {
      kinds.add(inline.kind);
      text += inline.text;
    }
  }
  assert.deepEqual([...kinds].sort(), ["heading", "list", "paragraph", "text"]);
  for (const part of ["[a](command:mirador.cancel)", "<a href='x'>", "<script>alert(1)</script>", "onerror=alert(1)", "<iframe>"]) {
    assert.ok(text.includes(part), part);
  }
});

test("Markdown that is not finished yet is read as far as it goes", () => {
  assert.deepEqual(parse("```\nnever closed"), [{ kind: "code", text: "never closed" }]);
  assert.deepEqual(parse("a **b"), [{ kind: "paragraph", inlines: [{ kind: "text", text: "a **b" }] }]);
  assert.deepEqual(parse(""), []);
  const whole = "# T\n\n1. one\n   more\n2. two `x`\n\n```py\ncode\n```\nend **sure**.";
  for (let end = 0; end <= whole.length; end += 1) {
    parse(whole.slice(0, end));
  }
  assert.deepEqual(parse(whole).map(({ kind }) => kind), ["heading", "list", "code", "paragraph"]);
});
