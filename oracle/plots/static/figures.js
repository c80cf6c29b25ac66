// Draws a page's figures with Plotly, in the page's colours and width, and again when they grow.
"use strict";

(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const AXIS = /^[xy]axis\d*$/;
  const LEGEND = /^legend\d*$/;
  const NARROW = 560; // pixels
  const ANSWER = 180000; // milliseconds until a figure is asked for again
  const LEAST_HIGH = 260; // pixels of a plot between its axes, however long its legend is
  const FIXED = "fixed colours"; // meta of a trace: oracle/plots/base.py
  const BELOW = { orientation: "h", x: 0, xanchor: "left", yref: "container", y: 0, yanchor: "bottom" };

  const look = () => {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  };

  // Colours, as [red, green, blue, alpha].
  function parsed(text) {
    const canvas = parsed.canvas || (parsed.canvas = document.createElement("canvas").getContext("2d"));
    canvas.fillStyle = "#000";
    canvas.fillStyle = text;
    const found = canvas.fillStyle;
    if (found.startsWith("#")) return [1, 3, 5].map((at) => parseInt(found.slice(at, at + 2), 16)).concat(1);
    return found.match(/[\d.]+/g).map(Number);
  }
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((each) => {
      const share = each / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };

  // A colour moved away from the ground's until it stands out from it, its hue kept.
  function readable(text, ground, least) {
    const [r, g, b, alpha] = parsed(text);
    if (alpha < 0.45) return text; // a band
    if (alpha === 1 && Math.max(r, g, b) < 70 && luminance(ground) < 0.2) return look()("ink"); // as good as black
    const goal = luminance(ground) > 0.4 ? 0 : 255;
    let now = [r, g, b];
    for (let i = 0; i < 24 && contrast(now, ground) < least; i += 1) {
      now = now.map((each) => each + (goal - each) * 0.08);
    }
    return `rgba(${now.map(Math.round).join(",")},${alpha})`;
  }

  // Marks with a white rim or filling are cut out of the ground, whatever it is.
  function repainted(value, ground, key = "") {
    if (value && value.meta === FIXED) return value; // it lies on colours of its own
    if (key === "colorscale") return value.map(([at, each]) => [at, readable(each, ground, least(ground))]);
    if (Array.isArray(value)) {
      const within = key === "color" || typeof value[0] === "object";
      return within ? value.map((each) => repainted(each, ground, key)) : value;
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, repainted(each, ground, name)]));
    }
    if (key !== "color" || typeof value !== "string") return value;
    const [r, g, b, alpha] = parsed(value);
    if (alpha >= 0.9 && r + g + b === 765) return `rgba(${ground.slice(0, 3).join(",")},${alpha})`;
    return readable(value, ground, least(ground));
  }

  // What the contrast of lines and marks is raised to; thin ones need more on a dark ground.
  const least = (ground) => (luminance(ground) < 0.2 ? 4.5 : 3);

  // Ticks of which none touches its neighbour: every second, third, ... of those that were given.
  function thinned(axis, across, length, size) {
    if (!Array.isArray(axis.ticktext)) return {};
    const [low, high] = [...(axis.range || [-Infinity, Infinity])].sort((a, b) => a - b);
    const at = axis.tickvals.map((each) => (axis.type === "log" ? Math.log10(each) : each));
    const shown = at.map((each, i) => [each, i]).filter(([each]) => each >= low && each <= high).map(([, i]) => i);
    const letters = Math.max(1, ...shown.flatMap((i) => axis.ticktext[i].split("<br>").map((line) => line.length)));
    const least = across ? letters * size * 0.62 + 8 : size * 1.6;
    const positions = shown.map((i) => at[i]);
    const span = Number.isFinite(high - low) ? high - low : Math.max(...positions) - Math.min(...positions);
    const gaps = positions.slice(1).map((each, i) => Math.abs(each - positions[i]));
    const mean = gaps.reduce((sum, each) => sum + each, 0) / (gaps.length || 1);
    const step = span && mean ? Math.max(1, Math.ceil(least / (mean / span * length))) : 1;
    let last = null; // gaps may be uneven
    const kept = shown.filter((_, i) => i % step === 0).filter((i) => {
      const fits = last === null || !span || Math.abs(at[i] - at[last]) / span * length >= 0.85 * least;
      if (fits) last = i;
      return fits;
    });
    return { tickvals: kept.map((i) => axis.tickvals[i]), ticktext: kept.map((i) => axis.ticktext[i]), tickangle: 0 };
  }

  // A title in as many lines as it needs.
  function wrapped(text, length, size) {
    const most = Math.max(8, Math.floor(length / (size * 0.6)));
    const lines = [""];
    for (const word of text.split(" ")) {
      const last = lines[lines.length - 1];
      if (last && last.length + 1 + word.length > most) lines.push(word);
      else lines[lines.length - 1] = last ? `${last} ${word}` : word;
    }
    return lines.join("<br>");
  }

  // A colour bar stands to the right of a wide figure, and above a narrow one.
  function coloured(trace, narrow, size, height) {
    const bar = trace.colorbar || (trace.marker && trace.marker.colorbar);
    if (!bar) return trace;
    const text = bar.title ? bar.title.text : "";
    const made = { ...bar, tickfont: { size: size - 1 }, title: { text, side: narrow ? "top" : "right", font: { size: size - 1 } } };
    if (narrow) Object.assign(made, { orientation: "h", x: 0.5, xanchor: "center", yref: "paper", y: 1, yanchor: "bottom", ypad: 4, len: 1, thickness: 10 });
    return trace.colorbar ? { ...trace, colorbar: made } : { ...trace, marker: { ...trace.marker, colorbar: made } };
  }

  function layout(given, width, height, beside, bar) {
    const color = look();
    const narrow = width < NARROW;
    const size = narrow ? 11 : 12.5;
    const titled = (given.annotations || []).some((each) => each.yref === "paper" && each.y >= 0.99); // each part
    const made = {
      ...given,
      annotations: (given.annotations || []).map((each) => ({ ...each, font: { ...each.font, size: size + 1 } })),
      template: { layout: {} },
      title: { text: "" },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size, color: color("ink") },
      hoverlabel: { bgcolor: color("card"), bordercolor: color("edge"), font: { color: color("ink") } },
      margin: { t: bar && narrow ? 62 : titled ? 28 : 12, r: 12, b: 40, l: narrow ? 46 : 56 },
      autosize: true,
      uirevision: "kept", // what a user zoomed to
      shapes: (given.shapes || []).map((each) => repainted(each, parsed(color("card")))),
    };
    delete made.width;
    delete made.height;
    for (const name of Object.keys(given)) {
      if (AXIS.test(name)) {
        const across = name.startsWith("x");
        const [from, to] = given[name].domain || [0, 1];
        const length = (to - from) * (across ? width - (narrow ? 58 : beside ? 170 : 68) : height - 110);
        const title = given[name].title || {};
        made[name] = {
          ...given[name], gridcolor: color("grid"), linecolor: color("edge"), zerolinecolor: color("grid"),
          tickcolor: color("edge"), automargin: true, tickfont: { size: size - 1 },
          title: { ...title, text: wrapped(title.text || "", length, size + 1), font: { size: size + 1 }, standoff: 10 },
          ...thinned(given[name], across, length, size - 1),
        };
        if (narrow && !given[name].ticktext) { // as many as fit
          delete made[name].dtick;
          made[name].nticks = 6;
        }
      } else if (LEGEND.test(name)) {
        const right = beside && !narrow && name === "legend2";
        made[name] = {
          ...given[name], bgcolor: "rgba(0,0,0,0)", font: { size: size - 1 },
          ...(right
            ? { orientation: "v", x: 1.02, y: 1 }
            : { ...BELOW, ...(given[name].title ? { title: { ...given[name].title, side: "top" } } : {}) }),
        };
      }
    }
    if (!made.legend) made.legend = { ...BELOW, font: { size: size - 1 } };
    return made;
  }

  function place(host, panel) {
    const found = host.querySelector(`figure[data-name="${CSS.escape(panel.name)}"]`);
    if (found) return found;
    const figure = document.createElement("figure");
    figure.dataset.name = panel.name;
    const title = document.createElement(host.dataset.heading || "h3");
    const plot = document.createElement("div");
    plot.className = "plot";
    plot.setAttribute("role", "img");
    const caption = document.createElement("figcaption");
    figure.append(title, plot, caption);
    host.append(figure);
    return figure;
  }

  function draw(host, afresh = false) {
    const empty = host.querySelector("[data-empty]");
    for (const plot of afresh ? host.querySelectorAll(".plot") : []) plot.style.height = "";
    const ground = parsed(look()("card"));
    if (empty) empty.hidden = host.panels.length > 0;
    const figures = host.panels.map((panel) => place(host, panel)); // all, before any is measured
    figures.forEach((figure, i) => { // a panel may come later than the one behind it
      const there = host.querySelectorAll("figure")[i];
      if (there !== figure) host.insertBefore(figure, there);
    });
    for (const [index, panel] of host.panels.entries()) {
      const [title, plot, caption] = figures[index].children;
      title.textContent = panel.title;
      caption.textContent = panel.says;
      plot.setAttribute("aria-label", `${panel.title}. ${panel.says} The numbers are in the table.`.replace(". .", "."));
      const second = panel.figure.data.some((trace) => trace.legend === "legend2" && trace.showlegend !== false);
      const [width, height] = [plot.clientWidth, plot.clientHeight];
      const narrow = width < NARROW;
      // Plotly keeps margins and colour bars of another width, and may find no room for an axis.
      if (plot.dataset.drawn && Number(plot.dataset.width) !== width) Plotly.purge(plot);
      plot.dataset.width = String(width);
      const bar = panel.figure.data.some((trace) => trace.colorbar || (trace.marker && trace.marker.colorbar));
      const data = repainted(panel.figure.data, ground).map((trace) => coloured(trace, narrow, narrow ? 11 : 12.5, height));
      const made = (high) => Plotly.react(plot, data, layout(panel.figure.layout, width, high, second, bar), {
        responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false,
      });
      made(height);
      const lacking = LEAST_HIGH - plot._fullLayout._size.h;
      if (lacking > 1) {
        plot.style.height = `${height + lacking}px`;
        made(height + lacking);
      }
      plot.dataset.drawn = String(panel.figure.data.length);
    }
  }

  async function load(host) {
    const turn = host.asked = (host.asked ?? 0) + 1;
    try {
      await window.plotlyLoaded; // of a page that has it packed
      const own = host.querySelector("script[type='application/json']");
      if (own) {
        host.panels = JSON.parse(own.textContent);
        draw(host);
        return;
      }
      const answer = await fetch(host.dataset.panels, { signal: AbortSignal.timeout(ANSWER) });
      if (!answer.ok) throw answer;
      const { panels } = await answer.json();
      if (turn < (host.shown ?? 0)) return; // answers may come in another order than they were asked for
      host.shown = turn;
      host.failures = 0;
      host.panels = panels;
      draw(host);
      const empty = host.querySelector("[data-empty]");
      if (!host.panels.length && empty.textContent.startsWith("Drawing")) empty.textContent = "There is nothing to draw.";
    } catch (answer) {
      const empty = host.querySelector("[data-empty]");
      if (!host.panels && empty) empty.textContent = "The figures could not be fetched; the numbers are in the table.";
      const refused = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
      if (refused || !host.dataset.panels) return;
      host.failures = (host.failures ?? 0) + 1; // a server that has much to do answers 503
      const delay = Math.min(10000, 1000 * 2 ** host.failures);
      setTimeout(() => { if (host.asked === turn) load(host); }, delay);
    }
  }

  const hosts = [...document.querySelectorAll("[data-panels]")];
  const every = (act) => () => hosts.forEach((host) => act(host));
  every(load)();
  document.addEventListener("oracle:grown", every(load));
  const again = every((host) => host.panels && draw(host, true));
  dark.addEventListener("change", again);
  let wait = null;
  window.addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(again, 200); });
})();
