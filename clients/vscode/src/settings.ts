import * as vscode from "vscode";
import { SETTINGS, type SettingName, type SettingValue } from "./settings.table.ts";

const SECTION = "athena";

/** The value of a setting, as the user, the workspace or the default has it. */
export function setting<N extends SettingName>(name: N): SettingValue<N> {
  return vscode.workspace
    .getConfiguration(SECTION)
    .get(name, SETTINGS[name].default as SettingValue<N>);
}

/** Calls `then` when one of the settings changed. */
export function onSetting(names: readonly SettingName[], then: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((change) => {
    if (names.some((name) => change.affectsConfiguration(`${SECTION}.${name}`))) then();
  });
}

/** Writes a setting where it is set already, else for the user. */
export async function changeSetting<N extends SettingName>(
  name: N,
  value: SettingValue<N>,
): Promise<void> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const isHere = settings.inspect(name)?.workspaceValue !== undefined;
  await settings.update(
    name,
    value,
    isHere ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
  );
}
