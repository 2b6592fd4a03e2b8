// What a flow does, step by step: an operation of Clockify, a request elsewhere, a look into the cache, a stop, a loop.

import { post } from './api.js';
import { chooseOperation, method, operation } from './catalogue.js';
import { conditions } from './conditions.js';
import { h, put } from './dom.js';
import { t } from './i18n.js';
import { button, choice, complain, dialog, field, say, text } from './parts.js';
import { secretButton } from './secrets.js';
import { bodyForm, meant, resolve, valueField, written } from './values.js';

const KINDS = ['CLOCKIFY_API', 'GENERIC_HTTP', 'CACHE_LOOKUP', 'STOP_IF', 'FOR_EACH'];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

const fresh = {
  CLOCKIFY_API: (operation_id = '') => ({ type: 'CLOCKIFY_API', operation_id, params: { path: {}, query: {} } }),
  GENERIC_HTTP: () => ({ type: 'GENERIC_HTTP', method: 'POST', url: 'https://' }),
  CACHE_LOOKUP: () => ({ type: 'CACHE_LOOKUP', entity_type: '', id: '' }),
  STOP_IF: () => ({ type: 'STOP_IF', conditions: { type: 'ALL', rules: [] } }),
  FOR_EACH: () => ({ type: 'FOR_EACH', items: '', max: 50, actions: [] }),
};

/** Kinds that the add-on has. */
export const kinds = (about) => KINDS.filter((kind) => (about.actions ?? ['CLOCKIFY_API', 'STOP_IF']).includes(kind));

function set(holder, name, value) {
  if (value === undefined) delete holder[name]; else holder[name] = value;
}

function clockify(action, name, around) {
  const box = h('div', {});
  const draw = async () => {
    let known = null;
    try { known = await operation(around.about, action.operation_id); } catch (error) { complain(error); }
    const chosen = known
      ? h('div', { class: 'row chosen' }, method(known.method), h('b', {}, known.summary || known.operation_id), h('code', { class: 'soft' }, known.path))
      : around.about.features.explorer ? h('p', { class: 'soft' }, t('action.choose_first')) : null;
    const by_hand = !around.about.features.explorer && field(t('action.operation'), text(action.operation_id, { on: { input: (event) => { action.operation_id = event.target.value.trim(); around.changed(); } } }), { name: `${name}.operation_id` });
    const change = around.about.features.explorer && button(action.operation_id ? t('action.change') : t('action.choose'), async () => {
      const one = await chooseOperation(around.about);
      if (!one) return;
      if (one.operation_id !== action.operation_id) Object.assign(action, { operation_id: one.operation_id, params: { path: {}, query: {} } });
      await draw();
      around.changed();
    }, { kind: action.operation_id ? 'quiet' : 'primary' });
    action.params ??= {};
    const places = ['path', 'query'].flatMap((place) => (known?.parameters ?? []).filter((parameter) => parameter.in === place && !(place === 'path' && parameter.name === 'workspaceId')).map((parameter) => {
      action.params[place] ??= {};
      return [parameter.required, valueField({
        label: parameter.name, name: `${name}.params.${place}.${parameter.name}`, value: action.params[place][parameter.name], schema: parameter.schema, required: parameter.required,
        context: around.context, pick: around.path, changed: (value) => { set(action.params[place], parameter.name, value); around.changed(); },
      })];
    }));
    const needed = places.filter(([required]) => required).map(([, made]) => made);
    const optional = places.filter(([required]) => !required).map(([, made]) => made);
    put(box, h('div', { class: 'row', data: { of: `${name}.operation_id` } }, chosen, h('span', { class: 'grow' }), change, h('p', { class: 'fault', hidden: true })), by_hand, needed,
      optional.length > 0 && h('details', { class: 'more', open: optional.length < 3 || Object.keys(action.params.query ?? {}).length > 0 }, h('summary', {}, t('form.optional_of', { count: optional.length })), optional),
      known?.body && bodyForm({ name: `${name}.params.body`, schema: known.body.schema, value: action.params.body, context: around.context, pick: around.path, changed: (value) => { set(action.params, 'body', value); around.changed(); } }),
      known && known.method === 'GET' && around.about.features.explorer && h('div', { class: 'actions' }, button(t('action.try'), () => sample(action, around), { kind: 'quiet', title: t('action.try_hint') })),
      h('p', { class: 'fault', hidden: true }));
  };
  draw();
  return box;
}

/** Makes a reading call now, so that later steps can be built from its answer. */
async function sample(action, around) {
  const params = around.rendered(action.params);
  const answer = await post(`/ui/operations/${encodeURIComponent(action.operation_id)}/execute`, { params, as: 'viewer' });
  if (answer.error || answer.status_code >= 400) { say(answer.error?.message ?? t('action.try_failed', { status: answer.status_code }), 'error'); return; }
  around.answered(action, answer.data);
  say(t('action.tried'), 'success');
}

