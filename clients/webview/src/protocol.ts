/** The protocol's types, from where `make generate` writes them. */
export type * from "../../vscode/src/protocol.gen.ts";
