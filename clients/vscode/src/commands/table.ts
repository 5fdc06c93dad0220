import { COMMANDS, type Command, type CommandId } from "../protocol.gen.ts";

/** The row of the protocol's table of commands. */
export function commandOf(id: CommandId): Command {
  const command = COMMANDS.find((one) => one.id === id);
  if (!command) throw new Error(`There is no command ${id}.`);
  return command;
}
