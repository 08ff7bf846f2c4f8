// How a report is shown. What a document says is text, never markup.
"use strict";

const byId = (id) => document.getElementById(id);
const form = byId("verify");
const facts = byId("facts");
const photo = byId("photo");
const result = byId("result");
const file = byId("file");
const text = byId("text");
const said = document.body.dataset;
const lang = said.lang;
const marks = {
  valid: "✔", invalid: "✘", indeterminate: "?", outage: "↻", unfound: "✎",
  passed: "✔", failed: "✘", not_applicable: "–",
};
const outcomes = {
  passed: said.passed, failed: said.failed, indeterminate: said.open, not_applicable: said.none,
  unfound: said.unlisted,
};
const mootWords = { nofile: said.nofile, noanswer: said.noanswer, inauthentic: said.inauthentic, anysigner: said.anysigner, notasked: said.notasked, uncut: said.uncut, untold: said.untold };
const sealWords = { 0: said.sealused, 2: said.sealfrozen, 3: said.sealstopped, 5: said.sealnosuch };
const matches = { match: said.match, differs: said.differs, unknown: said.unknown };
const times = { tsa: said.timetsa, claimed: said.timeclaimed, first_seen: said.timefirst, none: said.timenone };
const order = ["failed", "indeterminate", "passed"]; // what was not applicable stands below, as unchecked
const hidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu; // marks that turn or hide what is beside them
const stacked = /(\p{M}{4})\p{M}+/gu; // more marks on one letter than any script has: they would cover other lines
const longest = 160;
const switches = document.querySelectorAll('a[href^="?"]');
let latest = 0;
let latestAsked = () => {}; // asks the same once more
let asked = {}; // what was asked by number or identifier, to be carried to the page of wrong records
let about = ""; // what the result is about
let unnamed = false; // asked by number, and of nobody
let pasted = false; // as text, where copying cuts things off
let drawing = null; // what the picture is drawn of, once somebody wants to see it

// Nothing that turns or hides what is beside it is ever written, whoever's words it is in.
function plain(words) {
  return String(words).replace(hidden, "�");
}

function element(name, words, kind) {
  const made = document.createElement(name);
  made.textContent = plain(words);
  if (kind) {
    made.className = kind;
  }
  return made;
}

// Words that may come from a document: on one line, of bounded length, and turning nothing beside them.
function foreign(words) {
  const all = Array.from(plain(words).replace(stacked, "$1�"));
  return element("bdi", all.length > longest ? all.slice(0, longest).join("") + "…" : all.join(""));
}

function show(id, words) {
  byId(id).textContent = plain(words || "");
  byId(id).hidden = !words;
}

function named(name) {
  return byId("names").querySelector('[data-name="' + CSS.escape(name) + '"]');
}

function say(kind, words, meaning, next) {
  const mark = byId("mark");
  mark.className = "mark " + kind;
  mark.textContent = plain((marks[kind] ? marks[kind] + " " : "") + words);
  show("about", "");
  byId("notes").replaceChildren();
  byId("notes").hidden = true;
  show("meaning", meaning);
  show("next", next);
  show("retry", "");
  show("beware", "");
  byId("next-label").hidden = !next;
  byId("who").hidden = true;
  byId("checks").hidden = true;
  byId("blocks").replaceChildren();
  byId("steps").replaceChildren();
  byId("steps").hidden = true;
  byId("steps-label").hidden = true;
  byId("again").hidden = true;
  byId("proof").hidden = true;
  byId("picture").hidden = true;
  byId("picture").open = false;
  byId("drawn").hidden = true;
  show("seals", "");
  drawing = null;
  leads("");
  result.hidden = false;
}

// Language and display stand in the address: a link takes the report with it, in the part of the
// address that is sent to nobody.
function leads(hash) {
  for (const each of switches) {
    each.hash = hash;
  }
}

// Shown at once, wherever the page was scrolled to; read out by screen readers as a status.
function bring() {
  result.scrollIntoView({ block: "start" });
}

// Whole seconds, past (ago) or to come, as people say it.
function span(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) || ["second", 1];
  return new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

function line(outcome, words, ...more) {
  const made = element("li", (marks[outcome] || "·") + " " + words, outcome);
  made.append(...more);
  return made;
}

function note(label, ...words) {
  const made = element("p", label, "note");
  made.append(...words);
  return made;
}

function meant(code, found) {
  if (code === "past_own_date" && found.answer.counts) { // it did answer
    return said.pastown + " (" + code + ")";
  }
  if (code === "issuer_unknown" && unnamed) {
    return said.noone + " (" + code + ")";
  }
  if (code === "malformed" && pasted) {
    return said.cutwhy + " (" + code + ")";
  }
  const told = found.reason && found.reason.code === code
    ? found.explanation
    : found.other_reasons.find((each) => each.code === code);
  return (told ? told.title[lang] : "") + " (" + code + ")";
}

