// Events: as they come in, and each with what it holds and what it started.

import { get, post } from './api.js';
import { h, put } from './dom.js';
import { reasoned } from './explanations.js';
import { entityName, eventName, number, t } from './i18n.js';
import { tree } from './json.js';
import { listen } from './live.js';
import { RUN_STATES, about, badge, button, byName, card, choice, copied, empty, facts, field, head, link, pager, period, say, sheet, state, table, text } from './parts.js';
import { when } from './time.js';

const SHOWN = 25;
const POLL_MS = 4000;
/** As long as a text may be that is sought. */
const SOUGHT_MAX = 256;

/** Who sent an event. */
function sender(event) {
  if (event.source === 'CUSTOM') return badge(event.custom_source ?? t('source.custom'), 'busy');
  if (event.source === 'SCHEDULE') return badge(t('source.schedule'), 'busy');
  return event.source === 'FLOW' ? badge(t('source.flow'), 'warn') : 'Clockify';
}

const columns = () => [
  [t('events.type'), (event) => link(eventName(event.event_type), `#/events/${event.id}`)],
  [t('events.entity'), (event) => about(event.entity)],
  [t('events.source'), sender],
  [t('events.received'), (event) => when(event.received_at)],
  [t('events.repeats'), (event) => (event.deliveries > 1 ? `×${event.deliveries}` : '')],
];

/** What a search has found, and the way further back: the service looks through the newest events first, and through so many at a time. */
function found(filter, begun, signal) {
  const rows = [...begun.webhooks];
  let { pagination, searched } = begun;
  let before;
  let offset = 0;
  /** Of the stretches that are behind us. */
  const past = { found: 0, events: 0 };
  const [box, onward] = [h('div', {}), h('div', { class: 'actions' })];
  const told = h('p', { class: 'grow', role: 'status' });
  const draw = () => {
    put(box, rows.length ? table(columns(), rows, { href: (event) => `#/events/${event.id}` }) : empty(t('events.none'), t(searched.complete ? 'events.none_text' : 'search.not_yet')));
    told.textContent = t(searched.complete ? 'search.all' : 'search.newest', { found: number(past.found + pagination.total), count: number(past.events + searched.events) });
    const left = pagination.has_more || !searched.complete;
    put(onward, left && button(t(pagination.has_more ? 'search.more' : 'search.back'), further, { key: 'further' }));
  };
  async function further() {
    const next = pagination.has_more ? { before, offset: offset + SHOWN } : { before: searched.oldest, offset: 0 };
    const answer = await get('/ui/webhooks', { ...filter, limit: SHOWN, ...next }, signal);
    if (!next.offset) { past.found += pagination.total; past.events += searched.events; }
    ({ pagination, searched } = answer);
    ({ before, offset } = next);
    rows.push(...answer.webhooks.filter(({ id }) => !rows.some((known) => known.id === id)));
    draw();
  }
  draw();
  return [box, h('div', { class: 'row further' }, told, onward)];
}

async function list(view, { about: addon, query, signal }) {
  const filter = Object.fromEntries(['event_type', 'source', 'run_status', 'text', 'entity', 'from', 'to'].map((name) => [name, query.get(name) ?? '']));
  const sought = filter.run_status || filter.text || filter.entity;
  const filtered = Object.values(filter).some(Boolean);
  const offset = Number(query.get('offset') ?? 0);
  const go = (changes) => {
    const next = new URLSearchParams(Object.entries({ ...filter, offset: 0, ...changes }).filter(([, value]) => value));
    window.location.hash = `#/events${next.size ? `?${next}` : ''}`;
  };
  const control = (name) => ({ data: { key: name }, on: { change: (event) => go({ [name]: event.target.value }) } });
  const answer = await get('/ui/webhooks', { ...filter, limit: SHOWN, offset: sought ? 0 : offset }, signal);
  const rows = answer.webhooks;
  const box = h('div', {});
  const line = h('span', { class: 'live', role: 'status' });
  const types = [['', t('filter.all')], ...byName(addon.events.map(({ name }) => name))];
  const draw = () => put(box, rows.length
    ? [table(columns(), rows, { href: (event) => `#/events/${event.id}` }), pager(answer.pagination, (to) => go({ offset: to }))]
    : empty(t(filtered ? 'events.none' : 'events.empty'), t(filtered ? 'events.none_text' : 'events.empty_text')));
  const take = (event) => {
    if (filter.event_type && event.event_type !== filter.event_type) return;
    if (filter.source && event.source !== filter.source) return;
    if (rows.some((known) => known.id === event.id)) return;
    rows.unshift(event);
    rows.length = Math.min(rows.length, SHOWN);
    draw();
    box.querySelector('tbody tr')?.classList.add('arrived');
  };
  put(view,
    head(t('nav.events'), sought || filter.to ? [] : [line], t('events.lead')),
    h('div', { class: 'filters' },
      field(t('events.type'), choice(types, filter.event_type, control('event_type'))),
      field(t('events.source'), choice([['', t('filter.all')], ['CLOCKIFY', 'Clockify'], ...(addon.features.sources ? [['CUSTOM', t('source.custom')]] : []), ...(addon.flow_events ? [['FLOW', t('source.flow')]] : [])], filter.source, control('source'))),
      field(t('search.runs'), choice([['', t('filter.all')], ...RUN_STATES.map((code) => [code, t(`state.${code}`)])], filter.run_status, control('run_status'))),
      period(filter, go),
      field(t('events.entity'), text(filter.entity, { type: 'search', maxlength: SOUGHT_MAX, placeholder: 'time_entry:64c7…', ...control('entity') })),
      field(t('search.text'), text(filter.text, { type: 'search', maxlength: SOUGHT_MAX, ...control('text') }))),
    sheet(t('nav.events'), sought ? found(filter, answer, signal) : box));
  if (sought) return;
  draw();
  // What is new is not in a stretch that has an end.
  if (offset || filter.to) return;
  const live = (on) => { line.textContent = on ? t('live.on') : t('live.off'); line.classList.toggle('on', on); };
  if (addon.features.stream) {
    listen('events', (name, data) => {
      if (name === 'event') take(data);
      if (name === 'open') live(true);
      if (name === 'closed' || name === 'refused') live(false);
    }, signal, rows[0]?.id ?? null);
    return;
  }
  live(true);
  const look = async () => {
    try {
      const fresh = await get('/ui/webhooks', { ...filter, limit: SHOWN }, signal);
      live(true);
      fresh.webhooks.reverse().forEach(take);
    } catch { live(false); }
    if (!signal.aborted) setTimeout(look, POLL_MS);
  };
  setTimeout(look, POLL_MS);
}

