// Runs: what became of events, step by step; and what wants to be done about those that did not end well.

import { get, post } from './api.js';
import { h, put } from './dom.js';
import { original, reasoned } from './explanations.js';
import { eventName, number, t } from './i18n.js';
import { tree } from './json.js';
import { listen } from './live.js';
import { RUN_STATES, badge, button, byName, card, choice, empty, facts, field, head, link, pager, period, say, sheet, state, sure, table } from './parts.js';
import { span, when } from './time.js';

const UNFINISHED = ['QUEUED', 'RUNNING', 'WAITING'];
const POLL_MS = 1000;
const SHOWN = 25;
/** A list is read again at the most this often while runs go on. */
const LOOK_MS = 500;

async function names(signal) {
  const { flows } = await get('/ui/flows', {}, signal);
  return new Map(flows.map((flow) => [flow.id, flow.name]));
}

async function list(view, { about, query, signal, again }) {
  const filter = Object.fromEntries(['status', 'flow_id', 'event_type', 'from', 'to', 'attention'].map((name) => [name, query.get(name) ?? '']));
  const offset = Number(query.get('offset') ?? 0);
  const go = (changes) => {
    const next = new URLSearchParams(Object.entries({ ...filter, offset: 0, ...changes }).filter(([, value]) => value));
    window.location.hash = `#/runs${next.size ? `?${next}` : ''}`;
  };
  const ask = () => get('/ui/runs', { ...filter, limit: SHOWN, offset }, signal);
  let [answer, flows] = await Promise.all([ask(), names(signal)]);
  // All that fit a state and a flow are seen to together: what else narrows the list down would not narrow that.
  const bulk = about.features.work_list && ['FAILED', 'UNCERTAIN'].includes(filter.status) && !(filter.event_type || filter.from || filter.to);
  const all = (path, done) => async () => {
    const { count } = await post(path, { filter: { ...(filter.flow_id && { flow_id: filter.flow_id }), status: filter.status } });
    say(t(done, { count: number(count) }), 'success');
    again();
  };
  const filtered = Object.values(filter).some(Boolean);
  const box = h('div', {});
  const draw = () => put(box, answer.runs.length ? [table([
    [t('runs.state'), (run) => link(state(run.status), `#/runs/${run.id}`)],
    [t('runs.flow'), (run) => h('div', {}, h('span', { class: 'clip', title: flows.get(run.flow_id) }, flows.has(run.flow_id) ? link(flows.get(run.flow_id), `#/flows/${run.flow_id}`) : h('span', { class: 'soft' }, t('runs.flow_gone'))), run.reason && h('span', { class: 'soft small clip', title: run.reason.message }, reasoned(run.reason)))],
    [t('events.type'), (run) => eventName(run.event_type)],
    [t('runs.created'), (run) => when(run.created_at)],
  ], answer.runs, { href: (run) => `#/runs/${run.id}` }), pager(answer.pagination, (to) => go({ offset: to }))]
    : empty(t(filtered ? 'runs.none' : 'runs.empty'), t(filtered ? 'runs.none_text' : 'runs.empty_text'), !filtered && link(t('nav.flows'), '#/flows', { class: 'button' })));
  draw();
  put(view,
    head(t('nav.runs'), bulk ? [
      button(t('runs.replay_all'), async () => { if (await sure(t('runs.replay_all'), t('runs.replay_all_text'), t('runs.replay_all'))) await all('/ui/runs/replay', 'runs.replayed')(); }),
      button(t('runs.dismiss_all'), async () => { if (await sure(t('runs.dismiss_all'), t('runs.dismiss_text'), t('runs.dismiss_all'))) await all('/ui/runs/dismiss', 'runs.dismissed')(); }),
    ] : [], t('runs.lead')),
    h('div', { class: 'filters' },
      field(t('runs.state'), choice([['', t('filter.all')], ...RUN_STATES.map((code) => [code, t(`state.${code}`)])], filter.status, { data: { key: 'status' }, on: { change: (event) => go({ status: event.target.value }) } })),
      field(t('runs.flow'), choice([['', t('filter.all')], ...flows], filter.flow_id, { data: { key: 'flow' }, on: { change: (event) => go({ flow_id: event.target.value }) } })),
      field(t('events.type'), choice([['', t('filter.all')], ...byName(about.events.map(({ name }) => name))], filter.event_type, { data: { key: 'event_type' }, on: { change: (event) => go({ event_type: event.target.value }) } })),
      period(filter, go),
      about.features.work_list && h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: filter.attention === 'true', data: { key: 'attention' }, on: { change: (event) => go({ attention: event.target.checked ? 'true' : '' }) } }), t('runs.attention'))),
    sheet(t('nav.runs'), box));
  if (!about.features.stream || offset) return;
  let look = null;
  signal.addEventListener('abort', () => clearTimeout(look));
  listen('runs', (name) => {
    if (name !== 'run' && name !== 'runs') return;
    look ??= setTimeout(async () => { look = null; try { answer = await ask(); if (!signal.aborted) draw(); } catch { /* The next run tries again. */ } }, LOOK_MS);
  }, signal);
}

