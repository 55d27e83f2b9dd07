/** Words of others for VS Code's notifications, which turn `[text](command:…)` into a link that acts. */

/** The same to read, and nothing to click: a model, or the code it has read, may have written it. */
export function unlinked(text: string): string {
  return text.replaceAll("](", "] (");
}
