// What the page says in place of a report's headline, and beside it. Twin of app/routers/telling.py.
"use strict";

const FRESH = 60; // seconds for which an answer is the one of this very question

// The issuer says in force, and its word counts.
function confirmed(found) {
  const { counts, said: given } = found.answer;
  return counts && given && given.outcome === 0;
}

// How it was asked, as far as a report does not say: by number and of nobody, or as pasted text.
const UNSAID = { unnamed: false, pasted: false };
const SLIPS = ["notfound", "notfoundid", "mismatch", "cutoff"];
const NAMED = 4; // codes in a headline; the lines below it have all

// Name of the page's own words, where it has better ones than the report.
function ownHeadline(found, asked) {
  const reason = found.reason ? found.reason.code : "";
  if (found.subject === "record") {
    return ofRecord(reason, found, asked);
  }
  if (found.sealed_document) {
    return ofSeal(reason, found);
  }
  if (asked.pasted && reason === "malformed") {
    return "cutoff";
  }
  if (reason !== "unsigned_copy") {
    return "";
  }
  const signed = found.signatures.map((each) => each.outcome === "passed");
  if (found.photo && confirmed(found) && signed.length && signed.every(Boolean)) {
    return "photogood";
  }
  const nothing = !(signed.length || found.license.issuer || found.license.type);
  return nothing && found.format === "pdf" ? "plainpdf" : "";
}

function differing(found) {
  return found.facts_compared.filter((each) => each.match === "differs").map((each) => each.fact);
}

function ofRecord(reason, found, asked) {
  if (asked.unnamed && reason === "issuer_unknown") {
    return "choosefirst";
  }
  if (reason === "not_found") {
    return "notfound";
  }
  if (reason === "issuer_denies") { // by an identifier; no file was presented
    return "notfoundid";
  }
  if (reason === "record_mismatch" && differing(found).length) {
    return "mismatch";
  }
  return confirmed(found) && reason === "insufficient_facts" ? "recordonly" : "";
}

// Nobody said whose seal it had to be: that it holds is all there is to say. A platform that is
// silent is an outage; one that is not registered is none.
function ofSeal(reason, found) {
  if (found.conclusion === "valid") {
    return found.sealed_document.any_signer ? "sealonly" : "";
  }
  const wanting = sealsAsked(found).filter((each) => !each.counts);
  const quiet = wanting.length && wanting.every((each) => each.silence);
  const meant = ["seal_status_unknown", ...wanting.map((each) => each.reason)];
  return quiet && meant.includes(reason) ? "sealoutage" : "";
}

// What asking came to: of each seal of a document that has several, else the one answer.
function sealsAsked(found) {
  const seals = found.sealed_document && found.sealed_document.seals || [];
  return seals.length ? seals : [found.answer];
}

// Nothing is registered under what somebody typed: no fault of any document.
function isUnfound(found) {
  return ["notfound", "notfoundid"].includes(ownHeadline(found, UNSAID));
}

// What was typed does not fit the record; no document was shown.
function isSlip(found) {
  return SLIPS.includes(ownHeadline(found, UNSAID));
}

// Nobody was named as issuer, or a document is no license: the question does not arise.
function namesNobody(found, asked) {
  return Boolean(found.sealed_document) || ["choosefirst", "plainpdf", "cutoff"].includes(ownHeadline(found, asked));
}

// The signature holds, and whom it names as issuer has no such license.
function isDenied(found) {
  return Boolean(found.reason) && found.reason.code === "issuer_denies" && found.subject === "document";
}

function unanswered(found) {
  return found.answer.said ? "" : found.answer.asked ? "noanswer" : "notasked";
}

// Words for a block that passed for want of anything to ask; empty: it was asked.
function moot(block, found, asked) {
  const { blocks, sealed_document: sealed } = found;
  const own = ownHeadline(found, asked);
  if (own === "cutoff") {
    return "uncut";
  }
  if (own === "mismatch" && block === "status") {
    return "untold";
  }
  if (blocks[block].outcome !== "passed") {
    return "";
  }
  if (block === "authenticity") {
    return found.subject === "record" ? "nofile" : "";
  }
  if (block !== "authority") {
    return "";
  }
  if (sealed && sealed.any_signer && blocks.authenticity.outcome !== "failed") {
    return "anysigner";
  }
  if (found.conclusion === "valid") {
    return "";
  }
  if (blocks.authenticity.outcome === "failed") {
    return "inauthentic";
  }
  return sealed ? "" : unanswered(found);
}

function mootCheck(check, block, found, asked) {
  if (ownHeadline(found, asked) === "cutoff") {
    return "uncut";
  }
  if (check.outcome !== "passed") {
    return "";
  }
  if (block === "authenticity") {
    return found.subject === "record" ? "nofile" : "";
  }
  if (check.name === "signer_expected") {
    return found.sealed_document && found.sealed_document.any_signer ? "anysigner" : "";
  }
  return check.name === "bound" && found.conclusion !== "valid" ? unanswered(found) : "";
}

