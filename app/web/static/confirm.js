// Compares a file with the digest on the page. The file stays in the browser: nothing is sent.
"use strict";

const own = document.getElementById("own");
const compared = document.getElementById("compared");
const paper = document.getElementById("print");
const said = document.body.dataset;
const uncompared = document.getElementById("uncompared");
let latest = 0;

function tell(kind, mark, words) {
  compared.className = "mark " + kind;
  compared.textContent = (mark + " " + words).trim();
  compared.hidden = false;
}

function apart(other) { // a conclusion about another file must not stand there as if it were of this one
  document.getElementById("another").hidden = !other;
  document.getElementById("conclusion").classList.toggle("struck", other);
}

async function compare(file) {
  const mine = ++latest;
  tell("working", "", said.reading);
  uncompared.hidden = false;
  apart(false);
  let shown;
  if (file.size === 0) {
    shown = ["refused", "", said.empty];
  } else if (!window.crypto || !window.crypto.subtle) { // browsers offer it over https and on this machine
    shown = ["refused", "", said.unable];
  } else {
    try {
      const octets = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
      const digest = Array.from(octets, (each) => each.toString(16).padStart(2, "0")).join("");
      shown = digest === document.getElementById("sha256").textContent.trim()
        ? ["same", "=", said.same]
        : ["differs", "≠", said.differs];
    } catch {
      shown = ["refused", "", said.unread];
    }
  }
  if (mine === latest) { // an earlier file must not answer for a later one
    tell(...shown);
    uncompared.hidden = ["same", "differs"].includes(shown[0]);
    apart(shown[0] === "differs");
  }
}

if (own) {
  document.getElementById("choosing").hidden = uncompared.hidden = false;
  own.addEventListener("change", () => {
    compared.hidden = true;
    uncompared.hidden = false;
    apart(false);
    latest += 1;
    if (own.files[0]) {
      compare(own.files[0]);
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
      own.files = event.dataTransfer.files;
      compare(event.dataTransfer.files[0]);
    }
  });
}

paper.hidden = false;
paper.addEventListener("click", () => window.print());
