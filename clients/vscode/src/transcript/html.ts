/** What the page needs to know of its host. */
export interface Host {
  /** Marks our own script; anew for each page. */
  nonce: string;
  /** Where style sheets and fonts may come from, as a source of a content security policy. */
  source: string;
  /** The address of one of our files. */
  at: (name: string) => string;
}

/** The page around the web bundle. Nothing but our own script runs, and nothing is fetched. */
export function html({ nonce, source, at }: Host): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    // Measured positions of the list are inline styles.
    `style-src ${source} 'unsafe-inline'`,
    `font-src ${source}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    // No text is ever made into elements, and the browser holds us to it.
    "require-trusted-types-for 'script'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${at("codicon.css")}">
<link rel="stylesheet" href="${at("webview.css")}">
<title>Athena</title>
</head>
<body>
<div id="root"></div>
<script nonce="${nonce}" src="${at("webview.js")}"></script>
</body>
</html>`;
}