/** Why something ended as it did; with the service's own words, where those shown are a translation. */
const told = (reason) => [reasoned(reason), original(reason) && h('span', { class: 'small', lang: 'en' }, ' · ', original(reason))];

/** Steps of one run that the viewer has opened or closed: they stay so while it goes on. */
const turned = { run: null, steps: new Map() };

function step(now, longest) {
  const head = h('summary', { on: { click: (event) => turned.steps.set(now.index, !event.currentTarget.parentElement.open) } },
    h('span', { class: 'step-number' }, String(now.index + 1)),
    h('span', { class: 'step-name grow' }, now.request ? [h('b', {}, now.request.method), ' ', h('code', { title: now.request.path }, now.request.path.replace(/^\/v1\/workspaces\/[0-9a-f]{24}/, '…'))] : t.maybe(`kind.${now.action}`) ?? now.action),
    now.status && badge(String(now.status), now.status < 400 ? 'good' : 'bad'), state(now.state), h('span', { class: 'soft' }, span(now.duration_ms)));
  const bar = longest > 0 && h('progress', { class: 'share', max: String(longest), value: String(now.duration_ms ?? 0), 'aria-label': t('step.time') });
  let body = null;
  if (now.request?.body) { try { body = tree(JSON.parse(now.request.body)); } catch { body = h('pre', {}, now.request.body); } }
  return h('li', {}, h('details', { class: 'step', open: turned.steps.get(now.index) ?? now.state !== 'SUCCEEDED' }, head, h('div', { class: 'step-body' },
    bar,
    now.error && h('p', { class: 'note bad' }, told(now.error)),
    facts([[t('step.attempts'), String(now.attempts)], [t('step.first'), when(now.first_try_at)], [t('step.kind'), t.maybe(`kind.${now.action}`) ?? now.action]]),
    body && [h('h4', {}, t('step.sent')), body],
    now.data !== undefined && now.data !== null && [h('h4', {}, t('step.answer')), tree(now.data)])));
}

async function show(view, { about, rest: [id], signal, again }) {
  const run = await get(`/ui/runs/${id}`, {}, signal);
  const flow = await get(`/ui/flows/${run.flow_id}`, {}, signal).catch(() => null);
  const done = !UNFINISHED.includes(run.status);
  const took = run.started_at && run.finished_at ? new Date(run.finished_at) - new Date(run.started_at) : null;
  const replay = button(t('runs.replay'), async () => {
    if (run.status === 'UNCERTAIN' && !(await sure(t('runs.replay'), t('runs.uncertain_text'), t('runs.replay')))) return;
    const made = await post(`/ui/runs/${id}/replay`, {});
    say(t('runs.replayed', { count: 1 }), 'success');
    window.location.hash = `#/runs/${made.id}`;
  }, { kind: 'primary' });
  const actions = [
    done && replay,
    !done && about.features.cancel_runs && button(t('runs.cancel'), async () => { if (await sure(t('runs.cancel'), t('runs.cancel_text'), t('runs.cancel'))) { await post(`/ui/runs/${id}/cancel`, {}); again(); } }),
    about.features.work_list && ['FAILED', 'UNCERTAIN'].includes(run.status) && button(t('runs.dismiss'), async () => { await post(`/ui/runs/${id}/dismiss`, {}); say(t('runs.dismissed', { count: 1 }), 'success'); window.location.hash = '#/runs'; }),
  ];
  if (turned.run !== id) Object.assign(turned, { run: id, steps: new Map() });
  const longest = Math.max(0, ...run.steps.map((one) => one.duration_ms ?? 0));
  put(view,
    h('p', { class: 'crumbs' }, link(t('nav.runs'), '#/runs')),
    head(flow?.name ?? t('run.title'), actions),
    h('div', { class: 'columns' },
      card(t('run.about'),
        h('div', { class: 'row' }, state(run.status), run.reason && h('span', {}, told(run.reason))),
        facts([
          [t('runs.flow'), flow ? link(`${flow.name} · ${t('flow.version', { version: run.flow_version })}`, `#/flows/${run.flow_id}`) : t('runs.flow_gone')],
          [t('run.event'), link(eventName(run.event_type), `#/events/${run.webhook_log_id}`)],
          [t('events.entity'), h('code', {}, run.entity ?? '–')],
          [t('runs.created'), when(run.created_at)],
          run.due_at && !done ? [t('run.due'), when(run.due_at)] : null,
          took !== null ? [t('run.took'), span(took)] : null,
          run.replay_of ? [t('run.replay_of'), link(h('code', {}, run.replay_of), `#/runs/${run.replay_of}`)] : null,
        ])),
      card(t('run.steps'), run.steps.length ? h('ol', { class: 'steps' }, run.steps.map((one) => step(one, longest))) : h('p', { class: 'soft' }, t('run.no_steps')))));
  if (!done) { const timer = setTimeout(() => { if (!signal.aborted) again(); }, run.status === 'WAITING' ? POLL_MS * 5 : POLL_MS); signal.addEventListener('abort', () => clearTimeout(timer)); }
}

/** Runs, or one of them. */
export const runs = (view, context) => (context.rest[0] ? show(view, context) : list(view, context));
