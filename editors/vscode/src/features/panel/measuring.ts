/** Figures of requests, asked of the server when the panel shows them. */

import { RequestType } from "vscode-languageclient/node";
import type { Context } from "../../context";
import type { Event } from "../../panel/events";
import { figures } from "../../panel/figures";
import { flag, object } from "../../panel/schema";

const METRICS = new RequestType<{ days: number }, unknown, void>("mirador/metrics");
const MOST_DAYS = 731;
const counted = object({ counted: flag });

export async function measure(context: Context, wanted: number, tell: (event: Event) => void): Promise<void> {
  const days = Math.min(MOST_DAYS, Math.max(1, wanted));
  tell({ kind: "measuring", days });
  try {
    const { state } = context.server;
    // Asking for it when there is none would make a message pop up, and the panel says it already.
    const client = state === "missing" || state === "stopped" ? undefined : await context.server.running();
    if (client === undefined) {
      tell({ kind: "unmeasured", days, message: "The server does not run." });
      return;
    }
    const said = await client.sendRequest(METRICS, { days });
    tell(counted(said).counted ? { kind: "measured", days, figures: figures(said) } : { kind: "uncounted", days });
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
    context.log.error(message);
    tell({ kind: "unmeasured", days, message });
  }
}
