/** What a user sees and does, in a real VS Code with a model that says what a script says. */

import { log, main, until } from "./driver.mjs";

const CART = `"""A shopping cart."""


def mean(prices):
    return sum(prices) / len(prices)


def run(text):
    return eval(text)
`;
const SCRIPT = `
[[model]]
name = "qwen2.5-coder-0.5b"

[[reply]]
text = '''- bug: This divides by the number of items, which may be zero. Code: \`return sum(prices) / len(prices)\`'''
hold = "go"
`;

await main({ files: { "cart.py": CART }, script: SCRIPT }, async (editor) => {
  const { page } = editor;
  const squiggles = () => page.locator(".monaco-editor .squiggly-warning, .monaco-editor .squiggly-error");
  await editor.show();
  await editor.openFile("cart.py");
  await until("the analyzers' finding is underlined", async () => (await squiggles().count()) > 0);
  await until("the model is asked", () => editor.journal().includes("started"));
  await page.locator(".statusbar >> text=/cart.py/").first().waitFor({ timeout: 30000 });
  log("ok progress in the status bar", await page.locator(".statusbar").innerText());
  await editor.picture("review");
  editor.release("go");
  await until("the model's finding", async () => (await squiggles().count()) > 1);
});
