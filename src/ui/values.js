// Values that a flow fills in: typed constants, paths into the event or an earlier step, or texts with such paths inside; and forms of them,
// made from the schema of an operation.

import { h, put } from './dom.js';
import { t } from './i18n.js';
import { brief } from './json.js';
import { button, field } from './parts.js';
import { secretButton } from './secrets.js';

/** Levels of a body that become fields; deeper ones are written as JSON. */
const LEVELS_MAX = 3;

export const isPath = (value) => typeof value === 'string' && value.startsWith('$');
export const isTemplate = (value) => typeof value === 'string' && value.includes('{{');

/** What a plain path finds in a context: names and indexes only; `undefined` for anything else. */
export function resolve(path, context) {
  const steps = String(path).split('??')[0].trim().match(/^\$((?:\.[A-Za-z_]\w*|\[\d+\]|\['(?:[^'\\]|\\.)*'\])*)$/)?.[1];
  if (steps === undefined) return undefined;
  let value = context;
  for (const [step] of steps.matchAll(/\.[A-Za-z_]\w*|\[\d+\]|\['(?:[^'\\]|\\.)*'\]/g)) {
    if (value === null || typeof value !== 'object') return undefined;
    const name = step.startsWith('.') ? step.slice(1) : step.startsWith("['") ? step.slice(2, -2).replace(/\\(.)/g, '$1') : Number(step.slice(1, -1));
    value = value[name];
  }
  return value;
}

/** How a value stands in a field. */
export function written(value) {
  if (value === undefined || value === null) return value === null ? 'null' : '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What somebody means who writes this in a field of that type. An empty field means nothing. */
export function meant(text, type) {
  if (text === '') return undefined;
  if (isPath(text) || isTemplate(text)) return text;
  if (text === 'null' && type !== 'string') return null;
  if (type === 'string') return text;
  if ((type === 'integer' || type === 'number' || !type) && /^-?\d+(\.\d+)?$/.test(text) && text.length < 16) return Number(text);
  if ((type === 'boolean' || !type) && (text === 'true' || text === 'false')) return text === 'true';
  if (/^\s*[[{]/.test(text)) { try { return JSON.parse(text); } catch { return text; } }
  if (type === 'array') return text.split(',').map((item) => item.trim()).filter(Boolean).map((item) => meant(item));
  return text;
}

const typeOf = (schema) => (Array.isArray(schema?.type) ? schema.type.find((type) => type !== 'null') : schema?.type);

/**
 * A field for one value. `pick()` opens what a path is chosen from and gives one; `context` is a sample that shows what it would be.
 * With `path` a control keeps the focus when the page around it is drawn anew.
 */
export function valueField({ label, name, value, schema = {}, required = false, pick, context, changed, hint, secrets = false }) {
  const type = typeOf(schema);
  const known = schema.enum ?? (type === 'boolean' ? ['true', 'false'] : null);
  const shown = h('span', { class: 'actual' });
  const input = h(type === 'object' || (type === 'string' && (schema.maxLength ?? 0) > 400) ? 'textarea' : 'input', { type: 'text', autocomplete: 'off', spellcheck: 'false', value: written(value), placeholder: schema.example !== undefined ? written(schema.example) : type === 'array' ? t('value.list') : '', data: { key: name }, rows: '3' });
  let options = null;
  if (known) {
    options = h('datalist', { id: `${name}-known` }, known.map((one) => h('option', { value: String(one) })));
    input.setAttribute('list', options.id);
  }
  const show = (now) => {
    input.classList.toggle('mapped', isPath(now) || isTemplate(now));
    const actual = context && isPath(now) ? resolve(now, context()) : undefined;
    shown.textContent = actual === undefined ? '' : t('value.now', { value: brief(actual) });
  };
  const take = (now) => { show(now); changed(now); };
  const now = () => meant(input.value.trim() === '' ? '' : input.value, type);
  input.addEventListener('input', () => take(now()));
  // The sample has changed.
  input.addEventListener('look', () => show(now()));
  const picker = pick && button(t('value.pick'), async () => {
    const path = await pick();
    if (!path) return;
    input.value = path;
    take(path);
    input.focus();
  }, { kind: 'quiet pick', title: t('value.pick_for', { name: label }) });
  picker?.setAttribute('aria-label', t('value.pick_for', { name: label }));
  const row = h('div', { class: 'with-pick' }, input, picker, secrets && secretButton(input, label));
  const made = field([label, required && h('span', { class: 'required', title: t('form.required') }, ' *')], row, { name, hint: hint ?? schema.description });
  // The label belongs to the input, not to the row around it.
  input.id = `${row.id}-input`;
  made.querySelector('label').htmlFor = input.id;
  if (required) input.setAttribute('aria-required', 'true');
  made.insertBefore(shown, made.querySelector('.fault'));
  if (options) made.append(options);
  show(value);
  return made;
}

function jsonField({ label, name, value, changed, secrets = false }) {
  const area = h('textarea', { class: 'code', rows: '8', spellcheck: 'false', value: value === undefined ? '' : JSON.stringify(value, null, 2), data: { key: name } });
  const fault = h('p', { class: 'fault', hidden: true });
  area.addEventListener('input', () => {
    if (area.value.trim() === '') { fault.hidden = true; changed(undefined); return; }
    try { changed(JSON.parse(area.value)); fault.hidden = true; } catch { fault.textContent = t('value.no_json'); fault.hidden = false; }
  });
  const made = field(label, area, { name });
  if (secrets) made.append(h('div', { class: 'actions' }, secretButton(area, label)));
  made.append(fault);
  return made;
}

function object({ schema, value, name, level, changed, ...rest }) {
  const now = { ...(value && typeof value === 'object' && !Array.isArray(value) ? value : {}) };
  const required = schema.required ?? [];
  const set = (member, part) => {
    if (part === undefined) delete now[member]; else now[member] = part;
    changed(Object.keys(now).length || level === 0 ? { ...now } : undefined);
  };
  const members = Object.entries(schema.properties ?? {});
  const part = ([member, inner]) => schemaField({ ...rest, label: member, name: `${name}.${member}`, schema: inner, value: now[member], required: required.includes(member), level: level + 1, changed: (given) => set(member, given) });
  const first = members.filter(([member]) => required.includes(member) || now[member] !== undefined);
  const others = members.filter((entry) => !first.includes(entry));
  const few = members.length <= 6 || level > 0;
  return h('div', { class: 'form-part' }, (few ? members : first).map(part),
    !few && others.length > 0 && h('details', { class: 'more' }, h('summary', {}, t('form.more', { count: others.length })), others.map(part)));
}

/** A field, or a group of them, for a schema. */
export function schemaField(given) {
  const { schema = {}, label, name, level = 0 } = given;
  const mapped = isPath(given.value);
  if (typeOf(schema) === 'object' && Object.keys(schema.properties ?? {}).length && level < LEVELS_MAX && !mapped) {
    const inside = object({ ...given, level });
    return level === 0 ? inside : h('fieldset', { data: { of: name } }, h('legend', {}, label), inside, h('p', { class: 'fault', hidden: true }));
  }
  const items = typeOf(schema.items);
  if (typeOf(schema) === 'array' && items === 'object' && !mapped) return jsonField(given);
  return valueField(given);
}

/** A body as a form, or as JSON for those who like that better. */
export function bodyForm(given) {
  const box = h('div', { class: 'body-form', data: { of: given.name } });
  let value = given.value;
  let raw = false;
  const changed = (now) => { value = now; given.changed(now); };
  const draw = () => {
    const swap = button(raw ? t('form.as_form') : t('form.as_json'), () => { raw = !raw; draw(); }, { kind: 'quiet' });
    const usable = Object.keys(given.schema?.properties ?? {}).length > 0 && !(value !== undefined && (typeof value !== 'object' || Array.isArray(value)));
    put(box, h('div', { class: 'row' }, h('h4', {}, t('form.body')), h('span', { class: 'grow' }), usable && swap),
      raw || !usable ? jsonField({ ...given, label: 'JSON', value, changed }) : schemaField({ ...given, value, changed, level: 0 }), h('p', { class: 'fault', hidden: true }));
  };
  draw();
  return box;
}
