// What comes from calls is only ever set as text: no markup is made of it.

const SVG = 'http://www.w3.org/2000/svg';
const calls = read('data-calls');
const rules = read('data-rules');
for (const call of calls) {
  for (const [who, times] of Object.entries(call.speech)) {
    for (let n = 0; n < times.length; n += 2) call.events.push(['speech', '', who, times[n], times[n + 1], '']);
  }
}
const byId = new Map(calls.map((call, n) => [call.id, n]));
const overview = [...document.querySelectorAll('main > section')];
const page = document.getElementById('call');
const calm = matchMedia('(prefers-reduced-motion: reduce)');
let zoom = 1;
let now = null; // the call that is shown, and what finds its moments

function read(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

function make(kind, attributes, children, space) {
  const made = space ? document.createElementNS(space, kind) : document.createElement(kind);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...(children || []).filter((child) => child !== null && child !== ''));
  return made;
}
const h = (kind, attributes, ...children) => make(kind, attributes, children);
const s = (kind, attributes, ...children) => make(kind, attributes, children, SVG);

function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const rest = (tenths % 600) / 10;
  return `${Math.floor(tenths / 600)}:${rest < 10 ? '0' : ''}${rest.toFixed(1)}`;
}
const spaced = (name) => name.replaceAll('_', ' ');
const foreign = (text) => h('bdi', {}, text);

// Charts

async function drawCharts() {
  const specs = read('data-charts');
  for (const place of document.querySelectorAll('[data-chart]')) {
    const { config, charts } = specs;
    for (const spec of charts[place.dataset.chart].parts) {
      const inner = place.appendChild(h('div'));
      // The interpreter needs no `eval`, which the page's policy forbids.
      await vegaEmbed(inner, { ...spec, config }, { actions: false, renderer: 'svg', ast: true });
    }
  }
  document.documentElement.dataset.drawn = 'yes';
}

// Theme

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
}

// Tables

function sortBy(button) {
  const heading = button.closest('th');
  const table = heading.closest('table');
  const column = [...heading.parentNode.children].indexOf(heading);
  const up = heading.getAttribute('aria-sort') !== 'ascending';
  for (const other of heading.parentNode.children) other.removeAttribute('aria-sort');
  heading.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  const key = (row) => row.children[column].dataset.key;
  const rows = [...table.tBodies[0].rows];
  const numeric = rows.every((row) => key(row) === '' || !Number.isNaN(Number(key(row))));
  rows.sort((one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === '' || b === '') return (a === '') - (b === ''); // not known: last, either way
    const order = numeric ? Number(a) - Number(b) : a.localeCompare(b);
    return up ? order : -order;
  });
  table.tBodies[0].append(...rows);
}

// A call

