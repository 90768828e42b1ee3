/* Reviews: answers are saved as they are given, and an account is submitted once they are. All works without this. */
(function () {
  "use strict";
  var RETRIES = [2000, 5000, 15000, 45000];
  var PATIENCE = 30000;
  var states = new Map();
  var leaving = false;

  /* Of a form: what was sent and is not answered yet (sent), whether the last save failed (failed, tries, timer), and
     the button of a submission that waits for the save (held). */
  function stateOf(form) {
    if (!states.has(form)) { states.set(form, { sent: null, failed: false, tries: 0, timer: 0, held: null }); }
    return states.get(form);
  }
  function formOf(node) { return node.closest("form[data-answers]"); }
  function lineOf(form, key) { return form.querySelector("[data-line='" + key + "']"); }
  function say(form, text) { form.querySelector("[data-state]").textContent = text; }

  /* Saving --------------------------------------------------------------------------------------------------- */

  function save(form) {
    var state = stateOf(form);
    window.clearTimeout(state.timer);
    /* What is chosen meanwhile is sent as soon as this is answered. */
    if (state.sent) { return; }
    state.sent = new FormData(form);
    say(form, "Saving…");
    window.fetch(form.action, {
      method: "POST",
      body: state.sent,
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      signal: window.AbortSignal && AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : undefined
    }).then(read).then(
      function (told) { saved(form, told); },
      function (problem) { failed(form, problem); }
    );
  }
  /* Only somebody who is signed out is sent elsewhere; what the server refuses is refused the next time, too. */
  function read(answer) {
    var kind = answer.headers.get("Content-Type") || "";
    if (answer.redirected) { throw { signIn: answer.url }; }
    if (answer.status === 409 || answer.ok && kind.indexOf("application/json") === 0) { return answer.json(); }
    throw { refused: answer.status < 500 && answer.status !== 429 };
  }
  function saved(form, told) {
    var state = stateOf(form);
    var held = state.held;
    var since = chosenSince(form, state.sent);
    state.sent = state.held = null;
    state.failed = false;
    state.tries = 0;
    offer(form, "");
    show(form, told, since);
    if (held && told.problems.length) {
      say(form, "Not submitted. " + told.problems.join(" "));
      look(form);
      held = null;
    }
    if (since.length) {
      state.held = held;
      save(form);
    } else if (held) {
      form.requestSubmit(held);
    }
  }
  function failed(form, problem) {
    var state = stateOf(form);
    var not = state.held ? "Not saved, and not submitted. " : "Not saved. ";
    state.sent = state.held = null;
    state.failed = true;
    if (problem.signIn) {
      form.querySelector("[data-sign-in]").href = problem.signIn;
      say(form, not + "You are signed out: sign in, and answer again.");
      offer(form, "data-sign-in");
      return;
    }
    var wait = problem.refused ? 0 : RETRIES[state.tries];
    state.tries += 1;
    if (wait) { state.timer = window.setTimeout(function () { save(form); }, wait); }
    say(form, not + (problem.refused ? "Load this page again, and answer once more."
      : wait ? "It is tried again by itself." : "Check your connection, then try again."));
    offer(form, "data-try-again");
  }
  /* Show one way on from a failed save, or none; the focus goes on to where one submits. */
  function offer(form, way) {
    ["data-try-again", "data-sign-in"].forEach(function (name) {
      var button = form.querySelector("[" + name + "]");
      var focused = document.activeElement === button;
      button.hidden = name !== way;
      if (focused && button.hidden) { form.querySelector("button[value=submit]").focus(); }
    });
  }
  function tryAgain(form) {
    stateOf(form).tries = 0;
    save(form);
  }

  /* What is told ---------------------------------------------------------------------------------------------- */

  /* The lines in which something else is chosen now than was sent. */
  function chosenSince(form, sent) {
    var now = new FormData(form);
    return Array.prototype.map.call(form.querySelectorAll("[data-line]"), function (line) {
      return line.dataset.line;
    }).filter(function (key) { return now.get("answer-" + key) !== sent.get("answer-" + key); });
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
  /* What was chosen since is neither written over nor takes the place of what others answered: the next save, from the
     version that was seen, tells of that. */
  function show(form, told, since) {
    var isNews = function (key) { return key in told.notes && since.indexOf(key) >= 0; };
    Object.keys(told.versions).forEach(function (key) {
      var seen = form.elements["seen-" + key];
      if (seen && !isNews(key)) { seen.value = told.versions[key]; }
    });
    Object.keys(told.by).forEach(function (key) {
      var line = lineOf(form, key);
      if (!line || isNews(key)) { return; }
      sayWho(line.querySelector("[data-by]"), told.by[key]);
      if (!(key in told.notes)) { answered(line); }
    });
    Object.keys(told.notes).forEach(function (key) {
      var line = lineOf(form, key);
      if (line && !isNews(key)) { note(line, told.notes[key], told.answers[key], told.problems.length > 0); }
    });
    var left = told.ready ? "Ready to submit" : told.left + (told.left === 1 ? " question" : " questions") + " not answered yet";
    var marked = form.querySelector("[data-unseen]") ? ". Something changed: see the marked line" : "";
    say(form, told.problems.length ? told.problems.join(" ") : "Saved. " + left + marked);
  }
  /* One's own answer is the last word: what others answered before it is no news any more. */
  function answered(line) {
    line.classList.remove("changed");
    line.querySelector("[data-note]").textContent = "";
  }
  /* Say beside a line what changed. One without an answer is nobody's to answer on this page any more. */
  function note(line, text, answer, again) {
    var place = line.querySelector("[data-note]");
    if (again || place.textContent !== text) { line.dataset.unseen = "yes"; }
    line.classList.add("changed");
    place.textContent = text;
    if (answer === undefined) {
      var asked = line.querySelector("fieldset");
      if (asked) { asked.disabled = true; }
      return;
    }
    Array.prototype.forEach.call(line.querySelectorAll("input[type=radio]"), function (choice) {
      choice.checked = choice.value === answer;
    });
  }
  /* Go to the first line beside which something is said that had not the focus since; nothing where none is. */
  function look(form) {
    var line = form.querySelector("[data-unseen]");
    if (!line) { return null; }
    delete line.dataset.unseen;
    line.tabIndex = 0;
    line.focus();
    return line;
  }

  /* What people do -------------------------------------------------------------------------------------------- */

  document.addEventListener("change", function (event) {
    if (!event.target.matches("form[data-answers] input[type=radio]")) { return; }
    /* Who answers a line again has read what is said beside it, though the focus was in it all the time. */
    delete event.target.closest("[data-line]").dataset.unseen;
    tryAgain(formOf(event.target));
  });
  /* The same answer once more, after it could not be saved. */
  document.addEventListener("click", function (event) {
    var node = event.target.closest && event.target.closest("form[data-answers] :is(input[type=radio], [data-try-again], [data-sign-in])");
    if (!node) { return; }
    if (node.matches("[data-sign-in]")) {
      leaving = true;
      window.setTimeout(function () { leaving = false; }, 1000);
    } else if (stateOf(formOf(node)).failed) {
      tryAgain(formOf(node));
    }
  });
  document.addEventListener("focusin", function (event) {
    var line = event.target.closest && event.target.closest("[data-unseen]");
    if (line) { delete line.dataset.unseen; }
  });
  window.addEventListener("online", function () {
    states.forEach(function (state, form) { if (state.failed) { tryAgain(form); } });
  });

  /* Submitting waits until what was chosen last is saved, and stops where something is said that nobody looked at.
     Before anything else hears of it: what sends a form once would take this for the once. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("form[data-answers]")) { return; }
    var state = stateOf(form);
    if (state.sent || state.failed) {
      state.held = event.submitter;
      if (!state.sent) { tryAgain(form); }
    } else if (look(form)) {
      say(form, "Not submitted: something changed. Look at it, then submit.");
    } else {
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  window.addEventListener("beforeunload", function (event) {
    var unsaved = false;
    states.forEach(function (state) { unsaved = unsaved || Boolean(state.sent) || state.failed; });
    if (!unsaved || leaving) { return; }
    event.preventDefault();
    event.returnValue = "";
  });
})();
