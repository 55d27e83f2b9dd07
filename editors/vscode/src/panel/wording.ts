/** Figures and states in words, the same everywhere in the panel. */

import { percent } from "./confidence";
import type { Review, Stage } from "./model";

/** "1.2 M", "14 k", "3.5", "120"; a dash for what there is not. */
export function short(value: number | null): string {
  if (value === null) {
    return "–";
  }
  if (value >= 1e6) {
    return `${(value / 1e6).toFixed(1)} M`;
  }
  if (value >= 1e4) {
    return `${Math.round(value / 1e3)} k`;
  }
  return value < 10 && value % 1 !== 0 ? value.toFixed(1) : grouped(value);
}

/** "4,096". */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function seconds(value: number | null): string {
  if (value === null) {
    return "–";
  }
  if (value < 1) {
    return `${Math.round(value * 1000)} ms`;
  }
  return value < 100 ? `${value.toFixed(1)} s` : `${(value / 60).toFixed(1)} min`;
}

export function portion(part: number, whole: number): string {
  return whole > 0 ? percent(part / whole) : "–";
}

export function many(count: number, one: string, more = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : more}`;
}

const STAGES: Readonly<Record<string, string>> = {
  instant: "Static",
  quick: "Quick",
  deep: "Deep",
  synthesis: "Synthesis",
};

/** What users call a stage; one of a name that is not known keeps it. */
export function stageName(name: string): string {
  return STAGES[name] ?? name;
}

export function statusInWords(stage: Stage): string {
  switch (stage.status) {
    case "waiting":
      return "waiting";
    case "running":
      return stage.waiting > 0 ? `waits for its model: ${many(stage.waiting, "request")} first` : "running";
    case "done":
      return stage.spared ? "done: repeats what it said of unchanged code" : "done";
    case "failed":
      return "failed";
    case "skipped":
      return "skipped";
  }
}

/** Tokens, time and what was left out, for a stage that has ended or runs. */
export function costsInWords(stage: Stage): readonly string[] {
  const said: string[] = [];
  if (stage.firstTokenSeconds !== null) {
    said.push(`first token after ${seconds(stage.firstTokenSeconds)}`);
  }
  if (stage.promptTokens > 0) {
    const reused = stage.cachedTokens > 0 ? ` (${portion(stage.cachedTokens, stage.promptTokens)} reused)` : "";
    said.push(`${grouped(stage.promptTokens)} tokens read${reused}`);
  }
  if (stage.completionTokens > 0) {
    said.push(`${many(stage.completionTokens, "token")} written`);
  }
  if (stage.notReviewed > 0) {
    said.push(`${many(stage.notReviewed, "unit")} not looked at`);
  }
  return said;
}

/** What a screen reader is told when a review has changed; "" for changes that are not news. */
export function newsOf(before: Review | undefined, after: Review): string {
  if (after.state !== "running") {
    return before?.state === "running" ? after.message : "";
  }
  const changed = after.stages.filter((each) => {
    const earlier = before?.stages.find(({ name }) => name === each.name);
    return each.status !== "waiting" && each.status !== (earlier?.status ?? "waiting");
  });
  return changed
    .map((each) => {
      const took = each.status === "done" ? ` in ${seconds(each.seconds)}` : "";
      const why = each.status === "failed" ? `: ${each.message}` : "";
      return `${stageName(each.name)}: ${each.status}${took}${why}`;
    })
    .join(". ");
}
