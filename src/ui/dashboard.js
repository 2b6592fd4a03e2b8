// How the workspace is: what runs, what came in lately, what wants a look.

import { get, post } from './api.js';
import { bars } from './chart.js';
import { h, put } from './dom.js';
import { number, t, words } from './i18n.js';
import { listen } from './live.js';
import { about as subject, button, card, empty, facts, head, link, progress, say, state, sure, table } from './parts.js';
import { hour, span, when } from './time.js';

const HOURS = 24;
const PAGES_MAX = 5;
const RUNNING = ['RUNNING', 'PENDING'];

/** Entries of a list of the last day, as far as a few pages hold them. */
async function lately(path, list, time, signal) {
  const since = Date.now() - HOURS * 3_600_000;
  const found = [];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await get(path, { limit: 100, offset: page * 100 }, signal);
    const fresh = answer[list].filter((entry) => new Date(entry[time]).getTime() >= since);
    found.push(...fresh);
    if (fresh.length < answer[list].length || !answer.pagination.has_more) break;
  }
  return found;
}

function byHour(entries, time, fits = () => true) {
  const now = Date.now();
  const counts = Array(HOURS).fill(0);
  entries.filter(fits).forEach((entry) => {
    const ago = Math.floor((now - new Date(entry[time]).getTime()) / 3_600_000);
    if (ago >= 0 && ago < HOURS) counts[HOURS - 1 - ago] += 1;
  });
  return counts;
}

function alerts(board) {
  const lines = [];
  const { installation, workspace, runs } = board;
  if (installation.status === 'INACTIVE') lines.push(['warn', t('alert.inactive')]);
  if (installation.health?.broken || installation.health === 'BROKEN' || installation.health?.state === 'BROKEN') lines.push(['bad', t('alert.broken')]);
  if (workspace.quarantined) lines.push(['bad', t('alert.quarantined'), button(t('do.lift'), async () => { await post('/ui/quarantine/lift', {}); say(t('done.lifted'), 'success'); window.dispatchEvent(new HashChangeEvent('hashchange')); })]);
  if (workspace.platform_down) lines.push(['warn', t('alert.platform_down')]);
  if (runs.failed) lines.push(['bad', t('alert.failed', { count: number(runs.failed) }), link(t('do.look'), '#/runs?status=FAILED')]);
  if (runs.uncertain) lines.push(['warn', t('alert.uncertain', { count: number(runs.uncertain) }), link(t('do.look'), '#/runs?status=UNCERTAIN')]);
  if (runs.waiting) lines.push(['', t('alert.waiting', { count: number(runs.waiting) }), link(t('do.look'), '#/runs?status=WAITING')]);
  return lines;
}

function attention(board) {
  const lines = alerts(board);
  if (!lines.length) return card(t('dashboard.attention'), h('p', { class: 'calm' }, t('dashboard.calm')));
  return card(t('dashboard.attention'), h('ul', { class: 'alerts' }, lines.map(([tone, text, action]) => h('li', { class: tone }, h('span', {}, text), action))));
}

const tile = (label, value, href, note) => h('a', { class: 'tile', href }, h('span', { class: 'tile-value' }, number(value)), h('span', { class: 'tile-label' }, label), note && h('span', { class: 'soft small' }, note));

