/** What each event does to what the panel shows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_ANSWERS, MOST_REPLY_CHARACTERS, MOST_REVIEWS } from "../src/panel/model";
import { BEGINNING, reduce, state as readState } from "../src/panel/state";
import { newsOf } from "../src/panel/wording";
import { after, asked, began, ended, figures, stageBegan, stageDone, streamed } from "./panel-samples";

const stageOf = (state: ReturnType<typeof after>, name: string) =>
  state.reviews[0]?.stages.find((each) => each.name === name);

test("a review begins with all its stages waiting, each with the model it would run on", () => {
  const state = after(
    {
      kind: "health",
      health: { kind: "normal", busy: true, message: "", remedy: "" },
      models: [{ stage: "quick", model: "small", reason: "fits" }],
    },
    began("1.1", { spared: ["deep"] }),
  );
  assert.deepEqual(
    state.reviews[0]?.stages.map(({ name, status, model, spared }) => [name, status, model, spared]),
    [["instant", "waiting", "", false], ["quick", "waiting", "small", false], ["deep", "waiting", "", true]],
  );
});

test("a stage runs, gets on, and is done with what it cost", () => {
  let state = after(began(), stageBegan());
  assert.equal(stageOf(state, "quick")?.status, "running");
  state = reduce(state, {
    kind: "stageAt", run: "1.1", stage: "quick", done: 2, total: 4, unit: "total", lens: "bug", waiting: 1,
  });
  assert.deepEqual([stageOf(state, "quick")?.done, stageOf(state, "quick")?.waiting], [2, 1]);
  state = reduce(state, stageDone());
  const done = stageOf(state, "quick");
  assert.deepEqual([done?.status, done?.seconds, done?.cachedTokens, done?.done], ["done", 2.5, 600, 4]);
  assert.equal(stageOf(state, "deep")?.status, "waiting");
});

test("a stage that failed says why, and may begin again on another model", () => {
  const failed = { kind: "stageFailed", run: "1.1", stage: "quick", model: "small", seconds: 1, message: "Gone.", remedy: "Start it." } as const;
  let state = after(began(), stageBegan(), failed);
  assert.deepEqual([stageOf(state, "quick")?.status, stageOf(state, "quick")?.remedy], ["failed", "Start it."]);
  state = reduce(state, stageBegan("quick", { model: "other" }));
  const again = stageOf(state, "quick");
  assert.deepEqual([again?.status, again?.model, again?.message], ["running", "other", ""]);
});

test("when a review ends, stages that did not run are skipped, with the reason", () => {
  const state = after(began(), stageBegan(), stageDone(), ended("stopped"));
  assert.deepEqual(state.reviews[0]?.stages.map(({ status }) => status), ["skipped", "done", "skipped"]);
  assert.equal(stageOf(state, "deep")?.message, "The review was stopped.");
});

test("a server that ends leaves nothing running", () => {
  const state = after(began(), stageBegan(), { kind: "lost" });
  assert.deepEqual([state.reviews[0]?.state, stageOf(state, "quick")?.status], ["stopped", "skipped"]);
});

test("text goes to the stage of the running review of its document, by unit and lens", () => {
  const state = after(
    began(), stageBegan(), streamed("one "), streamed("two"), streamed("other", 0.3, { unit: "tax" }), streamed("three"),
  );
  assert.deepEqual(
    stageOf(state, "quick")?.replies.map(({ unit, pieces }) => [unit, pieces.map(({ content }) => content)]),
    [["total", ["one twothree"]], ["tax", ["other"]]],
  );
  assert.equal(after(streamed("nobody")).reviews.length, 0);
});

test("text of another confidence is a piece of its own, with the mean of its letters", () => {
  const state = after(began(), streamed("aa", 0.9), streamed("bb", 1), streamed("cc", 0.3), streamed("dd", 0.6));
  const pieces = stageOf(state, "quick")?.replies[0]?.pieces ?? [];
  assert.deepEqual(pieces.map(({ content, tone, id }) => [content, tone, id]), [["aabb", "high", 0], ["cc", "low", 1], ["dd", "fair", 2]]);
  assert.equal(pieces[0]?.confidence, 0.95);
});

test("of a long reply the end is kept, and that it was cut is known", () => {
  const state = after(began(), ...Array.from({ length: 20 }, (_, at) => streamed(String(at % 10).repeat(1000), at % 2 ? 0.9 : 0.1)));
  const reply = stageOf(state, "quick")?.replies[0];
  const length = reply?.pieces.reduce((sum, { content }) => sum + content.length, 0);
  assert.deepEqual([length, reply?.cut], [MOST_REPLY_CHARACTERS, true]);
  assert.equal(reply?.pieces.at(-1)?.content.at(-1), "9");
});

test("only the latest reviews are kept, and a run that begins anew takes its own place", () => {
  const many = Array.from({ length: MOST_REVIEWS + 3 }, (_, at) => began(`1.${at}`));
  assert.equal(after(...many).reviews.length, MOST_REVIEWS);
  assert.equal(after(began("1.1"), began("1.1")).reviews.length, 1);
});

test("what does not concern a review leaves the state as it is", () => {
  const state = after(began());
  assert.equal(reduce(state, stageBegan("quick", { run: "9.9" })), state);
  assert.equal(reduce(state, streamed("x", 0.5, { uri: "file:///other.py" })), state);
});

test("an answer fills, is replaced by each stage's whole text, and ends", () => {
  let state = after(
    asked(),
    { kind: "answerStage", id: 1, stage: "quick", model: "small", reason: "" },
    { kind: "answerText", id: 1, content: "It ", confidence: 0.9 },
    { kind: "answerText", id: 1, content: "adds", confidence: 0.2 },
  );
  assert.deepEqual(state.answers[0]?.draft.map(({ content }) => content), ["It ", "adds"]);
  state = reduce(state, { kind: "answerWhole", id: 1, stage: "quick", model: "small", text: "It adds.", confidence: 0.8 });
  assert.deepEqual([state.answers[0]?.text, state.answers[0]?.draft.length], ["It adds.", 0]);
  state = reduce(state, { kind: "answerEnded", id: 1, state: "finished", seconds: 2 });
  assert.equal(state.answers[0]?.state, "finished");
  assert.equal(reduce(state, { kind: "answerText", id: 1, content: "late", confidence: 1 }), state);
});

test("what was said before a stop stays", () => {
  const state = after(
    asked(),
    { kind: "answerText", id: 1, content: "half", confidence: 0.9 },
    { kind: "answerEnded", id: 1, state: "stopped", seconds: 1 },
  );
  assert.equal(state.answers[0]?.draft[0]?.content, "half");
});

test("a further question stands below, any other begins anew, and the older one stops", () => {
  const further = after(asked(1), asked(2, { follows: true, question: "why?" }));
  assert.deepEqual(further.answers.map(({ id, state }) => [id, state]), [[1, "stopped"], [2, "running"]]);
  assert.deepEqual(reduce(further, asked(3)).answers.map(({ id }) => id), [3]);
  const many = Array.from({ length: MOST_ANSWERS + 5 }, (_, at) => asked(at + 1, { follows: true }));
  assert.equal(after(...many).answers.length, MOST_ANSWERS);
});

test("answers of the window before come back, unless there are newer ones", () => {
  const kept = after(asked(7)).answers;
  const thread = { uri: "file:///cart.py", range: null, position: null, findingId: null, conversation: "c1" };
  const restored = { kind: "restored", answers: kept, thread } as const;
  assert.deepEqual(after(restored).answers.map(({ id, state }) => [id, state]), [[7, "stopped"]]);
  assert.equal(after(restored).thread?.conversation, "c1");
  const newer = after(asked(8), { kind: "threaded", thread: { ...thread, conversation: "c2" } }, restored);
  assert.deepEqual([newer.answers.map(({ id }) => id), newer.thread?.conversation], [[8], "c2"]);
});

test("figures of days that nobody wants any more come too late", () => {
  let state = after({ kind: "measuring", days: 7 }, { kind: "measuring", days: 90 });
  state = reduce(state, { kind: "measured", days: 7, figures: figures() });
  assert.deepEqual([state.metrics.state, state.metrics.figures], ["loading", null]);
  state = reduce(state, { kind: "measured", days: 90, figures: figures() });
  assert.equal(state.metrics.state, "there");
  assert.equal(reduce(state, { kind: "unmeasured", days: 90, message: "It is locked." }).metrics.message, "It is locked.");
});

test("the whole state survives being sent", () => {
  const state = after(began(), stageBegan(), streamed("x"), stageDone(), ended(), asked());
  assert.deepEqual(readState(JSON.parse(JSON.stringify(state))), state);
  assert.deepEqual(readState(JSON.parse(JSON.stringify(BEGINNING))), BEGINNING);
});

test("a screen reader hears of stages and of the end, and of nothing between", () => {
  const steps = [began(), stageBegan(), streamed("x"), stageDone(), ended()];
  let before = BEGINNING;
  const heard = steps.map((event) => {
    const now = reduce(before, event);
    const review = now.reviews[0];
    const news = review === undefined ? "" : newsOf(before.reviews[0], review);
    before = now;
    return news;
  });
  assert.deepEqual(heard, ["", "Quick: running", "", "Quick: done in 2.5 s", "cart.py: 2 findings."]);
});
