// Keys of the review panel. They count while the panel was clicked last and nobody types in a field; then no key
// reaches JupyterLab, whose own one-letter commands would add and delete cells.
const typing = (target) => target instanceof Element && target.closest("input, textarea, select, [contenteditable=true]");

export default {
  render({ model, el }) {
    let live = false;
    const panel = () => el.closest(".genesis-review");
    const mark = (on) => {
      live = on;
      panel()?.classList.toggle("genesis-live", on);
    };
    const pointed = (event) => mark(Boolean(panel()?.contains(event.target)));
    const focused = (event) => {
      if (live && typing(event.target) && !panel()?.contains(event.target)) mark(false);
    };
    const pressed = (event) => {
      if (!live || !panel()?.isConnected) return;
      const send = (key) => {
        event.preventDefault();
        event.stopImmediatePropagation();
        if (!event.repeat) model.send({ key, shown: model.get("shown") });
      };
      if (typing(event.target)) {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return send("save");
        if (event.key === "Escape") {
          event.target.blur();
          return send("escape");
        }
        return event.stopImmediatePropagation();
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") return send("escape");
      if (event.key === "n") {
        event.preventDefault();
        event.stopImmediatePropagation();
        return panel().querySelector(".genesis-note textarea")?.focus();
      }
      if (event.key === "ArrowRight") return send("next");
      if (event.key === "ArrowLeft") return send("back");
      if (event.key.length === 1 && event.key !== " ") return send(event.key.toLowerCase());
    };
    window.addEventListener("pointerdown", pointed, true);
    window.addEventListener("focusin", focused, true);
    window.addEventListener("keydown", pressed, true);
    el.style.display = "none";
    return () => {
      window.removeEventListener("pointerdown", pointed, true);
      window.removeEventListener("focusin", focused, true);
      window.removeEventListener("keydown", pressed, true);
    };
  },
};
