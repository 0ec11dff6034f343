// Draws an OpenAPI 3.1 document. Every text is set as text, never as markup; nothing is loaded from elsewhere.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
let openapi;

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Text in which `backticks` mark code.
function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

function follow(thing) {
  if (!thing || !thing.$ref) return thing || {};
  const parts = thing.$ref.slice(2).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return parts.reduce((found, part) => found[part], openapi);
}

function nameOf(schema) {
  return schema.$ref ? schema.$ref.split("/").pop() : "";
}

function bounds(schema) {
  const least = schema.minimum ?? schema.exclusiveMinimum;
  const most = schema.maximum ?? schema.exclusiveMaximum;
  const far = (value) => value === undefined || Math.abs(value) > 1e15;
  const words = [];
  if (!far(least) && !far(most)) words.push(`${least} to ${most}`);
  else if (!far(least)) words.push(`${least} or more`);
  else if (!far(most)) words.push(`${most} or less`);
  if (schema.minLength !== undefined || schema.maxLength !== undefined) words.push(`${schema.minLength ?? 0} to ${schema.maxLength ?? "any"} characters`);
  if (schema.minItems !== undefined || schema.maxItems !== undefined) words.push(`${schema.minItems ?? 0} to ${schema.maxItems ?? "any"} items`);
  if (schema.multipleOf !== undefined) words.push(`in steps of ${schema.multipleOf}`);
  if (schema.pattern) words.push(`like ${schema.pattern.replaceAll("(?!\\n)", "")}`);
  return words.join(", ");
}

function kindOf(schema) {
  const known = follow(schema);
  if (known.enum) return known.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (known.const !== undefined) return JSON.stringify(known.const);
  const arms = known.anyOf || known.oneOf;
  if (arms) return arms.map(kindOf).join(" | ");
  if (schema.$ref) return nameOf(schema);
  if (known.type === "array") return `list of ${kindOf(known.items || {})}`;
  if (known.type === "object" && known.additionalProperties instanceof Object) return `map to ${kindOf(known.additionalProperties)}`;
  const limits = bounds(known);
  return (known.type || "anything") + (limits ? ` (${limits})` : "");
}

// The object schemas that a schema leads to, each once, in reading order.
function objectsIn(schema, found = new Map()) {
  const known = follow(schema);
  if (found.has(known)) return found;
  if (known.properties) found.set(known, nameOf(schema) || known.title || "");
  const inner = [...Object.values(known.properties || {}), ...(known.anyOf || []), ...(known.oneOf || []), ...(known.allOf || [])];
  for (const next of [known.items, known.additionalProperties, ...inner]) {
    if (next instanceof Object) objectsIn(next, found);
  }
  return found;
}

function table(heads, rows) {
  const row = (cells, tag) => make("tr", {}, ...cells.map((cell) => make(tag, { className: cell.length < 37 ? "short" : "" }, ...prose(cell))));
  return make("div", { className: "scroll" },
    make("table", {}, make("thead", {}, row(heads, "th")), make("tbody", {}, ...rows.map((cells) => row(cells, "td")))));
}

function meaning(schema, extra = "") {
  const words = [schema.description || extra || ""];
  if (schema.default !== undefined) words.push(`Default ${JSON.stringify(schema.default)}.`);
  if (schema.examples) words.push(`Example ${JSON.stringify(schema.examples[0])}.`);
  return words.filter(Boolean).join(" ");
}

function schemaTables(schema) {
  return [...objectsIn(schema)].map(([known, name], index) => {
    const required = new Set(known.required || []);
    const rows = Object.entries(known.properties).map(([field, inner]) =>
      [field, kindOf(inner), required.has(field) ? "required" : "", meaning(inner)]);
    const head = index === 0 ? null : make("p", { className: "dim" }, ...prose(`${name}: ${known.description || ""}`));
    return make("div", {}, head, table(["field", "type", "", "meaning"], rows));
  });
}