function route() {
  const [, id] = location.hash.match(/^#call\/(.*)$/s) || [];
  const at = id === undefined ? undefined : byId.get(decoded(id));
  const shown = at !== undefined;
  for (const section of overview) section.hidden = shown;
  page.hidden = !shown;
  if (shown) {
    show(at);
    scrollTo({ top: 0, behavior: 'instant' });
    page.focus({ preventScroll: true });
  } else {
    now = null;
    document.title = document.querySelector('#title').textContent;
    if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function show(at) {
  const call = calls[at];
  zoom = 1;
  now = { call, at, rows: [], lanes: h('div', { class: 'lanes', tabindex: 0, role: 'group',
    'aria-label': 'Timeline of the call; the transcript says the same' }) };
  document.title = `Call ${call.name}`;
  page.replaceChildren(head(call, at), scoreBox(call), timelineCard(call),
    h('div', { class: 'two' }, transcript(call), findingsCard(call)), kpiCard(call));
  while (zoom < 8 && (now.lanes.clientWidth * zoom) / call.duration_s < LEAST_PX_A_S) zoom *= 2;
  drawTimeline();
}

function head(call, at) {
  const go = (step, text, label) => h('button', { type: 'button', class: 'button', 'aria-label': label,
    disabled: calls[at + step] ? null : '', click: () => walk(step) }, text);
  const facts = [call.started || 'date not known', `agent ${call.agent ?? 'not named'}`,
    `queue ${call.queue ?? 'not named'}`, call.direction, clock(call.duration_s),
    call.language && `language ${call.language}`].filter(Boolean).join(' · ');
  return h('header', { class: 'callhead' },
    h('div', {}, h('h1', { id: 'call-title' }, 'Call ', foreign(call.name)),
      h('p', { class: 'meta' }, foreign(facts)),
      h('p', { class: 'meta' }, 'Recording ', foreign(call.source ?? 'not named'),
        `, not in this page. Words: ${call.transcriber}${TRUST[call.trust] ?? ''}. Parties told apart by: ${call.lanes ?? 'not known'}.`)),
    h('div', { class: 'steps' }, h('a', { class: 'button', href: '#calls' }, 'All calls'),
      go(-1, '←', 'The call before'), go(1, '→', 'The next call')));
}
const TRUST = { low: ', not to be believed: the line is too poor', none: ': no words were heard' };

function scoreBox(call) {
  const known = call.score !== null;
  const said = known ? call.score.toFixed(0) : 'Score not known';
  const band = call.low === null || call.coverage === null ? 'No rule of the standard applies.'
    : `Between ${call.low.toFixed(0)} and ${call.high.toFixed(0)} whatever is not known; ` +
      `${Math.round(100 * call.coverage)} % is known.`;
  const bar = call.low === null ? '' : s('svg', { class: 'scorebar', viewBox: '0 0 100 26', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    s('rect', { x: 0, y: 11, width: 100, height: 4, fill: 'var(--line)' }),
    s('rect', { x: call.low, y: 9, width: Math.max(0.5, call.high - call.low), height: 8, fill: 'var(--mid-1)' }),
    known ? s('rect', { x: Math.min(99, call.score), y: 5, width: 1, height: 16, fill: 'var(--ink)' }) : '');
  return h('div', { class: 'scorebox card' },
    h('p', { class: `value${known ? '' : ' unknown'}` }, said, known ? h('small', {}, ' of 100') : ''),
    bar, h('p', { class: 'muted' }, band));
}

function transcript(call) {
  const asides = call.events.filter((event) => ['ring', 'hold', 'dead_air', 'ivr', 'tone'].includes(event[0])
    || (event[0] === 'overlap' && CUTS.has(event[1])));
  const rows = [
    ...call.turns.map(([speaker, small, start, end, text]) => ({ speaker, small, start, end, text: text || '(no words)' })),
    ...asides.map(([kind, label, speaker, start, end]) => ({ aside: true, start, end,
      text: `${kind === 'overlap' ? `${speaker} cuts in` : spaced(kind)}${kind === 'overlap' || label ? `, ${spaced(label)}` : ''}, ${(end - start).toFixed(1)} s` })),
  ].sort((one, other) => one.start - other.start);
  const list = h('ol', { class: 'words', tabindex: 0, 'aria-label': 'Transcript' });
  for (const row of rows) {
    const item = h('li', { class: [row.aside ? 'aside' : row.speaker, row.small ? 'aside' : ''].join(' ').trim() },
      h('button', { type: 'button', class: 'time', 'aria-label': `${clock(row.start)}, show in the timeline`,
        click: () => seek(row.start, row.end) }, clock(row.start)),
      h('span', { class: 'who' }, row.aside ? '' : row.speaker),
      h('span', { class: 'said', dir: 'auto' }, foreign(row.text)));
    now.rows.push({ ...row, item });
    list.append(item);
  }
  return h('section', { class: 'card', 'aria-labelledby': 'words-title' },
    h('h2', { id: 'words-title' }, 'Transcript'),
    rows.length ? list : h('p', {}, 'Nothing was heard in this call.'));
}

function sentence(finding) {
  return rules[finding.rule]?.[0] ?? finding.rule;
}

function findingsCard(call) {
  const groups = new Map();
  for (const [n, finding] of call.findings.entries()) {
    // Broken rules come first, by stage; what could not be known, and what was kept, after them.
    const name = { fail: 'Broken', unknown: 'Not known', pass: 'Kept' }[finding.result];
    const stages = groups.get(name) ?? groups.set(name, new Map()).get(name);
    stages.set(finding.stage, [...(stages.get(finding.stage) ?? []), [finding, n]]);
  }
  now.items = [];
  const parts = [...groups].map(([name, stages]) => {
    const count = [...stages.values()].flat().length;
    return h('details', { class: 'group', open: name === 'Kept' && groups.has('Broken') ? null : '' },
      h('summary', {}, h('strong', {}, `${name}: ${count}`)),
      ...[...stages].map(([stage, found]) => h('div', {}, h('h3', { class: 'muted' }, spaced(stage)),
        h('ul', {}, ...found.map(([finding, n]) => findingItem(finding, n))))));
  });
  const { not_applicable: idle, unknown } = call.idle;
  return h('section', { class: 'card', 'aria-labelledby': 'found-title' },
    h('h2', { id: 'found-title' }, 'Rules'), ...parts,
    h('p', { class: 'hint' }, `${idle} rules do not apply; ${unknown} without weight could not be decided.`));
}

const VERDICTS = { fail: ['✗', 'broken'], pass: ['✓', 'kept'], unknown: ['?', 'not known'] };

function findingItem(finding, n) {
  const [sign, word] = VERDICTS[finding.result];
  const source = rules[finding.rule]?.[1];
  const partly = finding.score !== null && finding.score !== 0 && finding.score !== 1;
  const item = h('li', { class: `finding ${finding.result}` },
    h('span', { class: 'verdict', role: 'img', 'aria-label': word }, sign),
    h('span', {}, sentence(finding), finding.tier === 'B' ? h('small', { class: 'muted' }, ' (an indicator)') : ''),
    finding.start_s === null ? h('span', { class: 'muted', title: 'It is about the whole call' }, 'whole call')
      : h('button', { type: 'button', class: 'moment', 'data-finding': n, 'aria-label': `Show ${clock(finding.start_s)}`,
        click: () => seek(finding.start_s, finding.end_s, n) }, clock(finding.start_s)),
    h('p', {}, foreign(finding.why), partly ? ` (${Math.round(100 * finding.score)} %)` : ''),
    finding.evidence ? h('p', { class: 'quote', dir: 'auto' }, finding.speaker ? `${finding.speaker}: ` : '', '“', foreign(finding.evidence), '”') : '',
    h('p', { class: 'source' }, `${finding.rule}${source ? ` · ${source}` : ''}${finding.weight ? ` · weight ${finding.weight}` : ' · not charged'}`));
  now.items[n] = item;
  return item;
}

function kpiCard(call) {
  return h('section', { class: 'card', 'aria-labelledby': 'kpi-title', style: 'margin-top:16px' },
    h('h2', { id: 'kpi-title' }, 'Figures'),
    h('div', { class: 'kpis' }, ...call.kpis.map(([heading, rows]) => h('section', {}, h('h3', {}, heading),
      h('dl', {}, ...rows.map(([label, value, why]) => h('div', {}, h('dt', {}, label),
        h('dd', { class: value === null ? 'unknown' : '' }, value === null ? 'not known' : foreign(value)),
        why ? h('dd', { class: 'why' }, foreign(why)) : '')))))));
}

// A moment of the call: in the timeline, and in the transcript the row that holds it.

function seek(start, end, finding) {
  const { rows, items } = now;
  now.last = [start, end ?? start];
  mark(now.last);
  centre(start);
  const row = rowAt(start, end ?? start);
  for (const one of rows) one.item.classList.toggle('at', one === row);
  for (const [n, item] of items.entries()) item?.classList.toggle('at', n === finding);
  if (row) scrollWithin(row.item);
  document.getElementById('live').textContent = row
    ? `${clock(start)}, ${row.aside ? '' : `${row.speaker}: `}${row.text}` : clock(start);
}

function rowAt(start, end) {
  const slack = 0.06; // times are rounded to hundredths
  const near = now.rows.filter((row) => Math.abs(row.start - start) < slack);
  const exact = near.find((row) => Math.abs(row.end - end) < slack) ?? near.find((row) => !row.aside);
  if (exact) return exact;
  const touching = now.rows.filter((row) => row.start <= Math.max(end, start + slack) && row.end >= start - slack);
  // What is said there rather than what the line does.
  const said = touching.filter((row) => !row.aside);
  const begun = said.filter((row) => row.start <= start + slack);
  if (begun.length) return begun[begun.length - 1];
  if (said.length || touching.length) return said[0] ?? touching[0];
  const before = now.rows.filter((row) => row.start <= start);
  return before[before.length - 1] ?? now.rows[0];
}

function scrollWithin(item) {
  const list = item.parentNode;
  // The list's own scrolling alone: the page stays where the finding is.
  if (list.scrollHeight > list.clientHeight + 4) {
    const top = item.getBoundingClientRect().top - list.getBoundingClientRect().top + list.scrollTop;
    list.scrollTo({ top: top - list.clientHeight / 3, behavior: calm.matches ? 'instant' : 'smooth' });
  }
}

function walk(step) {
  const next = now && calls[now.at + step];
  if (next) location.hash = `call/${encodeURIComponent(next.id)}`;
}
