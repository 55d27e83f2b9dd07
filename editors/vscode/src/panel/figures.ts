/** Figures of requests, as the server's `mirador/metrics` tells them: the part that is shown. */

import { type Read, count, list, maybe, number, object, text } from "./schema";

const costs = object({
  runs: count,
  failures: count,
  seconds: number,
  prompt_tokens: count,
  cached_tokens: count,
  completion_tokens: count,
  asked: count,
  kept: count,
});
const spread = object({ count, median: maybe(number), p95: maybe(number) });
const fates = object({ shown: count, withheld: count, withdrawn: count });

export const day = object({
  day: text(20),
  requests: count,
  costs,
  findings: fates,
  first_token: spread,
  decided: count,
  accepted: count,
  joules: number,
});
export type Day = Read<typeof day>;

export const stageFigures = object({
  stage: text(40),
  model: text(),
  costs,
  first_token: spread,
  took: spread,
});
export type StageFigures = Read<typeof stageFigures>;

const acceptance = object({
  tool: text(),
  accepted: count,
  edited: count,
  undone: count,
  dismissed: count,
  rate: maybe(number),
});

export const figures = object({
  since: text(20),
  until: text(20),
  requests: count,
  days: list(day, 800),
  stages: list(stageFigures, 400),
  kinds: list(object({ kind: text(40), count, stopped: count, failed: count, took: spread }), 100),
  findings: fates,
  acceptance,
  by_tool: list(acceptance, 400),
  here: costs,
  away: costs,
});
export type Figures = Read<typeof figures>;
