/** The panel in a real VS Code: a review streams in, findings lead to code, answers outlive the window. */

import { readFileSync } from "node:fs";
import { PATIENCE, log, main, until } from "./driver.mjs";

const AXE = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const CART = `"""A shopping cart."""


def mean(prices):
    return sum(prices) / len(prices)


def sign(currency):
    """How a currency is written."""
    return "€" if currency is "EUR" else currency


def first(names):
    return names[0]
`;
const SCRIPT = `
[[model]]
name = "qwen2.5-coder-0.5b"
parameters = 0.5
size_bytes = 400_000_000

[[model]]
name = "qwen2.5-coder-1.5b"
parameters = 1.5
size_bytes = 1_000_000_000

[[reply]]
question = "What does"
text = '''Divides the sum of all \`prices\` by their number. An empty list raises a \`ZeroDivisionError\`.'''

# The question goes to the model with what was asked before it.
[[reply]]
question = '(?s)what if.*anything else'
text = '''Nothing else.'''

[[reply]]
question = "what if"
text = '''Then \`len(prices)\` is zero and the division raises a \`ZeroDivisionError\`.'''

[[reply]]
material = "endlessly"
text = "- bug: This function goes on and on, and so does what is said of it."
# It has no end, and no repetition by which it would be ended before the user ends it.
hold = "never"
hold_after = 12

[[reply]]
model = "qwen2.5-coder-0.5b"
material = '(?m)/ len\\(prices\\)$'
text = '''- bug: This divides by the number of items, which may be zero. Code: \`return sum(prices) / len(prices)\`'''

[[reply]]
material = '(?m)/ len\\(prices\\)$'
text = '''- bug: This divides by the number of items, which may be zero, and nobody looks before. Code: \`return sum(prices) / len(prices)\`'''
logprob = -0.45
hold = "review"
hold_after = 14
`;

const options = {
  name: "the panel",
  files: { "cart.py": CART },
  script: SCRIPT,
  settings: {
    "mirador.server.explain_ahead": false,
    "mirador.review.stages": ["instant", "quick", "deep"],
    "workbench.colorTheme": process.env.THEME ?? "Default Dark Modern",
  },
};

await main(options, async (editor) => {
  const refused = [];
  editor.page.on("console", (message) => {
    if (/Content.Security.Policy/.test(message.text()) && /panel\.(js|css)|mirador/.test(message.text() + message.location().url)) {
      refused.push(message.text());
    }
  });
  await editor.show();
  await editor.openFile("cart.py");
  await editor.command("Mirador: Show Panel");
  await streams(editor);
  await findings(editor);
  await answers(editor);
  await hidden(editor);
  await metrics(editor);
  await reloaded(editor);
  await cancelled(editor);
  if (refused.length > 0) {
    throw new Error(`the policy of the page refused ${refused.join("\n")}`);
  }
});

/** Stages one after the other; the words of the model while it still speaks. */
async function streams(editor) {
  const panel = editor.panel();
  const deep = panel.locator(".stage", { hasText: "Deep" });
  await panel.locator(".stage[data-status=done]", { hasText: "Static" }).waitFor();
  const said = deep.locator(".said span").first();
  await until("the model's words stream into the panel", async () => (await said.count()) > 0 && (await said.innerText()).includes("divides by"));
  if ((await deep.getAttribute("data-status")) !== "running") {
    throw new Error("the words came when the stage had ended");
  }
  log("ok", await said.getAttribute("class"), "|", await said.getAttribute("title"), "|", await said.innerText());
  await editor.picture("panel-streaming");
  await seen(editor, "while a review runs");
  editor.release("review");
  await panel.locator(".stage[data-status=done]", { hasText: "Deep" }).waitFor();
  await until("the outcome is told", async () => /cart\.py: 2 findings/.test(await panel.locator(".outcome").innerText()));
  log("ok", (await deep.innerText()).replaceAll("\n", " | "));
}

/** The list is filtered, and Enter goes to the code, where one can type at once. */
async function findings(editor) {
  const { page } = editor;
  const panel = editor.panel();
  await panel.getByRole("tab", { name: "Findings (2)" }).click();
  await panel.getByRole("searchbox").fill("zero");
  await until("one finding is left", async () => (await panel.locator("[role=option]").count()) === 1);
  await panel.getByLabel("Severity").selectOption("error");
  await panel.locator(".none", { hasText: "No finding fits" }).waitFor();
  await panel.getByRole("button", { name: "Clear filters" }).click();
  await until("both are there", async () => (await panel.locator("[role=option]").count()) === 2);
  await seen(editor, "with findings");
  await editor.picture("panel-findings");
  await panel.getByRole("searchbox").press("ArrowDown");
  await panel.locator("[role=option]:focus").press("ArrowDown");
  await panel.locator("[role=option]:focus", { hasText: "F632" }).press("Enter");
  await page.locator("[id='status.editor.selection']", { hasText: "Ln 10" }).waitFor();
  await page.locator(".editor-instance .monaco-editor.focused").waitFor();
  log("ok Enter goes to the code");
  await panel.locator("[role=option]", { hasText: "F632" }).click();
  await panel.getByRole("button", { name: "Dismiss" }).click();
  const why = page.locator(".quick-input-list .monaco-list-row", { hasText: "It is wrong" }).first();
  await why.waitFor();
  await why.click();
  await until("a dismissed finding leaves the list", async () => (await panel.locator("[role=option]").count()) === 1);
}

