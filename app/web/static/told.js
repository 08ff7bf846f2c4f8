// What the page says in place of a report's headline, and beside it. Twin of app/routers/telling.py.
"use strict";

const FRESH = 60; // seconds for which an answer is the one of this very question

// The issuer says in force, and its word counts.
function confirmed(found) {
  const { counts, said: given } = found.answer;
  return counts && given && given.outcome === 0;
}

// Name of the page's own words, where it has better ones than the report.
function ownHeadline(found, unnamed) {
  const reason = found.reason ? found.reason.code : "";
  if (found.subject === "record") {
    if (unnamed && reason === "issuer_unknown") {
      return "choosefirst";
    }
    if (reason === "not_found") {
      return "notfound";
    }
    return confirmed(found) && reason === "insufficient_facts" ? "recordonly" : "";
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

// Nothing is registered under a number that somebody typed: no fault of any document.
function isUnfound(found) {
  return ownHeadline(found, false) === "notfound";
}

// Nobody was named as issuer, or a document is no license: the question does not arise.
function namesNobody(found, unnamed) {
  return Boolean(found.sealed_document) || ["choosefirst", "plainpdf"].includes(ownHeadline(found, unnamed));
}

// Words for a block that passed for want of anything to ask; empty: it was asked.
function moot(block, found) {
  const { blocks, sealed_document: sealed } = found;
  if (blocks[block].outcome !== "passed") {
    return "";
  }
  if (block === "authenticity") {
    return found.subject === "record" ? "nofile" : "";
  }
  if (block !== "authority" || found.conclusion === "valid") {
    return "";
  }
  if (blocks.authenticity.outcome === "failed") {
    return "inauthentic";
  }
  if (sealed) {
    return sealed.any_signer ? "anysigner" : "";
  }
  return found.answer.said ? "" : "noanswer";
}

function mootCheck(check, block, found) {
  if (check.outcome !== "passed") {
    return "";
  }
  if (block === "authenticity") {
    return found.subject === "record" ? "nofile" : "";
  }
  return check.name === "bound" && !found.answer.said && found.conclusion !== "valid" ? "noanswer" : "";
}

// Without what stands below as a line of its own.
function shorter(headline, said) {
  return [["（", "）"], ["；", ""], [" (", ")"], ["; ", ""]].reduce(
    (words, [begin, end]) => words.replaceAll(begin + said.anyone + end, ""), headline);
}

function told(found, said, lang, unnamed) {
  const outage = found.reason && found.reason.family === "dependency";
  const kind = outage ? "outage" : found.conclusion;
  const own = ownHeadline(found, unnamed);
  const words = {
    choosefirst: said.choosefirst, notfound: said.notfound, recordonly: said.recordonly,
    photogood: said.photogood, plainpdf: said.plainpdf,
  }[own] || shorter(found.headline[lang], said);
  const bare = own === "choosefirst";
  return {
    kind: own === "notfound" ? "unfound" : kind,
    words,
    meaning: bare ? "" : found.explanation.clerk[lang],
    next: bare ? "" : found.explanation.next_step[lang],
  };
}

function isOpen(found, check) {
  return Object.values(found.blocks).some((block) =>
    block.checks.some((each) => each.name === check && each.outcome === "indeterminate"));
}

// Whose seals: the one question of a document that is no license. `named`: code to registered name.
function sealed(found, said, named) {
  const state = isOpen(found, "seal_in_use") ? said.sealstate : "";
  return found.sealed_document.signers.map((code) => {
    const name = named(code);
    const who = (name ? said.sealname : said.sealcode).replace("{code}", code).replace("{name}", () => name);
    const first = said.sealedby.replace("{who}", () => who);
    return first + (first.endsWith("。") || !state ? "" : " ") + state;
  });
}

function notes(found, said, lang, named, span) {
  const { counts, said: given } = found.answer;
  const valid = found.conclusion === "valid";
  return [
    counts && given && given.age_seconds >= FRESH && said.byanswer.replace("{age}", () => span(-given.age_seconds)),
    valid && found.format === "jws" && said.unseen,
    valid && isOpen(found, "own_dates") && said.pastdate,
    ownHeadline(found, false) === "recordonly" && said.bynumber,
    found.license.dispute && "⚠ " + found.license.dispute.text[lang],
    ...(found.sealed_document ? sealed(found, said, named) : []),
  ].filter(Boolean);
}
