import { useState } from "preact/hooks";
import { request as send } from "./host.ts";
import { Icon } from "./icons.tsx";
import type { OpenRequest, Question } from "./protocol.ts";

type Answers = Record<string, string[]>;
type Answer = { option: string } | { answers: Answers } | { cancel: true };

/** Answers that were begun, by request: a card that is scrolled out of view is not drawn any more. */
const begun = new Map<string, Answers>();

/** A permission request or questions, with the harness's own options. */
export function RequestCard({ request }: { request: OpenRequest }) {
  const [state, setState] = useState<"open" | "sending" | string>("open");
  const answer = async (said: Answer) => {
    setState("sending");
    try {
      await send("athena/request/answer", { requestId: request.requestId, ...said });
      begun.delete(request.requestId);
    } catch (error) {
      // Another window may have been first; the request disappears then by itself.
      setState((error as Error).message);
    }
  };
  const body = request.request;
  const disabled = state === "sending";
  return (
    <div class="request" role="group" aria-label="The agent waits for you">
      <div class="request-title">
        <Icon name={body.type === "permission" ? "bell-dot" : "question"} />
        <span>{body.type === "permission" ? `Allow this? ${body.title}` : "The agent asks"}</span>
      </div>
      {body.type === "permission" ? (
        <div class="buttons">
          {body.options.map((option) => (
            <button
              key={option.id}
              type="button"
              class={option.kind === "allowOnce" ? "primary" : "secondary"}
              disabled={disabled}
              onClick={() => void answer({ option: option.id })}
            >
              {option.name}
            </button>
          ))}
        </div>
      ) : (
        <Questions
          id={request.requestId}
          questions={body.questions}
          disabled={disabled}
          onAnswer={(said) => void answer(said)}
        />
      )}
      {state !== "open" && state !== "sending" ? <p class="faint">{state}</p> : null}
    </div>
  );
}

interface QuestionsProps {
  id: string;
  questions: readonly Question[];
  disabled: boolean;
  onAnswer: (said: Answer) => void;
}

function Questions({ id: requestId, questions, disabled, onAnswer }: QuestionsProps) {
  const [said, setSaid] = useState<Answers>(begun.get(requestId) ?? {});
  const [only] = questions;
  const isQuick = questions.length === 1 && !only?.several && (only?.choices?.length ?? 0) > 0;
  const set = (id: string, texts: string[]) => {
    const now = { ...said, [id]: texts };
    begun.set(requestId, now);
    setSaid(now);
  };
  const complete = questions.every(({ id }) => said[id]?.some((text) => text.trim()));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (complete) onAnswer({ answers: said });
      }}
    >
      {questions.map((question) => (
        <fieldset key={question.id} disabled={disabled}>
          <legend>{question.text}</legend>
          {(question.choices ?? []).map(({ label, description }) => {
            const chosen = said[question.id]?.includes(label) ?? false;
            const choose = () => {
              if (isQuick) onAnswer({ answers: { [question.id]: [label] } });
              else if (!question.several) set(question.id, [label]);
              else {
                const others = (said[question.id] ?? []).filter((text) => text !== label);
                set(question.id, chosen ? others : [...others, label]);
              }
            };
            return (
              <button
                key={label}
                type="button"
                class={chosen || isQuick ? "primary" : "secondary"}
                aria-pressed={isQuick ? undefined : chosen}
                title={description ?? ""}
                onClick={choose}
              >
                {label}
              </button>
            );
          })}
          {(question.choices ?? []).length === 0 ? (
            <input
              {...(question.secret ? { type: "password" as const } : { type: "text" as const })}
              aria-label={question.text}
              value={said[question.id]?.[0] ?? ""}
              onInput={(event) => set(question.id, [event.currentTarget.value])}
            />
          ) : null}
        </fieldset>
      ))}
      <div class="buttons">
        {isQuick ? null : (
          <button type="submit" class="primary" disabled={disabled || !complete}>
            Answer
          </button>
        )}
        <button
          type="button"
          class="secondary"
          disabled={disabled}
          onClick={() => onAnswer({ cancel: true })}
        >
          Do Not Answer
        </button>
      </div>
    </form>
  );
}
