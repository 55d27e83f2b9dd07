/** The language client: what it tells the server of itself, and what it takes from it. */

import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  type ClientCapabilities,
  type DynamicFeature,
  type ErrorHandler,
  type FeatureState,
  type LanguageClientOptions,
  type Middleware,
  type StaticFeature,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  TransportKind,
} from "vscode-languageclient/node";
import { SECTION, chosen } from "./config";
import type { Launch } from "./launch";
import type { Abilities } from "./protocol";
import type { Shown } from "./shown";

export const LANGUAGES = [
  "c", "cpp", "csharp", "css", "go", "html", "java", "javascript", "javascriptreact", "json",
  "jsonc", "php", "python", "ruby", "rust", "shellscript", "typescript", "typescriptreact", "yaml",
];

/** The documents that are Mirador's business. */
export const DOCUMENTS = LANGUAGES.flatMap((language) => [
  { scheme: "file", language },
  { scheme: "untitled", language },
]);

/** Stands between the server's edits and the editor. */
export type EditMiddleware = NonNullable<NonNullable<Middleware["workspace"]>["handleApplyEdit"]>;

export interface Parts {
  readonly log: vscode.LogOutputChannel;
  /** The server's settings, by their names. */
  readonly settings: readonly string[];
  /** Documents that are nobody's business but ours: the server never hears of them. */
  readonly hidden: (uri: vscode.Uri) => boolean;
  /** Those that nobody sees yet: the server hears of them when somebody does. */
  readonly shown: Shown;
  readonly applyEdit: EditMiddleware;
  readonly errorHandler: ErrorHandler;
}

export class MiradorClient extends LanguageClient {
  constructor(how: Launch, parts: Parts) {
    const run = {
      command: how.command,
      args: [...how.args, "serve"],
      transport: TransportKind.stdio,
      // Not the workspace's folder: programs would be looked for there.
      options: { cwd: homedir(), env: { ...process.env, ...how.environment } },
    };
    super(SECTION, "Mirador", run, options(parts));
    this.registerFeature(new Declaration());
  }

  /**
   * The server's commands are registered by the features, which know what an argument is when a
   * user calls one from the palette, and which are there before a server runs.
   */
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const method = (feature as Partial<DynamicFeature<unknown>>).registrationType?.method;
    if (method !== ExecuteCommandRequest.method) {
      super.registerFeature(feature);
    }
  }
}

function options(parts: Parts): LanguageClientOptions {
  return {
    documentSelector: DOCUMENTS,
    outputChannel: parts.log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    // Hovers hold model text; the only links in them that do something are these two.
    markdown: { isTrusted: { enabledCommands: ["mirador.explain", "mirador.ask"] } },
    middleware: middleware(parts),
    errorHandler: parts.errorHandler,
    // Whoever starts it says why it did not start, once.
    initializationFailedHandler: () => false,
  };
}

function middleware({ hidden, shown, settings, applyEdit }: Parts): Middleware {
  return {
    didOpen: async (document, next) => {
      if (!hidden(document.uri)) {
        await shown.opened(document.uri, () => next(document));
      }
    },
    didChange: async (event, next) => {
      if (!hidden(event.document.uri) && !shown.holds(event.document.uri)) {
        await next(event);
      }
    },
    didSave: async (document, next) => {
      if (!hidden(document.uri) && !shown.holds(document.uri)) {
        await next(document);
      }
    },
    didClose: async (document, next) => {
      if (!hidden(document.uri) && shown.closed(document.uri)) {
        await next(document);
      }
    },
    window: {
      // Pages of the server's own are Markdown, and that is how they are shown.
      showDocument: async (params, token, next) => {
        const uri = vscode.Uri.parse(params.uri);
        if (uri.scheme !== SECTION) {
          return next(params, token);
        }
        await vscode.commands.executeCommand("markdown.showPreview", uri);
        return { success: true };
      },
    },
    workspace: {
      handleApplyEdit: applyEdit,
      // Only the news that something changed: the server then asks, and is told what was chosen.
      didChangeConfiguration: (_sections, next) => next(undefined),
      configuration: async (params, token, next) => {
        const answers = await next(params, token);
        if (!Array.isArray(answers)) {
          return answers;
        }
        return params.items.map((item, index) =>
          item.section === SECTION ? chosen(settings) : (answers[index] as unknown),
        );
      },
    },
  };
}

/** What the client declares beyond LSP. */
class Declaration implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    const mirador: Abilities = {
      status: true,
      answers: true,
      checkDiagnostics: true,
      commandLinks: true,
      vouchesForSettings: vscode.workspace.isTrusted,
    };
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), mirador };
  }

  initialize(): void {
    // Nothing: what the server offers follows from what was declared.
  }

  getState(): FeatureState {
    return { kind: "static" };
  }

  clear(): void {
    // Nothing is held.
  }
}
