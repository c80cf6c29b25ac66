// What moves on a page that works without it: progress, log lines, sections that grow.
"use strict";

(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const ENDED = ["done", "failed", "cancelled"];
  const ANSWER = 180000; // milliseconds

  function localTimes(within = document) {
    const form = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    for (const each of all("time[datetime]", within)) {
      const moment = new Date(each.dateTime);
      each.title = each.textContent.trim();
      each.textContent = form.format(moment);
    }
  }

  function duration(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    const parts = [
      [Math.floor(whole / 86400), "d"],
      [Math.floor(whole / 3600) % 24, "h"],
      [Math.floor(whole / 60) % 60, "min"],
      [whole % 60, "s"],
    ];
    const first = Math.max(0, parts.findIndex(([count]) => count));
    const from = whole ? first : 3;
    return parts.slice(from, from + 2).filter(([count], i) => count || i === 0)
      .map(([count, unit]) => `${count} ${unit}`).join(" ");
  }

  let latest = null; // of the job: a page that was asked for before it must not turn it back
  function show(place, state, share, amount, left) {
    const badge = one("[data-state]", place);
    const bar = one("progress", place);
    if (badge && badge.textContent !== state) {
      badge.textContent = state;
      badge.className = `state ${state}`;
    }
    if (bar) bar.value = share;
    const said = one("[data-amount]", place);
    if (said) said.textContent = amount;
    const rest = one("[data-left]", place);
    if (rest) rest.textContent = left ? `${left} left` : "";
  }

  // Tells screen readers of a state that changed, and of every tenth: more would be noise.
  const told = new Map();
  function announce(id, state, share) {
    const place = one("[data-announce]");
    const now = `${state} ${Math.floor(share / 10)}`;
    const before = told.get(id);
    told.set(id, now);
    if (!place || before === undefined || before === now) return;
    place.textContent = state === "running" ? `${id}: ${share} percent` : `${id}: ${state}`;
  }

  // A stream is open only while somebody looks: a browser has few connections for one server.
  function whileSeen(open) {
    let stream = null;
    const turn = () => {
      if (document.hidden) {
        if (stream) stream.close();
        stream = null;
      } else if (!stream) {
        stream = open();
      }
    };
    document.addEventListener("visibilitychange", turn);
    window.addEventListener("pagehide", () => { if (stream) stream.close(); stream = null; });
    window.addEventListener("pageshow", turn);
    turn();
  }

  function watchList(list) {
    const cards = all("[data-job]", list);
    const query = cards.map((each) => `job=${encodeURIComponent(each.dataset.job)}`).join("&");
    whileSeen(() => {
      const stream = new EventSource(`/live?${query}`);
      stream.addEventListener("job", (event) => {
        const job = JSON.parse(event.data);
        const card = cards.find((each) => each.dataset.job === job.id);
        if (!card) return;
        show(card, job.state, job.share, job.amount, job.left);
        announce(job.id, job.state, job.share);
      });
      stream.addEventListener("list", () => { one("[data-fresh]").hidden = false; });
      return stream;
    });
  }

  let waiting = null;
  let fetching = false;
  let took = 0; // milliseconds, of the last answer
  let failures = 0; // in a row: a server that has much to do answers 503
  function refresh(delay = 800) {
    if (waiting) return;
    waiting = setTimeout(async () => {
      waiting = null;
      if (fetching) { refresh(); return; }
      fetching = true;
      const since = performance.now();
      try {
        await replaceByNow();
        failures = 0;
        document.dispatchEvent(new Event("oracle:grown"));
      } catch (answer) {
        const refused = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
        failures = refused ? 0 : failures + 1;
      }
      fetching = false;
      took = performance.now() - since;
      if (failures) refresh(Math.min(10000, 1000 * 2 ** failures)); // no change may come after the last
    }, delay);
  }

  async function replaceByNow(only = null) {
    const signal = AbortSignal.timeout(ANSWER); // one that never comes would hold up all others
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal });
    if (!answer.ok) throw answer;
    replace(new DOMParser().parseFromString(await answer.text(), "text/html"), only);
  }

  function replace(page, only) {
    document.title = page.title;
    for (const old of all(only ? `[data-live="${only}"]` : "[data-live]")) {
      const fresh = one(`[data-live="${old.dataset.live}"]`, page);
      if (!fresh || fresh.innerHTML === old.dataset.was || old.contains(document.activeElement)) continue;
      const across = one(".scroll", old);
      const left = across ? across.scrollLeft : 0;
      old.dataset.was = fresh.innerHTML;
      old.innerHTML = fresh.innerHTML;
      const now = one(".scroll", old);
      if (now) now.scrollLeft = left;
      localTimes(old);
    }
    if (latest) show(...latest);
  }

  // Training runs that are under way change between two results; figures show which they are.
  const underWay = () => one("[data-running]")?.dataset.running;
  async function refreshRunning() {
    const since = performance.now();
    const before = underWay();
    try {
      await replaceByNow("running");
      if (underWay() !== before) document.dispatchEvent(new Event("oracle:grown"));
    } catch { /* the next look asks again */ }
    return performance.now() - since;
  }

  // Within a cycle, at most every three seconds and a tenth of the time: the server computes it anew.
  let within = null;
  function refreshWithin() {
    if (within) return;
    within = setTimeout(() => { within = null; refresh(); }, Math.max(3000, 10 * took));
  }

  function watchJob(hero) {
    const log = one("[data-log]");
    let last = Math.max(0, ...all("[data-number]", log).map((each) => Number(each.dataset.number)));
    let state = one("[data-state]", hero).textContent.trim();
    let over = hero.dataset.ended === "yes";
    log.scrollTop = log.scrollHeight;
    if (over) return;
    const look = async () => {
      const spent = state === "running" && !document.hidden ? await refreshRunning() : 0;
      if (!over) setTimeout(look, Math.max(3000, 10 * spent));
    };
    setTimeout(look, 3000);
    whileSeen(() => {
      if (over) return null;
      const stream = new EventSource(`/v1/jobs/${encodeURIComponent(hero.dataset.watch)}/events`);
      stream.addEventListener("job", (event) => {
        const job = JSON.parse(event.data);
        const done = job.state === "done"; // perhaps with fewer training runs than was estimated
        const share = done ? 100 : job.known ? Math.min(job.done >= job.known ? 100 : 99, Math.floor((100 * job.done) / job.known)) : 0;
        const amount = done
          ? `${job.done.toLocaleString("en")} training runs`
          : job.known
          ? `${job.done.toLocaleString("en")} of ${job.known.toLocaleString("en")} training runs`
          : ENDED.includes(job.state) ? "no training runs" : "not counted yet";
        const left = job.state === "running" && job.seconds_left !== null ? duration(job.seconds_left) : "";
        latest = [hero, job.state, share, amount, left];
        show(...latest);
        announce(job.id, job.state, share);
        if (job.state !== state) { state = job.state; refresh(); } else refreshWithin();
        if (ENDED.includes(job.state)) {
          over = true;
          setTimeout(() => stream.close(), 1500); // its last lines come first
        }
      });
      for (const kind of ["state", "line", "say"]) {
        stream.addEventListener(kind, (event) => {
          const said = JSON.parse(event.data);
          if (said.number <= last) return;
          last = said.number;
          const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
          const item = document.createElement("li");
          item.className = kind;
          item.dataset.number = said.number;
          item.textContent = said.text;
          log.append(item);
          if (atEnd) log.scrollTop = log.scrollHeight;
          if (kind === "line") refresh();
        });
      }
      return stream;
    });
  }

  // From a problem to its line in the text area.
  function goToLine(link) {
    const area = one("#study");
    const lines = area.value.split("\n");
    const number = Number(link.dataset.line);
    const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[number - 1] || "").length);
    area.scrollTop = ((number - 3) * area.scrollHeight) / lines.length;
  }

  localTimes();
  const list = one("[data-jobs]");
  if (list) watchList(list);
  const hero = one("[data-watch]");
  if (hero) watchJob(hero);
  for (const link of all("[data-line]")) {
    link.addEventListener("click", (event) => { event.preventDefault(); goToLine(link); });
  }
})();
