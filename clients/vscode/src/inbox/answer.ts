import * as vscode from "vscode";
import { askLine, chooseOne, chooseSeveral } from "../asking.ts";
import {
  ErrorCode,
  type Inquiry,
  type OpenRequest,
  type PermissionOption,
  type Question,
} from "../protocol.gen.ts";
import { codeOf, type Server } from "../server/server.ts";

export type Answer =
  | { option: string; remember?: "session" | "project" }
  | { answers: Record<string, string[]> }
  | { cancel: true };

/** Answer a request. The first answer counts; that another was first is told, not thrown. */
export async function answer(server: Server, requestId: string, said: Answer): Promise<void> {
  try {
    await server.request("athena/request/answer", { requestId, ...said });
  } catch (error) {
    if (!isOver(error)) throw error;
    void vscode.window.showInformationMessage("This was answered already.");
  }
}

function isOver(error: unknown): boolean {
  const over: (number | undefined)[] = [
    ErrorCode.Conflict,
    ErrorCode.WrongState,
    ErrorCode.NotFound,
  ];
  return over.includes(codeOf(error));
}

/** Ask the user for an answer; undefined when they do not decide now. */
export async function askFor(request: OpenRequest): Promise<Answer | undefined> {
  const body = request.request;
  if (body.type === "permission") {
    const option = await pickOption(title(request), body.options);
    return option && { option: option.id };
  }
  return askAll(request, body);
}

/** What the request is about, in one line. */
export function title(request: OpenRequest): string {
  const body = request.request;
  return body.type === "permission"
    ? body.title
    : body.questions.map((question) => question.text).join(" · ");
}

const ICONS: Record<PermissionOption["kind"], string> = {
  allowOnce: "check",
  allowAlways: "check-all",
  rejectOnce: "close",
  rejectAlways: "circle-slash",
};

/** The codicon of an option. */
export function optionIcon(option: PermissionOption): string {
  return ICONS[option.kind] ?? "circle-outline";
}

async function pickOption(
  about: string,
  options: readonly PermissionOption[],
): Promise<PermissionOption | undefined> {
  const picked = await chooseOne(
    options.map((option) => ({ label: `$(${optionIcon(option)}) ${option.name}`, option })),
    { title: about, placeHolder: "Answer, or press Escape to decide later" },
  );
  return picked?.option;
}

async function askAll(request: OpenRequest, inquiry: Inquiry): Promise<Answer | undefined> {
  const answers: Record<string, string[]> = {};
  for (const question of inquiry.questions) {
    const said = await askOne(request.agentName ?? "", question);
    if (said === undefined) return undefined;
    answers[question.id] = said;
  }
  return { answers };
}

async function askOne(agent: string, question: Question): Promise<string[] | undefined> {
  const about = [agent, question.header].filter(Boolean).join(" · ");
  const choices = question.choices ?? [];
  if (choices.length === 0) {
    const text = await askLine({
      title: about,
      prompt: question.text,
      password: question.secret === true,
    });
    return text === undefined ? undefined : [text];
  }
  const items = choices.map((choice) => ({
    label: choice.label,
    detail: choice.description ?? "",
  }));
  const options = { title: about, placeHolder: question.text };
  if (question.several) {
    const picked = await chooseSeveral(items, options);
    return picked?.map((item) => item.label);
  }
  const picked = await chooseOne(items, options);
  return picked && [picked.label];
}
