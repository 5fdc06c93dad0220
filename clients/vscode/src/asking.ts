/** Asking the user with a list or a line, which stays until it is answered or Escape is pressed. */
import * as vscode from "vscode";

/**
 * Where a command is called from a web view the editor gives the focus back to that view a moment
 * later, which would close what the command asks by then.
 */
const STAYS = { ignoreFocusOut: true } as const;

export function chooseOne<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: vscode.QuickPickOptions,
): Thenable<T | undefined> {
  return vscode.window.showQuickPick(items, { ...options, ...STAYS });
}

export function chooseSeveral<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: vscode.QuickPickOptions,
): Thenable<T[] | undefined> {
  return vscode.window.showQuickPick(items, { ...options, ...STAYS, canPickMany: true });
}

export function askLine(options: vscode.InputBoxOptions): Thenable<string | undefined> {
  return vscode.window.showInputBox({ ...options, ...STAYS });
}

/** One of the folders of the window. */
export function chooseFolder(placeHolder: string): Thenable<vscode.WorkspaceFolder | undefined> {
  return vscode.window.showWorkspaceFolderPick({ placeHolder, ...STAYS });
}