/** Names and values; a row that says nothing is not kept. */
function pairs(holder, member, name, label, around, secrets = false) {
  const rows = Object.entries(holder[member] ?? {});
  const box = h('div', { class: 'field', data: { of: name } });
  const keep = () => {
    const said = rows.filter((row) => row.some((part) => part !== ''));
    set(holder, member, said.length ? Object.fromEntries(said) : undefined);
    around.changed();
  };
  const line = (row, at) => {
    const value = text(written(row[1]), { 'aria-label': t('pair.value'), data: { key: `${name}[${at}].value` }, on: { input: (event) => { row[1] = meant(event.target.value, 'string') ?? ''; keep(); } } });
    return h('div', { class: 'pair' },
      text(row[0], { 'aria-label': t('pair.name'), data: { key: `${name}[${at}].name` }, on: { input: (event) => { row[0] = event.target.value.trim(); keep(); } } }), value,
      h('span', { class: 'actions' }, button(t('value.pick'), async () => { const path = await around.path(); if (path) { row[1] = path; draw(); keep(); } }, { kind: 'quiet pick' }), secrets && secretButton(value, t('pair.value'))),
      button('×', () => { rows.splice(at, 1); draw(); keep(); }, { kind: 'quiet', title: t('do.remove') }));
  };
  function draw() {
    put(box, h('h4', {}, label), rows.map(line),
      button(t('do.add'), () => { rows.push(['', '']); draw(); box.querySelector('.pair:last-of-type input')?.focus(); }, { kind: 'quiet' }), h('p', { class: 'fault', hidden: true }));
  }
  draw();
  return box;
}

function http(action, name, around) {
  const content = h('div', {});
  const kind = action.body?.kind ?? '';
  const body = () => {
    if (!action.body) { put(content); return; }
    const plain = action.body.kind === 'text';
    put(content, plain
      ? valueField({ label: t('form.body'), name: `${name}.body.value`, value: action.body.value, schema: { type: 'string', maxLength: 9999 }, context: around.context, pick: around.path, secrets: true, changed: (value) => { action.body.value = value ?? ''; around.changed(); } })
      : bodyForm({ name: `${name}.body.value`, schema: {}, value: action.body.value, secrets: true, changed: (value) => { action.body.value = value ?? {}; around.changed(); } }));
  };
  const made = [
    h('div', { class: 'two' },
      field(t('http.method'), choice(METHODS.map((one) => [one, one]), action.method, { on: { change: (event) => { action.method = event.target.value; around.changed(); } } }), { name: `${name}.method` }),
      valueField({ label: t('http.url'), name: `${name}.url`, value: action.url, schema: { type: 'string' }, required: true, context: around.context, changed: (value) => { action.url = value ?? ''; around.changed(); }, hint: t('http.url_hint') })),
    pairs(action, 'query', `${name}.query`, t('http.query'), around),
    pairs(action, 'headers', `${name}.headers`, t('http.headers'), around, true),
    field(t('http.body'), choice([['', t('http.none')], ['json', 'JSON'], ['form', t('http.form')], ['text', t('http.text')]], kind, { on: { change: (event) => { set(action, 'body', event.target.value ? { kind: event.target.value, value: event.target.value === 'text' ? '' : {} } : undefined); body(); around.changed(); } } }), { name: `${name}.body` }),
    content,
  ];
  body();
  return made;
}

function cache(action, name, around) {
  return [
    valueField({ label: t('cache.type'), name: `${name}.entity_type`, value: action.entity_type, schema: { type: 'string', enum: around.about.entity_types }, required: true, changed: (value) => { action.entity_type = value ?? ''; around.changed(); } }),
    valueField({ label: t('cache.id'), name: `${name}.id`, value: action.id, schema: { type: 'string' }, required: true, context: around.context, pick: around.path, changed: (value) => { action.id = value ?? ''; around.changed(); } }),
    field(t('cache.missing'), choice([['fail', t('cache.fail')], ['null', t('cache.null')], ['stop', t('cache.stop')]], action.on_missing ?? 'fail', { on: { change: (event) => { action.on_missing = event.target.value; around.changed(); } } }), { name: `${name}.on_missing` }),
  ];
}