function check(each, found, name) {
  const own = mootWords[mootCheck(each, name, found, { unnamed, pasted })];
  const holds = own || (each.closed_by_issuer ? said.closed : outcomes[each.outcome]);
  const outcome = each.outcome === "failed" && isSlip(found) ? "unfound" : each.outcome;
  const made = line(own ? "not_applicable" : outcome, holds + " · " + (isCopyUncompared(each) ? said.copyasks : each.question[lang]));
  if (each.role !== "document") {
    made.append(" ", foreign("[" + each.subject + "]"));
  }
  if (each.reason) {
    made.append(note(said.why, meant(each.reason, found)));
  }
  const asked = named(each.name);
  const clause = asked && (asked.dataset[found.format] || asked.dataset.any) || said.own;
  const evidence = each.detail ? [" · " + said.evidence, foreign(each.detail)] : [];
  evidence.slice(1).forEach((words) => words.setAttribute("lang", "en")); // for engineers, in their language
  made.append(note(said.clause, clause, ...evidence));
  return made;
}

// One, or one about each seal.
function answers(found) {
  return sealsAsked(found).map((each) => answer(each, found));
}

function answer(told, found) {
  const given = told.said;
  const whose = found.sealed_document ? said.sealanswer : said.answer;
  const why = told.reason ? [note(said.why, meant(told.reason, found))] : [];
  const about = told.signature ? [" ", foreign("[" + told.signature + "]")] : [];
  if (!given) {
    return line("indeterminate", whose + (told.asked ? said.silent : said.unasked), ...about, ...why);
  }
  const state = given.state_text ? " · " + given.state_text[lang] : "";
  const words = found.sealed_document && sealWords[given.outcome] || given.outcome_text[lang] + state;
  const outcome = !told.counts ? "indeterminate" : isSlip(found) ? "unfound" : given.outcome === 0 ? "passed" : "failed";
  const how = span(-Math.max(0, given.age_seconds)) + " · " + (given.signed ? said.signed : said.unsigned);
  return line(outcome, whose + words, ...about, ...why, note(how));
}

function compared(each) {
  const name = named("fact:" + each.fact);
  const outcome = { match: "passed", differs: "failed" }[each.match] || "indeterminate";
  return line(outcome, (name ? name.textContent : each.fact) + " · " + (matches[each.match] || ""));
}

function folded(title, kind, open, lines) {
  const made = document.createElement("details");
  const list = document.createElement("ul");
  made.open = open;
  list.append(...lines);
  made.append(element("summary", title, kind), list);
  return made;
}

// Open where something failed or is in doubt: that is what the reader looks for.
function block(name, found) {
  const made = found.blocks[name];
  const asked = order.flatMap((outcome) => made.checks.filter((each) => each.outcome === outcome));
  const lines = asked.flatMap((each) => [check(each, found, name), ...(isCopyUncompared(each) ? [line("not_applicable", said.copyuse)] : [])]);
  const status = name === "status" ? [...answers(found), ...found.facts_compared.map(compared)] : [];
  const outcome = name === "status" && isUnfound(found) ? "unfound" : made.outcome;
  const mooted = moot(name, found, { unnamed, pasted });
  const own = mootWords[mooted];
  const title = (own ? marks.not_applicable : marks[outcome]) + " " + (own || outcomes[outcome]) + " · " + made.question[lang];
  return folded(title, own ? "not_applicable" : outcome, own ? mooted === "untold" : ["failed", "indeterminate", "unfound"].includes(outcome), [...status, ...lines]);
}

// Who signed is the registry's word or nobody's: names inside a document are not shown.
function signer(each) {
  const name = each.signer && each.signer.name ? each.signer.name[lang] : "";
  const who = each.signer ? (name ? name + " · " : "") + each.signer.code : said.unproven;
  const holds = outcomes[each.outcome] + " · ";
  const made = line(each.signer ? each.outcome : "indeterminate", holds + who + " ", foreign("[" + each.label + "]"));
  const at = each.time.at ? instant(each.time.at) + " · " : "";
  made.append(note(at + (times[each.time.source] || "")));
  return made;
}

// What each code of a photo holds, by kind; never what is in it.
function code(each) {
  return line("", each.text[lang] + " ", foreign("[" + each.label + "]"));
}

function unchecked(found) {
  const concern = found.unchecked.filter((each) => each.why !== "not_concerned");
  const lines = new Map();
  for (const each of concern) {
    const name = named(each.what);
    const words = (name ? name.textContent + " " : "") + each.text[lang];
    lines.set(words, line("not_applicable", words));
  }
  const rest = found.unchecked.length - concern.length;
  return [...lines.values(), ...(rest ? [line("not_applicable", rest + " " + said.unconcerned)] : [])];
}

function sources(found) {
  const lines = answers(found);
  if (found.statement) {
    const told = found.statement;
    lines.push(line("", said.statement + told.outcome_text[lang], note(span(-Math.max(0, told.age_seconds)) + " · " + (told.signed ? said.signed : said.unsigned))));
  }
  for (const each of found.trust) {
    const age = each.age_seconds === null ? said.never : span(-Math.max(0, each.age_seconds));
    const late = each.stale ? " · " + said.stale : "";
    lines.push(line(each.stale ? "indeterminate" : "", said.list + each.publisher + " #" + each.number, note(age + late)));
  }
  return found.trust.length ? lines : [...lines, line("", said.local)];
}