function sample(schema, seen = []) {
  const known = follow(schema);
  if (known.examples) return known.examples[0];
  if (known.default !== undefined) return known.default;
  if (known.enum) return known.enum[0];
  if (known.anyOf) return sample(known.anyOf[0], seen);
  if (seen.includes(known)) return null;
  if (known.properties) {
    const required = new Set(known.required || []);
    const fields = Object.entries(known.properties).filter(([field]) => required.has(field));
    return Object.fromEntries(fields.map(([field, inner]) => [field, sample(inner, [...seen, known])]));
  }
  if (known.type === "array") return [sample(known.items, [...seen, known])];
  return { integer: known.minimum > 0 ? known.minimum : 1, number: 1, boolean: false, object: {} }[known.type] ?? "";
}

function answers(operation) {
  const parts = [];
  for (const [status, given] of Object.entries(operation.responses)) {
    if (status >= "300") continue;
    const response = follow(given);
    const [media, content] = Object.entries(response.content || {})[0] || ["", null];
    const headers = Object.keys(response.headers || {}).join(", ");
    const tail = [media, headers && `with ${headers}`].filter(Boolean).join(", ");
    parts.push(make("p", {}, make("code", {}, status), ...prose(` ${response.description} `), make("span", { className: "dim" }, tail)));
    if (content && content.schema) parts.push(...schemaTables(content.schema));
  }
  return parts;
}

function refusals(operation) {
  const rows = [];
  for (const [status, given] of Object.entries(operation.responses)) {
    for (const row of follow(given)["x-refusals"] || []) rows.push([status, row.code === null ? "" : String(row.code), row.type, row.title, row.remedy]);
  }
  return rows;
}

function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function requestOf(path, method, inputs, body) {
  const headers = {};
  const query = new URLSearchParams();
  let target = path;
  for (const { parameter, input } of inputs) {
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value && parameter.in === "query") query.append(parameter.name, input.value);
    else if (input.value && parameter.in === "header") headers[parameter.name] = input.value;
  }
  if (body) headers["Content-Type"] = "application/json";
  if (query.size) target += `?${query}`;
  return { target, options: { method: method.toUpperCase(), headers, body: body ? body.value : undefined } };
}

function curlOf({ target, options }) {
  const words = [`curl -X ${options.method} ${quoted(location.origin + target)}`];
  for (const [name, value] of Object.entries(options.headers)) words.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (document.getElementById("token").value) words.push('-H "Authorization: Bearer $TOKEN"');
  if (options.body !== undefined) words.push(`-d ${quoted(options.body)}`);
  return words.join(" \\\n  ");
}

async function send(request, shown) {
  const token = document.getElementById("token");
  const headers = token.value ? { ...request.options.headers, Authorization: `Bearer ${token.value}` } : request.options.headers;
  const started = performance.now();
  try {
    const response = await fetch(request.target, { ...request.options, headers, credentials: "omit" });
    const text = await response.text();
    const told = ["content-type", "etag", "retry-after"].filter((name) => response.headers.has(name)).map((name) => `${name}: ${response.headers.get(name)}`);
    const head = `${response.status} ${response.statusText} in ${Math.round(performance.now() - started)} ms\n${told.join("\n")}`;
    shown.textContent = `${head}\n\n${pretty(text)}\n\n${curlOf(request)}`;
    const parsed = response.ok && text.startsWith("{") ? JSON.parse(text) : {};
    if (typeof parsed.access_token === "string") token.value = parsed.access_token;
  } catch (error) {
    shown.textContent = `No answer: ${error.message}\n\n${curlOf(request)}`;
  }
  shown.hidden = false;
}

// Only for the eye; numbers keep their digits because they are not parsed when they would change.
function pretty(text) {
  try {
    const indented = JSON.stringify(JSON.parse(text), null, 2);
    return indented.replace(/\s/g, "") === text.replace(/\s/g, "") ? indented : text;
  } catch {
    return text;
  }
}

