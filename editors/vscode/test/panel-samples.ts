/** Things the panel shows, with defaults for what a test does not speak about. */

import type { Event, Of } from "../src/panel/events";
import type { Day, Figures } from "../src/panel/figures";
import type { Row } from "../src/panel/model";
import { BEGINNING, type State, reduce } from "../src/panel/state";

export const NOW = 1_700_000_000_000;

export function after(...events: readonly Event[]): State {
  return events.reduce(reduce, BEGINNING);
}

export function began(run = "1.1", more: Partial<Of<"reviewBegan">> = {}): Event {
  return {
    kind: "reviewBegan", run, now: NOW, uri: "file:///cart.py", name: "cart.py",
    stages: ["instant", "quick", "deep"], spared: [], reason: "asked for", ...more,
  };
}

export function stageBegan(stage = "quick", more: Partial<Of<"stageBegan">> = {}): Event {
  return {
    kind: "stageBegan", run: "1.1", now: NOW + 1000, stage, model: "small", reason: "it is there", units: 4,
    leaves: false, ...more,
  };
}

export function stageDone(stage = "quick", more: Partial<Of<"stageDone">> = {}): Event {
  return {
    kind: "stageDone", run: "1.1", stage, model: "small", seconds: 2.5, promptTokens: 900, cachedTokens: 600,
    completionTokens: 40, firstTokenSeconds: 0.4, notReviewed: 0, ...more,
  };
}

export function ended(state: Of<"reviewEnded">["state"] = "finished", more: Partial<Of<"reviewEnded">> = {}): Event {
  return {
    kind: "reviewEnded", run: "1.1", state, message: "cart.py: 2 findings.", summary: "", seconds: 4,
    findings: 2, withheld: 0, hushed: 0, withdrawn: 0, ...more,
  };
}

export function streamed(content: string, confidence = 0.9, more: Partial<Of<"streamed">> = {}): Event {
  return { kind: "streamed", uri: "file:///cart.py", stage: "quick", unit: "total", lens: "bug", content, confidence, ...more };
}

export function asked(id = 1, more: Partial<Of<"asked">> = {}): Event {
  return { kind: "asked", id, title: "Explain", question: "", follows: false, ...more };
}

export function row(more: Partial<Row> = {}): Row {
  const file = more.file ?? "cart.py";
  const line = more.line ?? 0;
  return {
    key: `${file}:${line}`, file, line, severity: "warning", message: "It may be empty.", rule: "model/bug",
    stage: "quick", tool: "small", lens: "bug", symbol: "total", confidence: 0.7, ...more,
  };
}

const COSTS = {
  runs: 2, failures: 0, seconds: 3, prompt_tokens: 900, cached_tokens: 600, completion_tokens: 40, asked: 3, kept: 1,
};

export function day(name: string, more: Partial<Day> = {}): Day {
  return {
    day: name, requests: 4, costs: COSTS, findings: { shown: 3, withheld: 1, withdrawn: 1 },
    first_token: { count: 3, median: 0.4, p95: 1.2 }, decided: 2, accepted: 1, joules: 0, ...more,
  };
}

export function figures(more: Partial<Figures> = {}): Figures {
  const model = "qwen2.5-coder-0.5b";
  const stage = (name: string, of: string) => ({
    stage: name, model: of, costs: COSTS, first_token: { count: of ? 3 : 0, median: of ? 0.4 : null, p95: of ? 1.2 : null },
    took: { count: 5, median: 2, p95: 6 },
  });
  return {
    since: "2026-11-01", until: "2026-11-21", requests: 12,
    days: [day("2026-11-19"), day("2026-11-20"), day("2026-11-21")],
    stages: [stage("instant", ""), stage("quick", model), stage("deep", "qwen2.5-coder-1.5b")],
    kinds: [{ kind: "review", count: 12, stopped: 1, failed: 0, took: { count: 10, median: 4, p95: 9 } }],
    findings: { shown: 9, withheld: 3, withdrawn: 3 },
    acceptance: { tool: "", accepted: 3, edited: 1, undone: 0, dismissed: 2, rate: 0.66 },
    by_tool: [], here: COSTS, away: { ...COSTS, prompt_tokens: 0, completion_tokens: 0 }, ...more,
  };
}
