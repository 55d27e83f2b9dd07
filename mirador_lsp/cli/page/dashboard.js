// Draws the figures of the page. It makes every node itself and never reads markup out of text:
// names of models come from servers, and a page must not believe them.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const EVERY_MS = 2000;
  const WIDTH = 360;

  const node = (name, attributes = {}, ...inside) => {
    const made = document.createElement(name);
    return filled(made, attributes, inside);
  };
  const shape = (name, attributes = {}, ...inside) => {
    const made = document.createElementNS(SVG, name);
    return filled(made, attributes, inside);
  };
  const filled = (made, attributes, inside) => {
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined) made.setAttribute(key, String(value));
    }
    made.append(...inside.filter((each) => each !== null));
    return made;
  };

  // Figures in words.
  const number = (value) => (value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en-US"));
  const short = (value) => {
    if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
    if (value >= 1e4) return `${(value / 1e3).toFixed(0)} k`;
    return value > 0 && value < 10 && value % 1 ? value.toFixed(1) : number(value);
  };
  const seconds = (value) => {
    if (value === null || value === undefined) return "–";
    if (value < 1) return `${Math.round(value * 1000)} ms`;
    return value < 100 ? `${value.toFixed(1)} s` : `${(value / 60).toFixed(1)} min`;
  };
  const percent = (value) => (value === null || value === undefined ? "–" : `${Math.round(100 * value)} %`);
  const dollars = (value) => (value >= 1 || value === 0 ? `$${value.toFixed(2)}` : `$${value.toFixed(4)}`);
  const share = (part, whole) => (whole ? part / whole : null);

  // A heading that begins with ">" is one of numbers.
  const table = (caption, heads, rows) => {
    const cell = (kind, text, at) => node(kind, { class: heads[at].startsWith(">") ? "n" : null, scope: kind === "th" ? "col" : null }, String(text));
    return node(
      "table",
      {},
      node("caption", {}, caption),
      node("thead", {}, node("tr", {}, ...heads.map((head, at) => cell("th", head.replace(">", ""), at)))),
      node("tbody", {}, ...rows.map((row) => node("tr", {}, ...row.map((text, at) => cell("td", text, at)))))
    );
  };

  // A chart: a picture with its words, and the same as a table.
  const figure = (title, words, legend, picture, heads, rows) => {
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", `${title}. ${words}`);
    const about = legend.length > 1
      ? node("ul", { class: "legend" }, ...legend.map(([name, tone]) =>
          node("li", {}, shape("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, shape("rect", { width: 10, height: 10, class: tone })), name)))
      : null;
    const details = node("details", {}, node("summary", {}, `${title}: as a table`), node("div", { class: "scroll" }, table(title, heads, rows)));
    return node("figure", { "data-chart": title }, node("h2", {}, title), about, picture, details);
  };

  const scaled = (highest) => {
    if (!(highest > 0)) return 1;
    const power = 10 ** Math.floor(Math.log10(highest));
    return [1, 2, 2.5, 5, 10].map((step) => step * power).find((border) => border >= highest * 0.999);
  };

  const frame = (height, top, wording) => {
    const lines = [0, 0.5, 1].map((part) => {
      const y = height - 22 - part * (height - 34);
      return shape("g", {}, shape("line", { x1: 44, x2: WIDTH, y1: y, y2: y, class: "grid" }),
        shape("text", { x: 40, y: y + 4, "text-anchor": "end" }, wording(part * top)));
    });
    return shape("svg", { viewBox: `0 0 ${WIDTH} ${height}` }, ...lines);
  };
  const across = (count, at) => 48 + ((WIDTH - 52) * (at + 0.5)) / count;
  const dated = (picture, days, height) => {
    const marks = days.length > 1 ? [0, days.length - 1] : [0];
    marks.forEach((at) => {
      const anchor = days.length === 1 ? "middle" : at === 0 ? "start" : "end";
      const x = days.length === 1 ? across(1, 0) : at === 0 ? 48 : WIDTH;
      picture.append(shape("text", { x, y: height - 6, "text-anchor": anchor }, days[at].day));
    });
  };

  // Bars of days, each series on top of the one before.
  const stacked = (title, days, series, wording = short) => {
    const height = 170;
    const totals = days.map((day) => series.reduce((sum, each) => sum + each.of(day), 0));
    const top = scaled(Math.max(...totals));
    const picture = frame(height, top, wording);
    const wide = Math.min(28, Math.max(1.5, ((WIDTH - 52) / days.length) * 0.78));
    days.forEach((day, at) => {
      let y = height - 22;
      series.forEach((each) => {
        const value = each.of(day);
        const tall = (value / top) * (height - 34);
        y -= tall;
        if (value > 0) {
          const bar = shape("path", { d: `M${(across(days.length, at) - wide / 2).toFixed(2)} ${y.toFixed(2)}h${wide.toFixed(2)}v${tall.toFixed(2)}h${(-wide).toFixed(2)}z`, class: `bar ${each.tone}` });
          bar.append(shape("title", {}, `${day.day}: ${wording(value)} ${each.name}`));
          picture.append(bar);
        }
      });
    });
    dated(picture, days, height);
    const words = series.map((each) => `${each.name}: ${wording(days.reduce((sum, day) => sum + each.of(day), 0))}`).join(", ");
    const rows = days.map((day) => [day.day, ...series.map((each) => wording(each.of(day)))]);
    return figure(title, words, series.map((each) => [each.name, each.tone]), picture, ["day", ...series.map((each) => `>${each.name}`)], rows);
  };

  // Lines over days; a day without a value is a gap, a lone one a dot.
  const lines = (title, days, series, wording) => {
    const height = 170;
    const values = days.flatMap((day) => series.map((each) => each.of(day))).filter((value) => value !== null);
    const top = scaled(Math.max(0, ...values));
    const picture = frame(height, top, wording);
    const place = (day, at, each) => [across(days.length, at), height - 22 - (each.of(day) / top) * (height - 34)];
    series.forEach((each) => {
      let path = "";
      let open = false;
      days.forEach((day, at) => {
        if (each.of(day) === null) {
          open = false;
          return;
        }
        const [x, y] = place(day, at, each);
        path += `${open ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`;
        open = true;
        const dot = shape("circle", { cx: x.toFixed(2), cy: y.toFixed(2), r: days.length > 60 ? 1.5 : 3, class: each.tone });
        dot.append(shape("title", {}, `${day.day}: ${wording(each.of(day))} ${each.name}`));
        picture.append(dot);
      });
      if (path) picture.append(shape("path", { d: path, class: `line ${each.tone}` }));
    });
    dated(picture, days, height);
    const last = [...days].reverse().find((day) => series[0].of(day) !== null);
    const words = last ? `On ${last.day} ${series.map((each) => `${each.name} ${wording(each.of(last))}`).join(", ")}` : "Nothing was measured";
    const rows = days.map((day) => [day.day, ...series.map((each) => wording(each.of(day)))]);
    return figure(title, words, series.map((each) => [each.name, each.tone]), picture, ["day", ...series.map((each) => `>${each.name}`)], rows);
  };

  // A bar for each row; the second series, where there is one, is the thin bar behind it.
  const sideways = (title, rows, series, wording = number) => {
    const step = series.length > 1 ? 50 : 40;
    const height = rows.length * step + 4;
    const top = Math.max(...rows.flatMap((row) => series.map((each) => each.of(row) || 0))) || 1;
    const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${height}` });
    rows.forEach((row, at) => {
      const y = at * step + 14;
      const name = row.name.length > 46 ? `${row.name.slice(0, 45)}…` : row.name;
      picture.append(shape("text", { x: 0, y, class: "value" }, name));
      series.forEach((each, number_) => {
        const value = each.of(row);
        if (value === null || value === undefined) return;
        const wide = Math.max(1, (value / top) * (WIDTH - 80));
        const tall = series.length > 1 ? 9 : 11;
        const bar = shape("path", { d: `M0 ${y + 5 + number_ * 13}h${wide.toFixed(2)}v${tall}h${(-wide).toFixed(2)}z`, class: `bar ${each.tone}` });
        bar.append(shape("title", {}, `${row.name}: ${wording(value)} ${each.name}`));
        picture.append(bar, shape("text", { x: wide + 5, y: y + 14 + number_ * 13 }, wording(value)));
      });
    });
    const words = rows.map((row) => `${row.name}: ${series.map((each) => `${wording(each.of(row))} ${each.name}`).join(", ")}`).join("; ");
    const cells = rows.map((row) => [row.name, ...series.map((each) => wording(each.of(row)))]);
    return figure(title, words, series.map((each) => [each.name, each.tone]), picture, ["what", ...series.map((each) => `>${each.name}`)], cells);
  };

  // Changes: a bar for each kind, cut by how far they got.
  const ladder = (fixes) => {
    const parts = [
      { name: "offered", tone: "three", of: (row) => row.offered && !["neighbours", "tests"].includes(row.rung) },
      { name: "other servers agreed", tone: "one", of: (row) => row.offered && row.rung === "neighbours" },
      { name: "tests passed", tone: "four", of: (row) => row.offered && row.rung === "tests" },
      { name: "not offered", tone: "two", of: (row) => !row.offered },
    ];
    const kinds = [...new Set(fixes.map((row) => row.kind))];
    const count = (rows) => rows.reduce((sum, row) => sum + row.count, 0);
    const top = Math.max(...kinds.map((kind) => count(fixes.filter((row) => row.kind === kind))));
    const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${kinds.length * 40 + 4}` });
    kinds.forEach((kind, at) => {
      const y = at * 40 + 14;
      picture.append(shape("text", { x: 0, y, class: "value" }, kind));
      let x = 0;
      const rows = fixes.filter((row) => row.kind === kind);
      parts.forEach((part) => {
        const value = count(rows.filter(part.of));
        if (!value) return;
        const wide_ = (value / top) * (WIDTH - 50);
        const bar = shape("path", { d: `M${x.toFixed(2)} ${y + 5}h${wide_.toFixed(2)}v14h${(-wide_).toFixed(2)}z`, class: `bar ${part.tone}` });
        bar.append(shape("title", {}, `${kind}: ${number(value)} ${part.name}`));
        picture.append(bar);
        x += wide_;
      });
      picture.append(shape("text", { x: x + 5, y: y + 16 }, number(count(rows))));
    });
    const words = parts.map((part) => `${number(count(fixes.filter(part.of)))} ${part.name}`).join(", ");
    const cells = fixes.map((row) => [row.kind, row.offered ? "offered" : "not offered", row.rung || "nothing", row.failed || "–", number(row.count)]);
    return figure("Changes by how far they got", words, parts.map((part) => [part.name, part.tone]), picture, ["asked for", "outcome", "passed", "failed at", ">changes"], cells);
  };

  const tiles = (data) => {
    const all = data.stages.filter((row) => row.model);
    const sum = (name) => all.reduce((total, row) => total + row.costs[name], 0);
    const taken = data.acceptance;
    const decided = taken.accepted + taken.edited + taken.undone + taken.dismissed;
    const away = data.away.prompt_tokens + data.away.completion_tokens;
    const first = data.stages.filter((row) => row.first_token.count);
    const quick = first.length ? first.reduce((a, b) => (a.first_token.count >= b.first_token.count ? a : b)) : null;
    const dearest = data.savings.length ? data.savings.reduce((a, b) => (a.dollars >= b.dollars ? a : b)) : null;
    const entries = [
      ["Requests", number(data.requests), data.since ? `since ${data.since}` : "in all"],
      ["First token, median", quick ? seconds(quick.first_token.median) : "–", quick ? `${quick.stage}, 95 %: ${seconds(quick.first_token.p95)}` : "no model was asked"],
      ["Prompt reused", percent(share(sum("cached_tokens"), sum("prompt_tokens"))), `of ${short(sum("prompt_tokens"))} tokens`],
      ["Known before", percent(share(sum("kept"), sum("kept") + sum("asked"))), `of ${number(sum("kept") + sum("asked"))} questions`],
      ["Findings shown", number(data.findings.shown), `${number(data.findings.withdrawn)} withdrawn, ${number(data.findings.withheld)} withheld`],
      ["Accepted", percent(taken.rate), decided ? `of ${number(decided)} decisions; lines kept: ${percent(taken.line_rate)}` : "nothing decided yet"],
      ["Energy", data.energy.measured ? `${number(data.energy.joules)} J` : "–", data.energy.measured ? `${number(data.energy.measured)} requests, ${data.energy.sources.join(", ")}` : "not measurable here"],
      ["Elsewhere it would cost", dearest ? dollars(dearest.dollars) : "–", dearest ? `at ${dearest.name}, as of ${dearest.seen || "an unknown day"}` : "no prices"],
      ["Left this machine", `${short(away)}`, "tokens"],
    ];
    return node("dl", { class: "tiles" }, ...entries.map(([name, value, more]) => node("div", {}, node("dt", {}, name), node("dd", {}, value, node("small", {}, more)))));
  };

  const charts = (data) => {
    const made = [];
    const days = data.days;
    if (days.length) {
      made.push(stacked("Requests by day", days, [{ name: "requests", tone: "one", of: (day) => day.requests }]));
      made.push(stacked("Tokens by day", days, [
        { name: "read", tone: "one", of: (day) => Math.max(0, day.costs.prompt_tokens - day.costs.cached_tokens) },
        { name: "reused", tone: "three", of: (day) => day.costs.cached_tokens },
        { name: "written", tone: "two", of: (day) => day.costs.completion_tokens },
      ]));
      made.push(lines("First token by day", days, [
        { name: "median", tone: "one", of: (day) => day.first_token.median },
        { name: "95 %", tone: "two", of: (day) => day.first_token.p95 },
      ], seconds));
      made.push(stacked("Findings by day", days, [
        { name: "shown", tone: "one", of: (day) => day.findings.shown },
        { name: "withheld", tone: "four", of: (day) => day.findings.withheld },
        { name: "withdrawn", tone: "two", of: (day) => day.findings.withdrawn },
      ]));
      if (days.some((day) => day.decided)) {
        made.push(stacked("Decisions by day", days, [
          { name: "accepted", tone: "three", of: (day) => day.accepted },
          { name: "other", tone: "two", of: (day) => day.decided - day.accepted },
        ]));
      }
      if (days.some((day) => day.joules)) {
        made.push(stacked("Energy by day, joules", days, [{ name: "joules", tone: "four", of: (day) => day.joules }]));
      }
    }
    const timed = data.stages.filter((row) => row.first_token.count).map((row) => ({ ...row, name: `${row.stage}: ${row.model}` }));
    if (timed.length) {
      made.push(sideways("First token by stage and model", timed, [
        { name: "median", tone: "one", of: (row) => row.first_token.median },
        { name: "95 %", tone: "two", of: (row) => row.first_token.p95 },
      ], seconds));
    }
    const asked = data.stages.filter((row) => row.model).map((row) => ({ ...row, name: `${row.stage}: ${row.model}` }));
    if (asked.length) {
      made.push(sideways("Reuse by stage and model", asked, [
        { name: "of the prompt reused", tone: "three", of: (row) => row.reuse },
        { name: "of the answers known before", tone: "four", of: (row) => row.hits },
      ], percent));
    }
    const life = Object.entries({ reported: "reported", revised: "revised", withdrawn: "withdrawn", withheld: "withheld", hushed: "silenced", over_cap: "over the cap", shown: "shown" });
    if (data.findings.reported || data.findings.shown) {
      made.push(sideways("Lives of findings", life.map(([key, name]) => ({ name, count: data.findings[key] })), [{ name: "findings", tone: "one", of: (row) => row.count }]));
    }
    if (data.fixes.length) made.push(ladder(data.fixes));
    if (data.savings.some((row) => row.dollars)) {
      made.push(sideways("What the same tokens would cost elsewhere", data.savings.map((row) => ({ ...row, name: row.seen ? `${row.name} (${row.seen})` : row.name })), [{ name: "US dollars", tone: "three", of: (row) => row.dollars }], dollars));
    }
    return node("div", { class: "charts" }, ...made);
  };

  const wide = (inside) => node("section", { class: "wide", tabindex: "0", role: "region", "aria-label": inside.caption.textContent }, inside);
  const now = (data) => {
    if (!data.now) return [];
    const queues = data.now.queues.map((row) => [row.name, number(row.running), number(row.waiting), row.residents.join(", ") || "–"]);
    if (!queues.length) queues.push(["no engine runs; it starts with the first question", "–", "–", "–"]);
    return [wide(table("What runs now", ["engine", ">running", ">waiting", "models in memory"], queues))];
  };
  const latest = (data) => {
    if (!data.latest.length) return [];
    const rows = data.latest.slice(0, 25).map((row) => {
      const first = row.stages.map((run) => run.first_token_seconds).filter((value) => value !== null);
      const models = [...new Set(row.stages.map((run) => run.model).filter(Boolean))];
      return [
        row.time.slice(0, 19).replace("T", " "),
        row.kind,
        row.surface,
        row.language,
        models.join(", ") || "–",
        first.length ? seconds(Math.min(...first)) : "–",
        seconds(row.seconds),
        number(row.findings.shown),
        row.ending,
      ];
    });
    return [wide(table("Latest requests (UTC)", ["ended", "asked for", "from", "language", "models", ">first token", ">whole", ">shown", "ending"], rows))];
  };

  const empty = () => node(
    "div",
    { class: "empty" },
    node("h2", {}, "Nothing was measured yet"),
    node("p", {}, "Figures come with every review, answer and fix, in the editor or in a terminal. The first one:"),
    node("p", {}, node("code", {}, "mirador review FILE")),
  );

  const draw = (data) => {
    const main = document.getElementById("figures");
    const open = new Set([...main.querySelectorAll("details[open] > summary")].map((each) => each.textContent));
    const held = document.activeElement && document.activeElement.tagName === "SUMMARY" ? document.activeElement.textContent : null;
    const span = data.since ? `${data.since} to ${data.until}` : `up to ${data.until}`;
    document.getElementById("span").textContent = data.model ? `${span}, models with “${data.model}”` : span;
    const anything = data.requests || data.days.length;
    const parts = anything ? [tiles(data), charts(data), ...now(data), ...latest(data)] : [empty(), ...now(data)];
    main.replaceChildren(...parts);
    for (const each of main.querySelectorAll("summary")) {
      if (open.has(each.textContent)) each.parentElement.open = true;
      if (each.textContent === held) each.focus();
    }
    document.body.setAttribute("data-drawn", "yes");
  };

  const state = (text) => {
    const place = document.getElementById("state");
    if (place.textContent !== text) place.textContent = text;
  };
  let shown = document.getElementById("data").textContent;
  const first = JSON.parse(shown);
  draw(first);
  const live = first.live === true;
  state(live ? "live" : `written ${first.written || ""}`.trim());
  const look = async () => {
    try {
      const reply = await fetch("data.json", { cache: "no-store" });
      if (!reply.ok) throw new Error(String(reply.status));
      const text = await reply.text();
      if (text !== shown) {
        shown = text;
        draw(JSON.parse(text));
      }
      state("live");
    } catch {
      state("the dashboard was ended; these are the last figures");
    }
  };
  if (live) setInterval(() => { if (!document.hidden) look(); }, EVERY_MS);
})();
