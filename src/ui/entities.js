// The copy of the workspace's data: what is there by type, and each entity as Clockify gave it.

import { get } from './api.js';
import { h, put, settled } from './dom.js';
import { entityName, number, t } from './i18n.js';
import { tree } from './json.js';
import { card, empty, facts, field, head, link, pager, sheet, table, text } from './parts.js';
import { when } from './time.js';

const at = (type, id) => `#/entities/${encodeURIComponent(type)}/${encodeURIComponent(id)}`;

async function list(view, { about, query, signal }) {
  const filter = { type: query.get('type') ?? '', q: query.get('q') ?? '', offset: Number(query.get('offset') ?? 0) };
  const go = (changes) => { const next = new URLSearchParams(Object.entries({ ...filter, offset: 0, ...changes }).filter(([, value]) => value)); window.location.hash = `#/entities${next.size ? `?${next}` : ''}`; };
  const { types, entities, pagination } = await get('/ui/entities', { ...filter, limit: 50 }, signal);
  const search = text(filter.q, { type: 'search', data: { key: 'search' }, on: { input: settled(400, (event) => go({ q: event.target.value })) } });
  put(view,
    head(t('nav.entities'), [], t('entities.lead')),
    h('div', { class: 'chips kinds-of-entity' }, link([t('filter.all')], '#/entities', { class: 'chip', 'aria-current': filter.type ? null : 'true' }), types.map(({ type, count }) => link([entityName(type), ' ', h('b', {}, number(count))], `#/entities?type=${encodeURIComponent(type)}`, { class: 'chip', 'aria-current': type === filter.type ? 'true' : null }))),
    h('div', { class: 'filters' }, field(t('entities.search'), search)),
    sheet(filter.type ? entityName(filter.type) : t('nav.entities'), entities.length ? [table([
      [t('entities.name'), (entity) => h('span', { class: 'clip', title: entity.name }, link(entity.name ?? entity.id, at(entity.type, entity.id)))],
      [t('entities.type'), (entity) => entityName(entity.type)],
      [t('entities.id'), (entity) => h('code', {}, entity.id)],
      [t('entities.fetched'), (entity) => when(entity.fetched_at)],
    ], entities, { href: (entity) => at(entity.type, entity.id) }), pager(pagination, (offset) => go({ offset }))]
      : empty(t(filter.type || filter.q ? 'entities.none' : 'entities.empty'), t(filter.type || filter.q ? 'entities.none_text' : 'entities.empty_text'), about.features.bootstrap && !types.length && link(t('nav.dashboard'), '#/dashboard', { class: 'button' }))));
  if (filter.q) { search.focus(); search.setSelectionRange(search.value.length, search.value.length); }
}

async function show(view, { rest: [type, id], signal }) {
  const entity = await get(`/ui/entities/${encodeURIComponent(type)}/${encodeURIComponent(id)}`, {}, signal);
  put(view,
    h('p', { class: 'crumbs' }, link(t('nav.entities'), `#/entities?type=${encodeURIComponent(type)}`)),
    head(entity.name ?? entity.id),
    h('div', { class: 'columns' },
      card(t('entities.about'), facts([[t('entities.type'), entityName(entity.type)], [t('entities.id'), h('code', {}, entity.id)], entity.parent ? [t('entities.parent'), h('code', {}, String(entity.parent.id ?? entity.parent))] : null, [t('entities.fetched'), when(entity.fetched_at)]])),
      card(t('entities.data'), tree(entity.data))));
}

/** Entities, or one of them. */
export const entities = (view, context) => (context.rest[1] ? show(view, context) : list(view, context));
