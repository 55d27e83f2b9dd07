/** The panel in each state and theme: axe-core finds nothing, nothing is too wide, the policy holds. */

import assert from "node:assert/strict";
import { PanelPage, THEMES, browse } from "./panel_page.mjs";
import * as states from "./panel_states.mjs";

const SHOWN = [
  ["starting", "review", states.STARTING],
  ["no server", "review", states.MISSING],
  ["nothing yet", "review", []],
  ["a warning", "review", states.WARNED],
  ["a review runs", "review", [...states.HALFWAY, states.FOUND]],
  ["a review has ended", "review", [...states.FINISHED, states.FOUND]],
  ["a review was stopped", "review", states.STOPPED],
  ["no findings", "findings", []],
  ["findings", "findings", [states.FOUND]],
  ["many findings", "findings", [states.MANY]],
  ["nothing asked", "ask", []],
  ["answering", "ask", states.ANSWERING],
  ["no answer", "ask", states.BROKEN_ANSWER],
  ["figures", "metrics", states.MEASURED],
  ["no figures", "metrics", states.NO_FIGURES],
  ["not counted", "metrics", states.UNCOUNTED],
  ["cannot be counted", "metrics", states.NOT_MEASURED],
];

const browser = await browse();
const faults = [];
let looked = 0;
let shown;
try {
  for (const theme of Object.keys(THEMES)) {
    const panel = await PanelPage.open(browser, { theme });
    for (const [name, tab, events] of SHOWN) {
      await panel.show(states.after(...events), tab);
      shown = panel;
      if (name === "a review has ended" || name === "figures") {
        await panel.page.locator("details:visible").first().waitFor();
        await panel.page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
      }
      faults.push(...(await panel.faults()).map((fault) => `${name}, ${theme}: ${fault}`));
      const wide = await panel.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
      await panel.picture(`panel ${name} ${theme}`.replaceAll(" ", "-"));
      looked += 1;
    }
    assert.deepEqual(panel.said, [], "the browser complained");
    assert.deepEqual(panel.asked, [], "the page asked for something else");
    await panel.close();
  }
  assert.deepEqual(faults, []);
  for (const width of [260, 880, 1400]) {
    const panel = await PanelPage.open(browser, { size: { width, height: 700 } });
    for (const [name, tab, events] of SHOWN) {
      await panel.show(states.after(...events), tab);
      const wide = await panel.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels too wide at ${width}`);
      await panel.picture(`panel ${name} ${width}`.replaceAll(" ", "-"));
    }
    await panel.close();
  }
} catch (error) {
  await shown?.picture("failed-panel_axe").catch(() => {});
  throw error;
} finally {
  await browser.close();
}
console.log(`ok ${looked} pictures in ${Object.keys(THEMES).length} themes: axe-core finds nothing, the policy holds`);
