// Sends what was chosen, dropped or pasted, and shows the report. What a document says is text, never markup.
"use strict";

const form = document.getElementById("verify");
const result = document.getElementById("result");
const lang = document.body.dataset.lang;
const marks = { valid: "✔", invalid: "✘", indeterminate: "?", passed: "✔", failed: "✘", not_applicable: "–" };

function show(id, text) {
  document.getElementById(id).textContent = text || "";
}

function say(kind, text, meaning, next) {
  const mark = document.getElementById("mark");
  mark.className = "mark " + kind;
  mark.textContent = (marks[kind] || "") + " " + text;
  show("meaning", meaning);
  show("next", next);
  document.getElementById("checks").replaceChildren();
  show("proof", "");
  result.hidden = false;
}

function line(check) {
  const item = document.createElement("li");
  const why = check.reason ? " · " + check.reason : "";
  item.textContent = marks[check.outcome] + " " + check.question[lang] + why;
  return item;
}

function report(answer) {
  const found = answer.report;
  say(found.conclusion, found.headline[lang], found.explanation.clerk[lang], found.explanation.next_step[lang]);
  const blocks = ["authenticity", "authority", "status"].map((name) => found.blocks[name]);
  const lines = blocks.flatMap((block) => block.checks).filter((c) => c.outcome !== "not_applicable");
  document.getElementById("checks").replaceChildren(...lines.map(line));
  show("proof", found.id + " · " + found.at);
}

async function send(options) {
  say("indeterminate", document.body.dataset.working, "", "");
  try {
    const response = await fetch("/v1/verifications", { method: "POST", ...options });
    const body = await response.json();
    if (response.ok) {
      report(body);
    } else {
      say("indeterminate", body.title, body.detail, "");
    }
  } catch {
    say("indeterminate", document.body.dataset.failed, "", "");
  }
}

function sendFile(file) {
  const body = new FormData();
  body.append("file", file);
  return send({ body });
}

function sendText(text) {
  const headers = { "Content-Type": "application/json" };
  const trimmed = text.trim();
  const token = /^[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]*)+$/.test(trimmed) && trimmed.startsWith("e");
  const body = JSON.stringify(token ? { token: trimmed } : { identifier: trimmed });
  return send({ headers, body });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const file = document.getElementById("file").files[0];
  const text = document.getElementById("text").value;
  if (file) {
    sendFile(file);
  } else if (text.trim()) {
    sendText(text);
  }
});

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("drop");
});
document.addEventListener("dragleave", () => document.body.classList.remove("drop"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("drop");
  const file = event.dataTransfer.files[0];
  if (file) {
    sendFile(file);
  }
});