function tryIt(path, method, operation, parameters) {
  const inputs = parameters.map((parameter) => {
    const preset = parameter.name === "Idempotency-Key" ? freshKey() : (follow(parameter.schema).examples || [""])[0];
    return { parameter, input: make("input", { value: preset, required: parameter.required, autocomplete: "off" }) };
  });
  const labels = inputs.map(({ parameter, input }) => make("label", {}, make("code", {}, parameter.name), input));
  const content = operation.requestBody && Object.values(operation.requestBody.content)[0];
  const example = content && JSON.stringify(content.example ?? sample(content.schema), null, 2);
  const body = content && make("textarea", { value: example, rows: Math.min(24, example.split("\n").length + 1), spellcheck: false });
  if (body) labels.push(make("label", { className: "wide" }, make("span", {}, "Body"), body));
  const shown = make("pre", { hidden: true });
  const form = make("form", {}, ...labels, make("button", { type: "submit", className: "sends" }, "Send"), shown);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(requestOf(path, method, inputs, body), shown);
  });
  return form;
}

function details(path, method, operation) {
  const parameters = (operation.parameters || []).map(follow);
  const section = (title, ...parts) => (parts.length ? [make("h3", {}, title), ...parts] : []);
  const rows = parameters.map((one) => [one.name, one.in, kindOf(one.schema), one.required ? "required" : "", meaning(one.schema, one.description)]);
  const content = operation.requestBody && Object.values(operation.requestBody.content)[0];
  return make("div", {},
    make("p", {}, ...prose(operation.description || "")),
    make("p", { className: "dim" }, `${operation.operationId}, for: ${(operation["x-roles"] || []).join(", ")}`),
    ...section("Parameters", ...(rows.length ? [table(["name", "in", "type", "", "meaning"], rows)] : [])),
    ...section("Body", ...(content ? schemaTables(content.schema) : [])),
    ...section("Answers", ...answers(operation)),
    ...section("Refusals", table(["status", "number", "type", "meaning", "what to do"], refusals(operation))),
    ...section("Try it", tryIt(path, method, operation, parameters)));
}

function entry(path, method, operation) {
  const roles = (operation["x-roles"] || []).map((role) => make("span", { className: "role" }, role));
  const element = make("details", { className: "operation", id: operation.operationId },
    make("summary", {}, make("code", { className: "method" }, method.toUpperCase()), make("code", {}, path),
      make("span", { className: "dim" }, operation.summary || ""), make("span", {}, ...roles)));
  element.addEventListener("toggle", () => {
    if (element.open && element.children.length === 1) element.append(details(path, method, operation));
  });
  const words = [path, method, operation.operationId, operation.summary, operation["x-aliases"], operation["x-roles"], ...refusals(operation)];
  return { element, words: words.flat().join(" ").toLowerCase() };
}

function draw() {
  const groups = new Map((openapi.tags || []).map((tag) => [tag.name, []]));
  for (const [path, item] of Object.entries(openapi.paths)) {
    for (const method of METHODS.filter((one) => item[one])) {
      const tag = (item[method].tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(entry(path, method, item[method]));
    }
  }
  const sections = [...groups].map(([name, entries]) =>
    ({ entries, element: make("section", {}, make("h2", {}, name), ...entries.map((one) => one.element)) }));
  const none = make("p", { className: "dim", hidden: true }, "Nothing matches.");
  document.getElementById("services").replaceChildren(make("p", {}, openapi.info.description || ""), ...sections.map((one) => one.element), none);
  document.getElementById("filter").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { entries, element } of sections) {
      for (const one of entries) one.element.hidden = !wanted.every((word) => one.words.includes(word));
      element.hidden = entries.every((one) => one.element.hidden);
    }
    none.hidden = !sections.every((one) => one.element.hidden);
  });
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
}

fetch(document.body.dataset.openapi)
  .then((response) => (response.ok ? response.json() : Promise.reject(new Error(`status ${response.status}`))))
  .then((read) => { openapi = read; draw(); })
  .catch((error) => { document.getElementById("services").textContent = `The OpenAPI document could not be read: ${error.message}`; });
