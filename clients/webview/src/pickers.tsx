import { request } from "./host.ts";
import type { AgentDetail, Option } from "./protocol.ts";

/** Mode, model and the other options that the harness offers. */
export function Pickers({
  agent,
  onProblem,
}: {
  agent: AgentDetail;
  onProblem: (words: string) => void;
}) {
  const { modes = [], models = [], options = [] } = agent.capabilities ?? {};
  const running = Boolean(agent.runId);
  const watch = (sent: Promise<unknown>) => {
    sent.catch((error: Error) => onProblem(error.message));
  };
  const others = options.filter((o: Option) => o.category !== "mode" && o.category !== "model");
  return (
    <>
      {modes.length ? (
        <Picker
          label="Mode"
          value={agent.mode ?? ""}
          choices={modes}
          disabled={!running}
          onPick={(mode) => watch(request("athena/agent/setMode", { agent: agent.id, mode }))}
        />
      ) : null}
      {models.length ? (
        <Picker
          label="Model"
          value={agent.model ?? ""}
          choices={models}
          disabled={!running}
          onPick={(model) => watch(request("athena/agent/setModel", { agent: agent.id, model }))}
        />
      ) : null}
      {others.map((option) =>
        option.choices?.length ? (
          <Picker
            key={option.id}
            label={option.name}
            value={String(option.current ?? "")}
            choices={option.choices}
            disabled={!running}
            onPick={(value) =>
              watch(
                request("athena/agent/setOption", { agent: agent.id, option: option.id, value }),
              )
            }
          />
        ) : null,
      )}
    </>
  );
}

interface PickerProps {
  label: string;
  value: string;
  choices: readonly { id: string; name: string; description?: string }[];
  disabled: boolean;
  onPick: (id: string) => void;
}

function Picker({ label, value, choices, disabled, onPick }: PickerProps) {
  const known = choices.some(({ id }) => id === value);
  return (
    <select
      class="picker"
      aria-label={label}
      title={label}
      disabled={disabled}
      value={value}
      onChange={(event) => onPick(event.currentTarget.value)}
    >
      {known ? null : <option value={value}>{value || label}</option>}
      {choices.map(({ id, name, description }) => (
        <option key={id} value={id} title={description ?? ""}>
          {name}
        </option>
      ))}
    </select>
  );
}
