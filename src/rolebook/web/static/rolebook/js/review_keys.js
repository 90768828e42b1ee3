/* Reviews: keys answer while a line has the focus. Which key gives which answer stands in the page. */
(function () {
  "use strict";
  var help = document.getElementById("keys-help");

  function lines() { return Array.prototype.slice.call(document.querySelectorAll("li[data-line]")); }

  function focusLine(line) {
    lines().forEach(function (other) { other.tabIndex = -1; });
    line.tabIndex = 0;
    line.focus();
  }
  function beside(line, step) {
    var all = lines();
    return all[all.indexOf(line) + step] || null;
  }
  /* Give the answer whose key was pressed, and go to the next line of the account, whose last one keeps the focus, so
     that the account is the one submitted next; false where the line has no such key. */
  function choose(line, key) {
    var choice = /^[a-z]$/.test(key) && line.querySelector("input[type=radio][aria-keyshortcuts=" + key + "]");
    if (!choice || choice.matches(":disabled")) { return false; }
    choice.click();
    var next = beside(line, 1);
    focusLine(next && next.closest("form") === line.closest("form") ? next : line);
    return true;
  }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    var line = event.target.closest && event.target.closest("li[data-line]");
    if (!line || event.repeat && !/^(j|k|Arrow)/.test(event.key)) { return; }
    var key = event.key;
    if (key === "ArrowDown" || key === "ArrowUp") {
      if (event.target !== line) { return; }
      key = key === "ArrowDown" ? "j" : "k";
    }
    if (key === "j" || key === "k") {
      var next = beside(line, key === "j" ? 1 : -1);
      if (next) { focusLine(next); }
    } else if (key === "s") {
      var submit = line.closest("form").querySelector("button[value=submit]");
      if (submit) { submit.click(); }
    } else if (key === "?" && help) {
      help.showModal();
    } else if (!choose(line, key)) {
      return;
    }
    event.preventDefault();
  });
  document.addEventListener("focusin", function (event) {
    var line = event.target.closest && event.target.closest("li[data-line]");
    if (line) {
      lines().forEach(function (other) { other.tabIndex = other === line ? 0 : -1; });
    }
  });
  document.addEventListener("click", function (event) {
    var line = event.target.closest && event.target.closest("li[data-line]");
    if (line && !event.target.closest("a, button, input, label")) { focusLine(line); }
    if (event.target.closest("[data-keys-help]") && help) { help.showModal(); }
  });
  lines().forEach(function (line, index) { line.tabIndex = index ? -1 : 0; });
})();
