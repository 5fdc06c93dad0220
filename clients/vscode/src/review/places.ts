/** The repositories that an agent works in: its own, and others that it has worktrees in. */
import * as path from "node:path";
import type { AgentView } from "../protocol.gen.ts";

/** The agent's own repository, where one was chosen; requests leave it away. */
export const OWN = "";

export interface Place {
  /** What requests call it. */
  name: string;
  title: string;
  /** The agent's worktree. */
  path: string;
  /** The user's own tree of the same repository. */
  root: string;
  branch: string | undefined;
}

/** Where an agent works, its own repository first; none without a repository. */
export function placesOf(agent: AgentView | undefined): Place[] {
  const own = agent?.workspace;
  if (!agent || !own?.repository) return [];
  return [
    {
      name: OWN,
      title: path.basename(own.repository),
      path: own.path,
      root: rootOf(agent),
      branch: own.branch,
    },
    ...(own.also ?? []).map((other) => ({
      name: other.name,
      title: other.name,
      path: other.path,
      root: other.repository,
      branch: other.branch,
    })),
  ];
}

/** The worktree that an agent has in a repository. */
export function worktreeIn(agent: AgentView | undefined, repository?: string): string | undefined {
  if (!repository) return agent?.workspace?.path;
  return agent?.workspace?.also?.find((other) => other.name === repository)?.path;
}

/** The repository of a file, and its path there; a file of no worktree keeps its path. */
export function placeOf(agent: AgentView | undefined, file: string): [string, string] {
  if (!path.isAbsolute(file)) return [OWN, file];
  const holding = placesOf(agent).find((place) => isBelow(file, place.path));
  if (holding) return [holding.name, path.relative(holding.path, file)];
  const root = agent?.workspace?.path;
  return [OWN, root ? path.relative(root, file) : file];
}

/** A request's parameters: its own repository is that of requests which name none. */
export function named<P extends { repository?: unknown }>(params: P): P {
  if (params.repository) return params;
  const { repository: _, ...rest } = params;
  return rest as P;
}

export function isBelow(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.replace(/[\\/]$/, "") + path.sep);
}

/** The root of the user's own tree: the project may be a folder of it. */
function rootOf({ project, workspace }: AgentView): string {
  const inside = workspace ? path.relative(workspace.path, workspace.cwd) : "";
  const isInside = inside !== "" && project.endsWith(path.sep + inside);
  return isInside ? project.slice(0, -inside.length - 1) : project;
}