// Of a copy (加注件) whose purpose was compared with nothing: the page does not ask for any.
function isCopyUncompared(check) {
  const compared = ["copy_purpose_differs", "copy_matter_unproven"].includes(check.reason);
  return check.name === "copy_current" && check.outcome !== "not_applicable" && !compared;
}

// Without what stands below as a line of its own.
function shorter(headline, said) {
  return [["（", "）"], ["；", ""], [" (", ")"], ["; ", ""]].reduce(
    (words, [begin, end]) => words.replaceAll(begin + said.anyone + end, ""), headline);
}

// With the facts that differ, by name, or with the codes of those who sealed.
function filled(words, found, factName, lang) {
  const between = lang === "en" ? ", " : "、";
  const codes = found.sealed_document ? found.sealed_document.signers.slice(0, NAMED) : [];
  return words.replace("{facts}", () => differing(found).map(factName).join(between)).replace("{codes}", codes.join(between));
}

// Headlines of the page's own; some with a meaning and a next step.
function ownWords(own, said) {
  return {
    choosefirst: [said.choosefirst, "", ""],
    notfound: [said.notfound],
    notfoundid: [said.notfoundid, said.notfoundidmore, said.notfoundidnext],
    mismatch: [said.mismatch, said.mismatchmore, said.mismatchnext],
    cutoff: [said.cutoff, said.cutoffmore, said.cutoffnext],
    recordonly: [said.recordonly],
    photogood: [said.photogood],
    plainpdf: [said.plainpdf],
    sealonly: [said.sealonly],
    sealoutage: [said.sealoutage, said.sealoutagemore, said.sealoutagenext],
  }[own] || [];
}

function told(found, said, factName, lang, asked) {
  const own = ownHeadline(found, asked);
  const [headline, meaning, next] = ownWords(own, said);
  const outage = own === "sealoutage" || found.reason && found.reason.family === "dependency";
  const kind = SLIPS.includes(own) ? "unfound" : outage ? "outage" : found.conclusion;
  return {
    kind,
    words: headline ? filled(headline, found, factName, lang) : shorter(found.headline[lang], said),
    meaning: meaning ?? found.explanation.clerk[lang],
    next: next ?? found.explanation.next_step[lang],
  };
}

// In doubt, and for another reason than `but`.
function isOpen(found, check, but) {
  return Object.values(found.blocks).some((block) => block.checks.some((each) =>
    each.name === check && each.outcome === "indeterminate" && !(but && each.reason === but)));
}

// Whose seals: the one question of a document that is no license. `named`: code to registered name.
function sealed(found, said, named) {
  const quiet = ownHeadline(found, UNSAID) === "sealoutage"; // said above
  const state = !quiet && isOpen(found, "seal_in_use", "seal_ended_since") ? said.sealstate : "";
  return found.sealed_document.signers.map((code) => {
    const name = named(code);
    const who = (name ? said.sealname : said.sealcode).replace("{code}", code).replace("{name}", () => name);
    const first = said.sealedby.replace("{who}", () => who);
    return first + (first.endsWith("。") || !state ? "" : " ") + state;
  });
}

// The issuer confirms a record, and not this file.
function ofNumber(found) {
  const ofFile = found.subject === "document" && found.conclusion !== "valid";
  const { said: given } = found.answer;
  return ofFile && confirmed(found) && given.document !== "match";
}

// How old the answer is; and what it is not about, or stands against.
function ofAnswer(found, said, own, span) {
  const { counts, said: given } = found.answer;
  const passed = found.blocks.authenticity.outcome === "passed";
  const ofRecordOnly = own !== "photogood" && !(passed || found.sealed_document) && ofNumber(found);
  const words = found.sealed_document ? said.byplatform : said.byanswer;
  return [
    isDenied(found) && passed && said.denied,
    ofRecordOnly ? said.numberonly : counts && given && given.age_seconds >= FRESH && words.replace("{age}", () => span(-given.age_seconds)),
  ];
}

function mistyped(found) {
  return found.blocks.authority.checks.some((each) => each.name === "identifier_form" && each.outcome === "failed");
}

// It must be sealed, and holds no signature of any kind: what looks like a seal is drawn.
function isPainted(found) {
  return found.reason && found.reason.code === "signature_missing" && !found.signatures.length;
}

function notes(found, said, lang, named, span, asked) {
  const valid = found.conclusion === "valid";
  const own = ownHeadline(found, asked);
  return [
    ...ofAnswer(found, said, own, span),
    valid && found.format === "jws" && said.unseen,
    valid && isOpen(found, "own_dates") && said.pastdate,
    own === "recordonly" && said.bynumber,
    found.subject === "record" && mistyped(found) && said.checkbad,
    isPainted(found) && said.painted,
    found.license.dispute && "⚠ " + found.license.dispute.text[lang],
    ...(found.sealed_document ? sealed(found, said, named) : []),
  ].filter(Boolean);
}
