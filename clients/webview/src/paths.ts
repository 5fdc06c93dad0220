const LANGUAGES: Record<string, string> = {
  bash: "bash",
  sh: "bash",
  c: "java",
  cpp: "java",
  cs: "java",
  css: "css",
  go: "go",
  h: "java",
  html: "xml",
  java: "java",
  js: "typescript",
  json: "json",
  jsx: "typescript",
  kt: "java",
  mjs: "typescript",
  py: "python",
  rs: "rust",
  svg: "xml",
  toml: "yaml",
  ts: "typescript",
  tsx: "typescript",
  xml: "xml",
  yaml: "yaml",
  yml: "yaml",
};

/** The language of a file by its name; empty when it is not known. */
export function languageOf(path: string): string {
  return LANGUAGES[path.split(".").at(-1)?.toLowerCase() ?? ""] ?? "";
}

/** A path as people want to read it: below the workspace without it. */
export function shortPath(path: string, root: string | undefined): string {
  if (root && path === root) return ".";
  return root && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}
