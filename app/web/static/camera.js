// Scans with the camera. It is asked for only when pressed, and is off as soon as one frame is taken.
// The frame goes the way of every photo: which codes stand in it, and what they are worth, the server
// says. A browser that sees codes by itself decides when the frame is taken, and nothing else.
// Loaded where it stands, before anything below is drawn: what appears moves nothing.
"use strict";

{
  const byId = (id) => document.getElementById(id); // shown.js comes later
  const live = byId("live");
  const scan = byId("scan");
  const scanning = byId("scanning");
  const seen = byId("seen");
  const shot = byId("shot");
  const wanted = { audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } } };
  const causes = { // W3C Media Capture and Streams §10.2
    NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none",
    NotReadableError: "busy", AbortError: "busy",
  };
  const pause = 150; // milliseconds between two looks for a code
  let turn = 0; // whatever belongs to an earlier turn is over
  let stream = null;
  let busy = false; // asked for, or on

  function ended(given) {
    given.getTracks().forEach((track) => track.stop());
  }

  function tell(name) {
    byId("live-told").textContent = live.dataset[name];
  }

  function off(name) {
    ++turn;
    busy = name === "asking";
    if (stream) {
      ended(stream);
    }
    stream = seen.srcObject = null;
    const left = scanning.contains(document.activeElement);
    scanning.hidden = true;
    scan.hidden = false;
    if (left) {
      scan.focus({ preventScroll: true });
    }
    tell(name);
  }

  async function opened(mine) {
    const given = await navigator.mediaDevices.getUserMedia(wanted);
    if (mine !== turn) { // allowed after it was no longer wanted
      return ended(given);
    }
    stream = given;
    given.getVideoTracks()[0].addEventListener("ended", () => mine === turn && off("failed"));
    seen.srcObject = given;
    scanning.hidden = false;
    scan.hidden = true;
    return seen.play();
  }

  async function on() {
    off("asking");
    const mine = turn;
    try {
      await opened(mine);
    } catch (error) {
      if (mine === turn) {
        off(causes[error.name] || "failed");
      }
    }
    if (mine === turn) {
      changed(); // page.js: no result stays beside another picture
      const detector = await reader();
      if (mine === turn) {
        tell(detector ? "auto" : "on");
        shot.focus({ preventScroll: true });
        scanning.scrollIntoView({ block: "end" }); // what it sees and what to press, both in sight
        watch(detector, mine);
      }
    }
  }

  // What this browser sees codes with, if it does.
  async function reader() {
    try {
      const formats = await BarcodeDetector.getSupportedFormats();
      return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
    } catch {
      return null;
    }
  }

  async function watch(detector, mine) {
    while (detector && mine === turn) {
      const looked = frame();
      const codes = await detector.detect(looked).catch(() => null);
      if (mine === turn && codes && codes.length) {
        send(looked);
      } else if (mine === turn && !codes) { // it cannot, after all
        tell("on");
        return;
      }
      await new Promise((next) => setTimeout(next, pause));
    }
  }

  function frame() {
    const drawn = document.createElement("canvas");
    drawn.width = seen.videoWidth;
    drawn.height = seen.videoHeight;
    drawn.getContext("2d").drawImage(seen, 0, 0);
    return drawn;
  }

  function send(drawn) {
    off("off");
    const mine = turn;
    drawn.toBlob((picture) => {
      if (mine === turn && picture) {
        const chosen = new DataTransfer();
        chosen.items.add(new File([picture], live.dataset.file, { type: picture.type }));
        take(chosen.files); // page.js: as any photo
      } else if (mine === turn) {
        tell("failed");
      }
    }, "image/jpeg", 0.92);
  }

  scan.addEventListener("click", on);
  shot.addEventListener("click", () => send(frame()));
  byId("stop").addEventListener("click", () => off("off"));
  const unwanted = () => busy && off("off");
  window.addEventListener("pagehide", unwanted);
  document.addEventListener("visibilitychange", () => document.hidden && unwanted());
  for (const each of ["submit", "change", "drop", "paste"]) { // something else is verified
    document.addEventListener(each, unwanted, true);
  }

  live.hidden = !(window.isSecureContext && navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
}
