// JSON as people read it: in colours, folded where it is long; and, where it is asked for, with values to pick by their path.

import { h } from './dom.js';
import { t } from './i18n.js';

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Members of one object or list that are shown; a larger one is folded behind a word. */
const MEMBERS_SHOWN_MAX = 200;
/** Levels that are open at first. */
const LEVELS_OPEN = 3;

/** The path of a member. */
export function below(path, name) {
  if (typeof name === 'number') return `${path}[${name}]`;
  return PLAIN.test(name) ? `${path}.${name}` : `${path}['${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`;
}

/** A short form of any value. */
export function brief(value, length = 60) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === undefined ? '–' : text.length > length ? `${text.slice(0, length)}…` : text;
}

function leaf(value, path, pick) {
  const kind = value === null ? 'null' : typeof value;
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  if (!pick) return h('span', { class: `json-${kind}` }, shown);
  return h('button', { type: 'button', class: `json-pick json-${kind}`, title: path, data: { path }, on: { click: () => pick(path, value) } }, shown);
}

function node(value, path, pick, level, name) {
  const label = name === undefined ? null : h('span', { class: 'json-name' }, typeof name === 'number' ? String(name) : name);
  if (value === null || typeof value !== 'object') return h('div', { class: 'json-line' }, label, label && ': ', leaf(value, path, pick));
  const list = Array.isArray(value);
  const members = list ? value.map((member, index) => [index, member]) : Object.entries(value);
  if (!members.length) return h('div', { class: 'json-line' }, label, label && ': ', h('span', { class: 'json-null' }, list ? '[]' : '{}'));
  const inside = h('div', { class: 'json-inside' });
  const fill = () => {
    if (inside.childNodes.length) return;
    members.slice(0, MEMBERS_SHOWN_MAX).forEach(([key, member]) => inside.append(node(member, below(path, key), pick, level + 1, key)));
    if (members.length > MEMBERS_SHOWN_MAX) inside.append(h('div', { class: 'soft' }, t('json.more', { count: members.length - MEMBERS_SHOWN_MAX })));
  };
  const open = level < LEVELS_OPEN && (level === 0 || members.length <= 40);
  if (open) fill();
  const whole = pick && path !== '$' ? h('button', { type: 'button', class: 'json-whole', title: path, data: { path }, on: { click: (event) => { event.preventDefault(); pick(path, value); } } }, t('json.whole')) : null;
  const summary = h('summary', {}, label, h('span', { class: 'soft' }, list ? ` [${members.length}]` : ` {${members.length}}`));
  return h('div', { class: 'json-branch' }, h('details', { class: 'json', open, on: { toggle: fill } }, summary, inside), whole);
}

/** A tree of a value. `pick(path, value)` is called when a value is clicked. */
export const tree = (value, { pick = null, root = '$' } = {}) => h('div', { class: 'json-tree' }, node(value, root, pick, 0));
