const form = document.getElementById("signup");
const problem = document.getElementById("problem");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  const said = await signUp(Object.fromEntries(new FormData(form)));
  button.disabled = false;
  if (said) {
    problem.innerText = said;
    problem.hidden = false;
  } else {
    location.assign("/bookings");
  }
});

/** Return what is wrong, in words, or nothing once the guest is signed up. */
async function signUp(user) {
  try {
    const response = await fetch("/api/guests", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ user }),
    });
    return response.ok ? "" : inWords((await response.json()).detail);
  } catch {
    return "The board cannot be reached. Please try again.";
  }
}

/** Return an error's detail: a sentence, or a line for each field in which something is wrong. */
function inWords(detail) {
  if (!Array.isArray(detail)) return detail;
  return detail.map(({ loc, msg }) => `${label(loc.at(-1))}: ${msg}`).join("\n");
}

function label(field) {
  return form.elements[field]?.labels[0].textContent ?? field;
}
