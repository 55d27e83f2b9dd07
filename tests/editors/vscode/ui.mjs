/** What a user sees and does, in a real VS Code with a model that says what a script says. */

import { again, log, main, until } from "./driver.mjs";

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
question = "What does"
text = '''Divides the sum of all \`prices\` by their number. An empty list has no number to divide by, so \`mean([])\` raises a \`ZeroDivisionError\`: callers that may have no prices must look first.'''
hold = "explain"
hold_after = 12

[[reply]]
question = "what if"
text = '''Then \`len(prices)\` is zero and the division raises a \`ZeroDivisionError\`.

- Return \`0.0\` for an empty cart, or
- let the caller decide.'''

[[reply]]
question = "has this problem"
text = '''\`\`\`python
def mean(prices):
    return sum(prices) / len(prices) if prices else 0.0
\`\`\`'''

[[reply]]
material = "endlessly"
text = "- bug: This function goes on and on, and so does what is said of it."
hold = "never"
hold_after = 12

[[reply]]
material = '(?m)/ len\\(prices\\)$'
text = '''- bug: This divides by the number of items, which may be zero. Code: \`return sum(prices) / len(prices)\`'''
hold = "review"
`;

const options = {
  name: "what a user sees and does",
  files: { "cart.py": CART },
  script: SCRIPT,
  settings: {
    "mirador.server.explain_ahead": false,
    "mirador.review.stages": ["instant", "quick"],
  },
};

await main(options, async (editor) => {
  await editor.show();
  await editor.openFile("cart.py");
  await review(editor);
  await hover(editor);
  await explain(editor);
  await readyFix(editor);
  await previewed(editor);
  await modelFix(editor);
  await cancel(editor);
  await menu(editor);
  await doctor(editor);
});

/** Findings appear stage by stage, with progress in the status bar, lenses above the functions. */
async function review(editor) {
  const { page } = editor;
  await until("the analyzer's finding is shown", () => problems(page, 1));
  await until("the model is asked", () => editor.journal().includes("started"));
  await statusBar(page, /cart\.py: quick/).waitFor();
  log("ok progress is in the status bar");
  await statusBar(page, /Mirador: quick/).waitFor();
  log("ok the status says which stage runs");
  editor.release("review");
  await until("the model's finding is shown", () => problems(page, 2));
  await page.locator(".codelens-decoration", { hasText: "Write tests" }).first().waitFor();
  log("ok lenses are above the functions");
  await until("the status is calm again", async () => (await statusBar(page, /Mirador: quick/).count()) === 0);
  await editor.goTo(5);
  await editor.picture("findings");
}

/** The hover knows the signature and the finding. */
async function hover(editor) {
  const { page } = editor;
  const shown = page.locator(".monaco-hover:not(.hidden)", { hasText: "which may be zero" });
  await again("the hover", async (patience) => {
    await line(page, "A shopping cart").hover();
    await line(page, "def mean").locator("span", { hasText: "mean" }).last().hover();
    await shown.first().waitFor({ timeout: patience });
  });
  log("ok hover:", (await shown.first().innerText()).replaceAll("\n", " | "));
  await editor.picture("hover");
  await page.keyboard.press("Escape");
}

/** An explanation streams into the panel; a follow-up question stands below it. */
async function explain(editor) {
  const { page } = editor;
  await editor.goTo(4);
  await editor.command("Mirador: Explain");
  const panel = editor.panel();
  await panel.locator(".draft", { hasText: "Divides the sum" }).waitFor();
  if ((await panel.locator(".answer", { hasText: "callers" }).count()) > 0) {
    throw new Error("the explanation came at once");
  }
  log("ok the explanation streams:", await panel.locator(".draft").innerText());
  await editor.picture("explaining");
  editor.release("explain");
  await panel.locator(".answer", { hasText: "callers that may have no prices" }).waitFor();
  await panel.locator("article[data-state=finished]").waitFor();
  log("ok the explanation is whole:", await panel.locator("#thread .by").first().innerText());
  await panel.locator("#question").fill("what if there are no prices?");
  await panel.locator("#question").press("Enter");
  await panel.locator("article:nth-of-type(2) .answer li", { hasText: "empty cart" }).waitFor();
  log("ok a follow-up question is answered below");
  await editor.picture("explained");
  await editor.command("View: Close Editor");
  await page.locator("iframe.webview").waitFor({ state: "detached" });
}

/** A fix that an analyzer has ready is applied and saved. */
async function readyFix(editor) {
  await editor.goTo(10);
  await editor.codeAction("(ruff/F632)", { choose: true });
  await until("the comparison is mended", async () => (await text(editor.page)).includes('== "EUR"'));
  await save(editor, (saved) => saved.includes('== "EUR"'));
}

/** A fix that the model writes is compared with what is there, and not made when it is not wanted. */
async function previewed(editor) {
  const { page } = editor;
  await editor.goTo(5);
  await editor.codeAction("Preview fix", { choose: true });
  const fixed = page.locator(".monaco-diff-editor .view-line", { hasText: "if prices else 0.0" }).first();
  await Promise.all([fixed.waitFor(), editor.messages("").getByRole("button", { name: "Apply" }).waitFor()]);
  log("ok the fix is shown, and can be applied");
  await editor.picture("preview");
  await page.locator(".editor-actions").getByRole("button", { name: "Discard the Fix" }).click();
  await fixed.waitFor({ state: "detached" });
  await editor.messages("Fixing").waitFor({ state: "detached" });
  if ((await editor.messages("not make the change").count()) > 0) {
    throw new Error("the user is told what they have just decided");
  }
  if ((await text(page)).includes("if prices else") || editor.read("cart.py").includes("if prices else")) {
    throw new Error("a fix that was not wanted was made");
  }
  log("ok the comparison is gone, nothing is changed, and nothing is said of it");
}

/** A fix that the model writes is checked, applied and saved. */
async function modelFix(editor) {
  const { page } = editor;
  await editor.goTo(5);
  await editor.codeAction("Fix with Mirador", { choose: false });
  await editor.picture("actions");
  await editor.codeAction("Fix with Mirador", { choose: true });
  await until("the fix is made", async () => (await text(page)).includes("if prices else 0.0"));
  const said = await editor.message("parses");
  log("ok it is said how far it was checked:", await said.innerText());
  await editor.picture("fixed");
  await save(editor, (saved) => saved.includes("if prices else 0.0"));
}

/** A review that never ends is stopped by the button, and the model with it. */
async function cancel(editor) {
  const { page } = editor;
  await editor.goTo(5);
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n\ndef endlessly():\n    return 1\n");
  const before = editor.journal().length;
  await editor.command("Mirador: Review File");
  await until("the endless reply begins", () => editor.journal().slice(before).includes("started"));
  await editor.message("Reviewing the file");
  await editor.picture("cancel");
  await editor.answer("Reviewing the file", "Cancel");
  await until("the model is stopped", () => editor.journal().slice(before).includes("cancelled"));
}

/** Reviewing is paused and resumed, and another profile chosen, from the menu behind the status. */
async function menu(editor) {
  const { page } = editor;
  await until("the menu is there", () => status(page, /^\s*Mirador$/));
  await statusBar(page, /^\s*Mirador$/).click();
  const rows = page.locator(".quick-input-list .monaco-list-row");
  await rows.filter({ hasText: "Switch profile" }).waitFor();
  log("ok the menu:", (await rows.allInnerTexts()).map((row) => row.replaceAll("\n", " ")).join(" | "));
  await editor.picture("menu");
  await rows.filter({ hasText: "Pause reviewing" }).click();
  await statusBar(page, /Mirador: paused/).waitFor();
  const before = editor.journal().length;
  await editor.goTo(5);
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n# / len(prices)\n");
  await page.keyboard.press("Control+S");
  await until("it is on the disk", () => editor.read("cart.py").includes("# / len"));
  // Nothing tells of what is not done, so it gets some time to be done.
  await page.waitForTimeout(1500);
  if (editor.journal().length > before) {
    throw new Error("a paused Mirador has asked a model");
  }
  log("ok nothing is reviewed while it is paused");
  await statusBar(page, /Mirador: paused/).click();
  await rows.filter({ hasText: "Resume reviewing" }).click();
  await until("what was saved meanwhile is reviewed", () => editor.journal().length > before);
  await editor.command("Mirador: Stop What Runs");
  await until("it is calm", () => status(page, /^\s*Mirador$/));
  await statusBar(page, /^\s*Mirador$/).click();
  await rows.filter({ hasText: "Switch profile" }).click();
  await rows.filter({ hasText: "analyzers alone" }).click();
  await page.locator(".statusbar-item [aria-label*='Profile: none']").first().waitFor();
  log("ok another profile holds");
  await editor.command("Mirador: Stop What Runs");
  await until("it is calm again", () => status(page, /^\s*Mirador$/));
}

/** From the menu Mirador checks itself, as a page. */
async function doctor(editor) {
  const { page } = editor;
  await statusBar(page, /^\s*Mirador$/).click();
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Doctor" }).click();
  await editor.panel().locator("li", { hasText: "ruff" }).first().waitFor();
  log("ok the doctor's page is shown:", await page.locator(".tab.active").first().innerText());
  await editor.picture("doctor");
}

async function save(editor, wanted) {
  await editor.page.keyboard.press("Control+S");
  await until("it is on the disk", () => wanted(editor.read("cart.py")));
}

/** Whether the explorer's badge counts at least this many problems. */
async function problems(page, count) {
  const marks = page.locator(".editor-instance [class*=squiggly-]");
  return (await marks.count()) >= count;
}

async function status(page, words) {
  return (await statusBar(page, words).count()) > 0;
}

function statusBar(page, words) {
  return page.locator(".statusbar-item a", { hasText: words }).first();
}

function line(page, words) {
  return page.locator(".view-line", { hasText: words }).first();
}

async function text(page) {
  const lines = await page.locator(".editor-instance .view-line").allInnerTexts();
  return lines.join("\n").replaceAll("\u00a0", " ");
}
