// The interface as a page, from this node's own openapi.json: nothing is fetched from anywhere else.
"use strict";

function element(name, words, kind) {
  const made = document.createElement(name);
  made.textContent = words || "";
  if (kind) {
    made.className = kind;
  }
  return made;
}

function json(value) {
  return element("pre", typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

function folded(title, ...inner) {
  const made = document.createElement("details");
  made.append(element("summary", title), ...inner);
  return made;
}

function resolved(schema, whole) {
  const named = schema && schema.$ref && schema.$ref.split("/").pop();
  return named ? whole.components.schemas[named] : schema || {};
}

function kind(schema, whole) {
  if (schema.anyOf) {
    return schema.anyOf.map((each) => kind(each, whole)).filter((each) => each !== "null").join(" | ");
  }
  const real = resolved(schema, whole);
  if (real.enum) {
    return real.enum.join(" | ");
  }
  const inner = real.items ? " of " + kind(real.items, whole) : "";
  return (schema.$ref ? schema.$ref.split("/").pop() : real.format || real.type || "any") + inner;
}

function members(schema, whole) {
  const real = resolved(schema, whole);
  const list = document.createElement("dl");
  for (const [name, each] of Object.entries(real.properties || {})) {
    const must = (real.required || []).includes(name) ? " *" : "";
    list.append(element("dt", name + must), element("dd", [kind(each, whole), each.description].filter(Boolean).join(" · ")));
  }
  return list;
}

function examples(content) {
  const named = Object.entries(content.examples || {}).map(([name, each]) => folded("example: " + name, json(each.value)));
  return content.example === undefined ? named : [folded("example", json(content.example)), ...named];
}

function bodies(contents, whole) {
  return Object.entries(contents || {}).flatMap(([type, content]) => [
    element("h4", type),
    members(content.schema || {}, whole),
    ...examples(content),
  ]);
}

function parameters(list) {
  const made = document.createElement("dl");
  for (const each of list || []) {
    made.append(element("dt", each.name + (each.required ? " *" : "")), element("dd", each.in + (each.description ? " · " + each.description : "")));
  }
  return made;
}

function answer([status, each], whole) {
  return folded(status + " " + (each.description || ""), ...bodies(each.content, whole));
}

function operation(path, method, each, whole) {
  const made = document.createElement("section");
  made.id = each.operationId;
  made.append(
    element("h2", method.toUpperCase() + " " + path),
    element("p", each.summary, "small"),
    ...(each.description || "").split("\n\n").map((words) => element("p", words)),
    parameters(each.parameters),
  );
  if (each.requestBody) {
    made.append(element("h3", "Request"), ...bodies(each.requestBody.content, whole));
  }
  made.append(element("h3", "Answers"), ...Object.entries(each.responses).map((one) => answer(one, whole)));
  return made;
}

async function shown() {
  const whole = await (await fetch("/openapi.json")).json();
  document.getElementById("about").textContent = whole.info.summary + " · " + whole.info.version;
  const all = Object.entries(whole.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => operation(path, method, each, whole)),
  );
  document.getElementById("operations").append(...all);
}

shown();
