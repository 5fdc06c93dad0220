/**
 * Markdown as elements. Nothing is ever parsed as HTML: what a message holds of it is shown as the
 * text that it is, so there is nothing to sanitise.
 */
import { marked, type MarkedToken, type Token, type Tokens } from "marked";
import { h, type ComponentChild } from "preact";
import { act } from "./host.ts";
import { highlighted } from "./highlight.tsx";

const LARGEST = 200_000;
const MOST_KEPT = 500;
const kept = new Map<string, ComponentChild[]>();

/** The elements of a text. Texts beyond 200 KB stay plain, since nobody reads them formatted. */
export function markdown(text: string): ComponentChild[] {
  if (text.length > LARGEST) return [<pre class="plain">{text}</pre>];
  const known = kept.get(text);
  if (known) return known;
  if (kept.size >= MOST_KEPT) kept.clear();
  const drawn = all(marked.lexer(text));
  kept.set(text, drawn);
  return drawn;
}

function all(tokens: readonly Token[] | undefined): ComponentChild[] {
  return (tokens ?? []).map((token) => draw(token as MarkedToken));
}

function draw(token: MarkedToken): ComponentChild {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "hr":
      return <hr />;
    case "br":
      return <br />;
    case "heading":
      return h(`h${Math.min(6, token.depth)}`, null, all(token.tokens));
    case "paragraph":
      return <p>{all(token.tokens)}</p>;
    case "blockquote":
      return <blockquote>{all(token.tokens)}</blockquote>;
    case "code":
      return (
        <pre class="code">
          <code>{highlighted(token.text, (token.lang ?? "").split(/\s/, 1)[0] ?? "")}</code>
        </pre>
      );
    case "list":
      return list(token);
    case "table":
      return table(token);
    case "strong":
      return <strong>{all(token.tokens)}</strong>;
    case "em":
      return <em>{all(token.tokens)}</em>;
    case "del":
      return <del>{all(token.tokens)}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "link":
      return <Link href={token.href}>{all(token.tokens)}</Link>;
    case "image":
      // A picture from elsewhere would tell its server that it was looked at.
      return <Link href={token.href}>{token.text || token.href}</Link>;
    case "text":
      return "tokens" in token && token.tokens ? all(token.tokens) : token.text;
    case "escape":
      return token.text;
    default:
      return token.raw;
  }
}

function list(token: Tokens.List): ComponentChild {
  const items = token.items.map((item) => (
    <li class={item.task ? "task" : ""}>
      {item.task ? <input type="checkbox" disabled checked={item.checked ?? false} /> : null}
      {all(item.tokens)}
    </li>
  ));
  return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function table(token: Tokens.Table): ComponentChild {
  return (
    <table>
      <thead>
        <tr>
          {token.header.map((cell) => (
            <th align={cell.align ?? "left"}>{all(cell.tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {token.rows.map((row) => (
          <tr>
            {row.map((cell) => (
              <td align={cell.align ?? "left"}>{all(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const FILE = /^(?:file:\/\/)?(\/?[^:#?]+?)(?:(?::|#L)(\d+))?(?::\d+)?$/;

/** A link opens a page of the web or a file; others, such as commands, do nothing. */
function Link({ href, children }: { href: string; children: ComponentChild }) {
  const open = (event: Event) => {
    event.preventDefault();
    if (/^https?:\/\//i.test(href)) {
      act({ do: "openLink", url: href });
      return;
    }
    const [, path, line] = FILE.exec(href) ?? [];
    if (path) act({ do: "openFile", path: decoded(path), line: line ? Number(line) : undefined });
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
