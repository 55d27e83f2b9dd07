/** The panel's page: no remote content, no inline code, one script and one style sheet of ours. */

import { randomBytes } from "node:crypto";

export interface Sources {
  /** What may be loaded as a style sheet: the extension's own files. */
  readonly own: string;
  readonly script: string;
  /** In their order: what comes later has the last word. */
  readonly styles: readonly string[];
}

/** In `media/panel`. */
export const STYLES = ["base.css", "review.css", "findings.css", "ask.css", "metrics.css", "contrast.css"];

export function page({ own, script, styles }: Sources): string {
  const nonce = randomBytes(16).toString("base64");
  const policy = [
    "default-src 'none'",
    `style-src ${own}`,
    `script-src 'nonce-${nonce}'`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
${styles.map((style) => `    <link rel="stylesheet" href="${style}">`).join("\n")}
    <title>Mirador</title>
  </head>
  <body>
    <main id="root"><p role="status">The panel is loading. If it stays so, “Mirador: Show Log” says why.</p></main>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>
`;
}
