/** What the panel can have to show, made by its own reducer. */

import { load } from "./panel_page.mjs";

const { BEGINNING, reduce } = await load("src/panel/state.ts");
const { figures } = await load("test/panel-samples.ts");

export const after = (...events) => [running, ...events].reduce(reduce, BEGINNING);
const running = { kind: "server", server: { condition: "running", message: "", remedy: "" } };
const now = Date.now() - 21_000;
const uri = "file:///work/shop/cart.py";
const model = "qwen2.5-coder-0.5b";
const big = "qwen2.5-coder-1.5b";

const began = {
  kind: "reviewBegan", run: "1.1", now, uri, name: "shop/cart.py",
  stages: ["instant", "quick", "deep", "synthesis"], spared: [], reason: "it was saved",
};
const stageBegan = (stage, name, seconds, units = 6) => ({
  kind: "stageBegan", run: "1.1", now: now + seconds * 1000, stage, model: name,
  reason: name === big ? "the largest that fits in memory" : name ? "small and made for code: fast enough for a first look" : "ruff, rules, flow",
  units, leaves: false,
});
const stageDone = (stage, name, seconds, tokens) => ({
  kind: "stageDone", run: "1.1", stage, model: name, seconds, promptTokens: tokens, cachedTokens: Math.floor(tokens * 0.67),
  completionTokens: Math.floor(tokens / 20), firstTokenSeconds: name ? 0.42 : null, notReviewed: 0,
});
const streamed = (stage, unit, lens, parts) => parts.map(([content, confidence]) => ({
  kind: "streamed", uri, stage, unit, lens, content, confidence,
}));
const ended = (state, message, findings) => ({
  kind: "reviewEnded", run: "1.1", state, message, seconds: 18.2, findings, withheld: 2, hushed: 1, withdrawn: 0,
  summary: state === "finished" ? "See to the query in find_orders first: what a user types becomes part of it." : "",
});

export const HALFWAY = [
  began,
  stageBegan("instant", "", 0),
  stageDone("instant", "", 0.4, 0),
  stageBegan("quick", model, 0.4),
  ...streamed("quick", "find_orders", "security", [
    ["- security: The customer's name ", 0.93], ["goes into the query ", 0.81], ["as it is", 0.62], [", which lets anybody ", 0.44], ["read all orders.", 0.88],
  ]),
  stageDone("quick", model, 5.8, 3208),
  stageBegan("deep", big, 6.2),
  { kind: "stageAt", run: "1.1", stage: "deep", done: 2, total: 6, unit: "Cart.total", lens: "bug", waiting: 0 },
  ...streamed("deep", "find_orders", "", [["- security: Use a bound parameter instead of an f-string. ", 0.91], ["Code: `db.execute(f\"…\")`", 0.86]]),
  ...streamed("deep", "Cart.total", "bug", [
    ["- bug: ", 0.97], ["An empty cart ", 0.85], ["divides by zero ", 0.71], ["unless the caller ", 0.46], ["has looked before.", 0.66],
  ]),
  { kind: "notice", run: "1.1", message: "shop/cart.py: Cart.export is too long for the model, so it was cut." },
];
export const FINISHED = [
  ...HALFWAY,
  stageDone("deep", big, 10.1, 4100),
  { kind: "stageFailed", run: "1.1", stage: "synthesis", model: big, seconds: 0.2, message: "The engine ended while it answered.", remedy: "Run mirador doctor." },
  ended("finished", "shop/cart.py: 4 findings.", 4),
];
export const STOPPED = [...HALFWAY, ended("stopped", "The review of shop/cart.py was stopped.", 0)];

