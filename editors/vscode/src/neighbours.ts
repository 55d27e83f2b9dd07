/**
 * What other extensions say of a document, and would say of another text for it.
 *
 * Both texts are shown to them as files of their own, so that the comparison is fair: whatever a
 * file outside the workspace lacks, both lack. That is given a few seconds and no more.
 */

import * as vscode from "vscode";
import type { CheckResult } from "./protocol";
import type { Scratch } from "./scratch";

/** How long others may take before anything comes from them. */
const FIRST_MS = 2_000;
/** Nothing new for this long: they have said all. */
const QUIET_MS = 400;
/** In all; the server does not wait longer than five seconds. */
const LONGEST_MS = 4_200;
const MOST = 5;
const SOURCE = "mirador";
/** Imports that a file outside its project cannot resolve say nothing about the change. */
const UNRESOLVED = /^(reportMissing(Imports|ModuleSource)|2307|import\/no-unresolved|E0401|import-error|import-not-found)$/;

export class Neighbours implements vscode.Disposable {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly scratch: Scratch) {}

  /** What is said of `text` and not of the document. One question at a time. */
  compare(uri: vscode.Uri, text: string, cancelled: vscode.CancellationToken): Promise<CheckResult> {
    const answer = this.turn.then(() => this.ask(uri, text, cancelled));
    this.turn = answer.catch(() => undefined);
    return answer;
  }

  dispose(): void {
    this.turn = Promise.resolve();
  }

  private async ask(
    uri: vscode.Uri,
    text: string,
    cancelled: vscode.CancellationToken,
  ): Promise<CheckResult> {
    const document = vscode.workspace.textDocuments.find(
      (candidate) => candidate.uri.toString() === uri.toString(),
    );
    if (document === undefined || cancelled.isCancellationRequested) {
      return { asked: false, worse: [] };
    }
    const copies: vscode.TextDocument[] = [];
    const listener = new Listener();
    try {
      const before = await this.scratch.open(document, document.getText());
      copies.push(before);
      const after = await this.scratch.open(document, text);
      copies.push(after);
      const heard = await listener.settled([before.uri, after.uri], cancelled);
      return heard
        ? { asked: true, worse: worse(said(before.uri), said(after.uri)) }
        : { asked: false, worse: [] };
    } finally {
      listener.dispose();
      await Promise.allSettled(copies.map((copy) => this.scratch.remove(copy)));
    }
  }
}

/** Hears which documents others have looked at: they report even that they found nothing. */
class Listener implements vscode.Disposable {
  private readonly heard = new Map<string, number>();
  private readonly subscription = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
    for (const uri of uris) {
      this.heard.set(uri.toString(), Date.now());
    }
  });

  /** True when something came for every one of `uris` and then no more for a while. */
  async settled(uris: readonly vscode.Uri[], cancelled: vscode.CancellationToken): Promise<boolean> {
    const started = Date.now();
    for (;;) {
      const times = uris.map((uri) => this.heard.get(uri.toString()));
      const now = Date.now();
      const complete = times.every((time) => time !== undefined);
      const quiet = times.every((time) => time !== undefined && now - time >= QUIET_MS);
      if (quiet || (complete && now - started >= LONGEST_MS)) {
        return true;
      }
      const silent = times.every((time) => time === undefined) && now - started >= FIRST_MS;
      if (cancelled.isCancellationRequested || silent || now - started >= LONGEST_MS) {
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  dispose(): void {
    this.subscription.dispose();
  }
}

interface Said {
  readonly message: string;
  readonly source: string;
}

function said(uri: vscode.Uri): Said[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter(({ source, severity }) => source !== SOURCE && severity <= vscode.DiagnosticSeverity.Warning)
    .filter((diagnostic) => !UNRESOLVED.test(codeOf(diagnostic)))
    .map(({ message, source }) => ({ message, source: source ?? "" }));
}

/** What is said more often after than before; lines move, so they do not count. */
function worse(before: readonly Said[], after: readonly Said[]): Said[] {
  const key = ({ message, source }: Said): string => `${source}\0${message}`;
  const left = new Map<string, number>();
  for (const one of before) {
    left.set(key(one), (left.get(key(one)) ?? 0) + 1);
  }
  const more = after.filter((one) => {
    const count = left.get(key(one)) ?? 0;
    left.set(key(one), count - 1);
    return count <= 0;
  });
  return more.slice(0, MOST);
}

function codeOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === "object" ? code.value : (code ?? ""));
}
