import * as vscode from "vscode";

const SCHEME = "athena-text";

/** What a tab holds that came back with its window, or was opened again. */
const GONE = "What was shown here is not kept. Give the command again to see it.\n";

const texts = new Map<string, string>();
let last = 0;

/** Serves what `showText` shows, as long as it is open. */
export function registerTexts(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? GONE,
    }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => texts.delete(uri.toString())),
  );
}

/** A text to read under a title. Nothing asks whether it is to be saved. */
export async function showText(content: string, language: string, title: string): Promise<void> {
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${++last}/${title}` });
  texts.set(uri.toString(), content);
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.languages.setTextDocumentLanguage(document, language);
  await vscode.window.showTextDocument(uri, { preview: true });
}
