/* Lists of pending requests: selecting rows, and keys while a row has the focus. Everything works without this file. */
(function () {
  "use strict";
  var form = document.getElementById("selected");
  if (!form) { return; }
  var page = form.querySelector("[data-select-page]");
  var every = form.querySelector("[data-select-every]");
  var said = form.querySelector("[data-selected-count]");
  var help = document.getElementById("keys-help");

  var first = document.querySelectorAll("tr[data-row]").length;

  function rows() { return Array.prototype.slice.call(document.querySelectorAll("tr[data-row]")); }
  function box(row) { return row.querySelector("input[name=stage]"); }

  /* Selecting ------------------------------------------------------------------------------------------------ */

  function tell() {
    var all = rows();
    var ticked = all.filter(function (row) { return box(row).checked; }).length;
    all.forEach(function (row) { row.classList.toggle("selected", box(row).checked); });
    recount(all.length);
    page.checked = ticked > 0 && ticked === all.length;
    page.indeterminate = ticked > 0 && ticked < all.length;
    var now = every && every.checked ? every.parentElement.textContent.trim().replace(/\s+/g, " ") + ": selected"
      : ticked ? ticked + " selected" : "None selected";
    if (said.textContent !== now) { said.textContent = now; }
  }
  /* What was decided since the page was shown is selected by nobody any more: the numbers beside the ticks follow. */
  function recount(left) {
    Array.prototype.forEach.call(form.querySelectorAll("[data-left]"), function (place) {
      if (!place.dataset.at) { place.dataset.at = place.textContent.replace(/\D/g, ""); }
      var now = (Number(place.dataset.at) - (first - left)).toLocaleString("en-US");
      if (place.textContent !== now) { place.textContent = now; }
    });
    page.disabled = left === 0;
  }
  function tick(checked) { rows().forEach(function (row) { box(row).checked = checked; }); }

  document.addEventListener("change", function (event) {
    if (event.target === page) {
      tick(page.checked);
      if (every && !page.checked) { every.checked = false; }
    } else if (event.target === every) {
      tick(every.checked);
    } else if (!event.target.matches("tr[data-row] input[name=stage]")) {
      return;
    } else if (every && !event.target.checked) {
      every.checked = false;
    }
    tell();
  });

  /* Keys: only while the focus is in a row, so that nothing is decided by a key that was meant for something else. */

  function reachable() {
    var all = rows();
    var some = all.some(function (row) { return row.tabIndex === 0; });
    all.forEach(function (row, index) {
      if (!row.hasAttribute("tabindex")) { row.tabIndex = !some && index === 0 ? 0 : -1; }
    });
    if (!some && all.length) { all[0].tabIndex = 0; }
  }
  function focusRow(row) {
    rows().forEach(function (other) { other.tabIndex = -1; });
    row.tabIndex = 0;
    row.focus();
  }
  function beside(row, step) {
    for (var next = row[step]; next; next = next[step]) {
      if (next.hasAttribute("data-row")) { return next; }
    }
    return null;
  }
  function press(row, verdict) {
    var button = row.querySelector("button[name=verdict][value=" + verdict + "]");
    if (button && !row.querySelector(".htmx-request")) { button.click(); }
  }
  function isTyping(target) {
    return target.matches("textarea, select, input:not([type=checkbox])") || target.isContentEditable;
  }

  document.addEventListener("keydown", function (event) {
    var target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && !/^(j|k|Arrow)/.test(event.key)) { return; }
    var row = target.closest && target.closest("tr[data-row], tr.answered");
    if (!row || isTyping(target)) { return; }
    var key = event.key;
    if (key === "ArrowDown" || key === "ArrowUp") {
      if (target !== row && !target.matches("[data-answer]")) { return; }
      key = key === "ArrowDown" ? "j" : "k";
    }
    if (key === "j" || key === "k") {
      var next = beside(row, key === "j" ? "nextElementSibling" : "previousElementSibling");
      if (next) { focusRow(next); }
    } else if (key === "x" && row.hasAttribute("data-row")) {
      box(row).click();
    } else if (key === "a") {
      press(row, "approved");
    } else if (key === "d") {
      press(row, "denied");
    } else if (key === "?") {
      openHelp();
    } else {
      return;
    }
    event.preventDefault();
  });

  /* A press in a row brings the focus there; a press on a control keeps its own. */
  document.addEventListener("focusin", function (event) {
    var row = event.target.closest && event.target.closest("tr[data-row]");
    if (row && row.tabIndex !== 0) {
      rows().forEach(function (other) { other.tabIndex = -1; });
      row.tabIndex = 0;
    }
  });

  function openHelp() {
    var before = document.activeElement;
    help.showModal();
    help.addEventListener("close", function () {
      if (before && document.contains(before)) { before.focus(); }
    }, { once: true });
  }
  form.querySelector("[data-keys-help]").addEventListener("click", openHelp);

  document.addEventListener("htmx:load", function () { reachable(); tell(); });
  window.addEventListener("pageshow", tell);
  reachable();
  tell();
})();
