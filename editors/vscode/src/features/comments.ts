/** Findings as comment threads at their lines, for those who want them (`mirador.commentThreads`). */

import * as vscode from "vscode";
import { SECTION, wants } from "../config";
import type { Context } from "../context";
import { type Shown, findings } from "../place";
import { readyFix } from "../remedy";
import { run } from "../run";
import { type Stretch, shifted } from "../shift";

const SETTING = `${SECTION}.commentThreads`;
const SEVERITIES = ["Error", "Warning", "Information", "Hint"];
/** By the button's command, what the server does about a finding. */
const SAYINGS: Readonly<Record<string, string>> = {
  "mirador.thread.explain": "mirador.explain",
  "mirador.thread.dismiss": "mirador.dismiss",
};

export function activate(context: Context): void {
  const threads = new Threads();
  const { subscriptions } = context.extension;
  const register = (command: string, act: (finding: Known) => Promise<void>): void => {
    subscriptions.push(
      vscode.commands.registerCommand(command, async (thread: unknown) => {
        const finding = threads.about(thread);
        if (finding !== undefined) {
          await act(finding);
        }
      }),
    );
  };
  for (const [button, command] of Object.entries(SAYINGS)) {
    register(button, async ({ uri, id }) => {
      await vscode.commands.executeCommand(command, { uri: uri.toString(), findingId: id });
    });
  }
  register("mirador.thread.accept", accept);
  register("mirador.thread.helpful", (finding) => helpful(context, threads, finding));
  subscriptions.push(
    threads,
    vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      for (const uri of uris) {
        threads.follow(uri);
      }
    }),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      threads.move(document.uri, contentChanges);
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SETTING)) {
        threads.want(wants("commentThreads"));
      }
    }),
  );
  threads.want(wants("commentThreads"));
}

/** A finding that has a thread. */
interface Known {
  readonly uri: vscode.Uri;
  readonly id: string;
}

/** The fix that is ready is made as it is; else a model writes one. */
async function accept({ uri, id }: Known): Promise<void> {
  const ready = await readyFix(uri, id);
  if (ready === undefined) {
    await vscode.commands.executeCommand("mirador.fix", { uri: uri.toString(), findingId: id });
  } else if (!(await vscode.workspace.applyEdit(ready.edit))) {
    void vscode.window.showWarningMessage("Mirador: the fix was not made; the text has changed.");
  }
}

async function helpful({ server }: Context, threads: Threads, finding: Known): Promise<void> {
  const client = await server.running();
  if (client !== undefined) {
    const argument = { uri: finding.uri.toString(), findingId: finding.id };
    const answer = await run(client, { command: "mirador.helpful", argument });
    if (answer !== undefined) {
      threads.thank(finding);
    }
  }
}

/** One thread for each finding that is shown, while they are wanted. */
class Threads implements vscode.Disposable {
  private controller: vscode.CommentController | undefined;
  /** By document, then by finding. */
  private readonly shown = new Map<string, Map<string, vscode.CommentThread>>();

  want(wanted: boolean): void {
    if (wanted === (this.controller !== undefined)) {
      return;
    }
    if (!wanted) {
      this.dispose();
      return;
    }
    this.controller = vscode.comments.createCommentController(SECTION, "Mirador");
    this.controller.options = { prompt: "", placeHolder: "" };
    for (const [uri] of vscode.languages.getDiagnostics()) {
      this.follow(uri);
    }
  }

  /** What the diagnostics of a document say now: new threads, others gone, others elsewhere. */
  follow(uri: vscode.Uri): void {
    const { controller } = this;
    if (controller === undefined) {
      return;
    }
    const key = uri.toString();
    const old = this.shown.get(key) ?? new Map<string, vscode.CommentThread>();
    const now = new Map<string, vscode.CommentThread>();
    for (const finding of findings(uri)) {
      const thread = now.get(finding.id) ?? old.get(finding.id);
      now.set(finding.id, show(controller, uri, finding, thread));
      old.delete(finding.id);
    }
    for (const gone of old.values()) {
      gone.dispose();
    }
    if (now.size > 0) {
      this.shown.set(key, now);
    } else {
      this.shown.delete(key);
    }
  }

  /** The text was edited: the threads go along until the findings are told anew. */
  move(uri: vscode.Uri, changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    for (const thread of this.shown.get(uri.toString())?.values() ?? []) {
      const { start, end } = changes.reduce<Stretch>(shifted, thread.range);
      const moved = new vscode.Range(start.line, start.character, end.line, end.character);
      if (!moved.isEqual(thread.range)) {
        thread.range = moved;
      }
    }
  }

  /** The finding of a thread that a button was pressed on. */
  about(thread: unknown): Known | undefined {
    for (const threads of this.shown.values()) {
      for (const [id, known] of threads) {
        if (known === thread) {
          return { uri: known.uri, id };
        }
      }
    }
    return undefined;
  }

  /** Shows that the user's word was heard. */
  thank({ uri, id }: Known): void {
    const thread = this.shown.get(uri.toString())?.get(id);
    if (thread !== undefined) {
      thread.comments = thread.comments.map((comment) => ({ ...comment, label: "you find it helpful" }));
    }
  }

  dispose(): void {
    this.shown.clear();
    // With it go its threads.
    this.controller?.dispose();
    this.controller = undefined;
  }
}

function show(
  controller: vscode.CommentController,
  uri: vscode.Uri,
  { diagnostic }: Shown,
  thread: vscode.CommentThread | undefined,
): vscode.CommentThread {
  const body = new vscode.MarkdownString();
  // A model may have written it: as text it makes no link, no image and no command.
  body.appendText(diagnostic.message);
  if (thread === undefined) {
    const made = controller.createCommentThread(uri, diagnostic.range, [comment(diagnostic, body)]);
    made.canReply = false;
    made.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
    made.contextValue = "finding";
    made.label = SEVERITIES[diagnostic.severity] ?? "Finding";
    return made;
  }
  if (!thread.range.isEqual(diagnostic.range)) {
    thread.range = diagnostic.range;
  }
  const [said] = thread.comments;
  if (said === undefined || (said.body as vscode.MarkdownString).value !== body.value) {
    thread.comments = [comment(diagnostic, body)];
  }
  return thread;
}

function comment(diagnostic: vscode.Diagnostic, body: vscode.MarkdownString): vscode.Comment {
  const { code } = diagnostic;
  const rule = typeof code === "object" ? code.value : code;
  return {
    body,
    mode: vscode.CommentMode.Preview,
    author: { name: "Mirador" },
    ...(rule === undefined ? {} : { label: String(rule) }),
  };
}
