// The text area of the prompt panel. What is typed is sent to the kernel at every change; the kernel answers with the
// number of the change once it is on its disk. Until then the text also lies in this browser, so that what was typed
// while the kernel was dead is there again when the panel is.
export default {
  render({ model, el }) {
    const area = document.createElement("textarea");
    const line = document.createElement("div");
    area.setAttribute("aria-label", "instructions");
    area.spellcheck = false;
    line.className = "genesis-saved";
    el.append(area, line);
    el.classList.add("genesis-prompt");
    const shelf = () => `genesis-prompt:${model.get("shelf")}`;
    let slow = 0;

    const tell = (words, bad) => {
      line.textContent = words;
      line.classList.toggle("genesis-bad", bad);
    };
    const send = () => {
      const number = model.get("number") + 1;
      try {
        localStorage.setItem(shelf(), JSON.stringify({ text: area.value, at: Date.now() }));
      } catch {
        // a full or forbidden store: the kernel's disk is the first place anyway
      }
      model.set({ number, text: area.value });
      model.save_changes();
      clearTimeout(slow);
      slow = setTimeout(() => {
        if (model.get("saved") !== model.get("number"))
          tell("Not on the disk yet: the kernel does not answer. The text is kept in this browser; run the cell again.", true);
      }, 2500);
    };
    const saved = () => {
      if (model.get("saved") !== model.get("number")) return;
      clearTimeout(slow);
      localStorage.removeItem(shelf());
      tell(model.get("note"), false);
    };
    const shown = () => {
      if (area.value !== model.get("text")) area.value = model.get("text");
    };
    const rescue = () => {
      const left = localStorage.getItem(shelf());
      if (left === null) return;
      const { text, at } = JSON.parse(left);
      if (Date.now() - at < 2500 || text === model.get("text")) return;
      area.value = text;
      model.set({ rescued: model.get("rescued") + 1 });
      send();
    };

    area.addEventListener("input", send);
    // No key reaches JupyterLab, whose one-letter commands would add and delete cells.
    area.addEventListener("keydown", (event) => event.stopPropagation());
    model.on("change:text", shown);
    model.on("change:saved", saved);
    model.on("change:note", saved);
    model.on("change:shelf", rescue);
    shown();
    tell(model.get("note"), false);
    rescue();
    return () => clearTimeout(slow);
  },
};
