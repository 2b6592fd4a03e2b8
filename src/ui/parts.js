// Parts that every page is made of: buttons, cards, tables, dialogs, messages.

import { Refusal } from './api.js';
import { fresh, h, put } from './dom.js';
import { ask, embedded } from './embedding.js';
import { explain, faulted } from './explanations.js';
import { eventName, locale, number, t } from './i18n.js';
import { momentOf, wall } from './time.js';

/** A button; while what it does is under way it cannot be pressed again, and what goes wrong is said. */
export function button(label, act, { kind = '', title, key, disabled } = {}) {
  const element = h('button', { type: 'button', class: `button ${kind}`, title, disabled, data: key ? { key } : {} }, label);
  element.addEventListener('click', async (event) => {
    if (element.getAttribute('aria-busy') === 'true') return;
    element.setAttribute('aria-busy', 'true');
    try { await act(event); } catch (error) { complain(error); } finally { element.removeAttribute('aria-busy'); }
  });
  return element;
}

export const link = (label, href, attributes = {}) => h('a', { href, ...attributes }, label);

export const badge = (label, tone = '') => h('span', { class: `badge ${tone}` }, label);

const TONES = {
  SUCCEEDED: 'good', FAILED: 'bad', UNCERTAIN: 'warn', WAITING: 'warn', RUNNING: 'busy', QUEUED: 'busy', STOPPED: '', CANCELLED: '',
  NOT_STARTED: '', BEGUN: 'busy', RETRYING: 'warn', COMPLETE: 'good', COMPLETE_WITH_WARNINGS: 'warn', PENDING: 'busy', PAUSED: 'warn', DISABLED: '',
};

/** States of a run, in the order of its life. */
export const RUN_STATES = ['QUEUED', 'RUNNING', 'WAITING', 'SUCCEEDED', 'FAILED', 'STOPPED', 'UNCERTAIN', 'CANCELLED'];

/** The state of a run, a step or a snapshot, in words and colour. */
export const state = (code) => badge(t.maybe(`state.${code}`) ?? code, TONES[code] ?? '');

/** A titled part of a page. */
export function card(title, ...children) {
  const id = fresh('card');
  const [actions, rest] = children[0]?.actions ? [children[0].actions, children.slice(1)] : [[], children];
  return h('section', { class: 'card', 'aria-labelledby': id }, h('div', { class: 'card-head' }, h('h2', { id }, title), h('div', { class: 'actions' }, actions)), rest);
}

/** A part of a page that its head has named already. */
export const sheet = (label, ...children) => h('section', { class: 'card', 'aria-label': label }, children);

/** The head of a page: where one is, and what can be done here. */
export const head = (title, actions = [], lead = null) =>
  h('div', { class: 'page-head' }, h('div', {}, h('h1', { tabindex: '-1' }, title), lead && h('p', { class: 'soft' }, lead)), h('div', { class: 'actions' }, actions));

/** A table that becomes a list of cards where there is no room: columns are `[label, cell]`. */
export function table(columns, rows, { href } = {}) {
  const heads = columns.map(([label]) => h('th', { scope: 'col' }, label));
  const body = rows.map((row) => {
    const target = href?.(row);
    const cells = columns.map(([label, cell]) => h('td', { data: { label } }, cell(row)));
    return h('tr', target ? { class: 'opens', on: { click: (event) => { if (!event.target.closest('a,button,input,select,label')) window.location.hash = target; } } } : {}, cells);
  });
  return h('div', { class: 'table-wrap' }, h('table', {}, h('thead', {}, h('tr', {}, heads)), h('tbody', {}, body)));
}

/** What stands where there is nothing yet, and what to do about it. */
export const empty = (title, text, ...actions) => h('div', { class: 'empty' }, h('h3', {}, title), h('p', {}, text), h('div', { class: 'actions' }, actions));

