import * as vscode from "vscode";
import type { Feed } from "../agents/feed.ts";
import type { CommentView } from "../protocol.gen.ts";
import type { Server } from "../server/server.ts";
import { OWN } from "./places.ts";
import { documentOf, documentUri, type Changeset } from "./uris.ts";

const STATES: Record<CommentView["state"] & string, string> = {
  pending: "not sent yet",
  sent: "sent to the agent",
  resolved: "resolved",
};

const KINDS = new Set(["commentAdded", "commentsSent", "commentResolved"]);

interface Thread {
  thread: vscode.CommentThread;
  comment: CommentView | undefined;
}

/** Native comments on the new side of a diff; they go to the agent that wrote it. */
export class ReviewComments implements vscode.Disposable {
  private readonly controller: vscode.CommentController;
  private readonly threads = new Map<string, Thread>();
  private readonly listener: vscode.Disposable;

  constructor(
    private readonly server: Server,
    feed: Feed,
    private readonly report: (error: unknown) => void,
  ) {
    this.controller = vscode.comments.createCommentController("athena.review", "Athena Review");
    this.controller.options = {
      prompt: "Comment for the agent",
      placeHolder: "What should be different here?",
    };
    this.controller.commentingRangeProvider = {
      provideCommentingRanges: (document) =>
        documentOf(document.uri)?.side === "new"
          ? [new vscode.Range(0, 0, Math.max(0, document.lineCount - 1), 0)]
          : [],
    };
    this.listener = vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument((document) => this.loadFor(document)),
      // They may be written, sent and resolved in another window or editor.
      feed.onChange(({ events, anew }) => {
        const touched = new Set(events.filter((e) => KINDS.has(e.kind)).map((e) => e.agentId));
        if (!anew && touched.size === 0) return;
        for (const document of vscode.workspace.textDocuments) {
          const agent = documentOf(document.uri)?.changeset.agent;
          if (agent && (anew || touched.has(agent))) this.loadFor(document);
        }
      }),
    );
  }

  /** Write what was typed as a comment; with `send` the agent gets it at once. */
  async add(reply: vscode.CommentReply, send: boolean): Promise<void> {
    const wanted = documentOf(reply.thread.uri);
    if (!wanted) return;
    const { agent, repository, turnId } = wanted.changeset;
    const { start, end } = reply.thread.range ?? new vscode.Range(0, 0, 0, 0);
    const comment = await this.server.request("athena/review/comment", {
      agent,
      ...(repository ? { repository } : {}),
      path: wanted.path,
      line: start.line + 1,
      text: reply.text,
      send,
      ...(end.line > start.line ? { endLine: end.line + 1 } : {}),
      ...(turnId ? { turnId } : {}),
    });
    reply.thread.dispose();
    this.show(wanted.changeset, comment);
  }

  /** The comment is done with. */
  async resolve(thread: vscode.CommentThread): Promise<void> {
    const known = [...this.threads.values()].find((one) => one.thread === thread)?.comment;
    if (!known) {
      thread.dispose();
      return;
    }
    const { agentId, commentId } = known;
    await this.server.request("athena/review/resolve", { agent: agentId, commentId });
    thread.state = vscode.CommentThreadState.Resolved;
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
  }

  /** Show the comments on a file, as they are now. */
  async load(changeset: Changeset, path: string): Promise<void> {
    const { agent, repository } = changeset;
    const { comments } = await this.server.request("athena/review/listComments", { agent, path });
    for (const comment of comments) {
      if ((comment.repository ?? OWN) === (repository ?? OWN)) this.show(changeset, comment);
    }
  }

  dispose(): void {
    this.listener.dispose();
    this.controller.dispose();
  }

  private loadFor({ uri }: vscode.TextDocument): void {
    const wanted = documentOf(uri);
    if (wanted?.side === "new") this.load(wanted.changeset, wanted.path).catch(this.report);
  }

  private show(changeset: Changeset, comment: CommentView): void {
    const uri = documentUri({ changeset, path: comment.path, side: "new" });
    const key = `${uri.toString()}#${comment.commentId}`;
    const first = Math.max(0, comment.line - 1);
    const last = Math.max(first, (comment.endLine ?? comment.line) - 1);
    const known = this.threads.get(key)?.thread;
    const thread =
      known ?? this.controller.createCommentThread(uri, new vscode.Range(first, 0, last, 0), []);
    const state = comment.state ?? "pending";
    thread.comments = [
      {
        author: { name: comment.by },
        body: new vscode.MarkdownString(comment.text),
        mode: vscode.CommentMode.Preview,
        label: STATES[state],
        timestamp: new Date(comment.at),
      },
    ];
    thread.canReply = false;
    thread.contextValue = state;
    thread.label = STATES[state];
    thread.state =
      state === "resolved"
        ? vscode.CommentThreadState.Resolved
        : vscode.CommentThreadState.Unresolved;
    if (!known) {
      thread.collapsibleState =
        state === "resolved"
          ? vscode.CommentThreadCollapsibleState.Collapsed
          : vscode.CommentThreadCollapsibleState.Expanded;
    }
    this.threads.set(key, { thread, comment });
  }
}