function started(runs, flows) {
  if (!runs.length) return h('p', { class: 'soft' }, t('event.no_runs'));
  return table([
    [t('runs.state'), (run) => link(state(run.status), `#/runs/${run.id}`)],
    [t('runs.flow'), (run) => h('div', {}, h('span', { class: 'clip' }, flows.get(run.flow_id) ?? t('runs.flow_gone')), run.reason && h('span', { class: 'soft small clip', title: run.reason.message }, reasoned(run.reason)))],
    [t('runs.created'), (run) => when(run.created_at)],
  ], runs, { href: (run) => `#/runs/${run.id}` });
}

async function show(view, { about, rest: [id], signal, again }) {
  const [event, made, { flows }] = await Promise.all([get(`/ui/webhooks/${id}`, {}, signal), get('/ui/runs', { event_id: id }, signal), get('/ui/flows', {}, signal)]);
  const names = new Map(flows.map((flow) => [flow.id, flow.name]));
  const entities = about.features.event_entities ? await get(`/ui/webhooks/${id}/entities`, {}, signal).catch(() => null) : null;
  const actions = [
    link(t('event.make_flow'), `#/flows/new?event=${id}`, { class: 'button primary' }),
    about.features.event_replay && button(t('event.replay'), async () => {
      const answer = await post(`/ui/webhooks/${id}/replay`, {});
      say(t('event.replayed', { count: answer.runs?.length ?? 0 }), 'success');
      again();
    }),
  ];
  put(view,
    h('p', { class: 'crumbs' }, link(t('nav.events'), '#/events')),
    head(eventName(event.event_type), actions),
    h('div', { class: 'halves' },
      h('div', {},
        card(t('event.about'), facts([
          [t('events.received'), when(event.received_at)],
          [t('events.type'), h('code', {}, event.event_type)],
          [t('events.entity'), event.entity ? link(h('code', {}, event.entity), `#/events?entity=${encodeURIComponent(event.entity)}`) : '–'],
          [t('events.source'), sender(event)],
          [t('events.repeats'), String(event.deliveries)],
          [t('event.id'), h('code', {}, event.id)],
        ])),
        card(t('event.runs'), started(made.runs, names)),
        entities?.entities?.length ? card(t('event.entities'), h('ul', { class: 'plain' }, entities.entities.map((entity) => h('li', {},
          badge(entityName(entity.type)), ' ', entity.cached && about.features.entities ? link(entity.name ?? entity.id, `#/entities/${encodeURIComponent(entity.type)}/${encodeURIComponent(entity.id)}`) : (entity.name ?? entity.id), ' ', h('code', { class: 'soft' }, entity.path))))) : null),
      h('div', {},
        card(t('event.payload'), { actions: button(t('do.copy'), () => copied(JSON.stringify(event.payload, null, 2)), { kind: 'quiet' }) }, tree(event.payload)),
        card(t('event.headers'), tree(event.headers)))));
}

/** Events, or one of them. */
export const events = (view, context) => (context.rest[0] ? show(view, context) : list(view, context));