/** Earlier and later parts of a list. */
export function pager(pagination, go) {
  if (!pagination || (!pagination.has_more && !pagination.offset)) return null;
  const { offset, limit, total } = pagination;
  return h('nav', { class: 'pager', 'aria-label': t('pager.label') },
    button(t('pager.newer'), () => go(Math.max(0, offset - limit)), { disabled: offset === 0, kind: 'quiet' }),
    h('span', { class: 'soft' }, t('pager.place', { from: number(offset + 1), to: number(Math.min(offset + limit, total)), total: number(total) })),
    button(t('pager.older'), () => go(offset + limit), { disabled: !pagination.has_more, kind: 'quiet' }));
}

/** A labelled control, with room for what is wrong with it. */
export function field(label, control, { hint, name } = {}) {
  control.id ||= fresh('field');
  const fault = h('p', { class: 'fault', hidden: true, id: `${control.id}-fault` });
  if (name) control.dataset.field = name;
  return h('div', { class: 'field', data: name ? { of: name } : {} }, h('label', { for: control.id }, label), control, hint && h('p', { class: 'hint' }, hint), fault);
}

/** Shows faults at their fields; gives those that have no place. */
export function blame(form, faults) {
  form.querySelectorAll('.fault').forEach((fault) => { fault.hidden = true; });
  form.querySelectorAll('[aria-invalid]').forEach((control) => control.removeAttribute('aria-invalid'));
  const places = [...form.querySelectorAll('[data-of]')];
  const homeless = faults.filter((fault) => {
    const fits = places.filter((place) => fault.field === place.dataset.of || fault.field?.startsWith(`${place.dataset.of}.`) || fault.field?.startsWith(`${place.dataset.of}[`));
    const place = fits.sort((one, other) => other.dataset.of.length - one.dataset.of.length)[0];
    const line = place?.querySelector(':scope > .fault');
    if (!line) return true;
    line.textContent = faulted(fault);
    line.hidden = false;
    const control = place.querySelector('input,select,textarea');
    control?.setAttribute('aria-invalid', 'true');
    control?.setAttribute('aria-describedby', line.id);
    return false;
  });
  form.querySelector('[aria-invalid]')?.focus();
  return homeless;
}

export const text = (value, attributes = {}) => h('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', value: value ?? '', ...attributes });

export function choice(options, value, attributes = {}) {
  const element = h('select', attributes, options.map(([code, label]) => h('option', { value: code, selected: code === value }, label)));
  if (value !== undefined && value !== null) element.value = value;
  return element;
}

/** Fields for a stretch of time: `go` is told `from` or `to`, as a moment, or empty, once a field is left; while a date is typed it is a wrong one. */
export const period = (filter, go) => ['from', 'to'].map((name) => {
  const before = filter[name] ? wall(filter[name]) : '';
  const done = ({ target }) => { if (target.value !== before) go({ [name]: target.value && momentOf(target.value) }); };
  const input = h('input', { type: 'datetime-local', value: before, data: { key: name }, on: { blur: done, keydown: (event) => { if (event.key === 'Enter') done(event); } } });
  return field(t(`filter.${name}`), input);
});

/** A switch: what it does may fail, and then it is as before. */
export function toggle(label, value, act, { hidden = true } = {}) {
  const input = h('input', { type: 'checkbox', role: 'switch', checked: value });
  input.addEventListener('change', async () => {
    input.disabled = true;
    try { await act(input.checked); } catch (error) { input.checked = !input.checked; complain(error); } finally { input.disabled = false; }
  });
  return h('label', { class: 'switch' }, input, h('span', { class: 'track' }), h('span', { class: hidden ? 'only-read' : '' }, label));
}

const messages = h('div', { class: 'messages', role: 'status', 'aria-live': 'polite' });

/** Says something in passing: by the platform where there is one around, else here. */
export function say(message, type = 'info') {
  if (embedded && ask('toastrPop', { type, message })) {
    const heard = h('p', { class: 'only-read' }, message);
    messages.append(heard);
    setTimeout(() => heard.remove(), 4000);
    return;
  }
  const line = h('p', { class: `message ${type}` }, message);
  messages.append(line);
  setTimeout(() => line.remove(), 6000);
}

