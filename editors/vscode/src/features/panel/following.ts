/** What the server tells while it works, handed on to the panel. */

import {
  type ClientCapabilities, type FeatureState, type LanguageClient, type StaticFeature, NotificationType,
} from "vscode-languageclient/node";
import type { Context } from "../../context";
import type { Event } from "../../panel/events";
import { Malformed } from "../../panel/schema";
import { reviewEvent, reviewNews, statusEvent, statusNews, streamNews } from "../../panel/wire";

const REVIEW = new NotificationType<unknown>("mirador/review");
const STREAM = new NotificationType<unknown>("mirador/stream");

export function follow(context: Context, tell: (event: Event) => void): void {
  const { server, log } = context;
  let life = 0;
  const reading = (what: string, act: () => Event): void => {
    try {
      tell(act());
    } catch (error) {
      if (!(error instanceof Malformed)) {
        throw error;
      }
      log.warn(`Ignored ${what} of the server: ${error.message}.`);
    }
  };
  server.onClient((client: LanguageClient) => {
    life += 1;
    const ours = life;
    client.registerFeature(new Wish());
    client.onNotification(REVIEW, (said) => {
      reading("news of a review", () => reviewEvent(reviewNews(said), ours, Date.now()));
    });
    client.onNotification(STREAM, (said) => {
      reading("text", () => ({ kind: "streamed", ...streamNews(said) }));
    });
  });
  const become = (): void => {
    const { trouble, state } = server;
    if (state !== "running") {
      tell({ kind: "lost" });
    }
    const { message, remedy } = trouble ?? { message: "", remedy: "" };
    tell({ kind: "server", server: { condition: state, message: message.slice(0, 4000), remedy } });
  };
  context.extension.subscriptions.push(
    server.onDidChange(become),
    context.status.event((said) => {
      reading("the status", () => statusEvent(statusNews(said)));
    }),
  );
  become();
}

/** Asks for the two notifications, beside what the client declares already. */
class Wish implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    const experimental = (capabilities.experimental ?? {}) as { mirador?: object };
    capabilities.experimental = {
      ...experimental,
      mirador: { ...experimental.mirador, stream: true, review: true },
    };
  }

  initialize(): void {
    // Nothing: the server sends what was asked for.
  }

  getState(): FeatureState {
    return { kind: "static" };
  }

  clear(): void {
    // Nothing is held.
  }
}
