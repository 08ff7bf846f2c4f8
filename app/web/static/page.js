// Sends what was chosen, dropped or pasted, and shows the report. What a document says is text, never markup.
"use strict";

const byId = (id) => document.getElementById(id);
const form = byId("verify");
const result = byId("result");
const file = byId("file");
const text = byId("text");
const said = document.body.dataset;
const lang = said.lang;
const marks = {
  valid: "✔", invalid: "✘", indeterminate: "?",
  passed: "✔", failed: "✘", not_applicable: "–",
};
const problems = {
  "/problems/unrecognised-format": "这些内容不是本服务能够读取的证照格式。请使用颁发机构发出的原始文件或令牌。",
  "/problems/too-large": "文件超过大小限制。请使用颁发机构发出的原始文件。",
  "/problems/timeout": "文件没有在限定时间内传完。请再传一次。",
  "/problems/limited": "短时间内的核验次数过多。请过一分钟再试。",
  "/problems/busy": "正在核验的请求过多。请稍后再试。",
  "/problems/unavailable": "本服务暂时无法核验。这不说明证照有问题，请稍后再试。",
};
const order = ["failed", "indeterminate", "passed"]; // what was not applicable is in the whole report
let latest = 0;

function element(name, words, kind) {
  const made = document.createElement(name);
  made.textContent = words;
  if (kind) {
    made.className = kind;
  }
  return made;
}

function show(id, words) {
  byId(id).textContent = words || "";
  byId(id).hidden = !words;
}

function say(kind, words, meaning, next) {
  const mark = byId("mark");
  mark.className = "mark " + kind;
  mark.textContent = (marks[kind] ? marks[kind] + " " : "") + words;
  show("meaning", meaning);
  show("next", next);
  byId("next-label").hidden = !next;
  byId("checks").hidden = true;
  byId("blocks").replaceChildren();
  byId("proof").hidden = true;
  result.hidden = false;
}

// Shown at once, wherever the page was scrolled to; read out by screen readers as a status.
function bring() {
  result.scrollIntoView({ block: "start" });
}

function line(outcome, words) {
  return element("li", (marks[outcome] || "·") + " " + words, outcome);
}

function check(found) {
  const where = found.role === "document" ? "" : " [" + found.subject + "]";
  const why = found.reason ? " · " + found.reason : "";
  const closed = found.closed_by_issuer ? said.closed : "";
  return line(found.outcome, found.question[lang] + where + why + closed);
}

function answer(found) {
  const given = found.answer.said;
  if (!given) {
    return [line("indeterminate", said.answer + (found.answer.asked ? said.silent : said.unasked))];
  }
  const state = given.state_text ? " · " + given.state_text[lang] : "";
  const why = found.answer.reason ? " · " + found.answer.reason : "";
  const outcome = !found.answer.counts ? "indeterminate" : given.outcome === 0 ? "passed" : "failed";
  return [line(outcome, said.answer + given.outcome_text[lang] + state + why)];
}

// Open where something failed or is in doubt: that is what the reader looks for.
function block(name, found) {
  const made = found.blocks[name];
  const asked = order.flatMap((outcome) => made.checks.filter((each) => each.outcome === outcome));
  const lines = asked.map(check).concat(name === "status" ? answer(found) : []);
  const details = document.createElement("details");
  details.open = made.outcome !== "passed";
  const list = document.createElement("ul");
  list.append(...lines);
  details.append(
    element("summary", (marks[made.outcome] || "·") + " " + made.question[lang], made.outcome),
    list,
  );
  return details;
}

function report({ report: found }) {
  say(found.conclusion, found.headline[lang], found.explanation.clerk[lang], found.explanation.next_step[lang]);
  byId("blocks").replaceChildren(
    ...["authenticity", "authority", "status"].map((name) => block(name, found)),
  );
  byId("checks").hidden = false;
  const at = new Date(found.at).toLocaleString(lang === "zh" ? "zh-CN" : "en-GB", { timeZoneName: "short" });
  byId("when").textContent = at;
  show("reason", found.reason && found.reason.code);
  byId("reason-label").hidden = !found.reason;
  byId("whole").textContent = found.id;
  byId("whole").href = "/v1/verifications/" + encodeURIComponent(found.id);
  byId("proof").hidden = false;
}

function refused(problem) {
  const own = lang === "zh" ? problems[problem.type] : undefined;
  say("refused", own ? said.refused : problem.title, own || problem.detail, "");
}

async function send(options) {
  const mine = ++latest;
  say("working", said.working, "", "");
  bring();
  let show;
  try {
    const response = await fetch("/v1/verifications", { method: "POST", ...options });
    const body = await response.json();
    show = () => (response.ok ? report(body) : refused(body));
  } catch {
    show = () => say("refused", said.failed, "", "");
  }
  if (mine === latest) { // an earlier question must not answer a later one
    show();
    bring();
  }
}

function sendFile(chosen) {
  const body = new FormData();
  body.append("file", chosen);
  return send({ body });
}

function sendText(pasted) {
  const headers = { "Content-Type": "application/json" };
  const token = /^e[A-Za-z0-9_=-]*(\.[A-Za-z0-9_=-]*)+$/.test(pasted);
  const body = JSON.stringify(token ? { token: pasted } : { identifier: pasted });
  return send({ headers, body });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const pasted = text.value.trim();
  if (file.files[0]) {
    sendFile(file.files[0]);
  } else if (pasted) {
    sendText(pasted);
  } else {
    say("refused", said.nothing, "", "");
    file.focus();
  }
});

// One thing is verified at a time: choosing one takes the other away, for all to see.
file.addEventListener("change", () => {
  text.value = "";
});
text.addEventListener("input", () => {
  file.value = "";
});

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("drop");
});
document.addEventListener("dragleave", () => document.body.classList.remove("drop"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("drop");
  if (event.dataTransfer.files[0]) {
    file.files = event.dataTransfer.files; // so that the page says what is verified
    text.value = "";
    sendFile(event.dataTransfer.files[0]);
  }
});
