/** The panel's page: no remote content, no inline code, one script and one style sheet of ours. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

export function page(webview: vscode.Webview, dist: vscode.Uri, media: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const script = webview.asWebviewUri(vscode.Uri.joinPath(dist, "panel.js")).toString();
  const style = webview.asWebviewUri(vscode.Uri.joinPath(media, "panel.css")).toString();
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <link rel="stylesheet" href="${style}">
    <title>Mirador</title>
  </head>
  <body>
    <main id="root"></main>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>
`;
}
