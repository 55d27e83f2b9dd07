/** The panel worked with the keyboard alone, kept over being hidden, and told things it cannot read. */

import assert from "node:assert/strict";
import { PanelPage, browse } from "./panel_page.mjs";
import * as states from "./panel_states.mjs";

const browser = await browse();
const focused = (page) => page.evaluate(() => document.activeElement?.textContent ?? "");
const done = [];

async function test(name, steps, options) {
  const panel = await PanelPage.open(browser, options);
  try {
    await steps(panel, panel.page);
    assert.deepEqual(panel.said, [], "the browser complained");
    assert.deepEqual(panel.asked, [], "the page asked for something else");
  } catch (error) {
    await panel.picture("failed-panel_keys");
    error.message = `${name}: ${error.message}`;
    throw error;
  } finally {
    await panel.close();
  }
  done.push(name);
}

try {
  await test("tabs go round with the arrows, and one of them is in the tab order", async (panel, page) => {
    await panel.show(states.after());
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Review");
    for (const [key, title] of [["ArrowRight", "Findings"], ["End", "Metrics"], ["ArrowRight", "Review"], ["ArrowLeft", "Metrics"], ["Home", "Review"]]) {
      await page.keyboard.press(key);
      assert.equal(await focused(page), title);
      assert.equal(await page.locator("[role=tab][aria-selected=true]").textContent(), title);
      assert.equal(await page.locator("[role=tabpanel]:visible").count(), 1);
    }
    assert.equal(await page.locator("[role=tab][tabindex='0']").count(), 1);
    assert.ok((await panel.told("measure")).length > 0, "figures are asked for when they are looked at");
  });

  await test("findings are gone through with arrows, and Enter opens the code", async (panel, page) => {
    await panel.show(states.after(states.FOUND), "findings");
    const search = page.getByRole("searchbox");
    await search.focus();
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(page), /SQL query/);
    assert.equal(await page.locator("[role=option][tabindex='0']").count(), 1);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    assert.deepEqual(await panel.told("finding"), [
      { kind: "finding", key: states.ROWS[1].key, deed: "open" },
      { kind: "finding", key: states.ROWS[5].key, deed: "open" },
    ]);
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid", "the focus is seen");
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Open");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal((await panel.told("finding")).at(-1).deed, "explain");
  });

  await test("filters narrow the list, say how many are left, and are cleared", async (panel, page) => {
    await panel.show(states.after(states.FOUND), "findings");
    const rows = page.locator("[role=option]");
    assert.equal(await rows.count(), 6);
    await page.getByLabel("Severity").selectOption("warning");
    await rows.nth(4).waitFor({ state: "detached" });
    await page.getByLabel("Lens").selectOption("bug");
    await page.getByLabel("File", { exact: true }).selectOption("shop/cart.py");
    await page.locator(".count", { hasText: "2 of 6 findings: 2 warnings" }).waitFor();
    await page.getByRole("searchbox").fill("zero");
    await page.locator(".count", { hasText: "1 of 6" }).waitFor();
    await page.getByRole("searchbox").fill("nowhere");
    await page.locator(".none", { hasText: "No finding fits" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".count", { hasText: "2 of 6" }).waitFor();
    assert.equal((await panel.told("act")).length, 0, "Escape emptied the field, and stopped nothing");
    await page.getByRole("button", { name: "Clear filters" }).press("Enter");
    await rows.nth(5).waitFor();
  });

  await test("a finding that goes leaves the focus and the selection where they were", async (panel, page) => {
    await panel.show(states.after(states.FOUND), "findings");
    await page.getByRole("searchbox").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await panel.tell({ kind: "event", event: { kind: "findings", rows: states.ROWS.slice(1), left: 0 } });
    assert.match(await focused(page), /may be zero/);
    await panel.tell({ kind: "event", event: { kind: "findings", rows: states.ROWS.slice(2), left: 0 } });
    assert.match(await page.locator("[role=option][aria-selected=true]").textContent(), /Comparison/);
  });

  await test("Escape stops what the tab is about", async (panel, page) => {
    await panel.show(states.after(...states.HALFWAY, ...states.ANSWERING), "review");
    await page.keyboard.press("Escape");
    assert.deepEqual(await panel.told("act"), [{ kind: "act", action: "stopReview" }]);
    await panel.tell({ kind: "show", tab: "ask" });
    await page.keyboard.press("Escape");
    assert.equal((await panel.told("act")).at(-1).action, "stopAnswer");
    await panel.show(states.after(...states.ANSWERED), "ask");
    await page.keyboard.press("Escape");
    assert.equal((await panel.told("act")).length, 2, "nothing runs, nothing is stopped");
  });

  await test("a question is asked with Enter; with Shift it goes on below", async (panel, page) => {
    await panel.show(states.after(...states.ANSWERED), "ask");
    const field = page.locator("#question");
    await field.fill("why");
    await field.press("Shift+Enter");
    await page.keyboard.type("not?");
    await field.press("Enter");
    assert.deepEqual(await panel.told("ask"), [{ kind: "ask", question: "why\nnot?" }]);
    await page.waitForFunction(() => document.getElementById("question").value === "");
    await field.press("Enter");
    assert.equal((await panel.told("ask")).length, 1, "nothing is no question");
  });

  await test("text streams in by shades, each with its meaning, and is not read aloud word by word", async (panel, page) => {
    await panel.show(states.after(...states.HALFWAY.slice(0, 4)), "review");
    await page.evaluate(() => {
      globalThis.spoken = [];
      const live = document.querySelector("[aria-live]");
      new MutationObserver(() => globalThis.spoken.push(live.textContent)).observe(live, { childList: true, characterData: true, subtree: true });
    });
    for (const event of states.HALFWAY.slice(4)) {
      await panel.tell({ kind: "event", event });
    }
    const shades = await page.locator("[data-status=running] .reply").first().locator(".said span").evaluateAll((all) =>
      all.map((each) => [each.className, each.textContent, each.title, getComputedStyle(each).textDecorationStyle]));
    assert.deepEqual(shades.map(([tone, text]) => [tone, text]), [
      ["high", "- bug: An empty cart "], ["fair", "divides by zero "], ["low", "unless the caller "], ["fair", "has looked before."],
    ]);
    assert.match(shades[2][2], /46 %: the model was unsure/);
    assert.deepEqual(shades.map(([, , , line]) => line), ["solid", "dashed", "dotted", "dashed"]);
    await page.waitForFunction(() => globalThis.spoken.length > 0);
    const spoken = (await page.evaluate(() => globalThis.spoken)).join(" ");
    assert.match(spoken, /Quick: done in 5\.8 s.*Deep: running/);
    assert.ok(!spoken.includes("empty cart"));
    assert.equal(await page.locator("[aria-live] .said, [aria-live] .draft, [role=status] .said").count(), 0);
  });

  await test("nothing that a model or a file's name says becomes an element, a link or a script", async (panel, page) => {
    await panel.show(states.after(states.FOUND, ...states.ANSWERED, ...states.HALFWAY), "ask");
    assert.equal(await page.locator("a, img, iframe, object, embed, b, script:not([nonce]), [style], [onclick], [onerror]").evaluateAll(
      (all) => all.filter((each) => each !== document.documentElement).length), 0);
    const thread = await page.locator("#thread").textContent();
    for (const said of ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a link](command:mirador.cancel)"]) {
      assert.ok(thread.includes(said), said);
    }
  });

  await test("what cannot be read is left out, and the log hears of it", async (panel, page) => {
    await panel.show(states.after(states.FOUND), "findings");
    await panel.tell("x", null, { kind: "event", event: { kind: "findings", rows: [{ key: 1 }], left: 0 } }, { kind: "show", tab: "../x" });
    const heard = await panel.told("unread");
    assert.equal(heard.length, 4);
    assert.match(heard[2].why, /rows\[0\]\.key is not a text/);
    assert.equal(await page.locator("[role=option]").count(), 6);
  });

  await test("a defect of the page's script is told to the log", async (panel, page) => {
    await page.evaluate(() => setTimeout(() => { throw new Error("a defect"); }));
    await page.waitForFunction(() => globalThis.told.some(({ kind }) => kind === "failed"));
    assert.match((await panel.told("failed"))[0].why, /a defect/);
    panel.said.length = 0; // the browser complained, rightly
  });

  let kept;
  await test("what was chosen is kept for the next time, and answers with it", async (panel, page) => {
    await panel.show(states.after(states.FOUND, ...states.ANSWERING), "findings");
    await page.getByRole("searchbox").fill("sql");
    await panel.tell({ kind: "show", tab: "ask" });
    await page.locator("#question").fill("half a question");
    await page.waitForFunction(() => globalThis.kept?.draft === "half a question");
    kept = await page.evaluate(() => globalThis.kept);
    assert.deepEqual([kept.tab, kept.filters.text, kept.answers.length], ["ask", "sql", 2]);
  });
  await test("and is there again", async (panel, page) => {
    await panel.show(states.after(states.FOUND));
    assert.equal(await page.locator("[role=tab][aria-selected=true]").textContent(), "Ask");
    assert.equal(await page.locator("#question").inputValue(), "half a question");
    await panel.tell({ kind: "show", tab: "findings" });
    await page.locator(".count", { hasText: "1 of 6" }).waitFor();
  }, { kept });
  await test("what an older version kept, or nobody, does no harm", async (panel, page) => {
    await panel.show(states.after());
    assert.equal(await page.locator("[role=tab][aria-selected=true]").textContent(), "Review");
  }, { kept: { tab: "nowhere", filters: 7 } });

  await test("each state says what it is, and what mends it", async (panel, page) => {
    await panel.show(states.after(...states.MISSING));
    await page.locator(".banner", { hasText: "was not found" }).waitFor();
    await page.getByRole("button", { name: "Try again" }).press("Enter");
    assert.deepEqual(await panel.told("act"), [{ kind: "act", action: "restart" }]);
    await panel.show(states.after(...states.WARNED));
    await page.locator(".banner", { hasText: "mirador models pull" }).waitFor();
    await panel.show(states.after());
    await page.locator(".banner").waitFor({ state: "hidden" });
    await page.locator(".empty", { hasText: "Nothing was reviewed yet" }).waitFor();
    await panel.show(states.after(...states.NOT_MEASURED), "metrics");
    await page.locator(".note", { hasText: "The store is locked" }).waitFor();
  });

  await test("charts have a table each, and words", async (panel, page) => {
    await panel.show(states.after(...states.MEASURED), "metrics");
    const charts = await page.locator("figure").count();
    assert.equal(charts, 6);
    assert.equal(await page.locator("figure table").count(), charts);
    const words = await page.locator("figure > svg").evaluateAll((all) => all.map((each) => each.getAttribute("aria-label")));
    assert.ok(words.every((each) => each.length > 20), words.join());
    await page.locator("figure summary").first().focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("figure details[open] tbody tr").count(), 21);
  });

  await test("figures that are looked at are counted again after a review", async (panel, page) => {
    await panel.show(states.after(...states.HALFWAY, ...states.MEASURED), "metrics");
    const before = (await panel.told("measure")).length;
    await panel.tell({ kind: "event", event: states.STOPPED.at(-1) });
    await page.waitForFunction((asked) => globalThis.told.filter(({ kind }) => kind === "measure").length > asked, before);
  });

  await test("two thousand findings and a model that talks fast do not make it slow", async (panel, page) => {
    await panel.show(states.after(states.MANY, ...states.HALFWAY), "findings");
    assert.equal(await page.locator("[role=option]").count(), 500);
    await panel.tell({ kind: "show", tab: "review" });
    const seconds = await page.evaluate(async (uri) => {
      const started = performance.now();
      for (let at = 0; at < 1000; at += 1) {
        const event = { kind: "streamed", uri, stage: "deep", unit: `f${at % 40}`, lens: "bug", content: "word ", confidence: (at % 10) / 10 };
        window.postMessage({ kind: "event", event }, "*");
        if (at % 20 === 0) {
          await new Promise((drawn) => requestAnimationFrame(drawn));
        }
      }
      return (performance.now() - started) / 1000;
    }, states.HALFWAY[0].uri);
    console.log(`1000 pieces of text with 1200 findings: ${seconds.toFixed(2)} s`);
  });

  await test("nothing moves for who wants nothing to move", async (panel, page) => {
    await panel.show(states.after(...states.HALFWAY), "review");
    assert.equal(await page.locator("[data-status=running] .mark").evaluate((each) => getComputedStyle(each).animationName), "none");
  });
} finally {
  await browser.close();
}
console.log(`ok ${done.length} things done by keyboard:\n  ${done.join("\n  ")}`);
