/** The repositories that an agent works in: its own, and others that it has worktrees in. */
import * as path from "node:path";
import type { AgentView, OtherWorktree } from "../protocol.gen.ts";

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
  /** It is inside another one, with which its work is merged. */
  submodule: boolean;
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
      submodule: false,
    },
    ...(own.also ?? []).map((other) => placeIn(other, false)),
    ...(own.submodules ?? []).map((other) => placeIn(other, true)),
  ];
}

function placeIn(other: OtherWorktree, submodule: boolean): Place {
  const { name, path, repository: root, branch } = other;
  return { name, title: name, path, root, branch, submodule };
}

/** The repository with which the work in one is merged: that around a submodule, else itself. */
export function landingOf(agent: AgentView | undefined, repository?: string): string | undefined {
  const places = placesOf(agent);
  const place = places.find(({ name, submodule }) => submodule && name === repository);
  if (!place) return repository;
  const around = places.find((other) => !other.submodule && isBelow(place.path, other.path));
  return around?.name || undefined;
}

/** The worktree that an agent has in a repository. */
export function worktreeIn(agent: AgentView | undefined, repository?: string): string | undefined {
  if (!repository) return agent?.workspace?.path;
  return placesOf(agent).find((place) => place.name === repository)?.path;
}

/** The repository of a file, and its path there; a file of no worktree keeps its path. */
export function placeOf(agent: AgentView | undefined, file: string): [string, string] {
  if (!path.isAbsolute(file)) return [OWN, file];
  const around = placesOf(agent).filter((place) => isBelow(file, place.path));
  const holding = around.sort((a, b) => b.path.length - a.path.length)[0];
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
