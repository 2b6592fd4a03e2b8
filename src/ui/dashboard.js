// How the workspace is: what runs, what came in lately, what wants a look.

import { get, post } from './api.js';
import { bars } from './chart.js';
import { h, put } from './dom.js';
import { entityName, eventName, number, t } from './i18n.js';
import { listen } from './live.js';
import { LATEST, first } from './opening.js';
import { about as subject, button, card, empty, facts, head, link, progress, say, state, sure, table } from './parts.js';
import { hour, span, when } from './time.js';

/** Messages of the stream that change the numbers. */
const TOLD = ['event', 'run', 'runs', 'bootstrap'];
const RUNNING = ['RUNNING', 'PENDING'];
/** Looks at the numbers again, at the most this often while something happens. */
const LOOK_MS = 1000;

function alerts(board) {
  const lines = [];
  const { installation, workspace, runs } = board;
  if (installation.status === 'INACTIVE') lines.push(['warn', t('alert.inactive')]);
  if (installation.health.state === 'broken') lines.push(['bad', [t('alert.broken'), ' ', h('span', { class: 'small' }, when(installation.health.since))]]);
  if (workspace.quarantined) lines.push(['bad', t('alert.quarantined'), button(t('do.lift'), async () => { await post('/ui/quarantine/lift', {}); say(t('done.lifted'), 'success'); window.dispatchEvent(new HashChangeEvent('hashchange')); })]);
  if (workspace.platform_down) lines.push(['warn', t('alert.platform_down')]);
  if (workspace.forwarding.state === 'refused') lines.push(['bad', t('alert.forwarding', { reason: workspace.forwarding.reason }), link(t('nav.settings'), '#/settings')]);
  if (runs.attention.failed) lines.push(['bad', t('alert.failed', { count: number(runs.attention.failed) }), link(t('do.look'), '#/runs?status=FAILED&attention=true')]);
  if (runs.attention.uncertain) lines.push(['warn', t('alert.uncertain', { count: number(runs.attention.uncertain) }), link(t('do.look'), '#/runs?status=UNCERTAIN&attention=true')]);
  if (runs.waiting) lines.push(['', t('alert.waiting', { count: number(runs.waiting) }), link(t('do.look'), '#/runs?status=WAITING')]);
  return lines;
}

function attention(board) {
  const lines = alerts(board);
  if (!lines.length) return h('p', { class: 'calm' }, t('dashboard.calm'));
  return h('ul', { class: 'alerts' }, lines.map(([tone, text, action]) => h('li', { class: tone }, h('span', {}, text), action)));
}

/** Whether every event is sent on, and by which flow. */
function forwarding({ workspace }, about) {
  const { state: now, flow } = workspace.forwarding;
  if (now !== 'on') return about.addon === 'clockify-addon' ? h('p', { class: 'soft' }, t('forwarding.off'), ' ', link(t('nav.settings'), '#/settings')) : null;
  return h('p', {}, t('forwarding.on'), ' ', link(t('forwarding.flow'), `#/flows/${flow}`));
}

const tile = (label, value, href, note) => h('a', { class: 'tile', href }, h('span', { class: 'tile-value' }, number(value), note && h('span', { class: 'tile-note' }, ' ', note)), h('span', { class: 'tile-label' }, label));

function tiles(board, about) {
  return [
    tile(t('dashboard.events_day'), board.recent_activity.webhooks_24h, '#/events'),
    tile(t('dashboard.runs_day'), board.runs.runs_24h, '#/runs'),
    tile(t('dashboard.flows_on'), board.flows.enabled, '#/flows', t('dashboard.of', { total: number(board.flows.total) })),
    about.features.entities && tile(t('dashboard.entities_all'), board.entity_counts.total, '#/entities'),
  ];
}

/** The last day by the hour. */
function chart(board) {
  if (!board.recent_activity.webhooks_total) return empty(t('dashboard.quiet'), t('dashboard.quiet_text'));
  const { activity: hours } = board;
  return bars(t('dashboard.day'), hours.map((one) => hour(new Date(one.hour))), [
    { name: t('chart.events'), tone: 'one', values: hours.map(({ events }) => events) },
    { name: t('chart.runs'), tone: 'two', values: hours.map(({ runs, failed }) => Math.max(0, runs - failed)) },
    { name: t('chart.failed'), tone: 'three', values: hours.map(({ failed }) => failed) },
  ]);
}

