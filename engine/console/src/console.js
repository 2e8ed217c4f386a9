// What the console does beyond plain pages: live parts, dropped files, checks as one types, copies.
// Each page works without it, and what only it can do is hidden until it runs.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const parse = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");

// Makes an element like another and leaves alone what is alike already, so that focus, selection,
// scrolling and open details stay. What the reader or this script changes is never taken back.
const KEPT = new Set(["open", "hidden"]);
const key = (node) => node.dataset?.key;

function become(old, next) {
  if (old.isEqualNode(next)) return;
  if (old.nodeName !== next.nodeName) return old.replaceWith(document.importNode(next, true));
  if (old.nodeType !== Node.ELEMENT_NODE) return void (old.data = next.data);
  for (const { name } of [...old.attributes])
    if (!next.hasAttribute(name) && !KEPT.has(name)) old.removeAttribute(name);
  for (const { name, value } of next.attributes)
    if (old.getAttribute(name) !== value && !KEPT.has(name)) old.setAttribute(name, value);
  const keyed = new Map([...old.childNodes].filter(key).map((node) => [key(node), node]));
  const keys = new Set([...next.childNodes].map(key));
  let place = old.firstChild;
  for (const child of next.childNodes) {
    // What has a key and is gone must not become another.
    while (place && key(place) && !keys.has(key(place))) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
    const same = key(child) ? keyed.get(key(child)) : place && !key(place) ? place : null;
    if (!same) {
      old.insertBefore(document.importNode(child, true), place);
    } else {
      if (same === place) place = place.nextSibling;
      else old.insertBefore(same, place);
      become(same, child);
    }
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function live() {
  const names = (root) => new Map(all("[data-live]", root).map((part) => [part.dataset.live, part]));
  if (!document.querySelector("h1 ~ [data-live], h1 ~ * [data-live]")) return;
  const controls = document.querySelector(".live");
  const [state, button] = controls.children;
  const say = (text) => state.textContent !== text && (state.textContent = text);
  let paused = false;
  controls.hidden = false;

  async function update() {
    if (paused || document.hidden) return;
    try {
      const headers = { accept: "text/html" };
      const response = await fetch(location.href, { headers, signal: AbortSignal.timeout(10000) });
      if (!response.ok) return say(`Not up to date: the server answers ${response.status}`);
      const next = names(await parse(response));
      if (paused) return;
      for (const [name, part] of names(document)) if (next.has(name)) become(part, next.get(name));
      say("Live");
    } catch {
      say("Not up to date: the server cannot be reached");
    }
  }
  async function run() {
    await update();
    setTimeout(run, 2000);
  }
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? "Resume" : "Pause";
    say(paused ? "Paused" : "Live");
  });
  document.addEventListener("visibilitychange", update);
  say("Live");
  setTimeout(run, 2000);
}

function drop() {
  for (const area of all("[data-drop]")) {
    all(".drop").forEach((hint) => (hint.hidden = false));
    const marked = (is) => area.classList.toggle("dropping", is);
    addEventListener("dragover", (event) => (event.preventDefault(), marked(true)));
    addEventListener("dragleave", () => marked(false));
    addEventListener("drop", async (event) => {
      event.preventDefault();
      marked(false);
      const [file] = event.dataTransfer.files;
      if (!file) return;
      area.value = await file.text();
      area.focus();
      if (area.hasAttribute("data-send")) area.form.requestSubmit();
    });
  }
}

function check() {
  const form = document.querySelector("[data-trial]");
  if (!form) return;
  let timer;
  let running;
  async function ask(parts) {
    running?.abort();
    running = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "check");
    try {
      const response = await fetch("/try", { method: "POST", body, signal: running.signal });
      const next = await parse(response);
      for (const name of parts) {
        const selector = `[data-part=${name}]`;
        const part = next.querySelector(selector);
        if (part) become(document.querySelector(selector), part);
      }
      copies();
    } catch {
      // Another check runs, or the server cannot be reached: sending the form will tell.
    }
  }
  form.addEventListener("input", (event) => {
    if (!event.target.closest("details")) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 400, ["problems", "configuration"]);
  });
  form.elements.policy.addEventListener("change", () => ask(["problems", "fields", "configuration"]));
}

function copies() {
  if (!navigator.clipboard) return;
  for (const block of all("pre[data-copy]")) {
    if (block.querySelector("button")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    block.append(button);
  }
}

function rows() {
  for (const section of all("[data-rows]")) {
    const label = section.querySelector("label");
    label.hidden = false;
    label.querySelector("input").addEventListener("input", ({ target }) => {
      const text = target.value.toLowerCase();
      for (const details of all("details", section)) details.open = text !== "";
      for (const row of all("tbody tr", section)) row.hidden = !row.textContent.toLowerCase().includes(text);
    });
  }
}

live();
drop();
check();
copies();
rows();
