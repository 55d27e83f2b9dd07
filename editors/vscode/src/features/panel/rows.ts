/** The findings of all files, as the editor shows them, for the panel's list. */

import * as vscode from "vscode";
import { MOST_FINDINGS, type Row, type Severity } from "../../panel/model";
import { type Shown, findings } from "../../place";

/** Diagnostics change in bursts; the list is made once for each. */
const SETTLE_MS = 120;
/** Who says so and how sure stands at the end of a message, and in columns of its own in the list. */
const TAIL = / \([^()]*\d+ %[^()]*\)$/;
const SEVERITIES: Readonly<Record<vscode.DiagnosticSeverity, Severity>> = {
  [vscode.DiagnosticSeverity.Error]: "error",
  [vscode.DiagnosticSeverity.Warning]: "warning",
  [vscode.DiagnosticSeverity.Information]: "information",
  [vscode.DiagnosticSeverity.Hint]: "hint",
};

export interface Found {
  readonly uri: vscode.Uri;
  readonly shown: Shown;
}

export class Rows implements vscode.Disposable {
  private timer: NodeJS.Timeout | undefined;
  private byKey = new Map<string, Found>();
  private readonly listener: vscode.Disposable;

  constructor(private readonly tell: (rows: readonly Row[], left: number) => void) {
    this.listener = vscode.languages.onDidChangeDiagnostics(() => {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.look();
      }, SETTLE_MS);
    });
  }

  /** The finding that a row of the list stands for; the panel knows nothing else of it. */
  of(key: string): Found | undefined {
    return this.byKey.get(key);
  }

  look(): void {
    const all = vscode.languages
      .getDiagnostics()
      .flatMap(([uri]) => findings(uri).map((shown) => ({ uri, shown })));
    const kept = all.slice(0, MOST_FINDINGS);
    this.byKey = new Map(kept.map((found) => [keyOf(found), found]));
    this.tell(kept.map(rowOf), all.length - kept.length);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listener.dispose();
  }
}

function keyOf({ uri, shown }: Found): string {
  return `${shown.id} ${uri.toString()}`;
}

function rowOf(found: Found): Row {
  const { uri, shown } = found;
  const { diagnostic } = shown;
  const data = (diagnostic as { data?: Record<string, unknown> }).data ?? {};
  const { code } = diagnostic;
  const word = (name: string): string => {
    const value = data[name];
    return typeof value === "string" ? value.slice(0, 200) : "";
  };
  const sure = data["confidence"];
  return {
    key: keyOf(found),
    file: vscode.workspace.asRelativePath(uri).slice(0, 4000),
    line: diagnostic.range.start.line,
    severity: SEVERITIES[diagnostic.severity],
    message: diagnostic.message.replace(TAIL, "").slice(0, 4000),
    rule: String(typeof code === "object" ? code.value : (code ?? "")).slice(0, 200),
    stage: word("stage").slice(0, 40),
    tool: word("tool"),
    lens: word("lens").slice(0, 40),
    symbol: word("symbol"),
    confidence: typeof sure === "number" && sure >= 0 && sure <= 1 ? sure : 0,
  };
}
