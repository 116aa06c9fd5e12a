// What comes from calls is only ever set as text: no markup is made of it.

const SVG = 'http://www.w3.org/2000/svg';
const calls = read('data-calls');
const rules = read('data-rules');
const byId = new Map(calls.map((call, n) => [call.id, n]));
const overview = [...document.querySelectorAll('main > section')];
const page = document.getElementById('call');
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const LANES = { agent: 34, caller: 78, height: 26, bottom: 112, total: 152 };
const CUTS = new Set(['interruption_taken', 'interruption_failed', 'contested']);
const LEAST_PX_A_S = 2; // a long call is stretched from the start
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

function timelineCard(call) {
  const stretch = (by, text, label) => h('button', { type: 'button', class: 'button', 'aria-label': label,
    click: () => stretchBy(by) }, text);
  const kinds = new Set(call.events.map(kindOf));
  return h('section', { class: 'card timeline', 'aria-labelledby': 'time-title' },
    h('div', { class: 'timehead' }, h('h2', { id: 'time-title' }, 'Timeline'),
      h('div', { class: 'zoom' }, stretch(0.5, '−', 'Draw the timeline together'),
        stretch(2, '+', 'Stretch the timeline'))),
    now.lanes,
    h('div', { class: 'swatches' }, ...Object.keys(LEGEND).filter((kind) => kinds.has(kind))
      .map((kind) => h('span', {}, swatch(kind), LEGEND[kind])),
      ...(call.findings.some((one) => one.result === 'fail' && one.start_s !== null)
        ? [h('span', {}, swatch('flag'), 'a rule is broken here')] : [])));
}

// What an event is drawn as; the overlaps that cut somebody off apart from the others.
function kindOf(event) {
  return event[0] === 'overlap' ? (CUTS.has(event[1]) ? 'cut' : 'soft')
    : event[0] === 'speech' ? event[2] : event[0];
}
const LEGEND = { agent: 'agent speaks', caller: 'caller speaks', cut: 'cuts in', soft: 'speaks meanwhile',
  hold: 'on hold', dead_air: 'dead air', ring: 'rings', tone: 'tone', ivr: 'announcement', phrase: 'phrase' };

function swatch(kind) {
  const svg = s('svg', { width: 20, height: 14, class: 'lanes', 'aria-hidden': 'true' });
  if (kind === 'flag') svg.append(s('path', { class: 'flag', d: 'M4 1h10l-5 11z' }));
  else svg.append(...drawn(kind, 1, 18, 1, 12, 6));
  return svg;
}

// The marks of one event: from x, so wide, between y and y + tall.
function drawn(kind, x, wide, y, tall) {
  const box = (name, more) => s('rect', { class: name, x, y, width: wide, height: tall, ...more });
  if (kind === 'hold' || kind === 'dead_air') {
    const air = kind === 'dead_air';
    const hatch = air ? 'hatch-air' : 'hatch-hold';
    const lines = [];
    for (let at = x + 2; at < x + wide; at += air ? 4 : 7) {
      lines.push(`M${at.toFixed(1)} ${y}V${y + tall}`);
    }
    return [box(air ? 'air-tint' : 'hold-tint'), s('path', { class: hatch, d: lines.join(''),
      'stroke-dasharray': air ? '2 3' : null })];
  }
  if (kind === 'cut') {
    const mid = x + wide / 2, half = Math.max(4, wide / 2);
    return [s('path', { class: 'cut', d: `M${mid - half} ${y + tall / 2}L${mid} ${y}L${mid + half} ${y + tall / 2}L${mid} ${y + tall}z` })];
  }
  if (kind === 'soft') return [s('rect', { class: 'soft', x, y: y + tall / 4, width: Math.max(3, wide), height: tall / 2, rx: 2 })];
  if (kind === 'phrase') return [s('path', { class: 'tick', d: `M${x + wide / 2} ${y}v${Math.min(8, tall)}` })];
  return [box(kind, { rx: kind === 'agent' || kind === 'caller' ? 1.5 : 0 })];
}

function drawTimeline() {
  const { call, lanes } = now;
  const wide = Math.max(280, lanes.clientWidth || 800) * zoom;
  const x = (seconds) => 46 + (seconds / Math.max(call.duration_s, 0.1)) * (wide - 54);
  now.x = x;
  const svg = s('svg', { width: wide, height: LANES.total, viewBox: `0 0 ${wide} ${LANES.total}`, 'aria-hidden': 'true' });
  now.marker = svg.appendChild(s('g'));
  for (const who of ['agent', 'caller']) {
    svg.append(s('rect', { class: 'track', x: x(0), y: LANES[who], width: x(call.duration_s) - x(0), height: LANES.height, rx: 3 }),
      s('text', { x: 0, y: LANES[who] + 17 }, who));
  }
  const order = ['hold', 'ivr', 'ring', 'tone', 'dead_air', 'agent', 'caller', 'soft', 'cut', 'phrase'];
  const events = [...call.events].sort((a, b) => order.indexOf(kindOf(a)) - order.indexOf(kindOf(b)));
  for (const event of events) svg.append(place(event, x));
  for (const [n, finding] of call.findings.entries()) {
    if (finding.result === 'fail' && finding.start_s !== null) svg.append(flag(finding, n, x));
  }
  svg.append(...axis(call.duration_s, x));
  lanes.replaceChildren(svg);
  if (now.last) mark(now.last);
}

