import type { Completion } from "./completion.ts";
import { Icon } from "./icons.tsx";

export const OFFERS_ID = "offers";

export function offerId(index: number): string {
  return `offer-${index}`;
}

interface Props {
  completion: Completion;
  onPick: (index: number) => void;
}

/** What may be completed at the caret. The focus stays in the prompt, whose keys choose here. */
export function Offers({ completion, onPick }: Props) {
  const { offers, index, typed } = completion;
  if (offers.length === 0) return null;
  return (
    <ul
      id={OFFERS_ID}
      class="offers"
      role="listbox"
      aria-label={typed?.mark === "/" ? "Commands of the harness" : "Files of the workspace"}
    >
      {offers.map(({ text, label, detail, icon }, at) => (
        <li
          key={text}
          id={offerId(at)}
          role="option"
          aria-selected={at === index}
          // The caret must not leave the prompt.
          onMouseDown={(event) => {
            event.preventDefault();
            onPick(at);
          }}
        >
          <Icon name={icon} />
          <span class="nowrap">{label}</span>
          <span class="faint one-line">{detail}</span>
        </li>
      ))}
    </ul>
  );
}
