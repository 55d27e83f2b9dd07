/** What the extension and its panel say to each other. */

/** One question and its answer; `id` tells them apart when an old one still talks. */
export type ToPanel =
  | { kind: "begin"; id: number; title: string; question: string; follows: boolean }
  | { kind: "title"; id: number; title: string }
  | { kind: "progress"; id: number; message: string }
  | { kind: "stage"; id: number; stage: string; model: string; reason: string }
  | { kind: "text"; id: number; content: string; confidence: number }
  | { kind: "answer"; id: number; stage: string; model: string; text: string; confidence: number }
  | { kind: "notice"; id: number; message: string }
  | { kind: "end"; id: number; state: "finished" | "stopped" | "failed"; seconds: number };

export type FromPanel =
  | { kind: "ready" }
  | { kind: "cancel" }
  | { kind: "ask"; question: string };