/** Says what went wrong. */
export function complain(error) {
  if (error?.name === 'AbortError') return;
  if (!(error instanceof Refusal)) console.error(error);
  const faults = error instanceof Refusal ? error.fields.map((fault) => `${fault.field ? `${fault.field}: ` : ''}${faulted(fault)}`) : [];
  say([explain(error), ...faults.slice(0, 3)].join(' '), 'error');
}

/** What a page shows when it cannot show itself. */
export const trouble = (error, again) => h('div', { class: 'trouble', role: 'alert' },
  h('p', {}, explain(error)),
  error?.request && h('p', { class: 'soft small' }, t('error.request', { id: error.request })),
  again && button(t('do.again'), again));

/** A window in front of the page. `build(close)` gives its content; the promise gives what `close` was given. */
export function dialog(title, build, { wide = false } = {}) {
  return new Promise((resolve) => {
    const id = fresh('dialog');
    let given;
    const element = h('dialog', { class: wide ? 'wide' : '', 'aria-labelledby': id });
    const close = (value) => { given = value; element.close(); };
    put(element, h('div', { class: 'dialog-head' }, h('h2', { id }, title), h('button', { type: 'button', class: 'close', 'aria-label': t('do.close'), on: { click: () => close() } }, '×')), h('div', { class: 'dialog-body' }, build(close)));
    element.addEventListener('close', () => { element.remove(); resolve(given); });
    element.addEventListener('click', (event) => { if (event.target === element) close(); });
    document.body.append(element);
    element.showModal();
    // Where one begins: the first thing to fill in or to choose, and in front of something that cannot be taken back the way out.
    [...element.querySelectorAll('.dialog-body :is(input, select, textarea, button)')].find((one) => one.checkVisibility())?.focus();
  });
}

/** Asks before something that cannot be taken back. */
export const sure = (title, question, yes) => dialog(title, (close) => [
  h('p', {}, question),
  h('div', { class: 'actions end' }, button(t('do.cancel'), () => close(false), { kind: 'quiet' }), button(yes, () => close(true), { kind: 'danger' })),
]);

/** Copies a text. Within a frame the browser may allow it only for what is selected. */
export async function copied(value) {
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    const box = h('textarea', { class: 'only-read', 'aria-hidden': 'true', value });
    (document.querySelector('dialog[open]') ?? document.body).append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
  }
  say(t('done.copied'), 'success');
}

/** Event types to choose from, in the order in which the viewer reads them. */
export const byName = (types) => types.map((type) => [type, eventName(type)]).sort(([, one], [, other]) => one.localeCompare(other, locale()));

/** A text to take along. */
export function copyable(value, label) {
  const box = h('textarea', { class: 'code', readOnly: true, rows: String(Math.min(8, value.split('\n').length)), 'aria-label': label, value });
  const copy = button(t('do.copy'), () => copied(value), { kind: 'quiet' });
  return h('div', { class: 'copyable' }, box, copy);
}

/** Gives the viewer a file. */
export function download(name, content, media = 'application/json') {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: media }));
  const anchor = h('a', { href: url, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A list of terms and what they are. */
export const facts = (pairs) => h('dl', { class: 'facts' }, pairs.filter(Boolean).map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))));

/** What something is about, `kind:id`; of a long id its end. */
export function about(entity) {
  if (!entity) return h('span', { class: 'soft' }, '–');
  const [kind, ...rest] = entity.split(':');
  const id = rest.join(':');
  return h('code', { title: entity }, id.length > 12 ? `${kind}:…${id.slice(-8)}` : entity);
}

/** How far something is. */
export const progress = (done, total, label) => h('progress', { max: String(Math.max(1, total)), value: String(Math.min(done, total)), 'aria-label': label });

document.addEventListener('DOMContentLoaded', () => document.body.append(messages));
if (document.readyState !== 'loading') document.body.append(messages);
