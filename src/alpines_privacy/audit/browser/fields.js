/* The text fields of a page that a visitor can type into, as far as the audit does: what each is called and takes. */
(most) => {
  const kinds = new Set(["text", "search", "email", "tel", "url", "password", "number"]);
  const found = [];
  for (const field of document.querySelectorAll("input, textarea, [contenteditable=''], [contenteditable=true]")) {
    const type = field.localName === "input" ? field.type : "text";
    if (!kinds.has(type) || field.disabled || field.readOnly || !field.checkVisibility({ visibilityProperty: true })) continue;
    if (found.length >= most) break;
    found.push({
      element: field,
      type,
      name: String(field.name || field.id || field.getAttribute("aria-label") || field.localName).slice(0, 60),
      hints: String(field.getAttribute("autocomplete") || "").slice(0, 60),
      longest: field.maxLength > 0 ? field.maxLength : 1000,
    });
  }
  return found;
}