function place(event, x) {
  const [kind, label, speaker, start, end, evidence] = event;
  const as = kindOf(event);
  const wide = Math.max(1.2, x(end) - x(start));
  const lane = LANES[speaker] ?? LANES.agent;
  let [y, tall] = [lane, LANES.height];
  if (['hold', 'ivr', 'dead_air'].includes(as) || !speaker) [y, tall] = [LANES.agent, LANES.bottom - LANES.agent - 8];
  if (as === 'cut' || as === 'soft') [y, tall] = [62, 14];
  if (as === 'phrase') [y, tall] = speaker === 'caller' ? [LANES.caller + 28, 8] : [LANES.agent - 10, 8];
  const what = [spaced(kind), label && spaced(label), speaker && `by ${speaker}`].filter(Boolean).join(', ');
  return s('g', {}, s('title', {}, `${clock(start)} to ${clock(end)}: ${what}${evidence ? `: ${evidence}` : ''}`),
    ...drawn(as, x(start), wide, y, tall));
}

function flag(finding, n, x) {
  const at = x(finding.start_s);
  return s('g', { click: () => seek(finding.start_s, finding.end_s, n) },
    s('title', {}, `${clock(finding.start_s)}: ${sentence(finding)}`),
    s('path', { class: 'flag', d: `M${at - 5} 6h10l-5 11z` }));
}

function axis(duration, x) {
  const step = [5, 10, 15, 30, 60, 120, 300, 600, 1800].find((one) => x(one) - x(0) > 70) ?? 3600;
  const out = [s('path', { class: 'axis', d: `M${x(0)} ${LANES.bottom + 14}H${x(duration)}` })];
  for (let at = 0; at <= duration; at += step) {
    out.push(s('path', { class: 'axis', d: `M${x(at)} ${LANES.bottom + 10}v8` }),
      s('text', { x: x(at), y: LANES.total - 8, 'text-anchor': at ? 'middle' : 'start' },
        `${Math.floor(at / 60)}:${String(at % 60).padStart(2, '0')}`));
  }
  return out;
}

function stretchBy(factor) {
  if (!now) return;
  zoom = Math.min(16, Math.max(1, zoom * factor));
  drawTimeline();
  if (now.last) centre(now.last[0]);
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

function mark([start, end]) {
  const { x, marker } = now;
  marker.replaceChildren(
    s('rect', { class: 'at', x: x(start) - 3, y: 18, width: Math.max(6, x(end) - x(start) + 6), height: LANES.bottom - 12 }),
    s('path', { class: 'needle', d: `M${x(start)} 18V${LANES.bottom + 6}` }));
}

function centre(seconds) {
  const { lanes, x } = now;
  lanes.scrollTo({ left: x(seconds) - lanes.clientWidth / 2, behavior: calm.matches ? 'instant' : 'smooth' });
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

// Keys

function onKey(event) {
  const inField = event.target.closest('input, select, textarea, dialog');
  if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
  const scrolls = event.target.closest('.lanes, .scroll');
  const keys = {
    '?': () => document.getElementById('help').showModal(), t: toggleTheme,
    Escape: () => { if (now) location.hash = 'calls'; },
    '+': () => stretchBy(2), '=': () => stretchBy(2), '-': () => stretchBy(0.5),
    ArrowLeft: () => { if (!scrolls) walk(-1); }, ArrowRight: () => { if (!scrolls) walk(1); },
  };
  if (keys[event.key]) keys[event.key]();
}

let opened = []; // what printing has opened
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details:not([open]):not(.data)')];
  for (const one of opened) one.open = true;
});
addEventListener('afterprint', () => { for (const one of opened) one.open = false; });
addEventListener('hashchange', route);
addEventListener('keydown', onKey);
addEventListener('resize', () => { if (now) drawTimeline(); });
document.getElementById('theme').addEventListener('click', toggleTheme);
document.getElementById('keys').addEventListener('click', () => document.getElementById('help').showModal());
for (const button of document.querySelectorAll('.sortable thead button')) {
  button.addEventListener('click', () => sortBy(button));
}
route();
drawCharts();
