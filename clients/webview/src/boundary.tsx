import { Component, type ComponentChildren } from "preact";

interface Props {
  children: ComponentChildren;
}

/** Keeps what cannot be drawn to itself: one strange item must not take the transcript with it. */
export class Boundary extends Component<Props, { problem?: string }> {
  static override getDerivedStateFromError(error: unknown): { problem: string } {
    return { problem: String(error) };
  }

  override render({ children }: Props) {
    const { problem } = this.state;
    return problem === undefined ? (
      children
    ) : (
      <p class="problem" role="alert">
        This cannot be shown: {problem}
      </p>
    );
  }
}
