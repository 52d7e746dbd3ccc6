// The page to try the interface: starts the packaged program on our own document.
window.addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({ url: "/api/v1/openapi.json", dom_id: "#interface", deepLinking: true, validatorUrl: null });
});
