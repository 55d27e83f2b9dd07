/** Which charts are drawn of figures, each with its words and with the same as a table. */

import type { Day, Figures, StageFigures } from "./figures";
import { type Picture, type Series, lying, stacked } from "./geometry";
import { many, portion, seconds, short } from "./wording";

export interface Chart {
  readonly title: string;
  /** The picture in a sentence, for who does not see it. */
  readonly words: string;
  readonly legend: readonly { readonly name: string; readonly look: number }[];
  readonly picture: Picture;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const REQUESTS: Series<Day>[] = [{ name: "requests", look: 1, of: (day) => day.requests }];
const TOKENS: Series<Day>[] = [
  { name: "read", look: 1, of: ({ costs }) => Math.max(0, costs.prompt_tokens - costs.cached_tokens) },
  { name: "reused", look: 3, of: ({ costs }) => costs.cached_tokens },
  { name: "written", look: 2, of: ({ costs }) => costs.completion_tokens },
];
const FINDINGS: Series<Day>[] = [
  { name: "shown", look: 1, of: ({ findings }) => findings.shown },
  { name: "withheld", look: 4, of: ({ findings }) => findings.withheld },
  { name: "withdrawn", look: 2, of: ({ findings }) => findings.withdrawn },
];
const DECISIONS: Series<Day>[] = [
  { name: "accepted", look: 3, of: (day) => day.accepted },
  { name: "other", look: 2, of: (day) => Math.max(0, day.decided - day.accepted) },
];
const FIRST: Series<StageFigures>[] = [
  { name: "median", look: 1, of: (row) => row.first_token.median },
  { name: "95 %", look: 2, of: (row) => row.first_token.p95 },
];
const TOOK: Series<StageFigures>[] = [
  { name: "median", look: 1, of: (row) => row.took.median },
  { name: "95 %", look: 2, of: (row) => row.took.p95 },
];

export function charts(figures: Figures): readonly Chart[] {
  const { days } = figures;
  const spoke = figures.stages.filter((row) => row.first_token.count > 0);
  const ran = figures.stages.filter((row) => row.took.count > 0);
  return [
    ...(days.length > 0 ? [byDay("Requests by day", days, REQUESTS), byDay("Tokens by day", days, TOKENS)] : []),
    ...(spoke.length > 0 ? [byStage("First token by stage and model", spoke, FIRST)] : []),
    ...(ran.length > 0 ? [byStage("Time by stage and model", ran, TOOK)] : []),
    ...(days.length > 0 ? [byDay("Findings by day", days, FINDINGS)] : []),
    ...(days.some(({ decided }) => decided > 0) ? [byDay("Decisions by day", days, DECISIONS)] : []),
  ];
}

export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly more: string;
}

export function tiles(figures: Figures): readonly Tile[] {
  const asked = figures.stages.filter(({ model }) => model !== "");
  const sum = (name: "prompt_tokens" | "cached_tokens" | "completion_tokens" | "kept" | "asked") =>
    asked.reduce((total, { costs }) => total + costs[name], 0);
  const spoke = figures.stages.filter(({ first_token }) => first_token.count > 0);
  const usual = spoke.toSorted((a, b) => b.first_token.count - a.first_token.count)[0];
  const { accepted, edited, undone, dismissed, rate } = figures.acceptance;
  const decided = accepted + edited + undone + dismissed;
  const away = figures.away.prompt_tokens + figures.away.completion_tokens;
  return [
    { name: "Requests", value: short(figures.requests), more: figures.since ? `since ${figures.since}` : "in all" },
    {
      name: "First token", value: seconds(usual?.first_token.median ?? null),
      more: usual ? `median of ${usual.stage}; 95 %: ${seconds(usual.first_token.p95)}` : "no model was asked",
    },
    {
      name: "Prompt reused", value: portion(sum("cached_tokens"), sum("prompt_tokens")),
      more: `of ${short(sum("prompt_tokens"))} tokens`,
    },
    {
      name: "Known before", value: portion(sum("kept"), sum("kept") + sum("asked")),
      more: `of ${short(sum("kept") + sum("asked"))} questions`,
    },
    {
      name: "Findings shown", value: short(figures.findings.shown),
      more: `${short(figures.findings.withheld)} withheld, ${short(figures.findings.withdrawn)} withdrawn`,
    },
    {
      name: "Accepted", value: rate === null ? "–" : portion(rate, 1),
      more: decided > 0 ? `of ${many(decided, "decision")}` : "nothing decided yet",
    },
    { name: "Left this machine", value: short(away), more: "tokens" },
  ];
}

function byDay(title: string, days: readonly Day[], series: readonly Series<Day>[]): Chart {
  const words = series
    .map((each) => `${each.name}: ${short(days.reduce((sum, day) => sum + (each.of(day) ?? 0), 0))}`)
    .join(", ");
  return {
    ...chart(title, days, ({ day }) => day, series, short),
    words: `${words}, in ${days.length} ${days.length === 1 ? "day" : "days"}`,
    picture: stacked(days, ({ day }) => day, series, short),
  };
}

function byStage(title: string, rows: readonly StageFigures[], series: readonly Series<StageFigures>[]): Chart {
  const name = ({ stage, model }: StageFigures) => (model ? `${stage}: ${model}` : stage);
  const words = rows.map((row) => `${name(row)}: ${series.map((each) => `${each.name} ${seconds(each.of(row))}`).join(", ")}`);
  return { ...chart(title, rows, name, series, seconds), words: words.join("; "), picture: lying(rows, name, series, seconds) };
}

function chart<T>(
  title: string, items: readonly T[], name: (item: T) => string, series: readonly Series<T>[],
  wording: (value: number | null) => string,
): Omit<Chart, "words" | "picture"> {
  return {
    title,
    legend: series.length > 1 ? series.map((each) => ({ name: each.name, look: each.look })) : [],
    heads: ["", ...series.map((each) => each.name)],
    rows: items.map((item) => [name(item), ...series.map((each) => wording(each.of(item)))]),
  };
}
