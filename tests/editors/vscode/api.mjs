/** Runs suite.cjs inside the real extension host, where it has the whole of VS Code's API. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { log, main } from "./driver.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const CART = `"""A shopping cart."""


def mean(prices):
    return sum(prices) / len(prices)


def sign(currency):
    """How a currency is written."""
    return "€" if currency is "EUR" else currency
`;
const SCRIPT = `
[[model]]
name = "qwen2.5-coder-0.5b"

[[reply]]
question = "has this problem"
text = '''\`\`\`python
def mean(prices):
    return sum(prices) / len(prices) if prices else 0.0
\`\`\`'''

[[reply]]
material = '(?m)/ len\\(prices\\)$'
text = '''- bug: This divides by the number of items, which may be zero. Code: \`return sum(prices) / len(prices)\`'''
`;
const results = join(process.env.RESULTS ?? "/tmp", `mirador-mocha-${process.pid}.json`);

const options = {
  name: "what the extension does for others",
  files: { "cart.py": CART },
  script: SCRIPT,
  payload: true,
  flags: ["--vscode-option", "enable-smoke-test-driver"],
  settings: { "mirador.review.stages": ["instant", "quick"], "mirador.server.explain_ahead": false },
  env: { MOCHA_RESULTS: results },
};

await main(options, async (editor) => {
  const { page } = editor;
  const ended = new Promise((resolve) => page.exposeFunction("codeAutomationExit", resolve));
  await page.exposeFunction("codeAutomationLog", () => undefined);
  const remote = (path) => `vscode-remote://127.0.0.1:${editor.port}${path}`;
  await editor.show([
    ["extensionDevelopmentPath", remote(process.env.EXTENSION)],
    ["extensionTestsPath", remote(join(here, "mocha.cjs"))],
    ["skipWelcome", "true"],
  ]);
  const late = new Promise((resolve) => setTimeout(() => resolve("late"), 800_000).unref());
  const code = await Promise.race([ended, late]);
  const report = existsSync(results) ? JSON.parse(readFileSync(results, "utf8")) : undefined;
  for (const test of report?.tests ?? []) {
    log(test.err.message === undefined ? "ok" : "FAILED", test.title, test.err.message ?? "");
  }
  if (code !== 0 || !report || report.stats.failures > 0 || report.stats.passes === 0) {
    throw new Error(`the suite ended with ${code}`);
  }
});
