import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ComparisonView } from "./comparison.tsx";
import { listen, ready, remember } from "./host.ts";
import type { Subject } from "./messages.ts";
import { TranscriptView } from "./transcript.tsx";
import "./style.css";

function App() {
  const [subject, setSubject] = useState<Subject>();
  useEffect(() => {
    const stop = listen((message) => {
      if (message.type !== "subject") return;
      remember(message.subject);
      setSubject(message.subject);
    });
    ready();
    return stop;
  }, []);
  switch (subject?.view) {
    case "transcript":
      return <TranscriptView subject={subject} />;
    case "comparison":
      return <ComparisonView agents={subject.agents} />;
    default:
      return null;
  }
}

const root = document.getElementById("root");
if (root) render(<App />, root);
