/** A long list of which only what is seen is drawn. Rows may have any height and may change it. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef } from "preact/hooks";
import { Layout } from "./layout.ts";

const NEAR = 800;
const END = 40;
const BEYOND = 400;

interface Props<T> {
  rows: readonly T[];
  keyOf: (row: T) => string;
  draw: (row: T, index: number) => ComponentChildren;
  label: string;
  /** Stay at the end while rows come, until the user scrolls away from it. */
  follow: boolean;
  onFollow: (follow: boolean) => void;
  onNearStart: () => void;
  onNearEnd: () => void;
  /** The row to bring into view, anew for each object, also of the same key. */
  reveal?: { key: string } | undefined;
  busy: boolean;
}

/** The first row in view, and how much of it is above the view. */
interface Anchor {
  key: string;
  index: number;
  offset: number;
}

export function List<T>(props: Props<T>) {
  const { rows, keyOf, draw, follow, reveal } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const anchor = useRef<Anchor | undefined>(undefined);
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  const layout = useMemo(() => new Layout(), []);
  useMemo(() => layout.place(rows.map(keyOf)), [rows]);

  const observer = useMemo(
    () =>
      new ResizeObserver((entries) => {
        let moved = false;
        for (const { target, borderBoxSize } of entries) {
          const key = (target as HTMLElement).dataset["key"];
          const height = borderBoxSize[0]?.blockSize;
          if (key === undefined) moved = true;
          else if (height && target.isConnected) moved = layout.measure(key, height) || moved;
        }
        if (moved) redraw(undefined);
      }),
    [layout],
  );
  useEffect(() => {
    if (scroller.current) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, [observer]);

  const view = scroller.current;
  const viewHeight = view?.clientHeight ?? 1000;
  const wanted = position();
  const first = layout.at(wanted - BEYOND);
  const last = Math.min(rows.length - 1, layout.at(wanted + viewHeight + BEYOND));

  /** Where the view should be: at the end, or where its first row is now. */
  function position(): number {
    const most = Math.max(0, layout.height - viewHeight);
    if (follow) return most;
    const known = anchor.current;
    if (!known) return view?.scrollTop ?? 0;
    const index = layout.find(known.key, known.index);
    return index < 0 ? (view?.scrollTop ?? 0) : Math.min(most, layout.top(index) + known.offset);
  }

  useLayoutEffect(() => {
    if (view && Math.abs(view.scrollTop - wanted) > 1) view.scrollTop = wanted;
  });

  const revealed = useRef<Props<T>["reveal"]>(undefined);
  useLayoutEffect(() => {
    if (reveal === undefined || reveal === revealed.current) return;
    const index = layout.find(reveal.key, -1);
    // It comes with other rows, when a search is over.
    if (index < 0) return;
    revealed.current = reveal;
    anchor.current = { key: reveal.key, index, offset: 0 };
    redraw(undefined);
  }, [reveal, rows]);

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    const { onFollow, onNearEnd, onNearStart } = latest.current;
    const top = element.scrollTop;
    const index = layout.at(top);
    const row = latest.current.rows[index];
    if (row !== undefined) {
      anchor.current = { key: keyOf(row), index, offset: top - layout.top(index) };
    }
    const rest = layout.height - top - element.clientHeight;
    if (latest.current.follow && rest > END * 2) onFollow(false);
    if (!latest.current.follow && rest < 2) onFollow(true);
    if (top < NEAR) onNearStart();
    if (rest < NEAR) onNearEnd();
    redraw(undefined);
  };
  // A short page leaves nothing to scroll, and so would never ask for more.
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    if (element.scrollTop < NEAR) props.onNearStart();
    if (layout.height - element.scrollTop - element.clientHeight < NEAR) props.onNearEnd();
  }, [rows.length, props.busy]);

  return (
    <div class="scroller" ref={scroller} onScroll={onScroll}>
      <div
        class="rows"
        role="feed"
        aria-label={props.label}
        aria-busy={props.busy}
        data-count={rows.length}
        style={{ height: layout.height }}
      >
        {rows.slice(first, last + 1).map((row, offset) => (
          <Measured
            key={keyOf(row)}
            id={keyOf(row)}
            top={layout.top(first + offset)}
            observer={observer}
          >
            {draw(row, first + offset)}
          </Measured>
        ))}
      </div>
    </div>
  );
}

interface MeasuredProps {
  id: string;
  top: number;
  observer: ResizeObserver;
  children: ComponentChildren;
}

function Measured({ id, top, observer, children }: MeasuredProps) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const row = element.current;
    if (!row) return undefined;
    observer.observe(row);
    return () => observer.unobserve(row);
  }, [observer]);
  return (
    <div class="row" ref={element} data-key={id} style={{ transform: `translateY(${top}px)` }}>
      {children}
    </div>
  );
}
