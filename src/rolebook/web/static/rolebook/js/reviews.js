/* Reviews: answers are saved as they are given, and keys answer while a line has the focus. All works without this. */
(function () {
  "use strict";
  var help = document.getElementById("keys-help");

  function lines() { return Array.prototype.slice.call(document.querySelectorAll("li[data-line]")); }
  function formOf(node) { return node.closest("form[data-answers]"); }
  function say(form, text) { form.querySelector("[data-state]").textContent = text; }

  /* Saving --------------------------------------------------------------------------------------------------- */

  var waiting = new Map();

  function save(form) {
    if (waiting.get(form)) { waiting.set(form, "again"); return; }
    waiting.set(form, "busy");
    say(form, "Saving…");
    window.fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
      credentials: "same-origin"
    }).then(function (answer) {
      if (!answer.ok && answer.status !== 409) { throw new Error(String(answer.status)); }
      return answer.json();
    }).then(function (told) {
      show(form, told);
    }).catch(function () {
      say(form, "Not saved. Check your connection, and answer again.");
    }).then(function () {
      var again = waiting.get(form) === "again";
      waiting.delete(form);
      if (again) { save(form); }
    });
  }
  /* Who answered a line and when, as the page writes it: "Ned Novak, just now". */
  function sayWho(place, by) {
    place.textContent = by.who ? by.who + ", " : "";
    if (!by.who) { return; }
    var time = document.createElement("time");
    var exact = document.createElement("span");
    time.dateTime = by.at;
    time.title = by.exact;
    time.textContent = by.ago;
    exact.className = "usa-sr-only";
    exact.textContent = " (" + by.exact + ")";
    time.append(exact);
    place.append(time);
  }
  function show(form, told) {
    var kept = Object.keys(told.notes);
    Object.keys(told.by).forEach(function (key) {
      var line = form.querySelector("[data-line='" + key + "']");
      if (line) { sayWho(line.querySelector("[data-by]"), told.by[key]); }
    });
    Object.keys(told.versions).forEach(function (key) {
      var seen = form.elements["seen-" + key];
      if (seen) { seen.value = told.versions[key]; }
    });
    kept.forEach(function (key) {
      var line = form.querySelector("[data-line='" + key + "']");
      if (!line) { return; }
      line.classList.add("changed");
      line.querySelector("[data-note]").textContent = told.notes[key];
      var choice = form.elements["answer-" + key];
      if (choice && told.answers[key] !== undefined) { choice.value = told.answers[key]; }
    });
    if (told.problems.length) {
      say(form, told.problems.join(" "));
    } else {
      say(form, told.ready ? "Saved. Ready to submit" : "Saved. " + told.left + (told.left === 1 ? " question" : " questions") + " not answered yet");
    }
  }
  document.addEventListener("change", function (event) {
    if (event.target.matches("form[data-answers] input[type=radio]")) { save(formOf(event.target)); }
  });

  /* Submitting waits until what was chosen last is saved, so that it is submitted, too. Before anything else hears of
     it: what sends a form once would take this for the once. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("form[data-answers]") || !waiting.get(form)) { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    window.setTimeout(function () { form.requestSubmit(event.submitter); }, 150);
  }, true);

  /* Keys: only while the focus is in a line. ------------------------------------------------------------------ */

  function focusLine(line) {
    lines().forEach(function (other) { other.tabIndex = -1; });
    line.tabIndex = 0;
    line.focus();
  }
  function beside(line, step) {
    var all = lines();
    return all[all.indexOf(line) + step] || null;
  }
  function choose(line, value) {
    var choice = line.querySelector("input[type=radio][value=" + value + "]");
    if (choice && !choice.checked) { choice.click(); }
    var next = beside(line, 1);
    focusLine(next || line);
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
    } else if (key === "y") {
      choose(line, "keep");
    } else if (key === "n") {
      choose(line, "remove");
    } else if (key === "s") {
      var submit = formOf(line).querySelector("button[value=submit]");
      if (submit) { submit.click(); }
    } else if (key === "?" && help) {
      help.showModal();
    } else {
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
