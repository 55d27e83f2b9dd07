/** An explanation and a fix by the real 0.5B model, in a real VS Code. */

import { log, main, until } from "./driver.mjs";

const MINUTES = 8 * 60_000;
const CODE = `"""What a cart costs."""


def total(prices):
    total = 0
    for price in prices:
        total += prise
    return total
`;

const options = {
  name: "the real model",
  files: { "cart.py": CODE },
  settings: {
    "mirador.review.stages": ["instant", "quick"],
    "mirador.server.explain_ahead": false,
    "mirador.server.review_on_open": true,
    "mirador.stages.quick.seconds": 500,
    "mirador.answers.seconds": 500,
  },
};

await main(options, async (editor) => {
  const { page } = editor;
  await editor.show();
  await editor.openFile("cart.py");
  const wrong = page.locator(".editor-instance .squiggly-error");
  await until("ruff's finding is shown", async () => (await wrong.count()) > 0);

  await editor.goTo(4);
  await editor.command("Mirador: Explain");
  const panel = editor.panel();
  await panel.locator(".draft", { hasText: /\w+ \w+/ }).waitFor({ timeout: MINUTES });
  log("ok the explanation streams");
  await panel.locator("article[data-state=finished] .answer", { hasText: "total" }).waitFor({ timeout: MINUTES });
  log("ok", await panel.locator("#thread .by").first().innerText(), "|", await panel.locator("#thread .answer").innerText());
  await editor.picture("real-explanation");

  await editor.goTo(7);
  await editor.codeAction("Fix with Mirador: Undefined name", { choose: true });
  const mended = page.locator(".editor-instance .view-line", { hasText: "total += price" });
  await mended.first().waitFor({ timeout: MINUTES });
  log("ok the model mends the name");
  await page.keyboard.press("Control+S");
  await until("it is on the disk", () => editor.read("cart.py") === CODE.replace("prise", "price"));
  await until("nothing is underlined any more", async () => (await wrong.count()) === 0);
  await editor.picture("real-fix");
});
