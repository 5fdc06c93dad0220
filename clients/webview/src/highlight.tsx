import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { h, type ComponentChild } from "preact";

const LANGUAGES = { bash, diff, go, java, json, python, rust, typescript, xml, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.registerAliases(["js", "jsx", "tsx", "javascript"], { languageName: "typescript" });
hljs.registerAliases(["console", "shell", "sh"], { languageName: "bash" });
hljs.registerAliases(["toml", "ini"], { languageName: "yaml" });
hljs.registerAliases(["kotlin", "c", "cpp", "cs", "swift"], { languageName: "java" });

const LARGEST = 50_000;
const MOST_KEPT = 2_000;
const kept = new Map<string, ComponentChild[]>();

/** The text in colours; as it is where the language is not known here. */
export function highlighted(text: string, language: string): ComponentChild[] {
  if (!language || text.length > LARGEST || !hljs.getLanguage(language)) return [text];
  const key = `${language}\n${text}`;
  const known = kept.get(key);
  if (known) return known;
  if (kept.size >= MOST_KEPT) kept.clear();
  const spans = spansOf(hljs.highlight(text, { language, ignoreIllegals: true }).value);
  kept.set(key, spans);
  return spans;
}

const ENTITIES: Record<string, string> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#x27;": "'",
};

/**
 * Elements from what highlight.js writes, which is nothing but texts and spans with a class. So no
 * text of somebody else is ever read as HTML.
 */
function spansOf(html: string): ComponentChild[] {
  const stack: { name: string; children: ComponentChild[] }[] = [{ name: "", children: [] }];
  for (const part of html.split(/(<span class="[^"]*">|<\/span>)/)) {
    const opened = /^<span class="([^"]*)">$/.exec(part);
    if (opened) {
      stack.push({ name: opened[1] ?? "", children: [] });
    } else if (part === "</span>") {
      const { name, children } = stack.pop() ?? { name: "", children: [] };
      stack.at(-1)?.children.push(h("span", { class: name }, children));
    } else if (part) {
      stack.at(-1)?.children.push(part.replace(/&[#\w]+;/g, (one) => ENTITIES[one] ?? one));
    }
  }
  return stack[0]?.children ?? [];
}
