/* Small comforts; every page works without them. No state of ours but the text of unsent forms. */
"use strict";
(() => {
  const every = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

  /* -- a page's own parts from the server again ------------------------------------------------ */

  const fetched = async (address) => {
    const answer = await fetch(address, { credentials: "same-origin", headers: { accept: "text/html" } });
    if (!answer.ok || new URL(answer.url).pathname !== new URL(address).pathname) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };

  /* Parts marked data-fresh="seconds" are asked for again while somebody looks at them. */
  const busy = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  const freshen = async () => {
    const parts = [...document.querySelectorAll("[data-fresh][id]")];
    if (!parts.length || document.hidden || parts.some(busy)) return;
    const made = await fetched(location.href).catch(() => null);
    if (!made) return;
    for (const part of parts) {
      const now = made.getElementById(part.id);
      if (!now || part.innerHTML === now.innerHTML) continue;
      const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
      part.replaceWith(now);
      open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
      comfort(now);
    }
  };
  const pace = Math.min(...[...document.querySelectorAll("[data-fresh]")].map((part) => Number(part.dataset.fresh) || 60));
  if (Number.isFinite(pace)) setInterval(freshen, Math.max(pace, 5) * 1000);

  /* A narrowing form shows its result in place; the address stays one that can be shared. */
  let asked = 0;
  const narrow = async (form) => {
    const target = new URL(form.action);
    target.search = target.hash = "";
    for (const [name, value] of new FormData(form)) if (value) target.searchParams.append(name, value);
    const address = target.href;
    const mine = ++asked;
    const main = document.getElementById("main");
    main.setAttribute("aria-busy", "true");
    const made = await fetched(address).catch(() => null);
    if (mine !== asked) return;
    if (!made) return form.submit();
    const focus = document.activeElement?.name;
    const at = document.activeElement?.selectionStart;
    main.replaceWith(made.getElementById("main"));
    history.replaceState(null, "", address);
    comfort(document.getElementById("main"));
    const again = focus && document.querySelector(`form[data-live] [name="${focus}"]`);
    if (again) { again.focus(); if (at !== undefined && at !== null && again.setSelectionRange && again.type === "search") again.setSelectionRange(at, at); }
  };

  /* -- files by drag and drop, and what was chosen --------------------------------------------- */

  const size = (n) => n < 1048576 ? `${Math.max(1, Math.round(n / 1024))} KB` : `${(n / 1048576).toFixed(1)} MB`;
  const drop = (zone) => {
    const input = zone.querySelector('input[type="file"]');
    const list = zone.querySelector("[data-chosen]");
    if (!input) return;
    const show = () => { if (list) list.replaceChildren(...[...input.files].map((file) => Object.assign(document.createElement("li"), { textContent: `${file.name} · ${size(file.size)}` }))); };
    const over = (on) => (event) => { event.preventDefault(); zone.classList.toggle("over", on); };
    input.addEventListener("change", show);
    zone.addEventListener("dragover", over(true));
    zone.addEventListener("dragleave", over(false));
    zone.addEventListener("drop", (event) => {
      over(false)(event);
      const held = new DataTransfer();
      [...input.files, ...event.dataTransfer.files].forEach((file) => held.items.add(file));
      input.files = held.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  };

  /* -- what was typed stays on this device until it is sent ------------------------------------ */

  const kept = (form) => {
    const name = `tracker:${form.dataset.keep}`;
    const fields = () => [...form.elements].filter((one) => one.name && !["hidden", "file", "password", "submit"].includes(one.type));
    const said = form.querySelector("[data-kept]");
    try {
      const held = JSON.parse(localStorage.getItem(name) || "null");
      if (held && !form.querySelector("[aria-invalid]")) {
        let back = false;
        for (const one of fields()) {
          const value = held[one.name];
          if (value === undefined) continue;
          if (one.type === "radio" || one.type === "checkbox") { if (one.value === value && !one.checked) { one.checked = true; back = true; } }
          else if (!one.value && value) { one.value = value; back = true; }
        }
        if (back && said) said.hidden = false;
      }
      const save = () => {
        const now = {};
        for (const one of fields()) if ((one.type !== "radio" && one.type !== "checkbox") || one.checked) now[one.name] = one.value;
        localStorage.setItem(name, JSON.stringify(now));
      };
      form.addEventListener("input", save);
      form.addEventListener("change", save);
    } catch { /* no storage: nothing is kept */ }
  };
  /* A receipt says what arrived: the draft of it is not needed any more. */
  every("[data-arrived]", (one) => { try { localStorage.removeItem(`tracker:${one.dataset.arrived}`); } catch { /* none */ } });

  /* -- forms are sent once --------------------------------------------------------------------- */

  const once = (form) => form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
    setTimeout(() => { delete form.dataset.sent; form.removeAttribute("aria-busy"); }, 8000);
  });

  /* -- keyboard: / searches, j and k walk the rows, Enter opens -------------------------------- */

  const walk = (step) => {
    const links = [...document.querySelectorAll("main tbody tr, main .mi, main .clk, main .short-list li")].map((row) => row.querySelector("a[href]")).filter(Boolean);
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    links[Math.min(links.length - 1, Math.max(0, at + step))].focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "/") { const field = document.querySelector("[data-search]"); if (field) { event.preventDefault(); field.focus(); } }
    if (event.key === "j") walk(1);
    if (event.key === "k") walk(-1);
    if (event.key === "Escape") every("details.nav-more[open], details.mast-at[open]", (one) => one.removeAttribute("open"));
  });

  /* One open menu at a time; a click elsewhere closes it. */
  document.addEventListener("click", (event) => every("details.nav-more[open]", (one) => { if (!one.contains(event.target)) one.removeAttribute("open"); }));

  const comfort = (root) => {
    every("form[data-live]", (form) => {
      let wait;
      form.addEventListener("change", () => narrow(form));
      form.addEventListener("submit", (event) => { event.preventDefault(); narrow(form); });
      form.querySelector("[data-search]")?.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(() => narrow(form), 300); });
    }, root);
    every("[data-drop]", drop, root);
    every("form[data-keep]", kept, root);
    every('form[method="post"]', once, root);
  };
  comfort(document);
})();
