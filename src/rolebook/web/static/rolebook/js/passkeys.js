/* Passkeys: asks the server for a challenge, the browser for an answer, and sends that with the form. Everything else is
   the form's own business. Pages without this file, and browsers without passkeys, use a code. */
(function () {
  "use strict";

  function bytes(text) {
    var plain = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  }
  function text(buffer) {
    var plain = "";
    new Uint8Array(buffer).forEach(function (byte) { plain += String.fromCharCode(byte); });
    return window.btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function named(list) {
    return (list || []).map(function (one) { return Object.assign({}, one, { id: bytes(one.id) }); });
  }

  /* What the server gave as JSON becomes what the browser wants, and back (WebAuthn level 3, section 5.1). */
  function make(options) {
    var asked = Object.assign({}, options, {
      challenge: bytes(options.challenge),
      user: Object.assign({}, options.user, { id: bytes(options.user.id) }),
      excludeCredentials: named(options.excludeCredentials)
    });
    return navigator.credentials.create({ publicKey: asked }).then(function (made) {
      var response = made.response;
      return answer(made, {
        clientDataJSON: text(response.clientDataJSON),
        attestationObject: text(response.attestationObject),
        transports: response.getTransports ? response.getTransports() : []
      });
    });
  }
  function sign(options) {
    var asked = Object.assign({}, options, {
      challenge: bytes(options.challenge),
      allowCredentials: named(options.allowCredentials)
    });
    return navigator.credentials.get({ publicKey: asked }).then(function (given) {
      var response = given.response;
      return answer(given, {
        clientDataJSON: text(response.clientDataJSON),
        authenticatorData: text(response.authenticatorData),
        signature: text(response.signature)
      });
    });
  }
  function answer(credential, response) {
    return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response: response };
  }

  function ask(form) {
    return fetch(form.dataset.ask, {
      method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, credentials: "same-origin"
    }).then(function (given) {
      var kind = given.headers.get("Content-Type") || "";
      if (given.redirected || kind.indexOf("application/json") !== 0) {
        throw { problem: form.dataset.gone };
      }
      return given.json();
    }).then(function (said) {
      if (!said.options) { throw said; }
      return said.options;
    });
  }

  function say(form, problem) {
    var place = form.querySelector("[data-problem]");
    var field = problem.field && form.elements[problem.field];
    var words = problem.problem || form.dataset.failed;
    if (problem.name === "InvalidStateError") { words = form.dataset.known || words; }
    if (problem.name === "SecurityError") { words = form.dataset.nowhere || words; }
    place.querySelector("p").textContent = words;
    place.hidden = false;
    Array.prototype.forEach.call(form.elements, function (one) { one.removeAttribute("aria-invalid"); });
    if (field) { field.setAttribute("aria-invalid", "true"); field.focus(); } else { place.focus(); }
  }

  function setUp(form) {
    var field = form.elements.passkey;
    var button = form.querySelector("[data-start]");
    var busy = false;
    button.hidden = false;
    /* Before the page's own listener, which lets a form be sent once only: here nothing has been sent yet. */
    form.addEventListener("submit", function (event) {
      var code = form.elements.code;
      var byCode = code && code.value.trim() && event.submitter !== button;
      if (field.value || byCode) { return; }
      event.preventDefault();
      event.stopPropagation();
      if (busy) { return; }
      busy = true;
      form.querySelector("[data-problem]").hidden = true;
      ask(form).then(form.dataset.passkey === "make" ? make : sign).then(function (given) {
        field.value = JSON.stringify(given);
        var password = form.elements.password;
        if (password) { password.disabled = true; }
        form.requestSubmit();
      }).catch(function (problem) { busy = false; say(form, problem); });
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    Array.prototype.forEach.call(document.querySelectorAll("form[data-passkey]"), function (form) {
      if (window.PublicKeyCredential && navigator.credentials) {
        setUp(form);
      } else {
        var none = form.querySelector("[data-none]");
        if (none) { none.hidden = false; }
      }
    });
  });
})();
