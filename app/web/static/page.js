// Sends what was chosen, dropped, pasted or typed, and has the answer shown (shown.js).
"use strict";

function refused(problem) {
  const words = named("problem:" + problem.type.replace("/problems/", ""));
  const misread = about === said.abouttext && problem.status === 422; // neither token nor identifier
  const meant = misread ? said.unread : words ? words.textContent : said.other;
  if (problem.status >= 500) { // ours, and nothing against the license
    say("outage", said.unable, meant, "");
    byId("again").hidden = false;
  } else {
    say("refused", said.refused, meant, "");
    show("retry", !misread && lang === "en" && problem.detail);
  }
}

// A stage that is over: what was checked in it, one line each. The verdict comes at the end, or not at all.
function stage({ stage: name, checks }) {
  byId("mark").textContent = named("stage:" + name).textContent + " …";
  const lines = checks.filter((each) => each.outcome !== "not_applicable");
  byId("steps").append(...lines.map((each) => line(each.outcome, outcomes[each.outcome] + " · " + named(each.name).textContent)));
  byId("steps").hidden = byId("steps-label").hidden = !byId("steps").hasChildNodes();
}

// Server-sent events over a POST: an event is two lines and an empty one. Tells what stands at the end.
async function watched(response, mine) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      throw new Error("cut off");
    }
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const each of events) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(each);
      const told = JSON.parse(data);
      if (name !== "stage") {
        return () => (name === "report" ? report(told) : refused(told));
      }
      if (mine === latest) {
        stage(told);
      }
    }
  }
}

async function send(options) {
  const mine = ++latest;
  latestAsked = () => send(options);
  say("working", said.working, "", "");
  bring();
  let end;
  try {
    const headers = { Accept: "text/event-stream, application/json", ...options.headers };
    const response = await fetch("/v1/verifications", { method: "POST", body: options.body, headers });
    if ((response.headers.get("Content-Type") || "").startsWith("text/event-stream")) {
      end = await watched(response, mine);
    } else {
      const body = await response.json();
      end = () => (response.ok ? report(body) : refused(body));
    }
  } catch {
    end = () => {
      say("outage", said.unable, said.outage, "");
      byId("again").hidden = false;
    };
  }
  if (mine === latest) { // an earlier question must not answer a later one
    end();
    bring();
  }
}

// What cannot be asked; the reader is brought to the words, and the keyboard to where they are mended.
function slip(words, place) {
  ++latest;
  say("refused", said.refused, words, "");
  bring();
  place.focus({ preventScroll: true });
}

async function sendFile(chosen) {
  const mine = ++latest;
  const wrong = await lookAt(chosen).catch(() => "");
  if (mine !== latest) {
    return undefined;
  }
  if (wrong) {
    return slip({ empty: said.empty, heic: said.heic }[wrong], file);
  }
  unnamed = pasted = false;
  asked = {};
  about = chosen.name || said.aboutfile;
  const body = new FormData();
  body.append("file", chosen);
  body.append("any_signer", "true"); // whoever sealed is told; the page says so
  return send({ body });
}

function sendJson(members, what) {
  unnamed = what === said.aboutnumber && !members.issuer;
  pasted = what === said.abouttext;
  asked = members;
  about = what;
  return send({ headers: { "Content-Type": "application/json" }, body: JSON.stringify(members) });
}

function take(files) {
  file.files = files; // so that the page says what is verified
  text.value = "";
  return files.length > 1 ? slip(said.several, file) : sendFile(files[0]);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const found = pastedText(text.value);
  if (file.files[0]) {
    sendFile(file.files[0]);
  } else if (found.token || found.identifier) {
    sendJson(found, said.abouttext);
  } else {
    ++latest;
    say("refused", said.nothing, "", "");
    bring();
    file.focus({ preventScroll: true });
  }
});

byId("again").addEventListener("click", () => latestAsked());

// A result is about what was sent. Once anything else stands in the fields it is put away, but for
// its code, by which it can be read again.
function changed() {
  const kept = !byId("proof").hidden;
  if (!kept && !byId("mark").classList.contains("working")) {
    result.hidden = true; // what was refused is being mended
    return;
  }
  ++latest; // and an answer under way would be about something else
  say("changed", said.changed, "", "");
  if (kept) {
    byId("about").replaceChildren(foreign(said.was + about));
    byId("about").hidden = false;
    byId("proof").hidden = false;
  }
}

for (const each of [form, facts]) {
  each.addEventListener("input", changed);
  each.addEventListener("change", (event) => event.target !== photo && event.target.matches("input[type=file], select") && changed());
}

byId("picture").addEventListener("toggle", () => {
  if (byId("picture").open && drawing) {
    draw();
  }
});

facts.addEventListener("submit", (event) => {
  event.preventDefault();
  const filled = [...new FormData(facts)].map(([name, value]) => [name, value.trim()]);
  const members = Object.fromEntries(filled.filter(([, value]) => value));
  if (members.issuer) {
    members.issuer = issuerMeant(members.issuer, bodies());
    if (!members.issuer) {
      return slip(said.noissuer, byId("issuing"));
    }
  }
  return sendJson(members, said.aboutnumber);
});

// A camera is used only by whoever presses for it; a device without one offers its files.
byId("shoot").hidden = !window.matchMedia("(pointer: coarse)").matches;
photo.addEventListener("change", () => {
  if (photo.files[0]) {
    take(photo.files);
  }
});

// One thing is verified at a time: choosing one takes the other away, for all to see.
file.addEventListener("change", () => {
  text.value = "";
});
text.addEventListener("input", () => {
  file.value = "";
});

document.addEventListener("paste", (event) => {
  const pasted = event.clipboardData && event.clipboardData.files;
  if (pasted && pasted[0]) {
    event.preventDefault();
    take(pasted);
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
  if (event.dataTransfer.files[0]) {
    take(event.dataTransfer.files);
  }
});

// The report that was shown before language or display was switched.
async function resume(id, way) {
  const mine = ++latest;
  about = said.aboutbefore;
  unnamed = way === "~";
  pasted = way === ".";
  latestAsked = () => resume(id, way);
  let end = () => say("changed", said.gone, "", "");
  try {
    const response = await fetch("/v1/verifications/" + encodeURIComponent(id), { headers: { Accept: "application/json" } });
    const body = await response.json();
    end = response.ok ? () => report(body) : end;
  } catch {
    // told as any report that cannot be had again
  }
  if (mine === latest) {
    end();
    bring();
  }
}

// Which report the address brought; it is taken out of the address at once.
function brought() {
  const found = /^#report=([A-Za-z0-9_-]+)([~.]?)$/.exec(window.location.hash);
  if (found) {
    history.replaceState(null, "", window.location.pathname + window.location.search);
  }
  return found;
}

const before = brought();
window.addEventListener("hashchange", brought); // a link to the very display there is loads nothing
if (before) {
  resume(before[1], before[2]);
}
