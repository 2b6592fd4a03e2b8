// The operations of Clockify's API, fetched once, and the window in which one is chosen.

import { get } from './api.js';
import { h, put, settled } from './dom.js';
import { locale, t, tagName } from './i18n.js';
import { badge, dialog, text } from './parts.js';

let all = null;
const details = new Map();

/** Every operation; none where the add-on has no explorer. */
export async function operations(about) {
  if (!about.features.explorer) return [];
  all ??= get('/ui/operations').then((answer) => answer.operations).catch((error) => { all = null; throw error; });
  return all;
}

/** One of them with its parameters and body. */
export async function operation(about, id) {
  if (!about.features.explorer || !id) return null;
  if (!details.has(id)) details.set(id, get(`/ui/operations/${encodeURIComponent(id)}`).catch((error) => { details.delete(id); throw error; }));
  return details.get(id);
}

/** Whether all the words are in it. */
export function fits(operation, words) {
  const about = `${operation.operation_id} ${operation.summary} ${operation.path} ${operation.tag} ${tagName(operation.tag)} ${operation.method}`.toLowerCase();
  return words.every((word) => about.includes(word));
}

export const method = (name) => badge(name, `method ${name.toLowerCase()}`);

/** A list of operations by tag, with a field to search in. `open(operation)` is called for the chosen one. */
export function directory(list, open, { current } = {}) {
  const box = h('div', { class: 'directory' });
  const input = text('', { type: 'search', class: 'directory-search', placeholder: t('operations.search'), 'aria-label': t('operations.search') });
  const entry = (one) => h('li', {}, h('button', { type: 'button', class: `operation${one.allowed === false ? ' refused' : ''}`, 'aria-current': one.operation_id === current ? 'true' : null, title: one.refusal ?? '', data: { operation: one.operation_id }, on: { click: () => open(one) } },
    method(one.method), h('span', { class: 'operation-name', lang: 'en' }, h('span', {}, one.summary || one.operation_id), h('code', { class: 'soft' }, one.path))));
  const draw = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = list.filter((one) => fits(one, words));
    const tags = new Map();
    found.forEach((one) => tags.set(one.tag, [...(tags.get(one.tag) ?? []), one]));
    put(box, found.length ? [...tags].map(([tag, members]) => [tagName(tag), members]).sort(([one], [other]) => one.localeCompare(other, locale())).map(([tag, members]) => h('details', { open: words.length > 0 || members.some((one) => one.operation_id === current) }, h('summary', {}, tag, ' ', h('span', { class: 'soft' }, String(members.length))), h('ul', {}, members.map(entry)))) : h('p', { class: 'soft' }, t('operations.none')));
  };
  input.addEventListener('input', settled(120, draw));
  draw();
  return h('div', { class: 'stack' }, input, box);
}

/** Lets one be chosen. */
export async function chooseOperation(about) {
  const list = await operations(about);
  return dialog(t('operations.choose'), (close) => directory(list.filter((one) => !one.file), close), { wide: true });
}
