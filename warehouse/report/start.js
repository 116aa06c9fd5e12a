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