const row = (file, line, severity, message, rule, stage, tool, lens, symbol, confidence) => ({
  key: `${file}:${line}:${rule}`, file, line, severity, message, rule, stage, tool, lens, symbol, confidence,
});
export const ROWS = [
  row("shop/cart.py", 11, "error", "What a user types becomes part of an SQL query.", "flow/sql-injection", "instant", "flow", "security", "find_orders", 0.95),
  row("shop/cart.py", 24, "warning", "This divides by the number of items, which may be zero.", "model/bug", "deep", big, "bug", "Cart.total", 0.72),
  row("shop/cart.py", 31, "warning", "Comparison with is compares identities, not values.", "ruff/F632", "instant", "ruff", "bug", "Cart.sign", 0.99),
  row("shop/cart.py", 40, "hint", "The loop asks the database once for each item.", "model/performance", "quick", model, "performance", "Cart.export", 0.51),
  row("shop/tax.py", 3, "information", "The name l is easily taken for 1.", "ruff/E741", "instant", "ruff", "style", "", 0.99),
  row("shop/views/<img src=x onerror=alert(1)>.py", 0, "warning", "<b>An empty except</b> hides [every error](command:mirador.cancel).", "rules/empty-catch", "instant", "rules", "bug", "checkout", 0.9),
];
export const FOUND = { kind: "findings", rows: ROWS, left: 0 };
export const MANY = {
  kind: "findings", left: 120,
  rows: Array.from({ length: 1200 }, (_, at) => row(`shop/file${String(at % 60).padStart(2, "0")}.py`, at, ["error", "warning", "information", "hint"][at % 4], `Finding ${at}`, "model/bug", "deep", big, "bug", "f", 0.6)),
};

const HOSTILE = `It adds the prices, then divides.

\`\`\`python
def total(self):
    return sum(item.price for item in self.items)  # ${"a very long line ".repeat(8)}
\`\`\`

- \`<script>alert(1)</script>\` and <img src=x onerror=alert(1)>
- [a link](command:mirador.cancel) or https://example.org

**An empty cart** raises a \`ZeroDivisionError\`.`;
const whole = (id, text) => [
  { kind: "answerWhole", id, stage: "deep", model: big, text, confidence: 0.83 },
  { kind: "answerEnded", id, state: "finished", seconds: 7.4 },
];
export const ANSWERED = [
  { kind: "asked", id: 1, title: "Explain", question: "", follows: false },
  { kind: "titled", id: 1, title: "cart.py: Cart.total" },
  ...whole(1, HOSTILE),
  { kind: "asked", id: 2, title: "what if?", question: "what if there are no prices?", follows: true },
  { kind: "answerNotice", id: 2, message: "The file was cut to fit the model." },
  ...whole(2, "Then `len(prices)` is zero:\n\n1. return `0.0`, or\n2. let the caller decide."),
];
export const ANSWERING = [
  ...ANSWERED,
  { kind: "asked", id: 3, title: "why?", question: "why not None?", follows: true },
  { kind: "answerStage", id: 3, stage: "quick", model, reason: "small" },
  { kind: "answerText", id: 3, content: "Because callers ", confidence: 0.91 },
  { kind: "answerText", id: 3, content: "would have to ", confidence: 0.61 },
  { kind: "answerText", id: 3, content: "look for it ", confidence: 0.31 },
];
export const BROKEN_ANSWER = [
  { kind: "asked", id: 1, title: "Explain", question: "", follows: false },
  { kind: "answerNotice", id: 1, message: "No model is installed. Run: mirador models pull 0.5b" },
  { kind: "answerEnded", id: 1, state: "failed", seconds: 0.1 },
];

const DAYS = Array.from({ length: 21 }, (_, at) => {
  const many = (at * 7) % 11;
  return {
    ...figures().days[0], day: `2026-11-${String(at + 1).padStart(2, "0")}`, requests: many,
    costs: { ...figures().days[0].costs, prompt_tokens: many * 900, cached_tokens: many * 560, completion_tokens: many * 70 },
    findings: { shown: many, withheld: many % 3, withdrawn: many % 2 }, decided: many % 5, accepted: many % 4,
  };
});
export const MEASURED = [
  { kind: "measuring", days: 30 },
  { kind: "measured", days: 30, figures: { ...figures(), requests: 103, days: DAYS } },
];
export const NOT_MEASURED = [{ kind: "measuring", days: 30 }, { kind: "unmeasured", days: 30, message: "The store is locked. Close what uses it." }];
export const UNCOUNTED = [{ kind: "measuring", days: 30 }, { kind: "uncounted", days: 30 }];
export const NO_FIGURES = [{ kind: "measuring", days: 30 }, { kind: "measured", days: 30, figures: { ...figures(), requests: 0, days: [], stages: [] } }];
export const MISSING = [{ kind: "server", server: { condition: "missing", message: "Mirador's server “mirador” was not found.", remedy: "Let Mirador make an environment of its own." } }];
export const STARTING = [{ kind: "server", server: { condition: "starting", message: "", remedy: "" } }];
export const WARNED = [{ kind: "health", health: { kind: "warning", busy: false, message: "No model is installed.", remedy: "Run: mirador models pull 0.5b" }, models: [] }];