// As the Swedes write it, which is as ISO 8601 has it.
function instant(text) {
  return new Date(text).toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" }) + said.beijing;
}

// Until signer and entitlement are settled, the issuer is the one the file, or the asker, names.
// Where nobody was named, or a document is no license, the question does not arise.
function who(found, nobody) {
  const settled = ["authenticity", "authority"].every((each) => found.blocks[each].outcome === "passed") && !isDenied(found);
  const { issuer, type } = found.license;
  byId("issuer-label").textContent = settled || found.conclusion === "valid" ? said.issuer : said.claimed;
  byId("issuer").replaceChildren(issuer ? element("bdi", issuer.name[lang] + " · " + issuer.code) : nobody);
  byId("issuer").hidden = byId("issuer-label").hidden = !issuer && !nobody;
  show("type", type && type.name[lang]);
  byId("type-label").hidden = !type;
  byId("who").hidden = byId("issuer").hidden && !type;
}

// Names of the register, as far as the page has them.
function bodies() {
  return Array.from(document.querySelectorAll("#bodies option"), (each) => [each.value, each.textContent]);
}

// To the page where a wrong record is reported: what was typed, and what is registered.
function carry(found) {
  const { issuer, type } = found.license;
  const all = { ...asked, issuer: issuer ? issuer.code : asked.issuer, type: type ? type.code : asked.type };
  for (const each of byId("mend").querySelectorAll("input")) {
    each.value = all[each.name] || "";
  }
}

function report({ report: found }) {
  const way = { unnamed, pasted };
  const top = told(found, said, (fact) => (named("fact:" + fact) || { textContent: fact }).textContent, lang, way);
  say(top.kind, top.words, top.meaning, top.next);
  byId("about").replaceChildren(foreign(said.about + about));
  byId("about").hidden = false;
  const registered = new Map(bodies());
  const beside = notes(found, said, lang, (code) => registered.get(code), span, way);
  byId("notes").replaceChildren(...beside.map((each) => element("li", each)));
  byId("notes").hidden = !beside.length;
  show("retry", top.meaning ? found.retry_after && said.retry + span(found.retry_after) : said.unnamed);
  byId("again").hidden = top.kind !== "outage";
  who(found, namesNobody(found, way) ? "" : said.unregistered);
  leads("#report=" + found.id + (unnamed ? "~" : pasted ? "." : ""));
  carry(found);
  const blocks = ["authenticity", "authority", "status"].map((name) => block(name, found));
  if (found.photo) {
    const elsewhere = found.photo.codes.some((each) => each.holds === "unofficial_url");
    show("beware", elsewhere && "⚠ " + said.beware);
    blocks.push(folded(said.codes, "", false, found.photo.codes.map(code)));
  }
  if (found.signatures.length) {
    blocks.push(folded(said.signatures, "", Boolean(found.sealed_document), found.signatures.map(signer)));
  }
  blocks.push(folded(said.unchecked, "", false, unchecked(found)), folded(said.sources, "", false, sources(found)));
  byId("blocks").replaceChildren(...blocks);
  byId("checks").hidden = false;
  byId("when").textContent = instant(found.at);
  show("reason", found.reason && found.reason.code);
  byId("reason-label").hidden = !found.reason;
  byId("code").textContent = found.code;
  byId("code").href = "/r/" + found.code + window.location.search;
  byId("whole").textContent = found.id;
  byId("whole").href = "/v1/verifications/" + encodeURIComponent(found.id);
  byId("proof").hidden = false;
  if (found.format === "ofd" && file.files[0]) {
    drawing = { file: file.files[0], verification: found.id };
    byId("picture").hidden = false;
  }
}

// Beside the picture, where no document can draw: how many seals there are, and how each was found.
function sealsOf(found) {
  const words = { sound: said.sealsound, unsettled: said.sealunsettled, doubted: said.sealdoubted, broken: said.sealbroken, unjudged: said.sealunjudged };
  const told = Object.keys(words).map((mark) => [words[mark], found.filter((each) => each === mark).length]);
  return said.sealshere + (told.filter(([, count]) => count).map(([word, count]) => word + count).join(lang === "en" ? "; " : "；") || said.sealsnone);
}

// In an <img>, where nothing of it can run; drawn only for whoever wants to see it.
async function draw() {
  const mine = latest;
  const body = new FormData();
  for (const [name, value] of Object.entries(drawing)) {
    body.append(name, value);
  }
  drawing = null;
  let url = "";
  let seals = [];
  try {
    const response = await fetch("/v1/pictures", { method: "POST", body });
    const answer = await response.json();
    url = response.ok ? URL.createObjectURL(new Blob([answer.svg], { type: "image/svg+xml" })) : "";
    seals = answer.seals || [];
  } catch {
    url = "";
  }
  if (mine === latest) { // not of a file that has been put away meanwhile
    byId("drawn").hidden = !url;
    byId("drawn").src = url || "data:,";
    show("undrawn", !url && said.undrawn);
    show("seals", url && sealsOf(seals));
  }
}
