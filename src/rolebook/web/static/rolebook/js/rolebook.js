/* What the pages do beyond plain HTML. Every page works without this file; nothing here is needed to get things done. */
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");

  /* The zone of this browser's clock, for the server to write instants in; until it is told, they are in the program's. */
  function tellZone() {
    var zone = "";
    try { zone = Intl.DateTimeFormat().resolvedOptions().timeZone || ""; } catch (error) { return; }
    if (!/^[A-Za-z0-9_+\/-]{1,64}$/.test(zone)) { return; }
    var secure = window.location.protocol === "https:" ? "; Secure" : "";
    document.cookie = "rolebook_zone=" + zone + "; Path=/; Max-Age=31536000; SameSite=Lax" + secure;
  }
  tellZone();

  function each(list, act) { Array.prototype.forEach.call(list, act); }

  /* Navigation on a phone: one button shows and hides the list. */
  function setUpNavigation() {
    var toggle = document.querySelector("[data-nav-toggle]");
    var nav = document.getElementById("navigation");
    if (!toggle || !nav) { return; }
    function show(open) {
      nav.classList.toggle("open", open);
      toggle.setAttribute("aria-expanded", String(open));
    }
    toggle.addEventListener("click", function () {
      var open = !nav.classList.contains("open");
      show(open);
      if (open) { var first = nav.querySelector("a"); if (first) { first.focus(); } }
    });
    document.addEventListener("keydown", function (event) {
      if (event.key !== "Escape" || !nav.classList.contains("open")) { return; }
      show(false);
      toggle.focus();
    });
  }

  /* The user menu closes on Escape and on a press outside of it. */
  function setUpMenus() {
    document.addEventListener("click", function (event) {
      each(document.querySelectorAll("details[data-menu][open]"), function (menu) {
        if (!menu.contains(event.target)) { menu.open = false; }
      });
    });
    document.addEventListener("keydown", function (event) {
      if (event.key !== "Escape") { return; }
      each(document.querySelectorAll("details[data-menu][open]"), function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    });
  }

  /* Pop-up notifications: a press on the cross takes one away; a passing one leaves by itself unless it is looked at. */
  function setUpToasts(within) {
    each(within.querySelectorAll("[data-close-toast]"), function (button) { button.hidden = false; });
    each(within.querySelectorAll(".toast[data-passing]"), function (toast) {
      if (toast.dataset.started) { return; }
      toast.dataset.started = "yes";
      window.setInterval(function () {
        if (!toast.matches(":hover") && !toast.contains(document.activeElement)) { toast.remove(); }
      }, 10000);
    });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-close-toast]");
    if (button) { button.closest(".toast").remove(); }
  });

  /* A form is sent once, however often its button is pressed. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.matches("[hx-post]") || form.method.toLowerCase() !== "post") { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.addEventListener("pageshow", function () { delete form.dataset.sent; }, { once: true });
  });

  /* Errors on a page: the summary gets the focus, so that it is read first. */
  function focusSummary() {
    var summary = document.querySelector("[data-error-summary]");
    if (summary) { summary.focus(); }
  }

  /* Dialogs fetched by htmx open as soon as they are there, and give the focus back when they close. */
  var opener = null;
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.elt.matches("[data-opens-dialog]")) { opener = event.detail.elt; }
  });
  function openDialogs(within) {
    var dialog = within.matches && within.matches("dialog") ? within : within.querySelector("dialog[data-open]");
    if (!dialog || dialog.open || typeof dialog.showModal !== "function") { return; }
    dialog.showModal();
    var first = dialog.querySelector("[data-focus]");
    if (first) { first.focus(); }
    dialog.addEventListener("close", function () {
      dialog.remove();
      if (opener && document.contains(opener)) { opener.focus(); }
    });
  }
  document.addEventListener("click", function (event) {
    var closer = event.target.closest && event.target.closest("[data-close-dialog]");
    if (!closer) { return; }
    var dialog = closer.closest("dialog");
    if (dialog && dialog.open) { event.preventDefault(); dialog.close(); }
  });

  /* A decided row keeps the keyboard's place: the answer is focused; an approved row leaves once nobody looks at it. */
  function settleRows(within) {
    var row = within.matches && within.matches("tr.answered") ? within : null;
    if (!row) { return; }
    var answer = row.querySelector("[data-answer]");
    if (answer) { answer.focus({ preventScroll: true }); }
    if (!row.hasAttribute("data-leaves")) { return; }
    window.setTimeout(function leave() {
      if (row.matches(":hover") || row.contains(document.activeElement)) { window.setTimeout(leave, 4000); return; }
      row.classList.add("leaving");
      window.setTimeout(function () { removeRow(row); }, 600);
    }, 8000);
  }

  function removeRow(row) {
    var body = row.parentElement;
    var columns = row.cells[0].colSpan;
    row.remove();
    if (!body || body.rows.length) { return; }
    var cell = body.insertRow().insertCell();
    cell.colSpan = columns;
    cell.className = "quiet";
    cell.textContent = "All of these are answered. Reload the page to see whether more came in.";
  }

  /* A search that was typed before the scripts were there is looked for as soon as they are. */
  function searchWhatWasTyped() {
    each(document.querySelectorAll("form[role=search][hx-get] input[type=search]"), function (field) {
      if (field.value !== field.defaultValue) { window.htmx.trigger(field.form, "submit"); }
    });
  }

  document.addEventListener("htmx:load", function (event) {
    if (event.detail.elt === document.body) { searchWhatWasTyped(); }
    setUpToasts(document);
    openDialogs(event.detail.elt);
    settleRows(event.detail.elt);
  });
  document.addEventListener("htmx:sendError", function () { sayFailure(); });
  document.addEventListener("htmx:responseError", function () { sayFailure(); });
  function sayFailure() {
    var said = document.getElementById("request-failed");
    if (said) { said.hidden = false; }
  }

  /* Buttons that print the page; without this file the browser's own menu does it. */
  function setUpPrinting() {
    each(document.querySelectorAll("[data-print]"), function (button) {
      button.hidden = false;
      button.addEventListener("click", function () { window.print(); });
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    setUpPrinting();
    setUpNavigation();
    setUpMenus();
    setUpToasts(document);
    focusSummary();
  });
})();
