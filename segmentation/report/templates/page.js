"use strict";
(() => {
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const plots = [...document.querySelectorAll(".plot")];
  const visible = new Set();
  const drawn = new Map();

  const language = () => (root.lang === "en" ? "en" : "zh");
  const theme = () => (root.dataset.theme === "dark" ? "dark" : "light");
  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a file from disk may have no storage */ } };

  // Black or white, what is read better on a colour (its relative luminance as WCAG defines it).
  const upon = (hex) => {
    const [red, green, blue] = [1, 3, 5].map((place) => {
      const part = parseInt(hex.slice(place, place + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
  };

  // A figure in the language and the colours that are shown.
  let small;
  const inWordsAndColours = (value, styles) => {
    if (Array.isArray(value)) return value.map((one) => inWordsAndColours(one, styles));
    if (value === null || typeof value !== "object") return value;
    if ("$" in value) return styles.getPropertyValue(`--${value.$}`).trim();
    if ("upon" in value) return upon(styles.getPropertyValue(`--${value.upon}`).trim());
    if ("zh" in value && "en" in value) return value[language()].replaceAll("font-size:small", `font-size:${small}px`);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inWordsAndColours(one, styles)]));
  };

  const draw = (plot) => {
    const width = Math.floor(plot.clientWidth);
    const printing = root.classList.contains("printing");
    const state = `${language()} ${theme()} ${width} ${printing}`;
    if (drawn.get(plot) === state) return;
    drawn.set(plot, state);
    const styles = getComputedStyle(root);
    small = printing ? 8.5 : 11;
    const colour = (name) => styles.getPropertyValue(`--${name}`).trim();
    const { data, layout } = inWordsAndColours(figures[plot.dataset.chart], styles);
    const font = { family: colour("font"), size: printing ? 9.5 : width < 400 ? 10.5 : 12, color: colour("ink") };
    const axis = {
      color: colour("muted"), gridcolor: colour("grid"), zerolinecolor: colour("line"), zerolinewidth: 1.5,
      fixedrange: true, automargin: true, ticks: "", tickfont: { color: colour("ink") },
    };
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      layout[name] = { ...axis, ...layout[name] };
    }
    for (const note of layout.annotations ?? []) note.font = { color: colour("ink"), ...note.font };
    if (printing) layout.height = Math.round(layout.height * 0.72);
    if (layout.polar) {
      const { radialaxis, angularaxis } = layout.polar;
      layout.polar = {
        bgcolor: colour("paper"),
        radialaxis: { ...axis, automargin: false, showline: false, ...radialaxis, tickfont: { color: colour("muted"), size: 10 } },
        angularaxis: { ...axis, linecolor: colour("line"), ...angularaxis },
      };
    }
    Plotly.react(plot, data, {
      paper_bgcolor: colour("paper"), plot_bgcolor: colour("paper"), font, showlegend: false, hovermode: "closest",
      dragmode: false, width, hoverlabel: { font: { family: colour("font") } }, ...layout,
      margin: { l: 10, r: 16, t: 8, b: 36, ...layout.margin },
    }, { displayModeBar: false, responsive: false, doubleClick: false });
    plot.dataset.drawn = state;
  };
  const redraw = () => visible.forEach(draw);

  const setLanguage = (value) => {
    root.lang = value === "en" ? "en" : "zh-CN";
    document.title = value === "en" ? root.dataset.titleEn : root.dataset.titleZh;
  };
  const setTheme = (value) => { root.dataset.theme = value; };

  const dark = matchMedia("(prefers-color-scheme: dark)");
  setTheme(recall("theme") ?? (dark.matches ? "dark" : "light"));
  setLanguage(recall("language") ?? language());

  const languageButton = document.getElementById("language");
  const themeButton = document.getElementById("theme");
  languageButton.hidden = themeButton.hidden = false;
  languageButton.addEventListener("click", () => {
    setLanguage(language() === "en" ? "zh" : "en");
    keep("language", language());
    redraw();
  });
  themeButton.addEventListener("click", () => {
    setTheme(theme() === "dark" ? "light" : "dark");
    keep("theme", theme());
    redraw();
  });
  dark.addEventListener("change", () => {
    if (recall("theme") === null) setTheme(dark.matches ? "dark" : "light");
    redraw();
  });

  // Charts are drawn when they come near, so that the page is there at once.
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) { visible.add(target); draw(target); } else visible.delete(target);
    }
  }, { rootMargin: "600px 0px" });
  plots.forEach((plot) => watch.observe(plot));

  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(redraw, 120); });

  // On paper everything is drawn, in light colours and as wide as an A4 page.
  const printed = [...document.querySelectorAll("details.printed")];
  let before;
  let closed;
  addEventListener("beforeprint", () => {
    before = theme();
    setTheme("light");
    root.classList.add("printing");
    closed = printed.filter((one) => !one.open);
    for (const one of closed) one.open = true;
    plots.forEach(draw);
  });
  addEventListener("afterprint", () => {
    root.classList.remove("printing");
    for (const one of closed) one.open = false;
    setTheme(before);
    redraw();
  });
  root.dataset.ready = "true";
})();
