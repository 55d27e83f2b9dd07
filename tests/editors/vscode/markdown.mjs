/** The panel's little Markdown, in a real browser: text stays text, whatever a model says. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const CASES = [
  ["one\ntwo\n\nthree", "<p>one two</p><p>three</p>"],
  ["a `b` and ``c ` d``", "<p>a <code>b</code> and <code>c ` d</code></p>"],
  ["- one\n- two `x`\n  more", "<ul><li>one</li><li>two <code>x</code> more</li></ul>"],
  ["1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"],
  ["**sure** 2**3**4", "<p><strong>sure</strong> 2<strong>3</strong>4</p>"],
  ["```python\nif a < b:\n    pass\n```\nafter", "<pre tabindex=\"0\"><code>if a &lt; b:\n    pass</code></pre><p>after</p>"],
  ["```\nnever closed", "<pre tabindex=\"0\"><code>never closed</code></pre>"],
  ["# Heading", '<p class="heading">Heading</p>'],
  ["<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"],
  ["`<script>alert(1)</script>`", "<p><code>&lt;script&gt;alert(1)&lt;/script&gt;</code></p>"],
  ["[a](command:x) <https://x.example> ![i](y)", "<p>[a](command:x) &lt;https://x.example&gt; ![i](y)</p>"],
  ["a ` b", "<p>a ` b</p>"],
  ["", ""],
];

const require = createRequire(join(process.env.EXTENSION, "package.json"));
const { outputFiles } = await require("esbuild").build({
  entryPoints: [join(process.env.EXTENSION, "src/webview/markdown.ts")],
  bundle: true,
  write: false,
  format: "iife",
  globalName: "markdown",
});
const browser = await chromium.launch({
  executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage();
await page.addScriptTag({ content: outputFiles[0].text });
for (const [text, wanted] of CASES) {
  const html = await page.evaluate((said) => {
    const holder = document.createElement("div");
    holder.append(globalThis.markdown.render(said));
    return holder.innerHTML;
  }, text);
  assert.equal(html, wanted, text);
}
// Half of a text, as it is while it streams, and a very long one are no trouble either.
const long = CASES.map(([text]) => text).join("\n\n").repeat(200);
const took = await page.evaluate((said) => {
  const started = performance.now();
  for (let end = 0; end < 400; end += 1) {
    globalThis.markdown.render(said.slice(0, end));
  }
  globalThis.markdown.render(said);
  return performance.now() - started;
}, long);
await browser.close();
console.log(`ok ${CASES.length} texts, ${long.length} characters in ${took.toFixed(0)} ms`);
