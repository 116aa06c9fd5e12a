// The timeline of a call: two lanes, and what happened on the line.

const LANES = { agent: 34, caller: 78, height: 26, bottom: 112, total: 152 };
const CUTS = new Set(['interruption_taken', 'interruption_failed', 'contested']);
const LEAST_PX_A_S = 2; // a long call is stretched from the start

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
