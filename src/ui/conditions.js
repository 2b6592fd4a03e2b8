// Conditions: groups of rules, each of them a field of the event, a comparison and a value.

import { h, put } from './dom.js';
import { t } from './i18n.js';
import { brief } from './json.js';
import { button, choice, text } from './parts.js';
import { meant, resolve, written } from './values.js';

const OPERATORS = ['==', '!=', '>', '>=', '<', '<=', 'contains', 'not_contains', 'starts_with', 'ends_with', 'matches', 'in', 'exists', 'not_exists', 'is_empty', 'not_empty'];
const WITHOUT_VALUE = ['exists', 'not_exists', 'is_empty', 'not_empty'];
const DEPTH_MAX = 5;

const kind = (value) => (typeof value === 'string' ? 'string' : undefined);

function rule(now, name, { root, context, pick, changed, drop }) {
  const actual = () => resolve(now.field ?? '', context());
  const shown = h('span', { class: 'actual' });
  const path = text(now.field, { class: 'code', 'aria-label': t('rule.field'), placeholder: `${root}.projectId`, data: { key: `${name}.field` } });
  const operator = choice(OPERATORS.map((code) => [code, t(`operator.${code}`)]), now.operator, { 'aria-label': t('rule.operator'), data: { key: `${name}.operator` } });
  const value = text(written(now.value), { class: 'rule-value', 'aria-label': t('rule.value'), data: { key: `${name}.value` } });
  const show = () => {
    const found = context() === undefined ? undefined : actual();
    shown.textContent = found === undefined ? '' : t('value.now', { value: brief(found) });
    value.hidden = WITHOUT_VALUE.includes(now.operator);
  };
  path.addEventListener('input', () => { now.field = path.value.trim(); show(); changed(); });
  path.addEventListener('look', show);
  operator.addEventListener('change', () => {
    now.operator = operator.value;
    if (WITHOUT_VALUE.includes(now.operator)) delete now.value;
    show();
    changed();
  });
  value.addEventListener('input', () => {
    now.value = now.operator === 'in' ? meant(value.value, 'array') ?? [] : meant(value.value, kind(actual())) ?? '';
    changed();
  });
  const choose = button(t('value.pick'), async () => {
    const picked = await pick();
    if (!picked) return;
    Object.assign(now, { field: picked.path });
    if (picked.value !== undefined && typeof picked.value !== 'object') { now.value = picked.value; value.value = written(now.value); }
    path.value = now.field;
    show();
    changed();
  }, { kind: 'quiet pick', title: t('rule.pick') });
  show();
  return h('div', { class: 'rule', data: { of: name } }, h('div', { class: 'rule-row' }, path, choose, operator, value, button('×', drop, { kind: 'quiet', title: t('do.remove') })), shown, h('p', { class: 'fault', hidden: true }));
}

/**
 * The editor of a group. `root` is where its paths begin, `context()` the sample, `pick()` gives `{path, value}`, `changed()` is told of
 * everything. The model is changed in place.
 */
export function conditions(group, name, around, depth = 1, drop = null) {
  const box = h('div', { class: 'group', data: { of: name } });
  const draw = () => {
    const join = choice(['ALL', 'ANY', 'NONE'].map((code) => [code, t(`join.${code}`)]), group.type, { 'aria-label': t('rule.join'), class: 'join', on: { change: (event) => { group.type = event.target.value; around.changed(); } } });
    const rows = group.rules.map((one, at) => {
      const drop = () => { group.rules.splice(at, 1); draw(); around.changed(); };
      const inner = `${name}.rules[${at}]`;
      return one.rules ? h('div', { class: 'nested' }, conditions(one, inner, around, depth + 1, drop)) : rule(one, inner, { ...around, drop });
    });
    put(box, group.rules.length > 0 && join, rows, h('div', { class: 'actions' },
      button(t('rule.add'), async () => {
        const picked = await around.pick();
        if (picked) add(group, picked);
        draw();
        around.changed();
      }, { key: `${name}.add` }),
      depth < DEPTH_MAX && group.rules.length > 0 && button(t('rule.add_group'), () => { group.rules.push({ type: 'ANY', rules: [] }); draw(); around.changed(); }, { kind: 'quiet' }),
      drop && button(t('rule.drop_group'), drop, { kind: 'quiet' })), h('p', { class: 'fault', hidden: true }));
  };
  draw();
  return Object.assign(box, { draw });
}

/** Adds a rule about a value that somebody has clicked. */
export function add(group, { path, value }) {
  const plain = value !== undefined && value !== null && typeof value !== 'object';
  group.rules.push(plain ? { field: path, operator: '==', value } : { field: path, operator: value === undefined ? '==' : value === null ? 'is_empty' : 'not_empty', ...(value === undefined ? { value: '' } : {}) });
}