function snapshot(about, signal) {
  const box = h('div', { class: 'stack', 'aria-live': 'polite' });
  const part = card(t('snapshot.title'), box);
  const act = (path, body = {}) => async () => { const answer = await post(path, body); if (answer?.message) say(answer.message, 'info'); await show(); };
  function draw(now) {
    const running = RUNNING.includes(now.status);
    const failed = (now.operations ?? []).filter((operation) => operation.error);
    const actions = [
      !running && button(now.finished_at ? t('snapshot.again') : t('snapshot.start'), act('/ui/bootstrap/trigger'), { kind: 'primary', key: 'start' }),
      running && button(t('do.cancel'), async () => { if (await sure(t('snapshot.cancel'), t('snapshot.cancel_text'), t('snapshot.cancel'))) await act('/ui/bootstrap/cancel')(); }, { key: 'cancel' }),
      !running && failed.length > 0 && button(t('snapshot.retry'), act('/ui/bootstrap/retry'), { key: 'retry' }),
    ];
    put(box,
      h('div', { class: 'row' }, state(now.status), h('span', { class: 'soft' }, now.status_label ?? ''), h('span', { class: 'grow' }), actions),
      (running || now.total > 0) && progress(now.progress, now.total, t('snapshot.title')),
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
  const counts = Object.entries(board.entity_counts?.by_type ?? {}).sort(([, one], [, other]) => other - one);
  if (!counts.length) return null;
  return card(t('dashboard.entities'), h('div', { class: 'chips' }, counts.slice(0, 24).map(([type, count]) =>
    about.features.entities ? link([words(type), ' ', h('b', {}, number(count))], `#/entities?type=${encodeURIComponent(type)}`, { class: 'chip' }) : h('span', { class: 'chip' }, words(type), ' ', h('b', {}, number(count))))));
}

function latest(recent) {
  if (!recent.length) return empty(t('events.empty'), t('events.empty_text'));
  return table([
    [t('events.type'), (event) => link(words(event.event_type), `#/events/${event.id}`)],
    [t('events.entity'), (event) => subject(event.entity)],
    [t('events.received'), (event) => when(event.received_at)],
  ], recent.slice(0, 8), { href: (event) => `#/events/${event.id}` });
}

/** The first page. */
export async function dashboard(view, { about, signal }) {
  const [board, recent, made] = await Promise.all([
    get('/ui/dashboard', {}, signal),
    lately('/ui/webhooks', 'webhooks', 'received_at', signal),
    lately('/ui/runs', 'runs', 'created_at', signal),
  ]);
  const now = new Date();
  const labels = Array.from({ length: HOURS }, (_, at) => hour(new Date(now.getTime() - (HOURS - 1 - at) * 3_600_000)));
  const bad = (run) => ['FAILED', 'UNCERTAIN'].includes(run.status);
  const first = recent.length === 0 && board.recent_activity.webhooks_total === 0;
  const snap = about.features.bootstrap ? snapshot(about, signal) : null;
  const recentBox = h('div', {}, latest(recent));
  put(view,
    head(t('nav.dashboard'), [link(t('flows.new'), '#/flows/new', { class: 'button primary' })], t('dashboard.lead', { name: about.name })),
    h('div', { class: 'tiles' },
      tile(t('dashboard.events_day'), board.recent_activity.webhooks_24h, '#/events', board.recent_activity.webhooks_24h_at_least ? t('dashboard.at_least') : null),
      tile(t('dashboard.flows_on'), board.flows.enabled, '#/flows', t('dashboard.of', { total: number(board.flows.total) })),
      tile(t('dashboard.runs_all'), board.runs.total, '#/runs'),
      about.features.entities ? tile(t('dashboard.entities_all'), board.entity_counts?.total ?? 0, '#/entities') : null),
    h('div', { class: 'masonry' },
      attention(board),
      card(t('dashboard.day'), first ? empty(t('dashboard.quiet'), t('dashboard.quiet_text')) : bars(t('dashboard.day'), labels, [
        { name: t('chart.events'), tone: 'one', values: byHour(recent, 'received_at') },
        { name: t('chart.runs'), tone: 'two', values: byHour(made, 'created_at', (run) => !bad(run)) },
        { name: t('chart.failed'), tone: 'three', values: byHour(made, 'created_at', bad) },
      ])),
      snap,
      entities(board, about),
      card(t('dashboard.latest'), { actions: link(t('do.all'), '#/events') }, recentBox),
      about.features.subscriptions ? link(t('nav.subscriptions'), '#/subscriptions', { class: 'tile' }) : null));
  let look = null;
  signal.addEventListener('abort', () => clearTimeout(look));
  if (about.features.stream) {
    listen('events,bootstrap', (name, data) => {
      if (name === 'event') { recent.unshift(data); recent.length = Math.min(recent.length, 500); put(recentBox, latest(recent)); }
      // Pages come many times a second; a look twice a second is enough.
      if (name === 'bootstrap') look ??= setTimeout(() => { look = null; snap?.again(); }, 500);
    }, signal, recent[0]?.id ?? null);
  }
}
