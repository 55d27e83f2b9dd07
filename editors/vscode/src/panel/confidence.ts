/** Confidence in three steps, and text that is gathered by it. */

import type { Piece, Tone } from "./model";

/** The same steps as in hovers and on the command line. */
export function toneOf(confidence: number): Tone {
  return confidence < 0.5 ? "low" : confidence < 0.8 ? "fair" : "high";
}

export const SURE: Readonly<Record<Tone, string>> = {
  low: "unsure",
  fair: "fairly sure",
  high: "sure",
};

/** Whole percent, rounded down so that it never looks like the step above its own. */
export function percent(confidence: number): string {
  return `${Math.floor(confidence * 100 + 1e-6)} %`;
}

/** The pieces with more text at their end: it joins the last piece where that is of its tone. */
export function grown(pieces: readonly Piece[], content: string, confidence: number): readonly Piece[] {
  const last = pieces.at(-1);
  const tone = toneOf(confidence);
  if (last === undefined || last.tone !== tone) {
    return [...pieces, { id: (last?.id ?? -1) + 1, content, tone, confidence }];
  }
  const characters = last.content.length + content.length;
  const mean = characters === 0 ? confidence
    : (last.confidence * last.content.length + confidence * content.length) / characters;
  const joined = { ...last, content: last.content + content, confidence: Math.min(1, Math.max(0, mean)) };
  return [...pieces.slice(0, -1), joined];
}

/** The end of the pieces, `most` characters at most, whole pieces but for the first. */
export function tail(pieces: readonly Piece[], most: number): readonly Piece[] {
  let left = most;
  const kept: Piece[] = [];
  for (const each of pieces.toReversed()) {
    if (left <= 0) {
      break;
    }
    kept.push(each.content.length <= left ? each : { ...each, content: each.content.slice(-left) });
    left -= each.content.length;
  }
  return kept.reverse();
}

/** The mean over all characters; null without any. */
export function mean(pieces: readonly Piece[]): number | null {
  const characters = pieces.reduce((sum, each) => sum + each.content.length, 0);
  return characters === 0
    ? null
    : pieces.reduce((sum, each) => sum + each.confidence * each.content.length, 0) / characters;
}
