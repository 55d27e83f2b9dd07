/** Findings as comment threads, and a fix that no analyzer could look at, in a real VS Code. */

import { log, main, until } from "./driver.mjs";

const CART = `"""A shopping cart."""


def mean(prices):
    return sum(prices) / len(prices)


def share(part, whole):
    return part / whole


def price(net, gross):
    return net * gross
`;
const SCRIPT = `
[[model]]
name = "qwen2.5-coder-0.5b"

[[reply]]
question = "What can go wrong"
text = "An empty list has no number to divide by."

[[reply]]
question = "has this problem"
text = '''\`\`\`python
def mean(prices):
    return sum(prices) / len(prices) if prices else 0.0
\`\`\`'''

[[reply]]
material = '(?m)/ len\\(prices\\)$'
text = '''- bug: [Divides](command:workbench.action.quit) by **the number** of items, which may be zero. Code: \`return sum(prices) / len(prices)\`
- bug: The whole may be zero. Code: \`return part / whole\`'''

[[reply]]
question = "not a question of a check"
material = '(?m)part / whole$'
text = '''- bug: The whole may be zero. Code: \`return part / whole\`'''
`;

const options = {
  name: "comment threads",
  files: { "cart.py": CART },
  script: SCRIPT,
  settings: {
    "mirador.commentThreads": true,
    "comments.openView": "never",
    "mirador.server.explain_ahead": false,
    "mirador.server.code_lens": false,
    "mirador.review.stages": ["instant", "quick"],
    // Without them nobody can look at a fix, so the user is asked to.
    "mirador.analysis.ruff": false,
    "mirador.analysis.rules": false,
    "mirador.analysis.flow": false,
  },
};

await main(options, async (editor) => {
  await editor.show();
  await editor.openFile("cart.py");
  await threads(editor);
  await edits(editor);
  await dismiss(editor);
  await accept(editor);
});

/** Each finding has one thread, whose words are text and nothing else. */
async function threads(editor) {
  const { page } = editor;
  await until("two findings have a mark at their lines", async () => (await glyphs(page).count()) === 2);
  await open(editor, 1, "whole may be zero");
  await editor.picture("comments");
  await open(editor, 0, "Divides");
  const body = page.locator(".review-widget .comment-body", { hasText: "Divides" });
  log("ok it says:", (await body.innerText()).replaceAll("\n", " "));
  if ((await body.locator("a, strong, img").count()) > 0) {
    throw new Error("what a model said is not shown as plain text");
  }
  log("ok what a model says makes no link");
  const buttons = page.locator(".review-widget", { hasText: "Divides" }).locator(".head .action-label");
  log("ok its buttons:", (await buttons.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")))).join(", "));
  await button(page, "Divides", "Helpful").click();
  await page.locator(".review-widget", { hasText: "you find it helpful" }).waitFor();
  log("ok a kind word is heard");
  await button(page, "Divides", "Explain").click();
  await editor.panel().locator("#thread .answer", { hasText: "no number to divide by" }).waitFor();
  log("ok it is explained in the panel");
  await page.locator(".tab", { hasText: "Mirador" }).click();
  await editor.command("View: Close Editor");
  await page.locator("iframe.webview").waitFor({ state: "detached" });
}

/** What is typed above a finding moves its thread along. */
async function edits(editor) {
  const { page } = editor;
  await editor.goTo(2);
  const [first] = await tops(page);
  await page.keyboard.type("# one\n# two\n");
  await until("the marks move with the text", async () => (await tops(page))[0] > first);
  await until("the text is as it was", async () => {
    await page.keyboard.press("Control+Z");
    return (await page.locator(".editor-instance .view-line", { hasText: "#" }).count()) === 0;
  });
  await until("and so are the marks", async () => Math.abs((await tops(page))[0] - first) < 2);
}

/** A finding that is dismissed takes its thread along. */
async function dismiss(editor) {
  const { page } = editor;
  await open(editor, 1, "whole may be zero");
  await button(page, "whole may be zero", "Dismiss").click();
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "It is wrong" }).click();
  await until("its thread is gone", async () => (await page.locator(".review-widget", { hasText: "whole may be zero" }).count()) === 0);
  await until("and its mark", async () => (await glyphs(page).count()) === 1);
}

/** The fix is not made before the user has looked at it, because no analyzer could. */
async function accept(editor) {
  const { page } = editor;
  await open(editor, 0, "Divides");
  await button(page, "Divides", "Accept Fix").click();
  const preview = page.locator(".refactor-preview-panel, .bulk-edit-panel, [id='refactorPreview']").first();
  await preview.waitFor();
  await editor.picture("confirm");
  if (editor.read("cart.py").includes("if prices")) {
    throw new Error("the fix was made without being confirmed");
  }
  log("ok the change waits to be confirmed:", (await preview.innerText()).replaceAll("\n", " | ").slice(0, 200));
  if ((await page.locator(".notification-toast a", { hasText: "Divides" }).count()) > 0) {
    throw new Error("what a model said makes a link in a notification");
  }
  // What is to be confirmed is not ticked.
  await preview.locator(".edit-checkbox").first().click();
  await preview.getByRole("button", { name: "Apply", exact: true }).click();
  await until("it is made", async () => (await page.locator(".editor-instance .view-line", { hasText: "if prices else" }).count()) > 0);
  await page.locator(".editor-instance .view-line").first().click();
  await page.keyboard.press("Control+S");
  await until("it is on the disk", () => editor.read("cart.py").includes("if prices else 0.0"));
  await until("no thread is left", async () => (await glyphs(page).count()) === 0);
}

function glyphs(page) {
  return page.locator(".editor-instance .comment-thread, .editor-instance .comment-range-glyph.comment-thread");
}

async function tops(page) {
  const boxes = await Promise.all((await glyphs(page).all()).map((one) => one.boundingBox()));
  return boxes.map((box) => box?.y ?? 0).sort((a, b) => a - b);
}

/** A button of the thread that says these words. */
function button(page, words, name) {
  const thread = page.locator(".review-widget", { hasText: words });
  return thread.locator(".head").getByRole("button", { name });
}

/** Opens the thread at the mark of that number, from above. */
async function open(editor, number, words) {
  const { page } = editor;
  await editor.goTo(1);
  const shown = page.locator(".review-widget .comment-body", { hasText: words });
  if ((await shown.count()) > 0 && (await shown.first().isVisible())) {
    return;
  }
  const marks = await glyphs(page).all();
  const places = await Promise.all(marks.map(async (mark) => ({ mark, box: await mark.boundingBox() })));
  places.sort((a, b) => a.box.y - b.box.y);
  await places[number].mark.click();
  await shown.waitFor();
}
