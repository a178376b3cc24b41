/* passkeys.js: the browser makes or shows a passkey; a form then carries its answer.
   A button with data-passkey="make" or "show" serves its own form or the one named by data-form. The
   options stand in #passkey-options, or are asked for at the form's data-ask; #passkey-said speaks. */
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const REFUSED = {
  NotAllowedError: "No passkey was used: it was cancelled, took too long, or there is none for this site here.",
  InvalidStateError: "This device has a passkey for you already.",
  SecurityError: "Passkeys need the site's own name with https. This address has neither.",
};

async function optionsOf(form) {
  if (form.dataset.ask) {
    const answer = await fetch(form.dataset.ask, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).request_options.publicKey;
  }
  const data = JSON.parse(document.getElementById("passkey-options").textContent);
  return (data.creation_options ?? data.request_options).publicKey;
}

const known = (list = []) => list.map((each) => ({ ...each, id: toBytes(each.id) }));

async function make(form) {
  const given = await optionsOf(form);
  const isAlone = form.elements.passwordless?.checked ?? false;
  const publicKey = {
    ...given,
    challenge: toBytes(given.challenge),
    user: { ...given.user, id: toBytes(given.user.id) },
    excludeCredentials: known(given.excludeCredentials),
    authenticatorSelection: {
      ...given.authenticatorSelection,
      residentKey: isAlone ? "required" : "discouraged",
      requireResidentKey: isAlone,
      ...(isAlone ? { userVerification: "required" } : {}),
    },
  };
  const made = await navigator.credentials.create({ publicKey });
  return sayIt(made, {
    attestationObject: toText(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
}

async function show(form) {
  const given = await optionsOf(form);
  const publicKey = { ...given, challenge: toBytes(given.challenge), allowCredentials: known(given.allowCredentials) };
  const shown = await navigator.credentials.get({ publicKey });
  const { authenticatorData, signature, userHandle } = shown.response;
  return sayIt(shown, {
    authenticatorData: toText(authenticatorData),
    signature: toText(signature),
    userHandle: userHandle ? toText(userHandle) : null,
  });
}

function sayIt(credential, response) {
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: toText(credential.response.clientDataJSON), ...response },
  };
}

function speak(words) {
  document.getElementById("passkey-said").textContent = words;
  document.getElementById("announcer").textContent = words;
}

async function serve(button) {
  const form = button.dataset.form ? document.getElementById(button.dataset.form) : button.form;
  speak("");
  button.disabled = true;
  try {
    if (!window.PublicKeyCredential) throw new DOMException("", "SecurityError");
    const answer = await (button.dataset.passkey === "make" ? make(form) : show(form));
    form.elements.credential.value = JSON.stringify(answer);
    form.submit();
  } catch (problem) {
    speak(REFUSED[problem.name] ?? "The browser could not use a passkey. Choose another way, or try again.");
    button.disabled = false;
  }
}

for (const button of document.querySelectorAll("[data-passkey]")) {
  button.addEventListener("click", () => serve(button));
}
