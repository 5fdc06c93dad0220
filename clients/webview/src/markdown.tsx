/**
 * Markdown as elements. Nothing is ever parsed as HTML: what a message holds of it is shown as the
 * text that it is, so there is nothing to sanitise.
 */
import { marked, type MarkedToken, type Token, type Tokens } from "marked";
import { h, type ComponentChild } from "preact";
import { act } from "./host.ts";
import { highlighted } from "./highlight.tsx";
import { IconButton } from "./icons.tsx";

const LARGEST = 200_000;
const MOST_KEPT = 500;
const DEEPEST = 30;
const kept = new Map<string, ComponentChild[]>();

/**
 * The elements of a text. Plain stay texts beyond 200 KB, since nobody reads them formatted, and
 * those that nest until the parser's stack is full. `keep` what will be drawn again as it is.
 */
export function markdown(text: string, keep = true): ComponentChild[] {
  if (text.length > LARGEST) return [<pre class="plain">{text}</pre>];
  const known = kept.get(text);
  if (known) return known;
  if (kept.size >= MOST_KEPT) kept.clear();
  let drawn: ComponentChild[];
  try {
    drawn = all(marked.lexer(text), 0);
  } catch {
    drawn = [<pre class="plain">{text}</pre>];
  }
  if (keep) kept.set(text, drawn);
  return drawn;
}

/** What nests deeper than anybody reads is shown as it was written. */
function all(tokens: readonly Token[] | undefined, depth: number): ComponentChild[] {
  return (tokens ?? []).map((token) =>
    depth > DEEPEST ? token.raw : draw(token as MarkedToken, depth + 1),
  );
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0" };

/** A text with the characters that it names; an unknown name stays what it is. */
function named(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (all, decimal, hex, name) => {
    if (name) return NAMED[name] ?? all;
    const code = decimal ? Number(decimal) : parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function draw(token: MarkedToken, depth: number): ComponentChild {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "hr":
      return <hr />;
    case "br":
      return <br />;
    case "heading":
      return h(`h${Math.min(6, token.depth)}`, null, all(token.tokens, depth));
    case "paragraph":
      return <p>{all(token.tokens, depth)}</p>;
    case "blockquote":
      return <blockquote>{all(token.tokens, depth)}</blockquote>;
    case "code":
      return <Code text={token.text} language={(token.lang ?? "").split(/\s/, 1)[0] ?? ""} />;
    case "list":
      return list(token, depth);
    case "table":
      return table(token, depth);
    case "strong":
      return <strong>{all(token.tokens, depth)}</strong>;
    case "em":
      return <em>{all(token.tokens, depth)}</em>;
    case "del":
      return <del>{all(token.tokens, depth)}</del>;
    case "codespan":
      return <CodeSpan text={token.text} />;
    case "link":
      return <Link href={token.href}>{all(token.tokens, depth)}</Link>;
    case "image":
      // A picture from elsewhere would tell its server that it was looked at.
      return <Link href={token.href}>{token.text || token.href}</Link>;
    case "text":
      return "tokens" in token && token.tokens ? all(token.tokens, depth) : named(token.text);
    case "escape":
      return token.text;
    case "checkbox":
      // Its item has one.
      return null;
    default:
      return token.raw;
  }
}

function Code({ text, language }: { text: string; language: string }) {
  return (
    <div class="code-box">
      <pre class="code">
        <code>{highlighted(text, language)}</code>
      </pre>
      <IconButton
        icon="copy"
        label="Copy Code"
        onClick={() => void navigator.clipboard.writeText(text)}
      />
    </div>
  );
}

const LONGEST_PLACE = 300;

/** What can be nothing but a place in a file: it has a line, or folders and an ending. */
const PLACE =
  /^(?:[\w.@~+-]*\/)*[\w.@+-]+\.[a-z]\w{0,7}:\d+(?::\d+)?$|^(?:[\w.@~+-]*\/)+[\w.@+-]+\.[a-z]\w{0,7}$/i;

function CodeSpan({ text }: { text: string }) {
  const isPlace = text.length < LONGEST_PLACE && PLACE.test(text) && !SHARE.test(text);
  if (!isPlace) return <code>{text}</code>;
  const open = () => openPlace(text);
  return (
    <code
      class="file"
      role="link"
      tabIndex={0}
      title={`Open ${text}`}
      onClick={open}
      onKeyDown={(event) => event.key === "Enter" && open()}
    >
      {text}
    </code>
  );
}

function openPlace(place: string): void {
  const [, path, line] = FILE.exec(place) ?? [];
  if (path && !SHARE.test(path))
    act({ do: "openFile", path: decoded(path), line: line ? Number(line) : undefined });
}

function list(token: Tokens.List, depth: number): ComponentChild {
  const items = token.items.map((item) => (
    <li class={item.task ? "task" : ""}>
      {item.task ? <input type="checkbox" disabled checked={item.checked ?? false} /> : null}
      {all(item.tokens, depth)}
    </li>
  ));
  return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function table(token: Tokens.Table, depth: number): ComponentChild {
  return (
    <table>
      <thead>
        <tr>
          {token.header.map((cell) => (
            <th align={cell.align ?? "left"}>{all(cell.tokens, depth)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {token.rows.map((row) => (
          <tr>
            {row.map((cell) => (
              <td align={cell.align ?? "left"}>{all(cell.tokens, depth)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Another machine's share, which Windows would sign in to just by looking. */
const SHARE = /^[\\/]{2}/;
const FILE = /^(?:file:\/\/)?(\/?[^:#?]+?)(?:(?::|#L)(\d+))?(?::\d+)?$/;

/** A link opens a page of the web or a file; others, such as commands, do nothing. */
function Link({ href, children }: { href: string; children: ComponentChild }) {
  const open = (event: Event) => {
    event.preventDefault();
    if (/^https?:\/\//i.test(href)) {
      act({ do: "openLink", url: href });
      return;
    }
    openPlace(href);
  };
  return (
    <a
      role="link"
      tabIndex={0}
      title={href}
      onClick={open}
      onKeyDown={(e) => e.key === "Enter" && open(e)}
    >
      {children}
    </a>
  );
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