/** What surrounds the actions of a loop: its present item too, of which the first one is the sample. */
function within(action, around) {
  const item = () => {
    const items = resolve(action.items, around.context());
    return Array.isArray(items) ? items[0] : undefined;
  };
  const source = () => [{ label: t('pick.item'), root: '$.item', value: item() }];
  return {
    ...around, before: undefined, inside: true, context: () => ({ ...around.context(), item: item() }),
    path: async () => (await around.pick(source()))?.path, value: () => around.pick(source()),
  };
}

function each(action, name, around) {
  return [
    valueField({ label: t('each.items'), name: `${name}.items`, value: action.items, schema: { type: 'string' }, required: true, context: around.context, pick: around.path, hint: t('each.hint'), changed: (value) => { action.items = value ?? ''; around.changed(); } }),
    field(t('each.max'), text(action.max, { inputmode: 'numeric', on: { input: (event) => { action.max = Number(event.target.value) || event.target.value; around.changed(); } } }), { name: `${name}.max` }),
    list(action.actions, `${name}.actions`, within(action, around)),
  ];
}

const forms = {
  CLOCKIFY_API: clockify, GENERIC_HTTP: http, CACHE_LOOKUP: cache, FOR_EACH: each,
  STOP_IF: (action, name, around) => [h('p', { class: 'soft' }, t('stop.lead')), conditions(action.conditions, `${name}.conditions`, { ...around, root: '$.webhook', context: around.context, pick: around.value })],
};

function reliability(action, name, around) {
  const retry = action.retry ?? {};
  const number = (member, label, hint) => field(label, text(retry[member] ?? '', { inputmode: 'numeric', placeholder: t('form.standard'), on: { input: (event) => {
    action.retry = { ...(action.retry ?? {}) };
    set(action.retry, member, event.target.value === '' ? undefined : meant(event.target.value, 'integer'));
    if (!Object.keys(action.retry).length) delete action.retry;
    around.changed();
  } } }), { name: `${name}.retry.${member}`, hint });
  return h('details', { class: 'more' }, h('summary', {}, t('retry.title')),
    field(t('retry.uncertain'), choice([['stop', t('retry.stop')], ['retry', t('retry.again')]], action.on_uncertain ?? 'stop', { on: { change: (event) => { action.on_uncertain = event.target.value; around.changed(); } } }), { name: `${name}.on_uncertain`, hint: t('retry.uncertain_hint') }),
    h('div', { class: 'two' }, number('max_attempts', t('retry.attempts')), number('for_seconds', t('retry.for'))));
}

/** Lets a kind of action be chosen. */
async function choose(around) {
  const offered = kinds(around.about).filter((kind) => !(around.inside && kind === 'FOR_EACH'));
  return dialog(t('action.add'), (close) => h('ul', { class: 'kinds' }, offered.map((kind) => h('li', {}, h('button', { type: 'button', class: 'kind', data: { kind }, on: { click: () => close(kind) } }, h('b', {}, t(`kind.${kind}`)), h('span', { class: 'soft' }, t(`kind.${kind}_text`)))))));
}

/** The editor of a list of actions; the model is changed in place. */
export function list(actions, name, around) {
  const box = h('div', { class: 'stack', data: { of: name } });
  const draw = () => {
    put(box, actions.map((action, at) => {
      const own = `${name}[${at}]`;
      const move = (by) => () => { actions.splice(at + by, 0, ...actions.splice(at, 1)); draw(); around.changed(); };
      const within = { ...around, ...around.before?.(at, action) };
      return h('section', { class: 'action', data: { of: own } },
        h('div', { class: 'action-head' }, h('span', { class: 'step-number' }, String(at + 1)), h('h3', {}, t(`kind.${action.type}`)), h('span', { class: 'grow' }),
          at > 0 && button('↑', move(-1), { kind: 'quiet', title: t('do.up') }), at < actions.length - 1 && button('↓', move(1), { kind: 'quiet', title: t('do.down') }),
          button('×', () => { actions.splice(at, 1); draw(); around.changed(); }, { kind: 'quiet', title: t('do.remove') })),
        h('div', { class: 'action-body' }, (forms[action.type] ?? (() => h('pre', {}, JSON.stringify(action, null, 2))))(action, own, within), action.type !== 'STOP_IF' && reliability(action, own, around)),
        h('p', { class: 'fault', hidden: true }));
    }),
    h('div', { class: 'actions' }, button(t('action.add'), async () => {
      const kind = await choose(around);
      if (!kind) return;
      let one = null;
      if (kind === 'CLOCKIFY_API' && around.about.features.explorer) {
        one = await chooseOperation(around.about);
        if (!one) return;
      }
      actions.push(fresh[kind](one?.operation_id));
      draw();
      around.changed();
    }, { kind: actions.length ? '' : 'primary', key: `${name}.add` })), h('p', { class: 'fault', hidden: true }));
  };
  draw();
  return box;
}