/** An explanation of the code at the cursor, and a further question about it. */
async function answers(editor) {
  const panel = editor.panel();
  await editor.goTo(4);
  await editor.command("Mirador: Explain");
  await panel.locator("article[data-state=finished] .answer", { hasText: "ZeroDivisionError" }).waitFor();
  await panel.locator("#question").fill("what if there are no prices?");
  await panel.locator("#question").press("Enter");
  await panel.locator("article:nth-of-type(2)[data-state=finished]", { hasText: "is zero" }).waitFor();
  log("ok a question and a further one");
  await seen(editor, "with answers");
  await editor.picture("panel-answers");
}

/** A panel that was behind another tab is as it was: its page was gone meanwhile. */
async function hidden(editor) {
  const { page } = editor;
  await editor.panel().locator("#question").click();
  await editor.command("File: New Untitled Text File");
  await page.locator("iframe.webview").first().waitFor({ state: "hidden" });
  await editor.command("View: Close Editor");
  await editor.panel().locator("article:nth-of-type(2)[data-state=finished]", { hasText: "is zero" }).waitFor();
  log("ok the panel is as it was before it was hidden");
}

async function metrics(editor) {
  const panel = editor.panel();
  await editor.command("Mirador: Show Metrics");
  await until("figures are drawn", async () => (await panel.locator("figure svg rect").count()) > 3);
  const tile = await panel.locator(".tiles div", { hasText: "Requests" }).innerText();
  log("ok", tile.replaceAll("\n", " "));
  await seen(editor, "with figures");
  await editor.picture("panel-metrics");
}

/** VS Code starts anew: the panel is there again with its answers, and one can go on asking. */
async function reloaded(editor) {
  const { page } = editor;
  await page.evaluate(() => (globalThis.before = true));
  // Not the browser's own reload: that leaves VS Code no time to write down what pages keep.
  await editor.command("Developer: Reload Window");
  await page.waitForFunction(() => globalThis.before === undefined, undefined, { timeout: PATIENCE });
  const panel = editor.panel();
  await panel.getByRole("tab", { name: "Ask" }).click();
  await panel.locator("article:nth-of-type(2)", { hasText: "is zero" }).waitFor();
  log("ok the answers outlive the window");
  await panel.getByRole("tab", { name: "Review" }).click();
  await panel.locator(".outcome", { hasText: "cart.py: " }).waitFor();
  await panel.getByRole("tab", { name: "Ask" }).click();
  await panel.locator("#question").fill("is there anything else?");
  await panel.locator("#question").press("Enter");
  await panel.locator("article:nth-of-type(3)[data-state=finished]", { hasText: "Nothing else." }).waitFor();
  log("ok one goes on asking");
}

/** Escape in the panel stops the review, and its model. */
async function cancelled(editor) {
  const { page } = editor;
  const panel = editor.panel();
  await editor.goTo(4);
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n\ndef endlessly():\n    return 1\n");
  const before = editor.journal().length;
  await page.keyboard.press("Control+S");
  await until("the endless reply begins", () => editor.journal().slice(before).includes("started"));
  await panel.getByRole("tab", { name: "Review" }).click();
  await panel.locator(".stage[data-status=running] .said", { hasText: "This function" }).first().waitFor();
  await panel.getByRole("tab", { name: "Review" }).press("Escape");
  await until("the model is stopped", () => editor.journal().slice(before).includes("cancelled"));
  await panel.locator(".outcome", { hasText: "was stopped" }).waitFor();
  await panel.locator(".stage[data-status=skipped]", { hasText: "Quick" }).waitFor();
  log("ok Escape stops it, and it is said");
}

/** What axe-core finds in the panel as it is in VS Code. */
async function seen(editor, when) {
  const frame = editor.page.frames().find((each) => each.parentFrame()?.parentFrame() !== null && each.url().includes("fake.html"));
  if (frame === undefined) {
    throw new Error(`no frame of the panel: ${editor.page.frames().map((each) => each.url()).join(" ")}`);
  }
  await frame.evaluate(AXE);
  const faults = await frame.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" ")}`);
  });
  if (faults.length > 0) {
    throw new Error(`${when}, axe-core finds ${faults.join("\n")}`);
  }
  log("ok axe-core finds nothing", when);
}
