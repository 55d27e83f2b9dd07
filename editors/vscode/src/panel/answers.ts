/** Explanations and answers: what each event does to them. */

import { grown, tail } from "./confidence";
import type { Of } from "./events";
import { type Answer, MOST_ANSWERS, MOST_NOTICES, MOST_REPLY_CHARACTERS } from "./model";

type Answers = readonly Answer[];
type AnswerEvent = Of<
  | "asked" | "titled" | "progressed" | "answerStage" | "answerText" | "answerWhole"
  | "answerNotice" | "answerEnded" | "restored"
>;

export function applyToAnswers(answers: Answers, event: AnswerEvent): Answers {
  switch (event.kind) {
    case "asked":
      return asked(answers, event);
    case "restored":
      return answers.length > 0 ? answers : event.answers.map(halted);
    case "titled":
      return inAnswer(answers, event.id, (answer) => ({ ...answer, title: event.title }));
    case "progressed":
      return inAnswer(answers, event.id, (answer) => ({ ...answer, progress: event.message }));
    case "answerStage": {
      const { stage, model, reason } = event;
      return inAnswer(answers, event.id, (answer) => ({ ...answer, stage, model, reason, draft: [], progress: "" }));
    }
    case "answerText":
      return inAnswer(answers, event.id, (answer) => {
        const draft = grown(answer.draft, event.content, event.confidence);
        return { ...answer, draft: tail(draft, 4 * MOST_REPLY_CHARACTERS) };
      });
    case "answerWhole": {
      const { stage, model, confidence, text } = event;
      return inAnswer(answers, event.id, (answer) => ({ ...answer, text, by: { stage, model, confidence }, draft: [] }));
    }
    case "answerNotice":
      return inAnswer(answers, event.id, (answer) =>
        answer.notices.includes(event.message) || answer.notices.length >= MOST_NOTICES
          ? answer
          : { ...answer, notices: [...answer.notices, event.message] });
    case "answerEnded": {
      const { state, seconds } = event;
      return inAnswer(answers, event.id, (answer) => ({
        ...answer, state, seconds, progress: "",
        // What was said before it was stopped is worth something; of a whole answer nothing is left.
        draft: state === "finished" ? [] : answer.draft,
      }));
    }
  }
}

/** A question that goes on stands below the others; any other begins a new conversation. */
function asked(answers: Answers, { id, title, question, follows }: Of<"asked">): Answers {
  const fresh: Answer = {
    id, title, question, state: "running", stage: "", model: "", reason: "", text: "",
    by: { stage: "", model: "", confidence: 0 }, draft: [], progress: "", notices: [], seconds: null,
  };
  return follows ? [...answers.map(halted), fresh].slice(-MOST_ANSWERS) : [fresh];
}

function halted(answer: Answer): Answer {
  return answer.state === "running" ? { ...answer, state: "stopped", draft: [], progress: "" } : answer;
}

/** An answer that is over, or not shown any more, hears nothing: an old one may still talk. */
function inAnswer(answers: Answers, id: number, change: (answer: Answer) => Answer): Answers {
  const at = answers.findIndex((each) => each.id === id && each.state === "running");
  const before = answers[at];
  const after = before === undefined ? undefined : change(before);
  return after === undefined || after === before ? answers : answers.with(at, after);
}
