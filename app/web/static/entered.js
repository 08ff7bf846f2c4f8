// What people enter on the page, before anything is asked. Twin of app/routers/entered.py.
"use strict";

const BETWEEN = /[\s\u200b\u2060\ufeff]+/g; // what copying puts into a token or identifier
const TOKEN = /^e[A-Za-z0-9_=-]*(\.[A-Za-z0-9_=-]*)+$/;
const CODE = /^([0-9A-Z]{18}|[0-9]{6})$/;
const HEIC = /^ftyp(heic|heix|heim|heis|hevc|mif1|msf1)$/; // ISO/IEC 23008-12

// A token or an identifier, whatever line breaks it was copied with; empty: nothing.
function pastedText(words) {
  const whole = words.replace(BETWEEN, "");
  return !whole ? {} : TOKEN.test(whole) ? { token: whole } : { identifier: whole };
}

// The code of an issuer entered by code, in any case, or by name; nothing: nobody, or several.
function issuerMeant(words, bodies) {
  const entered = words.replace(/\s+/g, "");
  const code = entered.toUpperCase();
  if (CODE.test(code)) {
    return code;
  }
  const bare = (name) => name.replace(/\s+/g, "").toLowerCase();
  const whole = bodies.filter(([, name]) => bare(name) === bare(entered));
  const found = whole.length ? whole : bodies.filter(([, name]) => bare(name).includes(bare(entered)));
  return found.length === 1 ? found[0][0] : "";
}

// Why a file is not even sent: the name of the words for it.
async function lookAt(file) {
  if (file.size === 0) {
    return "empty";
  }
  return HEIC.test(await file.slice(4, 12).text()) ? "heic" : "";
}
