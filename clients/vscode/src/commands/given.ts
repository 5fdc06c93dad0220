import type { Node } from "../agents/tree.ts";
import type { InboxNode } from "../inbox/tree.ts";
import type { WorkspaceNode } from "../workspaces/tree.ts";
import { OWN } from "../review/places.ts";
import type { Given } from "./offers.ts";

/** The parameters that what was clicked stands for: a node of a tree, or parameters already. */
export function givenBy(argument: unknown): Given {
  if (typeof argument !== "object" || argument === null) return {};
  if (!("kind" in argument)) return { ...argument };
  const node = argument as Node | InboxNode | WorkspaceNode;
  switch (node.kind) {
    case "agent":
      return { agent: node.agent.id };
    case "changes":
      return { agent: node.agent.id, scope: "base", repository: node.repository };
    case "turn":
      return { agent: node.agent.id, scope: "turn", turnId: node.turn.turnId };
    case "file":
      return { repository: OWN, ...node.changeset, path: node.file.path };
    case "request":
      return { requestId: node.request.requestId, agent: node.request.agentId };
    case "choice":
      return { requestId: node.requestId };
    case "workspace":
      return node.workspace.agentId
        ? { agent: node.workspace.agentId, repository: node.repository }
        : { path: node.workspace.path };
    default:
      return {};
  }
}