function snapshot(about, signal) {
  const box = h('div', { class: 'stack', 'aria-live': 'polite' });
  const part = card(t('snapshot.title'), box);
  const act = (path, body = {}) => async () => { await post(path, body); await show(); };
  function draw(now) {
    const running = RUNNING.includes(now.status);
    const failed = (now.operations ?? []).filter((operation) => operation.error);
    const actions = [
      !running && button(now.finished_at ? t('snapshot.again') : t('snapshot.start'), act('/ui/bootstrap/trigger'), { kind: 'primary', key: 'start' }),
      running && button(t('do.cancel'), async () => { if (await sure(t('snapshot.cancel'), t('snapshot.cancel_text'), t('snapshot.cancel'))) await act('/ui/bootstrap/cancel')(); }, { key: 'cancel' }),
      !running && failed.length > 0 && button(t('snapshot.retry'), act('/ui/bootstrap/retry'), { key: 'retry' }),
    ];
    put(box,
      h('div', { class: 'row' }, state(now.status), h('span', { class: 'grow' }), actions),
      running && progress(now.progress, now.total, t('snapshot.title')),
      facts([
        [t('snapshot.progress'), `${number(now.progress)} / ${number(now.total)}`],
        [t('snapshot.entities'), number(now.entities)],
        now.estimated_seconds_left && running ? [t('snapshot.left'), span(now.estimated_seconds_left * 1000)] : null,
        [t('snapshot.updated'), when(now.updated_at)],
      ]),
      now.last_error && h('p', { class: 'note warn' }, now.last_error),
      failed.length > 0 && h('details', {}, h('summary', {}, t('snapshot.failed', { count: failed.length })),
        h('ul', { class: 'plain' }, failed.slice(0, 50).map((operation) => h('li', {}, h('code', {}, operation.operation_id), ' ', operation.error?.message ?? String(operation.error))))));
    return running;
  }
  async function show() {
    const running = draw(await get('/ui/bootstrap/state', {}, signal));
    clearTimeout(show.timer);
    if (running && !signal.aborted) show.timer = setTimeout(() => show().catch(() => {}), 1500);
  }
  signal.addEventListener('abort', () => clearTimeout(show.timer));
  show().catch(() => put(box, h('p', { class: 'soft' }, t('error.part'))));
  return Object.assign(part, { again: () => show().catch(() => {}) });
}

function entities(board, about) {
  const counts = Object.entries(board.entity_counts.by_type).sort(([, one], [, other]) => other - one);
  return counts.length > 0 && card(t('dashboard.entities'), h('div', { class: 'chips' }, counts.slice(0, 24).map(([type, count]) =>
    about.features.entities ? link([entityName(type), ' ', h('b', {}, number(count))], `#/entities?type=${encodeURIComponent(type)}`, { class: 'chip' }) : h('span', { class: 'chip' }, entityName(type), ' ', h('b', {}, number(count))))));
}

function latest(recent) {
  if (!recent.length) return empty(t('events.empty'), t('events.empty_text'));
  return table([
    [t('events.type'), (event) => link(eventName(event.event_type), `#/events/${event.id}`)],
    [t('events.entity'), (event) => subject(event.entity)],
    [t('events.received'), (event) => when(event.received_at)],
  ], recent, { href: (event) => `#/events/${event.id}` });
}

/** The first page. */
export async function dashboard(view, { about, signal }) {
  let [board, { webhooks: recent }] = await Promise.all([first('/ui/dashboard', {}, signal), first('/ui/webhooks', { limit: LATEST }, signal)]);
  const snap = about.features.bootstrap ? snapshot(about, signal) : null;
  const [tilesBox, attentionBox, chartBox, recentBox] = [h('div', { class: 'tiles' }), h('div', {}), h('div', {}), h('div', {})];
  const entitiesBox = h('div', {});
  const draw = () => {
    put(tilesBox, tiles(board, about));
    put(attentionBox, h('div', { class: 'stack' }, attention(board), forwarding(board, about)));
    put(chartBox, chart(board));
    put(recentBox, latest(recent));
    put(entitiesBox, entities(board, about));
  };
  draw();
  put(view,
    head(t('nav.dashboard'), [link(t('flows.new'), '#/flows/new', { class: 'button primary' })], t('dashboard.lead', { name: about.name })),
    tilesBox,
    h('div', { class: 'halves' },
      h('div', {}, card(t('dashboard.attention'), attentionBox), card(t('dashboard.day'), chartBox), snap),
      h('div', {}, card(t('dashboard.latest'), { actions: link(t('do.all'), '#/events') }, recentBox), entitiesBox)));
  if (!about.features.stream) return;
  let look = null;
  let numbers = null;
  signal.addEventListener('abort', () => { clearTimeout(look); clearTimeout(numbers); });
  const again = async () => {
    numbers = null;
    try { board = await get('/ui/dashboard', {}, signal); if (!signal.aborted) draw(); } catch { /* The next event tries again. */ }
  };
  listen('events,runs,bootstrap', (name, data) => {
    if (name === 'event' && !recent.some(({ id }) => id === data.id)) { recent = [data, ...recent].slice(0, LATEST); put(recentBox, latest(recent)); }
    if (TOLD.includes(name)) numbers ??= setTimeout(again, LOOK_MS);
    // Pages come many times a second; a look twice a second is enough.
    if (name === 'bootstrap') look ??= setTimeout(() => { look = null; snap?.again(); }, 500);
  }, signal, recent[0]?.id ?? null);
}
