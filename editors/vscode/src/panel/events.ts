/** Everything that can change what the panel shows. */

import { figures } from "./figures";
import { answer, chosen, health, row, server, thread, MOST_ANSWERS, MOST_FINDINGS } from "./model";
import { type Read, count, flag, list, maybe, number, oneOf, share, tagged, text } from "./schema";

const run = text(40);
const id = count;
const LONG = 100_000;

/** `now` is the moment of an event, in milliseconds since the epoch: the reducer knows no clock. */
export const event = tagged({
  server: { server },
  health: { health, models: list(chosen, 40) },
  /** The server ended: what ran does not run any more. */
  lost: {},
  findings: { rows: list(row, MOST_FINDINGS), left: count },

  reviewBegan: {
    run, now: number, uri: text(), name: text(), stages: list(text(40), 20),
    spared: list(text(40), 20), reason: text(),
  },
  stageBegan: { run, now: number, stage: text(40), model: text(), reason: text(), units: count, leaves: flag },
  stageAt: { run, stage: text(40), done: count, total: count, unit: text(), lens: text(40), waiting: count },
  stageDone: {
    run, stage: text(40), model: text(), seconds: number, promptTokens: count, cachedTokens: count,
    completionTokens: count, firstTokenSeconds: maybe(number), notReviewed: count,
  },
  stageFailed: { run, stage: text(40), model: text(), seconds: number, message: text(), remedy: text() },
  notice: { run, message: text() },
  reviewEnded: {
    run, state: oneOf("finished", "stopped", "failed"), message: text(), summary: text(),
    seconds: number, findings: count, withheld: count, hushed: count, withdrawn: count,
  },
  streamed: { uri: text(), stage: text(40), unit: text(), lens: text(40), content: text(LONG), confidence: share },

  asked: { id, title: text(), question: text(), follows: flag },
  titled: { id, title: text() },
  progressed: { id, message: text() },
  answerStage: { id, stage: text(40), model: text(), reason: text() },
  answerText: { id, content: text(LONG), confidence: share },
  answerWhole: { id, stage: text(40), model: text(), text: text(LONG), confidence: share },
  answerNotice: { id, message: text() },
  answerEnded: { id, state: oneOf("finished", "stopped", "failed"), seconds: number },
  /** What the next question would go on with. */
  threaded: { thread },
  restored: { answers: list(answer, MOST_ANSWERS), thread: maybe(thread) },

  measuring: { days: count },
  measured: { days: count, figures },
  uncounted: { days: count },
  unmeasured: { days: count, message: text() },
});
export type Event = Read<typeof event>;
export type Of<K extends Event["kind"]> = Extract<Event, { kind: K }>;
